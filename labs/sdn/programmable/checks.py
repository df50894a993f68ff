"""What must be true of the ARP proxy, the student's access list, the two paths, and the ports' counters.

Everything is judged by what was on the wire: at the hosts, in the middle of the paths, at the controller. A packet is
"dropped" if its host sent it and nobody received it.
"""

import json
import struct
from dataclasses import dataclass
from functools import lru_cache

from mnlab.checks import expect, points
from mnlab.protocols import arp, icmp, ip, openflow

HOSTS = ("h1", "h2", "h3", "h4")
AT = {"h1": ("s1", 3), "h2": ("s1", 4), "h3": ("s4", 3), "h4": ("s4", 4)}  # topologies/diamond.py
MIDDLES = ("s2", "s3")
FIRST_PORT, WORDS = 40001, (b"hello from the client", b"welcome from the server")
BULK = 60_000  # bytes that each flow sends over the paths
TCP, UDP = 6, 17
SETTLE = 0.3  # s after a probe in which its last packets arrive
HEADERS = 14 + 20 + 8  # bytes of Ethernet, IPv4, ICMP


# --- reading the evidence ---

def between(evidence, place: str, start: str, end: str) -> list:
    """Frames seen at a place from one mark to another."""
    first, last = evidence.mark(start), evidence.mark(end)
    return [frame for frame in evidence.frames(place) if first <= frame.time < last]


def arps(evidence, host: str, start: str, end: str) -> list:
    """ARP packets at a host that others sent."""
    return [packet for packet in arp.packets(between(evidence, host, start, end))
            if packet.source != evidence.params[f"{host}_mac"]]


def questions(evidence, start: str, end: str) -> list:
    """ARP requests to everybody, each as its own sender's capture has it."""
    return [packet for host in HOSTS for packet in arp.packets(between(evidence, host, start, end))
            if packet.kind == "request" and packet.broadcast and packet.source == evidence.params[f"{host}_mac"]]


@lru_cache(maxsize=4)
def conversation(evidence) -> tuple:
    """All OpenFlow messages, in order of time."""
    return tuple(openflow.openflow_messages(evidence.frames("c0")))


def said(evidence, kind: str, start: str, end: str) -> list:
    first, last = evidence.mark(start), evidence.mark(end)
    return [message for message in conversation(evidence) if message.type == kind and first <= message.time < last]


@dataclass(frozen=True)
class Seen:
    """A TCP segment or UDP datagram: frame, IP header, both ports, payload."""

    frame: object
    header: object
    ports: tuple[int, int]
    payload: bytes


def transport(frames, protocol: int):
    """The TCP segments or UDP datagrams in frames."""
    for frame, header in ip.packets(frames, protocol):
        size = (frame.data[header.start + 12] >> 4) * 4 if protocol == TCP else 8  # bytes of the transport header
        yield Seen(frame, header, struct.unpack_from("!HH", frame.data, header.start),
                   frame.data[header.start + size:header.end])


# --- the probes of the access list ---

@dataclass(frozen=True)
class Probe:
    """What was tried, and where its packets were seen; `answered`: the client got the server's word."""

    name: str
    protocol: str
    client: str
    server: str
    ports: tuple[int, int]
    sent: int
    arrived: int
    answered: bool

    @property
    def words(self) -> str:
        return f"{self.client} spoke to {self.server} by {self.protocol}, from port {self.ports[0]} to {self.ports[1]}"


def plan(p) -> list[tuple]:
    """What the experiment tries: (name, protocol, client, server, server's port, client's port or 0)."""
    at = p["roles"]
    server, blocked, admin, managed = at["server"], at["blocked"], at["admin"], at["managed"]
    return [
        ("web-admin", "tcp", admin, server, p["web"], 0), ("web-managed", "tcp", managed, server, p["web"], 0),
        ("web-blocked", "tcp", blocked, server, p["web"], 0), ("web-other-port", "tcp", admin, server, p["other"], 0),
        ("login", "tcp", admin, managed, p["login"], 0), ("login-blocked", "tcp", blocked, managed, p["login"], 0),
        ("login-back", "tcp", managed, admin, p["login"], 0),
        ("from-web-port", "tcp", server, admin, p["other"], p["web"]),
        ("from-login-port", "tcp", managed, admin, p["other"], p["login"]),
        ("names", "udp", managed, server, p["names"], 0), ("names-blocked", "udp", blocked, server, p["names"], 0),
        ("web-over-udp", "udp", admin, server, p["web"], 0), ("login-over-udp", "udp", admin, managed, p["login"], 0),
    ]


