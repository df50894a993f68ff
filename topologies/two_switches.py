"""Two switches with a cable between them: three hosts on one, a fourth on the other.

    h1   h2   h3         h4
      \\   |   /          |
         s1 ============ s2

    sudo mn --custom topologies/two_switches.py --topo two_switches --controller remote --switch ovsk
"""

from mininet.topo import Topo

#: Host -> its switch.
HOMES = {"h1": "s1", "h2": "s1", "h3": "s1", "h4": "s2"}
#: Host -> its port at its switch; s1 and s2: the port that leads to the other switch.
PORTS = {"h1": 1, "h2": 2, "h3": 3, "h4": 1, "s1": 4, "s2": 2}


class TwoSwitches(Topo):
    """`ports` tells at which port of its switch each host is, and at which of their ports s1 and s2 are joined.

    `addresses` ("ip/prefix") and `macs` are those of h1 to h4.
    """

    def build(self, addresses=(), macs=(), ports=None):
        at = {**PORTS, **(ports or {})}
        s1, s2 = self.addSwitch("s1"), self.addSwitch("s2")
        for number, (name, switch) in enumerate(HOMES.items()):
            ip = addresses[number] if addresses else f"10.0.0.{number + 1}/24"
            mac = {"mac": macs[number]} if macs else {}
            self.addLink(self.addHost(name, ip=ip, **mac), switch, port2=at[name])
        self.addLink(s1, s2, port1=at["s1"], port2=at["s2"])


topos = {"two_switches": TwoSwitches}
