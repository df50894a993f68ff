"""A programmable network: an ARP proxy, the student's access list, two paths, and what the ports have counted."""

import socket
from itertools import pairwise

from mnlab.lab import UNCLAIMED_PORTS, Allowed, Diagram, scene

allowed = Allowed(packages=("ryu",), only={"ryu.app": ("wsgi",)})
diagram = Diagram(captures=("c0", "h1", "h2", "h3", "h4"), protocols=("arp", "openflow"),
                  hosts=("h1", "h2", "s1", "c0", "s4", "h3", "h4"), scene="controllers", first="first-question",
                  last="proxy-ends", limit=40)

openflow = True

HOSTS = ("h1", "h2", "h3", "h4")
SWITCHES = ("s1", "s2", "s3", "s4")
FIRST_PORT = 40001  # of the sender of the first flow over the two paths; the next one's is one higher
STATISTICS, INTERVAL = "statistics.conf", 0.5  # s from one look at the ports to the next
PORTS = 12  # of all switches together
BULK = 60_000  # bytes that each flow sends
SETTLE = 0.3  # s until all is quiet
#: The pings under the access list: name, who pings, whom.
PINGS = (("ping", "admin", "server"), ("ping-back", "server", "admin"), ("ping-blocked", "blocked", "server"),
         ("ping-elsewhere", "admin", "managed"))


def variant(rng) -> dict:
    """Addresses, who is who on the access list, its ports, and how much is sent over the two paths."""
    net = f"10.{rng.randrange(1, 250)}.{rng.randrange(1, 250)}"
    numbers = rng.sample(range(2, 250), len(HOSTS) + 1)
    roles = dict(zip(("server", "blocked", "admin", "managed"), rng.sample(HOSTS, 4)))
    address = {name: f"{net}.{number}" for name, number in zip((*HOSTS, "nobody"), numbers)}
    web, login, names, other = rng.sample(UNCLAIMED_PORTS, 4)
    first, second = rng.sample(HOSTS[:2], 2)
    far = rng.sample(HOSTS[2:], 2)
    flows = [f"{one}>{other}" for one in (first, second) for other in far] + [f"{first}>{far[0]}"] * 2
    asker, asked = rng.choice((("h3", "h1"), ("h1", "h2"), ("h4", "h2"), ("h2", "h3")))
    packets = questions(address, roles, web, login, names, other, rng)
    return {
        **address, **{f"{name}_mac": "02:" + ":".join(f"{rng.randrange(256):02x}" for _ in range(5)) for name in HOSTS},
        **{role: address[host] for role, host in roles.items()},
        "web": web, "login": login, "names": names, "other": other,
        # The flows over the two paths, in the order in which they begin.
        "flows": " ".join(flows[:rng.randrange(4, 7)]),
        "pings": rng.randrange(5, 12), "size": rng.randrange(100, 1200),  # counted at the ports
        "asker": asker, "asked": asked,
        **{f"packet{number}": words for number, (words, _) in enumerate(packets, 1)},
        "roles": roles, "rules": [rule for _, rule in packets],
    }


def questions(address, roles, web, login, names, other, rng) -> list[tuple[str, int]]:
    """Packets to judge by the list: in words, and the number of the rule that decides (0: none)."""
    at = {role: address[host] for role, host in roles.items()}
    found = [
        (f"TCP SYN from {at['blocked']} port {other} to {at['server']} port {web}", 1),
        (f"TCP SYN from {at['managed']} port {other} to {at['server']} port {web}", 2),
        (f"TCP SYN from {at['server']} port {web} to {at['admin']} port {other}", 0),
        (f"TCP ACK from {at['managed']} port {login} to {at['admin']} port {other}", 4),
        (f"TCP SYN from {at['managed']} port {other} to {at['admin']} port {login}", 0),
        (f"UDP from {at['server']} port {names} to {at['managed']} port {other}", 5),
        (f"UDP from {at['admin']} port {other} to {at['server']} port {names}", 0),
        (f"ICMP echo request from {at['server']} to {at['admin']}", 0),
        (f"ICMP echo reply from {at['server']} to {at['admin']}", 6),
        (f"TCP SYN from {at['server']} port {web} to {at['managed']} port {login}", 7),
    ]
    return rng.sample(found, len(found))


