"""Two runs of a lab side by side: verdicts that differ, what they were run on, and where their messages part."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from mnlab.checks.verdicts import CheckResult, LabResult
from mnlab.evidence.run import Run
from mnlab.report.sightings import Arrow

BEFORE, AFTER = 3, 6  # messages that are shown before and from the first difference on
#: What differs each time without meaning anything: the identifier of echo requests is the program's process id.
_CHANCE = re.compile(r"\bid \d+")
_ADDRESS = re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b|\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b")


@dataclass(frozen=True)
class Side:
    """One of the two runs, its verdicts, and its messages: scene -> arrows in order of time."""

    name: str
    run: Run
    result: LabResult
    messages: Mapping[str, Sequence[Arrow]]

    @property
    def facts(self) -> dict[str, str]:
        """What it is a run of, in words."""
        machine = self.run.manifest.get("machine", {})
        whose = {"student": "a student's work", "solution": "the solution"}
        return {"lab": self.result.lab, "work": whose.get(self.result.work, "unknown"), "seed": str(self.result.seed),
                "machine": str(machine.get("name") or "this computer"), "kernel": str(self._kernel() or "unknown"),
                "clock": str(machine.get("clock", "unknown")),
                "points": f"{self.result.points} of {self.result.max_points}", "verdict": self.result.status,
                "evidence": self.result.evidence_sha256[:16]}

    def _kernel(self) -> str:
        return next((record.manifest.get("kernel", "") for record in self.run.scenes.values()), "")


@dataclass(frozen=True)
class Verdict:
    """A check on which the two differ; None where one has no such check."""

    title: str
    one: CheckResult | None
    other: CheckResult | None


@dataclass(frozen=True)
class Parting:
    """Where the messages of a scene part: `same` of them are equal, then come `one` and `other`. `before` are the last
    equal ones."""

    scene: str
    title: str
    same: int
    before: tuple[Arrow, ...]
    one: tuple[Arrow, ...]
    other: tuple[Arrow, ...]

    @property
    def words(self) -> str:
        """How far they are the same."""
        return "1 message is the same" if self.same == 1 else f"{self.same} messages are the same"


def facts(one: Side, other: Side) -> list[tuple[str, str, str, bool]]:
    """What is said of each: name, both values, and whether they differ."""
    pairs = zip(one.facts.items(), other.facts.values(), strict=True)
    return [(name, mine, theirs, mine != theirs) for (name, mine), theirs in pairs]


def verdicts(one: Side, other: Side) -> list[Verdict]:
    """The checks with another status, in the first one's order, then those that only the other has."""
    mine, theirs = ({check.name: check for check in side.result.checks} for side in (one, other))
    found = [(mine.get(name), theirs.get(name)) for name in dict.fromkeys([*mine, *theirs])]
    return [Verdict((left or right).title, left, right) for left, right in found  # type: ignore[union-attr]
            if (left and left.status) != (right and right.status)]


def partings(one: Side, other: Side) -> list[Parting]:
    """The first difference of each scene that both have and in which there is one; times do not count."""
    found = []
    for scene in one.messages.keys() & other.messages.keys():
        mine, theirs = one.messages[scene], other.messages[scene]
        same = next((number for number, (left, right) in enumerate(zip_longest(mine, theirs))
                     if left is None or right is None or _words(one, left) != _words(other, right)), None)
        if same is not None:
            found.append(Parting(scene, one.run.title(scene), same, tuple(mine[max(0, same - BEFORE):same]),
                                 tuple(mine[same:same + AFTER]), tuple(theirs[same:same + AFTER])))
    return sorted(found, key=lambda parting: list(one.messages).index(parting.scene))


def _words(side: Side, arrow: Arrow) -> tuple:
    """What a message says, with hosts in the place of their addresses: those are each variant's own."""
    names = next(iter(side.run.scenes.values())).name_of
    text = _ADDRESS.sub(lambda match: names(match[0]), _CHANCE.sub("id", arrow.text))
    return arrow.source, arrow.target, arrow.protocol, text, arrow.lost


def in_words(one: Side, other: Side) -> list[str]:
    """The comparison for a terminal."""
    rows = [(name, mine, theirs, "  differs" if differs else "") for name, mine, theirs, differs in facts(one, other)]
    wide = max(len(one.name), *(len(mine) for _, mine, _, _ in rows))
    lines = [f"{'':<10}{one.name:<{wide}}  {other.name}",
             *(f"{name:<10}{mine:<{wide}}  {theirs}{differs}" for name, mine, theirs, differs in rows)]
    differing = verdicts(one, other)
    lines += ["", "1 verdict differs" if len(differing) == 1 else f"{len(differing)} verdicts differ"]
    lines += [f"  {_status(verdict.one)} | {_status(verdict.other)}  {verdict.title}" for verdict in differing]
    parted = partings(one, other)
    for parting in parted:
        lines += ["", f"{parting.title}: {parting.words}, then"]
        for side, arrows in ((one, parting.one), (other, parting.other)):
            first = arrows[0] if arrows else None
            lines.append(f"  {side.name}: {message(first) if first else 'no more'}")
    return lines if parted else [*lines, "", "all messages are the same"]


def message(arrow: Arrow) -> str:
    """A message in one line: "0.034000 s  h1 to h2: echo request"."""
    lost = " (lost)" if arrow.lost else ""
    return f"{arrow.time:.6f} s  {arrow.source} to {arrow.target or 'all'}: {arrow.text}{lost}"


def _status(check: CheckResult | None) -> str:
    return check.status if check else "no such check"


def as_dict(one: Side, other: Side, page: str) -> dict:
    """For --json."""
    return {"runs": [{"name": side.name, **side.facts} for side in (one, other)], "page": page,
            "verdicts": [{"title": verdict.title, "statuses": [_status(verdict.one), _status(verdict.other)]}
                         for verdict in verdicts(one, other)],
            "messages": [{"scene": parting.scene, "same": parting.same,
                          "then": [message(arrows[0]) if arrows else None for arrows in (parting.one, parting.other)]}
                         for parting in partings(one, other)]}
