"""Runs remembered: in virtual time a run is a function of what goes into it, so one that was made needs no other.

Trying every mutant of a lab again after its checks were edited then takes seconds. The key is everything that a run
depends on (docs/machine.md): the machine's snapshot, the job's files, its entry and its limits. Only whole runs are
kept, in $MNLAB_CACHE/runs; the longest unused go when there is too much.
"""

import hashlib
import json
import os
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from mnlab.machine import cache, mailbox
from mnlab.machine.job import MIB, Job, Machine, Outcome
from mnlab.machine.vm import VirtualMachine

LIMIT = 512 * MIB  # bytes of all that is kept
FASTEST = 1  # zlib's level: evidence is read more often than it is worth squeezing


class Remembering:
    """A virtual machine that runs a job only if it has not run the same one before."""

    def __init__(self, machine: VirtualMachine):
        if machine.clock != "virtual":
            raise ValueError("in real time no run is like another")
        self.machine, self.clock = machine, machine.clock
        self.prepare, self.abandon, self.describe = machine.prepare, machine.abandon, machine.describe

    def run(self, job: Job, folder: Path, console: Callable[[bytes], None] = lambda data: None) -> Outcome:
        """As VirtualMachine.run; of a remembered run nothing is printed, and its wall time is what it once took."""
        place = runs_folder() / self._key(job)
        known = _read(place, folder)
        if known:
            return known
        outcome = self.machine.run(job, folder, console)
        if not outcome.trouble:  # a limit of wall time, say, is no property of the job
            _write(place, folder, outcome)
            _prune()
        return outcome

    def _key(self, job: Job) -> str:
        told = [self.machine.snapshot.name, job.entry, job.arguments, job.path, asdict(job.limits)]
        return hashlib.sha256(json.dumps(told).encode() + job.archive()).hexdigest()


def remembering(machine: Machine) -> "Machine | Remembering":
    """`machine`, made to remember if its runs are functions of what goes into them."""
    return Remembering(machine) if isinstance(machine, VirtualMachine) and machine.clock == "virtual" else machine


def runs_folder() -> Path:
    """Where runs are kept."""
    return cache.cache_folder() / "runs"


def runs() -> list[Path]:
    """The runs that are kept."""
    return [path for path in runs_folder().glob("*") if path.is_file()]


def forget() -> list[tuple[str, int]]:
    """Remove them all; a name for what was removed, and its MiB."""
    kept = runs()
    size = sum(path.stat().st_size for path in kept)
    for path in kept:
        path.unlink(missing_ok=True)
    return [(f"{len(kept)} remembered runs", size // MIB)] if kept else []


def _read(place: Path, folder: Path) -> Outcome | None:
    """The run kept at `place`, laid out in `folder`; None if there is none that is whole."""
    try:
        kept = zlib.decompress(place.read_bytes())
        outcome = Outcome(**mailbox.parse(kept) or {})
        folder.mkdir(parents=True, exist_ok=True)
        mailbox.unpack(kept[mailbox.PAGE:], str(folder))
        os.utime(place)
        return outcome
    except (OSError, ValueError, TypeError, zlib.error):
        return None


def _write(place: Path, folder: Path, outcome: Outcome) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    index = mailbox.index([(str(path.relative_to(folder)), 0o644, path.stat().st_size) for path in files])
    kept = mailbox.header(**asdict(outcome)) + index + b"".join(path.read_bytes() for path in files)
    place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as file:
        try:
            file.write(zlib.compress(kept, FASTEST))
        except OSError:  # no room: it is not remembered
            os.unlink(file.name)
            return
    os.rename(file.name, place)


def _prune() -> None:
    """Drop the longest unused runs until the rest is within LIMIT."""
    total = 0
    for _, size, path in sorted(((path.stat().st_mtime, path.stat().st_size, path) for path in runs()), reverse=True):
        total += size
        if total > LIMIT:
            path.unlink(missing_ok=True)
