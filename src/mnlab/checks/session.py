"""Run labs and grade them: the demonstration, a student's work, saved evidence."""

import importlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from mnlab.checks.answers import Answers
from mnlab.checks.verdicts import LabResult
from mnlab.evidence import layout
from mnlab.evidence.record import Record, Unreadable
from mnlab.lab import lab as labs
from mnlab.lab import run as labrun
from mnlab.lab import work as workfolder
from mnlab.machine.job import Limits, Machine, MachineError

WORKERS = max(1, min(4, os.cpu_count() or 1))


@dataclass(frozen=True)
class Task:
    """One lab to run, its evidence to lie under `out`.

    `work` is the student's folder; None means the solution, with its reference answers. `key` draws the parameters that
    prove work. `for_student`: once it is graded, the evidence shall not tell parameters that students are not told.
    """

    lab: labs.Lab
    seed: int
    out: Path
    work: Path | None = None
    key: bytes = field(default=b"", repr=False)
    for_student: bool = False


def run_tasks(tasks: list[Task], machine: Machine, progress, limits: Limits | None = None,
              meanwhile: Callable[[], None] = lambda: None) -> list[LabResult]:
    """Run and grade `tasks`, some at once; results in the order of `tasks`.

    `progress` has start, step and finish (report.progress); `meanwhile` is called once while the machines are at work.
    BadWork if a work folder cannot be used: nothing is run.
    """
    for task in tasks:
        if task.work:
            workfolder.files_of(task.work)
    results: dict[Task, LabResult] = {}
    pool = ThreadPoolExecutor(min(at_once(machine), len(tasks)))
    try:
        runs = {pool.submit(_run, task, machine, progress, limits): task for task in tasks}
        importlib.import_module("mnlab.checks.grade")  # pytest is slow to import, and there is time now
        meanwhile()
        for future in as_completed(runs):
            task = runs[future]
            try:
                result = _grade(task, future.result())
            except MachineError as problem:
                result = LabResult(task.lab.name, task.seed, (), reason=str(problem))
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
            return labrun.run(task.lab, machine, task.work, task.seed, folder, step, limits=limits, key=task.key)
        with tempfile.TemporaryDirectory(prefix="mnlab-work-") as scratch:
            work = Path(scratch)
            workfolder.copy(task.lab.solution, work, task.lab.params(task.seed, task.key))
            return labrun.run(task.lab, machine, work, task.seed, folder, step, limits=limits, key=task.key)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _grade(task: Task, record: Record) -> LabResult:
    """Grade, and keep the answers beside the evidence so that it can be graded again."""
    from mnlab.checks.grade import grade, read_answers
    kept = record.folder / layout.ANSWERS
    if task.work is None:
        answers = reference_answers(task.lab, record)
        kept.write_text(workfolder.to_toml(answers.values))
    else:
        answers = read_answers(task.work)
        given = task.work / workfolder.ANSWERS
        if given.is_file() and not given.is_symlink() and given.stat().st_size <= workfolder.ANSWERS_LIMIT:
            shutil.copyfile(given, kept)
    result = grade(task.lab, record, answers)
    if task.for_student:
        withhold(record)
    return result


def withhold(record: Record) -> None:
    """Leave out of the manifest what students are not told. The digest remains that of the whole evidence."""
    manifest = record.manifest | {"params": workfolder.shown(record.params), "withheld": True}
    (record.folder / layout.MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True))


def reference_answers(lab: labs.Lab, record: Record) -> Answers:
    """The solution's answers for this run; none where the run was inconclusive, as they may depend on its evidence."""
    if record.manifest.get("outcome") == layout.INCONCLUSIVE:
        return Answers({})
    return Answers(lab.reference_answers(record.params, record))


def recheck(folder: Path) -> LabResult:
    """Grade saved evidence again. Unreadable if it is none or has been changed since it was recorded."""
    from mnlab.checks.grade import grade, read_answers
    record = Record(folder)
    if record.manifest.get("withheld"):
        raise Unreadable(f"{folder} was written for the student: parameters are left out; recheck the original")
    if not record.is_untouched():
        raise Unreadable(f"{folder} is not what was recorded: its digest does not match its files")
    return grade(labs.find(record.manifest["lab"]), record, read_answers(folder))
