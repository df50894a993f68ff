"""The student's programs in the time_wait lab: a client with a single port, and a server that is started again.

Some visitors are of other kinds. A server that has ended, or does not let go of one of these, is started once more, on
another port, for the next: so a visit shows one thing. Both programs speak the same protocol. The client asks `get`, a
line; the answer is the line "N" and N bytes. It may say `bye`, a line; then the server closes. If the client closes
without a word, so does the server.
"""

import socket
import threading

from mnlab.evidence.recorder import StudentFault
from mnlab.net import sockets

SILENCE = 12  # s for which a visitor may well say and read nothing
SPARE = 7  # ports behind the server's that are there for one that has to be started again
BUFFERS = "4096 8192 8192"  # bytes of h2 that may wait to be sent: far less than an answer
FIRST_PORT = 31001  # of the visitors of other kinds, in their order: so checks tell them apart


class Teller:
    """A server that answers each connection's `get` with the next word, in a thread of its own, and in pieces."""

    def __init__(self, stage, listener: socket.socket, words: list[str]):
        self.stage, self.listener, self.words = stage, listener, list(words)

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()

    def __exit__(self, *_):
        self.listener.close()

    def _serve(self):
        self.listener.settimeout(None)
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                try:
                    self._talk(connection)
                except OSError:
                    pass  # reset, or silent: the next one, please

    def _talk(self, connection):
        for line in connection.makefile("rb"):
            if line == b"bye\n":
                return
            word = (self.words.pop(0) if self.words else "nothing").encode()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for part in (b"%d" % len(word), b"\n" + word[:3], word[3:-1], word[-1:]):  # the last cuts a letter in two
                connection.sendall(part)
                self.stage.rec.wait(0.05)


def client(stage) -> None:
    """h1 may leave by one port only, and its connections carry no timestamps."""
    stage.h1.sysctl("net.ipv4.tcp_timestamps", 0)
    stage.rec.mark("visits")
    words, port = stage.params["_words"], stage.server_port("visits")
    with Teller(stage, stage.listen("visits", reuse=True), words):
        stage.rec.student("client", stage.h1, ["python3", "-SE", "client.py", stage.h2.IP(), str(port),
                                               str(stage.client_port("visits")), str(len(words))], timeout=15)
        stage.rec.wait(0.3)
        stage.look("visits")
    stage.h1.sysctl("net.ipv4.tcp_timestamps", 1)


def server(stage) -> None:
    """A visitor, a stop, a start at once, another visitor; a second server beside the first; visitors of all kinds."""
    port = stage.server_port("server")
    stage.h2.sysctl("net.ipv4.tcp_wmem", BUFFERS)
    first = stage.rec.student_service("server", stage.h2, argv(port), tcp=port)
    visit(stage, "first-visit", port, told)
    stage.look("restart")
    first.stop()
    try:
        again = stage.rec.student_service("server-again", stage.h2, argv(port), tcp=port, timeout=5)
    except StudentFault as fault:
        stage.rec.fault(str(fault))
        return
    visit(stage, "second-visit", port, told)
    stage.rec.student("second-server", stage.h2, argv(port), timeout=3)
    starts = []
    for number, (name, talk) in enumerate(VISITS.items()):
        if again.process.poll() is not None:
            starts.append(name)
            port = stage.server_port("server") + min(len(starts), SPARE)
            again = stage.rec.student_service(f"server-{name}", stage.h2, argv(port), tcp=port)
        visit(stage, name, port, talk, own=FIRST_PORT + number)
        if has_not_let_go(stage, port) and not serves(stage, port):
            again.stop()
    stage.rec.keep("starts", starts)
    again.stop()


def argv(port: int) -> list[str]:
    return ["python3", "-SE", "server.py", str(port)]  # -SE: quicker to start under emulation


