"""What must be true of a hub, of the student's learning switch, and of switches whose controller is dead.

What the controller sends is delayed by `away` ms, so a frame that waits for it is told from one that does not by a
bound that follows from the set-up, not from a measurement. SETTLE is for what is still on its way when a command ends.
"""

import re
from functools import lru_cache

from mnlab.checks import expect, points
from mnlab.protocols import arp, icmp, ip, openflow
from mnlab.protocols.openflow import flow_table

LOCAL = 0x88B5  # EtherType of the frames made by hand
SETTLE = 0.5  # s: a flooded frame crosses two switches, each of which waits for the controller, 40 to 80 ms away
PINGS = 8  # requests of the ping during which the controller dies, one each half second
OUR_ADDRESSES = ("h1_mac", "h2_mac", "h3_mac", "h4_mac")


# --- reading the evidence ---

@lru_cache(maxsize=4)
def conversation(evidence) -> tuple:
    """All OpenFlow messages, in order of time."""
    return tuple(openflow.openflow_messages(evidence.frames("c0")))


def said(evidence, start: float, end: float, *types: str) -> list:
    """The OpenFlow messages of these types between two times (s); packet-ins and -outs of our hosts' frames only."""
    ours = {evidence.params[name] for name in OUR_ADDRESSES}
    return [message for message in conversation(evidence) if start <= message.time <= end and message.type in types
            and (message.inner is None or link(message.inner).source in ours)]


def span(evidence, name: str) -> tuple[float, float]:
    """From the start of a command until what it caused has settled."""
    command = evidence.command(name)
    return command.start, command.end + SETTLE


def asked(evidence, name: str) -> list:
    """The packet-ins that the command `name` caused."""
    return said(evidence, *span(evidence, name), "PACKET_IN")


def switch_of(evidence, message) -> str:
    return evidence.name_of(message.datapath_id)


def link(frame) -> ip.Ethernet:
    return ip.ethernet(frame.data)


def echoes(evidence, name: str, place: str, kind: int) -> list:
    """Echo requests or replies that `place` saw because of the command `name`."""
    start, end = span(evidence, name)
    return [packet for packet in icmp.packets(evidence.frames(place))
            if packet.type == kind and start <= packet.time <= end]


def answered(evidence, name: str) -> tuple[int, int]:
    """(answers without copies, requests) of a ping, as its own host's capture has them."""
    host = evidence.command(name).host
    found = echoes(evidence, name, host, icmp.ECHO_REQUEST)
    mine = [packet for packet in found if packet.source == evidence.params[host]]
    replies = {(packet.ident, packet.seq) for packet in echoes(evidence, name, host, icmp.ECHO_REPLY)
               if packet.target == evidence.params[host]}
    return len(replies & {(packet.ident, packet.seq) for packet in mine}), len(mine)


def round_trips(evidence, name: str) -> list[float]:
    """The round trips (ms) that a ping printed."""
    return [float(time) for time in re.findall(r"time=([\d.]+) ms", evidence.command(name).stdout)]


def hand_made(evidence) -> list[tuple[str, str]]:
    """(source, target) of the frames made by hand."""
    return [tuple(pair.split(">")) for pair in evidence.params["frames"].split()]


def hearers(evidence, number: int) -> set[str]:
    """Which of h1, h2, h3 received the frame made by hand with this number (from 1)."""
    source = evidence.params[f"{hand_made(evidence)[number - 1][0]}_mac"]
    return {host for host in ("h1", "h2", "h3") for frame in evidence.frames(host)
            if link(frame).ethertype == LOCAL and link(frame).source == source
            and link(frame).source != evidence.params[f"{host}_mac"]
            and frame.data[14:].startswith(f"frame {number} ".encode())}


