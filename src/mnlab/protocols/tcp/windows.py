"""Flow control: what each end advertises, what the other has in flight, and when the window was what held it back.

Theory of operation. Each ACK advertises a window: how many bytes beyond its number the receiver has room for (RFC 9293,
section 3.8.6; scaled by RFC 7323). So it names a right edge that the sender must not pass. `flight` follows a sender
through a capture: how much is unacknowledged, and how much room is left up to the edge. All sizes are in bytes, times
in seconds; take the capture at the sender for the sender's view, the one at the receiver for the receiver's.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from mnlab.protocols.tcp.segment import DUPLICATE, PROBE, STRAY, Segment


@dataclass(frozen=True)
class Window:
    """What `segment` advertises: room for `size` bytes from its ACK on, that is for numbers below `edge`."""

    segment: Segment

    @property
    def time(self) -> float:
        """When it was advertised (s)."""
        return self.segment.time

    @property
    def size(self) -> int:
        """Bytes."""
        return self.segment.window

    @property
    def edge(self) -> int:
        """The first number that must not be sent yet: the ACK and the window."""
        assert self.segment.ack is not None
        return self.segment.ack + self.segment.window


@dataclass(frozen=True)
class Closed:
    """The window was closed (0) from `segment` on until `update`, None if it stayed so. `probes`: the peer's."""

    segment: Segment
    update: Segment | None
    probes: tuple[Segment, ...]

    @property
    def start(self) -> float:
        """When it closed (s)."""
        return self.segment.time

    @property
    def end(self) -> float | None:
        """When it opened (s); None if it did not."""
        return self.update.time if self.update else None


@dataclass(frozen=True)
class Flight:
    """After `segment`: `unacked` bytes are in flight, and `room` more may be sent before the window is full.

    `room` is negative if the receiver has taken back what it had offered (it should not: RFC 9293, section 3.8.6).
    """

    segment: Segment
    unacked: int
    room: int

    @property
    def time(self) -> float:
        """When the segment was captured (s)."""
        return self.segment.time


@dataclass(frozen=True)
class Span:
    """From `start` to `end` (s)."""

    start: float
    end: float

    @property
    def length(self) -> float:
        """Seconds."""
        return self.end - self.start


def advertised(connection, side: str) -> list[Window]:
    """What `side` advertised, in order: the first window and each that differs in size from the one before."""
    found: list[Window] = []
    for segment in _acks(connection, side):
        if not found or segment.window != found[-1].size:
            found.append(Window(segment))
    return found


def closed(connection, side: str) -> list[Closed]:
    """The times in which `side` advertised a window of 0, each with the probes that its peer sent meanwhile."""
    found: list[Closed] = []
    first: Segment | None = None
    probes: list[Segment] = []
    for segment in connection.segments:
        if segment.sender != side:
            if first and segment.kind == PROBE:
                probes.append(segment)
        elif _tells(segment) and segment.window == 0:
            first = first or segment
        elif _tells(segment) and first:
            found.append(Closed(first, segment, tuple(probes)))
            first, probes = None, []
    return [*found, Closed(first, None, tuple(probes))] if first else found


def updates(connection, side: str) -> list[Segment]:
    """The segments by which `side` did nothing but move the edge of its window: no data, nothing newly acknowledged."""
    found: list[Segment] = []
    acked, edge = None, 0
    for segment in _acks(connection, side):
        window = Window(segment)
        if not segment.size and segment.ack == acked and window.edge > edge:
            found.append(segment)
        acked, edge = segment.ack, window.edge
    return found


def flight(connection, side: str) -> list[Flight]:
    """What `side` had in flight after each segment of either end, from the peer's first window on."""
    found: list[Flight] = []
    acked, top, edge = 0, 0, None
    for segment in connection.segments:
        if segment.kind in (STRAY, DUPLICATE) or segment.rst:
            continue
        if segment.sender == side:
            top = max(top, segment.end)
        elif segment.ack is not None and segment.ack >= acked:  # an ACK that comes late says nothing new
            acked, edge = segment.ack, segment.ack + segment.window
            top = max(top, acked)
        if edge is not None:
            found.append(Flight(segment, top - acked, edge - top))
    return found


def limited(connection, side: str, size: int | None = None) -> list[Span]:
    """When the peer's window had no room for another segment of `size` bytes (the largest that was sent, if not given)
    while data was in flight. Whether there was more to send, only the sender knows (the kernel's rwnd_limited)."""
    size = size or max((segment.length for segment in connection.data(side)), default=0)
    spans: list[Span] = []
    start = None
    for moment in flight(connection, side):
        full = moment.room < size and (moment.unacked > 0 or moment.room <= 0) and size > 0
        if full and start is None:
            start = moment.time
        elif not full and start is not None:
            spans.append(Span(start, moment.time))
            start = None
    return [*spans, Span(start, connection.segments[-1].time)] if start is not None else spans


def _acks(connection, side: str) -> Iterator[Segment]:
    return (segment for segment in connection.segments if segment.sender == side and _tells(segment))


def _tells(segment: Segment) -> bool:
    """Whether the window of this segment counts."""
    return segment.ack is not None and not segment.rst and segment.kind not in (STRAY, DUPLICATE)
