"""ARP on a LAN: h1 asks, h2 owns the address, h3 stands by and later misbehaves."""

from mnlab.lab import Allowed, Diagram, scene

allowed = Allowed(packages=("scapy",))
needs = ("trace",)
diagram = (Diagram(captures=("h1", "h2", "h3"), protocols=("arp", "icmp"), scene="kernel"),
           Diagram(captures=("h1", "h2", "h3"), protocols=("arp",), scene="resolver", during="your-resolver"))

HOSTS = ("h1", "h2", "h3")
NOBODYS = ("nobody", "stranger")  # addresses that no host has
#: The parts that h3 plays. `decoy` and those that are `quizzed`, `mistaken` and passed over (`aside`) never answer.
PARTS = ("late", "proxied", "gone", "moving", "slow", "quizzed", "mistaken", "aside", "decoy", "back", "fresh", "later",
         "open", "crowded")
#: MAC addresses that are told, each once: `moved` is the second one of `moving`.
TOLD = ("late", "proxied", "gone", "moving", "moved", "slow", "back", "fresh", "later", "open",
        "crowded")


def variant(rng) -> dict:
    """Addresses, and how long the kernel and the resolver trust an answer."""
    net = f"10.{rng.randrange(1, 250)}.{rng.randrange(1, 250)}"
    numbers = rng.sample(range(2, 250), len(HOSTS) + len(NOBODYS))
    macs = [mac(rng) for _ in range(len(HOSTS) + 1)]
    others = rng.sample([number for number in range(2, 250) if number not in numbers], len(PARTS))
    return {
        **{name: f"{net}.{number}" for name, number in zip((*HOSTS, *NOBODYS), numbers)},
        **{f"{name}_mac": mac for name, mac in zip((*HOSTS, "new"), macs)},
        "reachable": rng.randrange(20, 41),  # s; base_reachable_time, 30 unless set
        "delay": rng.randrange(3, 9),  # s; delay_first_probe_time, 5 unless set
        "waiting": rng.randrange(2, 5),  # packets sent to h3 while it is deaf
        "lifetime": rng.randrange(24, 61),  # s; how long the student's resolver may believe an answer
        "_cast": {part: f"{net}.{number}" for part, number in zip(PARTS, others)},
    }


def mac(rng) -> str:
    """A locally administered MAC address."""
    return "02:" + ":".join(f"{rng.randrange(256):02x}" for _ in range(5))


def secret(rng, params) -> dict:
    """The MAC addresses that the student's resolver has to find out: h2 has another network card then."""
    return {"_mac": mac(rng), "_macs": {name: mac(rng) for name in TOLD}}


def topology(params):
    from topologies.lan import Lan
    return Lan(hosts=3, addresses=[f"{params[name]}/24" for name in HOSTS],
               macs=[params[f"{name}_mac"] for name in HOSTS])


@scene
def kernel(net, rec):
    """What Linux does with its neighbours' addresses."""
    from lab import cast
    h1, h2, h3 = (net[name] for name in HOSTS)
    p = rec.params
    for name in HOSTS:
        net[name].sysctl(f"net.ipv4.neigh.{name}-eth0.base_reachable_time_ms", p["reachable"] * 1000)
        net[name].sysctl(f"net.ipv4.neigh.{name}-eth0.delay_first_probe_time", p["delay"])

    def ping(name, options="-c1"):
        rec.run(name, h1, f"ping {options} {p['h2']}", check=False)  # what comes of it is for the checks to say

    settle = p["delay"] * 1.25 + 2  # s until a used entry has been probed; the kernel's timers may be 1/8 late

    with rec.trace_neighbours(), rec.capture("h1", "h2", "h3"):
        rec.progress("two pings: a miss, then a hit")
        ping("first-ping")
        rec.wait(1)
        ping("second-ping")
        rec.save("cache", h1, "ip -j neigh")

        rec.progress("an entry grows old")
        rec.wait(p["reachable"] * 1.5 * 1.125 + settle)
        ping("stale-ping")
        rec.wait(settle)

        rec.progress("an address that nobody has")
        rec.run("nobody-ping", h1, f"ping -c3 -i0.3 {p['nobody']}", check=False)

        rec.progress("packets wait for h3")
        h3.sysctl("net.ipv4.conf.all.arp_ignore", 8)  # 8: answer nobody
        pings = rec.service("waiting-ping", h1, f"ping -c{p['waiting']} -i0.2 {p['h3']}")
        rec.wait(1.5)  # one question and its first repetition remain unanswered
        h3.sysctl("net.ipv4.conf.all.arp_ignore", 0)
        rec.wait_until(lambda: pings.process.poll() is not None, "the waiting pings end", 20)
        pings.stop()
        rec.wait(settle)

        rec.progress("h2 gets another network card")
        h2.sysctl("net.ipv4.conf.all.arp_notify", 1)  # announce a new address
        h2.run(f"ip link set dev h2-eth0 address {p['new_mac']}")
        rec.mark("announced")
        ping("announced-ping")
        rec.wait(settle)

        rec.progress("h3 tells lies")
        with cast.wire(net, h3) as out:
            for owner in ("h2", "stranger"):
                out.send(cast.arp_frame(p["h3_mac"], p["h1_mac"], cast.REPLY, (p["h3_mac"], p[owner]),
                                        (p["h1_mac"], p["h1"])))
        rec.mark("lied")
        ping("spoofed-ping", "-c1 -W1")
        rec.save("cache-spoofed", h1, "ip -j neigh")
        rec.wait(settle)


@scene(work=["*.py"])
def resolver(net, rec, work):
    """Your resolver."""
    from lab import cast
    p = rec.params
    net["h2"].run(f"ip link set dev h2-eth0 address {p['_mac']}")
    with rec.capture("h1", "h2", "h3"), cast.Actor(net, p):
        rec.student("your-resolver", net["h1"], ["python3", "resolver.py", "h1-eth0", p["h1"], str(p["lifetime"])],
                    caps=["NET_RAW"], timeout=240, input="\n".join(cast.commands(p)) + "\n")