def port_at(evidence, switch: str, mac: str, time: float) -> int | None:
    """At which port of `switch` the host with this address really was; None if nobody has it."""
    p = evidence.params
    at, host = p["ports"], next((name for name in ("h1", "h2", "h3", "h4") if p[f"{name}_mac"] == mac), None)
    home = "s2" if host == "h4" or host == "h2" and time > evidence.mark("moved") else "s1"
    if host is None:
        return None
    return at[switch] if switch != home else p["_h2_later"] if (host, home) == ("h2", "s2") else at[host]


def learned_flows(evidence, name: str) -> dict:
    """(switch, eth_src, eth_dst) -> flow, of the dump `name`, without those of priority 0."""
    return {(switch, flow.match.get("eth_src"), flow.match.get("eth_dst")): flow for switch in ("s1", "s2")
            for flow in flow_table.flows(evidence.text(f"{name}-{switch}")) if flow.priority}


def added(evidence) -> list:
    """The flow-mods by which the student's switch added flows, without those of priority 0."""
    return [message for message in said(evidence, evidence.command("your-switch").start, float("inf"), "FLOW_MOD")
            if message.body and message.body.command == "add" and message.body.priority]


# --- a table miss, and a hub ---

@points(1, claim="SDN-1", hint="What does a switch do with a frame if there is not even a flow for all others?")
def check_empty_table_drops(evidence):
    """While the controller is connected but the table is empty, a frame is dropped and nobody is asked."""
    done = "every flow was deleted, then h1 pinged h2"
    packets, (got, sent) = asked(evidence, "empty-ping"), answered(evidence, "empty-ping")
    expect(sent and not got and not packets, done=done, expected="no answer, and no packet-in",
           seen=f"{got} answers to {sent} requests, {len(packets)} packet-ins")


@points(2, claim="SDN-5", hint="To whom is the frame addressed, and who has it in the capture?")
def check_hub_reaches_third_host(evidence):
    """Over the hub, h3 hears every echo request and reply between h1 and h2."""
    count = evidence.params["hub_pings"]
    expect(answered(evidence, "hub-ping") == (count, count), done="h1 pinged h2 over the hub",
           expected=f"{count} answers", seen=f"{answered(evidence, 'hub-ping')[0]} answers")
    heard = [len(echoes(evidence, "hub-ping", "h3", kind)) for kind in (icmp.ECHO_REQUEST, icmp.ECHO_REPLY)]
    expect(heard == [count, count], done="h1 pinged h2 over the hub", expected=f"{count} requests and replies at h3",
           seen=f"{heard[0]} requests and {heard[1]} replies at h3")


@points(1, claim="SDN-5", hint="Count packet-ins for one echo request. What did the hub remember?")
def check_hub_asks_every_time(evidence):
    """The hub adds no flow: each echo frame comes to the controller from both switches, and is flooded by both."""
    start, end = span(evidence, "hub-ping")
    expected = 4 * evidence.params["hub_pings"]
    shown = [message for message in asked(evidence, "hub-ping") if icmp.packets([message.inner])]
    sent = [message for message in said(evidence, start, end, "PACKET_OUT") if icmp.packets([message.inner])]
    floods = [message for message in sent if [action.value for action in message.body.actions] == ["FLOOD"]]
    expect(len(shown) == len(floods) == len(sent) == expected, done="h1 pinged h2 over the hub",
           expected=f"{expected} packet-ins with echo frames, and as many packet-outs FLOOD",
           seen=f"{len(shown)} packet-ins, {len(floods)} packet-outs FLOOD, {len(sent) - len(floods)} others")
    flows = said(evidence, start, end, "FLOW_MOD")
    expect(not flows, done="h1 pinged h2 over the hub", expected="no flow-mod", seen=f"{len(flows)}")


# --- the student's switch ---

