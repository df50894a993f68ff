"""Links and their interfaces: noted while a topology is read, made by Network in one go, changed while it runs.

Each change is made in the kernel and read back, or it is a NetworkError; what an object tells is what the kernel has.
"""

import json
import re
import subprocess
from collections.abc import Iterable
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv4Interface
from socket import if_nametoindex

from mininet.link import Intf, Link, TCLink, TCULink
from mininet.log import warn

from mnlab.net import namespace, netlink, parameters, shaping
from mnlab.net.errors import NetworkError
from mnlab.net.shaping import Shape

NAME_LIMIT = 15  # characters of an interface's name (IFNAMSIZ - 1, include/uapi/linux/if.h)


class StrictIntf(Intf):
    """An interface. Until Network has made it (`made`), what it is told is noted; then it is done."""

    made = False

    def config(self, **params):
        """Give it a shape (as a whole: what is not named is not shaped), mtu, ip, mac, as docs/network.md has them for
        a link: `intf.config(bw=5, delay="10ms")`. NetworkError if the kernel does not have it afterwards."""
        shape = Shape.of(params, self.name)
        if mac := params.get("mac"):
            self.setMAC(mac)
        if ip := params.get("ip"):
            self.setIP(ip)
        self.shape = shape
        if self.made:
            with namespace.inside(self.node.pid):
                if mtu := self.shape.asked.get("mtu"):
                    netlink.tell([netlink.change(if_nametoindex(self.name), mtu=mtu)], f"{self}")
                remove_shape(self)
                shape_interfaces([self])

    def setMAC(self, macstr):  # noqa: N802
        """Give it another MAC address. It stays up, so routes stay. NetworkError if it cannot have that."""
        asked = mac(macstr, str(self))
        if self.made and self._has(namespace.hardware_address) != asked:
            with self._static_arp():
                self._ip(f"link set {self} address {asked}")
                self._expect("MAC address", asked, namespace.hardware_address)
        self.mac = asked

    def setIP(self, ipstr, prefixLen=None):  # noqa: N802, N803
        """Give it another IPv4 address, "10.0.0.1/24". As with ifconfig(8), routes by way of the old one are gone.
        NetworkError if it is no address, or the kernel does not have it afterwards."""
        address = ipv4(ipstr, prefixLen, f"{self}")
        if self.made and self._has(namespace.address) != address:
            with self._static_arp():
                self._ip(f"addr flush dev {self} scope global", f"addr add {address} broadcast + dev {self}")
                self._expect("address", address, namespace.address)
        self.ip, self.prefixLen = str(address.ip), str(address.network.prefixlen)

    def ifconfig(self, *args):
        """`up` and `down` are done and read back (configLinkStatus says them); the rest is up to ifconfig(8)."""
        if args not in (("up",), ("down",)):
            return super().ifconfig(*args)
        with self._static_arp():
            self._ip(f"link set {self} {args[0]}")
            self._expect("state", args[0], lambda name: "up" if namespace.flags(name) & namespace.IFF_UP else "down")
        return ""

    def isUp(self, setUp=False):  # noqa: N802
        """Whether it is up; `setUp` takes it up first."""
        if not self.made:
            return True
        if setUp:
            self.ifconfig("up")
        return bool(self._has(namespace.flags) & namespace.IFF_UP)

    def isRunning(self) -> bool:  # noqa: N802
        """Whether it is up, and its link works."""
        return self._has(namespace.is_running)

    def rename(self, newname):
        raise NetworkError(f"{self} cannot be renamed; give the name in the topology, as intfName1 or intfName2")

    def delete(self):
        """Take it away; its peer goes with it."""
        if self.made:
            with namespace.inside(self.node.pid):
                if namespace.exists(self.name):
                    netlink.tell([netlink.delete(if_nametoindex(self.name))], f"{self}")
        self.node.delIntf(self)
        self.link, self.made = None, False

    def _ip(self, *lines: str) -> None:
        with namespace.inside(self.node.pid):
            batch("ip", list(lines), f"{self}")

    def _has(self, what):
        """What the kernel says of it; `what` is a function of `namespace`."""
        with namespace.inside(self.node.pid):
            return what(self.name)

    def _expect(self, what: str, asked, look) -> None:
        found = self._has(look)
        if asked != found:
            raise NetworkError(f"{self}: asked the kernel for the {what} {asked}, it has {found}")

    @contextmanager
    def _static_arp(self):
        """Warn of static ARP entries that what is done meanwhile takes away: Linux forgets them then."""
        before = self._static_entries()
        yield
        lost = sorted(before - self._static_entries())
        if lost:
            warn(f"{self.node.name}: Linux has forgotten the static ARP entries of {self} ({', '.join(lost)}): "
                 f"it does when an interface goes down or changes its address; setARP them again\n")

    def _static_entries(self) -> set[str]:
        found = self.node.run(["ip", "-j", "-4", "neigh", "show", "dev", self.name, "nud", "permanent"]).stdout
        return {entry["dst"] for entry in json.loads(found or "[]")}