def probe(evidence, name: str) -> Probe:
    """What became of one of them."""
    p, number = evidence.params, [planned[0] for planned in plan(evidence.params)].index(name)
    _, protocol, client, server, port, own_port = plan(p)[number]
    ports = own_port or FIRST_PORT + number, port
    evidence.mark(name)  # Missing if the experiment did not get that far

    def packets(place: str, source: str, target: str, wanted: tuple[int, int]) -> list[Seen]:
        return [seen for seen in transport(between(evidence, place, "list", "list-ends"), TCP if protocol == "tcp" else UDP)
                if (seen.header.source, seen.header.target) == (p[source], p[target]) and seen.ports == wanted]

    return Probe(name, protocol, client, server, ports, len(packets(client, client, server, ports)),
                 len(packets(server, client, server, ports)),
                 any(WORDS[1] in seen.payload for seen in packets(client, server, client, ports[::-1])))


def expect_open(evidence, *names: str) -> None:
    for found in (probe(evidence, name) for name in names):
        expect(found.answered, done=found.words, expected="its word arrives, and the answer comes back",
               seen=f"{found.arrived} of {found.sent} packets arrived, no answer" if found.sent else "nothing was sent")


def expect_closed(evidence, *names: str) -> None:
    for found in (probe(evidence, name) for name in names):
        expect(found.sent, done=found.words, expected=f"{found.client} finds {found.server} (ARP) and sends a packet",
               seen="it never sent one")
        expect(not found.arrived, done=found.words, expected="the switches drop it",
               seen=f"{found.arrived} of {found.sent} packets arrived at {found.server}")


DENIED = ("web-blocked", "web-other-port", "login-blocked", "login-back", "from-web-port", "from-login-port",
          "names-blocked", "web-over-udp", "login-over-udp")


# --- an ARP proxy ---

@points(1, claim="SDN-7", hint="Whom can the controller ask about an address that it has never seen?")
def check_first_questions_reach_everybody(evidence):
    """The first question about a host that has not spoken yet is heard by all other hosts, proxy or not."""
    asked = questions(evidence, "first-question", "known")
    expect(len(asked) >= 3, done="three hosts pinged their neighbours", expected="three questions", seen=len(asked))
    for question in asked[:3]:
        heard = [host for host in HOSTS for packet in arps(evidence, host, "first-question", "known")
                 if packet.broadcast and (packet.sender_ip, packet.target_ip) == (question.sender_ip, question.target_ip)]
        expect(len(set(heard)) == 3, done=f"{question.sender_ip} asked for {question.target_ip}",
               expected="the three other hosts hear it", seen=", ".join(heard) or "nobody")


@points(1, claim="SDN-7", hint="Follow the question to c0, and the answer from there.")
def check_controller_answers_for_the_owner(evidence):
    """Once a host has spoken, the controller answers for it: its MAC address, in a packet-out to the asker's port."""
    asked = questions(evidence, "known", "unknown")
    expect(asked, done="a host with an empty cache pinged another", expected="an ARP request", seen="none")
    answers = [packet for message in said(evidence, "PACKET_OUT", "known", "unknown") if message.inner
               for packet in arp.packets([message.inner]) if packet.kind == "reply"]
    for question in asked:
        owner = evidence.name_of(question.target_ip)
        mine = [packet for packet in answers if (packet.sender_ip, packet.target_ip)
                == (question.target_ip, question.sender_ip)]
        expect(mine and all(packet.sender_mac == evidence.params[f"{owner}_mac"] for packet in mine),
               done=f"{question.sender_ip} asked for {owner}", expected=f"a packet-out that says {owner}'s MAC address",
               seen=mine[0].sender_mac if mine else "no such packet-out")
        own = [packet for packet in arp.packets(between(evidence, owner, "known", "unknown"))
               if packet.kind == "reply" and packet.source == evidence.params[f"{owner}_mac"]]
        expect(not own, done=f"{question.sender_ip} asked for {owner}", expected=f"{owner} itself says nothing",
               seen="it answered")


