"""GET and POST: where the fields of a form go, and who can read them there.

    client ──┐         ┌── server   nginx and an application; later, the student's
             │         │
    eve ─────┼── s1 ───┼── proxy    nginx with a cache, before the server
             │         │
             └─────────┴── other    somebody else's site

s1 is a hub, so eve hears everything. A step begins at the mark of its name and lasts until the next one.
"""

import string
from pathlib import Path

from mnlab.lab import Allowed, Diagram, scene

allowed = Allowed(programs=("gunicorn", "python3"), packages=("gunicorn",))
needs = ("netem", "nginx", "curl", "gunicorn")

diagram = Diagram(captures=("client",), protocols=("http",), scene="shop", first="get", last="medium-url",
                  limit=40)

NUMBERS = {"client": 10, "eve": 66, "proxy": 70, "server": 80, "other": 90}
NAMES = ("Ada", "Blaise", "Carl", "Emmy", "Grace", "Karen", "Leonhard", "Sofia")
CAKES = ("almond cake", "bee sting", "carrot cake", "linzer torte", "poppy seed roll", "simnel cake")
LIMIT_AT_NGINX = 8192  # bytes of a request line, unless it is told otherwise (large_client_header_buffers)


def variant(rng) -> dict:
    """Sizes in bytes, `delay` in ms (of each link, each way). What eve is to find out has a leading _."""
    one, two, three = rng.sample(NAMES, 3)
    return {
        "net": f"10.{rng.randrange(1, 250)}.{rng.randrange(1, 250)}", "delay": rng.randrange(3, 9),
        "app_port": rng.randrange(81, 89) * 100, "port": rng.choice((91, 92, 94, 95, 97, 98)) * 100,
        "name": one, "_card": "".join(rng.choices(string.digits, k=16)), "friend": two, "enemy": three,
        "cake": rng.choice(CAKES), "medium": rng.randrange(4000, 6000), "long": rng.randrange(9000, 12000),
        "body_kb": rng.randrange(4, 8), "limit": rng.randrange(20, 40) * 100,
    }


def secret(rng, params) -> dict:
    """What visitors write into the student's guest book."""
    return {"_word": f"w{rng.randrange(1000, 9999)}"}


def topology(params):
    from topologies.star import Star
    return Star({name: (f"{params['net']}.{number}/24", f"{params['delay']}ms") for name, number in NUMBERS.items()})


@scene
def shop(net, rec):
    """Where the fields of a form go."""
    net["s1"].run("ip link set s1 type bridge ageing_time 0".split())  # it learns nothing, so it floods: a hub
    serve(net, rec)
    stage = Stage(net, rec)
    with rec.capture("client", "eve"):
        rec.progress("the same fields by GET and by POST")
        leaks(stage, rec.params)
        caches(stage, rec)
        rec.progress("too long for whom, and in how many segments")
        limits(stage, rec.params)
        segments(stage, rec.params)
        rec.keep("access.log", Path("server/access.log").read_text())


@scene(work=["*.py"])
def form(net, rec, work):
    """Your form."""
    with rec.capture("client"):
        yours(Stage(net, rec), rec)


def serve(net, rec) -> None:
    """The shop, the proxy before it, and the other site."""
    from mnlab.lab.work import fill_in
    here, p = Path(__file__).parent, rec.params
    rec.service("notes", net["server"], ["python3", "-SE", here / "notes.py", str(p["app_port"]), net["other"].IP()],
                tcp=p["app_port"])
    for name, config in (("server", "site.conf"), ("proxy", "proxy.conf"), ("other", "other.conf")):
        folder = Path(name).absolute()
        folder.mkdir()
        (folder / "nginx.conf").write_text(fill_in((here / config).read_text(), p))
        (folder / "banner.txt").write_text("buy more\n")
        rec.service(f"nginx-{name}", net[name], ["nginx", "-p", folder, "-c", "nginx.conf", "-e", "stderr"], tcp=80)


