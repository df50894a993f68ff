"""TCP and UDP side by side, on the same paths: who is told what, and what comes of it.

    h1, h2, h3, h4 around the switch s1. What s1 does to frames for h3 changes from step to step (steps.py).
"""

from mnlab.lab import UNCLAIMED_PORTS, Allowed, Diagram, scene

HOSTS = ("h1", "h2", "h3", "h4")
PURPOSES = ("hello", "closed", "talk", "group", "cuts", "large", "bare", "full", "file", "voice", "bulk", "flood",
            "framing")
#: Which of ten data segments are lost for the longest header: three of them, each with one that arrives on both sides.
HOLES = ((2, 4, 6), (2, 4, 7), (2, 5, 7), (2, 5, 8), (3, 5, 7), (3, 5, 8), (3, 6, 8), (2, 6, 8), (3, 6, 9), (4, 6, 8))

allowed = Allowed()
needs = ("netem", "tbf", "nftables", "trace")

diagram = Diagram(captures=HOSTS, protocols=("tcp", "udp", "icmp", "igmp"), scene="kernel", first="first",
                  last="kinds-end", limit=70)


def variant(rng) -> dict:
    """Times in ms, sizes in bytes, shares in percent, `rate` in Mbit/s. Segments and messages count from 1."""
    net = f"10.{rng.randrange(1, 250)}.{rng.randrange(1, 250)}"
    numbers = rng.sample(range(2, 250), len(HOSTS))
    ports = rng.sample(UNCLAIMED_PORTS, len(PURPOSES))
    delay = rng.randrange(30, 46)
    return {
        **{name: f"{net}.{number}" for name, number in zip(HOSTS, numbers)}, "broadcast": f"{net}.255",
        # Of a group's address 23 bits go into the MAC address; the bit before them is set here, so that it shows.
        "group": f"239.{rng.randrange(128, 255)}.{rng.randrange(256)}.{rng.randrange(1, 255)}",
        **{f"{name}_port": port for name, port in zip(PURPOSES, ports)},
        "delay": delay,  # each way
        "hello_from": rng.randrange(50000, 54000),  # source port
        "sizes": [rng.randrange(130, 300) for _ in range(rng.randrange(4, 7))],
        # Of a datagram that needs three to five fragments. The last one has a few hundred bytes.
        "large": rng.randrange(2, 5) * 1480 + rng.randrange(200, 1200),
        "holes": rng.choice(HOLES),
        "chunks": rng.randrange(200, 231), "chunk": 1000, "content": rng.randrange(10**6),
        "loss": rng.randrange(7, 11), "duplicate": rng.randrange(5, 9), "reorder": rng.randrange(8, 13),
        "voices": 60, "voice_lost": rng.randrange(15, 36),
        "rate": rng.choice([0.6, 0.7, 0.8]), "queue": rng.randrange(10, 14),
        "limit": rng.randrange(66_000, 99_000),
    }


def secret(rng, params) -> dict:
    """What the student's program is sent."""
    return {"_pick": rng.randrange(10**6)}


def topology(params):
    from topologies.lan import Lan
    # The delay is at the switch, so that a host's capture shows when it sent.
    return Lan(hosts=len(HOSTS), addresses=[f"{params[name]}/24" for name in HOSTS],
               link={"params2": {"delay": f"{params['delay']}ms"}})


@scene
def kernel(net, rec):
    """What TCP and UDP do on the same paths."""
    from lab import steps
    stage = steps.Stage(net, rec)
    steps.meet(stage)
    with rec.capture(*HOSTS):
        for step in (steps.connecting, steps.kinds, steps.cuts, steps.fragments, steps.headers, steps.voice):
            step(stage)
        with rec.trace(only=f"dport == {rec.params['file_port']} || dport == {rec.params['bulk_port']}"):
            for step in (steps.file, steps.crowd):
                step(stage)
    rec.keep("received", stage.got)


@scene(work=["*.py"])
def framing(net, rec, work):
    """Your framing."""
    from lab import peer, steps
    stage = steps.Stage(net, rec)
    steps.meet(stage)
    with rec.capture("h1", "h2"):
        peer.visit(stage)
