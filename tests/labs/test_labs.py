"""Every lab keeps its word: the solution scores full marks, the starter little and no work nothing, each check can fail,
each rule is checked and correct work not refused, another variant works as well, and the same run gives the same
evidence.

`mnlab test slow -k transport` tries all mutants of one layer."""

import pytest

from mnlab.checks.grade import grade
from mnlab.checks.session import reference_answers
from mnlab.checks.verdicts import FAILED, PASSED
from mnlab.checks.verify import verify
from mnlab.lab.lab import all_labs
from mnlab.machine.vm import VirtualMachine

from .conftest import run_solution

SEEDS = (1, 77)


def each_lab(function):
    return pytest.mark.parametrize("lab", [pytest.param(lab, id=f"{lab.layer}-{lab.name}") for lab in all_labs()])(
        function)


def complaints(result) -> str:
    lines = [f"{check.name}: {check.message}" for check in result.checks if check.status != PASSED]
    return "\n".join([result.reason, *lines])


@each_lab
@pytest.mark.parametrize("seed", SEEDS)
def test_the_solution_scores_full_marks(lab, seed, solved):
    record = solved(lab, seed)
    result = grade(lab, record, reference_answers(lab, record))
    assert result.status == PASSED, complaints(result)
    assert result.points == result.max_points > 0


@pytest.mark.parametrize("lab", [pytest.param(lab, id=lab.name) for lab in all_labs()
                                 if hasattr(lab.experiment, "secret")])
def test_answers_from_a_run_at_home_are_right_with_a_courses_key(lab, machine, solved, tmp_path):
    """A student fills in answers.toml from local runs, which have other secrets than the run that counts."""
    record = run_solution(lab, machine, SEEDS[0], tmp_path, key=b"a key that no student has")
    result = grade(lab, record, reference_answers(lab, solved(lab, SEEDS[0])))
    assert result.status == PASSED, complaints(result)


@each_lab
def test_every_check_is_killed_every_rule_has_a_mutant_correct_work_has_full_marks_and_no_work_little(lab, machine):
    matrix = verify(lab, machine, SEEDS[0], workers=1, quick=True)
    assert matrix.baseline.status == PASSED, complaints(matrix.baseline)
    assert not matrix.paid_for_nothing
    assert all(result.status == FAILED and result.max_points > 0 for result in matrix.idle.values())
    assert not matrix.unkilled_checks
    assert not matrix.excused_mutants
    assert not matrix.unbroken_rules and not matrix.unasked_questions and not matrix.uncaught_mutants
    assert len(matrix.right) >= 2 and not matrix.refused, [complaints(result) for result in matrix.right.values()]
    assert matrix.rules or not any(scene.files({f"x{end}": b"" for end in (".py", ".conf")}) for scene in lab.scenes)


@pytest.mark.slow
@each_lab
def test_every_mutant_is_caught_and_no_wrong_work_excuses_itself(lab, machine):
    matrix = verify(lab, machine, SEEDS[0], workers=1)
    assert not matrix.uncaught_mutants
    assert matrix.holds


@each_lab
def test_two_runs_give_the_same_evidence(lab, solved, tmp_path):
    again = run_solution(lab, VirtualMachine("virtual"), 1, tmp_path / "again")
    assert again.manifest["evidence_sha256"] == solved(lab, 1).manifest["evidence_sha256"]


@each_lab
def test_another_seed_is_another_network(lab):
    assert lab.params(1) == lab.params(1)
    assert lab.params(1) != lab.params(2)
