"""Grade one run: the pytest plugin that turns a lab's checks.py and a record into verdicts.

    AssertionError                     failed
    Missing evidence                   inconclusive; but failed if the student's work kept the run from getting there
    any other exception, a fixture     inconclusive: the check could not do its job
    a run that was inconclusive        every check inconclusive
"""

import contextlib
import io
import os
import sys
import traceback
from dataclasses import replace
from pathlib import Path

import pytest

from mnlab.checks.answers import Answers, NoAnswers
from mnlab.checks.points import CheckFailed, Points, cut
from mnlab.checks.verdicts import FAILED, INCONCLUSIVE, PASSED, CheckResult, LabResult
from mnlab.evidence import layout
from mnlab.evidence.record import Missing, Record
from mnlab.lab import read_once
from mnlab.lab.lab import Lab
from mnlab.lab.work import BadWork

LONGEST = 1800  # characters of a check's message, its hint apart, and of the reason of a whole run


class Inconclusive(Exception):
    """Nothing can be said. The text says why."""


class _Grader:
    """The plugin for one run of one lab."""

    def __init__(self, record: Record, answers: Answers):
        self.record, self.given = record, answers
        self.outcome, self.reason = record.manifest.get("outcome"), cut(record.manifest.get("reason", ""), LONGEST)
        self.results: list[CheckResult] = []
        self.problems: list[str] = []
        self.interrupted = False

    @pytest.fixture
    def evidence(self):
        return self.record

    @pytest.fixture
    def params(self):
        return self.record.params

    @pytest.fixture
    def answers(self):
        return self.given

    def pytest_collectreport(self, report):
        if report.failed:
            self.problems.append(f"checks.py cannot be read: {str(report.longrepr).strip().splitlines()[-1]}")

    def pytest_keyboard_interrupt(self, excinfo):
        """pytest keeps Ctrl-C to itself. (Its own way to stop, after errors, is a subclass.)"""
        self.interrupted = excinfo.type is KeyboardInterrupt

    def pytest_runtest_setup(self, item):
        if self.outcome not in (layout.OK, layout.STUDENT_FAULT):
            raise Inconclusive(self.reason)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item, call):
        yield
        if call.when == "setup" and call.excinfo is None or call.when == "teardown":
            return
        marked = getattr(item.function, "points", Points(0, (), ""))
        status, message = self.judge(call.excinfo.value) if call.excinfo else (PASSED, "")
        message = cut(message, LONGEST)
        if status == FAILED and marked.hint:
            message += f"\n{'hint:':<10}{marked.hint}"
        title = (item.function.__doc__ or item.name).strip().split("\n", 1)[0]
        self.results.append(CheckResult(
            name=item.name, title=title, claims=marked.claims, status=status,
            points=marked.points if status == PASSED else 0, max_points=marked.points, message=message.strip()))

    def judge(self, problem: BaseException) -> tuple[str, str]:
        """The verdict that an exception in a check means, and what to say."""
        if isinstance(problem, CheckFailed):
            return FAILED, str(problem)
        if isinstance(problem, AssertionError):
            return FAILED, f"{'expected:':<10}" + (str(problem).strip() or "another outcome")
        if isinstance(problem, Missing) and self.outcome == layout.STUDENT_FAULT:
            return FAILED, f"{'seen:':<10}{problem}, because of this:\n{self.reason}"
        if isinstance(problem, (Missing, Inconclusive)):
            return INCONCLUSIVE, str(problem)
        where = traceback.extract_tb(problem.__traceback__)[-1]
        return INCONCLUSIVE, (f"the check itself broke: {type(problem).__name__}: {problem} "
                              f"({Path(where.filename).name}, line {where.lineno})")


def grade(lab: Lab, record: Record, answers: Answers) -> LabResult:
    """Run the lab's checks on a record."""
    grader = _Grader(record, answers)
    # importlib mode names a module after its path below rootdir, and runs the __init__.py of each folder on that way.
    root = lab.folder.absolute().parents[2]
    _forget_another_collections(lab.checks.absolute(), root)
    arguments = [str(lab.checks), "--import-mode=importlib", f"--rootdir={root}", f"--confcutdir={lab.folder}",
                 "-c", "/dev/null", "--noconftest", "-p", "no:cacheprovider", "-p", "no:terminal",
                 "-o", "python_files=checks.py", "-o", "python_functions=check_*"]
    with (contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()), _pytest_as_it_is()):
        ended = pytest.main(arguments, plugins=[grader])
    if grader.interrupted:
        raise KeyboardInterrupt
    if ended == pytest.ExitCode.INTERNAL_ERROR:
        grader.problems.append("checks.py makes pytest itself fail")
    if not grader.results and not grader.problems:
        grader.problems.append("checks.py has no checks")
    seconds, work = record.manifest.get("seconds", {}), record.manifest.get("work", {})
    result = LabResult(lab=lab.name, seed=record.manifest.get("seed", 0), checks=tuple(grader.results),
                       evidence=record.folder, evidence_sha256=record.manifest.get("evidence_sha256", ""),
                       seconds=seconds.get("wall", 0.0), virtual_seconds=seconds.get("virtual", 0.0),
                       work=work.get("kind", ""), work_sha256=work.get("sha256", ""),
                       reason="" if grader.outcome == layout.OK else grader.reason,
                       secrets=record.manifest.get("secrets", layout.LOCAL))
    if grader.problems:
        return replace(result, checks=(), reason="; ".join(grader.problems))
    return result


@contextlib.contextmanager
def _pytest_as_it_is():
    """No variable of the environment and no other package has a say in what pytest does."""
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("PYTEST_")}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
        os.environ.update(kept)


def _forget_another_collections(checks: Path, root: Path) -> None:
    """Let pytest import `checks` although a file of this name below another root was imported before."""
    name = ".".join(part.replace(".", "_") for part in checks.relative_to(root).with_suffix("").parts)
    if name in sys.modules and sys.modules[name].__file__ != str(checks):
        del sys.modules[name]


def read_answers(source: read_once.Toml | Path) -> Answers:
    """The answers in an answers.toml, or in the one of a folder; if it cannot be read, answers that fail every check
    asking for one."""
    try:
        return Answers((read_once.read_answers(source) if isinstance(source, Path) else source).values())
    except BadWork as problem:
        return NoAnswers(str(problem))
