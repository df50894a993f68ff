"""Mininet's nodes made strict: no shell behind a pty, every command's status seen, switches in namespaces too."""

import json
import os
import re
import shlex
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from socket import if_nametoindex

from mininet.node import CPULimitedHost, Host, Node, Switch

from mnlab.net import namespace, netlink
from mnlab.net.conversation import Conversation, argv_of
from mnlab.net.cpu import Share
from mnlab.net.errors import CommandFailed, NetworkError
from mnlab.net.holder import Holder

NAME_LIMIT = 10  # an interface name holds 15 characters (IFNAMSIZ - 1): the node's name, then "-eth12"

#: IPv6 would add neighbour discovery and router solicitations to every capture. "all" is said to "default", too
#: (addrconf_disable_ipv6, net/ipv6/addrconf.c).
SYSCTLS = {"net.ipv6.conf.all.disable_ipv6": 1}


class Strict(Conversation):
    """What every host and switch can do, besides Mininet's own calls. Mixed into a Mininet node class, in front.

    Mininet keeps an interactive bash behind a pseudo-terminal in each node. That costs most of a start, cuts lines
    at 4095 characters without a word and hides exit statuses. Here a process holds the namespaces (holder.py);
    commands are processes of their own. cmd() has a shell where it needs one (conversation.py).
    """

    name: str
    params: dict
    inNamespace: bool  # noqa: N815
    unmountPrivateDirs: Callable[[], None]  # noqa: N815
    shell: Holder | None
    share: Share | None = None  # of the processors: all of them

    #: Mininet would start `which` twice to see whether its own programs are there; they are used at once.
    isSetup = True  # noqa: N815

    def startShell(self, mnopts=None):  # noqa: N802  (Mininet's name)
        if len(self.name) > NAME_LIMIT:
            raise NetworkError(f"the name {self.name!r} is too long: a node's name has at most {NAME_LIMIT} characters")
        if not re.fullmatch(r"[\w-]+", self.name, re.ASCII):
            raise NetworkError(f"the name {self.name!r} cannot be: a node's name is letters, digits, _ and -")
        self.shell = Holder(self.inNamespace, SYSCTLS)
        self.pid = self.shell.pid
        self.waiting, self.master, self.slave, self.stdin, self.stdout = False, None, None, None, None
        self.lastCmd, self.lastPid, self.readbuf, self.execed = None, None, "", False
        asked = {name: self.params.get(name) for name in ("cpu", "cores", "period_us")}
        limits = {name: value for name, value in asked.items() if value is not None}
        if limits:
            self.share = Share(self.name, self.pid, **limits)

    def run(self, command, timeout: float = 30, check: bool = True, input: str | None = None):
        """Run a command (a string for the shell, or a list) in this node; its subprocess.CompletedProcess, as text.
        `input` is what it reads, nothing if there is none. It is not recorded: see rec.run.

        CommandFailed if `check` and its status is not 0, or if it runs longer than `timeout` seconds.
        """
        argv = argv_of(command)
        text = command if isinstance(command, str) else shlex.join(argv)
        process = self.start_process(argv, stdin=subprocess.PIPE if input else subprocess.DEVNULL,
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")
        try:
            out, err = process.communicate(input, timeout=timeout)
        except subprocess.TimeoutExpired:
            _end(process)
            raise CommandFailed(self.name, text, None, "") from None
        if check and process.returncode:
            words = (err or out).strip().splitlines()
            raise CommandFailed(self.name, text, process.returncode, words[-1] if words else "")
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    def start_process(self, argv: list[str], **options) -> subprocess.Popen:
        """Start a program in this node's namespaces, in a session of its own unless `options` say otherwise.
        CommandFailed if there is none."""
        options.setdefault("start_new_session", True)
        if self.share:
            options.setdefault("preexec_fn", self.share.join)
        try:
            with namespace.at_home(self.pid):
                return subprocess.Popen(argv, **options)
        except OSError as problem:
            raise CommandFailed(self.name, shlex.join(argv), 127, problem.strerror or str(problem)) from None

    def sysctl(self, name: str, value) -> None:
        """Set a sysctl of this node's network namespace: sysctl("net.ipv4.ip_forward", 1). OSError if there is none of
        this name, or it does not take the value."""
        with namespace.inside(self.pid):
            namespace.set_sysctl(name, value)

    def use_resolver(self, *servers: str, search: str = "") -> None:
        """Give this node an /etc/resolv.conf of its own, with these addresses of servers."""
        lines = [f"nameserver {server}" for server in servers] + ([f"search {search}"] if search else [])
        self.replace_file("/etc/resolv.conf", "\n".join(lines) + "\n")

    def setARP(self, ip, mac):  # noqa: N802
        """Add a static ARP entry; CommandFailed if it cannot be. Linux forgets it when the interface goes down or gets
        another MAC address."""
        self.run(["arp", "-s", ip, mac])

    def setDefaultRoute(self, intf=None):  # noqa: N802
        """The default route: an interface, or what `ip route` is told ("via 10.0.0.254"). CommandFailed if the kernel
        refuses."""
        where = intf if isinstance(intf, str) and " " in intf else f"dev {intf}"
        self.run(f"ip route replace default {where}")

    def setHostRoute(self, ip, intf):  # noqa: N802
        """A route to one host, through an interface. CommandFailed if the kernel refuses."""
        self.run(f"ip route replace {ip} dev {intf}")

    def replace_file(self, path: str, text: str) -> None:
        """Make this node, and no other, see `text` in the file `path`. CommandFailed unless that exists."""
        own = f"/run/{self.name}-{self.pid}{path.replace('/', '.')}"
        with open(own, "w") as file:
            file.write(text)
        self.run(["mount", "--bind", own, path])

    def setCPUFrac(self, f, sched="cfs"):  # noqa: N802
        """Let its programs use no more than this share of all processors (above 0 and up to 1; -1: all). NetworkError
        for another share."""
        if sched != "cfs":
            raise NetworkError(f"{self.name}: control groups, version 2, know sched='cfs' only")
        if self.share:
            self.share.set_fraction(f)
        else:
            self.share = Share(self.name, self.pid, f)

    def setCPUs(self, cores, mems=0):  # noqa: N802
        """Let its programs run on these processors only (from now on): 0, [0, 1] or "0,1". NetworkError for one that is
        not there."""
        if self.share:
            self.share.set_cores(cores)
        else:
            self.share = Share(self.name, self.pid, cores=cores)

    def popen(self, *args, **options):
        """Start a program: Mininet's popen(), a subprocess.Popen. Nothing of it is recorded."""
        if self.share:
            options.setdefault("preexec_fn", self.share.join)
        return super().popen(*args, **options)  # type: ignore[misc]  # Mininet's node is the next class

    def terminate(self):
        self.hang_up()
        self.unmountPrivateDirs()
        if self.shell:
            self.shell.end()
        self.shell = None
        if self.share:
            self.share.end()
            self.share = None

    cleanup = terminate

    def linkTo(self, node, link=None):  # noqa: N802
        raise NetworkError(f"{self.name}: links are the network's: net.addLink({self.name!r}, {str(node)!r})")


class StrictHost(Strict, Host):
    """A host."""


class Bridge(Strict, Switch):
    """A learning switch: a Linux bridge in a namespace of its own, so that two networks never meet. The bridge has the
    switch's name, and its ports are the switch's interfaces, s1-eth1 for the first link of s1: bridge(8) and ip(8) tell
    it more, net["s1"].run("bridge vlan add dev s1-eth1 vid 10 pvid untagged")."""

    def __init__(self, name, stp: bool = False, prio: int | None = None, **params):
        self.stp, self.prio, self.running = stp, prio, False
        super().__init__(name, **{**params, "inNamespace": True})

    def defaultDpid(self, dpid=None):  # noqa: N802
        """A bridge has no datapath id; Mininet would want one, or a number in the name."""
        return dpid

    def start(self, _controllers=()):
        """Make the bridge, with all interfaces that there are."""
        if not self.running:
            with namespace.inside(self.pid):
                self.make()

    def stop(self, deleteIntfs=False):  # noqa: N803
        """Take the bridge away; its cables stay plugged in."""
        if deleteIntfs and any(intf.name != "lo" for intf in self.intfList()):
            raise NetworkError(f"{self.name}: stop() leaves the cables; delLink takes them away, delSwitch all of it")
        if self.running:
            with namespace.inside(self.pid):
                netlink.tell([netlink.delete(if_nametoindex(self.name))], f"stopping {self.name}")
            self.running = False

    def connected(self):
        return self.running

    def attach(self, intf) -> None:
        """Plug a cable in while the switch runs."""
        if self.running:
            with namespace.inside(self.pid):
                netlink.tell([netlink.change(if_nametoindex(intf.name), master=if_nametoindex(self.name))],
                             f"{intf} joins {self.name}")

    def settled(self) -> bool:
        """Whether no port is still on its way to forwarding."""
        ports = json.loads(self.run(["bridge", "-j", "link", "show"]).stdout or "[]") if self.stp else []
        return not any(port.get("state") in ("listening", "learning") for port in ports)

    def make(self) -> None:
        """Make the bridge, in its namespace, where we are.

        Promiscuous: it then forwards a copy of each frame and listens to the original (br_handle_frame_finish,
        net/bridge/br_input.c). The copy belongs to no socket, so no queue from here on holds its sender back.
        """
        netlink.tell([netlink.bridge(self.name, self.stp, self.prio)], f"starting {self.name}")
        own = if_nametoindex(self.name)
        ports = [netlink.change(if_nametoindex(name), master=own) for name in self.intfNames() if name != "lo"]
        netlink.tell([*ports, netlink.change(own, up=True, promiscuous=True)], f"starting {self.name}")
        self.running = True


def _end(process: subprocess.Popen) -> None:
    """Kill a command and what it started; do not wait for a process that has left its session and holds its output."""
    os.killpg(process.pid, signal.SIGKILL)  # not waited for yet, so the pid is still its own
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream:
            with suppress(OSError):
                stream.close()


def strict(cls: type[Node]) -> type[Node]:
    """`cls` itself if it is strict, else a strict class of the same name on top of it (for a topology's routers)."""
    if not isinstance(cls, type) or not issubclass(cls, Node):
        raise NetworkError(f"{cls!r} is not a kind of host: give a class on top of mininet.node.Node")
    if issubclass(cls, Switch):
        raise NetworkError(f"{cls.__name__} is a kind of switch: use addSwitch")
    if issubclass(cls, CPULimitedHost):
        if cls is not CPULimitedHost:
            raise NetworkError(f"{cls.__name__} is on top of CPULimitedHost: any Host has cpu and cores here")
        return StrictHost
    if issubclass(cls, Strict):
        return cls
    return type(cls.__name__, (Strict, cls), {})
