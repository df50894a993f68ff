"""An ARP resolver that opens a socket for each question; the kernel makes the Ethernet header."""

import ipaddress
import select
import socket
import sys
import time
from collections import namedtuple

Packet = namedtuple("Packet", "operation sender_mac sender_ip target_mac target_ip")
Entry = namedtuple("Entry", "mac learned")


def parse(data):
    operation = int.from_bytes(data[6:8], "big")
    return Packet(operation, data[8:14], data[14:18], data[18:24], data[24:28])


class Cache(dict):
    def __init__(self, lifetime):
        super().__init__()
        self.lifetime = lifetime

    def young(self, ip):
        entry = self.get(ip)
        return entry if entry and time.clock_gettime(time.CLOCK_BOOTTIME) <= entry.learned + self.lifetime else None


def attempt(interface, me, ip):
    """One question and a second of listening."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0806)) as wire:
        wire.bind((interface, 0x0806))
        mac = wire.getsockname()[4]
        body = b"\x00\x01\x08\x00\x06\x04\x00\x01" + mac + me.packed + b"\x00" * 6 + ip.packed
        wire.sendto(body, (interface, 0x0806, 0, 0, b"\xff\xff\xff\xff\xff\xff"))
        end = time.monotonic() + 1.0
        while select.select([wire], [], [], max(0.0, end - time.monotonic()))[0]:
            heard = parse(wire.recv(4096))
            if heard == (2, heard.sender_mac, ip.packed, mac, me.packed):
                return Entry(heard.sender_mac, time.clock_gettime(time.CLOCK_BOOTTIME))


def main(interface, me, lifetime):
    me, cache = ipaddress.ip_address(me), Cache(float(lifetime))
    commands = {"wait": lambda argument: time.sleep(float(argument)), "resolve": lambda argument: resolve(argument)}

    def resolve(argument):
        ip = ipaddress.ip_address(argument)
        entry = cache.young(ip)
        for _ in range(3):
            entry = entry or attempt(interface, me, ip)
        if entry:
            cache[ip] = entry
        text = ":".join(f"{byte:02x}" for byte in entry.mac) if entry else "unreachable"
        sys.stdout.write(f"{ip} {text}\n")

    for line in sys.stdin:
        name, argument = line.split()
        commands[name](argument)


if __name__ == "__main__":
    main(*sys.argv[1:])
