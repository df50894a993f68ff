"""The lock of an image: the exact packages that it was made of, so that the same one can be built again.

A text file, a package a line: LAYER NAME VERSION SHA256, where a layer is "userland" or "kernel" (machine/image.py), or
"full" or "added", for what these have besides (machine/layers.py).
"""

import re
from dataclasses import dataclass
from pathlib import Path

LOCKS = Path(__file__).parent / "locks"  # what the machines were made of when mnlab was last tried on all
LAYERS = ("userland", "kernel", "full", "added")
LINE = re.compile(rf"({'|'.join(LAYERS)}) ([a-z0-9][a-z0-9+.-]+) ([A-Za-z0-9.+:~-]+) ([0-9a-f]{{64}})")


@dataclass(frozen=True)
class Package:
    """A Debian package, and the SHA-256 of its file."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True)
class Lock:
    """The packages of each layer, by name."""

    userland: tuple[Package, ...]
    kernel: tuple[Package, ...]
    full: tuple[Package, ...] = ()
    added: tuple[Package, ...] = ()

    @property
    def versions(self) -> dict[str, str]:
        """Package: version. Since the kernel's package has its version in its name, it is linux-image here."""
        packages = {package.name: package.version for layer in LAYERS for package in getattr(self, layer)}
        linux = next((version for name, version in packages.items() if name.startswith("linux-image-")), "")
        return packages | {"linux-image": linux}

    @property
    def release(self) -> str:
        """The number of the Debian release that the programs are of, as base-files has it; "" if it is not there."""
        return self.versions.get("base-files", "").partition(".")[0]

    def __str__(self) -> str:
        return "".join(f"{layer} {package.name} {package.version} {package.sha256}\n"
                       for layer in LAYERS for package in getattr(self, layer))


def parse(text: str) -> Lock:
    """The lock in a file's text. ValueError, with a line's number, if it is none."""
    found: dict[str, list[Package]] = {layer: [] for layer in LAYERS}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        match = LINE.fullmatch(line.strip())
        if not match:
            raise ValueError(f"line {number} is no package: {line[:80]!r}")
        found[match[1]].append(Package(*match.groups()[1:]))
    if missing := [layer for layer in LAYERS[:2] if not found[layer]]:
        raise ValueError(f"it names no package of the {missing[0]}")
    return Lock(*(tuple(sorted(found[layer], key=lambda package: package.name)) for layer in LAYERS))


def known(name: str) -> Lock | None:
    """What a machine (or "debian13-full", its image) was made of when mnlab was last tried on all; None if nothing is
    known of it."""
    file = LOCKS / f"{name}.lock"
    return parse(file.read_text()) if file.is_file() else None


def preferences(packages: tuple[Package, ...]) -> str:
    """apt's preferences (apt_preferences(5)) that allow these versions and no others; above 1000 older ones, too."""
    return "\n".join(f"Package: {package.name}\nPin: version {package.version}\nPin-Priority: 1001\n"
                     for package in packages)


def differences(one: Lock, other: Lock) -> list[tuple[str, str, str]]:
    """(package, version in `one`, version in `other`) of each that differs; "" where it is not there."""
    rows = []
    for layer in LAYERS:
        ours, theirs = ({package.name: package for package in getattr(lock, layer)} for lock in (one, other))
        rows += [(name, *(packages[name].version if name in packages else "" for packages in (ours, theirs)))
                 for name in sorted(ours.keys() | theirs.keys()) if ours.get(name) != theirs.get(name)]
    return rows
