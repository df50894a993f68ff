"""A learning switch, made otherwise: one table for all switches, frames read byte by byte, and a barrier between a flow
and the frame that it is for."""

from ryu.base.app_manager import RyuApp
from ryu.controller import ofp_event
from ryu.controller.handler import CONFIG_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from ryu.ofproto import ofproto_v1_3 as of
from ryu.ofproto import ofproto_v1_3_parser as parser
from settings import IDLE, PRIORITY


def text(address: bytes) -> str:
    return ":".join(f"{byte:02x}" for byte in address)


def apply(*ports):
    return [parser.OFPInstructionActions(of.OFPIT_APPLY_ACTIONS, [parser.OFPActionOutput(port) for port in ports])]


class Learner(RyuApp):
    OFP_VERSIONS = [of.OFP_VERSION]
    places: dict[tuple[int, str], int] = {}

    @set_ev_cls(ofp_event.EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def hello(self, event):
        to_us = [parser.OFPInstructionActions(of.OFPIT_APPLY_ACTIONS, [
            parser.OFPActionOutput(of.OFPP_CONTROLLER, of.OFPCML_NO_BUFFER)])]
        event.msg.datapath.send_msg(parser.OFPFlowMod(event.msg.datapath, priority=0, instructions=to_us))

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def shown(self, event):
        data, switch, port = event.msg.data, event.msg.datapath, event.msg.match["in_port"]
        target, source = text(data[:6]), text(data[6:12])
        if self.places.get((switch.id, source), port) != port:
            self.forget(switch, source)
        self.places[switch.id, source] = port
        known = self.places.get((switch.id, target))
        if known is not None and not data[0] & 1:
            switch.send_msg(parser.OFPFlowMod(
                switch, command=of.OFPFC_ADD, idle_timeout=IDLE, hard_timeout=0, priority=PRIORITY,
                match=parser.OFPMatch(eth_dst=target, eth_src=source, in_port=port), instructions=apply(known)))
            switch.send_msg(parser.OFPBarrierRequest(switch))
            out = [parser.OFPActionOutput(known)]
        else:
            out = [parser.OFPActionOutput(of.OFPP_FLOOD)]
        switch.send_msg(parser.OFPPacketOut(switch, in_port=port, buffer_id=of.OFP_NO_BUFFER, actions=out, data=data))

    def forget(self, switch, host):
        for match in ({"eth_dst": host}, {"eth_src": host}):
            switch.send_msg(parser.OFPFlowMod(switch, command=of.OFPFC_DELETE, out_port=of.OFPP_ANY,
                                              out_group=of.OFPG_ANY, match=parser.OFPMatch(**match)))
