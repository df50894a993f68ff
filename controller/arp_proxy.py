"""An ARP proxy: the controller answers "who has this address?" itself, and nobody else is disturbed.

    ryu-manager arp_proxy.py

On a plain LAN every ARP request reaches every host. Here all ARP goes to the controller, which learns each sender's
pair of addresses from it. A request about a pair that it knows is answered by a reply that the controller makes; only
the asker receives it. Only a request about an address that nobody has spoken from yet is flooded; the next switches
show it to the controller, too, and are told to flood it on: only where the asker is, it may be answered.

All other frames are forwarded as by a learning switch.
"""

from collections import defaultdict

from ryu.base import app_manager
from ryu.controller import ofp_event
from ryu.controller.handler import CONFIG_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from ryu.lib.packet import arp, ether_types, ethernet, packet
from ryu.ofproto import ofproto_v1_3

TABLE_MISS, LEARNED, ARP = 0, 1, 2  # priorities: an ARP frame never matches a learned flow instead
IDLE = 60  # seconds without a frame after which a learned flow is forgotten
BROADCAST = "ff:ff:ff:ff:ff:ff"


class ArpProxy(app_manager.RyuApp):
    OFP_VERSIONS = [ofproto_v1_3.OFP_VERSION]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.owners = {}  # IP address -> MAC address
        self.homes = {}  # MAC address -> (switch id, port) that showed it first: where the host is
        self.ports = defaultdict(dict)  # switch id -> {MAC address: port}

    @set_ev_cls(ofp_event.EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def connected(self, event):
        switch = event.msg.datapath
        ofp, parser = switch.ofproto, switch.ofproto_parser
        ask = [parser.OFPActionOutput(ofp.OFPP_CONTROLLER, ofp.OFPCML_NO_BUFFER)]
        self.add_flow(switch, TABLE_MISS, parser.OFPMatch(), ask)
        self.add_flow(switch, ARP, parser.OFPMatch(eth_type=ether_types.ETH_TYPE_ARP), ask)

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def packet_in(self, event):
        message = event.msg
        switch, in_port = message.datapath, message.match["in_port"]
        frame = packet.Packet(message.data)
        heading, question = frame.get_protocol(ethernet.ethernet), frame.get_protocol(arp.arp)
        self.ports[switch.id][heading.src] = in_port
        home = self.homes.setdefault(heading.src, (switch.id, in_port))
        if question:
            self.owners[question.src_ip] = question.src_mac
        if question and home == (switch.id, in_port) and self.can_answer(question, heading):
            self.send(switch, switch.ofproto.OFPP_CONTROLLER, in_port, self.answer(question))
        else:
            self.forward(switch, in_port, heading, message.data, remember=not question)

    def can_answer(self, question, heading) -> bool:
        """Whether this is a question to all about a pair that we know.

        Not if it is in a unicast frame: that one asks whether its target is still there. Nor if a host asks about its
        own address: so it announces itself (RFC 5227), and wants no answer.
        """
        return (question.opcode == arp.ARP_REQUEST and heading.dst == BROADCAST and question.dst_ip in self.owners
                and question.src_ip != question.dst_ip)

    def answer(self, question) -> bytes:
        """The reply that the owner would send (RFC 826)."""
        owner = self.owners[question.dst_ip]
        reply = packet.Packet()
        reply.add_protocol(ethernet.ethernet(dst=question.src_mac, src=owner, ethertype=ether_types.ETH_TYPE_ARP))
        reply.add_protocol(arp.arp(opcode=arp.ARP_REPLY, src_mac=owner, src_ip=question.dst_ip,
                                   dst_mac=question.src_mac, dst_ip=question.src_ip))
        reply.serialize()
        return bytes(reply.data)

    def forward(self, switch, in_port, heading, data, remember):
        """To the port of the destination, or everywhere if it is not known; `remember`: have the switch do it."""
        ofp, parser = switch.ofproto, switch.ofproto_parser
        out_port = self.ports[switch.id].get(heading.dst, ofp.OFPP_FLOOD)
        if remember and out_port != ofp.OFPP_FLOOD:
            match = parser.OFPMatch(in_port=in_port, eth_src=heading.src, eth_dst=heading.dst)
            self.add_flow(switch, LEARNED, match, [parser.OFPActionOutput(out_port)], IDLE)
        self.send(switch, in_port, out_port, data)

    # --- what is said to a switch ---

    def add_flow(self, switch, priority, match, actions, idle=0):
        ofp, parser = switch.ofproto, switch.ofproto_parser
        instructions = [parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, actions)]
        switch.send_msg(parser.OFPFlowMod(switch, priority=priority, match=match, instructions=instructions,
                                          idle_timeout=idle))

    def send(self, switch, in_port, out_port, data):
        ofp, parser = switch.ofproto, switch.ofproto_parser
        switch.send_msg(parser.OFPPacketOut(switch, buffer_id=ofp.OFP_NO_BUFFER, in_port=in_port,
                                            actions=[parser.OFPActionOutput(out_port)], data=data))
