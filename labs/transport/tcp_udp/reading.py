"""Reading the evidence of this lab: what checks.py asks of captures, and the words it answers in."""

import struct
from functools import lru_cache

from mnlab.checks import expect
from mnlab.evidence.record import Missing
from mnlab.protocols import ip, kernel, tcp, udp
from mnlab.protocols.transit import Transit, transits

AT_ONCE = 0.005  # s: the kernel reacts to what has arrived in some microseconds; the rest is for a busy computer
MSS = 1448  # bytes of payload in a full segment with timestamps
VOICE, NUMBER = 160, struct.Struct("!I")  # bytes of a voice message; the number at the beginning of a datagram
FIRST_VISIT = 31001  # source port of the first visit to framing.py
VISITS = ("one", "binary", "bytes", "together", "torn", "large", "limit", "empty", "half", "end", "nothing",
          "cut", "stub", "bare", "monster", "giant", "gone", "left", "early", "again")
ENDED = ("end", "nothing", "cut", "stub", "bare")  # visits in which the peer ends its stream before it has its answers
PATIENCE = 2.0  # s for which the peer waits


@lru_cache(maxsize=64)
def frames(evidence, host, first="", last="") -> tuple:
    """What was captured on a host, between two marks if they are given."""
    start = evidence.mark(first) if first else float("-inf")
    end = evidence.mark(last) if last else float("inf")
    return tuple(frame for frame in evidence.frames(host) if start <= frame.time < end)


@lru_cache(maxsize=64)
def connections(evidence, host="h1") -> tuple:
    return tuple(tcp.connections(evidence.frames(host)))


def connection(evidence, purpose, host="h1") -> tcp.Connection:
    """The TCP connection to the port of that purpose, as captured on a host."""
    port = evidence.params[f"{purpose}_port"]
    found = [one for one in connections(evidence, host) if one.server.port == port]
    if not found:
        raise Missing(f"no TCP connection to port {port} was captured on {host}")
    return found[0]


@lru_cache(maxsize=64)
def datagrams(evidence, purpose, host="h1", first="", last="") -> tuple:
    """The UDP datagrams to the port of that purpose."""
    port = evidence.params[f"{purpose}_port"]
    return tuple(one for one in udp.datagrams(frames(evidence, host, first, last)) if one.target.port == port)


@lru_cache(maxsize=64)
def sent(evidence, purpose, protocol, first="", last="") -> tuple[Transit, ...]:
    """What h1 sent to the port of that purpose of h3, and what became of it."""
    port = evidence.params[f"{purpose}_port"]
    mine, theirs = ([frame for frame, packet in ip.packets(frames(evidence, host, first, end), protocol)
                     if int.from_bytes(frame.data[packet.start + 2:packet.start + 4], "big") == port]
                    for host, end in (("h1", last), ("h3", "")))
    return tuple(transits(mine, theirs, evidence.params["h1"]))


def delay(params) -> float:
    return params["delay"] / 1e3


def received(evidence) -> dict:
    """What the receiving sockets gave out."""
    return evidence.json("received")


def payload(one: Transit) -> bytes:
    """The data of a datagram that has left."""
    return one.frame.data[one.packet.start + udp.HEADER_LENGTH:one.packet.end]


def numbered(one: Transit) -> int:
    return NUMBER.unpack_from(payload(one))[0]


def arrivals(packets) -> list[int]:
    """The numbers of datagrams in the order in which they arrived."""
    return [number for _, number in sorted((time, numbered(one)) for one in packets for time in one.arrivals)]


def ms(seconds) -> str:
    return "never" if seconds is None else f"{seconds * 1e3:.1f} ms"


def listed(values, most=12) -> str:
    values = list(values)
    return ", ".join(map(str, values[:most])) + (" ..." if len(values) > most else "") or "none"


def rate(packets, start, end) -> float:
    """bit/s of frames (with what a link counts: Ethernet's header) sent in a span of time."""
    return sum(one.frame.length for one in packets if start <= one.time < end) * 8 / (end - start)


def header_length(segment) -> int:
    """By the data offset: the upper four bits of byte 12, in words of four bytes."""
    return 20 + len(segment.header.options)


def windows(evidence, purpose, start, end) -> list[int]:
    """The congestion windows (segments) that h1's kernel reported of a connection in a span of time."""
    return [event.snd_cwnd for event in evidence.kernel() if isinstance(event, kernel.Probe)
            and event.target.port == evidence.params[f"{purpose}_port"] and start < event.time < end]


def peers(evidence, port) -> list[str]:
    """The addresses that h1's TCP sockets at this port were connected with, as ss listed them."""
    rows = [line.split() for line in evidence.text("tcp-sockets").splitlines()]
    return sorted(row[4].rsplit(":", 1)[0] for row in rows
                  if row[0] == "ESTAB" and row[3] == f"{evidence.params['h1']}:{port}")


