"""ping with a thread that receives everything, and a queue."""

import array
import itertools
import queue
import socket
import struct
import sys
import threading
import time
from dataclasses import dataclass

IDENTS = itertools.count(0xBEE0)


@dataclass
class Heard:
    when: float
    source: str
    ttl: int
    kind: int
    code: int
    rest: bytes
    data: bytes


def listen(raw, heard):
    while True:
        packet, (source, _) = raw.recvfrom(65535)
        when = time.perf_counter()
        message = packet[(packet[0] & 0x0F) << 2:]
        if len(message) >= 8:
            heard.put(Heard(when, source, packet[8], message[0], message[1], message[4:8], message[8:]))


def sealed(message):
    """The message with its checksum, which may be summed in either byte order (RFC 1071)."""
    words = array.array("H", message + b"\0" * (len(message) & 1))
    total = sum(words)
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return message[:2] + struct.pack("=H", total ^ 0xFFFF) + message[4:]


class Ping:
    def __init__(self, raw, heard, target):
        self.raw, self.heard, self.target = raw, heard, target
        self.ident = next(IDENTS)

    def once(self, number):
        rest = struct.pack(">HH", self.ident, number)
        while not self.heard.empty():
            self.heard.get_nowait()
        sent = time.perf_counter()
        self.raw.sendto(sealed(b"\x08\x00\x00\x00" + rest + b"ping"), (self.target, 1))
        while True:
            try:
                one = self.heard.get(timeout=max(0, sent + 1 - time.perf_counter()))
            except queue.Empty:
                return sent, "timeout"
            if one.when > sent + 1:
                return sent, "timeout"
            if one.kind == 0 and one.source == self.target and one.rest == rest:
                return sent, "reply from %s ttl=%d time=%.4f ms" % (one.source, one.ttl, 1e3 * (one.when - sent))
            if one.kind in (3, 11, 12) and self.is_about_me(one.data, rest):
                return sent, "error from %s type=%d code=%d" % (one.source, one.kind, one.code)

    def is_about_me(self, quote, rest):
        length = (quote[0] & 0x0F) << 2
        return (socket.inet_aton(self.target) == quote[16:20] and quote[9] == socket.IPPROTO_ICMP
                and quote[length:length + 2] == b"\x08\x00" and quote[length + 4:length + 8] == rest)

    def run(self, count, ttl):
        self.raw.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
        for number in range(1, count + 1):
            sent, text = self.once(number)
            print("seq=%d %s" % (number, text), flush=True)
            if number != count:
                time.sleep(max(0.0, 1 - (time.perf_counter() - sent)))


def main():
    raw, heard = socket.socket(socket.AF_INET, socket.SOCK_RAW, 1), queue.Queue()
    threading.Thread(target=listen, args=(raw, heard), daemon=True).start()
    for line in sys.stdin:
        _, target, count, ttl = line.split()
        Ping(raw, heard, target).run(int(count), int(ttl))


main()
