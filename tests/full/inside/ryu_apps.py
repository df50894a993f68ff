"""Ryu's own applications, each under traffic: pings that must come through, or must not, and REST where it has that.

One file in out/ for each, or in failed/ with why it did not do its part.
"""

import base64
import json
import os
import re
import socket
import subprocess
import sys
import time
import traceback
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from mininet.net import Mininet
from mininet.node import OVSSwitch, RemoteController

REST = "http://127.0.0.1:8080"
DPID = "0000000000000001"
APPS = {}


def app(version, *more, links=("h1 s1", "h2 s1", "h3 s1"), extra=()):
    """Try an application of this function's name, with `more` of them, on switches that speak this version of OpenFlow."""
    def mark(function):
        APPS[function.__name__] = (function, version, [f"ryu.app.{name}" for name in (function.__name__, *more)], links, extra)
        return function
    return mark


def wait(what, condition, limit=100):
    """Wait until a condition is true, and return it."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        try:
            if found := condition():
                return found
        except OSError:  # nobody listens yet
            pass
        time.sleep(0.5)
    raise AssertionError(f"{what} did not come in {limit} s of lab time")


@contextmanager
def network(version, modules, links, extra):
    """A network under these applications, once each switch has a controller."""
    net = Mininet(switch=OVSSwitch, controller=None, autoSetMacs=True)
    net.addController("c0", RemoteController, ip="127.0.0.1", port=6653)
    for name in dict.fromkeys(" ".join(links).split()):
        net.addSwitch(name, protocols=version, failMode="secure") if name[0] == "s" else net.addHost(name)
    for link in links:
        net.addLink(*link.split())
    with open("/tmp/manager.log", "w+") as log:
        manager = subprocess.Popen(["ryu-manager", "--ofp-tcp-listen-port", "6653", *extra, *modules], stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=subprocess.STDOUT)
        try:
            net.start()
            wait("the controller", lambda: all(switch.connected() for switch in net.switches))
            yield net
        except AssertionError as problem:
            raise AssertionError(f"{problem}\n{Path('/tmp/manager.log').read_text()[-3000:]}") from problem
        finally:
            manager.terminate()
            manager.wait()
            net.stop()


def ask(path, data=None, method=None):
    """What the REST interface answers."""
    request = urllib.request.Request(REST + path, data=None if data is None else json.dumps(data).encode(), method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read() or b"null")


def pings(net, one="h1", other="h2", count=3):
    """How many of some pings come back. The first ARP may take a second."""
    said = net[one].cmd(f"ping -c{count} -W2 {net[other].IP()}")
    return int(re.search(r"(\d+) received", said)[1])


def flows(switch):
    command = ["ovs-ofctl", "-O", switch.protocols, "dump-flows", switch.name]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def learns(net):
    """All reach all, and the switch has a flow for each pair."""
    assert wait("every ping", lambda: net.pingAll() == 0)
    found = flows(net["s1"])
    assert len(re.findall(r"dl_dst=00:00:00:00:00:0", found)) >= len(net.hosts), found
    return re.sub(r"(duration|idle_age|hard_age|n_bytes|n_packets)=[^,]*, ?", "", found)


@app("OpenFlow10")
def simple_switch(net):
    return learns(net)


@app("OpenFlow12")
def simple_switch_12(net):
    return learns(net)


@app("OpenFlow13")
def simple_switch_13(net):
    return learns(net)


@app("OpenFlow14")
def simple_switch_14(net):
    return learns(net)


@app("OpenFlow15")
def simple_switch_15(net):
    return learns(net)


@app("OpenFlow13")
def simple_monitor_13(net):
    """It learns, and logs ports' counters every ten seconds."""
    said = learns(net)
    wait("the counters", lambda: re.search(r"0000000000000001 +1 +[1-9]", Path("/tmp/manager.log").read_text()))
    return said


