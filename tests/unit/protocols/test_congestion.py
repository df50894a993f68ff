"""Rounds, phases and episodes of a small, made-up sender whose every number can be followed by hand."""

import pytest

from mnlab.protocols.ip import Endpoint
from mnlab.protocols.kernel import INFINITE_SSTHRESH, CongestionState, Probe, Retransmit
from mnlab.protocols.tcp.congestion import AVOIDANCE, DUPLICATE_ACKS, RECOVERY, SLOW_START, TIMEOUT, Trace

SENDER, RECEIVER = Endpoint("10.0.0.1", 6001), Endpoint("10.0.0.2", 5001)
MSS, ISN = 1000, 2**32 - 2000  # so that sequence numbers wrap after two segments


def probe(time, una, nxt, cwnd, ssthresh=INFINITE_SSTHRESH):
    """An ACK arrives: before it counts, segments up to `una` are acknowledged, those up to `nxt` are sent."""
    return Probe(time, SENDER, RECEIVER, data_len=0, snd_nxt=(ISN + nxt * MSS) % 2**32,
                 snd_una=(ISN + una * MSS) % 2**32, snd_cwnd=cwnd, ssthresh=ssthresh, snd_wnd=65535, srtt=0.1,
                 rcv_wnd=65535, cookie="1")


def state(time, name):
    return CongestionState(time, SENDER, RECEIVER, name)


def again(time):
    return Retransmit(time, SENDER, RECEIVER, "ESTABLISHED")


#: A window of 2 doubles twice; the third round's second segment (number 7) is lost.
GROWING = [probe(0.1, 0, 2, 2), probe(0.1, 1, 4, 3),
           probe(0.2, 2, 6, 4), probe(0.2, 3, 8, 5), probe(0.2, 4, 10, 6), probe(0.2, 5, 12, 7),
           probe(0.3, 6, 14, 8)]
FAST = [probe(0.3, 7, 16, 9), state(0.3, "Disorder"), probe(0.31, 7, 16, 9), probe(0.32, 7, 17, 9),
        state(0.32, "Recovery"), again(0.32), probe(0.33, 7, 18, 8, 4), probe(0.4, 7, 18, 4, 4), state(0.41, "Open"),
        probe(0.5, 18, 22, 4, 4), probe(0.6, 22, 26, 5, 4), probe(0.7, 26, 31, 6, 4)]
SILENCE = [state(1.2, "Loss"), again(1.2), probe(1.3, 27, 33, 1, 3), probe(1.4, 28, 33, 2, 3), probe(1.4, 29, 33, 3, 3),
           state(1.4, "Open"), probe(1.5, 33, 36, 3, 3)]


@pytest.fixture
def trace():
    return Trace([*GROWING, *FAST, *SILENCE], MSS)


def test_slow_start_rounds_double(trace):
    assert [(one.cwnd, one.cwnd_after) for one in trace.rounds if one.phases == {SLOW_START}][:2] == [(2, 4), (4, 8)]


def test_avoidance_rounds_add_one(trace):
    rounds = [one for one in trace.rounds if one.phases == {AVOIDANCE}]
    assert [(one.cwnd, one.cwnd_after) for one in rounds] == [(4, 5), (5, 6)]


def test_a_round_that_a_loss_breaks_off_is_left_out(trace):
    assert all(one.end <= 0.3 or one.start >= 0.5 for one in trace.rounds)


def test_third_duplicate_ack_is_an_episode(trace):
    fast = trace.episodes[0]
    assert (fast.sign, fast.time, fast.cwnd, fast.ssthresh_before, fast.ssthresh) == (DUPLICATE_ACKS, 0.32, 9, None, 4)
    assert fast.duplicates == 3 and fast.flight == 9  # the segment sent on a duplicate ACK is not counted in
    assert (fast.retransmit, fast.end, fast.cwnd_end) == (0.32, 0.41, 4)


def test_timeout_is_an_episode(trace):
    late = trace.episodes[1]
    assert (late.sign, late.cwnd, late.ssthresh, late.cwnd_next) == (TIMEOUT, 6, 3, 1)
    assert late.silence == pytest.approx(0.5) and late.flight == 6
    assert (late.end, late.cwnd_end) == (1.4, 3)


def test_phases_follow_each_other(trace):
    assert [(one.name, one.start) for one in trace.phases] == [
        (SLOW_START, 0.1), (RECOVERY, 0.32), (AVOIDANCE, 0.5), (SLOW_START, 1.2), (AVOIDANCE, 1.4)]
    assert all(one.end == two.start for one, two in zip(trace.phases, trace.phases[1:]))


@pytest.mark.parametrize("time, name", [(0.05, None), (0.15, SLOW_START), (0.35, RECOVERY), (0.9, AVOIDANCE),
                                        (1.25, SLOW_START), (9, None)])
def test_phase_at_a_moment(trace, time, name):
    assert trace.phase_at(time) == name


def test_window_holds_from_the_event_that_made_it(trace):
    assert (1.2, 1) in trace.window  # known from the ACK at 1.3, true since the timeout


def test_threshold_does_not_creep():
    creeping = Trace([probe(0.1, 0, 9, 8, 7), probe(0.2, 1, 9, 12, 9), probe(0.3, 2, 9, 16, 12)], MSS)
    assert [value for _, value in creeping.threshold] == [7]  # 9 and 12 are 3/4 of the window, not thresholds


def test_threshold_in_recovery_is_the_real_one_whatever_it_is():
    halved = Trace([probe(0.1, 0, 9, 8), state(0.1, "Recovery"), probe(0.2, 0, 9, 8, 6)], MSS)
    assert [value for _, value in halved.threshold] == [INFINITE_SSTHRESH, 6]


def test_inputs_tell_the_story_without_fast_recovery(trace):
    told = [(one.kind, one.count) for one in trace.inputs]
    assert told[:7] == [("ack", 1)] * 7
    assert told[7:] == [(DUPLICATE_ACKS, 9), ("ack", 4), ("ack", 4), ("ack", 1), (TIMEOUT, 6), ("ack", 1), ("ack", 1),
                        ("ack", 4)]


def test_window_after_the_last_ack_before_a_timeout_is_unknown(trace):
    last = [step for step in trace.steps if step.time == 0.7]
    assert last[0].cwnd_after is None and last[0].acked == 1


@pytest.mark.parametrize("events", [[], [state(0.1, "Loss")], [probe(0.1, 0, 1, 1)],
                                    [state(0, "Recovery"), again(0.1)]])
def test_next_to_nothing_is_no_trouble(events):
    bare = Trace(events, MSS)
    assert bare.episodes == [] and bare.rounds == [] and bare.phases == [] and bare.inputs == []
