"""A course: its labs, weights, due dates and rules, in course.toml; and its salt, which makes variants nobody can
choose.

The salt lies beside course.toml, readable by its owner alone, and is written into nothing that leaves the course.
"""

import hmac
import os
import secrets
import stat
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from mnlab.course import toml_file

ABOUT, SALT = "course.toml", "course.salt"
SEEDS = 1 << 48  # of a student: no two of a course meet by chance, and programs that read JSON keep every digit
FLAG, REFUSE = "flag", "refuse"  # what is done with work of somebody else's variant
VISIBLE = "visible"
VISIBILITIES = (VISIBLE, "hidden", "after_due_date", "after_published")  # Gradescope's words for when checks are shown
ALL, NAMES, NONE = "all", "names", "none"  # what the students' edition has of the checks
PINS = ("machine", "image", "qemu", "mnlab")  # what evidence depends on besides the work

TEMPLATE = """# {title}: a course with mnlab. Its salt, {salt}, lies beside this file: keep it, and keep it secret.
title = "{title}"

# What is done with work whose variant is another student's, or nobody's: "flag" (graded, and told) or "refuse" (0
# points).
foreign_variant = "flag"

# What students can check for themselves (mnlab release): "all" checks, the "names" of what will be checked, or "none".
student_checks = "all"

[late]
per_day = 10    # percent of the points that each day begun costs
most = 50       # percent that it costs at most; later work counts as if it came then

# The labs, with weights, and dates as in 2027-01-15T23:59:00+01:00 (without a zone: this computer's).
{labs}
# More time for one student: [extensions.ID] and lab = a date. An id such as ada@example.org stands in quotation marks.

# Who hands in together: one work, graded once, for each of them.
# [groups]
# red = ["4711", "4712"]

# What each computer that grades has to have; `mnlab course pins` writes this for yours. Others are refused by name.
# [pins]
# machine = "debian13"
# image = "..."
# qemu = "7.2.22"
# mnlab = "..."
"""
LAB = "[labs.{name}]\nweight = 1\n# due = 2027-01-15T23:59:00+01:00\n"


class BadCourse(Exception):
    """A course that is none, or cannot be begun. The text says what to do."""


@dataclass(frozen=True)
class Course:
    """What course.toml says. `labs` are weights by lab, `due` dates by lab, `extensions` dates by student and lab;
    `per_day` and `most` are percent, `groups` ids by a group's name, `pins` what a computer that grades has to have."""

    folder: Path
    title: str = ""
    labs: dict[str, float] = field(default_factory=dict)
    due: dict[str, datetime] = field(default_factory=dict)
    extensions: dict[tuple[str, str], datetime] = field(default_factory=dict)
    per_day: float = 0
    most: float = 100
    foreign_variant: str = FLAG
    salt: bytes = field(default=b"", repr=False)
    student_checks: str = ALL
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    pins: dict[str, str] = field(default_factory=dict)
    visibility: str = VISIBLE

    def seed(self, student: str, lab: str) -> int:
        """The seed of a student's variant of a lab: the same on every computer, and nobody can guess it without the
        salt."""
        return int.from_bytes(self._mac("seed", student, lab)[:8], "big") % SEEDS

    @property
    def secret(self) -> bytes:
        """The key that draws what a program has to find out (docs/labs.md, "Parameters that prove work")."""
        return self._mac("secret", "", "")

    def mac(self, student: str, lab: str) -> str:
        """What variant.toml says to show that the course wrote it for this student."""
        return self._mac("variant", student, lab).hex()[:32]

    def pseudonym(self, student: str) -> str:
        """A name that tells students apart and says no more: without the salt nobody finds whose it is."""
        return self._mac("pseudonym", student, "").hex()[:12]

    def _mac(self, what: str, student: str, lab: str) -> bytes:
        return hmac.digest(self.salt, f"{what}\0{student}\0{lab}".encode(), "sha256")

    def due_for(self, student: str, lab: str, otherwise: datetime | None = None) -> datetime | None:
        """When a student has to hand in a lab: the student's extension, `otherwise`, or the lab's date; None if there
        is no date."""
        return self.extensions.get((student, lab)) or otherwise or self.due.get(lab)


