"""Mininet made strict: what a topology asks for is what the kernel has, or an error says what is not.

    with Network(topo) as net:
        net["h1"].run("ping -c1 10.0.0.2")

Beyond Mininet: shaping is read back; interfaces are addressed before anything runs; MAC addresses are the same on
every run; hosts and bridges live in namespaces, so nothing outside is touched and nothing needs cleaning by name;
offloads are off, so captures show the segments that a wire would carry.
"""

import os
from functools import partial
from ipaddress import IPv4Interface, IPv4Network
from socket import if_nametoindex

from mininet.net import Mininet
from mininet.node import CPULimitedHost, Host, Node, Switch
from mininet.util import numCores

from mnlab.net import links, namespace, netlink, offloads, openflow, parameters, shaping, switches
from mnlab.net.errors import NetworkError
from mnlab.net.links import StrictLink, shape_interfaces
from mnlab.net.nodes import Bridge, Strict, StrictHost, strict
from mnlab.net.openflow import OpenFlowSwitch
from mnlab.net.throughput import iperf
from mnlab.net.wait import wait_until

LOOPBACK = 1  # lo's index in every namespace (LOOPBACK_IFINDEX, include/net/net_namespace.h)
SPANNING_TREE = 120  # s until a spanning tree must have settled; it takes twice a forward delay of 15 s (IEEE 802.1D)


