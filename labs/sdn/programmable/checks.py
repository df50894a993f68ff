"""What must be true of the ARP proxy, the student's access list, the two paths, and the ports' counters.

Everything is judged by what was on the wire: at the hosts, in the middle of the paths, at the controller. A packet is
"dropped" if its host sent it and nobody received it.
"""

import json
from itertools import pairwise
from pathlib import Path

from mnlab.checks import expect, observation, points
from mnlab.lab.lab import load
from mnlab.protocols import arp, ip
from mnlab.protocols.openflow import flow_table

wire = load(Path(__file__).with_name("reading.py"))
AT, HOSTS, MIDDLES, TCP, UDP = wire.AT, wire.HOSTS, wire.MIDDLES, wire.TCP, wire.UDP
BULK = wire.plan.BULK
HEADERS = 14 + 20 + 8  # bytes of Ethernet, IPv4, ICMP


# --- an ARP proxy ---

@observation(1, claim="SDN-7", hint="Whom can the controller ask about an address that it has never seen?")
def check_first_questions_reach_everybody(controllers):
    """The first question about a host that has not spoken yet is heard by all other hosts, proxy or not."""
    asked = wire.questions(controllers, "first-question", "known")
    expect(len(asked) >= 3, done="three hosts pinged their neighbours", expected="three questions", seen=len(asked))
    for question in asked[:3]:
        heard = [host for host in HOSTS for packet in wire.arps(controllers, host, "first-question", "known") if
                 packet.broadcast and (packet.sender_ip, packet.target_ip) == (question.sender_ip, question.target_ip)]
        expect(len(set(heard)) == 3, done=f"{question.sender_ip} asked for {question.target_ip}",
               expected="the three other hosts hear it", seen=", ".join(heard) or "nobody")


@observation(1, claim="SDN-7", hint="Follow the question to c0, and the answer from there.")
def check_controller_answers_for_the_owner(controllers):
    """Once a host has spoken, the controller answers for it: its MAC address, in a packet-out to the asker's port."""
    asked = wire.questions(controllers, "known", "unknown")
    expect(asked, done="a host with an empty cache pinged another", expected="an ARP request", seen="none")
    answers = [packet for message in wire.said(controllers, "PACKET_OUT", "known", "unknown") if message.inner
               for packet in arp.packets([message.inner]) if packet.kind == "reply"]
    for question in asked:
        owner = controllers.name_of(question.target_ip)
        mine = [packet for packet in answers if (packet.sender_ip, packet.target_ip)
                == (question.target_ip, question.sender_ip)]
        expect(mine and all(packet.sender_mac == controllers.params[f"{owner}_mac"] for packet in mine),
               done=f"{question.sender_ip} asked for {owner}", expected=f"a packet-out that says {owner}'s MAC address",
               seen=mine[0].sender_mac if mine else "no such packet-out")
        own = [packet for packet in arp.packets(wire.between(controllers, owner, "known", "unknown"))
               if packet.kind == "reply" and packet.source == controllers.params[f"{owner}_mac"]]
        expect(not own, done=f"{question.sender_ip} asked for {owner}", expected=f"{owner} itself says nothing",
               seen="it answered")


@observation(1, claim="SDN-7", hint="Filter `arp` in the captures of the hosts that asked nothing.")
def check_nobody_else_is_disturbed(controllers):
    """Of the questions about known hosts no other host hears anything."""
    asked = wire.questions(controllers, "known", "unknown")
    heard = sorted(wire.hear_broadcasts(controllers, "known", "unknown"))
    expect(asked and not heard, done=f"{len(asked)} questions were asked, of known hosts",
           expected="no broadcast at any host", seen=f"{', '.join(heard)} heard one" if heard else "no question")


