"""OpenFlow 1.3 bodies out of bytes: matches, actions, instructions and the messages that a course speaks of.

Field layouts are those of the OpenFlow Switch Specification 1.3.5 (sections A.2 to A.4), decoded by tables. scapy's
contributed dissector was tried first: it takes a set-field action for longer than it is, loses the alignment of flow
statistics, and refuses Ryu's port description request.

What is damaged, or of a kind that no lab needs, has no body (None); nothing is raised.
"""

import struct
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from mnlab.protocols.ip import ip_text, mac_text
from mnlab.protocols.openflow.names import (
    COMMANDS,
    ERRORS,
    FLOW_FLAGS,
    GROUP_COMMANDS,
    GROUP_TYPES,
    MULTIPARTS,
    PACKET_IN_REASONS,
    PORT_REASONS,
    REMOVED_REASONS,
    named,
    port,
)

VERSION = 4  # OpenFlow 1.3
HEADER = struct.Struct("!BBHI")  # version, type, length in bytes with this header, transaction id

#: OFP_NO_BUFFER (section A.1): the switch keeps no copy of the frame.
NO_BUFFER = 0xFFFFFFFF


class Action(NamedTuple):
    """What is done to a frame: ("output", 2), ("output", "FLOOD"), ("set_field", ("eth_dst", "02:...")), ..."""

    kind: str
    value: Any = None

    def __str__(self):
        if self.kind == "set_field":
            return "set_field " + match_text(dict([self.value]))
        return self.kind if self.value is None else f"{self.kind} {self.value}"


class Instruction(NamedTuple):
    """What a flow does: "apply_actions" or "write_actions" with actions, or such as ("goto_table", (), 1)."""

    kind: str
    actions: tuple[Action, ...] = ()
    value: int | None = None

    def __str__(self):
        words = ", ".join(map(str, self.actions))
        if self.kind == "apply_actions":
            return words or "drop"
        return self.kind + (f" {words}" if words else "") + ("" if self.value is None else f" {self.value}")


class Features(NamedTuple):
    """FEATURES_REPLY. `datapath_id`: 16 hexadecimal digits."""

    datapath_id: str
    buffers: int
    tables: int


class PacketIn(NamedTuple):
    """A frame that the switch shows the controller; `data` may be only its beginning (`total_length`, bytes)."""

    buffer_id: int | None
    total_length: int
    reason: str
    table: int
    cookie: int
    match: dict
    data: bytes

    @property
    def in_port(self):
        """The number of the port that the frame came in at; None if the switch does not say."""
        return self.match.get("in_port")


class PacketOut(NamedTuple):
    """A frame that the controller has the switch send: `data`, or the one that the switch keeps as `buffer_id`."""

    buffer_id: int | None
    in_port: int | str
    actions: tuple[Action, ...]
    data: bytes


class FlowMod(NamedTuple):
    """A change of the flow table. Timeouts in seconds, 0 for none; `out_port` limits deletions."""

    command: str
    table: int
    priority: int
    idle_timeout: int
    hard_timeout: int
    cookie: int
    buffer_id: int | None
    out_port: int | str
    flags: tuple[str, ...]
    match: dict
    instructions: tuple[Instruction, ...]

    @property
    def actions(self) -> tuple[Action, ...]:
        """The actions of its instructions; none means that the frame is dropped (or passed on to another table)."""
        return tuple(action for instruction in self.instructions for action in instruction.actions)


class FlowRemoved(NamedTuple):
    """A flow is gone, and why; it lived for `duration` seconds."""

    reason: str
    table: int
    priority: int
    cookie: int
    duration: float
    idle_timeout: int
    hard_timeout: int
    packets: int
    bytes: int
    match: dict


class Error(NamedTuple):
    """The switch refuses a message, of which `data` holds the beginning."""

    type: str
    code: str
    data: bytes


