"""Inside the machine: a switch and its controller, from nothing until the first learned flow is in the switch.

Prints a line before and after each part, with the time on its clock.
"""

import time
from contextlib import contextmanager
from pathlib import Path

from mininet.topo import Topo

from mnlab.evidence.recorder import Recorder
from mnlab.net.network import Network
from mnlab.net.wait import wait_until

HOSTS = 2


class Lan(Topo):
    def build(self):
        switch = self.addSwitch("s1")
        for number in range(1, HOSTS + 1):
            self.addLink(self.addHost(f"h{number}", ip=f"10.0.0.{number}/24"), switch)


@contextmanager
def measured(name: str):
    print(f"start {name} {time.monotonic_ns()}", flush=True)
    try:
        yield
    finally:
        print(f"end {name} {time.monotonic_ns()}", flush=True)


def main() -> int:
    with measured("all"):
        with measured("switch"):
            net = Network(Lan(), with_controller=True).__enter__()
        rec = Recorder(Path("bench"), net, {}, Path("."))
        with measured("controller"):
            rec.controller("learning", "learning_switch.py")
        with measured("flow"):
            ping = rec.service("ping", net["h1"], "ping -c1 10.0.0.2")
            wait_until(lambda: net["s1"].flow_count() > 1, "a learned flow is in the switch")
            ping.stop()
    rec.close()
    return 0
