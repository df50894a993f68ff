"""OpenFlow 1.3 between switches and their controller: who was told what, out of the TCP streams that carry it.

A switch opens a TCP connection to the controller (port 6653). Both say HELLO; the controller asks for the FEATURES, and
the answer names the switch by its *datapath id*. From then on a frame that the switch has no flow for goes to the
controller as a PACKET_IN; the controller adds flows (FLOW_MOD) and has frames sent (PACKET_OUT).

A *channel* is one such connection, with the messages of both ends in order of time. Messages follow each other without
a gap in the stream: several may share a segment, and one may take several. A capture that begins in the middle of a
connection, or lacks segments, is read on from the next segment that begins like a message.

What the messages hold is in wire.py, the names of the protocol's numbers in names.py.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from mnlab.protocols import arp, dns, icmp, ip, tcp, udp
from mnlab.protocols.capture import Frame
from mnlab.protocols.ip import Endpoint
from mnlab.protocols.message import Message
from mnlab.protocols.openflow.names import TYPES, named
from mnlab.protocols.openflow.wire import HEADER, VERSION, Action, decode, match_text

__all__ = ["CONTROLLER", "SWITCH", "Action", "Channel", "OpenFlow", "channels", "match_text", "messages",
           "openflow_messages", "words"]

PORTS = (6653, 6633)  # IANA's, and the one used before
SWITCH, CONTROLLER = "switch", "controller"


@dataclass(frozen=True, eq=False)  # a message is itself: compared by identity, usable in sets
class OpenFlow:
    """One OpenFlow message.

    sender        "switch" or "controller"
    type          "PACKET_IN", "FLOW_MOD", ... as the specification names it, without OFPT_
    xid           the transaction id: a reply has that of its request
    datapath_id   of the channel's switch, 16 hexadecimal digits; "" if the capture does not hold its FEATURES_REPLY
    data          the whole message, with its header of 8 bytes
    frame         the captured frame that completed it
    """

    frame: Frame
    time: float
    sender: str
    source: Endpoint
    target: Endpoint
    type: str
    xid: int
    datapath_id: str
    data: bytes = field(repr=False)

    @property
    def where(self) -> str:
        """The capture point: an interface, such as "h1-eth0"."""
        return self.frame.where

    @cached_property
    def body(self):
        """What it says: a PacketIn, FlowMod, ... of wire.py; None if it says nothing, or is damaged."""
        return decode(self.type, self.data) if self.data[0] == VERSION else None

    @cached_property
    def inner(self) -> Frame | None:
        """The frame that a packet-in or packet-out carries, at the message's own time."""
        data = getattr(self.body, "data", b"") if self.type in ("PACKET_IN", "PACKET_OUT") else b""
        return Frame(self.frame.number, self.time, data, self.where) if data else None


@dataclass(frozen=True, eq=False)
class Channel:
    """A connection between a switch and a controller, as seen at the capture point `where`."""

    connection: tcp.Connection
    switch: Endpoint
    controller: Endpoint
    datapath_id: str
    messages: tuple[OpenFlow, ...] = field(repr=False)

    @property
    def where(self) -> str:
        """The capture point: an interface, such as "h1-eth0"."""
        return self.connection.where

    @property
    def time(self) -> float:
        """When the TCP connection was begun (s)."""
        return self.connection.time

    def of_type(self, *types: str) -> list[OpenFlow]:
        """The messages of these types."""
        return [message for message in self.messages if message.type in types]


def channels(frames: Iterable[Frame]) -> list[Channel]:
    """The connections to an OpenFlow port, in order of time; also those over which nothing was said."""
    return [_channel(connection) for connection in tcp.connections(frames)
            if connection.client.port in PORTS or connection.server.port in PORTS]


def openflow_messages(frames: Iterable[Frame], *types: str) -> list[OpenFlow]:
    """The messages of all channels in order of time; only those of some types if any are named."""
    found = [message for channel in channels(frames) for message in channel.messages
             if not types or message.type in types]
    return sorted(found, key=lambda message: message.time)


