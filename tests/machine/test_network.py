"""Mininet's traps are gone: each test names one that the engine takes away. All run in one job in the lab machine."""

import pytest

from .conftest import run_script

SCRIPT = r'''
import re, traceback
from mininet.node import Node
from mininet.topo import Topo
from socket import if_nametoindex
from mnlab.net import namespace, netlink, shaping
from mnlab.net.errors import CommandFailed, NetworkError
from mnlab.net.network import Network, shape_interfaces
from topologies.lan import Lan

def raises(kind, function):
    try:
        function()
    except kind as problem:
        return str(problem)
    return None

def build(**options):
    with Network(Lan(hosts=2, link=options)):
        pass

def sysctls():
    done = subprocess.run(["sysctl", "-a"], capture_output=True, text=True).stdout
    return [line for line in done.splitlines() if re.match(r"net\.(core|ipv4)\.", line) and "random" not in line]

def outside():
    links = subprocess.run("ip -j link; ls /sys/class/net", shell=True, capture_output=True, text=True).stdout
    spaces = subprocess.run("lsns -n -t net | wc -l; lsns -n -t mnt | wc -l", shell=True, capture_output=True, text=True).stdout
    names = subprocess.run("ps --ppid 2 -p 2 -N -o stat=,pid=,comm= | grep -v ^Z | cut -c5- | grep -v -w -e ps -e sh -e grep -e sort -e cut | sort", shell=True, capture_output=True, text=True).stdout
    return links, spaces, names.splitlines(), open("/proc/mounts").read()

TESTS = {}
def test(function):
    TESTS[function.__name__] = function

@test
def a_refused_qdisc():
    with Network(Lan(hosts=2)) as net:
        h1 = net["h1"]
        h1.run("tc qdisc add dev h1-eth0 root handle 1: pfifo")
        intf = h1.intf("h1-eth0")
        intf.shape = shaping.Shape.of({"delay": "10ms"})
        with namespace.inside(h1.pid):
            return raises(NetworkError, lambda: shape_interfaces([intf]))

@test
def a_shape_that_vanished():
    with Network(Lan(hosts=2, link={"delay": "10ms"})) as net:
        h1 = net["h1"]
        h1.run("tc qdisc del dev h1-eth0 root")
        qdiscs = json.loads(h1.run("tc -j qdisc show").stdout)
        return raises(NetworkError, lambda: shaping.verify("h1-eth0", h1.intf("h1-eth0").shape, qdiscs))

@test
def impossible_shapes():
    return [raises(NetworkError, lambda: build(**options)) for options in
            ({"bw": 0.000001}, {"bw": 20000}, {"delay": "x"}, {"loss": 200}, {"delay": "10000s"}, {"max_queue_size": 10**9, "bw": 1})]

@test
def what_the_kernel_refuses():
    with Network(Lan(hosts=2)) as net:
        with namespace.inside(net["h1"].pid):
            twice = [netlink.bridge("b1", False), netlink.bridge("b1", False), netlink.bridge("b2", False)]
            refused = raises(NetworkError, lambda: netlink.tell(twice, "two bridges"))
            small = raises(NetworkError, lambda: netlink.tell([netlink.change(if_nametoindex("h1-eth0"), mtu=1)], "an MTU"))
        return refused, small

@test
def what_is_not_as_asked():
    from mnlab.net import network
    with Network(Lan(hosts=2)) as net:
        h1 = net["h1"]
        h1.run("ip link set h1-eth0 mtu 1400")
        with namespace.inside(h1.pid):
            return raises(NetworkError, lambda: network._read_back([h1.intf("h1-eth0")]))

@test
def programs_started():
    class Star(Topo):
        def build(self):
            self.addSwitch("s1")
            for n in range(1, 21):
                self.addLink(self.addHost(f"h{n}", ip=f"10.0.0.{n}/24", defaultRoute="via 10.0.0.1"), "s1")
    trace = pathlib.Path("/sys/kernel/tracing/instances/programs")
    trace.mkdir()
    (trace / "events/sched/sched_process_exec/enable").write_text("1")
    with Network(Star()) as net:
        pass
    started = (trace / "trace").read_text().count("sched_process_exec:")
    trace.rmdir()
    return started

@test
def every_parameter_is_in_the_kernel():
    link = {"bw": 2500, "delay": "10ms", "jitter": "1ms", "loss": 1, "max_queue_size": 77}
    with Network(Lan(hosts=2, link=link)) as net:
        return json.loads(net["h1"].run("tc -j qdisc show dev h1-eth0").stdout) + json.loads(net["s1"].run("tc -j qdisc show dev s1-eth1").stdout)

@test
def netem_loses_nothing_by_itself():
    with Network(Lan(hosts=2, link={"delay": "200ms"})) as net:
        h1, h2 = net["h1"], net["h2"]
        h2.run("nft add table t; nft add chain t c '{ type filter hook input priority 0; }'; nft add rule t c udp dport 9 counter")
        h1.run("ping -c1 10.0.0.2")
        code = "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nfor n in range(4000): s.sendto(bytes(10), ('10.0.0.2', 9))"
        h1.run(["python3", "-c", code])
        time.sleep(2)
        return h2.run("nft list ruleset").stdout

@test
def the_first_packets_arrive():
    lost = []
    for openflow in (False, True):
        with Network(Lan(hosts=4), with_controller=openflow) as net:
            if openflow:  # nobody answers, so it takes charge itself after three probe intervals of 5 s
                net["s1"].set_fail_mode("standalone")
                time.sleep(30)
            lost.append([net["h1"].run(f"ping -c1 -W1 10.0.0.{n}", check=False).returncode for n in (2, 3, 4)])
    shells = subprocess.run(["pgrep", "-x", "bash"], capture_output=True, text=True).stdout.split()
    return lost + [len(shells)]

@test
def long_commands():
    with Network(Lan(hosts=1)) as net:
        text = "x" * 100_000
        return [len(net["h1"].run(f"echo {text}").stdout), len(net["h1"].cmd(f"echo {text}")),
                raises((CommandFailed, OSError), lambda: net["h1"].run("echo " + "x" * 200_000))]

@test
def long_names():
    class Long(Topo):
        def build(self):
            self.addLink(self.addHost("averylongname"), self.addHost("h2"))
    class Just(Topo):
        def build(self):
            self.addLink(self.addHost("tencharact"), self.addHost("h2"))
    with Network(Just()) as net:
        return raises(NetworkError, lambda: Network(Long()).__enter__()), net["tencharact"].run("ping -c1 10.0.0.2").returncode

@test
def statuses_are_seen():
    with Network(Lan(hosts=1)) as net:
        h1 = net["h1"]
        return [raises(CommandFailed, lambda: h1.run("echo why >&2; exit 3")), h1.run("exit 4", check=False).returncode,
                h1.cmd("echo out; echo err >&2; false"), raises(CommandFailed, lambda: h1.run("sleep 100 & sleep 100", timeout=2)),
                raises(NetworkError, lambda: h1.write("x"))]

@test
def nothing_outside_is_changed():
    before = sysctls(), outside()
    with Network(Lan(hosts=3, link={"delay": "1ms", "bw": 10})) as net:
        net["h1"].run("ping -c1 10.0.0.2")
        during = sysctls()
    after = sysctls(), outside()
    return {"sysctls": [before[0] == during == after[0], sorted(set(before[0]) ^ set(during))],
            **{name: [one == two, repr((one, two))[:600]] for name, one, two in zip(("links", "namespaces", "processes", "mounts"), before[1], after[1])}}

@test
def two_networks_at_once():
    with Network(Lan(hosts=2)) as one, Network(Lan(hosts=2, addresses=["10.0.0.1/24", "10.0.0.7/24"])) as two:
        one["h1"].use_resolver("10.0.0.2")
        two["h1"].use_resolver("10.0.0.7")
        return [one["h1"].run("ping -c1 -W1 10.0.0.2", check=False).returncode, two["h1"].run("ping -c1 -W1 10.0.0.7", check=False).returncode,
                two["h1"].run("ping -c1 -W1 10.0.0.2", check=False).returncode,
                one["h1"].run("cat /etc/resolv.conf").stdout, two["h1"].run("cat /etc/resolv.conf").stdout,
                open("/etc/resolv.conf").read()]

@test
def a_failed_start_leaves_nothing():
    before = outside()
    raises(NetworkError, lambda: build(bw=0.000001))
    return [outside()[index] == before[index] for index in (0, 1, 2, 3)]

@test
def macs_are_fixed():
    found = []
    for _ in range(2):
        with Network(Lan(hosts=2)) as net:
            found.append({name: [intf["mac"] for intf in node["interfaces"].values()] for name, node in net.describe().items()})
            real = net["h2"].run("cat /sys/class/net/h2-eth0/address").stdout.strip()
    return found, real

@test
def segments_are_those_of_a_wire():
    with Network(Lan(hosts=2)) as net:
        return net["h1"].run("ethtool -k h1-eth0 | grep -E '^(tcp-segmentation-offload|generic-segmentation-offload|generic-receive-offload|tx-checksumming)'").stdout.split()[1::2]

@test
def no_ipv6():
    with Network(Lan(hosts=2)) as net:
        return net["h1"].run("cat /proc/net/if_inet6 2>/dev/null; true").stdout

@test
def mininets_own_calls():
    """Those that the words of mnlab.net name, and are not there."""
    import mnlab.net
    with Network(Lan(hosts=2)) as net:
        things = {"net": net, "node": net["h1"], "intf": net["h1"].intf(), "link": net.links[0]}
        told = re.findall(r"\b(net|node|intf|link)\.(\w+)", mnlab.net.__doc__)
        return [len(told), [f"{what}.{name}" for what, name in told if not hasattr(things[what], name)]]

@test
def a_topologys_own_router():
    class Router(Node):
        def config(self, **params):
            super().config(**params)
            self.cmd("sysctl -w net.ipv4.ip_forward=1")
    class Two(Topo):
        def build(self):
            r = self.addNode("r", cls=Router, ip=None)
            self.addLink(self.addHost("a", ip="10.1.0.2/24", defaultRoute="via 10.1.0.1"), r, params2={"ip": "10.1.0.1/24"})
            self.addLink(self.addHost("b", ip="10.2.0.2/24", defaultRoute="via 10.2.0.1"), r, params2={"ip": "10.2.0.1/24"})
    with Network(Two()) as net:
        return net["a"].run("ping -c1 -W1 10.2.0.2", check=False).returncode

def main():
    results = {}
    for name, function in TESTS.items():
        try:
            results[name] = {"value": function()}
        except BaseException:
            results[name] = {"error": traceback.format_exc()}
    (RESULT / "result.json").write_text(json.dumps(results))
'''


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return run_script(SCRIPT, tmp_path_factory.mktemp("network") / "result").json()


