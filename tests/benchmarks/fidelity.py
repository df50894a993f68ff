"""How true links are to their parameters, on an idle computer and on a busy one."""

import json
from collections.abc import Iterator
from contextlib import nullcontext

from . import tools
from .figures import DELAY, LOSS, PACKETS, RATE, Row

PINGS, SECONDS = 100, 10


def shaping(bench: tools.Bench) -> Iterator[Row]:
    seen = {}
    for load, context in (("idle", nullcontext), ("busy", tools.busy_processors)):
        bench.say(f"delay, rate and loss of links; the computer is {load}")
        with context():
            seen[load] = links(bench)
        yield from rows(seen[load], load)
    differing = [name for name in seen["idle"] if seen["idle"][name] != seen["busy"][name]]
    yield Row("same", len(differing), detail=", ".join(differing) or "the same to the last digit")


def links(bench: tools.Bench) -> dict:
    """What inside/fidelity.py measures."""
    what = (PINGS, SECONDS, PACKETS, DELAY * 1e3, RATE / 1e6, LOSS * 100)
    stamps = tools.run(bench.machine, tools.job("fidelity", *map(str, what)))
    return json.loads(stamps.lines[-1][1])


def rows(seen: dict, load: str) -> Iterator[Row]:
    yield Row("delay", seen["delay"], load, f"{PINGS} pings, {seen['least']:.3f} to {seen['most']:.3f} ms")
    yield Row("deviation", seen["deviation"] * 1e3, load)
    yield Row("goodput", seen["goodput"] / 1e6, load, f"{SECONDS} s of iperf3, {seen['retransmits']} retransmissions")
    yield Row("loss", seen["lost"], load, f"of {seen['sent']:,} sent")


MEASURES = (shaping,)
