"""{{title}}: what happens on the network."""

import random
import socket

from mnlab.lab import Diagram, scene

diagram = (Diagram(captures=("h1", "h2"), protocols=("icmp",), scene="kernel"),
           Diagram(captures=("h1", "h2"), protocols=("udp",), scene="server"))
PORT = 7


def variant(rng: random.Random) -> dict:
    """What differs from student to student."""
    return {"net": f"10.{rng.randrange(1, 250)}.{rng.randrange(1, 250)}",
            "word": rng.choice(("maple", "willow", "hazel"))}


def topology(params):
    from topologies.lan import Lan
    return Lan(hosts=2, addresses=[f"{params['net']}.{number}/24" for number in (1, 2)])


@scene
def kernel(net, rec):
    """What Linux does."""
    with rec.capture("h1", "h2"):
        rec.run("ping", net["h1"], f"ping -c1 {net['h2'].IP()}", check=False)  # what comes of it, checks say


@scene(work=["*.py"])
def server(net, rec, work):
    """Your server."""
    h1, h2 = net["h1"], net["h2"]
    with rec.capture("h1", "h2"):
        rec.student_service("server", h2, f"python3 server.py {PORT}", caps=["NET_BIND_SERVICE"], udp=PORT)
        for port, text in asked(rec.params):
            ask(h1, h2.IP(), port, text)


def asked(params) -> list[tuple[int, bytes]]:
    """What h1 sends, from which port."""
    return [(5001, params["word"].encode()), (5002, b"Tree 3, no leaf!"), (5003, b""), (5001, b"again")]


def ask(host, address: str, port: int, text: bytes) -> None:
    """Send a datagram from a port of a host, and wait a second for an answer."""
    from mnlab.net import namespace
    with namespace.inside(host.pid):
        ends = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with ends:
        ends.settimeout(1)
        ends.bind(("", port))
        ends.sendto(text, (address, PORT))
        try:
            ends.recv(2048)
        except TimeoutError:
            pass  # what was answered is for the checks to say