@pytest.fixture
def value(results):
    def get(name):
        assert "value" in results[name], results[name]["error"]
        return results[name]["value"]
    return get


def test_a_refused_qdisc_is_an_error(value):
    assert value("a_refused_qdisc").startswith("shaping: tc says")


def test_a_shape_that_the_kernel_does_not_have_is_an_error(value):
    assert "asked the kernel for a delay (s) of 0.01, it has nothing" in value("a_shape_that_vanished")


def test_what_the_kernel_refuses_is_an_error_in_its_own_words(value):
    assert value("what_the_kernel_refuses") == ["two bridges: the kernel says File exists",
                                                "an MTU: the kernel says mtu less than device minimum"]


def test_an_interface_that_is_not_as_asked_for_is_an_error(value):
    assert "an MTU of 1500, it has" in value("what_is_not_as_asked")


def test_no_program_is_started_to_build_a_network(value):
    assert value("programs_started") == 0


def test_impossible_shapes_are_errors(value):
    assert None not in value("impossible_shapes")


def test_every_parameter_is_in_the_kernel_also_bw_above_1000_and_max_queue_size(value):
    qdiscs = value("every_parameter_is_in_the_kernel")
    netem, tbf = [q for q in qdiscs if q["kind"] == "netem"], [q for q in qdiscs if q["kind"] == "tbf"]
    assert len(netem) == len(tbf) == 2  # both directions of the link
    for one in netem:
        assert one["options"]["delay"] == {"delay": 0.01, "jitter": 0.001, "correlation": 0}
        assert one["options"]["loss-random"]["loss"] == 0.01 and one["options"]["limit"] > 1000
    for one in tbf:
        assert one["options"]["rate"] * 8 == 2_500_000_000


