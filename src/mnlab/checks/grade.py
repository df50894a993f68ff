"""Grade one run: a lab's checks.py and the evidence become verdicts.

    AssertionError                     failed
    Missing evidence                   inconclusive; but failed if the student's work kept the run from getting there
    any other exception                inconclusive: the check could not do its job
    a scene that was inconclusive      every check that reads it inconclusive
    a scene that was not played        no check that reads it is asked
    a machine without a feature        every check that names it not applicable, whatever the run was
    an observation, of student's work  worth nothing

`grade` calls the checks itself. checks/under_pytest.py lets pytest call them, for who writes them.
"""

import contextlib
import inspect
import io
import traceback
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

from mnlab.checks.answers import Answers, NoAnswers
from mnlab.checks.crashes import crashes, rightly
from mnlab.checks.points import CheckFailed, Points, cut, labelled
from mnlab.checks.touched import watched
from mnlab.checks.verdicts import FAILED, INCONCLUSIVE, NOT_APPLICABLE, PASSED, CheckResult, LabResult
from mnlab.evidence import layout
from mnlab.evidence.record import Missing, Record
from mnlab.evidence.run import Run, worst
from mnlab.lab import read_once
from mnlab.lab.features import lacking
from mnlab.lab.lab import BrokenLab, Lab, load
from mnlab.lab.work import BadWork

LONGEST = 1800  # characters of a check's message, its hint apart, and of the reason of a whole run


class Inconclusive(Exception):
    """Nothing can be said. The text says why."""


class NotApplicable(Exception):
    """The run's machine does not show what the check is about. The text says why."""


def grade(lab: Lab, run: Run, answers: Answers) -> LabResult:
    """Let the lab's checks look at a run."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            checks, left = checks_of(lab, run)
        except Inconclusive as problem:
            return result_of(lab, run, problem=str(problem))
        return result_of(lab, run, [judged(check, run, answers) for check in checks], left, rightly(checks))


def judged(check: Callable, run: Run, answers: Answers) -> CheckResult:
    """The verdict of one check on a run."""
    with watched() as hands:
        problem = _problem(check, run, answers)
        if isinstance(problem, AssertionError):
            hands.look_back(problem.__traceback__)
    found = verdict(check, run, problem)
    # Where an answer is looked up in the run, it is for the student to find.
    told = found.status == PASSED or "answers" not in _asked(check)
    return replace(found, frames=run.named(hands.frames) if told else ())


def checks_of(lab: Lab, run: Run) -> tuple[list[Callable], list[Callable]]:
    """The functions check_... of a lab's checks.py, in the order of the file: those that can look at a run, and those
    that read a scene which was left out and cannot. Inconclusive if there are none to be had."""
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
    left = [check for check in checks if reads(check, run) & set(run.manifest.get("left_out", ()))]
    return [check for check in checks if check not in left], left


def scenes_for_points(lab: Lab) -> set[str]:
    """The scenes that checks with points for a student's work read: what only the network earns need not be run to
    grade it. BrokenLab if checks.py cannot be loaded."""
    every = {scene.name for scene in lab.scenes}
    asked = {name for check_name, check in vars(load(lab.checks)).items() if check_name.startswith("check_")
             and inspect.isfunction(check) and _points(check).points and not _points(check).observation
             for name in _asked(check)}
    return every if "evidence" in asked else every & asked


def reads(check: Callable, run: Run) -> set[str]:
    """The scenes that a check reads, by its argument names."""
    every = {*run.scenes, *run.manifest.get("left_out", ())}
    asked = set(_asked(check))
    return every if "evidence" in asked else every & asked


def carry_out(check: Callable, run: Run, answers: Answers) -> None:
    """Call a check. Raises what it raises; Inconclusive if it cannot be called, or says what nobody would hear;
    NotApplicable if the machine is known not to show what it is about."""
    insist_on_features(check, run)
    if _outcome(check, run) == layout.INCONCLUSIVE:
        raise Inconclusive(_reason(check, run))
    returned = check(**arguments_of(check, run, answers))
    if returned is not None:  # `return a == b`, a generator, a coroutine: nothing was checked
        raise Inconclusive(f"the check itself is wrong: it returns a value ({type(returned).__name__}), which says "
                           "nothing; what is wrong must be raised (expect, assert)")


def insist_on_features(check: Callable, run: Run) -> None:
    """NotApplicable unless the run's machine shows the features that a check names; Inconclusive if the manifest does
    not say of one."""
    tried, asked = run.manifest.get("features", {}), _points(check).where
    if absent := lacking(asked, tried):
        raise NotApplicable(f"{'; '.join(absent)}.\nNo points are asked for it, elsewhere {worth(check, run)}.")
    if untold := [name for name in asked if name not in tried]:
        raise Inconclusive(f"this run does not say whether its machine shows {', '.join(untold)}: run the lab again")


def arguments_of(check: Callable, run: Run, answers: Answers) -> dict:
    """What a check's argument names ask for. Inconclusive if one asks for what there is not."""
    offered = {**run.scenes, "evidence": run.evidence, "params": run.params, "answers": answers}
    if unknown := [name for name in _asked(check) if name not in offered]:
        raise Inconclusive(f"the check asks for {unknown[0]!r}, and this run has no such scene. It has: "
                           + ", ".join(offered))
    return {name: offered[name] for name in _asked(check)}


def _asked(check: Callable) -> list[str]:
    """The names of a check's arguments that have to be given."""
    return [parameter.name for parameter in inspect.signature(check).parameters.values()
            if parameter.default is parameter.empty
            and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)]


