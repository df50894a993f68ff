"""Points are for a student's work: what only the network shows is worth nothing where that is graded."""

import pytest

from mnlab.checks.answers import Answers
from mnlab.checks.grade import grade
from mnlab.evidence.run import Run
from mnlab.lab.lab import Lab
from mnlab.report.junit import junit_xml
from mnlab.report.terminal import verdicts

CHECKS = """
from mnlab.checks import expect, observation, points
@observation(3, claim="A-1")
def check_network(evidence): expect({network}, expected="the kernel does it", seen="nothing")
@points(2, claim="A-2")
def check_work(evidence): expect({work}, expected="it works", seen="nothing")
"""


@pytest.fixture
def graded(tmp_path, lay_out):
    """graded(kind, network, work): the result of a run whose manifest says whose work it was."""
    def run(kind, network=True, work=True):
        (tmp_path / "checks.py").write_text(CHECKS.format(network=network, work=work))
        folder = lay_out(tmp_path / f"{kind}-{network}-{work}", {"work": {"kind": kind, "sha256": "ab"}})
        return grade(Lab(tmp_path), Run(folder), Answers({}))
    return run


@pytest.mark.parametrize("kind, network, work, points, most, status", [
    ("solution", True, True, 5, 5, "passed"), ("solution", False, True, 2, 5, "failed"),
    ("student", True, True, 2, 2, "passed"), ("student", True, False, 0, 2, "failed"),
    ("student", False, True, 2, 2, "passed"), ("student", "1/0", True, 2, 2, "passed")])
def test_an_observation_counts_in_a_demonstration_alone(graded, kind, network, work, points, most, status):
    result = graded(kind, network, work)
    assert (result.points, result.max_points, result.status) == (points, most, status)


def test_a_student_sees_it_last_and_ci_does_not_fail_for_it(graded):
    result = graded("student", network=False)
    shown = verdicts(result).text(80)
    assert shown.index("check_work") < shown.index("check_network") and "not seen" in shown
    assert 'skipped="1"' in junit_xml([result]) and 'failures="0"' in junit_xml([result])
    assert [check.observation for check in result.checks] == [True, False]
    assert "seen" in verdicts(graded("student")).text(80)


def test_where_there_are_observations_alone_no_work_is_judged(graded):
    result = graded("student")
    only = type(result)(**{**vars(result), "checks": result.checks[:1]})
    assert (only.status, only.max_points) == ("not applicable", 0)
