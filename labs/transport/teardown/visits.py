"""The student's server and its clients. Runs inside the machine.

Clients on h1 come one after the other. A server that has ended, or does not let go of a client, is started once more
for the next one: so a visit shows one thing.
"""

import random
import socket
import string
import struct

from mnlab.net import sockets

#: The visits in order.
VISITS = ("pieces", "empty", "binary", "single", "pause", "limit", "slow-reader", "over", "next", "too-long", "then",
          "mute", "endless", "killed", "gone-reader", "gone-talker", "last")
THINKS = 65  # s that a client takes to end its request: nobody's patience, and no limit that is usual
PATIENCE = 3.0  # s: whoever is not answered by then is not served
RESTARTS = 9  # ports that are there for a server that has to be started again
BUFFERS = "4096 8192 8192"  # bytes of h2 that may wait to be sent: far less than an answer
MUCH = b"m" * 400_000  # what a client still sends when it has been refused
DROPPED = struct.pack("ii", 1, 0)  # SO_LINGER, on and 0 s: close() shall reset


class Guests:
    """The clients, and the server that they visit."""

    def __init__(self, stage, params):
        self.stage, self.rec, self.p = stage, stage.rec, params
        self.letters = random.Random(params["_text"])
        self.server, self.starts = None, []

    def text(self, size: int) -> bytes:
        return "".join(self.letters.choices(string.ascii_letters, k=size)).encode()

    @property
    def port(self) -> int:
        return self.stage.port("yours") + min(len(self.starts) - 1, RESTARTS)

    def come(self) -> None:
        self.stage.net["h2"].sysctl("net.ipv4.tcp_wmem", BUFFERS)
        for name in VISITS:
            if self.server is None or self.server.process.poll() is not None:
                self.starts.append(name)
                self.server = self.rec.student_service(
                    "server" if name == VISITS[0] else f"server-{name}", self.stage.net["h2"],
                    ["python3", "-SE", "server.py", str(self.port)], tcp=self.port)
            self.rec.mark(name)
            self.visit(name, getattr(self, name.replace("-", "_")),
                       buffer=4096 if name in ("slow-reader", "gone-reader") else 0)
            if self.has_not_let_go() and not self.serves():
                self.server.stop()
        self.rec.keep("starts", self.starts)

    def connect(self, buffer: int = 0):
        return sockets.connect(self.stage.net["h1"], (self.stage.net["h2"].IP(), self.port), buffer=buffer)

    def visit(self, name, talk, buffer: int) -> None:
        """One client: it talks, then reads to the end. Whatever happens to it, is its outcome."""
        try:
            client = self.connect(buffer)
        except OSError as problem:
            self.stage.outcomes[name] = {"bytes": 0, "end": f"no connection ({problem.strerror or problem})"}
            return
        with client:
            try:
                talk(client)
            except OSError:
                pass  # reset while it still sent; what it can read, it reads
            if client.fileno() >= 0:
                self.stage.read(client, name)
        self.rec.wait(1)

    def has_not_let_go(self) -> bool:
        """Whether h2 still has a socket for a client, all of whom have gone."""
        return any(row["local"][1] == self.port and row["state"] in ("ESTABLISHED", "CLOSE-WAIT")
                   for row in sockets.table(self.stage.net["h2"]))

    def serves(self) -> bool:
        """Whether the server answers somebody else."""
        try:
            with self.connect() as client:
                client.settimeout(PATIENCE)
                client.shutdown(socket.SHUT_WR)
                return bool(client.recv(1))
        except OSError:
            return False

    # --- the visits ---

    def send(self, client, parts, pause: float = 0.5) -> None:
        """Send the parts with pauses behind them, and say that this was all."""
        for part in parts:
            client.sendall(part)
            self.rec.wait(pause)
        client.shutdown(socket.SHUT_WR)

    def pieces(self, client):
        self.send(client, [self.text(self.p["request"]) for _ in range(self.p["pieces"])])

    def empty(self, client):
        client.shutdown(socket.SHUT_WR)

    def binary(self, client):
        """All bytes that there are; those at the ends are often taken for something else."""
        every = bytes(self.letters.sample(range(256), 256))
        self.send(client, [b"\n\0" + every + b"\n", every[::-1] + b"\xff \r\n\r\n"])

    def single(self, client):
        """The line about it has the same words as any other."""
        self.send(client, [self.text(1)])

    def pause(self, client):
        """Longer than DRAIN, and than a minute: there is no limit for a request. In UTF-8, it is bytes as well."""
        self.send(client, ["".join(self.letters.choices("äößéñλж€", k=50)).encode()], pause=THINKS)

    def limit(self, client):
        self.send(client, [self.text(self.p["limit"] - 700), self.text(700)])

    def slow_reader(self, client):
        self.send(client, [self.text(self.p["limit"] - 100)])
        self.rec.wait(self.p["drain"] + 2)

    def too_long(self, client):
        """Far more than anybody would think of as a limit to what is thrown away."""
        self.send(client, [self.text(self.p["limit"] + 5000), MUCH, *[self.text(500)] * 2])

    def over(self, client):
        """Up to the limit; one byte more, after more than DRAIN seconds; a little more when DRAIN is nearly over."""
        for size, pause in ((self.p["limit"], self.p["drain"] + 1), (1, self.p["drain"] - 2), (1, 1)):
            client.sendall(self.text(size))
            self.rec.wait(pause)
        client.shutdown(socket.SHUT_WR)

    def mute(self, client):
        """Too long, then silent, and never says that this was all; a last bit shows whether somebody listens."""
        client.sendall(self.text(self.p["limit"] + 5000))
        self.rec.wait(self.p["drain"] + 3)
        client.sendall(b"still here")
        self.rec.wait(1)

    def endless(self, client):
        """Sends and sends, and never says that this was all."""
        client.sendall(self.text(self.p["limit"] + 5000))
        for _ in range(self.p["drain"] + 4):
            self.rec.wait(1)
            client.sendall(b"m")

    def drop(self, client) -> None:
        """Be gone: what peers of a killed program see is a reset."""
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, DROPPED)
        client.close()

    def killed(self, client):
        """In the middle of the request; before that another one, which a server of one at a time has not accepted."""
        client.sendall(self.text(self.p["request"]))
        self.rec.wait(0.5)
        with self.connect() as other:
            other.sendall(self.text(self.p["request"]))
            self.rec.wait(0.5)
            self.drop(other)
        self.drop(client)

    def gone_reader(self, client):
        """Before it has read the answer, most of which has no room at the client."""
        self.send(client, [self.text(self.p["limit"] - 50)])
        self.rec.wait(0.5)
        self.drop(client)

    def gone_talker(self, client):
        """While it is heard out."""
        client.sendall(self.text(self.p["limit"] + 5000))
        self.rec.wait(0.5)
        client.sendall(b"m")
        self.rec.wait(0.5)
        self.drop(client)

    def last(self, client):
        self.send(client, [self.text(30)], pause=0)

    next = then = last
