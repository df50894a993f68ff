"""Inside the machine: how true a link is to its parameters. Prints one line of JSON."""

import json
import re

from mininet.topo import Topo

from mnlab.net.namespace import listening_tcp_ports
from mnlab.net.network import Network
from mnlab.net.wait import wait_until

PORT = 5201  # iperf3's own


class Pair(Topo):
    """h1 and h2 and one link; `forward` shapes what h1 sends, `back` what h2 sends."""

    def build(self, forward=None, back=None):
        self.addHost("h1", ip="10.0.0.1/24")
        self.addHost("h2", ip="10.0.0.2/24")
        self.addLink("h1", "h2", params1=forward or {}, params2=back or {})


def delay(pings: int, milliseconds: float) -> dict:
    """Mean and deviation of the RTT in ms, as ping(8) has them, over a link that delays one direction."""
    with Network(Pair({"delay": f"{milliseconds:g}ms"})) as net:
        net["h1"].run("ping -c1 10.0.0.2")  # so that ARP is done
        out = net["h1"].run(f"ping -q -c{pings} -i0.2 10.0.0.2", timeout=600).stdout
    low, mean, high, deviation = map(float, re.search(r"= ([\d.]+)/([\d.]+)/([\d.]+)/([\d.]+) ms", out).groups())
    return {"delay": mean, "deviation": deviation, "least": low, "most": high}


def goodput(seconds: int, megabits: float) -> dict:
    """What iperf3 delivers over a link of a given rate, in bit/s, once slow start is over."""
    with Network(Pair({"bw": megabits}, {"bw": megabits})) as net:
        server = net["h2"].start_process(["iperf3", "-s", "-1"])
        try:
            wait_until(lambda: PORT in listening_tcp_ports(net["h2"].pid), "iperf3 listens")
            out = net["h1"].run(f"iperf3 -J -O 2 -t {seconds} -c 10.0.0.2", timeout=600).stdout
        finally:
            server.kill()
            server.wait()
    end = json.loads(out)["end"]
    return {"goodput": end["sum_received"]["bits_per_second"], "retransmits": end["sum_sent"]["retransmits"]}


def loss(packets: int, percent: float) -> dict:
    """How many of so many packets are lost on a link that loses them in one direction."""
    with Network(Pair({"loss": percent})) as net:
        out = net["h1"].run(f"ping -q -c{packets} -i0.001 -W0.1 10.0.0.2", timeout=600).stdout
    sent, received = map(int, re.search(r"(\d+) packets transmitted, (\d+) received", out).groups())
    return {"sent": sent, "lost": sent - received}


def main(pings: str, seconds: str, packets: str, milliseconds: str, megabits: str, percent: str) -> int:
    print("delay", flush=True)
    measured = delay(int(pings), float(milliseconds))
    print("goodput", flush=True)
    measured |= goodput(int(seconds), float(megabits))
    print("loss", flush=True)
    measured |= loss(int(packets), float(percent))
    print(json.dumps(measured, sort_keys=True), flush=True)
    return 0
