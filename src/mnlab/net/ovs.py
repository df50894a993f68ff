"""Asking Open vSwitch without starting its tools: each of them computes for a tenth of a second in virtual time.

Each bridge speaks OpenFlow 1.3 over a socket of its own.
"""

import socket
import struct

from mnlab.net.errors import NetworkError

RUN = "/var/run/openvswitch"
TIMEOUT = 20  # s
ANY = 0xFFFFFFFF  # port, group, buffer
ALL_TABLES = 0xFF
HEADER = struct.Struct("!BBHI")  # version, type, length, transaction id
VERSION, HELLO, ERROR, FLOW_MOD, MULTIPART_REQUEST, MULTIPART_REPLY, BARRIER_REQUEST, BARRIER_REPLY = (
    4, 0, 1, 14, 18, 19, 20, 21)
DELETE, AGGREGATE = 3, 2  # a flow-mod's command, a multipart's type
EVERYTHING = struct.pack("!HHI", 1, 4, 0)  # the match without fields


def flow_count(bridge: str) -> int:
    """Flows in all tables of a bridge."""
    body = struct.pack("!HHI BxxxIIxxxx QQ", AGGREGATE, 0, 0, ALL_TABLES, ANY, ANY, 0, 0) + EVERYTHING
    reply = _ask(bridge, MULTIPART_REQUEST, body, MULTIPART_REPLY)
    return struct.unpack_from("!I", reply, HEADER.size + 8 + 16)[0]  # after the counts of packets and bytes


def delete_flows(bridge: str) -> None:
    """Empty all tables of a bridge; returns when it has been done."""
    _ask(bridge, FLOW_MOD, struct.pack("!QQ BBHHH III HH", 0, 0, ALL_TABLES, DELETE, 0, 0, 0, ANY, ANY, ANY, 0, 0)
         + EVERYTHING, BARRIER_REPLY)


def _ask(bridge: str, kind: int, body: bytes, wanted: int) -> bytes:
    """Send a bridge one message and a barrier; its first message of the type `wanted`."""
    messages = ((HELLO, b""), (kind, body), (BARRIER_REQUEST, b""))
    with _connect(f"{bridge}.mgmt") as channel:
        channel.sendall(b"".join(HEADER.pack(VERSION, kind, HEADER.size + len(body), xid) + body
                                 for xid, (kind, body) in enumerate(messages)))
        while True:
            head = _whole(channel, HEADER.size)
            _, kind, length, _ = HEADER.unpack(head)
            message = head + _whole(channel, length - HEADER.size)
            if kind == wanted:
                return message
            if kind == ERROR:
                raise NetworkError(f"{bridge} refused what it was told (error type and code {message[8:12].hex()})")


def _connect(name: str) -> socket.socket:
    found = socket.socket(socket.AF_UNIX)
    found.settimeout(TIMEOUT)
    try:
        found.connect(f"{RUN}/{name}")
    except OSError as problem:
        found.close()
        raise NetworkError(f"Open vSwitch does not answer at {RUN}/{name}: {problem.strerror}") from None
    return found


def _whole(channel: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        data += _receive(channel, count - len(data))
    return data


def _receive(channel: socket.socket, count: int) -> bytes:
    try:
        data = channel.recv(count)
    except TimeoutError:
        raise NetworkError(f"Open vSwitch does not answer within {TIMEOUT} s") from None
    if not data:
        raise NetworkError("Open vSwitch ended the conversation")
    return data
