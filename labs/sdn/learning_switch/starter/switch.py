"""A learning switch for any number of switches, on Ryu. So far it is a hub: it floods every frame.

    ryu-manager switch.py

Ryu calls connected() when a switch connects, packet_in() when a switch shows us a frame that it has no flow for.
`switch.id` tells the switches apart.
"""

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
        # TODO: what must be remembered? There are two switches: is a host at the same port of both?

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
        frame = packet.Packet(message.data).get_protocol(ethernet.ethernet)  # frame.src, frame.dst

        # TODO: learn. And if the host was at another port before: which flows are wrong now? They must go
        #       (parser.OFPFlowMod with command=ofp.OFPFC_DELETE, out_port=ofp.OFPP_ANY, out_group=ofp.OFPG_ANY and a
        #       match for what is to be deleted).

        # TODO: where does this frame go? As long as we do not know, everywhere but back.
        output = parser.OFPActionOutput(ofp.OFPP_FLOOD)

        # TODO: if we know, the next frame like this one need not come to us: add_flow with PRIORITY and
        #       idle_timeout=IDLE. But mind what the flow matches: in_port, eth_src, eth_dst are to be had. Which
        #       frames do you still want to see, to learn from them?

        # This frame itself is with us, and goes on from here.
        switch.send_msg(parser.OFPPacketOut(switch, buffer_id=ofp.OFP_NO_BUFFER, in_port=in_port, actions=[output],
                                            data=message.data))

    def add_flow(self, switch, priority, match, action, **limits):
        """Add a flow: frames that match go where `action` says. limits: idle_timeout=..., hard_timeout=... (s)."""
        ofp, parser = switch.ofproto, switch.ofproto_parser
        todo = [parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, [action])]
        switch.send_msg(parser.OFPFlowMod(switch, priority=priority, match=match, instructions=todo, **limits))
