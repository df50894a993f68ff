"""A TCP handshake by hand, on a raw socket (RFC 9293).

    python3 handshake.py

Reads commands from standard input, one a line:  connect OWN_IP OWN_PORT IP PORT TEXT
Opens a connection from OWN_IP and OWN_PORT, sends TEXT, and prints one line:
    reply TEXT    what the server answered (it has been acknowledged)
    refused       the server reset the attempt
    timeout       nobody answered
"""

import random
import socket
import struct
import sys
import time
from dataclasses import dataclass

SYN, RST, PSH, ACK = 0x02, 0x04, 0x08, 0x10
HEADER = struct.Struct("!HHIIBBHHH")  # ports, seq, ack, offset, flags, window, checksum, urgent pointer
WAITS = (1, 2, 4)  # seconds to wait for an answer to the first, second and third SYN
PATIENCE = 5  # seconds to wait for the server's words
WINDOW = 65535


@dataclass
class Segment:
    source: tuple[str, int]
    target: tuple[str, int]
    seq: int
    ack: int
    flags: int
    data: bytes


def checksum(source: str, target: str, segment: bytes) -> int:
    """The one's complement sum over pseudo-header and segment (RFC 9293, section 3.1); 0 if a received one is whole."""
    data = (socket.inet_aton(source) + socket.inet_aton(target)
            + struct.pack("!HH", socket.IPPROTO_TCP, len(segment)) + segment)
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def parse(packet: bytes) -> Segment | None:
    """The segment in an IP packet; None if it is damaged. A raw socket gets segments that nobody has checked."""
    start = (packet[0] & 15) * 4
    source, target = socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20])
    segment = packet[start:int.from_bytes(packet[2:4], "big")]
    if len(segment) < HEADER.size or checksum(source, target, segment) != 0:
        return None
    source_port, target_port, seq, ack, offset, flags, *_ = HEADER.unpack_from(segment)
    return Segment((source, source_port), (target, target_port), seq, ack, flags, segment[(offset >> 4) * 4:])


class Connection:
    def __init__(self, raw: socket.socket, own: tuple[str, int], peer: tuple[str, int]):
        self.raw, self.own, self.peer = raw, own, peer
        self.next = self.isn = random.getrandbits(32)  # must not be guessable (RFC 6528)
        self.expected = 0

    def send(self, flags: int, data: bytes = b"") -> None:
        fields = [self.own[1], self.peer[1], self.next, self.expected if flags & ACK else 0, 5 << 4, flags, WINDOW]
        total = checksum(self.own[0], self.peer[0], HEADER.pack(*fields, 0, 0) + data)
        self.raw.sendto(HEADER.pack(*fields, total, 0) + data, (self.peer[0], 0))

    def segments(self, patience: float):
        """What the peer sends to us within `patience` seconds, whole and from the right port."""
        deadline = time.monotonic() + patience
        while (left := deadline - time.monotonic()) > 0:
            self.raw.settimeout(left)
            try:
                segment = parse(self.raw.recv(65535))
            except TimeoutError:
                return
            if segment and (segment.source, segment.target) == (self.peer, self.own):
                yield segment

    def open(self) -> str:
        """"open", "refused" or "timeout"."""
        for wait in WAITS:
            self.send(SYN)
            for segment in self.segments(wait):
                if not segment.flags & ACK or segment.ack != (self.isn + 1) % 2**32:
                    continue  # no answer to our SYN
                if segment.flags & RST:
                    return "refused"
                if segment.flags & SYN:
                    self.next, self.expected = segment.ack, (segment.seq + 1) % 2**32
                    self.send(ACK)
                    return "open"
        return "timeout"

    def ask(self, text: bytes) -> bytes | None:
        """Send `text`; the first words that come back, acknowledged."""
        self.send(PSH | ACK, text)
        self.next = (self.next + len(text)) % 2**32
        for segment in self.segments(PATIENCE):
            if segment.data and segment.seq == self.expected:
                self.expected = (self.expected + len(segment.data)) % 2**32
                self.send(ACK)
                return segment.data
        return None


def main():
    # A raw socket needs CAP_NET_RAW, which the lab grants. The kernel adds the IP header; the segment is ours.
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
    for line in sys.stdin:
        _, own_ip, own_port, ip, port, text = line.rstrip("\n").split(" ", 5)
        connection = Connection(raw, (own_ip, int(own_port)), (ip, int(port)))
        result = connection.open()
        if result == "open":
            reply = connection.ask(text.encode())
            result = f"reply {reply.decode()}" if reply else "timeout"
        print(result)


if __name__ == "__main__":
    main()
