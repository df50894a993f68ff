"""A share of the processors for a host and its programs, as Mininet's CPULimitedHost has it: by control groups (v2).

Mininet 2.3 knows version 1 only, which Debian has not had since 2021.
"""

import os
from pathlib import Path

from mnlab.net import notation
from mnlab.net.errors import NetworkError
from mnlab.net.wait import wait_until

JOB = Path("/sys/fs/cgroup/job")  # made by machine/guest, with the job itself in JOB/main
#: us: Mininet's period; the smallest quota (tg_set_cfs_bandwidth, kernel/sched/core.c)
PERIOD, LEAST = 100_000, 1000


class Share:
    """The processors of one host. `join` is called in each of its processes before its program starts."""

    def __init__(self, name: str, pid: int, cpu=-1, cores=None, period_us=PERIOD):
        self.name, self.group, self.period = name, JOB / f"{name}-{pid}", notation.whole(LEAST, 1_000_000)(period_us)
        self.cores: set[int] | None = None
        try:
            self.group.mkdir()
            # Open until the end: a host's own mount namespace may show another /sys, or none.
            self._members = os.open(self.group / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)
            os.write(self._members, str(pid).encode())
            self.set_fraction(cpu)
        except OSError as problem:
            raise NetworkError(f"{name}: a share of the processors needs a control group with a cpu controller "
                               f"({problem})") from None
        self.set_cores(cores)

    def set_fraction(self, cpu) -> None:
        """Its share of all processors, above 0 and up to 1; -1: all there is. It is read back."""
        share = notation.fraction(cpu)
        quota = int(self.period * share * (os.cpu_count() or 1))
        period = self.period if quota >= LEAST else min(1_000_000, int(self.period * LEAST / max(quota, 1)))
        asked = "max" if share == 1 else str(max(quota, LEAST))
        (self.group / "cpu.max").write_text(f"{asked} {period}")
        found = (self.group / "cpu.max").read_text().split()
        if found != [asked, str(period)]:
            raise NetworkError(f"{self.name}: asked the kernel for cpu.max {asked} {period}, it has {' '.join(found)}")

    def set_cores(self, cores) -> None:
        """The processors that it runs on, for what starts from now on; None: all."""
        self.cores = None if cores is None else set(notation.processors(cores))
        if self.cores and not self.cores <= os.sched_getaffinity(0):
            raise NetworkError(f"{self.name}: there are no processors {sorted(self.cores)} here; "
                               f"there are {sorted(os.sched_getaffinity(0))}")

    def join(self) -> None:
        """Put the calling process in."""
        os.write(self._members, b"0")
        if self.cores:
            os.sched_setaffinity(0, self.cores)

    def end(self) -> None:
        """End what still runs in it, and take it away."""
        (self.group / "cgroup.kill").write_text("1")
        wait_until(lambda: "populated 0" in (self.group / "cgroup.events").read_text(), f"{self.name}'s programs end")
        os.close(self._members)
        self.group.rmdir()
