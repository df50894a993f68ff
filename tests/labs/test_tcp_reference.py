"""What the TCP analyser reads from captures is what the kernel itself says, on every lab's run.

Each end of a connection is looked at where it was captured at its own interface and its kernel was traced. An interface
that delays what leaves it (netem) does so before the capture sees it: what is sent shows later on the wire than in the
trace, by `own_delay`. What the kernel does without a segment (giving up, ending FIN-WAIT-2 or TIME-WAIT) is on no wire.
"""

from statistics import median

import pytest

from mnlab.evidence.record import Missing
from mnlab.lab.lab import all_labs
from mnlab.protocols import tcp
from mnlab.protocols.kernel import Probe, SocketState
from mnlab.protocols.tcp import kernel as tcp_kernel
from mnlab.protocols.tcp import rto as tcp_rto
from mnlab.protocols.tcp import rtt as tcp_rtt
from mnlab.protocols.tcp import sack as tcp_sack
from mnlab.protocols.tcp import windows as tcp_windows
from mnlab.protocols.tcp.repeats import AFTER_TIMEOUT, FAST, KEEP_ALIVE, TAIL_PROBE, WINDOW_PROBE

# s by which the trace may run ahead of captures: it is cut to microseconds, and its clock (kernel/time/timekeeping.c,
# ktime_get_mono_fast_ns) may be off by one.
TICK = 2e-6
TOGETHER = 0.0002  # s from the capture of a segment until the kernel takes it in
EARLY, LATE = 0.0005, 0.02  # s that a segment may be seen before and after the kernel says that it sends it
SRTT_ERROR = 0.001  # s: timestamps count milliseconds, so a sample that is taken by them may be off by one
#: Where DSACKs say that repetitions were spurious, the kernel takes its state back by counts of its own (undo_retrans).
REPAIRS = {FAST, AFTER_TIMEOUT}
SENT = {"FIN-WAIT-1", "LAST-ACK"}  # entered when the application closes; the FIN goes out after all data


class End:
    """One end of a connection, captured at its own interface, and its kernel's account of it."""

    def __init__(self, connection, side, events):
        self.connection, self.side = connection, side
        self.events = tcp_kernel.of_end(events, connection, side)
        self.probes = [event for event in self.events if isinstance(event, Probe)]
        self.delay = 0.0

    def __str__(self):
        return f"{self.connection.where} {self.connection.client} to {self.connection.server}, {self.side}"

    def own_delay(self) -> float | None:
        """What the kernel's first SRTT holds more than the wire shows."""
        samples = tcp_rtt.samples(self.connection, self.side)
        first = next((probe for probe in self.probes if probe.srtt), None)
        return first.srtt - samples[0].rtt if first and samples and samples[0].segment.syn else None


def ends(record) -> list[End]:
    found = []
    try:
        events = record.kernel()
    except Missing:
        return []
    if not events:
        return []
    for place in sorted({path.name.split(".")[0] for path in (record.folder / "captures").glob("*.pcap")}):
        host = place.rsplit("-", 1)[0]
        here = [End(connection, side, events) for connection in tcp.connections(record.frames(place))
                for side in (tcp.CLIENT, tcp.SERVER) if record.name_of(connection.endpoint(side).ip) == host]
        here = [end for end in here if any(isinstance(event, (Probe, SocketState)) for event in end.events)]
        delay = median([delay for end in here if (delay := end.own_delay()) is not None] or [0.0])
        for end in here:
            end.delay = max(delay, 0.0)
        found += here
    return found


def answered(end: End) -> list[tuple]:
    """(probe, the segment that it tells of): both in the order of arrival. Frames that arrive together are captured
    together, and only then taken in one by one."""
    peer = iter(segment for segment in end.connection.sent(tcp.other(end.side)))
    waiting, found, following = [], [], next(peer, None)
    for probe in end.probes:
        while following and following.time < probe.time + TICK:
            waiting.append(following)
            following = next(peer, None)
        waiting = [one for one in waiting if probe.time - one.time < TOGETHER and one.length == probe.data_len]
        if waiting:
            found.append((probe, waiting.pop(0)))
    return found


