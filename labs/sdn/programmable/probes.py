"""What is tried under the student's access list: conversations, and packets made by hand that belong to none.

What is permitted comes before what is not, between the same two hosts: a list that only looks at the first packet lets
the second one through.
"""

import socket
import struct
from typing import NamedTuple

PATIENCE = 4  # s that a connection gets: two retransmissions of its SYN, too (after 1 and 3 s)
NOBODYS_PORT = 40000  # where nobody waits for anything
FIRST_PORT = 40001  # of the client of the first conversation; the next one's is one higher
WORDS = b"hello from the client", b"welcome from the server"
TCP, UDP, ICMP, UNUSED = 6, 17, 1, 253  # of IP; 253 is for experiments (RFC 3692)
LOCAL, IPV6, LLDP = 0x88B5, 0x86DD, 0x88CC  # EtherTypes: for local experiments (IEEE 802), and what nobody here uses
FIN, SYN, RST, PUSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10  # TCP's flags
ECHO_REPLY, UNREACHABLE, TIMESTAMP = 0, 3, 13  # of ICMP's types

#: Conversations that the list permits.
OPEN = ("web-admin", "web-managed", "login", "names", "push", "login-same-port", "names-same-port", "again")
#: Packets made by hand that it permits: ends of a connection, by the server; a beginning from afar (ANY is everybody).
PASS = ("fin", "reset", "from-afar")
AFAR = "192.0.2.7"  # of no host here (RFC 5737)
#: IPv6's question for a neighbour (RFC 4861, section 4.3): what follows the EtherType, and the MAC address it goes to.
NEIGHBOUR = struct.pack("!IHBB16s16sBBHI", 6 << 28, 24, 58, 255, bytes.fromhex("fe80" + "00" * 13 + "01"),
                        bytes.fromhex("ff02" + "00" * 9 + "01ff000002"), 135, 0, 0, 0) \
    + bytes.fromhex("fe80" + "00" * 13 + "02")
TO_NEIGHBOURS, TO_BRIDGES = bytes.fromhex("3333ff000002"), bytes.fromhex("0180c200000e")


class Talk(NamedTuple):
    """A conversation that is tried; `own_port` is the client's, 0 for one that nobody else has."""

    name: str
    protocol: str
    client: str
    server: str
    port: int
    own_port: int = 0


def talks(p) -> list[Talk]:
    """The conversations, in their order, but for the last one."""
    server, blocked, admin, managed = (p["roles"][name] for name in ("server", "blocked", "admin", "managed"))
    web, login, names, other = p["web"], p["login"], p["names"], p["other"]
    return [
        Talk("web-admin", "tcp", admin, server, web), Talk("web-managed", "tcp", managed, server, web),
        Talk("login", "tcp", admin, managed, login), Talk("names", "udp", managed, server, names),
        Talk("push", "tcp", server, managed, login, web),
        Talk("login-same-port", "tcp", admin, managed, login, login),
        Talk("names-same-port", "udp", managed, server, names, names),
        # The first rule.
        Talk("web-blocked", "tcp", blocked, server, web), Talk("web-blocked-own", "tcp", blocked, server, web, login),
        # Another port, another server, another client than the rule's.
        Talk("web-other-port", "tcp", admin, server, other), Talk("login-other-port", "tcp", admin, managed, other),
        Talk("names-other-port", "udp", managed, server, other),
        Talk("web-elsewhere", "tcp", admin, managed, web), Talk("login-elsewhere", "tcp", admin, server, login),
        Talk("names-elsewhere", "udp", managed, admin, names),
        Talk("login-blocked", "tcp", blocked, managed, login), Talk("names-blocked", "udp", blocked, server, names),
        # The other protocol.
        Talk("web-over-udp", "udp", admin, server, web), Talk("login-over-udp", "udp", admin, managed, login),
        Talk("names-over-tcp", "tcp", managed, server, names),
        # From the other side: to the same port, and from the port that answers come from.
        Talk("login-back", "tcp", managed, admin, login), Talk("names-back", "udp", server, managed, names),
        Talk("from-web-port", "tcp", server, admin, other, web),
        Talk("from-login-port", "tcp", managed, admin, other, login),
    ]


def last_talk(p) -> Talk:
    """What was permitted in the beginning is so in the end."""
    return Talk("again", "tcp", p["roles"]["managed"], p["roles"]["server"], p["web"])


def all_talks(p) -> list[Talk]:
    return [*talks(p), last_talk(p)]


def ports(p, talk: Talk) -> tuple[int, int]:
    """The client's port and the server's."""
    return talk.own_port or FIRST_PORT + all_talks(p).index(talk), talk.port


class Stray(NamedTuple):
    """A packet that belongs to no conversation, `kind` in words. `head` is what follows the IP header, before its name;
    of a frame without one (`protocol` 0), the MAC address that it goes to, the EtherType and what may follow.
    `address` is the source's, if it is not the host's own."""

    name: str
    source: str
    target: str
    protocol: int
    head: bytes
    kind: str
    address: str = ""

    @property
    def tag(self) -> bytes:
        """The bytes by which it is known wherever it is seen."""
        return f"stray {self.name}.".encode()


