"""Mininet's nodes made strict: no shell behind a pty, every command's status seen, switches in namespaces too."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress

from mininet.node import Host, Node, Switch

from mnlab.net import namespace
from mnlab.net.errors import CommandFailed, NetworkError

#: A command line in which a shell would find nothing to do but start the program.
PLAIN = re.compile(r"[\w./+-]+( [\w./:@%+,=-]+)*")
NAME_LIMIT = 10  # an interface name holds 15 characters (IFNAMSIZ - 1): the node's name, then "-eth12"


class Strict:
    """Mixed into a Mininet node class, in front.

    Mininet keeps an interactive bash behind a pseudo-terminal in each node. That costs most of a start, cuts lines
    at 4095 characters without a word and hides exit statuses. Here a node is a process that holds the namespaces;
    commands are processes of their own.
    """

    name: str
    inNamespace: bool  # noqa: N815
    unmountPrivateDirs: Callable[[], None]  # noqa: N815
    shell: subprocess.Popen | None

    #: Mininet would start `which` twice to see whether its own programs are there; they are used at once.
    isSetup = True  # noqa: N815

    def startShell(self, mnopts=None):  # noqa: N802  (Mininet's name)
        if len(self.name) > NAME_LIMIT:
            raise NetworkError(f"the name {self.name!r} is too long: a node's name has at most {NAME_LIMIT} characters")
        # n makes the namespaces, then p prints the pid: the line says that they are there.
        options = "-cdnp" if self.inNamespace else "-cdp"
        shell = self.shell = subprocess.Popen(["mnexec", options, "sleep", "infinity"], stdin=subprocess.DEVNULL,
                                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert shell.stdout
        line = shell.stdout.readline()
        if not line:
            raise NetworkError(f"{self.name}: mnexec could not make its namespaces (status {shell.wait()})")
        shell.stdout.close()
        self.pid = int(line.strip(b"\x01\n"))
        self.waiting, self.master, self.slave, self.stdin, self.stdout = False, None, None, None, None
        self.lastCmd, self.lastPid, self.readbuf, self.execed = None, None, "", False
        if self.inNamespace:
            with namespace.inside(self.pid):
                # IPv6 would add neighbour discovery and router solicitations to every capture.
                for scope in ("all", "default"):
                    namespace.set_sysctl(f"net.ipv6.conf.{scope}.disable_ipv6", 1)

    def run(self, command, timeout: float = 30, check: bool = True, input: str | None = None):
        """Run a command (a string for the shell, or a list) in this node; its subprocess.CompletedProcess, as text.

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
        """Start a program in this node's namespaces, in a session of its own. CommandFailed if there is none."""
        try:
            if threading.active_count() > 1:  # only a process of one thread may enter a mount namespace (setns(2))
                return subprocess.Popen(["mnexec", "-a", str(self.pid), *argv], start_new_session=True, **options)
            with namespace.at_home(self.pid):
                return subprocess.Popen(argv, start_new_session=True, **options)
        except OSError as problem:
            raise CommandFailed(self.name, shlex.join(argv), 127, problem.strerror or str(problem)) from None

    def cmd(self, *args, **_):
        """Mininet's way to run a command: output and errors as one string, whatever the status."""
        command = args[0] if len(args) == 1 else " ".join(str(arg) for arg in args)
        if isinstance(command, (list, tuple)):
            command = shlex.join(str(part) for part in command)
        return self.run(f"{{ {command}\n}} 2>&1", check=False).stdout

    def sysctl(self, name: str, value) -> None:
        """Set a sysctl of this node's network namespace."""
        with namespace.inside(self.pid):
            namespace.set_sysctl(name, value)

    def use_resolver(self, *servers: str, search: str = "") -> None:
        """Give this node an /etc/resolv.conf of its own."""
        lines = [f"nameserver {server}" for server in servers] + ([f"search {search}"] if search else [])
        self.replace_file("/etc/resolv.conf", "\n".join(lines) + "\n")

    def replace_file(self, path: str, text: str) -> None:
        """Make this node, and no other, see `text` in the file `path`, which must exist."""
        own = f"/run/{self.name}-{self.pid}{path.replace('/', '.')}"
        with open(own, "w") as file:
            file.write(text)
        self.run(["mount", "--bind", own, path])

    def terminate(self):
        self.unmountPrivateDirs()
        if self.shell:
            self.shell.kill()
            self.shell.wait()
        self.shell = None

    cleanup = terminate

    def write(self, *_):
        raise NetworkError(f"{self.name} has no interactive shell; use run() or cmd()")

    sendCmd = write  # noqa: N815


class StrictHost(Strict, Host):
    """A host."""


class Bridge(Strict, Switch):
    """A learning switch: a Linux bridge in a namespace of its own, so that two networks never meet."""

    def __init__(self, name, **params):
        super().__init__(name, **{**params, "inNamespace": True})

    def start(self, _controllers):
        """Network has made the bridge already, with the interfaces."""

    def stop(self, deleteIntfs=True):  # noqa: N803
        self.terminate()

    def connected(self):
        return True

    def batch(self) -> list[str]:
        """Lines for `ip -batch` that make the bridge. Snooping off: multicast reaches all, as in a plain switch."""
        lines = [f"link add {self.name} type bridge stp_state 0 forward_delay 0 mcast_snooping 0"]
        lines += [f"link set {intf} master {self.name}" for intf in self.intfNames() if intf != "lo"]
        return [*lines, f"link set {self.name} up"]


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
    if issubclass(cls, Strict):
        return cls
    return type(cls.__name__, (Strict, cls), {})


def argv_of(command) -> list[str]:
    """What to start for a command: a list as it is, a line for the shell through bash, but only if it needs one."""
    if not isinstance(command, str):
        return [str(part) for part in command]
    if PLAIN.fullmatch(command) and shutil.which(command.split(" ", 1)[0]):
        return command.split(" ")
    return ["bash", "-c", command]


def process_state(pid: int) -> str:
    """The state letter of a process (proc(5)): S when it waits for something, X when it is gone."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0]
    except OSError:
        return "X"


