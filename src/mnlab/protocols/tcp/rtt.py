"""Round trips as a sender measures them, one sample for each ACK, from the capture at its own interface.

Theory of operation. `samples` takes what Linux takes (net/ipv4/tcp_input.c, tcp_clean_rtx_queue): the oldest segment
that an ACK newly acknowledges; if that gives none, the oldest that it newly SACKs. Karn's algorithm (RFC 6298, section
3) forbids a sample of a segment that was sent twice, since nobody knows which of the two is acknowledged; and Linux
forbids it for the whole ACK then. With the timestamps option (RFC 7323, section 4.1) such an ACK gives a sample, too:
its echo says which of the two it was. Linux uses that only where numbers give nothing (tcp_ack_update_rtt), since its
timestamps count milliseconds.

A receiver that delays its ACKs delays the samples (RFC 9293, section 3.8.6.3): up to 40 ms and more on Linux.
"""

from collections import deque
from dataclasses import dataclass

from mnlab.protocols.tcp.segment import DUPLICATE, RESET, STRAY, Segment

BY_ACK, BY_SACK, BY_TIMESTAMP = "ACK", "SACK", "timestamp"


@dataclass(frozen=True)
class Sample:
    """`ack` came `rtt` seconds after `segment` was sent; numbers below `acked` are acknowledged with it, and those
    below `sent` had been sent. `by`: what of the ACK covers the segment."""

    segment: Segment
    ack: Segment
    by: str
    acked: int
    sent: int

    @property
    def time(self) -> float:
        """When the ACK was captured (s)."""
        return self.ack.time

    @property
    def rtt(self) -> float:
        """Seconds."""
        return self.ack.time - self.segment.time


@dataclass
class _Waiting:
    """A segment that is not yet acknowledged."""

    segment: Segment
    again: bool = False  # sent twice
    sacked: bool = False


def samples(connection, side: str, timestamps: bool = False) -> list[Sample]:
    """The samples of what `side` sent, at most one an ACK, none of a segment that was sent twice.

    `timestamps`: where numbers give no sample, the echoed timestamp does, as with Linux.
    """
    found: list[Sample] = []
    waiting: deque[_Waiting] = deque()  # in order of their numbers
    stamped: dict[int, Segment] = {}  # timestamp -> the first segment that was sent with it
    acked = sent = 0
    for segment in connection.segments:
        if segment.kind in (STRAY, RESET, DUPLICATE):
            continue
        if segment.sender == side:
            sent = max(sent, segment.end)
            _send(waiting, segment)
            _stamp(stamped, segment)
        elif segment.ack is not None:
            new, acked = segment.ack > acked, max(acked, segment.ack)
            covered = _covered(waiting, segment) or (timestamps and new and _echoed(stamped, segment))
            if covered:
                found.append(Sample(covered[0], segment, covered[1], acked, sent))
    return found


def timestamp_samples(connection, side: str) -> list[Sample]:
    """A sample for each ACK that acknowledges something new and echoes a timestamp of the side's (RFC 7323)."""
    found, acked, sent = [], 0, 0
    stamped: dict[int, Segment] = {}
    for segment in connection.segments:
        if segment.kind in (STRAY, RESET, DUPLICATE):
            continue
        if segment.sender == side:
            sent = max(sent, segment.end)
            _stamp(stamped, segment)
        elif segment.ack is not None and segment.ack > acked:
            acked = segment.ack
            covered = _echoed(stamped, segment)
            if covered:
                found.append(Sample(covered[0], segment, covered[1], acked, sent))
    return found


def _stamp(stamped: dict[int, Segment], segment: Segment) -> None:
    stamp = segment.options.get("timestamp")
    if stamp:
        stamped.setdefault(stamp[0], segment)


def _echoed(stamped: dict[int, Segment], ack: Segment) -> tuple[Segment, str] | None:
    stamp = ack.options.get("timestamp")
    segment = stamped.get(stamp[1]) if stamp else None
    return (segment, BY_TIMESTAMP) if segment else None


def _send(waiting: deque[_Waiting], segment: Segment) -> None:
    if not segment.size:
        return
    if waiting and segment.seq < waiting[-1].segment.end:
        for old in waiting:
            if old.segment.seq < segment.end and segment.seq < old.segment.end:
                old.again = True
        if segment.fresh < segment.size:
            return
    waiting.append(_Waiting(segment, again=segment.fresh < segment.size))


def _covered(waiting: deque[_Waiting], ack: Segment) -> tuple[Segment, str] | None:
    """The oldest segment that `ack` newly covers, and whether by its number or by a SACK block."""
    assert ack.ack is not None
    oldest, ambiguous = None, False
    while waiting and waiting[0].segment.end <= ack.ack:
        one = waiting.popleft()
        ambiguous |= one.again
        if not oldest and not one.again and not one.sacked:
            oldest = one.segment
    newly = []
    for left, right in ack.sack if waiting else ():
        for one in waiting:
            if not one.sacked and left <= one.segment.seq and one.segment.end <= right:
                one.sacked = True
                newly += [] if one.again else [one.segment]
    if oldest and not ambiguous:
        return oldest, BY_ACK
    return (min(newly, key=lambda segment: segment.time), BY_SACK) if newly else None

