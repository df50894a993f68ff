"""The curves of a connection: each is held against what was sent by hand."""

from itertools import pairwise

import pytest

from mnlab.protocols import tcp
from mnlab.protocols.ip import Endpoint
from mnlab.protocols.kernel import CongestionState, Probe, Retransmit
from mnlab.protocols.tcp import CLIENT, SERVER
from mnlab.protocols.tcp.graph import UNSURE, bands, graph

MSS = 1000
ENDS = Endpoint("10.0.0.1", 40000), Endpoint("10.0.0.2", 80)
OPTIONS = (("MSS", MSS), ("WScale", 0), ("SAckOK", b""))


@pytest.fixture
def lossy(talk):
    """The client sends three segments, the second is lost: SACK says so, and it is sent again soon."""
    talk.handshake(OPTIONS)
    for number in range(3):
        talk.c("A", seq=1 + number * MSS, ack=1, data=b"x" * MSS)
    talk.s("A", seq=1, ack=1 + MSS, window=5000, after=0.05)
    talk.s("A", seq=1, ack=1 + MSS, window=5000,
           options=(("SAck", (5001 - 4000 + 2 * MSS, 5001 - 4000 + 3 * MSS)),))
    talk.c("A", seq=1 + MSS, ack=1, data=b"x" * MSS, after=0.06)
    talk.s("A", seq=1, ack=1 + 3 * MSS, window=5000, after=0.02)
    return talk


def one(talk):
    (connection,) = tcp.connections(talk.frames)
    return connection


def probe(time, cwnd, ssthresh=0x7FFFFFFF, srtt=0.05):
    return Probe(time, *ENDS, 0, 1000, 1000, cwnd, ssthresh, 65000, srtt, 65000, "1")


def test_bars_are_the_numbers_that_each_segment_used(lossy):
    drawn = graph(one(lossy), CLIENT).bars
    assert [(bar.first, bar.end) for bar in drawn] == [(0, 1), (1, 1001), (1001, 2001), (2001, 3001), (1001, 2001)]
    assert [bar.kind for bar in drawn[:4]] == ["SYN", "new data", "new data", "new data"]
    assert drawn[4].kind == "fast retransmission" and drawn[4].segment.seq == 1 + MSS


def test_acks_windows_sacks_and_flight(lossy):
    found = graph(one(lossy), CLIENT)
    assert [(ack.number, ack.edge) for ack in found.acks][1:] == [(1001, 6001), (1001, 6001), (3001, 8001)]
    assert [(sack.first, sack.end) for sack in found.sacks] == [(2001, 3001)]
    assert [ack.number for ack in found.duplicates] == [1001]
    assert max(value for _, value in found.flight) == 3 * MSS and found.flight[-1][1] == 0
    assert found.size == MSS


def test_round_trips_begin_with_the_handshake_and_leave_out_what_was_sent_twice(lossy):
    trips = [value for _, value in graph(one(lossy), CLIENT).rtt]
    assert trips[0] == pytest.approx(0.001) and trips[1] == pytest.approx(0.052)
    assert all(trip < 0.06 for trip in trips)


def test_a_lone_segment_sent_again_is_not_decided_by_the_wire_but_by_the_kernel(talk):
    talk.handshake(OPTIONS)
    talk.c("A", seq=1, ack=1, data=b"x" * MSS)
    again = talk.c("A", seq=1, ack=1, data=b"x" * MSS, after=0.25)
    talk.s("A", seq=1, ack=1 + MSS)
    connection = one(talk)
    assert graph(connection, CLIENT).bars[-1].kind == UNSURE
    timer = [CongestionState(again.time, *ENDS, "Loss"), Retransmit(again.time + 1e-5, *ENDS, "ESTABLISHED")]
    assert graph(connection, CLIENT, timer).bars[-1].kind == "timeout"
    tail = [Retransmit(again.time + 1e-5, *ENDS, "ESTABLISHED")]
    assert graph(connection, CLIENT, tail).bars[-1].kind == "tail loss probe"


def test_an_ack_that_comes_late_does_not_take_the_line_back(talk):
    talk.handshake(OPTIONS)
    talk.c("A", seq=1, ack=1, data=b"x" * MSS)
    talk.c("A", seq=1 + MSS, ack=1, data=b"x" * MSS)
    talk.s("A", seq=1, ack=1 + 2 * MSS)
    talk.s("A", seq=1, ack=1 + MSS)
    assert [ack.number for ack in graph(one(talk), CLIENT).acks] == [1, 1 + 2 * MSS]


def test_what_the_kernel_says_is_in_bytes_and_has_no_limit_that_is_none(lossy):
    events = [probe(0.01, 10), CongestionState(0.05, *ENDS, "Recovery"), probe(0.06, 5, 4), probe(0.4, 6, 4)]
    found = graph(one(lossy), CLIENT, events)
    assert [value for _, value in found.cwnd] == [10 * MSS, 5 * MSS, 6 * MSS]
    assert {value for _, value in found.ssthresh} == {4 * MSS}
    assert [band.name for band in found.congestion] == ["Open", "Recovery"]
    assert graph(one(lossy), CLIENT).cwnd == []


def test_states_follow_each_other_without_a_gap(lossy):
    connection = one(lossy)
    for side, names in ((CLIENT, ["CLOSED", "SYN-SENT", "ESTABLISHED"]),
                        (SERVER, ["LISTEN", "SYN-RECEIVED", "ESTABLISHED"])):
        found = bands(connection, side)
        assert [band.name for band in found] == names
        assert all(before.end == after.start for before, after in pairwise(found))
        assert found[-1].end == connection.segments[-1].time