def topology(params):
    from topologies.diamond import Diamond
    return Diamond(addresses=[f"{params[name]}/24" for name in HOSTS], macs=[params[f"{name}_mac"] for name in HOSTS])


@scene
def controllers(net, rec):
    """An ARP proxy, two paths, and what the ports count."""
    prepare(net)
    with rec.capture("c0", *HOSTS, "s2-eth1", "s3-eth1"):
        lower_path(net, "down")
        ask_for_addresses(net, rec)
        lower_path(net, "up")
        use_both_paths(net, rec)


# --- an ARP proxy ---

def ask_for_addresses(net, rec):
    rec.progress("an ARP proxy")
    p = rec.params
    proxy = rec.controller("proxy", "arp_proxy.py")
    rec.mark("first-question")
    for source, target in pairwise(HOSTS):  # then everybody has spoken
        rec.run(f"{source}-{target}", net[source], f"ping -c1 -W1 {p[target]}", check=False)
    rec.wait(SETTLE)
    forget(net)
    rec.mark("known")
    rec.run("known-ping", net[p["asker"]], f"ping -c1 -W1 {p[p['asked']]}", check=False)
    rec.save("neighbours", net[p["asker"]], "ip -j neigh")
    rec.wait(SETTLE)
    rec.mark("unknown")
    rec.run("nobody", net[p["asker"]], f"ping -c1 -W1 {p['nobody']}", check=False)
    rec.wait(SETTLE)
    rec.mark("proxy-ends")
    proxy.stop()
    forget(net)


def forget(net) -> None:
    """Empty the hosts' ARP caches."""
    for host in HOSTS:
        net[host].run(["ip", "neigh", "flush", "all"])


# --- the student's access list ---

@scene(work=["*.py"])
def acl(net, rec, work):
    """Your access list."""
    from lab.probes import all_talks, last_talk, send, strays, talks
    p = rec.params
    prepare(net)
    lower_path(net, "down")
    # One host's SYNs ask for ECN (RFC 3168): they have two flags more than others.
    net[p["roles"]["managed"]].sysctl("net.ipv4.tcp_ecn", 1)
    with rec.capture("c0", *HOSTS, "s2-eth1", "s2-eth2"):
        rec.student_controller("your-list", "acl.py")
        rec.mark("list")
        listeners = listen(net, all_talks(p))
        first, *_ = wanted = talks(p)
        for talk in wanted:
            rec.mark(talk.name)
            attempt(net, p, talk, listeners)
            if talk is first:
                rec.keep("list-s1-first", net["s1"].flows())
        for name, source, target in PINGS:
            rec.run(name, net[p["roles"][source]], f"ping -c1 -W3 {p[p['roles'][target]]}", check=False)
        for stray in strays(p):
            rec.mark(stray.name)
            send(net, p, stray)
        rec.wait(SETTLE)
        rec.mark("again")
        attempt(net, p, last_talk(p), listeners)
        rec.keep("list-s1", net["s1"].flows())
        rec.wait(SETTLE)
        rec.mark("list-ends")
        for listener in listeners.values():
            listener.close()


def open_socket(net, host: str, kind: str):
    """A socket of a host's."""
    from lab.probes import PATIENCE
    from mnlab.net import namespace
    with namespace.inside(net[host].pid):
        found = socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # close with a reset: no TIME_WAIT
    found.settimeout(PATIENCE)
    return found


def listen(net, wanted) -> dict:
    """(protocol, host, port) -> a socket that waits there. Whatever the list lets through finds somebody."""
    found = {}
    for talk in wanted:
        if (talk.protocol, talk.server, talk.port) not in found:
            waiting = found[talk.protocol, talk.server, talk.port] = open_socket(net, talk.server, talk.protocol)
            waiting.bind(("", talk.port))
            if talk.protocol == "tcp":
                waiting.listen()
    return found


