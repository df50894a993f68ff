"""ARP on a LAN: h1 asks, h2 owns the address, h3 stands by and later misbehaves."""

import socket
import struct
import threading

from mnlab.lab import Allowed, Diagram, scene

allowed = Allowed(packages=("scapy",))
needs = ("trace",)
diagram = (Diagram(captures=("h1", "h2", "h3"), protocols=("arp", "icmp"), scene="kernel"),
           Diagram(captures=("h1", "h2", "h3"), protocols=("arp",), scene="resolver", during="your-resolver"))

HOSTS = ("h1", "h2", "h3")
NOBODYS = ("nobody", "stranger", "decoy")  # addresses that no host has


def variant(rng) -> dict:
    """Addresses, and how long the kernel and the resolver trust an answer."""
    net = f"10.{rng.randrange(1, 250)}.{rng.randrange(1, 250)}"
    numbers = rng.sample(range(2, 250), len(HOSTS) + len(NOBODYS))
    macs = ["02:" + ":".join(f"{rng.randrange(256):02x}" for _ in range(5)) for _ in range(len(HOSTS) + 1)]
    return {
        **{name: f"{net}.{number}" for name, number in zip((*HOSTS, *NOBODYS), numbers)},
        **{f"{name}_mac": mac for name, mac in zip((*HOSTS, "new"), macs)},
        "reachable": rng.randrange(20, 41),  # s; base_reachable_time, 30 unless set
        "delay": rng.randrange(3, 9),  # s; delay_first_probe_time, 5 unless set
        "waiting": rng.randrange(2, 5),  # packets sent to h3 while it is deaf
        "lifetime": rng.randrange(24, 61),  # s; how long the student's resolver may believe an answer
    }


def secret(rng, params) -> dict:
    """h2's MAC address when the student's resolver asks for it: another network card, the last one."""
    return {"_mac": "02:" + ":".join(f"{rng.randrange(256):02x}" for _ in range(5))}


def topology(params):
    from topologies.lan import Lan
    return Lan(hosts=3, addresses=[f"{params[name]}/24" for name in HOSTS],
               macs=[params[f"{name}_mac"] for name in HOSTS])


@scene
def kernel(net, rec):
    """What Linux does with its neighbours' addresses."""
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
        for owner in ("h2", "stranger"):
            send(net, h3, reply(p, owner))
        rec.mark("lied")
        ping("spoofed-ping", "-c1 -W1")
        rec.save("cache-spoofed", h1, "ip -j neigh")
        rec.wait(settle)


@scene(work=["*.py"])
def resolver(net, rec, work):
    """Your resolver."""
    p = rec.params
    net["h2"].run(f"ip link set dev h2-eth0 address {p['_mac']}")
    with rec.capture("h1", "h2", "h3"), Disturber(net, net["h3"], p):
        rec.student("your-resolver", net["h1"], ["python3", "resolver.py", "h1-eth0", p["h1"], str(p["lifetime"])],
                    caps=["NET_RAW"], timeout=150, input="\n".join(commands(p)) + "\n")


def commands(p) -> list[str]:
    """What the resolver is told. With the two searches in vain, 6 s, h2's entry is too old for the last question."""
    half = p["lifetime"] // 2
    return [f"resolve {p['h2']}", f"resolve {p['h2']}", f"resolve {p['h3']}", f"wait {half}", f"resolve {p['h2']}",
            f"resolve {p['nobody']}", f"resolve {p['decoy']}", f"wait {half + 2}", f"resolve {p['h2']}"]


# --- frames made by hand: only what no kernel would send ---

def arp_frame(link_source, link_target, operation, sender, target) -> bytes:
    """An Ethernet frame with an ARP packet (RFC 826); `sender` and `target` are (MAC address, IP address)."""
    def mac(text):
        return bytes.fromhex(text.replace(":", ""))

    return struct.pack("!6s6sHHHBBH6s4s6s4s", mac(link_target), mac(link_source), 0x0806, 1, 0x0800, 6, 4, operation,
                       mac(sender[0]), socket.inet_aton(sender[1]), mac(target[0]), socket.inet_aton(target[1]))


def reply(p, owner: str, to: str = "h1", link_to: str = "") -> bytes:
    """A reply from h3 that says: the address of `owner` is at h3's MAC."""
    return arp_frame(p["h3_mac"], link_to or p[f"{to}_mac"], 2, (p["h3_mac"], p[owner]), (p[f"{to}_mac"], p[to]))


def question(p, asker: str, target: str) -> bytes:
    """A unicast request from h3, as in the state PROBE, that names `asker` as its sender."""
    mac = p[f"{target}_mac"]
    return arp_frame(p["h3_mac"], mac, 1, (p["h3_mac"], p[asker]), (mac, p[target]))


def wire(net, host) -> socket.socket:
    """A socket that sends and receives whole ARP frames on a host's first interface (packet(7))."""
    from mnlab.net import namespace
    with namespace.inside(host.pid):
        ends = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
        ends.bind((f"{host.name}-eth0", 0x0806))
    return ends


def send(net, host, frame: bytes) -> None:
    with wire(net, host) as out:
        out.send(frame)


class Disturber:
    """h3, each time h1 asks for the address that nobody has, sends three packets that are no answer to it."""

    def __init__(self, net, h3, p):
        self.ends = wire(net, h3)
        self.wanted = socket.inet_aton(p["nobody"])
        self.frames = [
            reply(p, "decoy"),  # a reply about another address
            question(p, "nobody", "h1"),  # comes from the address, but is a question
            reply(p, "nobody", to="h2", link_to="ff:ff:ff:ff:ff:ff"),  # a reply to somebody else
        ]

    def __enter__(self):
        threading.Thread(target=self._disturb, daemon=True).start()

    def _disturb(self):
        while True:
            try:
                frame = self.ends.recv(2048)
            except OSError:
                return
            # RFC 826: operation at byte 20 of the frame, target protocol address at byte 38
            if frame[20:22] == b"\0\1" and frame[38:42] == self.wanted:
                for disturbance in self.frames:
                    self.ends.send(disturbance)

    def __exit__(self, *_):
        self.ends.close()