def test_netem_never_drops_for_want_of_room(value):
    assert "counter packets 4000" in value("netem_loses_nothing_by_itself")


def test_the_first_packets_after_the_start_arrive(value):
    *lost, shells = value("the_first_packets_arrive")
    assert lost == [[0, 0, 0], [0, 0, 0]] and shells == 0


def test_long_commands_are_not_cut(value):
    run, cmd, too_long = value("long_commands")
    assert (run, cmd) == (100_001, 100_001) and "too long" in too_long


def test_a_name_that_is_too_long_is_refused_and_ten_characters_will_do(value):
    refused, status = value("long_names")
    assert "at most 10 characters" in refused and status == 0


def test_statuses_are_seen(value):
    failed, status, both, hung, shell = value("statuses_are_seen")
    assert "(status 3): why" in failed and status == 4 and sorted(both.split()) == ["err", "out"]
    assert "timed out" in hung and "reads nothing" in shell


def test_nothing_outside_is_changed_and_nothing_is_left(value):
    for name, (same, difference) in value("nothing_outside_is_changed").items():
        assert same, (name, difference)


def test_a_failed_start_leaves_nothing(value):
    assert value("a_failed_start_leaves_nothing") == [True] * 4


def test_two_networks_at_once_do_not_meet(value):
    one, two, across, resolver_one, resolver_two, outside = value("two_networks_at_once")
    assert (one, two) == (0, 0) and across != 0
    assert resolver_one == "nameserver 10.0.0.2\n" and resolver_two == "nameserver 10.0.0.7\n" and "10.0.0" not in outside


def test_macs_are_the_same_in_every_network(value):
    (first, second), real = value("macs_are_fixed")
    assert first == second and real == first["h2"][0] == "02:00:00:00:02:00"


def test_frames_are_those_that_a_wire_would_carry(value):
    assert value("segments_are_those_of_a_wire") == ["off"] * 4


def test_there_is_no_ipv6(value):
    assert value("no_ipv6") == ""


def test_a_topology_may_bring_its_own_router(value):
    assert value("a_topologys_own_router") == 0


def test_mininets_calls_that_are_said_to_work_are_there(value):
    told, missing = value("mininets_own_calls")
    assert told > 25 and not missing