@observation(1, claim="SDN-7", hint="Compare the reply with one that the owner itself would send.")
def check_the_asker_believes_it(controllers):
    """The asker's kernel takes the answer for the owner's: its ping is answered."""
    p, ping = controllers.params, controllers.command("known-ping")
    cached = [entry.get("lladdr") for entry in controllers.json("neighbours") if entry["dst"] == p[p["asked"]]]
    expect(ping.status == 0 and cached == [p[f"{p['asked']}_mac"]], done=f"{p['asker']} pinged {p['asked']}",
           expected=f"an answer, and {p[p['asked'] + '_mac']} in the cache",
           seen=f"status {ping.status}, {cached or 'nothing'} in the cache")


@observation(1, claim="SDN-7", hint="Who could know whether somebody has this address?")
def check_unknown_addresses_are_still_asked_of_all(controllers):
    """A question about an address that nobody has spoken from still reaches everybody: not all broadcasts end."""
    p = controllers.params
    heard = {host for host in HOSTS for packet in wire.arps(controllers, host, "unknown", "proxy-ends")
             if packet.broadcast and packet.target_ip == p["nobody"]}
    expect(heard == set(HOSTS) - {p["asker"]}, done=f"{p['asker']} asked for {p['nobody']}",
           expected="the three others hear it", seen=", ".join(sorted(heard)) or "nobody")
    replies = [packet for packet in wire.arps(controllers, p["asker"], "unknown", "proxy-ends")
               if packet.kind == "reply" and packet.sender_ip == p["nobody"]]
    expect(not replies, done=f"{p['asker']} asked for {p['nobody']}", expected="no answer", seen="an answer")


# --- the access list ---

def at_work(evidence) -> None:
    """Who permits nothing at all keeps nothing out, and who keeps nothing out permits nothing."""
    expect(any(wire.probe(evidence, name).answered for name in wire.tried.OPEN),
           done="hosts tried what the list permits", expected="a conversation that comes about, at least one",
           seen="none")
    denied = [wire.probe(evidence, talk.name) for talk in wire.tried.talks(evidence.params)
              if talk.name not in wire.tried.OPEN]
    expect(any(found.sent and not found.arrived for found in denied), done="hosts tried what the list does not permit",
           expected="a packet that is dropped, at least one", seen="everything arrived")


def expect_open(*probes) -> None:
    for found in probes:
        expect(found.answered, done=found.words, expected="its word arrives, and the answer comes back",
               seen=f"{found.arrived} of {found.sent} packets arrived, no answer" if found.sent else "nothing was sent")


def expect_closed(*probes) -> None:
    for found in probes:
        expect(found.sent, done=found.words, expected=f"{found.source} finds {found.target} (ARP) and sends a packet",
               seen="it never sent one")
        expect(not found.arrived, done=found.words, expected="the switches drop it",
               seen=f"{found.arrived} of {found.sent} packets arrived at {found.target}")


def talks(evidence, *names: str) -> list:
    return [wire.probe(evidence, name) for name in names]


def strays(evidence, *names: str) -> list:
    return [wire.stray(evidence, name) for name in names]


@points(1, claim="SDN-8", hint="The list is about IP. What must pass before an IP packet can be sent?")
def check_arp_always_passes(acl):
    """Under the list hosts find each other: every ARP question about a host is answered."""
    p = acl.params
    asked = [exchange for host in HOSTS for exchange in arp.exchanges(wire.between(acl, host, "list", "list-ends"))
             if exchange.asker_mac == p[f"{host}_mac"]]
    open_ones = [exchange for exchange in asked if not exchange.reply]
    expect(asked and not open_ones, done="hosts that did not know each other began to talk", expected="answers to ARP",
           seen=f"no answer to {open_ones[0].asker_ip}" if open_ones else "no question")


@points(1, claim="SDN-8", hint="A conversation has packets in both directions. Which port do the server's come from?")
def check_the_web_server_is_open(acl):
    """Who is not blocked reaches the server's web port, also from afar, and gets the answer up to its last segment."""
    at_work(acl)
    expect_open(*talks(acl, "web-admin"))
    for found in strays(acl, *wire.tried.PASS):
        expect(found.arrived, done=found.words, seen="it does not",
               expected="it arrives: with ACK from the server's port, or from ANY address to it")


