"""A hub, then the student's learning switch, on two switches whose controller is some milliseconds away."""

import signal
import socket
import struct

from mnlab.lab import Allowed, Diagram, scene

allowed = Allowed(packages=("ryu",), only={"ryu.app": ("wsgi",)})
needs = ("netem",)
diagram = Diagram(captures=("h1", "c0"), protocols=("arp", "icmp", "openflow"), hosts=("h1", "s1", "c0", "s2"),
                  first="first", last="far")

openflow = True

HOSTS = ("h1", "h2", "h3", "h4")
SWITCHES = ("s1", "s2")
LOCAL, IPV6 = 0x88B5, 0x86DD  # EtherTypes: for local experiments (IEEE 802), and one that hosts here do not use
PINGS, KILLED_AFTER = 8, 1.6  # echo requests, one each half second; s
#: s without a word from the controller after which a standalone switch acts: three inactivity probes of 5 s
#: (ovs-vswitchd.conf.db(5)), and one more because the switch counts whole seconds.
PATIENCE = 16


def variant(rng) -> dict:
    """Addresses, who is at which port, where the controller is, and what it is asked for."""
    net = f"10.{rng.randrange(1, 250)}.{rng.randrange(1, 250)}"
    numbers = rng.sample(range(1, 250), len(HOSTS))
    macs = ["02:" + ":".join(f"{rng.randrange(256):02x}" for _ in range(5)) for _ in range(len(HOSTS) + 1)]
    s1_ports, s2_ports = rng.sample(range(1, 10), 4), rng.sample(range(1, 10), 2)
    # h3 has not spoken before; "nobody" has an address that no host has.
    frames = ["h1>h3"] * rng.randrange(2, 4) + ["h3>h1", "h1>h3"]
    frames.insert(rng.randrange(len(frames) + 1), "h1>nobody")
    return {
        **{name: f"{net}.{number}" for name, number in zip(HOSTS, numbers)},
        **{f"{name}_mac": mac for name, mac in zip((*HOSTS, "nobody"), macs)},
        "away": rng.randrange(40, 81),  # ms that what the controller sends takes to the switches
        "priority": rng.randrange(10, 100), "idle": rng.randrange(20, 41),  # of a learned flow; s
        "hub_pings": rng.randrange(2, 6), "frames": " ".join(frames),
        # For the student to find out.
        "ports": {**dict(zip(("h1", "h2", "h3", "s1"), s1_ports)), **dict(zip(("h4", "s2"), s2_ports))},
    }


def secret(rng, params) -> dict:
    """The ports of s2 that h2 is moved to: the student's application has to learn them anew."""
    taken = [params["ports"][name] for name in ("h4", "s2")]
    later, last = rng.sample([port for port in range(1, 10) if port not in taken], 2)
    return {"_h2_later": later, "_h2_last": last}


def topology(params):
    from topologies.two_switches import TwoSwitches
    return TwoSwitches([f"{params[name]}/24" for name in HOSTS], [params[f"{name}_mac"] for name in HOSTS],
                       params["ports"])


