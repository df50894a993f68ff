"""In real time, too, a check holds every time: each lab's solution, again and again, on this computer's own clock."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mnlab.checks.session import Task, run_tasks
from mnlab.checks.verdicts import FINE, LabResult
from mnlab.machine.vm import VirtualMachine
from mnlab.report.progress import Progress

from . import tools
from .figures import Row


def repeats(bench: tools.Bench) -> Iterator[Row]:
    """Every run is another variant of its lab. The evidence of one that does not pass is kept, and said where."""
    machine = VirtualMachine("real", bench.say)
    times = bench.repetitions(20, 2)
    for lab in bench.labs:
        missed = []
        for seed in range(1, times + 1):
            bench.say(f"{lab.name}: run {seed} of {times} in real time")
            out = Path(tempfile.mkdtemp(prefix="mnlab-bench-"))
            with Progress(quiet=True) as progress:
                result, = run_tasks([Task(lab, seed, out)], machine, progress)
            if result.status in FINE:
                shutil.rmtree(out)
                continue
            missed.append(str(seed))
            bench.say(f"  not passed: {'; '.join(why(result))}\n  its evidence: {out}")
        seeds = f", not with seed {', '.join(missed)}" if missed else ""
        yield Row("repeats", len(missed), lab.name, f"{times} runs{seeds}")


def why(result: LabResult) -> list[str]:
    """What did not pass, and the first line of its message."""
    checks = [f"{check.name} {check.status}: {check.message.partition(chr(10))[0]}"
              for check in result.checks if check.status not in FINE]
    return checks or [result.reason]


MEASURES = (repeats,)
