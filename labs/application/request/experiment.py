"""Requests, byte by byte: what a real nginx makes of each part of them, and those with which a student is to please it.

    client ──┐
             s1 ──── web    nginx: the shop on port 80, and a door for each of the student's tasks
"""

import calendar
import os
import time
from contextlib import contextmanager
from pathlib import Path

from mnlab.lab import Allowed, Diagram, scene

allowed = Allowed(without=("ctypes", "http.client", "urllib.request"))
needs = ("netem", "nginx", "curl")
diagram = Diagram(captures=("client",), protocols=("tcp", "http"), scene="origin", hosts=("client", "web"),
                  first="notes", last="short", limit=50)

NAMES = ("amber", "birch", "cobalt", "dune", "ember", "fjord", "gravel", "harbour", "iris", "juniper")
WARES = ("boots", "gloves", "coats", "hats", "scarves")
CITIES = ("Zürich", "Malmö", "Besançon", "Łódź", "Tromsø", "A Coruña", "Kraków")
AGENTS = ("Lantern", "Compass", "Heron", "Pelican")
CURL = ("curl", "-sS", "--max-time", "10")  # s, for each URL
NEXT = ("--next", *CURL[1:], "-o", "/dev/null")


def variant(rng) -> dict:
    """Names, addresses, the quiz, and what each task demands."""
    shop, second = (f"www.{name}.example" for name in rng.sample(NAMES, 2))
    city, ware = rng.choice(CITIES), rng.choice(WARES)
    body = f"ware={ware}&city={city}&size={rng.randrange(30, 50)}"
    moment = time.gmtime(calendar.timegm((2025, 1, 1, 0, 0, 0)) + rng.randrange(300 * 86400))
    params = {
        "net": f"10.{rng.randrange(1, 250)}.{rng.randrange(1, 250)}", "delay": rng.randrange(5, 16),
        "port": rng.randrange(81, 89) * 100, "shop": shop, "second": second, "price": rng.randrange(20, 90),
        "ware": ware, "wares": rng.randrange(20, 40), "body": body, "short": rng.randrange(3, 8),
        "_patience": rng.randrange(8, 20), "late": rng.randrange(2, 6),
        "page": f"{rng.choice(WARES)}/{rng.randrange(100, 999)}",
        "query": f"size={rng.randrange(30, 50)}&colour={rng.choice(('red', 'blue', 'green'))}",
        "language": rng.choice(("de", "fr", "es", "it")), "agent": f"{rng.choice(AGENTS)}/{rng.randrange(2, 9)}.0",
        "copy_of": time.strftime("%a, %d %b %Y %H:%M:%S GMT", moment), "changed": calendar.timegm(moment),
        "form": f"ware={ware}&city={rng.choice(CITIES)}&pairs={rng.randrange(2, 99)}"}
    return params | _choices(rng, params)


def _choices(rng, params: dict) -> dict:
    """Which requests are in the quiz, and which refusals are to be earned; with the words for the student."""
    raw, shop = _beside("raw"), _beside("shop")
    quiz = rng.sample(sorted(raw.QUIZ), 8)
    refusals = rng.sample(sorted(shop.REFUSALS), 3)
    words = {f"quiz_{number}": raw.shown(raw.QUIZ[name][0].replace("SHOP", params["shop"]))
             for number, name in enumerate(quiz, start=1)}
    words |= {f"refusal_{number}": shop.REFUSALS[name][0] for number, name in enumerate(refusals, start=1)}
    return {"quiz": quiz, "refusals": refusals, **words}


def _beside(name: str):
    """A module that lies beside this file, in the machine and outside."""
    from mnlab.lab.lab import load
    return load(Path(__file__).with_name(f"{name}.py"))


def topology(params):
    from topologies.star import Star
    return Star(nodes={name: (f"{params['net']}.{number}/24", f"{params['delay']}ms")
                       for number, name in enumerate(("client", "web"), start=1)})


@scene
def origin(net, rec):
    """What nginx makes of requests, good and bad."""
    with asked_of_nginx(net, rec):
        rec.progress("requests, good and bad")
        type_requests(net, rec)
        ask_with_headers(net, rec)


