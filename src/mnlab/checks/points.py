"""What a lab's checks.py is written with: points, claims, hints, and failures that explain themselves."""

import re
import reprlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from mnlab.lab.features import known

BY_CHANCE = re.compile(r"(?=.*[0-9])[0-9a-f]{16,}")  # a key or a digest: another one in each run
LARGEST = 10**30  # nothing here is counted or measured beyond it
SHOWN = 200  # characters of a value that are shown back
PART = 600  # characters of each part of a message: an address, a line or two of a program's; not a whole file


class _Shown(reprlib.Repr):
    """repr() in bounded time and length, of whatever value."""

    def __init__(self):
        super().__init__()
        self.maxstring = self.maxother = SHOWN
        self.maxlist = self.maxtuple = self.maxdict = self.maxset = 100
        self.maxlevel = 2

    def repr_int(self, value, level) -> str:
        """Python itself refuses to write down an integer of more than 4,300 digits."""
        return repr(value) if value.bit_length() <= 256 else f"a whole number of {value.bit_length():,} bits"


_shown = _Shown()


def show(value, longest: int = SHOWN) -> str:
    """A student's value as Python writes it, in `longest` characters at most: fit to print, whatever it is."""
    return cut(_shown.repr(value), longest)


def cut(text: str, longest: int) -> str:
    """`text`, or its beginning and how much there is: `longest` characters at most."""
    rest = f"... ({len(text):,} characters)"
    return text if len(text) <= longest else text[:longest - len(rest)] + rest


@dataclass(frozen=True)
class Sight:
    """Something that a check saw in a run, in words, which on another kernel may look otherwise: `value` answers
    `question`. A measured one is a number, and the same as another within `share` of it and `slack`."""

    question: str
    value: object
    share: float = 0.0
    slack: float = 0.0

    def agrees(self, other: "Sight") -> bool:
        if not self.share or not isinstance(self.value, (int, float)) or not isinstance(other.value, (int, float)):
            return self.value == other.value
        return abs(self.value - other.value) <= self.share * abs(self.value) + self.slack


_watched: ContextVar[list[Sight] | None] = ContextVar("watched", default=None)


@contextmanager
def watching() -> Iterator[list[Sight]]:
    """Gather what the checks that are carried out meanwhile say that they saw (the atlas compares it)."""
    sights: list[Sight] = []
    token = _watched.set(sights)
    try:
        yield sights
    finally:
        _watched.reset(token)


def saw(question: str, value, share: float = 0.0, slack: float = 0.0) -> None:
    """Say what a check saw that may be otherwise on another kernel: for the atlas (`mnlab atlas`), no verdict. `value`
    is plain data; a number that was measured is the same within `share` of it (0.05: 5 %) and `slack`."""
    if (sights := _watched.get()) is not None:
        sights.append(Sight(question, value, share, slack))


_witness: ContextVar[Callable | None] = ContextVar("witness", default=None)


@contextmanager
def witnessed_by(witness: Callable) -> Iterator[None]:
    """Each time that a check says meanwhile what it expects, `witness` is called with the function (its Python frame)
    that says so: for the frames that decided it (touched.py)."""
    token = _witness.set(witness)
    try:
        yield
    finally:
        _witness.reset(token)


class CheckFailed(AssertionError):
    """The evidence contradicts the claim. Says what was done, what was expected, and what was seen.

    Each part may be of any length and kind: what a student or a program wrote is shown as far as PART.
    """

    def __init__(self, done: str = "", expected: str = "", seen: str = "", text: str = ""):
        parts = [("done", done), ("expected", expected), ("seen", seen)]
        self.parts = {label: _part(part) for label, part in parts if part != ""}
        super().__init__("\n".join([*([cut(text, PART)] if text else []), *labelled(self.parts)]))


def labelled(parts: dict[str, str]) -> list[str]:
    """Parts of a message (done, expected, seen, hint) as people read them: a line each, with its name."""
    return [f"{label + ':':<10}{part}" for label, part in parts.items()]


