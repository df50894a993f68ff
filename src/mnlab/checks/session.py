"""Run labs and grade them: the demonstration, a student's work, saved evidence."""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock

from mnlab.checks.answers import Answers
from mnlab.checks.verdicts import LabResult
from mnlab.evidence import layout, signature
from mnlab.evidence.record import Unreadable
from mnlab.evidence.run import Run
from mnlab.lab import lab as labs
from mnlab.lab import run as labrun
from mnlab.lab import work as workfolder
from mnlab.lab.edition import asked
from mnlab.lab.features import lacking
from mnlab.lab.read_once import Work, read
from mnlab.lab.read_once import read_answers as answers_in
from mnlab.machine.job import Limits, Machine, MachineError, Outcome

#: What is said of a signature.
SIGNATURES = {signature.VERIFIED: "signed, and verified", signature.UNSIGNED: "unsigned",
              signature.UNVERIFIED: "signed, not verified: no key given"}

WORKERS = max(1, min(4, len(os.sched_getaffinity(0))))


@dataclass(frozen=True)
class Task:
    """One lab to run, its evidence to lie under `out`.

    `work` is what the student handed in; None means the solution, with its reference answers. `seed_from` says who
    chose the seed. `secret` draws the parameters that prove work. `for_student`: once it is graded, the evidence shall
    not tell parameters that students are not told. `only_work` leaves out the scenes without the student's work, and
    the checks that read them; `only_points` those that no check with points for the work reads; `without_work` those
    that run it: what a students' edition can show by itself.
    """

    lab: labs.Lab
    seed: int
    out: Path
    work: Work | None = None
    seed_from: str = "default"
    secret: bytes = field(default=b"", repr=False)
    for_student: bool = False
    only_work: bool = False
    only_points: bool = False
    without_work: bool = False


def run_tasks(tasks: list[Task], machine: Machine, progress, limits: Limits | None = None,
              meanwhile: Callable[[], None] = lambda: None, key: bytes | None = None) -> list[LabResult]:
    """Run and grade `tasks`, some of their scenes at once; results in the order of `tasks`. Evidence is signed with
    `key`, if given.

    `progress` has start, step and finish (report.progress); `meanwhile` is called once while the machines are at work.
    """
    plays: list[_Play] = []
    broken: list[tuple[int, LabResult]] = []
    pool = ThreadPoolExecutor(at_once(machine))
    try:
        for number, task in enumerate(tasks):
            try:
                plays.append(_Play(task, limits))
            except labs.BrokenLab as problem:  # one that is not finished is no reason not to run the others
                if len(tasks) == 1:
                    raise
                broken.append((number, _inconclusive(task, problem)))
        began = {pool.submit(play.scene, scene, machine, progress): play
                 for play in plays for scene in play.plan.scenes}
        meanwhile()
        for play in _completed(plays, began):
            play.result = _result(play, machine, key)
            progress.finish(play.task.lab.name, play.result)
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        machine.abandon()
        raise
    finally:
        pool.shutdown(wait=True)
        for play in plays:
            if play.result is None or not play.result.evidence:
                shutil.rmtree(play.plan.folder, ignore_errors=True)
    results = [play.result for play in plays if play.result]
    for number, result in broken:
        results.insert(number, result)
    return results


def _scenes_for_points(lab: labs.Lab) -> set[str]:
    """The scenes that the checks with points for a student's work read. BrokenLab if checks.py cannot be loaded."""
    from mnlab.checks.grade import scenes_for_points
    return scenes_for_points(lab)


def _scenes(task: Task) -> set[str] | None:
    """The scenes that a task plays; None: all."""
    if task.without_work:
        return {scene.name for scene in task.lab.scenes if not scene.work}
    return _scenes_for_points(task.lab) if task.only_points else None


def _completed(plays: list["_Play"], began: dict[Future, "_Play"]) -> Iterator["_Play"]:
    """Each of `plays` as soon as the last of its scenes has ended; those without any first."""
    yield from (play for play in plays if not play.plan.scenes)
    for future in as_completed(began):
        play = began[future]
        play.ended.append(future)
        if len(play.ended) == len(play.plan.scenes):
            yield play


