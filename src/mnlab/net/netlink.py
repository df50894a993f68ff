"""Interfaces, addresses and routes by rtnetlink(7): made without starting a program.

A message is bytes; `tell` has the kernel do any number of them, in the namespace we are in. Sizes and numbers are those
of include/uapi/linux/netlink.h, rtnetlink.h, if_link.h, if_addr.h and veth.h.
"""

import os
import socket
import struct
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Address

from mnlab.net.errors import NetworkError

HEADER, ATTRIBUTE = struct.Struct("=IHHII"), struct.Struct("=HH")  # struct nlmsghdr, struct nlattr
LINK, ADDRESS, ROUTE = (  # struct ifinfomsg, ifaddrmsg, rtmsg
    struct.Struct("=BxHiII"), struct.Struct("=BBBBI"), struct.Struct("=8BI"))
ERROR = 2  # type of an answer
NEW_LINK, DELETE_LINK, NEW_ADDRESS, NEW_ROUTE = 16, 17, 20, 24
REQUEST, ACK, CREATE = 0x1, 0x4, 0x600  # flags of a message; CREATE: and there is none yet (NLM_F_EXCL)
SOL_NETLINK, CAP_ACK, EXT_ACK = 270, 10, 11  # options: answers repeat no request, and say what was wrong with it
IFF_UP, IFF_PROMISC = 0x1, 0x100  # include/uapi/linux/if.h
MAIN, BOOT, UNICAST = 254, 3, 1  # a routing table, who has made a route (ip(8) says this one, too), and its type
CHUNK = 32768  # bytes told at once: the kernel takes what a socket may hold (net.core.wmem_default)


# --- what is to be done ---

def veth(*ends: tuple[str, str, int]) -> bytes:
    """Make a pair of interfaces that are connected; each end is a name, a MAC address, and a process in its namespace.
    """
    one, two = (attribute(3, name.encode() + b"\0") + attribute(1, bytes.fromhex(mac.replace(":", "")))  # IFLA_IFNAME,
                + attribute(19, struct.pack("=I", pid)) for name, mac, pid in ends)  # IFLA_ADDRESS, IFLA_NET_NS_PID
    peer = attribute(1, LINK.pack(0, 0, 0, 0, 0) + two)  # VETH_INFO_PEER
    return message(NEW_LINK, LINK.pack(0, 0, 0, 0, 0) + one + _kind("veth", peer), CREATE)


def bridge(name: str, stp: bool, priority: int | None = None) -> bytes:
    """Make a bridge. Snooping off: multicast reaches everyone, as in a plain switch. Without the spanning tree protocol
    it forwards at once."""
    values = [(5, "=I", int(stp)), (23, "=B", 0)]  # IFLA_BR_STP_STATE, IFLA_BR_MCAST_SNOOPING
    values += [] if stp else [(1, "=I", 0)]  # IFLA_BR_FORWARD_DELAY
    values += [] if priority is None else [(6, "=H", priority)]  # IFLA_BR_PRIORITY
    data = b"".join(attribute(kind, struct.pack(form, value)) for kind, form, value in values)
    return message(NEW_LINK, LINK.pack(0, 0, 0, 0, 0) + attribute(3, name.encode() + b"\0") + _kind("bridge", data),
                   CREATE)


def change(index: int, up: bool = False, promiscuous: bool = False, mtu: int | None = None,
           master: int | None = None) -> bytes:
    """Set what is given of an interface: bytes of its `mtu`, the index of the bridge that is its `master`."""
    flags = IFF_UP * up | IFF_PROMISC * promiscuous
    values = {4: mtu, 10: master}  # IFLA_MTU, IFLA_MASTER
    return message(NEW_LINK, LINK.pack(0, 0, index, flags, flags) + b"".join(
        attribute(kind, struct.pack("=I", value)) for kind, value in values.items() if value is not None))


def delete(index: int) -> bytes:
    """Take an interface away."""
    return message(DELETE_LINK, LINK.pack(0, 0, index, 0, 0))


