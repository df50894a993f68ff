"""What a topology may ask for is built and works; what is asked of a running network is done, or refused in words."""

import pytest

from mnlab.machine.job import Limits

from .conftest import run_script

SCRIPT = r'''
import traceback
from functools import partial
from ipaddress import IPv4Interface
from mininet.link import TCLink
from mininet.log import setLogLevel
from mininet.node import CPULimitedHost, IVSSwitch, Node, OVSBridge, OVSSwitch, UserSwitch
from mininet.nodelib import LinuxBridge
from mininet.topo import Topo
from mnlab.net.errors import NetworkError
from mnlab.net.namespace import listening_tcp_ports
from mnlab.net.network import Network
from mnlab.net.wait import wait_until

def topology(build):
    class Built(Topo):
        def build(self):
            build(self)
    return Built()

def pair(**link):
    return topology(lambda t: t.addLink(t.addHost("h1", ip="10.0.0.1/24"), t.addHost("h2", ip="10.0.0.2/24"), **link))

def lan(hosts=2, **switch):
    def build(t):
        t.addSwitch("s1", **switch)
        for n in range(1, hosts + 1):
            t.addLink(t.addHost(f"h{n}", ip=f"10.0.0.{n}/24"), "s1")
    return topology(build)

def ring(**switch):
    def build(t):
        for n in (1, 2, 3):
            t.addLink(t.addHost(f"h{n}", ip=f"10.0.0.{n}/24"), t.addSwitch(f"s{n}", **switch))
        for one, two in (("s1", "s2"), ("s2", "s3"), ("s3", "s1")):
            t.addLink(one, two)
    return topology(build)

def reaches(net, one="h1", two="h2"):
    return net[one].run(f"ping -c1 -W1 {net[two].IP()}", check=False).returncode == 0

def link(host, *options):
    return json.loads(host.run(["ip", *options, "-j", "link", "show", f"{host.name}-eth0"]).stdout)[0]

def refusal(function):
    try:
        function()
    except NetworkError as problem:
        return str(problem)
    return None

def refused(topo):
    return refusal(lambda: Network(topo).__enter__())

TESTS = {}
def test(function):
    TESTS[function.__name__] = function

@test
def switches_of_mininet():
    found = {}
    for cls in (OVSBridge, LinuxBridge, OVSSwitch, partial(OVSSwitch, failMode="standalone"), None):
        with Network(lan(**({"cls": cls} if cls else {}))) as net:
            name = getattr(cls, "__name__", str(cls).split("(")[0])
            bridges = subprocess.run(["ovs-vsctl", "list-br"], capture_output=True).stdout
            found[name] = [reaches(net), bool(bridges)]
    return found

@test
def a_secure_switch_without_a_controller_forwards_nothing():
    with Network(lan(failMode="secure")) as net:
        mode = subprocess.run(["ovs-vsctl", "get-fail-mode", "s1"], capture_output=True, text=True).stdout
        return reaches(net), mode

@test
def an_own_bridge_beside_a_controller():
    with Network(lan(cls=OVSBridge), with_controller=True) as net:
        return reaches(net)

@test
def other_switches():
    return [refused(lan(**switch)) for switch in (
        {"cls": UserSwitch}, {"cls": IVSSwitch}, {"cls": LinuxBridge, "rstp": True},
        {"cls": OVSSwitch, "datapath": "user"},
        {"cls": OVSSwitch, "failMode": "secure", "stp": True},
        {"failmode": "secure"},
        {"cls": OVSBridge, "protocols": "OpenFlow10"})]

@test
def spanning_trees():
    found = {}
    for name, switch in {"bridge": {"stp": True}, "ovs": {"cls": OVSBridge, "stp": True},
                         "rapid": {"rstp": True}}.items():
        with Network(ring(**switch)) as net:
            net["h3"].run("ping -c3 -i0.2 10.0.0.1", check=False)
            found[name] = [reaches(net), reaches(net, "h2", "h3"),
                           link(net["h3"], "-s")["stats64"]["rx"]["packets"] < 100]
    return found

@test
def a_priority_makes_the_root():
    def build(t):
        t.addSwitch("s1", stp=True, prio=200)
        t.addSwitch("s2", stp=True, prio=100)
        t.addLink("s1", "s2")
    with Network(topology(build)) as net:
        return [net[name].run(f"ip -d -j link show {name}").stdout.count('"root_port":0') for name in ("s1", "s2")]

@test
def link_parameters():
    found = {}
    for name, link in {
            "red": dict(bw=10, enable_red=True), "ecn": dict(bw=10, enable_ecn=True),
            "hfsc": dict(bw=10, use_hfsc=True), "htb": dict(bw=10, use_htb=True),
            "latency": dict(bw=10, latency_ms=50), "queue": dict(bw="10", max_queue_size=1),
            "netem": dict(delay="20ms 5ms 25%", distribution="normal", loss="5% 25%", duplicate=1, reorder="25% 50%",
                          corrupt=0.1),
            "gemodel": dict(gemodel="1% 10% 70% 0.1%"), "slot": dict(slot="10ms 30ms"), "rate": dict(rate="1mbit"),
            "cls": dict(cls=TCLink, bw=10, gro=False)}.items():
        with Network(pair(**link)) as net:
            reached = any(reaches(net) for _ in range(5))  # some of them lose packets
            found[name] = [net["h1"].run("tc qdisc show dev h1-eth0").stdout, reached]
    return found

@test
def a_paced_link_keeps_its_rate():
    found = {}
    for shaper in ("use_tbf", "use_htb", "use_hfsc"):
        with Network(pair(bw=10, **{shaper: True})) as net:
            server = net["h2"].start_process(["iperf3", "-s", "-1"], stdout=subprocess.DEVNULL)
            wait_until(lambda: 5201 in listening_tcp_ports(net["h2"].pid), "iperf3 listens")
            seen = json.loads(net["h1"].run("iperf3 -J -u -b 20m -t 3 -c 10.0.0.2").stdout)["end"]["sum"]
            server.wait()
            found[shaper] = (seen["packets"] - seen["lost_packets"]) * 1490 * 8 / 3e6
    return found

@test
def ecn_marks():
    with Network(pair(bw=4, enable_ecn=True)) as net:
        for host in net.hosts:
            host.sysctl("net.ipv4.tcp_ecn", 1)
        server = net["h2"].start_process(["iperf3", "-s", "-1"], stdout=subprocess.DEVNULL)
        wait_until(lambda: 5201 in listening_tcp_ports(net["h2"].pid), "iperf3 listens")
        sent = json.loads(net["h1"].run("iperf3 -J -t 5 -c 10.0.0.2").stdout)["end"]["sum_sent"]
        server.wait()
        statistics = json.loads(net["h1"].run("tc -s -j qdisc show dev h1-eth0").stdout)
        return [[one["marked"] for one in statistics if one["kind"] == "red"][0], sent["retransmits"]]

@test
def mtus():
    with Network(pair(mtu=900)) as net:
        return [link(net["h2"])["mtu"],
                net["h1"].run("ping -c1 -W1 -M do -s 1000 10.0.0.2", check=False).returncode]

@test
def two_addresses():
    one, other = {"ip": "10.9.0.0/31", "mac": "02:00:00:00:00:07"}, {"ip": "10.9.0.1/31"}
    with Network(pair(params1=one, params2=other)) as net:
        return [reaches(net, "h1", "h2"), reaches(net, "h2", "h1"), link(net["h1"])["address"]]

@test
def small_delays():
    found = {}
    for delay in ("20us", "50us", "64us", "0.1ms", "333us", "1.5ms"):
        with Network(pair(params1={"delay": delay})) as net:
            net["h1"].run("ping -c1 10.0.0.2")
            out = net["h1"].run("ping -q -c10 -i0.1 10.0.0.2").stdout
            found[delay] = float(out.rsplit("=", 1)[1].split("/")[0])  # the shortest: a timer may fall into one
    return found

@test
def unknown_or_wrong():
    return {name: refused(topo) for name, topo in {
        "misspelt": pair(bandwidth=10), "type": pair(bw=[1]), "name": topology(lambda t: t.addHost("my host")),
        "address": topology(lambda t: t.addLink(t.addHost("h1", ip="2001:db8::1/64"), t.addHost("h2"))),
        "mac": pair(addr1="1:2:3"), "group": pair(addr1="01:00:5e:00:00:01"),
        "interface": pair(intfName1="a-very-long-interface"), "template": pair(intfName1="x%d"),
        "shared": pair(mac="02:00:00:00:00:07"),
        "twice": topology(lambda t: [t.addLink(t.addHost("h1"), t.addHost(n), intfName1="up") for n in ("h2", "h3")]),
        "lambda": topology(lambda t: t.addHost("h1", cls=lambda *a, **k: Node(*a, **k))),
        "host": topology(lambda t: t.addHost("h1", defaultroute="via 10.0.0.2"))}.items()}

@test
def dashes():
    def build(t):
        t.addSwitch("s-1")
        for n, name in enumerate(("web-1", "web-2"), 1):
            t.addLink(t.addHost(name, ip=f"10.0.0.{n}/24"), "s-1")
    with Network(topology(build)) as net:
        places = [net.place(name) for name in ("web-1", "web-1-eth0", "s-1-eth2", "s-1")]
        return [[node.name, interfaces] for node, interfaces in places] + [
            reaches(net, "web-1", "web-2"), refusal(lambda: net.place("web-3"))]

@test
def dots():
    def build(t):
        t.addSwitch("s1", cls=OVSSwitch, failMode="standalone")
        for n in (1, 2):
            t.addLink(t.addHost(f"h{n}", ip=f"10.0.0.{n}/24"), "s1", intfName1=f"lan.{n}", intfName2=f"to.h{n}")
    with Network(topology(build)) as net:
        return reaches(net)

@test
def shares_of_the_processor():
    loop = ["python3", "-c", "import time\nbegin, cpu = time.monotonic(), time.process_time()\n"
            "while time.monotonic() < begin + 1: pass\nprint((time.process_time() - cpu) / (time.monotonic() - begin))"]
    used = lambda node: float(node.run(loop).stdout)
    found = []
    for host in ({"cls": CPULimitedHost, "cpu": 0.2}, {"cpu": 0.5}, {"cls": partial(CPULimitedHost, cpu=0.3)},
                 {"cls": CPULimitedHost}, {"cpu": 0.1, "cores": 0}):
        with Network(topology(lambda t: [t.addHost("h1", **host), t.addHost("h2")])) as net:
            one = used(net["h1"]), float(net["h1"].popen(loop).communicate()[0]), used(net["h2"])
            net["h1"].setCPUFrac(0.7)
            found.append([*one, used(net["h1"])])
            net["h1"].start_process(["sleep", "1000"])
    left = [name for name in os.listdir("/sys/fs/cgroup/job") if name.startswith("h1")]
    return found, left, [refused(topology(lambda t: t.addHost("h1", **host))) for host in (
        {"cpu": 2}, {"cpu": 0.5, "sched": "rt"}, {"cores": 3})]

# --- a network that runs ---

@test
def addresses_change():
    with Network(lan()) as net:
        h1 = net["h1"]
        h1.setIP("10.0.0.9/24")
        h1.setMAC("02:00:00:00:00:99")
        seen = json.loads(h1.run("ip -j addr show dev h1-eth0").stdout)[0]
        ip = [(one["local"], one["prefixlen"]) for one in seen["addr_info"]]
        return [ip, h1.IP(), seen["address"], h1.MAC(), reaches(net, "h2", "h1"),
                refusal(lambda: h1.setIP("10.0.0.300/24")), refusal(lambda: h1.setMAC("01:00:5e:00:00:01")),
                h1.IP(), h1.MAC()]

@test
def shapes_change():
    with Network(lan()) as net:
        intf = net["h1"].intf()
        show = lambda: net["h1"].run("tc qdisc show dev h1-eth0").stdout
        intf.config(bw=5, delay="10ms")
        one = show()
        intf.config(delay="30ms")
        two = show()
        wrong = refusal(lambda: intf.config(bandwidth=5))
        intf.config()
        return one, two, wrong, show(), net["h1"].IP()

@test
def nodes_come_and_go():
    found = []
    for options in ({}, {"cls": OVSBridge}):
        with Network(lan(**options)) as net:
            net.addLink(net.addHost("h9", ip="10.0.0.99/24"), net["s1"], delay="10ms")
            reached = reaches(net, "h9", "h1"), net["h9"].run("tc qdisc show dev h9-eth0").stdout
            net.addLink(net.addHost("h8", ip="10.0.0.98/24"), net.addSwitch("s2", **options))
            net.addLink("s1", "s2")
            far = reaches(net, "h8", "h1")
            net.delLinkBetween(net["h1"], net["s1"])
            gone = reaches(net, "h8", "h2"), net["h1"].run("ip -br link").stdout, net["h1"].intfList()
            net.delHost(net["h9"])
            found.append([reached, far, gone[0], "h1-eth0" in gone[1], len(gone[2]), "h9" in net, len(net.links)])
    return found

@test
def switches_stop_and_start():
    found = []
    for options in ({}, {"cls": OVSBridge}):
        with Network(lan(**options)) as net:
            s1 = net["s1"]
            s1.intf("s1-eth1").config(delay="5ms")
            before = reaches(net)
            s1.stop()
            stopped = reaches(net), s1.connected()
            s1.start([])
            found.append([before, stopped, reaches(net), "5ms" in s1.run("tc qdisc show dev s1-eth1").stdout])
    return found

@test
def links_go_down():
    with Network(lan()) as net:
        net.configLinkStatus("h1", "s1", "down")
        down = reaches(net), net["h1"].intf().isUp()
        net.configLinkStatus("h1", "s1", "up")
        for end in (net["h1"].intf(), net["s1"].intf("s1-eth1")):
            wait_until(end.isRunning, f"{end} is up")
        return down, reaches(net), net["h1"].intf().isUp()

@test
def routes():
    with Network(lan()) as net:
        h1 = net["h1"]
        h1.setDefaultRoute("via 10.0.0.2")
        h1.setHostRoute("192.0.2.1", "h1-eth0")
        return (h1.run("ip route").stdout, refusal(lambda: h1.setDefaultRoute("via 10.9.9.9")),
                refusal(lambda: h1.setARP("10.0.0.2", "x")))

@test
def what_cannot_be_done_is_said():
    with Network(lan()) as net:
        return [refusal(lambda: net["h1"].intf().rename("x")), refusal(lambda: net["h1"].linkTo(net["h2"])),
                refusal(lambda: net["s1"].stop(deleteIntfs=True)), refusal(lambda: net.addLink("h1", "h7"))]

@test
def static_arp():
    import contextlib, io
    setLogLevel("warning")
    said = []
    for what in ("configLinkStatus", "setMAC", "nothing"):
        with Network(lan()) as net:
            h1 = net["h1"]
            h1.setARP("10.0.0.2", net["h2"].MAC())
            h1.setARP("10.0.0.7", "02:00:00:00:00:77")
            read, write = os.pipe()
            kept = os.dup(2)
            os.dup2(write, 2)
            try:
                if what == "configLinkStatus":
                    net.configLinkStatus("h1", "s1", "down")
                elif what == "setMAC":
                    h1.setMAC("02:00:00:00:00:99")
                else:
                    net["h2"].setMAC("02:00:00:00:00:99")
            finally:
                os.dup2(kept, 2)
                os.close(write)
            left = h1.run("ip neigh show nud permanent").stdout.count("PERMANENT")
            said.append([os.read(read, 10000).decode(), left])
    return said

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
    return run_script(SCRIPT, tmp_path_factory.mktemp("topologies") / "result", limits=Limits(processor_seconds=600)).json()


@pytest.fixture
def value(results):
    def get(name):
        assert "value" in results[name], results[name]["error"]
        return results[name]["value"]
    return get


def test_mininets_switches_forward_by_themselves_and_are_what_they_are_called(value):
    assert value("switches_of_mininet") == {
        "OVSBridge": [True, True], "OVSSwitch": [True, True], "functools.partial": [True, True],
        "LinuxBridge": [True, False], "None": [True, False]}
    assert value("an_own_bridge_beside_a_controller") is True


def test_a_fail_mode_is_carried_out(value):
    assert value("a_secure_switch_without_a_controller_forwards_nothing") == [False, "secure\n"]


def test_other_switches_are_refused_by_name(value):
    words = ["UserSwitch", "IVSSwitch", "rstp is Open vSwitch's", "datapath", "standalone", "did you mean 'failMode'",
             "OpenFlow13"]
    for word, text in zip(words, value("other_switches"), strict=True):
        assert text and text.startswith("s1: ") and word in text


def test_a_spanning_tree_makes_a_ring_work(value):
    assert value("spanning_trees") == {kind: [True, True, True] for kind in ("bridge", "ovs", "rapid")}
    assert value("a_priority_makes_the_root") == [0, 1]


def test_what_a_link_asks_for_is_in_the_kernel_and_frames_pass(value):
    words = {"red": "red 3: parent 2:1 limit 1000000b min 30000b max 35000b \n", "ecn": "max 35000b ecn",
             "hfsc": "hfsc 2: parent 1:1", "htb": "htb 2: parent 1:1", "latency": "lat 48.7ms", "queue": "limit 1514b",
             "netem": "delay 20ms  5ms 25% loss 5% 25% duplicate 1% reorder 25% 50% corrupt 0.1%",
             "gemodel": "loss gemodel p 1% r 10% 1-h 70% 1-k 0.1%", "slot": "slot 10ms 30ms", "rate": "rate 1Mbit",
             "cls": "tbf 2: parent 1:1 rate 10Mbit"}
    found = value("link_parameters")
    assert set(found) == set(words)
    for name, (text, reached) in found.items():
        assert words[name] in text and reached, (name, text)


def test_each_shaper_keeps_the_rate(value):
    for shaper, rate in value("a_paced_link_keeps_its_rate").items():  # Mbit/s; and 16 frames in the queue at the end
        assert rate == pytest.approx(10 + 16 * 1490 * 8 / 3e6, rel=0.02), shaper


def test_red_marks_with_ecn_and_loses_nothing(value):
    marked, retransmits = value("ecn_marks")
    # "early" may count a pure ACK of iperf3's control connection, which is never ECN-capable (RFC 3168, section 6.1.4)
    assert marked > 0 and retransmits == 0


def test_an_mtu_is_both_ends(value):
    mtu, status = value("mtus")
    assert mtu == 900 and status != 0


def test_both_addresses_of_a_network_of_two_are_hosts_and_an_end_has_its_own_mac(value):
    assert value("two_addresses") == [True, True, "02:00:00:00:00:07"]  # RFC 3021


def test_small_delays_are_kept(value):
    nominal = {"20us": 20, "50us": 50, "64us": 64, "0.1ms": 100, "333us": 333, "1.5ms": 1500}
    found = value("small_delays")
    rest = {delay: found[delay] * 1000 - us for delay, us in nominal.items()}  # what everything else takes, in us
    assert max(rest.values()) - min(rest.values()) < 5 and 0 < min(rest.values()) < 40


def test_what_is_unknown_or_wrong_is_refused_in_words(value):
    words = {"misspelt": "did you mean 'bw'", "type": "bw: [1] is not a rate", "name": "'my host' cannot be",
             "address": "not an IPv4 address", "mac": "'1:2:3' is not the MAC", "group": "group",
             "interface": "up to 15", "template": "digits", "shared": "each end has its own",
             "twice": "making the link up<->h3-eth0: the kernel says File exists",
             "lambda": "not a kind of host", "host": "did you mean 'defaultRoute'"}
    found = value("unknown_or_wrong")
    assert set(found) == set(words)
    for name, text in found.items():
        assert text and words[name] in text, (name, text)


def test_names_may_have_dashes(value):
    *places, reached, refused = value("dashes")
    assert places == [["web-1", ["web-1-eth0"]], ["web-1", ["web-1-eth0"]], ["s-1", ["s-1-eth2"]],
                      ["s-1", ["s-1-eth1", "s-1-eth2"]]]
    assert reached and "no node and no interface 'web-3'" in refused


def test_names_of_interfaces_may_have_dots(value):
    assert value("dots")


def test_a_host_may_have_a_share_of_the_processor(value):
    found, left, refused = value("shares_of_the_processor")
    for share, (run, popen, other, later) in zip((0.2, 0.5, 0.3, 1, 0.1), found, strict=True):
        assert run == pytest.approx(share, rel=0.15) and popen == pytest.approx(share, rel=0.15)
        assert other > 0.9 and later == pytest.approx(0.7, rel=0.15)
    assert left == []
    for word, text in zip(("cpu: 2", "sched", "processors [3]"), refused, strict=True):
        assert text.startswith("h1: ") and word in text


def test_addresses_of_a_running_host_change(value):
    ip, told, mac, told_mac, reached, bad_ip, bad_mac, still, still_mac = value("addresses_change")
    assert ip == [["10.0.0.9", 24]] and told == still == "10.0.0.9" and reached
    assert mac == told_mac == still_mac == "02:00:00:00:00:99"
    assert "not an IPv4 address" in bad_ip and "MAC address" in bad_mac


def test_the_shape_of_a_running_link_changes_as_a_whole(value):
    one, two, wrong, nothing, ip = value("shapes_change")
    assert "delay 10ms" in one and "rate 5Mbit" in one and "delay 30ms" in two and "5Mbit" not in two
    assert "did you mean 'bw'" in wrong and "noqueue" in nothing and ip == "10.0.0.1"


def test_hosts_switches_and_links_come_and_go(value):
    for (reached, qdisc), far, after, left, interfaces, there, links in value("nodes_come_and_go"):
        assert reached and "delay 10ms" in qdisc and far
        assert (after, left, interfaces, there, links) == (True, False, 0, False, 3)


def test_a_switch_can_be_stopped_and_started(value):
    assert value("switches_stop_and_start") == [[True, [False, False], True, True]] * 2


def test_a_link_can_be_taken_down_and_up(value):
    assert value("links_go_down") == [[False, False], True, True]


def test_routes_and_arp_entries_that_are_refused_are_errors(value):
    table, route, entry = value("routes")
    assert "default via 10.0.0.2" in table and "192.0.2.1 dev h1-eth0" in table and route and entry


def test_what_cannot_be_done_is_said(value):
    rename, link, stop, unknown = value("what_cannot_be_done_is_said")
    assert "intfName1" in rename and "net.addLink" in link and "delSwitch" in stop and "h7" in unknown


def test_whoever_undoes_static_arp_entries_is_told(value):
    (down, left), (mac, _), (nothing, kept) = value("static_arp")
    assert "h1-eth0 (10.0.0.2, 10.0.0.7)" in down and left == 0 and "forgotten" in mac
    assert nothing == "" and kept == 2