class _Play:
    """A task that is being run: the scenes that have ended, and when the first began."""

    def __init__(self, task: Task, limits: Limits | None):
        self.task, self.ended = task, list[Future]()
        self.result: LabResult | None = None
        self.began, self.lock = 0.0, Lock()  # s of time.monotonic(); 0: not yet
        plan = labrun.plan(task.lab, task.work or _solution_of(task), task.seed, task.out, limits=limits,
                           key=task.secret, only_work=task.only_work,
                           only=_scenes(task))
        self.plan = replace(plan, folder=labrun.reserve_folder(task.out, task.lab.name))  # a broken lab leaves none

    def scene(self, scene, machine: Machine, progress) -> Outcome:
        name = self.task.lab.name
        with self.lock:
            if not self.began:
                self.began = time.monotonic()
                progress.start(name)
        return labrun.play(self.plan, scene, machine, lambda text: progress.step(name, text))


def _solution_of(task: Task) -> Work:
    with tempfile.TemporaryDirectory(prefix="mnlab-work-") as scratch:
        workfolder.copy(task.lab.solution, Path(scratch), task.lab.params(task.seed, task.secret))
        return read(Path(scratch), layout.SOLUTION)


def _result(play: _Play, machine: Machine, key: bytes | None) -> LabResult:
    """The result of a task all of whose scenes have ended."""
    task = play.task
    try:
        outcomes = [future.result() for future in play.ended]
        seconds = time.monotonic() - play.began if play.began else 0.0
        return _grade(task, labrun.finish(play.plan, outcomes, machine, seconds), key)
    except (MachineError, Unreadable, labs.BrokenLab) as problem:
        return _inconclusive(task, problem)


def _inconclusive(task: Task, problem: Exception) -> LabResult:
    """The result of a task that could not be carried out."""
    return LabResult(task.lab.name, task.seed, (), reason=str(problem), seed_from=task.seed_from,
                     work=layout.STUDENT if task.work else layout.SOLUTION,
                     work_sha256=task.work.sha256 if task.work else "")


def beyond(lab: labs.Lab, machine: Machine) -> str:
    """In one line, which of a lab's checks a machine cannot show, and why; "" if there are none."""
    try:
        tried = labrun.features_of(lab, machine)
        if not any(tried.values()):
            return ""
        marks = {name: thing.points.where for name, thing in vars(labs.load(lab.checks)).items()
                 if name.startswith("check_") and hasattr(thing, "points")}
    except MachineError as problem:
        return f"{lab.name}: {problem}"
    except labs.BrokenLab:  # grading says it
        return ""
    names = [name for name, where in marks.items() if lacking(where, tried)]
    reasons = dict.fromkeys(why for name in names for why in lacking(marks[name], tried))
    which = "none of its checks can" if len(names) == len(marks) else f"{', '.join(names)} cannot"
    return f"{lab.name}: {which} be shown: {'; '.join(reasons)}" if names else ""


def at_once(machine: Machine) -> int:
    """How many scenes go on side by side: in real time one, as another would disturb what it measures."""
    return WORKERS if machine.clock == "virtual" else 1


def _grade(task: Task, run: Run, key: bytes | None) -> LabResult:
    """Grade, and keep the answers beside the evidence, signed with it, so that it can be graded again."""
    from mnlab.checks.grade import grade, read_answers
    if task.work is None:
        answers = reference_answers(task.lab, run)
        data, problem = workfolder.to_toml(answers.values).encode(), ""
    else:
        answers = read_answers(task.work.answers)
        data, problem = task.work.answers.data, task.work.answers.problem
    if not problem:
        (run.folder / layout.ANSWERS).write_bytes(data)
    notes: tuple[str, ...] = ()
    if task.work and task.work.variant is None and task.seed_from == "default":
        notes = (f"no {workfolder.VARIANT}: graded as seed {task.seed}",)
    elif task.work and (words := begun_otherwise(task.work, task.lab, task.seed)):
        notes = (words,)
    if key:
        signature.sign(run.folder, run.manifest, data, key)
        notes += ("signed",)
    told = asked(task.lab)
    if task.without_work:
        result = _ungraded(task.lab, run, None)
    else:
        result = grade(task.lab, run, answers) if told is None else _ungraded(task.lab, run, told)
    if task.for_student:
        withhold(run)
    return replace(result, seed_from=task.seed_from, notes=result.notes + notes,
                   signature=signature.VERIFIED if key else signature.UNSIGNED)


