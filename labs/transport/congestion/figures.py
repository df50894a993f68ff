"""The three windows over time: the picture that every textbook has, from a kernel."""

import tomllib

from mnlab.evidence import layout
from mnlab.lab.diagram import Figure
from mnlab.protocols.kernel import INFINITE_SSTHRESH
from mnlab.protocols.tcp import congestion

PORTS = {"reno": 6201, "cubic": 6202, "bbr": 6203}
NAMES = {"reno": "Reno", "cubic": "CUBIC", "bbr": "BBR"}
SEGMENT = 1448  # bytes


def figures(run):
    """The windows and thresholds in segments, each over the seconds since its connection began."""
    record = run.scene("kernel")
    traces = {name: congestion.Trace([event for event in record.kernel() if event.source.port == port], SEGMENT)
              for name, port in PORTS.items()}
    starts = {name: trace.events[0].time for name, trace in traces.items()}

    def since(name, points):
        return [(time - starts[name], value) for time, value in points]

    return [Figure(
        name="windows", ylabel="segments",
        title="Congestion window and slow start threshold (A to E: the moments of your answers)",
        series={NAMES[name]: since(name, trace.window) for name, trace in traces.items()},
        thresholds={NAMES[name]: since(name, [point for point in trace.threshold if point[1] < INFINITE_SSTHRESH])
                    for name, trace in traces.items()},
        phases={NAMES[name]: since(name, [(phase.start, phase.name) for phase in trace.phases])
                for name, trace in traces.items() if name == "cubic" or name == "reno" and _named(run)},
        events={NAMES[name]: since(name, [(one.time, one.sign) for one in trace.episodes]) + _asked(record, name)
                for name, trace in traces.items()})]


def _asked(record, name):
    """The moments of Reno's connection that the student is asked about."""
    return [(time, letter) for letter, time in record.json("moments").items() if name == "reno"]


def _named(run) -> bool:
    """Whether the student has named Reno's phases: the picture then does so, too."""
    try:
        given = tomllib.loads((run.folder / layout.ANSWERS).read_text())
    except (OSError, ValueError):
        return False
    return all(isinstance(given.get(f"phase_{letter}"), str) and given[f"phase_{letter}"].strip().lower() in
               congestion.PHASES for letter in run.scene("kernel").json("moments"))
