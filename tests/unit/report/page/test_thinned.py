"""Thinning: what must stay stays, and there is little of it."""

import random
from collections import defaultdict
from itertools import pairwise

from mnlab.protocols.tcp.graph import NEW, Bar
from mnlab.report.page import thinned

SPAN = thinned.Span(10.0, 20.0)


def times(count):
    return [SPAN.start + (SPAN.end - SPAN.start) * number / (count - 1) for number in range(count)]


def test_a_short_curve_stays_as_it_is():
    points = [(time, 1.0) for time in times(4 * thinned.BUCKETS)]
    assert thinned.curve(points, SPAN) == points


def test_each_part_of_a_long_curve_keeps_its_ends_and_its_extremes():
    chance = random.Random(4)
    points = [(time, chance.random()) for time in times(20_000)]
    kept = thinned.curve(points, SPAN)
    assert len(kept) <= 4 * thinned.BUCKETS and kept == sorted(kept)
    parts = [defaultdict(list), defaultdict(list)]
    for some, values in zip((points, kept), parts, strict=True):
        for time, value in some:
            values[SPAN.part(time)].append(value)
    for part in range(thinned.BUCKETS):
        before, after = (values[part] for values in parts)
        assert (before[0], min(before), max(before), before[-1]) == (after[0], min(after), max(after), after[-1])


def test_new_data_becomes_one_bar_and_a_repetition_never_does():
    bars = [Bar(time, 10 * number, 10 * number + 10, NEW, None) for number, time in enumerate(times(5_000))]
    bars.insert(2_500, Bar(bars[2_500].time, 0, 10, "timeout", None))
    kept = thinned.bars(bars, SPAN)
    assert len(kept) <= thinned.BUCKETS + 2 and [bar.kind for bar in kept].count("timeout") == 1
    new = [bar for bar in kept if bar.kind == NEW]
    assert new[0].first == 0 and new[-1].end == 50_000
    assert all(one.end == other.first for one, other in pairwise(new))


def test_bars_with_a_gap_between_their_numbers_stay_apart():
    bars = [Bar(time, 20 * number, 20 * number + 10, NEW, None) for number, time in enumerate(times(1_000))]
    assert thinned.bars(bars, SPAN) == bars


def test_a_connection_of_one_moment_is_drawn():
    still = thinned.Span(1.0, 1.0)
    assert still.part(1.0) == 0 and thinned.one_a_part([Bar(1.0, 0, 1, NEW, None)], still)
