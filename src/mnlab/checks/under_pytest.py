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
from mnlab.checks.grade import Inconclusive, carry_out, checks_of, result_of, verdict
from mnlab.checks.session import noted, open_saved
from mnlab.checks.verdicts import CheckResult, LabResult
from mnlab.evidence.record import Record
from mnlab.lab.lab import Lab


@dataclass
class _Run:
    """A run to grade, and what came of it."""

    lab: Lab
    record: Record
    answers: Answers
    checks: list[Callable] = field(default_factory=list)
    verdicts: dict[Callable, CheckResult] = field(default_factory=dict)
    problem: str = ""

    @property
    def result(self) -> LabResult:
        verdicts = [self.verdicts.get(check) or verdict(check, self.record, Inconclusive("pytest did not call it"))
                    for check in self.checks]
        return result_of(self.lab, self.record, verdicts, self.problem)


class _Check(pytest.Item):
    """One check of one run."""

    def __init__(self, *, run: _Run, check, **options):
        super().__init__(**options)
        self.run_, self.check = run, check

    def runtest(self):
        carry_out(self.check, self.run_.record, self.run_.answers)

    def reportinfo(self):
        return self.run_.lab.checks, self.check.__code__.co_firstlineno - 1, self.name


class _Plugin:
    """Gives pytest the checks, and takes what comes of them."""

    def __init__(self, runs: list[_Run]):
        self.runs, self.interrupted = runs, False

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session):
        session.items = []
        for run in self.runs:
            try:
                run.checks = checks_of(run.lab)
            except Inconclusive as problem:
                run.problem = str(problem)
            session.items += [
                _Check.from_parent(session, name=f"{run.record.folder.name}/{check.__name__}", run=run, check=check)
                for check in run.checks]
        hook = session.config.hook
        hook.pytest_collection_modifyitems(session=session, config=session.config, items=session.items)  # -k
        hook.pytest_collection_finish(session=session)
        session.testscollected = len(session.items)
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item, call):
        if call.when == "call":
            problem = call.excinfo.value if call.excinfo else None
            item.run_.verdicts[item.check] = verdict(item.check, item.run_.record, problem)
        return (yield)

    def pytest_keyboard_interrupt(self, excinfo):
        """pytest keeps Ctrl-C to itself. (Its own way to stop, after errors, is a subclass.)"""
        self.interrupted = excinfo.type is KeyboardInterrupt


def recheck(folders: list[Path], key: bytes | None, solution: bool, arguments: list[str]) -> list[LabResult]:
    """Like session.recheck, for several folders at once: pytest prints, and takes `arguments`."""
    saved = [open_saved(folder, key, solution) for folder in folders]
    results = grade_all([run for run, _ in saved], arguments)
    return [noted(result, signed) for result, (_, signed) in zip(results, saved, strict=True)]


def grade_all(saved: list[tuple[Lab, Record, Answers]], arguments: list[str]) -> list[LabResult]:
    """Grade runs in one session of pytest, which prints on standard output and takes `arguments` besides. A check that
    it does not call (-x, -k) is inconclusive."""
    runs = [_Run(*each) for each in saved]
    plugin = _Plugin(runs)
    fixed = ["-q", f"--rootdir={os.getcwd()}", "-c", os.devnull, "--noconftest", "-p", "no:cacheprovider"]
    with _pytest_as_it_is():
        pytest.main([*fixed, *arguments], plugins=[plugin])
    if plugin.interrupted:
        raise KeyboardInterrupt
    return [run.result for run in runs]


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
