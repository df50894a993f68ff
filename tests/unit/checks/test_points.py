"""Points read from the text of a checks.py, where it says them plainly."""

import pytest

from mnlab.checks.mutants import mutant
from mnlab.checks.points import plainly_written, points
from mnlab.lab.lab import all_labs, load

CHECK = "@points({}, claim='A-1')\ndef check_{}(evidence): pass\n"


@pytest.mark.parametrize("text, worth", [
    (CHECK.format(2, "a") + CHECK.format(13, "b"), (15, 0)),
    (CHECK.format(2, "a").replace("claim='A-1'", "where=('classic_recovery',), claim='A-1'"), (2, 0)), (CHECK.format(2, "a") + CHECK.format(3, "b").replace("@points", "@observation"), (2, 3)), ("", None), ("def check_a(): pass\n", None),
    (CHECK.format("N", "a"), None), (CHECK.format("2 * N", "a"), None), (CHECK.format(2, "a") + CHECK.format("N", "b"), None),
    (CHECK.format(2, "a") + CHECK.format(3, "a"), None), (CHECK.format(2, "a") + "def check_b(): pass\n", None),
    ("@worth(2)\ndef check_a(): pass\n", None), ("@points(points=2)\ndef check_a(): pass\n", None)])
def test_points_are_read_where_every_check_says_its_own(text, worth):
    assert plainly_written(text) == worth


@pytest.mark.parametrize("lab", all_labs(), ids=lambda lab: lab.name)
def test_what_is_read_is_what_is_given(lab):
    module = vars(load(lab.checks))
    marks = [module[name].points for name in module if name.startswith("check_") and hasattr(module[name], "points")]
    assert plainly_written(lab.checks.read_text()) == tuple(
        sum(mark.points for mark in marks if mark.observation is seen) for seen in (False, True))


@pytest.mark.parametrize("mark", [lambda where: points(1, where=where), lambda where: mutant.network("d", where=where)])
def test_where_names_a_feature_or_is_refused_with_the_near_one(mark):
    for where, kept in ((), ()), ("classic_recovery", ("classic_recovery",)), (["classic_recovery"], ("classic_recovery",)):
        def marked(): pass
        assert getattr(mark(where)(marked), "points", None) or marked.mutant
        assert (marked.points if hasattr(marked, "points") else marked.mutant).where == kept
    with pytest.raises(ValueError, match="no feature 'clasic_recovery'; did you mean 'classic_recovery'"):
        mark("clasic_recovery")
    with pytest.raises(ValueError, match="no feature 'x'; there are: classic_recovery"):
        mark(("classic_recovery", "x"))


@pytest.mark.parametrize("worth", [-1, 2.5, "3", True, None])
def test_what_can_be_added_up_to_no_mark_is_refused(worth):
    with pytest.raises(TypeError, match="a whole number of points"):
        points(worth)
