"""UDP datagrams (RFC 768): a header of four 2-byte fields, and the data."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from mnlab.protocols import ip
from mnlab.protocols.capture import Frame
from mnlab.protocols.ip import Endpoint
from mnlab.protocols.message import Message

HEADER_LENGTH = 8  # bytes


@dataclass(frozen=True)
class Datagram:
    """One datagram. `length` is the header's own (header and data, bytes); `payload` is cut if IP fragmented it."""

    frame: Frame
    source: Endpoint
    target: Endpoint
    length: int
    checksum: int  # 0: the sender computed none
    payload: bytes
    fragmented: bool

    @property
    def time(self) -> float:
        """When it was captured (s)."""
        return self.frame.time

    @property
    def where(self) -> str:
        """The capture point: an interface, such as "h1-eth0"."""
        return self.frame.where


def datagrams(frames: Iterable[Frame]) -> list[Datagram]:
    """Every UDP datagram; of one that IP fragmented, what its first fragment holds."""
    found = []
    for frame, packet in ip.packets(frames, ip.UDP):
        body = packet.start + HEADER_LENGTH
        if len(frame.data) < body:
            continue
        source, target, length, checksum = struct.unpack_from("!HHHH", frame.data, packet.start)
        payload = frame.data[body:min(packet.end, packet.start + max(length, HEADER_LENGTH))]
        found.append(Datagram(frame, Endpoint(packet.source, source), Endpoint(packet.target, target), length, checksum,
                              payload, packet.more_fragments))
    return found


def messages(frames: Iterable[Frame]) -> list[Message]:
    """Each datagram as an arrow: "datagram 5 bytes, port 40000 to 9999"."""
    return [
        Message(datagram.time, datagram.source.ip, datagram.target.ip, words(datagram), "udp", datagram.where)
        for datagram in datagrams(frames)
    ]


def words(datagram: Datagram) -> str:
    """A datagram in words: "datagram 5 bytes, port 40000 to 9999"."""
    size = datagram.length - HEADER_LENGTH
    return f"datagram {size} bytes, port {datagram.source.port} to {datagram.target.port}"
