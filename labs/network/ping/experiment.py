"""ping across a LAN and across two routers: what is asked for, what passes, and who says no."""

import ipaddress

from mnlab.lab import UNCLAIMED_PORTS, Allowed, Diagram, scene

allowed = Allowed()
needs = ("netem", "nftables")
SEEN = {"captures": ("h1", "h2", "r1-eth1", "h3"), "protocols": ("arp", "icmp", "ip"),
        "hosts": ("h2", "h1", "r1", "r2", "h3")}
diagram = (Diagram(**SEEN, scene="kernel", first="first", limit=60),
           Diagram(**SEEN, scene="yours", during="your-ping"))

HOSTS = ("h1", "h2", "h3", "r1", "r2")
COUNT = 5  # requests that the student's ping sends to h3
#: Targets on the left network that h2 plays for the student's ping.
CAST = ("mixed", "slow", "optioned", "failing", "about", "no_error")


def variant(rng) -> dict:
    """Two networks cut from the same 256 addresses, so that only the mask tells them apart; a narrow, slow link."""
    base = f"10.{rng.randrange(1, 250)}.{rng.randrange(1, 250)}.0"
    prefix = rng.choice((25, 26, 27))
    left, right = rng.sample(list(ipaddress.ip_network(f"{base}/24").subnets(new_prefix=prefix)), 2)
    h1, h2, r1, *cast = (str(left[number]) for number in rng.sample(range(1, left.num_addresses - 1), 3 + len(CAST)))
    h3, r2, absent = (str(right[number]) for number in rng.sample(range(1, right.num_addresses - 1), 3))
    middle = f"172.{rng.randrange(16, 32)}.{rng.randrange(256)}"
    mtu = 8 * rng.randrange(75, 110)  # bytes
    return {
        "h1": h1, "h2": h2, "r1": r1, "h3": h3, "r2": r2, "absent": absent, "prefix": prefix, "left": str(left),
        "right": str(right), "r1_out": f"{middle}.1", "r2_out": f"{middle}.2",
            "outside": f"203.0.113.{rng.randrange(1, 255)}",
        **{f"{name}_mac": "02:" + ":".join(f"{rng.randrange(256):02x}" for _ in range(5))
           for name in ("h1", "h2", "h3", "r1", "nobodys")},
        "mtu": mtu, "size": rng.randrange(mtu, 1473),  # of an echo's data: it fits h1's link, and not the routers'
        "delay": rng.randrange(5, 31),  # ms, each way, between the routers
        "port": rng.choice(UNCLAIMED_PORTS), "count": COUNT, "_cast": dict(zip(CAST, cast)),
    }


def secret(rng, params) -> dict:
    """Which request of the student's ping is lost, and what it is told: TTLs, codes of errors, and who sends them."""
    true, false = rng.randrange(75, 150), rng.randrange(160, 245)
    return {"_lost": rng.randrange(2, COUNT), "_false_ttl": false,
            "_ttls": {part: true - number for number, part in enumerate(CAST)},
            # codes that ask for nothing but to be told (RFC 792; RFC 1812, section 5.2.7.1)
            "_codes": {"3": rng.choice((5, 6, 7, 9, 10, 13)), "11": 1, "12": rng.choice((0, 2))},
            "_reporters": [f"198.51.100.{number}" for number in rng.sample(range(1, 255), 3)]}


def topology(params):
    from topologies.two_lans import TwoLans
    p = params
    addresses = {name: f"{p[name]}/{p['prefix']}" for name in HOSTS}
    return TwoLans({**addresses, "left": p["left"], "between": (f"{p['r1_out']}/30", f"{p['r2_out']}/30")},
                   {name: p[f"{name}_mac"] for name in HOSTS if name != "r2"}, p["mtu"], f"{p['delay']}ms")


@scene
def kernel(net, rec):
    """The kernels' pings."""
    from lab import cast
    h1, p = net["h1"], rec.params

    def ping(name, target, options="-c1"):
        rec.run(name, h1, f"ping {options} {p[target]}", check=False)  # what comes of it is for the checks to say

    with rec.capture("h1", "h2", "r1-eth1", "h3"):
        rec.progress("near and far")
        rec.mark("first")
        ping("near-ping", "h2", "-c2 -i0.2")
        ping("far-ping", "h3", "-c2 -i0.2")

        rec.progress("a frame for somebody else")
        with cast.wire(net, "h1") as out:
            for number, mac in ((1, p["nobodys_mac"]), (2, p["h2_mac"])):
                out.send(cast.icmp_frame(p["h1_mac"], mac, p["h1"], p["h2"], 64, cast.ECHO_REQUEST, 0,
                                         b"LA" + number.to_bytes(2, "big") + b"for whom?"))
        rec.wait(0.5)

        rec.progress("packets that get nowhere")
        ping("ttl1-ping", "h3", "-c1 -t1")
        ping("ttl2-ping", "h3", "-c1 -t2")
        ping("outside-ping", "outside")
        ping("absent-ping", "absent")
        rec.run("udp", h1, f"echo hello > /dev/udp/{p['h3']}/{p['port']}")
        rec.wait(0.5)

        rec.progress("packets that are too long")
        ping("long-ping", "h3", f"-c1 -M dont -s{p['size']}")
        ping("df-ping", "h3", f"-c1 -M do -s{p['size']}")

        rec.progress("a wrong mask")
        h1.run(["ip", "-batch", "-"], input=f"addr del {p['h1']}/{p['prefix']} dev h1-eth0\n"
               f"addr add {p['h1']}/24 dev h1-eth0\nroute replace default via {p['r1']}\n")
        ping("wrong-mask-ping", "h3")


@scene(work=["*.py"])
def yours(net, rec, work):
    """Your ping."""
    from lab import cast
    p = rec.params
    with (rec.capture("h1", "h2", "r1-eth1", "h3"), cast.Actor(net, p),
          rec.lose("lost", "r1-eth0", f"icmp type echo-request ip daddr {p['h3']} ip ttl 64", nth=[p["_lost"]])):
        rec.student("your-ping", net["h1"], ["python3", "ping.py"], caps=["NET_RAW"], timeout=60,
                    input="\n".join(cast.commands(p)) + "\n")
