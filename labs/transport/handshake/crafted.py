"""Segments that no kernel would send: under another's address, from the past, with a wrong checksum."""

import socket
import struct
from collections.abc import Callable

from mnlab.net import namespace
from mnlab.protocols.ip import internet_checksum

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
MSS = b"\x02\x04\x05\xb4"  # option: 1460 bytes


def segment(source, target, flags: int, seq: int, ack: int = 0, options: bytes = b"", damaged: bool = False,
            data: bytes = b"", ip_options: bytes = b"", unsummed: bool = False) -> bytes:
    """An IPv4 packet with a TCP segment (RFC 9293, section 3.1); `source` and `target` are (address, port).

    `damaged`: a bit of its checksum is wrong; `unsummed`: its checksum is 0, which means "none" in UDP only.
    """
    header = struct.pack("!HHIIBBHHH", source[1], target[1], seq % 2**32, ack % 2**32, (20 + len(options)) << 2, flags,
                         65535, 0, 0) + options
    ends = socket.inet_aton(source[0]) + socket.inet_aton(target[0])
    whole = header + data
    checksum = internet_checksum(ends + struct.pack("!HH", socket.IPPROTO_TCP, len(whole)) + whole) ^ damaged
    checksum *= not unsummed
    whole = header[:16] + checksum.to_bytes(2, "big") + header[18:] + data
    # The kernel fills in the total length, the identification and the header's checksum (raw(7), IP_HDRINCL).
    first = struct.pack("!BBHHHBBH", 0x45 + len(ip_options) // 4, 0, 0, 0, 0, 64, socket.IPPROTO_TCP, 0)
    return first + ends + ip_options + whole


class Mouth:
    """Sends whole IP packets from a node, whatever source address they name."""

    def __init__(self, node):
        with namespace.inside(node.pid):
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)

    def send(self, packet: bytes) -> None:
        self.socket.sendto(packet, (socket.inet_ntoa(packet[16:20]), 0))


class Ears:
    """Hears every IP packet that a node's first interface sends or receives (packet(7))."""

    def __init__(self, node):
        with namespace.inside(node.pid):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))  # ETH_P_ALL: both ways
        self.socket.bind((f"{node.name}-eth0", 3))

    def wait_for_syn(self, port: int, timeout: float = 20) -> bytes | None:
        """The next packet with a SYN from that port, from its IP header on; None if none comes."""
        return self.wait_for(port, lambda packet: packet[33] == SYN, timeout)

    def wait_for_data(self, port: int, timeout: float = 20) -> bytes | None:
        """The same for a packet with data."""
        return self.wait_for(port, lambda packet: len(payload(packet)) > 0, timeout)

    def wait_for(self, port: int, wanted: Callable[[bytes], bool], timeout: float) -> bytes | None:
        self.socket.settimeout(timeout)
        try:
            while True:
                packet = self.socket.recv(2048)
                if (len(packet) >= 40 and packet[9] == socket.IPPROTO_TCP and sender_port(packet) == port
                        and wanted(packet)):
                    return packet
        except (TimeoutError, OSError):
            return None

    def close(self) -> None:
        self.socket.close()


def sender_port(packet: bytes) -> int:
    return int.from_bytes(packet[20:22], "big")


def number(packet: bytes) -> int:
    """The sequence number of a segment without IP options."""
    return int.from_bytes(packet[24:28], "big")


def payload(packet: bytes) -> bytes:
    """The data of a segment without IP options."""
    return packet[20 + (packet[32] >> 4) * 4:int.from_bytes(packet[2:4], "big")]
