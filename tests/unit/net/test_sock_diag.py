"""The kernel's list of TCP connections over netlink: what its messages say."""

import socket
import struct

from mnlab.net import sock_diag, tcp_info
from mnlab.net.netlink import attribute, message, received


def connection(port: int, received: int) -> bytes:
    """A struct inet_diag_msg with a connection's TCP_INFO, behind an attribute of another kind."""
    info = bytearray(tcp_info.SIZE)
    info[0] = sock_diag.ESTABLISHED
    struct.pack_into("=Q", info, 8 + 24 * 4 + 3 * 8, received)  # struct tcp_info: tcpi_bytes_received
    head = struct.pack("!BBBBHH", socket.AF_INET, 1, 0, 0, port, 40000).ljust(sock_diag.MESSAGE, b"\0")
    return head + attribute(7, b"cubic\0") + attribute(sock_diag.INFO, bytes(info) + b"of a later kernel")


def test_messages_that_come_together_are_told_apart():
    data = message(20, connection(6653, 48)) + message(20, connection(80, 7)) + message(sock_diag.DONE, bytes(4))
    (_, one), (_, other), (kind, _) = received(data)
    assert kind == sock_diag.DONE
    assert [(port, info["state"], info["bytes_received"]) for port, info in map(sock_diag.parse, (one, other))] == [
        (6653, sock_diag.ESTABLISHED, 48), (80, sock_diag.ESTABLISHED, 7)]