class Network(Mininet):
    """A running network. `net["h1"]` is a node (KeyError if there is none); leaving the context ends every process
    of the network.

    With `with_controller` the switches are Open vSwitch's, and there is a host c0 for their controller (openflow.py).
    """

    Mininet.inited = True  # Mininet's own set-up would rewrite sysctls, and not only of our namespace
    numCores.ncores = os.cpu_count() or 1  # Mininet would start a grep to count them

    def __init__(self, topo, with_controller: bool = False):
        super().__init__(topo=None, controller=None, switch=None, host=StrictHost, link=StrictLink, intf=None,
                         build=False, autoSetMacs=False, waitConnected=False)
        self.topo, self.with_controller = topo, with_controller

    def __enter__(self):
        try:
            self.build()
            self.start()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_):
        self.end()

    def end(self) -> None:
        """End every node. Interfaces and bridges in namespaces go with their namespaces."""
        for switch in self.switches:
            if isinstance(switch, OpenFlowSwitch) and switch.running:
                switch.stop()
        outside = [next((end for end in (link.intf1, link.intf2) if not end.node.inNamespace), None)
                   for link in self.links]  # one end of each link that would not go with a namespace, and at once
        there = [if_nametoindex(end.name) for end in outside if end and namespace.exists(end.name)]
        netlink.tell(map(netlink.delete, there), "ending the links")
        for node in [*self.hosts, *self.switches]:
            if isinstance(node, Strict):
                node.terminate()

    # --- what Mininet asks for while it builds from the topology, and users of a network that runs ---

    def buildFromTopo(self, topo=None):  # noqa: N802
        super().buildFromTopo(topo)
        if self.with_controller:
            openflow.add_management(self)

    def addHost(self, name, cls=None, **params):  # noqa: N802
        """A host; while the network runs, too. NetworkError for a parameter that docs/network.md does not have."""
        while isinstance(cls, partial):
            cls, params = cls.func, {**cls.keywords, **params}
        if cls in (None, Host, CPULimitedHost, StrictHost):  # others may have parameters of their own
            parameters.read("host", name, parameters.HOST, params)
        host = super().addHost(name, cls=strict(cls or self.host), **params)
        if self.built:
            self._configure(host, [])
        return host

    def addSwitch(self, name, cls=None, **params):  # noqa: N802
        """A switch; while the network runs, too, and is then started. Parameters and errors: as for hosts."""
        cls, values = switches.kind_of(name, cls, params, self.with_controller)
        switch = super().addSwitch(name, cls=cls, **values)
        if self.built:
            switch.start()
        return switch

    def addLink(self, node1, node2, port1=None, port2=None, cls=None, **params):  # noqa: N802
        """A link between two nodes or their names; while the network runs, too. Parameters and errors: as for hosts.

        NetworkError, too, if the kernel does not have what was asked for.
        """
        links.check((node1, node2), cls, **params)
        for node in (node1, node2):
            if isinstance(node, str) and node not in self:
                raise NetworkError(f"a link to {node}, which is not in the network")
        ends = [self[node] if isinstance(node, str) else node for node in (node1, node2)]
        ports = [node.newPort() if port is None else port for node, port in zip(ends, (port1, port2), strict=True)]
        for index, (node, port) in enumerate(zip(ends, ports, strict=True), start=1):
            own = params[f"params{index}"] = dict(params.get(f"params{index}") or {})
            asked = own.pop("mac", None) or params.get(f"addr{index}")
            params[f"addr{index}"] = links.mac(asked or self._mac(node, port), node.name)
        link = super().addLink(*ends, *ports, cls=StrictLink, **params)
        if self.built:
            self._plug_in(link)
        return link

    def delNode(self, node, nodes=None):  # noqa: N802
        """Take a node away, with its links."""
        for link in [link for link in self.links if node in (link.intf1.node, link.intf2.node)]:
            self.delLink(link)
        super().delNode(node, nodes)

    def _plug_in(self, link):
        """Make a link of a network that runs."""
        self._make_links([link])
        for intf in (link.intf1, link.intf2):
            node = intf.node
            if not isinstance(node, OpenFlowSwitch):
                self._configure(node, [intf])
            if isinstance(node, Switch):
                node.attach(intf)
            if isinstance(node, OpenFlowSwitch):
                shape_interfaces([intf])
        for intf in (link.intf1, link.intf2):
            wait_until(intf.isRunning, f"{intf} is up")

    def _mac(self, node, port) -> str:
        """02: a locally administered address (IEEE 802); then a switch or not, the node's and the port's number, the
        high bytes of these two first."""
        is_switch = isinstance(node, Switch)
        number = (self.switches if is_switch else self.hosts).index(node) + 1
        own = node.params.get("mac")
        if own and not is_switch and not node.intfs:
            return own
        return f"02:{port >> 8:02x}:{number >> 8:02x}:{is_switch:02x}:{number & 255:02x}:{port & 255:02x}"

    def configHosts(self):  # noqa: N802
        self._make_links(self.links)
        for node in [*self.hosts, *(s for s in self.switches if isinstance(s, Bridge))]:
            self._configure(node, cables(node))
        for host in self.hosts:
            if type(host).config is not Node.config:  # a topology's own kind of node: a router, say
                host.config(**host.params)

    def _make_links(self, made):
        netlink.tell([netlink.veth(*((intf.name, intf.mac, _home(intf)) for intf in (link.intf1, link.intf2)))
                      for link in made], [f"making the link {link}" for link in made])
        interfaces = [intf for link in made for intf in (link.intf1, link.intf2)]
        for intf in interfaces:
            intf.made = True
        here = [intf for intf in interfaces if isinstance(intf.node, OpenFlowSwitch)]  # outside namespaces
        for intf in here:  # outside the namespaces IPv6 is on, and would send router solicitations through the switch
            namespace.set_sysctl(f"net/ipv6/conf/{intf}/disable_ipv6", 1)
        netlink.tell([_start(intf) for intf in here], "starting the switches' interfaces")
        for intf in here:
            offloads.turn_off(intf.name)

    def _configure(self, node, interfaces):
        """Give a node's new `interfaces` to the kernel as they are noted."""
        first = cables(node)[:1]
        if first and first[0] in interfaces and not isinstance(node, Switch) and node.params.get("ip"):
            address = links.ipv4(node.params["ip"], None, node.name)
            if first[0].ip is None:
                first[0].ip, first[0].prefixLen = str(address.ip), str(address.network.prefixlen)
        what = f"configuring {node.name}"
        with namespace.inside(node.pid):
            addresses = [netlink.address(if_nametoindex(intf.name), intf.ip, int(intf.prefixLen))
                         for intf in interfaces if intf.ip]
            netlink.tell([netlink.change(LOOPBACK, up=True), *addresses, *map(_start, interfaces)], what)
            if isinstance(node, Bridge) and not node.running:
                node.make()
            route = node.params.get("defaultRoute")
            if route and first and first[0] in interfaces:
                links.default_route(str(route), what)
            for intf in interfaces:
                offloads.turn_off(intf.name)
            _read_back(interfaces)
            shape_interfaces(interfaces)

    def start(self):
        super().start()
        for node in [*self.hosts, *(s for s in self.switches if isinstance(s, Bridge))]:
            names = [intf.name for intf in cables(node)]
            if isinstance(node, Bridge) and not node.stp:  # with a spanning tree it waits for that
                names.append(node.name)
            wait_until(partial(_all_up, node, names), f"every interface of {node.name} is up")
        for switch in self.switches:
            wait_until(switch.settled, f"the spanning tree of {switch.name} has settled", SPANNING_TREE)

    def place(self, name: str) -> tuple[Node, list[str]]:
        """A node and its interfaces' names ("h1"), or a node and the one that is named ("web-1-eth0"). NetworkError if
        there is no such place."""
        if name in self:
            return self[name], [str(intf) for intf in cables(self[name])]
        for node in (*self.hosts, *self.switches):
            if name in node.nameToIntf:
                return node, [name]
        raise NetworkError(f"there is no node and no interface {name!r} in this network; "
                           f"there are the nodes {' '.join(sorted(self.keys()))}")

    iperf = iperf  # Mininet's waits for words that iperf does not write any more, and kills by name

    def networks(self) -> set[IPv4Network]:
        """The IP networks that its hosts' interfaces are in."""
        return {IPv4Interface(f"{intf.ip}/{intf.prefixLen}").network for host in self.hosts
                for intf in host.intfList() if intf.ip and intf.name != "lo"}

    def describe(self) -> dict:
        """The network as evidence needs it: each node's kind, interfaces (mac, ip, prefix, peer) and each link; where
        what leaves an interface is shaped, as parameters.LINK has it (bit/s, s, shares, frames)."""
        peers = {}
        for link in self.links:
            peers[link.intf1.name], peers[link.intf2.name] = link.intf2.name, link.intf1.name
        return {node.name: {
            "kind": "switch" if isinstance(node, Switch) else type(node).__name__.replace("StrictHost", "Host").lower(),
            "interfaces": {intf.name: {
                "mac": intf.mac, "ip": intf.ip, "prefix": int(intf.prefixLen) if intf.ip else None,
                "peer": peers.get(intf.name), **_shaped(intf)} for intf in node.intfList() if intf.name != "lo"},
            **({"dpid": node.dpid} if isinstance(node, OpenFlowSwitch) else {}),
        } for node in [*self.hosts, *self.switches]}


