"""Reading the evidence of this lab: the visits of each step, in round trips."""

from functools import lru_cache
from itertools import pairwise

from mnlab.evidence.record import Missing
from mnlab.protocols import http, tcp

EARLY = 0.01  # of a time: netem holds a frame no shorter than it was told, but a capture may note it a moment late
LATE = 0.5  # of a round trip, for each: what a busy computer may add, and less than what one more would cost
INITIAL_WINDOW = 10 * 1448  # bytes sent before anything is heard (RFC 6928; timestamps take 12 of each 1460)
BURST = 1600  # bytes that the rate limit lets pass at once after a silence


def rtt(params) -> float:
    """Seconds."""
    return 2 * params["delay"] / 1e3


@lru_cache(maxsize=2)
def connections(evidence, where) -> list[tcp.Connection]:
    """All that were captured there, followed once for all checks."""
    return tcp.connections(evidence.frames(where))


def visits(evidence, step, where="client") -> list[tcp.Connection]:
    """The connections that began in a step, in order: it lasts until the next mark."""
    marks = sorted(one.start for one in evidence.timeline if one.kind == "mark")
    start = evidence.mark(step)
    end = next((mark for mark in marks if mark > start), float("inf"))
    return [one for one in connections(evidence, where) if start <= one.time < end]


def visit(evidence, step, where="client") -> tcp.Connection:
    """The first connection of a step that must have one."""
    found = visits(evidence, step, where)
    if not found:
        raise Missing(f"no connection was captured in the step {step!r}")
    return found[0]


def exchanges(connections) -> list[http.Exchange]:
    """Requests with their responses on the connections, in order."""
    return [one for connection in connections for one in http.of_connection(connection)]


def answered(connections) -> list[http.Exchange]:
    """Those that were answered in full."""
    return [one for one in exchanges(connections) if one.response and one.response.complete]


def paths(found) -> list[str]:
    return [one.request.target_uri for one in found]


def duration(connections) -> float:
    """From the first SYN to the last byte of the last response (s); 0 if nothing was answered."""
    ends = [one.response.end for one in answered(connections)]
    return max(ends) - connections[0].time if ends else 0.0


def transmission(params, connections) -> float:
    """How long the link towards the client takes for the frames with the server's data (s)."""
    sent = sum(segment.frame.length for connection in connections for segment in connection.data(tcp.SERVER))
    return sent * 8 / (params["rate"] * 1e6)


def burst(params) -> float:
    """What the rate limit's burst saves, at most (s)."""
    return BURST * 8 / (params["rate"] * 1e6)


def rounds(connections) -> int:
    """The round trips that the client waits for: how often the server speaks (SYN or data) after the client has. No
    clock is asked."""
    spoken = [[one.sender for one in connection.segments if one.syn or one.length] for connection in connections]
    return sum(pair == (tcp.CLIENT, tcp.SERVER) for senders in spoken for pair in pairwise(senders))


def takes(params, seconds, number, sending=0.0) -> bool:
    """Whether it took so many round trips, and `sending` seconds on top at most: none can be shorter than the path,
    and none is half as long again."""
    trip = rtt(params)
    return number * trip * (1 - EARLY) <= seconds <= number * trip * (1 + LATE) + sending


def is_rounds(params, connections, number) -> bool:
    """Whether the client waited for so many round trips, and the documents took that long, and no longer."""
    return rounds(connections) == number and takes(params, duration(connections), number,
                                                   transmission(params, connections))


def in_rounds(params, seconds) -> str:
    return f"{seconds * 1e3:.0f} ms, {seconds / rtt(params):.2f} times the path's round trip"


def waits(params, connections) -> str:
    """For people."""
    return f"{rounds(connections)} round trips; {in_rounds(params, duration(connections))}"
