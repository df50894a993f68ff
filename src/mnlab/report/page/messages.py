"""All messages of a scene, as a page shows them: who sent which to whom, and who of the network takes part."""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from math import inf

from mnlab.evidence.record import Record
from mnlab.protocols import ladder_words
from mnlab.protocols.capture import Frame, merge
from mnlab.protocols.message import Message
from mnlab.report.drawn import with_changed_macs
from mnlab.report.ladder import lifelines
from mnlab.report.page.conversations import host_of
from mnlab.report.sightings import Arrow, arrows

WIDEST = 12  # lifelines; with more of them only those that say or hear something are drawn

PORTS = slice(34, 46)  # the bytes of a frame where ports stand, behind a VLAN tag and IP options, too

#: An upper protocol is drawn only where its bytes are seen: looking for it takes as long as TCP itself.
SIGNS: dict[str, tuple[slice, tuple[bytes, ...]]] = {
    "http": (slice(None), (b"HTTP/",)), "tls": (slice(None), (b"\x16\x03\x01", b"\x16\x03\x03")),
    "dns": (PORTS, (b"\x00\x35",)), "openflow": (PORTS, (b"\x19\xfd", b"\x19\xe9"))}
LOWER = ("ip", "udp", "tcp")  # drawn where nothing above them is
CONTROL = "openflow"


def of_scene(record: Record, diagrams: list) -> tuple[list[Arrow], dict[str, str]]:
    """The arrows of a scene in order of sending, and its lifelines: name -> address. `diagrams` are what the lab has
    drawn of it."""
    captured = record.captured()
    frames = merge(*captured.values())
    messages = words_of(frames)
    name_of = with_changed_macs(frames, record.name_of)
    for diagram in diagrams:
        if diagram.seen_by:
            messages = [message for message in messages if name_of(message.target) != diagram.seen_by
                        or message.where.rsplit("-", 1)[0] == diagram.seen_by]
    drawn = list(_sent(record, captured, messages, name_of))
    first = [name for diagram in diagrams for name in diagram.hosts]
    spoke = [end for arrow in drawn for end in (arrow.source, arrow.target)]  # whoever speaks first stands left
    order = dict.fromkeys((*first, *spoke, *record.hosts))
    hosts = lifelines({name: record.hosts[name] for name in order if name in record.hosts}, messages, name_of)
    if len(hosts) > WIDEST:
        busy = {end for arrow in drawn for end in (arrow.source, arrow.target)}
        hosts = {host: under for host, under in hosts.items() if host in busy}
    return drawn, hosts


def _sent(record: Record, captured: Mapping[str, list[Frame]], messages: list[Message],
          name_of: Callable[[str], str]) -> Iterator[Arrow]:
    """The arrows. Whoever was not captured any more when a message was sent, as captures began anew, loses none; nor
    does a switch whose ports were captured lose what its controller says, which goes another way."""
    silent = {host_of(where) for where, frames in captured.items() if not frames}
    for start, end in pairwise((-inf, *anew(record, captured), inf)):
        told = [message for message in messages if start <= message.time < end]
        heard = {host_of(where) for where, frames in captured.items() if frames and frames[0].time < end
                 and frames[-1].time >= start}
        yield from sorted([*arrows([one for one in told if one.protocol != CONTROL], name_of, silent | heard),
                           *arrows([one for one in told if one.protocol == CONTROL], name_of)],
                          key=lambda arrow: arrow.time)


def anew(record: Record, captured: Mapping[str, list[Frame]]) -> list[float]:
    """When captures of a scene began anew (s): when an interface's next one has its first frame."""
    interfaces = {name for node in record.hosts.values() for name in node["interfaces"]}
    found, known = [], set[str]()
    for where, frames in sorted(((where, frames) for where, frames in captured.items() if frames),
                                key=lambda pair: pair[1][0].time):
        name = where if where in interfaces else re.sub(r"\.\d+$", "", where)
        if name in known:
            found.append(frames[0].time)
            known.clear()
        known.add(name)
    return found


def words_of(frames: list[Frame]) -> list[Message]:
    """The messages of all protocols; of several in one frame those of the upper ones."""
    names = [name for name in ladder_words.MESSAGES if name not in SIGNS or _shows(name, frames)]
    messages = ladder_words.messages(frames, names)
    above = {(one.where, one.time) for one in messages if one.protocol not in LOWER}
    return [one for one in messages if one.protocol not in LOWER or (one.where, one.time) not in above]


def _shows(name: str, frames: list[Frame]) -> bool:
    """Whether there may be anything of an upper protocol."""
    where, signs = SIGNS[name]
    return any(sign in frame.data[where] for frame in frames for sign in signs)
