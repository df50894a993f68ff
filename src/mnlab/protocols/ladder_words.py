"""The words that a ladder diagram knows: the name of a protocol -> the function that turns frames into its arrows."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace

from mnlab.protocols import arp, dns, http, icmp, igmp, ip, openflow, tcp, tls, transit, udp
from mnlab.protocols.capture import Frame
from mnlab.protocols.message import Message

#: What Diagram(protocols=...) may name -> what makes its arrows.
MESSAGES: dict[str, Callable[[Iterable[Frame]], list[Message]]] = {
    "arp": arp.messages,
    "ip": ip.messages,  # fragments only
    "icmp": icmp.messages,
    "igmp": igmp.messages,
    "udp": udp.messages,
    "tcp": tcp.messages,
    "dns": dns.messages,
    "http": http.messages,
    "tls": tls.messages,
    "openflow": openflow.messages,
}


#: What is carried in the segments of "tcp", as far as a segment shows it ("dns" only where it is asked over TCP).
ABOVE_TCP = ("dns", "http", "tls", "openflow")


def messages(frames: Iterable[Frame], protocols: Iterable[str]) -> list[Message]:
    """The arrows of the named protocols, in order of time; a name not in `MESSAGES` is a KeyError.

    A segment that brings words of an upper protocol is drawn with those words alone, if both are asked for.
    """
    frames = list(frames)
    arrows = [arrow for name in protocols for arrow in MESSAGES[name](frames)]
    contents = {(frame.where, frame.time): transit.content(frame, packet) for frame, packet in ip.packets(frames)}
    arrows = [replace(arrow, content=contents.get(_moment(arrow), ())) for arrow in upper_words(arrows)]
    return sorted(arrows, key=lambda arrow: arrow.time)


def upper_words(arrows: Iterable[Message]) -> list[Message]:
    """`arrows` with each segment of TCP that carries upper words replaced by those, wherever that segment was seen.

    An upper message stands at the time of the segment that brought it, so place and time say which one that was. At
    another place the same bytes may have come by a retransmission: each of the two segments then has the words.
    """
    arrows = list(arrows)
    segments = {_moment(arrow): arrow for arrow in arrows if arrow.protocol == "tcp"}
    carried: dict[tuple, dict[tuple, Message]] = defaultdict(dict)
    for arrow in arrows:
        if arrow.protocol in ABOVE_TCP and (segment := segments.get(_moment(arrow))):
            carried[_segment(segment)].setdefault((arrow.protocol, arrow.text), arrow)
    result = []
    for arrow in arrows:
        if arrow.protocol == "tcp":
            result += [_carried(arrow, words) for words in carried.get(_segment(arrow), {}).values()] or [arrow]
        elif arrow.protocol not in ABOVE_TCP or _moment(arrow) not in segments:
            result.append(arrow)
    return result


def _moment(arrow: Message) -> tuple:
    return arrow.where, arrow.time


def _segment(arrow: Message) -> tuple:
    """Addresses, too: behind a translator the same numbers may come from another host."""
    return arrow.source, arrow.target, arrow.identity


def _carried(segment: Message, words: Message) -> Message:
    """What the segment carries, at the segment's place and time; that it opens or closes is still said."""
    control = f" [{segment.text.split()[0]}]" if "control" in segment.style else ""
    return replace(segment, source=words.source, target=words.target, protocol=words.protocol, brief="",
                   text=words.text + control, style=segment.style or words.style)
