"""What a status says, and why: each from a real nginx with an application behind it, for its own reason.

    client ──┐
             s1 ── server     nginx, and behind it an application under gunicorn
    staff  ──┘

First the demonstration's nginx (port 80), then the student's, before the same application. A step begins at the mark
of its name and lasts until the next one.
"""

import random
import string
import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from mnlab.lab import Diagram, scene

needs = ("netem", "nginx", "curl", "gunicorn")

diagram = Diagram(captures=("client",), protocols=("http",), hosts=("client", "server"), first="continue", last="yours",
                  limit=64)

WORDS = ("amber", "birch", "cocoa", "delta", "ember", "fjord", "grape", "hazel", "ivory", "lemon", "maple", "olive")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
STOPPED = 8099  # a port of the server on which nobody listens
SETTLE = 0.3  # s: the first of two requests is at work before the second one comes


def variant(rng) -> dict:
    """Sizes in bytes, `delay` in ms (of each link, each way)."""
    size = rng.randrange(2000, 4000)
    first = rng.randrange(100, 900)
    return {
        "net": f"10.{rng.randrange(1, 250)}.{rng.randrange(1, 250)}", "delay": rng.randrange(5, 15),
        "size": size, "first": first, "last": first + rng.randrange(50, 900), "_text": rng.randrange(10**6),
        "upload": rng.randrange(3000, 9000), "a": rng.randrange(100, 999), "b": rng.randrange(2, 99),
        "app_port": rng.randrange(80, 89) * 100, "port": rng.choice((91, 92, 94, 95, 97, 98)) * 100,
        "old_area": rng.choice(WORDS), "day": rng.choice(DAYS), "upload_kb": rng.randrange(40, 80),
        "token": f"{rng.choice(WORDS)}-{rng.randrange(1000, 9999)}", "page": rng.randrange(3, 30),
    }


def topology(params):
    from topologies.star import Star
    return Star({name: (f"{params['net']}.{number}/24", f"{params['delay']}ms")
                 for name, number in (("client", 10), ("staff", 20), ("server", 80))})


@scene(work=["*"])
def statuses(net, rec, work):
    """What a status says, and why."""
    with tempfile.TemporaryDirectory(prefix="site-", dir="/tmp") as folder:
        serve(rec, net["server"], Path(folder))
        stage = Stage(net, rec)
        with rec.capture("client", "staff"):
            rec.progress("an upload, a page, a part of it")
            uploads(stage, rec)
            pages(stage, rec)
            rec.progress("redirects, and who remembers them")
            redirects(stage, Path(folder))
            rec.progress("whose fault it is")
            faults(stage, rec)
            rec.progress("your server")
            yours(stage, rec)


def text(p) -> str:
    """The document of which parts are fetched."""
    return "".join(random.Random(p["_text"]).choices(string.ascii_lowercase + " \n", k=p["size"]))


def serve(rec, server, folder: Path) -> None:
    """The application, and the demonstration's nginx before it."""
    from mnlab.lab.work import fill_in
    here, root = Path(__file__).parent, folder / "site"
    folder.chmod(0o755)
    (root / "archive").mkdir(parents=True)
    (root / "long.txt").write_text(text(rec.params))
    (root / "archive/index.html").write_text("the archive\n")
    (root / "secret.txt").write_text("nobody's business\n")
    (root / "secret.txt").chmod(0o600)  # root's; nginx's worker is www-data
    (folder / "app.py").write_text((here / "app.py").read_text())
    (folder / "nginx.conf").write_text(fill_in((here / "site.conf").read_text(), rec.params | {
        "root": root, "stopped_port": STOPPED}))
    rec.service("app", server, ["gunicorn", "--bind", f"127.0.0.1:{rec.params['app_port']}", "--threads", "4",
                                "--user", "www-data", "--access-logfile", "-", "--chdir", folder, "app:application"],
                tcp=rec.params["app_port"], timeout=30)
    rec.service("nginx", server, ["nginx", "-p", folder, "-c", "nginx.conf", "-e", "stderr"], tcp=80)


class Stage:
    """Clients of the server: curl, bare sockets, and one that remembers."""

    def __init__(self, net, rec):
        self.net, self.rec, self.host = net, rec, net["server"].IP()

    def curl(self, name: str, *options: str) -> None:
        """curl on the client; "{}" in an option is the server."""
        self.rec.run(f"curl-{name}", self.net["client"],
                     ["curl", "-sS", "--max-time", "10", *(option.replace("{}", self.host) for option in options)],
                     check=False, timeout=60)  # up to four URLs

    @contextmanager
    def asking(self, lines: str, port: int = 80, who: str = "client"):
        """A socket that has asked; it is read to its end when the block ends. What came is given as a list."""
        from mnlab.net import sockets
        came = []
        try:
            with sockets.connect(self.net[who], (self.host, port)) as connection:
                connection.sendall(lines.replace("\n", "\r\n").encode())
                yield came
                came.append(sockets.read_to_end(connection)[0].decode("latin-1"))
        except ConnectionError:  # the wire shows it
            came.append("")

    def ask(self, lines: str, port: int = 80, who: str = "client") -> str:
        with self.asking(lines, port, who) as came:
            pass
        return came[0]

    def get(self, path: str, port: int = 80, who: str = "client", *headers: str) -> str:
        lines = f"GET {path} HTTP/1.1", f"Host: {self.host}", "Connection: close", *headers, "", ""
        return self.ask("\n".join(lines), port, who)

    def fetch(self, path: str):
        """(status, headers in lower case, text), for the visitor."""
        head, _, body = self.get(path).partition("\r\n\r\n")
        first, *lines = head.split("\r\n")
        headers = (line.partition(":") for line in lines)
        return int(first.split()[1]), {name.lower(): value.strip() for name, _, value in headers}, body


