"""A learning switch for any number of switches, on Ryu.

Which port each MAC address is at, the controller learns from the source of the frames that it is shown. A frame to an
address that it knows gets a flow; all others are flooded.
"""

from collections import defaultdict

from ryu.base import app_manager
from ryu.controller import ofp_event
from ryu.controller.handler import CONFIG_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from ryu.lib.packet import ethernet, packet
from ryu.ofproto import ofproto_v1_3

PRIORITY = {{priority}}  # of a learned flow
IDLE = {{idle}}  # seconds without a frame after which the switch forgets a learned flow


class Switch(app_manager.RyuApp):
    OFP_VERSIONS = [ofproto_v1_3.OFP_VERSION]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.ports = defaultdict(dict)  # switch id -> MAC address -> port; a host is at another port of each switch

    @set_ev_cls(ofp_event.EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def connected(self, event):
        """A switch is there. Have it show us whatever it has no flow for."""
        switch = event.msg.datapath
        ofp, parser = switch.ofproto, switch.ofproto_parser
        self.add_flow(switch, 0, parser.OFPMatch(), parser.OFPActionOutput(ofp.OFPP_CONTROLLER, ofp.OFPCML_NO_BUFFER))

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def packet_in(self, event):
        """A switch shows us a frame: learn from it, and say where it goes."""
        message = event.msg
        switch, in_port = message.datapath, message.match["in_port"]
        ofp, parser = switch.ofproto, switch.ofproto_parser
        frame = packet.Packet(message.data).get_protocol(ethernet.ethernet)
        self.learn(switch, frame.src, in_port)

        out_port = self.ports[switch.id].get(frame.dst, ofp.OFPP_FLOOD)
        output = parser.OFPActionOutput(out_port)
        if out_port != ofp.OFPP_FLOOD:
            # The source, too: frames of a host that has not been learned yet, or has moved, must come to us.
            match = parser.OFPMatch(in_port=in_port, eth_src=frame.src, eth_dst=frame.dst)
            self.add_flow(switch, PRIORITY, match, output, idle_timeout=IDLE)
        switch.send_msg(parser.OFPPacketOut(switch, buffer_id=ofp.OFP_NO_BUFFER, in_port=in_port, actions=[output],
                                            data=message.data))

    def learn(self, switch, mac, port):
        """Note where a host is. If it was elsewhere before, the flows that lead there must go."""
        before = self.ports[switch.id].get(mac)
        self.ports[switch.id][mac] = port
        if before not in (None, port):
            ofp, parser = switch.ofproto, switch.ofproto_parser
            switch.send_msg(parser.OFPFlowMod(switch, command=ofp.OFPFC_DELETE, out_port=ofp.OFPP_ANY,
                                              out_group=ofp.OFPG_ANY, match=parser.OFPMatch(eth_dst=mac)))

    def add_flow(self, switch, priority, match, action, **limits):
        ofp, parser = switch.ofproto, switch.ofproto_parser
        todo = [parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, [action])]
        switch.send_msg(parser.OFPFlowMod(switch, priority=priority, match=match, instructions=todo, **limits))
