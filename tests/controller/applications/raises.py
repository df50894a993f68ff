"""A hub that falls over its first packet."""

from ryu.base import app_manager
from ryu.controller import ofp_event
from ryu.controller.handler import CONFIG_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from ryu.ofproto import ofproto_v1_3


class Raises(app_manager.RyuApp):
    OFP_VERSIONS = [ofproto_v1_3.OFP_VERSION]
    first = True

    @set_ev_cls(ofp_event.EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def connected(self, event):
        switch = event.msg.datapath
        ofp, parser = switch.ofproto, switch.ofproto_parser
        ask = [parser.OFPActionOutput(ofp.OFPP_CONTROLLER, ofp.OFPCML_NO_BUFFER)]
        do = [parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, ask)]
        switch.send_msg(parser.OFPFlowMod(switch, priority=0, match=parser.OFPMatch(), instructions=do))

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def packet_in(self, event):
        message, switch = event.msg, event.msg.datapath
        ofp, parser = switch.ofproto, switch.ofproto_parser
        if self.first:
            self.first = False
            parser.OFPMatch(no_such_field=1)
        switch.send_msg(parser.OFPPacketOut(switch, ofp.OFP_NO_BUFFER, message.match["in_port"],
                                            [parser.OFPActionOutput(ofp.OFPP_FLOOD)], message.data))
