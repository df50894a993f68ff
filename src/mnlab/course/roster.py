"""Who is in a course: a CSV file of one's own, or what Moodle, Canvas or Gradescope export, read as it is."""

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

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
    "login": ("username", "user name", "login", "sis login id", "github", "github username", "git"),
    "lms": ("identifier", "id"),  # the platform's own number: Moodle's "Participant 12345", Canvas' user id
    "section": ("section", "group", "groups"),
}
#: Whose export it is, by columns that only that one has.
PLATFORMS = {"Canvas": ("student", "sis user id"), "Gradescope": ("sid",), "Moodle": ("identifier",)}
SEPARATOR = re.compile(r"sep=.\n", re.IGNORECASE)  # Excel's own first line; the next one tells as much
ENCODINGS = ("utf-8-sig", "utf-16", "cp1252")


class BadRoster(Exception):
    """A file that is no roster. The text says what is wrong with it, and where."""


@dataclass(frozen=True)
class Student:
    """One student. `id` is what grades go by, `lms` the platform's own number, `login` a name in git hosting."""

    id: str
    name: str = ""
    email: str = ""
    login: str = ""
    lms: str = ""
    section: str = ""


def read(path: Path) -> list[Student]:
    """The students in a CSV file, in its order. BadRoster if it cannot be read, lacks an id, or has one twice."""
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise BadRoster(f"{path} cannot be read: {problem.strerror}") from None
    text = _decoded(data, path).replace("\r\n", "\n").replace("\r", "\n")
    if first := SEPARATOR.match(text):
        text = text[first.end():]
    reader = csv.reader(io.StringIO(text), _dialect(text))
    try:
        rows = list(reader)
    except csv.Error as problem:
        raise BadRoster(f"{path} is no table, up to line {reader.line_num}: {problem}. Is a quotation mark missing, or "
                        "too much?") from None
    if not rows or not any(cell.strip() for cell in rows[0]):
        raise BadRoster(f"{path}: the first line names no columns")
    heads = [cell.strip().lower() for cell in rows[0]]
    columns = _columns(heads, path)
    students: list[Student] = []
    for number, row in enumerate(rows[1:], 2):
        cells = {what: row[index].strip() if index < len(row) else "" for what, index in columns.items()}
        if not any(cell.strip() for cell in row) or _is_no_student(row, heads):
            continue
        if not cells["id"]:
            raise BadRoster(f"{path}, line {number}: there is no {rows[0][columns['id']].strip()}")
        name = cells.get("name") or " ".join(filter(None, (cells.get("first"), cells.get("last"))))
        students.append(
            Student(
                cells["id"],
                name,
                cells.get("email", ""),
                cells.get("login", ""),
                cells.get("lms", "").removeprefix("Participant "),
                cells.get("section", ""),
            )
        )
    if twice := next((one.id for one in students if sum(one.id == other.id for other in students) > 1), None):
        raise BadRoster(f"{path}: two students have the id {twice}")
    if not students:
        raise BadRoster(f"{path}: there is no student in it")
    return students


def _decoded(data: bytes, path: Path) -> str:
    for encoding in ENCODINGS if not data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-16",):
        try:
            if encoding == "utf-16" and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
                continue
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadRoster(f"{path} is no text: save it as CSV in UTF-8")


def _dialect(text: str) -> type[csv.Dialect]:
    """Commas, semicolons or tabs, by what the first line has most of."""
    first = text.lstrip("\r\n").split("\n", 1)[0]

    class Found(csv.excel):
        delimiter = max(",;\t", key=first.count)
        strict = True  # or a quotation mark that is never closed takes all students after it for one cell

    return Found


def _columns(heads: list[str], path: Path) -> dict[str, int]:
    """The place of each column that is known. BadRoster if none tells students apart, or a name is there twice."""
    found: dict[str, int] = {}
    for what, names in COLUMNS.items():
        for name in names:
            if heads.count(name) > 1:
                raise BadRoster(f"{path}: two columns are called {name!r}; remove one")
            if name in heads:
                found[what] = heads.index(name)
                break
    if set(PLATFORMS["Canvas"]) <= set(heads):  # there ID is Canvas' own number
        found |= {"id": heads.index("sis user id"), "lms": heads.index("id")} if "id" in heads else {}
    elif "id" in heads and not {"student", "section"} <= set(heads):  # Canvas may leave out the SIS User ID
        found.pop("lms", None)
    if "id" not in found:
        found["id"] = found.get("email", -1)
    if found["id"] < 0:
        raise BadRoster(
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
