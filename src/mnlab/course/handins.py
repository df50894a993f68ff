"""What a platform lets a teacher download, sorted by student: folders, archives and loose files, with names that
Moodle, Canvas, Gradescope and git hosting give them, or that are a student's id, email address or name."""

import hashlib
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from mnlab.course import archives, times
from mnlab.course.archives import BadArchive, Unpacked, readable
from mnlab.course.people import People
from mnlab.course.roster import Student
from mnlab.lab.read_once import NOT_WORK
from mnlab.machine import plain

#: "Ada Lovelace_90001_assignsubmission_file_", a folder or before a file's name (Moodle: assign/locallib.php).
MOODLE = re.compile(r"(?P<name>.+?)_(?P<lms>\d+)_assignsubmission_(?:file|onlinetext)(?:_(?P<rest>.*))?")
#: "lovelaceada_LATE_901_77001_resolver-1.py", and "lovelaceada_901_text.html" (Canvas: "Download Submissions").
CANVAS = re.compile(r"(?P<name>[^_]+)(?:_(?P<late>LATE))?_(?P<lms>\d+)_(?:\d+_|(?=text\.html$))(?P<rest>.+)")
GRADESCOPE, METADATA = re.compile(r"submission_\d+"), "submission_metadata.yml"
AGAIN = re.compile(r"-\d+(?=(\.[^.]*)?$)")  # what Canvas puts into the name of a file that was handed in again
IGNORED = ("Thumbs.db", "desktop.ini", "index.html")  # beside the hand-ins; Moodle writes an index
NAMED = 3  # students whom a name may mean, and names of files
WRAPPINGS = 4  # folders, one in the other, of which one has the hand-ins
NOBODY = "?"  # stands before the name of a hand-in that belongs to no student of the roster


class BadSubmissions(Exception):
    """What was downloaded cannot be sorted. The text says which file and why."""


@dataclass
class HandIn:
    """What one student handed in. `student` is None if nobody in the roster fits; `key` tells hand-ins apart, and is
    the student's id if there is one. `received` is a platform's time; `late` its word, without one. `group`: who hands
    in together, the one whose work it is first."""

    key: str
    student: Student | None
    sources: list[tuple[Path, str]] = field(default_factory=list)  # and the file's own name ("": as it is called)
    received: datetime | None = None
    late: bool = False
    notes: list[str] = field(default_factory=list)
    unread: int = 0  # archives that could not be unpacked, and what nobody lets us read
    group: tuple[str, ...] = ()


def found_in(folder: Path, roster: list[Student], labs: Sequence[str] = (),
             groups: Mapping[str, Sequence[str]] | None = None) -> list[HandIn]:
    """The hand-ins in a folder, one for each student, in the order of the roster, then those of nobody. A name may have
    one of these labs before or after the student's: arp-ada, 4711_arp. What is called like one of the `groups`, or like
    a group of the roster where Moodle lets these hand in, is of all who are in it. With a roster, a folder around the
    hand-ins is looked through.

    OSError if the folder cannot be read."""
    people, known = People(roster, groups), dict[str, HandIn]()
    folder = _unwrapped(folder, people, labs)
    about = _gradescope(folder / METADATA)
    for path in _hand_ins(folder):
        for title, student, whose, received, late, own in _belongs(path, people, about, labs):
            key = student.id if student else f"{NOBODY}{title}"
            one = known.setdefault(key, HandIn(student.id if student else _title(title), student))
            one.sources.append((path, own))
            one.late |= late
            if received and (one.received is None or received > one.received):
                one.received = received
            if not student and roster:
                one.notes.append(f"{readable(path.name)}: " + (
                    f"it may be of {plain.names(whose, NAMED)}: rename it to the student's id" if whose else
                    "no student in the roster is called so: rename it to the student's id"))
    order = {student.id: number for number, student in enumerate(roster)}
    return sorted(known.values(), key=lambda one: (order.get(one.key, len(order)), one.key))


def _title(title: str) -> str:
    """What a hand-in of nobody is called: readable, and not like another one."""
    plainly = readable(title)
    return f"{NOBODY}{plainly}" if plainly == title else (
        f"{NOBODY}{plainly[:60]}~{hashlib.sha256(title.encode(errors='surrogatepass')).hexdigest()[:6]}")


def _hand_ins(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir())
            if path.name not in (*IGNORED, *archives.NOT_WORK, METADATA) and not path.name.startswith(".")]


