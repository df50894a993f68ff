"""Large networks: they stand, everybody is reached, and all that was asked to be captured is."""

import pytest

from mnlab.machine.job import Limits

from .conftest import run_script

SCRIPT = r'''
from mininet.topo import Topo
from mnlab.evidence.recorder import Recorder
from mnlab.net.network import Network
from mnlab.protocols.capture import read_capture as read

def address(number):
    return f"10.0.{number >> 8}.{number & 255}/16"

class Star(Topo):
    def build(self, hosts):
        self.addSwitch("s1")
        for number in range(1, hosts + 1):
            self.addLink(self.addHost(f"h{number}", ip=address(number)), "s1")

class Tree(Topo):
    def build(self, switches, hosts):
        names = [self.addSwitch(f"s{number}") for number in range(1, switches + 1)]
        for number in range(1, switches):
            self.addLink(names[(number - 1) // 3], names[number])
        leaves = names[(switches + 1) // 3:]
        for number in range(1, hosts + 1):
            self.addLink(self.addHost(f"h{number}", ip=address(number)), leaves[number % len(leaves)])

def started(trace):
    return trace.read_text().count("sched_process_exec:")

def main(kind, *sizes):
    trace = pathlib.Path("/sys/kernel/tracing/instances/programs")
    trace.mkdir()
    (trace / "events/sched/sched_process_exec/enable").write_text("1")
    topology = {"star": Star, "tree": Tree}[kind](*map(int, sizes))
    with Network(topology) as net:
        programs = started(trace / "trace")
        rec = Recorder(RESULT, net, {}, pathlib.Path("/job"))
        captured = [f"h{number}" for number in range(1, 11)]
        with rec.capture(*captured):
            lost = [host.name for host in net.hosts[1:]
                    if net["h1"].run(["ping", "-c1", "-W1", host.IP()], check=False).returncode]
        macs = {intf.mac for node in (*net.hosts, *net.switches) for intf in node.intfList() if intf.mac}
        frames = {}
        for name in captured:
            echoes = [frame.data for frame in read(RESULT / "captures" / f"{name}-eth0.pcap")
                      if frame.data[12:14] == b"\x08\x00" and frame.data[23] == 1]
            frames[name] = len(echoes)
            (RESULT / "captures" / f"{name}-eth0.pcap").unlink()
        (RESULT / "result.json").write_text(json.dumps({
            "lost": lost, "programs": programs, "macs": len(macs), "ends": 2 * len(net.links), "frames": frames}))
'''


def see(folder, kind: str, *sizes: int) -> dict:
    """What a network of so many nodes shows: who was not reached, programs started to build it, frames captured."""
    limits = Limits().for_hosts(sum(sizes))
    return run_script(SCRIPT, folder, (kind, *map(str, sizes)), limits=limits).json()


def expect(seen: dict, hosts: int) -> None:
    assert seen["lost"] == [] and seen["programs"] == 0
    assert seen["macs"] == seen["ends"]  # no two interfaces have the same
    assert seen["frames"] == {"h1": 2 * (hosts - 1), **{f"h{number}": 2 for number in range(2, 11)}}


def test_a_star_of_300_hosts(tmp_path):
    """More than fit in a byte of a MAC address, hosts as well as ports."""
    expect(see(tmp_path / "result", "star", 300), 300)


@pytest.mark.slow
@pytest.mark.parametrize("kind, sizes", [("star", (1000,)), ("tree", (40, 400))])
def test_large_networks(tmp_path, kind, sizes):
    expect(see(tmp_path / "result", kind, *sizes), sizes[-1])