@points(1, claim="SDN-7", hint="Filter `arp` in the captures of the hosts that asked nothing.")
def check_nobody_else_is_disturbed(evidence):
    """Of the questions about known hosts no other host hears anything."""
    asked = questions(evidence, "known", "unknown")
    heard = [(host, packet) for host in HOSTS for packet in arps(evidence, host, "known", "unknown") if packet.broadcast]
    expect(asked and not heard, done=f"{len(asked)} questions were asked, of known hosts", expected="no broadcast at any host",
           seen=f"{heard[0][0]} heard who has {heard[0][1].target_ip}" if heard else "no question")


@points(1, claim="SDN-7", hint="Compare the reply with one that the owner itself would send.")
def check_the_asker_believes_it(evidence):
    """The asker's kernel takes the answer for the owner's: its ping is answered."""
    p, ping = evidence.params, evidence.command("known-ping")
    cached = [entry.get("lladdr") for entry in evidence.json("neighbours") if entry["dst"] == p[p["asked"]]]
    expect(ping.status == 0 and cached == [p[f"{p['asked']}_mac"]], done=f"{p['asker']} pinged {p['asked']}",
           expected=f"an answer, and {p[p['asked'] + '_mac']} in the cache",
           seen=f"status {ping.status}, {cached or 'nothing'} in the cache")


@points(1, claim="SDN-7", hint="Who could know whether somebody has this address?")
def check_unknown_addresses_are_still_asked_of_all(evidence):
    """A question about an address that nobody has spoken from still reaches everybody: the broadcasts do not all end."""
    p = evidence.params
    heard = {host for host in HOSTS for packet in arps(evidence, host, "unknown", "proxy-ends")
             if packet.broadcast and packet.target_ip == p["nobody"]}
    expect(heard == set(HOSTS) - {p["asker"]}, done=f"{p['asker']} asked for {p['nobody']}",
           expected="the three others hear it", seen=", ".join(sorted(heard)) or "nobody")
    replies = [packet for packet in arps(evidence, p["asker"], "unknown", "proxy-ends")
               if packet.kind == "reply" and packet.sender_ip == p["nobody"]]
    expect(not replies, done=f"{p['asker']} asked for {p['nobody']}", expected="no answer", seen="an answer")


# --- the access list ---

@points(1, claim="SDN-8", hint="The list is about IP. What must pass before an IP packet can be sent?")
def check_arp_always_passes(evidence):
    """Under the list hosts find each other: every ARP question about a host is answered."""
    p = evidence.params
    asked = [exchange for host in HOSTS for exchange in arp.exchanges(between(evidence, host, "list", "list-ends"))
             if exchange.asker_mac == p[f"{host}_mac"]]
    open_ones = [exchange for exchange in asked if not exchange.reply]
    expect(asked and not open_ones, done="hosts that did not know each other began to talk", expected="answers to ARP",
           seen=f"no answer to {open_ones[0].asker_ip}" if open_ones else "no question")


@points(1, claim="SDN-8", hint="A conversation has packets in both directions. Which port do the server's come from?")
def check_the_web_server_is_open(evidence):
    """Whoever is not blocked reaches the server's web port, and gets the answer."""
    expect_open(evidence, "web-admin", "web-managed")


@points(2, claim="SDN-8", hint="Both the first and the second rule fit these packets. Which flow does a switch take?")
def check_the_first_rule_that_fits_decides(evidence):
    """The blocked host does not reach the web port, though the next rule lets everybody."""
    expect_closed(evidence, "web-blocked")


@points(1, claim="SDN-8", hint="Read the rule again: who may begin with whom?")
def check_the_admin_may_log_in(evidence):
    """The admin's host reaches the login port, the blocked one does not."""
    expect_open(evidence, "login")
    expect_closed(evidence, "login-blocked")


@points(3, claim="SDN-8", hint="What has the first segment of a connection, and no other? Look at the TCP flags.")
def check_nobody_begins_from_the_other_side(evidence):
    """Who may answer may not begin: not to the same port, and not from the port that answers come from."""
    expect_closed(evidence, "login-back", "from-web-port", "from-login-port")


@points(1, claim="SDN-8", hint="UDP, too, is asked and answers.")
def check_udp_is_asked_and_answers(evidence):
    """The names port is open to the one host that may ask, and its answers come back."""
    expect_open(evidence, "names")
    expect_closed(evidence, "names-blocked")


@points(1, claim="SDN-8", hint="A port number alone is not a service: TCP and UDP each have their own.")
def check_protocols_are_told_apart(evidence):
    """A port that is open for TCP is closed for UDP."""
    expect_closed(evidence, "web-over-udp", "login-over-udp")


