"""Why a segment was sent again: each cause by hand; real ones are in test_tcp_kernel."""

import pytest

from mnlab.protocols import tcp
from mnlab.protocols.tcp import CLIENT, SERVER
from mnlab.protocols.tcp import sack as tcp_sack
from mnlab.protocols.tcp.repeats import BY_DSACK

MSS = 1000
SACK_OK = [("MSS", 1460), ("SAckOK", b""), ("WScale", 7)]
RTT = 0.05


def data(talk, number, **more):
    return talk.c("A", seq=1 + number * MSS, ack=1, data=b"x" * MSS, **more)


def ack(talk, number, *blocks, **more):
    """ACK of everything before data segment `number`, with SACK blocks of segments (first, after last)."""
    edges = [1001 + MSS * edge for block in blocks for edge in block]  # raw: the client's ISN is 1000
    return talk.s("A", seq=1, ack=1 + number * MSS, options=[("SAck", tuple(edges))] if blocks else [], **more)


def told(talk, side=CLIENT, **options):
    (connection,) = tcp.connections(talk.frames)
    return [(repeat.segment.seq, repeat.words) for repeat in connection.repeats(side, **options)]


@pytest.fixture
def sacked(talk):
    return talk.handshake(SACK_OK)


def test_a_fast_retransmission_after_three_duplicates(talk):
    talk.handshake()
    data(talk, 0)
    ack(talk, 1)
    for number in range(1, 5):
        data(talk, number)
    for _ in range(3):
        ack(talk, 1, after=RTT / 3)
    data(talk, 1)
    assert told(talk) == [(1001, "fast retransmission")]


def test_one_sack_is_enough_for_rack(sacked):
    data(sacked, 0)
    data(sacked, 1)
    ack(sacked, 0, (1, 2), after=RTT)
    data(sacked, 0, after=RTT / 4)  # RACK's reordering window
    assert told(sacked) == [(1, "fast retransmission")]


def test_two_duplicates_do_not_make_a_fast_retransmission(talk):
    talk.handshake()
    for number in range(3):
        data(talk, number)
    for _ in range(2):
        ack(talk, 0, after=RTT / 2)
    data(talk, 0, after=0.22)
    (connection,) = tcp.connections(talk.frames)
    (repeat,) = connection.repeats(CLIENT)
    assert (repeat.cause, repeat.attempt) == ("timeout", 1)
    assert repeat.original is connection.data(CLIENT)[0] and repeat.waited == pytest.approx(0.22 + RTT + 0.002)


def test_timeouts_in_a_row_are_counted(talk):
    talk.handshake()
    data(talk, 0)
    for wait in (0.25, 0.5, 1.0):
        data(talk, 0, after=wait)
    ack(talk, 1, after=RTT)
    data(talk, 1)
    data(talk, 1, after=0.25)
    assert told(talk) == [(1, "timeout"), (1, "timeout 2"), (1, "timeout 3"), (1001, "timeout")]


def test_what_a_timeout_left_behind_is_sent_again_as_acks_come(talk):
    talk.handshake()
    for number in range(4):
        data(talk, number)
    data(talk, 0, after=0.25)
    ack(talk, 1, after=RTT)
    data(talk, 1)
    data(talk, 2)
    ack(talk, 3, after=RTT)
    data(talk, 3)
    assert told(talk) == [(1, "timeout"), *((1 + n * MSS, "recovery after timeout") for n in (1, 2, 3))]


def test_a_tail_loss_probe_repeats_the_last_segment(sacked):
    for number in range(3):
        data(sacked, number)
    data(sacked, 2, after=2 * RTT)
    data(sacked, 0, after=0.2)
    assert told(sacked) == [(2001, "tail loss probe"), (1, "timeout")]


@pytest.mark.parametrize("waits, words", [
    ((0.25, 0.5, 1.0), ["timeout", "timeout 2", "timeout 3"]),
    ((0.25, 0.25, 0.5), ["tail loss probe", "timeout", "timeout 2"]),
    ((0.25,), ["tail loss probe or timeout"]),
])
def test_the_next_wait_tells_a_lone_segments_probe_from_its_timeout(sacked, waits, words):
    data(sacked, 0)
    for wait in waits:
        data(sacked, 0, after=wait)
    assert [said for _, said in told(sacked)] == words


@pytest.mark.parametrize("probes, words", [(True, "tail loss probe"), (False, "timeout")])
def test_it_is_sure_if_it_is_known_whether_the_sender_probes(sacked, probes, words):
    data(sacked, 0)
    data(sacked, 0, after=0.25)
    assert told(sacked, probes=probes) == [(1, words)]


def test_a_syn_that_nobody_answers(talk):
    for wait in (0, 1.0, 2.0):
        talk.c("S", options=SACK_OK, after=wait)
    talk.s("SA", ack=1, options=SACK_OK, after=RTT)
    assert told(talk) == [(0, "timeout"), (0, "timeout 2")]


def test_a_syn_ack_is_repeated_by_its_own_timer_or_for_a_repeated_syn(talk):
    """At the server, whose answers are lost."""
    talk.c("S", options=SACK_OK)
    talk.s("SA", ack=1, options=SACK_OK)
    talk.c("S", options=SACK_OK, after=1.0)
    talk.s("SA", ack=1, options=SACK_OK)
    talk.s("SA", ack=1, options=SACK_OK, after=1.0)
    assert [said for _, said in told(talk, SERVER)] == ["asked again", "timeout"]