@points(1, claim="SDN-1", hint="Priority 0, no match, output to CONTROLLER: what is such a flow for?")
def check_miss_is_a_packet_in(evidence):
    """h1's first frame finds no flow but the one for table misses, and comes to the controller byte by byte."""
    first = next((packet for packet in arp.packets(evidence.frames("h1"))
                  if packet.time >= evidence.mark("first") and packet.sender_ip == evidence.params["h1"]), None)
    expect(first, done="h1, which knew no MAC address, pinged h2", expected="an ARP request from h1", seen="none")
    shown = [message for message in asked(evidence, "first-ping") if switch_of(evidence, message) == "s1"]
    expect(shown and shown[0].inner.data == first.frame.data, done="h1 pinged h2 over your switch",
           expected="a packet-in from s1 with h1's ARP request in it", seen=f"{len(shown)} packet-ins from s1")
    body = shown[0].body
    expect((body.reason, body.table, body.in_port) == ("no_match", 0, evidence.params["ports"]["h1"]),
           done="h1 pinged h2 over your switch", expected="reason no_match, table 0, the port that h1 is at",
           seen=f"reason {body.reason}, table {body.table}, in_port {body.in_port}")


@points(2, claim="SDN-2", hint="The source of a frame tells who is at the port that it came in by.")
def check_ports_are_learned(evidence):
    """Each flow leads to the port that its destination is at, and that a packet-in told of before."""
    flows = [message for message in added(evidence) if "eth_dst" in message.body.match]
    expect(flows, done="your switch was running", expected="flows with a destination address (eth_dst)", seen="none")
    for flow in flows:
        switch, mac = switch_of(evidence, flow), flow.body.match["eth_dst"]
        outputs = [action.value for action in flow.body.actions if action.kind == "output"]
        place = port_at(evidence, switch, mac, flow.time)
        expect(outputs == [place], done=f"your switch added a flow to {switch} for frames to {evidence.name_of(mac)}",
               expected=f"output to port {place}, where that host is", seen=f"output to {outputs or 'no port'}")
        told = [message for message in conversation(evidence) if message.type == "PACKET_IN"
                and message.datapath_id == flow.datapath_id and evidence.mark("first") <= message.time <= flow.time
                and message.inner and link(message.inner).source == mac and message.body.in_port == place]
        expect(told, done=f"your switch added a flow to {switch} for frames to {evidence.name_of(mac)}",
               expected=f"a packet-in before, with a frame from it, by port {place}", seen="none")


@points(2, claim="SDN-3", hint="A flow for each direction, at each switch on the way. And the frame at hand?")
def check_known_pairs_get_flows(evidence):
    """After one ping each to h2 and h4 the switches hold the flows between h1 and both, and no ping was lost."""
    p = evidence.params
    for name in ("first-ping", "far-ping"):
        got, sent = answered(evidence, name)
        expect(sent and got == sent, done=f"h1 pinged ({name})", expected="an answer to each echo request",
               seen=f"{got} answers to {sent} requests")
    flows = learned_flows(evidence, "learned")
    for switch, one, other in (("s1", "h1", "h2"), ("s1", "h2", "h1"), ("s1", "h1", "h4"), ("s1", "h4", "h1"),
                               ("s2", "h1", "h4"), ("s2", "h4", "h1")):
        flow = flows.get((switch, p[f"{one}_mac"], p[f"{other}_mac"]))
        expect(flow and flow.priority == p["priority"], done="h1 had pinged h2 and h4",
               expected=f"a flow at {switch} from {one} to {other}, priority {p['priority']}",
               seen=f"priority {flow.priority}" if flow else "no flow with that eth_src and eth_dst")


@points(2, claim="SDN-3", hint="Who need not know about a frame that has a flow?")
def check_known_pairs_bypass_the_controller(evidence):
    """The second ping is answered; the controller sees nothing of it, and neither does h3."""
    got, sent = answered(evidence, "second-ping")
    expect(sent == got == 5, done="h1 pinged h2 five times more", expected="5 answers", seen=f"{got} of {sent}")
    shown = [message for message in asked(evidence, "second-ping") if icmp.packets([message.inner])]
    expect(not shown, done="h1 pinged h2 five times more", expected="no packet-in with an echo frame",
           seen=f"{len(shown)} packet-ins")
    heard = [packet for kind in (icmp.ECHO_REQUEST, icmp.ECHO_REPLY)
             for packet in echoes(evidence, "second-ping", "h3", kind)]
    expect(not heard, done="h1 pinged h2 five times more", expected="nothing of it at h3",
           seen=f"{len(heard)} echo frames at h3")


