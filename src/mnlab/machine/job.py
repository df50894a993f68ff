"""What goes into a machine and what comes out: the one interface that every machine has.

A machine takes a `Job`, runs it on a kernel of its own or of the host, and fills a folder with what the job left in
/result. It knows nothing of labs.
"""

import json
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from mnlab.machine import mailbox

MIB = mailbox.MIB


SMALL_NETWORK, HOST = 300, MIB // 4  # hosts that any job has room for; bytes of memory for each one more


#: What a job that tries what a machine's kernel shows leaves in its result: {feature: "", or why not}, as JSON.
FOUND = "found.json"


class MachineError(Exception):
    """The machine could not do its part. The text is one or two plain lines: what is wrong and what to do."""


class WrongCache(MachineError):
    """What is said of the cache will not do: a place from which nothing may be run, say. The text says what to do."""


@dataclass(frozen=True)
class Limits:
    """When a job is stopped: seconds of lab time, bytes of memory, number of processes. `processor_seconds`, which the
    whole machine uses of this computer, is a backstop: work is limited by lab time, and students' by the processor time
    that it takes in the lab (evidence/limits)."""

    virtual_seconds: float = 900
    processor_seconds: float = 3600
    memory: int = 420 * MIB
    processes: int = 500

    def for_hosts(self, count: int) -> "Limits":
        """The same, and room for a network of `count` hosts and switches: each takes a process that holds its
        namespaces, and 0.2 MiB of memory. Those of a small network have room in what there is."""
        more = max(0, count - SMALL_NETWORK)
        return replace(self, memory=self.memory + more * HOST, processes=self.processes + more)


class Executable(bytes):
    """Contents of a file that may be run."""


@dataclass(frozen=True)
class Job:
    """`entry` ("module:function") is called with `arguments` in /job, where `files` are laid out.

    `files` maps a path below /job to a file or folder on this computer, or to bytes (`Executable`, if they may be run).
    `path` lists the folders below /job that are put on sys.path; `needs` names what it asks of a kernel
    (machine/capabilities.py). `library`, places and files too, is what `files` has some modules of: they are compiled
    together, once for all jobs.
    """

    entry: str
    files: dict[str, Path | bytes]
    arguments: tuple[str, ...] = ()
    path: tuple[str, ...] = ("src",)
    limits: Limits = field(default_factory=Limits)
    needs: tuple[str, ...] = ()
    library: dict[str, Path] = field(default_factory=dict)

    def archive(self) -> bytes:
        """The files, packed (mailbox.py): bytes that depend on their paths, modes and contents only.

        MachineError if it is too large.
        """
        files, contents, total = [], [], 0
        for name, source in sorted(flatten(self.files)):
            data = source if isinstance(source, bytes) else source.read_bytes()
            executable = isinstance(source, Executable) if isinstance(source, bytes) else source.stat().st_mode & 0o100
            files.append((name, 0o755 if executable else 0o644, len(data)))
            contents.append(data)
            total += len(data)
            if total > mailbox.JOB_LIMIT:
                raise MachineError(f"the files sent in are over {mailbox.JOB_LIMIT // MIB} MiB (at {name})")
        archive = mailbox.index(files) + b"".join(contents)
        if len(archive) > mailbox.JOB_LIMIT:
            raise MachineError(f"the files sent in are over {mailbox.JOB_LIMIT // MIB} MiB")
        return archive


@dataclass(frozen=True)
class Outcome:
    """How a job ended. `status` is its exit status (negative: a signal), None if it did not end by itself.

    `trouble` says what kept the machine from finishing the job ("" if nothing did): a limit, or a machine that died.
    """

    status: int | None
    trouble: str = ""
    virtual_seconds: float = 0.0
    seconds: float = 0.0


class Machine(Protocol):
    """Where jobs run. `clock` is "virtual" or "real"."""

    clock: str

    def run(self, job: Job, folder: Path, console: Callable[[bytes], None] = ...,
            line: socket.socket | None = None) -> Outcome:
        """Run `job`, put what it left in /result into `folder` (made if need be), pass on what it prints.

        `line` is for a job that talks with a user: what it reads and writes at its terminal (guest/line.py).
        """

    def prepare(self) -> None:
        """Make what is missing, so that runs can start at once. MachineError if that cannot be done."""

    def having(self, needs: Iterable[str]) -> "Machine":
        """The machine for jobs that need this (machine/capabilities.py): usually this one."""

    def abandon(self) -> None:
        """End every run that is going on, from any thread; each raises KeyboardInterrupt in its own."""

    def describe(self) -> dict:
        """What identifies this machine in a manifest: kind, clock, accelerator, image digest, QEMU version."""

    def features(self, job: Job) -> dict[str, str]:
        """What this machine shows: each feature that `job` tries (it leaves FOUND), with "" or why not. Tried once.
        MachineError if that cannot be done."""


def try_features(machine: Machine, job: Job, folder: Path) -> dict[str, str]:
    """Run a job that tries features; what it found. MachineError, with its last words, if it found nothing."""
    said: list[bytes] = []
    outcome = machine.run(job, folder, said.append)
    try:
        return json.loads((folder / FOUND).read_bytes())
    except (OSError, ValueError):
        words = b"".join(said)[-1000:].decode(errors="replace").strip().splitlines()
        why = outcome.trouble or (words[-1] if words else f"status {outcome.status}")
        raise MachineError(f"what this machine's kernel shows could not be tried: {why}") from None


def flatten(files: dict[str, Path | bytes]):
    """(name, file or bytes) of every single file of a job: folders are walked, bytecode and links left out."""
    for name, source in files.items():
        if isinstance(source, bytes) or source.is_file():
            yield name, source
        elif source.is_dir():
            for path in source.rglob("*"):
                if path.is_file() and not path.is_symlink() and "__pycache__" not in path.parts:
                    yield f"{name}/{path.relative_to(source)}", path
        else:
            raise MachineError(f"cannot send {source} into the machine: no such file or folder")
