"""What several themes need: the machine with stamps, busy processors, the memory of a process."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

from mnlab.lab.lab import Lab, all_labs
from mnlab.lab.run import code
from mnlab.machine import vm
from mnlab.machine.job import Job, Limits, MachineError, Outcome
from mnlab.machine.qemu import Qemu

INSIDE = Path(__file__).parent / "inside"
SAMPLING = 0.02  # seconds between two looks at a process


@dataclass
class Bench:
    """What a theme gets: the machine, how thorough to be, which labs, and where to say what goes on."""

    machine: vm.VirtualMachine
    quick: bool = False
    build: bool = False
    say: callable = lambda text: None
    labs: list[Lab] = field(default_factory=all_labs)
    other: Path | None = None  # another checkout, to compare with

    def repetitions(self, thorough: int, quick: int) -> int:
        return quick if self.quick else thorough


@contextmanager
def busy_processors():
    """Keep every processor of this computer busy with something else while the block runs."""
    with ExitStack() as stack:
        for _ in range(os.cpu_count() or 1):
            process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", sys.executable, "-Pc", "while True: pass"])
            stack.callback(process.wait)
            stack.callback(process.kill)
        yield


# --- jobs ---

@dataclass
class Stamps:
    """When things happened in one run of the machine, in seconds of wall time (time.monotonic)."""

    started: float = 0.0  # QEMU
    commands: dict[str, tuple[float, float]] = field(default_factory=dict)  # monitor command: sent, last answered
    lines: list[tuple[float, str]] = field(default_factory=list)  # what the job printed
    outcome: Outcome | None = None


def job(module: str, *arguments: str) -> Job:
    """The job that calls `main(*arguments)` of inside/`module`.py, with the engine's rooms at hand."""
    files: dict = {**code(), f"src/{module}.py": INSIDE / f"{module}.py"}
    return Job(f"{module}:main", files, arguments, limits=Limits(processor_seconds=900))


def run(machine: vm.VirtualMachine, what: Job) -> Stamps:
    """Run a job and stamp it. MachineError, with what it printed, unless it ended well."""
    stamps = Stamps()

    class Stamped(Qemu):
        def __init__(self, *args, **options):
            stamps.started = time.monotonic()
            super().__init__(*args, **options)

        def command(self, name, *args, **options):
            sent = time.monotonic()
            try:
                return super().command(name, *args, **options)
            finally:
                stamps.commands[name] = (sent, time.monotonic())

    rest = b""

    def console(data: bytes) -> None:
        nonlocal rest
        *lines, rest = (rest + data).split(b"\n")
        stamps.lines += [(time.monotonic(), line.decode(errors="replace")) for line in lines]

    with tempfile.TemporaryDirectory(prefix="mnlab-bench-") as scratch, mock.patch.object(vm, "Qemu", Stamped):
        stamps.outcome = machine.run(what, Path(scratch), console)
    if stamps.outcome.trouble or stamps.outcome.status:
        words = "\n".join(line for _, line in stamps.lines[-6:])
        raise MachineError(f"a benchmark's job failed: {stamps.outcome.trouble or words}")
    return stamps


# --- memory ---

class PeakMemory:
    """The most memory that any QEMU of `machine` has had in RAM while the block ran, in bytes.

    `resident` counts every page that is mapped (VmHWM of proc(5)), `proportional` shares pages of files among those
    that map them (Pss).
    """

    def __init__(self, machine: vm.VirtualMachine):
        self.machine, self.resident, self.proportional = machine, 0, 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(SAMPLING):
            for qemu in list(self.machine.running):
                folder = Path(f"/proc/{qemu.process.pid}")
                self.resident = max(self.resident, kilobytes(folder / "status", "VmHWM:"))
                self.proportional = max(self.proportional, kilobytes(folder / "smaps_rollup", "Pss:"))


def kilobytes(file: Path, name: str) -> int:
    """Bytes of the line `name` of a file of proc(5); 0 if there is none (the process has ended)."""
    try:
        for line in file.read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    return 0
