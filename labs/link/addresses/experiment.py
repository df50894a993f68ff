"""Two LANs with a router each: what MAC and IP addresses do, what happens when one changes; the student's network."""

import ipaddress
import json
import select
import socket
import struct

from mnlab.lab import Diagram, scene

diagram = Diagram(captures=("h1", "r1-eth1", "h3"), protocols=("arp", "icmp"), scene="kernel", last="moved",
                  hosts=("h2", "h1", "r1", "r2", "h3"), limit=60)

ADAPTERS = ("h1-eth0", "h2-eth0", "h3-eth0", "h4-eth0", "r1-eth0", "r1-eth1", "r2-eth0", "r2-eth1")
HOSTS = ("h1", "h2", "h3", "h4")
NODES = (*HOSTS, "r1", "r2")
SILENCE = 60  # s: h1's ARP entry is STALE by then; REACHABLE lasts 45 s at most, and the timer may be 1/8 late
PINGS = 12  # a second apart, to h2 with its new MAC: 5 s in state DELAY, 3 s of probes, then some that arrive
PATIENCE = 5  # s; an address that nobody answers for is given up after 3 s


# --- this variant ---

def variant(rng) -> dict:
    """Addresses of the first network, the MAC of every adapter, and three blocks of addresses for the student's."""
    one, two = rng.sample(range(1, 250), 2)
    left, right = f"10.{one}.{rng.randrange(250)}", f"10.{two}.{rng.randrange(250)}"
    middle = f"172.{rng.randrange(16, 32)}.{rng.randrange(256)}"
    h1, h2, alias, r1 = rng.sample(range(2, 250), 4)
    h3, h4, moved, r2 = rng.sample(range(2, 250), 4)
    return {
        "h1": f"{left}.{h1}", "h2": f"{left}.{h2}", "h2_second": f"{left}.{alias}", "r1": f"{left}.{r1}",
        "h3": f"{right}.{h3}", "h4": f"{right}.{h4}", "h2_moved": f"{right}.{moved}", "r2": f"{right}.{r2}",
        "r1_out": f"{middle}.1", "r2_out": f"{middle}.2", "left": f"{left}.0/24", "right": f"{right}.0/24",
        **{f"{adapter.replace('-', '_')}_mac": mac(rng) for adapter in (*ADAPTERS, "new")},
        **blocks(rng), "outside": f"203.0.113.{rng.randrange(1, 255)}",
    }


def mac(rng) -> str:
    """A locally administered unicast address: of the first byte, the second bit is set, the lowest not (IEEE 802)."""
    return "02:" + ":".join(f"{rng.randrange(256):02x}" for _ in range(5))


def blocks(rng) -> dict:
    """Three blocks cut from the same 256 addresses, so that only the right masks will do; a plan that fits."""
    whole = ipaddress.ip_network(f"192.168.{rng.randrange(256)}.0/24")
    left = rng.choice(list(whole.subnets(new_prefix=rng.choice((26, 27)))))
    right = rng.choice([net for net in whole.subnets(new_prefix=rng.choice((27, 28))) if not net.overlaps(left)])
    link = rng.choice([net for net in whole.subnets(new_prefix=30) if not net.overlaps(left) | net.overlaps(right)])
    plan = {}
    for block, hosts, router in ((left, ("h1", "h2"), "r1"), (right, ("h3", "h4"), "r2")):
        for host, number in zip(hosts, rng.sample(range(1, block.num_addresses - 2), 2), strict=True):
            plan[f"_{host}"] = str(block[number])
        plan[f"_{router}"] = str(block[-2])
    # for packets to nobody's network: an address in each quarter of the whole, and beside each LAN (where a route leads
    # whose prefix is one bit too short), that is in none of the blocks
    beside = [other for lan in (left, right) for other in lan.supernet().subnets() if other != lan]
    parts = [[address for address in part if not any(address in net for net in (left, right, link))]
             for part in (*whole.subnets(new_prefix=26), *beside)]
    return {"left_block": str(left), "right_block": str(right), "link_block": str(link),
            "_gaps": list(dict.fromkeys(str(rng.choice(free)) for free in parts if free)),
            "_left_prefix": left.prefixlen, "_right_prefix": right.prefixlen,
            "_r1_out": str(link[1]), "_r2_out": str(link[2]), **plan}