JOIN = """
import socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 5000))
s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack("4s4s", *map(socket.inet_aton, ("225.0.0.7", "10.0.0.1"))))
print(s.recv(100))
"""


@app("OpenFlow13")
def simple_switch_igmp_13(net):
    """The querier, whose multicast server is at port 2, sends a group to h1, which has joined it, and not to h3."""
    said = learns(net)
    h1, h2, _h3 = net.hosts
    for host in (h1, h2):
        host.cmd(f"ip route add 224.0.0.0/4 dev {host.name}-eth0; sysctl -w net.ipv4.conf.{host.name}-eth0.force_igmp_version=2")
    heard = h1.popen([sys.executable, "-c", JOIN])
    flow = wait("the group's flow", lambda: [line for line in flows(net["s1"]).splitlines()
                                             if re.search(r"in_port=\S*2\S*(225.0.0.7|01:00:5e:00:00:07)", line)])[0]
    assert re.search(r"actions=output:\S*1$", flow), flow  # and no other port
    h2.cmd("echo hello | nc -u -w1 225.0.0.7 5000")
    assert heard.communicate(timeout=60)[0] == b"b'hello\\n'\n"
    return said


@app("OpenFlow13", links=("h1 s1", "h1 s1", "h2 s1", "h3 s1"))
def simple_switch_lacp_13(net):
    """h1's two links become one."""
    h1 = net["h1"]
    h1.cmd("ip addr flush dev h1-eth0; modprobe bonding max_bonds=0; ip link add bond0 type bond mode 802.3ad lacp_rate fast miimon 100; "
           "ip link set bond0 address 00:00:00:00:00:11; for i in 0 1; do ip link set h1-eth$i down; ip link set h1-eth$i master bond0; done; "
           "ip link set bond0 up; ip addr add 10.0.0.1/8 dev bond0")
    wait("both ports in LACP", lambda: len(set(re.findall(r"SW=0000000000000001 PORT=([12]) .*up|PORT=([12]) the slave i/f has just been up",
                                                          Path("/tmp/manager.log").read_text()))) == 2)
    assert wait("pings over the bond", lambda: pings(net, "h2", "h1") == 3)
    return h1.cmd("cat /proc/net/bonding/bond0 | grep -E 'Mode|Number of ports'")


@app("OpenFlow13", links=("h1 s1", "h2 s2", "h3 s3", "s1 s2", "s2 s3", "s3 s1"))
def simple_switch_stp_13(net):
    """A ring of three switches: one port is blocked, and pings come through once."""
    assert wait("the tree", lambda: "BLOCK" in Path("/tmp/manager.log").read_text() and pings(net) == 3, 200)
    said = net["h1"].cmd("ping -c3 10.0.0.3")
    assert "3 received" in said and "DUP" not in said, said
    return said


@app("OpenFlow13")
def simple_switch_rest_13(net):
    """Its table of addresses is read, and written."""
    said = learns(net)
    table = ask(f"/simpleswitch/mactable/{DPID}")
    assert table == {f"00:00:00:00:00:0{n}": n for n in (1, 2, 3)}, table
    table = ask(f"/simpleswitch/mactable/{DPID}", {"mac": "00:00:00:00:00:09", "port": 9}, "PUT")
    assert table["00:00:00:00:00:09"] == 9 and "dl_dst=00:00:00:00:00:09" in flows(net["s1"]), table
    return said + json.dumps(table, sort_keys=True)


