"""The same lab with the same seed gives the same evidence, to the byte, whatever else the computer does."""

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

from mnlab.evidence import layout
from mnlab.lab import lab as labs
from mnlab.lab import run as labrun
from mnlab.lab import work as workfolder

from . import tools
from .figures import Row

SEED = 1
AT_ONCE = 2


def digests(bench: tools.Bench) -> Iterator[Row]:
    times = bench.repetitions(20, 4)
    broken = 0
    for lab in bench.labs:
        seen = []
        for load, context in (("idle", nullcontext), ("busy", tools.busy_processors)):
            bench.say(f"{lab.name}: {times // 2} runs; the computer is {load}")
            with context(), ThreadPoolExecutor(AT_ONCE) as pool:
                seen += pool.map(lambda _, lab=lab: digest(bench, lab), range(times // 2))
        whole = [one for one in seen if one]
        broken += len(seen) - len(whole)
        detail = f"{len(whole)} runs, {AT_ONCE} at once, half of them busy"
        yield Row("digests", len(set(whole)), lab.name, f"{detail}; {whole[0][:12]}" if whole else detail)
    yield Row("incomplete", broken)


def digest(bench: tools.Bench, lab: labs.Lab) -> str:
    """The digest of one run's evidence; "" if the run was inconclusive."""
    with tempfile.TemporaryDirectory(prefix="mnlab-bench-") as scratch:
        work = Path(scratch) / "work"
        work.mkdir()
        workfolder.copy(lab.solution, work, lab.params(SEED))
        run = labrun.run(lab, bench.machine, work, SEED, Path(scratch) / "run")
        return run.manifest["evidence_sha256"] if run.outcome == layout.OK else ""


MEASURES = (digests,)