def strays(p) -> list[Stray]:
    """Looks like an answer, and is none (but PASS); and what is neither TCP nor UDP nor a ping."""
    server, blocked, admin, managed = (p["roles"][name] for name in ("server", "blocked", "admin", "managed"))
    web, login, names, other = p["web"], p["login"], p["names"], p["other"]

    def segment(name, source, target, port, to=NOBODYS_PORT, flags=ACK, address=""):
        return Stray(name, source, target, TCP, struct.pack("!HHIIBBHHH", port, to, 1, 1, 5 << 4, flags, 1000, 0, 0),
                     f"a TCP segment with the flags {flags:#04x} from port {port} to {to}"
                     + (f", as {address}" if address else ""), address)

    def datagram(name, source, target, port):
        return Stray(name, source, target, UDP, struct.pack("!HHHH", port, other, 0, 0), f"UDP from port {port}")

    def message(name, source, target, kind):
        return Stray(name, source, target, ICMP, struct.pack("!BBHHH", kind, 0, 0, 1, 1), f"ICMP of type {kind}")

    return [
        segment("ack-other-port", server, admin, other), segment("ack-other-server", managed, admin, web),
        segment("ack-other-client", managed, blocked, login),
        # The rule's port, at the wrong end.
        segment("ack-to-port", managed, admin, other, login), segment("ack-from-own-port", admin, server, web),
        datagram("udp-from-own-port", managed, server, names),
        segment("begins-with-data", server, admin, web, flags=SYN | PUSH),
        segment("begins-and-ends", server, admin, web, flags=SYN | FIN),
        segment("from-afar", admin, server, NOBODYS_PORT, web, SYN, AFAR),
        segment("fin", server, admin, web, flags=FIN | ACK), segment("reset", server, admin, web, flags=RST | ACK),
        datagram("udp-other-port", server, managed, other), datagram("udp-other-server", admin, managed, names),
        datagram("udp-other-client", server, admin, names),
        message("reply-other-client", server, managed, ECHO_REPLY),
        message("reply-other-server", blocked, admin, ECHO_REPLY),
        message("reply-from-admin", admin, server, ECHO_REPLY), message("timestamp", admin, server, TIMESTAMP),
        message("error", admin, server, UNREACHABLE), message("error-back", server, admin, UNREACHABLE),
        Stray("unused", admin, server, UNUSED, b"", f"IP with protocol {UNUSED}"),
        *(Stray(name, admin, server, 0, to + kind.to_bytes(2, "big") + more, f"a frame with EtherType {kind:#06x}")
          for name, kind, to, more in (
              ("no-ip", LOCAL, hardware(p, server), b""), ("no-ip-to-all", LOCAL, b"\xff" * 6, b""),
              ("ipv6", IPV6, hardware(p, server), b""), ("ipv6-neighbour", IPV6, TO_NEIGHBOURS, NEIGHBOUR),
              ("lldp", LLDP, TO_BRIDGES, b""))),
    ]


def hardware(p, host: str) -> bytes:
    return bytes.fromhex(p[f"{host}_mac"].replace(":", ""))


def send(net, p, stray: Stray) -> None:
    """Send it from its host. The kernel makes the IP header, but for one with another's address."""
    from mnlab.net import namespace
    with namespace.inside(net[stray.source].pid):
        if not stray.protocol:
            out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            out.bind((f"{stray.source}-eth0", 0))
        else:
            out = socket.socket(socket.AF_INET, socket.SOCK_RAW, stray.protocol)
    with out:
        if not stray.protocol:
            out.send(stray.head[:6] + hardware(p, stray.source) + stray.head[6:] + stray.tag.ljust(46))
            return
        data = _complete(stray, stray.address or p[stray.source], p[stray.target])
        if stray.address:  # the kernel fills in the rest of the header (raw(7))
            out.setsockopt(socket.IPPROTO_IP, socket.IP_HDRINCL, 1)
            data = struct.pack("!BxHHHBBH4s4s", 0x45, 0, 0, 0, 64, stray.protocol, 0, socket.inet_aton(stray.address),
                               socket.inet_aton(p[stray.target])) + data
        out.sendto(data, (p[stray.target], 0))


def _complete(stray: Stray, source: str, target: str) -> bytes:
    """The packet without its IP header, with its length and checksum (RFC 9293, 3.1; RFC 768; RFC 792)."""
    data = bytearray(stray.head + stray.tag + b"\0" * (len(stray.tag) % 2))
    if stray.protocol == UDP:
        struct.pack_into("!H", data, 4, len(data))
    pseudo = b"" if stray.protocol == ICMP else struct.pack(
        "!4s4sxBH", socket.inet_aton(source), socket.inet_aton(target), stray.protocol, len(data))
    if (place := {TCP: 16, UDP: 6, ICMP: 2}.get(stray.protocol)) is not None:
        words = struct.unpack(f"!{(len(pseudo) + len(data)) // 2}H", pseudo + data)
        total = sum(words)
        while total >> 16:
            total = (total & 0xFFFF) + (total >> 16)
        struct.pack_into("!H", data, place, ~total & 0xFFFF)
    return bytes(data)
