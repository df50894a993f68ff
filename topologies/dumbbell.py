"""Two groups of hosts and one link between them that all of them share: the bottleneck.

    h1 ──┐                       ┌── h3
         s1 ═══ bottleneck ═══ s2
    h2 ──┘                       └── h4

    sudo mn --custom topologies/dumbbell.py --topo dumbbell,2
"""

from mininet.topo import Topo


class Dumbbell(Topo):
    """`pairs` hosts on each side: h1 ... on s1, as many more on s2.

    `addresses` gives their "ip/prefix" in that order; `bottleneck` and `access` the parameters of the link between
    the switches and of the hosts' links. Frames that wait for the bottleneck wait in s1 (and, on the way back, in s2).
    """

    def build(self, pairs=1, addresses=(), bottleneck=None, access=None):
        left, right = self.addSwitch("s1"), self.addSwitch("s2")
        for number in range(1, 2 * pairs + 1):
            ip = addresses[number - 1] if addresses else f"10.0.0.{number}/24"
            switch = left if number <= pairs else right
            self.addLink(self.addHost(f"h{number}", ip=ip), switch, **(access or {}))
        self.addLink(left, right, **(bottleneck or {}))


topos = {"dumbbell": Dumbbell}
