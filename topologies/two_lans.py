"""Two LANs with two routers between them. The link between the routers may be slow and have a smaller MTU.

    h1 ──┐
         s1 ── r1 ════ r2 ── h3
    h2 ──┘

    sudo mn --custom topologies/two_lans.py --topo two_lans
"""

from mininet.node import Node
from mininet.topo import Topo

#: "ip/prefix" of each host and of each router on its LAN; of the two ends `between` the routers; the `left` network.
EXAMPLE = {"h1": "10.0.1.1/24", "h2": "10.0.1.2/24", "r1": "10.0.1.254/24", "h3": "10.0.2.3/24", "r2": "10.0.2.254/24",
           "between": ("10.0.0.1/30", "10.0.0.2/30"), "left": "10.0.1.0/24"}


class Router(Node):
    """A node that forwards. `setup` holds what `ip` is told once its interfaces have their addresses."""

    def config(self, setup=(), **params):
        if hasattr(self, "sysctl"):  # mnlab's node: it has its addresses already
            self.sysctl("net.ipv4.ip_forward", 1)
            return self.run(["ip", "-batch", "-"], input="\n".join(setup) + "\n")
        super().config(**params)
        self.cmd("sysctl -qw net.ipv4.ip_forward=1")
        return [self.cmd(f"ip {line}") for line in setup]


class TwoLans(Topo):
    """`addresses` as in EXAMPLE; `macs` of hosts and of r1 towards its LAN, where they matter.

    `mtu` (bytes) and `delay` ("10ms", each way) are those of the link between the routers.
    r1 sends what it does not know to r2; r2 knows the two LANs and nothing else.
    """

    def build(self, addresses=None, macs=None, mtu=1500, delay=None):
        at, macs = {**EXAMPLE, **(addresses or {})}, macs or {}
        one, two = (end.split("/")[0] for end in at["between"])
        left, right = (at[router].split("/")[0] for router in ("r1", "r2"))
        switch = self.addSwitch("s1")
        for name in ("h1", "h2"):
            self.addLink(self._host(name, at, macs, left), switch)
        r1 = self.addHost("r1", cls=Router, ip=at["r1"],
                          setup=[f"link set dev r1-eth1 mtu {mtu}", f"route add default via {two}"])
        r2 = self.addHost("r2", cls=Router, ip=at["r2"],
                          setup=[f"link set dev r2-eth1 mtu {mtu}", f"route add {at['left']} via {one}"])
        self.addLink(r1, switch, **({"addr1": macs["r1"]} if "r1" in macs else {}))
        self.addLink(r2, self._host("h3", at, macs, right))
        slow = {"delay": delay} if delay else {}
        self.addLink(r1, r2, params1={"ip": at["between"][0], **slow}, params2={"ip": at["between"][1], **slow})

    def _host(self, name, at, macs, gateway):
        own = {"mac": macs[name]} if name in macs else {}
        return self.addHost(name, ip=at[name], defaultRoute=f"via {gateway}", **own)


topos = {"two_lans": TwoLans}
