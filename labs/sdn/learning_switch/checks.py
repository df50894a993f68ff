"""What must be true of a hub, of the student's learning switch, and of switches whose controller is dead.

What the controller sends is delayed by `away` ms, so a frame that waits for it is told from one that does not by a
bound that follows from the set-up, not from a measurement. SETTLE is for what is still on its way when a command ends.
"""

from pathlib import Path

from mnlab.checks import expect, observation, points
from mnlab.lab.lab import load
from mnlab.protocols import arp, icmp
from mnlab.protocols.openflow import flow_table

read = load(Path(__file__).with_name("reading.py"))
SETTLE, PINGS = read.SETTLE, read.PINGS
conversation, said, span, asked = read.conversation, read.said, read.span, read.asked
switch_of, link, echoes, answered = read.switch_of, read.link, read.echoes, read.answered
round_trips, hand_made, hearers, port_at = read.round_trips, read.hand_made, read.hearers, read.port_at
learned_flows, added = read.learned_flows, read.added


# --- a table miss, and a hub ---

@observation(1, claim="SDN-1", hint="What does a switch do with a frame if there is not even a flow for all others?")
def check_empty_table_drops(evidence):
    """While the controller is connected but the table is empty, a frame is dropped and nobody is asked."""
    done = "every flow was deleted, then h1 pinged h2"
    packets, (got, sent) = asked(evidence, "empty-ping"), answered(evidence, "empty-ping")
    expect(sent and not got and not packets, done=done, expected="no answer, and no packet-in",
           seen=f"{got} answers to {sent} requests, {len(packets)} packet-ins")


@observation(2, claim="SDN-5", hint="To whom is the frame addressed, and who has it in the capture?")
def check_hub_reaches_third_host(evidence):
    """Over the hub, h3 hears every echo request and reply between h1 and h2."""
    count = evidence.params["hub_pings"]
    expect(answered(evidence, "hub-ping") == (count, count), done="h1 pinged h2 over the hub",
           expected=f"{count} answers", seen=f"{answered(evidence, 'hub-ping')[0]} answers")
    heard = [len(echoes(evidence, "hub-ping", "h3", kind)) for kind in (icmp.ECHO_REQUEST, icmp.ECHO_REPLY)]
    expect(heard == [count, count], done="h1 pinged h2 over the hub", expected=f"{count} requests and replies at h3",
           seen=f"{heard[0]} requests and {heard[1]} replies at h3")


@observation(1, claim="SDN-5", hint="Count packet-ins for one echo request. What did the hub remember?")
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
    # Open vSwitch says "action" where the flow for misses has write-actions in place of apply-actions.
    misses = [message for message in conversation(evidence) if message.type == "FLOW_MOD" and message.body
              and not message.body.priority and message.body.command == "add" and not message.body.match]
    expect(body.reason == "no_match" or body.reason == "action" and misses, done="h1 pinged h2 over your switch",
           expected="reason no_match", seen=f"reason {body.reason}")
    expect((body.table, body.in_port) == (0, evidence.params["ports"]["h1"]),
           done="h1 pinged h2 over your switch", expected="table 0, the port that h1 is at",
           seen=f"table {body.table}, in_port {body.in_port}")


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


@points(1, claim="SDN-2", hint="Which frames does a flow take past you? And from which would you still learn?")
def check_flows_are_for_frames_like_the_one_at_hand(evidence):
    """Each flow matches sender, port and destination of a frame that was shown before, and nothing else."""
    expect(added(evidence), done="your switch was running", expected="learned flows", seen="none")
    for flow in added(evidence):
        match = flow.body.match
        done = f"your switch added a flow to {switch_of(evidence, flow)}"
        expect(set(match) == {"in_port", "eth_src", "eth_dst"}, done=done,
               expected="in_port, eth_src and eth_dst in it", seen=", ".join(sorted(match)) or "nothing in it")
        wanted = match["eth_src"], match["eth_dst"], match["in_port"]
        shown = [message for message in conversation(evidence) if message.type == "PACKET_IN" and message.inner
                 and message.datapath_id == flow.datapath_id and evidence.mark("first") <= message.time <= flow.time
                 and (link(message.inner).source, link(message.inner).target, message.body.in_port) == wanted]
        expect(shown, done=f"{done} for frames from {evidence.name_of(wanted[0])} to {evidence.name_of(wanted[1])}",
               expected="a packet-in before, with such a frame", seen="none")


@points(1, claim="SDN-3", hint="And the frame at hand? A flow that has just been added does not see it any more.")
def check_each_frame_goes_on_once(evidence):
    """A frame that was shown to the controller arrives all the same, and only once."""
    expect(added(evidence), done="your switch was running", expected="learned flows", seen="none")
    for name in ("first-ping", "second-ping", "far-ping", "late-ping"):
        got, sent = answered(evidence, name)
        replies = [packet for packet in echoes(evidence, name, "h1", icmp.ECHO_REPLY)
                   if packet.target == evidence.params["h1"]]
        expect(sent and got == len(replies) == sent, done=f"h1 pinged ({name})",
               expected="an answer to each echo request, once",
               seen=f"{len(replies)} replies for {got} of {sent} requests")
    for number, (source, target) in enumerate(hand_made(evidence), 1):
        heard = hearers(evidence, number)
        expect(heard and len(heard) == len(set(heard)), done=f"frame {number} was sent from {source} to {target}",
               expected="it arrives, once at each host", seen=", ".join(heard) or "nowhere")


