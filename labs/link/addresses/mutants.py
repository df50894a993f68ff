"""Ways to break the addresses lab, each of which some check must catch."""

import re
from ipaddress import ip_network

from mnlab.checks import mutant

ENOUGH = ("static_entry", "typo", "two_defaults", "no_own_lan", "other_source", "false_mac", "nat", "meddling_switch")

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

@mutant.work("h1's mask is /24", breaks="R1")
def wide_mask(work, params):
    work.edit("network.conf", f"h1-eth0 address {params['_h1']}/{params['_left_prefix']}",
              f"h1-eth0 address {params['_h1']}/24")


@mutant.work("h2's mask is one bit too long", breaks="R1")
def narrow_mask(work, params):
    work.edit("network.conf", f"h2-eth0 address {params['_h2']}/{params['_left_prefix']}",
              f"h2-eth0 address {params['_h2']}/{params['_left_prefix'] + 1}")


@mutant.work("h4 has the broadcast address", breaks="R1")
def broadcast_address(work, params):
    last = params["_r2"].rsplit(".", 1)
    work.edit("network.conf", f"h4-eth0 address {params['_h4']}", f"h4-eth0 address {last[0]}.{int(last[1]) + 1}")


@mutant.work("h1 has the address that names the block", breaks="R1")
def block_address(work, params):
    work.edit("network.conf", f"h1-eth0 address {params['_h1']}/",
              f"h1-eth0 address {params['left_block'].split('/')[0]}/")


@mutant.work("h2 has a second address", breaks="R1")
def two_addresses(work, params):
    taken = {params["_h1"], params["_h2"], params["_r1"]}
    net, first = params["left_block"].split("/")[0].rsplit(".", 1)
    spare = next(address for number in range(1, 5) if (address := f"{net}.{int(first) + number}") not in taken)
    text = (work.folder / "network.conf").read_text()
    work.write("network.conf", f"{text}h2-eth0 address {spare}/{params['_left_prefix']}\n")


@mutant.work("the link's prefix is one bit too short", breaks="R1")
def wide_link(work, params):
    for end in ("r1", "r2"):
        address = params[f"_{end}_out"]
        work.edit("network.conf", f"{end}-eth1 address {address}/30", f"{end}-eth1 address {address}/29")


@mutant.work("h2 has h1's address", breaks="R2")
def duplicate(work, params):
    work.edit("network.conf", f"h2-eth0 address {params['_h2']}", f"h2-eth0 address {params['_h1']}")


@mutant.work("h4 has its router's address", breaks="R2")
def takes_the_routers(work, params):
    work.edit("network.conf", f"h4-eth0 address {params['_h4']}", f"h4-eth0 address {params['_r2']}")


@mutant.work("the left router has the first address instead of the last", breaks="R3")
def first_address(work, params):
    other_router(work, params, "left", "r1", 1, ("_h1", "_h2"))


@mutant.work("the right router has the last address but one", breaks="R3")
def last_but_one(work, params):
    number = 2 ** (32 - params["_right_prefix"]) - 3
    other_router(work, params, "right", "r2", number, ("_h3", "_h4"))


def other_router(work, params, side: str, router: str, number: int, hosts) -> None:
    """Give a router another address of its block; whoever had that gets the router's neighbour's place."""
    net, first = params[f"{side}_block"].split("/")[0].rsplit(".", 1)
    wanted = f"{net}.{int(first) + number}"
    taken = {params[host] for host in hosts}
    text = (work.folder / "network.conf").read_text()
    if wanted in taken:
        spare = next(one for k in range(3, 12) if (one := f"{net}.{int(first) + k}") not in taken)
        text = text.replace(f"{wanted}/", f"{spare}/")
    for end in ("/", "\n"):
        text = text.replace(params[f"_{router}"] + end, wanted + end)
    work.write("network.conf", text)


@mutant.work("h3's interface has no address", breaks="R4")
def no_address(work, params):
    work.edit("network.conf", f"h3-eth0 address {params['_h3']}", f"# h3-eth0 address {params['_h3']}")


@mutant.work("a line has a typing error", breaks="R4")
def typo(work, params):
    work.edit("network.conf", "r2-eth0 address", "r2-eht0 address")


@mutant.work("r2 has no route back", breaks="R5")
def no_way_back(work, params):
    work.edit("network.conf", f"r2 route {params['left_block']}", f"# r2 route {params['left_block']}")


@mutant.work("r1 has no route to the right LAN", breaks="R5")
def no_way_there(work, params):
    work.edit("network.conf", f"r1 route {params['right_block']}", f"# r1 route {params['right_block']}")


