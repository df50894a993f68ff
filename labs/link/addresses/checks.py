"""What must be true of addresses: the kernels' part first, then the student's network and answers.

Nothing here depends on how long anything takes, so real time makes no difference.
"""

import ipaddress

from mnlab.checks import expect, observation, points, same
from mnlab.evidence.record import Missing
from mnlab.protocols import arp, icmp, ip

TTL = 64  # net.ipv4.ip_default_ttl, RFC 1700
LANS = {"left": ("h1-eth0", "h2-eth0", "r1-eth0"), "right": ("h3-eth0", "h4-eth0", "r2-eth0"),
        "link": ("r1-eth1", "r2-eth1")}
#: The hops of an echo request from h1 to h3, each where it is captured: (place, sending adapter, receiving adapter).
HOPS = (("h1-eth0", "h1-eth0", "r1-eth0"), ("r1-eth1", "r1-eth1", "r2-eth1"), ("h3-eth0", "r2-eth0", "h3-eth0"))


# --- reading the evidence ---

def echoes(evidence, name: str, place: str) -> list[icmp.Echo]:
    """The echo requests that `place` saw while the command `name` ran, each with its replies; at least one."""
    found = icmp.echoes(evidence.during(name, place))
    expect(found, done=evidence.command(name).line, expected=f"echo requests at {place}", seen="none")
    return found


def adapter_mac(evidence, adapter: str) -> str:
    """The MAC address that an adapter had in the beginning."""
    return evidence.params[f"{adapter.replace('-', '_')}_mac"]


def frame_macs(packet) -> tuple[str, str]:
    """(source, target) in the header of the frame that carries a packet."""
    return ip.ethernet(packet.frame.data)[:2]


def same_packet(packets, frame, place: str):
    """The packet with the same identification (RFC 791) and sequence number at another place."""
    ident = ip.packet(frame).ident
    found = [packet for packet in packets if ip.packet(packet.frame).ident == ident]
    expect(found, done="h1 sent h3 an echo request", expected=f"the same packet at {place}", seen="nothing like it")
    return found[0]


def hops(evidence) -> list:
    """h1's first echo request to h3 as captured on each of its three hops."""
    first = echoes(evidence, "far-ping", "h1-eth0")[0].request
    return [same_packet([echo.request for echo in echoes(evidence, "far-ping", place)], first.frame, place)
            for place, *_ in HOPS]


def learned(evidence, name: str) -> dict[str, str]:
    """MAC -> port: what the switch s1 had learned when its table was saved as `name`."""
    return {entry["mac"]: entry["ifname"] for entry in evidence.json(name)
            if not entry.get("state") and entry.get("master") == "s1"}


# --- ADR-1: a MAC address names an adapter, in the frame header ---

@observation(1, claim="ADR-1", hint="The first 14 bytes of a frame: target, source, EtherType.")
def check_frame_names_two_adapters(kernel):
    """Bytes 0 to 5 of the frame are the MAC of the adapter it goes to, bytes 6 to 11 of the one it comes from."""
    for echo in echoes(kernel, "near-ping", "h1-eth0"):
        header = echo.request.frame.data[:14].hex(":")
        macs = f"{adapter_mac(kernel, 'h2-eth0')}:{adapter_mac(kernel, 'h1-eth0')}"
        expect(header == f"{macs}:08:00", done="h1 pinged h2", expected=f"a frame that begins with {macs}:08:00",
               seen=header)


@observation(1, claim="ADR-1", hint="Who else is on the LAN, and did they see the ping?")
def check_switch_delivers_by_mac(kernel):
    """s1 has learned at which port each MAC is, and hands h1's frames for h2 to h2 alone."""
    table, (h1, h2) = learned(kernel, "ports"), (adapter_mac(kernel, f"{host}-eth0") for host in ("h1", "h2"))
    expect((table.get(h1), table.get(h2)) == ("s1-eth1", "s1-eth2"), done="h1 and h2 had exchanged frames",
           expected=f"in s1's table: {h1} at s1-eth1, {h2} at s1-eth2", seen=table)
    strayed = icmp.packets(kernel.during("near-ping", "r1-eth0"))
    expect(not strayed, done="h1 pinged h2; r1 is on the same LAN", expected="none of it at r1", seen=len(strayed))
    expect(echoes(kernel, "near-ping", "h2-eth0")[0].reply, done="h1 pinged h2", expected="a reply from h2",
           seen="none")


