"""Hosts with names of their own around one switch, each behind a link of its own delay.

    client   resolver   root ...
        \\       |       /
               s1

    sudo mn --custom topologies/star.py --topo star
"""

from mininet.topo import Topo

#: Name -> ("ip/prefix", delay), of three hosts.
EXAMPLE = {"client": ("10.0.0.1/24", "1ms"), "near": ("10.0.0.2/24", "5ms"), "far": ("10.0.0.3/24", "50ms")}


class Star(Topo):
    """`nodes`: name -> ("ip/prefix", delay of its link, each way; or a dictionary of the link's parameters)."""

    def build(self, nodes=None):
        switch = self.addSwitch("s1")
        for name, (ip, link) in (nodes or EXAMPLE).items():
            self.addLink(self.addHost(name, ip=ip), switch, **(link if isinstance(link, dict) else {"delay": link}))


topos = {"star": Star}
