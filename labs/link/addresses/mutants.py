"""Ways to break the addresses lab, each of which some check must catch."""

from mnlab.checks import mutant

ENOUGH = ("static_entry", "typo", "no_own_lan", "other_source", "false_mac", "nat", "meddling_switch")

# --- the network misbehaves ---


@mutant.network("the switch forgets who is where, and floods", scenes=["kernel"])
def flooding_switch(net, params):
    net["s1"].run("ip link set s1 type bridge ageing_time 0")


@mutant.network("h1 writes another source MAC into its frames", scenes=["kernel"])
def false_mac(net, params):
    net["h1"].run("tc qdisc add dev h1-eth0 clsact && tc filter add dev h1-eth0 egress protocol ip matchall "
                  f"action skbmod set smac {params['h4_eth0_mac']}")


@mutant.network("h1 does not know h2's LAN as its own, and sends everything to r1", scenes=["kernel"])
def no_own_lan(net, params):
    net["h1"].run(f"ip route add {params['r1']} dev h1-eth0 && ip route del {params['left']}")


@mutant.network("r1 hides the left LAN behind its own address (NAT)")
def nat(net, params):
    net["r1"].run(["nft", "-f", "-"], input="table ip lab { chain post { type nat hook postrouting priority 100; "
                                            "oifname r1-eth1 masquerade; }; }")


@mutant.network("r2 does not count the TTL down", scenes=["kernel"])
def no_ttl(net, params):
    net["r2"].run(["nft", "-f", "-"], input="table ip lab { chain pre { type filter hook prerouting priority 0; "
                                            "iifname r2-eth1 ip ttl set 64; }; }")


@mutant.network("r1 rewrites the packet's type of service", scenes=["kernel"])
def rewrites(net, params):
    net["r1"].run(["nft", "-f", "-"], input="table ip lab { chain post { type filter hook postrouting priority 0; "
                                            "ip dscp set cs1; }; }")


@mutant.network("the switch in front of r1 changes frames", scenes=["kernel"])
def meddling_switch(net, params):
    net["s1"].run("tc qdisc add dev s1-eth3 clsact && tc filter add dev s1-eth3 egress protocol ip matchall "
                  f"action skbmod set smac {params['h4_eth0_mac']}")


@mutant.network("h1 sends to other networks under an address that is not its own", scenes=["kernel"])
def other_source(net, params):
    net["h1"].run(f"ip address add {params['outside']}/32 dev h1-eth0 && "
                  f"ip route replace default via {params['r1']} src {params['outside']}")


@mutant.network("h2 announces its new MAC address", scenes=["kernel"])
def announces(net, params):
    net["h2"].sysctl("net.ipv4.conf.h2-eth0.arp_notify", 1)


@mutant.network("h1 has a static ARP entry for h2", scenes=["kernel"])
def static_entry(net, params):
    net["h1"].run(f"ip neigh replace {params['h2']} lladdr {params['h2_eth0_mac']} dev h1-eth0 nud permanent")


@mutant.network("the switch learns nothing at h2's port", scenes=["kernel"])
def no_learning(net, params):
    net["s1"].run("bridge link set dev s1-eth2 learning off")


@mutant.network("h2's second address is h4's business", scenes=["kernel"])
def ignores_second(net, params):
    net["h2"].run(["nft", "-f", "-"], input="table ip lab { chain in { type filter hook input priority 0; "
                                            f"ip daddr {params['h2_second']} drop; }}; }}")


@mutant.network("h2 takes frames for its old MAC address, too", scenes=["kernel"])
def takes_old_frames(net, params):
    net["h2"].run("tc qdisc add dev h2-eth0 clsact && "
                  "tc filter add dev h2-eth0 ingress protocol ip matchall action skbedit ptype host")


@mutant.network("the routers find h2's old address on either LAN (host routes and proxy ARP)", scenes=["kernel"])
def mobile_address(net, params):
    net["r1"].sysctl("net.ipv4.conf.r1-eth0.proxy_arp", 1)
    net["r2"].sysctl("net.ipv4.conf.r2-eth0.proxy_arp", 1)
    net["r1"].run(f"ip route add {params['h2']} via {params['r2_out']}")
    net["r2"].run(f"ip route add {params['h2']} dev r2-eth0")


@mutant.network("r2 lets nothing through to the moved host", scenes=["kernel"])
def closed_lan(net, params):
    net["r2"].run(["nft", "-f", "-"], input="table ip lab { chain pass { type filter hook forward priority 0; "
                                            f"ip daddr {params['h2_moved']} drop; }}; }}")


# --- wrong configurations ---

@mutant.work("h1's mask is /24")
def wide_mask(work, params):
    work.edit("network.conf", f"h1-eth0 address {params['_h1']}/{params['_left_prefix']}",
              f"h1-eth0 address {params['_h1']}/24")


@mutant.work("h1's gateway is r1's address on the other side, outside h1's network")
def gateway_outside(work, params):
    work.edit("network.conf", f"h1 route default via {params['_r1']}", f"h1 route default via {params['_r1_out']}")


@mutant.work("r2 has no route back")
def no_way_back(work, params):
    work.edit("network.conf", f"r2 route {params['left_block']}", f"# r2 route {params['left_block']}")


@mutant.work("h2 has h1's address")
def duplicate(work, params):
    work.edit("network.conf", f"h2-eth0 address {params['_h2']}", f"h2-eth0 address {params['_h1']}")


@mutant.work("h3's gateway is h4")
def gateway_is_a_host(work, params):
    work.edit("network.conf", f"h3 route default via {params['_r2']}", f"h3 route default via {params['_h4']}")


@mutant.work("each router sends what it does not know to the other one")
def two_defaults(work, params):
    work.edit("network.conf", f"r1 route {params['right_block']}", "r1 route default")
    work.edit("network.conf", f"r2 route {params['left_block']}", "r2 route default")


@mutant.work("the router has the first address instead of the last")
def first_address(work, params):
    first = params["left_block"].split("/")[0].rsplit(".", 1)
    work.edit("network.conf", params["_r1"] + "\n", f"{first[0]}.{int(first[1]) + 1}\n")
    work.edit("network.conf", params["_r1"] + "/", f"{first[0]}.{int(first[1]) + 1}/")


@mutant.work("h4 has the broadcast address")
def broadcast_address(work, params):
    last = params["_r2"].rsplit(".", 1)
    work.edit("network.conf", f"h4-eth0 address {params['_h4']}", f"h4-eth0 address {last[0]}.{int(last[1]) + 1}")


@mutant.work("the hosts' routes name the other LAN only, not the link between the routers")
def narrow_routes(work, params):
    work.edit("network.conf", "h3 route default", f"h3 route {params['left_block']}")


@mutant.work("a line has a typing error")
def typo(work, params):
    work.edit("network.conf", "r2-eth0 address", "r2-eht0 address")


# --- wrong answers ---

@mutant.answers("counts the router among the hosts")
def counts_router(answers, params):
    answers["left_hosts"] += 1


@mutant.answers("says that the frame to r2 is from h1's adapter")
def frame_from_h1(answers, params):
    answers["link_from_mac"] = params["h1_eth0_mac"]


@mutant.answers("says that the packet between the routers is for r2")
def packet_to_r2(answers, params):
    answers["link_to_ip"] = params["r2_out"]


@mutant.answers("says that the moved host has its first MAC again")
def first_mac_again(answers, params):
    answers["moved_mac"] = params["h2_eth0_mac"]


@mutant.answers("says that r2 reports the old address unreachable")
def other_reporter(answers, params):
    answers["unreachable_from"] = params["r2"]
