"""The students' edition of the labs: a tree without solutions, and with as much of the checks as the course allows. It
says so in edition.toml, beside labs/."""

import json
from dataclasses import dataclass, field
from functools import cache

from mnlab.lab.lab import LARGEST_SEED, ROOT, BrokenLab, Lab

ABOUT = "edition.toml"
ASKED = "asked.json"  # in a lab's folder: what will be checked, where its checks are left out


@dataclass(frozen=True)
class Edition:
    """What edition.toml says: of which course this is; and of whom, with the seeds and macs of their variants by lab,
    if it was made for one student."""

    title: str = ""
    student: str = ""
    seeds: dict[str, int] = field(default_factory=dict)
    macs: dict[str, str] = field(default_factory=dict)

    def signed(self, lab: str, seed: int) -> dict[str, str]:
        """What variant.toml says of its student, if the seed is theirs."""
        return {"student": self.student, "mac": self.macs[lab]} if self.seeds.get(lab) == seed else {}


@cache
def edition() -> Edition | None:
    """The students' edition that this mnlab is; None if it is the whole."""
    path = ROOT / ABOUT
    if not path.is_file():
        return None
    import tomllib  # not at the top: the whole mnlab has none to read
    try:
        said = tomllib.loads(path.read_text())
        found = Edition(said["title"], said.get("student", ""), said.get("seeds", {}), said.get("macs", {}))
        _insist(isinstance(found.student, str) and isinstance(found.seeds, dict) and isinstance(found.macs, dict))
        _insist(not found.seeds or found.seeds.keys() == found.macs.keys())
        _insist(all(type(seed) is int and 0 <= seed <= LARGEST_SEED for seed in found.seeds.values()))
        _insist(all(isinstance(mac, str) for mac in found.macs.values()))
        return found
    except (OSError, ValueError, KeyError) as problem:
        raise BrokenLab(f"{path}:", problem, "it says of which course this is: take a new copy") from None


def _insist(whole: bool) -> None:
    if not whole:
        raise ValueError("it is damaged")


def asked(lab: Lab) -> dict | None:
    """What will be checked: {"work", "observation": points, "features": what the checks name, "checks": [{"title",
    "points"}]}, the last [] if the course keeps that to itself; None if the checks themselves are here."""
    path = lab.folder / ASKED
    if lab.checks.is_file() or not path.is_file():
        return None
    try:
        said = json.loads(path.read_text())
        _insist(isinstance(said, dict) and all(type(said.get(part)) is int for part in ("work", "observation")))
        _insist(all(isinstance(said.get(part), list) for part in ("features", "checks")))
        _insist(all(isinstance(one, dict) and isinstance(one.get("title"), str) and type(one.get("points")) is int
                    for one in said["checks"]))
        return said
    except (OSError, ValueError) as problem:
        raise BrokenLab(f"{path}:", problem, "it says what will be checked: take a new copy") from None
