"""What the clients of the student's server say, byte by byte: for each rule of the handout, what only right work gets
right. A step is a connection; `experiment.py` makes it, the checks read what came of it.
"""

from typing import NamedTuple

HESITANT = 12  # clients that think in the middle of a request, all at once
BRIEF = 3.0  # s: how long a client waits for more once it has nothing left to ask
LEAVE = "Connection: close"


class Probe(NamedTuple):
    """What a client says on one connection, with `pause` s between the parts; it listens until nothing comes for
    `patience` s."""

    parts: tuple[bytes, ...]
    pause: float = 0.3
    patience: float = BRIEF


def get(name: str, target: str, *lines: str, method: str = "GET", body: str = "") -> bytes:
    """A request as RFC 9112 wants it."""
    length = [f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join([f"{method} {target} HTTP/1.1", f"Host: {name}", *lines, *length, "", body]).encode()


#: Paths that lead out of the folder: to the server's own program, to a folder beside it, to the machine's files.
ESCAPES = ("/../server.py", "/%2e%2e/server.py", "/..%2fserver.py", "/more/../../server.py",
           "/more/..%2F%2E./server.py", "/....//server.py", "/%252e%252e/server.py", "../server.py",
           "/../given.old/secret.txt", "//etc/passwd", "/%2fetc/passwd", "//..../server.py")
#: Request lines that have not three words, or whose last word is no version (RFC 9112, section 3).
BAD_LINES = ("GET/HTTP/1.1", "GET /", "GET / index.html HTTP/1.1", "GET / HTTP1.1", "GET / HTTP/1", "GET / http/1.1",
             "GET / HTTP/x.y", "GET / HTTP/1.10", "GET / XHTTP/1.1", "GET / HTTP/1.", "GET / HTTP/1,1")
#: Header lines with a space ahead of the colon (RFC 9112, section 5.1), before Host and behind it.
BAD_FIELDS = (("Accept : */*", "Host: NAME"), ("Host: NAME", "Accept: */*", "X-Wish : none"))
#: Methods, and heads without Host (RFC 9112, section 3.2), the second with one that looks like it.
NO_HOST = (("GET", "Accept: */*"), ("GET", "X-Host: NAME", "Accept: */*"), ("HEAD", "Accept: */*"))
#: Methods of RFC 9110, section 9, that the server does not have; and words that are none.
METHODS, NO_METHODS = ("POST", "PUT", "DELETE", "OPTIONS", "TRACE"), ("BREW", "get", "post", "GETS", "HEA")
LONG = 8000  # bytes of a head
STAY = 11  # requests in a row on a connection that stays
QUERIES = ("/blob?", "/blob?version=2&from=/../x?y", "/?picture.png", "/picture.png?%2Findex.html")
MISSING = ("/no-such-page", "/blob/no-such-page", "/more/no-such-page/", "/no-%FF-page",
           "/no-S%C3%A4ule")


def of(params: dict, paths: list[str]) -> dict[str, Probe]:
    """The probes by the names of their steps. `paths` are those of files with odd names."""
    name = params["own_name"]

    def leaving(target: str, *lines: str, **options) -> Probe:
        return Probe((get(name, target, *lines, LEAVE, **options),))

    def bad(first: str, *lines: str) -> Probe:
        return Probe(("\r\n".join([first, *lines, "", ""]).replace("NAME", name).encode(),))

    def several(kind: str, probes) -> dict[str, Probe]:
        return {f"own-{kind}-{number}": probe for number, probe in enumerate(probes, start=1)}

    idle, body = params["idle"], f"GET /picture.png HTTP/1.1\r\nHost: {name}\r\n\r\n"
    blob, last = get(name, "/blob"), get(name, "/index.html", LEAVE)
    posted, body_of = get(name, "/index.html", method="POST", body=body), body.encode()
    head = posted[:-len(body)]
    return {
        "own-empty": leaving("/empty.txt"), "own-large": leaving("/large.bin"),
        "own-folder": leaving("/more/"),
        **several("name", [leaving(path) for path in paths]),
        **several("query", [leaving(target) for target in QUERIES]),
        **several("missing", [leaving(target) for target in MISSING]),
        "own-head-missing": Probe((get(name, MISSING[0], method="HEAD"), last)),
        "own-head-folder": Probe((get(name, "/more/", method="HEAD"), last)),
        "own-stay": Probe((get(name, MISSING[0]), get(name, "/", method="DELETE"), get(name, "/", method="BREW"),
                           get(name, "/blob", method="HEAD"), get(name, MISSING[0], method="HEAD"),
                           get(name, "/blob", "Connection: keep-alive"), *[blob] * (STAY - 6))),
        "own-close": leaving("/index.html"), "own-close-head": leaving("/index.html", method="HEAD"),
        **several("close", [Probe((get(name, "/index.html", f"Connection: {words}", "TE: trailers"),))
                            for words in ("TE, close", "close, TE")]),
        "own-close-last": Probe((get(name, "/index.html", LEAVE) + blob,)),
        **several("old", [bad("GET /index.html HTTP/1.0"), bad("GET /index.html HTTP/1.0", "Host: NAME"),
                           bad("GET /index.html HTTP/1.0", "Connection: keep-alive")]),
        "own-old-missing": bad(f"GET {MISSING[0]} HTTP/1.0"), "own-old-method": bad("DELETE / HTTP/1.0"),
        "own-old-no-method": bad("BREW / HTTP/1.0"), "own-old-head": bad("HEAD /index.html HTTP/1.0"),
        **several("method", [leaving("/", "Content-Length: 0", method=word) for word in METHODS]),
        **several("no-method", [leaving("/", method=word) for word in NO_METHODS]),
        **several("bad-line", [bad(line, "Host: NAME") for line in BAD_LINES]),
        **several("bad-field", [bad("GET / HTTP/1.1", *lines) for lines in BAD_FIELDS]),
        **several("no-host", [bad(f"{method} / HTTP/1.1", *lines) for method, *lines in NO_HOST]),
        "own-host-once": Probe((blob, b"GET / HTTP/1.1\r\n\r\n")),
        "own-colons": leaving("/index.html", "X-Wish: either : or"),
        **several("case", [bad("GET /index.html HTTP/1.1", "host: NAME", "CONNECTION: Close"),
                           bad("GET /index.html HTTP/1.1", "HOST:NAME", "connection: close"),
                           Probe((posted.replace(b"Content-Length", b"content-length") + last,))]),
        **several("escape", [leaving(target) for target in ESCAPES]),
        "own-pieces": Probe((*pieces(get(name, "/picture.png")), blob + blob + last[:20], last[20:])),
        "own-long": leaving("/blob", f"X-Letters: {'abcdefg ' * (LONG // 8 - 20)}"),
        **several("body", [Probe((posted + last,)), Probe((head, body_of[:9], body_of[9:], last)),
                           Probe((head + body_of[:20], body_of[20:] + last)),
                           Probe((get(name, "/blob", body=body) + last,)),
                           Probe((get(name, "/blob", method="BREW", body=body) + last,)),
                           Probe((get(name, "/blob", method="HEAD", body=body) + last,)),
                           Probe((get(name, MISSING[0], body=body) + last,)),
                           Probe((get(name, "/index.html", method="POST", body=body * 500) + last,))]),
        "own-idle": Probe((blob, blob), idle - 1, idle + 10),
        "own-slow": Probe((last[:10], last[10:40], last[40:-10], last[-10:]), idle - 1),
        "own-slow-body": Probe((head, body_of[:9], body_of[9:20], body_of[20:], last), idle - 1),
        "own-half-body": Probe((posted[:-5],), patience=idle + 10), "own-half": Probe((blob[:30],), patience=idle + 10),
        "own-mute": Probe((), patience=idle + 10),
    }


def pieces(request: bytes) -> list[bytes]:
    """A request cut where it hurts."""
    cuts = [2, 16, len(request) - 3, len(request) - 1, len(request)]
    return [request[start:end] for start, end in zip([0, *cuts], cuts)]
