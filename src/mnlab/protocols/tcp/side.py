"""What is known of one end of a TCP connection while it is followed: numbers, window, state, round trips.

Its initial sequence number, which of its sequence numbers have passed the capture point, how far it has acknowledged
the other end, its window scale, its state and how it came there, and RTT samples of what it sent.
"""

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass, field

from mnlab.protocols.tcp.segment import Segment, signed

#: The two sides: the client is the one that opened the connection.
CLIENT, SERVER = "client", "server"


@dataclass(frozen=True)
class StateChange:
    """An end enters `state` from `previous` by `segment`, for the reason `event` (states)."""

    time: float
    state: str
    previous: str
    event: str
    segment: Segment


@dataclass(frozen=True)
class RttSample:
    """From a segment to the first ACK or SACK that covers it. Segments sent twice give none (Karn, RFC 6298)."""

    segment: Segment
    ack: Segment

    @property
    def time(self) -> float:
        """When the ACK was captured (s)."""
        return self.ack.time

    @property
    def rtt(self) -> float:
        """Seconds."""
        return self.ack.time - self.segment.time


@dataclass
class Side:
    """What is known of one end. Sequence numbers are relative to its own initial one, `acked` to the other end's."""

    name: str
    state: str
    isn: int | None = None  # raw
    next: int = 0  # everything below has passed
    top: int = 0  # after the highest number that has passed
    islands: list[tuple[int, int]] = field(default_factory=list)  # what has passed between `next` and `top`
    fin: int | None = None  # its FIN's number
    acked: int | None = None
    window: int | None = None  # as last advertised, in bytes
    scale: int | None = None  # its SYN's window scale option; None also if its SYN was not seen
    syn_seen: bool = False
    newest_ident: int = 0  # of its IP packets; Linux leaves 0 in a SYN+ACK, which says nothing
    copies: dict[tuple, float] = field(default_factory=dict)  # IP packet -> when it was last seen
    unacked: deque = field(default_factory=deque)  # segments not yet acknowledged and sent once
    changes: list[StateChange] = field(default_factory=list)
    samples: list[RttSample] = field(default_factory=list)

    def relative(self, raw: int) -> int:
        """A number of this side's, counted from its SYN; the nearest to the highest seen, which undoes wrapping."""
        assert self.isn is not None, "learned from the first segment that shows it"
        return self.top + signed(raw - self.isn - self.top)

    def fresh(self, first: int, end: int) -> int:
        """How many of the numbers first..end-1 have not passed yet."""
        seen = [(0, self.next), *self.islands]
        return end - first - sum(max(0, min(end, right) - max(first, left)) for left, right in seen)

    def passed(self, first: int, end: int) -> None:
        """Note that the numbers first..end-1 have passed; `islands` stay apart from each other and in order."""
        self.top = max(self.top, end)
        at = bisect_left(self.islands, (first, end))
        if at and self.islands[at - 1][1] >= first:
            at -= 1
        while at < len(self.islands) and self.islands[at][0] <= end:
            left, right = self.islands.pop(at)
            first, end = min(first, left), max(end, right)
        if first > self.next:
            self.islands.insert(at, (first, end))
        else:
            self.next = max(self.next, end)
