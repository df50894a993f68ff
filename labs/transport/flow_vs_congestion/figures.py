"""What is in flight, and what the two windows allow, in the three runs that differ in one thing each."""

from mnlab.lab.diagram import Figure
from mnlab.protocols.kernel import Probe

SEGMENT = 1448  # bytes
NAMES = {"receiver": "slow receiver", "link": "slow link", "deep": "slow link, deep queue"}


def figures(run):
    """In segments, over the seconds since a transfer began: in flight (line), the smaller window (dashed)."""
    record, flights, limits = run.scene("labelled"), {}, {}
    for name, words in NAMES.items():
        port = record.params[f"{name}_port"]
        mine = [event for event in record.kernel() if isinstance(event, Probe) and event.target.port == port]
        begin = record.mark(f"{name}-start")
        flights[words] = [(one.time - begin, one.in_flight / SEGMENT) for one in mine]
        limits[words] = [(one.time - begin, min(one.snd_cwnd, one.snd_wnd / SEGMENT)) for one in mine]
    return [Figure("flight", "In flight, and (dashed) the smaller of the two windows", "segments", flights, limits)]
