"""Sockets on the hosts of the network, all of them held by the experiment itself.

A socket belongs to the network namespace that it was opened in, whoever uses it. So one process can be the sender and
the receiver of every conversation, and knows to the microsecond what each socket gave out, and when.
"""

import errno
import select
import socket

from mnlab.net import namespace, sockets

PATIENCE = 2.0  # s: a blocking call gives up after that


def udp(host, port: int = 0) -> socket.socket:
    """A UDP socket on `host`, bound to `port` (0: the kernel picks one) of all its addresses."""
    with namespace.inside(host.pid):
        ends = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ends.settimeout(PATIENCE)
    if port:
        ends.bind(("", port))
    return ends


def connected(host, address: tuple[str, int]) -> socket.socket:
    """A TCP socket on `host`, connected to `address`. What is written leaves at once (no Nagle)."""
    ends = sockets.connect(host, address)
    ends.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    ends.settimeout(PATIENCE)
    return ends


def said(host, address: tuple[str, int], data: bytes) -> socket.socket:
    """A TCP socket on `host` that has connected to `address` and has sent `data`."""
    ends = connected(host, address)
    ends.sendall(data)
    return ends


def accepted(waiting: socket.socket) -> socket.socket:
    ends = waiting.accept()[0]
    ends.settimeout(PATIENCE)
    return ends


def pair(client, server, port: int) -> tuple[socket.socket, socket.socket]:
    """A TCP connection from `client` to `port` of `server`: both of its ends."""
    with sockets.listen(server, port, reuse=True) as waiting:
        return connected(client, (server.IP(), port)), accepted(waiting)


def error_of(action) -> str:
    """The name that the kernel has for what is wrong with `action()`; "" if nothing is."""
    try:
        action()
    except OSError as problem:
        return errno.errorcode.get(problem.errno, type(problem).__name__)
    return ""


def everything(ends: socket.socket) -> list[tuple[bytes, tuple]]:
    """The datagrams (data, who sent it) that wait in a UDP socket."""
    found = []
    while select.select([ends], [], [], 0)[0]:
        found.append(ends.recvfrom(65535))
    return found