def _unwrapped(folder: Path, people: People, labs: Sequence[str]) -> Path:
    """The folder that has the hand-ins: unpacking often makes one more around it."""
    here = folder
    for _ in range(WRAPPINGS):
        there = _hand_ins(here)
        if (here / METADATA).is_file() or any(
                student for path in there for _, student, *_ in _belongs(path, people, {}, labs)):
            return here
        if len(there) != 1 or not there[0].is_dir() or there[0].is_symlink():
            break
        here = there[0]
    return folder


def shared(found: list[HandIn], roster: list[Student], groups: Mapping[str, Sequence[str]]) -> list[HandIn]:
    """The hand-ins, and those of everybody whose group ({its name: ids}) has handed in; the newest counts for who has
    not. A platform's own groups share what they handed in. BadSubmissions if a group names somebody unknown."""
    people, known = {student.id: student for student in roster}, {one.key: one for one in found}
    for one in found:
        same = [other.key for other in found if one.student and other.sources == one.sources]
        one.group = tuple(same) if len(same) > 1 else ()
    for name, members in groups.items():
        if strange := [member for member in members if member not in people]:
            raise BadSubmissions(f"the group {name} names {strange[0]}, who is not in the roster")
        there = [known[member] for member in members if member in known]
        if not there:
            continue
        first = max(there, key=lambda one: one.received.timestamp() if one.received else 0)
        as_one = all(one.sources == first.sources for one in there)  # a folder that is called after the group, say
        for one in there:
            begun = first.key if as_one else one.key  # whose variant it is
            one.group = (begun, *(member for member in members if member != begun))
            one.notes += [] if as_one else [f"{len(there)} members of the group {name} handed in"]
        for member in members:
            if member not in known:
                known[member] = replace(first, key=member, student=people[member], sources=list(first.sources),
                                        notes=[*first.notes, f"handed in by {first.key}, of the group {name}"])
    order = {student.id: number for number, student in enumerate(roster)}
    return sorted(known.values(), key=lambda one: (order.get(one.key, len(order)), one.key))


def _belongs(path: Path, people: People, about: dict, labs: Sequence[str]) -> Iterator[
        tuple[str, Student | None, list[str], datetime | None, bool, str]]:
    """Whose a hand-in is (a group's is each member's): a title for it, the student, whom it may be of if it is
    nobody's, when it came, late or not, and what the file was called."""
    if GRADESCOPE.fullmatch(path.name) and (said := about.get(path.name)):
        received = _moment(said.get(":created_at"), path)
        for person in said.get(":submitters") or [{}]:
            *strong, name = [str(person.get(part) or "") for part in (":sid", ":email", ":name")]
            title, student = next(filter(None, [*strong, name]), path.name), people.known_by(strong, name)
            yield title, student, people.several(*strong, name), received, False, ""
        return
    late, own, team = False, "" if path.is_dir() else path.name, list[Student]()
    if match := MOODLE.fullmatch(path.name) or CANVAS.fullmatch(path.name):
        name, rest = match["name"], match["rest"] or path.name
        title, student = f"{name} {match['lms']}", people.numbered(match["lms"], name)
        late = bool(match.groupdict().get("late"))
        own = AGAIN.sub("", rest) if match.re is CANVAS else "" if path.is_dir() else rest
        team = people.group(name, sections=match.re is MOODLE)
    else:
        title = name = path.name if path.is_dir() else _stem(path)
        student, team = people.called(title, labs), people.group(title)
    whose = people.several(name)
    yield from ((title, one, whose, None, late, own) for one in ([student] if student or not team else team))


def _moment(text: object, path: Path) -> datetime | None:
    """When Gradescope got something; None if it does not say. BadSubmissions if that is no moment."""
    try:
        return times.iso(str(text)) if text else None
    except (ValueError, OverflowError):
        raise BadSubmissions(f"{path.parent / METADATA}: :created_at of {path.name} is no time: {str(text)[:60]!r}"
                             ) from None


def _stem(path: Path) -> str:
    name = next((path.name[: -len(end)] for end in archives.ENDINGS if path.name.lower().endswith(end)), "")
    return name or path.stem


