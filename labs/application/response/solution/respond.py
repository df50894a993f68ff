#!/usr/bin/env python3
"""Responses, byte by byte (RFC 9110, RFC 9112).

    python3 respond.py PORT

Reading requests and keeping connections is done by the lower half of this file; `respond` makes the responses.
"""

import re
import socket
import sys
import threading
import time

TEXT = "{{text}}"
STORY = "{{story}}".split("|")
UTF8, LATIN = "text/plain; charset=utf-8", "text/plain; charset=iso-8859-1"


def story():
    """The lines of a story, one by one: the next one takes half a second to think of."""
    for line in STORY:
        time.sleep(0.5)
        yield line


def respond(method: str, target: str, version: str):
    """The response to a request, in the pieces in which it is to be sent."""
    path, _, query = target.partition("?")
    if path == "/text":
        yield from whole(method, "200 OK", UTF8, TEXT.encode("utf-8"))
    elif path == "/latin":
        yield from whole(method, "200 OK", LATIN, TEXT.encode("iso-8859-1"))
    elif path == "/page":
        page = f"<!DOCTYPE html>\n<title>Page</title>\n<p>{TEXT}</p>\n"
        yield from whole(method, "200 OK", "text/html; charset=utf-8", page.encode())
    elif path == "/empty":
        yield head("204 No Content")
    elif path == "/odd":
        yield from whole(method, "{{code}} ", UTF8, b"An unusual success.\n")
    elif path == "/moved":
        yield from whole(method, "301 Moved Permanently", UTF8, b"See /text.\n", "Location: /text")
    elif path == "/go":
        place = unquote(query.removeprefix("to="))
        if re.fullmatch(r"/[!-~]*", place):
            yield from whole(method, "302 Found", UTF8, b"Go on.\n", f"Location: {place}")
        else:  # a control character would end the header, and what comes behind it would be taken for the next one
            yield from whole(method, "400 Bad Request", UTF8, b"That is no place to go.\n")
    elif path == "/story":
        yield from streamed(method, version, UTF8)
    else:
        yield from whole(method, "404 Not Found", UTF8, b"There is no such thing here.\n")


def head(status: str, *fields: str) -> bytes:
    """Status line, header lines, blank line."""
    date = time.strftime("Date: %a, %d %b %Y %H:%M:%S GMT", time.gmtime())
    return "".join(f"{line}\r\n" for line in (f"HTTP/1.1 {status}", date, *fields, "")).encode("latin-1")


def whole(method: str, status: str, kind: str, body: bytes, *fields: str):
    """A response whose length is known beforehand."""
    yield head(status, f"Content-Type: {kind}", f"Content-Length: {len(body)}", *fields)
    if method != "HEAD":
        yield body


def streamed(method: str, version: str, kind: str):
    """A response of unknown length: in chunks; for HTTP/1.0, which has none, up to the end of the connection."""
    chunked = version != "HTTP/1.0"
    yield head("200 OK", f"Content-Type: {kind}", "Transfer-Encoding: chunked" if chunked else "Connection: close")
    if method == "HEAD":
        return
    for line in story():
        data = f"{line}\n".encode()
        yield b"%x\r\n%s\r\n" % (len(data), data) if chunked else data
    if chunked:
        yield b"0\r\n\r\n"


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
