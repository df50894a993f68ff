"""What a status says, and why: each from a real nginx with an application behind it, for its own reason.

    client ──┐
             s1 ── server     nginx, and behind it an application under gunicorn
    staff  ──┘

The demonstration's nginx (port 80), and the student's before the same application. A step begins at the mark of its
name and lasts until the next one.
"""

import random
import string
import tempfile
from contextlib import contextmanager
from pathlib import Path

from mnlab.lab import Diagram, scene

needs = ("netem", "nginx", "curl", "gunicorn")

diagram = Diagram(captures=("client",), protocols=("http",), scene="statuses", hosts=("client", "server"),
                  first="continue", last="end", limit=64)

WORDS = ("amber", "birch", "cocoa", "delta", "ember", "fjord", "grape", "hazel", "ivory", "lemon", "maple", "olive")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
STOPPED = 8099  # a port of the server on which nobody listens
NEIGHBOURS = (21, 120)  # the ends of other addresses of the client: next to that of the staff, and like it
CLAIMS = ("X-Forwarded-For", "X-Real-IP")  # where a client may say that it speaks for somebody else
SETTLE = 0.3  # s: the first of two requests is at work before the second one comes
LATER = 1  # s: it still is (a report takes 2 s)


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


@scene
def statuses(net, rec):
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
            rec.mark("end")


@scene(work=["*"])
def yours(net, rec, work):
    """Your server."""
    with tempfile.TemporaryDirectory(prefix="app-", dir="/tmp") as folder:
        start_application(rec, net["server"], Path(folder))
        for neighbour in NEIGHBOURS:
            net["client"].run(f"ip addr add {rec.params['net']}.{neighbour}/24 dev client-eth0")
        with rec.capture("client", "staff"):
            judge(Stage(net, rec, rec.params["port"]), rec)


def text(p) -> str:
    """The document of which parts are fetched."""
    return "".join(random.Random(p["_text"]).choices(string.ascii_lowercase + " \n", k=p["size"]))


def serve(rec, server, folder: Path) -> None:
    """The application, and the demonstration's nginx before it."""
    from mnlab.lab.work import fill_in
    here, root = Path(__file__).parent, folder / "site"
    (root / "archive").mkdir(parents=True)
    (root / "long.txt").write_text(text(rec.params))
    (root / "archive/index.html").write_text("the archive\n")
    (root / "secret.txt").write_text("nobody's business\n")
    (root / "secret.txt").chmod(0o600)  # root's; nginx's worker is www-data
    (folder / "nginx.conf").write_text(fill_in((here / "site.conf").read_text(), rec.params | {
        "root": root, "stopped_port": STOPPED}))
    start_application(rec, server, folder)
    rec.service("nginx", server, ["nginx", "-p", folder, "-c", "nginx.conf", "-e", "stderr"], tcp=80)


def start_application(rec, server, folder: Path) -> None:
    folder.chmod(0o755)
    (folder / "app.py").write_text(Path(__file__).with_name("app.py").read_text())
    rec.service("app", server, ["gunicorn", "--bind", f"127.0.0.1:{rec.params['app_port']}", "--threads", "4",
                                "--user", "www-data", "--access-logfile", "-", "--chdir", folder, "app:application"],
                tcp=rec.params["app_port"], timeout=30)


class Stage:
    """Clients of the server at one of its ports: curl, bare sockets, and one that remembers."""

    def __init__(self, net, rec, port: int = 80):
        self.net, self.rec, self.address, self.port = net, rec, net["server"].IP(), port
        self.host = self.address if port == 80 else f"{self.address}:{port}"

    def curl(self, name: str, *options: str) -> None:
        """curl on the client; "{}" in an option is the server."""
        self.rec.run(f"curl-{name}", self.net["client"],
                     ["curl", "-sS", "--max-time", "10", *(option.replace("{}", self.host) for option in options)],
                     check=False, timeout=60)  # up to four URLs

    @contextmanager
    def asking(self, lines: str, who: str = "client"):
        """A socket that has asked; it is read to its end when the block ends. What came is given as a list."""
        from mnlab.net import sockets
        came = []
        try:
            with sockets.connect(self.net[who], (self.address, self.port)) as connection:
                connection.sendall(lines.replace("\n", "\r\n").encode())
                yield came
                came.append(sockets.read_to_end(connection)[0].decode("latin-1"))
        except ConnectionError:  # the wire shows it
            came.append("")

    def ask(self, lines: str, who: str = "client") -> str:
        with self.asking(lines, who) as came:
            pass
        return came[0]

    def get(self, path: str, who: str = "client", *headers: str, host: str = "") -> str:
        return self.ask(self.question(path, *headers, host=host), who)

    def question(self, path: str, *headers: str, host: str = "") -> str:
        return "\n".join([f"GET {path} HTTP/1.1", f"Host: {host or self.host}", "Connection: close", *headers, "", ""])

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
    stage.get("/long.txt", "client", f"Range: bytes={p['first']}-{p['last']}")
    rec.mark("beyond")
    stage.get("/long.txt", "client", f"Range: bytes={p['size'] + 10}-")


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
    crowd(stage, "busy", "/report")
    rec.mark("stopped")
    get("/stopped")
    rec.mark("impatient")
    get("/impatient")


