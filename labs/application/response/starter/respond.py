#!/usr/bin/env python3
"""Responses, byte by byte (RFC 9110, RFC 9112).

    python3 respond.py PORT

Reading requests and keeping connections is done by the lower half of this file. `respond` makes the responses; it is
yours.
"""

import re
import socket
import sys
import threading
import time

TEXT = "{{text}}"
STORY = "{{story}}".split("|")


def story():
    """The lines of a story, one by one: the next one takes half a second to think of."""
    for line in STORY:
        time.sleep(0.5)
        yield line


def respond(method: str, target: str, version: str):
    """The response to a request, in the pieces in which it is to be sent: yield each of them."""
    path, _, query = target.partition("?")
    # TODO: Date, Content-Type, Content-Length; and the line ends of RFC 9112. See the handout for each path.
    if path == "/text":
        yield "HTTP/1.1 200 OK\n\n".encode()
        yield TEXT.encode()
    elif path == "/page":
        yield b"HTTP/1.1 200 OK\n\n"
        yield f"<p>{TEXT}</p>".encode("iso-8859-1", "replace")
    elif path == "/go":
        place = unquote(query.removeprefix("to="))  # TODO: is that a place to go?
        yield f"HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode("latin-1")
    elif path == "/story":
        lines = list(story())  # TODO: send each line as soon as it is there
        yield b"HTTP/1.1 200 OK\r\n\r\n" + "\n".join(lines).encode()
    else:
        # TODO: /latin /empty /odd /moved, and whatever does not exist
        yield b"HTTP/1.1 200 OK\r\n\r\n"


def unquote(text: str) -> str:
    return re.sub("%([0-9A-Fa-f]{2})", lambda match: chr(int(match[1], 16)), text)


# --- reading requests: nothing to do here ---

def serve(sock: socket.socket) -> None:
    """Answer one request after the other, until the client has no more, or speaks HTTP/1.0, or asks to close."""
    with sock, sock.makefile("rb") as stream:
        while line := stream.readline(8192):
            method, target, version = line.decode("latin-1").split()
            fields = b""
            while (field := stream.readline(8192)) not in (b"\r\n", b""):
                fields += field.lower()
            for piece in respond(method, target, version):
                sock.sendall(piece)
            if version == "HTTP/1.0" or b"connection: close" in fields:
                return


def main() -> None:
    with socket.create_server(("", int(sys.argv[1]))) as listener:
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=serve, args=(sock,), daemon=True).start()


if __name__ == "__main__":
    main()
