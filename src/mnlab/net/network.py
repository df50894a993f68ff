"""Mininet made strict: what a topology asks for is what the kernel has, or an error says what is not.

    with Network(topo) as net:
        net["h1"].run("ping -c1 10.0.0.2")

Beyond Mininet: shaping is read back; interfaces are addressed before anything runs; MAC addresses are the same on
every run; hosts and bridges live in namespaces, so nothing outside is touched and nothing needs cleaning by name;
offloads are off, so captures show the segments that a wire would carry.
"""

import json
import os
import subprocess
from functools import partial
from ipaddress import IPv4Interface, IPv4Network

from mininet.link import Intf, Link
from mininet.net import Mininet
from mininet.node import Node, Switch
from mininet.util import numCores

from mnlab.net import namespace, openflow, shaping
from mnlab.net.errors import NetworkError
from mnlab.net.nodes import Bridge, Strict, StrictHost, strict
from mnlab.net.openflow import OpenFlowSwitch
from mnlab.net.wait import wait_until


class StrictIntf(Intf):
    """An interface that only notes what it is to be; Network gives it to the kernel in one go."""

    def setMAC(self, macstr):  # noqa: N802
        self.mac = macstr

    def setIP(self, ipstr, prefixLen=None):  # noqa: N802, N803
        address, _, length = ipstr.partition("/")
        self.ip, self.prefixLen = address, length or str(prefixLen or 8)

    def isUp(self, setUp=False):  # noqa: N802
        return True

    def config(self, mac=None, ip=None, **params):
        self.shape = shaping.Shape.of(params)
        return super().config(mac=mac, ip=ip)


class StrictLink(Link):
    """A veth pair, noted first and made by Network."""

    def __init__(self, node1, node2, **params):
        super().__init__(node1, node2, intf=StrictIntf, **{k: v for k, v in params.items() if k != "intf"})

    @classmethod
    def makeIntfPair(cls, intfname1, intfname2, addr1=None, addr2=None,  # noqa: N802
                     node1=None, node2=None, deleteIntfs=True):  # noqa: N803
        """Nothing yet: see Network._make_links."""