def test_in_a_simultaneous_open_nothing_is_sent_again(talk):
    """Each end's SYN goes once more, in a SYN+ACK, because it has something to acknowledge."""
    talk.c("S", options=[*SACK_OK, ("Timestamp", (10, 0))])
    talk.s("S", options=[*SACK_OK, ("Timestamp", (20, 0))], after=RTT / 2)
    talk.c("SA", ack=1, options=[*SACK_OK, ("Timestamp", (35, 20))])
    talk.s("SA", ack=1, options=[*SACK_OK, ("Timestamp", (45, 10))], after=RTT / 2)
    (connection,) = tcp.connections(talk.frames)
    assert [segment.kind for segment in connection.segments] == ["new", "new", "crossed", "crossed"]
    assert told(talk) == told(talk, SERVER) == [] and not connection.retransmissions()
    assert not any(message.cause or message.note for message in tcp.messages(talk.frames))
    assert not connection.rtt_samples(CLIENT)  # Karn: an ACK of the SYN could be for the first one or for the second


def test_in_a_simultaneous_open_a_syn_ack_may_be_lost(talk):
    talk.c("S", options=SACK_OK)
    talk.s("S", options=SACK_OK, after=RTT / 2)
    talk.c("SA", ack=1, options=SACK_OK)
    talk.c("SA", ack=1, options=SACK_OK, after=1.0)
    assert told(talk) == [(0, "timeout")] and told(talk, SERVER) == []


def test_a_fin_that_nobody_answers(talk):
    talk.handshake()
    talk.c("FA", seq=1, ack=1)
    talk.c("FA", seq=1, ack=1, after=0.25)
    talk.c("FA", seq=1, ack=1, after=0.5)
    assert told(talk) == [(1, "timeout"), (1, "timeout 2")]


def test_probes_of_a_closed_window_and_of_an_idle_peer(talk):
    talk.handshake()
    data(talk, 0)
    ack(talk, 1, window=0)
    for wait in (0.25, 0.5):
        talk.c("A", seq=MSS, ack=1, after=wait)
        ack(talk, 1, window=0)
    ack(talk, 1)
    for _ in range(2):
        talk.c("A", seq=MSS, ack=1, after=75)
    (connection,) = tcp.connections(talk.frames)
    probes = connection.repeats(CLIENT)
    assert [probe.words for probe in probes] == [
        "zero window probe", "zero window probe 2", "keep-alive", "keep-alive 2"]
    assert probes[1].waited == pytest.approx(0.5, abs=0.002) and probes[0].spurious is None


def test_a_dsack_shows_that_it_was_for_nothing(sacked):
    data(sacked, 0)
    data(sacked, 0, after=0.25)
    ack(sacked, 1, after=RTT)  # of the original, late
    ack(sacked, 1, (0, 1))
    assert told(sacked) == [(1, "tail loss probe or timeout, spurious")]
    (connection,) = tcp.connections(sacked.frames)
    assert tcp_sack.dsack(connection.segments[-1]) == (1, 1001)
    assert connection.repeats(CLIENT)[0].spurious == BY_DSACK


@pytest.mark.parametrize("echo, words", [(10, "timeout, spurious"), (260, "timeout")])
def test_an_echo_older_than_the_repetition_shows_it_too(talk, echo, words):
    """Eifel, RFC 3522."""
    talk.handshake()
    data(talk, 0, options=[("Timestamp", (10, 1))])
    data(talk, 0, options=[("Timestamp", (260, 1))], after=0.25)
    ack(talk, 1)
    talk.frames.pop()
    talk.s("A", seq=1, ack=1 + MSS, options=[("Timestamp", (300, echo))], after=RTT)
    assert told(talk) == [(1, words)]


def test_a_delayed_ack_of_two_repetitions_is_no_proof(talk):
    """It echoes the first of the two (RFC 7323, section 4.3), which is older than the second: nothing was spurious."""
    talk.handshake()
    for number in range(2):
        data(talk, number, options=[("Timestamp", (10, 1))])
    data(talk, 0, options=[("Timestamp", (260, 1))], after=0.25)
    data(talk, 1, options=[("Timestamp", (262, 1))], after=0.002)
    talk.s("A", seq=1, ack=1 + 2 * MSS, options=[("Timestamp", (300, 260))], after=RTT)
    assert not any("spurious" in said for _, said in told(talk))


def test_the_receivers_capture_decides(talk, new_talk):
    """Two segments are sent again: of the first one only the original was lost, the second one arrived twice."""
    talk.handshake()
    lost = data(talk, 0)
    data(talk, 1)
    data(talk, 0, after=0.25)
    data(talk, 1, after=0.01)
    there = [frame for frame in talk.frames if frame is not lost]
    (arrived,) = tcp.connections(there)
    assert told(talk, there=arrived) == [(1, "timeout"), (1001, "recovery after timeout, spurious")]


def test_scoreboard(sacked):
    for number in range(8):
        data(sacked, number)
    ack(sacked, 1, (2, 3))
    ack(sacked, 1, (5, 7), (2, 3))
    ack(sacked, 1, (3, 4), (5, 7), (2, 4))
    (connection,) = tcp.connections(sacked.frames)
    board = tcp_sack.scoreboard(connection, CLIENT)
    assert (board.una, board.blocks) == (1001, [(2001, 4001), (5001, 7001)])
    assert board.holes == [(1001, 2001), (4001, 5001)] and board.sacked == 4000 and board.highest == 7001
    assert board.has(2001, 3001) and board.has(1, 1001) and not board.has(3001, 5001)
    middle = tcp_sack.scoreboard(connection, CLIENT, connection.segments[-3].time)
    assert middle.holes == [(1001, 2001)]
    assert middle.note(connection.segments[-1]) and not middle.note(connection.segments[-1])
