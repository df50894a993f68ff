"""The peer of the student's program: it speaks the same framing, and cuts its stream as TCP may cut it.

Every visit is a connection of its own, from a source port that tells checks which it is.
"""

import random
import socket
import struct
from contextlib import suppress
from itertools import pairwise

from mnlab.net.sockets import tcp

GAP = 0.005  # s between pieces, so that each is a segment of its own, and is read on its own
PATIENCE = 2.0  # s: whatever the program owes us is late after that
FIRST_PORT = 31001  # the source port of the first visit; the others follow

#: The visits in order. What they send follows from `messages` and `pieces`.
VISITS = ("one", "bytes", "together", "torn", "large", "cut", "monster", "again")


def words(rng: random.Random, size: int) -> bytes:
    return bytes(rng.choices(b"abcdefghijklmnopqrstuvwxyz", k=size))


def messages(visit: str, pick: int) -> list[bytes]:
    """The messages that a visit sends whole."""
    rng = random.Random(f"{pick}/{visit}")
    sizes = {"one": [20], "bytes": [7, 5], "together": [12, 1, 30, 8, 19], "torn": [300, 0, 200, 400],
             "large": [rng.randrange(20_000, 30_000), 10], "cut": [15], "monster": [9], "again": [25]}[visit]
    return [words(rng, size) for size in sizes]


def framed(message: bytes) -> bytes:
    return struct.pack("!I", len(message)) + message


def pieces(visit: str, pick: int, limit: int) -> list[bytes]:
    """What the visit's peer sends, one segment (or one large write) each."""
    frames = [framed(message) for message in messages(visit, pick)]
    stream = b"".join(frames)
    if visit == "bytes":
        return [bytes([byte]) for byte in stream]
    if visit == "torn":  # within a length, across the end of a message, ...
        first, second = len(frames[0]), len(frames[0]) + len(frames[1])
        cuts = [0, 2, 4, 150, first + 1, second + 3, second + 100, len(stream) - 250, len(stream)]
        return [stream[start:end] for start, end in pairwise(cuts)]
    if visit == "cut":  # the second message never gets its end
        return [stream + framed(bytes(100))[:50]]
    if visit == "monster":  # so long that nobody should wait for it
        return [stream, struct.pack("!I", limit + 1) + b"x" * 50]
    return [stream]


def replies(visit: str, pick: int) -> bytes:
    """What the program must send in return: each whole message backwards, framed."""
    return b"".join(framed(message[::-1]) for message in messages(visit, pick))


def visit_one(stage, number: int, visit: str) -> None:
    """Connect, send the pieces, wait for all replies, close. What comes of it is for the checks to say."""
    p, wanted = stage.params, len(replies(visit, stage.params["_pick"]))
    with tcp(stage.h1, PATIENCE) as client, suppress(OSError):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.bind(("", FIRST_PORT + number))
        client.connect(stage.to(stage.h2, "framing"))
        for piece in pieces(visit, p["_pick"], p["limit"]):
            client.sendall(piece)
            stage.rec.wait(GAP)
        if visit == "cut":
            client.shutdown(socket.SHUT_WR)
        while wanted > 0 and (part := client.recv(65535)):
            wanted -= len(part)
        if visit in ("cut", "monster"):
            client.recv(65535)  # the program is the one that ends this; a reset will do


def visit(stage) -> None:
    """Start the student's program on h2, and visit it."""
    port = stage.params["framing_port"]
    stage.rec.student_service("framing", stage.h2, ["python3", "framing.py", str(port)], tcp=port, processor=3)
    for number, name in enumerate(VISITS):
        visit_one(stage, number, name)
        stage.settle(4)
