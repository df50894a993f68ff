"""The same with a packet socket for what comes in, IP headers made by hand (IP_HDRINCL), and all replies at the end."""

import ipaddress
import re
import secrets
import socket
import struct
import sys
import threading
import time

FIELDS = "!HHLLHHHH"
COMMAND = re.compile(r"connect (\S+) (\d+) (\S+) (\d+) (.*)")


def total(*parts: bytes) -> int:
    data = b"".join(parts)
    return int.from_bytes(data + b"\0" * (len(data) % 2), "big") % 0xFFFF


class Wire:
    """A thread that reads all the time, and one list of what has come."""

    def __init__(self):
        self.out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self.ears = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
        self.came, self.news = [], threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            packet, address = self.ears.recvfrom(65535)
            if address[2] == socket.PACKET_HOST and packet[9] == 6:
                with self.news:
                    self.came.append(packet)
                    self.news.notify()

    def next(self, deadline):
        with self.news:
            self.news.wait_for(lambda: self.came, max(0, deadline - time.monotonic()))
            return self.came.pop(0) if self.came else None

    def send(self, packet, ip):
        self.out.sendto(packet, (ip, 0))


class Call:
    def __init__(self, wire, own, own_port, ip, port):
        self.wire, self.ports, self.ip = wire, (own_port, port), ip
        self.ends = ipaddress.IPv4Address(own).packed, ipaddress.IPv4Address(ip).packed
        self.seq, self.ack = secrets.randbelow(1 << 32), 0

    def put(self, bits, data=b""):
        start = struct.pack(FIELDS, *self.ports, self.seq, self.ack, 5 << 12 | bits, 8192, 0, 0)
        sum_ = total(*self.ends, struct.pack("!HH", 6, len(start + data)), start, data)
        start = start[:16] + struct.pack("!H", 0xFFFF - sum_) + start[18:]
        header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(start + data), 0, 0, 64, 6, 0, *self.ends)
        self.wire.send(header + start + data, self.ip)

    def hear(self, deadline):
        while packet := self.wire.next(deadline):
            size = struct.unpack("!H", packet[2:4])[0]
            segment = packet[(packet[0] % 16) * 4:size]
            if (packet[12:16], packet[16:20]) != self.ends[::-1] or len(segment) < 20:
                continue
            if total(*self.ends, struct.pack("!HH", 6, len(segment)), segment):
                continue
            source, target, seq, ack, bits, *_ = struct.unpack(FIELDS, segment[:20])
            if (target, source) == self.ports:
                yield seq, ack, bits & 0xFF, segment[(bits >> 12) * 4:]

    def open(self):
        expected = (self.seq + 1) % (1 << 32)
        deadline = time.monotonic()
        for wait in (1, 2, 4):
            deadline = deadline + wait
            self.put(2)
            for seq, ack, bits, _ in self.hear(deadline):
                if bits & 16 and ack == expected and bits & 6:
                    self.seq = ack
                    if bits & 4:
                        return "refused"
                    self.ack = (seq + 1) % (1 << 32)
                    self.put(16)
                    return ""
        return "timeout"

    def talk(self, text):
        self.put(0x18, text)
        self.seq = (self.seq + len(text)) % (1 << 32)
        for seq, _, _, data in self.hear(time.monotonic() + 5):
            if data and seq == self.ack:
                self.ack = (self.ack + len(data)) % (1 << 32)
                self.put(16)
                return "reply " + data.decode("utf-8")
        return "timeout"


wire, lines = Wire(), []
for own, own_port, ip, port, text in COMMAND.findall(sys.stdin.read()):
    call = Call(wire, own, int(own_port), ip, int(port))
    lines.append(call.open() or call.talk(text.encode()))
print("\n".join(lines))