# --- ADR-2: an IP address is logical, in the packet header, and hides the hardware ---

@observation(1, claim="ADR-2", hint="Behind the frame header come 20 bytes of IP header: what are the last eight?")
def check_packet_names_two_hosts(kernel):
    """Bytes 26 to 33 of the frame, in the IP header, are the addresses of the sender and the receiver."""
    p = kernel.params
    for echo in echoes(kernel, "far-ping", "h1-eth0"):
        seen = [".".join(str(byte) for byte in echo.request.frame.data[start:start + 4]) for start in (26, 30)]
        expect(seen == [p["h1"], p["h3"]], done="h1 pinged h3", expected=f"{p['h1']}, then {p['h3']}",
               seen=", then ".join(seen))


@observation(1, claim="ADR-2", hint="Compare the frames of the two pings: which addresses differ?")
def check_one_adapter_two_ips(kernel):
    """h2's adapter gets a second IP address: h1 reaches both, in frames to the same MAC."""
    p, seen = kernel.params, {}
    for name in ("near-ping", "second-ping"):
        for echo in echoes(kernel, name, "h1-eth0"):
            if echo.reply:
                seen[echo.target] = (frame_macs(echo.request)[1], frame_macs(echo.reply)[0])
    mac = adapter_mac(kernel, "h2-eth0")
    expect(seen == {p["h2"]: (mac, mac), p["h2_second"]: (mac, mac)}, done="h1 pinged both of h2's addresses",
           expected=f"answers for {p['h2']} and {p['h2_second']}, both from {mac}", seen=seen or "no answers")


@observation(1, claim="ADR-2", hint="What did h1 have to know of h2's new adapter address?")
def check_one_ip_two_macs(kernel):
    """The same IP address answers from one MAC, later from another: whoever uses it need not know."""
    p, found = kernel.params, []
    for name in ("near-ping", "changed-ping"):
        found.append({frame_macs(echo.reply)[0] for echo in echoes(kernel, name, "h1-eth0")
                      if echo.reply and echo.target == p["h2"]})
    expect(found == [{adapter_mac(kernel, "h2-eth0")}, {p["new_mac"]}],
           done=f"h1 pinged {p['h2']}, before and after h2's MAC address was changed",
           expected=f"answers from {adapter_mac(kernel, 'h2-eth0')}, then from {p['new_mac']}", seen=found)


# --- ADR-3: across a router MACs change at each hop and IPs do not ---

@observation(1, claim="ADR-3", hint="Look at the same packet in three captures.")
def check_macs_change_at_each_hop(kernel):
    """On each hop the frame names the two adapters of that hop, and no other."""
    for (place, source, target), packet in zip(HOPS, hops(kernel), strict=True):
        expected = (adapter_mac(kernel, source), adapter_mac(kernel, target))
        expect(frame_macs(packet) == expected, done=f"h1 pinged h3; the request was captured at {place}",
               expected=f"a frame from {source} ({expected[0]}) to {target} ({expected[1]})",
               seen="a frame from {} to {}".format(*frame_macs(packet)))


@observation(1, claim="ADR-3", hint="Who writes the addresses of the IP header, and who has reason to change them?")
def check_ips_stay(kernel):
    """The packet has h1's and h3's IP addresses on every hop, and so has the reply on its way back."""
    p = kernel.params
    for (place, *_), packet in zip(HOPS, hops(kernel), strict=True):
        expect((packet.source, packet.target) == (p["h1"], p["h3"]), done=f"h1 pinged h3, captured at {place}",
               expected=f"{p['h1']} to {p['h3']}", seen=f"{packet.source} to {packet.target}")
        reply = echoes(kernel, "far-ping", place)[0].reply
        expect(reply and (reply.source, reply.target) == (p["h3"], p["h1"]), done=f"h3 answered, captured at {place}",
               expected=f"{p['h3']} to {p['h1']}", seen=reply and f"{reply.source} to {reply.target}" or "no reply")


