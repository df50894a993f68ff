"""From a URL that somebody types to a page on the screen: what goes over the wire, and in which order.

    client ──┐        ┌── dns      BIND, which knows the names
             s1 ──────┼── www      nginx: a page that redirects, and frames
                      ├── media    nginx: a frame from elsewhere, new each time
                      └── shop     the student's nginx

w3m is a real browser for terminals. It loads a page's frames (-F), not its pictures, styles and scripts. Where the
machine has Chromium, that loads the page as well, with all that belongs to it.
"""

import shutil
import tempfile
from pathlib import Path

from mnlab.lab import Diagram, scene

needs = ("netem", "named", "nginx", "w3m", "arp")

diagram = Diagram(captures=("client",), protocols=("dns", "tcp", "http"), hosts=("client", "dns", "www", "media"),
                  first="page", last="page-shown", limit=64)

TREES = ("alder", "beech", "cedar", "hazel", "larch", "maple", "rowan", "willow")
THINGS = ("anchor", "bottle", "candle", "dragon", "engine", "falcon", "guitar", "hammer", "island", "jacket")
COLOURS = ("amber", "azure", "coral", "ebony", "ivory", "khaki", "lemon", "ochre", "olive", "umber")
HOSTS = ("client", "dns", "www", "media", "shop")
#: What happens while the page loads, in this order (checked); the student gets it in another one.
EVENTS = {"ask": "the client asks DNS for the address of www", "syn": "SYN to www, for the first time",
          "get": "GET /", "moved": "301: the page is elsewhere", "fin": "the first FIN",
          "syn-again": "SYN to www, for the second time", "page": "200, with the page that names the frames",
          "frame": "GET of the first frame", "ask-media": "the client asks DNS for the address of media",
          "frame-media": "GET of the frame at media", "last": "the last byte of the last frame",
          "shown": "w3m prints the page"}
LETTERS = "abcdefghijkl"  # one for each


def variant(rng) -> dict:
    """Names, addresses, delays (ms, each way); what the pages say; the events in the student's order."""
    net = f"10.{rng.randrange(1, 250)}.{rng.randrange(250)}"
    numbers, things = rng.sample(range(2, 250), len(HOSTS)), rng.sample(THINGS, 8)
    params = {"domain": f"{rng.choice(TREES)}{rng.randrange(10, 100)}.test",  # RFC 6761: nobody's
              **{name: f"{net}.{number}" for name, number in zip(HOSTS, numbers, strict=True)}}
    for name, low, high in (("dns", 4, 9), ("www", 12, 25), ("media", 30, 60), ("shop", 10, 20)):
        params[f"delay_{name}"] = rng.randrange(low, high)
    says = {thing: f"The {thing} is {colour} {rng.randrange(100, 1000)}." for thing, colour
            in zip(things, rng.sample(COLOURS, len(things)), strict=True)}
    order = rng.sample(list(EVENTS), len(EVENTS))
    pieces = [says[thing] for thing in things[4:]]
    return params | {
        "page": {"start": f"{things[0]}s.html", "frames": {f"{thing}.html": says[thing] for thing in things[1:3]},
                 "style": f"{things[3]}.css", "script": f"{things[2]}.js", "picture": f"{things[1]}.svg"},
        **{f"piece_{number}": text for number, text in enumerate(pieces, start=1)},
        **{f"event_{letter}": EVENTS[event] for letter, event in zip(LETTERS, order, strict=True)}}


def topology(params):
    from topologies.star import Star
    return Star({name: (f"{params[name]}/24", {} if name == "client" else f"{params[f'delay_{name}']}ms")
                 for name in HOSTS})


@scene(work=["*"])
def loads(net, rec, work):
    """A page, from the URL to the screen."""
    from lab import browsers, servers
    p, client, url = rec.params, net["client"], f"http://www.{rec.params['domain']}/"
    folder = Path(tempfile.mkdtemp(prefix="browser-"))
    rec.stack.callback(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    servers.start(net, rec, folder)
    servers.introduce(net)  # ARP would cost a round trip of its own: the lab arp has that
    client.use_resolver(p["dns"])
    with rec.capture("client", "media"):
        rec.mark("page")
        browsers.w3m(rec, "w3m", folder, url)
        rec.mark("page-shown")
        browsers.chromium(rec, "chromium", folder, url)
        rec.progress("your site")
        rec.student_service("shop", net["shop"], ["nginx", "-p", ".", "-c", "nginx.conf", "-e", "stderr"],
                            caps=["NET_BIND_SERVICE"], tcp=80)
        for name in ("visit", "visit-again"):
            browsers.w3m(rec, name, folder, f"http://shop.{p['domain']}/")
