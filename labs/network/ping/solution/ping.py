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
ERRORS = (3, 11, 12)  # destination unreachable, time exceeded, parameter problem: they quote what they are about
PATIENCE = 1.0  # seconds to wait for an answer, and from one request to the next
ECHO = struct.Struct("!BBHHH")  # type, code, checksum, identifier, sequence number


def checksum(data: bytes) -> int:
    """The one's complement of the one's complement sum of 16-bit words (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def request(ident: int, number: int) -> bytes:
    data = b"is anybody there?"
    empty = ECHO.pack(ECHO_REQUEST, 0, 0, ident, number)
    return ECHO.pack(ECHO_REQUEST, 0, checksum(empty + data), ident, number) + data


def split(packet: bytes) -> tuple[bytes, bytes]:
    """An IPv4 packet's header and what follows it."""
    length = (packet[0] & 15) * 4
    return packet[:length], packet[length:]


def answer(packet: bytes, source: str, target: str, ident: int, number: int) -> str | None:
    """What this packet says of our request, in words; None if it says nothing of it."""
    header, message = split(packet)
    if len(message) < ECHO.size or checksum(message):
        return None
    kind, code, _, its_ident, its_number = ECHO.unpack_from(message)
    if kind == ECHO_REPLY and (source, its_ident, its_number) == (target, ident, number):
        return f"reply from {source} ttl={header[8]}"
    if kind in ERRORS:
        quoted_header, quoted = split(message[8:])
        if quoted_header[16:20] == socket.inet_aton(target) and quoted[:1] == bytes([ECHO_REQUEST]):
            if ECHO.unpack_from(quoted)[3:] == (ident, number):
                return f"error from {source} type={kind} code={code}"
    return None


def ping(raw: socket.socket, target: str, count: int, ttl: int) -> None:
    ident = os.getpid() & 0xFFFF
    raw.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
    for number in range(1, count + 1):
        sent = time.monotonic()
        raw.sendto(request(ident, number), (target, 0))
        print(f"seq={number} {wait(raw, target, ident, number, sent)}")
        if number < count:
            time.sleep(max(0, sent + PATIENCE - time.monotonic()))


def wait(raw: socket.socket, target: str, ident: int, number: int, sent: float) -> str:
    """What became of a request."""
    while (left := sent + PATIENCE - time.monotonic()) > 0:
        raw.settimeout(left)
        try:
            packet, (source, _) = raw.recvfrom(65535)
        except TimeoutError:
            break
        rtt = time.monotonic() - sent
        words = answer(packet, source, target, ident, number)
        if words:
            return f"{words} time={rtt * 1000:.3f} ms" if words.startswith("reply") else words
    return "timeout"


def main():
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    for line in sys.stdin:
        _, target, count, ttl = line.split()
        ping(raw, target, int(count), int(ttl))


if __name__ == "__main__":
    main()
