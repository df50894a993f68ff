"""Sockets that the experiment holds: the kernel's list of them, and reading to the end."""

import socket

import pytest

from mnlab.net import sockets

#: As Linux 6.1 prints it on a little-endian processor.
TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100000A:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 101 1 0000 100 0 0 10 0
   1: 0100000A:9C40 0200000A:1388 06 00000000:00000000 03:00001764 00000000     0        0 0 3 0000000000000000
   2: 0200000A:1388 0100000A:9C40 08 00000000:00000000 00:00000000 00000000     0        0 102 1 0000 20 4 30 10 -1
"""


def test_the_kernels_list():
    listening, waiting, passive = sockets.rows(TABLE)
    assert (listening["state"], listening["local"], listening["left"]) == ("LISTEN", ["10.0.0.1", 80], None)
    assert (waiting["state"], waiting["remote"], waiting["left"]) == ("TIME-WAIT", ["10.0.0.2", 5000], 59.88)
    assert passive["state"] == "CLOSE-WAIT"


@pytest.fixture
def pair():
    one, other = socket.socketpair()
    one.settimeout(0.01)
    yield one, other
    one.close()
    other.close()


def test_reading_to_the_end(pair):
    one, other = pair
    other.sendall(b"all")
    other.close()
    assert sockets.read_to_end(one) == (b"all", "end")


def test_a_silent_peer(pair):
    one, other = pair
    other.sendall(b"some")
    assert sockets.read_to_end(one) == (b"some", "silence")


def test_no_more_than_the_limit(pair):
    one, other = pair
    other.sendall(b"12345")
    assert sockets.read_to_end(one, limit=3) == (b"12345", "too much")


def test_a_reset():
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as client:
        client.settimeout(5)
        server, _ = listener.accept()
        client.sendall(b"unread")
        assert server.recv(1) == b"u"
        server.close()
        assert sockets.read_to_end(client) == (b"", "reset")
