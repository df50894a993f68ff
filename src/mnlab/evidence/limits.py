"""What a student's programs may use: processes, memory, files, output, and processor time.

Control groups (version 2) count for all processes of a cell together, and processor time for all cells of a scene: in
virtual time a program is stopped after the same number of instructions on every computer. Where there are none, each
process has these limits for itself.
"""

import os
import resource
import signal
import time
from pathlib import Path

from mnlab.net.wait import wait_until

MIB = 1 << 20
JOB = Path("/sys/fs/cgroup/job")
STUDENTS = JOB / "students"
MEMORY, PROCESSES, FILE_SIZE, OUTPUT = 160 * MIB, 64, 16 * MIB, 1 * MIB
ALL_MEMORY, ALL_PROCESSES = 224 * MIB, 256  # of all cells together: the rest of the job's is for what we run
PROCESSOR = 20.0  # seconds of processor time, for all students' programs of a scene together
DAY = 86400.0
SHORTEST = 0.01  # seconds of processor time by which a limit may be passed


class Spent(Exception):
    """The run's processor time is used up: no more of the student's programs are started. The text says so."""


class Limits:
    """The limits of one cell; `processor` (s) is what its programs may use of what is left to the run."""

    def __init__(self, name: str, processor: float = PROCESSOR):
        self.processor = processor
        self.group: Path | None = None
        self.meters: list[tuple[int, float]] = []  # files that count processor time, and where each must stop
        if not JOB.is_dir():
            return
        if not STUDENTS.is_dir():
            STUDENTS.mkdir()
            (STUDENTS / "cgroup.subtree_control").write_text("+memory +pids")
            (STUDENTS / "memory.max").write_text(str(ALL_MEMORY))
            (STUDENTS / "pids.max").write_text(str(ALL_PROCESSES))
        self.group = STUDENTS / name
        self.group.mkdir()
        (self.group / "memory.max").write_text(str(MEMORY))
        (self.group / "memory.oom.group").write_text("1")
        (self.group / "pids.max").write_text(str(PROCESSES))
        self.meters = [(os.open(STUDENTS / "cpu.stat", os.O_RDONLY | os.O_CLOEXEC), PROCESSOR),
                       (os.open(self.group / "cpu.stat", os.O_RDONLY | os.O_CLOEXEC), processor)]

    def enter(self) -> None:
        """Take the calling process under the limits."""
        if self.group:
            (self.group / "cgroup.procs").write_text("0")
        else:
            seconds = int(self.processor)
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        for kind, value in ((resource.RLIMIT_NPROC, PROCESSES), (resource.RLIMIT_FSIZE, FILE_SIZE),
                            (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, 256)):
            resource.setrlimit(kind, (value, value))

    def watch(self) -> None:
        """Return when the processor time is used up."""
        while (left := self.left()) > 0:
            # All processors together cannot use it up sooner.
            time.sleep(max(left / (os.cpu_count() or 1), SHORTEST))

    def files(self) -> list[int]:
        """The open files that `watch` reads."""
        return [meter for meter, _ in self.meters]

    def left(self) -> float:
        """Seconds of processor time that the cell may still use; a day where nobody counts."""
        return min((limit - _used(meter) for meter, limit in self.meters), default=DAY)

    def used(self) -> float | None:
        """Seconds of processor time that the cell has used; None where nobody counts."""
        return _used(self.meters[-1][0]) if self.meters else None

    def spent(self, status: int | None = None) -> str:
        """In words, that the processor time is used up; "" if it is not. `status`: how a program ended."""
        used = self.used()
        if used is not None and self.left() <= 0:
            return (f"it used {self.processor:g} s of processor time, all that it may"
                    if used >= self.processor else
                    f"your programs together used {PROCESSOR:g} s of processor time, all that a run has")
        return f"it used {self.processor:g} s of processor time, all that it may" if status == -signal.SIGXCPU else ""

    def out_of_memory(self) -> bool:
        return self.group is not None and "oom_kill 0" not in (self.group / "memory.events").read_text()

    def end(self) -> None:
        """Forget the cell, whose processes have ended."""
        if self.group:
            events = self.group / "cgroup.events"
            wait_until(lambda: "populated 0" in events.read_text(), "the student's processes end")
            for meter, _ in self.meters:
                os.close(meter)
            self.group.rmdir()
            self.group, self.meters = None, []


def _used(meter: int) -> float:
    """What cpu.stat counts, in seconds: its line "usage_usec NUMBER" (Documentation/admin-guide/cgroup-v2.rst)."""
    return int(os.pread(meter, 64, 0).split()[1]) / 1e6
