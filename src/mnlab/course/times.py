"""When hand-ins came, as a platform or a server says in a table: Moodle's grading worksheet, or any with a student, a
login or a repository, and a time. What files say of themselves is the student's word, and is not asked."""

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from mnlab.course import csv_table, moodle
from mnlab.course.csv_table import BadTable
from mnlab.course.people import People
from mnlab.course.roster import COLUMNS, Student

#: What the column with the time may be called, in small letters; the first that is there is taken.
RECEIVED = ("received", moodle.RECEIVED, "submission time", "submitted at", "pushedat", "pushed_at", "time")
#: What says whose a hand-in is; what stands first counts where it is there.
STRONG = tuple(dict.fromkeys(name for what in ("id", "email", "login") for name in COLUMNS[what]))
NAMES, REPOSITORIES = COLUMNS["name"], ("repository", "repo", "name")
NEVER = ("", "-")  # nothing was handed in


def read(path: Path, roster: Sequence[Student], labs: Sequence[str]) -> dict[str, datetime]:
    """When the newest hand-in of each student came, by id, with a zone (this computer's where the table has none).
    BadTable if the table has no time, names nobody of the roster, or a time cannot be read."""
    heads, rows = csv_table.read(path)
    names = moodle.in_english(heads, rows)
    when = next((names.index(name) for name in RECEIVED if name in names), None)
    who = {name: names.index(name) for name in (moodle.IDENTIFIER, *STRONG, *NAMES, *REPOSITORIES) if name in names}
    if when is None or not who:
        missing = "when a hand-in came: received" if when is None else "whose it is: id, email, login or repository"
        raise BadTable(f"{path}: no column says {missing}. It has {', '.join(filter(None, heads))}")
    people, found = People(roster), dict[str, datetime]()
    for number, row in enumerate(rows, 2):
        text = row[when].strip() if when < len(row) else ""
        if text in NEVER:
            continue
        student = _student({name: row[place].strip() for name, place in who.items() if place < len(row)}, people, labs)
        if student:
            came = _moment(text, f"{path}, line {number}")
            found[student.id] = max(came, found.get(student.id, came))
    if not found:
        raise BadTable(f"{path}: no line with a time is of somebody in the roster")
    return found


def _student(said: dict[str, str], people: People, labs: Sequence[str]) -> Student | None:
    """Whose line it is. A number of Moodle's counts with the name that belongs to it."""
    def words(names: Sequence[str]) -> list[str]:
        return [said[name] for name in names if said.get(name)]

    name = next(iter(words(NAMES)), "")
    if participant := said.get(moodle.IDENTIFIER):
        return people.numbered(moodle.number(participant), name or participant)
    if any(words(STRONG)):
        return people.known_by(words(STRONG), name)
    return people.find(name) or next(filter(None, (people.called(word, labs) for word in words(REPOSITORIES))), None)


def _moment(text: str, place: str) -> datetime:
    try:
        return iso(text) if re.match(r"\d{4}-", text) else moodle.moment(text).astimezone()
    except (ValueError, OverflowError):
        raise BadTable(f"{place}: {text!r} is no time that can be read. One is 2027-01-15T23:59:00+01:00, or as Moodle "
                       "writes it, with the month's name") from None


def iso(text: str) -> datetime:
    """A day and a time of day (ISO 8601, and as Ruby writes it), with its zone, or this computer's if it names none.
    ValueError or OverflowError if it is none."""
    if not re.match(r"\d{4}-\d\d-\d\d[T ]\d\d", text):
        raise ValueError("a day and a time of day are wanted")
    return datetime.fromisoformat(re.sub(r"\s*(?:UTC|Z|([+-]\d\d:?\d\d))$", _zone, text)).astimezone()


def _zone(match: re.Match) -> str:
    return match[1] or "+00:00"
