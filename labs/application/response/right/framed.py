"""The same responses with other choices: everything in chunks where there are chunks, other labels, absolute places."""

import re
import socket
import sys
import threading
import time
from email.utils import formatdate
from urllib.parse import unquote_to_bytes

TEXT = "text_text"
STORY = "story_text".split("|")


def story():
    for line in STORY:
        time.sleep(0.5)
        yield line


def respond(method, target, version):
    old, kind, fields, status = version == "HTTP/1.0", "Text/Plain;Charset=\"UTF-8\"", {}, "200"
    path, _, query = target.partition("?")
    match path:
        case "/text":
            body = [TEXT.encode()]
        case "/latin":
            body, kind = [TEXT.encode("latin-1")], "text/plain; charset=latin1"
        case "/page":
            letters = "".join(letter if letter.isascii() else f"&#{ord(letter)};" for letter in TEXT)
            body, kind = [f"<html><p>{letters}".encode()], "text/html; charset=us-ascii"
        case "/empty":
            body, kind, status = [], "", "204"
        case "/odd":
            body, status = [b"odd"], "odd_code"
        case "/moved":
            body, status, fields = [b""], "301 Gone away", {"location": "http://own_host/text"}
        case "/go":
            place = unquote_to_bytes(query.partition("=")[2])
            status, body = "302 There", [b"moving ", b"on"]
            fields["LOCATION"] = re.sub(rb"[^!-~]+", b"", place).decode()
        case "/story":
            body = (f"{line}\n".encode() for line in story())
        case _:
            body, status, kind = ["<p>Nothing là".encode("cp1252")], "404 No", "text/html; charset=windows-1252"
    lines = [f"HTTP/1.1 {status}{'' if ' ' in status else ' '}", f"DATE:{formatdate(usegmt=True)}"]
    lines += [f"content-type:{kind}"] if kind else []
    lines += [f"{name}:{value}" for name, value in fields.items()]
    if kind and not old:
        lines += ["transfer-encoding: Chunked"]
    for line in [*lines, ""]:
        yield line.encode() + b"\r\n"
    if method == "HEAD":
        return
    for part in body:
        if part:
            yield part if old else b"%X;note=1\r\n" % len(part) + part + b"\r\n"
    if kind and not old:
        yield b"0\r\n\r\n"


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
