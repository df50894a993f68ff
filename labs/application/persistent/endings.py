"""A server of documents that ends its connections in ways that nginx does not.

    python3 endings.py FOLDER REQUESTS ENDS CUTS LINGERS        (the last three are ports)

Each connection carries REQUESTS responses. ENDS closes after them, without a word ahead. CUTS closes in the middle of
the response after them: in its body, the next time in its head, then in its first line, and so on. LINGERS says in the
last of them that it closes, and leaves it to the client. Responses come in pieces (but for CUTS), with header fields
that a client may meet anywhere (RFC 9110, section 5).
"""

import socket
import socketserver
import sys
import threading
import time
from pathlib import Path

PAUSE = 0.002  # s between the pieces of a response
PATIENCE = 5  # s for the client to close


class Documents(socketserver.StreamRequestHandler):
    """One connection."""

    disable_nagle_algorithm = True

    def handle(self):
        try:
            self.answer()
        except OSError:
            pass  # the client has left

    def answer(self) -> None:
        left, how = self.server.requests, self.server.how
        while (line := self.rfile.readline()).strip():
            while self.rfile.readline().strip():
                pass
            document = self.server.folder / line.split()[1].decode()[1:]
            head, body = response(document, how == "lingers", how == "lingers" and left == 1)
            pieces = [head[:-12], head[-12:] + body[:40], body[40:]]
            if how == "cuts":  # in one piece: the end is not to wait until TCP's first window has been acknowledged
                pieces = [head + body]
                if not left:
                    pieces = [(head + body[:40], head[:-12], head[:9])[self.server.cuts % 3]]
                    self.server.cuts += 1
            for piece in pieces:
                self.wfile.write(piece)
                time.sleep(PAUSE)
            left -= 1
            if left < (0 if how == "cuts" else 1):
                return self.leave(how)

    def leave(self, how: str) -> None:
        """Close, but hear the client out: else TCP would tell it that what it has sent was lost (RST)."""
        if how != "lingers":
            self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(PATIENCE)
        try:
            while self.connection.recv(65536):
                pass
        except OSError:
            pass


def response(document: Path, behind: bool, last: bool) -> tuple[bytes, bytes]:
    """Head and body. A field with a like name stands ahead of Content-Length, or `behind` it."""
    found = document.is_file()
    body = document.read_bytes() if found else b"Nothing of that name.\n"
    length = ["x-content-length: 7", f"content-length:{len(body)}"]
    lines = ["HTTP/1.1 200 Here it is" if found else "HTTP/1.1 404 Not Found",
             *([] if last else ["X-Connection: close"]),
             "Keep-Alive: content-length", *(["CONNECTION:Close"] if last else []), *length[::-1 if behind else 1]]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode(), body


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    cuts = 0  # so far


def main() -> None:
    folder, requests, *ports = sys.argv[1:]
    for how, port in zip(("ends", "cuts", "lingers"), ports):
        server = Server(("", int(port)), Documents)
        server.folder, server.requests, server.how = Path(folder), int(requests), how
        threading.Thread(target=server.serve_forever).start()


if __name__ == "__main__":
    main()
