"""The lab machines by name: the programs of a Debian release on a kernel."""

from dataclasses import dataclass


class UnknownMachine(Exception):
    """No machine has this name. The text suggests a near one."""


@dataclass(frozen=True)
class Named:
    """A lab machine: its programs are those of the Debian release `suite`, its kernel comes from the suite `kernel`."""

    name: str
    suite: str
    kernel: str
    about: str


#: The oldest kernel first.
MACHINES = {machine.name: machine for machine in (
    Named("debian12", "bookworm", "bookworm", "Debian 12: Linux 6.1"),
    Named("debian13", "trixie", "trixie", "Debian 13: Linux 6.12"),
    Named("latest", "trixie", "trixie-backports", "Debian 13 with the newest kernel of its backports"),
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