@points(3, claim="SDN-8", hint="Two rules fit these packets, or three. Which flow does a switch take?")
def check_the_first_rule_that_fits_decides(acl):
    """The second rule does not open the web port to the blocked host, nor the third close it to the managed one."""
    at_work(acl)
    expect_closed(*talks(acl, "web-blocked", "web-blocked-own"))
    expect_open(*talks(acl, "web-managed"))


@points(1, claim="SDN-8", hint="Read the rule again: who may begin with whom?")
def check_the_admin_may_log_in(acl):
    """The admin's host reaches the login port of the managed one, and gets the answer."""
    at_work(acl)
    expect_open(*talks(acl, "login"))


@points(2, claim="SDN-8", hint="A rule names a client and a server. Does your flow match both addresses?")
def check_a_rule_names_both_ends(acl):
    """A port that is open from one host to another is closed to other clients, and closed at other servers."""
    at_work(acl)
    expect_closed(*talks(acl, "login-blocked", "names-blocked", "web-elsewhere", "login-elsewhere", "names-elsewhere"),
                  *strays(acl, "ack-from-own-port", "udp-from-own-port"))


@points(3, claim="SDN-8", hint="What has the first segment of a connection, and no other? Look at the TCP flags.")
def check_nobody_begins_from_the_other_side(acl):
    """Who may answer may not begin: not to the same port, and not from the port that answers come from."""
    at_work(acl)
    expect_closed(*talks(acl, "login-back", "names-back", "from-web-port", "from-login-port"),
                  *strays(acl, "begins-with-data", "begins-and-ends"))


@points(1, claim="SDN-8", hint="Whose port does a rule name, and whose does it not?")
def check_a_client_may_use_any_port(acl):
    """Who may begin may do so from any port, also from one that answers come from, and from the one that it calls."""
    at_work(acl)
    expect_open(*talks(acl, "push", "login-same-port", "names-same-port"))


@points(2, claim="SDN-8", hint="An answer comes from the rule's server, from its port, and goes to the rule's client.")
def check_only_answers_come_back(acl):
    """What looks like an answer, but comes from another port or host, or goes to another host, is dropped."""
    at_work(acl)
    expect_closed(*strays(acl, "ack-other-port", "ack-other-server", "ack-other-client", "ack-to-port",
                          "udp-other-port", "udp-other-server", "udp-other-client"))


@points(1, claim="SDN-8", hint="UDP, too, is asked and answers.")
def check_udp_is_asked_and_answers(acl):
    """The names port is open to the one host that may ask, and its answers come back."""
    at_work(acl)
    expect_open(*talks(acl, "names"))


@points(1, claim="SDN-8", hint="A port number alone is not a service: TCP and UDP each have their own.")
def check_protocols_are_told_apart(acl):
    """A port that is open for TCP is closed for UDP, and the other way round."""
    at_work(acl)
    expect_closed(*talks(acl, "web-over-udp", "login-over-udp", "names-over-tcp"))


@points(2, claim="SDN-8", hint="What does a switch do with a packet that no rule is about?")
def check_the_rest_is_denied(acl):
    """What no rule permits is dropped, also between hosts that talk: other ports, another protocol, no IP at all."""
    at_work(acl)
    expect_closed(*talks(acl, "web-other-port", "login-other-port", "names-other-port"),
                  *strays(acl, "unused", "no-ip", "no-ip-to-all", "ipv6", "ipv6-neighbour", "lldp"))


