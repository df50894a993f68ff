"""Reading captures: whole, cut short, damaged, empty, and not captures at all."""

import pytest

from mnlab.protocols.capture import BadCapture, Frame, merge, parse_capture, read_capture

START = 1_767_225_600_000_000_000  # 2026-01-01, in ns of the epoch


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("nanoseconds", [True, False])
def test_reads_every_kind_of_pcap(pcap, tmp_path, order, nanoseconds):
    path = tmp_path / "h1-eth0.pcap"
    path.write_bytes(pcap([(START + 1000, b"a" * 60), (START + 2_000_003_000, b"b" * 61)], order, nanoseconds))
    frames = read_capture(path, START)
    assert [(frame.number, frame.time, frame.data[:1], frame.where) for frame in frames] == [
        (1, 1e-06, b"a", "h1-eth0"), (2, 2.000003, b"b", "h1-eth0")]


def test_times_keep_their_nanoseconds(pcap):
    (frame,) = parse_capture(pcap([(START + 60 * 10**9 + 1, b"x" * 60)]), START)
    assert frame.time == 60.000000001


def test_the_frame_tcpdump_was_killed_in_is_left_out(pcap):
    whole = pcap([(START, b"a" * 60), (START, b"b" * 60)])
    for cut in (1, 59, 60, 70, 76 - 1):
        assert [frame.data[:1] for frame in parse_capture(whole[:-cut])] == [b"a"], cut
    assert len(parse_capture(whole)) == 2


def test_a_capture_of_nothing_has_no_frames(pcap):
    assert parse_capture(pcap([])) == []


@pytest.mark.parametrize("contents, words", [
    (b"", "empty"),
    (b"\x4d\x3c\xb2\xa1\x02", "not a pcap file"),
    (b"GIF89a and then some more bytes", "not a pcap file"),
    (b"\x0a\x0d\x0d\x0a" + bytes(40), "pcapng"),
])
def test_what_is_no_capture_is_refused(contents, words, tmp_path):
    path = tmp_path / "x.pcap"
    path.write_bytes(contents)
    with pytest.raises(BadCapture, match=words) as fault:
        read_capture(path)
    assert "\n" not in str(fault.value) and str(path) in str(fault.value)


def test_a_missing_file_is_refused_in_one_line(tmp_path):
    with pytest.raises(BadCapture, match="cannot be read"):
        read_capture(tmp_path / "none.pcap")


def test_other_links_than_ethernet_are_refused(pcap):
    with pytest.raises(BadCapture, match="link type 276"):
        parse_capture(pcap([], link_type=276))


def test_garbage_between_frames_is_refused_and_placed(pcap):
    damaged = pcap([(START, b"a" * 60)]) + b"\xff" * 40
    with pytest.raises(BadCapture, match="damaged at frame 2"):
        parse_capture(damaged)


def test_merge_orders_by_time_and_keeps_ties_in_the_order_given():
    one = [Frame(1, 0.1, b"", "h1"), Frame(2, 0.3, b"", "h1")]
    two = [Frame(1, 0.1, b"", "h2"), Frame(2, 0.2, b"", "h2")]
    assert [(frame.where, frame.number) for frame in merge(one, two)] == [("h1", 1), ("h2", 1), ("h2", 2), ("h1", 2)]


def test_packets_are_dissected_once_and_on_demand(talk):
    frame = talk.c("S")
    assert "packet" not in vars(frame)
    assert frame.packet["TCP"].dport == 80
    assert frame.packet is frame.packet


@pytest.mark.parametrize("size", range(15))
def test_a_frame_of_any_size_can_be_dissected(size):
    assert bytes(Frame(1, 0.0, bytes(size)).packet) == bytes(size)
