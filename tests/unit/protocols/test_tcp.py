"""TCP: numbers, kinds of segments, streams, round trips, and captures that miss something."""

from time import process_time

import pytest

from mnlab.protocols import tcp
from mnlab.protocols.capture import Frame, merge
from mnlab.protocols.tcp import CLIENT, SERVER

MSS = 1000


def only(talk):
    (connection,) = tcp.connections(talk.frames)
    return connection


def kinds(connection):
    return [segment.kind for segment in connection.segments]


def test_a_handshake(talk):
    connection = only(talk.handshake())
    syn, synack, ack = connection.handshake
    assert (syn.flags, syn.seq, syn.ack, syn.window) == ("SYN", 0, None, 64240)
    assert (synack.flags, synack.seq, synack.ack, synack.window) == ("SYN+ACK", 0, 1, 65160)
    assert (ack.flags, ack.seq, ack.ack, ack.window) == ("ACK", 1, 1, 502 << 7)  # scaled from here on
    assert (str(connection.client), str(connection.server)) == ("10.0.0.1:40000", "10.0.0.2:80")
    assert (connection.isn(CLIENT), connection.isn(SERVER)) == (1000, 5000)
    assert connection.syn_option(CLIENT, "mss") == 1460 and connection.syn_option(SERVER, "sack_permitted") is None
    assert [message.text for message in tcp.messages(talk.frames)] == [
        "SYN seq=0 win=64240 mss=1460", "SYN+ACK seq=0 ack=1 win=65160 mss=1460", "ACK ack=1 win=64256"]


def test_windows_are_scaled_only_if_both_ends_offer_it(talk):
    talk.c("S", options=[("MSS", 1460), ("WScale", 7)])
    talk.s("SA", ack=1, options=[("MSS", 1460)])
    talk.c("A", seq=1, ack=1, window=502)
    assert only(talk).segments[-1].window == 502


@pytest.mark.parametrize("isn", [(1000, 5000), (2**32 - 1500, 2**32 - 1), (2**32 - 1, 0)])
def test_numbers_go_on_where_sequence_numbers_wrap(new_talk, isn):
    talk = new_talk(isn=isn).handshake()
    for index in range(4):
        talk.c("PA", seq=1 + index * MSS, ack=1, data=bytes([65 + index]) * MSS)
        talk.s("A", seq=1, ack=1 + (index + 1) * MSS)
    connection = only(talk)
    assert [segment.seq for segment in connection.data(CLIENT)] == [1, 1001, 2001, 3001]
    assert [segment.ack for segment in connection.sent(SERVER)] == [1, 1001, 2001, 3001, 4001]
    assert connection.stream(CLIENT) == b"".join(bytes([65 + index]) * MSS for index in range(4))
    assert connection.retransmissions() == []


def test_a_retransmission_is_told_from_new_data(talk):
    talk.handshake()
    talk.c("A", seq=1, ack=1, data=b"a" * MSS)
    talk.c("A", seq=1001, ack=1, data=b"b" * MSS)
    talk.c("A", seq=1, ack=1, data=b"a" * MSS, after=0.2)
    talk.c("A", seq=1001, ack=1, data=b"b" * MSS + b"c" * 500)  # repeats, and adds 500 bytes
    connection = only(talk)
    assert kinds(connection)[3:] == ["new", "new", "retransmission", "retransmission"]
    assert [segment.fresh for segment in connection.data(CLIENT)] == [MSS, MSS, 0, 500]
    assert connection.stream(CLIENT) == b"a" * MSS + b"b" * MSS + b"c" * 500
    assert tcp.messages(talk.frames)[5].style == "again"
    assert tcp.messages(talk.frames)[5].text == tcp.messages(talk.frames)[3].text == \
        "ACK seq=1 ack=1 len=1000 win=64000"
    assert tcp.messages(talk.frames)[5].note == "retransmission" and not tcp.messages(talk.frames)[3].note


def test_at_the_receiver_latecomers_and_retransmissions_differ(talk):
    """Both fill a gap; the IP identification tells which was sent before what overtook it."""
    talk.handshake()
    talk.c("A", seq=1001, ack=1, data=b"b" * MSS, ident=501)
    talk.c("A", seq=1, ack=1, data=b"a" * MSS, ident=500)  # sent earlier, arrives later
    talk.c("A", seq=3001, ack=1, data=b"d" * MSS, ident=503)
    talk.c("A", seq=2001, ack=1, data=b"c" * MSS, ident=504, after=0.3)  # sent later: its first copy was lost
    connection = only(talk)
    assert kinds(connection)[3:] == ["new", "reordered", "new", "retransmission"]
    assert connection.segments[-1].fresh == MSS
    assert connection.stream(CLIENT) == b"a" * MSS + b"b" * MSS + b"c" * MSS + b"d" * MSS


