"""What there is to grade in a class: who handed in what, of which variant, and what a teacher should look at."""

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path

from mnlab.checks.worth import worth_of
from mnlab.course import found_work, handins, late
from mnlab.course.course import REFUSE, Course
from mnlab.course.handins import HandIn
from mnlab.course.places import HANDED_IN, RECORDING, WORK, place
from mnlab.course.results import AUDIT, FOREIGN, LATE, MISSING, NOBODYS, NOT_GRADED, UNCHANGED, Row
from mnlab.course.roster import Student
from mnlab.lab import run as labrun
from mnlab.lab.lab import PACKAGE, Lab
from mnlab.lab.read_once import Work
from mnlab.lab.student_toml import BadWork
from mnlab.lab.work import VARIANT
from mnlab.machine import plain

DEFAULT_SEED = 1


@dataclass
class Todo:
    """One lab of one student: what is known before anything is run. `job` is None if nothing is to be run."""

    row: Row
    job: dict | None = None


@dataclass
class Grading:
    """A class to grade, and where. `course` is None for a folder of hand-ins without one; `due` takes the place of its
    dates, but of no student's extension. `times`: when hand-ins came, by student, where a platform says so apart.
    `canvas_columns`: what Canvas calls the assignments, by lab."""

    labs: list[Lab]
    every_lab: list[Lab]
    submissions: Path
    out: Path
    machine: str
    image: str
    roster: list[Student] = field(default_factory=list)
    course: Course | None = None
    due: datetime | None = None
    times: Mapping[str, datetime] = field(default_factory=dict)
    canvas_columns: Mapping[str, str] = field(default_factory=dict)

    def due_for(self, student: str, lab: str) -> datetime | None:
        """When a student has to hand in a lab; None if there is no date."""
        return self.course.due_for(student, lab, self.due) if self.course else self.due

    @property
    def undated(self) -> int:
        """How many hand-ins have a date to keep, and nobody says when they came."""
        return sum(one.received is None and not one.late and any(self.due_for(one.key, lab.name) for lab in self.labs)
                   for one in self.handed_in)

    @cached_property
    def handed_in(self) -> list[HandIn]:
        """What was handed in, one for each student who did, or whose group did."""
        groups = self.course.groups if self.course else {}
        found = handins.found_in(self.submissions, self.roster, [lab.name for lab in self.every_lab], groups)
        if self.roster and found and not any(one.student for one in found):
            names = plain.names([one.key.removeprefix(handins.NOBODY) for one in found], handins.NAMED)
            raise handins.BadSubmissions(f"no hand-in in {self.submissions} is of anybody in the roster: there is "
                                         f"{names}. Name the folder that holds the hand-ins, and this course's roster")
        for one in found:
            one.received = self.times.get(one.key, one.received)
        return handins.shared(found, self.roster, groups)

    @cached_property
    def absent(self) -> list[Student]:
        """Who is in the roster, and handed in nothing."""
        there = {one.key for one in self.handed_in}
        return [student for student in self.roster if student.id not in there]

    def __len__(self) -> int:
        return (len(self.handed_in) + len(self.absent)) * len(self.labs)

    def todo(self) -> Iterator[Todo]:
        """What there is to grade: each lab of each student in the roster, and of whoever handed in besides. One after
        the other, as it is asked for: machines need not wait until all archives are unpacked."""
        scratch = self.out / HANDED_IN
        shutil.rmtree(scratch, ignore_errors=True)  # of a command that was killed
        try:
            for one in self.handed_in:
                shutil.rmtree(scratch / "it", ignore_errors=True)
                handins.gather(one, scratch / "it")
                for lab in self.labs:
                    yield self._one(one, lab, scratch / "it")
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        for student in self.absent:
            for lab in self.labs:
                yield Todo(self._row(student.id, student, lab, MISSING, ["nothing was handed in"]))

    def _one(self, one: HandIn, lab: Lab, folder: Path) -> Todo:
        """What is known of a hand-in; the work for the lab is kept in work/STUDENT/LAB."""
        found = found_work.find(folder, lab, self.every_lab, one.unread, [other.name for other in self.labs])
        notes = [*one.notes, *found.notes]
        if found.work is None or found.folder is None:
            status = MISSING if found.kind == found_work.ANOTHERS else NOT_GRADED
            return Todo(self._row(one.key, one.student, lab, status, notes, found.kind if status == NOT_GRADED else "",
                                  [LATE] if one.late else []))
        kept = self.out / WORK / place(one.key) / lab.name
        shutil.rmtree(kept, ignore_errors=True)
        kept.parent.mkdir(parents=True, exist_ok=True)
        if len(self.labs) == 1:
            found.folder.rename(kept)
        else:
            shutil.copytree(found.folder, kept)
        try:
            seed, seed_from, words = self._seed(one, lab, found.work)
            unchanged = found_work.is_unchanged(kept, lab, lab.params(seed))
        except BadWork as problem:
            return Todo(self._row(one.key, one.student, lab, NOT_GRADED, [*notes, str(problem)], found_work.UNUSABLE))
        days = late.days_late(self.due_for(one.key, lab.name), one.received)
        row = self._row(one.key, one.student, lab, "", notes + words) | {
            "seed": seed,
            "seed_from": seed_from,
            "work_sha256": found.work.sha256,
            "late_days": days,
            "factor": late.factor(self.course, days) if self.course else 1.0,
            "refused": bool(words) and self.course is not None and self.course.foreign_variant == REFUSE,
            "group": list(one.group),
        }
        row["flags"] += [
            *([UNCHANGED] if unchanged else []),
            *([LATE] if one.late or days else []),
            *([FOREIGN] if words and seed_from != "default" else []),
            *found.flags,
        ]
        secret = self.course.secret.hex() if self.course else ""
        row["run"] = run_of(row, lab, secret)
        row["key"] = key_of(row)
        job = {
            "lab": lab.name,
            "seed": seed,
            "seed_from": seed_from,
            "work": str(kept),
            "machine": self.machine,
            "out": str(self.out / RECORDING / place(one.key)),
            "student": one.key,
            "secret": secret,
        }
        return Todo(row, job)

    def _seed(self, one: HandIn, lab: Lab, work: Work) -> tuple[int, str, list[str]]:
        """The seed to grade with, who chose it, and words if the work is of a variant that is not the student's."""
        said = work.seed(lab.name)
        if self.course is None or one.student is None:
            if said is None:
                return DEFAULT_SEED, "default", [f"no {VARIANT}: graded as variant {DEFAULT_SEED}"]
            return said, VARIANT, []
        own = self.course.seed(one.group[0] if one.group else one.key, lab.name)
        if said is None:
            return own, "course", []
        whose = next((other for other in (one.key, *one.group) if self.course.seed(other, lab.name) == said), "")
        if not whose:
            whose = next((other.id for other in self.roster if self.course.seed(other.id, lab.name) == said), "")
            stranger = "" if whose else _stranger(work, said, self.course, lab)
            return said, VARIANT, [f"{VARIANT} is that of {whose}" if whose else
                                   f"{VARIANT} is that of {stranger}, who is not in this roster" if stranger else
                                   f"{VARIANT} is nobody's in this course"]
        return said, "course", _signed(work, whose, self.course, lab)

    def _row(self, key: str, student: Student | None, lab: Lab, status: str, notes: list[str], kind: str = "",
             flags: Sequence[str] = ()) -> Row:
        row = {
            "student": key,
            "name": student.name if student else "",
            "lab": lab.name,
            "status": status,
            "kind": kind,
            "points": 0,
            "max_points": _worth(lab),
            "flags": [*flags, *([NOBODYS] if self.roster and student is None else [])],
            "notes": list(dict.fromkeys(notes)),
            "checks": [],
            "reason": "",
            "late_days": 0,
            "factor": 1.0,
            "refused": False,
            "group": [],
            "work_sha256": "",
            "evidence": "",
            "evidence_sha256": "",
            "seed": None,
            "seed_from": "",
            "machine": self.machine,
            "image_sha256": self.image,
            "place": digest(self.machine, self.image),
            "worker": "",
            "audit": "",
            "run": digest(status, kind, version(lab)),
        }
        return row | {"key": key_of(row)}


