"""Trying mutants: which are run, in which order, until when, and what must not be."""

import json

import pytest

from mnlab.checks.kill_matrix import STARTER
from mnlab.checks.verify import verify
from mnlab.lab.lab import BrokenLab, Lab
from mnlab.machine.job import Outcome

CHECKS = """
from mnlab.checks import expect, points

@points(1)
def check_a(evidence):
    expect("a" in evidence.text("said"), done="", expected="a", seen="")

@points(1)
def check_b(evidence):
    expect("b" in evidence.text("said"), done="", expected="b", seen="")

@points(1)
def check_answer(answers):
    expect(answers.integer("number") == 7, done="", expected="7", seen="")
"""

MUTANTS = """
from mnlab.checks import mutant

ENOUGH = ("both",)

@mutant.answers("miscounts")
def miscounts(answers, params):
    answers["number"] = 8

@mutant.work("says no a")
def no_a(work, params):
    work.write("said", "b")

@mutant.work("says neither")
def both(work, params):
    work.write("said", "")
"""


class Machine:
    """Its evidence is what the work folder says."""

    clock = "virtual"

    def __init__(self):
        self.runs = 0

    def run(self, job, folder, console):
        self.runs += 1
        said = job.files.get("work/said", b"")
        if said != b"nothing":
            (folder / "files").mkdir()
            (folder / "files/said").write_bytes(said)
        (folder / "manifest.json").write_text(json.dumps({
            "lab": "probe", "seed": 1, "params": {}, "network": {}, "start_ns": 0, "outcome": "ok", "reason": ""}))
        return Outcome(0)

    def describe(self):
        return {}

    def features(self, job):
        return {"classic_recovery": "RACK is always on"}

    def abandon(self):
        pass


@pytest.fixture
def probe(tmp_path):
    """probe(mutants, starter): a lab of two checks of the work and one of an answer."""
    def make(mutants=MUTANTS, starter=""):
        folder = tmp_path / "probe"
        (folder / "solution").mkdir(parents=True)
        (folder / "solution/said").write_text("a b")
        (folder / "starter").mkdir()
        (folder / "starter/said").write_text(starter)
        (folder / "solution/answers.py").write_text("def answers(params, evidence): return {'number': 7}\n")
        (folder / "experiment.py").write_text("def variant(rng): return {}\ndef experiment(): pass\n")
        (folder / "checks.py").write_text(CHECKS)
        (folder / "mutants.py").write_text(mutants)
        return Lab(folder)
    return make


def names(mutants):
    """Of those in the file: not of those that leave an answer blank."""
    return [mutant.name for mutant in mutants if not mutant.name.startswith("blank_")]


def test_every_mutant_is_tried_and_caught(probe):
    machine = Machine()
    matrix = verify(probe(), machine, 1)
    assert matrix.holds and machine.runs == 5  # the solution, the starter, nothing, and two of the three
    assert {mutant.name: matrix.killed_by(mutant) for mutant in matrix.results} == {
        "miscounts": {"check_answer"}, "blank_number": {"check_answer"}, "no_a": {"check_a"}, "both": {"check_a", "check_b"}}
    assert matrix.enough == ["both"]


@pytest.mark.parametrize("workers", [1, 2])
def test_the_quick_way_ends_when_every_check_has_failed(probe, workers):
    machine = Machine()
    matrix = verify(probe(), machine, 1, workers=workers, quick=True)
    assert matrix.holds and names(matrix.results) == ["miscounts", "both"]
    assert machine.runs <= 3 + workers  # none is begun that the others would not have waited for


def test_the_quick_way_goes_on_where_the_named_ones_are_not_enough(probe):
    matrix = verify(probe(MUTANTS.replace('ENOUGH = ("both",)', 'ENOUGH = ("no_a",)')), Machine(), 1, quick=True)
    assert matrix.holds and names(matrix.results) == ["miscounts", "no_a", "both"]


@pytest.mark.parametrize(("starter", "words"), [("a", "1 of 3 points"), ("nothing", "inconclusive: check_a: ")])
def test_a_starter_with_points_for_nothing_is_named(probe, starter, words):
    matrix = verify(probe(starter=starter), Machine(), 1)
    assert not matrix.holds and list(matrix.paid_for_nothing) == [STARTER]
    assert matrix.paid_for_nothing[STARTER].startswith(words)


def test_what_is_missing_is_named(probe):
    matrix = verify(probe(MUTANTS.replace('work.write("said", "")', 'work.write("said", "a b")')), Machine(), 1)
    assert not matrix.holds and matrix.unkilled_checks == ["check_b"] and names(matrix.uncaught_mutants) == ["both"]


def test_wrong_work_must_not_excuse_itself(probe):
    matrix = verify(probe(MUTANTS.replace('work.write("said", "b")', 'work.write("said", "nothing")')), Machine(), 1)
    assert names(matrix.excused_mutants) == ["no_a"] and not matrix.holds


def test_a_mutant_that_is_not_there_cannot_be_enough(probe):
    with pytest.raises(BrokenLab, match="ENOUGH names third"):
        verify(probe(MUTANTS.replace('"both",', '"third",')), Machine(), 1)


WHERE = "where='classic_recovery'"


