"""How long to wait for a process of ours: by the processor time that it uses, not by the clock on the wall.

On a busy computer a process gets little of the processor, and takes long for what it does; it is as far from a hang as
on an idle one. So a limit counts what the process has used. A process that uses nothing can only be waiting for what
does not come: it is given up when it has hung for a while, and so is one that a computer is too busy for.
"""

import os
import time
from collections.abc import Callable

from mnlab.machine.job import MachineError

#: Who uses less than LEAST of processor time in `hang` seconds hangs. A hundredth of the share that is left on a
#: computer of two processors with a hundred busy programs is more, and QEMU's threads, waking for nothing, use less.
LEAST = 0.1
HANG = 600  # seconds of wall time
LOOK = 1.0  # seconds between two looks at most
#: A look that comes later than that was not made in time, as the computer was busy or suspended, or we were stopped:
#: what went by is counted as this much.
LATE = 2 * LOOK
#: Programs that want a processor, for each that there is, from which on a computer is busy.
BUSY = 2.0

TICKS = os.sysconf("SC_CLK_TCK")


class Patience:
    """Waiting for the process `pid`, from now on, until it has used `seconds` of processor time, or has hung for `hang`
    seconds of wall time. `doing` says what it is to do by then, and ends a sentence."""

    def __init__(self, pid: int, seconds: float, doing: str, hang: float = HANG,
                 clock: Callable[[], float] = time.monotonic, used: Callable[[int], float] | None = None):
        self.pid, self.seconds, self.doing, self.hang = pid, seconds, doing, hang
        self.clock, self.used = clock, used or processor_time
        self.since = self.progress = self.used(pid)
        self.looked, self.idle, self.reason = clock(), 0.0, ""

    def over(self) -> str:
        """Why to wait no longer; "" while there is no reason. It costs nothing if it has been asked just now."""
        now = self.clock()
        went_by = now - self.looked
        if self.reason or went_by < min(LOOK, self.hang) / 2:
            return self.reason
        self.looked = now
        self.idle += min(went_by, LATE)
        used = self.used(self.pid)
        if used - self.since > self.seconds:
            self.reason = f"{self.doing} took more than {self.seconds:g} s of this computer's processor time"
        elif used - self.progress >= LEAST:
            self.progress, self.idle = used, 0.0
        elif self.idle > self.hang:
            self.reason = (f"{self.doing} does not get on: it used {used - self.progress:.2f} s of processor time in "
                           f"{self.idle:.0f} s{because_busy()}")
        return self.reason

    def check(self) -> None:
        """MachineError if it is over."""
        if self.over():
            raise MachineError(self.reason)

    def until(self, condition: Callable[[], object], pause: float = 0.01) -> None:
        """Return as soon as `condition()` is true, looked at every `pause` seconds. MachineError if it is over."""
        while not condition():
            self.check()
            time.sleep(pause)  # between two looks at what gives no sign


def processor_time(pid: int) -> float:
    """Seconds of processor time that a process has used, all its threads together (proc(5), stat: utime and stime); 0
    if there is none, or none can be seen. One that has ended, and was not waited for, still tells."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def because_busy() -> str:
    """The end of a sentence: that this computer is busy, if it is, and how much; or ""."""
    load, processors = os.getloadavg()[0], len(os.sched_getaffinity(0))
    if load <= BUSY * processors:
        return ""
    return f" (a busy computer: {load:.0f} programs want its {processors} processors)"