@points(2, claim="SDN-8", hint="An echo request and an echo reply differ in their type.")
def check_ping_goes_one_way(acl):
    """The admin's host may ping the server, and nobody else anybody; of ICMP nothing else passes."""
    at_work(acl)
    expect_open(wire.ping(acl, "ping"))
    expect_closed(*(wire.ping(acl, name) for name in ("ping-back", "ping-blocked", "ping-elsewhere")),
                  *strays(acl, "reply-other-client", "reply-other-server", "reply-from-admin", "timestamp", "error",
                          "error-back"))


@points(1, claim="SDN-8", hint="What is in the tables does not change by what passes, nor with time.")
def check_the_list_stays_as_it_is(acl):
    """What was permitted in the beginning is so in the end, the list has the same flows, and none has a time to end."""
    at_work(acl)
    first, last = talks(acl, "web-managed", "again")
    expect(last.answered or not first.answered, done=f"{last.words}, long after the first time",
           expected="an answer as before", seen=f"{last.arrived} of {last.sent} packets arrived, no answer")
    begun, ended = ([flow for flow in flow_table.flows(acl.text(name)) if not flow.table]
                    for name in ("list-s1-first", "list-s1"))
    was, is_now = ({(flow.priority, *sorted(flow.match.items()), *flow.actions) for flow in table}
                   for table in (begun, ended))
    expect(was == is_now, done="looked at table 0 of s1 after the first conversation and after the last one "
           "(files/list-s1-first, files/list-s1)", expected="the same flows",
           seen=f"{len(is_now - was)} more, {len(was - is_now)} are gone")
    timed = [flow for flow in ended if flow.idle_timeout or flow.hard_timeout]
    expect(not timed, done="looked at table 0 of s1 (files/list-s1)", expected="no flow with a timeout",
           seen=f"{len(timed)}, one of them with idle_timeout={timed[0].idle_timeout}, "
                f"hard_timeout={timed[0].hard_timeout}" if timed else "")


@points(2, claim="SDN-8", hint="Where is the list? And why is a list in the controller alone a bad one?")
def check_the_switch_drops_by_itself(acl):
    """What is dropped dies in the first switch: nothing of it is on a path to another, or shown to the controller."""
    at_work(acl)
    tried = [*talks(acl, *(talk.name for talk in wire.tried.talks(acl.params) if talk.name not in wire.tried.OPEN)),
             *strays(acl, *(one.name for one in wire.tried.strays(acl.params) if one.name not in wire.tried.PASS)),
             *(wire.ping(acl, name) for name in ("ping-back", "ping-blocked", "ping-elsewhere"))]
    dropped = [found for found in tried if found.sent and not found.arrived]  # what arrived is another check's
    expect(dropped, done="hosts sent what is not permitted", expected="some of it is dropped", seen="nothing")
    for found in dropped:
        where = [name for name, count in (("the controller", found.shown), ("s2", found.crossed)) if count]
        expect(not where, done=found.words, expected="the first switch drops it, and asks nobody",
               seen=f"{' and '.join(where)} saw it")


# --- two paths ---

@observation(1, claim="SDN-9", hint="Filter the captures of s2 and s3 for SYN.")
def check_both_paths_are_used_in_turn(controllers):
    """Each new flow begins on the path that the one before it did not get."""
    used = [min(wire.paths(controllers, flow)[0], default="neither") for flow in wire.flows(controllers)]
    expect(all(path in MIDDLES for path in used) and all(one != next_ for one, next_ in pairwise(used)),
           done=f"{len(used)} flows were begun", expected="s2 and s3 in turn", seen=", ".join(used))


@observation(1, claim="SDN-9", hint="What would happen to a flow's segments on two paths of different lengths?")
def check_a_flow_stays_on_its_path(controllers):
    """All segments of a flow, the answers too, cross the same middle switch, and none is lost."""
    for number, flow in enumerate(wire.flows(controllers), 1):
        there, back = wire.paths(controllers, flow)
        expect(len(there) == 1 and there == back, done=f"flow {number} sent {BULK} bytes",
               expected="one path for both ways",
               seen=f"{', '.join(sorted(there)) or 'neither'} there, {', '.join(sorted(back)) or 'neither'} back")
        sent, crossed = (len(wire.of_flow(controllers, flow, place)[0]) for place in (flow[0], f"{min(there)}-eth1"))
        expect(sent == crossed, done=f"flow {number} sent {BULK} bytes", expected=f"{sent} segments at {min(there)}",
               seen=crossed)


