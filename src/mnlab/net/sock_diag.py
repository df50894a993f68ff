"""What a kernel says of all TCP connections of a namespace, whoever holds them: sock_diag(7).

The numbers behind `ss -ti`, without a program to start and text to read.
"""

import socket
import struct

from mnlab.net import namespace, tcp_info
from mnlab.net.errors import NetworkError
from mnlab.net.netlink import ERROR, HEADER, attributes, received

NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, REQUEST_DUMP = 4, 20, 0x301  # include/uapi/linux/netlink.h, sock_diag.h
DONE = 3  # type of the last message
REQUEST = struct.Struct("=BBBxI48x")  # struct inet_diag_req_v2: family, protocol, extensions, states
MESSAGE, PORT = 72, struct.Struct("!4xH")  # struct inet_diag_msg: its size; its beginning up to the local port
ESTABLISHED, INFO = 1, 2  # a state; the attribute with struct tcp_info (inet_diag.h)


def connections(pid: int, port: int) -> list[dict[str, int]]:
    """TCP_INFO (see tcp_info.py) of each established connection at the local `port` in the namespace of `pid`."""
    with namespace.inside(pid), socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as kernel:
        return [info for family in (socket.AF_INET, socket.AF_INET6) for own, info in _dump(kernel, family)
                if own == port]


def _dump(kernel: socket.socket, family: int):
    request = REQUEST.pack(family, socket.IPPROTO_TCP, 1 << INFO - 1, 1 << ESTABLISHED)
    kernel.send(HEADER.pack(HEADER.size + len(request), SOCK_DIAG_BY_FAMILY, REQUEST_DUMP, 0, 0) + request)
    while True:
        for kind, body in received(kernel.recv(65536)):
            if kind == DONE:
                return
            if kind == ERROR:
                raise NetworkError("the kernel does not tell of its TCP connections (is the module tcp_diag there?)")
            yield parse(body)


def parse(body: bytes) -> tuple[int, dict[str, int]]:
    """The local port of a connection and its TCP_INFO, from a struct inet_diag_msg and its attributes."""
    info = dict(attributes(body[MESSAGE:])).get(INFO, b"")
    return PORT.unpack_from(body)[0], tcp_info.parse(info[:tcp_info.SIZE])
