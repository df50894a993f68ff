"""A learning switch: it remembers which port each MAC address was seen at, and tells the switch.

    ryu-manager learning_switch.py

From the source of each frame the controller learns where a host is. A frame to a host that it knows gets a flow, and
the next one like it never reaches the controller. A frame to one that it does not know, or to everybody, is flooded.

A flow matches the source and the port, too. With the destination alone, frames of a host that is not learned yet
would pass by the controller, which then would never learn it.
"""

from collections import defaultdict

from ryu.base import app_manager
from ryu.controller import ofp_event
from ryu.controller.handler import CONFIG_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from ryu.lib.packet import ethernet, packet
from ryu.ofproto import ofproto_v1_3

TABLE_MISS, LEARNED = 0, 1  # priorities
IDLE = 60  # seconds without a frame after which a flow is forgotten


class LearningSwitch(app_manager.RyuApp):
    OFP_VERSIONS = [ofproto_v1_3.OFP_VERSION]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.ports = defaultdict(dict)  # switch id -> {MAC address: port}

    @set_ev_cls(ofp_event.EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def connected(self, event):
        switch = event.msg.datapath
        ofp, parser = switch.ofproto, switch.ofproto_parser
        self.ports.pop(switch.id, None)  # it may have been plugged in anew
        ask = parser.OFPActionOutput(ofp.OFPP_CONTROLLER, ofp.OFPCML_NO_BUFFER)
        self.add_flow(switch, TABLE_MISS, parser.OFPMatch(), [ask])

    def add_flow(self, switch, priority, match, actions, idle=0):
        ofp, parser = switch.ofproto, switch.ofproto_parser
        instructions = [parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, actions)]
        switch.send_msg(parser.OFPFlowMod(switch, priority=priority, match=match, instructions=instructions,
                                          idle_timeout=idle))

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def packet_in(self, event):
        message = event.msg
        switch, in_port = message.datapath, message.match["in_port"]
        ofp, parser = switch.ofproto, switch.ofproto_parser
        frame = packet.Packet(message.data).get_protocol(ethernet.ethernet)
        self.learn(switch, frame.src, in_port)

        out_port = self.ports[switch.id].get(frame.dst, ofp.OFPP_FLOOD)
        actions = [parser.OFPActionOutput(out_port)]
        if out_port != ofp.OFPP_FLOOD:
            match = parser.OFPMatch(in_port=in_port, eth_src=frame.src, eth_dst=frame.dst)
            self.add_flow(switch, LEARNED, match, actions, IDLE)
        switch.send_msg(parser.OFPPacketOut(switch, buffer_id=ofp.OFP_NO_BUFFER, in_port=in_port, actions=actions,
                                            data=message.data))

    def learn(self, switch, mac, port):
        """Note where `mac` is. If it was elsewhere before, flows that lead there are wrong now."""
        former = self.ports[switch.id].get(mac)
        self.ports[switch.id][mac] = port
        if former is not None and former != port:
            ofp, parser = switch.ofproto, switch.ofproto_parser
            switch.send_msg(parser.OFPFlowMod(switch, command=ofp.OFPFC_DELETE, out_port=ofp.OFPP_ANY,
                                              out_group=ofp.OFPG_ANY, match=parser.OFPMatch(eth_dst=mac)))
