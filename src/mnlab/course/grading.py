"""Grade a class: who handed in what, which of it is new, one result after the other, and what a teacher should look
at."""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from mnlab.checks.worth import worth_of
from mnlab.course import found_work, handins, late, similar, workers
from mnlab.course.course import REFUSE, Course
from mnlab.course.handins import HandIn
from mnlab.course.results import MISSING, NOT_GRADED, Results, Row
from mnlab.course.roster import Student
from mnlab.lab.lab import PACKAGE, Lab
from mnlab.lab.student_toml import BadWork
from mnlab.lab.work import ANSWERS, VARIANT

WORK, EVIDENCE = "work", "evidence"  # folders of the results: what was handed in, what was recorded
DEFAULT_SEED = 1
SCRATCH = ".handed-in"


@dataclass
class Todo:
    """One lab of one student: what is known before anything is run. `job` is None if nothing is to be run."""

    row: Row
    job: dict | None = None


@dataclass
class Grading:
    """A class to grade, and where. `course` is None for a folder of hand-ins without one."""

    labs: list[Lab]
    every_lab: list[Lab]
    submissions: Path
    out: Path
    machine: str
    image: str
    roster: list[Student] = field(default_factory=list)
    course: Course | None = None

    def todo(self) -> list[Todo]:
        """What there is to grade: each lab of each student in the roster, and of whoever handed in besides."""
        scratch = self.out / SCRATCH
        shutil.rmtree(scratch, ignore_errors=True)
        found: list[Todo] = []
        try:
            here = handins.found_in(self.submissions, self.roster)
            for one in here:
                handins.gather(one, scratch / place(one.key))
                found += [self._one(one, lab, scratch / place(one.key)) for lab in self.labs]
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        there = {one.key for one in here}
        for student in self.roster:
            if student.id not in there:
                found += [
                    Todo(self._row(student.id, student, lab, MISSING, ["nothing was handed in"])) for lab in self.labs
                ]
        return found

    def _one(self, one: HandIn, lab: Lab, folder: Path) -> Todo:
        """What is known of a hand-in; the work for the lab is kept in work/STUDENT/LAB."""
        found = found_work.find(folder, lab, self.every_lab)
        notes = [*one.notes, *found.notes]
        if found.work is None or found.folder is None:
            return Todo(self._row(one.key, one.student, lab, NOT_GRADED, notes, found.kind))
        kept = self.out / WORK / place(one.key) / lab.name
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(found.folder, kept)
        try:
            seed, seed_from, words = self._seed(one, lab, found.work)
            unchanged = found_work.is_unchanged(found, lab, lab.params(seed))
        except BadWork as problem:
            return Todo(self._row(one.key, one.student, lab, NOT_GRADED, [*notes, str(problem)], found_work.UNUSABLE))
        days = late.days_late(self.course, one.key, lab.name, one.received) if self.course else 0
        row = self._row(one.key, one.student, lab, "", notes + words) | {
            "seed": seed,
            "seed_from": seed_from,
            "work_sha256": found.work.sha256,
            "late_days": days,
            "factor": late.factor(self.course, days) if self.course else 1.0,
            "refused": bool(words) and self.course is not None and self.course.foreign_variant == REFUSE,
        }
        row["flags"] = [
            *(["unchanged starter"] if unchanged else []),
            *(["late"] if one.late or days else []),
            *(["another variant"] if words else []),
        ]
        row["key"] = _digest(
            row["work_sha256"], seed, version(lab), self.machine, self.image, days, row["refused"], notes
        )
        job = {
            "lab": lab.name,
            "seed": seed,
            "seed_from": seed_from,
            "work": str(kept),
            "machine": self.machine,
            "out": str(self.out / EVIDENCE / place(one.key)),
            "student": one.key,
            "secret": self.course.secret.hex() if self.course else "",
        }
        return Todo(row, job)

    def _seed(self, one: HandIn, lab: Lab, work) -> tuple[int, str, list[str]]:
        """The seed to grade with, who chose it, and words if the work is of a variant that is not the student's."""
        said = work.seed(lab.name)
        if self.course is None or one.student is None:
            return (DEFAULT_SEED, "default", [f"no {VARIANT}"]) if said is None else (said, VARIANT, [])
        own = self.course.seed(one.key, lab.name)
        if said is None or said == own:
            return own, "course", []
        whose = next((other.id for other in self.roster if self.course.seed(other.id, lab.name) == said), "")
        return said, VARIANT, [f"{VARIANT} is that of {whose}" if whose else f"{VARIANT} is nobody's in this course"]

    def _row(self, key: str, student: Student | None, lab: Lab, status: str, notes: list[str], kind: str = "") -> Row:
        most = _worth(lab)
        return {
            "student": key,
            "name": student.name if student else "",
            "lab": lab.name,
            "status": status,
            "kind": kind,
            "points": 0,
            "max_points": most,
            "flags": [],
            "notes": list(dict.fromkeys(notes)),
            "checks": [],
            "reason": "",
            "late_days": 0,
            "factor": 1.0,
            "refused": False,
            "work_sha256": "",
            "evidence": "",
            "evidence_sha256": "",
            "seed": None,
            "seed_from": "",
            "machine": self.machine,
            "image_sha256": self.image,
            "key": _digest(status, kind, notes, version(lab)),
        }