def _shaped(intf) -> dict:
    """What was asked of an interface that is shaped."""
    asked = {name: value for name, value in intf.shape.asked.items() if name not in ("ip", "mac")}
    return {"shape": asked} if asked else {}


def cables(node) -> list:
    """The interfaces of a node that lead somewhere."""
    return [intf for intf in node.intfList() if intf.name != "lo"]


def _home(intf) -> int:
    return intf.node.pid if intf.node.inNamespace else 1


def _start(intf) -> bytes:
    """The message that starts an interface of the namespace we are in, with the MTU that was asked for."""
    return netlink.change(if_nametoindex(intf.name), up=True, mtu=intf.shape.asked.get("mtu"))


def _read_back(interfaces) -> None:
    """NetworkError if one of `interfaces` (of the namespace we are in) has another MAC address or MTU than asked for.
    """
    found = namespace.addressed([intf.name for intf in interfaces])
    for intf, has in zip(interfaces, found, strict=True):
        asked = intf.mac, intf.shape.asked.get("mtu", shaping.MTU)
        if asked != has:
            raise NetworkError(f"{intf}: asked the kernel for the MAC address {asked[0]} and an MTU of {asked[1]}, "
                               f"it has {has[0]} and {has[1]}")


def _all_up(node, waiting: list[str]) -> bool:
    """Whether every interface of a node is up; those that are go from the list `waiting`."""
    with namespace.inside(node.pid):
        while waiting and namespace.is_running(waiting[-1]):
            waiting.pop()
    return not waiting
