"""Who is in a course: a CSV file of one's own, or what Moodle, Canvas or Gradescope export, read as it is."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mnlab.course import csv_table, moodle
from mnlab.course.csv_table import BadTable
from mnlab.machine import plain

#: What a column may be called, in small letters, by what it says; the first that is there is taken.
COLUMNS = {
    "id": (
        "id",
        "student id",
        "id number",
        "sis user id",
        "sid",
        "student number",
        "matriculation number",
        "username",
        "user name",
        "login",
        "sis login id",
    ),
    "name": ("name", "full name", "student", "student name"),
    "first": ("first name", "given name", "firstname"),
    "last": ("last name", "surname", "family name", "lastname"),
    "email": ("email", "email address", "e-mail", "mail", "sis login id"),
    "login": ("username", "user name", "login", "sis login id", "github", "github username", "github_username", "git"),
    "lms": ("identifier", "id"),  # the platform's own number: Moodle's "Participant 12345", Canvas' user id
    "section": ("section", "sections", "group", "groups"),
}
ASSIGNMENT = re.compile(r".+ \(\d+\)")  # in Canvas' gradebook
NAMED = 3  # students without the id that others have
#: Whose export it is, by columns that only that one has.
MOODLE, CANVAS = "Moodle", "Canvas"
PLATFORMS = {CANVAS: ("student", "id", "section"), "Gradescope": ("sid",), MOODLE: ("identifier",)}


@dataclass(frozen=True)
class Student:
    """One student. `id` is what grades go by, `lms` the platform's own number, `login` a name in git hosting,
    `platform` whose export the roster is, if that is known."""

    id: str
    name: str = ""
    email: str = ""
    login: str = ""
    lms: str = ""
    section: str = ""
    platform: str = ""


def read(path: Path, tell: Callable[[str], None] = lambda words: None) -> list[Student]:
    """The students in a CSV file, in its order; what may be meant in two ways is told. BadTable if it cannot be read,
    lacks an id, or has one twice."""
    named, rows = csv_table.read(path)
    heads = moodle.in_english(named, rows)
    columns = _columns(heads, path)
    platform = next((name for name, some in PLATFORMS.items() if set(some) <= set(heads)), "")
    students, without = list[Student](), list[str]()
    for number, row in enumerate(rows, 2):
        cells = {what: row[index].strip() if index < len(row) else "" for what, index in columns.items()}
        if not any(cell.strip() for cell in row) or _is_no_student(row, heads):
            continue
        lms = moodle.number(cells.get("lms", ""))
        if not (own := cells["id"] or cells.get("email", "") or lms):
            raise BadTable(f"{path}, line {number}: there is no {named[columns['id']]}, nor anything else to go by")
        if not cells["id"]:
            without.append(own)
        name = cells.get("name") or " ".join(filter(None, (cells.get("first"), cells.get("last"))))
        students.append(
            Student(
                own,
                name,
                cells.get("email", ""),
                cells.get("login", ""),
                lms,
                cells.get("section", ""),
                platform,
            )
        )
    if odd := next((one.id for one in students if one.id.startswith("?")), None):
        raise BadTable(f"{path}: {odd!r} is no id: hand-ins of nobody are called so")
    if twice := next((one.id for one in students if sum(one.id == other.id for other in students) > 1), None):
        raise BadTable(f"{path}: two students have the id {twice}")
    if not students:
        raise BadTable(f"{path}: there is no student in it")
    if without:
        tell(f"{path}: who has no {named[columns['id']]} goes by another column: {plain.names(without, NAMED)}. "
             "Release and grade with the same ids, or variants are others")
    for words in (*_other_ids(named, heads, columns), *_shared(students)):
        tell(f"{path}: {words}")
    return students


def canvas_columns(path: Path, labs: Sequence[str]) -> dict[str, str]:
    """What Canvas' gradebook calls the assignments that have labs' names, with Canvas' own numbers ("arp (5001)"), by
    lab; {} if it is no gradebook of Canvas, or has none."""
    named, _ = csv_table.read(path)
    titles = {head.rpartition(" (")[0].strip().casefold(): head for head in named if ASSIGNMENT.fullmatch(head)}
    return {lab: titles[lab.casefold()] for lab in labs if lab.casefold() in titles}


def _other_ids(named: list[str], heads: list[str], columns: dict[str, int]) -> Iterator[str]:
    """Columns that might be the students' ids, and were not taken for anything."""
    for head in COLUMNS["id"]:
        if head in heads and heads.index(head) not in columns.values():
            yield f"students go by {named[columns['id']]!r}; there is {named[heads.index(head)]!r}, too"


def _shared(students: list[Student]) -> Iterator[str]:
    """What several students are called: a hand-in of that name is nobody's."""
    for what in ("name", "email", "login"):
        called = Counter(" ".join(getattr(student, what).split()) for student in students)
        for words, count in called.items():
            if words and count > 1:
                yield f"{count} students have the {what} {words!r}: a hand-in that says no more is nobody's"


def _columns(heads: list[str], path: Path) -> dict[str, int]:
    """The place of each column that is known. BadTable if none tells students apart, or a name is there twice."""
    found: dict[str, int] = {}
    for what, names in COLUMNS.items():
        for name in names:
            if heads.count(name) > 1:
                raise BadTable(f"{path}: two columns are called {name!r}; remove one")
            if name in heads:
                found[what] = heads.index(name)
                break
    if {"student", "sis user id"} <= set(heads):  # there ID is Canvas' own number
        found |= {"id": heads.index("sis user id"), "lms": heads.index("id")} if "id" in heads else {}
    elif "id" in heads and not {"student", "section"} <= set(heads):  # Canvas may leave out the SIS User ID
        found.pop("lms", None)
    if "id" not in found:
        found["id"] = found.get("email", found.get("lms", -1))  # or graded blindly
    if found["id"] < 0:
        raise BadTable(
            f"{path}: no column tells students apart: one is called {', '.join(COLUMNS['id'][:4])} or so. "
            f"It has {', '.join(filter(None, heads)) or 'none'}"
        )
    return found


def _is_no_student(row: list[str], heads: list[str]) -> bool:
    """Canvas' second line says how many points each column has, and its test student is nobody. Gradescope's roster has
    instructors and assistants, too, and says so."""
    if "role" in heads:
        role = row[heads.index("role")].strip() if heads.index("role") < len(row) else ""
        return role.lower() not in ("", "student")
    if "student" not in heads:
        return False
    name = row[heads.index("student")].strip() if heads.index("student") < len(row) else ""
    return name in ("", "Points Possible", "Student, Test")
