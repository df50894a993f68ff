"""Inside the machine: what starting things costs. Prints a line before and after each, with the time on its clock."""

import time
from contextlib import contextmanager

from mininet.topo import Topo

from mnlab.net.network import Network


class Star(Topo):
    def build(self, hosts):
        switch = self.addSwitch("s1")
        for number in range(1, hosts + 1):
            self.addLink(self.addHost(f"h{number}"), switch)


@contextmanager
def measured(name: str):
    print(f"start {name} {time.monotonic_ns()}", flush=True)
    try:
        yield
    finally:
        print(f"end {name} {time.monotonic_ns()}", flush=True)


def main(few: str, many: str, times: str) -> int:
    for hosts in (2, int(few), int(many)):  # the first pays for code that was never run before
        with measured(f"hosts-{hosts}-first" if hosts == 2 else f"hosts-{hosts}"):
            net = Network(Star(hosts=hosts)).__enter__()
        net.end()
    with Network(Star(hosts=2)) as net:
        h1 = net["h1"]
        for name, argv in (("process", ["true"]), ("shell", ["bash", "-c", "true; true"]),
                           ("python", ["python3", "-c", "pass"])):
            h1.run(argv)
            with measured(name):
                for _ in range(int(times)):
                    h1.run(argv)
        with measured("idle"):
            time.sleep(60)
    return 0
