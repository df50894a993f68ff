"""Reading the evidence of this lab: what checks.py asks of the captures, and what was tried.

What the experiment tries, and from which ports, is taken from experiment.py and probes.py themselves.
"""

import struct
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from mnlab.checks import expect
from mnlab.lab.lab import load
from mnlab.protocols import arp, icmp, ip, openflow

plan, tried = (load(Path(__file__).with_name(name)) for name in ("experiment.py", "probes.py"))
HOSTS = plan.HOSTS
AT = {"h1": ("s1", 3), "h2": ("s1", 4), "h3": ("s4", 3), "h4": ("s4", 4)}  # topologies/diamond.py
MIDDLES = ("s2", "s3")
TCP, UDP = 6, 17


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


def hear_broadcasts(evidence, start: str, end: str) -> set[str]:
    """The hosts that somebody else's ARP broadcast reached."""
    return {host for host in HOSTS for packet in arps(evidence, host, start, end) if packet.broadcast}


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
        if len(frame.data) < header.start + (20 if protocol == TCP else 8):
            continue  # cut short, by a controller that asked for the beginning of frames only
        size = (frame.data[header.start + 12] >> 4) * 4 if protocol == TCP else 8  # bytes of the transport header
        yield Seen(frame, header, struct.unpack_from("!HH", frame.data, header.start),
                   frame.data[header.start + size:header.end])


# --- the probes of the access list ---

@dataclass(frozen=True)
class Probe:
    """What was tried, in words, and where its packets were seen: how many its host sent, how many arrived, were shown
    to the controller, or were on the way at s2; `answered`: the client got the server's word."""

    words: str
    source: str
    target: str
    sent: int
    arrived: int
    shown: int
    crossed: int
    answered: bool = False


@lru_cache(maxsize=32)
def under_the_list(evidence, place: str) -> tuple:
    """The frames at a place while the list was in force; at "controller" those that packet-ins hold, at "s2" those on
    either side of it."""
    if place == "controller":
        return tuple(message.inner for message in said(evidence, "PACKET_IN", "list", "list-ends") if message.inner)
    sides = ("s2-eth1", "s2-eth2") if place == "s2" else (place,)
    return tuple(frame for side in sides for frame in between(evidence, side, "list", "list-ends"))


@lru_cache(maxsize=32)
def parsed(evidence, place: str, protocol: int) -> tuple[Seen, ...]:
    return tuple(transport(under_the_list(evidence, place), protocol))


def probe(evidence, name: str) -> Probe:
    """What became of a conversation."""
    p = evidence.params
    talk = next(one for one in tried.all_talks(p) if one.name == name)
    ports = tried.ports(p, talk)
    evidence.mark(name)  # missing if the experiment did not get that far

    def packets(place: str, source: str, target: str, wanted: tuple[int, int]) -> list[Seen]:
        return [seen for seen in parsed(evidence, place, TCP if talk.protocol == "tcp" else UDP)
                if (seen.header.source, seen.header.target) == (p[source], p[target]) and seen.ports == wanted]

    there = [len(packets(place, talk.client, talk.server, ports))
             for place in (talk.client, talk.server, "controller", "s2")]
    return Probe(f"{talk.client} spoke to {talk.server} by {talk.protocol}, from port {ports[0]} to {ports[1]}",
                 talk.client, talk.server, *there,
                 any(tried.WORDS[1] in seen.payload
                     for seen in packets(talk.client, talk.server, talk.client, ports[::-1])))


def stray(evidence, name: str) -> Probe:
    """What became of a packet made by hand."""
    one = next(one for one in tried.strays(evidence.params) if one.name == name)
    evidence.mark(name)
    there = [sum(one.tag in frame.data for frame in under_the_list(evidence, place))
             for place in (one.source, one.target, "controller", "s2")]
    return Probe(f"{one.source} sent {one.kind} to {one.target}, which had not asked for it", one.source, one.target,
                 *there)


def ping(evidence, name: str) -> Probe:
    """What became of a ping's requests."""
    p, at = evidence.params, evidence.params["roles"]
    source, target = next((at[source], at[target]) for ping, source, target in plan.PINGS if ping == name)
    command = evidence.command(name)
    there = [sum(packet.type == icmp.ECHO_REQUEST and packet.source == p[source] and packet.target == p[target]
                 and command.start <= packet.time <= command.end
                 for packet in icmp.packets(under_the_list(evidence, place)))
             for place in (source, target, "controller", "s2")]
    return Probe(f"{source} pinged {target}", source, target, *there, command.status == 0)


# --- two paths ---

def flows(evidence) -> list[tuple[str, str, tuple[int, int]]]:
    """(source, target, ports) of the flows over the two paths, in the order in which they began."""
    p = evidence.params
    return [(*flow.split(">"), (plan.FIRST_PORT + number, p["web"] + number))
            for number, flow in enumerate(p["flows"].split())]


def of_flow(evidence, flow, place: str) -> tuple[list[Seen], list[Seen]]:
    """A flow's segments at a place: there, and back."""
    p, (source, target, ports) = evidence.params, flow
    seen = list(transport(between(evidence, place, "balanced", "flows-end"), TCP))
    ways = (p[source], p[target], ports), (p[target], p[source], ports[::-1])
    return tuple([one for one in seen if (one.header.source, one.header.target, one.ports) == way] for way in ways)


def paths(evidence, flow) -> tuple[set[str], set[str]]:
    """The middle switches that a flow's segments crossed: there, and back."""
    return tuple({middle for middle in MIDDLES if of_flow(evidence, flow, f"{middle}-eth1")[way]} for way in (0, 1))


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
    expect(before and after, done="the controller asked for port statistics",
           expected=f"those of port {port} of {switch}",
           seen=f"ports {sorted({str(entry.port) for _, where, entry in replies(evidence) if where == switch})}")
    return before[-1], after[0]


def ends(evidence) -> tuple[str, str]:
    return tuple(evidence.params["flows"].split()[0].split(">"))
