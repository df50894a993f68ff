#!/usr/bin/env python3
"""A server that answers wrongly, each path in its own way, and hangs up. What clients make of it is the lesson.

    python3 broken.py PORT
"""

import socket
import sys

TEXT = b"This is the whole text.\n"  # 24 bytes
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def length(size: int) -> bytes:
    return HEAD + b"Content-Length: %d\r\n\r\n" % size


#: Name -> (how a student reads it, the response, the status with which curl ends: curl(1), EXIT CODES).
RESPONSES = {
    "right": ("a right response", length(24) + TEXT, 0),
    "no-reason": ("no reason behind the code: HTTP/1.1 200 and a space", length(24).replace(b"OK", b"") + TEXT, 0),
    "odd-reason": ("another reason: HTTP/1.1 200 Not Found", length(24).replace(b"OK", b"Not Found") + TEXT, 0),
    "lone-newlines": ("lines that end in LF alone", (length(24) + TEXT).replace(b"\r\n", b"\n"), 0),
    "no-length": ("no Content-Length, no chunks; the server closes at the end", HEAD + b"\r\n" + TEXT, 0),
    "no-version": ("a status line without the version: 200 OK", length(24).replace(b"HTTP/1.1 ", b"") + TEXT, 1),
    "too-long": ("Content-Length: 30, and then 24 bytes", length(30) + TEXT, 18),
    "too-short": ("Content-Length: 20, and then 24 bytes", length(20) + TEXT, 0),
    "bad-length": ("Content-Length: -24", length(24).replace(b"24", b"-24") + TEXT, 8),
    "no-last-chunk": ("one chunk of 24 bytes, and no chunk of size 0", CHUNKED + b"18\r\n" + TEXT + b"\r\n", 18),
    "bad-chunk": ("a chunk whose size line says: many", CHUNKED + b"many\r\n" + TEXT + b"\r\n0\r\n\r\n", 56),
    "decimal-chunk": ("a chunk of 24 bytes whose size line says: 24",
                      CHUNKED + b"24\r\n" + TEXT + b"\r\n0\r\n\r\n", 18),
    "nothing": ("nothing: the server closes", b"", 52),
}


def serve(client: socket.socket) -> None:
    """Read the head of a request, send what belongs to its path, hang up."""
    head = b""
    while b"\r\n\r\n" not in head:
        data = client.recv(4096)
        if not data:
            return
        head += data
    client.sendall(RESPONSES[head.split(b" ", 2)[1].decode().lstrip("/")][1])


def main() -> None:
    with socket.create_server(("", int(sys.argv[1]))) as listener:
        while True:
            client, _ = listener.accept()
            with client:
                serve(client)


if __name__ == "__main__":
    main()