@observation(1, claim="SDN-9", hint="Who sees the first segment of a flow, who sees the others?")
def check_the_controller_sees_no_data(controllers):
    """The controller chooses once: it is shown a flow's handshake, and nothing of the data that follows."""
    for number, (source, target, ports) in enumerate(wire.flows(controllers), 1):
        shown = [seen for message in wire.said(controllers, "PACKET_IN", "balanced", "flows-end") if message.inner
                 for seen in wire.transport([message.inner], TCP) if set(seen.ports) == set(ports)]
        data = [seen for seen in shown if seen.payload]
        expect(shown and not data, done=f"flow {number} sent {BULK} bytes from {source} to {target}",
               expected="packet-ins of its handshake, and of nothing else",
               seen=f"{len(data)} of {len(shown)} packet-ins carry data")


@observation(1, claim="SDN-9", hint="Two paths make a loop. What does a flooded broadcast do in it?")
def check_no_broadcast_enters_the_loop(controllers):
    """An ARP question reaches each host once, and no broadcast is on either path."""
    for middle in MIDDLES:
        found = [frame for frame in wire.between(controllers, f"{middle}-eth1", "balanced", "balanced-ends")
                 if ip.ethernet(frame.data).target == "ff:ff:ff:ff:ff:ff"]
        expect(not found, done="hosts asked for each other", expected=f"no broadcast at {middle}", seen=f"{len(found)}")
    asked = wire.questions(controllers, "balanced", "balanced-ends")
    for question in asked:
        heard = [host for host in HOSTS for packet in wire.arps(controllers, host, "balanced", "balanced-ends")
                 if (packet.sender_ip, packet.target_ip, packet.kind)
                 == (question.sender_ip, question.target_ip, "request") and packet.broadcast]
        expect(len(heard) == len(set(heard)), done=f"{question.sender_ip} asked for {question.target_ip}",
               expected="each host hears it once at most", seen=", ".join(heard))
    expect(asked, done="hosts with empty caches began to talk", expected="ARP questions", seen="none")


# --- what the ports have counted ---

@observation(1, claim="SDN-10", hint="in_ and out are the switch's view: what a host sends comes in.")
def check_a_port_counts_what_its_host_sends(controllers):
    """The port's packets and bytes grow by what its host sent: by the capture, and by the host's own counters."""
    source, _ = wire.ends(controllers)
    (start, before), (end, after) = wire.counted(controllers, *AT[source])
    port = after.rx_packets - before.rx_packets, after.rx_bytes - before.rx_bytes
    sent = [frame.length for frame in controllers.frames(source) if start < frame.time < end
            and ip.ethernet(frame.data).source == controllers.params[f"{source}_mac"]]
    own = [controllers.json(name)[0]["stats64"]["tx"] for name in ("before", "after")]
    own = tuple(own[1][kind] - own[0][kind] for kind in ("packets", "bytes"))
    done = f"{source} sent {controllers.params['pings']} pings"
    expect(port == (len(sent), sum(sent)), done=done,
           expected=f"(packets, bytes) {(len(sent), sum(sent))}, as captured",
           seen=f"{port} at port {AT[source][1]} of {AT[source][0]}")
    expect(port == own, done=done, expected=f"(packets, bytes) {own}, as {source} counts itself", seen=port)


