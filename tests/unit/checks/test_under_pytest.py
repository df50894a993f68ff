"""pytest calls the checks, and the verdicts are those that `grade` gives."""

import os
from pathlib import Path

import pytest

from mnlab.checks.answers import Answers
from mnlab.checks.grade import grade
from mnlab.checks.under_pytest import grade_all
from mnlab.evidence.run import Run
from mnlab.lab.lab import Lab

CHECKS = """
from mnlab.checks import expect, points
from mnlab.evidence.record import Missing

@points(2, claim="A-1", hint="Look.")
def check_that_passes(evidence, params): assert params == {"n": 1}
@points(1, hint="Look again.")
def check_that_fails(): expect(False, done="d", expected="e", seen="s")
def check_without_points(): assert 1 == 2
def check_of_what_is_not_there(evidence): evidence.command("x")
def check_that_asks_for_an_answer(answers): answers.text("a")
def check_that_breaks(): 1 / 0
def check_that_asks_for_nonsense(evidenze): pass
def check_that_returns(): return True
def check_that_leaves(): raise SystemExit(0)
"""


@pytest.fixture
def saved(tmp_path, lay_out):
    """saved(outcome, checks=CHECKS): a lab, a run of it and no answers, as `grade` takes them."""

    def make(outcome="ok", checks=CHECKS):
        folder = tmp_path / outcome
        folder.mkdir()
        (folder / "checks.py").write_text(checks)
        run = lay_out(folder / "run", {"params": {"n": 1}}, {"outcome": outcome, "reason": "so it was"})
        return Lab(folder), Run(run), Answers({})

    return make


@pytest.mark.parametrize("checks", [CHECKS, "", "import absent_module", "def check_a(): pass"])
def test_the_verdicts_are_the_same_for_several_runs_at_once(saved, checks, capfd):
    runs = [saved(outcome, checks) for outcome in ("ok", "student_fault", "inconclusive")]
    assert grade_all(runs, []) == [grade(*run) for run in runs]
    assert ("check_that_fails" in capfd.readouterr().out) == (checks == CHECKS)


def test_what_is_not_applicable_is_skipped_and_no_other_skip_is(saved, capfd):
    checks = ("import pytest\nfrom mnlab.checks import points\n@points(2, where='classic_recovery')\n"
              "def check_it(): 1 / 0\ndef check_that_skips(): pytest.skip('x')\n")
    lab, run, answers = saved(checks=checks)
    run.manifest["features"] = {"classic_recovery": "RACK is always on"}
    [result] = grade_all([(lab, run, answers)], [])
    assert result == grade(lab, run, answers) and "2 skipped" in capfd.readouterr().out
    assert [check.status for check in result.checks] == ["not applicable", "inconclusive"]


@pytest.mark.parametrize("arguments, called", [
    (["-x"], ["check_that_passes", "check_that_fails"]), (["-k", "points"], ["check_without_points"])])
def test_what_pytest_does_not_call_is_inconclusive(saved, arguments, called):
    [result] = grade_all([saved()], arguments)
    assert [check.name for check in result.checks if check.message != "pytest did not call it"] == called
    assert len(result.checks) == 9 and result.status == "inconclusive"


@pytest.mark.parametrize("option, status", [("--bogus", 2), ("--maxfail=x", 2), ("--help", 0), ("--version", 0)])
def test_where_pytest_asks_for_no_checks_its_word_is_the_last(saved, capfd, option, status):
    with pytest.raises(SystemExit) as end:
        grade_all([saved()], [option])
    assert end.value.code == status and capfd.readouterr() != ("", "")


def test_ctrl_c_in_a_check_is_not_swallowed(saved):
    with pytest.raises(KeyboardInterrupt):
        grade_all([saved(checks="def check_it(): raise KeyboardInterrupt")], [])


@pytest.mark.parametrize("name, value", [
    ("PYTEST_ADDOPTS", "--collect-only"), ("PYTEST_ADDOPTS", "-p evil"), ("PYTEST_PLUGINS", "evil"),
    ("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")])
def test_pytests_own_variables_change_nothing_and_stay(saved, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    [result] = grade_all([saved(checks="def check_it(): pass")], [])
    assert result.status == "passed" and os.environ[name] == value


def test_settings_of_the_current_folder_change_nothing(saved, tmp_path, monkeypatch):
    here = tmp_path / "here"
    here.mkdir()
    for name in ("conftest.py", "__init__.py"):
        Path(here / name).write_text("raise SystemExit('this was read')\n")
    for name, section in (("pytest.ini", "pytest"), ("tox.ini", "pytest"), ("setup.cfg", "tool:pytest")):
        (here / name).write_text(f"[{section}]\naddopts = --collect-only\n")
    monkeypatch.chdir(here)
    [result] = grade_all([saved(checks="def check_it(): pass")], [])
    assert result.status == "passed"
