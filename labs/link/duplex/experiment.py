"""The same two flows over three kinds of cable, then over the student's three."""

import socket
import time

from mnlab.lab import UNCLAIMED_PORTS, Diagram, scene

needs = ("netem", "ifb")
diagram = Diagram(captures=("h1", "h2"), protocols=("arp", "icmp", "tcp"), scene="kernel", first="no-way-back",
                  last="flows", limit=30)

KINDS = ("simplex", "half", "full")
BUSY = 2.0  # s that each flow would keep a channel busy on its own
OFFER = 1000  # kbit/s that each sender offers: more than any channel here carries, so that none is idle
OWN_OFFER = 2000  # the same over the student's cables: there, half of what is sent has to wait, and more
LATE = 0.5  # s that h1 has each of the student's cables for itself
PATIENCE = 4.5  # s that h1 waits for a TCP connection: SYNs after 0, 1 and 3 s, or (Linux since 6.5) after each second
SETTLE = 9.0  # s after the last frame is sent: on the slowest cable, 400 kbit/s for both, all has arrived after 8 s
HEADERS = 42  # bytes of Ethernet, IPv4 and UDP headers before the data


def variant(rng) -> dict:
    """Addresses; the rate of the lab's cables and of the student's, in kbit/s; the sizes of both flows' frames."""
    net = f"10.{rng.randrange(1, 250)}.{rng.randrange(1, 250)}"
    h1, h2 = rng.sample(range(2, 250), 2)
    rate, simplex, half, there, back = rng.sample(range(400, 801, 20), 5)
    sizes = [rng.randrange(1100, 1515), rng.randrange(700, 1000)]
    rng.shuffle(sizes)
    params = {"h1": f"{net}.{h1}", "h2": f"{net}.{h2}", "rate": rate, "h1_frame": sizes[0], "h2_frame": sizes[1],
              "port": rng.choice(UNCLAIMED_PORTS), "tcp_port": rng.choice(UNCLAIMED_PORTS),
              "own_simplex": simplex, "own_half": half, "own_there": there, "own_back": back}
    return params | {"h1_frames": frames(rate, sizes[0]), "h2_frames": frames(rate, sizes[1])}


def frames(rate: int, size: int) -> int:
    """How many frames of `size` bytes keep a channel of `rate` kbit/s busy for BUSY seconds."""
    return round(BUSY * rate * 1000 / 8 / size)


def topology(params):
    from topologies.lan import Lan
    return Lan(hosts=2, addresses=[f"{params[name]}/24" for name in ("h1", "h2")])


@scene
def kernel(net, rec):
    """Two flows over three kinds of cable."""
    from lab import cable
    h1, p = net["h1"], rec.params
    add_channels(net)
    with rec.capture("h1", "h2"):
        rec.progress("simplex: no ARP, no TCP")
        lay(net, cable.of_kind("simplex", p["rate"]))
        rec.mark("no-way-back")
        rec.run("arp-ping", h1, f"ping -c1 -W4 {p['h2']}", check=False)
        introduce(net, p)
        connect(net, rec, p)
        rec.mark("flows")
        for number, kind in enumerate(KINDS):
            rec.progress(f"two flows: {kind}")
            lay(net, cable.of_kind(kind, p["rate"]))
            flows(net, rec, p, kind, p["port"] + number)


@scene(work=["*.tc"])
def cables(net, rec, work):
    """Your cables."""
    p = rec.params
    add_channels(net)
    introduce(net, p)
    with rec.capture("h1", "h2"):
        for number, kind in enumerate(KINDS, start=len(KINDS)):
            rec.progress(f"your {kind}.tc")
            for complaint in lay(net, description(rec, work, kind)):
                rec.fault(f"{kind}.tc: {complaint}")
            flows(net, rec, p, f"your-{kind}", p["port"] + number, late=LATE, offer=OWN_OFFER)


def add_channels(net) -> None:
    """The cable's two channels, with nothing in them yet."""
    from lab import cable
    net["s1"].run(["ip", "-batch", "-"], input="".join(f"link add {channel} type ifb\nlink set {channel} up\n"
                                                       for channel in cable.CHANNELS))


def lay(net, text: str) -> list[str]:
    """Lay a cable; what is wrong with its description."""
    from lab import cable
    lines, complaints = cable.read(text)
    batch = "\n".join([*cable.CUT, *(line.command for line in lines)]) + "\n"
    done = net["s1"].run(["tc", "-force", "-batch", "-"], input=batch, check=False)
    return complaints + cable.refusals(lines, done.stderr)


def introduce(net, p) -> None:
    """Each host knows the other's MAC address for good: the flows need no ARP."""
    for host, other in ((net["h1"], net["h2"]), (net["h2"], net["h1"])):
        mac = next(str(intf.mac) for intf in other.intfList() if intf.name != "lo")
        host.run(f"ip neigh replace {p[other.name]} lladdr {mac} dev {host.name}-eth0 nud permanent")


def description(rec, work, kind: str) -> str:
    path = work / f"{kind}.tc"
    if not path.is_file():
        rec.fault(f"There is no file {kind}.tc in your folder.")
        return ""
    return path.read_bytes()[:65536].decode(errors="replace")


# --- traffic: made here, because a program for each flow and cable would take long to start ---

def udp(net, name: str, address: str, port: int) -> socket.socket:
    """A UDP socket on a host, bound so that what arrives there is taken and not refused."""
    from mnlab.net import namespace
    with namespace.inside(net[name].pid):
        end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    end.bind((address, port))
    return end


def flows(net, rec, p, name: str, port: int, late: float = 0.0, offer: int = OFFER) -> None:
    """Both flows at once (h2's `late` seconds later) between `port` of h1 and of h2, each sent at `offer` kbit/s;
    returns once all has arrived."""
    rec.mark(name)
    ends = {host: udp(net, host, p[host], port) for host in ("h1", "h2")}
    plan = []
    for host, other, start in (("h1", "h2", 0.0), ("h2", "h1", late)):
        gap, rest = p[f"{host}_frame"] * 8 / (offer * 1000), bytes(p[f"{host}_frame"] - HEADERS - 4)
        plan += [(start + gap * number, host, number.to_bytes(4, "big") + rest, p[other])
                 for number in range(p[f"{host}_frames"])]
    begin = time.monotonic()
    for moment, host, data, target in sorted(plan):
        time.sleep(max(0.0, begin + moment - time.monotonic()))
        ends[host].sendto(data, (target, port))
    rec.wait(SETTLE)
    for end in ends.values():
        end.close()


def connect(net, rec, p) -> None:
    """h1 tries to connect to a server on h2 by TCP; what comes of it is kept as files/connect."""
    from mnlab.net import namespace
    with namespace.inside(net["h2"].pid):
        server = socket.create_server((p["h2"], p["tcp_port"]))
    with namespace.inside(net["h1"].pid):
        client = socket.socket()
    client.settimeout(PATIENCE)
    rec.mark("connect")
    try:
        client.connect((p["h2"], p["tcp_port"]))
        rec.keep("connect", "connected\n")
    except OSError as problem:
        rec.keep("connect", f"{problem}\n")
    client.close()
    server.close()
