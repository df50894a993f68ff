"""One TCP segment: its header decoded (RFC 9293 section 3.1), and what it is within its connection.

Decoded with `struct`: a capture of a congested link holds 10,000 segments, which scapy would take seconds for.
"""

import struct
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from mnlab.protocols import ip
from mnlab.protocols.capture import Frame
from mnlab.protocols.ip import Endpoint

#: Flags, as bits (RFC 9293, section 3.1; ECE and CWR RFC 3168).
FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << bit for bit in range(8))
#: In the order in which people say them: SYN+ACK, FIN+ACK.
FLAG_NAMES = (("SYN", SYN), ("FIN", FIN), ("RST", RST), ("PSH", PSH), ("URG", URG), ("ECE", ECE), ("CWR", CWR),
              ("ACK", ACK))

# What a segment is within its connection, at this capture point (`Segment.kind`).
NEW = "new"  # carries sequence numbers (data, SYN, FIN) beyond all seen so far
RETRANSMISSION = "retransmission"  # sent again by its sender
CROSSED = "crossed"  # its SYN once more, to carry its first ACK: both ends opened at once (RFC 9293, 3.5, figure 7)
REORDERED = "reordered"  # overtaken on the way: sent before segments already seen
DUPLICATE = "duplicate"  # the same IP packet a second time: copied on the way, not sent again
PROBE = "probe"  # asks for an ACK, carrying nothing new: a keep-alive or a zero-window probe
PURE_ACK = "ack"  # nothing but an acknowledgement
#: Acknowledges nothing new while data is outstanding. With SACK blocks it is one whatever its window (RFC 6675, section
#: 2); without, only if the window is as before (RFC 5681, section 2).
DUPLICATE_ACK = "duplicate ack"
WINDOW_UPDATE = "window update"  # acknowledges nothing new, but changes the window
RESET = "reset"
STRAY = "stray"  # cannot belong to this connection: a SYN with another number, or far outside any window

_HEADER = struct.Struct("!HHIIBBHHH")


class Header(NamedTuple):
    """A segment as it is on the wire. `length` is the payload's by the IP header, also if the capture cut it short."""

    source: Endpoint
    target: Endpoint
    seq: int
    ack: int
    flags: int
    window: int
    options: bytes
    payload: bytes
    length: int
    ip_ident: int


def decode(frame: Frame, packet: ip.Packet) -> Header | None:
    """The TCP header in an IP packet; None if it is cut short or damaged."""
    data, start = frame.data, packet.start
    if len(data) < start + 20:
        return None
    source, target, seq, ack, offset, flags, window, _, _ = _HEADER.unpack_from(data, start)
    body = start + (offset >> 4) * 4
    if body < start + 20 or body > packet.end:
        return None
    return Header(Endpoint(packet.source, source), Endpoint(packet.target, target), seq, ack, flags, window,
                  data[start + 20:body], data[body:packet.end], packet.end - body, packet.ident)


