#!/usr/bin/env python3
"""A small HTTP/1.1 server (RFC 9110, RFC 9112) on plain sockets.

    python3 server.py PORT FOLDER

It is to serve the files of FOLDER by GET and HEAD, keep connections open, and close those that are silent for
{{idle}} s. Python's standard library is all you need; http.server and its like would take the lesson away.
"""

import socket
import sys

IDLE = {{idle}}  # s


def answer(sock: socket.socket, folder: str) -> None:
    """Read one request and answer it."""
    request = sock.recv(4096)  # TODO: a request may come in many pieces, and one piece may hold many requests
    line = request.decode("latin-1").split("\r\n")[0]
    # TODO: method, target, version; what if the line is something else? (400)
    # TODO: header lines, up to the blank one. HTTP/1.1 demands Host.
    # TODO: the file that the target names: percent-encoding, the query, a folder's index.html. Never outside `folder`!
    print(f"somebody asks: {line}", file=sys.stderr)
    with open(f"{folder}/index.html", "rb") as file:
        body = file.read()
    # TODO: Date, Content-Type, Content-Length. Without a length the body lasts until the connection ends.
    sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + body)


def main() -> None:
    port, folder = int(sys.argv[1]), sys.argv[2]
    with socket.create_server(("", port)) as listener:
        while True:
            sock, _ = listener.accept()
            with sock:  # TODO: more than one request on a connection, and more than one connection at a time
                answer(sock, folder)


if __name__ == "__main__":
    main()
