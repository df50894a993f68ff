"""What of the claims holds on which machine, and what looks otherwise there: the same labs, run on each.

A claim *holds* on a machine if all checks that show it pass. It *differs* if they pass, and say that they saw something
else than on the first machine (checks/points.py, saw). What is to be said of that to a teacher, with its source, stands
beside the lab, in atlas.toml.
"""

import tomllib
from collections.abc import Iterable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

from mnlab.checks.answers import Answers
from mnlab.checks.grade import checks_of, judged
from mnlab.checks.points import Sight, watching
from mnlab.checks.session import reference_answers
from mnlab.checks.verdicts import FAILED, INCONCLUSIVE, NOT_APPLICABLE, PASSED
from mnlab.evidence.run import Run
from mnlab.lab.lab import BrokenLab, Lab, written_in

HOLDS, DIFFERS, FAILS = "holds", "differs", "FAILS"
WORDS = "atlas.toml"
WORST = (FAILED, INCONCLUSIVE, NOT_APPLICABLE, PASSED)  # of several checks, the first of these is the claim's


@dataclass(frozen=True)
class Shown:
    """One claim on one machine: the worst status of its checks, why, and what they saw."""

    status: str
    why: str = ""
    sights: dict[str, Sight] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One claim of one lab on all machines. `verdicts` and `seen` (what differs, in words) are by machine."""

    claim: str
    lab: str
    verdicts: dict[str, str]
    seen: dict[str, str]
    says: str = ""
    source: str = ""

    @property
    def same(self) -> bool:
        """Whether there is nothing to tell."""
        return set(self.verdicts.values()) == {HOLDS}

    def as_dict(self) -> dict:
        """For --json."""
        return {"claim": self.claim, "lab": self.lab, "machines": self.verdicts, "seen": self.seen, "says": self.says,
                "source": self.source}


def look(lab: Lab, run: Run) -> dict[str, Shown]:
    """What a run of the solution shows, by claim."""
    answers: Answers = reference_answers(lab, run)
    found: dict[str, Shown] = {}
    for check in checks_of(lab, run)[0]:
        with watching() as sights, redirect_stdout(StringIO()), redirect_stderr(StringIO()):  # a check may print
            result = judged(check, run, answers)
        here = Shown(result.status, result.message, {sight.question: sight for sight in sights})
        for claim in result.claims:
            found[claim] = _both(found[claim], here) if claim in found else here
    return found


def _both(one: Shown, other: Shown) -> Shown:
    worst = min(one, other, key=lambda shown: WORST.index(shown.status))
    return Shown(worst.status, worst.why, one.sights | other.sights)


def compare(lab: Lab, seen: dict[str, dict[str, Shown]]) -> list[Row]:
    """A row for each claim of a lab, from what was seen there on each machine; the first is what others differ from."""
    words = words_of(lab)
    first = next(iter(seen.values()))
    rows = []
    for claim in first:
        told = words.get(claim, {})
        shown = {machine: claims[claim] for machine, claims in seen.items()}
        odd = _odd(shown.values())
        rows.append(Row(claim, lab.name, {machine: _verdict(one, first[claim]) for machine, one in shown.items()},
                        {machine: _words(one, odd) for machine, one in shown.items()},
                        told.get("says", ""), told.get("source", "")))
    return rows


def words_of(lab: Lab) -> dict[str, dict[str, str]]:
    """What the lab's atlas.toml says of its claims, {claim: {"says", "source"}}; {} if there is none. BrokenLab if it
    cannot be read, or has not just that."""
    path: Path = lab.folder / WORDS
    if not path.is_file():
        return {}
    with written_in(lab.folder, f"{WORDS} has a table for each claim, with says and source"):
        found = tomllib.loads(path.read_text())
    for claim, told in found.items():
        if not isinstance(told, dict) or set(told) != {"says", "source"} or not all(
                isinstance(text, str) and text for text in told.values()):
            raise BrokenLab(f"{path}:", ValueError(f"[{claim}] has not just says and source, two texts"))
    return found


def _odd(shown: Iterable[Shown]) -> list[str]:
    """The questions that are not answered alike on all machines, in their order."""
    everyone = list(shown)
    questions = dict.fromkeys(question for one in everyone for question in one.sights)
    return [question for question in questions
            if not all(_agree(everyone[0].sights.get(question), one.sights.get(question)) for one in everyone[1:])]


def _agree(one: Sight | None, other: Sight | None) -> bool:
    return one is None or other is None or one.agrees(other)


def _verdict(shown: Shown, first: Shown) -> str:
    if shown.status != PASSED:
        return FAILS if shown.status == FAILED else shown.status
    return DIFFERS if _odd([first, shown]) else HOLDS


def _words(shown: Shown, odd: list[str]) -> str:
    if shown.status != PASSED:
        return " ".join(shown.why.split())
    return "; ".join(f"{question}: {_value(shown.sights[question].value)}" for question in odd
                     if question in shown.sights)


def _value(value) -> str:
    """A value as a reader would write it."""
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_value, value))
    if isinstance(value, dict):
        return ", ".join(f"{key} {_value(one)}" for key, one in value.items())
    return f"{value:.4g}" if isinstance(value, float) else str(value)
