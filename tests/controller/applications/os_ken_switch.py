"""A learning switch for os-ken."""
from os_ken.base import app_manager
from os_ken.controller import ofp_event
from os_ken.controller.handler import CONFIG_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from os_ken.lib.packet import ethernet, packet
from os_ken.ofproto import ofproto_v1_3


class Switch(app_manager.OSKenApp):
    OFP_VERSIONS = [ofproto_v1_3.OFP_VERSION]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.seen = {}

    @set_ev_cls(ofp_event.EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def connected(self, event):
        self.flow(event.msg.datapath, 0, {}, event.msg.datapath.ofproto.OFPP_CONTROLLER)

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def packet_in(self, event):
        message = event.msg
        switch, port = message.datapath, message.match["in_port"]
        frame = packet.Packet(message.data).get_protocol(ethernet.ethernet)
        self.seen[switch.id, frame.src] = port
        out = self.seen.get((switch.id, frame.dst), switch.ofproto.OFPP_FLOOD)
        if out != switch.ofproto.OFPP_FLOOD:
            self.flow(switch, 1, {"in_port": port, "eth_src": frame.src, "eth_dst": frame.dst}, out)
        parser = switch.ofproto_parser
        switch.send_msg(parser.OFPPacketOut(switch, buffer_id=switch.ofproto.OFP_NO_BUFFER, in_port=port,
                                            actions=[parser.OFPActionOutput(out)], data=message.data))

    def flow(self, switch, priority, match, out):
        parser = switch.ofproto_parser
        actions = [parser.OFPActionOutput(out, switch.ofproto.OFPCML_NO_BUFFER)]
        instructions = [parser.OFPInstructionActions(switch.ofproto.OFPIT_APPLY_ACTIONS, actions)]
        switch.send_msg(parser.OFPFlowMod(switch, priority=priority, match=parser.OFPMatch(**match),
                                          instructions=instructions))
