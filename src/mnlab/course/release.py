"""Write the students' edition of a course: the project's tree without solutions and mutants, with as much of the checks
as the course allows; and an archive of it for each student, with their own variants."""

import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

from mnlab.checks.points import Points
from mnlab.checks.worth import worth_of
from mnlab.course.course import ALL, NAMES, Course
from mnlab.course.places import place
from mnlab.course.roster import Student
from mnlab.lab import run as labrun
from mnlab.lab.begin import TEMPLATE
from mnlab.lab.edition import ABOUT, ASKED
from mnlab.lab.lab import PACKAGE, ROOT, Lab, load

LAUNCHER = "mnlab"
TREE = "mnlab"  # the folder in an archive
#: What an edition has of the project besides labs.
PROJECT = ("LICENSE", "NOTICE", "pyproject.toml", LAUNCHER)
#: What of a lab is its author's and its teacher's. atlas.toml holds what was seen, which is what answers ask for.
KEPT_BACK = ("solution", "right", "mutants.py", "atlas.toml")
CHECKING = ("checks.py", "reading.py")  # only where students have all checks
BESIDE = ("ryu-manager", "hub.py")  # of controller/: what starts controllers, and the one that any lab may use
README = """# {title}: the labs

```
./mnlab list                {count} labs
./mnlab show LAB            what to do
./mnlab start LAB           begin: copies what you start with to work/LAB
./mnlab check LAB           {check}
./mnlab run LAB             see what the network does by itself
./mnlab shell LAB           the network in your hands
```

The first command sets up what is missing: Python packages, and Debian packages where it may. The lab machine is built
once (`./mnlab machine build`), or imported from a file that your teacher has (`./mnlab machine import FILE`).
Hand in the folder work/LAB, with its variant.toml.

It takes Linux on x86-64, say Debian 12 in a virtual machine, Python 3.11 or newer, QEMU, and 2 GB of disk.
"""
CHECK = {ALL: "grade your work", NAMES: "run your work, and see what will be checked"}
NO_CHECKS = "run your work, and see what happens on the network"


class CannotRelease(Exception):
    """No edition can be written. The text says why, and what to do."""


def write(folder: Path, labs: list[Lab], course: Course | None) -> Path:
    """Write the edition of some labs into a folder; where its tree is. CannotRelease if something is there already, or
    this mnlab is installed and not a clone."""
    if not (ROOT / LAUNCHER).is_file():
        raise CannotRelease("an edition has the launcher of a clone: run ./mnlab release in one")
    tree = folder / TREE
    if tree.exists():
        raise CannotRelease(f"{tree} is there already: nothing was changed. Remove it, or choose another folder")
    allowed = course.student_checks if course else ALL
    for name in PROJECT:
        _copy(ROOT / name, tree / name)
    for path in PACKAGE.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts and not path.is_relative_to(TEMPLATE):
            _copy(path, tree / "src" / "mnlab" / path.relative_to(PACKAGE))
    for lab in labs:
        for name, source in (*labrun.topologies(lab).items(), *_controllers(lab)):
            _copy(source, tree / name)
        _release_lab(lab, tree / "labs" / lab.layer / lab.name, allowed)
    title = course.title if course and course.title else "Computer networking"
    (tree / "README.md").write_text(README.format(title=title, count=len(labs), check=CHECK.get(allowed, NO_CHECKS)))
    (tree / ABOUT).write_text(_about(course, labs, None))
    return tree


def archives(tree: Path, folder: Path, labs: list[Lab], course: Course, roster: list[Student]) -> Iterator[Path]:
    """An archive of a tree for each student, with their own variants; each path, once it is written."""
    whole = folder / f".{TREE}.zip"
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(tree.rglob("*")):
            if path.is_file() and path != tree / ABOUT:
                archive.write(path, f"{TREE}/{path.relative_to(tree)}")
    try:
        for student in roster:
            path = folder / f"{place(student.id)}.zip"
            shutil.copyfile(whole, path)
            with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(f"{TREE}/{ABOUT}", _about(course, labs, student))
            yield path
    finally:
        whole.unlink()


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def _controllers(lab: Lab) -> Iterator[tuple[str, Path]]:
    """The controllers that a lab's experiment names: others may be what students are to write."""
    if not getattr(lab.experiment, "openflow", False):
        return
    text = "".join(path.read_text(errors="replace") for path in lab.folder.glob("*.py") if path.name not in CHECKING
                   and path.name not in KEPT_BACK)
    for name, source in labrun.controllers(lab).items():
        if source.name in BESIDE or source.name in text:
            yield name, source


def _release_lab(lab: Lab, target: Path, allowed: str) -> None:
    """A lab without what is not the students', and with what its checks ask, if these are kept back."""
    left_out = KEPT_BACK if allowed == ALL else KEPT_BACK + CHECKING
    shutil.copytree(lab.folder, target, ignore=lambda folder, names: [
        name for name in names if name == "__pycache__" or Path(folder) == lab.folder and name in left_out])
    if allowed != ALL:
        work, observation = worth_of(lab)
        (target / ASKED).write_text(json.dumps(
            {"work": work, "observation": observation, "features": labrun.named_features(lab),
             "checks": _names(lab) if allowed == NAMES else []}, indent=1))


def _names(lab: Lab) -> list[dict]:
    """What a lab's checks ask of a student's work: titles and points."""
    found = []
    for name, check in vars(load(lab.checks)).items():
        marked = getattr(check, "points", None)
        if name.startswith("check_") and isinstance(marked, Points) and not marked.observation:
            title = (check.__doc__ or name).strip().split("\n", 1)[0]
            found.append({"title": title, "points": marked.points})
    return found


def _about(course: Course | None, labs: list[Lab], student: Student | None) -> str:
    """edition.toml. JSON's strings and numbers are TOML's, too."""
    lines = ["# The students' edition: what is not in it is kept back.",
             f"title = {json.dumps(course.title if course else '')}"]
    if course and student:
        lines += [f"student = {json.dumps(student.id)}", "", "[seeds]"]
        lines += [f"{json.dumps(lab.name)} = {course.seed(student.id, lab.name)}" for lab in labs]
        lines += ["", "[macs]"]
        lines += [f"{json.dumps(lab.name)} = {json.dumps(course.mac(student.id, lab.name))}" for lab in labs]
    return "\n".join(lines) + "\n"