def test_a_copy_made_by_the_network_is_no_retransmission(talk):
    talk.handshake()
    talk.c("A", seq=1, ack=1, data=b"a" * MSS, ident=300)
    talk.c("A", seq=1, ack=1, data=b"a" * MSS, ident=300, after=0.00001)
    talk.c("A", seq=1, ack=1, data=b"a" * MSS, ident=300, after=1.0)  # a program that never changes the ident
    assert kinds(only(talk))[3:] == ["new", "duplicate", "retransmission"]


def test_duplicate_acks_window_updates_and_plain_acks(talk):
    talk.handshake()
    for index in range(4):
        talk.c("A", seq=1 + index * MSS, ack=1, data=b"x" * MSS)
    talk.s("A", seq=1, ack=1001)  # the second segment is lost
    talk.s("A", seq=1, ack=1001)
    talk.s("A", seq=1, ack=1001, window=400, options=[("SAck", (1000 + 2001, 1000 + 4001))])
    talk.s("A", seq=1, ack=1001, window=300)
    talk.s("A", seq=1, ack=4001, window=300)
    talk.s("A", seq=1, ack=4001, window=300)
    connection = only(talk)
    assert kinds(connection)[7:] == ["ack", "duplicate ack", "duplicate ack", "window update", "ack", "ack"]
    assert connection.of_kind("duplicate ack")[1].sack == ((2001, 4001),)


def test_probes_of_an_idle_connection_and_of_a_closed_window(talk):
    talk.handshake()
    talk.c("A", seq=1, ack=1, data=b"x" * 10)
    talk.s("A", seq=1, ack=11, window=0)
    talk.c("A", seq=10, ack=1, after=0.2)  # Linux probes with an old number and no data
    talk.s("A", seq=1, ack=11, window=0)
    talk.c("A", seq=10, ack=1, data=b"x", after=0.4)  # others with one old byte
    connection = only(talk)
    assert kinds(connection)[3:] == ["new", "ack", "probe", "ack", "probe"]
    assert tcp.messages(talk.frames)[4].text == "ACK ack=11 win=0"
    assert tcp.messages(talk.frames)[5].style == "probe"
    assert connection.stream(CLIENT) == b"x" * 10


def test_round_trips_leave_out_what_was_sent_twice(talk):
    talk.handshake()
    talk.c("A", seq=1, ack=1, data=b"a" * 10)
    talk.c("A", seq=11, ack=1, data=b"b" * 10)
    talk.c("A", seq=1, ack=1, data=b"a" * 10, after=0.2)
    talk.s("A", seq=1, ack=21, after=0.03)
    samples = only(talk).rtt_samples(CLIENT)
    assert [(sample.segment.seq, sample.rtt) for sample in samples] == [
        (0, pytest.approx(0.001)), (11, pytest.approx(0.23))]


def test_round_trips_behind_a_gap_are_taken_from_sack(talk):
    talk.handshake()
    talk.c("A", seq=1, ack=1, data=b"a" * 10)
    talk.c("A", seq=11, ack=1, data=b"b" * 10)
    talk.s("A", seq=1, ack=1, options=[("SAck", (1000 + 11, 1000 + 21))], after=0.02)
    talk.s("A", seq=1, ack=21, after=5.0)
    assert only(talk).rtt_samples(CLIENT)[1].rtt == pytest.approx(0.02)


def test_a_stream_ends_at_a_gap_and_tells_when_bytes_arrived(talk):
    talk.handshake()
    talk.s("A", seq=6, ack=1, data=b"world", ident=801)
    talk.s("A", seq=1, ack=1, data=b"hello", ident=800, after=0.5)
    talk.s("A", seq=20, ack=1, data=b"far away")
    connection = only(talk)
    assert connection.stream(SERVER) == b"helloworld"
    late = connection.segments[4].time
    assert connection.when(SERVER, 0) == connection.when(SERVER, 9) == late  # "world" had to wait
    assert connection.piece_at(SERVER, 7).segment is connection.segments[3]


def test_fast_open_carries_data_in_the_syn(talk):
    talk.c("S", data=b"GET", options=[("MSS", 1460)])
    talk.s("SA", ack=4)
    talk.c("A", seq=4, ack=1)
    connection = only(talk)
    assert connection.stream(CLIENT) == b"GET"
    assert (connection.segments[0].size, connection.segments[0].end) == (4, 4)
    assert tcp.messages(talk.frames)[0].text == "SYN seq=0 len=3 win=500 mss=1460"


