"""The same responses out of a table; what is wrong with a place is 404."""

import re
import socket
import sys
import threading
import time
from datetime import UTC, datetime
from urllib.parse import parse_qs

TEXT = "text_text"
STORY = "story_text".split("|")


def story():
    for line in STORY:
        time.sleep(0.5)
        yield line


def text(body, kind="text/plain", charset="utf-8"):
    return {"Content-Type": f"{kind}; charset={charset}"}, body.encode(charset)


def redirect(place):
    fields, body = text(f"<a href='{place}'>there</a>", "text/html")
    return {"Location": place} | fields, body


TABLE = {
    "/text": ("200 OK", *text(TEXT)), "/latin": ("200 OK", *text(TEXT, charset="ISO-8859-1")),
    "/page": ("200 OK", *text(f"<!DOCTYPE html><meta charset=utf-16><body>{TEXT}</body>", "text/html", "utf-8")),
    "/empty": ("204 Nothing", {}, b""), "/odd": ("odd_code ", *text("strange")),
    "/moved": ("301 Moved", *redirect("text")),
    "/story": ("200 Once upon a time", *text("")),
}


def respond(method, target, version):
    path, _, query = target.partition("?")
    status, fields, body = TABLE.get(path) or ("404 Nowhere", *text("?"))
    if path == "/go":
        [place] = parse_qs(query, strict_parsing=True).get("to", [""])
        if re.fullmatch("/[ -~]*", place):
            status, (fields, body) = "302 Found", redirect(place.replace(" ", "+"))
    told = path == "/story"
    if told:
        fields = fields | ({"Transfer-Encoding": "chunked"} if version == "HTTP/1.1" else {})
    elif not status.startswith("204"):
        fields = fields | {"Content-Length": str(len(body))}
    now = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in fields.items()), f"Date: {now}"]
    yield ("\r\n".join(lines) + "\r\n\r\n").encode() + (b"" if method == "HEAD" else body)
    if told and method != "HEAD":
        yield from tell(version == "HTTP/1.1")


def tell(chunked):
    for line in story():
        words = [f"{line[:3]}".encode(), f"{line[3:]}\n".encode()]
        yield b"".join(b"%04x\r\n%b\r\n" % (len(word), word) for word in words) if chunked else b"".join(words)
    if chunked:
        yield b"000\r\n\r\n"


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