def test_what_the_machine_cannot_show_need_not_fail_and_is_not_tried(probe):
    """no_a is what makes check_a fail; on a machine that shows neither they say nothing against the others."""
    lab, machine = probe(MUTANTS.replace('@mutant.work("says no a")', f'@mutant.work("says no a", {WHERE})')), Machine()
    lab.checks.write_text(CHECKS.replace("@points(1)\ndef check_a(", f"@points(1, {WHERE})\ndef check_a("))
    matrix = verify(lab, machine, 1)
    assert matrix.holds and machine.runs == 4  # the solution, the starter, nothing, and `both`
    assert names(matrix.results) == ["miscounts", "both"] and matrix.killed_by(list(matrix.results)[-1]) == {"check_b"}
    said = matrix.as_dict()
    assert said["not_applicable"] == ["check_a"] and said["unkilled_checks"] == []
    assert said["not_tried"] == {"no_a": "this machine does not show classic_recovery: RACK is always on"}


def test_a_mutant_that_only_what_is_not_applicable_would_catch_says_so_itself(probe):
    lab = probe()
    lab.checks.write_text(CHECKS.replace("@points(1)\ndef check_a(", f"@points(1, {WHERE})\ndef check_a("))
    matrix = verify(lab, Machine(), 1)
    assert not matrix.holds and names(matrix.uncaught_mutants) == ["no_a"]


def test_where_nothing_can_be_shown_nothing_is_tried(probe):
    lab, machine = probe(), Machine()
    lab.checks.write_text(CHECKS.replace("@points(1)", f"@points(1, {WHERE})"))
    matrix = verify(lab, machine, 1)
    assert matrix.holds and machine.runs == 1 and matrix.baseline.status == "not applicable"


@pytest.mark.parametrize("change, words", [
    (("def no_a(work, params):", "def no_a(work):"), "it takes (work, params)"),
    (('    answers["number"] = 8', "    1 / 0"), "mutants.py, line 8:\n  ZeroDivisionError: division by zero\n  the mutant miscounts"),
    (('    answers["number"] = 8', "    pass"), "the mutant miscounts changes no answer"),
    (("from mnlab.checks import mutant", "from mnlab.checks import mutant\ndef"), "mutants.py, line 3:\n  SyntaxError: invalid syntax")],
    ids=["signature", "raises", "changes nothing", "syntax"])
def test_an_authors_mistake_is_told_in_three_lines(probe, change, words):
    assert change[0] in MUTANTS
    with pytest.raises(BrokenLab) as told:
        verify(probe(MUTANTS.replace(*change)), Machine(), 1)
    assert words in str(told.value) and len(str(told.value).splitlines()) <= 3


RULES = "# Probe\n\n- **R1 A.** It says a.\n- **R2 B.** It says b.\n"
BREAKS = MUTANTS.replace('"says no a"', '"says no a", breaks="R1"') + """
@mutant.right("says it the other way round")
def reversed_order(work, params):
    work.write("said", "b a")
"""


@pytest.fixture
def ruled(probe):
    """ruled(mutants, handout): the same lab, with a handout that numbers two rules."""
    def make(mutants=BREAKS, handout=RULES):
        lab = probe(mutants)
        (lab.folder / "README.md").write_text(handout)
        return lab
    return make


NO_B = '\n@mutant.work("says no b", breaks="R2")\ndef no_b(work, params):\n    work.write("said", "a")\n'


def test_a_rule_that_no_mutant_breaks_is_not_proven(ruled):
    matrix = verify(ruled(), Machine(), 1)
    assert not matrix.holds and matrix.unbroken_rules == ["R2"]
    (words, mutants) = matrix.rules["R1"]
    assert (words, names(mutants)) == ("A", ["no_a"])


@pytest.mark.parametrize("quick", [False, True])
def test_every_rule_has_a_mutant_and_correct_work_has_full_marks(ruled, quick):
    matrix = verify(ruled(BREAKS + NO_B), Machine(), 1, quick=quick)
    assert matrix.holds and names(matrix.right) == ["reversed_order"] and matrix.refused == {}


def test_correct_work_that_loses_points_is_named_with_the_check(ruled):
    lab = ruled(BREAKS + NO_B)
    lab.checks.write_text(CHECKS.replace('"a" in evidence.text("said")', 'evidence.text("said").startswith("a")'))
    matrix = verify(lab, Machine(), 1, quick=True)
    assert not matrix.holds and {mutant.name: checks for mutant, checks in matrix.refused.items()} == {
        "reversed_order": ["check_a"]}


def test_correct_answers_may_be_written_otherwise_and_cost_no_run(probe):
    other = '\n@mutant.right("adds a zero")\ndef other(answers, params):\n    answers["number"] = "7.0"\n'
    matrix, machine = None, Machine()
    matrix = verify(probe(MUTANTS + other), machine, 1)
    assert machine.runs == 5 and [list(matrix.refused.values())] == [[["check_answer"]]]


def test_a_question_needs_a_wrong_answer_besides_the_blank_one(probe):
    one = MUTANTS[:MUTANTS.index("@mutant.answers")] + MUTANTS[MUTANTS.index("@mutant.work"):]
    matrix = verify(probe(one), Machine(), 1)
    assert not matrix.holds and matrix.unasked_questions == ["number"] and not matrix.unkilled_checks


@pytest.mark.parametrize("mutants, handout, words", [
    (BREAKS, "# Probe\n", "the mutant no_a breaks R1\n  the rules of README.md are not numbered"),
    (BREAKS.replace('"R1"', '"R3"'), RULES, "the mutant no_a breaks R3\n  the rules of README.md are R1, R2"),
    (BREAKS, RULES + "- **R1 C.** Again.\n", "there are two rules R1")])
def test_rules_and_mutants_must_fit(ruled, mutants, handout, words):
    with pytest.raises(BrokenLab) as told:
        verify(ruled(mutants, handout), Machine(), 1)
    assert words in str(told.value) and len(str(told.value).splitlines()) <= 3