def test_a_capture_without_the_first_syn(talk):
    """Lost before the capture point: the SYN+ACK says what it must have been."""
    talk.s("SA", ack=1, window=65160)
    talk.c("A", seq=1, ack=1)
    talk.c("PA", seq=1, ack=1, data=b"hi")
    connection = only(talk)
    assert str(connection.server) == "10.0.0.2:80" and connection.handshake is None
    assert (connection.isn(CLIENT), connection.stream(CLIENT)) == (1000, b"hi")
    assert connection.state(CLIENT) == connection.state(SERVER) == "ESTABLISHED"


def test_a_capture_from_the_middle(talk):
    """Numbers begin at 1, the lower port is the server, windows stay unscaled."""
    talk.s("A", seq=90001, ack=500, data=b"tail", window=17)
    talk.c("A", seq=500, ack=90005)
    connection = only(talk)
    assert str(connection.client) == "10.0.0.1:40000"
    assert [(segment.seq, segment.ack) for segment in connection.segments] == [(1, 1), (1, 5)]
    assert (connection.stream(SERVER), connection.segments[0].window) == (b"tail", 17)


def test_what_the_capture_missed_is_no_retransmission(talk):
    """An ACK for bytes never seen: the capture lost them, and what follows is still new."""
    talk.handshake()
    talk.c("A", seq=1001, ack=1, data=b"b" * MSS)
    talk.s("A", seq=1, ack=2001)
    talk.c("A", seq=2001, ack=1, data=b"c" * MSS)
    connection = only(talk)
    assert kinds(connection)[3:] == ["new", "ack", "new"]
    assert connection.stream(CLIENT) == b""  # the first bytes are not there


def test_a_frame_kept_only_in_part_keeps_its_length(talk):
    talk.handshake()
    whole = talk.c("A", seq=1, ack=1, data=b"x" * MSS)
    talk.frames[-1] = Frame(whole.number, whole.time, whole.data[:100], whole.where, len(whole.data))
    segment = only(talk).segments[-1]
    assert (segment.length, len(segment.payload)) == (MSS, 46)
    assert only(talk).stream(CLIENT) == b"x" * 46


def test_connections_are_kept_apart_by_place_and_by_port(new_talk):
    one, two = new_talk().handshake(), new_talk(ports=(40001, 80)).handshake()
    there = [Frame(frame.number, frame.time, frame.data, "h2-eth0") for frame in one.frames]
    connections = tcp.connections(merge(one.frames, two.frames, there))
    assert [(connection.where, connection.client.port, kinds(connection)) for connection in connections] == [
        ("h1-eth0", 40000, ["new", "new", "ack"]), ("h1-eth0", 40001, ["new", "new", "ack"]),
        ("h2-eth0", 40000, ["new", "new", "ack"])]


def test_unknown_and_damaged_options_do_no_harm(talk):
    talk.c("S", options=[(253, b"exp"), ("MSS", 1400), ("NOP", None)])
    assert only(talk).segments[0].options == {"option 253": b"exp", "mss": 1400}
    frame = talk.frames[0]
    damaged = frame.data[:54] + b"\x02\x40\xff\xff" + frame.data[58:]  # a length beyond the header
    assert tcp.connections([Frame(1, 0.0, damaged)])[0].segments[0].options == {}


def test_the_work_grows_as_the_segments_do(talk):
    """Half of them behind a gap in the capture, which must not make every look-up slower."""
    talk.handshake()
    data, ack = talk.c("A", seq=1, ack=1, data=b"x" * MSS).data, talk.s("A", seq=1, ack=1).data

    def seconds(count):
        frames, raw = list(talk.frames), 1001
        for index in range(1, count):
            if index != 100:
                sent = data[:18] + (index % 65536).to_bytes(2, "big") + data[20:38] + \
                    (raw + index * MSS).to_bytes(4, "big") + data[42:]
                frames.append(Frame(2 * index, 1 + index * 0.001, sent, talk.where))
                frames.append(Frame(2 * index + 1, 1 + index * 0.001, ack, talk.where))
        began = process_time()
        (connection,) = tcp.connections(frames)
        assert len(connection.segments) == len(frames)
        return process_time() - began

    little, much = (min(seconds(count) for _ in range(3)) for count in (1000, 4000))  # the least disturbed of three
    assert much / little < 10  # 4 if it grows as the segments do, 16 if as their square
