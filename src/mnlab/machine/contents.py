"""What is in which image: the packages that are asked for, by what they are for, with the versions of locks.

`mnlab machine contents` prints it; docs/machine.md has it, between MARKS, of the locks in machine/locks.
"""

import re

from mnlab.machine import layers, lock, wheels
from mnlab.machine.lock import Lock
from mnlab.machine.machines import CORE, FULL

MARKS = "<!-- contents -->\n", "<!-- end of contents -->\n"
#: What is asked for in each image: a list of the recipe, and wheels.
ASKED = {CORE: ("packages.txt", wheels.WHEELS), FULL: ("full.txt", wheels.FULL)}
SUITES = {"debian12": "Debian 12", "debian13": "Debian 13"}  # the machines that stand for their programs


def table(locks: dict[str, Lock]) -> str:
    """A table in Markdown: a row for what packages are for, a column for the name of each lock."""
    rows = [["for", "image", *locks], ["---"] * (len(locks) + 2)]
    for image, (file, made) in ASKED.items():
        listed = layers.listed(file)
        for why in dict.fromkeys(why for why, _, _ in listed):
            names = [name for reason, name, _ in listed if reason == why]
            rows.append([why, f"`{image}`", *(_versions(names, known) for known in locks.values())])
        wheels_made = ", ".join(wheel.replace("==", " ") for wheel in made)
        rows.append(["Python, as wheels", f"`{image}`", *[wheels_made] * len(locks)])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _versions(names: list[str], known: Lock) -> str:
    """Of those packages that a lock has, as people say them."""
    versions = known.versions
    return ", ".join(f"{name} {plain(versions[name])}" for name in names if name in versions) or "-"


def plain(version: str) -> str:
    """A version without what Debian adds: epoch and revision (Debian Policy Manual, section 5.6.12), and how it was
    packed."""
    return re.sub(r"[+~](ds|dfsg|git|really).*", "", re.sub(r"^\d+:|-[^-]*$", "", version))


def known() -> dict[str, Lock]:
    """The locks of what this mnlab was last tried with, by the name of a column."""
    return {title: found for name, title in SUITES.items() if (found := lock.known(f"{name}-{FULL}"))}
