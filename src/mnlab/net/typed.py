"""A client that types: it sends the bytes that it is told to, with the pauses that it is told to make, and listens.

For experiments in which the exact bytes of a request are the lesson and no well-behaved client would send them. What
was said is read from the wire afterwards; nothing that the server does raises.
"""

import socket
import time
from collections.abc import Callable
from contextlib import suppress

from mnlab.net import sockets

LISTENS = 4  # times `patience` is the most that a client listens, to a server that never comes to an end


def converse(node, target: tuple[str, int], *parts: bytes, pause: float = 0.0, patience: float = 3.0,
             wait: Callable[[float], None] = time.sleep) -> None:
    """Connect from `node`, send the parts with `pause` s between them, listen until the server ends, or is silent for
    `patience` s; then close."""
    client = connected(node, target)
    if client:
        with client:
            for number, part in enumerate(parts):
                if number and pause:
                    wait(pause)
                say(client, part)
            hear(client, patience)


def connected(node, target: tuple[str, int]) -> socket.socket | None:
    """A connection; None if it is refused."""
    try:
        return sockets.connect(node, target)
    except OSError:
        return None


def say(client: socket.socket, part: bytes) -> None:
    """Send, even if the other end has hung up: what it said before can still be read."""
    with suppress(OSError):
        client.sendall(part)


def hear(client: socket.socket, patience: float) -> None:
    """Read until the end, or until nothing comes for `patience` s, or until that has gone on for too long."""
    client.settimeout(patience)
    end = time.monotonic() + LISTENS * patience
    with suppress(OSError):
        while client.recv(65536) and time.monotonic() < end:
            pass