class Network(Mininet):
    """A running network. `net["h1"]` is a node; leaving the context ends every process of the network.

    With `with_controller` the switches are Open vSwitch's, and there is a host c0 for their controller (openflow.py).
    """

    Mininet.inited = True  # Mininet's own set-up would rewrite sysctls, and not only of our namespace
    numCores.ncores = os.cpu_count() or 1  # Mininet would start a grep to count them

    def __init__(self, topo, with_controller: bool = False):
        super().__init__(topo=None, controller=None, switch=OpenFlowSwitch if with_controller else Bridge,
                         host=StrictHost, link=StrictLink, build=False, autoSetMacs=False, waitConnected=False)
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
            if isinstance(switch, OpenFlowSwitch):
                switch.stop()
        for node in [*self.hosts, *self.switches]:
            if isinstance(node, Strict):
                node.terminate()

    # --- what Mininet asks for while it builds from the topology ---

    def buildFromTopo(self, topo=None):  # noqa: N802
        super().buildFromTopo(topo)
        if self.with_controller:
            openflow.add_management(self)

    def addHost(self, name, cls=None, **params):  # noqa: N802
        return super().addHost(name, cls=strict(cls or self.host), **params)

    def addSwitch(self, name, cls=None, **params):  # noqa: N802
        return super().addSwitch(name, cls=cls or self.switch, **params)

    def addLink(self, node1, node2, port1=None, port2=None, cls=None, **params):  # noqa: N802
        ends = [self[node] if isinstance(node, str) else node for node in (node1, node2)]
        ports = [node.newPort() if port is None else port for node, port in zip(ends, (port1, port2), strict=True)]
        for index, (node, port) in enumerate(zip(ends, ports, strict=True), start=1):
            params.setdefault(f"addr{index}", self._mac(node, port))
        return super().addLink(*ends, *ports, cls=StrictLink, **params)

    def _mac(self, node, port) -> str:
        """02: a locally administered address (IEEE 802); then the node's and the port's number."""
        if isinstance(node, Switch):
            return f"02:00:00:01:{self.switches.index(node) + 1:02x}:{port:02x}"
        own = node.params.get("mac")
        if own and not node.intfs:
            return own
        return f"02:00:00:00:{self.hosts.index(node) + 1:02x}:{port:02x}"

    def configHosts(self):  # noqa: N802
        self._make_links()
        for node in [*self.hosts, *(s for s in self.switches if isinstance(s, Bridge))]:
            self._configure(node)
        for host in self.hosts:
            if type(host).config is not Node.config:  # a topology's own kind of node: a router, say
                host.config(**host.params)

    def _make_links(self):
        lines = [f"link add name {one} address {one.mac} netns {_home(one)} type veth "
                 f"peer name {two} address {two.mac} netns {_home(two)}"
                 for one, two in ((link.intf1, link.intf2) for link in self.links)]
        _batch("ip", lines, "making the links")
        here = [intf for switch in self.switches if isinstance(switch, OpenFlowSwitch)  # outside namespaces
                for intf in switch.intfList() if intf.name != "lo"]
        for intf in here:  # outside the namespaces IPv6 is on, and would send router solicitations through the switch
            namespace.set_sysctl(f"net.ipv6.conf.{intf}.disable_ipv6", 1)
        _batch("ip", [f"link set {intf} up" for intf in here], "starting the switches' interfaces")
        for intf in here:
            namespace.turn_off_offloads(intf.name)

    def _configure(self, node):
        interfaces = [intf for intf in node.intfList() if intf.name != "lo"]
        if interfaces and not isinstance(node, Switch) and node.params.get("ip") and interfaces[0].ip is None:
            interfaces[0].setIP(node.params["ip"])
        lines = ["link set lo up"]
        for intf in interfaces:
            if intf.ip:
                lines.append(f"addr add {intf.ip}/{intf.prefixLen} broadcast + dev {intf}")
            lines.append(f"link set {intf} up")
        lines += node.batch() if isinstance(node, Bridge) else []
        route = node.params.get("defaultRoute")
        lines += [f"route add default {route}"] if route else []
        with namespace.inside(node.pid):
            _batch("ip", lines, f"configuring {node.name}")
            for intf in interfaces:
                namespace.turn_off_offloads(intf.name)
            shape_interfaces(interfaces)

    def start(self):
        super().start()
        for switch in self.switches:
            if isinstance(switch, OpenFlowSwitch):
                shape_interfaces([intf for intf in switch.intfList() if intf.name != "lo"])
        for node in [*self.hosts, *(s for s in self.switches if isinstance(s, Bridge))]:
            wait_until(partial(_all_up, node), f"every interface of {node.name} is up")

    def networks(self) -> set[IPv4Network]:
        """The IP networks that its hosts' interfaces are in."""
        return {IPv4Interface(f"{intf.ip}/{intf.prefixLen}").network for host in self.hosts
                for intf in host.intfList() if intf.ip and intf.name != "lo"}

    def describe(self) -> dict:
        """The network as evidence needs it: each node's kind, interfaces (mac, ip, prefix, peer) and each link."""
        peers = {}
        for link in self.links:
            peers[link.intf1.name], peers[link.intf2.name] = link.intf2.name, link.intf1.name
        return {node.name: {
            "kind": "switch" if isinstance(node, Switch) else type(node).__name__.replace("StrictHost", "Host").lower(),
            "interfaces": {intf.name: {
                "mac": intf.mac, "ip": intf.ip, "prefix": int(intf.prefixLen) if intf.ip else None,
                "peer": peers.get(intf.name)} for intf in node.intfList() if intf.name != "lo"},
            **({"dpid": node.dpid} if isinstance(node, OpenFlowSwitch) else {}),
        } for node in [*self.hosts, *self.switches]}


def shape_interfaces(interfaces) -> None:
    """Shape what leaves `interfaces` (of the namespace we are in), and prove it by asking the kernel."""
    shaped = [intf for intf in interfaces if shaping.commands(intf.name, intf.shape)]
    if not shaped:
        return
    _batch("tc", [line for intf in shaped for line in shaping.commands(intf.name, intf.shape)], "shaping")
    done = subprocess.run(["tc", "-j", "qdisc", "show"], capture_output=True, text=True, check=True)
    qdiscs = json.loads(done.stdout)
    for intf in shaped:
        shaping.verify(intf.name, intf.shape, [qdisc for qdisc in qdiscs if qdisc.get("dev") == intf.name])


def _home(intf) -> int:
    return intf.node.pid if intf.node.inNamespace else 1


def _batch(program: str, lines: list[str], what: str) -> None:
    if not lines:
        return
    done = subprocess.run([program, "-batch", "-"], input="\n".join(lines) + "\n", capture_output=True, text=True)
    if done.returncode:
        raise NetworkError(f"{what}: {program} says {done.stderr.strip() or done.stdout.strip()}")


def _all_up(node) -> bool:
    names = [str(intf) for intf in node.intfNames() if str(intf) != "lo"]
    names += [node.name] if isinstance(node, Bridge) else []
    with namespace.inside(node.pid):
        return all(namespace.is_running(name) for name in names)
