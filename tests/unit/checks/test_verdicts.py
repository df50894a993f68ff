"""How verdicts add up, and what the process says in the end."""

import pytest

from mnlab.checks.verdicts import EXIT_STATUS, LabResult, overall


@pytest.mark.parametrize("statuses, verdict", [
    ([], "passed"), (["passed"], "passed"), (["passed", "failed"], "failed"),
    (["failed", "inconclusive", "passed"], "inconclusive")])
def test_inconclusive_outweighs_failed_outweighs_passed(statuses, verdict):
    assert overall(statuses) == verdict


def test_exit_status_of_each():
    assert EXIT_STATUS == {"passed": 0, "failed": 1, "inconclusive": 3}


def test_no_checks_prove_nothing():
    assert LabResult("x", 1, ()).status == "inconclusive"