@points(2, claim="SDN-8", hint="What does a switch do with a packet that no rule is about?")
def check_the_rest_is_denied(evidence):
    """What no rule permits is dropped, also between hosts that talk already."""
    expect_closed(evidence, "web-other-port")


@points(2, claim="SDN-8", hint="An echo request and an echo reply differ in their type.")
def check_ping_goes_one_way(evidence):
    """The admin's host may ping the server; the server may not ping it, nor may the blocked host ping the server."""
    p, at = evidence.params, evidence.params["roles"]
    expect(evidence.command("ping").status == 0, done="the admin's host pinged the server", expected="an answer", seen="none")
    for name, source, target in (("ping-back", "server", "admin"), ("ping-blocked", "blocked", "server")):
        command = evidence.command(name)
        arrived = [packet for packet in icmp.packets(evidence.frames(at[target])) if packet.type == icmp.ECHO_REQUEST
                   and command.start <= packet.time <= command.end and packet.source == p[source]]
        expect(not arrived, done=f"{at[source]} pinged {at[target]}", expected="the request is dropped",
               seen=f"{len(arrived)} arrived")


@points(2, claim="SDN-8", hint="Where is the list? And why is a list in the controller alone a bad one?")
def check_the_switch_drops_by_itself(evidence):
    """Denied packets die in the first switch: none is seen behind it, none is shown to the controller."""
    p, ends = evidence.params, {(found.client, found.server, found.ports) for found in
                                (probe(evidence, name) for name in DENIED)}
    ends = {(p[client], p[server], ports) for client, server, ports in ends}
    shown = [message.inner for message in said(evidence, "PACKET_IN", "list", "list-ends") if message.inner]
    for where, frames in (("the controller", shown), ("s2", between(evidence, "s2-eth1", "list", "list-ends"))):
        for protocol in (TCP, UDP):
            found = [seen for seen in transport(frames, protocol) if (seen.header.source, seen.header.target, seen.ports) in ends]
            expect(not found, done="hosts sent what is not permitted", expected=f"none of it gets to {where}",
                   seen=f"{len(found)} packets, the first from {found[0].header.source} to port {found[0].ports[1]}"
                   if found else "")


# --- two paths ---

def flows(evidence) -> list[tuple[str, str, tuple[int, int]]]:
    """(source, target, ports) of the flows over the two paths, in the order in which they began."""
    p = evidence.params
    return [(*flow.split(">"), (FIRST_PORT + number, p["web"] + number)) for number, flow in enumerate(p["flows"].split())]


def of_flow(evidence, flow, place: str) -> tuple[list[Seen], list[Seen]]:
    """A flow's segments at a place: there, and back."""
    p, (source, target, ports) = evidence.params, flow
    seen = list(transport(between(evidence, place, "balanced", "flows-end"), TCP))
    there = [one for one in seen if (one.header.source, one.header.target, one.ports) == (p[source], p[target], ports)]
    back = [one for one in seen if (one.header.source, one.header.target, one.ports) == (p[target], p[source], ports[::-1])]
    return there, back


def paths(evidence, flow) -> tuple[set[str], set[str]]:
    """The middle switches that a flow's segments crossed: there, and back."""
    return tuple({middle for middle in MIDDLES if of_flow(evidence, flow, f"{middle}-eth1")[way]} for way in (0, 1))


@points(1, claim="SDN-9", hint="Filter the captures of s2 and s3 for SYN.")
def check_both_paths_are_used_in_turn(evidence):
    """Each new flow begins on the path that the one before it did not get."""
    used = [min(paths(evidence, flow)[0], default="neither") for flow in flows(evidence)]
    expect(all(path in MIDDLES for path in used) and all(one != next_ for one, next_ in zip(used, used[1:])),
           done=f"{len(used)} flows were begun", expected="s2 and s3 in turn", seen=", ".join(used))


@points(1, claim="SDN-9", hint="What would happen to a flow's segments on two paths of different lengths?")
def check_a_flow_stays_on_its_path(evidence):
    """All segments of a flow, the answers too, cross the same middle switch, and none is lost."""
    for number, flow in enumerate(flows(evidence), 1):
        there, back = paths(evidence, flow)
        expect(len(there) == 1 and there == back, done=f"flow {number} sent {BULK} bytes", expected="one path for both ways",
               seen=f"{', '.join(sorted(there)) or 'neither'} there, {', '.join(sorted(back)) or 'neither'} back")
        sent, crossed = (len(of_flow(evidence, flow, place)[0]) for place in (flow[0], f"{min(there)}-eth1"))
        expect(sent == crossed, done=f"flow {number} sent {BULK} bytes", expected=f"{sent} segments at {min(there)}",
               seen=crossed)


