"""Two switches with hosts, and two paths between them: a loop.

            ┌── s2 ──┐
    h1 ── s1          s4 ── h3
    h2 ──┘└── s3 ──┘ └──── h4

    sudo mn --custom topologies/diamond.py --topo diamond --controller remote --switch ovsk,protocols=OpenFlow13

Switches that just learn and flood send a broadcast round the loop for ever. It takes a controller that knows about it
(controller/two_paths.py), or the spanning tree protocol: --switch ovsbr,stp=1 --wait
"""

from mininet.topo import Topo


class Diamond(Topo):
    """`hosts` hosts on each side: h1 ... on s1, as many more on s4.

    `addresses` gives their "ip/prefix" in that order, `macs` their MAC addresses; `paths` the parameters of the links
    of either path. At s1 and s4 port 1 leads to s2 and port 2 to s3; at s2 and s3 port 1 leads to s1. Hosts follow.
    """

    def build(self, hosts=2, addresses=(), macs=(), paths=({}, {})):
        left, upper, lower, right = (self.addSwitch(f"s{number}") for number in range(1, 5))
        for middle, link in ((upper, paths[0]), (lower, paths[1])):
            self.addLink(left, middle, **link)
            self.addLink(middle, right, **link)
        for number in range(1, 2 * hosts + 1):
            ip = addresses[number - 1] if addresses else f"10.0.0.{number}/24"
            mac = {"mac": macs[number - 1]} if macs else {}
            self.addLink(self.addHost(f"h{number}", ip=ip, **mac), left if number <= hosts else right)


topos = {"diamond": Diamond}
