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

ETHERNET = struct.Struct("!6s6sH")  # destination, source, EtherType
ARP = struct.Struct("!HHBBH6s4s6s4s")  # htype, ptype, hlen, plen, operation, sender MAC and IP, target MAC and IP


class Resolver:
    def __init__(self, interface: str, ip: str, lifetime: float):
        # A packet socket sends and receives whole frames (packet(7)). It needs CAP_NET_RAW, which the lab grants.
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETHERTYPE_ARP))
        self.socket.bind((interface, ETHERTYPE_ARP))
        self.mac = self.socket.getsockname()[4]  # 6 bytes
        self.ip = socket.inet_aton(ip)  # 4 bytes
        self.lifetime = lifetime  # seconds for which an answer may be believed
        self.cache = {}

    def resolve(self, ip: bytes) -> bytes | None:
        """The MAC address of `ip`; None if nobody answers."""
        # TODO: if the cache knows it, and learned it less than self.lifetime seconds ago, send nothing.
        # TODO: else ask, wait up to 1 s for the reply, ask again: three questions, then give up.
        # TODO: believe only a reply, about this address, addressed to us. Other frames arrive here, too.
        self.socket.send(self.request(ip))
        return None

    def request(self, ip: bytes) -> bytes:
        """The frame that asks everyone who has `ip`."""
        # TODO: this asks oneself, and says nothing. See RFC 826, or a request in h1-eth0.pcap of your run (in
        # runs/arp-1/scenes/kernel/captures).
        return ETHERNET.pack(self.mac, self.mac, ETHERTYPE_ARP) + bytes(ARP.size)


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