def address(index: int, ip: str, prefix: int) -> bytes:
    """Give an interface an IPv4 address, and the broadcast address of its network if it has one: of two addresses both
    are hosts' (RFC 3021)."""
    own = socket.inet_aton(ip)
    values = {1: own, 2: own}  # IFA_ADDRESS, IFA_LOCAL
    if prefix <= 30:
        values[4] = (int.from_bytes(own, "big") | (1 << 32 - prefix) - 1).to_bytes(4, "big")  # IFA_BROADCAST
    return message(NEW_ADDRESS, ADDRESS.pack(socket.AF_INET, prefix, 0, 0, index) + b"".join(
        attribute(kind, value) for kind, value in values.items()), CREATE)


def default_route(gateway: IPv4Address) -> bytes:
    """Send by way of `gateway` what has no other route."""
    return message(NEW_ROUTE, ROUTE.pack(socket.AF_INET, 0, 0, 0, MAIN, BOOT, 0, UNICAST, 0)
                   + attribute(5, gateway.packed), CREATE)  # RTA_GATEWAY


def attribute(kind: int, value: bytes) -> bytes:
    return ATTRIBUTE.pack(ATTRIBUTE.size + len(value), kind) + value + bytes(-len(value) % 4)


def message(kind: int, body: bytes, flags: int = 0) -> bytes:
    return HEADER.pack(HEADER.size + len(body), kind, REQUEST | flags, 0, 0) + body


def _kind(name: str, data: bytes) -> bytes:
    """IFLA_LINKINFO with IFLA_INFO_KIND and IFLA_INFO_DATA."""
    return attribute(18, attribute(1, name.encode()) + attribute(2, data))


# --- having it done ---

def tell(messages: Iterable[bytes], what: str | Sequence[str]) -> None:
    """Have the kernel do all of `messages`. NetworkError with its own words if it refuses one; `what` says what is
    being done, by all of them or by each."""
    waiting = [_numbered(data, number) for number, data in enumerate(messages)]
    if not waiting:
        return
    with _kernel() as kernel:
        while waiting:
            chunk = [waiting.pop(0)]
            while waiting and sum(map(len, chunk)) + len(waiting[0]) <= CHUNK:
                chunk.append(waiting.pop(0))
            length, kind, flags, *rest = HEADER.unpack_from(chunk[-1])
            chunk[-1] = HEADER.pack(length, kind, flags | ACK, *rest) + chunk[-1][HEADER.size:]
            kernel.send(b"".join(chunk))
            _until_done(kernel, what)


def received(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(type, body) of each message in what was received; an answer's body begins with the error number, negative."""
    while data:
        length, kind, *_ = HEADER.unpack_from(data)
        yield kind, data[HEADER.size:length]
        data = data[length + 3 & ~3:]


def attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(type, value) of each attribute."""
    place, end = 0, len(data)
    while place + ATTRIBUTE.size <= end:
        length, kind = ATTRIBUTE.unpack_from(data, place)
        yield kind, data[place + ATTRIBUTE.size:place + length]
        place += max(length + 3 & ~3, ATTRIBUTE.size)


def _kernel() -> socket.socket:
    kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
    for option in (CAP_ACK, EXT_ACK):
        kernel.setsockopt(SOL_NETLINK, option, 1)
    return kernel


def _numbered(data: bytes, number: int) -> bytes:
    """A message with its number in it, which an answer repeats."""
    length, kind, flags, _, port = HEADER.unpack_from(data)
    return HEADER.pack(length, kind, flags, number, port) + data[HEADER.size:]


def _until_done(kernel: socket.socket, what: str | Sequence[str]) -> None:
    """Wait for the answer to the last message; who refuses one before answers at once."""
    while True:
        for kind, body in received(kernel.recv(65536)):
            if kind != ERROR:
                continue
            number = struct.unpack_from("=i", body)[0]
            if number:
                words = dict(attributes(body[4 + HEADER.size:])).get(1, b"")  # NLMSGERR_ATTR_MSG
                said = words.rstrip(b"\0").decode(errors="replace") or os.strerror(-number)
                doing = what if isinstance(what, str) else what[HEADER.unpack_from(body, 4)[3]]
                raise NetworkError(f"{doing}: the kernel says {said}")
            return