@observation(1, claim="ADR-3", hint="What must a router count, and what follows for the header's checksum?")
def check_only_ttl_and_checksum_change(kernel):
    """A router changes two fields of the packet: the TTL, less one, and with it the header checksum."""
    packets = [bytearray(packet.frame.data[14:]) for packet in hops(kernel)]
    ttls = [packet[8] for packet in packets]
    expect(ttls == [TTL, TTL - 1, TTL - 2], done="h1 pinged h3",
           expected=f"TTL {TTL}, {TTL - 1}, {TTL - 2} on the hops", seen=ttls)
    for number, packet in enumerate(packets):
        expect(ip.internet_checksum(bytes(packet[:20])) == 0, done=f"the request on hop {number + 1}",
               expected="a right checksum in the IP header", seen="a wrong one")
        changed = [offset for offset in range(len(packet)) if packet[offset] != packets[0][offset]]
        expect(set(changed) <= {8, 10, 11}, done=f"the request on hop {number + 1} against that on hop 1",
               expected="bytes 8 (TTL), 10 and 11 (checksum) of the packet to differ, and no other", seen=changed)


@observation(1, claim="ADR-3", hint="A switch is no router: compare both sides of s1.")
def check_a_switch_changes_nothing(kernel):
    """Through a switch, a frame passes as it is: at r1 it is the same to the byte as at h1."""
    sent = [echo.request.frame.data for echo in echoes(kernel, "far-ping", "h1-eth0")]
    passed = [echo.request.frame.data for echo in echoes(kernel, "far-ping", "r1-eth0")]
    expect(sent == passed, done="h1 pinged h3; s1 lies between h1 and r1",
           expected="the same frames on both sides of s1", seen="frames that differ")


# --- ADR-4: "burned in ROM" ---

@observation(1, claim="ADR-4", hint="Which source addresses do h2's frames have, before and after?")
def check_a_mac_can_be_changed(kernel):
    """After one command, every frame that h2 sends has its new MAC, and it answers no frame to the old one."""
    p, old = kernel.params, adapter_mac(kernel, "h2-eth0")
    sources = {frame_macs(packet)[0] for packet in arp.packets(kernel.during("changed-ping", "h2-eth0"))
               + icmp.packets(kernel.during("changed-ping", "h2-eth0")) if sender_is_h2(kernel, packet)}
    expect(sources == {p["new_mac"]}, done=f"h2's MAC address became {p['new_mac']}", expected="frames of h2's from it",
           seen=sources or "no frames of h2's")
    answered = [echo for echo in echoes(kernel, "changed-ping", "h2-eth0")
                if frame_macs(echo.request)[1] == old and echo.replies]
    expect(not answered, done=f"h1 went on sending to {old}, and h2 received it", expected="no answer",
           seen=f"{len(answered)} answers")


def sender_is_h2(evidence, packet) -> bool:
    return (packet.sender_ip if isinstance(packet, arp.Arp) else packet.source) == evidence.params["h2"]


@observation(1, claim="ADR-4", hint="Follow h1's frames for h2 in h1-eth0.pcap from the change on.")
def check_neighbours_learn_the_new_mac(kernel):
    """h1 sends to the old MAC, doubts, asks there in vain, asks everybody, and the pings go on."""
    p, old, done = kernel.params, adapter_mac(kernel, "h2-eth0"), "h1 pinged h2, whose MAC address had changed"
    sent = echoes(kernel, "changed-ping", "h1-eth0")
    targets = [frame_macs(echo.request)[1] for echo in sent]
    lost = targets.count(old)
    expect(targets == [old] * lost + [p["new_mac"]] * (len(sent) - lost) and 0 < lost < len(sent), done=done,
           expected=f"requests to {old} first, then to {p['new_mac']}", seen=targets)
    expect([bool(echo.replies) for echo in sent] == [False] * lost + [True] * (len(sent) - lost), done=done,
           expected=f"no answer to the first {lost}, answers to the others",
           seen=[echo.seq for echo in sent if echo.replies])
    asked = [packet.target for packet in arp.packets(kernel.during("changed-ping", "h1-eth0"))
             if packet.kind == "request" and packet.sender_ip == p["h1"] and packet.target_ip == p["h2"]]
    # net.ipv4.neigh.default.ucast_solicit is 3; then mcast_solicit, of which the first is answered
    expect(asked == [old] * 3 + [ip.BROADCAST], done=done,
           expected=f"ARP requests to {old} (3), then one to everybody", seen=asked)


