"""IGMP: how a host tells the routers and switches of its LAN which groups it listens to (RFC 2236, RFC 3376)."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from mnlab.protocols import ip
from mnlab.protocols.capture import Frame
from mnlab.protocols.message import Message

PROTOCOL = 2  # IP protocol number
QUERY, JOIN, LEAVE = "query", "join", "leave"

#: Types of the old versions' messages, which name one group each.
_SINGLE = {0x11: QUERY, 0x12: JOIN, 0x16: JOIN, 0x17: LEAVE}
_REPORT_V3 = 0x22
#: Record types of version 3. With no sources named, "exclude none" is a join, "include none" a leave (section 3.2).
_INCLUDE, _EXCLUDE = (1, 3), (2, 4)


@dataclass(frozen=True)
class Igmp:
    """What one message says of one group. `kind` is query, join or leave; "other" for lists of sources."""

    frame: Frame
    source: str
    target: str
    kind: str
    group: str
    ttl: int

    @property
    def time(self) -> float:
        """When it was captured (s)."""
        return self.frame.time

    @property
    def where(self) -> str:
        """The capture point: an interface, such as "h1-eth0"."""
        return self.frame.where


def messages_of(frames: Iterable[Frame]) -> list[Igmp]:
    """Every query, join and leave in a capture; a report about several groups is several of them."""
    return [Igmp(frame, packet.source, packet.target, kind, group, packet.ttl)
            for frame, packet in ip.packets(frames, PROTOCOL)
            for kind, group in _contents(frame.data[packet.start:packet.end])]


def messages(frames: Iterable[Frame]) -> list[Message]:
    """Each as an arrow: "IGMP join 239.1.2.3"."""
    return [Message(one.time, one.source, one.target, f"IGMP {one.kind} {one.group}", "igmp", one.where, "broadcast")
            for one in messages_of(frames)]


def group_mac(group: str) -> str:
    """The MAC address that frames to an IPv4 group go to: 01:00:5e and the last 23 bits (RFC 1112, section 6.4)."""
    _, second, third, fourth = (int(part) for part in group.split("."))
    return f"01:00:5e:{second & 0x7F:02x}:{third:02x}:{fourth:02x}"


def _contents(data: bytes) -> list[tuple[str, str]]:
    """[(kind, group)] of a message's bytes; [] for what is none or is cut short."""
    if len(data) < 8:
        return []
    if data[0] in _SINGLE:
        return [(_SINGLE[data[0]], ip.ip_text(data[4:8]))]
    found: list[tuple[str, str]] = []
    position = 8
    count = int.from_bytes(data[6:8], "big") if data[0] == _REPORT_V3 else 0
    while len(found) < count and len(data) >= position + 8:
        kind, extra, sources, group = struct.unpack_from("!BBH4s", data, position)
        word = {**dict.fromkeys(_EXCLUDE, JOIN), **dict.fromkeys(_INCLUDE, LEAVE)}.get(kind) if not sources else None
        found.append((word or "other", ip.ip_text(group)))
        position += 8 + 4 * (sources + extra)
    return found