@scene(work=["*.py"])
def switches(net, rec, work):
    """A hub, then your learning switch."""
    h1, h2, p = net["h1"], net["h2"], rec.params

    def ping(name, target, options="-c1", source=h1):
        rec.run(name, source, f"ping {options} {p[target]}", check=False)  # what comes of it is for the checks to say

    def keep_flows(name):
        for switch in SWITCHES:
            rec.keep(f"{name}-{switch}", net[switch].flows())

    net["c0"].run(f"tc qdisc add dev c0-eth0 root netem delay {p['away']}ms limit 1000")
    with rec.capture("c0", *HOSTS):
        rec.progress("a hub")
        hub = rec.controller("hub", "hub.py")
        ping("hub-ping", "h2", f"-c{p['hub_pings']} -i0.5")
        rec.wait(1)
        for switch in SWITCHES:
            net[switch].delete_flows()
        ping("empty-ping", "h2", "-c1 -W1")
        hub.stop()
        for host in (h1, h2):
            host.run("ip neigh flush all")

        rec.progress("your switch")
        switch = rec.student_controller("your-switch", "switch.py")
        rec.mark("first")
        ping("first-ping", "h2")
        rec.wait(1)
        ping("second-ping", "h2", "-c5 -i0.2")
        rec.save("kernel-flows", net["s1"], "ovs-appctl dpctl/dump-flows")
        rec.wait(1)
        rec.mark("far")
        ping("far-ping", "h4", "-c4 -i1.5")
        keep_flows("learned")
        rec.wait(1)

        rec.progress("frames to a host that never spoke, from it, to it again, and to nobody")
        for number, (source, target) in enumerate(frames(p), 1):
            rec.mark(f"frame-{number}")
            send(net, source, p[f"{target}_mac"], p[f"{source}_mac"], number, IPV6 if target == "nobody" else LOCAL)
            rec.wait(1)

        rec.progress("flows are forgotten")
        rec.wait(p["idle"] + 10)  # Linux verifies an ARP entry 5 s after its use, which uses the flows once more
        keep_flows("idle")
        ping("late-ping", "h2")
        ping("late-h4-ping", "h2", source=net["h4"])

        rec.progress("h2 is carried to s2, and there to another port")
        for moved, switch_before, port in (("moved", "s1", p["_h2_later"]), ("moved-again", "s2", p["_h2_last"])):
            move_h2(net, p, switch_before, port)
            rec.mark(moved)
            if moved == "moved-again":  # the first that is heard of h2 there is a frame to an address that nobody has
                send(net, "h2", p["nobody_mac"], p["h2_mac"], 0)
                rec.wait(1)
                ping(f"{moved}-h4-ping", "h2", "-c1 -W1", source=net["h4"])
            ping(f"{moved}-ping", "h1", "-c3 -i0.5 -W1", source=h2)
            if moved == "moved":
                ping(f"{moved}-h4-ping", "h2", "-c1 -W1", source=net["h4"])  # to which h2 has not spoken since
            rec.wait(1)

        rec.progress("the controller dies in the middle of a ping")
        going_on = rec.service("going-on", h1, f"ping -c{PINGS} -i0.5 {p['h4']}")
        rec.wait(KILLED_AFTER)
        rec.mark("killed")
        switch.stop(signal.SIGKILL)
        rec.wait_until(lambda: going_on.process.poll() is not None, "the ping ends", 30)
        going_on.stop()
        ping("new-ping", "h3", "-c1 -W1")
        rec.wait(p["idle"] + 10)
        ping("forgotten-ping", "h4", "-c1 -W1")

        rec.progress("the switches help themselves")
        rec.mark("standalone")
        for name in SWITCHES:
            net[name].set_fail_mode("standalone")
        rec.wait(PATIENCE)
        ping("standalone-ping", "h3", "-c4 -i0.5")


def frames(p) -> list[tuple[str, str]]:
    """(source, target) of the frames made by hand."""
    return [tuple(pair.split(">")) for pair in p["frames"].split()]


def send(net, name: str, target: str, source: str, number: int, kind: int = LOCAL) -> None:
    """A frame by hand, of no protocol or of IPv6: what a host has to say does not matter to a switch."""
    from mnlab.net import namespace
    with namespace.inside(net[name].pid), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
        out.bind((f"{name}-eth0", 0))
        macs = b"".join(bytes.fromhex(mac.replace(":", "")) for mac in (target, source))
        words = f"frame {number}".encode().ljust(46)
        if kind == IPV6:  # version, length, no next header, hop limit (RFC 8200, section 3)
            words = struct.pack("!IHBB15xB15xB", 6 << 28, len(words), 59, 1, 1, 1) + words
        out.send(macs + kind.to_bytes(2, "big") + words)


def move_h2(net, p, switch: str, port: int) -> None:
    """Pull h2's cable out of a switch and put it into a port of s2. What the kernel has cached of it is forgotten at
    once, not some milliseconds after the flows that the student's application deletes."""
    cable = f"s1-eth{p['ports']['h2']}"
    net["s2"].run(["ovs-vsctl", "del-port", switch, cable])
    net["s2"].run(["ovs-vsctl", "add-port", "s2", cable, "--", "set", "interface", cable, f"ofport_request={port}"])
    net["s2"].run(["ovs-appctl", "revalidator/purge"])
