#!/usr/bin/env python3
"""Raw requests, one for each door of the lab's server.

    python3 ask.py ADDRESS PORT        door number n is at PORT + n
"""

import socket
import sys

SHOP, SECOND = "{{shop}}", "{{second}}"
PATIENCE = 60  # s that a server may be silent
FORM = "{{form}}".encode()


def lines(*text: str, body: bytes = b"") -> bytes:
    """A request: each line ends in CR LF, a blank line ends the head, and the body follows as it is."""
    return "".join(f"{line}\r\n" for line in (*text, "")).encode() + body


#: What "refusal-N" may demand.
REFUSALS = {
    "a method in small letters": lines("get / HTTP/1.1", f"Host: {SHOP}"),
    "a request of HTTP/1.1 without Host": lines("GET / HTTP/1.1"),
    "two Host headers": lines("GET / HTTP/1.1", f"Host: {SHOP}", f"Host: {SECOND}"),
    "a Content-Length that is no number": lines("POST / HTTP/1.1", f"Host: {SHOP}", "Content-Length: many"),
    "Content-Length and Transfer-Encoding: chunked, both at once":
        lines("POST / HTTP/1.1", f"Host: {SHOP}", "Content-Length: 5", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    "a space between a header's name and its colon": lines("GET / HTTP/1.1", f"Host: {SHOP}", "Accept : */*"),
}

REQUESTS = {
    "page": lines("GET /{{page}}?{{query}} HTTP/1.1", f"Host: {SHOP}"),
    "host": lines("GET / HTTP/1.1", f"Host: {SECOND}"),
    "language": lines("GET / HTTP/1.1", f"Host: {SHOP}", "Accept-Language: {{language}}"),
    "packed": lines("GET /catalogue.txt HTTP/1.1", f"Host: {SHOP}", "Accept-Encoding: gzip"),
    "agent": lines("GET / HTTP/1.1", f"Host: {SHOP}", "User-Agent: {{agent}}"),
    "referer": lines("GET /picture.png HTTP/1.1", f"Host: {SHOP}", f"Referer: http://{SHOP}/"),
    "unchanged": lines("GET /catalogue.txt HTTP/1.1", f"Host: {SHOP}", "If-Modified-Since: {{copy_of}}"),
    "order": lines("POST / HTTP/1.1", f"Host: {SHOP}", "Content-Type: application/x-www-form-urlencoded",
                   f"Content-Length: {len(FORM)}", body=FORM),
    "old": lines("GET / HTTP/1.0"),
    "refusal-1": REFUSALS["{{refusal_1}}"],
    "refusal-2": REFUSALS["{{refusal_2}}"],
    "refusal-3": REFUSALS["{{refusal_3}}"],
    "waiting": lines("GET / HTTP/1.1", f"Host: {SHOP}")[:-2],
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