@mutant.work("h1's gateway is r1's address on the other side, outside h1's network", breaks="R5")
def gateway_outside(work, params):
    work.edit("network.conf", f"h1 route default via {params['_r1']}", f"h1 route default via {params['_r1_out']}")


@mutant.work("h3's gateway is h4", breaks="R5")
def gateway_is_a_host(work, params):
    work.edit("network.conf", f"h3 route default via {params['_r2']}", f"h3 route default via {params['_h4']}")


@mutant.work("r1 knows half of the right LAN", breaks="R5")
def half_a_lan(work, params):
    net, first = params["right_block"].split("/")[0].rsplit(".", 1)
    bits = params["_right_prefix"] + 1
    upper = int(params["_h3"].rsplit(".", 1)[1]) >= int(first) + 2 ** (32 - bits)
    work.edit("network.conf", f"r1 route {params['right_block']}",
              f"r1 route {net}.{int(first) + (0 if upper else 2 ** (32 - bits))}/{bits}")


@mutant.work("the left hosts' routes name the other LAN only, not the link between the routers", breaks="R6")
def narrow_left(work, params):
    for host in ("h1", "h2"):
        work.edit("network.conf", f"{host} route default via {params['_r1']}",
                  f"{host} route {params['right_block']} via {params['_r1']}")


@mutant.work("h3's route names the left LAN only, not the link between the routers", breaks="R6")
def narrow_routes(work, params):
    work.edit("network.conf", "h3 route default", f"h3 route {params['left_block']}")


@mutant.work("hosts know the blocks and nothing else: they refuse other packets themselves", breaks="R7")
def no_defaults(work, params):
    for host, far, router in (("h1", "right", "_r1"), ("h2", "right", "_r1"), ("h3", "left", "_r2"),
                              ("h4", "left", "_r2")):
        work.edit("network.conf", f"{host} route default via {params[router]}",
                  f"{host} route {params[f'{far}_block']} via {params[router]}\n"
                  f"{host} route {params['link_block']} via {params[router]}")


@mutant.work("h2 knows the blocks and nothing else: it refuses other packets itself", breaks="R7")
def no_default_at_h2(work, params):
    work.edit("network.conf", f"h2 route default via {params['_r1']}", "\n".join(
        f"h2 route {params[f'{far}_block']} via {params['_r1']}" for far in ("right", "link")))


@mutant.work("r2 sends what it does not know to a host, which forwards nothing", breaks="R7")
def into_nothing(work, params):
    text = (work.folder / "network.conf").read_text()
    work.write("network.conf", f"{text}r2 route default via {params['_h4']}\n")


@mutant.work("each router sends what it does not know to the other one", breaks="R8")
def two_defaults(work, params):
    work.edit("network.conf", f"r1 route {params['right_block']}", "r1 route default")
    work.edit("network.conf", f"r2 route {params['left_block']}", "r2 route default")


@mutant.work("each router sends all of the 256 addresses that it does not know to the other one", breaks="R8")
def two_aggregates(work, params):
    whole = params["left_block"].rsplit(".", 1)[0] + ".0/24"
    work.edit("network.conf", f"r1 route {params['right_block']}", f"r1 route {whole}")
    work.edit("network.conf", f"r2 route {params['left_block']}", f"r2 route {whole}")


@mutant.work("r1 has a default route, r2 one for half of all addresses", breaks="R8")
def half_of_all(work, params):
    text = (work.folder / "network.conf").read_text()
    work.write("network.conf", f"{text}r1 route default via {params['_r2_out']}\n"
                               f"r2 route 128.0.0.0/1 via {params['_r1_out']}\n")


@mutant.work("r1 has a default route, r2's route to the left LAN is one bit too short", breaks="R8")
def short_prefix(work, params):
    work.edit("network.conf", f"r1 route {params['right_block']}", "r1 route default")
    work.edit("network.conf", f"r2 route {params['left_block']}",
              f"r2 route {ip_network(params['left_block']).supernet()}")


# --- right configurations, written otherwise ---

@mutant.right("a default route from r1 to r2, and none back; other link addresses; in another order")
def default_at_r1(work, params):
    ends = {params["_r1_out"]: params["_r2_out"], params["_r2_out"]: params["_r1_out"]}
    lines = (work.folder / "network.conf").read_text().splitlines()
    text = "\n".join(reversed(lines)) + "\n"
    text = re.sub(r"[\d.]+", lambda found: ends.get(found[0], found[0]), text)
    work.write("network.conf", text.replace(f"r1 route {params['right_block']}", "r1 route default"))


