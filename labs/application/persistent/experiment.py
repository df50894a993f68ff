"""Documents over a long path: a connection for each, one kept for all, and one on which nobody waits.

    client ── s1 ── server     s1 holds back every frame, both ways, and sends to the client at a limited rate

The delay lies in the switch, so a capture at either host sees whole round trips. nginx serves; curl and bare sockets
fetch. A step begins at the mark of its name and lasts until the next one.
"""

import random
import socket
import string
import zlib
from pathlib import Path

from mnlab.lab import Allowed, Diagram, scene

allowed = Allowed()
needs = ("netem", "tbf", "nginx", "curl", "arp")

diagram = Diagram(captures=("client", "server"), protocols=("tcp", "http"), scene="documents", first="rides",
                  last="blocked", limit=64, seen_by="client")

WORDS = ("amber", "birch", "cocoa", "delta", "ember", "fjord", "grape", "hazel", "ivory", "lemon", "maple", "olive")
KEEPS, COUNTS, CLOSES = 80, 8001, 8002  # nginx's ports: keeps connections; for so many requests; never
ENDS, CUTS, LINGERS = 8003, 8004, 8005  # those of endings.py, which see
#: The student's fetcher: step -> port.
FETCHES = {"yours": KEEPS, "yours-counted": COUNTS, "yours-closed": CLOSES, "yours-ended": ENDS, "yours-cut": CUTS,
           "yours-lingering": LINGERS}
SLOW_RATE = 500  # bytes a second that nginx gives the slow document (limit_rate)
LETTERS = string.ascii_lowercase + "     \n"
#: In the middle of one document: a reader that looks for headers instead of counting bytes falls for it.
QUOTE = b"\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nOK"
#: Around another one: nothing is to be taken away.
BEFORE, BEHIND = b"\r\n \t", b" \n\r\n\r\n"


def variant(rng) -> dict:
    """Sizes in bytes, `delay` in ms (each way), `rate` in Mbit/s (towards the client)."""
    number = rng.randrange(5, 8)
    small = {f"/{word}.txt": rng.randrange(300, 900) for word in rng.sample(WORDS, number)}
    small[list(small)[1]] = rng.randrange(1700, 2600)  # more than one segment
    return {
        "net": f"10.{rng.randrange(1, 250)}.{rng.randrange(1, 250)}", "delay": rng.randrange(50, 100),
        "rate": rng.choice((2, 3, 4)), "documents": number,
        "small": small,
        "page": rng.randrange(10_000, 13_000), "long": rng.randrange(24_000, 36_000),
        "slow": SLOW_RATE * rng.randrange(2, 4) + rng.randrange(100, 400), "requests_kept": rng.randrange(3, 5),
    }


def secret(rng, params) -> dict:
    """What the documents say."""
    return {"_text": rng.randrange(10**6)}


def topology(params):
    from topologies.star import Star
    delay = f"{params['delay']}ms"
    return Star({"client": (f"{params['net']}.1/24", {"params2": {"delay": delay, "bw": params["rate"]}}),
                 "server": (f"{params['net']}.2/24", {"params2": {"delay": delay}})})


@scene
def documents(net, rec):
    """How documents come."""
    small, stage = list(rec.params["small"]), Stage(net, rec)
    with rec.capture("client", "server"):
        rec.progress("one document")
        stage.play("page", ["/page.txt"])
        stage.play("long", ["/long.txt"])
        stage.curl("bare", small[:1])
        stage.play("rides", small[:1], quick_ack=False)
        rec.progress("all documents: one after the other, all at once, and over HTTP/1.0")
        stage.curl("kept", small)
        stage.play("piped", small)
        stage.play("blocked", ["/slow.txt", small[0]])
        stage.curl("each", small, "--http1.0")
        stage.play("ten-kept", small[:2], version="1.0", extra="Connection: keep-alive\r\n", piped=False)
        stage.play("counted", small, port=COUNTS)
        stage.begin("end")


@scene(work=["*.py"])
def fetcher(net, rec, work):
    """Your fetcher."""
    stage = Stage(net, rec)
    with rec.capture("client"):
        rec.service("endings", net["server"], ["python3", "-SE", Path(__file__).with_name("endings.py"),
                                               Path("site").absolute(), rec.params["requests_kept"],
                                               ENDS, CUTS, LINGERS], tcp=LINGERS)
        for step, port in FETCHES.items():
            stage.begin(step)
            rec.student(f"fetch-{step}", net["client"],
                        ["python3", "-SE", "fetch.py", stage.host, str(port), *wanted(rec.params, step)])
        stage.begin("end")


