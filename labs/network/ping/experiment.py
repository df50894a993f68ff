"""ping across a LAN and across two routers: what is asked for, what passes, and who says no."""

import ipaddress
import socket
import struct
import threading

from mnlab.lab import UNCLAIMED_PORTS, Allowed, Diagram, scene

allowed = Allowed()
needs = ("netem", "nftables")
SEEN = {"captures": ("h1", "h2", "r1-eth1", "h3"), "protocols": ("arp", "icmp", "ip"),
        "hosts": ("h2", "h1", "r1", "r2", "h3")}
diagram = (Diagram(**SEEN, first="first", last="yours", limit=60), Diagram(**SEEN, during="your-ping"))

HOSTS = ("h1", "h2", "h3", "r1", "r2")
COUNT = 5  # requests that the student's ping sends


def variant(rng) -> dict:
    """Two networks cut from the same 256 addresses, so that only the mask tells them apart; a narrow, slow link."""
    base = f"10.{rng.randrange(1, 250)}.{rng.randrange(1, 250)}.0"
    prefix = rng.choice((25, 26, 27))
    left, right = rng.sample(list(ipaddress.ip_network(f"{base}/24").subnets(new_prefix=prefix)), 2)
    h1, h2, r1 = (str(left[number]) for number in rng.sample(range(1, left.num_addresses - 1), 3))
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
         "port": rng.choice(UNCLAIMED_PORTS),
    }


def secret(rng, params) -> dict:
    """Which request of the student's ping is lost."""
    return {"_lost": rng.randrange(2, COUNT)}


def topology(params):
    from topologies.two_lans import TwoLans
    p = params
    addresses = {name: f"{p[name]}/{p['prefix']}" for name in HOSTS}
    return TwoLans({**addresses, "left": p["left"], "between": (f"{p['r1_out']}/30", f"{p['r2_out']}/30")},
                   {name: p[f"{name}_mac"] for name in HOSTS if name != "r2"}, p["mtu"], f"{p['delay']}ms")


@scene(work=["*.py"])
def pings(net, rec, work):
    """The kernels' pings, and yours."""
    h1, p = net["h1"], rec.params

    def ping(name, target, options="-c1"):
        rec.run(name, h1, f"ping {options} {p[target]}", check=False)  # what comes of it is for the checks to say

    with rec.capture("h1", "h2", "r1-eth1", "h3"):
        rec.progress("near and far")
        rec.mark("first")
        ping("near-ping", "h2", "-c2 -i0.2")
        ping("far-ping", "h3", "-c2 -i0.2")

        rec.progress("a frame for somebody else")
        for number, mac in ((1, p["nobodys_mac"]), (2, p["h2_mac"])):
            send(net, "h1", echo(p, mac, number))
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

        rec.progress("your ping")
        rec.mark("yours")
        net["r1"].run(["nft", "-f", "-"], input=drop_rule(p))
        with Disturber(net, p):
            rec.student("your-ping", h1, ["python3", "ping.py"], caps=["NET_RAW"], timeout=40, input=commands(p))

        rec.progress("a wrong mask")
        h1.run(["ip", "-batch", "-"], input=f"addr del {p['h1']}/{p['prefix']} dev h1-eth0\n"
               f"addr add {p['h1']}/24 dev h1-eth0\nroute replace default via {p['r1']}\n")
        ping("wrong-mask-ping", "h3")


def commands(p) -> str:
    """What the student's ping is told: target, how many, time to live."""
    return f"ping {p['h3']} {COUNT} 64\nping {p['h3']} 1 1\n"


def drop_rule(p) -> str:
    """A rule (nft(8)) by which r1 loses one of the student's requests, and says nothing."""
    return (f"table ip lab {{\n chain forward {{\n  type filter hook forward priority 0;\n"
            f"  icmp type echo-request icmp sequence {p['_lost']} ip daddr {p['h3']} drop\n }}\n}}\n")


# --- frames made by hand: only what no kernel would send ---

def icmp_frame(link_source, link_target, source, target, ttl, kind, ident, number, data: bytes) -> bytes:
    """An Ethernet frame with an IPv4 packet (RFC 791) with an ICMP echo or echo reply (RFC 792)."""
    from mnlab.protocols.ip import internet_checksum
    message = struct.pack("!BBHHH", kind, 0, 0, ident, number) + data
    message = message[:2] + internet_checksum(message).to_bytes(2, "big") + message[4:]
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(message), number, 0, ttl, socket.IPPROTO_ICMP, 0,
                         socket.inet_aton(source), socket.inet_aton(target))
    header = header[:10] + internet_checksum(header).to_bytes(2, "big") + header[12:]
    macs = (bytes.fromhex(mac.replace(":", "")) for mac in (link_target, link_source))
    return b"".join(macs) + b"\x08\x00" + header + message


def echo(p, mac: str, number: int) -> bytes:
    """An echo request from h1 to h2's IP address, in a frame to `mac`."""
    return icmp_frame(p["h1_mac"], mac, p["h1"], p["h2"], 64, 8, 0x4C41, number, b"for whom?")


def wire(net, name: str) -> socket.socket:
    """A socket that sends and receives whole IPv4 frames on a host's first interface (packet(7))."""
    from mnlab.net import namespace
    with namespace.inside(net[name].pid):
        ends = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
        ends.bind((f"{name}-eth0", 0x0003))  # 3: all protocols, and what this host sends, too
    return ends


def send(net, name: str, frame: bytes) -> None:
    with wire(net, name) as out:
        out.send(frame)


class Disturber:
    """h2, whenever h1 sends h3 an echo request, sends h1 three echo replies that are no answer to it."""

    def __init__(self, net, p):
        self.p, self.ears, self.mouth = p, wire(net, "h1"), wire(net, "h2")
        self.target = socket.inet_aton(p["h3"])

    def __enter__(self):
        threading.Thread(target=self._disturb, daemon=True).start()

    def _disturb(self):
        p = self.p
        while True:
            try:
                frame = self.ears.recv(2048)
            except OSError:
                return
            # the IP destination is at byte 30 of the frame; ICMP (type, code, checksum, id, sequence) begins at byte 34
            if frame[23:24] != b"\1" or frame[30:34] != self.target or frame[34:35] != b"\x08":
                continue
            ident, number = struct.unpack_from("!HH", frame, 38)
            for source, wrong_ident, wrong_number in (("h3", ident ^ 1, number), ("h2", ident, number),
                                                      ("h3", ident, (number - 1) % 65536)):
                self.mouth.send(icmp_frame(p["h2_mac"], p["h1_mac"], p[source], p["h1"], 55, 0, wrong_ident,
                                           wrong_number, frame[42:]))

    def __exit__(self, *_):
        for ends in (self.ears, self.mouth):
            ends.close()
