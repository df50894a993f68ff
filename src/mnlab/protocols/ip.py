"""Frames down to the IP payload: Ethernet (with VLAN tags), IPv4 and IPv6 headers, and IP fragments.

Decoded with `struct`, because every other module begins here and a long capture has many frames: about 2 microseconds
a frame, where a full dissection takes 200. Whoever wants every field of one frame asks its `.packet`.

RFC 791 (IPv4), RFC 8200 (IPv6; extension headers are not followed), IEEE 802.1Q (VLAN tags).
"""

import socket
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from mnlab.protocols.capture import Frame
from mnlab.protocols.message import Message

#: EtherTypes (IANA, IEEE 802 Numbers).
ETHERTYPE_IPV4, ETHERTYPE_ARP, ETHERTYPE_IPV6 = 0x0800, 0x0806, 0x86DD
#: EtherTypes of a VLAN tag: 802.1Q, and 802.1ad's outer one.
VLAN_TAGS = (0x8100, 0x88A8)
#: The MAC address of everybody on the LAN (IEEE 802).
BROADCAST = "ff:ff:ff:ff:ff:ff"

ICMP, TCP, UDP = 1, 6, 17  # IP protocol numbers
#: IP protocol number -> the name under which a Message has it.
PROTOCOL_NAMES = {ICMP: "icmp", TCP: "tcp", UDP: "udp"}

_ETHERNET = struct.Struct("!6s6sH")
_IPV4 = struct.Struct("!BBHHHBBH4s4s")
_IPV6 = struct.Struct("!IHBB16s16s")


class Endpoint(NamedTuple):
    """One end of a conversation; prints as 10.0.0.1:80."""

    ip: str
    port: int

    def __str__(self):
        return f"[{self.ip}]:{self.port}" if ":" in self.ip else f"{self.ip}:{self.port}"


class Ethernet(NamedTuple):
    """A frame's header: MAC addresses, EtherType behind any VLAN tags (IEEE 802.1Q)."""

    source: str
    target: str
    ethertype: int
    start: int  # offset in the frame of what the frame carries


class Packet(NamedTuple):
    """An IP packet's header; `start` and `end` bound its payload in the frame's bytes."""

    source: str
    target: str
    protocol: int
    ttl: int
    ident: int  # IPv4 identification; 0 in IPv6
    dont_fragment: bool
    more_fragments: bool
    fragment_offset: int  # bytes
    start: int
    end: int  # by the header: beyond len(frame.data) if the capture kept only the beginning of the frame


def ethernet(data: bytes) -> Ethernet | None:
    """The Ethernet header, VLAN tags skipped; None if the bytes are too few."""
    if len(data) < 14:
        return None
    target, source, ethertype = _ETHERNET.unpack_from(data)
    start = 14
    while ethertype in VLAN_TAGS and len(data) >= start + 4:
        ethertype = int.from_bytes(data[start + 2:start + 4], "big")
        start += 4
    return Ethernet(mac_text(source), mac_text(target), ethertype, start)


def packet(frame: Frame) -> Packet | None:
    """The IP header in a frame; None if the frame carries no (whole) IP header."""
    data = frame.data
    link = ethernet(data)
    if link is None:
        return None
    decode = _DECODERS.get(link.ethertype)
    return decode(data, link.start, frame.length) if decode else None


def packets(frames: Iterable[Frame], protocol: int | None = None) -> Iterator[tuple[Frame, Packet]]:
    """(frame, IP header) of the frames that carry IP, or only those of one protocol number.

    Of a fragmented packet only the first fragment is given for a protocol number: the others hold no header of it.
    """
    for frame in frames:
        header = packet(frame)
        if header is None:
            continue
        if protocol is None or (header.protocol == protocol and header.fragment_offset == 0):
            yield frame, header


@dataclass(frozen=True)
class Fragmented:
    """An IPv4 packet that crossed this capture point in pieces. `size` is its payload in bytes, once `complete`."""

    source: str
    target: str
    protocol: int
    ident: int
    frames: tuple[Frame, ...]
    size: int
    complete: bool
    where: str


def fragments(frames: Iterable[Frame]) -> list[Fragmented]:
    """The packets that were fragmented, each with the frames of its fragments (RFC 791, section 3.2)."""
    groups: dict[tuple, list[tuple[Frame, Packet]]] = {}
    for frame, header in packets(frames):
        if header.more_fragments or header.fragment_offset:
            key = (frame.where, header.source, header.target, header.protocol, header.ident)
            groups.setdefault(key, []).append((frame, header))
    return [_fragmented(key, pieces) for key, pieces in groups.items()]


def messages(frames: Iterable[Frame]) -> list[Message]:
    """Each fragment as an arrow."""
    arrows = []
    for frame, header in packets(frames):
        if header.more_fragments or header.fragment_offset:
            size = header.end - header.start
            last = "" if header.more_fragments else " (last)"
            text = f"fragment of packet {header.ident}: bytes {header.fragment_offset}-" \
                   f"{header.fragment_offset + size - 1}{last}"
            arrows.append(Message(frame.time, header.source, header.target, text, "ip", frame.where))
    return arrows


@lru_cache(maxsize=4096)
def mac_text(address: bytes) -> str:
    """A MAC address as text, from its 6 bytes."""
    return address.hex(":")


@lru_cache(maxsize=4096)
def ip_text(address: bytes) -> str:
    """An address as text, from its 4 or 16 bytes."""
    return socket.inet_ntop(socket.AF_INET if len(address) == 4 else socket.AF_INET6, address)


def internet_checksum(data: bytes) -> int:
    """The one's complement sum of 16-bit words, complemented (RFC 1071); 0 over data whose checksum is right."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def decode_ipv4(data: bytes, start: int = 0, wire_length: int = 0) -> Packet | None:
    """The IPv4 header at offset `start`; `wire_length` is the length of the whole frame, in bytes."""
    if len(data) < start + 20:
        return None
    first, _, total, ident, flags, ttl, protocol, _, source, target = _IPV4.unpack_from(data, start)
    header = (first & 0x0F) * 4
    if first >> 4 != 4 or header < 20:
        return None
    # A total length of 0 is a segment that the network card is yet to cut (TSO above 64 KiB): trust the frame.
    end = start + total if total >= header else wire_length
    return Packet(ip_text(source), ip_text(target), protocol, ttl, ident, bool(flags & 0x4000), bool(flags & 0x2000),
                  (flags & 0x1FFF) * 8, start + header, end)


def _ipv6(data: bytes, start: int, wire_length: int) -> Packet | None:
    if len(data) < start + 40:
        return None
    first, size, following, hops, source, target = _IPV6.unpack_from(data, start)
    if first >> 28 != 6:
        return None
    end = start + 40 + size if size else wire_length
    return Packet(ip_text(source), ip_text(target), following, hops, 0, True, False, 0, start + 40, end)


_DECODERS = {ETHERTYPE_IPV4: decode_ipv4, ETHERTYPE_IPV6: _ipv6}


def _fragmented(key: tuple, pieces: list[tuple[Frame, Packet]]) -> Fragmented:
    where, source, target, protocol, ident = key
    reached, last_seen = 0, False
    for _, header in sorted(pieces, key=lambda piece: piece[1].fragment_offset):
        if header.fragment_offset <= reached:
            reached = max(reached, header.fragment_offset + header.end - header.start)
            last_seen = last_seen or not header.more_fragments
    frames = tuple(frame for frame, _ in pieces)
    return Fragmented(source, target, protocol, ident, frames, reached, last_seen, where)
