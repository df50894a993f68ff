"""An access list: what is not permitted is dropped, by the switch itself.

    ryu-manager --config-file access_list.conf access_list.py

The list stands in a configuration file. The example in access_list.conf explains its lines:

    [access_list]
    permit = tcp 10.0.0.1 10.0.0.2 80

Two tables in the switch. The first one holds the list: what it permits goes on to the second table, all else ends
there. The second one is an ordinary learning switch, and knows nothing of the list. So the list is complete from the
start, before the first packet; the controller is not asked about each connection.

A rule needs flows in both directions. A flow knows no connections, only packets: that an answer may come back, and
that a connection may not be opened from that side, are two different matches.
"""

import ipaddress
from collections import defaultdict, namedtuple

from ryu import cfg
from ryu.base import app_manager
from ryu.controller import ofp_event
from ryu.controller.handler import CONFIG_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from ryu.lib.packet import ether_types, ethernet, icmp, in_proto, packet
from ryu.ofproto import ofproto_v1_3

ACCESS, FORWARDING = 0, 1  # tables
DROP, TABLE_MISS, PERMITTED, LEARNED = 0, 0, 1, 1  # priorities
IDLE = 60  # seconds without a frame after which a learned flow is forgotten
RST, ACK = 0x04, 0x10  # TCP flags (RFC 9293): what only one who answers sets

Rule = namedtuple("Rule", "protocol client server port")

cfg.CONF.register_opts([cfg.MultiStrOpt("permit", default=[], help="PROTOCOL CLIENT SERVER [PORT]")],
                       group="access_list")


def parse(line: str) -> Rule:
    """A line of the list: protocol, who may begin, with whom, at which port (not for icmp)."""
    protocol, client, server, *port = line.split()
    if protocol not in ("tcp", "udp", "icmp") or len(port) != (protocol != "icmp"):
        raise ValueError(f"access list: {line!r} is not PROTOCOL CLIENT SERVER [PORT], like: tcp 10.0.0.1 10.0.0.2 80")
    return Rule(protocol, network(client), network(server), int(port[0]) if port else None)


def network(text: str) -> tuple[str, str]:
    """An address, or a network like 10.0.0.0/24, as OpenFlow wants it: address and mask."""
    found = ipaddress.ip_network(text)
    return str(found.network_address), str(found.netmask)


def matches(rule: Rule) -> list[dict]:
    """The packets that a rule permits: there, and back."""
    there = {"eth_type": ether_types.ETH_TYPE_IP, "ipv4_src": rule.client, "ipv4_dst": rule.server}
    back = {"eth_type": ether_types.ETH_TYPE_IP, "ipv4_src": rule.server, "ipv4_dst": rule.client}
    if rule.protocol == "icmp":
        return [{**there, "ip_proto": in_proto.IPPROTO_ICMP, "icmpv4_type": icmp.ICMP_ECHO_REQUEST},
                {**back, "ip_proto": in_proto.IPPROTO_ICMP, "icmpv4_type": icmp.ICMP_ECHO_REPLY}]
    if rule.protocol == "udp":
        return [{**there, "ip_proto": in_proto.IPPROTO_UDP, "udp_dst": rule.port},
                {**back, "ip_proto": in_proto.IPPROTO_UDP, "udp_src": rule.port}]
    return [{**there, "ip_proto": in_proto.IPPROTO_TCP, "tcp_dst": rule.port},
            *({**back, "ip_proto": in_proto.IPPROTO_TCP, "tcp_src": rule.port, "tcp_flags": (flag, flag)}
              for flag in (ACK, RST))]


class AccessList(app_manager.RyuApp):
    OFP_VERSIONS = [ofproto_v1_3.OFP_VERSION]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.rules = [parse(line) for line in cfg.CONF.access_list.permit]
        self.ports = defaultdict(dict)  # switch id -> {MAC address: port}

    @set_ev_cls(ofp_event.EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def connected(self, event):
        switch = event.msg.datapath
        ofp, parser = switch.ofproto, switch.ofproto_parser
        go_on = [parser.OFPInstructionGotoTable(FORWARDING)]
        ask = [parser.OFPActionOutput(ofp.OFPP_CONTROLLER, ofp.OFPCML_NO_BUFFER)]
        self.add_flow(switch, FORWARDING, TABLE_MISS, {}, [parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, ask)])
        self.add_flow(switch, ACCESS, DROP, {}, [])  # no instructions: the packet ends here, and is counted
        self.add_flow(switch, ACCESS, PERMITTED, {"eth_type": ether_types.ETH_TYPE_ARP}, go_on)
        for match in (match for rule in self.rules for match in matches(rule)):
            self.add_flow(switch, ACCESS, PERMITTED, match, go_on)

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def packet_in(self, event):
        """A permitted frame that the second table has no flow for."""
        message = event.msg
        switch, in_port = message.datapath, message.match["in_port"]
        ofp, parser = switch.ofproto, switch.ofproto_parser
        frame = packet.Packet(message.data).get_protocol(ethernet.ethernet)
        self.ports[switch.id][frame.src] = in_port
        out_port = self.ports[switch.id].get(frame.dst, ofp.OFPP_FLOOD)
        actions = [parser.OFPActionOutput(out_port)]
        if out_port != ofp.OFPP_FLOOD:
            self.add_flow(switch, FORWARDING, LEARNED, {"in_port": in_port, "eth_src": frame.src, "eth_dst": frame.dst},
                          [parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, actions)], IDLE)
        switch.send_msg(parser.OFPPacketOut(switch, buffer_id=ofp.OFP_NO_BUFFER, in_port=in_port, actions=actions,
                                            data=message.data))

    def add_flow(self, switch, table, priority, match, instructions, idle=0):
        parser = switch.ofproto_parser
        switch.send_msg(parser.OFPFlowMod(switch, table_id=table, priority=priority, match=parser.OFPMatch(**match),
                                          instructions=instructions, idle_timeout=idle))