@points(1, claim="SDN-13", hint="Which table answers when even Open vSwitch's own program is not asked any more?")
def check_kernel_forwards(evidence):
    """All but the first frame of each direction are forwarded by the kernel's own table."""
    p = evidence.params
    for one, other in (("h1", "h2"), ("h2", "h1")):
        entry = next((flow for flow in flow_table.kernel_flows(evidence.text("kernel-flows"))
                      if (flow.eth_src, flow.eth_dst) == (p[f"{one}_mac"], p[f"{other}_mac"])
                      and "eth_type(0x0800)" in flow.match), None)
        # of five frames one may make the entry; the others find it
        expect(entry and entry.packets >= 4 and "userspace" not in entry.actions, done="h1 had pinged h2 five times",
               expected=f"an entry from {one} to {other} that decided on 4 frames or more without asking",
               seen=f"{entry.packets} frames, {entry.actions}" if entry else "no entry")


@points(1, claim="SDN-14", hint="How often does the first ping wait for the controller, and the second?")
def check_first_packet_is_slow(evidence):
    """A frame that waits for the controller takes that much longer: 3 waits to h2, 6 to h4; the next ones none."""
    away = evidence.params["away"]
    for name, next_ones, waits in (("first-ping", "second-ping", 3), ("far-ping", "far-ping", 6)):
        first = (round_trips(evidence, name) or [0.0])[0]
        expect(first >= waits * away, done=f"h1 pinged ({name}), the controller being {away} ms away",
               expected=f"a first round trip of at least {waits} x {away} ms",
               seen=f"{first:g} ms" if first else "no answer")
        # Any one that is quicker than the controller did without it; a busy computer may delay the others.
        later = round_trips(evidence, next_ones)[1:]
        expect(later and min(later) < away, done="h1 pinged on",
               expected=f"round trips of less than {away} ms from the second on",
               seen=f"{min(later):g} ms at least" if later else "no answers")


@points(2, claim="SDN-4", hint="Nobody has told where the target is. Who must get the frame?")
def check_unknown_is_flooded(evidence):
    """Frames to a host that never spoke, to nobody, and to everybody reach every other host, each time."""
    pairs = hand_made(evidence)
    spoke = pairs.index(("h3", "h1"))
    for number, (source, target) in enumerate(pairs, 1):
        if target == "nobody" or target == "h3" and number <= spoke:
            expect(hearers(evidence, number) == {"h2", "h3"}, done=f"frame {number} was sent from {source} to {target}",
                   expected="it arrives at h2 and h3", seen=", ".join(sorted(hearers(evidence, number))) or "nowhere")
    for name, target in (("first-ping", "h2"), ("far-ping", "h4")):
        start, end = span(evidence, name)
        heard = [packet for packet in arp.packets(evidence.frames("h3")) if start <= packet.time <= end
                 and packet.broadcast and packet.target_ip == evidence.params[target]]
        expect(len(heard) == 1, done=f"h1 asked everybody who has {target}'s address ({name})",
               expected="the ARP request at h3, once", seen=f"{len(heard)} times")


@points(2, claim="SDN-2", hint="h3's only frame went to a host that was known. Did your controller get to see it?")
def check_silent_host_is_learned(evidence):
    """h3's first frame, to h1, tells where h3 is: the next frame to h3 reaches h3 alone."""
    pairs = hand_made(evidence)
    number = pairs.index(("h3", "h1")) + 1
    expect(hearers(evidence, number) == {"h1"}, done=f"frame {number} was sent from h3 to h1",
           expected="it arrives at h1 only", seen=", ".join(sorted(hearers(evidence, number))) or "nowhere")
    last = max(number for number, pair in enumerate(pairs, 1) if pair == ("h1", "h3"))
    expect(hearers(evidence, last) == {"h3"}, done=f"h3 had spoken, then frame {last} was sent from h1 to h3",
           expected="it arrives at h3 only", seen=", ".join(sorted(hearers(evidence, last))) or "nowhere")


