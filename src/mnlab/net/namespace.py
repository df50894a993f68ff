"""Work inside a node's network namespace without starting a program there."""

import ctypes
import fcntl
import os
import socket
import struct
from contextlib import contextmanager
from ipaddress import IPv4Interface
from pathlib import Path

CLONE_FS, CLONE_NEWNS, CLONE_NEWNET = 0x200, 0x00020000, 0x40000000  # include/uapi/linux/sched.h
SIOCGIFFLAGS, SIOCGIFADDR, SIOCGIFNETMASK, SIOCGIFMTU, SIOCGIFHWADDR = (
    0x8913, 0x8915, 0x891B, 0x8921, 0x8927)  # include/uapi/linux/sockios.h
IFF_UP, IFF_RUNNING = 0x1, 0x40  # include/uapi/linux/if.h

_libc = ctypes.CDLL(None, use_errno=True)


@contextmanager
def inside(pid: int):
    """Be in the network namespace of process `pid`; other threads are where they were."""
    home = _own("net")
    _move(pid, CLONE_NEWNET)
    try:
        yield
    finally:
        _return(home, CLONE_NEWNET)


@contextmanager
def at_home(pid: int):
    """Be in the network and mount namespaces of process `pid`, in the same folder there: what is started meanwhile is,
    too. Other threads are where they were; from now on this thread has a working folder of its own, as setns(2) asks.
    """
    _check(_libc.unshare(CLONE_FS))
    folder, net, mounts = os.getcwd(), _own("net"), _own("mnt")
    _move(pid, CLONE_NEWNET | CLONE_NEWNS)
    try:
        os.chdir(folder)  # to enter a mount namespace leads to its root
        yield
    finally:
        _return(net, CLONE_NEWNET)
        _return(mounts, CLONE_NEWNS)
        os.chdir(folder)


def _own(kind: str) -> int:
    return os.open(f"/proc/thread-self/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC)


def _move(pid: int, kinds: int) -> None:
    there = os.pidfd_open(pid)
    try:
        _check(_libc.setns(there, kinds))
    finally:
        os.close(there)


def _return(home: int, kind: int) -> None:
    try:
        _check(_libc.setns(home, kind))
    finally:
        os.close(home)


def _check(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def set_sysctl(name: str, value) -> None:
    """Set a sysctl ("net.ipv4.ip_forward") of the namespace we are in. As with sysctl(8), a name with slashes may have
    dots in its parts: "net/ipv4/conf/eth0.1/forwarding"."""
    place = os.open(f"/proc/sys/{name if '/' in name else name.replace('.', '/')}", os.O_WRONLY)
    try:
        os.write(place, f"{value}\n".encode())
    finally:
        os.close(place)


def flags(interface: str) -> int:
    """The flags of an interface of the namespace we are in (IFF_UP, IFF_RUNNING; netdevice(7))."""
    return struct.unpack("16sh14x", _ask(SIOCGIFFLAGS, interface))[1]


def is_running(interface: str) -> bool:
    """Whether an interface of the namespace we are in is up and its link works."""
    return bool(flags(interface) & IFF_RUNNING)


def exists(interface: str) -> bool:
    """Whether the namespace we are in has such an interface."""
    try:
        return flags(interface) is not None
    except OSError:
        return False


def hardware_address(interface: str) -> str:
    """The MAC address of an interface of the namespace we are in."""
    return struct.unpack("16sH6s8x", _ask(SIOCGIFHWADDR, interface))[2].hex(":")


def mtu(interface: str) -> int:
    """The MTU of an interface of the namespace we are in, in bytes."""
    return struct.unpack("16si12x", _ask(SIOCGIFMTU, interface))[1]


def addressed(interfaces) -> list[tuple[str, int]]:
    """MAC address and MTU of `interfaces` of the namespace we are in, asked through one socket."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        found = [[fcntl.ioctl(control, what, struct.pack("16s16x", interface.encode()))
                  for what in (SIOCGIFHWADDR, SIOCGIFMTU)] for interface in interfaces]
    return [(mac[18:24].hex(":"), struct.unpack_from("i", mtu, 16)[0]) for mac, mtu in found]


def address(interface: str) -> IPv4Interface | None:
    """The first IPv4 address of an interface of the namespace we are in."""
    try:
        parts = [socket.inet_ntoa(_ask(what, interface)[20:24]) for what in (SIOCGIFADDR, SIOCGIFNETMASK)]
    except OSError:
        return None
    return IPv4Interface("/".join(parts))


def _ask(what: int, interface: str) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        return fcntl.ioctl(control, what, struct.pack("16s16x", interface.encode()))


def listening_tcp_ports(pid: int) -> set[int]:
    """TCP ports somebody listens on in the namespace of `pid` (proc(5), /proc/net/tcp; state 0A is LISTEN)."""
    ports = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":
                ports.add(int(fields[1].rsplit(":", 1)[1], 16))
    return ports


def bound_udp_ports(pid: int) -> set[int]:
    """UDP ports somebody has bound in the namespace of `pid`."""
    lines = [line for table in ("udp", "udp6")
             for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]]
    return {int(line.split()[1].rsplit(":", 1)[1], 16) for line in lines}
