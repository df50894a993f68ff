"""An access list in the switches (OpenFlow 1.3).

    ryu-manager acl.py

Every switch gets two tables. Table 0 is the access list: what it permits goes on to table 1, all else ends there.
Table 1 is a learning switch. The controller is asked about frames that the list permits and table 1 does not know.
"""

from collections import defaultdict, namedtuple

from ryu.base import app_manager
from ryu.controller import ofp_event
from ryu.controller.handler import CONFIG_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from ryu.lib.packet import ethernet, packet
from ryu.ofproto import ofproto_v1_3

ACCESS, FORWARDING = 0, 1  # tables
PERMIT, DENY = True, False
ARP, IPV4 = 0x0806, 0x0800  # eth_type
ICMP, TCP, UDP = 1, 6, 17  # ip_proto
ECHO_REPLY, ECHO_REQUEST = 0, 8  # icmpv4_type
SYN, ACK = 0x02, 0x10  # TCP flags
ANY = None
HIGHEST, LOWEST = 100, 0  # priorities: ARP, what no rule fits; the rules lie between, the first one on top

#: The list. The first rule that fits decides. CLIENT may (or may not) begin a conversation with SERVER at PORT of
#: SERVER; icmp has no ports, and is about ping. Who may begin may do so from any port, and gets the answers; who may
#: not, cannot begin from any port. What no rule permits is denied. ARP is not on the list: it always passes.
Rule = namedtuple("Rule", "decision protocol client server port")
RULES = [
    Rule(DENY, TCP, "{{blocked}}", "{{server}}", {{web}}),
    Rule(PERMIT, TCP, ANY, "{{server}}", {{web}}),
    Rule(DENY, TCP, "{{managed}}", "{{server}}", {{web}}),  # too late: the rule before has decided
    Rule(PERMIT, TCP, "{{admin}}", "{{managed}}", {{login}}),
    Rule(PERMIT, UDP, "{{managed}}", "{{server}}", {{names}}),
    Rule(PERMIT, ICMP, "{{admin}}", "{{server}}", ANY),
    Rule(PERMIT, TCP, "{{server}}", "{{managed}}", {{login}}),
]


def flows(rules) -> list[tuple[int, dict, bool]]:
    """(priority, match, decision) of each flow of table 0, for instance (10, {"eth_type": ARP}, PERMIT).

    A match is made of eth_type, ip_proto, ipv4_src, ipv4_dst, tcp_src, tcp_dst, udp_src, udp_dst, icmpv4_type. To
    match TCP flags say tcp_flags=(VALUE, MASK): (SYN, SYN) is "SYN is set, whatever the others", (SYN, SYN | ACK)
    is "SYN is set and ACK is not". {} matches everything.
    """
    found = [(HIGHEST, {"eth_type": ARP}, PERMIT), (LOWEST, {}, DENY)]
    for number, rule in enumerate(rules):
        found += [(HIGHEST - 1 - number, {"eth_type": IPV4, "ip_proto": rule.protocol, **match}, rule.decision)
                  for match in directions(rule)]
    return found


def directions(rule) -> list[dict]:
    """What a rule is about: the way there, and, where it permits, the way back."""
    there, back = ends(rule.client, rule.server), ends(rule.server, rule.client)
    if rule.protocol == ICMP:
        there["icmpv4_type"], back["icmpv4_type"] = ECHO_REQUEST, ECHO_REPLY
    elif rule.protocol == UDP:
        there["udp_dst"] = back["udp_src"] = rule.port
    else:
        there["tcp_dst"] = back["tcp_src"] = rule.port
        back["tcp_flags"] = (ACK, ACK)  # all segments have it but the one that begins a connection
    return [there, back] if rule.decision == PERMIT else [there]


def ends(source, target) -> dict:
    """The match for packets from one address to another."""
    return {name: address for name, address in (("ipv4_src", source), ("ipv4_dst", target)) if address is not ANY}


class AccessList(app_manager.RyuApp):
    OFP_VERSIONS = [ofproto_v1_3.OFP_VERSION]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.ports = defaultdict(dict)  # switch id -> {MAC address: port}

    @set_ev_cls(ofp_event.EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def connected(self, event):
        """Fill the tables of a switch that has just connected, before it forwards anything."""
        switch = event.msg.datapath
        ofp, parser = switch.ofproto, switch.ofproto_parser
        ask = parser.OFPActionOutput(ofp.OFPP_CONTROLLER, ofp.OFPCML_NO_BUFFER)
        self.add_flow(switch, FORWARDING, 0, {}, [parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, [ask])])
        for priority, match, decision in flows(RULES):
            # Without instructions a packet ends here.
            instructions = [parser.OFPInstructionGotoTable(FORWARDING)] if decision == PERMIT else []
            self.add_flow(switch, ACCESS, priority, match, instructions)

    def add_flow(self, switch, table, priority, match, instructions):
        parser = switch.ofproto_parser
        switch.send_msg(parser.OFPFlowMod(switch, table_id=table, priority=priority, match=parser.OFPMatch(**match),
                                          instructions=instructions))

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def packet_in(self, event):
        """A permitted frame that table 1 has no flow for: learn, forward, and add a flow."""
        message = event.msg
        switch, in_port = message.datapath, message.match["in_port"]
        ofp, parser = switch.ofproto, switch.ofproto_parser
        frame = packet.Packet(message.data).get_protocol(ethernet.ethernet)
        self.ports[switch.id][frame.src] = in_port
        out_port = self.ports[switch.id].get(frame.dst, ofp.OFPP_FLOOD)
        actions = [parser.OFPActionOutput(out_port)]
        if out_port != ofp.OFPP_FLOOD:
            self.add_flow(switch, FORWARDING, 1, {"in_port": in_port, "eth_src": frame.src, "eth_dst": frame.dst},
                          [parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, actions)])
        switch.send_msg(parser.OFPPacketOut(switch, buffer_id=ofp.OFP_NO_BUFFER, in_port=in_port, actions=actions,
                                            data=message.data))
