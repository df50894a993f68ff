"""The words that a ladder diagram knows: the name of a protocol -> the function that turns frames into its arrows."""

from collections.abc import Callable, Iterable

from mnlab.protocols import arp, dns, http, icmp, ip, tcp, tls, udp
from mnlab.protocols.capture import Frame
from mnlab.protocols.message import Message

MESSAGES: dict[str, Callable[[Iterable[Frame]], list[Message]]] = {
    "arp": arp.messages,
    "ip": ip.messages,  # fragments only
    "icmp": icmp.messages,
    "udp": udp.messages,
    "tcp": tcp.messages,
    "dns": dns.messages,
    "http": http.messages,
    "tls": tls.messages,
}


def messages(frames: Iterable[Frame], protocols: Iterable[str]) -> list[Message]:
    """The arrows of the named protocols, in order of time; a name not in `MESSAGES` is a KeyError."""
    frames = list(frames)
    arrows = [arrow for name in protocols for arrow in MESSAGES[name](frames)]
    return sorted(arrows, key=lambda arrow: arrow.time)
