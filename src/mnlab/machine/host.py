"""The host machine: a job on this computer's own kernel, as root, in real time, in namespaces of its own.

unshare(1) gives it network, mount, process, host name and IPC namespaces; when its first process ends, however it ends,
the kernel takes every process, interface and mount of the job away. A keeper (guest/keeper.py) removes the rest, also
when this process is killed.
"""

import json
import os
import platform
import select
import socket
import subprocess
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO

from mnlab.machine import capabilities, mailbox
from mnlab.machine.job import Job, MachineError, Outcome, try_features
from mnlab.machine.patience import because_busy

#: What a job prints while another run must end first (lab/inside.py): that is not its own time.
WAITING = b"\x1ewaiting for a run on the same network\n"

KEEPER = Path(__file__).parent / "guest/keeper.py"
KEYS = ("MNLAB_SECRET", "MNLAB_SIGNING_KEY")  # what the environment may hold and no job may read


class HostMachine:
    """This kernel. Its clock is real."""

    clock = "real"

    def __init__(self):
        self.running: set[socket.socket] = set()
        self.abandoned = False
        self.found: dict[str, str] | None = None

    def prepare(self, needs: tuple[str, ...] = ()) -> None:
        """MachineError if this computer cannot run jobs, or lacks one of `needs`."""
        insist_on_root()
        lacking = capabilities.lacking(needs)
        if lacking:
            raise MachineError("this computer cannot run it, but the lab machine can (--on vm):\n"
                               + "\n".join(f"  {line}" for line in capabilities.remedies(lacking)))

    def describe(self) -> dict:
        return {"machine": "host", "name": "host", "clock": "real", "accelerator": "none", "kernel": platform.release()}

    def features(self, job: Job) -> dict[str, str]:
        """What `job` finds that this kernel shows, in namespaces of its own; tried when it is first asked for."""
        if self.found is None:
            with tempfile.TemporaryDirectory(prefix="mnlab-features-") as scratch:
                self.found = try_features(self, job, Path(scratch))
        return self.found

    def having(self, needs: Iterable[str]) -> "HostMachine":
        """This one: what is lacking is told when a job asks for it."""
        return self

    def abandon(self) -> None:
        self.abandoned = True
        for leash in list(self.running):
            with suppress(OSError):  # its run has just ended
                leash.shutdown(socket.SHUT_RDWR)

    def run(self, job: Job, folder: Path, console: Callable[[bytes], None] = lambda data: None,
            line: socket.socket | None = None) -> Outcome:
        archive = job.archive()
        self.prepare(job.needs)
        folder.mkdir(parents=True, exist_ok=True)
        head = mailbox.header(length=len(archive), crc32=zlib.crc32(archive), entry=job.entry,
                              arguments=list(job.arguments), path=list(job.path), needs=list(job.needs))
        started = time.monotonic()
        leash, far = socket.socketpair()
        process = _start_keeper(job, folder, far, line)
        self.running.add(leash)
        try:
            if self.abandoned:
                raise KeyboardInterrupt
            _send(process, head + archive)
            # Lab time is this computer's time, so the limit of lab time is the one.
            end, trouble = _attend(process, leash, job.limits.virtual_seconds, console)
        finally:
            self.running.discard(leash)
            leash.close()  # now the keeper ends what there is
            process.wait()
            assert process.stdout
            process.stdout.close()
            if self.abandoned:
                raise KeyboardInterrupt
        seconds = time.monotonic() - started
        if not trouble and end.get("out_of_memory"):
            trouble = "the job ran out of memory"
        return Outcome(None if trouble else end.get("status"), trouble, seconds, seconds)


def insist_on_root() -> None:
    if os.geteuid() != 0:
        raise MachineError("--on host needs root: run it with sudo, or use --on vm, which does not.")


def _start_keeper(job: Job, folder: Path, far: socket.socket, line: socket.socket | None) -> subprocess.Popen:
    """The process that holds the job; `far` is the keeper's end of its leash."""
    limits = {"memory": job.limits.memory, "processes": job.limits.processes}
    lent = [line.fileno()] if line else []
    kept = {name: value for name, value in os.environ.items()
            if (name.startswith("MNLAB_") or name in ("PATH", "TERM")) and name not in KEYS}
    with far:
        return subprocess.Popen(
            ["unshare", "--mount", capabilities.PYTHON, "-IB", str(KEEPER), str(far.fileno()), str(folder.absolute()),
             json.dumps(limits)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
            pass_fds=[far.fileno(), *lent], env={**kept, "MNLAB_TERMINAL": "".join(map(str, lent))})


def _send(process: subprocess.Popen, data: bytes) -> None:
    assert process.stdin
    try:
        process.stdin.write(data)
        process.stdin.close()
    except BrokenPipeError:
        pass  # it ended already; its output says why


def _attend(process: subprocess.Popen, leash: socket.socket, limit: float, console) -> tuple[dict, str]:
    """Pass on output until the keeper says how the job ended, and "", or `limit` seconds pass: {}, and the reason."""
    deadline = time.monotonic() + limit
    assert process.stdout
    watched: list[IO[bytes] | socket.socket] = [process.stdout, leash]
    said, waiting = b"", False
    while watched:
        ready, _, _ = select.select(watched, [], [], None if waiting else max(0, deadline - time.monotonic()))
        if not ready:
            return {}, f"the job was still running after {limit:g} s of lab time{because_busy()}"
        if process.stdout in ready:
            data = os.read(process.stdout.fileno(), 65536)
            console(data) if data else watched.remove(process.stdout)
            if waiting:  # its time begins now
                deadline = time.monotonic() + limit
            waiting = data.endswith(WAITING)
        if leash in ready:
            data = leash.recv(4096)
            said += data
            if not data:
                watched.remove(leash)
    return (json.loads(said), "") if said else ({}, "the keeper of the job ended before it")
