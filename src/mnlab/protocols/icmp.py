"""ICMP: echoes with their replies, and errors with the packet that they are about (RFC 792, RFC 1812).

A reply belongs to the request with the same identifier and sequence number and the two addresses exchanged. A request
may instead be answered by an error (TTL exceeded, host unreachable), which quotes its first bytes: `Echo.error`.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from mnlab.protocols import ip
from mnlab.protocols.capture import Frame
from mnlab.protocols.message import Message

#: Types (RFC 792).
ECHO_REPLY, UNREACHABLE, REDIRECT, ECHO_REQUEST, TIME_EXCEEDED, PARAMETER = 0, 3, 5, 8, 11, 12
#: Type and code of "fragmentation needed and DF set" (RFC 792; RFC 1191, section 4).
FRAGMENTATION_NEEDED = (UNREACHABLE, 4)

#: (type, code) -> the error in words (RFC 792; codes 9 to 13 RFC 1812).
ERRORS = {
    (UNREACHABLE, 0): "network unreachable",
    (UNREACHABLE, 1): "host unreachable",
    (UNREACHABLE, 2): "protocol unreachable",
    (UNREACHABLE, 3): "port unreachable",
    FRAGMENTATION_NEEDED: "fragmentation needed",
    (UNREACHABLE, 5): "source route failed",
    (UNREACHABLE, 6): "destination network unknown",
    (UNREACHABLE, 7): "destination host unknown",
    (UNREACHABLE, 9): "network administratively prohibited",
    (UNREACHABLE, 10): "host administratively prohibited",
    (UNREACHABLE, 13): "communication administratively prohibited",
    (REDIRECT, 0): "redirect for the network",
    (REDIRECT, 1): "redirect for the host",
    (TIME_EXCEEDED, 0): "TTL exceeded",
    (TIME_EXCEEDED, 1): "fragment reassembly time exceeded",
    (PARAMETER, 0): "parameter problem",
}
#: The types that are errors and quote a packet.
ERROR_TYPES = {type_ for type_, _ in ERRORS}


@dataclass(frozen=True)
class Icmp:
    """One ICMP message (if fragmented, its first fragment). `rest` is header bytes 4 to 7, `data` what follows."""

    frame: Frame
    source: str
    target: str
    ttl: int
    type: int
    code: int
    checksum_ok: bool | None  # None: the whole message is not in this one frame
    rest: bytes
    data: bytes

    @property
    def time(self) -> float:
        """When it was captured (s)."""
        return self.frame.time

    @property
    def where(self) -> str:
        """The capture point: an interface, such as "h1-eth0"."""
        return self.frame.where

    @property
    def ident(self) -> int:
        """The identifier of an echo (RFC 792, page 14)."""
        return int.from_bytes(self.rest[:2], "big")

    @property
    def seq(self) -> int:
        """The sequence number of an echo."""
        return int.from_bytes(self.rest[2:], "big")


@dataclass(frozen=True)
class Quoted:
    """The beginning of the packet that an error is about. Ports for TCP and UDP, ident and seq for an ICMP echo."""

    source: str
    target: str
    protocol: int
    ip_ident: int
    ttl: int
    source_port: int | None = None
    target_port: int | None = None
    ident: int | None = None
    seq: int | None = None


@dataclass(frozen=True)
class Error:
    """An ICMP error: who reports it to whom, what it says, and about which packet (None if the quote is damaged)."""

    frame: Frame
    reporter: str
    target: str
    type: int
    code: int
    text: str
    quoted: Quoted | None
    mtu: int | None = None  # of the next link in bytes, if fragmentation is needed (RFC 1191)
    gateway: str | None = None  # the better router, in a redirect

    @property
    def time(self) -> float:
        """When it was captured (s)."""
        return self.frame.time

    @property
    def where(self) -> str:
        """The capture point: an interface, such as "h1-eth0"."""
        return self.frame.where


@dataclass
class Echo:
    """An echo request and what came back, as seen at `request.where`."""

    request: Icmp
    replies: list[Icmp] = field(default_factory=list)
    error: Error | None = None

    @property
    def reply(self) -> Icmp | None:
        """The first reply; None if there is none."""
        return self.replies[0] if self.replies else None

    @property
    def rtt(self) -> float | None:
        """Seconds from request to reply, at this capture point."""
        return self.reply.time - self.request.time if self.reply else None

    @property
    def time(self) -> float:
        """When the request was captured (s)."""
        return self.request.time

    @property
    def source(self) -> str:
        """The IP address that asks."""
        return self.request.source

    @property
    def target(self) -> str:
        """The IP address that is asked."""
        return self.request.target

    @property
    def ident(self) -> int:
        """The identifier: one ping, one number."""
        return self.request.ident

    @property
    def seq(self) -> int:
        """The sequence number within one ping."""
        return self.request.seq

    @property
    def where(self) -> str:
        """The capture point: an interface, such as "h1-eth0"."""
        return self.request.where


def packets(frames: Iterable[Frame]) -> list[Icmp]:
    """Every ICMP message, in the order of the frames."""
    decoded = (_decode(frame, header) for frame, header in ip.packets(frames, ip.ICMP))
    return [icmp for icmp in decoded if icmp]


def echoes(frames: Iterable[Frame]) -> list[Echo]:
    """Echo requests in order, each with its replies (more than one: duplicated on the way) or the error that came."""
    found: list[Echo] = []
    asked: dict[tuple, list[Echo]] = {}
    echo: Echo | None
    for icmp in packets(frames):
        if icmp.type == ECHO_REQUEST:
            echo = Echo(icmp)
            found.append(echo)
            asked.setdefault((icmp.where, icmp.source, icmp.target, icmp.ident, icmp.seq), []).append(echo)
        elif icmp.type == ECHO_REPLY:
            echo = _first_open(asked.get((icmp.where, icmp.target, icmp.source, icmp.ident, icmp.seq)))
            if echo:
                echo.replies.append(icmp)
        elif icmp.type in ERROR_TYPES:
            error = _error(icmp)
            quoted = error.quoted
            if quoted and quoted.ident is not None:
                echo = _first_open(asked.get((icmp.where, quoted.source, quoted.target, quoted.ident, quoted.seq)))
                if echo and not echo.error:
                    echo.error = error
    return found


def errors(frames: Iterable[Frame]) -> list[Error]:
    """ICMP errors in order."""
    return [_error(icmp) for icmp in packets(frames) if icmp.type in ERROR_TYPES]


def messages(frames: Iterable[Frame]) -> list[Message]:
    """Each ICMP message as an arrow between IP addresses."""
    arrows = []
    for icmp in packets(frames):
        text, style = _words(icmp)
        arrows.append(Message(icmp.time, icmp.source, icmp.target, text, "icmp", icmp.where, style))
    return arrows


def _words(icmp: Icmp) -> tuple[str, str]:
    """(text, style) of an arrow."""
    if icmp.type == ECHO_REQUEST:
        return f"echo request id {icmp.ident} seq {icmp.seq}", ""
    if icmp.type == ECHO_REPLY:
        return f"echo reply id {icmp.ident} seq {icmp.seq}", "answer"
    if icmp.type in ERROR_TYPES:
        error = _error(icmp)
        mtu = f", next MTU {error.mtu}" if error.mtu is not None else ""
        about = f" (for {error.quoted.target})" if error.quoted else ""
        return error.text + mtu + about, "error"
    return f"ICMP type {icmp.type} code {icmp.code}", ""


def _first_open(candidates: list[Echo] | None) -> Echo | None:
    """The first request that nothing answered yet, or else the last one (a duplicated answer)."""
    if not candidates:
        return None
    return next((echo for echo in candidates if not echo.replies and not echo.error), candidates[-1])


def _error(icmp: Icmp) -> Error:
    text = ERRORS.get((icmp.type, icmp.code)) or f"ICMP error type {icmp.type} code {icmp.code}"
    return Error(icmp.frame, icmp.source, icmp.target, icmp.type, icmp.code, text, _quoted(icmp.data),
                 mtu=icmp.seq if (icmp.type, icmp.code) == FRAGMENTATION_NEEDED else None,
                 gateway=ip.ip_text(icmp.rest) if icmp.type == REDIRECT else None)


def _decode(frame: Frame, header: ip.Packet) -> Icmp | None:
    message = frame.data[header.start:header.end]
    if len(message) < 8:
        return None
    whole = not header.more_fragments and len(message) == header.end - header.start
    return Icmp(frame, header.source, header.target, header.ttl, message[0], message[1],
                ip.internet_checksum(message) == 0 if whole else None, message[4:8], message[8:])


def _quoted(data: bytes) -> Quoted | None:
    """The packet that an error quotes: its IP header and at least 8 bytes more (RFC 792)."""
    header = ip.decode_ipv4(data)
    if header is None:
        return None
    quoted = Quoted(header.source, header.target, header.protocol, header.ident, header.ttl)
    inner = data[header.start:header.start + 8]
    if header.fragment_offset or len(inner) < 8:
        return quoted
    one, two, three, four = struct.unpack("!HHHH", inner)
    if header.protocol in (ip.TCP, ip.UDP):
        return replace(quoted, source_port=one, target_port=two)
    if header.protocol == ip.ICMP and inner[0] in (ECHO_REQUEST, ECHO_REPLY):
        return replace(quoted, ident=three, seq=four)
    return quoted
