"""What the student's server is asked, beside curl's nine questions: each on a connection of its own."""

from urllib.parse import quote

#: The paths of the handout, and one that is none.
PATHS = ("text", "latin", "empty", "page", "odd", "moved", "go?to=%2Ftext", "nowhere", "story")
#: More of what does not exist, and looks as if it might.
MISSING = ("/", "/textual", "/text/", "/Text", "/text/more", "/latin/text", "/pages", "/gone", "/stor", "/storybook",
           "/oddly", "/moved/on", "/emptyish", "/nowhere?to=%2Ftext", "/stra%C3%9Fe")
#: What somebody puts into a place: line ends of all kinds, and what he wants to stand behind them.
EVIL = "Set-Cookie:%20session=stolen"
SPLITS = (f"/text%0d%0a{EVIL}%0d%0a%0d%0aHello", f"/text%0a{EVIL}", f"/text%0D{EVIL}", f"/text%0D%0A%20{EVIL}",
          f"%0D%0A{EVIL}", "/text%0A", "/text%0d")
#: What is asked for in a row on one connection: what is refused, perhaps, is no reason to close it.
STAY = (f"/go?to={SPLITS[-1]}", "/gone", "/moved", "/latin")


def place(params: dict) -> str:
    """Where /go shall lead besides: a path with a query, in which a percent sign is encoded itself; of two plus signs
    only one."""
    return f"/{params['own_name']}/page?lines={params['lines']}+1&x=%41+b"


def go(params: dict) -> str:
    return "/go?to=" + quote(place(params), safe="").replace("%3F", "%3f").replace("%2B", "+", 1)


def of(params: dict) -> dict[str, bytes]:
    """The requests by the names of their steps."""
    def ask(target: str, method: str = "GET") -> bytes:
        return f"{method} {target} HTTP/1.1\r\nHost: {params['own_name']}\r\nConnection: close\r\n\r\n".encode()

    def stay(*targets: str) -> bytes:
        return b"".join(ask(target).replace(b"Connection: close\r\n", b"") for target in targets)

    return {
        "own-go": ask(go(params)), "own-stay": stay(*STAY) + ask("/text"),
        **{f"own-missing-{number}": ask(target) for number, target in enumerate(MISSING, start=1)},
        **{f"own-head-{number}": ask(f"/{path}", "HEAD") for number, path in enumerate(PATHS, start=1)},
        "own-head-split": ask(f"/go?to={SPLITS[0]}", "HEAD"),
        "own-old": b"GET /story HTTP/1.0\r\n\r\n", "own-old-text": b"GET /text HTTP/1.0\r\n\r\n",
        "own-old-nowhere": b"GET /nowhere HTTP/1.0\r\n\r\n",
        "own-old-head": b"HEAD /story HTTP/1.0\r\n\r\n",
        **{f"own-split-{number}": ask(f"/go?to={target}") for number, target in enumerate(SPLITS, start=1)},
    }
