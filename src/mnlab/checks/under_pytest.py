"""Checks called by pytest, for who writes them: pytest shows what broke and where, -x stops there, --pdb looks around.

Each check of each run is a test of one session; what it means that one failed is decided in grade.py, as always.
"""

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mnlab.checks.answers import Answers
from mnlab.checks.crashes import rightly
from mnlab.checks.grade import Inconclusive, NotApplicable, carry_out, checks_of, result_of, verdict
from mnlab.checks.session import noted, open_saved
from mnlab.checks.verdicts import CheckResult, LabResult
from mnlab.evidence.run import Run
from mnlab.lab.lab import Lab


@dataclass
class _Grading:
    """A run to grade, and what came of it."""

    lab: Lab
    run: Run
    answers: Answers
    checks: list[Callable] = field(default_factory=list)
    left: list[Callable] = field(default_factory=list)
    verdicts: dict[Callable, CheckResult] = field(default_factory=dict)
    problem: str = ""

    @property
    def result(self) -> LabResult:
        verdicts = [self.verdicts.get(check) or verdict(check, self.run, Inconclusive("pytest did not call it"))
                    for check in self.checks]
        return result_of(self.lab, self.run, verdicts, self.left, rightly(self.checks), self.problem)


class _Check(pytest.Item):
    """One check of one run."""

    def __init__(self, *, grading: _Grading, check, **options):
        super().__init__(**options)
        self.grading, self.check = grading, check

    def runtest(self):
        try:
            carry_out(self.check, self.grading.run, self.grading.answers)
        except NotApplicable as problem:
            raise pytest.skip.Exception(str(problem)) from problem

    def reportinfo(self):
        return self.grading.lab.checks, self.check.__code__.co_firstlineno - 1, self.name


class _Plugin:
    """Gives pytest the checks, and takes what comes of them."""

    def __init__(self, gradings: list[_Grading]):
        self.gradings, self.asked, self.interrupted = gradings, False, False

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session):
        session.items, self.asked = [], True
        for grading in self.gradings:
            try:
                grading.checks, grading.left = checks_of(grading.lab, grading.run)
            except Inconclusive as problem:
                grading.problem = str(problem)
            session.items += [_Check.from_parent(session, name=f"{grading.run.folder.name}/{check.__name__}",
                                                 grading=grading, check=check) for check in grading.checks]
        hook = session.config.hook
        hook.pytest_collection_modifyitems(session=session, config=session.config, items=session.items)  # -k
        hook.pytest_collection_finish(session=session)
        session.testscollected = len(session.items)
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item, call):
        if call.when == "call":
            problem = call.excinfo.value if call.excinfo else None
            if isinstance(problem, pytest.skip.Exception) and isinstance(problem.__cause__, NotApplicable):
                problem = problem.__cause__
            item.grading.verdicts[item.check] = verdict(item.check, item.grading.run, problem)
        return (yield)

    def pytest_keyboard_interrupt(self, excinfo):
        """pytest keeps Ctrl-C to itself. (Its own way to stop, after errors, is a subclass.)"""
        self.interrupted = excinfo.type is KeyboardInterrupt


def recheck(folders: list[Path], key: bytes | None, solution: bool, arguments: list[str]) -> list[LabResult]:
    """Like session.recheck, for several folders at once: pytest prints, and takes `arguments`."""
    saved = [open_saved(folder, key, solution) for folder in folders]
    results = grade_all([run for run, _ in saved], arguments)
    return [noted(result, signed) for result, (_, signed) in zip(results, saved, strict=True)]


def grade_all(saved: list[tuple[Lab, Run, Answers]], arguments: list[str]) -> list[LabResult]:
    """Grade runs in one session of pytest, which prints on standard output and takes `arguments` besides. A check that
    it does not call (-x, -k) is inconclusive. SystemExit if it asks for none, having said why (--help, say)."""
    gradings = [_Grading(*each) for each in saved]
    plugin = _Plugin(gradings)
    fixed = ["-q", f"--rootdir={os.getcwd()}", "-c", os.devnull, "--noconftest", "-p", "no:cacheprovider"]
    with _pytest_as_it_is():
        status = pytest.main([*fixed, *arguments], plugins=[plugin])
    if plugin.interrupted:
        raise KeyboardInterrupt
    if not plugin.asked:
        raise SystemExit(2 if status else 0)
    return [grading.result for grading in gradings]


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