class Stage:
    """Clients on the client's host."""

    def __init__(self, net, rec):
        self.net, self.rec = net, rec
        self.at = {name: net[name].IP() for name in NUMBERS}

    def curl(self, step: str, *options: str) -> None:
        """A step with one call of curl; {server}, {proxy} in an option are addresses."""
        self.rec.mark(step)
        options = [option.format(**self.at) if option.startswith("http://") else option for option in options]
        self.rec.run(f"curl-{step}", self.net["client"], ["curl", "-sS", "--max-time", "10", *options], check=False)


def fields(p) -> str:
    return f"name={p['name']}&card={p['_card']}"


def leaks(stage, p) -> None:
    """The same fields by GET and by POST; then both again on a page that leads to another site."""
    stage.curl("get", "http://{server}/search?" + fields(p))
    stage.curl("post", "-d", fields(p), "http://{server}/search")
    # ";auto": the page one comes from is told to the next one, as a browser does that has no policy against it.
    stage.curl("leave-get", "-L", "-e", ";auto", "http://{server}/leave?" + fields(p))
    stage.curl("leave-post", "-L", "-e", ";auto", "-d", fields(p), "http://{server}/leave")


def caches(stage, rec) -> None:
    """Each twice by way of the proxy; what the cache has on its disk."""
    fetch = ["http://{proxy}/search?" + fields(rec.params)]
    order = ["-d", fields(rec.params), "http://{proxy}/order"]
    stage.curl("cached-get", *fetch, *fetch)
    stage.curl("cached-post", *order, *order[2:])
    kept = [path.read_bytes().split(b"\n") for path in Path("proxy/cache").rglob("*") if path.is_file()]
    keys = sorted(line.decode() for lines in kept for line in lines if line.startswith(b"KEY: "))
    rec.keep("cache-keys", "".join(f"{key}\n" for key in keys))


def limits(stage, p) -> None:
    """URLs and bodies of some lengths, at two ports of one server. HTTP has no limit for either."""
    url = "http://{server}%s/search?q="
    for step, port, size in (("medium-url", "", p["medium"]), ("long-url", "", p["long"]),
                             ("long-url-elsewhere", ":8080", p["long"])):
        stage.curl(step, url % port + "x" * size)
    for step, port in (("big-body", ""), ("big-body-elsewhere", ":8080")):
        stage.curl(step, "-d", "q=" + "x" * (p["body_kb"] + 1) * 1024, "http://{server}%s/search" % port)


def segments(stage, p) -> None:
    """The POST of `post` by two other clients: curl that asks first, and Python's http.client."""
    from http.client import HTTPConnection
    from socket import IPPROTO_TCP, TCP_NODELAY

    from mnlab.net import sockets
    stage.curl("expect", "-H", "Expect: 100-continue", "-d", fields(p), "http://{server}/search")
    stage.rec.mark("http-client")
    client = HTTPConnection(stage.at["server"], timeout=10)
    client.sock = sockets.connect(stage.net["client"], (stage.at["server"], 80))
    client.sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)  # as its own connect() does
    client.request("POST", "/search", fields(p), {"Content-Type": "application/x-www-form-urlencoded"})
    client.getresponse().read()
    client.close()


def yours(stage, rec) -> None:
    """The student's guest book, as visitors with good and with bad intentions use it."""
    from lab import visitors
    from mnlab.net.typed import converse
    p, port = rec.params, rec.params["port"]
    rec.mark("yours")
    rec.student_service("form", stage.net["server"], ["gunicorn", "--bind", f"0.0.0.0:{port}", "form:application"],
                        tcp=port, timeout=30)
    for visit in visitors.visits(p):
        rec.mark(f"your-{visit.step}")
        converse(stage.net["client"], (stage.at["server"], port), visit.request(f"{stage.at['server']}:{port}"),
                 patience=10)
    rec.mark("end")
