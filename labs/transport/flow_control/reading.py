"""Reading the evidence of this lab: what checks.py asks of captures and of datagrams. Times in seconds."""

import struct
from dataclasses import dataclass
from functools import lru_cache

from mnlab.checks import expect
from mnlab.evidence.record import Missing
from mnlab.protocols import tcp, udp
from mnlab.protocols.tcp import windows as tcp_windows

PORTS = {"slow": 5001, "deaf": 5002, "window-near": 5003, "window-mid": 5004, "window-far": 5005, "double": 5006,
         "small": 5007, "stop-near": 5011, "stop-mid": 5012, "stop-far": 5013}
TASK_PORT = 6100
PATHS = ("near", "mid", "far")
PEERS = {"slow": "near", "deaf": "near", "double": "mid", "small": "mid",
         **{f"{kind}-{path}": path for kind in ("window", "stop") for path in PATHS}}
MSS = 1448  # bytes of payload in a full segment with timestamps
AT_ONCE = 0.01  # s: a kernel answers in microseconds; the rest is for a busy computer in real time
DATA, ANSWER = struct.Struct("!I"), struct.Struct("!II")


# --- TCP --------------------------------------------------------------------------------------------------------------

@lru_cache(maxsize=16)
def _connections(evidence, host):
    return {one.server.port: one for one in tcp.connections(evidence.frames(host))}


def wire(evidence, name, host="h1") -> tcp.Connection:
    """A conversation as captured on a host."""
    found = _connections(evidence, host).get(PORTS[name])
    if not found:
        raise Missing(f"no connection to port {PORTS[name]} was captured on {host}")
    return found


def data(connection) -> list:
    return [segment for segment in connection.sent(tcp.CLIENT) if segment.length]


def acks(connection) -> list:
    """What the receiver said once it was connected."""
    return [segment for segment in connection.sent(tcp.SERVER) if not segment.syn and segment.ack is not None]


def acked_at(connection, number: int) -> float:
    """When everything below a sequence number was acknowledged."""
    return next((one.time for one in acks(connection) if one.ack >= number), float("inf"))


def rtt(connection) -> float:
    """The median of the round trips of what was sent once."""
    found = sorted(sample.rtt for sample in connection.rtt_samples(tcp.CLIENT))
    return found[len(found) // 2]


def largest_window(connection) -> int:
    """The largest window that an ACK advertises: that of a receiver which has read all that has come."""
    return max(one.window for one in acks(connection))


def first_flight(connection) -> list:
    """The data segments sent before the first of them was acknowledged."""
    first = acked_at(connection, 2)
    return [segment for segment in data(connection) if segment.time < first]


def window_time(connection) -> float:
    """Seconds from an ACK to the one that acknowledges a whole window more: the shortest there was, under way.

    None can be shorter than the path's round trip, as what the second one acknowledges was sent after the first; and
    what a busy computer adds, in real time, it does not add every time.
    """
    window = largest_window(connection)
    ends = sorted({one.ack for one in acks(connection) if one.ack > 2 * window})
    pairs = [(end, end + window) for end in ends if end + window <= ends[-1]]
    expect(len(pairs) >= 2, done="h1 sent some windows of data", expected="several windows to measure",
           seen=f"{len(pairs)}")
    return min(acked_at(connection, end) - acked_at(connection, start) for start, end in pairs)


def speed(connection) -> float:
    """Bytes a second once the connection is under way."""
    return largest_window(connection) / window_time(connection)


def overruns(connection) -> list:
    """What was sent beyond the receiver's window."""
    return [one.segment for one in tcp_windows.flight(connection, tcp.CLIENT)
            if one.segment.sender == tcp.CLIENT and one.segment.length and one.room < 0]


# --- the student's sender ---------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Sent:
    """A datagram of the student's: the number of its first byte, its data; what answers had told before it (`next`,
    `edge`), since when there had been room for it, and how many bytes of room the answer made that told so (`gain`)."""

    time: float
    first: int
    data: bytes
    next: int
    edge: int
    again: bool
    room: float
    gain: int

    @property
    def end(self) -> int:
        return self.first + len(self.data)


@lru_cache(maxsize=8)
def sent(evidence) -> tuple[Sent, ...]:
    """The datagrams with data that left h1, each with what h1 had been told until then (next, edge)."""
    found, next_, edge, seen, edges = [], 0, 0, set(), []
    for one in udp.datagrams(evidence.frames("h1")):
        if one.source.port == TASK_PORT and len(one.payload) >= ANSWER.size:
            number, window = ANSWER.unpack_from(one.payload)
            edges.append((one.time, max(edge, number + window), max(edge, number + window) - edge))
            next_, edge = max(next_, number), edges[-1][1]
        elif one.target.port == TASK_PORT and len(one.payload) > DATA.size:
            first, payload = DATA.unpack_from(one.payload)[0], one.payload[DATA.size:]
            room, gain = next(((time, gain) for time, told, gain in edges if told >= first + len(payload)),
                              (one.time, 0))
            found.append(Sent(one.time, first, payload, next_, edge, first in seen, room, gain))
            seen.add(first)
    run = evidence.command("sender")
    words = run.stopped or (run.stderr.strip().splitlines() or ["it ended without a word"])[-1]
    expect(found, done="sender.py ran on h1", expected="datagrams with data from h1", seen=f"none: {words}")
    return tuple(found)


@lru_cache(maxsize=8)
def asked(evidence) -> tuple[float, ...]:
    """When datagrams without data left h1."""
    return tuple(one.time for one in udp.datagrams(evidence.frames("h1"))
                 if one.target.port == TASK_PORT and len(one.payload) <= DATA.size)


@lru_cache(maxsize=8)
def answers_heard(evidence) -> tuple[tuple[float, int, int], ...]:
    """(time, next, window) of each answer that reached h1."""
    return tuple((one.time, *ANSWER.unpack_from(one.payload)) for one in udp.datagrams(evidence.frames("h1"))
                 if one.source.port == TASK_PORT and len(one.payload) >= ANSWER.size)


@lru_cache(maxsize=8)
def lost(evidence) -> tuple[Sent, ...]:
    """The student's datagrams that s1 lost: those that left h1 and are missing at the other end."""
    there = [(DATA.unpack_from(one.payload)[0], one.payload[DATA.size:])
             for one in udp.datagrams(evidence.frames("lossy"))
             if one.target.port == TASK_PORT and len(one.payload) > DATA.size]
    missing = []
    for one in sent(evidence):  # a path that keeps the order: the first copy that is not the next to arrive was lost
        if there and there[0] == (one.first, one.data):
            there.pop(0)
        else:
            missing.append(one)
    return tuple(missing)


def finished(evidence) -> float:
    """When h1 heard that all had arrived; the check fails if it never did."""
    size = evidence.params["task_size"]
    when = next((time for time, next_, _ in answers_heard(evidence) if next_ >= size), None)
    heard = max((next_ for _, next_, _ in answers_heard(evidence)), default=0)
    expect(when, done=f"sender.py had {size} bytes to send", expected="the receiver has them all, and h1 knows it",
           seen=f"{heard} bytes acknowledged within 60 s")
    return when