@observation(1, claim="ADR-4", hint="What does a switch look at in each frame that comes in?")
def check_the_switch_learns_the_new_mac(kernel):
    """s1 has the new MAC at h2's port: it learned it from the first frame that h2 sent."""
    table, new = learned(kernel, "ports-changed"), kernel.params["new_mac"]
    expect(table.get(new) == "s1-eth2", done=f"h2 sent frames from {new}", expected=f"{new} at s1-eth2 in s1's table",
           seen=table.get(new, "not in the table"))


@observation(1, claim="ADR-4", hint="To which LAN does the rest of the network send packets for h2's old address?")
def check_old_address_does_not_move_along(kernel):
    """Plugged into the other LAN with its old IP address, h2 reaches nobody, and h3 does not reach it."""
    p = kernel.params
    for name, who in (("old-address-ping", "h1"), ("old-gateway-ping", "h2"), ("old-neighbour-ping", "h3")):
        answered = [echo for echo in icmp.echoes(kernel.during(name, who)) if echo.replies]
        expect(kernel.command(name).status == 1 and not answered, done=f"{who}: {kernel.command(name).line}",
               expected="no answer", seen="an answer")
    request = echoes(kernel, "old-neighbour-ping", "h3-eth0")[0]
    expect(frame_macs(request.request)[1] == adapter_mac(kernel, "r2-eth0"),
           done="h3, on the same switch as h2 now, pinged h2's old address", expected="a frame to r2, h3's router",
           seen=frame_macs(request.request)[1])
    expect(request.error and request.error.reporter == p["r1_out"] and request.error.code == 1,
           done="h3 pinged h2's old address", expected=f"host unreachable from r1 ({p['r1_out']}), on the old LAN",
           seen=request.error and f"{request.error.text} from {request.error.reporter}" or "no report")


@observation(1, claim="ADR-4", hint="Which of its two addresses did h2 take along, and which did it leave behind?")
def check_moved_host_keeps_mac_and_needs_ip(kernel):
    """With an IP address of the new LAN h2 is reached again, by the same adapter with the same MAC."""
    p = kernel.params
    for echo in echoes(kernel, "new-address-ping", "h1-eth0"):
        expect(echo.target == p["h2_moved"] and echo.replies, done=f"h2 got {p['h2_moved']}; h1 pinged it",
               expected="a reply", seen="none")
    arrived = echoes(kernel, "new-address-ping", "h2-eth0")[0]
    macs = (adapter_mac(kernel, "r2-eth0"), p["new_mac"])
    expect(frame_macs(arrived.request) == macs and arrived.reply and frame_macs(arrived.reply) == macs[::-1],
           done="h1 pinged h2 on the other LAN", expected=f"frames between r2 ({macs[0]}) and h2, still {macs[1]}",
           seen="frames from {} to {}".format(*frame_macs(arrived.request)))


# --- the student's network ---

def block(evidence, lan: str) -> ipaddress.IPv4Network:
    return ipaddress.IPv4Network(evidence.params[f"{lan}_block"])


def given(evidence) -> dict[str, list]:
    """Interface -> the IPv4 addresses with prefix that the kernel has there, after network.conf."""
    return {link["ifname"]: [f"{entry['local']}/{entry['prefixlen']}" for entry in link["addr_info"]
                             if entry["family"] == "inet"]
            for links in evidence.json("addresses").values() for link in links}


def trouble(evidence) -> str:
    """What the run complained of in network.conf."""
    return "".join(f"\n{line}" for line in evidence.reason.splitlines()[:6])


def all_reach(evidence, pairs, what: str) -> None:
    """Fail unless each source of `pairs`, (node, interface), got a reply from that interface."""
    results = evidence.json("reach")
    failed = [f"{source} -> {target}: {results[source][target]}" for source, target in pairs
              if results[source][target] != "reply"]
    more = f"; and {len(failed) - 4} more" if len(failed) > 4 else ""
    expect(not failed, done=f"your network.conf was applied; {what}", expected="a reply each time",
           seen="; ".join(failed[:4]) + more + trouble(evidence))


def neighbours() -> list[tuple[str, str]]:
    """(node, interface) of different nodes on one LAN, or at the two ends of the link."""
    return [(source.split("-")[0], target) for adapters in LANS.values() for source in adapters for target in adapters
            if source != target]


def across() -> list[tuple[str, str]]:
    """(host, interface) of hosts on different LANs."""
    left, right = LANS["left"][:2], LANS["right"][:2]
    return [(source.split("-")[0], target) for here, there in ((left, right), (right, left))
            for source in here for target in there]


