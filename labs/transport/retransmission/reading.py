"""Reading the evidence of this lab: what checks.py asks of captures, of the kernel, and of the student's program.

Times in seconds. How late a timer may be: Linux's timer wheel has levels, and fires up to 1/8 late for long waits
(kernel/time/timer.c). TICK is that of the slowest usual clock (HZ=100; Debian has 250). SLACK is for a busy computer in
real time; a virtual one needs none. Where something must happen *at* an ACK, nothing else may be heard in between.
"""

from dataclasses import dataclass
from functools import lru_cache

from mnlab.checks import expect
from mnlab.evidence.record import Missing
from mnlab.protocols import tcp
from mnlab.protocols.tcp import rto

PORTS = {"lost": 5001, "probe": 5002, "timer": 5003, "karn": 5004, "far": 5005, "jump": 5006, "walk": 5007,
         "gone": 5011, "gone-far": 5012, "idle": 5013, "call": 5014}
LATE, TICK, SLACK = 1 + 1 / 8, 0.01, 0.05
MICRO = 1e-6
UNIT = 2e-6  # s: what rounding to microseconds may do, in a value and in what it is compared with


# --- the wire and the kernel ------------------------------------------------------------------------------------------

@lru_cache(maxsize=64)
def _connections(evidence, host):
    return {one.server.port: one for one in tcp.connections(evidence.frames(host))}


def wire(evidence, name, host="h1") -> tcp.Connection:
    """A conversation as captured on a host."""
    found = _connections(evidence, host).get(PORTS[name])
    if not found:
        raise Missing(f"no connection to port {PORTS[name]} was captured on {host}")
    return found


def data(connection) -> list:
    """Every segment with data that h1 sent, first copies and later ones."""
    return [segment for segment in connection.sent(tcp.CLIENT) if segment.length]


def again(connection) -> list:
    """The segments with data that h1 sent once more: at the sender's own interface only what is new is fresh."""
    return [segment for segment in data(connection) if not segment.fresh]


def copies(connection, segment) -> list:
    """All copies of a segment, in the order in which they were sent."""
    return [one for one in data(connection) if one.seq == segment.seq]


def lost(evidence, name, peer="near") -> list:
    """What left h1 in a conversation and did not reach its peer."""
    arrived = {segment.header.ip_ident for segment in wire(evidence, name, peer).sent(tcp.CLIENT)}
    return [segment for segment in data(wire(evidence, name)) if segment.header.ip_ident not in arrived]


def looks(evidence, name) -> list[dict]:
    """What h1's kernel said of a connection (TCP_INFO), times in seconds."""
    return [{**look, "rto": look["rto"] * MICRO, "rtt": look["rtt"] * MICRO, "rttvar": look["rttvar"] * MICRO}
            for look in evidence.json("kernel")[name]]


def look_at(evidence, name, time) -> dict:
    """The kernel's last word before a moment."""
    return [look for look in looks(evidence, name) if look["time"] <= time][-1]


def look_after(evidence, name, time) -> dict:
    """The kernel's first word at or after a moment."""
    return next((look for look in looks(evidence, name) if look["time"] >= time), looks(evidence, name)[-1])


def kernel_events(evidence, name, kind) -> list:
    return [event for event in evidence.kernel() if isinstance(event, kind) and event.target.port == PORTS[name]]


def sent_again(evidence, name, done):
    """The segments that were sent again; the check fails if there are none."""
    found = again(wire(evidence, name))
    expect(found, done=done, expected="h1 sends something again", seen="it never did")
    return found


def copy_before(evidence, name, segment):
    """The copy of a segment that was sent before this one; the check fails if there is none."""
    before = [one for one in copies(wire(evidence, name), segment) if one.time < segment.time]
    expect(before, done=f"h1 sent sequence number {segment.seq} to port {PORTS[name]}", expected="two copies of it",
           seen="only one was captured")
    return before[-1]


def look_while_waiting(evidence, name, segment) -> dict:
    """The kernel's last word half way between the copy before and this one: its timer is running, and has not yet
    gone off (on a busy computer some time passes between that and the copy)."""
    return look_at(evidence, name, (copy_before(evidence, name, segment).time + segment.time) / 2)


def waited(evidence, name, segment) -> tuple[float, float]:
    """How long a repetition came after the copy before it, and the timeout that the kernel had set then."""
    gap = segment.time - copy_before(evidence, name, segment).time
    return gap, look_while_waiting(evidence, name, segment)["rto"]


def is_timeout(gap: float, timeout: float) -> bool:
    """Whether a gap is what a timer of `timeout` makes."""
    return timeout - TICK <= gap <= timeout * LATE + SLACK


def heard(evidence, name, time):
    """What h1 had heard last from its peer at some time."""
    return [segment for segment in wire(evidence, name).sent(tcp.SERVER) if segment.time < time][-1]


