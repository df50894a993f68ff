"""The student's programs in the time_wait lab: a client with a single port, and a server that is started again.

Both speak the same protocol. The client asks `get`, a line; the answer is the line "N" and N bytes. It may say `bye`,
a line; then the server closes. If the client closes without a word, so does the server.
"""

import socket
import threading

from mnlab.evidence.recorder import StudentFault
from mnlab.net import sockets


class Teller:
    """A server that answers each connection's `get` with the next word, in a thread of its own."""

    def __init__(self, listener: socket.socket, words: list[str]):
        self.listener, self.words = listener, list(words)

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
            word = self.words.pop(0) if self.words else "nothing"
            connection.sendall(f"{len(word)}\n{word}".encode())


def client(stage) -> None:
    """h1 may leave by one port only, and its connections carry no timestamps."""
    stage.h1.sysctl("net.ipv4.tcp_timestamps", 0)
    stage.rec.mark("visits")
    words, port = stage.params["_words"], stage.server_port("visits")
    with Teller(stage.listen("visits", reuse=True), words):
        stage.rec.student("client", stage.h1, ["python3", "-SE", "client.py", stage.h2.IP(), str(port),
                                               str(stage.client_port("visits")), str(len(words))], timeout=15)
        stage.rec.wait(0.3)
        stage.look("visits")
    stage.h1.sysctl("net.ipv4.tcp_timestamps", 1)


def server(stage) -> None:
    """A visitor, a stop, a start at once, another visitor; then a second server beside the first."""
    port = stage.server_port("server")
    argv = ["python3", "-SE", "server.py", str(port)]  # -SE: quicker to start under emulation
    first = stage.rec.student_service("server", stage.h2, argv, tcp=port)
    visit(stage, "first-visit")
    stage.look("restart")
    first.stop()
    try:
        again = stage.rec.student_service("server-again", stage.h2, argv, tcp=port, timeout=5)
    except StudentFault as fault:
        stage.rec.fault(str(fault))
        return
    visit(stage, "second-visit")
    stage.rec.student("second-server", stage.h2, argv, timeout=3)
    again.stop()


def visit(stage, name) -> None:
    """A client asks, says bye, and reads slowly, with a small buffer."""
    stage.rec.mark(name)
    try:
        with sockets.connect(stage.h1, (stage.h2.IP(), stage.server_port("server")), buffer=4096) as visitor:
            visitor.sendall(b"get\nbye\n")
            stage.rec.wait(1)
            data, end = sockets.read_to_end(visitor)
            stage.outcomes[name] = {"bytes": len(data), "end": end}
    except OSError as problem:
        stage.outcomes[name] = {"bytes": 0, "end": problem.strerror or str(problem)}
    stage.rec.wait(0.3)
