"""Open vSwitch as a network's switches, and the host on which a controller runs.

The switches are bridges of the kernel's Open vSwitch datapath, outside the hosts' namespaces, and speak OpenFlow 1.3.
The controller's host c0 has a namespace of its own and one link to the computer that the switches are on: an
out-of-band management network, so that whatever a controller and a switch say to each other is on a wire that can be
captured, and nothing else is.
"""

import re
import subprocess

from mininet.node import Switch

from mnlab.net import ovs, sock_diag
from mnlab.net.errors import NetworkError
from mnlab.net.links import shape_interfaces
from mnlab.net.nodes import Strict, StrictHost

CONTROLLER, SWITCHES = "c0", "ovs"  # the names of the management link's ends
CONTROLLER_ADDRESS, SWITCHES_ADDRESS = "172.31.255.2/30", "172.31.255.1/30"
PORT = 6653  # OpenFlow's port, as registered with IANA

#: Bytes of the longest HELLO of Open vSwitch: a header, and one bitmap of versions (OpenFlow 1.3, section 7.5.1).
HELLO = 16

#: Milliseconds between two tries to reach the controller (Controller table, ovs-vswitchd.conf.db(5)).
RETRY = 1000

#: The most flows a switch accepts: a controller that adds flows without end gets an error, and the switch survives.
FLOW_LIMIT = 5000


class ControllerHost(StrictHost):
    """The host that controllers run on."""


class SwitchComputer(StrictHost):
    """The computer that Open vSwitch runs on: this one."""

    def __init__(self, name, **params):
        super().__init__(name, **{**params, "inNamespace": False})


class OpenFlowSwitch(Strict, Switch):
    """An Open vSwitch bridge.

    If it is `controlled`, it has a controller and forwards nothing without it (secure), until it is told otherwise.
    """

    def __init__(self, name, controlled=True, failMode="secure", stp=False, rstp=False, prio=None,  # noqa: N803
                 protocols="OpenFlow13", datapath="kernel", **params):
        if "OpenFlow13" not in str(protocols).split(","):
            raise NetworkError(f"{name}: protocols must have OpenFlow13 among them, which its own tools speak")
        self.controlled, self.mode, self.protocols = controlled, failMode, protocols
        self.tree, self.prio, self.running = "rstp" if rstp else "stp" if stp else None, prio, False
        super().__init__(name, **params)

    def defaultDpid(self, dpid=None):  # noqa: N802
        """The datapath id; from the number in its name if there is none."""
        if not dpid and not re.search(r"\d", self.name):
            raise NetworkError(f"{self.name}: an Open vSwitch needs a number in its name, or a dpid")
        return super().defaultDpid(dpid)

    def start(self, _controllers=()):
        """Make the bridge, with all interfaces that there are."""
        if self.running:
            return
        bridge = [f"protocols={self.protocols}", f"fail_mode={self.mode}", f"other_config:datapath-id={self.dpid}",
                  "other_config:disable-in-band=true"]
        if self.tree:
            bridge.append(f"{self.tree}_enable=true")
        if self.tree and self.prio is not None:
            bridge.append(f"other_config:{self.tree}-priority={self.prio}")
        lines = [["add-br", self.name], ["set", "bridge", self.name, *bridge]]
        lines += [self._port(intf) for intf in self._cables()]
        lines += [["--id=@table", "create", "flow_table", f"flow_limit={FLOW_LIMIT}", "overflow_policy=refuse", "--",
                   "set", "bridge", self.name, "flow_tables:0=@table"]]
        if self.controlled:
            address = CONTROLLER_ADDRESS.split("/")[0]
            lines += [["--id=@controller", "create", "controller", f'target="tcp:{address}:{PORT}"',
                       f"max_backoff={RETRY}", "connection_mode=out-of-band", "--",
                       "set", "bridge", self.name, "controller=@controller"]]
        _vsctl(*lines)
        self.running = True
        shape_interfaces(self._cables())  # now: Open vSwitch has taken away what was there

    def stop(self, deleteIntfs=False):  # noqa: N803
        """Take the bridge away; its cables stay plugged in."""
        if deleteIntfs and any(intf.name != "lo" for intf in self.intfList()):
            raise NetworkError(f"{self.name}: stop() leaves the cables; delLink takes them away, delSwitch all of it")
        _vsctl(["--if-exists", "del-br", self.name])
        self.running = False

    def connected(self):
        return self.running

    def attach(self, intf) -> None:
        """Plug a cable in while the switch runs."""
        if self.running:
            _vsctl(self._port(intf))

    def delIntf(self, intf):  # noqa: N802
        """Unplug a cable."""
        super().delIntf(intf)
        if self.running:
            _vsctl(["--if-exists", "del-port", self.name, str(intf)])

    def settled(self) -> bool:
        """Whether no port of a spanning tree is still on its way to forwarding (ovs-vswitchd(8))."""
        if not self.tree:
            return True
        ports = self.run(["ovs-appctl", f"{self.tree}/show", self.name]).stdout.lower()
        return not re.search(r"listening|learning|(?:designated|root) +discarding", ports)

    def _cables(self) -> list:
        return [intf for intf, port in self.ports.items() if port]  # port 0 is the loopback interface

    def _port(self, intf) -> list[str]:
        return ["add-port", self.name, str(intf), "--",
                "set", "interface", str(intf), f"ofport_request={self.ports[intf]}"]

    def set_fail_mode(self, mode: str) -> None:
        """What it does without a controller. "secure": nothing new; "standalone": it learns and forwards by itself."""
        _vsctl(["set", "bridge", self.name, f"fail_mode={mode}"])

    def flows(self) -> str:
        """Its flow tables with their counters, as ovs-ofctl(8) prints them."""
        return self.run(["ovs-ofctl", "-O", "OpenFlow13", "dump-flows", self.name]).stdout

    def flow_count(self) -> int:
        """Flows in all its tables."""
        return ovs.flow_count(self.name)

    def has_flows(self) -> bool:
        """Whether there is any flow in its tables."""
        return self.flow_count() > 0

    def delete_flows(self) -> None:
        """Empty its flow tables."""
        ovs.delete_flows(self.name)


def connected(net) -> int:
    """How many switches have agreed on a protocol version with their controller.

    The controller's kernel knows: whoever has said more than HELLO has answered its first question. (Open vSwitch's
    database knows too, but tells up to 5 s later; so it calls a switch connected to a controller that has gone.)
    """
    return sum(connection["bytes_received"] > HELLO for connection in sock_diag.connections(net[CONTROLLER].pid, PORT))


def add_management(net) -> None:
    """Add the controller's host and its link to the switches' computer."""
    net.addHost(CONTROLLER, cls=ControllerHost, ip=CONTROLLER_ADDRESS)
    net.addHost(SWITCHES, cls=SwitchComputer, ip=SWITCHES_ADDRESS)
    net.addLink(CONTROLLER, SWITCHES)


def _vsctl(*commands: list[str]) -> str:
    """Do all of it in one transaction; what ovs-vsctl(8) prints."""
    argv = ["ovs-vsctl", "--timeout=20"]
    for command in commands:
        argv += ["--", *command]
    done = subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise NetworkError(f"Open vSwitch: {done.stderr.strip()}")
    return done.stdout