class StrictLink(Link):
    """A veth pair, noted first and made by Network."""

    def __init__(self, node1, node2, **params):
        super().__init__(node1, node2, intf=StrictIntf, **params)

    @classmethod
    def makeIntfPair(cls, intfname1, intfname2, addr1=None, addr2=None,  # noqa: N802
                     node1=None, node2=None, deleteIntfs=True):  # noqa: N803
        """Nothing yet: see Network._make_links."""


def check(ends, cls=None, **params) -> None:
    """NetworkError if a topology asks for a link that this network cannot make."""
    whose = f"the link {ends[0]} - {ends[1]}"
    if cls not in (None, Link, TCLink, TCULink, StrictLink):
        raise NetworkError(f"{whose}: there is no link of class {getattr(cls, '__name__', cls)} here; "
                           f"there are {parameters.ENDS['cls']}")
    names = {name for group in parameters.ENDS for name in group.split(", ")}
    shared = {name: value for name, value in params.items() if name not in names}
    if "mac" in shared:
        raise NetworkError(f"{whose}: mac: each end has its own: in params1, params2, or as addr1, addr2")
    for end, interface in (("params1", "intfName1"), ("params2", "intfName2")):
        Shape.of({**(params.get(end) or {}), **shared}, whose)
        name = params.get(interface)
        if name is not None and not re.fullmatch(rf"[\w.-]{{1,{NAME_LIMIT}}}", str(name), re.ASCII):
            raise NetworkError(f"{whose}: {interface}: {name!r} is not the name of an interface: up to {NAME_LIMIT} "
                               f"letters, digits, '.', '_' and '-'")


def mac(text, whose: str) -> str:
    """A MAC address that an interface can have, in small letters."""
    match = re.fullmatch(r"[0-9a-f]{1,2}(:[0-9a-f]{1,2}){5}", str(text).lower())
    found = ":".join(part.zfill(2) for part in match[0].split(":")) if match else ""
    if not found or int(found[:2], 16) & 1 or not int(found.replace(":", ""), 16):
        raise NetworkError(f"{whose}: {text!r} is not the MAC address of an interface; write it like "
                           f"02:00:00:00:00:07 (an odd first byte is a group's)")
    return found


def ipv4(text, prefix, whose: str) -> IPv4Interface:
    """"10.0.0.1/24", or "10.0.0.1" and a prefix length (8 if there is none, as Mininet has it)."""
    try:
        return IPv4Interface(text if "/" in str(text) else f"{text}/{prefix or 8}")
    except ValueError as problem:
        raise NetworkError(f"{whose}: {text!r} is not an IPv4 address with a prefix length ({problem})") from None


def default_route(words: str, what: str) -> None:
    """Give the namespace we are in a default route, in the words of ip(8): mostly "via 10.0.0.254"."""
    match = re.fullmatch(r"via ([\d.]+)", words.strip())
    try:
        gateway = IPv4Address(match[1]) if match else None
    except ValueError:
        raise NetworkError(f"{what}: {words!r} leads to no IPv4 address") from None
    if gateway:
        netlink.tell([netlink.default_route(gateway)], what)
    else:
        batch("ip", [f"route add default {words}"], what)


def shape_interfaces(interfaces: Iterable[StrictIntf]) -> None:
    """Shape what leaves `interfaces` (of the namespace we are in), and prove it by asking the kernel."""
    lines = {intf: shaping.commands(intf.name, intf.shape) for intf in interfaces}
    shaped = [intf for intf in lines if lines[intf]]
    if not shaped:
        return
    found = shaping.qdiscs_of(batch("tc", [*sum(lines.values(), []), "qdisc show"], "shaping", "-j"))
    for intf in shaped:
        classes = batch("tc", [f"class show dev {intf}"], "shaping") if intf.shape.shaper != "tbf" else ""
        shaping.verify(intf.name, intf.shape, [qdisc for qdisc in found if qdisc.get("dev") == intf.name], classes)


def remove_shape(intf: StrictIntf) -> None:
    """Leave what leaves an interface (of the namespace we are in) alone."""
    found = shaping.qdiscs_of(batch("tc", [f"qdisc show dev {intf}"], "shaping", "-j"))
    if any(qdisc.get("root") and qdisc["kind"] != "noqueue" for qdisc in found):
        batch("tc", [f"qdisc del dev {intf} root"], f"{intf}: its former shape")


def batch(program: str, lines: list[str], what: str, *options: str) -> str:
    """Have ip(8) or tc(8) do all of `lines`; what it printed. NetworkError with its own words if it refuses one."""
    if not lines:
        return ""
    done = subprocess.run([program, *options, "-batch", "-"], input="\n".join(lines) + "\n", capture_output=True,
                          text=True)
    if done.returncode:
        raise NetworkError(f"{what}: {program} says {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
