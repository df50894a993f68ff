"""The headers of a frame, one inside the other: what each is, where it stands, and which number in it names the next.

Ethernet (IEEE 802.3) with VLAN tags (IEEE 802.1Q), ARP (RFC 826), IPv4 (RFC 791), ICMP (RFC 792), TCP (RFC 9293), UDP
(RFC 768). What follows the last of them belongs to an application.
"""

from dataclasses import dataclass
from typing import NamedTuple

from mnlab.protocols import ip

ARP_SIZE, ICMP_SIZE, UDP_SIZE, TAG_SIZE = 28, 8, 8, 4  # bytes; ARP for Ethernet and IPv4


class Header(NamedTuple):
    """`start` and `size` in bytes; `next` is the number by which it names what follows (EtherType, protocol, port)."""

    name: str
    start: int
    size: int
    next: int | None


@dataclass(frozen=True)
class Nest:
    """A frame taken apart: its headers from the outside in, and the bytes from `start` to `end` that they carry."""

    headers: tuple[Header, ...]
    start: int
    end: int
    length: int  # bytes of the whole frame, with what may come behind `end`

    @property
    def names(self) -> tuple[str, ...]:
        """The headers' names, from the outside in: ("Ethernet", "IPv4", "UDP")."""
        return tuple(header.name for header in self.headers)

    @property
    def data_size(self) -> int:
        """Bytes that the innermost header carries."""
        return self.end - self.start

    def header(self, name: str) -> Header | None:
        """The first header of this name; None if there is none."""
        return next((header for header in self.headers if header.name == name), None)


def nest(data: bytes) -> Nest:
    """Take a frame apart, as far as its headers are whole and known."""
    end, headers, kind = len(data), [], "ethernet"
    position = 0
    while kind:
        found = _READERS[kind](data, position)
        if found is None:
            break
        header, kind = found
        headers.append(header)
        if header.name == "ipv4":
            end = min(end, position + int.from_bytes(data[position + 2:position + 4], "big"))
        position = header.start + header.size
    return Nest(tuple(headers), min(position, end), end, len(data))


def _number(data: bytes, start: int, size: int = 2) -> int:
    return int.from_bytes(data[start:start + size], "big")


def _link(name: str, size: int):
    """An Ethernet header, or a VLAN tag: both end in an EtherType."""
    def read(data: bytes, start: int):
        if len(data) < start + size:
            return None
        kind = _number(data, start + size - 2)
        return Header(name, start, size, kind), _AFTER_LINK.get(kind, "")
    return read


def _fixed(name: str, size: int):
    """A header of a size that never changes, and that names nothing further."""
    def read(data: bytes, start: int):
        return (Header(name, start, size, None), "") if len(data) >= start + size else None
    return read


def _ipv4(data: bytes, start: int):
    if ip.decode_ipv4(data, start, len(data)) is None:
        return None
    protocol, fragment = data[start + 9], _number(data, start + 6) & 0x1FFF
    size = (data[start] & 15) * 4
    if len(data) < start + size:
        return None
    return Header("ipv4", start, size, protocol), "" if fragment else _AFTER_IPV4.get(protocol, "")


def _tcp(data: bytes, start: int):
    size = (data[start + 12] >> 4) * 4 if len(data) >= start + 20 else 0
    if not 20 <= size <= len(data) - start:
        return None
    return Header("tcp", start, size, _service(data, start)), ""


def _udp(data: bytes, start: int):
    return (Header("udp", start, UDP_SIZE, _service(data, start)), "") if len(data) >= start + UDP_SIZE else None


def _service(data: bytes, start: int) -> int:
    """The port that tells the application: the lower one, since clients take theirs from the upper range."""
    return min(_number(data, start), _number(data, start + 2))


_READERS = {"ethernet": _link("ethernet", 14), "vlan": _link("vlan", TAG_SIZE), "arp": _fixed("arp", ARP_SIZE),
            "ipv4": _ipv4, "icmp": _fixed("icmp", ICMP_SIZE), "tcp": _tcp, "udp": _udp}
_AFTER_LINK = {ip.ETHERTYPE_IPV4: "ipv4", ip.ETHERTYPE_ARP: "arp", **dict.fromkeys(ip.VLAN_TAGS, "vlan")}
_AFTER_IPV4 = {ip.ICMP: "icmp", ip.TCP: "tcp", ip.UDP: "udp"}
