"""Routing daemons, each with a neighbour."""

import json

from kit import network, run, trial, wait, write

FRR = """
hostname {name}
interface {name}-eth0
 ip ospf area 0
 ipv6 ospf6 area 0
 ip ospf hello-interval 2
 ip ospf dead-interval 8
interface lo
 ip ospf area 0
router ospf
 ospf router-id {n}.{n}.{n}.{n}
router ospf6
 ospf6 router-id {n}.{n}.{n}.{n}
router rip
 network {name}-eth0
 network 172.16.{n}.0/24
router bgp 6500{n}
 bgp router-id {n}.{n}.{n}.{n}
 no bgp ebgp-requires-policy
 neighbor 10.0.12.{other} remote-as 6500{other}
 address-family ipv4 unicast
  network 192.168.{n}.0/24
"""
DAEMONS = ("mgmtd", "zebra", "ospfd", "ospf6d", "ripd", "bgpd")


@trial
def frr():
    """OSPF, OSPFv3, RIP and BGP between two routers, asked by vtysh."""
    with network("r1", "r2", links=[("r1", "r2")],
                 privateDirs=["/etc/frr", "/run/frr", "/var/lib/frr", "/var/tmp/frr"]) as routers:
        for n, router in enumerate(routers, start=1):
            router.cmd(f"ip addr add 10.0.12.{n}/24 dev {router.name}-eth0; sysctl -w net.ipv4.ip_forward=1")
            router.cmd(f"ip addr add 192.168.{n}.1/24 dev lo; ip addr add 172.16.{n}.1/24 dev lo; ip link set lo up")
            router.cmd("chown frr:frr /etc/frr /run/frr /var/lib/frr /var/tmp/frr; touch /etc/frr/vtysh.conf")
            with open(write("frr.conf", FRR.format(name=router.name, n=n, other=3 - n))) as config:
                for name in DAEMONS:
                    daemon = router.daemon(f"/usr/lib/frr/{name}", "-A", "127.0.0.1")
                    wait(f"vty of {name}", lambda name=name, router=router: "is" in router.cmd(f"test -S /run/frr/{name}.vty && echo is"), daemon)
                run(router, "vtysh", "-f", config.name)
        r1 = routers[0]

        def ask(words):
            return json.loads(run(r1, "vtysh", "-c", f"show {words} json"))

        wait("the OSPF adjacency", lambda: "Full" in str(ask("ip ospf neighbor")))
        wait("the OSPFv3 adjacency", lambda: "Full" in str(ask("ipv6 ospf6 neighbor")))
        wait("the BGP session", lambda: "Established" in str(ask("bgp summary")))
        wait("RIP's route", lambda: "172.16.2.0/24" in run(r1, "vtysh", "-c", "show ip rip"))
        wait("BGP's route in the kernel", lambda: "proto bgp" in r1.cmd("ip route show 192.168.2.0/24"))
        return r1.cmd("ip route; ip -6 route") + run(r1, "vtysh", "-c", "show ip route", "-c", "show ip rip",
                                                     "-c", "show bgp ipv4", "-c", "show ip ospf database")


BIRD = """
router id {n}.{n}.{n}.{n};
protocol device {{}}
protocol direct {{ ipv4; interface "lo"; }}
protocol kernel {{ ipv4 {{ export all; }}; }}
protocol ospf v2 o {{ ipv4 {{ export all; }}; area 0 {{ interface "{name}-eth0" {{ hello 2; dead 8; }}; }}; }}
"""


@trial
def bird():
    """OSPF between two routers, asked by birdc."""
    with network("r1", "r2", links=[("r1", "r2")], privateDirs=["/run/bird"]) as routers:
        for n, router in enumerate(routers, start=1):
            router.cmd(f"ip addr add 10.0.12.{n}/24 dev {router.name}-eth0; ip addr add 192.168.{n}.1/24 dev lo; ip link set lo up")
            router.daemon("bird", "-f", "-c", write("bird.conf", BIRD.format(n=n, name=router.name)))
        r1 = routers[0]
        wait("the OSPF adjacency", lambda: "Full" in run(r1, "birdc", "show", "ospf", "neighbors"))
        wait("the other's network", lambda: "proto bird" in r1.cmd("ip route show 192.168.2.0/24"))
        return run(r1, "birdc", "show", "route") + r1.cmd("ip route")


KEEPALIVED = """
vrrp_instance one {{
    interface {name}-eth0
    virtual_router_id 7
    priority {priority}
    advert_int 1
    virtual_ipaddress {{ 10.0.0.100/24 }}
}}
"""


@trial
def keepalived():
    """VRRP: the address is the first router's until that dies, and then the other's."""
    with network("h1", "h2", "h3", privateDirs=["/run/keepalived"]) as (h1, h2, h3):
        first, _ = (host.daemon("keepalived", "--dont-fork", "--vrrp", "--log-console", "--use-file",
                                write("keepalived.conf", KEEPALIVED.format(name=host.name, priority=priority)),
                                "--pid", f"/run/keepalived/{host.name}.pid", "--vrrp_pid", f"/run/keepalived/{host.name}v.pid",
                                "--checkers_pid", f"/run/keepalived/{host.name}c.pid", "--bfd_pid", f"/run/keepalived/{host.name}b.pid")
                    for host, priority in ((h1, 200), (h2, 100)))
        wait("the address at h1", lambda: "10.0.0.100" in h1.cmd("ip addr"), first)
        before = run(h3, "ping", "-c1", "10.0.0.100")
        assert "10.0.0.100" not in h2.cmd("ip addr")
        first.terminate()
        first.wait()
        wait("the address at h2", lambda: "10.0.0.100" in h2.cmd("ip addr"))
        return before + run(h3, "ping", "-c1", "10.0.0.100")