def carry_out(
    todo: list[Todo],
    results: Results,
    count: int,
    tell: Callable[[Row], None],
    lost: Callable[[dict], None] = lambda job: None,
    again: bool = False,
    command: list[str] | None = None,
) -> None:
    """Grade what is not graded yet (`again`: all of it), by `count` workers; each result is written as it comes."""
    left = [
        one
        for one in todo
        if again or results.rows.get((one.row["student"], one.row["lab"]), {}).get("key") != one.row["key"]
    ]
    for one in left:
        if one.job is None:
            results.add(one.row)
            tell(one.row)
    by_job = {id(one.job): one for one in left if one.job is not None}
    for one in by_job.values():
        assert one.job
        for old in Path(one.job["out"]).glob(f"{one.job['lab']}-*"):
            shutil.rmtree(old, ignore_errors=True)
    for job, result in workers.each([one.job for one in by_job.values() if one.job], count, command, lost):
        row = _merged(by_job[id(job)].row, result, results.folder)
        results.add(row)
        tell(row)


def _merged(row: Row, result: dict, out: Path) -> Row:
    """A row with what grading said."""
    if "trouble" in result:
        return row | {"status": "inconclusive", "reason": result["trouble"]}
    evidence = Path(result["evidence"] or "")
    return row | {
        "status": result["status"],
        "points": result["points"],
        "max_points": result["max_points"] or row["max_points"],
        "reason": result["reason"],
        "evidence_sha256": result["evidence_sha256"],
        "machine": result["machine"],
        "image_sha256": result["image_sha256"],
        "evidence": str(evidence.relative_to(out)) if evidence.is_relative_to(out) else "",
        "checks": result["checks"],
    }


def look_alike(results: Results, labs: list[Lab]) -> dict[tuple[str, str], list[str]]:
    """Of whose work looks like whose: words by (student, lab)."""
    found: dict[tuple[str, str], list[str]] = {}
    for lab in labs:
        works, answers = {}, {}
        for (student, name), row in results.rows.items():
            kept = results.folder / WORK / place(student) / lab.name
            if name == lab.name and kept.is_dir() and "unchanged starter" not in row["flags"]:
                files = {
                    str(path.relative_to(kept)): path.read_bytes()
                    for path in sorted(kept.rglob("*"))
                    if path.is_file()
                }
                works[student] = {path: data for path, data in files.items() if path not in (ANSWERS, VARIANT)}
                answers[student] = files.get(ANSWERS, b"")
        starter = {str(path): path.read_bytes() for path in lab.starter.rglob("*") if path.is_file()}
        for pair in similar.alike(works, starter):
            words = "equal to" if pair.share == 1 else f"{100 * pair.share:.0f} % like"
            for one, other in ((pair.one, pair.other), (pair.other, pair.one)):
                found.setdefault((one, lab.name), []).append(f"{words} the work of {other}")
        for one, other in _same_answers(answers, results, lab):
            found.setdefault((one, lab.name), []).append(f"the same answers as {other}, who has another variant")
    return found


def _same_answers(answers: dict[str, bytes], results: Results, lab: Lab) -> list[tuple[str, str]]:
    """Who has the answers of somebody whose network has other numbers: the same file, not all of it right."""
    begun = (lab.starter / ANSWERS).read_bytes() if (lab.starter / ANSWERS).is_file() else b""
    groups: dict[bytes, list[str]] = {}
    for student, data in answers.items():
        lines = b"\n".join(
            sorted(line.strip() for line in data.splitlines() if b"=" in line and not line.startswith(b"#"))
        )
        if data != begun and lines and results.rows[student, lab.name]["status"] != "passed":
            groups.setdefault(lines, []).append(student)
    return [
        (one, other)
        for some in groups.values()
        for one in some
        for other in some
        if one != other and results.rows[one, lab.name]["seed"] != results.rows[other, lab.name]["seed"]
    ]


def place(key: str) -> str:
    """A folder's name for a student: their id, made a name that every file system takes."""
    clean = "".join(letter if letter.isalnum() or letter in "-_.@" else "_" for letter in key).lstrip(".") or "_"
    return (
        clean if clean == key and len(key) < 100 else f"{clean[:80]}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"
    )


@cache
def _worth(lab: Lab) -> int:
    """The points of a lab for a student's work."""
    return worth_of(lab)[0]


@cache
def version(lab: Lab) -> str:
    """A digest of what grades: the lab's files and mnlab's own."""
    whole = hashlib.sha256()
    for root in (lab.folder, PACKAGE):
        for path in sorted(root.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and "data" not in path.relative_to(root).parts[:1]:
                whole.update(f"{path.relative_to(root)}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()


def _digest(*parts) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]
