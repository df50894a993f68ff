"""A hub: every frame goes to the controller, and comes back out of every port but the one it came from.

    ryu-manager hub.py

The smallest controller that connects hosts. It shows the two messages that all others are made of: the switch has
no flow for a frame and sends it up (packet-in), the controller says what to do with it (packet-out). It remembers
nothing, so it is asked about every frame, and every host hears everything.
"""

from ryu.base import app_manager
from ryu.controller import ofp_event
from ryu.controller.handler import CONFIG_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from ryu.ofproto import ofproto_v1_3

TABLE_MISS = 0  # priority of the flow for frames that no other flow matches


class Hub(app_manager.RyuApp):
    OFP_VERSIONS = [ofproto_v1_3.OFP_VERSION]

    @set_ev_cls(ofp_event.EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def connected(self, event):
        """A new switch has an empty table, and drops everything (OpenFlow 1.3, section 5.4). Have it ask instead."""
        switch = event.msg.datapath
        ofp, parser = switch.ofproto, switch.ofproto_parser
        ask = parser.OFPActionOutput(ofp.OFPP_CONTROLLER, ofp.OFPCML_NO_BUFFER)  # the whole frame, not its beginning
        instructions = [parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, [ask])]
        switch.send_msg(parser.OFPFlowMod(switch, priority=TABLE_MISS, match=parser.OFPMatch(),
                                          instructions=instructions))

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def packet_in(self, event):
        """FLOOD means every port but the one that the frame came in by, which is why that one is named, too."""
        message = event.msg
        switch = message.datapath
        ofp, parser = switch.ofproto, switch.ofproto_parser
        switch.send_msg(parser.OFPPacketOut(switch, buffer_id=ofp.OFP_NO_BUFFER, in_port=message.match["in_port"],
                                            actions=[parser.OFPActionOutput(ofp.OFPP_FLOOD)], data=message.data))
