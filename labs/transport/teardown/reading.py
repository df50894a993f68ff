"""Reading the evidence of this lab: what checks.py asks of captures, kernels and programs. Times in seconds."""

from functools import lru_cache

from mnlab.checks import expect
from mnlab.evidence.record import Missing
from mnlab.protocols import tcp
from mnlab.protocols.tcp import CLIENT, SERVER
from mnlab.protocols.tcp.teardown import closing, in_words, socket_states

STEPS = ("four", "three", "late", "together", "server-first", "unread", "gone", "patient", "orphan-a", "orphan-b",
         "yours")
VISITS = ("pieces", "empty", "binary", "single", "pause", "limit", "slow-reader", "over", "next", "too-long", "then",
          "mute", "endless", "killed", "gone-reader", "gone-talker", "last")  # the student's server's clients

POLITE = ("empty", "binary", "single", "pause", "limit", "next", "then", "last")  # they end, read at once, and wait


# --- the wire and the kernels ---

def port(evidence, step: str) -> int:
    return evidence.params["port"] + STEPS.index(step)


@lru_cache(maxsize=8)
def connections(evidence, host: str) -> list[tcp.Connection]:
    return tcp.connections(evidence.frames(host))


def wire(evidence, step: str, host: str = "h1") -> tcp.Connection:
    """A step's connection as captured on `host`; of the student's server, the one that the visit of this name made."""
    visit = step in VISITS
    begin, end = (evidence.mark(step), after(evidence, step)) if visit else (0, float("inf"))
    first = port(evidence, "yours" if visit else step)
    ports = range(first, first + 10) if visit else (first,)  # of a server that was started again
    found = [one for one in connections(evidence, host) if one.server.port in ports and begin <= one.time < end]
    if not found:
        raise Missing(f"no connection of the step {step} was captured on {host}")
    return found[0]


def after(evidence, visit: str) -> float:
    """When the visit after this one begins."""
    following = VISITS[VISITS.index(visit) + 1:]
    return evidence.mark(following[0]) if following else float("inf")


def states(evidence, step: str, host: str) -> dict[str, float]:
    """The states that the socket of `host` entered, and when; TIME-WAIT is reported as CLOSED."""
    side = CLIENT if host == "h1" else SERVER
    return socket_states(evidence.kernel(), wire(evidence, step, host), side)


def seen_as(evidence, step: str, host: str, state: str, start: float = 0) -> list[float]:
    """When, of the looks that were taken every two seconds, the step's connection was in this state on `host`."""
    key = str(port(evidence, step))
    return [sample["time"] for sample in evidence.json("sockets")
            if sample["time"] >= start and sample[host].get(key) == state]


def fins(connection: tcp.Connection, done: str) -> tuple[tcp.Segment, tcp.Segment]:
    """The client's FIN and the server's; the check fails without them."""
    found = connection.fins
    expect(len(found) == 2, done=done, expected="a FIN from either end", seen=in_words(closing(connection)))
    return found[CLIENT], found[SERVER]


def outcome(evidence, step: str) -> dict:
    """What the step's program read, and how that ended."""
    return evidence.json("outcomes").get(step) or {"bytes": 0, "end": "nothing"}


# --- the student's server ---

def right_answer(request: bytes) -> bytes:
    return b"%d bytes\n" % len(request) + request[::-1]


def last_words(evidence) -> str:
    """What the student's server wrote to standard error at the end."""
    try:
        lines = evidence.command("server").stderr.strip().splitlines()[-3:]
    except Missing:
        return ""
    return "".join(f"\nyour server: {line}" for line in lines)


def expect_whole_answer(evidence, visit: str, done: str) -> tcp.Connection:
    """The right answer to the whole request has arrived at h1, and the end of the stream. The visit's connection."""
    connection = wire(evidence, visit)
    right, stream = right_answer(connection.stream(CLIENT)), connection.stream(SERVER)
    expect(stream == right, done=done, expected=f"{len(right)} bytes: {right[:40]!r}...",
           seen=f"{len(stream)} bytes: {stream[:40]!r}" + last_words(evidence))
    return connection
