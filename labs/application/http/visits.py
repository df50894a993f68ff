"""Visitors without a browser: sockets of the client's kernel, so that every byte and every pause is chosen.

Each step begins with a mark of its name; what happened is read from the wire.
"""

from contextlib import ExitStack

from lab import probes
from lab.probes import BRIEF, HESITANT, LEAVE, get
from lab.web import CURL, GIVEN, paths
from mnlab.net import typed

WEB, OWN = "web", "own"


def farewells(net, rec) -> None:
    """nginx: the same question twice; then three ways in which a connection ends."""
    p, name = rec.params, rec.params["web_name"]
    question = get(name, f"/{p['files'][0]}")
    visit(rec, "twice", WEB, question, question, pause=1.0)
    visit(rec, "close", WEB, get(name, "/", LEAVE), patience=10)
    visit(rec, "old", WEB, f"GET / HTTP/1.0\r\nHost: {name}\r\n\r\n".encode(), patience=10)
    visit(rec, "keep", WEB, get(name, "/"), patience=p["_keepalive"] + 15)


def judge(net, rec) -> None:
    """The student's server: before curl, then before those who say what is in probes.py."""
    p, site, name = rec.params, f"http://{rec.params['own_name']}", rec.params["own_name"]
    net[OWN].run("mount --bind /usr/share/zoneinfo/Asia/Kolkata /etc/localtime")  # so local time is not GMT
    rec.student_service("server", net[OWN], ["python3", "-SE", "server.py", "80", GIVEN], caps=["NET_BIND_SERVICE"],
                        tcp=80)

    def curl(step: str, *arguments: str) -> None:
        rec.mark(step)
        rec.run(f"curl-{step}", net["client"], [*CURL, *arguments], check=False, timeout=60)  # up to five URLs
        rec.wait(0.2)

    curl("own-page", "-i", f"{site}/")
    curl("own-several", *(part for path in ("/picture.png", "/no-such-page", "/empty.txt", "/blob", "/index.html")
                          for part in ("-o", "/dev/null", site + path)))
    curl("own-head", "-I", f"{site}/picture.png", "--next", *CURL[1:], "-o", "/dev/null", f"{site}/picture.png")
    for step, probe in probes.of(p, list(paths(p))).items():
        visit(rec, step, OWN, *probe.parts, pause=probe.pause, patience=probe.patience)
    together(rec, name)


def together(rec, name: str) -> None:
    """Some begin to ask and hesitate; somebody else asks meanwhile."""
    whole = get(name, "/blob", LEAVE)
    rec.mark("own-together")
    with ExitStack() as stack:
        slow = [typed.connected(rec.net["client"], (rec.net[OWN].IP(), 80)) for _ in range(HESITANT)]
        slow = [stack.enter_context(one) for one in slow if one]
        for one in slow:
            typed.say(one, whole[:20])
        visit(rec, "own-meanwhile", OWN, get(name, "/index.html", LEAVE))
        rec.mark("own-hesitant")
        for one in slow:
            typed.say(one, whole[20:])
            typed.hear(one, BRIEF)


def visit(rec, step: str, host: str, *parts: bytes, pause: float = 0.0, patience: float = BRIEF) -> None:
    """Connect to port 80 of `host`, send the parts with pauses between, listen until the end or for `patience` s."""
    rec.mark(step)
    typed.converse(rec.net["client"], (rec.net[host].IP(), 80), *parts, pause=pause, patience=patience, wait=rec.wait)
    rec.wait(0.2)
