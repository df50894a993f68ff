"""ARP: who asked for whose hardware address, and who answered (RFC 826; probes and announcements RFC 5227).

An *exchange* is one question: the request, its repetitions while nobody answers (Linux asks three times, a second
apart), and the replies. A *probe* asks with sender address 0.0.0.0, before using an address. A *gratuitous* ARP
(an announcement) names the same address as sender and as target: it asks nobody, it tells everybody.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from mnlab.protocols import ip
from mnlab.protocols.capture import Frame
from mnlab.protocols.message import Message

#: Operations (RFC 826).
REQUEST, REPLY = 1, 2
#: The sender address of a probe (RFC 5227, section 1.1).
NOBODY = "0.0.0.0"

#: Seconds within which a repeated request still belongs to the same question. Linux repeats after 1 s.
PATIENCE = 1.5

_ARP = struct.Struct("!HHBBH6s4s6s4s")


@dataclass(frozen=True)
class Arp:
    """One ARP packet. `source` and `target` are the frame's own addresses; the rest is what the packet says."""

    frame: Frame
    source: str
    target: str
    operation: int
    sender_mac: str
    sender_ip: str
    target_mac: str
    target_ip: str

    @property
    def time(self) -> float:
        """When it was captured (s)."""
        return self.frame.time

    @property
    def where(self) -> str:
        """The capture point: an interface, such as "h1-eth0"."""
        return self.frame.where

    @property
    def broadcast(self) -> bool:
        """Whether its frame goes to everybody on the LAN."""
        return self.target == ip.BROADCAST

    @property
    def kind(self) -> str:
        """"gratuitous", "probe", "request", "reply" or "other" (another operation)."""
        if self.sender_ip == self.target_ip:
            return "gratuitous"
        if self.operation == REQUEST and self.sender_ip == NOBODY:
            return "probe"
        return {REQUEST: "request", REPLY: "reply"}.get(self.operation, "other")


@dataclass
class Exchange:
    """One question and what came of it, as seen at `where`."""

    asker_mac: str
    asker_ip: str
    target_ip: str
    where: str
    requests: list[Arp] = field(default_factory=list)
    replies: list[Arp] = field(default_factory=list)

    @property
    def request(self) -> Arp:
        """The first time it was asked."""
        return self.requests[0]

    @property
    def reply(self) -> Arp | None:
        """The first reply; more than one means that somebody else answered too."""
        return self.replies[0] if self.replies else None

    @property
    def asker(self) -> tuple[str, str]:
        """The asker's MAC and IP address."""
        return self.asker_mac, self.asker_ip

    @property
    def owner(self) -> str | None:
        """The MAC address that the first reply gave."""
        return self.reply.sender_mac if self.reply else None

    @property
    def time(self) -> float:
        """When it was first asked (s)."""
        return self.request.time

    @property
    def latency(self) -> float | None:
        """Seconds from the last request before the reply to the reply."""
        if not self.reply:
            return None
        asked = [request.time for request in self.requests if request.time <= self.reply.time]
        return self.reply.time - (asked[-1] if asked else self.request.time)

    @property
    def gaps(self) -> list[float]:
        """Seconds between one request and its repetition."""
        return [later.time - earlier.time for earlier, later in pairwise(self.requests)]


def packets(frames: Iterable[Frame]) -> list[Arp]:
    """Every ARP packet (for IPv4 on Ethernet), in the order of the frames."""
    return [arp for arp in map(_decode, frames) if arp]


def exchanges(frames: Iterable[Frame], patience: float = PATIENCE) -> list[Exchange]:
    """Questions with their answers, in the order in which they were first asked; probes count as questions.

    A request joins the open question of the same asker about the same address if that has no answer yet and was last
    asked at most `patience` seconds ago. A reply joins the latest question of the station it is addressed to.
    """
    found: list[Exchange] = []
    latest: dict[tuple, Exchange] = {}
    for arp in packets(frames):
        if arp.kind in ("request", "probe"):
            key = (arp.where, arp.sender_mac, arp.target_ip)
            exchange = latest.get(key)
            if exchange is None or not _continues(exchange, arp, patience):
                exchange = latest[key] = Exchange(arp.sender_mac, arp.sender_ip, arp.target_ip, arp.where)
                found.append(exchange)
            exchange.requests.append(arp)
        elif arp.kind == "reply":
            exchange = latest.get((arp.where, arp.target_mac, arp.sender_ip))
            if exchange:
                exchange.replies.append(arp)
    return found


def gratuitous(frames: Iterable[Frame]) -> list[Arp]:
    """Announcements: ARP packets that name the same IP address as sender and target."""
    return [arp for arp in packets(frames) if arp.kind == "gratuitous"]


def probes(frames: Iterable[Frame]) -> list[Arp]:
    """Requests sent from 0.0.0.0, to learn whether an address is taken."""
    return [arp for arp in packets(frames) if arp.kind == "probe"]


def unsolicited(frames: Iterable[Frame]) -> list[Arp]:
    """Replies to a station that had not asked (as seen where the reply was captured): what a spoofer sends."""
    frames = list(frames)
    solicited = {id(reply.frame) for exchange in exchanges(frames) for reply in exchange.replies}
    return [arp for arp in packets(frames) if arp.kind == "reply" and id(arp.frame) not in solicited]


def messages(frames: Iterable[Frame]) -> list[Message]:
    """Each ARP packet as an arrow between MAC addresses."""
    frames = list(frames)
    repeated = {id(request.frame) for exchange in exchanges(frames) for request in exchange.requests[1:]}
    return [
        Message(arp.time, arp.source, arp.target, _WORDS[arp.kind](arp), "arp", arp.where,
                "again" if id(arp.frame) in repeated else _style(arp))
        for arp in packets(frames)
    ]


_WORDS = {
    "request": lambda arp: f"who has {arp.target_ip}? tell {arp.sender_ip}",
    "probe": lambda arp: f"who has {arp.target_ip}? (probe)",
    "reply": lambda arp: f"{arp.sender_ip} is at {arp.sender_mac}",
    "gratuitous": lambda arp: f"{arp.sender_ip} is at {arp.sender_mac} (announcement)",
    "other": lambda arp: f"ARP operation {arp.operation}",
}


def _style(arp: Arp) -> str:
    if arp.kind == "reply":
        return "answer"
    return "broadcast" if arp.broadcast else ""


def _continues(exchange: Exchange, request: Arp, patience: float) -> bool:
    return (not exchange.replies and exchange.asker_ip == request.sender_ip
            and request.time - exchange.requests[-1].time <= patience)


def _decode(frame: Frame) -> Arp | None:
    link = ip.ethernet(frame.data)
    if link is None or link.ethertype != ip.ETHERTYPE_ARP or len(frame.data) < link.start + _ARP.size:
        return None
    hardware, protocol, hardware_size, protocol_size, operation, *addresses = _ARP.unpack_from(frame.data, link.start)
    if (hardware, protocol, hardware_size, protocol_size) != (1, ip.ETHERTYPE_IPV4, 6, 4):
        return None
    sender_mac, sender_ip, target_mac, target_ip = addresses
    return Arp(frame, link.source, link.target, operation, ip.mac_text(sender_mac), ip.ip_text(sender_ip),
               ip.mac_text(target_mac), ip.ip_text(target_ip))
