"""No queue but that of its own host holds a sender back: a bottleneck loses what is too much, wherever it is."""

import pytest

from mnlab.machine.job import Limits

from .conftest import run_script

SCRIPT = r'''
from mininet.node import OVSBridge
from mininet.topo import Topo
from mnlab.net.namespace import listening_tcp_ports
from mnlab.net.network import Network
from mnlab.net.wait import wait_until

RATE = 4  # Mbit/s of the bottleneck

class Row(Topo):
    """h1, switches in a row, h2; `links` are their links' parameters, from h1 to h2."""

    def build(self, links, cls=None):
        names = ["h1", *(f"s{n}" for n in range(1, len(links))), "h2"]
        self.addHost("h1", ip="10.0.0.1/24")
        self.addHost("h2", ip="10.0.0.2/24")
        for name in names[1:-1]:
            self.addSwitch(name, **({"cls": cls} if cls else {}))
        for one, two, link in zip(names, names[1:], links):
            self.addLink(one, two, **link)

def iperf(net, *options):
    """What the sender of an iperf3 from h1 to h2 reports at its end."""
    server = net["h2"].start_process(["iperf3", "-s", "-1"], stdout=subprocess.DEVNULL)
    wait_until(lambda: 5201 in listening_tcp_ports(net["h2"].pid), "iperf3 listens")
    end = json.loads(net["h1"].run(["iperf3", "-J", "-c", "10.0.0.2", *options], timeout=300).stdout)["end"]
    server.wait()
    return end

def dropped(node, interface):
    qdiscs = json.loads(node.run(f"tc -s -j qdisc show dev {interface}").stdout)
    return max(qdisc["drops"] for qdisc in qdiscs)

def measure(node, interface, net, seconds=5):
    udp = iperf(net, "-u", "-b", f"{2 * RATE}m", "-t", "5")["sum"]
    lost = dropped(net[node], interface)
    tcp = iperf(net, "-t", str(seconds))["streams"][0]["sender"]
    return {"sent": udp["packets"], "lost": udp["lost_packets"], "dropped": lost,
            "tcp dropped": dropped(net[node], interface) - lost, "rtt": tcp["max_rtt"] / 1e6}

def two_switches_away(queue, cls=None):
    with Network(Row(links=[{}, {}, {"bw": RATE, "max_queue_size": queue}], cls=cls)) as net:
        return measure("s2", "s2-eth2", net, 20 if queue == 1000 else 5)

def its_own_link(**link):
    with Network(Row(links=[{"bw": RATE, "max_queue_size": 50, **link}, {}])) as net:
        return measure("h1", "h1-eth0", net)

def made_by_hand():
    with Network(Row(links=[{}, {}])) as net:
        net["s1"].run(f"tc qdisc add dev s1-eth2 root tbf rate {RATE}mbit burst 1600 limit 151400")  # 100 frames
        net["h1"].run("tc qdisc add dev h1-eth0 root pfifo")  # the place is free, for whoever wants to shape by hand
        return measure("s1", "s1-eth2", net)

def a_path_that_becomes_long():
    """How often TCP sends again what still waits in the network when its timer expires."""
    with Network(Row(links=[{}, {}])) as net:
        h1, h2, s1 = net["h1"], net["h2"], net["s1"]
        server = h2.start_process(["nc", "-l", "5001"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        wait_until(lambda: 5001 in listening_tcp_ports(h2.pid), "nc listens")
        code = ("import socket, time\ns = socket.create_connection(('10.0.0.2', 5001))\n"
                "for n in range(10): s.send(bytes(100)); time.sleep(0.1)\n"
                "time.sleep(2)\nfor n in range(4): s.send(bytes(1400))\ntime.sleep(6)")
        client = h1.start_process(["python3", "-c", code])
        time.sleep(2)
        s1.run("tc qdisc add dev s1-eth2 root tbf rate 8kbit burst 1600 limit 100000")  # a segment takes 1.5 s
        client.wait()
        server.kill()
        server.wait()
        text = h1.run("nstat -asz TcpRetransSegs TcpExtTCPSpuriousRtxHostQueues").stdout
        return {line.split()[0]: int(line.split()[1]) for line in text.splitlines() if line.startswith("Tcp")}

def main():
    result = {f"queue {queue}": two_switches_away(queue) for queue in (10, 100, 1000)}
    result |= {"Open vSwitch": two_switches_away(100, OVSBridge), "by hand": made_by_hand(),
               "own": its_own_link(), "own, delayed": its_own_link(delay="1ms"), "long path": a_path_that_becomes_long()}
    (RESULT / "result.json").write_text(json.dumps(result))
'''

RATE, FRAME, SECONDS = 4e6, 1514, 5  # as in the script


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return run_script(SCRIPT, tmp_path_factory.mktemp("senders") / "result",
                      limits=Limits(virtual_seconds=2000, processor_seconds=600)).json()


@pytest.mark.parametrize("where, queue", [("queue 10", 10), ("queue 100", 100), ("queue 1000", 1000),
                                          ("Open vSwitch", 100), ("by hand", 100)])
def test_a_bottleneck_on_the_way_loses_what_is_too_much(results, where, queue):
    seen = results[where]
    room = RATE * SECONDS / 8 / FRAME + queue  # frames that leave meanwhile, and that may wait at the end
    assert seen["sent"] == pytest.approx(2 * RATE * SECONDS / 8 / 1448, rel=0.01)  # nobody held it back
    assert seen["lost"] == pytest.approx(seen["sent"] - room, rel=0.06)
    assert abs(seen["lost"] - seen["dropped"]) <= 5  # of frames of other kinds, and at the very end
    assert seen["tcp dropped"] > 0
    assert seen["rtt"] >= 0.9 * queue * FRAME * 8 / RATE  # TCP fills the queue


def test_its_own_link_does_not_hold_it_either_with_and_without_a_delay(results):
    own, delayed = results["own"], results["own, delayed"]
    assert own["lost"] == pytest.approx(delayed["lost"], rel=0.01) and own["lost"] > 0.4 * own["sent"]
    assert own["tcp dropped"] > 0 and own["rtt"] == pytest.approx(delayed["rtt"], rel=0.05)


def test_tcp_does_not_know_that_a_segment_still_waits_in_the_network(results):
    assert results["long path"]["TcpRetransSegs"] > 0 and results["long path"]["TcpExtTCPSpuriousRtxHostQueues"] == 0