def messages(frames: Iterable[Frame]) -> list[Message]:
    """Each message as an arrow between the controller's address and the switch's datapath id."""
    arrows = []
    for message in openflow_messages(frames):
        source, target = message.source.ip, message.target.ip
        if message.datapath_id and message.sender == SWITCH:  # all switches may talk from one address
            source = message.datapath_id
        elif message.datapath_id:
            target = message.datapath_id
        arrows.append(Message(message.time, source, target, words(message), "openflow", message.where,
                              _STYLES.get(message.type, ""), brief=brief_words(message)))
    return arrows


def words(message: OpenFlow) -> str:
    """A message in words: "packet-in port 1: who has 10.0.0.2? tell 10.0.0.1", "flow-mod add prio 1 any -> drop"."""
    name = message.type.lower().replace("_", "-")
    describe = _WORDS.get(message.type)
    return describe(message, message.body) if describe and message.body else name


def brief_words(message: OpenFlow) -> str:
    """The same in fewer words, for messages that take many: without the ends, without the match. "" for others."""
    body = message.body
    if message.type == "PACKET_IN" and body:
        return f"packet-in {body.in_port}{_inner_words(message, ends=False)}"
    if message.type == "PACKET_OUT" and body:
        return f"packet-out {_todo(body.actions)}{_inner_words(message, ends=False)}"
    if message.type == "FLOW_MOD" and body:
        deletes = body.command.startswith("delete")
        return f"flow-mod {body.command}" + ("" if deletes else f" -> {_flow_todo(body)}")
    return ""


def _packet_in_words(message: OpenFlow, body) -> str:
    reason = "" if body.reason == "no_match" else f" ({body.reason})"
    return f"packet-in port {body.in_port}{reason}{_inner_words(message)}"


def _packet_out_words(message: OpenFlow, body) -> str:
    buffered = "" if body.buffer_id is None else f" buffer {body.buffer_id}"
    return f"packet-out {_todo(body.actions)}{buffered}{_inner_words(message)}"


def _todo(actions: Iterable[Action]) -> str:
    return ", ".join(str(action.value) if action.kind == "output" else str(action) for action in actions) or "drop"


def _flow_todo(body) -> str:
    return ", ".join(map(str, body.instructions)) or "drop"


def _flow_mod_words(message: OpenFlow, body) -> str:
    limits = "".join(f" {name} {seconds} s" for name, seconds in (("idle", body.idle_timeout),
                                                                 ("hard", body.hard_timeout)) if seconds)
    if body.command.startswith("delete"):
        only = "" if body.out_port in ("ANY", 0) else f" to port {body.out_port}"
        return f"flow-mod {body.command} {match_text(body.match)}{only}"
    return f"flow-mod {body.command} prio {body.priority} {match_text(body.match)} -> {_flow_todo(body)}{limits}"


def _inner_words(message: OpenFlow, ends: bool = True) -> str:
    """The frame that is carried, in the words of its own protocol; `ends`: with its IP addresses."""
    if message.inner is None:
        return ""
    for protocol in (arp, dns, icmp, tcp, udp):
        said = protocol.messages([message.inner])
        if said:
            between = "" if protocol is arp or not ends else f"{said[0].source} to {said[0].target}: "
            return f": {between}{said[0].text}"
    link = ip.ethernet(message.inner.data)
    return f": frame {link.source} to {link.target} type 0x{link.ethertype:04x}" if link else ""