def attempt(net, p, talk, listeners) -> None:
    """Client and server say a word each, if they get that far. What came of it is in the captures."""
    from lab.probes import PATIENCE, WORDS, ports
    waiting = listeners[talk.protocol, talk.server, talk.port]
    with open_socket(net, talk.client, talk.protocol) as source:
        source.bind(("", ports(p, talk)[0]))
        try:
            source.connect((p[talk.server], talk.port))
            source.sendall(WORDS[0])
            if talk.protocol == "udp":
                _, asker = waiting.recvfrom(100)
                waiting.sendto(WORDS[1], asker)
            else:
                accepted, _ = waiting.accept()
                with accepted:
                    accepted.settimeout(PATIENCE)
                    accepted.recv(100)
                    accepted.sendall(WORDS[1])
            source.recv(100)
        except OSError:
            pass  # refused, or nothing came


# --- two paths, and what the ports count ---

def use_both_paths(net, rec):
    rec.progress("two paths")
    p = rec.params
    with open(STATISTICS, "w") as file:
        file.write(f"[statistics]\ninterval = {INTERVAL}\nforward = false\n")
    balancer = rec.controller("balancer", "two_paths.py", "--config-file", STATISTICS, "controller/port_statistics.py")
    rec.mark("balanced")
    send_over_both(net, rec)
    rec.wait(SETTLE)
    rec.mark("flows-end")

    rec.progress("what the ports have counted")
    source, target = p["flows"].split()[0].split(">")
    look_again(rec, balancer)
    rec.save("before", net[source], ["ip", "-j", "-s", "link", "show", f"{source}-eth0"])
    rec.mark("count")
    rec.run("counted", net[source], f"ping -c{p['pings']} -i0.1 -s{p['size']} {p[target]}", check=False)
    rec.mark("counted-to")
    rec.save("after", net[source], ["ip", "-j", "-s", "link", "show", f"{source}-eth0"])
    look_again(rec, balancer)
    rec.mark("balanced-ends")
    balancer.stop()


def look_again(rec, monitor) -> None:
    """Return when the monitor, which writes a line for each port, has looked at all of them once more from now on."""
    wanted = monitor.read("err").count("\n") + 2 * PORTS  # there may be a look under way
    rec.wait_until(lambda: monitor.read("err").count("\n") >= wanted, "the ports are looked at", 30)


def send_over_both(net, rec):
    """Flow after flow begins; then each sends its bytes."""
    p, pairs = rec.params, []
    for number, flow in enumerate(p["flows"].split()):
        source, target = flow.split(">")
        with open_socket(net, target, "tcp") as waiting:
            waiting.bind(("", p["web"] + number))
            waiting.listen()
            sender = open_socket(net, source, "tcp")
            sender.bind(("", FIRST_PORT + number))
            rec.mark(f"flow-{number + 1}")
            sender.connect((p[target], p["web"] + number))
            pairs.append((sender, waiting.accept()[0]))
    for sender, receiver in pairs:
        exchange(sender, receiver)
    for end in (end for pair in pairs for end in pair):
        end.close()


def exchange(sender, receiver) -> None:
    """Send BULK bytes, piece by piece, so that neither end has to wait for a second thread."""
    for _ in range(BULK // 6000):
        sender.sendall(bytes(6000))
        left = 6000
        while left:
            left -= len(receiver.recv(left))


# --- what the scenes have in common ---

def prepare(net) -> None:
    """What a host knows stays valid: no question comes unasked."""
    for host in HOSTS:
        net[host].sysctl(f"net.ipv4.neigh.{host}-eth0.base_reachable_time_ms", 600_000)


def lower_path(net, state: str) -> None:
    """Break the lower path, or put it right: without it there is no loop. Whatever flows there were are deleted."""
    net["s3"].run(["ip", "-batch", "-"], input="".join(f"link set s3-eth{port} {state}\n" for port in (1, 2)))
    for switch in SWITCHES:
        net[switch].delete_flows()
