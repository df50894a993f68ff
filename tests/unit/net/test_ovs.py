"""What is said to Open vSwitch over its sockets, and what is made of its answers."""

import socket
import struct
import threading

import pytest

from mnlab.net import ovs
from mnlab.net.errors import NetworkError


def serve(folder, name: str, answer) -> list[bytes]:
    """A server that answers one connection: answer(what it received) until that is not None. What it received."""
    server, received = socket.socket(socket.AF_UNIX), []
    server.bind(str(folder / name))
    server.listen()

    def run():
        with server, server.accept()[0] as channel:
            data = b""
            while (reply := answer(data)) is None:
                data += channel.recv(65536)
            received.append(data)
            for start in range(0, len(reply), 5):  # in pieces
                channel.sendall(reply[start:start + 5])

    threading.Thread(target=run, daemon=True).start()
    return received


def message(kind: int, body: bytes = b"", xid: int = 1) -> bytes:
    return ovs.HEADER.pack(ovs.VERSION, kind, ovs.HEADER.size + len(body), xid) + body


def after_barrier(reply: bytes):
    """Answer once a barrier request has come."""
    return lambda data: reply if message(ovs.BARRIER_REQUEST, xid=2) in data else None


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(ovs, "RUN", str(tmp_path))
    return tmp_path


def test_flows_are_counted(folder):
    counts = struct.pack("!HHxxxxQQIxxxx", ovs.AGGREGATE, 0, 1000, 98000, 7)
    serve(folder, "s1.mgmt", after_barrier(message(ovs.HELLO) + message(ovs.MULTIPART_REPLY, counts)))
    assert ovs.flow_count("s1") == 7


def test_deleting_waits_for_the_barrier(folder):
    received = serve(folder, "s1.mgmt", after_barrier(message(ovs.HELLO) + message(ovs.BARRIER_REPLY)))
    ovs.delete_flows("s1")
    flow_mod = received[0][ovs.HEADER.size:]
    assert ovs.HEADER.unpack_from(flow_mod)[1:3] == (ovs.FLOW_MOD, 56)
    assert flow_mod[ovs.HEADER.size + 16:ovs.HEADER.size + 18] == bytes([ovs.ALL_TABLES, ovs.DELETE])


def test_a_refusal_is_said(folder):
    serve(folder, "s1.mgmt", after_barrier(message(ovs.HELLO) + message(ovs.ERROR, struct.pack("!HH", 5, 1))))
    with pytest.raises(NetworkError, match="s1 refused"):
        ovs.delete_flows("s1")


def test_a_bridge_that_is_not_there():
    with pytest.raises(NetworkError, match="does not answer"):
        ovs.flow_count("s9")
