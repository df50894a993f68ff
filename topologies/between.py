"""Two hosts, and a third between them through whom every packet goes.

    alice ── mallory ── bob

    sudo mn --custom topologies/between.py --topo between
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


class Between(Topo):
    """`nets` are the two networks: "10.0.1" stands for 10.0.1.0/24. Who is between is .1 on both, a host is .10.

    `delay` is what a packet takes over each link, either way.
    """

    def build(self, nets=("10.0.1", "10.0.2"), names=("alice", "mallory", "bob"), delay=None):
        left, middle, right = names
        slow = {"delay": delay} if delay else {}
        router = self.addHost(middle, cls=Router, ip=f"{nets[0]}.1/24")
        for name, net in ((left, nets[0]), (right, nets[1])):
            host = self.addHost(name, ip=f"{net}.10/24", defaultRoute=f"via {net}.1")
            self.addLink(router, host, params1={"ip": f"{net}.1/24"}, **slow)


topos = {"between": Between}