@points(2, claim="SDN-11", hint="idle_timeout counts from the last frame; hard_timeout from the beginning.")
def check_flows_expire(evidence):
    """Learned flows have the idle timeout asked for, and no other; after a silence the controller is asked again."""
    p = evidence.params
    expect(added(evidence), done="your switch was running", expected="learned flows", seen="none")
    for flow in added(evidence):
        limits = flow.body.idle_timeout, flow.body.hard_timeout
        expect(limits == (p["idle"], 0), done="your switch added a flow",
               expected=f"idle_timeout={p['idle']} and no hard_timeout", seen=f"idle {limits[0]}, hard {limits[1]}")
    left = learned_flows(evidence, "idle")
    expect(not left, done=f"nothing was sent for more than {p['idle']} s", expected="no learned flow", seen=len(left))
    shown = [message for message in asked(evidence, "late-ping") if icmp.packets([message.inner])]
    expect(answered(evidence, "late-ping") == (1, 1) and shown, done="then h1 pinged h2",
           expected="an answer, after packet-ins with its echo frames",
           seen=f"{answered(evidence, 'late-ping')[0]} answers, {len(shown)} packet-ins")


@points(3, claim="SDN-12", hint="h2 speaks at its new port. Which flows of the switches still lead to the old one?")
def check_moved_host_is_found(evidence):
    """h2 moves to the other switch while flows lead to its old port; from its first frame on, answers find it."""
    p, moved = evidence.params, evidence.mark("moved")
    before = [flow for flow in added(evidence) if evidence.command("late-ping").start <= flow.time < moved
              and flow.body.match.get("eth_dst") == p["h2_mac"] and switch_of(evidence, flow) == "s1"]
    expect(before, done="h1 pinged h2 just before it moved", expected="a flow at s1 that leads to h2", seen="none")
    got, sent = answered(evidence, "moved-ping")
    expect(sent == got == 3, done="h2 was carried from s1 to s2, and pinged h1 from there", expected="3 answers",
           seen=f"{got} of {sent}")


# --- the controller is dead ---

@points(1, claim="SDN-6", hint="Who forwards a frame that has a flow?")
def check_dead_controller_known_pair_goes_on(evidence):
    """Fail-secure: a ping between hosts with flows does not notice that the controller is killed in the middle."""
    killed = evidence.mark("killed")
    later = [packet for packet in echoes(evidence, "going-on", "h1", icmp.ECHO_REPLY) if packet.time > killed]
    got, sent = answered(evidence, "going-on")
    expect(sent == got == PINGS and len(later) >= 3, done="the controller was killed in the middle of h1's ping to h4",
           expected=f"{PINGS} answers, some of them later", seen=f"{got} of {sent}, {len(later)} of them later")


@points(2, claim="SDN-6", hint="Who could answer the switch's question?")
def check_dead_controller_new_pair_is_lost(evidence):
    """Fail-secure: without a controller no new pair gets through, and known ones no more once their flows are gone."""
    start, _ = span(evidence, "new-ping")
    for name, words in (("new-ping", "h1 pinged h3, to which it had no flow"),
                        ("forgotten-ping", "after the idle timeout h1 pinged h4 once more")):
        got, _ = answered(evidence, name)
        expect(not got, done=f"the controller was dead, and {words}", expected="no answer", seen=f"{got} answers")
    heard = [packet for packet in (*arp.packets(evidence.frames("h3")), *icmp.packets(evidence.frames("h3")))
             if start <= packet.time < evidence.mark("standalone")]
    expect(not heard, done="the controller was dead, and h1 pinged h3", expected="nothing at h3",
           seen=f"{len(heard)} frames at h3")