def topology(params):
    from topologies.sites import Sites
    own = {"h1-eth0": "h1", "h2-eth0": "h2", "r1-eth0": "r1", "h3-eth0": "h3", "h4-eth0": "h4", "r2-eth0": "r2"}
    addresses = {adapter: f"{params[key]}/24" for adapter, key in own.items()}
    addresses |= {"r1-eth1": f"{params['r1_out']}/30", "r2-eth1": f"{params['r2_out']}/30"}
    macs = {adapter: params[f"{adapter.replace('-', '_')}_mac"] for adapter in ADAPTERS}
    return Sites(addresses, macs, params["left"], params["right"])


# --- the experiment ---

@scene
def kernel(net, rec):
    """What happens to addresses on the way, and when one changes."""
    h1, h2, h3, p = net["h1"], net["h2"], net["h3"], rec.params

    def ping(name, host, target, options="-c2 -i0.2"):
        rec.run(name, host, f"ping {options} {p[target]}", check=False)  # what comes of it is for the checks to say

    with rec.capture("h1", "h2", "h3", "r1"):
        rec.progress("near and far")
        ping("near-ping", h1, "h2")
        rec.save("ports", net["s1"], "bridge -j fdb show br s1")
        ping("far-ping", h1, "h3")

        rec.progress("two IP addresses on one adapter")
        h2.run(f"ip address add {p['h2_second']}/24 dev h2-eth0")
        ping("second-ping", h1, "h2_second")

        rec.progress("another MAC address on the same adapter")
        rec.wait(SILENCE)
        h2.run(f"ip link set dev h2-eth0 address {p['new_mac']}")
        rec.mark("changed")
        ping("changed-ping", h1, "h2", f"-c{PINGS} -i1 -W1")
        rec.save("ports-changed", net["s1"], "bridge -j fdb show br s1")

        rec.progress("the same host on the other LAN")
        rec.mark("moved")
        plug(net, rec, "s1", "s1-eth2", "s2", "s2-eth4")
        ping("old-address-ping", h1, "h2", "-c2 -W1")
        ping("old-gateway-ping", h2, "r1", "-c1")
        ping("old-neighbour-ping", h3, "h2", "-c1")
        h2.run(["ip", "-batch", "-"], input=f"address flush dev h2-eth0\naddress add {p['h2_moved']}/24 dev h2-eth0\n"
               f"route add default via {p['r2']}\n")
        ping("new-address-ping", h1, "h2_moved")


@scene(work=["*.conf"])
def network(net, rec, work):
    """Your network."""
    with rec.capture("h1", "h2", "h3", "r1"):
        targets = configure(net, rec, work)
        rec.mark("yours")
        rec.keep("reach", reach(net, rec, NODES, targets))
        rec.mark("outside")
        refused = {host: {} for host in HOSTS}
        for address in nobodys(rec.params):  # one by one: a router reports so often and no more (icmp_ratelimit)
            for host, result in reach(net, rec, HOSTS, {address: address}).items():
                refused[host] |= result
        rec.keep("outside", refused)


def nobodys(p) -> list[str]:
    """Addresses in nobody's network, far away and between the student's own blocks."""
    return [p["outside"], *p["_gaps"]]


def plug(net, rec, switch: str, port: str, other: str, other_port: str) -> None:
    """Pull the cable of h2 out of one switch, and put it into another."""
    from mnlab.net import namespace
    net[switch].run(f"ip link set dev {port} netns {net[other].pid} name {other_port}")
    net[other].run(f"ip link set dev {other_port} master {other} up")

    def link_is_up():
        with namespace.inside(net["h2"].pid):
            return namespace.is_running("h2-eth0")
    rec.wait_until(link_is_up, f"h2's link to {other} is up")


# --- the student's network ---

