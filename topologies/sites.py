"""Two sites with a LAN each, a router each, and a link between the routers.

    h1 ──┐                       ┌── h3
         s1 ── r1 ══════ r2 ── s2
    h2 ──┘                       └── h4

    sudo mn --custom topologies/sites.py --topo sites
"""

from mininet.node import Node
from mininet.topo import Topo

#: "ip/prefix" of each interface. A router's eth0 is on its LAN, its eth1 towards the other router.
EXAMPLE = {"h1-eth0": "10.0.1.1/24", "h2-eth0": "10.0.1.2/24", "r1-eth0": "10.0.1.254/24", "r1-eth1": "10.0.0.1/30",
           "h3-eth0": "10.0.2.3/24", "h4-eth0": "10.0.2.4/24", "r2-eth0": "10.0.2.254/24", "r2-eth1": "10.0.0.2/30"}
#: The networks of the two LANs.
LEFT = "10.0.1.0/24"
RIGHT = "10.0.2.0/24"


class Router(Node):
    """A node that forwards. `routes` is what `ip route add` is told once its interfaces have their addresses."""

    def config(self, routes=(), **params):
        lines = [f"route add {route}" for route in routes]
        if hasattr(self, "sysctl"):  # mnlab's node: it has its addresses already
            self.sysctl("net.ipv4.ip_forward", 1)
            return self.run(["ip", "-batch", "-"], input="\n".join(lines) + "\n")
        super().config(**params)
        self.cmd("sysctl -qw net.ipv4.ip_forward=1")
        return [self.cmd(f"ip {line}") for line in lines]


class Sites(Topo):
    """`addresses` and `macs` by interface (see EXAMPLE); `left` and `right` are the two LANs' networks.

    Each router knows its own LAN and, by way of the other router, the other one; hosts know their router.
    """

    def build(self, addresses=None, macs=None, left=LEFT, right=RIGHT):
        self.at, self.macs = {**EXAMPLE, **(addresses or {})}, macs or {}
        ip = {interface: address.split("/")[0] for interface, address in self.at.items()}
        for switch, router, hosts in (("s1", "r1", ("h1", "h2")), ("s2", "r2", ("h3", "h4"))):
            self.addSwitch(switch)
            for host in hosts:
                self.addHost(host, ip=self.at[f"{host}-eth0"], defaultRoute=f"via {ip[f'{router}-eth0']}")
                self.addLink(host, switch, **self._mac(1, f"{host}-eth0"))
        for router, switch, there, gateway in (("r1", "s1", right, "r2-eth1"), ("r2", "s2", left, "r1-eth1")):
            self.addHost(router, cls=Router, ip=self.at[f"{router}-eth0"], routes=(f"{there} via {ip[gateway]}",))
            self.addLink(router, switch, **self._mac(1, f"{router}-eth0"))
        self.addLink("r1", "r2", params1={"ip": self.at["r1-eth1"]}, params2={"ip": self.at["r2-eth1"]},
                     **self._mac(1, "r1-eth1"), **self._mac(2, "r2-eth1"))

    def _mac(self, end: int, interface: str) -> dict:
        return {f"addr{end}": self.macs[interface]} if interface in self.macs else {}


topos = {"sites": Sites}