def begin(folder: Path, title: str, labs: list[str]) -> list[Path]:
    """Write course.toml and a new salt, which git is told to leave out; both paths. BadCourse if one is there already:
    nothing was changed then."""
    about, salt = folder / ABOUT, folder / SALT
    if there := next((path for path in (about, salt) if path.exists()), None):
        raise BadCourse(f"{there} is there already: nothing was changed")
    if '"' in title or "\\" in title or not title.isprintable():
        raise BadCourse("a title has no quotation marks, backslashes and control characters")
    folder.mkdir(parents=True, exist_ok=True)
    with open(os.open(salt, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(32) + "\n")
    if not (ignored := folder / ".gitignore").exists():
        ignored.write_text(f"{SALT}\n")
    about.write_text(TEMPLATE.format(title=title, salt=SALT, labs="\n".join(LAB.format(name=name) for name in labs)),
                     encoding="utf-8")
    return [about, salt]


def read(folder: Path) -> Course:
    """The course in a folder. BadCourse if there is none, or something in it makes no sense."""
    path = folder / ABOUT
    try:
        said = toml_file.read(path)
    except FileNotFoundError:
        raise BadCourse(f"there is no {path}; `mnlab course init` writes one") from None
    except (OSError, ValueError) as problem:
        raise BadCourse(f"{path} cannot be read: {getattr(problem, 'strerror', None) or problem}") from None
    known = {"title", "foreign_variant", "gradescope", "student_checks", "late", "labs", "extensions", "groups", "pins"}
    if strange := sorted(said.keys() - known):
        raise BadCourse(f"{path}: {strange[0]!r} is not known; there are {', '.join(sorted(known))}")
    if not isinstance(said.get("title", ""), str):
        raise BadCourse(f"{path}: title is a text, in quotation marks")
    late, labs = _table(said, "late", path), _table(said, "labs", path)
    for name, table, known in (("late", late, {"per_day", "most"}),
                               *((f"labs.{lab}", table, {"weight", "due"}) for lab, table in labs.items())):
        if strange := sorted(table.keys() - known):
            raise BadCourse(f"{path}: {strange[0]!r} is not known in [{name}]; there are {', '.join(sorted(known))}")
    return Course(
        folder,
        str(said.get("title", "")),
        {name: _number(lab, "weight", 1, path, about=f" of {name}") for name, lab in labs.items()},
        {name: _date(lab["due"], f"labs.{name}.due", path) for name, lab in labs.items() if "due" in lab},
        {
            (student, name): _date(date, f"extensions.{student}.{name}", path)
            for student, some in _table(said, "extensions", path).items()
            for name, date in some.items()
        },
        _number(late, "per_day", 0, path, largest=100),
        _number(late, "most", 100, path, largest=100),
        _one_of((FLAG, REFUSE), said, "foreign_variant", path),
        _salt(folder / SALT),
        _one_of((ALL, NAMES, NONE), said, "student_checks", path),
        _groups(said, path),
        _pins(said, path),
        _visibility(said.get("gradescope", {}), path),
    )


def _visibility(table, path: Path) -> str:
    value = table.get("visibility", VISIBLE) if isinstance(table, dict) and table.keys() <= {"visibility"} else table
    if value not in VISIBILITIES:
        raise BadCourse(f"{path}: [gradescope] has visibility, one of {', '.join(VISIBILITIES)}; not {value!r}")
    return value


def _one_of(words: tuple[str, ...], said: dict, name: str, path: Path) -> str:
    """One of some words; the first if nothing is said."""
    word = said.get(name, words[0])
    if word not in words:
        raise BadCourse(f"{path}: {name} is " + " or ".join(f'"{one}"' for one in words) + f", not {word!r}")
    return word


def _groups(said: dict, path: Path) -> dict[str, tuple[str, ...]]:
    groups, known = said.get("groups", {}), dict[str, str]()
    if not isinstance(groups, dict):
        raise BadCourse(f'{path}: groups is a table, as in [groups] red = ["4711", "4712"]')
    for name, members in groups.items():
        if not isinstance(members, list) or not all(isinstance(member, str) for member in members):
            raise BadCourse(f'{path}: the group {name} is a list of ids, as in ["4711", "4712"]')
        for member in members:
            if member in known:
                raise BadCourse(f"{path}: {member} is in two groups, or twice in one: {known[member]} and {name}")
            known[member] = name
    return {name: tuple(members) for name, members in groups.items()}


def _pins(said: dict, path: Path) -> dict[str, str]:
    pins = said.get("pins", {})
    if not isinstance(pins, dict) or not all(isinstance(value, str) for value in pins.values()):
        raise BadCourse(f"{path}: pins is a table of words: {', '.join(PINS)}")
    if strange := sorted(pins.keys() - set(PINS)):
        raise BadCourse(f"{path}: {strange[0]!r} is not known in [pins]; there are {', '.join(PINS)}")
    return pins


def _table(said: dict, name: str, path: Path) -> dict:
    table = said.get(name, {})
    if not isinstance(table, dict) or name != "late" and not all(isinstance(one, dict) for one in table.values()):
        example = {"labs": ", as [labs.arp]", "extensions": ", as [extensions.4711]"}.get(name, "")
        raise BadCourse(f"{path}: {name} is a table{example}")
    return table


def _number(table: dict, name: str, usual: float, path: Path, largest: int = 1000, about: str = "") -> float:
    value = table.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= largest:
        raise BadCourse(f"{path}: {name}{about} is a number from 0 to {largest}, not {value!r}")
    return value


def _date(value, name: str, path: Path) -> datetime:
    """A date, with its zone."""
    try:
        if isinstance(value, datetime):
            return value.astimezone()
    except (OverflowError, ValueError):  # before year 1, in another zone
        pass
    if isinstance(value, str):
        raise BadCourse(f"{path}: {name} is a date, without quotation marks, as in 2027-01-15T23:59:00+01:00")
    if isinstance(value, dict):
        raise BadCourse(f"{path}: {name} is a table, and a date is wanted; {toml_file.QUOTED}")
    raise BadCourse(f"{path}: {name} is a date as in 2027-01-15T23:59:00+01:00, not {value}")


def _salt(path: Path) -> bytes:
    try:
        status, text = path.stat(), path.read_text(encoding="utf-8-sig").strip()
    except FileNotFoundError:
        raise BadCourse(
            f"there is no {path}: variants cannot be told without the salt. Copy it here from where the "
            "course was begun."
        ) from None
    except (OSError, ValueError) as problem:
        raise BadCourse(f"{path} cannot be read: {getattr(problem, 'strerror', None) or problem}") from None
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise BadCourse(f"others can read {path}: chmod 600 {path}")
    if len(text) < 32:
        raise BadCourse(f"{path} has {len(text)} characters; a salt has 32 at least")
    return text.encode()
