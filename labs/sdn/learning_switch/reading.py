"""Reading the evidence of this lab: what checks.py asks of the captures and of the flow tables."""

import re
from functools import lru_cache

from mnlab.protocols import icmp, ip, openflow
from mnlab.protocols.openflow import flow_table

HAND_MADE = (0x88B5, 0x86DD)  # EtherTypes of the frames made by hand
SETTLE = 0.5  # s: a flooded frame crosses two switches, each of which waits for the controller, 40 to 80 ms away
PINGS = 8  # requests of the ping during which the controller dies, one each half second
HOSTS = ("h1", "h2", "h3", "h4")


@lru_cache(maxsize=4)
def conversation(evidence) -> tuple:
    """All OpenFlow messages, in order of time."""
    return tuple(openflow.openflow_messages(evidence.frames("c0")))


def said(evidence, start: float, end: float, *types: str) -> list:
    """The OpenFlow messages of these types between two times (s); packet-ins and -outs of our hosts' frames only."""
    ours = {evidence.params[f"{name}_mac"] for name in HOSTS}
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


def hearers(evidence, number: int) -> list[str]:
    """Which hosts received the frame made by hand with this number (from 1), once for each time that they did."""
    source = evidence.params[f"{hand_made(evidence)[number - 1][0]}_mac"]
    return [host for host in HOSTS for frame in evidence.frames(host)
            if link(frame).ethertype in HAND_MADE and link(frame).source == source
            and link(frame).source != evidence.params[f"{host}_mac"]
            and f"frame {number} ".encode() in frame.data[14:]]


def port_at(evidence, switch: str, mac: str, time: float) -> int | None:
    """At which port of `switch` the host with this address really was; None if nobody has it."""
    p = evidence.params
    at, host = p["ports"], next((name for name in HOSTS if p[f"{name}_mac"] == mac), None)
    if host is None:
        return None
    carried = host == "h2" and time > evidence.mark("moved")
    if switch != ("s2" if host == "h4" or carried else "s1"):
        return at[switch]
    return at[host] if not carried else p["_h2_last" if time > evidence.mark("moved-again") else "_h2_later"]


def learned_flows(evidence, name: str) -> dict:
    """(switch, eth_src, eth_dst) -> flow, of the dump `name`, without those of priority 0."""
    return {(switch, flow.match.get("eth_src"), flow.match.get("eth_dst")): flow for switch in ("s1", "s2")
            for flow in flow_table.flows(evidence.text(f"{name}-{switch}")) if flow.priority}


def added(evidence) -> list:
    """The flow-mods by which the student's switch added flows, without those of priority 0."""
    return [message for message in said(evidence, evidence.command("your-switch").start, float("inf"), "FLOW_MOD")
            if message.body and message.body.command == "add" and message.body.priority]