@points(2, claim="ADR-2", hint="A block's first address names it, its last is for broadcasts; the rest is for hosts.")
def check_your_addresses_fit(network):
    """R1: each interface has one address, from its block, with the block's prefix, that a host can have."""
    has = given(network)
    for lan, adapters in LANS.items():
        net = block(network, lan)
        for adapter in adapters:
            done = f"your network.conf was applied; {adapter} is on the {lan} {'' if lan == 'link' else 'LAN'}, {net}"
            expect(len(has[adapter]) == 1, done=done, expected="one address", seen=f"{has[adapter]}{trouble(network)}")
            address = ipaddress.IPv4Interface(has[adapter][0])
            expect(address.network == net, done=done, expected=f"an address in {net} with /{net.prefixlen}",
                   seen=address)
            expect(address.ip not in (net[0], net[-1]), done=done, expected="an address that a host can have",
                   seen=f"{address}, the block's {'own' if address.ip == net[0] else 'broadcast'} address")


@points(1, claim="ADR-2", hint="How many interfaces does a packet for one address reach?")
def check_your_addresses_are_unique(network):
    """R2: no address is given twice."""
    has, used = given(network), {}
    expect(all(has[adapter] for adapters in LANS.values() for adapter in adapters), seen=trouble(network).strip() or
           [adapter for adapter, addresses in has.items() if not addresses], done="your network.conf was applied",
           expected="an address on each of the eight interfaces")
    for adapter, addresses in has.items():
        for address in addresses:
            host = address.split("/")[0]
            expect(used.setdefault(host, adapter) == adapter, done=f"your network.conf was applied; {adapter}",
                   expected="an address that nobody else has", seen=f"{host}, which {used[host]} has, too")


@points(1, claim="ADR-2", hint="The last address of a block is for broadcasts; a host can have the one before.")
def check_your_routers_have_the_last_address(network):
    """R3: a router's address on its LAN is the last one that a host can have there."""
    has = given(network)
    for router, lan in (("r1-eth0", "left"), ("r2-eth0", "right")):
        last = str(block(network, lan)[-2])
        expect(last in [address.split("/")[0] for address in has[router]],
               done=f"{router} is the router of {block(network, lan)}", expected=last,
               seen=f"{has[router] or 'no address'}{trouble(network)}")


@points(1, claim="ADR-2", hint="Neighbours need no route: an address with the right prefix is enough.")
def check_your_neighbours_reach_each_other(network):
    """R4: on each LAN, and on the link between the routers, everybody reaches everybody."""
    all_reach(network, neighbours(), "neighbours pinged each other")


@points(2, claim="ADR-3", hint="A packet needs a route at each hop, and so does its answer.")
def check_your_lans_reach_each_other(network):
    """R5: every host reaches the hosts of the other LAN: routes there, and routes back."""
    all_reach(network, across(), "the hosts of each LAN pinged those of the other one")
    start, end, p = network.mark("yours"), network.mark("outside"), given(network)
    h1, h3 = (p[adapter][0].split("/")[0] for adapter in ("h1-eth0", "h3-eth0"))
    between = [packet for packet in icmp.packets(network.frames("r1-eth1")) if start <= packet.time <= end
               and packet.type == icmp.ECHO_REQUEST and (packet.source, packet.target) == (h1, h3)]
    expect(between, done=f"h1 ({h1}) pinged h3 ({h3}) in your network",
           expected="the request on the link between the routers, with both addresses", seen="nothing like it")


@points(1, claim="ADR-3", hint="A router has an address on each of its networks. Which of them does the far side know?")
def check_everything_reaches_everything(network):
    """R6: every node reaches the far addresses of the routers, too, and the routers reach every host."""
    done = {*neighbours(), *across()}
    pairs = [(source, target) for source in ("h1", "h2", "h3", "h4", "r1", "r2") for adapters in LANS.values()
             for target in adapters if not target.startswith(f"{source}-") and (source, target) not in done]
    all_reach(network, pairs, "every node pinged what is neither its neighbour nor a host on the other LAN")


