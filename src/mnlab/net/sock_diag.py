"""What a kernel says of all TCP connections of a namespace, whoever holds them: sock_diag(7).

The numbers behind `ss -ti`, without a program to start and text to read.
"""

import socket
import struct

from mnlab.net import namespace, tcp_info
from mnlab.net.errors import NetworkError

NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, REQUEST_DUMP = 4, 20, 0x301  # include/uapi/linux/netlink.h, sock_diag.h
ERROR, DONE = 2, 3  # types of a netlink message
HEADER, ATTRIBUTE = struct.Struct("=IHHII"), struct.Struct("=HH")  # struct nlmsghdr, struct nlattr
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
        for kind, body in messages(kernel.recv(65536)):
            if kind == DONE:
                return
            if kind == ERROR:
                raise NetworkError("the kernel does not tell of its TCP connections (is the module tcp_diag there?)")
            yield parse(body)


def messages(data: bytes):
    """(type, body) of each netlink message in what was received."""
    while data:
        length, kind, *_ = HEADER.unpack_from(data)
        yield kind, data[HEADER.size:length]
        data = data[_padded(length):]


def parse(body: bytes) -> tuple[int, dict[str, int]]:
    """The local port of a connection and its TCP_INFO, from a struct inet_diag_msg and its attributes."""
    port, attributes, info = PORT.unpack_from(body)[0], body[MESSAGE:], b""
    while attributes:
        length, kind = ATTRIBUTE.unpack_from(attributes)
        if kind == INFO:
            info = attributes[ATTRIBUTE.size:length]
        attributes = attributes[_padded(length):]
    return port, tcp_info.parse(info[:tcp_info.SIZE])


def _padded(length: int) -> int:
    return length + 3 & ~3
