"""Reading the evidence of this lab: what checks.py asks of captures, of h1's kernel, and of the student's controller.

Windows in segments, times in seconds.
"""

from dataclasses import dataclass
from functools import lru_cache

from mnlab.checks import expect
from mnlab.evidence.record import Missing
from mnlab.protocols import tcp
from mnlab.protocols.tcp import congestion

SEGMENT = 1448  # bytes: MTU 1500 less the headers of IP and TCP with timestamps
PORTS = {"reno": 6201, "cubic": 6202, "bbr": 6203, "yours": 6204, "fast": 6101, "two-classic": 6102,
         "two-default": 6103}


# --- the wire and the kernel ------------------------------------------------------------------------------------------

@lru_cache(maxsize=64)
def trace(evidence, name) -> congestion.Trace:
    """The sender's kernel events of one connection."""
    events = [event for event in evidence.kernel() if event.source.port == PORTS[name]]
    if not any(isinstance(event, congestion.Probe) for event in events):
        raise Missing(f"the kernel of h1 reported nothing of the connection {name}")
    return congestion.Trace(events, SEGMENT)


@lru_cache(maxsize=64)
def wire(evidence, name, host="h1") -> tcp.Connection:
    """One connection as captured on a host."""
    found = [one for one in _connections(evidence, host) if one.client.port == PORTS[name]]
    if not found:
        raise Missing(f"no connection {name} was captured on {host}")
    return found[0]


@lru_cache(maxsize=8)
def _connections(evidence, host):
    return tcp.connections(evidence.frames(host))


def episodes(evidence, name, sign):
    return [one for one in trace(evidence, name).episodes if one.sign == sign]


def first(evidence, name, sign):
    """The first episode with this sign; the check fails if there is none."""
    found = episodes(evidence, name, sign)
    expect(found, done=f"one segment was lost, later the path was dead for a while, and the queue overflowed ({name})",
           expected=f"a loss noticed by: {sign}",
           seen=", ".join(one.sign for one in trace(evidence, name).episodes) or "no loss was noticed")
    return found[0]


def before_retransmission(connection):
    """(the first retransmission, the ACKs since the last one that told of no gap): each of these has a SACK block.

    That is RFC 6675's duplicate ACK: one that tells of newly arrived data behind a gap.
    """
    again = connection.retransmissions(tcp.CLIENT)
    if not again:
        return None, []
    told = []
    for segment in connection.sent(tcp.SERVER):
        if segment.time <= again[0].time:
            told = [*told, segment] if segment.sack else []
    return again[0], told


# --- the student's controller -----------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Decision:
    """What happened (`number` counts from 1), and your window and threshold before it and after."""

    story: str
    number: int
    one: congestion.Input
    before: tuple[float, float]
    cwnd: float
    ssthresh: float

    @property
    def done(self) -> str:
        return f"event {self.number} of {self.story}: {self.one.kind} {self.one.count:g}, window {self.before[0]:g}"


def decisions(evidence) -> list[Decision]:
    """Your controller's decisions: on its connection, and on one that is made up."""
    return [*_decisions(evidence, "aimd", trace(evidence, "yours").inputs), *_decisions(evidence, "aimd-made-up")]


def _decisions(evidence, name, told=()) -> list[Decision]:
    """On one of them. `told`: what happened, with what Linux did; else it is read from what your program was told."""
    command = evidence.command(name)
    start, *events = (line.rpartition(" ") for line in command.stdin.splitlines())
    told = told or [congestion.Input(kind.replace("-", " "), int(count), 0.0) for kind, _, count in events]
    lines = command.stdout.split("\n")[:-1]
    trouble = command.stopped or (f"it ended with status {command.status}: {command.stderr.strip()[-300:]}"
                                  if command.status else "")
    expect(not trouble and len(lines) == len(told), done=f"aimd.py was told of {len(told)} things",
           expected="a line with window and threshold for each of them", seen=trouble or f"{len(lines)} lines")
    try:
        pairs = [tuple(map(float, line.split())) for line in lines]
        if any(len(pair) != 2 for pair in pairs):
            raise ValueError
    except ValueError:
        expect(False, done="aimd.py printed its decisions", expected="two numbers in each line",
               seen=next((repr(line[:60]) for line in lines if len(line.split()) != 2), "something that is no number"))
    before = [(float(start[2]), float("inf")), *pairs]
    return [Decision(name, number, one, *rest) for number, (one, *rest) in
            enumerate(zip(told, before, *zip(*pairs)), start=1)]


def acks(evidence, slow_start: bool) -> list[Decision]:
    """The ACKs in a phase, which is that of your own controller: it must do the right thing wherever it is."""
    return [step for step in decisions(evidence)
            if step.one.kind == "ack" and (step.before[0] < step.before[1]) == slow_start]
