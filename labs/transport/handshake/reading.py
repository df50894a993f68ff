"""Reading the evidence of this lab: what checks.py asks of captures, kernels and the student's program.

Numbers are those on the wire. Times: the kernel's timers fire late and never early, up to 1/8 by its timer wheel
(kernel/time/timer.c), hence LATE; SLACK is for a busy computer in real time, a virtual one needs none.
"""

from functools import lru_cache
from itertools import accumulate

from mnlab.checks import expect
from mnlab.protocols import tcp
from mnlab.protocols.kernel import SocketState
from mnlab.protocols.tcp import rto

PORTS = {"plain": 6101, "old": 6103, "racing": 6104, "cookie": 6105, "fast": 6106, "blocked": 6107, "served": 6108,
         "bare": 6109, "patient": 6110, "doubling": 6111, "first": 6201, "closed": 6202, "nowhere": 6203}
SERVER, FLOODED, GUARDED, STUDENTS = 5005, 5002, 5003, 5004
CROSSING, HALF_OPEN = 7001, 12300
MODULUS = 2**32
LATE, SLACK, SOON = 1.15, 0.3, 0.02  # a factor; seconds; seconds
EARLY = 0.05  # s: a capture sees what has passed its link, where a busy computer may keep the first segment for long


# --- the wire and the kernels ---

@lru_cache(maxsize=8)
def everything(evidence, host) -> list:
    """Every TCP segment captured on a host, in order of time."""
    found = [segment for one in tcp.connections(evidence.frames(host)) for segment in one.segments]
    return sorted(found, key=lambda segment: (segment.time, segment.frame.number))


def talk(evidence, name, host="h1") -> list:
    """The segments from and to this port of h1, or this name's port."""
    port, ip = PORTS.get(name, name), evidence.ip("h1")
    return [segment for segment in everything(evidence, host) if (ip, port) in (segment.source, segment.target)]


def sent(evidence, name, host="h1", by="h1") -> list:
    return [segment for segment in talk(evidence, name, host) if segment.source.ip == evidence.ip(by)]


def unanswered(evidence, host, name) -> list:
    """What a host sent to the made-up address from this name's port."""
    return [one for one in everything(evidence, host) if one.source == (evidence.ip(host), PORTS[name])
            and one.target.ip == evidence.params["outside"]]


def outside(evidence, port) -> tuple[list, list]:
    """(SYNs to that port of h2 from the made-up address, h2's SYN+ACKs to them), as h2 saw them."""
    made_up = evidence.params["outside"]
    found = [segment for segment in everything(evidence, "h2") if segment.syn]
    return ([segment for segment in found if (segment.source.ip, segment.target.port) == (made_up, port)],
            [segment for segment in found if (segment.target.ip, segment.source.port) == (made_up, port)])


def room(evidence, step: str) -> int:
    """How many half-open connections h2's kernel held after a flood; the check fails unless that is its backlog.

    Linux compares with "greater", so there is room for one more than listen() was given (include/net/
    inet_connection_sock.h, inet_csk_reqsk_queue_is_full); it has been otherwise in other versions.
    """
    held, backlog = evidence.json(step)["half_open"], evidence.params["backlog"]
    expect(held in (backlog, backlog + 1),
           done=f"{evidence.params['flood']} SYNs that nobody stands behind came to h2: listen({backlog})",
           expected=f"{backlog} or {backlog + 1} half-open connections in h2's table", seen=held)
    return held


def syn_times(evidence, linear: int | None = None) -> list[float]:
    """Seconds at which a client that nobody answers sends its SYNs, and then gives up; `linear`: as many repetitions
    as do not count for the back-off (those of h1, as its kernel says, unless given)."""
    linear = rto.linear_timeouts(evidence.text("linear-timeouts")) if linear is None else linear
    return [round(seconds) for seconds in accumulate(rto.syn_schedule(linear), initial=0)]


def words(segments, evidence) -> str:
    """Segments as "h1: SYN 123; h2: SYN+ACK 456 acknowledging 124", for "seen"."""
    return "; ".join(
        f"{evidence.name_of(one.source.ip)}: {one.flags} {one.header.seq}"
        + (f" acknowledging {one.header.ack}" if one.ack is not None else "") for one in segments[:8]) or "nothing"


def one_more(number: int) -> int:
    return (number + 1) % MODULUS


def changes(evidence, host, source_port, target_port) -> list[tuple[str, str, float]]:
    """(old state, new state, time) of a socket of the host's with a peer, as its kernel reported them: from LISTEN on
    only some kernels name the peer."""
    ip = evidence.ip(host)
    return [(event.old, event.new, event.time) for event in evidence.kernel() if isinstance(event, SocketState)
            and event.source == (ip, source_port) and event.target.port == target_port and event.old != "LISTEN"]


def expect_established(evidence, port, name, done) -> None:
    """Fail unless h2's kernel reports that its connection with this name's port of h1 was opened."""
    server = [change[:2] for change in changes(evidence, "h2", port, PORTS[name])][:1]
    expect(server == [("SYN-RECEIVED", "ESTABLISHED")], done=done, expected="h2's kernel has an established connection",
           seen=server or "none")


def at_times(found, expected, done, what) -> None:
    """Fail unless the segments came at these seconds after the first one, as the kernel's timers would have it."""
    times = [one.time - found[0].time for one in found]
    fits = len(times) == len(expected) and all(
        right <= time + EARLY and time < right * LATE + SLACK for time, right in zip(times, expected, strict=True))
    expect(fits, done=done, expected=f"{what} at {', '.join(map(str, expected))} s",
           seen=", ".join(f"{time:.2f}" for time in times) + " s")


# --- the student's handshake ---

DONE = "handshake.py was told to connect to h2; its first SYN was lost"


def how_it_ended(evidence) -> str:
    program = evidence.command("your-handshake")
    how = program.stopped or (f"it ended with status {program.status}" if program.status else "")
    return "".join(f"\n{text}" for text in (how, *program.stderr.strip().splitlines()[-4:]) if text)


def printed(evidence, number: int) -> str:
    """A line that the program printed, from 0."""
    lines = evidence.command("your-handshake").stdout.splitlines()
    return lines[number].strip() if number < len(lines) else "no line"


def syns_of(evidence, name) -> list:
    """The SYNs that the program sent from this port; the check fails unless there are some."""
    found = [one for one in sent(evidence, name) if one.syn]
    expect(found, done=f"handshake.py was told to connect from port {PORTS[name]}", expected="a SYN from h1",
           seen="none" + how_it_ended(evidence))
    return found


def server_isn(evidence) -> int:
    """The number with which h2 really answered the program."""
    found = [one.header.seq for one in talk(evidence, "first", "h2")
             if one.source == (evidence.ip("h2"), STUDENTS) and one.syn]
    expect(found, done=DONE, expected="h2 answers the second SYN", seen="it does not" + how_it_ended(evidence))
    return found[0]
