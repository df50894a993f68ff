"""The handshake: three segments, why not two, why not four, and what it costs to wait for the third.

    h1 ───┐
          s1 ─── h3        h3 sends what no kernel sends, and is the way to everywhere else: a way that ends there
    h2 ───┘

Sockets of the hosts belong to this process and live in the hosts' namespaces. A connection is known by its port at h1.
"""

from mnlab.lab import UNCLAIMED_PORTS, Allowed, Diagram, scene

PORTS = {"plain": 6101, "old": 6103, "racing": 6104, "cookie": 6105, "fast": 6106, "blocked": 6107, "served": 6108,
         "bare": 6109, "patient": 6110, "doubling": 6111, "first": 6201, "nowhere": 6202, "closed": 6203, "shut": 6204,
         "barred": 6205, "doubted": 6206, "made-up": 6207, "wrapping": 6208}
SERVER, OPENED, FLOODED, GUARDED, STUDENTS = 5005, 5001, 5002, 5003, 5004  # ports of h2
MADE_UP = 5006  # port of the peer that h3 plays
LINEAR = "net.ipv4.tcp_syn_linear_timeouts"  # since Linux 6.5
CROSSING = (7001, 7002)  # ports at h1 and h2 of the simultaneous open
WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "islet", "jetty")
FOREIGN = ("äpple", "größe", "tōfu", "čaj", "ñandú", "œuvre")  # with characters of more than a byte
HALF_OPEN = 12300  # the first source port of what h3 makes up

allowed = Allowed()
needs = ("netem", "nftables", "trace")
diagram = Diagram(captures=("h1", "h2"), protocols=("tcp",), hosts=("h1", "h2"), scene="kernel", first="plain",
                  last="old")


def variant(rng) -> dict:
    """Addresses, numbers, and how much h2 can take. `delay` in ms each link, `mss` in bytes."""
    backlog = rng.randrange(6, 17)
    numbers = rng.sample(range(2, 250), 3)
    return {
        "net": f"10.{rng.randrange(1, 250)}.{rng.randrange(1, 250)}",
        "h1_host": numbers[0], "h2_host": numbers[1], "h3_host": numbers[2],
        "outside": f"203.0.113.{rng.randrange(1, 255)}", "delay": rng.randrange(80, 111),
        "mss": rng.randrange(1310, 1440), "old_number": rng.randrange(10**6, 2**32 - 10**6),
        "backlog": backlog, "flood": backlog + rng.randrange(4, 11),
        "text": " ".join(rng.sample(WORDS, 2)), "closed_port": rng.choice(UNCLAIMED_PORTS),
        # An even number of bytes, where the first has an odd one; and spaces wherever there can be some.
        "more_text": "  " + "  ".join(rng.sample(WORDS, 2)) + "  ",
        "last_text": " ".join(rng.sample(FOREIGN, 2)),
    }


def secret(rng, params) -> dict:
    """What h2 answers to the student's handshake, and what h3's made-up peer does."""
    words = rng.sample([word for word in WORDS if word not in params["text"]], 4)
    return {"_reply": " ".join(words[:2]), "_more_reply": "  ".join(words[2:]),
            "_last_reply": " ".join(rng.sample(FOREIGN, 3))}


def topology(params):
    from topologies.lan import Lan
    addresses = [f"{params['net']}.{params[f'{name}_host']}/24" for name in ("h1", "h2", "h3")]
    return Lan(hosts=3, addresses=addresses, link={"delay": f"{params['delay']}ms"})


@scene
def kernel(net, rec):
    """What opens a connection, and what does not."""
    stage = set_up(net, rec)
    with rec.trace(), rec.capture("h1", "h2", only="tcp"):
        rec.progress("three segments")
        patient = stage.connect_nowhere()  # give up two minutes from now
        rec.wait(stage.way)  # their first SYNs are out of the way
        rec.mark("plain")
        stage.plain()
        rec.progress("four segments")
        rec.mark("crossing")
        stage.crossing()
        rec.mark("old")
        rec.progress("an old SYN")
        stage.old()
        stage.racing()
        stage.fast_open()
        rec.progress("a half-open connection")
        rec.mark("half-open")
        stage.half_open()
        rec.progress("a flood, without and with SYN cookies")
        rec.mark("flood")
        stage.flooded()
        stage.guarded()
        rec.progress("the last SYN")
        stage.give_up(patient)


@scene(work=["*.py"])
def handshake(net, rec, work):
    """Your handshake."""
    from lab.student import Trial
    stage = set_up(net, rec)
    with rec.trace(), rec.capture("h1", "h2", only="tcp"):
        Trial(stage).run()


def set_up(net, rec):
    """The stage: routes to everywhere by h3, and full ARP caches."""
    from lab import steps
    h1, h2, p = net["h1"], net["h2"], rec.params
    way_out = f"route add default via {net['h3'].IP()}\n"
    h1.run(["ip", "-batch", "-"], input=way_out + f"route change {p['net']}.0/24 dev h1-eth0 src {h1.IP()} "
           f"advmss {p['mss']}\n")
    h2.run(["ip", "-batch", "-"], input=way_out)
    stage = steps.Stage(net, rec)
    stage.meet()
    return stage
