"""Jobs remembered: in virtual time a run is a function of what goes into it, so one that was made needs no other.

The key is everything that a run depends on (docs/machine.md): the machine's snapshot, the job's files, its entry and
its limits. Only whole runs are kept, one file each in $MNLAB_CACHE/runs: its name is the key, its first line the
SHA-256 of the rest. A file that others own or may write, or that is not what its first line says, is as good as none.
"""

import hashlib
import json
import os
import socket
import stat
import tempfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from threading import Lock

from mnlab.machine import cache, mailbox
from mnlab.machine.job import MIB, Job, Machine, Outcome, WrongCache
from mnlab.machine.vm import VirtualMachine

LIMIT = 1024  # MiB of all that is kept, unless MNLAB_CACHE_LIMIT says another number
FASTEST = 1  # zlib's level: evidence is read more often than it is worth squeezing


class Remembering:
    """A virtual machine that runs a job only if it has not run the same one before; `only_now`: since it was made.

    It may be asked from several threads: while one runs a job, another that wants the same waits for it.
    """

    def __init__(self, machine: VirtualMachine, only_now: bool = False):
        if machine.clock != "virtual":
            raise ValueError("in real time no run is like another")
        self.machine, self.clock = machine, machine.clock
        self.prepare, self.abandon, self.describe = machine.prepare, machine.abandon, machine.describe
        self.own = tempfile.TemporaryDirectory(prefix="mnlab-runs-") if only_now else None
        self.limit = limit()
        self.at_work: defaultdict[str, Lock] = defaultdict(Lock)
        self.others: dict[VirtualMachine, Remembering] = {}

    def having(self, needs: Iterable[str]) -> "Remembering":
        """As VirtualMachine.having."""
        machine = self.machine.having(needs)
        if machine is self.machine:
            return self
        if machine not in self.others:
            self.others[machine] = Remembering(machine, only_now=self.own is not None)
        return self.others[machine]

    def features(self, job: Job) -> dict[str, str]:
        """As VirtualMachine.features, which keeps what it found by itself."""
        return self.machine.features(job)

    def run(self, job: Job, folder: Path, console: Callable[[bytes], None] = lambda data: None,
            line: socket.socket | None = None) -> Outcome:
        """As VirtualMachine.run; of a remembered run nothing is printed, and its wall time is what it once took. A job
        that talks with a user is not remembered."""
        if line:
            return self.machine.run(job, folder, console, line)
        key = self._key(job)
        place = (Path(self.own.name) if self.own else runs_folder()) / key
        with self.at_work[key]:
            known = _read(place, folder)
            if known:
                return known
            outcome = self.machine.run(job, folder, console)
            if not outcome.trouble:  # a limit of processor time, say, is no property of the job
                _write(place, folder, outcome)
                _prune(place.parent, self.limit)
            return outcome

    def _key(self, job: Job) -> str:
        told = [self.machine.snapshot.name, job.entry, job.arguments, job.path, asdict(job.limits)]
        return hashlib.sha256(json.dumps(told).encode() + job.archive()).hexdigest()


def remembering(machine: Machine, only_now: bool = False) -> Machine:
    """`machine`, made to remember if its runs are functions of what goes into them."""
    if isinstance(machine, VirtualMachine) and machine.clock == "virtual":
        return Remembering(machine, only_now)
    return machine


def limit() -> int:
    """Bytes that runs may take up in the cache. WrongCache if MNLAB_CACHE_LIMIT is no number of MiB."""
    said = os.environ.get("MNLAB_CACHE_LIMIT", "").strip()
    if said and not (said.isascii() and said.isdigit()):
        raise WrongCache(f"MNLAB_CACHE_LIMIT is a number of MiB, like {LIMIT}; not {said[:40]!r}")
    return int(said or LIMIT) * MIB


def runs_folder() -> Path:
    """Where runs are kept."""
    return cache.cache_folder() / "runs"


def runs(folder: Path | None = None) -> list[Path]:
    """The runs that are kept, and what is left of some that were being written when their process was killed."""
    return [path for path in (folder or runs_folder()).glob("*") if path.is_file()]


def forget() -> list[tuple[str, int]]:
    """Remove them all; a name for what was removed, and its MiB."""
    kept = runs()
    size = sum(path.stat().st_size for path in kept)
    for path in kept:
        path.unlink(missing_ok=True)
    return [(f"{len(kept)} remembered runs", size // MIB)] if kept else []


def _read(place: Path, folder: Path) -> Outcome | None:
    """The run kept at `place`, laid out in `folder`; None if there is none that is whole, and ours."""
    try:
        with open(place, "rb", opener=lambda path, flags: os.open(path, flags | os.O_NOFOLLOW)) as file:
            owner = os.fstat(file.fileno())
            if owner.st_uid not in (0, os.geteuid()) or owner.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                return None
            digest, _, kept = file.read().partition(b"\n")
        if hashlib.sha256(kept).hexdigest().encode() != digest:
            return None
        kept = zlib.decompress(kept)
        outcome = Outcome(**mailbox.parse(kept) or {})
        folder.mkdir(parents=True, exist_ok=True)
        mailbox.unpack(kept[mailbox.PAGE:], str(folder))
    except (OSError, ValueError, TypeError, zlib.error):
        return None
    with suppress(OSError):  # root's, or on a medium that is only read
        os.utime(place)
    return outcome


def _write(place: Path, folder: Path, outcome: Outcome) -> None:
    """Keep a run: written beside its place, and put there whole. If there is no room, it is not remembered."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    index = mailbox.index([(str(path.relative_to(folder)), 0o644, path.stat().st_size) for path in files])
    whole = mailbox.header(**asdict(outcome)) + index + b"".join(path.read_bytes() for path in files)
    kept = zlib.compress(whole, FASTEST)
    try:
        place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as file:
            try:
                file.write(hashlib.sha256(kept).hexdigest().encode() + b"\n" + kept)
                file.flush()
                os.rename(file.name, place)
            except BaseException:
                os.unlink(file.name)
                raise
    except OSError:
        return


def _prune(folder: Path, most: int) -> None:
    """Drop the longest unused runs until the rest is within `most` bytes."""
    total, found = 0, []
    for path in runs(folder):
        with suppress(FileNotFoundError):  # another process drops some, too
            status = path.stat()
            found.append((status.st_mtime, status.st_size, path))
    for _, size, path in sorted(found, reverse=True):
        total += size
        if total > most:
            path.unlink(missing_ok=True)