@app("OpenFlow13")
def simple_switch_websocket_13(net):
    """Whoever listens on its socket is told of packets, and may ask for addresses (RFC 6455)."""
    wait("the web server", lambda: socket.create_connection(("127.0.0.1", 8080)).close() is None)
    with socket.create_connection(("127.0.0.1", 8080)) as line:
        line.sendall(b"GET /simpleswitch/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + base64.b64encode(bytes(16)) + b"\r\n\r\n")
        assert b" 101 " in line.recv(4096)
        said = learns(net)
        line.settimeout(30)
        told = line.recv(65536)
        assert b"ethernet(dst='ff:ff:ff:ff:ff:ff'" in told, told
    return said


@app("OpenFlow13")
def ofctl_rest(net):
    """Without flows nothing comes through; with two that are sent by REST, h1 and h2 reach each other."""
    assert wait("the switch", lambda: ask("/stats/switches")) == [1]
    assert pings(net) == 0
    for one, other in ((1, 2), (2, 1)):
        request = urllib.request.Request(REST + "/stats/flowentry/add", json.dumps(
            {"dpid": 1, "match": {"in_port": one}, "actions": [{"type": "OUTPUT", "port": other}]}).encode())
        assert urllib.request.urlopen(request).status == 200
    wait("the pings", lambda: pings(net) == 3)
    assert pings(net, "h1", "h3") == 0
    found = ask("/stats/flow/1")["1"]
    assert sorted((flow["match"]["in_port"], flow["actions"]) for flow in found) == [(1, ["OUTPUT:2"]), (2, ["OUTPUT:1"])], found
    return str(ask("/stats/desc/1"))


@app("OpenFlow13")
def rest_firewall(net):
    """Nothing passes until a rule allows it; the rule is for h1 and h2 alone."""
    wait("the switch", lambda: ask("/firewall/module/status"))
    assert "success" in str(ask(f"/firewall/module/enable/{DPID}", {}, "PUT"))
    assert pings(net) == 0
    for one, other in (("10.0.0.1", "10.0.0.2"), ("10.0.0.2", "10.0.0.1")):
        assert "success" in str(ask(f"/firewall/rules/{DPID}", {"nw_src": one, "nw_dst": other, "nw_proto": "ICMP"}, "POST"))
    wait("the pings", lambda: pings(net) == 3)
    assert pings(net, "h1", "h3") == 0
    return json.dumps(ask(f"/firewall/rules/{DPID}"), sort_keys=True)


@app("OpenFlow13")
def rest_router(net):
    """Two networks are joined when the router has an address in each."""
    for name, address in (("h1", "172.16.1.10"), ("h2", "172.16.2.10")):
        net[name].setIP(address, 24)
        net[name].cmd(f"ip route add default via {address.rsplit('.', 1)[0]}.1")
    wait("the switch", lambda: ask("/router/all"))
    assert pings(net) == 0
    for address in ("172.16.1.1/24", "172.16.2.1/24"):
        assert "success" in str(ask(f"/router/{DPID}", {"address": address}, "POST"))
    wait("the pings", lambda: pings(net) == 3)
    return json.dumps(ask(f"/router/{DPID}"), sort_keys=True)


@app("OpenFlow13", "simple_switch_13", links=("h1 s1", "h2 s2", "h3 s3", "s1 s2", "s2 s3"), extra=["--observe-links"])
def rest_topology(net):
    """It finds three switches, two links in both directions, and the hosts that speak."""
    wait("the links", lambda: len(ask("/v1.0/topology/links")) == 4)
    assert net.pingAll() == 0 or net.pingAll() == 0
    assert len(ask("/v1.0/topology/switches")) == 3
    found = wait("the hosts", lambda: len(hosts := ask("/v1.0/topology/hosts")) >= 3 and hosts)
    assert {f"00:00:00:00:00:0{n}" for n in (1, 2, 3)} <= {host["mac"] for host in found}, found
    return json.dumps(sorted(ask("/v1.0/topology/links"), key=str))


def main(names):
    os.environ["PYTHONWARNINGS"] = "ignore"
    for folder in ("out", "failed"):
        Path(folder).mkdir()
    for name in names or APPS:
        print(name, flush=True)
        function, *rest = APPS[name]
        try:
            with network(*rest) as net:
                Path("out", name).write_text(function(net) or "")
        except Exception:
            Path("failed", name).write_text(traceback.format_exc())
            print(traceback.format_exc(), flush=True)


main(sys.argv[1:])
