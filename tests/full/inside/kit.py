"""What the trials of programs share: a list of them, networks to try them on, and waiting for what must come."""

import os
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from mininet.net import Mininet
from mininet.node import OVSBridge

TRIALS = {}
DEADLINE = 120  # s of lab time: routing protocols take up to 40 s to find each other, FRR's BGP tries again after as much


def trial(function):
    """A function that tries a program, and raises if it does not do what it is for. What it returns is compared between
    two runs."""
    TRIALS[function.__name__] = function
    return function


@contextmanager
def network(*hosts, links=(), **options):
    """A started network of hosts: in pairs of `links`, or all on one switch. Yields the hosts; host n of a switch has
    the address 10.0.0.n."""
    net = Mininet(switch=OVSBridge, controller=None)
    for name in hosts:
        net.addHost(name, ip=None if links else f"10.0.0.{len(net.hosts) + 1}/24", **options)
    for one, other in links:
        net.addLink(one, other)
    if not links:
        net.addSwitch("s1")
        for name in hosts:
            net.addLink(name, "s1")
    net.start()
    daemons = []
    try:
        for host in net.hosts:
            host.daemon = lambda *argv, host=host: daemons.append(start(host, argv)) or daemons[-1]
        yield net.hosts
    finally:
        for process in daemons:
            process.terminate()
        for process in daemons:
            process.wait()
        net.stop()


def start(host, argv):
    """Start a program that stays, in a host."""
    log = tempfile.TemporaryFile()
    process = host.popen(list(argv), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    process.said = lambda: os.pread(log.fileno(), 100_000, 0).decode(errors="replace")
    return process


def run(host, *argv, status=0, text=""):
    """Run a program to its end, in a host or (None) in the machine; what it printed. `status` None: whatever it is."""
    start = host.popen if host else subprocess.Popen
    process = start(list(argv), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = process.communicate(text.encode(), timeout=600)[0].decode(errors="replace")
    assert status is None or process.returncode == status, f"{' '.join(argv)}: status {process.returncode}\n{said}"
    return said


def wait(what, condition, daemon=None):
    """Wait until `condition` is true, and return it."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        try:
            if found := condition():
                return found
        except (ValueError, KeyError, AssertionError):  # it is not ready to answer
            pass
        time.sleep(0.5)
    raise AssertionError(f"{what} did not come in {DEADLINE} s" + (f": {daemon.said()}" if daemon else ""))


def write(name, text):
    """A file of that name in a folder of its own; its path."""
    path = Path(tempfile.mkdtemp(), name)
    path.write_text(text)
    path.parent.chmod(0o755)
    return str(path)


def reachable(host, port, address="127.0.0.1"):
    """Whether a TCP server listens there, seen from `host`."""
    return host.popen(["nc", "-z", address, str(port)], stderr=subprocess.DEVNULL).wait() == 0
