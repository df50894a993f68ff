"""What the sequence number lab tells the student's program of a connection seen at both ends."""

import importlib.util
import struct

import pytest

from mnlab.lab.lab import ROOT


def load(name: str):
    path = ROOT / f"labs/transport/sequence_numbers/{name}.py"
    spec = importlib.util.spec_from_file_location(f"sequence_{name.replace('/', '_')}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


story = load("story")


def pcap(frames) -> bytes:
    """A nanosecond pcap file of (seconds, bytes)."""
    records = [struct.pack("<IIII", int(time), round(time % 1 * 1e9), len(data), len(data)) + data
               for time, data in frames]
    return struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1) + b"".join(records)


@pytest.fixture
def captures(tmp_path):
    """A handshake and two data segments, 1 s each way; the first data segment is lost and sent again."""
    from scapy.layers.inet import IP, TCP
    from scapy.layers.l2 import Ether

    def segment(up, flags, seq, ack, size, ident):
        ends = ("10.0.0.1", "10.0.0.2") if up else ("10.0.0.2", "10.0.0.1")
        ports = (6101, 5000) if up else (5000, 6101)
        return bytes(Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / IP(src=ends[0], dst=ends[1], id=ident)
                     / TCP(sport=ports[0], dport=ports[1], flags=flags, seq=seq, ack=ack) / bytes(size))

    sent = [(0, True, "S", 100, 0, 0, 1), (1.5, False, "SA", 900, 101, 0, 0), (3, True, "A", 101, 901, 0, 2),
            (3.1, True, "PA", 101, 901, 50, 3), (3.2, True, "PA", 151, 901, 60, 4), (4.5, False, "A", 901, 101, 0, 7),
            (6, True, "PA", 101, 901, 50, 5)]
    ends = {"h1": [], "h2": []}
    for time, up, *rest in sent:
        data = segment(up, *rest)
        ends["h1" if up else "h2"].append((time, data))
        if rest[-1] != 3:
            ends["h2" if up else "h1"].append((time + 1, data))
    (tmp_path / "captures").mkdir()
    for host, frames in ends.items():
        (tmp_path / f"captures/{host}-eth0.pcap").write_bytes(pcap(sorted(frames)))
    return tmp_path


def test_each_segment_leaves_and_arrives_in_order_of_time(captures):
    assert story.story(captures, 0, {6101: "talk"}).splitlines() == [
        "connection talk 100 900",
        "send 1 client SYN 0", "arrive 1",
        "send 2 server SYN+ACK 0", "arrive 2",
        "send 3 client ACK 0", "send 4 client PSH+ACK 50", "send 5 client PSH+ACK 60", "arrive 3", "arrive 5",
        "send 6 server ACK 0", "arrive 6",
        "send 7 client PSH+ACK 50 again 4", "arrive 7"]


def test_connections_that_are_not_there_are_left_out(captures):
    assert story.story(captures, 0, {6999: "none"}) == ""


def test_the_solution_keeps_the_books_of_that_story(captures, capsys, monkeypatch):
    numbers = load("solution/numbers")
    monkeypatch.setattr("sys.stdin", story.story(captures, 0, {6101: "talk"}).splitlines())
    numbers.main()
    assert capsys.readouterr().out.splitlines() == [
        "talk 1 100 -", "talk 2 900 101", "talk 3 101 901", "talk 4 101 901", "talk 5 151 901", "talk 6 901 101",
        "talk 7 101 901"]


def test_copies_arrive_soon_and_never_in_the_next_connection():
    told = "connection one 1 2\nsend 1 client SYN 0\narrive 1\nsend 2 server ACK 0\narrive 2\nconnection two 1 2\n"
    assert story.with_copies(told).splitlines() == [
        "connection one 1 2", "send 1 client SYN 0", "arrive 1", "arrive 1", "send 2 server ACK 0", "arrive 2",
        "arrive 1", "arrive 1", "arrive 2", "arrive 2", "arrive 2", "connection two 1 2"]


def test_a_copy_comes_long_after():
    sent = [f"send {number} client PSH+ACK 9" for number in range(2, 40)]
    copied = story.with_copies("\n".join(["connection one 1 2", "send 1 client SYN 0", "arrive 1", *sent])).splitlines()
    assert [copied[at - 1] for at, line in enumerate(copied) if line == "arrive 1"] == [
        "send 1 client SYN 0", "arrive 1", "send 3 client PSH+ACK 9", "send 26 client PSH+ACK 9"]