@mutant.right("a default route from r2 to r1, routes for single hosts, comments and spaces")
def default_at_r2(work, params):
    text = (work.folder / "network.conf").read_text().replace(f"r2 route {params['left_block']}", "r2   route default")
    right = f"r1 route {params['right_block']} via {params['_r2_out']}"
    single = [f"r1\troute {params[host]}/32 via {params['_r2_out']}   # {host}" for host in ("_h3", "_h4", "_r2")]
    work.write("network.conf", "# mine\n\n" + text.replace(right, "\n".join(single)).replace("\n", "\n   "))


@mutant.right("r1 sends all of the 256 addresses that it does not know to r2, which has routes for what there is")
def one_aggregate(work, params):
    whole = params["left_block"].rsplit(".", 1)[0] + ".0/24"
    work.edit("network.conf", f"r1 route {params['right_block']}", f"r1 route {whole}")
    work.edit("network.conf", f"h1 route default via {params['_r1']}",
              f"h1 route {params['right_block']} via {params['_r1']}\nh1 route default via {params['_r1']}")


# --- wrong answers ---

@mutant.answers("counts the router among the hosts")
def counts_router(answers, params):
    answers["left_hosts"] += 1


@mutant.answers("counts the block's own address and the broadcast address among the hosts'")
def all_addresses(answers, params):
    answers["left_hosts"] += 2


@mutant.answers("counts the router among the right hosts")
def counts_right_router(answers, params):
    answers["right_hosts"] += 1


@mutant.answers("gives the mask of a class C network")
def class_mask(answers, params):
    answers["left_mask"] = "255.255.255.0"


@mutant.answers("takes the very last address for the gateway's")
def gateway_is_last(answers, params):
    answers["left_gateway"] = answers["left_broadcast"]


@mutant.answers("takes the gateway's address for the broadcast address")
def gateway_for_all(answers, params):
    answers["left_broadcast"] = answers["left_gateway"]


@mutant.answers("takes the left block's gateway for the right one's")
def other_gateway(answers, params):
    answers["right_gateway"] = answers["left_gateway"]


@mutant.answers("says that the frame to r2 is from h1's adapter")
def frame_from_h1(answers, params):
    answers["link_from_mac"] = params["h1_eth0_mac"]


@mutant.answers("says that the frame is from r1's adapter on the LAN")
def other_adapter(answers, params):
    answers["link_from_mac"] = params["r1_eth0_mac"]


@mutant.answers("says that the frame on the link is for h3's adapter")
def frame_to_h3(answers, params):
    answers["link_to_mac"] = params["h3_eth0_mac"]


@mutant.answers("says that the packet between the routers is from r1")
def packet_from_r1(answers, params):
    answers["link_from_ip"] = params["r1_out"]


@mutant.answers("says that the packet between the routers is for r2")
def packet_to_r2(answers, params):
    answers["link_to_ip"] = params["r2_out"]


@mutant.answers("says that the frame that reaches h3 is from h1's adapter")
def frame_from_afar(answers, params):
    answers["h3_from_mac"] = params["h1_eth0_mac"]


@mutant.answers("says that the packet that reaches h3 is from r2")
def packet_from_r2(answers, params):
    answers["h3_from_ip"] = params["r2"]


@mutant.answers("says that the TTL stays")
def ttl_unchanged(answers, params):
    answers["h3_ttl"] = 64


@mutant.answers("counts one router on the way")
def one_router(answers, params):
    answers["h3_ttl"] = 63


@mutant.answers("says that h1 asks everybody at once")
def no_probes(answers, params):
    answers["probes"] = 0


@mutant.answers("says that no ping is lost")
def none_lost(answers, params):
    answers["lost"] = 0


@mutant.answers("counts the lost pings while h1 probes, and not those before")
def lost_probes(answers, params):
    answers["lost"] = 3


@mutant.answers("says that the answers come from the old MAC address")
def from_the_old(answers, params):
    answers["answers_from"] = params["h2_eth0_mac"]


@mutant.answers("says that r1 asks for h2's next address")
def asks_for_new(answers, params):
    answers["asked_on_left"] = params["h2_moved"]


@mutant.answers("says that r2 reports the old address unreachable")
def other_reporter(answers, params):
    answers["unreachable_from"] = params["r2"]


@mutant.answers("says that r1 reports with its address on the LAN")
def lan_side(answers, params):
    answers["unreachable_from"] = params["r1"]


@mutant.answers("says that the moved host has its first MAC again")
def first_mac_again(answers, params):
    answers["moved_mac"] = params["h2_eth0_mac"]
