"""One switch with hosts around it.

    h1   h2   h3 ...
     \\   |   /
        s1

    sudo mn --custom topologies/lan.py --topo lan,4
"""

from mininet.topo import Topo


class Lan(Topo):
    """`hosts` hosts h1, h2, ... on switch s1.

    `addresses` gives their "ip/prefix", `macs` their MAC addresses, `link` their links' parameters.
    """

    def build(self, hosts=3, addresses=(), link=None, macs=()):
        switch = self.addSwitch("s1")
        for number in range(1, hosts + 1):
            ip = addresses[number - 1] if addresses else f"10.0.0.{number}/24"
            mac = {"mac": macs[number - 1]} if macs else {}
            self.addLink(self.addHost(f"h{number}", ip=ip, **mac), switch, **(link or {}))


topos = {"lan": Lan}