def verdict(check: Callable, run: Run, problem: BaseException | None) -> CheckResult:
    """What it means that a check ended with `problem`, or well."""
    marked = _points(check)
    status, message, parts = _judge(problem, check, run) if problem else (PASSED, "", {})
    most = 0 if status == NOT_APPLICABLE else worth(check, run)
    message = cut(message, LONGEST)
    if status == FAILED and marked.hint and not (isinstance(problem, Missing) or _missed(check, run)):
        parts = parts | {"hint": marked.hint}
        message = "\n".join([message, *labelled({"hint": marked.hint})])
    title = (check.__doc__ or check.__name__).strip().split("\n", 1)[0]
    return replace(CheckResult(name=check.__name__, title=title, claims=marked.claims, status=status,
                               points=most if status == PASSED else 0, max_points=most,
                               message=message.strip(), observation=marked.observation), **parts)


def worth(check: Callable, run: Run) -> int:
    """The points that a check is worth: where a student's work is graded, an observation none."""
    marked, work = _points(check), run.manifest.get("work", {}).get("kind")
    return 0 if marked.observation and work == layout.STUDENT else marked.points


def _missed(check: Callable, run: Run) -> bool:
    """Whether what a check looks for may be missing as the student's program crashed. Then a hint would mislead."""
    return "answers" not in _asked(check) and any(
        record.outcome == layout.STUDENT_FAULT or crashes(record, rightly([check])) for record in _read_by(check, run))


def _why(run: Run, wanted: Collection[str]) -> str:
    """What did not go well in a run as a whole, each thing once, but for the errors that were wanted."""
    return "\n".join([*filter(None, [run.reason]), *dict.fromkeys(
        words for record in run.scenes.values() if record.outcome == layout.OK for words in crashes(record, wanted))])


def result_of(lab: Lab, run: Run, checks=(), left=(), wanted: Collection[str] = (), problem: str = "") -> LabResult:
    """The verdicts on a run, with what its manifest says; `left` are checks that could not look at it, `wanted` the
    programs that end with an error as they should, `problem` is why there are no verdicts."""
    scenes = tuple(run.manifest.get("left_out", ()))
    out, rest = sum(worth(check, run) for check in left), sum(check.max_points for check in checks)
    note = f"without {', '.join(scenes)}: {out} of the lab's {out + rest} points were left out"
    seconds, work, machine = (run.manifest.get(part, {}) for part in ("seconds", "work", "machine"))
    return LabResult(lab=lab.name, seed=run.manifest["seed"], checks=tuple(checks), evidence=run.folder,
                     evidence_sha256=run.manifest["evidence_sha256"], machine=machine.get("name", ""),
                     image_sha256=machine.get("image_sha256", ""), seconds=seconds.get("wall", 0.0),
                     virtual_seconds=seconds.get("virtual", 0.0), work=work.get("kind", ""),
                     work_sha256=work.get("sha256", ""), reason=problem or cut(_why(run, wanted), LONGEST),
                     secrets=run.manifest.get("secrets", layout.LOCAL), left_out=scenes,
                     notes=(note,) if out else ())


def _points(check: Callable) -> Points:
    return getattr(check, "points", Points(0, (), ""))


def _problem(check: Callable, run: Run, answers: Answers) -> BaseException | None:
    """What a check ends with, whatever it is; Ctrl-C goes on."""
    try:
        carry_out(check, run, answers)
    except KeyboardInterrupt:
        raise
    except BaseException as problem:  # SystemExit, pytest's skip
        return problem
    return None


def _judge(problem: BaseException, check: Callable, run: Run) -> tuple[str, str, dict]:
    """The verdict that an exception in a check means, what to say, and the parts of that."""
    if isinstance(problem, NotApplicable):
        return NOT_APPLICABLE, str(problem), {}
    if isinstance(problem, CheckFailed):
        return FAILED, str(problem), problem.parts
    if isinstance(problem, Missing) and _outcome(check, run) == layout.STUDENT_FAULT:
        return _failed({"seen": f"{problem} (why: see the head of the verdicts)"})
    if isinstance(problem, (Missing, Inconclusive)):
        return INCONCLUSIVE, str(problem), {}
    where = traceback.extract_tb(problem.__traceback__)[-1]
    place = f"({Path(where.filename).name}, line {where.lineno})"
    if isinstance(problem, AssertionError):
        return _failed({"expected": str(problem).strip() or f"{where.line or 'another outcome'} {place}"})
    return INCONCLUSIVE, f"the check itself broke: {type(problem).__name__}: {problem} {place}", {}


def _failed(parts: dict[str, str]) -> tuple[str, str, dict[str, str]]:
    return FAILED, "\n".join(labelled(parts)), {name: cut(part, LONGEST) for name, part in parts.items()}


def _read_by(check: Callable, run: Run) -> list[Record]:
    return [run.scenes[name] for name in run.scenes if name in reads(check, run)]


def _outcome(check: Callable, run: Run) -> str:
    """How the scenes ended that a check reads."""
    return worst(*(record.outcome for record in _read_by(check, run)))


def _reason(check: Callable, run: Run) -> str:
    """Why these did not end well."""
    return cut("\n".join(record.reason for record in _read_by(check, run) if record.outcome != layout.OK), LONGEST)


def read_answers(source: read_once.Toml | Path) -> Answers:
    """The answers in an answers.toml, or in the one of a folder; if it cannot be read, answers that fail every check
    asking for one."""
    try:
        return Answers((read_once.read_answers(source) if isinstance(source, Path) else source).values())
    except BadWork as problem:
        return NoAnswers(str(problem))