def gone_and_again(evidence) -> tuple[list[int], list[int]]:
    """Of the ten full segments, by their numbers: those that s1 lost, and those that were sent again."""
    one, arrived = connection(evidence, "full"), connection(evidence, "full", "h3").data(tcp.CLIENT)
    idents = {segment.header.ip_ident for segment in arrived}
    return ([segment.seq // MSS + 1 for segment in one.data(tcp.CLIENT) if segment.header.ip_ident not in idents],
            [segment.seq // MSS + 1 for segment in one.retransmissions(tcp.CLIENT)])


def sacked(evidence) -> list[int]:
    """The segments named by the last ACK with three SACK blocks before the first lost segment came again."""
    there = connection(evidence, "full", "h3")
    again = {segment.header.ip_ident for segment in connection(evidence, "full").retransmissions(tcp.CLIENT)}
    first = min(segment.time for segment in there.data(tcp.CLIENT) if segment.header.ip_ident in again)
    last = [segment for segment in there.sent(tcp.SERVER) if segment.time < first and len(segment.sack) == 3][-1]
    return sorted(number for left, right in last.sack for number in range(left // MSS + 1, (right - 1) // MSS + 1))


@lru_cache(maxsize=8)
def speech(evidence) -> dict[int, tuple[float, float, float]]:
    """TCP's messages: number -> when it was sent, when its bytes were at h3, when all before them were, too."""
    first, there = connection(evidence, "voice").data(tcp.CLIENT), connection(evidence, "voice", "h3")
    found = {}
    for number in range(1, evidence.params["voices"] + 1):
        last = number * VOICE  # the sequence number of its last byte
        sent_at, came = ([segment.time for segment in segments if segment.seq <= last < segment.end]
                         for segments in (first, there.data(tcp.CLIENT)))
        if not sent_at or not came:
            raise Missing(f"message {number} of TCP's speech was not captured")
        found[number] = (sent_at[0], came[0], there.when(tcp.CLIENT, last - 1))
    return found


def blocked(evidence) -> list[int]:
    """The messages that were at h3 and had to wait for one before them."""
    return [number for number, (_, came, ready) in speech(evidence).items() if ready > came]


def told(stream: bytes) -> list[bytes]:
    """The whole messages of a stream: four bytes of length, most significant first, and so many bytes."""
    found, at = [], 0
    while len(stream) >= at + 4:
        size = int.from_bytes(stream[at:at + 4], "big")
        if len(stream) < at + 4 + size:
            break
        found.append(stream[at + 4:at + 4 + size])
        at += 4 + size
    return found


def visit(evidence, name) -> tuple[tcp.Connection, list[int]]:
    """A visit as captured at your program, and the sizes of the segments in which the peer's bytes came."""
    command = evidence.command("framing")  # Missing if it never listened
    port = FIRST_VISIT + VISITS.index(name)
    for one in connections(evidence, "h2"):
        if one.client.port == port:
            return one, [segment.length for segment in one.data(tcp.CLIENT)]
    raise Missing(f"{command.name} was not visited from port {port}")


# --- the student's framing ---

def answers_all(evidence, name, done) -> None:
    """Your program's bytes on the wire are the peer's messages, each backwards and framed, and nothing else; and they
    came while the peer was waiting."""
    one, _ = visit(evidence, name)
    messages = told(one.stream(tcp.CLIENT))
    given = b"".join(piece.data for piece in one.pieces(tcp.SERVER) if piece.time < patience_ends(one, name))
    wanted = b"".join(struct.pack("!I", len(text)) + text[::-1] for text in messages)
    right = sum(a == b[::-1] for a, b in zip(told(given), messages))
    words = last_word(evidence)
    expect(given == wanted and messages, done=done, expected=f"{len(messages)} answers, {len(wanted)} bytes in all",
           seen=f"{right} right answers, {len(given)} bytes" + (f" (your program: {words})" if words else ""))


def patience_ends(one, name) -> float:
    """When the peer stopped waiting: when it left, or, if it had ended its stream before, PATIENCE s after that."""
    gone = min((segment.time for segment in one.sent(tcp.CLIENT) if segment.rst or segment.fin), default=float("inf"))
    return gone + (PATIENCE if name in ENDED else 0)


def last_word(evidence) -> str:
    """The last line of what your program said when it was started first."""
    return (evidence.command("framing").stderr.strip().splitlines() or [""])[-1]


def ended(evidence, name) -> None:
    """Your program closed the connection, and did not wait for the peer to go."""
    one, _ = visit(evidence, name)
    closing = [segment.time for segment in one.sent(tcp.SERVER) if segment.fin or segment.rst]
    expect(closing and closing[0] < patience_ends(one, name), done="the peer waited for your program to close",
           expected=f"a FIN or an RST from your program within {PATIENCE:g} s", seen="the peer gave up first")