@points(1, claim="SDN-9", hint="Who sees the first segment of a flow, who sees the others?")
def check_the_controller_sees_no_data(evidence):
    """The controller chooses once: it is shown a flow's handshake, and nothing of the data that follows."""
    for number, (source, target, ports) in enumerate(flows(evidence), 1):
        shown = [seen for message in said(evidence, "PACKET_IN", "balanced", "flows-end") if message.inner
                 for seen in transport([message.inner], TCP) if set(seen.ports) == set(ports)]
        data = [seen for seen in shown if seen.payload]
        expect(shown and not data, done=f"flow {number} sent {BULK} bytes from {source} to {target}",
               expected="packet-ins of its handshake, and of nothing else",
               seen=f"{len(data)} of {len(shown)} packet-ins carry data")


@points(1, claim="SDN-9", hint="Two paths make a loop. What does a flooded broadcast do in it?")
def check_no_broadcast_enters_the_loop(evidence):
    """An ARP question reaches each host once, and no broadcast is on either path."""
    for middle in MIDDLES:
        found = [frame for frame in between(evidence, f"{middle}-eth1", "balanced", "balanced-ends")
                 if ip.ethernet(frame.data).target == "ff:ff:ff:ff:ff:ff"]
        expect(not found, done="hosts asked for each other", expected=f"no broadcast at {middle}", seen=f"{len(found)}")
    asked = questions(evidence, "balanced", "balanced-ends")
    for question in asked:
        heard = [host for host in HOSTS for packet in arps(evidence, host, "balanced", "balanced-ends")
                 if (packet.sender_ip, packet.target_ip, packet.kind)
                 == (question.sender_ip, question.target_ip, "request") and packet.broadcast]
        expect(len(heard) == len(set(heard)), done=f"{question.sender_ip} asked for {question.target_ip}",
               expected="each host hears it once at most", seen=", ".join(heard))
    expect(asked, done="hosts with empty caches began to talk", expected="ARP questions", seen="none")


# --- what the ports have counted ---

def replies(evidence) -> list[tuple[float, str, object]]:
    """(time, switch, PortStats) of every entry of the port statistics."""
    return [(message.time, evidence.name_of(message.datapath_id), entry) for message in conversation(evidence)
            if message.type == "MULTIPART_REPLY" and message.body and message.body.kind == "PORT_STATS"
            for entry in message.body.entries]


def counted(evidence, switch: str, port: int) -> tuple[object, object]:
    """A port's last counters before the counted ping, and the first ones after it, with their times."""
    mine = [(time, entry) for time, where, entry in replies(evidence) if (where, entry.port) == (switch, port)]
    before = [one for one in mine if one[0] < evidence.mark("count")]
    after = [one for one in mine if one[0] > evidence.mark("counted-to")]
    expect(before and after, done="the controller asked for port statistics", expected=f"those of port {port} of {switch}",
           seen=f"ports {sorted({str(entry.port) for _, where, entry in replies(evidence) if where == switch})}")
    return before[-1], after[0]


def ends(evidence) -> tuple[str, str]:
    return tuple(evidence.params["flows"].split()[0].split(">"))


@points(1, claim="SDN-10", hint="in_ and out are the switch's view: what a host sends comes in.")
def check_a_port_counts_what_its_host_sends(evidence):
    """The port's packets and bytes grow by what its host sent: by the capture, and by the host's own counters."""
    source, _ = ends(evidence)
    (start, before), (end, after) = counted(evidence, *AT[source])
    port = after.rx_packets - before.rx_packets, after.rx_bytes - before.rx_bytes
    sent = [frame.length for frame in evidence.frames(source) if start < frame.time < end
            and ip.ethernet(frame.data).source == evidence.params[f"{source}_mac"]]
    own = [evidence.json(name)[0]["stats64"]["tx"] for name in ("before", "after")]
    own = tuple(own[1][kind] - own[0][kind] for kind in ("packets", "bytes"))
    done = f"{source} sent {evidence.params['pings']} pings"
    expect(port == (len(sent), sum(sent)), done=done, expected=f"(packets, bytes) {(len(sent), sum(sent))}, as captured",
           seen=f"{port} at port {AT[source][1]} of {AT[source][0]}")
    expect(port == own, done=done, expected=f"(packets, bytes) {own}, as {source} counts itself", seen=port)


