"""`mnlab bench compare`: one command in two checkouts, by turns, and what it costs in each."""

import os
import select
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from statistics import median

from mnlab.cli.options import WrongUsage
from mnlab.lab.lab import ROOT

LOOK = 0.1  # s between two looks at the processes' memory
MIB = 1 << 20
#: What is measured: its name, and how a value of it is written.
WHAT = {"wall": ("wall time", "{:.2f} s"), "processor": ("processor time", "{:.2f} s"),
        "memory": ("peak memory", "{:.0f} MiB")}


@dataclass(frozen=True)
class Cost:
    """What one run cost: seconds; seconds of processor time of all its processes; MiB at the most at once (the sum of
    their Pss, the share of each in what they have in common)."""

    wall: float
    processor: float
    memory: float


@dataclass(frozen=True)
class Compared:
    """One quantity in both checkouts: medians, and of the ratio (here / there) of each pair the median and the ends."""

    there: float
    here: float
    ratio: float
    lowest: float
    highest: float


def compare(pairs: list[tuple[Cost, Cost]]) -> dict[str, Compared]:
    """Each quantity of pairs (there, here); one of which nothing was used is left out."""
    found = {}
    for name in WHAT:
        there, here = ([getattr(cost, name) for cost in side] for side in zip(*pairs, strict=True))
        if all(there):
            ratios = [mine / other for other, mine in zip(there, here, strict=True)]
            found[name] = Compared(median(there), median(here), median(ratios), min(ratios), max(ratios))
    return found


def measure(other: Path, arguments: list[str], pairs: int, say: Callable[[str], None]) -> list[tuple[Cost, Cost]]:
    """Run `mnlab ARGUMENTS` in the checkout `other` and in this one, by turns. WrongUsage if `other` is no other
    checkout, if nothing is to be run, or if a run ends otherwise than the first one did, or as wrong usage."""
    programs = [checkout(other) / "mnlab", ROOT / "mnlab"]
    if not arguments:
        raise WrongUsage("say what is to be compared: mnlab bench compare --with DIR -- check arp")
    for program in programs:
        run(program, ["--help"])  # what a launcher sets up once is nobody's price
    costs, first = [], None
    for number in range(pairs):
        pair = []
        for program in programs:
            status, cost, said = run(program, arguments)
            first = status if first is None else first
            if status != first or status == 2:
                raise WrongUsage(f"{program} {' '.join(arguments)} ended with status {status}"
                                 + ("" if status == first else f", and a run before with {first}") + f": {said}")
            pair.append(cost)
        costs.append((pair[0], pair[1]))
        say(f"pair {number + 1} of {pairs}: {pair[0].wall:.2f} s there, {pair[1].wall:.2f} s here")
    return costs


def checkout(folder: Path) -> Path:
    """The folder, absolute. WrongUsage if it is no checkout of the project, or this one."""
    place = folder.resolve()
    if not os.access(place / "mnlab", os.X_OK) or not (place / "src/mnlab/__main__.py").is_file():
        raise WrongUsage(f"{folder} is no checkout of mnlab: there is no launcher with the engine beside it")
    if place == ROOT.resolve():
        raise WrongUsage(f"{folder} is this checkout: name another one, say of `git worktree add`")
    return place


def run(program: Path, arguments: list[str]) -> tuple[int, Cost, str]:
    """Run it in the current folder: its exit status, what it cost, and the end of what it said of trouble."""
    with tempfile.TemporaryFile() as said:
        started = time.monotonic()
        process = subprocess.Popen([program, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=said)
        most, end = 0, os.pidfd_open(process.pid)
        while not select.select([end], [], [], LOOK)[0]:
            most = max(most, sum(map(share_of_memory, family(process.pid))))
        wall = time.monotonic() - started
        os.close(end)
        ended = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(ended[1])  # it has been waited for
        said.seek(0)
        words = said.read().decode(errors="replace").strip().splitlines()
    usage = ended[2]
    return process.returncode, Cost(wall, usage.ru_utime + usage.ru_stime, most / MIB), words[-1] if words else ""


def family(process: int) -> list[int]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for name in filter(str.isdecimal, os.listdir("/proc")):
        with suppress(OSError):  # it has ended
            parent = Path("/proc", name, "stat").read_text().rpartition(")")[2].split()[1]
            children.setdefault(int(parent), []).append(int(name))
    found = [process]
    for one in found:
        found += children.get(one, [])
    return found


def share_of_memory(process: int) -> int:
    """Bytes of a process, of what it shares with others its share (proc(5), smaps_rollup); 0 if it has ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024


def as_dict(pairs: list[tuple[Cost, Cost]]) -> dict:
    """For --json."""
    return {"pairs": [[asdict(there), asdict(here)] for there, here in pairs],
            "compared": {name: asdict(one) for name, one in compare(pairs).items()}}


def table(pairs: list[tuple[Cost, Cost]]) -> str:
    """The comparison as text."""
    lines = [f"{'':<16}{'there':>12}{'here':>12}   ratio of {len(pairs)} pairs: median (lowest to highest)"]
    for name, one in compare(pairs).items():
        words, form = WHAT[name]
        there, here, ratio, lowest, highest = astuple(one)
        lines.append(f"{words:<16}{form.format(there):>12}{form.format(here):>12}   "
                     f"{ratio:.2f} ({lowest:.2f} to {highest:.2f})")
    return "\n".join(lines)
