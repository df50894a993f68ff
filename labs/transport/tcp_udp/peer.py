"""The peer of the student's program: it speaks the same framing, and cuts its stream as TCP may cut it.

Every visit is a connection of its own, from a source port that tells checks which it is. A program that has ended, or
does not let go of a visitor, is started once more for the next one: so a visit shows one thing.
"""

import random
import socket
import struct
from contextlib import suppress
from itertools import pairwise

from mnlab.net.sockets import table, tcp

GAP = 0.005  # s between pieces, so that each is a segment of its own, and is read on its own
PATIENCE = 2.0  # s: whatever the program owes us is late after that
FIRST_PORT = 31001  # the source port of the first visit; the others follow

#: The visits in order. What they send follows from `messages` and `pieces`.
VISITS = ("one", "binary", "bytes", "together", "torn", "large", "limit", "empty", "half", "end", "nothing",
          "cut", "stub", "bare", "monster", "giant", "gone", "left", "early", "again")
#: Those that the peer ends; all others wait until the program does, or end after the last answer.
ENDED = ("end", "nothing", "cut", "stub", "bare")
#: Those that reset the connection, in the middle of a message.
RESET = ("gone", "early")
#: After which pieces the peer thinks, and for how many seconds: within a message (long enough for half a minute's
#: patience) and within a length; between two messages (for a minute's).
PAUSES = {("torn", 2): 35.0, ("torn", 3): 12.0, ("empty", 0): 65.0}
MONSTERS = {"monster": (1, 50), "giant": (2**31, 0)}  # how much above the limit, and how many bytes of it come


def words(rng: random.Random, size: int) -> bytes:
    return bytes(rng.choices(b"abcdefghijklmnopqrstuvwxyz", k=size))


def messages(visit: str, pick: int, limit: int) -> list[bytes]:
    """The messages that a visit sends whole."""
    rng = random.Random(f"{pick}/{visit}")
    if visit == "binary":  # bytes of all kinds; those at the ends are often taken for something else
        middle = bytes(rng.sample(range(256), 256))
        text = "".join(rng.sample("äéøßñλжツ€", 6)).encode()  # UTF-8, with characters of more than a byte
        return [b"\n" + middle + b"\0", b"\0 \t" + middle[:40] + b"\xff\r\n", b"\xff", b"\r\n\r\n", text]
    sizes = {"one": [20], "bytes": [7, 5], "together": [12, 1, 30, 8, 19], "torn": [300, 200, 400],
             "large": [rng.randrange(20_000, 30_000), 10], "limit": [limit, 6], "empty": [0, 11, 0, 0, 4, 0],
             "half": [18, 13], "end": [21, 3, 14], "nothing": [], "gone": [16] * 5, "left": [limit],
             "again": [25]}.get(visit, [15])
    return [words(rng, size) for size in sizes]


def framed(message: bytes) -> bytes:
    return struct.pack("!I", len(message)) + message


def pieces(visit: str, pick: int, limit: int) -> list[bytes]:
    """What the visit's peer sends, one segment (or one large write) each."""
    frames = [framed(message) for message in messages(visit, pick, limit)]
    stream = b"".join(frames)
    if visit == "bytes":
        return [bytes([byte]) for byte in stream]
    if visit == "torn":  # within a length, across the end of a message, at the end of a length, ...
        first, second = len(frames[0]), len(frames[0]) + len(frames[1])
        cuts = [0, 2, 4, 150, first + 1, second + 3, second + 4, second + 100, len(stream) - 250, len(stream)]
        return [stream[start:end] for start, end in pairwise(cuts)]
    if visit == "empty":
        return [stream[:4], stream[4:]]
    if visit == "half":  # the first message is whole, and the second is not yet
        return [stream[:len(frames[0]) + 9], stream[len(frames[0]) + 9:]]
    unfinished = framed(bytes(100))
    if visit in ("cut", "stub", "bare"):  # the second message never gets its end: of its bytes, its length; no bytes
        return [stream + unfinished[:{"cut": 50, "stub": 2, "bare": 4}[visit]]]
    if visit in RESET:
        return [stream + unfinished[:50]]
    if visit in MONSTERS:  # so long that nobody should wait for it
        above, sent = MONSTERS[visit]
        monster = struct.pack("!I", limit + above) + b"x" * sent
        # Of the one whose length is all that comes, nothing is left unread that would reset the answer before it.
        return [stream, monster] if sent else [stream + monster]
    return [stream]


def replies(visit: str, pick: int, limit: int) -> bytes:
    """What the program must send in return: each whole message backwards, framed."""
    return b"".join(framed(message[::-1]) for message in messages(visit, pick, limit))


def visit_one(stage, number: int, visit: str, port: int) -> None:
    """Connect, send the pieces, wait for all replies and for the end. What comes of it is for the checks to say."""
    p, wanted = stage.params, len(replies(visit, stage.params["_pick"], stage.params["limit"]))
    with tcp(stage.h1, PATIENCE) as other, tcp(stage.h1, PATIENCE) as client, suppress(OSError):
        if visit == "early":  # gone before a program that serves one at a time has accepted it
            with suppress(OSError):
                other.connect((stage.h2.IP(), port))
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.bind(("", FIRST_PORT + number))
        client.connect((stage.h2.IP(), port))
        for count, piece in enumerate(pieces(visit, p["_pick"], p["limit"])):
            if visit in ENDED:  # the end goes with the last byte
                client.send(piece, socket.MSG_MORE)
                break
            client.sendall(piece)
            stage.rec.wait(PAUSES.get((visit, count), GAP))
            if (visit, count) == ("half", 0):
                with suppress(TimeoutError):
                    wanted -= len(client.recv(65535))
        if visit in RESET:  # without a word of farewell
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        if visit == "left":  # politely, but before the answer has come, which meets a reset
            return
        if visit in ENDED:
            client.shutdown(socket.SHUT_WR)
        while wanted > 0 and (part := client.recv(65535)):
            wanted -= len(part)
        if visit not in MONSTERS and visit not in ENDED:
            client.shutdown(socket.SHUT_WR)
        while client.recv(65535):  # the program ends this; a reset will do
            pass


def visit(stage) -> None:
    """Start the student's program on h2, and visit it."""
    port, program, starts = stage.params["framing_port"], None, []
    for number, name in enumerate(VISITS):
        if program is None or program.process.poll() is not None:
            starts.append(name)
            port = stage.params["framing_port"] + len(starts) - 1  # the one before may still be in TIME-WAIT
            program = stage.rec.student_service("framing" if number == 0 else f"framing-{name}", stage.h2,
                                                ["python3", "framing.py", str(port)], tcp=port, processor=3)
        visit_one(stage, number, name, port)
        stage.settle(4)
        if has_not_let_go(stage.h2, port) and not serves(stage, port):
            program.stop()
    stage.rec.keep("starts", starts)


def has_not_let_go(host, port: int) -> bool:
    """Whether there is still a socket for a visitor, all of whom have gone."""
    return any(row["local"][1] == port and row["state"] in ("ESTABLISHED", "CLOSE-WAIT") for row in table(host))


def serves(stage, port: int) -> bool:
    """Whether the program answers somebody else."""
    with tcp(stage.h1, PATIENCE) as client, suppress(OSError):
        client.connect((stage.h2.IP(), port))
        client.sendall(framed(b"?"))
        return bool(client.recv(1))
    return False
