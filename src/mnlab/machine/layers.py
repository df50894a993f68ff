"""What an image may have over the programs that labs need: `full`, for courses, and packages of one's own.

A layer is what installing packages over the layers below changes, and nothing else. The same packages over the same
layers give the same bytes.
"""

import os
from collections.abc import Callable
from pathlib import Path

from mnlab.machine import debian, mailbox, tools, wheels
from mnlab.machine.job import MIB
from mnlab.machine.lock import Package
from mnlab.machine.machines import FULL, Named

RECIPE = Path(__file__).parent / "recipe"
SCRIPTS = ("below.sh", "layer.sh")  # of the recipe: what its bytes depend on
FILES, PACKAGES, ASKED = "layer.squashfs", "packages", "image"
#: The machine knows a file system by its size (recipe/init). Those of kernels' modules are smaller than this.
UNIT = 64 * MIB


def kind(layer: str) -> str:
    """What a layer is called in the cache and in a lock."""
    return FULL if layer == FULL else "added"


def packages(layer: str, suite: str) -> list[str]:
    """The Debian packages that are asked for in a layer over the programs of `suite`."""
    if layer != FULL:
        return layer.split(",")
    return [name for _, name, suites in listed("full.txt") if not suites or suite in suites]


def listed(file: str) -> list[tuple[str, str, list[str]]]:
    """(what for, package, the suites that have it, [] for all) of each line of a list in the recipe."""
    found, why = [], ""
    for line in (RECIPE / file).read_text().splitlines():
        if line.startswith("#"):
            why = line.removeprefix("#").strip()
        elif line:
            name, *suites = line.split()
            found.append((why, name, suites))
    return found


def ingredients(layer: str, suite: str) -> tuple:
    """What makes a layer, besides the scripts and what lies below."""
    return packages(layer, suite), debian.EPOCH, debian.SMALL, wheels.FULL if layer == FULL else ()


def build(machine: Named, below: list[Path], folder: Path, say: Callable[[str], None],
          pinned: Callable[[Path], list[str]]) -> None:
    """Build the uppermost layer of `machine`, over the file systems `below`, into `folder`. `pinned` says what
    mmdebstrap is to be told of versions, with a folder for files.

    debian.UnknownPackage if Debian has no packages of these names, MachineError if something else is in the way.
    """
    tools.require(*tools.building())
    layer = machine.layers[-1]
    asked = " ".join(packages(layer, machine.suite))
    made = wheels.get(say, wheels.FULL) if layer == FULL else None
    say(f"building the image {machine.image} of {machine.suite} (once; two to four minutes)")
    with debian.scratch(folder) as scratch:
        debian.make(scratch, [
            "--variant=custom", "--format=null", '--setup-hook=mkdir "$1/below"',
            *(f"--setup-hook=upload {file} /below/{number}.squashfs" for number, file in enumerate(below)),
            f'--setup-hook={RECIPE / "below.sh"} "$1"', *pinned(scratch),
            f'--extract-hook={RECIPE / "known.sh"} "$1" {asked}',
            f'--customize-hook={RECIPE / "layer.sh"} "$1" {asked}',
            f"--customize-hook=download /layer/new {folder / PACKAGES}",
            f"--customize-hook=download /layer/layer.tar {scratch / 'layer.tar'}",
            machine.suite, "-",
        ], MNLAB_WHEELS=str(made or ""))
        debian.squash(scratch / "layer.tar", folder / FILES, debian.SMALL)
    fill_up(folder / FILES, {mailbox.SIZE, *(file.stat().st_size for file in below)})
    (folder / ASKED).write_text(machine.image)
    say("image: done")


def fill_up(file: Path, taken: set[int]) -> None:
    """Give a file system a size of its own, by a hole at its end."""
    debian.pad(file, UNIT)
    while (size := file.stat().st_size) in taken:
        os.truncate(file, size + UNIT)


def in_(folder: Path) -> tuple[Package, ...]:
    """The packages that a layer, or another part of an image, was made of."""
    return tuple(Package(*line.split()) for line in (folder / PACKAGES).read_text().splitlines())
