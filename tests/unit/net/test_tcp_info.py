"""TCP_INFO: what the kernel says of a socket, by name."""

import socket

from mnlab.net import sockets
from mnlab.net.tcp_info import parse, tcp_info


def test_a_listening_socket():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        info = tcp_info(listener)
    assert sockets.STATES[info["state"]] == "LISTEN"


def test_a_connection_knows_its_path():
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as client:
        info = tcp_info(client)
    assert sockets.STATES[info["state"]] == "ESTABLISHED"
    assert 0 < info["rtt"] < info["rto"] and info["snd_wnd"] > 1000 and info["unacked"] == 0


def test_an_older_kernel_tells_less():
    info = parse(bytes([1]) + bytes(103))
    assert info["state"] == 1 and info["snd_wnd"] == 0
