"""Which connection of one run is which of the other."""

from mnlab.report.page.compare_page import _pairs


def one(key, size):
    return {"key": key, "bytes": size}


def test_alike_is_alike_and_the_biggest_pair_comes_first():
    mine = [one(("lan", "h1", "h2:80", 1), 10), one(("lan", "h1", "h2:80", 2), 90), one(("lan", "h3", "h2:80", 1), 5)]
    theirs = [one(("lan", "h1", "h2:80", 2), 80), one(("lan", "h1", "h2:80", 1), 10)]
    assert _pairs(mine, theirs) == [[1, 0], [0, 1]]


def test_where_nothing_is_alike_the_biggest_are_laid_over_one_another():
    assert _pairs([one("a", 1), one("b", 9)], [one("c", 7), one("d", 3)]) == [[1, 0]]
    assert _pairs([], [one("c", 7)]) == [] == _pairs([one("c", 7)], [])