def crowd(stage, name: str, path: str) -> None:
    """The staff asks for a report; while it is at work, the client asks, too; and once more when it is done."""
    stage.rec.mark(name)
    with stage.asking(stage.question(path), "staff"):
        stage.rec.wait(SETTLE)
        stage.get(path)
    stage.rec.mark(f"{name}-again")
    stage.get(path)


def judge(stage, rec) -> None:
    """The student's nginx: the same questions, and each time some that are answered otherwise."""
    p = rec.params
    rec.student_service("server", stage.net["server"], ["nginx", "-p", ".", "-c", "nginx.conf", "-e", "stderr"],
                        tcp=stage.port)
    for name, (path, who, *headers) in questions(p).items():
        rec.mark(name)
        stage.get(path, who, *headers)
    rec.mark("published")
    stage.ask(f"POST /app/publish HTTP/1.1\nHost: {stage.host}\nContent-Length: 0\nConnection: close\n\n")
    rec.mark("app-leads-on")
    stage.get("/app/latest")
    for neighbour in NEIGHBOURS:
        rec.mark(f"neighbour-{neighbour}")
        stage.curl(f"neighbour-{neighbour}", "--interface", f"{p['net']}.{neighbour}", "http://{}/staff/plan.txt")
    body, full = Path("upload"), 1024 * p["upload_kb"]
    for name, size in (("upload", full // 2), ("full", full), ("too-much", full + 1), ("far-too-much", 20 * full)):
        body.write_bytes(b"x" * size)
        rec.mark(name)
        stage.curl(name, "-H", "Expect: 100-continue", "--data-binary", f"@{body}", "http://{}/app/upload")
    reports(stage)
    rec.mark("end")


def questions(p) -> dict[str, tuple[str, ...]]:
    """What is asked at the student's server: step -> path, who asks, more header lines."""
    old, day, other = p["old_area"], p["day"], next(day for day in DAYS if day != p["day"])
    return {
        "page": ("/guide.txt", "client"), "news": (f"/news/{other}.txt", "client"),
        "news-today": (f"/news/{day}.txt", "client"),
        "part": ("/guide.txt", "client", f"Range: bytes={p['page']}-{p['page'] + 9}"),
        "last-part": ("/guide.txt", "client", "Range: bytes=-10"),
        "news-part": (f"/news/{other}.txt", "client", "Range: bytes=4-7"),
        "two-parts": ("/guide.txt", "client", "Range: bytes=0-4,10-14"),
        "moved": (f"/{old}/{day}.txt?page={p['page']}&from=here", "client"),
        "moved-bare": (f"/{old}/{other}.txt", "client"),
        "moved-unknown": (f"/{old}/{p['token']}.txt?{day}", "client"),
        "moved-odd": (f"/{old}/{p['token']}%20of%20{day}.txt", "client"),
        "moved-below": (f"/{old}/{day}/{p['token']}.txt", "client"), "moved-short": (f"/{old}/{p['token']}", "client"),
        "today": ("/today", "client"),
        "client-at-staff": ("/staff/plan.txt", "client"), "staff-at-staff": ("/staff/plan.txt", "staff"),
        "client-guesses": (f"/staff/{p['token']}.txt", "client"),
        "client-below": (f"/staff/{day}/{p['token']}.txt", "client"),
        "client-looks": (f"/staff/{p['token']}", "client"),
        "client-pretends": ("/staff/plan.txt", "client", *(f"{name}: {p['net']}.20" for name in CLAIMS)),
        "missing": (f"/news/{p['token']}.txt", "client"), "missing-area": (f"/{old}s/{day}.txt", "client"),
        "missing-below": (f"/news/{old}/{day}.txt", "client"),
        "missing-for-staff": (f"/staff/{p['token']}.txt", "staff"), "missing-front": (f"/{p['token']}", "client"),
        "missing-capitals": (f"/{old.upper()}/{day}.txt", "client"), "missing-Today": ("/Today", "client"),
        "missing-day": ("/todays", "client"), "missing-app": (f"/app{p['token']}", "client"),
        "ratio": (f"/app/ratio?a={p['a']}&b={p['b']}", "client"),
        "no-number": (f"/app/ratio?a=ten&b={p['b']}", "client"),
        "by-zero": (f"/app/ratio?a={p['a']}&b=0", "client"), "app-missing": (f"/app/{p['token']}", "client"),
        "app-leads": ("/app/latest", "client"), "app-refuses": ("/app/upload", "client"),
        "edition": ("/app/news/1", "client"),
    }


def reports(stage) -> None:
    """Reports for two at a time, and something else meanwhile; then the other way round, under other names."""
    crowd(stage, "busy", "/app/report")
    stage.rec.mark("turned")
    with stage.asking(stage.question("/app/report")):
        stage.rec.wait(SETTLE)
        stage.get("/app/report?again", "staff", host="company")
        stage.get("/app/news/1")
        stage.get("/guide.txt")
        stage.rec.mark("posted")
        stage.ask(f"POST /app/report HTTP/1.1\nHost: {stage.host}\nContent-Length: 0\nConnection: close\n\n", "staff")
        stage.rec.wait(LATER)
        stage.rec.mark("still-turned")
        stage.get("/app/report", "staff")
