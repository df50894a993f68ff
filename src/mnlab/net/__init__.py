"""Mininet made strict: the network that an experiment and `mnlab shell` have.

Of Mininet's own calls these work as its documentation has them, besides those below. None of them is recorded.

    net["h1"], net.get("h1")                         a node; KeyError if there is none
    net.hosts, net.switches, net.links               lists, in the order of the topology
    net.keys(), len(net), "h1" in net                the nodes' names
    net.linksBetween(node1, node2)                   the links between two nodes
    net.delLink(link), net.delLinkBetween(node1, node2), net.delHost(node), net.delSwitch(node)
    net.configLinkStatus("h1", "s1", "down")         take a link down, or "up" again
    net.ping(hosts), net.pingAll(), net.pingPair()   percent of echoes lost
    net.iperf((h1, h2))                              rates, measured with iperf3 (net/throughput.py)
    node.name, node.pid, node.params                 its name, the process that holds its namespaces, what it was given
    node.IP(), node.MAC()                            of its first interface, or of one: node.IP("h1-eth1")
    node.intf(), node.intf("h1-eth1")                its first interface, or one of a name
    node.intfList(), node.intfNames()                all, lo among them
    node.connectionsTo(other)                        [(interface, the other's interface), ...]
    node.setIP("10.0.0.9/24"), node.setMAC(mac)      of its first interface, or intf=...; read back
    node.pexec(words)                                (output, errors, status)
    intf.name, intf.ip, intf.mac, intf.prefixLen, intf.node, intf.link
    intf.IP(), intf.MAC()                            as noted; the kernel has the same, or a NetworkError was raised
    link.intf1, link.intf2                           its ends

Linux forgets static ARP entries when an interface goes down or gets another address; a warning says which.
"""
