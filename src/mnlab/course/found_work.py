"""Where in a hand-in the work for a lab lies, and what else it may be: another lab's, the starter, nothing."""

import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import islice
from pathlib import Path

from mnlab.course.results import LACKING, SEVERAL
from mnlab.lab.lab import Lab
from mnlab.lab.read_once import NOT_WORK, Work, read, read_answers, read_toml
from mnlab.lab.student_toml import BadWork
from mnlab.lab.work import ANSWERS, VARIANT, fill_in
from mnlab.machine import plain

DEPTH, PLACES = 32, 300  # folders within folders that are looked into, and all of them
NAMED = 3  # files, where none is of the lab
EMPTY, OTHER, UNUSABLE = "empty", "another lab's", "unusable"
ANOTHERS = "nothing"  # for this lab: the hand-in has work for others that are graded, too


@dataclass
class Found:
    """The work for a lab in a hand-in: `work` is None if there is none to grade, `kind` then says what it is instead
    ("" if there is). `notes` are what a teacher should know, `flags` what one should look at."""

    work: Work | None = None
    folder: Path | None = None
    kind: str = ""
    notes: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)


def find(folder: Path, lab: Lab, labs: list[Lab], unread: int = 0, asked: Collection[str] = ()) -> Found:
    """Look for the work for `lab` in a folder that holds whatever a student handed in, but `unread` archives that
    could not be unpacked; `labs` are those that it may be instead, unless they are `asked` for as well."""
    places = list(islice(_folders(folder), PLACES))
    if not places:
        return Found(kind=UNUSABLE if unread else EMPTY,
                     notes=["nothing else was handed in" if unread else "nothing was handed in"])
    at, fits = max(((place, _fit(place, lab)) for place in places), key=lambda one: one[1])
    best = at.path
    if fits[0] <= 0:
        if other := _other(places, lab, labs, asked):
            if other in asked:
                return Found(kind=ANOTHERS, notes=[f"nothing for {lab.name}: the hand-in has work for {other}"])
            return Found(kind=OTHER, notes=[f"this looks like work for {other}"])
        names = plain.names(sorted(map(_told, _names(folder))), NAMED)
        return Found(kind=UNUSABLE, notes=[f"there is no file of this lab in it, but {names}"])
    found = Found(folder=best)
    if len(places) == PLACES:
        found.notes.append(f"it has many folders: {PLACES} of them were looked into")
    if best != folder:
        found.notes.append(f"the work was found in {_told(str(best.relative_to(folder)))}/")
    if equal := [place for place in places if place != at and _fit(place, lab)[:2] == fits[:2]]:
        found.notes.append(f"{len(equal) + 1} folders look like this work; graded: "
                           f"{_told(str(best.relative_to(folder)))}/")
        found.flags.append(SEVERAL)
    try:
        found.work = read(best)
        said = found.work.lab
    except BadWork as problem:
        return Found(kind=UNUSABLE, folder=best, notes=[*found.notes, str(problem).replace(str(best), "the work")])
    if said not in (None, lab.name):
        return Found(kind=OTHER, folder=best, notes=[*found.notes, f"{VARIANT} says that it is for {said[:40]}"])
    if missing := sorted(set(_starter(lab)) - _names(best)):
        found.notes.append(f"missing: {', '.join(missing)}")
        found.flags.append(LACKING)
    return found


def is_unchanged(folder: Path, lab: Lab, params: dict) -> bool:
    """Whether a work folder is the starter as `mnlab start` wrote it, for the variant with these parameters, or as it
    lies in labs/."""
    return all(
        (folder / name).is_file()
        and (folder / name).read_bytes() in (fill_in(path.read_text(), params).encode(), path.read_bytes())
        for name, path in _starter(lab).items()
    )


@dataclass
class _Place:
    """A folder that may hold work, and the names of its files. What its TOML files say is read once."""

    path: Path
    names: frozenset[str]

    @cached_property
    def lab(self) -> str | None:
        """The lab that variant.toml names; None if it names none, or is too large or no TOML."""
        try:
            said = read_toml(self.path, VARIANT).values().get("lab") if VARIANT in self.names else None
        except BadWork:
            return None
        return said if isinstance(said, str) else None

    @cached_property
    def questions(self) -> set[bytes]:
        """The names of what answers.toml answers."""
        return _questions(read_answers(self.path).data) if ANSWERS in self.names else set()


def _folders(folder: Path) -> Iterator[_Place]:
    """Each folder that may hold work and has files, the outer ones first, and the names of these."""
    for here, inner, files in os.walk(folder):
        inner[:] = sorted(
            name for name in inner if name not in NOT_WORK and len(Path(here).relative_to(folder).parts) < DEPTH
        )
        if files:
            yield _Place(Path(here), frozenset(files))


def _fit(place: _Place, lab: Lab) -> tuple[int, ...]:
    """How well a folder fits a lab: by files of its own, then by answers and variant, then by being further out."""
    wanted = set(_starter(lab))
    own = len([name for name in wanted - {ANSWERS} if (place.path / name).is_file()])
    named = int(place.lab == lab.name)
    answers = int(ANSWERS in place.names and ANSWERS in wanted and (own > 0 or named > 0 or _may_answer(place, lab)))
    return (own + answers + named, own, -len(place.path.parts))


def _may_answer(place: _Place, lab: Lab) -> bool:
    """Whether the answers in a folder are to questions of this lab, or cannot be read, so that nobody can tell."""
    return not place.questions or bool(place.questions & _asks(lab))


def _questions(answers: bytes) -> set[bytes]:
    """The names of what is answered in a file, be it TOML or only nearly so."""
    return set(re.findall(rb"^[ \t]*([A-Za-z0-9_-]+)[ \t]*=", answers, re.MULTILINE))


def _other(places: list[_Place], lab: Lab, labs: list[Lab], asked: Collection[str]) -> str:
    """The other lab that some folder fits best, of two one that is `asked` for; "" if none."""
    fits = [
        (max(_fit(place, one) for place in places)[:2],
         max(len(place.questions & _asks(one)) for place in places),
         one.name in asked, one.name)
        for one in labs
        if one.name != lab.name
    ]
    best = max(fits, default=((0, 0), 0, False, ""))
    return best[3] if best[0] > (0, 0) else ""


def _told(name: str) -> str:
    """A path as it is told: what an archive was unpacked to is called like the archive, with a ~ (handins.gather)."""
    return name.replace("~/", "/").removesuffix("~")


@cache
def _asks(lab: Lab) -> set[bytes]:
    """The names of a lab's questions."""
    return _questions(_starter(lab)[ANSWERS].read_bytes()) if ANSWERS in _starter(lab) else set()


@cache
def _starter(lab: Lab) -> dict[str, Path]:
    return {
        str(path.relative_to(lab.starter)): path
        for path in sorted(lab.starter.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def _names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