def wanted(p, step: str) -> list[str]:
    """What the student's fetcher is to fetch: in the first step documents of all kinds, one of which is not there, and
    one is empty; in the others, where the connection is the matter, plain ones, for three connections or four, the
    first one perhaps once more at the end."""
    small, plain, kept = list(p["small"]), list(parts(p)), p["requests_kept"]
    return {"yours": [*small[:2], "/missing.txt", "/empty.txt", *small[2:]], "yours-closed": plain[:4],
            "yours-counted": [*plain[:2 * kept], plain[0]], "yours-cut": plain}.get(step, plain[:2 * kept + 1])


def parts(p) -> dict[str, int]:
    """Path: size (bytes) of the plain documents, so many that the last connection has one of them, even if three
    connections have been cut."""
    return {f"/part-{number}.txt": 200 + 31 * number for number in range(1, 3 * p["requests_kept"] + 2)}


def texts(p) -> dict[str, bytes]:
    """Path: what each document says, letters drawn at random; and what a careless reader falls for."""
    letters = random.Random(p["_text"])
    sizes = p["small"] | {"/empty.txt": 0, "/page.txt": p["page"], "/long.txt": p["long"], "/slow.txt": p["slow"]}
    found = {path: "".join(letters.choices(LETTERS, k=size)).encode() for path, size in sizes.items()}
    found |= {path: "".join(letters.choices(string.ascii_lowercase, k=size)).encode()
              for path, size in parts(p).items()}
    _, quoting, binary, spaced, marked, *_ = p["small"]
    text, half = found[quoting], len(found[quoting]) // 2
    found[quoting] = text[:half] + QUOTE + text[half + len(QUOTE):]
    found[binary] = letters.randbytes(sizes[binary])
    found[spaced] = BEFORE + found[spaced][len(BEFORE + BEHIND):] + BEHIND
    while zlib.crc32(found[marked]) >> 28:  # a CRC that begins with a zero
        found[marked] = letters.randbytes(4).hex().encode() + found[marked][8:]
    return found


def serve(rec, server) -> None:
    """nginx with the documents, on three ports that differ in how long they keep a connection."""
    from mnlab.lab.work import fill_in
    folder = Path("site").absolute()
    folder.mkdir()
    for path, text in texts(rec.params).items():
        (folder / path[1:]).write_bytes(text)
    config = fill_in(Path(__file__).with_name("site.conf").read_text(), rec.params | {
        "root": folder, "keeps": KEEPS, "counts": COUNTS, "closes": CLOSES, "slow_rate": SLOW_RATE})
    (folder / "nginx.conf").write_text(config)
    rec.service("nginx", server, ["nginx", "-p", folder, "-c", "nginx.conf", "-e", "stderr"], tcp=CLOSES)


class Stage:
    """Where the steps play: each is a client's visit, with its own connections."""

    def __init__(self, net, rec):
        self.net, self.rec, self.host = net, rec, net["server"].IP()
        for one, other in (("client", "server"), ("server", "client")):
            net[one].setARP(net[other].IP(), net[other].MAC())  # ARP would cost a round trip of its own
        serve(rec, net["server"])

    def begin(self, step: str) -> None:
        """After a pause, so that nothing of one step is still on its way in the next."""
        self.rec.wait(0.01 * self.rec.params["delay"])
        self.rec.mark(step)

    def curl(self, step: str, paths, *options: str) -> None:
        """curl fetches the paths, one after the other."""
        self.begin(step)
        urls = [f"http://{self.host}:{KEEPS}{path}" for path in paths]
        self.rec.run(f"curl-{step}", self.net["client"], ["curl", "-sS", *options, *urls])

    def play(self, step: str, paths, port=KEEPS, version="1.1", extra="", piped=True, quick_ack=True) -> None:
        """A bare socket asks for the paths: for all at once, or for each when it has the one before."""
        from mnlab.net import sockets
        self.begin(step)
        requests = [f"GET {path} HTTP/{version}\r\nHost: {self.host}\r\n{extra}\r\n".encode() for path in paths]
        with sockets.tcp(self.net["client"]) as client:
            if not quick_ack:  # tcp(7); net/ipv4/tcp_input.c, tcp_rcv_synsent_state_process: "Save one ACK"
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
            client.connect((self.host, port))
            for part in [b"".join(requests)] if piped else requests:
                client.sendall(part)
                hear(client, len(requests) if piped else 1)


def hear(client, number: int) -> None:
    """Read `number` responses, all with a Content-Length, or up to the end of the connection."""
    data = b""
    while number:
        head, blank, rest = data.partition(b"\r\n\r\n")
        if blank:
            size = int(head.lower().partition(b"content-length:")[2].split()[0])
            if len(rest) >= size:
                data, number = rest[size:], number - 1
                continue
        part = client.recv(65536)
        if not part:
            return
        data += part