def visit(stage, name, port: int, talk, own: int = 0) -> None:
    """A client, with a small buffer, that talks and then reads to the end."""
    stage.rec.mark(name)
    try:
        with sockets.connect(stage.h1, (stage.h2.IP(), port), port=own, buffer=4096) as visitor:
            talk(stage, visitor)
            if visitor.fileno() >= 0:
                data, end = sockets.read_to_end(visitor)
                stage.outcomes[name] = {"bytes": len(data), "end": end}
    except OSError as problem:
        stage.outcomes[name] = {"bytes": 0, "end": problem.strerror or str(problem)}
    stage.rec.wait(0.3)


def has_not_let_go(stage, port: int) -> bool:
    """Whether h2 still has a socket for a visitor, all of whom have gone."""
    return any(row["local"][1] == port and row["state"] in ("ESTABLISHED", "CLOSE-WAIT")
               for row in sockets.table(stage.h2))


def serves(stage, port: int) -> bool:
    """Whether the server answers somebody else."""
    try:
        with sockets.connect(stage.h1, (stage.h2.IP(), port)) as visitor:
            visitor.settimeout(3)
            visitor.sendall(b"get\nbye\n")
            return bool(visitor.recv(1))
    except OSError:
        return False


# --- visitors ---

def told(stage, visitor) -> None:
    """Asks, says bye, and reads slowly."""
    visitor.sendall(b"get\nbye\n")
    stage.rec.wait(SILENCE)


def asks_twice(stage, visitor) -> None:
    for _ in range(2):
        visitor.sendall(b"get\n")
        length = int(read_line(visitor))
        while length > 0 and (part := visitor.recv(length)):
            length -= len(part)
    visitor.sendall(b"bye\n")


def read_line(visitor) -> bytes:
    """A line with a number; "0" if it has none."""
    line = b""
    while len(line) < 9 and (part := visitor.recv(1)) not in (b"\n", b""):
        line += part
    return line if line.isdigit() else b"0"


def speaks_slowly(stage, visitor) -> None:
    """Its lines come in pieces, and some at once. It reads only then: the pieces behind an answer wait together."""
    visitor.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for part in (b"g", b"et", b"\nge", b"t\nget\nb", b"ye", b"\n"):
        visitor.sendall(part)
        stage.rec.wait(SILENCE if part == b"et" else 0.2)


def says_bye_alone(stage, visitor) -> None:
    visitor.sendall(b"bye\n")


def says_nothing(stage, visitor) -> None:
    visitor.shutdown(socket.SHUT_WR)


def leaves_without_bye(stage, visitor) -> None:
    visitor.sendall(b"get\n")
    visitor.shutdown(socket.SHUT_WR)


def is_gone(stage, visitor) -> None:
    """Asks, and is killed before it has read the answer: what its peer sees is a reset."""
    visitor.sendall(b"get\nget\n")
    stage.rec.wait(0.5)
    drop(visitor)


def is_gone_early(stage, visitor) -> None:
    """Is killed in the middle of a line."""
    visitor.sendall(b"ge")
    stage.rec.wait(0.5)
    drop(visitor)


def ends_and_is_gone(stage, visitor) -> None:
    """Asks, ends its stream, and is killed before it has read the answer: what h2 sends meets a pipe that is broken."""
    visitor.sendall(b"get\n")
    visitor.shutdown(socket.SHUT_WR)
    stage.rec.wait(0.5)
    drop(visitor)


def brings_another(stage, visitor) -> None:
    """Keeps the server while another one comes and is killed: a server of one at a time has not accepted it yet."""
    with sockets.connect(stage.h1, visitor.getpeername()) as other:
        other.sendall(b"get\n")
        stage.rec.wait(0.5)
        drop(other)
    visitor.sendall(b"bye\n")


def drop(visitor) -> None:
    """Reset the connection."""
    visitor.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # on, 0 s
    visitor.close()


VISITS = {"asks-twice": asks_twice, "speaks-slowly": speaks_slowly, "bye-alone": says_bye_alone,
          "says-nothing": says_nothing, "no-bye": leaves_without_bye, "gone": is_gone, "gone-early": is_gone_early,
          "gone-at-the-end": ends_and_is_gone, "gone-before": brings_another, "last-visit": told}
