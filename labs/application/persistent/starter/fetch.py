#!/usr/bin/env python3
"""Fetch documents over HTTP/1.1, on one connection at a time.

    python3 fetch.py ADDRESS PORT PATH...

Prints a line for each document, in the order asked for: PATH STATUS LENGTH CRC (zlib.crc32 of the body, 8 hex digits).
Python's standard library is all you need; no HTTP library.
"""

import socket
import sys
import zlib

TIMEOUT = 10  # s without a byte


def main() -> None:
    address, port, *paths = sys.argv[1:]
    with socket.create_connection((address, int(port)), timeout=TIMEOUT) as connection:
        # TODO: this waits for each document before it asks for the next one.
        # TODO: the server may close the connection before it has answered everything.
        for path in paths:
            connection.sendall(request(address, path))
            status, body = read_response(connection)
            print(f"{path} {status} {len(body)} {zlib.crc32(body):08x}")


def request(host: str, path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


def read_response(connection):
    """One response: (status, body)."""
    # TODO: this is what happens to be there. Where does the header end, and where the body?
    data = connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


if __name__ == "__main__":
    main()