@scene(work=["*.py"])
def ask(net, rec, work):
    """Your requests."""
    with asked_of_nginx(net, rec):
        rec.mark("yours")
        rec.student("ask", net["client"], ["python3", "-SE", "ask.py", net["web"].IP(), str(rec.params["port"])],
                    timeout=120)


@contextmanager
def asked_of_nginx(net, rec):
    """nginx serves, the client knows its names and is listened to; what nginx logged is kept afterwards."""
    p = rec.params
    net["client"].replace_file("/etc/hosts", f"{net['web'].IP()} {p['shop']} {p['second']}\n")
    with rec.capture("client"):
        nginx = start_nginx(net, rec)
        yield
        nginx.stop()
    for name in ("access.log", "error.log"):
        rec.keep(name, (nginx.folder / name).read_text())


def start_nginx(net, rec):
    """nginx on `web`, in a folder of its own beside the work folder."""
    from lab import shop
    folder = Path("nginx").absolute()
    (folder / "site").mkdir(parents=True)
    for name, text in shop.site(rec.params).items():
        path = folder / "site" / name
        path.write_text(text)
        os.utime(path, (rec.params["changed"], rec.params["changed"]))
    (folder / "nginx.conf").write_text(rec.keep("nginx.conf", shop.configuration(rec.params)))
    service = rec.service("nginx", net["web"], ["nginx", "-p", folder, "-c", "nginx.conf", "-e", "stderr"], tcp=80)
    service.folder = folder
    return service


def type_requests(net, rec) -> None:
    """Requests without a browser. Each step begins with a mark."""
    from lab import raw
    from mnlab.net.typed import converse
    p, target = rec.params, (net["web"].IP(), 80)

    def step(name, *parts, **times):
        rec.mark(name)
        converse(net["client"], target, *parts, wait=rec.wait, **{"patience": 6, **times})
        rec.wait(0.2)

    length = len(p["body"].encode())
    step("notes", raw.notes(p, "HTTP1.1"))
    step("repaired", raw.notes(p, "HTTP/1.1"))
    step("no-blank", raw.without_blank_line(p), patience=p["_patience"] + 10)
    step("late-blank", raw.without_blank_line(p), b"\r\n", pause=p["late"])
    step("exact", raw.order(p, length))
    step("short", raw.order(p, length - p["short"]))
    step("long", raw.order(p, length + p["short"]), patience=p["_patience"] + 10)
    for number, request in enumerate(raw.quiz(p), start=1):
        step(f"quiz-{number}", request)


def ask_with_headers(net, rec) -> None:
    """curl, on one connection: the same question with a header and without it."""
    p, site = rec.params, f"http://{rec.params['shop']}"
    rec.mark("headers")
    rec.run("curl-headers", net["client"], [
        *CURL, "-o", "/dev/null", f"{site}/",
        *NEXT, "-H", f"Host: {p['second']}", f"{site}/",
        *NEXT, f"{site}/greeting", *NEXT, "-H", f"Accept-Language: {p['language']},en;q=0.5", f"{site}/greeting",
        *NEXT, f"{site}/price", *NEXT, "-H", "Accept: application/json", f"{site}/price",
        *NEXT, f"{site}/catalogue.txt", *NEXT, "-H", "Accept-Encoding: gzip", f"{site}/catalogue.txt",
        *NEXT, f"{site}/robots-unwelcome", *NEXT, "-A", "Crawlbot/1.0", f"{site}/robots-unwelcome",
        *NEXT, "-e", "http://elsewhere.example/", f"{site}/picture.png", *NEXT, "-e", f"{site}/", f"{site}/picture.png",
        *NEXT, "-d", p["body"], f"{site}/order",
        *NEXT, "-H", "Content-Type: text/plain", "-d", p["body"], f"{site}/order",
        *NEXT, "-H", "Connection: close", f"{site}/", *NEXT, f"{site}/"], check=False)
    rec.wait(0.2)
