"""Run labs and grade them: the demonstration, a student's work, saved evidence."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path

from mnlab.checks.answers import Answers
from mnlab.checks.verdicts import LabResult
from mnlab.evidence import layout, signature
from mnlab.evidence.record import Record, Unreadable
from mnlab.lab import lab as labs
from mnlab.lab import run as labrun
from mnlab.lab import work as workfolder
from mnlab.lab.read_once import Work, read
from mnlab.lab.read_once import read_answers as answers_in
from mnlab.machine.job import Limits, Machine, MachineError

#: What is said of a signature.
SIGNATURES = {signature.VERIFIED: "signed, and verified", signature.UNSIGNED: "unsigned",
              signature.UNVERIFIED: "signed, not verified: no key given"}

WORKERS = max(1, min(4, os.cpu_count() or 1))


@dataclass(frozen=True)
class Task:
    """One lab to run, its evidence to lie under `out`.

    `work` is what the student handed in; None means the solution, with its reference answers. `seed_from` says who
    chose the seed. `secret` draws the parameters that prove work. `for_student`: once it is graded, the evidence shall
    not tell parameters that students are not told.
    """

    lab: labs.Lab
    seed: int
    out: Path
    work: Work | None = None
    seed_from: str = "default"
    secret: bytes = field(default=b"", repr=False)
    for_student: bool = False


def run_tasks(tasks: list[Task], machine: Machine, progress, limits: Limits | None = None,
              meanwhile: Callable[[], None] = lambda: None, key: bytes | None = None) -> list[LabResult]:
    """Run and grade `tasks`, some at once; results in the order of `tasks`. Evidence is signed with `key`, if given.

    `progress` has start, step and finish (report.progress); `meanwhile` is called once while the machines are at work.
    """
    results: dict[Task, LabResult] = {}
    pool = ThreadPoolExecutor(min(at_once(machine), len(tasks)))
    try:
        runs = {pool.submit(_run, task, machine, progress, limits): task for task in tasks}
        meanwhile()
        for future in as_completed(runs):
            task = runs[future]
            try:
                result = _grade(task, future.result(), key)
            except (MachineError, Unreadable) as problem:
                result = LabResult(task.lab.name, task.seed, (), reason=str(problem), seed_from=task.seed_from,
                                   work=layout.STUDENT if task.work else layout.SOLUTION,
                                   work_sha256=task.work.sha256 if task.work else "")
            results[task] = result
            progress.finish(task.lab.name, result)
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        machine.abandon()
        raise
    finally:
        pool.shutdown(wait=True)
    return [results[task] for task in tasks]


def at_once(machine: Machine) -> int:
    """How many runs go on side by side: in real time one, as another would disturb what it measures."""
    return WORKERS if machine.clock == "virtual" else 1


def _run(task: Task, machine: Machine, progress, limits) -> Record:
    name = task.lab.name
    progress.start(name)
    folder = labrun.reserve_folder(task.out, name)

    def step(text: str) -> None:
        progress.step(name, text)

    try:
        if task.work:
            return labrun.run(task.lab, machine, task.work, task.seed, folder, step, limits=limits, key=task.secret)
        with tempfile.TemporaryDirectory(prefix="mnlab-work-") as scratch:
            work = Path(scratch)
            workfolder.copy(task.lab.solution, work, task.lab.params(task.seed, task.secret))
            return labrun.run(task.lab, machine, read(work, layout.SOLUTION), task.seed, folder, step, limits=limits,
                              key=task.secret)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _grade(task: Task, record: Record, key: bytes | None) -> LabResult:
    """Grade, and keep the answers beside the evidence, signed with it, so that it can be graded again."""
    from mnlab.checks.grade import grade, read_answers
    if task.work is None:
        answers = reference_answers(task.lab, record)
        data, problem = workfolder.to_toml(answers.values).encode(), ""
    else:
        answers = read_answers(task.work.answers)
        data, problem = task.work.answers.data, task.work.answers.problem
    if not problem:
        (record.folder / layout.ANSWERS).write_bytes(data)
    notes: tuple[str, ...] = ()
    if task.work and task.work.variant is None and task.seed_from == "default":
        notes = (f"no {workfolder.VARIANT}: graded as seed {task.seed}",)
    if key:
        signature.sign(record.folder, record.manifest, data, key)
        notes += ("signed",)
    result = grade(task.lab, record, answers)
    if task.for_student:
        withhold(record)
    return replace(result, seed_from=task.seed_from, notes=notes,
                   signature=signature.VERIFIED if key else signature.UNSIGNED)


def withhold(record: Record) -> None:
    """Leave out of the manifest what students are not told. The digest remains that of the whole evidence."""
    manifest = record.manifest | {"params": workfolder.shown(record.params), "withheld": True}
    (record.folder / layout.MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True))


def reference_answers(lab: labs.Lab, record: Record) -> Answers:
    """The solution's answers for this run; none where the run was inconclusive, as they may depend on its evidence."""
    if record.manifest.get("outcome") == layout.INCONCLUSIVE:
        return Answers({})
    return Answers(lab.reference_answers(record.params, record))


def recheck(folder: Path, key: bytes | None = None, solution: bool = False) -> LabResult:
    """Grade saved evidence again. Unreadable if it is none or does not match its digest; with a key, also if it was not
    signed with that, or is a run of the solution and `solution` does not allow it."""
    from mnlab.checks.grade import grade
    saved, signed = open_saved(folder, key, solution)
    return noted(grade(*saved), signed)


def open_saved(folder: Path, key: bytes | None, solution: bool) -> tuple[tuple[labs.Lab, Record, Answers], str]:
    """What saved evidence is graded by (as `grade` takes it), and what is known of its signature. Raises as `recheck`
    does."""
    from mnlab.checks.grade import read_answers
    record = Record(folder)
    if record.manifest.get("withheld"):
        raise Unreadable(f"{folder} was written for the student: parameters are left out; recheck the original")
    record.insist_on_whole()
    answers = answers_in(folder)
    signed = signature.verify(folder, record.manifest, answers.data, key)
    lab = labs.find(record.manifest["lab"])
    if record.manifest.get("work", {}).get("kind") == layout.SOLUTION and key and not solution:
        raise Unreadable(f"{folder} is a run of the solution, no student's work; --solution grades it, too")
    return (lab, record, read_answers(answers)), signed


def noted(result: LabResult, signed: str) -> LabResult:
    """A result of saved evidence, with what whoever grades must know of it."""
    notes = ("this is a run of the solution, no student's work",) if result.work == layout.SOLUTION else ()
    return replace(result, signature=signed, notes=(*notes, SIGNATURES[signed]))