@dataclass(frozen=True)
class Measured:
    """An ACK that gave a sample: `rtt` by the capture, and `kernel`, which moved the kernel's SRTT to `srtt`."""

    time: float
    rtt: float
    kernel: float
    srtt: float
    rto: float


def measured(evidence, name) -> list[Measured]:
    """The samples of what was sent once, the handshake's SYN among it; up to a loss where there are timestamps, as
    then what was sent twice gives samples, too. The check fails if there are hardly any."""
    connection, found = wire(evidence, name), []
    stamped, repeated = connection.syn_option(tcp.CLIENT, "timestamp"), again(connection)
    end = repeated[0].time if stamped and repeated else float("inf")
    for sample in connection.rtt_samples(tcp.CLIENT):
        said = look_after(evidence, name, sample.time)
        if sample.time > end or said["unacked"]:
            break
        kernel = found[-1].srtt + (said["rtt"] - found[-1].srtt) / rto.ALPHA if found else said["rtt"]
        found.append(Measured(sample.time, sample.rtt, kernel, said["rtt"], said["rto"]))
    expect(len(found) > 2, done=f"h1 sent segments to port {PORTS[name]}",
           expected="an RTT from each ACK before a loss", seen=f"{len(found)} of them")
    return found


def ms(seconds: float) -> str:
    return f"{seconds * 1e3:.0f} ms"


# --- the student's timer ----------------------------------------------------------------------------------------------

STORIES = ("rto", "rto-made-up", "rto-coarse", "rto-patient")  # runs of the student's program


class Decision:
    """One line of a story, what the student's program said after it (`srtt`, `rttvar`: None for "-"), and the line.

    `sample` is the RTT that the line measures by Karn's rule, None for every other line; `first`: it is the first one
    of its connection. `before` is the Decision before it in the same connection (its name is `connection`). `limits`
    are the least and the largest timeout and the tick that the program was given.
    """

    def __init__(self, connection, line, said, sample, before, limits):
        self.connection, self.line, self.sample, self.before, self.limits = connection, line, sample, before, limits
        self.srtt, self.rttvar, self.rto = said
        self.first = sample is not None and not (before and before.measured)
        self.measured = sample is not None or bool(before and before.measured)

    @property
    def done(self) -> str:
        return f"in the connection {self.connection!r} your program was told {self.line!r}"

    def expect_estimates(self) -> None:
        """Fail the check unless the program had something to say of SRTT and RTTVAR."""
        expect(self.srtt is not None and self.rttvar is not None, done=self.done, expected="SRTT and RTTVAR",
               seen="nothing")

    def within_limits(self, timeout: float) -> float:
        """A timeout, not below the least or above the largest."""
        least, largest, _ = self.limits
        return min(max(timeout, least), largest)


@lru_cache(maxsize=8)
def decisions(evidence) -> list[Decision]:
    """The student's decisions in all stories; the check fails if the program did not answer each line."""
    return [one for name in STORIES for one in _decisions(evidence, name)]


def _decisions(evidence, command: str) -> list[Decision]:
    run, lines = evidence.command(command), evidence.text(f"{command}-story").splitlines()
    answers, limits = run.stdout.splitlines(), tuple(map(float, run.argv[-3:]))
    words = run.stopped or (run.stderr.strip().splitlines() or ["it printed too little or too much"])[-1]
    expect(run.status == 0 and len(answers) == len(lines), done=f"rto.py was told of {len(lines)} events",
           expected="a line after each of them", seen=f"{len(answers)} lines: {words}")
    found, before, outstanding, name = [], None, {}, ""
    for line, answer in zip(lines, answers):
        what, *rest = line.split()
        if what == "connection":
            before, outstanding, name = None, {}, rest[0]
        sample = None
        if what == "sent":
            outstanding[int(rest[1])] = None if int(rest[1]) in outstanding else float(rest[2])
        elif what == "ack" and (sent := outstanding.pop(int(rest[0]), None)) is not None:
            sample = float(rest[1]) - sent
        before = Decision(name, line, numbers(answer, line), sample, before, limits)
        found.append(before)
    return found


def numbers(answer: str, line: str) -> list[float | None]:
    """The three numbers that a line of the student's output holds."""
    try:
        values = [None if word == "-" else float(word) for word in answer.split()]
    except ValueError:
        values = []
    expect(len(values) == 3 and values[2] is not None, done=f"rto.py was told {line!r}",
           expected='"SRTT RTTVAR RTO" in seconds', seen=repr(answer[:60]))
    return values


def near_to(one: float | None, other: float | None, tolerance: float = UNIT) -> bool:
    return one is other if one is None or other is None else abs(one - other) <= tolerance