def _gradescope(path: Path) -> dict:
    """What Gradescope's export says of each of its folders; {} if it is no such export. BadSubmissions if what it says
    cannot be read: whose each folder is would be a guess."""
    if not path.is_file():
        return {}
    import yaml  # type: ignore[import-untyped]

    try:  # all of it as texts: an id may begin with 0, and Ruby may say of which class of its own something is
        said = yaml.load(path.read_text(errors="replace"), yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as problem:
        raise BadSubmissions(f"{path} is not YAML: {' '.join(str(problem).split())[:200]}") from None
    if not isinstance(said, dict) or not all(isinstance(about, dict) for about in said.values()):
        raise BadSubmissions(f"{path} is not what Gradescope exports: it has no table of submissions")
    for name, about in said.items():
        people = about.get(":submitters") or []
        if not isinstance(people, list) or not all(isinstance(person, dict) for person in people):
            raise BadSubmissions(f"{path} is not what Gradescope exports: the :submitters of {readable(str(name))} are "
                                 "no list of students")
    return said


def gather(one: HandIn, folder: Path) -> None:
    """Lay all that belongs to a hand-in into a folder, which is made: archives unpacked, also one within a folder.
    What could not be unpacked, or was left out, is noted."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = Unpacked()
    for path, own in one.sources:
        place = folder / readable(path.name)  # what was handed in apart stays apart
        with _bounded(path, one), _readable_only(path, one):
            if path.is_symlink():
                one.notes.append(f"{readable(path.name)}: it is a link, and not followed")
            elif path.is_dir():
                _copy(path, folder if len(one.sources) == 1 else place, one, whole)
            elif archives.is_archive(path) and path.is_file():
                _unpack(path, place, one, whole)
            else:
                _copy_file(path, folder / readable(own or path.name), one, whole)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and archives.is_archive(path):
            beside = path.with_name(path.name + "~")
            while beside.exists():
                beside = beside.with_name(beside.name + "~")
            with _readable_only(path, one):
                _unpack(path, beside, one, whole)


@contextmanager
def _bounded(path: Path, one: HandIn) -> Iterator[None]:
    """A folder that has too much, or too much in it, is noted."""
    try:
        yield
    except BadArchive as problem:
        one.notes.append(f"{readable(path.name)}: {problem}; the rest was left out")
        one.unread += 1


@contextmanager
def _readable_only(path: Path, one: HandIn) -> Iterator[None]:
    """What we may not read, by a mode that came out of an archive, say, or cannot, as its name is too long, is noted,
    and stops no class."""
    try:
        yield
    except OSError as problem:
        if archives.is_ours(problem):
            raise
        why = ("there is no permission to read it (chmod u+rwX)" if isinstance(problem, PermissionError) else
               f"it cannot be read: {problem.strerror}")
        one.notes.append(f"{readable(path.name)}: {why}; left out")
        one.unread += 1


def _unpack(path: Path, folder: Path, one: HandIn, whole: Unpacked) -> None:
    told = len(whole.refused)
    try:
        archives.unpack(path, folder, whole)
        one.notes += [f"{readable(path.name)}: {words}; left out" for words in whole.refused[told:]]
    except BadArchive as problem:
        one.notes.append(f"{readable(path.name)}: {problem}")
        one.unread += 1
        shutil.rmtree(folder, ignore_errors=True)


def _copy(source: Path, target: Path, one: HandIn, whole: Unpacked, depth: int = 0) -> None:
    """Copy a folder's plain files; links are not followed. Bounded as archives are."""
    whole.count(entries=1)
    target.mkdir(parents=True, exist_ok=True)
    if depth > archives.DEPTH:
        one.notes.append(f"{readable(source.name)}: it lies more than {archives.DEPTH} folders deep; left out")
        return
    for path in sorted(source.iterdir()):
        with _readable_only(path, one):
            if path.is_symlink():
                one.notes.append(f"{readable(path.name)}: it is a link; left out")
            elif path.is_dir() and path.name not in NOT_WORK:
                _copy(path, target / readable(path.name), one, whole, depth + 1)
            elif path.is_file():
                _copy_file(path, target / readable(path.name), one, whole)


def _copy_file(path: Path, place: Path, one: HandIn, whole: Unpacked) -> None:
    if not path.is_file() or path.is_symlink():
        one.notes.append(f"{readable(path.name)}: it is no plain file; left out")
    elif path.stat().st_size > archives.BYTES:
        one.notes.append(f"{readable(path.name)}: it is larger than {archives.BYTES >> 20} MiB; left out")
    elif place.exists():
        one.notes.append(f"{readable(path.name)}: there are two of this name; one was left out")
    else:
        whole.count(entries=1, size=path.stat().st_size)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