@points(1, claim="ADR-3", hint="Where does r1 send what it does not know, and where does r2?")
def check_nobodys_packets_are_refused(network):
    """R7: a packet for an address in nobody's network is refused by a router."""
    for host, results in network.json("outside").items():
        for address, result in results.items():
            # one whose TTL ran out went round in circles: that is the next rule's matter
            refused = result.startswith(("network unreachable, says", "TTL exceeded, says"))
            expect(refused, done=f"{host} pinged {address} in your network",
                   expected="a router to say: network unreachable", seen=result + trouble(network))


@points(1, claim="ADR-3", hint="A route may be for more addresses than the other side has. Who gets the rest?")
def check_no_packet_goes_round_in_circles(network):
    """R8: such a packet is not passed to and fro between the routers."""
    sent = [(host, address, result) for host, results in network.json("outside").items()
            for address, result in results.items() if given(network)[f"{host}-eth0"] and "not sent" not in result]
    expect(sent, done="all hosts pinged addresses in nobody's network", expected="echo requests that leave a host",
           seen="none" + trouble(network))
    requests = [packet for packet in icmp.packets(network.frames("r1-eth1"))
                if packet.time >= network.mark("outside") and packet.type == icmp.ECHO_REQUEST]
    for host, address, result in sent:
        mine = [own.split("/")[0] for own in given(network)[f"{host}-eth0"]]
        passed = sum(1 for packet in requests if packet.source in mine and packet.target == address)
        expect(passed <= 1, done=f"{host} pinged {address} in your network",
               expected="the request at most once on the link between the routers",
               seen=f"{passed} times: {result}{trouble(network)}")


# --- the student's answers ---

@points(2, claim="ADR-2", hint="Write the block's address in binary, and draw a line where its prefix ends.")
def check_answers_blocks(kernel, answers):
    """Your answers on masks, last addresses and room for hosts."""
    left, right = block(kernel, "left"), block(kernel, "right")
    same(answers.text("left_mask"), str(left.netmask), "left_mask")
    same(answers.text("left_broadcast"), str(left.broadcast_address), "left_broadcast")
    for side, net in (("left", left), ("right", right)):
        hosts = list(net.hosts())
        same(answers.text(f"{side}_gateway"), str(hosts[-1]), f"{side}_gateway")
        same(answers.integer(f"{side}_hosts"), len(hosts) - 1, f"{side}_hosts")


@points(2, claim="ADR-3", hint="The frame's addresses belong to the hop, the packet's to the whole way.")
def check_answers_hops(kernel, answers):
    """Your answers on which addresses stand where on the way from h1 to h3."""
    _, link, last = hops(kernel)
    for key, right in (("link_from_mac", frame_macs(link)[0]), ("link_to_mac", frame_macs(link)[1]),
                       ("link_from_ip", link.source), ("link_to_ip", link.target),
                       ("h3_from_mac", frame_macs(last)[0]), ("h3_from_ip", last.source)):
        same(answers.text(key).lower(), right, key)
    same(answers.integer("h3_ttl"), last.ttl, "h3_ttl")


@points(2, claim="ADR-4", hint="The captures of h1-eth0 and r1-eth0 have the whole story.")
def check_answers_changes(kernel, answers):
    """Your answers on a MAC address that changes and a host that moves."""
    p = kernel.params
    sent = echoes(kernel, "changed-ping", "h1-eth0")
    probes = [packet for packet in arp.packets(kernel.during("changed-ping", "h1-eth0"))
              if packet.target == adapter_mac(kernel, "h2-eth0")]
    same(answers.integer("probes"), len(probes), "probes")
    same(answers.integer("lost"), sum(not echo.replies for echo in sent), "lost")
    same(answers.text("answers_from").lower(), frame_macs(first_reply(sent))[0], "answers_from")
    asked = {packet.target_ip for packet in arp.packets(kernel.during("old-neighbour-ping", "r1-eth0"))
             if packet.sender_ip == p["r1"]}
    same({answers.text("asked_on_left")}, asked, "asked_on_left")
    error = echoes(kernel, "old-neighbour-ping", "h3-eth0")[0].error
    same(answers.text("unreachable_from"), error and error.reporter, "unreachable_from")
    moved = echoes(kernel, "new-address-ping", "h2-eth0")
    same(answers.text("moved_mac").lower(), frame_macs(first_reply(moved))[0], "moved_mac")


def first_reply(found: list[icmp.Echo]) -> icmp.Icmp:
    reply = next((echo.reply for echo in found if echo.reply), None)
    if reply is None:
        raise Missing("nobody answered that ping in this run")
    return reply