class Port(NamedTuple):
    """A port of a switch, as PORT_STATUS and port descriptions tell of it."""

    number: int | str
    name: str
    mac: str
    down: bool  # switched off, or no link


class PortStatus(NamedTuple):
    """PORT_STATUS. A port was added, deleted or modified (`reason`), and is now `port`."""

    reason: str
    port: Port


class GroupMod(NamedTuple):
    """A change of the group table; a bucket is (weight, actions)."""

    command: str
    type: str
    group: int
    buckets: tuple[tuple[int, tuple[Action, ...]], ...]


class PortStats(NamedTuple):
    """A port's counters, as the switch counts: rx is what came in from the wire."""

    port: int | str
    rx_packets: int
    tx_packets: int
    rx_bytes: int
    tx_bytes: int
    rx_dropped: int
    tx_dropped: int
    rx_errors: int
    tx_errors: int
    duration: float


class FlowStats(NamedTuple):
    """A flow and its counters."""

    table: int
    priority: int
    idle_timeout: int
    hard_timeout: int
    cookie: int
    duration: float
    packets: int
    bytes: int
    match: dict
    instructions: tuple[Instruction, ...]


class Multipart(NamedTuple):
    """MULTIPART_REQUEST or _REPLY. `entries`: PortStats, FlowStats or Port, one each; () for other kinds."""

    kind: str
    more: bool
    entries: tuple


def decode(kind: str, data: bytes):
    """The body of a message of type `kind` from all its bytes, header included; None if there is nothing to say."""
    reader = _BODIES.get(kind)
    try:
        return reader(data) if reader else None
    except (struct.error, ValueError, IndexError, OSError):  # damaged, or the capture kept only the beginning
        return None


def match_text(match: dict) -> str:
    """A match in words: "in_port=1 eth_dst=02:...", "any" for the one that every frame fits."""
    return " ".join(f"{name}={f'0x{value:04x}' if name == 'eth_type' and isinstance(value, int) else value}"
                    for name, value in match.items()) or "any"


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _port(data: bytes) -> int | str:
    return port(_number(data))


#: OXM_OF field -> (name, bytes, from bytes) (section A.2.3.7).
FIELDS: dict[int, tuple[str, int, Callable[[bytes], object]]] = {
    0: ("in_port", 4, _port), 1: ("in_phy_port", 4, _port), 2: ("metadata", 8, _number),
    3: ("eth_dst", 6, mac_text), 4: ("eth_src", 6, mac_text), 5: ("eth_type", 2, _number), 6: ("vlan_vid", 2, _number),
    7: ("vlan_pcp", 1, _number), 8: ("ip_dscp", 1, _number), 9: ("ip_ecn", 1, _number), 10: ("ip_proto", 1, _number),
    11: ("ipv4_src", 4, ip_text), 12: ("ipv4_dst", 4, ip_text), 13: ("tcp_src", 2, _number),
    14: ("tcp_dst", 2, _number), 15: ("udp_src", 2, _number), 16: ("udp_dst", 2, _number), 17: ("sctp_src", 2, _number),
    18: ("sctp_dst", 2, _number), 19: ("icmpv4_type", 1, _number), 20: ("icmpv4_code", 1, _number),
    21: ("arp_op", 2, _number), 22: ("arp_spa", 4, ip_text), 23: ("arp_tpa", 4, ip_text), 24: ("arp_sha", 6, mac_text),
    25: ("arp_tha", 6, mac_text), 26: ("ipv6_src", 16, ip_text), 27: ("ipv6_dst", 16, ip_text),
}


def fields(data: bytes) -> Iterator[tuple[str, object]]:
    """(name, value) of each OXM field; with a mask the value is the text "value/mask"."""
    position = 0
    while position + 4 <= len(data):
        oxm_class, field, size = struct.unpack_from("!HBB", data, position)
        body = data[position + 4:position + 4 + size]
        masked, width = field & 1, size // 2 if field & 1 else size
        name, expected, value_of = FIELDS.get(field >> 1, ("", -1, bytes.hex))
        if oxm_class != 0x8000 or width != expected:
            name, value_of = f"field {oxm_class:#x}:{field >> 1}", bytes.hex
        value = value_of(body[:width])
        yield name, f"{value}/{value_of(body[width:])}" if masked else value
        position += 4 + size