def wrong_repetitions(end: End) -> list[str]:
    """Retransmissions: the same ones, at the same times, for the same reasons."""
    reasons = tcp_kernel.reasons(end.events)
    probing = any(reason.cause == TAIL_PROBE for reason in reasons)
    left = [repeat for repeat in end.connection.repeats(end.side, probes=probing) if repeat.cause not in
            (KEEP_ALIVE, WINDOW_PROBE) and not (repeat.segment.syn and repeat.segment.ack is not None)]
    wrong, sent_at = [], []
    doubts = any(tcp_sack.dsack(segment) for segment in end.connection.sent(tcp.other(end.side)))
    for reason in reasons:
        near = [one for one in left if -EARLY < one.time - reason.time - end.delay < LATE]
        if not near:
            wrong.append(f"{end}: {reason.time:.6f} {reason.cause}: nothing on the wire")
            continue
        left.remove(near[0])
        sent_at.append(near[0].time)
        if near[0].cause != reason.cause and not (doubts and {near[0].cause, reason.cause} <= REPAIRS):
            wrong.append(f"{end}: {reason.time:.6f} {reason.cause} ({reason.state}), told as {near[0].words}")
    # One event may stand for several segments: what the kernel keeps as one is cut up as it leaves.
    return wrong + [f"{end}: {one.time:.6f} {one.words}: the kernel sent nothing again" for one in left
                    if not any(0 <= one.time - time < LATE for time in sent_at)]


def wrong_states(end: End) -> list[str]:
    """States: each one that the kernel enters because of a segment, when it does; and no others."""
    said = [(event.time, event.new) for event in end.events if isinstance(event, SocketState)
            and event.new not in ("SYN-SENT", "SYN-RECEIVED", "LISTEN", event.old)]
    read = [(change.time, "CLOSED" if change.state == "TIME-WAIT" else change.state)
            for change in end.connection.states(end.side) if change.state not in ("SYN-SENT", "SYN-RECEIVED")]
    wrong = []
    for time, state in said:
        match = next(((at, name) for at, name in read if name == state and at >= time - EARLY), None)
        late = match and match[0] - time - end.delay > LATE
        if state in SENT and end.side not in end.connection.fins:
            continue  # reset before its FIN could go
        if state != "CLOSED" and (not match or (late and state not in SENT)):
            wrong.append(f"{end}: {state} at {time:.6f}, told as {match}")
    names = [name for _, name in said]
    return wrong + [f"{end}: {name} at {time:.6f}, the kernel never was" for time, name in read if name not in names
                    and time <= max(moment for moment, _ in said)] if said else wrong


def wrong_round_trips(end: End) -> list[str]:
    """SRTT: the kernel's estimator, fed with the samples from the wire, gives what tcp_probe says."""
    samples = tcp_rtt.samples(end.connection, end.side, timestamps=True)
    if not samples or not samples[0].segment.syn or end.own_delay() is None or \
            abs(end.own_delay() - end.delay) > SRTT_ERROR or not all(probe.srtt for probe in end.probes):
        return []  # the first sample is not the handshake's (a SYN cookie knows none)
    estimates = tcp_rto.linux((sample.rtt + end.delay, sample.acked, sample.sent) for sample in samples)
    wrong, order = [], {segment: number for number, segment in enumerate(end.connection.segments)}
    for probe, segment in answered(end):
        known = [one for sample, one in zip(samples, estimates, strict=True) if order[sample.ack] < order[segment]]
        if known and abs(known[-1].srtt - probe.srtt) > SRTT_ERROR + 0.02 * end.delay:
            wrong.append(f"{end}: {probe.time:.6f} SRTT {probe.srtt * 1e3:.3f} ms, told as {known[-1].srtt * 1e3:.3f}")
    return wrong


def wrong_windows(end: End) -> list[str]:
    """What tcp_probe calls snd_wnd and in flight, both before the segment that arrives counts."""
    if end.delay > EARLY:
        return []  # what waits in the interface's own queue is in flight for the kernel
    moments = tcp_windows.flight(end.connection, end.side)
    place = {moment.segment: number for number, moment in enumerate(moments)}
    wrong, acked, sent, seen, out = [], 0, 0, 0, 0
    for probe, segment in answered(end):
        until = place.get(segment, seen)
        acked = max([acked, *(one.segment.ack for one in moments[seen:until] if one.segment.sender != end.side)])
        seen = max(seen, until)
        while out < len(moments) and moments[out].time < probe.time + TICK:
            sent = max(sent, moments[out].segment.end if moments[out].segment.sender == end.side else 0)
            out += 1
        before = moments[seen - 1]
        for name, kernel, told in (("in flight", probe.in_flight, max(sent, acked) - acked),
                                   ("window", probe.snd_wnd, before.unacked + before.room)):
            if seen and kernel != told:
                wrong.append(f"{end}: {probe.time:.6f} {name} {kernel}, told as {told}")
    return wrong


COMPARED = {"retransmissions": wrong_repetitions, "states": wrong_states, "round trips": wrong_round_trips,
            "windows": wrong_windows}


@pytest.mark.parametrize("lab", [pytest.param(lab, id=lab.name) for lab in all_labs()])
def test_the_analyser_agrees_with_the_kernel(lab, solved):
    found = [end for record in solved(lab, 1).scenes.values() for end in ends(record)]
    wrong = [line for end in found for compare in COMPARED.values() for line in compare(end)]
    if not found:
        pytest.skip("no connection was both captured and traced")
    assert not wrong, "\n".join(wrong[:20])
