"""A client that types what it is told to, and listens, whatever the server does."""

import socket
import threading

import pytest

from mnlab.net import sockets, typed


@pytest.fixture
def server(monkeypatch):
    """The server's end of the connection that `converse` makes."""
    ours, theirs = socket.socketpair()
    monkeypatch.setattr(sockets, "connect", lambda node, target: theirs)
    ours.settimeout(2)
    yield ours
    ours.close()


def test_parts_go_out_with_pauses_between(server):
    pauses = []
    typed.converse(None, ("10.0.0.1", 80), b"GET ", b"/", pause=0.5, patience=0.01, wait=pauses.append)
    assert server.recv(100) == b"GET /" and pauses == [0.5]
    assert server.recv(100) == b""  # the client has closed


def test_it_listens_to_the_end(server):
    threading.Timer(0.05, lambda: (server.sendall(b"answer"), server.shutdown(socket.SHUT_WR))).start()
    typed.converse(None, ("10.0.0.1", 80), b"?", patience=2)
    assert server.recv(100) == b"?"


def test_a_server_that_hangs_up_raises_nothing(server):
    server.close()
    typed.converse(None, ("10.0.0.1", 80), b"?", b"?", patience=0.01)


def test_a_refusal_is_no_connection(monkeypatch):
    def refuse(node, target):
        raise ConnectionRefusedError

    monkeypatch.setattr(sockets, "connect", refuse)
    typed.converse(None, ("10.0.0.1", 80), b"?")
    assert typed.connected(None, ("10.0.0.1", 80)) is None


def test_a_server_that_never_comes_to_an_end_is_left(server, monkeypatch):
    moments = iter(range(100))
    monkeypatch.setattr(typed.time, "monotonic", lambda: next(moments))
    server.sendall(b"x" * 10)
    typed.hear(typed.connected(None, ("10.0.0.1", 80)), patience=0.01)
