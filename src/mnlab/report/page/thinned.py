"""Fewer points for the same picture: how curves of large captures are thinned.

The time of a graph is cut into `BUCKETS` equal parts. Of a curve that has more than four points a part each part keeps
its first, its lowest, its highest and its last point (M4: Jugel et al., VLDB 2014): drawn so wide that a part is a
pixel or less, it is the same picture. Of bars, those of new data that follow each other within a part are drawn as one;
anything else that was sent (a repetition, a probe, SYN, FIN) is drawn by itself, always.
"""

from collections.abc import Sequence
from typing import NamedTuple

from mnlab.protocols.tcp.graph import NEW, Bar

BUCKETS = 240

Points = Sequence[tuple[float, float]]


class Span(NamedTuple):
    """The time that a graph shows, in seconds."""

    start: float
    end: float

    def part(self, time: float) -> int:
        """Which of the parts a time falls in."""
        length = self.end - self.start
        return min(max(int((time - self.start) / length * BUCKETS), 0), BUCKETS - 1) if length > 0 else 0


def curve(points: Points, span: Span) -> list[tuple[float, float]]:
    """At most four points a part, in their order; all of them if there are no more than that in the whole."""
    if len(points) <= 4 * BUCKETS:
        return list(points)
    parts: dict[int, list[int]] = {}
    for number, (time, _) in enumerate(points):
        parts.setdefault(span.part(time), []).append(number)
    kept = set()
    for numbers in parts.values():
        kept |= {numbers[0], numbers[-1], min(numbers, key=lambda number: points[number][1]),
                 max(numbers, key=lambda number: points[number][1])}
    return [points[number] for number in sorted(kept)]


def bars(found: Sequence[Bar], span: Span) -> list[Bar]:
    """New data that follows new data in one part becomes one bar, which is at the time of its first segment; all of
    them if there are no more than there are parts."""
    if len(found) <= BUCKETS:
        return list(found)
    kept: list[Bar] = []
    for bar in found:
        last = kept[-1] if kept else None
        if last and last.kind == bar.kind == NEW and last.end == bar.first and span.part(last.time) == span.part(
                bar.time):
            kept[-1] = last._replace(end=bar.end)
        else:
            kept.append(bar)
    return kept


def one_a_part(found: Sequence, span: Span) -> list:
    """The last of what has a `time` in each part; all if there are no more than there are parts."""
    if len(found) <= BUCKETS:
        return list(found)
    return list({span.part(one.time): one for one in found}.values())
