"""Ways to break the ping lab, each of which some check must catch."""

from mnlab.checks import mutant

ENOUGH = ("no_carry", "other_source", "wide_link", "proxy_arp", "promiscuous", "other_ttl", "silent_routers")

# --- the network misbehaves ---


@mutant.network("h1 has a static ARP entry for h2")
def static_entry(net, params):
    net["h1"].run(f"ip neigh add {params['h2']} lladdr {params['h2_mac']} dev h1-eth0 nud permanent")


@mutant.network("r1 answers ARP for h3 (proxy ARP)")
def proxy_arp(net, params):
    net["r1"].sysctl("net.ipv4.conf.r1-eth0.proxy_arp", 1)


@mutant.network("h2 takes frames for another MAC address")
def promiscuous(net, params):
    net["h2"].run("tc qdisc add dev h2-eth0 ingress && "
                  "tc filter add dev h2-eth0 ingress matchall action skbedit ptype host")


@mutant.network("h2 does not answer echo requests")
def silent(net, params):
    net["h2"].sysctl("net.ipv4.icmp_echo_ignore_all", 1)


@mutant.network("h1 sends with a TTL of 128")
def other_ttl(net, params):
    net["h1"].sysctl("net.ipv4.ip_default_ttl", 128)


@mutant.network("h1 sends under an address that is not its own")
def other_source(net, params):
    net["h1"].run(f"ip addr add {params['outside']}/32 dev h1-eth0 && "
                  f"ip route replace {params['left']} dev h1-eth0 src {params['outside']}")


@mutant.network("routers report nothing")
def silent_routers(net, params):
    for router in ("r1", "r2"):
        net[router].sysctl("net.ipv4.icmp_ratelimit", 1_000_000)
        net[router].sysctl("net.ipv4.icmp_msgs_per_sec", 0)


@mutant.network("r2 has a route to everywhere")
def default_route(net, params):
    net["r2"].run(f"ip route add default via {params['r1_out']}")


@mutant.network("the link between the routers takes 1500 bytes")
def wide_link(net, params):
    net["r1"].run("ip link set dev r1-eth1 mtu 1500")
    net["r2"].run("ip link set dev r2-eth1 mtu 1500")


# --- wrong programs ---

@mutant.work("the checksum is not computed")
def no_checksum(work, params):
    work.edit("ping.py", "    return ~total & 0xFFFF", "    return 0")


@mutant.work("the checksum forgets the carries")
def no_carry(work, params):
    work.edit("ping.py", "        total = (total & 0xFFFF) + (total >> 16)", "        total = total & 0xFFFF")


@mutant.work("every request has the same sequence number")
def same_number(work, params):
    work.edit("ping.py", "raw.sendto(request(ident, number)", "raw.sendto(request(ident, 1)")


@mutant.work("each request has another identifier")
def other_ident(work, params):
    work.edit("ping.py", "        sent = time.monotonic()\n", "        sent = time.monotonic()\n        ident += 1\n")


@mutant.work("it takes a reply with any identifier")
def any_ident(work, params):
    work.edit("ping.py", "(source, its_ident, its_number) == (target, ident, number)",
              "(source, its_number) == (target, number)")


@mutant.work("it takes a reply with any sequence number")
def any_number(work, params):
    work.edit("ping.py", "(source, its_ident, its_number) == (target, ident, number)",
              "(source, its_ident) == (target, ident)")


@mutant.work("it takes a reply from anybody")
def any_source(work, params):
    work.edit("ping.py", "(source, its_ident, its_number) == (target, ident, number)",
              "(its_ident, its_number) == (ident, number)")


@mutant.work("it prints seconds and calls them milliseconds")
def seconds(work, params):
    work.edit("ping.py", "rtt * 1000", "rtt")


@mutant.work("it counts the wait before the request, too")
def late_clock(work, params):
    work.edit("ping.py", "rtt = time.monotonic() - sent", "rtt = time.monotonic() - sent + 0.05")


@mutant.work("it gives up after 1 ms")
def impatient(work, params):
    work.edit("ping.py", "while (left := sent + PATIENCE", "while (left := sent + 0.001")


@mutant.work("it claims a reply where none came")
def claims(work, params):
    work.edit("ping.py", '    return "timeout"', '    return f"reply from {target} ttl=62 time=45.000 ms"')


@mutant.work("it does not wait between requests")
def hurries(work, params):
    work.edit("ping.py", "            time.sleep(max(0, sent + PATIENCE - time.monotonic()))", "            pass")


@mutant.work("it knows no ICMP errors")
def no_errors(work, params):
    work.edit("ping.py", "    if kind in ERRORS:", "    if False:")


@mutant.work("it prints the TTL that it sent with")
def own_ttl(work, params):
    work.edit("ping.py", "ttl={header[8]}", "ttl=64")


# --- wrong answers ---

@mutant.answers("says that h1 asks for h3 itself")
def asks_for_h3(answers, params):
    answers["arp_far"] = params["h3"]


@mutant.answers("takes the network for a /24")
def whole_network(answers, params):
    answers["network"] = params["left"].rsplit(".", 1)[0] + ".0/24"


@mutant.answers("says that the TTL falls at hosts, too")
def ttl_at_hosts(answers, params):
    answers["ttl_at_h3"] = 61


@mutant.answers("says that r2 answers with its address in h3's network")
def other_address(answers, params):
    answers["ttl2_from"] = params["r2"]


@mutant.answers("mixes up host and network unreachable")
def mixed_up(answers, params):
    answers["absent_code"], answers["outside_code"] = 0, 1


@mutant.answers("forgets the ICMP header when cutting")
def no_header(answers, params):
    answers["last_size"] -= 8


@mutant.answers("says that fragments carry as many bytes as the MTU")
def whole_mtu(answers, params):
    answers["last_offset"] = params["mtu"]
