"""What starting things in the machine costs: a host of a network, a program, a minute of waiting."""

from collections.abc import Iterator

from . import tools
from .figures import Row

FEW, MANY = 4, 16  # hosts


def starts(bench: tools.Bench) -> Iterator[Row]:
    bench.say("starting networks and programs")
    times = bench.repetitions(20, 4)
    spans = read(tools.run(bench.machine, tools.job("prices", str(FEW), str(MANY), str(times))).lines)
    lab, wall = ((spans[f"hosts-{MANY}"][clock] - spans[f"hosts-{FEW}"][clock]) / (MANY - FEW) * 1e3
                 for clock in (0, 1))
    yield Row("host", lab, detail=f"a star of {MANY} against one of {FEW}")
    yield Row("host_wall", wall)
    yield Row("process", spans["process"][0] / times * 1e3, detail=f"{times} times")
    for key, name in (("process_wall", "process"), ("shell", "shell"), ("python", "python")):
        yield Row(key, spans[name][1] / times * 1e3)
    yield Row("idle", spans["idle"][1])


def read(lines: list[tuple[float, str]]) -> dict[str, tuple[float, float]]:
    """Name: (seconds of lab time, seconds of wall time) of each pair of lines that inside/prices.py prints."""
    begun, spans = {}, {}
    for wall, line in lines:
        mark, name, clock = line.split()
        if mark == "start":
            begun[name] = (int(clock) / 1e9, wall)
        else:
            spans[name] = (int(clock) / 1e9 - begun[name][0], wall - begun[name][1])
    return spans


MEASURES = (starts,)
