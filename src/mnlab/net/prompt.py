"""Mininet's prompt, and a host's shell, on strict nodes.

What is typed for a node goes to that node's own shell (conversation.py), so `h1 cd /tmp` lasts, and py h1.cmd() sees
it; at a terminal it runs in that terminal, and Ctrl-C is for the program.
"""

import os
import re
import shlex
import subprocess
import sys

from mininet.cli import CLI
from mininet.log import setLogLevel

from mnlab.net.openflow import ControllerHost, SwitchComputer

WELCOME = """{name}: {hosts}; {links}
A host's name and a command run it there (h1 ping -c1 h2); net, links, pingall and help are Mininet's.
"""
CLEAR = "\x1b[H\x1b[2J\x1b[3J"  # xterm: home, erase the screen and what has scrolled out of it

#: What a shell takes as it stands, or else a word with nothing but blanks and operators around it.
WORDS = re.compile(r"""'[^']*'|"(?:[^"\\]|\\.)*"|\\.|(?<![^\s;|&()])[\w-]+(?![^\s;|&()])""", re.DOTALL)


class Prompt(CLI):
    """Mininet's command line, which an error in a command does not end. `terminal`: whether a user sits there."""

    def __init__(self, net, stdin, terminal: bool):
        self.terminal = self.use_rawinput = terminal
        self.lines: list[str] = []
        super().__init__(net, stdin=stdin)

    @classmethod
    def initReadline(cls):  # noqa: N802
        """History is this prompt's own: no file of the user's is read or written."""
        import readline  # noqa: F401  (input() then edits lines, and recalls them)

    def onecmd(self, line):
        """Carry out a line. What goes wrong is said in one line."""
        try:
            return super().onecmd(line)
        except Exception as problem:
            words = " ".join(str(problem).split())
            print(f"*** {line.split(' ', 1)[0]}: {words or type(problem).__name__}", flush=True)
            return None

    def precmd(self, line):
        """A line may be a comment; other # are for the command. What was not typed is shown."""
        self.lines.append(line)
        if not self.terminal and line != "EOF":
            print(line, flush=True)
        return "" if line.lstrip().startswith("#") else line

    def default(self, line):
        """`h1 ping -c1 h2`: run a command on a node; names of hosts become their addresses, unless quoted."""
        first, _, rest = line.strip().partition(" ")
        if first not in self.mn:
            print(f"*** there is no node and no command {first}; `nodes` and `help` show what there is", flush=True)
            return
        rest = with_addresses(rest, {host.name: host.IP() for host in self.mn.hosts})
        self._talk_with(self.mn[first], rest or shlex.join(shell_of(self.mn[first])))

    def _talk_with(self, node, command):
        if self.terminal:
            line = os.ttyname(self.stdin.fileno())
            command = f"eval {shlex.quote(command)} <{line} >{line} 2>&1"
        node.sendCmd(command)
        while node.waiting:
            try:
                print(node.monitor(), end="", flush=True)
            except KeyboardInterrupt:  # the program has it, too
                continue

    def do_clear(self, _line):
        """clear: empty the screen."""
        print(CLEAR if self.terminal else "", end="", flush=True)

    def do_history(self, _line):
        """history: what was typed."""
        for number, line in enumerate(self.lines, start=1):
            print(f"{number:5}  {line}", flush=True)

    def do_source(self, line):
        """source FILE: carry out the lines of a file."""
        try:
            with open(line.strip()) as file:
                lines = file.read().splitlines()
        except OSError as problem:
            print(f"*** source: {line.strip() or 'a file'}: {problem.strerror}", flush=True)
            return False
        return any(self.onecmd(self.precmd(each)) for each in lines)  # until one is exit

    def do_dpctl(self, line):
        """dpctl COMMAND: ovs-ofctl(8) on every OpenFlow switch (dpctl dump-flows)."""
        command, *arguments = shlex.split(line) or ["show"]
        for switch in self.mn.switches:
            print(f"*** {switch.name}", flush=True)
            if hasattr(switch, "flows"):
                done = switch.run(["ovs-ofctl", "-O", "OpenFlow13", command, switch.name, *arguments], check=False)
                print((done.stdout + done.stderr).rstrip(), flush=True)
            else:
                print("a bridge, which learns by itself and has no flow table", flush=True)

    def do_pingall(self, line):
        """pingall [SECONDS]: every host pings every other."""
        self.mn.ping(self._hosts(), timeout=line.strip() or None)

    def do_pingallfull(self, _line):
        """pingallfull: the same, with round-trip times."""
        self.mn.pingFull(self._hosts())

    def _hosts(self):
        """The hosts, without those of the controller's own network."""
        return [host for host in self.mn.hosts if not isinstance(host, (ControllerHost, SwitchComputer))]

    def _not_here(self, _line):
        """Not in this terminal."""
        print("There is no window here. `h1 bash` is a shell on h1; `mnlab shell LAB h1` opens another network.")

    do_x = do_xterm = do_gterm = _not_here


def with_addresses(command: str, addresses: dict[str, str | None]) -> str:
    """`command` as it was typed, with each name that stands by itself and is in `addresses` replaced."""
    return WORDS.sub(lambda found: addresses.get(found[0]) or found[0], command).strip()


def prompt(net, name: str, typed=None) -> None:
    """Talk with the user in this terminal until he leaves; or obey the lines of the file `typed`, to its end."""
    hosts = " ".join(f"{host.name} {host.IP()}" for host in net.hosts if host.IP())
    links = " ".join(f"{link.intf1}:{link.intf2}" for link in net.links)
    print(WELCOME.format(name=name, hosts=hosts, links=links), flush=True)
    setLogLevel("output")  # what its commands have to say, and no more
    for node in net.values():
        node.own_session = typed is not None
    Prompt(net, typed or sys.stdin, terminal=typed is None)


def shell_of(node) -> list[str]:
    """A shell that says which node it is on."""
    return ["env", f"PS1={node.name}:\\w\\$ ", "bash", "--norc", "--noprofile", "-i"]


def in_terminal(node, argv: list[str]) -> int:
    """Run a program on a node in this terminal, and wait for it; Ctrl-C is for the program."""
    process = subprocess.Popen(["mnexec", "-a", str(node.pid), *argv], cwd=os.getcwd(),
                               preexec_fn=node.share.join if node.share else None)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue
