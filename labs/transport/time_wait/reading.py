"""Reading the evidence of this lab: what checks.py asks of captures, kernels and programs.

Times in seconds. What a segment causes, the kernel does in the same moment: SOON leaves room for a busy computer in
real time. Linux's timer wheel may fire up to 1/8 late (kernel/time/timer.c), hence LATE; ports are tried every POLL
seconds, and in the step `range` every EACH.
"""

from functools import lru_cache

from mnlab.checks import expect
from mnlab.evidence.record import Missing
from mnlab.protocols import tcp
from mnlab.protocols.tcp import CLIENT, SERVER
from mnlab.protocols.tcp.teardown import socket_states

STEPS = ("client-first", "server-first", "restart", "lost-ack", "no-wait", "assassin", "shielded", "reuse", "reopened",
         "range", "ghost", "visits", "server")
SOON, LATE, POLL, EACH = 0.1, 1.125, 0.4, 0.05
VISITS = ("asks-twice", "speaks-slowly", "bye-alone", "says-nothing", "no-bye", "gone", "gone-early",
          "gone-at-the-end", "gone-before", "last-visit")
FIRST_PORT = 31001  # on h1, of the first of these


# --- the wire and the kernels ---

def port(evidence, step: str, side: str = SERVER) -> int:
    return evidence.params[side] + STEPS.index(step)


@lru_cache(maxsize=8)
def connections(evidence, host: str) -> list[tcp.Connection]:
    return tcp.connections(evidence.frames(host))


def wires(evidence, step: str, host: str = "h1") -> list[tcp.Connection]:
    """The step's connections as captured on `host`."""
    return [one for one in connections(evidence, host) if one.server.port == port(evidence, step)]


def wire(evidence, step: str, host: str = "h1", which: int = 0) -> tcp.Connection:
    found = wires(evidence, step, host)
    if len(found) <= which:
        raise Missing(f"no connection number {which + 1} of the step {step} was captured on {host}")
    return found[which]


def ghosts(evidence) -> tuple[tcp.Connection, tcp.Connection]:
    """The old connection of the step `ghost` whose numbers came round, and the last one, which has them: at h2."""
    *older, new = [wire(evidence, "ghost", "h2", which) for which in range(max(2, len(wires(evidence, "ghost", "h2"))))]
    return min(older, key=lambda old: (old.isn(CLIENT) - new.isn(CLIENT)) % 2**32), new


def states(evidence, step: str, host: str) -> dict[str, float]:
    """The states that the socket of `host` entered, and when; TIME-WAIT is reported as CLOSED."""
    return socket_states(evidence.kernel(), wire(evidence, step, host), CLIENT if host == "h1" else SERVER)


def waiting(evidence, moment: str, host: str) -> dict[str, dict]:
    """Of the steps whose connection was in TIME-WAIT on `host` at this moment, the kernel's own lines."""
    first = evidence.params[CLIENT if host == "h1" else SERVER]
    rows = evidence.json("tables")[moment][host] if moment in evidence.json("tables") else []
    return {STEPS[row["local"][1] - first]: row for row in rows
            if row["state"] == "TIME-WAIT" and 0 <= row["local"][1] - first < len(STEPS)}


def brought_again(evidence, step: str) -> list[tcp.Segment]:
    """The segments with data that arrived at h2 and that h1 had not sent just before: copies that came late."""
    sent = [(segment.header.seq, segment.time) for one in wires(evidence, step) for segment in one.data(CLIENT)]
    return [segment for one in wires(evidence, step, "h2") for segment in one.sent(CLIENT) if segment.length
            and not any(seq == segment.header.seq and 0 <= segment.time - time < SOON for seq, time in sent)]


def near(one: float, other: float) -> bool:
    return abs(one - other) < SOON


# --- what was allowed, and what was read ---

def results(evidence, step: str, what: str) -> str:
    """How the kernel took an attempt, the last one of several: "ok", or the name of the error."""
    found = [entry["result"] for entry in attempts(evidence, step, what)]
    return found[-1] if found else "not tried"


def attempts(evidence, step: str, what: str) -> list[dict]:
    return [entry for entry in evidence.json("attempts") if (entry["step"], entry["what"]) == (step, what)]


def expect_results(evidence, *wanted: tuple[str, str, str]) -> None:
    """Fail unless each attempt (step, what) had its result."""
    for step, what, right in wanted:
        result = results(evidence, step, what)
        expect(result == right, done=f"{what}, right after the step {step}", expected=right, seen=result)


# --- the student's programs ---

def last_words(evidence, *programs: str) -> str:
    """What a student's program wrote to standard error at the end."""
    known = {command.name: command for command in evidence.timeline}
    return "".join(f"\n{name}: {line}" for name in programs if name in known
                   for line in known[name].stderr.strip().splitlines()[-2:])


def visits(evidence) -> list[tcp.Connection]:
    """The connections that the student's client made, as captured on h1."""
    return [connection for connection in wires(evidence, "visits") if connection.handshake]


def visit(evidence, name: str, host: str = "h2") -> tcp.Connection:
    """One of the later visits to the student's server."""
    own = FIRST_PORT + VISITS.index(name)
    found = [one for one in connections(evidence, host) if one.client.port == own]
    if not found:
        raise Missing(f"no connection of the visit {name} was captured on {host}")
    return found[0]


def text(evidence) -> bytes:
    """What the student's server tells: as many whole sentences as fit."""
    sentence = b"the same once again, "
    return sentence * (evidence.params["body"] // len(sentence))


def answer(evidence, times: int = 1) -> bytes:
    """What the student's server sends if it is asked so often."""
    return (b"%d\n" % len(text(evidence)) + text(evidence)) * times