def uploads(stage, rec) -> None:
    """curl asks before it sends the body, and then does not ask."""
    body = "x" * rec.params["upload"]
    rec.mark("continue")
    stage.curl("continue", "-H", "Expect: 100-continue", "--data-binary", body, "http://{}/upload")
    rec.mark("at-once")
    stage.curl("at-once", "--data-binary", body, "http://{}/upload")


def pages(stage, rec) -> None:
    p = rec.params
    rec.mark("page")
    stage.get("/long.txt")
    rec.mark("part")
    stage.get("/long.txt", 80, "client", f"Range: bytes={p['first']}-{p['last']}")
    rec.mark("beyond")
    stage.get("/long.txt", 80, "client", f"Range: bytes={p['size'] + 10}-")


def redirects(stage, folder: Path) -> None:
    """A folder asked for without its slash (301), the latest news (302): by curl, and by a client that remembers."""
    from mnlab.lab.inside import load
    rec, visitor = stage.rec, load("visitor", Path(__file__).with_name("visitor.py")).Visitor(stage.fetch)
    visits = {}

    def visit(name, *paths):
        rec.mark(name)
        visits[name] = [visitor.visit(path) for path in paths]

    rec.mark("follows")
    stage.curl("follows", "-L", *["http://{}/archive", "http://{}/latest"] * 2)
    visit("first-visit", "/archive", "/latest")
    rec.mark("publish")
    stage.ask(f"POST /publish HTTP/1.1\nHost: {stage.host}\nContent-Length: 0\nConnection: close\n\n")
    visit("second-visit", "/archive", "/latest")
    (folder / "site/archive").rename(folder / "site/old-archive")  # and now there is a page in its place
    (folder / "site/archive").write_text("the archive, on one page\n")
    visit("third-visit", "/archive")
    rec.mark("stranger-visits")
    stage.get("/archive")
    rec.mark("moved-post")
    stage.curl("post-follows", "-L", "-d", "note=1", "http://{}/v1/upload", "--next", "-sS", "-L", "-d", "note=1",
               "http://{}/v2/upload")
    rec.keep("visits", visits)


def faults(stage, rec) -> None:
    """The client's fault, and the server's."""
    p, get = rec.params, stage.get
    for name, lines in (("no-host", "GET /long.txt HTTP/1.1\nConnection: close\n\n"),
                        ("no-version", f"GET /long.txt HTTP1.1\nHost: {stage.host}\nConnection: close\n\n")):
        rec.mark(name)
        stage.ask(lines)
    for name, path in (("no-number", "/ratio?a=ten&b=2"), ("secret", "/secret.txt"), ("missing", "/long.text"),
                       ("ratio", f"/ratio?a={p['a']}&b={p['b']}"), ("by-zero", f"/ratio?a={p['a']}&b=0"),
                       ("ratio-again", f"/ratio?a={p['a']}&b={p['b']}")):
        rec.mark(name)
        get(path)
    crowd(stage, "busy", partial(get, "/report"), "/report", 80)
    rec.mark("stopped")
    get("/stopped")
    rec.mark("impatient")
    get("/impatient")


def crowd(stage, name: str, get, path: str, port: int) -> None:
    """The staff asks for a report; while it is at work, the client asks, too; and once more when it is done."""
    stage.rec.mark(name)
    with stage.asking(f"GET {path} HTTP/1.1\nHost: {stage.host}\nConnection: close\n\n", port, "staff"):
        stage.rec.wait(SETTLE)
        get()
    stage.rec.mark(f"{name}-again")
    get()


def yours(stage, rec) -> None:
    """The student's nginx: the same questions, and each time one that is answered otherwise."""
    p, port = rec.params, rec.params["port"]
    rec.mark("yours")
    rec.student_service("server", stage.net["server"], ["nginx", "-p", ".", "-c", "nginx.conf", "-e", "stderr"],
                        tcp=port)
    base = f"http://{stage.host}:{port}"

    def ask(name, path, who="client", *headers):
        rec.mark(f"your-{name}")
        stage.get(path, port, who, *headers)

    ask("page", "/guide.txt")
    ask("part", "/guide.txt", "client", f"Range: bytes={p['page']}-{p['page'] + 9}")
    ask("moved", f"/{p['old_area']}/{p['day']}.txt?page={p['page']}")
    ask("today", "/today")
    ask("client-at-staff", "/staff/plan.txt")
    ask("staff-at-staff", "/staff/plan.txt", "staff")
    ask("missing", f"/news/{p['token']}.txt")
    ask("ratio", f"/app/ratio?a={p['a']}&b={p['b']}")
    ask("no-number", f"/app/ratio?a=ten&b={p['b']}")
    ask("by-zero", f"/app/ratio?a={p['a']}&b=0")
    rec.mark("your-no-host")
    stage.ask("GET /guide.txt HTTP/1.1\nConnection: close\n\n", port)
    body = Path("upload")
    for name, kilobytes in (("upload", p["upload_kb"] - 5), ("too-much", p["upload_kb"] + 5)):
        body.write_bytes(b"x" * 1024 * kilobytes)
        rec.mark(f"your-{name}")
        stage.curl(name, "-H", "Expect: 100-continue", "--data-binary", f"@{body}", f"{base}/app/upload")
    crowd(stage, "your-busy", partial(stage.get, "/app/report", port), "/app/report", port)
    rec.mark("end")