@dataclass(frozen=True, eq=False)  # a segment is itself: compared by identity, usable in sets
class Segment:
    """One segment of a connection.

    sender      "client" or "server"
    seq, ack    relative to the initial sequence numbers and unwrapped: the SYN is 0, the first byte of data 1, and
                after 4 GiB they just go on. `ack` is None if the ACK flag is not set.
    length      bytes of payload
    window      the advertised window in bytes, scaled if the capture holds the handshake
    kind        one of the words above
    fresh       how many of its sequence numbers (data, SYN, FIN) had not been seen at this capture point before
    """

    frame: Frame
    sender: str
    source: Endpoint
    target: Endpoint
    seq: int
    ack: int | None
    bits: int
    length: int
    window: int
    kind: str
    fresh: int
    header: Header

    def __repr__(self) -> str:
        ack = "" if self.ack is None else f" ack={self.ack}"
        return (f"<{self.frame.where or 'frame'} {self.frame.number} at {self.time:.6f}: {self.sender} {self.flags} "
                f"seq={self.seq}{ack} len={self.length} win={self.window} {self.kind}>")

    @property
    def time(self) -> float:
        """When it was captured (s)."""
        return self.frame.time

    @property
    def payload(self) -> bytes:
        """The data that it carries, as far as it was captured."""
        return self.header.payload

    @property
    def flags(self) -> str:
        """"SYN+ACK", "ACK", "PSH+ACK", ..."""
        return flag_text(self.bits)

    @property
    def syn(self) -> bool:
        """Whether it has the SYN flag."""
        return bool(self.bits & SYN)

    @property
    def fin(self) -> bool:
        """Whether it has the FIN flag."""
        return bool(self.bits & FIN)

    @property
    def rst(self) -> bool:
        """Whether it has the RST flag."""
        return bool(self.bits & RST)

    @cached_property
    def size(self) -> int:
        """How many sequence numbers it uses: payload, and one each for SYN and FIN (RFC 9293, section 3.4). An ACK uses
        none, so it is not acknowledged itself."""
        return self.length + self.syn + self.fin

    @property
    def uses(self) -> dict[str, int]:
        """What its sequence numbers are used for, in their order: {"SYN": 1, "data": 1448, "FIN": 1}; {} for an ACK."""
        uses = {"SYN": int(self.syn), "data": self.length, "FIN": int(self.fin)}
        return {name: number for name, number in uses.items() if number and not self.rst}

    @property
    def end(self) -> int:
        """The sequence number after its last."""
        return self.seq + self.size

    @cached_property
    def options(self) -> dict:
        """The options by name; see `parse_options`."""
        return parse_options(self.header.options)

    @property
    def sack(self) -> tuple[tuple[int, int], ...]:
        """The SACK blocks (RFC 2018) as (first, after last), in the relative numbers of the other side."""
        if self.ack is None:
            return ()
        return tuple((self.ack + signed(left - self.header.ack), self.ack + signed(right - self.header.ack))
                     for left, right in self.options.get("sack", ()))


@lru_cache(maxsize=256)
def flag_text(bits: int) -> str:
    """The flags that are set, as people say them: "SYN+ACK"; "none" if none is."""
    return "+".join(name for name, bit in FLAG_NAMES if bits & bit) or "none"


def signed(difference: int) -> int:
    """A difference of two 32-bit sequence numbers, as the shorter way round: -2**31 .. 2**31 - 1."""
    return (difference + 2**31) % 2**32 - 2**31


#: Option kind -> (name, value from its bytes). RFC 9293; 7323 (scale, timestamps), 2018 (SACK), 7413 (Fast Open).
_OPTIONS = {
    2: ("mss", lambda value: int.from_bytes(value, "big")),
    3: ("window_scale", lambda value: int.from_bytes(value, "big")),
    4: ("sack_permitted", lambda value: True),
    5: ("sack", lambda value: tuple(struct.iter_unpack("!II", value[:len(value) // 8 * 8]))),
    8: ("timestamp", lambda value: struct.unpack("!II", value) if len(value) == 8 else None),
    34: ("fast_open", bytes),
}


@lru_cache(maxsize=1024)
def _parse(options: bytes) -> tuple:
    found, position = [], 0
    while position < len(options) and options[position] != 0:  # 0 ends the list
        if options[position] == 1:  # padding
            position += 1
            continue
        size = options[position + 1] if position + 1 < len(options) else 0
        if size < 2 or position + size > len(options):
            break  # damaged: what follows cannot be trusted
        name, value_of = _OPTIONS.get(options[position], (f"option {options[position]}", bytes))
        found.append((name, value_of(options[position + 2:position + size])))
        position += size
    return tuple(found)


def parse_options(options: bytes) -> dict:
    """Options as a dictionary, in their order on the wire.

    mss (bytes), window_scale (shift), sack_permitted (True), sack (raw left and right edges), timestamp (value, echo),
    fast_open (cookie; empty asks for one); anything else as "option N" with its bytes.
    """
    return dict(_parse(options))
