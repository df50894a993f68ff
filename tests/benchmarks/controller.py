"""What a controller costs: from nothing until a switch has its first learned flow."""

import statistics
from collections.abc import Iterator
from dataclasses import replace

from mnlab.lab.lab import ROOT

from . import tools
from .figures import Row, spread
from .prices import read

PARTS = {"all": "everything", "switch": "network and switch", "controller": "controller, until the switch has its first flow",
         "flow": "a ping, until its first flow"}


def first_flow(bench: tools.Bench) -> Iterator[Row]:
    """Runs of the machine, each with a network, a switch and a controller of its own."""
    job = tools.job("controller")
    job = replace(job, files={**job.files, "controller": ROOT / "controller"})
    runs = []
    for number in range(bench.repetitions(10, 3)):
        bench.say(f"starting a switch and its controller, {number + 1}")
        runs.append(read(tools.run(bench.machine, job).lines))
    for part, name in PARTS.items():
        for key, clock, unit in (("first_flow", 0, "s"), ("first_flow_wall", 1, "s")):
            times = [spans[part][clock] for spans in runs]
            yield Row(key, statistics.median(times), name, spread(times, unit, 3 - clock))


MEASURES = (first_flow,)
