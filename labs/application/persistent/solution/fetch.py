#!/usr/bin/env python3
"""Fetch documents over HTTP/1.1, on one connection at a time, without waiting for one before asking for the next.

    python3 fetch.py ADDRESS PORT PATH...

Prints a line for each document, in the order asked for: PATH STATUS LENGTH CRC (zlib.crc32 of the body, 8 hex digits).
"""

import socket
import sys
import zlib

TIMEOUT = 10  # s without a byte


def main() -> None:
    address, port, *paths = sys.argv[1:]
    for path, (status, body) in zip(paths, fetch(address, int(port), paths)):
        print(f"{path} {status} {len(body)} {zlib.crc32(body):08x}")


def fetch(address: str, port: int, paths):
    """Yields (status, body) for each path. A server may close early: what it left unanswered is asked for again."""
    waiting = list(paths)
    while waiting:
        answered = 0
        with (socket.create_connection((address, port), timeout=TIMEOUT) as connection,
              connection.makefile("rb") as reader):
            connection.sendall(b"".join(request(address, path) for path in waiting))
            for _ in waiting:
                response = read_response(reader)
                if response is None:
                    break
                status, body, last = response
                yield status, body
                answered += 1
                if last:
                    break
        if not answered:
            raise ConnectionError(f"{address} closes without an answer")
        waiting = waiting[answered:]


def request(host: str, path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


def read_response(reader):
    """One response: (status, body, whether the server says that it closes now). None if the connection has ended."""
    status_line = reader.readline()
    if not status_line:
        return None
    headers = {}
    while (line := reader.readline()).strip():
        name, _, value = line.partition(b":")
        headers[name.lower()] = value.strip().lower()
    if not line:
        return None  # it ended within the headers
    size = int(headers.get(b"content-length", 0))
    body = reader.read(size)
    if b"content-length" not in headers or len(body) < size:
        return None  # it ended in the middle: that is no answer
    return int(status_line.split()[1]), body, headers.get(b"connection") == b"close"


if __name__ == "__main__":
    main()
