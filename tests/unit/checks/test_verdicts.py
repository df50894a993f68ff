"""How verdicts add up, and what the process says in the end."""

import pytest

from mnlab.checks.verdicts import EXIT_STATUS, CheckResult, LabResult, overall


@pytest.mark.parametrize("statuses, verdict", [
    ([], "passed"), (["passed"], "passed"), (["passed", "failed"], "failed"),
    (["failed", "inconclusive", "passed"], "inconclusive"), (["not applicable"], "not applicable"),
    (["not applicable", "passed"], "passed"), (["not applicable", "failed"], "failed"),
    (["not applicable", "inconclusive"], "inconclusive")])
def test_inconclusive_outweighs_failed_outweighs_passed_outweighs_not_applicable(statuses, verdict):
    assert overall(statuses) == verdict


def test_exit_status_of_each():
    assert EXIT_STATUS == {"passed": 0, "failed": 1, "inconclusive": 3, "not applicable": 0}


def test_no_points_are_asked_for_what_is_not_applicable():
    shown, other = (CheckResult(name, name, (), status, points, points) for name, status, points in (
        ("check_a", "passed", 2), ("check_b", "not applicable", 0)))
    result = LabResult("x", 1, (shown, other))
    assert (result.status, result.points, result.max_points, result.not_applicable) == ("passed", 2, 2, ["check_b"])
    assert LabResult("x", 1, (other,)).status == "not applicable"


def test_no_checks_prove_nothing():
    assert LabResult("x", 1, ()).status == "inconclusive"
