"""A café's network: guests who share one medium, a router that belongs to somebody else, and servers behind it.

    client ──┐                    ┌── bank
             s1 ──── mallory ─────┤
    eve ─────┘      (router)      └── shop

    sudo mn --custom topologies/cafe.py --topo cafe
"""

from mininet.node import Node
from mininet.topo import Topo


class Router(Node):
    """A node that forwards packets from one of its interfaces to another."""

    def config(self, **params):
        if hasattr(self, "sysctl"):  # mnlab's node: it has its addresses already
            return self.sysctl("net.ipv4.ip_forward", 1)
        super().config(**params)
        return self.cmd("sysctl -qw net.ipv4.ip_forward=1")


class Cafe(Topo):
    """`lan` names the guests' network, `servers` one network each: "10.0.1" stands for 10.0.1.0/24.

    The router is .1 everywhere; client is .10 and eve .66 on the LAN, a server is .80 on its own network. `delay`
    is what the router takes to pass a packet on, either way. s1 is a switch; who wants a hub turns off its learning.
    """

    def build(self, lan="10.0.0", servers=("10.0.1", "10.0.2"), delay=None):
        switch, slow = self.addSwitch("s1"), {"delay": delay} if delay else {}
        for name, number in (("client", 10), ("eve", 66)):
            self.addLink(self.addHost(name, ip=f"{lan}.{number}/24", defaultRoute=f"via {lan}.1"), switch)
        router = self.addHost("mallory", cls=Router, ip=f"{lan}.1/24")
        self.addLink(router, switch, params1=slow)
        for name, network in zip(("bank", "shop"), servers):
            host = self.addHost(name, ip=f"{network}.80/24", defaultRoute=f"via {network}.1")
            self.addLink(router, host, params1={"ip": f"{network}.1/24", **slow})


topos = {"cafe": Cafe}
