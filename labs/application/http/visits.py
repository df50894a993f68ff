"""Visitors without a browser: sockets of the client's kernel, so that every byte and every pause is chosen.

Each step begins with a mark of its name; what happened is read from the wire.
"""

from pathlib import PurePath

from lab.web import CURL, GIVEN
from mnlab.net import typed

WEB, OWN = "web", "own"
BRIEF = 3.0  # s: how long a client waits for more once it has nothing left to ask


def farewells(net, rec) -> None:
    """nginx: the same question twice; then three ways in which a connection ends."""
    p, name = rec.params, rec.params["web_name"]
    question = get(name, f"/{p['files'][0]}")
    visit(rec, "twice", WEB, question, question, pause=1.0)
    visit(rec, "close", WEB, get(name, "/", "Connection: close"), patience=10)
    visit(rec, "old", WEB, f"GET / HTTP/1.0\r\nHost: {name}\r\n\r\n".encode(), patience=10)
    visit(rec, "keep", WEB, get(name, "/"), patience=p["_keepalive"] + 15)


def judge(net, rec) -> None:
    """The student's server."""
    p, site, name = rec.params, f"http://{rec.params['own_name']}", rec.params["own_name"]
    odd = quote(p["odd_name"])
    rec.student_service("server", net[OWN], ["python3", "-SE", "server.py", "80", GIVEN], caps=["NET_BIND_SERVICE"],
                        tcp=80)

    def curl(step: str, *arguments: str) -> None:
        rec.mark(step)
        rec.run(f"curl-{step}", net["client"], [*CURL, *arguments], check=False, timeout=60)  # up to five URLs
        rec.wait(0.2)

    curl("own-page", "-i", f"{site}/")
    curl("own-several", *(part for path in ("/picture.png", "/no-such-page", f"/{odd}?version=2", "/blob", "/")
                          for part in ("-o", "/dev/null", site + path)))
    curl("own-head", "-I", f"{site}/picture.png", "--next", *CURL[1:], "-o", "/dev/null", f"{site}/picture.png")
    visit(rec, "own-close", OWN, get(name, "/", "Connection: close"))
    visit(rec, "own-old", OWN, b"GET / HTTP/1.0\r\n\r\n")
    for step, request in bad_requests(name).items():
        visit(rec, step, OWN, request)
    visit(rec, "own-post", OWN, post(name) + get(name, "/", "Connection: close"))
    visit(rec, "own-brew", OWN, get(name, "/").replace(b"GET", b"BREW"))
    for step, path in escapes().items():
        visit(rec, step, OWN, get(name, path, "Connection: close"))
    visit(rec, "own-pieces", OWN, *pieces(name), pause=0.3)
    together(rec, name)
    visit(rec, "own-idle", OWN, get(name, "/blob"), patience=p["idle"] + 10)


def bad_requests(name: str) -> dict[str, bytes]:
    """What no server may answer with anything but 400: RFC 9112, sections 3 and 5.1; section 3.2; RFC 9110, 8.6."""
    return {"own-bad-line": f"GET/HTTP/1.1\r\nHost: {name}\r\n\r\n".encode(),
            "own-bad-host": b"GET / HTTP/1.1\r\nAccept: */*\r\n\r\n",
            "own-bad-field": f"GET / HTTP/1.1\r\nHost: {name}\r\nAccept : */*\r\n\r\n".encode()}


def escapes() -> dict[str, str]:
    """Paths that lead out of the folder, to the server's own program."""
    return {"own-escape-plain": "/../server.py", "own-escape-encoded": "/%2e%2e/server.py",
            "own-escape-slash": "/..%2fserver.py"}


def pieces(name: str) -> list[bytes]:
    """Three requests. The first is cut where it hurts; the other two come at once."""
    first = get(name, "/picture.png")
    cuts = [2, 16, len(first) - 3, len(first) - 1, len(first)]
    parts = [first[start:end] for start, end in zip([0, *cuts], cuts)]
    return [*parts, get(name, "/blob") + get(name, "/", "Connection: close")]


def together(rec, name: str) -> None:
    """Somebody begins to ask and hesitates; somebody else asks meanwhile."""
    whole = get(name, "/blob", "Connection: close")
    rec.mark("own-together")
    slow = typed.connected(rec.net["client"], (rec.net[OWN].IP(), 80))
    if slow:
        with slow:
            typed.say(slow, whole[:20])
            visit(rec, "own-meanwhile", OWN, get(name, "/", "Connection: close"))
            rec.mark("own-hesitant")
            typed.say(slow, whole[20:])
            typed.hear(slow, BRIEF)


def get(name: str, target: str, *lines: str) -> bytes:
    """A request as RFC 9112 wants it."""
    return "\r\n".join([f"GET {target} HTTP/1.1", f"Host: {name}", *lines, "", ""]).encode()


def post(name: str) -> bytes:
    """A request with a body that looks like a request."""
    body = f"GET /picture.png HTTP/1.1\r\nHost: {name}\r\n\r\n"
    return f"POST / HTTP/1.1\r\nHost: {name}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def quote(name: str) -> str:
    """A file's name as a path segment (RFC 3986, section 2.1)."""
    plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
    return "".join(letter if letter in plain else f"%{ord(letter):02X}" for letter in PurePath(name).name)


def visit(rec, step: str, host: str, *parts: bytes, pause: float = 0.0, patience: float = BRIEF) -> None:
    """Connect to port 80 of `host`, send the parts with pauses between, listen until the end or for `patience` s."""
    rec.mark(step)
    typed.converse(rec.net["client"], (rec.net[host].IP(), 80), *parts, pause=pause, patience=patience, wait=rec.wait)
    rec.wait(0.2)
