"""A connection as curves over time, as tcptrace draws it: what one side sent, and what the other said of it.

Theory of operation. A *graph* is of one direction: the bytes that `side` sent. Sequence numbers go up, time goes to the
right (tcptrace's time-sequence graph, S. Ostermann, 1994; Wireshark draws the same).

    bars        each segment as a bar from its first number to the one after its last, at the time at which it passed;
                of a repetition with the reason for which it was sent again: the kernel's own (kernel.reasons), where it
                told one, else what follows from the wire (repeats)
    acks        the other side's acknowledgement numbers, a line of steps below the bars: what it has
    window      the number up to which the other side takes data, a line of steps above them (windows)
    sacks       what the other side says to have beyond its acknowledgement (RFC 2018), as bars at the time of the ACK
    duplicates  the ACKs that acknowledge nothing new while data is outstanding, as ticks on the line of ACKs
    flight      bytes sent and not acknowledged (windows.flight)
    rtt         a round trip for each ACK that gives one (rtt), and the retransmission timeout that Linux makes of them
                (rto)
    cwnd, ssthresh, srtt    what the sender's own kernel says of itself (kernel, congestion); [] where it does not

All times in seconds, sizes in bytes, numbers relative to the initial one. Flight and round trips are the sender's own
where it was captured at the sender's interface; elsewhere they are what passed there.
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from mnlab.protocols.kernel import INFINITE_SSTHRESH, CongestionState, Event, Probe
from mnlab.protocols.tcp import congestion, rto, rtt, windows
from mnlab.protocols.tcp import kernel as tcp_kernel
from mnlab.protocols.tcp.repeats import Repeat
from mnlab.protocols.tcp.segment import DUPLICATE_ACK, RESET, STRAY, Segment

SYN, FIN, NEW = "SYN", "FIN", "new data"
UNSURE = "tail loss probe or timeout"  # the wire alone does not tell (repeats)

#: A curve: (seconds, value) each.
#: A curve: seconds of lab time, and a value.
Points = list[tuple[float, float]]


class Bar(NamedTuple):
    """`segment` used the numbers from `first` to `end` - 1. `kind`: "new data", "SYN", "FIN", what a segment is within
    its connection (segment), or of a repetition why it was sent (repeats)."""

    time: float
    first: int
    end: int
    kind: str
    segment: Segment


class Ack(NamedTuple):
    """`segment` acknowledged what is below `number`, and took data below `edge`."""

    time: float
    number: int
    edge: int
    segment: Segment


class Sacked(NamedTuple):
    """An ACK said to have the numbers from `first` to `end` - 1."""

    time: float
    first: int
    end: int


class Band(NamedTuple):
    """From `start` to `end` (s), `name` held: a state of one end, or of its congestion control."""

    start: float
    end: float
    name: str


@dataclass
class Graph:
    """The curves of one direction; see the top of this module. `size`: the most bytes that a segment carried."""

    side: str
    size: int
    bars: list[Bar] = field(default_factory=list)
    acks: list[Ack] = field(default_factory=list)
    duplicates: list[Ack] = field(default_factory=list)
    sacks: list[Sacked] = field(default_factory=list)
    flight: Points = field(default_factory=list)
    rtt: Points = field(default_factory=list)
    rto: Points = field(default_factory=list)
    cwnd: Points = field(default_factory=list)
    ssthresh: Points = field(default_factory=list)
    srtt: Points = field(default_factory=list)
    congestion: list[Band] = field(default_factory=list)


def graph(connection, side: str, events: Iterable[Event] = ()) -> Graph:
    """The curves of what `side` sent. `events`: what the kernel of that end said of this connection (kernel.of_end)."""
    size, events = max((segment.length for segment in connection.sent(side)), default=0), list(events)
    found = Graph(side, size, _bars(connection, side, events))
    for segment in connection.segments:
        if segment.sender != side and segment.ack is not None and segment.kind not in (STRAY, RESET):
            said = Ack(segment.time, segment.ack, segment.ack + segment.window, segment)
            found.acks.append(said)
            found.duplicates += [said] if segment.kind == DUPLICATE_ACK else []
            found.sacks += [Sacked(segment.time, first, end) for first, end in segment.sack]
    found.acks = _onwards(found.acks)
    found.flight = [(moment.time, moment.unacked) for moment in windows.flight(connection, side)]
    samples = rtt.samples(connection, side, timestamps=True)
    found.rtt = [(sample.time, sample.rtt) for sample in samples]
    estimates = rto.linux((sample.rtt, sample.acked, sample.sent) for sample in samples)
    found.rto = [(sample.time, estimate.rto) for sample, estimate in zip(samples, estimates, strict=True)]
    _ask_kernel(found, events, connection.segments[-1].time)
    return found


def bands(connection, side: str) -> list[Band]:
    """The states (RFC 9293) that one end went through, from the first segment to the last one captured."""
    start, end = connection.segments[0].time, connection.segments[-1].time
    changes = connection.states(side)
    begun = changes[0].previous if changes else connection.state(side)
    return _held([(start, begun), *((change.time, change.state) for change in changes)], end)


def _bars(connection, side: str, events: list[Event]) -> list[Bar]:
    reasons = tcp_kernel.reasons(events)
    why = {one.segment: _cause(one, reasons) for one in connection.repeats(side)}
    return [Bar(segment.time, segment.seq, segment.end, why.get(segment) or _kind(segment), segment)
            for segment in connection.sent(side) if (segment.size or segment in why) and not segment.rst]


def _cause(repeat: Repeat, reasons: list[tcp_kernel.Reason]) -> str:
    at = bisect_left(reasons, repeat.time, key=lambda reason: reason.time)
    near = min(reasons[max(0, at - 1):at + 1], key=lambda reason: abs(reason.time - repeat.time), default=None)
    if near and abs(near.time - repeat.time) < tcp_kernel.AT_ONCE:
        return near.cause
    return repeat.cause if repeat.sure else UNSURE


def _kind(segment: Segment) -> str:
    if segment.kind != "new":
        return segment.kind
    return SYN if segment.syn else NEW if segment.length else FIN


def _onwards(acks: list[Ack]) -> list[Ack]:
    """Without those that came late: a line of ACKs does not go back (windows.flight passes over them, too)."""
    kept: list[Ack] = []
    for said in acks:
        if not kept or said.number >= kept[-1].number:
            kept.append(said)
    return kept


def _ask_kernel(found: Graph, events: list[Event], end: float) -> None:
    if not any(isinstance(event, Probe) for event in events) or not found.size:
        return
    trace = congestion.Trace(events, found.size)
    found.cwnd = [(time, cwnd * found.size) for time, cwnd in trace.window]
    found.ssthresh = [(time, limit * found.size) for time, limit in trace.threshold if limit < INFINITE_SSTHRESH]
    found.srtt = [(event.time, event.srtt) for event in events if isinstance(event, Probe)]
    states = [(event.time, event.state) for event in events if isinstance(event, CongestionState)]
    found.congestion = _held([(events[0].time, "Open"), *states], end)


def _held(changes: list[tuple[float, str]], end: float) -> list[Band]:
    """Each state from its beginning to the next; one that is entered again goes on, one that takes no time is kept."""
    kept: list[tuple[float, str]] = []
    for time, name in changes:
        if not kept or kept[-1][1] != name:
            kept.append((time, name))
    return [Band(start, until, name) for (start, name), (until, _) in zip(kept, [*kept[1:], (end, "")], strict=True)]
