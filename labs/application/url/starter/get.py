#!/usr/bin/env python3
"""A small client: from a URL (RFC 3986) to a request.

    python3 get.py URL...

For each URL one line is to be printed: a status as curl ends with it (0, 1, 3, 6, 7), and the URL. The standard library
is all you need; urllib would take the lesson away.
"""

import socket
import sys

UNKNOWN_SCHEME, MALFORMED, NO_SUCH_NAME, NO_CONNECTION = 1, 3, 6, 7
TIMEOUT = 10  # s


def parse(url: str) -> tuple[str, int, str]:
    """Host, port and request target."""
    rest = url.split("//")[1]
    host, _, path = rest.partition("/")
    # TODO: user information, a port, capitals, an address; query, fragment and dots; and whatever is malformed
    return host, 80, "/" + path


def get(host: str, port: int, target: str) -> bytes:
    """One request and its response."""
    request = f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    with socket.create_connection((host, port), TIMEOUT) as sock, sock.makefile("rb") as stream:
        sock.sendall(request.encode())
        return stream.read()


def fetch(url: str) -> int:
    """Follow a URL to its end; the status."""
    host, port, target = parse(url)
    get(host, port, target)
    # TODO: a redirect (Location) holds a URL or a reference: RFC 3986, section 5.2
    return 0


def main() -> None:
    for url in sys.argv[1:]:
        try:
            print(fetch(url), url)
        except Exception as problem:  # TODO: say what kind of problem it is
            print("?", url, problem)


if __name__ == "__main__":
    main()