_WORDS = {
    "PACKET_IN": _packet_in_words, "PACKET_OUT": _packet_out_words, "FLOW_MOD": _flow_mod_words,
    "FEATURES_REPLY": lambda message, body: f"features-reply datapath {body.datapath_id}",
    "ERROR": lambda message, body: f"error {body.type}: {body.code}",
    "PORT_STATUS": lambda message, body: f"port-status {body.port.name} {body.reason}",
    "FLOW_REMOVED": lambda message, body: f"flow-removed ({body.reason}) prio {body.priority} {match_text(body.match)}",
    "GROUP_MOD": lambda message, body: f"group-mod {body.command} group {body.group} ({body.type})",
    "MULTIPART_REQUEST": lambda message, body: f"multipart-request {body.kind}",
    "MULTIPART_REPLY": lambda message, body: f"multipart-reply {body.kind}",
}
_STYLES = {"HELLO": "control", "FEATURES_REQUEST": "control", "FEATURES_REPLY": "control", "ECHO_REQUEST": "probe",
           "ECHO_REPLY": "probe", "ERROR": "error", "MULTIPART_REPLY": "answer", "BARRIER_REPLY": "answer"}


# --- messages out of streams ---

def _channel(connection: tcp.Connection) -> Channel:
    # The switch connects to the controller's port; of a capture that begins later tcp may take the ends for each other.
    its_side = tcp.CLIENT if connection.server.port in PORTS else tcp.SERVER
    pieces = [(side, data, time, frame) for side in (tcp.CLIENT, tcp.SERVER) for run in _runs(connection.data(side))
              for data, time, frame in _cut(*run)]
    pieces.sort(key=lambda piece: piece[2])  # stable: what one side said in one segment stays in order
    replies = (decode("FEATURES_REPLY", data) for _, data, _, _ in pieces if _type(data) == "FEATURES_REPLY")
    datapath_id = next((features.datapath_id for features in replies if features), "")
    switch, controller = connection.endpoint(its_side), connection.endpoint(tcp.other(its_side))
    found = []
    for side, data, time, frame in pieces:
        sender, ends = (SWITCH, (switch, controller)) if side == its_side else (CONTROLLER, (controller, switch))
        xid = HEADER.unpack_from(data)[3]
        found.append(OpenFlow(frame, time, sender, *ends, _type(data), xid, datapath_id, data))
    return Channel(connection, switch, controller, datapath_id, tuple(found))


def _type(data: bytes) -> str:
    return named(TYPES, data[1])


def _runs(segments: Iterable[tcp.Segment]) -> Iterator[tuple[bytes, list[tuple[int, float, Frame]]]]:
    """Stretches of a stream without a gap, each with (offset, time when complete, frame) of what brought it."""
    data, position = b"", None
    marks: list[tuple[int, float, Frame]] = []
    for segment in sorted(segments, key=lambda segment: segment.seq):
        if position is None or segment.seq > position:
            if data:
                yield data, marks
            data, marks, position = b"", [], segment.seq
        fresh = segment.payload[position - segment.seq:]
        if fresh:
            time = max(segment.time, marks[-1][1] if marks else segment.time)
            marks.append((len(data), time, segment.frame))
            data += fresh
            position += len(fresh)
    if data:
        yield data, marks


def _cut(data: bytes, marks: list[tuple[int, float, Frame]]) -> Iterator[tuple[bytes, float, Frame]]:
    """The whole messages in a run, with the time and the frame of their last byte."""
    starts = [start for start, _, _ in marks]
    position = 0
    while position + HEADER.size <= len(data):
        length = _length(data, position)
        if length is None:  # not the beginning of a message: look for one where a segment begins
            position = next((start for start in starts if start > position), len(data))
            continue
        if position + length > len(data):
            return
        _, time, frame = marks[bisect_right(starts, position + length - 1) - 1]
        yield data[position:position + length], time, frame
        position += length


def _length(data: bytes, position: int) -> int | None:
    """The length (bytes) of the message that begins at `position`; None if none does."""
    version, kind, length, _ = HEADER.unpack_from(data, position)
    hello = TYPES[0] == named(TYPES, kind) and 1 <= version <= 6  # each end says HELLO in the highest version it knows
    return length if length >= HEADER.size and kind < len(TYPES) and (version == VERSION or hello) else None