def _signed(work: Work, whose: str, course: Course, lab: Lab) -> list[str]:
    """What is wrong with what variant.toml says of its student; [] if nothing is, or it says nothing."""
    said = work.variant.values() if work.variant else {}
    if "student" not in said and "mac" not in said:
        return []
    if said.get("student") != whose or said.get("mac") != course.mac(whose, lab.name):
        return [f"{VARIANT} was not written for this course: its mac does not fit"]
    return []


def _stranger(work: Work, seed: int, course: Course, lab: Lab) -> str:
    """The id of somebody else for whom this course wrote a variant.toml, as its mac shows; "" if it did not."""
    said = work.variant.values() if work.variant else {}
    student = said.get("student")
    known = isinstance(student, str) and course.seed(student, lab.name) == seed and said.get("mac") == course.mac(
        student, lab.name)
    return str(student) if known else ""


def run_of(row: Row, lab: Lab, secret: str) -> str:
    """What a row's points and evidence are a function of: two that have the same need one run."""
    return digest(row["work_sha256"], row["seed"], row["place"], lab.name, version(lab), secret)


def key_of(row: Row) -> str:
    """What a row says is a function of: what was run, and what else is known of the hand-in. Another key: it has to be
    written again."""
    flags = [flag for flag in row["flags"] if flag != AUDIT]
    return digest(flags, *(row[part] for part in ("run", "notes", "late_days", "factor", "refused", "group")))


@cache
def _worth(lab: Lab) -> int:
    """The points of a lab for a student's work."""
    return worth_of(lab)[0]


@cache
def version(lab: Lab) -> str:
    """A digest of what grades: the lab's files, the topologies and controllers that it may use, and mnlab's own."""
    files = {str(path.relative_to(root)): path for root in (lab.folder, PACKAGE) for path in root.rglob("*")
             if path.is_file() and "__pycache__" not in path.parts and "data" not in path.relative_to(root).parts[:1]}
    whole = hashlib.sha256()
    for name, path in sorted((files | labrun.topologies(lab) | labrun.controllers(lab)).items()):
        whole.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()


def digest(*parts) -> str:
    """A short digest of plain values."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]
