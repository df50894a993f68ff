#!/usr/bin/env python3
"""Raw requests, one for each door of the lab's server.

    python3 ask.py ADDRESS PORT        door number n is at PORT + n

Sending and listening are done. The requests are yours: bytes, exactly as they go out. See the handout for what each
door demands.
"""

import socket
import sys

PATIENCE = 60  # s that a server may be silent

#: In the order of the doors. The first one is nearly right.
REQUESTS = {
    # TODO: 200 for /{{page}}, with the query {{query}}
    "page": b"GET /{{page}} HTTP/1.1\nHost: {{shop}}\n\n",
    # TODO: the page of {{second}}, which lives at the same address
    "host": b"GET / HTTP/1.1\r\nHost: {{shop}}\r\n\r\n",
    # TODO: a greeting in the language "{{language}}"
    "language": b"GET / HTTP1.1\r\n\r\n",
    # TODO: /catalogue.txt, packed with gzip
    "packed": b"GET / HTTP1.1\r\n\r\n",
    # TODO: only {{agent}} is let in
    "agent": b"GET / HTTP1.1\r\n\r\n",
    # TODO: /picture.png, for those only who come from a page of {{shop}}
    "referer": b"GET / HTTP1.1\r\n\r\n",
    # TODO: /catalogue.txt, but only if it is newer than your copy, which is of {{copy_of}}
    "unchanged": b"GET / HTTP1.1\r\n\r\n",
    # TODO: POST the form {{form}} (in UTF-8) to /
    "order": b"GET / HTTP1.1\r\n\r\n",
    # TODO: 200 for a request of HTTP/1.0 that does not say whom it asks
    "old": b"GET / HTTP1.1\r\n\r\n",
    # TODO: 400, because of {{refusal_1}}; everything else about the request is right
    "refusal-1": b"GET / HTTP1.1\r\n\r\n",
    # TODO: 400, because of {{refusal_2}}; everything else about the request is right
    "refusal-2": b"GET / HTTP1.1\r\n\r\n",
    # TODO: 400, because of {{refusal_3}}; everything else about the request is right
    "refusal-3": b"GET / HTTP1.1\r\n\r\n",
    # TODO: a right request for /, but for which the server waits until it has lost its patience
    "waiting": b"GET / HTTP1.1\r\n\r\n",
}


def ask(address: str, port: int, request: bytes) -> bytes:
    """Send the request on a connection of its own; all that comes until the server closes."""
    with socket.create_connection((address, port), timeout=PATIENCE) as sock:
        sock.sendall(request)
        answer = b""
        while data := sock.recv(65536):
            answer += data
    return answer


def main() -> None:
    address, first = sys.argv[1], int(sys.argv[2])
    for number, (name, request) in enumerate(REQUESTS.items()):
        answer = ask(address, first + number, request)
        print(f"{name}:", answer.split(b"\r\n")[0].decode("latin-1") or "nothing")


if __name__ == "__main__":
    main()
