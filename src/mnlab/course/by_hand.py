"""What a teacher decides by hand, in by-hand.toml beside the results: points with a reason, comments. It changes no
result, and is shown beside it."""

import tomllib
from pathlib import Path

from mnlab.course import toml_file
from mnlab.course.results import replace

NAME = "by-hand.toml"
MOST = 1000  # points that are given by hand for one lab


class BadByHand(Exception):
    """by-hand.toml makes no sense. The text says where."""


def read(folder: Path) -> dict[tuple[str, str], dict]:
    """What a teacher wrote into by-hand.toml: [STUDENT.LAB] with points and reason, or comment. BadByHand if it makes
    no sense."""
    path = folder / NAME
    try:
        said = toml_file.read(path) if path.exists() else {}
    except (OSError, ValueError) as problem:
        raise BadByHand(f"{path} cannot be read: {getattr(problem, 'strerror', None) or problem}") from None
    found = {}
    for student, labs in said.items():
        for lab, words in labs.items() if isinstance(labs, dict) else ():
            if not isinstance(words, dict) or words.keys() - {"points", "reason", "comment"}:
                nested = isinstance(words, dict) and any(isinstance(value, dict) for value in words.values())
                raise BadByHand(f"{path}: [{student}.{lab}] has points and reason, or comment"
                                + (f"; {toml_file.QUOTED}" if nested else ""))
            points = words.get("points")
            if points is not None and (isinstance(points, bool) or not isinstance(points, (int, float))
                                       or not 0 <= points <= MOST):
                raise BadByHand(f"{path}: points of [{student}.{lab}] are a number from 0 to {MOST}, not {points!r}")
            if strange := [part for part in ("reason", "comment") if not isinstance(words.get(part, ""), str)]:
                raise BadByHand(f"{path}: {strange[0]} of [{student}.{lab}] is a text, in quotation marks")
            if points is not None and not words.get("reason"):
                raise BadByHand(f"{path}: [{student}.{lab}] gives points; say the reason, too")
            found[student, lab] = words
        if not isinstance(labs, dict):
            raise BadByHand(f"{path}: write [{student}.LAB], and below it points and reason, or comment")
    return found


def forget(folder: Path, student: str) -> None:
    """Remove what by-hand.toml decides of a student; the rest of it stays as it was written. BadByHand if that cannot
    be done: then nothing was changed."""
    before = toml_file.read(folder / NAME) if read(folder) else {}
    if student not in before:
        return
    kept, beside, within = list[str](), list[str](), False
    for line in (folder / NAME).read_text(encoding="utf-8-sig").splitlines(keepends=True):
        if not line.strip() or line.lstrip().startswith("#"):
            beside.append(line)  # a comment is of what follows
            continue
        if (key := _first_key(line)) is not None:
            within = key == student
        kept += [] if within else [*beside, line]
        beside = []
    text = "".join([*kept, *beside]).lstrip("\n")
    try:
        done = tomllib.loads(text) == {name: said for name, said in before.items() if name != student}
    except ValueError:
        done = False
    if not done:
        raise BadByHand(f"{folder / NAME}: remove [{student}. ...] from it first, by hand: it is written in a way "
                        "that is not understood here")
    replace(folder / NAME, text, durable=True)


def _first_key(line: str) -> str | None:
    """The first part of the name of the table that a line begins; None if it begins none."""
    try:
        return next(iter(tomllib.loads(line)), None) if line.lstrip().startswith("[") else None
    except ValueError:
        return None