def match(data: bytes, start: int) -> tuple[dict, int]:
    """The match at `start` and the position after it (a match is padded to 8 bytes)."""
    kind, length = struct.unpack_from("!HH", data, start)
    end = start + (length + 7) // 8 * 8
    if kind != 1 or length < 4 or end > len(data):  # 1: OXM, the only kind that 1.3 uses
        raise ValueError("no match")
    return dict(fields(data[start + 4:start + length])), end


def _sized(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(type, bytes) of structures that begin with a type and a length of two bytes each."""
    position = 0
    while position < len(data):
        kind, length = struct.unpack_from("!HH", data, position)
        if length < 8 or position + length > len(data):
            raise ValueError("bad length")
        yield kind, data[position:position + length]
        position += length


#: Action type -> (name, value from the action's bytes).
ACTIONS: dict[int, tuple[str, Callable[[bytes], object] | None]] = {
    0: ("output", lambda data: _port(data[4:8])),
    11: ("copy_ttl_out", None), 12: ("copy_ttl_in", None), 16: ("dec_mpls_ttl", None), 18: ("pop_vlan", None),
    24: ("dec_nw_ttl", None), 27: ("pop_pbb", None),
    17: ("push_vlan", lambda data: f"0x{_number(data[4:6]):04x}"),
    21: ("set_queue", lambda data: _number(data[4:8])), 22: ("group", lambda data: _number(data[4:8])),
    23: ("set_nw_ttl", lambda data: data[4]), 25: ("set_field", lambda data: next(fields(data[4:]), ("", ""))),
}


def actions(data: bytes) -> tuple[Action, ...]:
    """The actions in an instruction's or a message's bytes, in their order."""
    found = []
    for kind, body in _sized(data):
        name, value_of = ACTIONS.get(kind, (f"action {kind}", None))
        found.append(Action(name, value_of(body) if value_of else None))
    return tuple(found)


INSTRUCTIONS = {1: "goto_table", 2: "write_metadata", 3: "write_actions", 4: "apply_actions", 5: "clear_actions",
                6: "meter"}


def instructions(data: bytes) -> tuple[Instruction, ...]:
    """The instructions in a flow's bytes, in their order."""
    found = []
    for kind, body in _sized(data):
        name = INSTRUCTIONS.get(kind, f"instruction {kind}")
        values = {1: body[4], 6: _number(body[4:8])}
        found.append(Instruction(name, actions(body[8:]) if kind in (3, 4) else (), values.get(kind)))
    return tuple(found)


def _buffer(number: int) -> int | None:
    return None if number == NO_BUFFER else number


def _features(data: bytes) -> Features:
    datapath_id, buffers, tables = struct.unpack_from("!QIB", data, 8)
    return Features(f"{datapath_id:016x}", buffers, tables)


def _packet_in(data: bytes) -> PacketIn:
    buffer_id, total, reason, table, cookie = struct.unpack_from("!IHBBQ", data, 8)
    where, end = match(data, 24)
    return PacketIn(_buffer(buffer_id), total, named(PACKET_IN_REASONS, reason), table, cookie, where, data[end + 2:])


def _packet_out(data: bytes) -> PacketOut:
    buffer_id, in_port, size = struct.unpack_from("!IIH6x", data, 8)
    return PacketOut(_buffer(buffer_id), port(in_port), actions(data[24:24 + size]), data[24 + size:])


def _flow_mod(data: bytes) -> FlowMod:
    cookie, _, table, command, idle, hard, priority, buffer_id, out_port, _, flags = struct.unpack_from(
        "!QQBBHHHIIIH2x", data, 8)
    matched, end = match(data, 48)
    return FlowMod(named(COMMANDS, command), table, priority, idle, hard, cookie, _buffer(buffer_id), port(out_port),
                   tuple(name for bit, name in enumerate(FLOW_FLAGS) if flags >> bit & 1), matched,
                   instructions(data[end:]))


def _flow_removed(data: bytes) -> FlowRemoved:
    cookie, priority, reason, table, seconds, ns, idle, hard, packets, size = struct.unpack_from("!QHBBIIHHQQ", data, 8)
    return FlowRemoved(named(REMOVED_REASONS, reason), table, priority, cookie, seconds + ns / 1e9, idle, hard, packets,
                       size, match(data, 48)[0])


def _error(data: bytes) -> Error:
    kind, code = struct.unpack_from("!HH", data, 8)
    name, codes = ERRORS.get(kind, (f"type {kind}", ()))
    return Error(name, named(codes, code), data[12:])


def _described(data: bytes, start: int) -> Port:
    number, mac, name, config, state = struct.unpack_from("!I4x6s2x16sII", data, start)
    return Port(port(number), name.rstrip(b"\0").decode(errors="replace"), mac_text(mac), bool(config & 1 or state & 1))


def _port_status(data: bytes) -> PortStatus:
    return PortStatus(named(PORT_REASONS, data[8]), _described(data, 16))


def _group_mod(data: bytes) -> GroupMod:
    command, kind, group = struct.unpack_from("!HBxI", data, 8)
    buckets, position = [], 16
    while position < len(data):
        size, weight = struct.unpack_from("!HH", data, position)
        if size < 16:
            raise ValueError("bad length")
        buckets.append((weight, actions(data[position + 16:position + size])))
        position += size
    return GroupMod(named(GROUP_COMMANDS, command), named(GROUP_TYPES, kind), group, tuple(buckets))


def _port_stats(data: bytes) -> Iterator[PortStats]:
    for number, *counts, seconds, ns in struct.iter_unpack("!I4x12QII", data):
        yield PortStats._make((port(number), *counts[:8], seconds + ns / 1e9))


def _flow_stats(data: bytes) -> Iterator[FlowStats]:
    position = 0
    while position < len(data):
        size, table, seconds, ns, priority, idle, hard, cookie, packets, count = struct.unpack_from(
            "!HBxIIHHH6xQQQ", data, position)
        if size < 56 or position + size > len(data):
            raise ValueError("bad length")
        entry = data[position:position + size]
        matched, end = match(entry, 48)
        yield FlowStats(table, priority, idle, hard, cookie, seconds + ns / 1e9, packets, count, matched,
                        instructions(entry[end:]))
        position += size


def _port_descriptions(data: bytes) -> Iterator[Port]:
    return (_described(data, start) for start in range(0, len(data), 64))


#: Kind of a multipart reply -> its entries from the bytes after its header.
_ENTRIES = {"PORT_STATS": _port_stats, "FLOW": _flow_stats, "PORT_DESC": _port_descriptions}


def _multipart(data: bytes, reply: bool) -> Multipart:
    kind, flags = struct.unpack_from("!HH4x", data, 8)
    name = named(MULTIPARTS, kind)
    entries = tuple(_ENTRIES[name](data[16:])) if reply and name in _ENTRIES else ()
    return Multipart(name, bool(flags & 1), entries)


_BODIES = {
    "FEATURES_REPLY": _features, "PACKET_IN": _packet_in, "PACKET_OUT": _packet_out, "FLOW_MOD": _flow_mod,
    "FLOW_REMOVED": _flow_removed, "ERROR": _error, "PORT_STATUS": _port_status, "GROUP_MOD": _group_mod,
    "MULTIPART_REQUEST": lambda data: _multipart(data, reply=False),
    "MULTIPART_REPLY": lambda data: _multipart(data, reply=True),
}
