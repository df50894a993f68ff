"""Mininet's prompt, and a host's shell, on strict nodes: what is typed runs in a terminal, in the node's namespaces."""

import os
import subprocess
import sys

from mininet.cli import CLI
from mininet.log import setLogLevel

WELCOME = """{name}: {hosts}; {links}
A host's name and a command run it there (h1 ping -c1 h2); net, links, pingall and help are Mininet's.
"""


class Prompt(CLI):
    """Mininet's command line. What it would do through a node's own shell, it does in this terminal."""

    def default(self, line):
        """`h1 ping -c1 h2`: run a command on a node; names of hosts become their addresses."""
        first, _, rest = line.partition(" ")
        if first not in self.mn:
            return super().default(line)
        words = [self.mn[word].IP() or word if word in self.mn else word for word in rest.split()]
        in_terminal(self.mn[first], ["bash", "-c", " ".join(words)] if words else shell_of(self.mn[first]))
        return None

    def _not_here(self, _line):
        """Not in this terminal."""
        print("There is no window here. `h1 bash` is a shell on h1; `mnlab shell LAB h1` opens another network.")

    do_x = do_xterm = do_gterm = _not_here

    def do_iperf(self, line):
        """iperf: measure TCP between two hosts, with iperf3."""
        print("Start a server and a client: h2 iperf3 -s -D    h1 iperf3 -c h2")

    do_iperfudp = do_iperf


def prompt(net, name: str) -> None:
    """Talk with the user until he leaves."""
    hosts = " ".join(f"{host.name} {host.IP()}" for host in net.hosts if host.IP())
    links = " ".join(f"{link.intf1}:{link.intf2}" for link in net.links)
    print(WELCOME.format(name=name, hosts=hosts, links=links))
    setLogLevel("output")  # what its commands have to say, and no more
    Prompt(net, stdin=sys.stdin)


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
