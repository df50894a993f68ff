"""How long a user waits, and what it takes of the computer."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from mnlab.checks.session import Task, run_tasks
from mnlab.lab import lab as labs
from mnlab.machine import cache, parcel
from mnlab.machine.job import MachineError
from mnlab.report.progress import Progress

from . import tools
from .figures import MIB, Row, spread

LAUNCHER = labs.ROOT / "mnlab"


def restore(bench: tools.Bench) -> Iterator[Row]:
    """Time from `migrate-incoming` until QEMU has answered `cont`, and from starting QEMU to the job's first line."""
    restores, firsts = [], []
    for number in range(bench.repetitions(20, 3)):
        bench.say(f"restoring the machine, {number + 1}")
        stamps = tools.run(bench.machine, tools.job("hello"))
        restores.append(stamps.commands["cont"][1] - stamps.commands["migrate-incoming"][0])
        firsts.append(stamps.lines[0][0] - stamps.started)
    yield Row("restore", statistics.median(restores), detail=spread(restores, "s", 3))
    yield Row("first", statistics.median(firsts), detail=spread(firsts, "s", 3))


def commands(bench: tools.Bench) -> Iterator[Row]:
    """Whole commands, as a user types them."""
    every = len(labs.all_labs())
    for key, arguments, times, count in (("run", ["run", "arp"], bench.repetitions(10, 2), 1),
                                         ("all", ["run", "--all"], bench.repetitions(3, 1), every)):
        seconds = []
        for number in range(times + 1):
            bench.say(f"mnlab {' '.join(arguments)}, {number or 'to warm up'}")
            with tempfile.TemporaryDirectory(prefix="mnlab-bench-") as scratch:
                taken = command([*arguments, "--out", scratch])
            seconds += [taken] if number else []
        detail = spread(seconds, "s") + (f" for {count} labs" if count > 1 else "")
        yield Row(key, statistics.median(seconds) / count, detail=detail)


def command(arguments: list[str], launcher: str | Path = LAUNCHER) -> float:
    """Seconds that ./mnlab, or another checkout's, takes. MachineError if it is inconclusive or unusable."""
    started = time.monotonic()
    done = subprocess.run([launcher, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    seconds = time.monotonic() - started
    if done.returncode not in (0, 1):
        raise MachineError(f"mnlab {' '.join(arguments)} ended with status {done.returncode}: {done.stderr[-500:]}")
    return seconds


def memory(bench: tools.Bench) -> Iterator[Row]:
    """Each lab run once, one at a time; the hungriest counts."""
    peaks = []
    for lab in bench.labs:
        bench.say(f"memory of {lab.name}")
        with tempfile.TemporaryDirectory(prefix="mnlab-bench-") as scratch:
            with tools.PeakMemory(bench.machine) as peak, Progress(quiet=True) as progress:
                run_tasks([Task(lab, 1, Path(scratch))], bench.machine, progress)
        peaks.append((peak.resident, peak.proportional, lab.name))
    resident, proportional, name = max(peaks)
    yield Row("memory", resident / MIB, detail=f"{name}; proportional set {proportional / MIB:.0f} MiB")


def disk(bench: tools.Bench) -> Iterator[Row]:
    image = bench.machine.image
    programs, kernel, snapshot = (parcel.size_on_disk(folder) / MIB
                                  for folder in (image.userland, image.kernel, bench.machine.snapshot))
    yield Row("disk", programs + kernel + snapshot,
              detail=f"programs {programs:.0f}, kernel {kernel:.0f}, snapshot {snapshot:.0f} MiB")


def build(bench: tools.Bench) -> Iterator[Row]:
    """Build image and snapshot in a cache of their own; only if asked for, as it takes minutes."""
    if not bench.build:
        return
    with tempfile.TemporaryDirectory(prefix="bench-", dir=cache.cache_folder()) as folder:
        environment = {**os.environ, "MNLAB_CACHE": folder}
        started = time.monotonic()
        with subprocess.Popen([sys.executable, "-P", "-m", "mnlab", "machine", "build"], env=environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            built = started
            for line in process.stderr:
                bench.say(line.strip())
                if line.startswith("image: done"):
                    built = time.monotonic()
        if process.returncode:
            raise MachineError("the machine could not be built")
        yield Row("build", built - started)
        yield Row("boot", time.monotonic() - built)


MEASURES = (restore, commands, memory, disk, build)