def _part(value) -> str:
    """A part of a message."""
    return show(value, PART) if isinstance(value, (int, list, tuple, dict)) else cut(str(value).strip(), PART)


@dataclass(frozen=True)
class Points:
    """What a check is worth, which claims of the curriculum it shows, what to tell whoever fails it, and the features
    (lab/features.py) without which a machine cannot show it. An observation is worth it in a demonstration alone."""

    points: int
    claims: tuple[str, ...]
    hint: str
    where: tuple[str, ...] = ()
    observation: bool = False


def points(points: int, claim: str | tuple[str, ...] = (), hint: str = "", where: str | tuple[str, ...] = ()):
    """Mark a function of checks.py, check_..., as a check worth `points`, showing `claim` (an id of docs/claims.md or
    several), with a `hint` for whoever misses it; not applicable on a machine that does not show the features `where`
    (a name or several, lab/features.py).

    TypeError if these are no points, ValueError if there is no such feature."""
    return _marker(points, claim, hint, where)


def observation(points: int, claim: str | tuple[str, ...] = (), hint: str = "", where: str | tuple[str, ...] = ()):
    """The same for a check of what the network alone shows: it proves its claim, and whoever hands in work gets no
    points for it. It must not look at what the student's program did, nor at an answer."""
    return _marker(points, claim, hint, where, observation=True)


def _marker(points: int, claim, hint: str, where, observation: bool = False):
    if type(points) is not int or points < 0:
        raise TypeError(f"a check is worth a whole number of points, not {points!r}")
    claims, features = (claim,) if isinstance(claim, str) else tuple(claim), known(where)

    def mark(function):
        function.points = Points(points, claims, hint, features, observation)
        return function

    return mark


def plainly_written(text: str) -> tuple[int, int] | None:
    """The points that the text of a checks.py gives, for work and for observations, where each check says its own as a
    number in the file; else None.

    To load the checks of all labs takes half a second.
    """
    checks = re.findall(r"^def (check_\w+)", text, re.M)
    marks = re.findall(r"^@(points|observation)\((?:(\d+)(?=[,)]))?", text, re.M)
    plain = checks and all(number for _, number in marks) and len(marks) == len(checks) == len(set(checks))
    return tuple(sum(int(number) for kind, number in marks if kind == wanted)
                 for wanted in ("points", "observation")) if plain else None  # type: ignore[return-value]


def expect(ok, *, done: str = "", expected: str = "", seen: str = "") -> None:
    """Fail the check (CheckFailed) unless `ok`: what was done on the network, what the claim says must follow, what was
    seen. Each is shown as far as 600 characters."""
    if witness := _witness.get():
        witness(sys._getframe(1))
    if not ok:
        raise CheckFailed(done, expected, seen)


def same(answer, right, question: str) -> None:
    """Fail the check unless an answer of answers.toml (answers.text("KEY")) is what the student's own run shows.
    `question` says what was asked, mostly the key; the right answer is not shown."""
    if not BY_CHANCE.fullmatch(str(right)):
        saw(question, right)
    expect(answer == right, done=f"answers.toml: {question}", expected="what your own run shows", seen=show(answer))


def near(answer: float, right: float, question: str, share: float, slack: float = 0.0) -> None:
    """The same for a number that was measured: it may be off by a `share` of the right one (0.05: 5 %), and by `slack`,
    in its unit, besides."""
    saw(question, right, share, slack)
    if isinstance(answer, bool) or not isinstance(answer, (int, float)) or not abs(answer) < LARGEST:
        raise CheckFailed(f"answers.toml: {question}", "a number", show(answer))
    off = f"{100 * share:g} %" + (f" and {slack:g}" if slack else "")
    expect(abs(answer - right) <= share * right + slack, done=f"answers.toml: {question}",
           expected=f"what your own run shows, to {off}", seen=f"{answer:g}")