@points(2, claim="SDN-3", hint="A flow for each direction, at each switch on the way.")
def check_known_pairs_get_flows(evidence):
    """After one ping each to h2 and h4 the switches hold the flows between h1 and both."""
    p = evidence.params
    flows = learned_flows(evidence, "learned")
    for switch, one, other in (("s1", "h1", "h2"), ("s1", "h2", "h1"), ("s1", "h1", "h4"), ("s1", "h4", "h1"),
                               ("s2", "h1", "h4"), ("s2", "h4", "h1")):
        flow = flows.get((switch, p[f"{one}_mac"], p[f"{other}_mac"]))
        expect(flow and flow.priority == p["priority"], done="h1 had pinged h2 and h4",
               expected=f"a flow at {switch} from {one} to {other}, priority {p['priority']}",
               seen=f"priority {flow.priority}" if flow else "no flow with that eth_src and eth_dst")


@points(2, claim="SDN-3", hint="Who need not know about a frame that has a flow?")
def check_known_pairs_bypass_the_controller(evidence):
    """The second ping is answered without the controller; h3 hears nothing that goes to hosts which are known."""
    got, sent = answered(evidence, "second-ping")
    expect(sent == got == 5, done="h1 pinged h2 five times more", expected="5 answers", seen=f"{got} of {sent}")
    shown = [message for message in asked(evidence, "second-ping") if icmp.packets([message.inner])]
    expect(not shown, done="h1 pinged h2 five times more", expected="no packet-in with an echo frame",
           seen=f"{len(shown)} packet-ins")
    for name in ("first-ping", "second-ping", "far-ping"):
        start, end = span(evidence, name)
        heard = [frame for frame in evidence.frames("h3") if start <= frame.time <= end
                 and link(frame).target in {evidence.params[f"{host}_mac"] for host in ("h1", "h2", "h4")}]
        expect(not heard, done=f"h1 pinged ({name})", expected="nothing of it at h3 but questions to everybody",
               seen=f"{len(heard)} frames to other hosts at h3")


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
            heard = set(hearers(evidence, number))
            expect(heard == {"h2", "h3", "h4"}, done=f"frame {number} was sent from {source} to {target}",
                   expected="it arrives at h2, h3 and h4, and not at h1 again",
                   seen=", ".join(sorted(heard)) or "nowhere")
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
    expect(set(hearers(evidence, number)) == {"h1"}, done=f"frame {number} was sent from h3 to h1",
           expected="it arrives at h1 only", seen=", ".join(sorted(set(hearers(evidence, number)))) or "nowhere")
    last = max(number for number, pair in enumerate(pairs, 1) if pair == ("h1", "h3"))
    expect(set(hearers(evidence, last)) == {"h3"}, done=f"h3 had spoken, then frame {last} was sent from h1 to h3",
           expected="it arrives at h3 only", seen=", ".join(sorted(set(hearers(evidence, last)))) or "nowhere")


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
    """h2 moves, to the other switch and to another port of it, while flows lead to its old port; answers find it."""
    p, places = evidence.params, ("a port of s1", "a port of s2", "another port of s2")
    for number, (moved, ping, switch) in enumerate((("moved", "late-ping", "s1"), ("moved-again", "moved-ping", "s2"))):
        before = [flow for flow in added(evidence) if switch_of(evidence, flow) == switch
                  and evidence.command(ping).start <= flow.time < evidence.mark(moved)
                  and flow.body.match.get("eth_dst") == p["h2_mac"]]
        done = f"h2 was carried from {places[number]} to {places[number + 1]}, and pinged h1 from there"
        expect(before, done=done, expected=f"a flow at {switch} that has led to its old place", seen="none")
        got, sent = answered(evidence, f"{moved}-ping")
        expect(sent == got == 3, done=done, expected="3 answers", seen=f"{got} of {sent}")
        got, sent = answered(evidence, f"{moved}-h4-ping")
        expect(sent == got == 1, done=f"h2 was carried from {places[number]} to {places[number + 1]}, and sent a frame "
               "from there; then h4, which had pinged h2 at its old place, pinged it",
               expected="an answer", seen=f"{got} of {sent}")


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
    expect(added(evidence), done="the controller was alive", expected="learned flows", seen="none")
    for name, words in (("new-ping", "h1 pinged h3, to which it had no flow"),
                        ("forgotten-ping", "after the idle timeout h1 pinged h4 once more")):
        got, _ = answered(evidence, name)
        expect(not got, done=f"the controller was dead, and {words}", expected="no answer", seen=f"{got} answers")
    heard = [packet for packet in (*arp.packets(evidence.frames("h3")), *icmp.packets(evidence.frames("h3")))
             if start <= packet.time < evidence.mark("standalone")]
    expect(not heard, done="the controller was dead, and h1 pinged h3", expected="nothing at h3",
           seen=f"{len(heard)} frames at h3")


@observation(2, claim="SDN-6", hint="A switch that stands alone does what switches did before OpenFlow.")
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