@points(1, claim="SDN-10", hint="Which ports does a ping cross, there and back?")
def check_what_goes_in_comes_out(evidence):
    """What comes in at the one host's port leaves at the other's, and crosses one of the two paths."""
    source, target = ends(evidence)
    (_, start), (_, end) = counted(evidence, *AT[source])
    (_, far_start), (_, far_end) = counted(evidence, *AT[target])
    entered, left = end.rx_packets - start.rx_packets, far_end.tx_packets - far_start.tx_packets
    grown = []
    for middle in MIDDLES:
        (_, first), (_, last) = counted(evidence, middle, 1)
        grown.append(last.rx_packets - first.rx_packets)
    expect(entered == left and sorted(grown) == [0, entered], done=f"{source} pinged {target}",
           expected=f"{entered} packets out at {target}'s port, and in at one middle switch", seen=f"{left}, and {grown}")


@points(1, claim="SDN-10", hint="Compare output/balancer.err with the multipart replies in c0's capture.")
def check_the_log_says_what_the_switches_said(evidence):
    """Each line of the monitor is an entry of a port statistics reply."""
    lines = [json.loads(line) for line in evidence.command("balancer").stderr.splitlines() if line.startswith("{")]
    said_so = {(where, entry.port, entry.rx_packets, entry.tx_packets, entry.rx_bytes, entry.tx_bytes)
               for _, where, entry in replies(evidence)}
    wrong = [line for line in lines if (f"s{line['switch']}", line["port"], line["packets_in"], line["packets_out"],
                                        line["bytes_in"], line["bytes_out"]) not in said_so]
    expect(lines and not wrong, done="the monitor wrote down what the switches said",
           expected="the same numbers", seen=wrong[0] if wrong else "no lines")


# --- answers ---

def same(given, right, done: str, key: str) -> None:
    expect(given == right, done=done, expected=f"a right answer to {key}", seen=given)


@points(1, claim="SDN-7", hint="Look for who hears a broadcast, and who speaks for whom.")
def check_answers_proxy(evidence, answers):
    """Your answers on the ARP proxy."""
    p = evidence.params
    heard = {host for host in HOSTS for packet in arps(evidence, host, "known", "unknown") if packet.broadcast}
    same(answers.integer("known_heard_by"), len(heard), f"{p['asker']} asked for {p['asked']}", "known_heard_by")
    same(answers.integer("unknown_heard_by"), len(HOSTS) - 1, f"{p['asker']} asked for {p['nobody']}", "unknown_heard_by")
    same(answers.text("reply_from").lower(), p[f"{p['asked']}_mac"], f"{p['asker']} asked for {p['asked']}", "reply_from")


@points(2, claim="SDN-8", hint="Go through the list from the top; mind the answers, and who sends them.")
def check_answers_rules(evidence, answers):
    """You know which rule decides about each packet."""
    given = answers.items("rules")
    for number, right in enumerate(evidence.params["rules"], 1):
        expect(len(given) >= number and given[number - 1] == right, done=evidence.params[f"packet{number}"],
               expected=f"a right {number}. number in rules", seen=given)


@points(1, claim="SDN-9", hint="The first flow takes s2. Count on; a ping is a flow, too.")
def check_answers_paths(evidence, answers):
    """You know which path each flow takes, and which one the ping after them."""
    wanted = [MIDDLES[number % 2] for number in range(len(flows(evidence)) + 1)]
    same([str(item) for item in answers.items("paths")], wanted[:-1], "the flows were begun", "paths")
    same(answers.text("ping_path"), wanted[-1], "then came the counted ping", "ping_path")


@points(1, claim="SDN-10", hint="A frame is counted whole: Ethernet, IP and ICMP headers with it, without the checksum behind.")
def check_answers_counters(evidence, answers):
    """You know which port counts the ping, and how many bytes."""
    p, (source, _) = evidence.params, ends(evidence)
    same(answers.integer("port"), AT[source][1], f"{source} sent pings", "port")
    same(answers.integer("bytes"), p["pings"] * (p["size"] + HEADERS), f"{source} sent pings", "bytes")