def begun_otherwise(work: Work, lab: labs.Lab, seed: int) -> str:
    """In words, that variant.toml shows another network than the lab makes of its seed today: another version of the
    lab wrote it, and answers are asked for a network that the student was not told. "" if it does not."""
    said = work.variant.values() if work.variant else {}
    told, now = said.get("network"), workfolder.shown(lab.params(seed))
    if said.get("seed") != seed or not isinstance(told, dict) or told == now:
        return ""
    names = [name for name in {**told, **now} if told.get(name) != now.get(name)]
    return (f"{workfolder.VARIANT} was written for another version of the lab: its {', '.join(names[:3])} "
            f"{'are' if len(names) > 1 else 'is'} not what seed {seed} gives now; begin again with "
            f"`mnlab start {lab.name} --seed {seed}`")


def _ungraded(lab: labs.Lab, run: Run, told: dict | None) -> LabResult:
    """What a students' edition says of a run: that it was made, and what of it will be checked, if that is told; None:
    it is no run of a student's work."""
    from mnlab.checks.crashes import stopped
    from mnlab.checks.grade import result_of
    if told is None:
        notes = ["this edition has no solution: `mnlab start` and `mnlab check` run your own work"]
    else:
        notes = ["this edition has no checks: your teacher has them" + (", and they check:" if told["checks"] else "")]
        notes += [f"  {check['points']} point{'s' if check['points'] != 1 else ''}: {check['title']}"
                  for check in told["checks"]]
        notes[:0] = [words for record in run.scenes.values() for words in stopped(record)]
    result = result_of(lab, run)
    return replace(result, withheld=run.outcome != layout.INCONCLUSIVE, notes=(*result.notes, *notes))


def withhold(run: Run) -> None:
    """Leave out of the manifest what students are not told. The digest remains that of the whole evidence."""
    manifest = run.manifest | {"params": workfolder.shown(run.params), "withheld": True}
    (run.folder / layout.MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True))


def reference_answers(lab: labs.Lab, run: Run) -> Answers:
    """The solution's answers for this run; none where the run was inconclusive, as they may depend on its evidence."""
    if run.outcome == layout.INCONCLUSIVE:
        return Answers({})
    return Answers(lab.reference_answers(run.params, run.evidence))


def recheck(folder: Path, key: bytes | None = None, solution: bool = False) -> LabResult:
    """Grade saved evidence again. Unreadable if it is none or does not match its digest; with a key, also if it was not
    signed with that, or is a run of the solution and `solution` does not allow it."""
    from mnlab.checks.grade import grade
    saved, signed = open_saved(folder, key, solution)
    if (told := asked(saved[0])) is not None:
        return noted(_ungraded(saved[0], saved[1], told), signed)
    return noted(grade(*saved), signed)


def open_saved(folder: Path, key: bytes | None, solution: bool) -> tuple[tuple[labs.Lab, Run, Answers], str]:
    """What saved evidence is graded by (as `grade` takes it), and what is known of its signature. Raises as `recheck`
    does."""
    from mnlab.checks.grade import read_answers
    run = Run(folder)
    if run.manifest.get("withheld"):
        raise Unreadable(f"{folder} was written for the student: parameters are left out; recheck the original")
    run.insist_on_whole()
    answers = answers_in(folder)
    signed = signature.verify(folder, run.manifest, answers.data, key)
    lab = labs.find(run.manifest["lab"])
    if run.manifest.get("work", {}).get("kind") == layout.SOLUTION and key and not solution:
        raise Unreadable(f"{folder} is a run of the solution, no student's work; --solution grades it, too")
    return (lab, run, read_answers(answers)), signed


def noted(result: LabResult, signed: str) -> LabResult:
    """A result of saved evidence, with what whoever grades must know of it."""
    notes = ("this is a run of the solution, no student's work",) if result.work == layout.SOLUTION else ()
    return replace(result, signature=signed, notes=(*result.notes, *notes, SIGNATURES[signed]))
