"""An ARP resolver with a cache (RFC 826), on a packet socket.

    python3 resolver.py INTERFACE OWN_IP LIFETIME

Reads commands from standard input, one a line:
    resolve IP    prints "IP MAC", or "IP unreachable"
    wait SECONDS  sleeps
"""

import socket
import struct
import sys
import time

ETHERTYPE_ARP = 0x0806
BROADCAST = b"\xff" * 6
REQUEST, REPLY = 1, 2
TRIES, PATIENCE = 3, 1.0  # questions, and seconds to wait for an answer to each

ETHERNET = struct.Struct("!6s6sH")  # destination, source, EtherType
ARP = struct.Struct("!HHBBH6s4s6s4s")  # htype, ptype, hlen, plen, operation, sender MAC and IP, target MAC and IP


class Resolver:
    def __init__(self, interface: str, ip: str, lifetime: float):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETHERTYPE_ARP))
        self.socket.bind((interface, ETHERTYPE_ARP))
        self.mac = self.socket.getsockname()[4]
        self.ip = socket.inet_aton(ip)
        self.lifetime = lifetime
        self.cache = {}  # IP address: (MAC address, when it was learned)

    def resolve(self, ip: bytes) -> bytes | None:
        """The MAC address of `ip`; None if nobody answers."""
        mac, learned = self.cache.get(ip, (None, 0))
        if mac and time.monotonic() - learned < self.lifetime:
            return mac
        for _ in range(TRIES):
            self.socket.send(self.request(ip))
            mac = self.wait_for_reply(ip, time.monotonic() + PATIENCE)
            if mac:
                self.cache[ip] = (mac, time.monotonic())
                return mac
        return None

    def request(self, ip: bytes) -> bytes:
        """The frame that asks everyone who has `ip`."""
        return (ETHERNET.pack(BROADCAST, self.mac, ETHERTYPE_ARP)
                + ARP.pack(1, 0x0800, 6, 4, REQUEST, self.mac, self.ip, bytes(6), ip))

    def wait_for_reply(self, ip: bytes, deadline: float) -> bytes | None:
        """The MAC address in the reply about `ip` that is meant for us; None if none comes until `deadline`."""
        while (left := deadline - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                frame = self.socket.recv(2048)
            except TimeoutError:
                return None
            mac = self.answer(frame, ip)
            if mac:
                return mac
        return None

    def answer(self, frame: bytes, ip: bytes) -> bytes | None:
        """The MAC address of `ip`, if this frame is a reply to us that tells it."""
        if len(frame) < ETHERNET.size + ARP.size:
            return None
        *_, operation, sender_mac, sender_ip, target_mac, target_ip = ARP.unpack_from(frame, ETHERNET.size)
        ours = (target_mac, target_ip) == (self.mac, self.ip)
        return sender_mac if operation == REPLY and sender_ip == ip and ours else None


def main():
    interface, ip, lifetime = sys.argv[1:4]
    resolver = Resolver(interface, ip, float(lifetime))
    for line in sys.stdin:
        command, argument = line.split()
        if command == "wait":
            time.sleep(float(argument))
        elif command == "resolve":
            mac = resolver.resolve(socket.inet_aton(argument))
            print(argument, mac.hex(":") if mac else "unreachable")


if __name__ == "__main__":
    main()