@points(2, claim="SDN-6", hint="A switch that stands alone does what switches did before OpenFlow.")
def check_standalone_forwards(evidence):
    """Standalone: with the same dead controller the switches learn by themselves, and OpenFlow is silent."""
    got, sent = answered(evidence, "standalone-ping")
    expect(sent == got == 4, done="the switches were told to stand alone, then h1 pinged h3", expected="4 answers",
           seen=f"{got} of {sent}")
    words = said(evidence, evidence.mark("killed") + SETTLE, float("inf"), "PACKET_IN", "PACKET_OUT", "FLOW_MOD")
    expect(not words, done="the controller was dead", expected="no OpenFlow from it or to it", seen=f"{len(words)}")
    start = evidence.command("standalone-ping").start
    heard = [packet for packet in icmp.packets(evidence.frames("h2")) if packet.time >= start]
    expect(not heard, done="h1 pinged h3 over switches that stand alone", expected="no echo frame at h2",
           seen=f"{len(heard)}")


# --- answers ---

def same(answers, keys_and_values, done: str) -> None:
    """Each answer, a whole number, is the value that the evidence has."""
    for key, value in keys_and_values:
        given = answers.integer(key)
        expect(given == value, done=done, expected=f"a right answer to {key}", seen=given)


@points(2, claim="SDN-2", hint="in_port of a packet-in tells where its sender is.")
def check_answers_ports(evidence, answers):
    """Your ports are those that the hosts are at."""
    at = evidence.params["ports"]
    same(answers, (("s1_h1", at["h1"]), ("s1_h2", at["h2"]), ("s1_h4", at["s1"]), ("s2_in_port", at["s2"]),
                   ("s2_output", at["h4"])), "h1 pinged h2 and h4")


@points(2, claim="SDN-3", hint="List the frames of a ping, ARP first. Which switch has no flow for which of them?")
def check_answers_packet_ins(evidence, answers):
    """Your counts of packet-ins are those of the capture (with the hub), and those of a right learning switch."""
    same(answers, (("asked_hub", len(asked(evidence, "hub-ping"))),), "h1 pinged h2 over the hub")
    # ARP request at both switches, ARP reply and echo request at s1; then nothing; then these three at both switches
    same(answers, (("asked_first", 4), ("asked_second", 0), ("asked_far", 6)), "h1 pinged over a learning switch")


@points(2, claim="SDN-14", hint="A frame waits for the controller once at each switch that asks about it.")
def check_answers_round_trips(evidence, answers):
    """Your round trips are the waits for the controller, to half a wait."""
    away = evidence.params["away"]
    for key, waits in (("first_rtt", 3), ("second_rtt", 0), ("far_rtt", 6)):
        given = answers.number(key)
        expect(abs(given - waits * away) < away / 2, done=f"h1 pinged over a learning switch, its controller {away} ms "
               "away", expected=f"a right answer to {key}", seen=f"{given:g} ms")


@points(1, claim="SDN-4", hint="Before h3 speaks, and after; and nobody never speaks.")
def check_answers_hearers(evidence, answers):
    """You know which of the frames h2 hears."""
    pairs = hand_made(evidence)
    spoke = pairs.index(("h3", "h1"))
    heard = [number for number, (_, target) in enumerate(pairs, 1)
             if target == "nobody" or target == "h3" and number <= spoke]
    given = answers.items("h2_hears")
    expect(sorted(map(str, given)) == sorted(map(str, heard)), done="the frames made by hand were sent",
           expected="the numbers of those that h2 hears", seen=given)


@points(1, claim="SDN-6", hint="Old flow, no flow, forgotten flow, no need of flows.")
def check_answers_dead_controller(evidence, answers):
    """You know which pings get an answer while the controller is dead."""
    for key, value in (("known", True), ("new", False), ("forgotten", False), ("standalone", True)):
        given = answers.flag(key)
        expect(given is value, done="the controller was dead", expected=f"a right answer to {key}", seen=given)
