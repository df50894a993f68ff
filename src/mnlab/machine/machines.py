"""The lab machines by name: the programs of a Debian release on a kernel; and the images that each has."""

import re
from dataclasses import dataclass, replace

CORE, FULL = "core", "full"
PACKAGE = re.compile("[a-z0-9][a-z0-9+.-]+")  # Debian Policy Manual, section 5.6.1


class UnknownMachine(Exception):
    """No machine, or no image, has this name. The text suggests a near one."""


@dataclass(frozen=True)
class Named:
    """A lab machine: its programs are those of the Debian release `suite`, its kernel comes from the suite `kernel`.

    `layers` lie over the programs that labs need, the lowest first: FULL, and packages of one's own, "jq,tcpflow".
    `options` are more of the kernel's command line.
    """

    name: str
    suite: str
    kernel: str
    about: str
    layers: tuple[str, ...] = ()
    options: str = ""

    @property
    def image(self) -> str:
        """What its image is called: "core", "full", "core,jq,tcpflow"."""
        return ",".join(self.layers if FULL in self.layers else (CORE, *self.layers))

    def __str__(self) -> str:
        return f"{self.name}:{self.image}" if self.layers else self.name

    def having(self, image: str) -> "Named":
        """The machine with the image of this name. UnknownMachine if that is no name of an image."""
        base, *packages = image.split(",")
        if base not in (CORE, FULL):
            raise UnknownMachine(f"there is no image {image!r}. There are {CORE} and {FULL}, and with packages of your "
                                 f"own {FULL},PACKAGE,... (mnlab machine build --add PACKAGE)")
        if odd := [package for package in packages if not PACKAGE.fullmatch(package)]:
            raise UnknownMachine(f"{odd[0]!r} is no name of a Debian package: small letters, digits, + - and .")
        added = (",".join(sorted(set(packages))),) if packages else ()
        return replace(self, layers=((FULL,) if base == FULL else ()) + added)


#: Linux samples which pages are in use: it takes back the processor's mark that a page was accessed, and looks for it
#: later (mm/damon/stat.c; on in Debian's 7.3). It does so without flushing the TLB, so the mark comes back when the
#: TLB happens to have lost the page; and QEMU makes its TLB larger and smaller by the computer's own time
#: (accel/tcg/cputlb.c, tlb_mmu_resize_locked). Evidence would depend on it, by a few nanoseconds.
NOT_SAMPLED = "damon_stat.enabled=N"
#: The oldest kernel first.
MACHINES = {machine.name: machine for machine in (
    Named("debian12", "bookworm", "bookworm", "Debian 12: Linux 6.1"),
    Named("debian13", "trixie", "trixie", "Debian 13: Linux 6.12"),
    Named("latest", "trixie", "trixie-backports", "Debian 13 with the newest kernel of its backports",
          options=NOT_SAMPLED),
)}
DEFAULT = "debian13"


def find(name: str) -> Named:
    """The machine called `name`. UnknownMachine, with a suggestion, if there is none."""
    if name in MACHINES:
        return MACHINES[name]
    import difflib  # seldom needed
    near = difflib.get_close_matches(name.lower(), MACHINES, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(MACHINES)}."
    raise UnknownMachine(f"there is no machine {name!r}. {hint}")
