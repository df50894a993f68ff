#!/usr/bin/env python3
"""A small HTTP/1.1 server (RFC 9110, RFC 9112) on plain sockets.

    python3 server.py PORT FOLDER

It serves the files of FOLDER by GET and HEAD, keeps connections open, and closes those that are silent for IDLE s.
"""

import os
import re
import socket
import sys
import threading
import time

IDLE = {{idle}}  # s
LONGEST_HEAD, LONGEST_BODY = 16384, 1 << 20  # bytes
METHODS = ("GET", "HEAD")
KNOWN = ("OPTIONS", "POST", "PUT", "DELETE", "TRACE", "CONNECT", "PATCH")
REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 413: "Content Too Large",
           431: "Request Header Fields Too Large", 501: "Not Implemented", 505: "HTTP Version Not Supported"}
TYPES = {".html": "text/html; charset=utf-8", ".txt": "text/plain; charset=utf-8", ".png": "image/png"}
TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # RFC 9110, section 5.6.2
REQUEST_LINE = re.compile(rf"({TOKEN}) (\S+) HTTP/(\d)\.(\d)")
FIELD = re.compile(rf"({TOKEN}):[ \t]*(.*?)[ \t]*")  # no space ahead of the colon (RFC 9112, section 5.1)


class Refused(Exception):
    """The request cannot be answered as it was asked: the status that says why."""


class Connection:
    """One client: requests are read and answered in order, until one of the two has had enough."""

    def __init__(self, sock: socket.socket, folder: str):
        self.sock, self.folder, self.buffer = sock, folder, b""
        sock.settimeout(IDLE)

    def serve(self) -> None:
        with self.sock:
            try:
                while self.answer_one():
                    pass
            except OSError:  # silent for too long, or gone
                pass

    def answer_one(self) -> bool:
        """Read a request and answer it. Whether the connection stays."""
        try:
            head = self.read_head()
            if head is None:
                return False
            method, target, version, fields = parse(head)
            self.skip_body(fields)
        except Refused as refusal:  # where the next request begins is not known: this is the last one
            self.respond(refusal.args[0], keep=False)
            return False
        keep = version >= (1, 1) and "close" not in fields.get("connection", "").lower()
        if method in METHODS:
            path = self.find(target)
            status = 200 if path else 404
        else:
            path, status = None, 405 if method in KNOWN else 501
        self.respond(status, path, keep, head_only=method == "HEAD")
        return keep

    def read_head(self) -> bytes | None:
        """All up to the blank line; a request may come in many pieces. None: the client has closed."""
        while b"\r\n\r\n" not in self.buffer:
            if len(self.buffer) > LONGEST_HEAD:
                raise Refused(431)
            if not self.receive():
                return None
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        return head

    def skip_body(self, fields: dict[str, str]) -> None:
        """What follows a body is the next request, and the body is none."""
        if "transfer-encoding" in fields:
            raise Refused(501)
        length = fields.get("content-length", "0")
        if not re.fullmatch(r"[0-9]{1,15}", length):
            raise Refused(400)
        if int(length) > LONGEST_BODY:
            raise Refused(413)
        while len(self.buffer) < int(length):
            if not self.receive():
                raise Refused(400)
        self.buffer = self.buffer[int(length):]

    def receive(self) -> bool:
        data = self.sock.recv(65536)
        self.buffer += data
        return bool(data)

    def find(self, target: str) -> str | None:
        """The file that a target names; None if there is none, or if it would lie outside the folder."""
        path = unquote(target.partition("?")[0])
        if "\0" in path or not path.startswith("/"):
            return None
        found = os.path.realpath(self.folder + path + ("index.html" if path.endswith("/") else ""))
        return found if found.startswith(self.folder + "/") and os.path.isfile(found) else None

    def respond(self, status: int, path: str | None = None, keep: bool = True, head_only: bool = False) -> None:
        if path:
            with open(path, "rb") as file:
                body = file.read()
            kind = TYPES.get(os.path.splitext(path)[1], "application/octet-stream")
        else:
            body, kind = f"{status} {REASONS[status]}\n".encode(), "text/plain; charset=utf-8"
        lines = [f"HTTP/1.1 {status} {REASONS[status]}",
                 time.strftime("Date: %a, %d %b %Y %H:%M:%S GMT", time.gmtime()),
                 f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
        if status == 405:
            lines.append(f"Allow: {', '.join(METHODS)}")
        if not keep:
            lines.append("Connection: close")
        head = "\r\n".join([*lines, "", ""]).encode()
        self.sock.sendall(head if head_only else head + body)


def parse(head: bytes) -> tuple[str, str, tuple[int, int], dict[str, str]]:
    """Method, target, version and fields (names in lower case). Refused if that is not HTTP."""
    first, *lines = head.decode("latin-1").lstrip("\r\n").split("\r\n")
    request = REQUEST_LINE.fullmatch(first)
    fields = [FIELD.fullmatch(line) for line in lines]
    if not request or not all(fields):
        raise Refused(400)
    version = int(request[3]), int(request[4])
    if version[0] != 1:
        raise Refused(505)
    names = [field[1].lower() for field in fields]
    if names.count("host") != 1 and (version >= (1, 1) or names.count("host") > 1):
        raise Refused(400)
    return request[1], request[2], version, {name: field[2] for name, field in zip(names, fields)}


def unquote(text: str) -> str:
    """Percent-encoded bytes (RFC 3986, section 2.1) as what they stand for."""
    data = re.sub(rb"%([0-9A-Fa-f]{2})", lambda match: bytes([int(match[1], 16)]), text.encode("latin-1"))
    return os.fsdecode(data)


def main() -> None:
    port, folder = int(sys.argv[1]), os.path.realpath(sys.argv[2])
    with socket.create_server(("", port)) as listener:
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=Connection(sock, folder).serve, daemon=True).start()


if __name__ == "__main__":
    main()
