"""Reading the evidence of this lab: what checks.py asks of captures, kernels and the student's program.

Numbers are those on the wire. Times: the kernel's timers fire late and never early, up to 1/8 by its timer wheel
(kernel/time/timer.c), hence LATE; SLACK is for a busy computer in real time, a virtual one needs none.
"""

from functools import lru_cache
from itertools import accumulate, pairwise

from mnlab.checks import expect
from mnlab.protocols import tcp
from mnlab.protocols.kernel import SocketState
from mnlab.protocols.tcp import rto

PORTS = {"plain": 6101, "old": 6103, "racing": 6104, "cookie": 6105, "fast": 6106, "blocked": 6107, "served": 6108,
         "bare": 6109, "patient": 6110, "doubling": 6111, "first": 6201, "nowhere": 6202, "closed": 6203, "shut": 6204,
         "barred": 6205, "doubted": 6206, "made-up": 6207, "wrapping": 6208}
SERVER, FLOODED, GUARDED, STUDENTS, MADE_UP = 5005, 5002, 5003, 5004, 5006
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

# as the program is told of them
NAMES = ("first", "nowhere", "closed", "shut", "barred", "doubted", "made-up", "wrapping")
AGAIN = ("closed", "shut", "barred")  # and when it is started once more
BY_HAND = ("made-up", "wrapping")  # opened by the peer that h3 plays
DONE = "handshake.py was told to connect to h2; its first SYN was lost"
CLOCKS = (1, 100, 1000, 250_000, 10**6, 10**7, 10**9)  # ticks a second; the fourth is RFC 793's
ALIKE, SMALL, STEADY, NEAR = 1024, 2**24, 64, 256  # for correct programs as improbable as 1 in 100,000


def how_it_ended(evidence) -> str:
    program = evidence.command("your-handshake")
    how = program.stopped or (f"it ended with status {program.status}" if program.status else "")
    return "".join(f"\n{text}" for text in (how, *program.stderr.strip().splitlines()[-4:]) if text)


def printed(evidence, name: str) -> str:
    """The line that the program printed for that connection."""
    lines, number = evidence.command("your-handshake").stdout.splitlines(), NAMES.index(name)
    return lines[number].strip() if number < len(lines) else "no line"


def syns_of(evidence, name, again: bool = False) -> list:
    """The SYNs that the program sent from this port, the first time or when started `again`; the check fails unless
    there are some."""
    begun = evidence.command("once-more").start
    found = [one for one in sent(evidence, name) if one.syn and (one.time >= begun) == again]
    expect(found, done=f"handshake.py was told to connect from port {PORTS[name]}", expected="a SYN from h1",
           seen="none" + how_it_ended(evidence))
    return found


def reset_of_second_syn(evidence):
    """The reset with which h3 answered the program's second SYN, if that came no sooner than it should; else None."""
    syns = [one for one in sent(evidence, "doubted") if one.syn]
    if len(syns) < 2 or syns[1].time - syns[0].time < 1 - EARLY:
        return None
    return next((one for one in talk(evidence, "doubted") if one.flags == "RST+ACK" and one.time > syns[1].time), None)


def first_of(evidence, name):
    """The program's first segment from this port, whatever it is; the check fails unless there is one."""
    found = sent(evidence, name)
    expect(found, done=f"handshake.py was told to connect from port {PORTS[name]}", expected="a SYN from h1",
           seen="nothing" + how_it_ended(evidence))
    return found[0]


def isn_of_peer(evidence, name) -> int:
    """The number with which that connection's peer really answered the program; the check fails if it did not."""
    ip, port = (evidence.params["outside"], MADE_UP) if name in BY_HAND else (evidence.ip("h2"), STUDENTS)
    found = [one.header.seq for one in talk(evidence, name) if one.source == (ip, port) and one.flags == "SYN+ACK"]
    expect(found, done=f"handshake.py was told to connect from port {PORTS[name]}", expected="its SYN is answered",
           seen="it is not" + how_it_ended(evidence))
    return found[0]


def data_of(evidence, name) -> list:
    """The segments with data that the program sent."""
    return [one for one in sent(evidence, name) if one.length and not one.syn]


def guess(first: list[tuple[float, int]], again: list[tuple[float, int]]) -> str:
    """How somebody could guess a program's next initial number from those before, (time, number) each, of one start of
    the program and of another; "" if it is not that easy."""
    numbers = [number for _, number in first + again]
    ordered = sorted(numbers)
    if len(set(numbers)) < len(numbers):
        return "the same number twice"
    if max(numbers) < SMALL:
        return "they are all small"
    if len({number >> 16 for number in numbers}) == 1 or len({number & 0xFFFF for number in numbers}) == 1:
        return "half of each is always the same"
    if any((b - a) % MODULUS < ALIKE for a, b in zip(ordered, ordered[1:] + ordered[:1], strict=True)):
        return "two that lie close together"
    for started in (first, again):
        steps = sorted((b - a) % MODULUS for (_, a), (_, b) in pairwise(started))
        if any(b - a < ALIKE for a, b in pairwise(steps)):
            return "equal steps"
    same_ends = list(zip((first[NAMES.index(name)] for name in AGAIN), again, strict=True))
    for rate in CLOCKS:
        if all(_near(b - a - round((later - time) * rate)) for (time, a), (later, b) in same_ends):
            return "for the same two ends a clock, and nothing else"
        if _close([(number - round(time * rate)) % MODULUS for time, number in first]):
            return f"a clock of {rate:,} ticks a second"
    return ""


def _near(difference: int) -> bool:
    """Whether two numbers lie close together, as those of one clock do if a program takes some ms to send them."""
    return min(difference % MODULUS, -difference % MODULUS) < MODULUS // NEAR


def _close(numbers: list[int]) -> bool:
    """Whether the numbers lie within a small part of the circle."""
    ordered = sorted(numbers)
    gaps = [(b - a) % MODULUS for a, b in zip(ordered, ordered[1:] + ordered[:1], strict=True)]
    return max(gaps) > MODULUS - MODULUS // STEADY
