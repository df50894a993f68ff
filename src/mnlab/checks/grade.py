"""Grade one run: a lab's checks.py and a record become verdicts.

    AssertionError                     failed
    Missing evidence                   inconclusive; but failed if the student's work kept the run from getting there
    any other exception                inconclusive: the check could not do its job
    a run that was inconclusive        every check inconclusive

`grade` calls the checks itself. checks/under_pytest.py lets pytest call them, for who writes them.
"""

import contextlib
import inspect
import io
import traceback
from collections.abc import Callable
from pathlib import Path

from mnlab.checks.answers import Answers, NoAnswers
from mnlab.checks.points import CheckFailed, Points, cut
from mnlab.checks.verdicts import FAILED, INCONCLUSIVE, PASSED, CheckResult, LabResult
from mnlab.evidence import layout
from mnlab.evidence.record import Missing, Record
from mnlab.lab import read_once
from mnlab.lab.lab import BrokenLab, Lab, load
from mnlab.lab.work import BadWork

LONGEST = 1800  # characters of a check's message, its hint apart, and of the reason of a whole run


class Inconclusive(Exception):
    """Nothing can be said. The text says why."""


def grade(lab: Lab, record: Record, answers: Answers) -> LabResult:
    """Run the lab's checks on a record."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            checks = checks_of(lab)
        except Inconclusive as problem:
            return result_of(lab, record, (), str(problem))
        return result_of(lab, record, [verdict(check, record, _problem(check, record, answers)) for check in checks])


def checks_of(lab: Lab) -> list[Callable]:
    """The functions check_... of a lab's checks.py, in the order of the file. Inconclusive if there are none to be
    had."""
    try:
        module = load(lab.checks)
    except KeyboardInterrupt:
        raise
    except BrokenLab as problem:
        raise Inconclusive("checks.py cannot be read: " + " ".join(str(problem).split())) from None
    except BaseException as problem:  # SystemExit, say
        raise Inconclusive(f"checks.py cannot be read: {type(problem).__name__} {problem}".strip()) from None
    checks: list[Callable] = [thing for name, thing in vars(module).items()
                              if name.startswith("check_") and inspect.isfunction(thing)]
    if not checks:
        raise Inconclusive("checks.py has no checks")
    return checks


def carry_out(check: Callable, record: Record, answers: Answers) -> None:
    """Call a check. Raises what it raises; Inconclusive if it cannot be called, or says what nobody would hear."""
    if record.manifest.get("outcome") not in (layout.OK, layout.STUDENT_FAULT):
        raise Inconclusive(_reason(record))
    returned = check(**arguments_of(check, record, answers))
    if returned is not None:  # `return a == b`, a generator, a coroutine: nothing was checked
        raise Inconclusive(f"the check itself is wrong: it returns a value ({type(returned).__name__}), which says "
                           "nothing; what is wrong must be raised (expect, assert)")


def arguments_of(check: Callable, record: Record, answers: Answers) -> dict:
    """What a check's argument names ask for. Inconclusive if one asks for what there is not."""
    offered = {"evidence": record, "params": record.params, "answers": answers}
    asked = [parameter.name for parameter in inspect.signature(check).parameters.values()
             if parameter.default is parameter.empty and parameter.kind not in (parameter.VAR_POSITIONAL,
                                                                                parameter.VAR_KEYWORD)]
    if unknown := [name for name in asked if name not in offered]:
        raise Inconclusive(f"the check itself is wrong: it asks for {unknown[0]!r}; there are: {', '.join(offered)}")
    return {name: offered[name] for name in asked}


def verdict(check: Callable, record: Record, problem: BaseException | None) -> CheckResult:
    """What it means that a check ended with `problem`, or well."""
    marked = getattr(check, "points", Points(0, (), ""))
    status, message = _judge(problem, record) if problem else (PASSED, "")
    message = cut(message, LONGEST)
    if status == FAILED and marked.hint:
        message += f"\n{'hint:':<10}{marked.hint}"
    title = (check.__doc__ or check.__name__).strip().split("\n", 1)[0]
    return CheckResult(name=check.__name__, title=title, claims=marked.claims, status=status,
                       points=marked.points if status == PASSED else 0, max_points=marked.points,
                       message=message.strip())


def result_of(lab: Lab, record: Record, checks, problem: str = "") -> LabResult:
    """The verdicts on a record, with what its manifest says; `problem` is why there are none."""
    seconds, work = record.manifest.get("seconds", {}), record.manifest.get("work", {})
    reason = "" if record.manifest.get("outcome") == layout.OK else _reason(record)
    return LabResult(lab=lab.name, seed=record.manifest.get("seed", 0), checks=tuple(checks),
                     evidence=record.folder, evidence_sha256=record.manifest.get("evidence_sha256", ""),
                     seconds=seconds.get("wall", 0.0), virtual_seconds=seconds.get("virtual", 0.0),
                     work=work.get("kind", ""), work_sha256=work.get("sha256", ""), reason=problem or reason,
                     secrets=record.manifest.get("secrets", layout.LOCAL))


def _problem(check: Callable, record: Record, answers: Answers) -> BaseException | None:
    """What a check ends with, whatever it is; Ctrl-C goes on."""
    try:
        carry_out(check, record, answers)
    except KeyboardInterrupt:
        raise
    except BaseException as problem:  # SystemExit, pytest's skip
        return problem
    return None


def _judge(problem: BaseException, record: Record) -> tuple[str, str]:
    """The verdict that an exception in a check means, and what to say."""
    if isinstance(problem, CheckFailed):
        return FAILED, str(problem)
    if isinstance(problem, Missing) and record.manifest.get("outcome") == layout.STUDENT_FAULT:
        return FAILED, f"{'seen:':<10}{problem}, because of this:\n{_reason(record)}"
    if isinstance(problem, (Missing, Inconclusive)):
        return INCONCLUSIVE, str(problem)
    where = traceback.extract_tb(problem.__traceback__)[-1]
    place = f"({Path(where.filename).name}, line {where.lineno})"
    if isinstance(problem, AssertionError):
        return FAILED, f"{'expected:':<10}" + (str(problem).strip() or f"{where.line or 'another outcome'} {place}")
    return INCONCLUSIVE, f"the check itself broke: {type(problem).__name__}: {problem} {place}"


def _reason(record: Record) -> str:
    return cut(record.manifest.get("reason", ""), LONGEST)


def read_answers(source: read_once.Toml | Path) -> Answers:
    """The answers in an answers.toml, or in the one of a folder; if it cannot be read, answers that fail every check
    asking for one."""
    try:
        return Answers((read_once.read_answers(source) if isinstance(source, Path) else source).values())
    except BadWork as problem:
        return NoAnswers(str(problem))
