"""Selective acknowledgements (RFC 2018) and what a sender learns from them.

A SACK block says: these numbers have arrived, behind a gap. The first block tells of the segment that this ACK answers.
A first block that lies below the ACK's number, or inside the second block, tells of something that has arrived *twice*
(DSACK, RFC 2883 section 4): so one of two copies was sent for nothing, or the network made one.
"""

from dataclasses import dataclass, field

from mnlab.protocols.tcp.segment import Segment

Block = tuple[int, int]  # first number, and the one after the last


def dsack(segment: Segment) -> Block | None:
    """The numbers that an ACK reports as received twice; None if it reports none."""
    blocks = segment.sack
    if not blocks or segment.ack is None:
        return None
    first = blocks[0]
    inside = len(blocks) > 1 and blocks[1][0] <= first[0] and first[1] <= blocks[1][1]
    return first if inside or first[1] <= segment.ack else None


def held(segment: Segment) -> tuple[Block, ...]:
    """The blocks of an ACK that tell what has arrived behind a gap: all but a DSACK."""
    return segment.sack[1:] if dsack(segment) else segment.sack


@dataclass
class Scoreboard:
    """What a sender knows has arrived: everything below `una`, and `blocks` above it (in order, apart)."""

    una: int = 0
    blocks: list[Block] = field(default_factory=list)

    def note(self, ack: Segment) -> bool:
        """Take in an ACK; True if it brings anything new."""
        if ack.ack is None:
            return False
        known = self.una, tuple(self.blocks)
        self.una = max(self.una, ack.ack)
        for block in held(ack):
            self._add(*block)
        self.blocks = [(max(left, self.una), right) for left, right in self.blocks if right > self.una]
        return (self.una, tuple(self.blocks)) != known

    def _add(self, left: int, right: int) -> None:
        touching = [block for block in self.blocks if block[0] <= right and left <= block[1]]
        if touching:
            left, right = min(left, touching[0][0]), max(right, touching[-1][1])
        self.blocks = sorted([block for block in self.blocks if block not in touching] + [(left, right)])

    @property
    def highest(self) -> int:
        """After the highest number known to have arrived."""
        return self.blocks[-1][1] if self.blocks else self.una

    @property
    def sacked(self) -> int:
        """How many numbers above `una` have arrived."""
        return sum(right - left for left, right in self.blocks)

    @property
    def holes(self) -> list[Block]:
        """What is missing below the highest that has arrived."""
        edges = [self.una, *(edge for block in self.blocks for edge in block)]
        return [(left, right) for left, right in zip(edges[::2], edges[1::2], strict=False) if left < right]

    def has(self, left: int, right: int) -> bool:
        """Whether all of left..right-1 is known to have arrived."""
        return right <= self.una or any(block[0] <= max(left, self.una) and right <= block[1] for block in self.blocks)


def scoreboard(connection, side: str, time: float | None = None) -> Scoreboard:
    """What `side` knew of its own data's arrival at `time` (s; None: at the end), by the ACKs captured until then."""
    board = Scoreboard()
    for segment in connection.segments:
        if time is not None and segment.time > time:
            break
        if segment.sender != side and segment.ack is not None and not segment.rst:
            board.note(segment)
    return board