@observation(1, claim="SDN-10", hint="Which ports does a ping cross, there and back?")
def check_what_goes_in_comes_out(controllers):
    """What comes in at the one host's port leaves at the other's, and crosses one of the two paths."""
    source, target = wire.ends(controllers)
    (_, start), (_, end) = wire.counted(controllers, *AT[source])
    (_, far_start), (_, far_end) = wire.counted(controllers, *AT[target])
    entered, left = end.rx_packets - start.rx_packets, far_end.tx_packets - far_start.tx_packets
    grown = []
    for middle in MIDDLES:
        (_, first), (_, last) = wire.counted(controllers, middle, 1)
        grown.append(last.rx_packets - first.rx_packets)
    expect(entered == left and sorted(grown) == [0, entered], done=f"{source} pinged {target}",
           expected=f"{entered} packets out at {target}'s port, and in at one middle switch",
           seen=f"{left}, and {grown}")


@observation(1, claim="SDN-10",
        hint="Compare scenes/controllers/output/balancer.err with the multipart replies in c0's capture.")
def check_the_log_says_what_the_switches_said(controllers):
    """Each line of the monitor is an entry of a port statistics reply."""
    lines = [json.loads(line) for line in controllers.command("balancer").stderr.splitlines() if line.startswith("{")]
    said_so = {(where, entry.port, entry.rx_packets, entry.tx_packets, entry.rx_bytes, entry.tx_bytes)
               for _, where, entry in wire.replies(controllers)}
    wrong = [line for line in lines if (f"s{line['switch']}", line["port"], line["packets_in"], line["packets_out"],
                                        line["bytes_in"], line["bytes_out"]) not in said_so]
    expect(lines and not wrong, done="the monitor wrote down what the switches said",
           expected="the same numbers", seen=wrong[0] if wrong else "no lines")


# --- answers ---

def same(given, right, done: str, key: str) -> None:
    expect(given == right, done=done, expected=f"a right answer to {key}", seen=given)


@points(1, claim="SDN-7", hint="Look for who hears a broadcast, and who speaks for whom.")
def check_answers_proxy(controllers, answers):
    """Your answers on the ARP proxy."""
    p = controllers.params
    heard = wire.hear_broadcasts(controllers, "known", "unknown")
    same(answers.integer("known_heard_by"), len(heard), f"{p['asker']} asked for {p['asked']}", "known_heard_by")
    same(answers.integer("unknown_heard_by"), len(HOSTS) - 1, f"{p['asker']} asked for {p['nobody']}",
         "unknown_heard_by")
    same(answers.text("reply_from").lower().replace("-", ":"), p[f"{p['asked']}_mac"],
         f"{p['asker']} asked for {p['asked']}", "reply_from")


@points(2, claim="SDN-8", hint="Go through the list from the top; mind the answers, and who sends them.")
def check_answers_rules(controllers, answers):
    """You know which rule decides about each packet."""
    given = answers.items("rules")
    for number, right in enumerate(controllers.params["rules"], 1):
        expect(len(given) >= number and given[number - 1] == right, done=controllers.params[f"packet{number}"],
               expected=f"a right {number}. number in rules", seen=given)


@points(1, claim="SDN-9", hint="The first flow takes s2. Count on; a ping is a flow, too.")
def check_answers_paths(controllers, answers):
    """You know which path each flow takes, and which one the ping after them."""
    wanted = [MIDDLES[number % 2] for number in range(len(wire.flows(controllers)) + 1)]
    same([str(item).lower() for item in answers.items("paths")], wanted[:-1], "the flows were begun", "paths")
    same(answers.text("ping_path").lower(), wanted[-1], "then came the counted ping", "ping_path")


@points(1, claim="SDN-10", hint="A frame is counted whole, with its Ethernet, IP and ICMP headers, but no checksum.")
def check_answers_counters(controllers, answers):
    """You know which port counts the ping, and how many bytes."""
    p, (source, _) = controllers.params, wire.ends(controllers)
    same(answers.integer("port"), AT[source][1], f"{source} sent pings", "port")
    same(answers.integer("bytes"), p["pings"] * (p["size"] + HEADERS), f"{source} sent pings", "bytes")
