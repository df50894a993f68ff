"""Has the switch forward by itself, and then adds flows without end, some two thousand a second."""

from ryu.base import app_manager
from ryu.controller import ofp_event
from ryu.controller.handler import MAIN_DISPATCHER, set_ev_cls
from ryu.lib import hub
from ryu.ofproto import ofproto_v1_3

PAUSE = 0.0005  # s; without it Open vSwitch works through what it has received for minutes after the controller's death


class Floods(app_manager.RyuApp):
    OFP_VERSIONS = [ofproto_v1_3.OFP_VERSION]

    @set_ev_cls(ofp_event.EventOFPStateChange, MAIN_DISPATCHER)
    def connected(self, event):
        switch = event.datapath
        self.add(switch, 0, switch.ofproto_parser.OFPMatch(), switch.ofproto.OFPP_NORMAL)
        hub.spawn(self.flood, switch)

    def add(self, switch, priority, match, port):
        ofp, parser = switch.ofproto, switch.ofproto_parser
        do = [parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, [parser.OFPActionOutput(port)])]
        switch.send_msg(parser.OFPFlowMod(switch, priority=priority, match=match, instructions=do))

    def flood(self, switch):
        number = 0
        while True:
            number += 1
            address = (0x020000000000 + number).to_bytes(6, "big").hex(":")
            self.add(switch, 1, switch.ofproto_parser.OFPMatch(eth_dst=address), 1)
            hub.sleep(PAUSE)
