"""ping, on a raw ICMP socket (RFC 792).

    python3 ping.py

Reads commands from standard input, one a line:  ping TARGET COUNT TTL
Sends COUNT echo requests, a second apart, and prints a line for each:
    seq=1 reply from 10.0.0.2 ttl=62 time=40.123 ms
    seq=2 timeout
    seq=3 error from 10.0.0.1 type=11 code=0
"""

import os
import socket
import struct
import sys
import time

ECHO_REPLY, ECHO_REQUEST = 0, 8
PATIENCE = 1.0  # seconds to wait for an answer, and from one request to the next
ECHO = struct.Struct("!BBHHH")  # type, code, checksum, identifier, sequence number


def checksum(data: bytes) -> int:
    """The one's complement of the one's complement sum of 16-bit words (RFC 1071)."""
    # TODO. A receiver that sums a whole message, checksum included, gets 0.
    return 0


def request(ident: int, number: int) -> bytes:
    """An echo request: header and some data."""
    data = b"is anybody there?"
    # TODO: the checksum is made over the whole message, with 0 in its own place.
    return ECHO.pack(ECHO_REQUEST, 0, 0, ident, number) + data


def ping(raw: socket.socket, target: str, count: int, ttl: int) -> None:
    ident = os.getpid() & 0xFFFF
    raw.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
    for number in range(1, count + 1):
        raw.sendto(request(ident, number), (target, 0))
        # TODO: wait up to PATIENCE seconds for what answers this request, and print the line for it.
        #       raw.recvfrom(65535) gives a whole IP packet, header first, and (source address, 0).
        #       Every ICMP message for this host comes here. Which one is about your request? An error quotes
        #       the IP header and the first bytes of the packet that it is about.
        # TODO: a second lies between one request and the next.
        print(f"seq={number} timeout")


def main():
    # A raw socket needs CAP_NET_RAW, which the lab grants. The kernel adds the IP header; the ICMP message is yours.
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    for line in sys.stdin:
        _, target, count, ttl = line.split()
        ping(raw, target, int(count), int(ttl))


if __name__ == "__main__":
    main()
