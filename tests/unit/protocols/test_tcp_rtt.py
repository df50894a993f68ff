"""Round trips and the retransmission timeout that follows from them."""

import pytest

from mnlab.protocols import tcp
from mnlab.protocols.tcp import CLIENT
from mnlab.protocols.tcp import rto as tcp_rto
from mnlab.protocols.tcp import rtt as tcp_rtt

MSS = 1000


def samples(talk, **options):
    (connection,) = tcp.connections(talk.frames)
    return [(sample.segment.seq, round(sample.rtt, 6), sample.by)
            for sample in tcp_rtt.samples(connection, CLIENT, **options)][1:]  # the handshake's left out


def data(talk, number, **more):
    return talk.c("A", seq=1 + number * MSS, ack=1, data=b"x" * MSS, **more)


def test_an_ack_of_several_segments_gives_one_sample_of_the_oldest(talk):
    talk.handshake()
    data(talk, 0)
    data(talk, 1)
    talk.s("A", seq=1, ack=1 + 2 * MSS, after=0.1)
    assert samples(talk) == [(1, 0.101, "ACK")]


def test_no_sample_of_what_was_sent_twice_nor_of_the_ack_that_covers_it(talk):
    """Karn, RFC 6298 section 3."""
    talk.handshake()
    data(talk, 0)
    data(talk, 1)
    data(talk, 0, after=0.3)
    talk.s("A", seq=1, ack=1 + 2 * MSS, after=0.1)
    data(talk, 2)
    talk.s("A", seq=1, ack=1 + 3 * MSS, after=0.05)
    assert samples(talk) == [(2001, 0.05, "ACK")]


def test_a_sack_gives_a_sample_and_only_the_first_time(talk):
    talk.handshake()
    for number in range(3):
        data(talk, number)
    block = ("SAck", (1001 + MSS, 1001 + 2 * MSS))
    talk.s("A", seq=1, ack=1, options=[block], after=0.1)
    talk.s("A", seq=1, ack=1, options=[block], after=0.1)
    assert samples(talk) == [(1001, 0.101, "SACK")]


def test_the_echo_tells_which_of_two_was_acknowledged(talk):
    talk.handshake()
    data(talk, 0, options=[("Timestamp", (100, 7))])
    data(talk, 0, options=[("Timestamp", (400, 7))], after=0.3)
    talk.s("A", seq=1, ack=1 + MSS, options=[("Timestamp", (9, 400))], after=0.05)
    assert samples(talk) == []
    assert samples(talk, timestamps=True) == [(1, 0.05, "timestamp")]
    (connection,) = tcp.connections(talk.frames)
    assert [round(sample.rtt, 6) for sample in tcp_rtt.timestamp_samples(connection, CLIENT)] == [0.05]


def test_rfc_6298_by_hand():
    first, second = tcp_rto.rfc6298([0.1, 0.2], least=0)
    assert (first.srtt, first.rttvar, first.rto) == pytest.approx((0.1, 0.05, 0.3))
    assert (second.srtt, second.rttvar, second.rto) == pytest.approx((0.1125, 0.0625, 0.3625))
    assert [estimate.rto for estimate in tcp_rto.rfc6298([0.1, 0.2])] == [1.0, 1.0]
    assert tcp_rto.rfc6298([0.1] * 200, granularity=0.01, least=0)[-1].rto == pytest.approx(0.11)
    assert tcp_rto.rfc6298([]) == []


def test_linux_never_deviates_less_than_200_ms():
    """A steady RTT: RFC 6298's deviation goes to nothing, the kernel's stays at its floor."""
    estimates = tcp_rto.linux((0.02, number + 1, number + 1) for number in range(100))
    assert estimates[-1].srtt == pytest.approx(0.02, abs=2e-6)
    assert {round(estimate.rto, 6) for estimate in estimates} == {0.22}
    assert (tcp_rto.Linux().rto, tcp_rto.Linux().srtt) == (1.0, None)


def steps(*samples):
    """Linux's estimator after these (rtt, acked, sent)."""
    model = tcp_rto.Linux()
    for sample in samples:
        model.sample(*sample)
    return model


def test_linux_begins_with_three_round_trips_and_shrinks_once_a_round_trip():
    first = (0.3, 1, 11)
    assert (steps(first).srtt, steps(first).term, steps(first).rto) == pytest.approx((0.3, 0.6, 0.9))
    flight = [(0.3, acked, 20) for acked in range(2, 12)]  # in flight when the first sample was taken: the same round
    assert steps(first, *flight).term == pytest.approx(0.6)
    after = (0.3, 12, 30)  # the round that ended holds the first sample's deviation
    assert steps(first, *flight, after).term == pytest.approx(0.6)
    assert steps(first, *flight, after, (0.3, 31, 40)).term == pytest.approx(0.5)


def test_linux_with_one_segment_in_flight_shrinks_with_each_sample():
    model = steps((0.3,), (0.3,), (0.3,))
    assert model.term == pytest.approx(0.6 * 0.75 + 0.0625 * 1.5, abs=0.05) and model.deviation < 0.1


def test_linux_ignores_most_of_a_sudden_fall():
    """The note in tcp_rtt_estimator: a falling RTT must not raise the timeout."""
    before = [(1.0,)] * 50
    assert steps(*before, (0.1,)).rto <= steps(*before).rto
    assert steps(*before, (1.9,)).rto > steps(*before).rto + 0.1


def test_each_timeout_doubles_the_next_up_to_two_minutes():
    assert tcp_rto.schedule(0.3, 4) == pytest.approx([0.3, 0.6, 1.2, 2.4])
    assert tcp_rto.schedule(0.3, 20)[-1] == tcp_rto.RTO_MAX
    model = tcp_rto.Rfc6298(maximum=5.0)
    model.sample(2.0)
    model.timeout()
    assert model.rto == 5.0


def test_linux_sends_again_for_924_6_s():
    """ip-sysctl.rst on tcp_retries2: 15 stands for at least 924.6 s."""
    assert tcp_rto.patience() == pytest.approx(924.6)


@pytest.mark.parametrize("linear, last, end", [(0, 63, 127), (4, 67, 131)])
def test_a_clients_patience_is_what_ip_sysctl_says(linear, last, end):
    """Documentation/networking/ip-sysctl.rst, tcp_syn_retries = 6: before Linux 6.5, and with four linear timeouts."""
    gaps = tcp_rto.syn_schedule(linear)
    assert (sum(gaps[:-1]), sum(gaps)) == (last, end)
    assert gaps[:linear + 2] == [1] * (linear + 1) + [2]


@pytest.mark.parametrize("printed, number", [("", 0), ("net.ipv4.tcp_syn_linear_timeouts = 4\n", 4),
                                             ("net.ipv4.tcp_syn_linear_timeouts = 0\n", 0)])
def test_a_kernel_without_linear_timeouts_has_none(printed, number):
    assert tcp_rto.linear_timeouts(printed) == number