def configure(net, rec, work) -> dict:
    """Forget every address and route, give the nodes those of the student's network.conf: interface -> its address."""
    from lab import plan
    interfaces = {name: [adapter for adapter in ADAPTERS if adapter.startswith(f"{name}-")] for name in NODES}
    settings, complaints = plan.read(configuration(work), interfaces)
    has, routes = {}, {}
    for name, own in interfaces.items():
        lines = plan.batch(settings, name, own)
        text = "\n".join([*(line for line, _ in lines), "address show", "route show"])
        done = net[name].run(["ip", "-json", "-force", "-batch", "-"], input=text + "\n", check=False)
        complaints += plan.refusals(lines, done.stderr)
        shown = done.stdout.splitlines()
        has[name], routes[name] = json.loads(shown[0]), json.loads(shown[1])
    rec.keep("addresses", has)
    rec.keep("routes", routes)
    for complaint in complaints:
        rec.fault(f"network.conf: {complaint}")
    return {link["ifname"]: first_address(link) for links in has.values() for link in links
            if link["ifname"] in ADAPTERS}


def configuration(work) -> str:
    from mnlab.evidence.recorder import StudentFault
    path = work / "network.conf"
    if not path.is_file():
        raise StudentFault("There is no file network.conf in your folder.")
    return path.read_bytes()[:65536].decode(errors="replace")


def first_address(link: dict) -> str | None:
    return next((entry["local"] for entry in link["addr_info"] if entry["family"] == "inet"), None)


def reach(net, rec, sources, targets: dict) -> dict:
    """What comes back when each source sends an echo request to each target: source -> target -> result in words.

    Written by hand, because 42 times ping(8) would take long: the kernels find route and neighbour as they do for ping.
    """
    asked = {name: Asker(net, name, ident) for ident, name in enumerate(sources, start=0x4144)}
    for asker in asked.values():
        for number, (target, address) in enumerate(targets.items()):
            asker.ask(number, target, address)
    rec.wait(PATIENCE)
    return {name: asker.results() for name, asker in asked.items()}


class Asker:
    """A node that sends echo requests (RFC 792) and listens for what comes back."""

    def __init__(self, net, name: str, ident: int):
        from mnlab.net import namespace
        self.name, self.ident, self.sent, self.heard = name, ident, {}, {}
        with namespace.inside(net[name].pid):
            self.raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)

    def ask(self, number: int, target: str, address: str | None) -> None:
        from mnlab.protocols.ip import internet_checksum
        if target.startswith(f"{self.name}-"):
            return
        self.sent[number] = (target, address)
        if address is None:
            self.heard[number] = "it has no address"
            return
        message = struct.pack("!BBHHH", 8, 0, 0, self.ident, number) + b"reach?"
        checksum = internet_checksum(message).to_bytes(2, "big")
        try:
            self.raw.sendto(message[:2] + checksum + message[4:], (address, 0))
        except OSError as problem:
            self.heard[number] = f"not sent: {problem.strerror}"

    def results(self) -> dict:
        """Target -> "reply", or what else became of the request."""
        while select.select([self.raw], [], [], 0)[0]:
            data, (source, _) = self.raw.recvfrom(2048)
            self._hear(data[(data[0] & 15) * 4:], source)
        self.raw.close()
        return {target: self.heard.get(number, "no answer") for number, (target, _) in self.sent.items()}

    def _hear(self, message: bytes, source: str) -> None:
        from mnlab.protocols.icmp import ERRORS
        kind, said = (message[0], message[1]), None
        if message[0] == 0:
            ident, number = struct.unpack_from("!HH", message, 4)
            said = "reply" if source == self.sent.get(number, ("", ""))[1] else f"a reply from {source}"
        elif kind in ERRORS and len(message) >= 36:  # it quotes an IP header, then 8 bytes of our request
            ident, number = struct.unpack_from("!HH", message, 8 + (message[8] & 15) * 4 + 4)
            said = f"{ERRORS[kind]}, says {source}"
        if said and ident == self.ident and number in self.sent:
            self.heard.setdefault(number, said)
