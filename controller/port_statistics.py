"""Port statistics: what each switch has counted at each port, every so many seconds, as lines of JSON.

    ryu-manager port_statistics.py                                  every 10 s; the switches forward by themselves
    ryu-manager --config-file FILE two_paths.py port_statistics.py  beside an application that does the forwarding

FILE has the lines  [statistics]  interval = 1  forward = false

The switches count by themselves; the controller asks (OpenFlow 1.3, section 7.3.5.6) and writes down. A line reads

    {"bytes_in": 980, "bytes_out": 1064, "dropped": 0, "packets_in": 10, "packets_out": 11, "port": 1, "seconds":
     12.5, "switch": 1}

where in and out are the switch's view (rx, tx), and the seconds count from when the port was added to the switch.
Counters only grow: the rate is the difference of two lines by the difference of their seconds.
"""

import json

from ryu import cfg
from ryu.base import app_manager
from ryu.controller import ofp_event
from ryu.controller.handler import CONFIG_DISPATCHER, DEAD_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from ryu.lib import hub
from ryu.ofproto import ofproto_v1_3

TABLE_MISS = 0  # priority
NANO = 1e-9

cfg.CONF.register_opts([cfg.FloatOpt("interval", default=10, min=0.01, help="seconds from one request to the next"),
                        cfg.BoolOpt("forward", default=True, help="have the switches forward by themselves")],
                       group="statistics")


class PortStatistics(app_manager.RyuApp):
    OFP_VERSIONS = [ofproto_v1_3.OFP_VERSION]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.switches = {}  # id -> switch

    def start(self):
        super().start()
        hub.spawn(self.ask)

    @set_ev_cls(ofp_event.EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def connected(self, event):
        """The reserved port NORMAL: forward as a switch without a controller would."""
        if not cfg.CONF.statistics.forward:
            return
        switch = event.msg.datapath
        ofp, parser = switch.ofproto, switch.ofproto_parser
        normal = parser.OFPActionOutput(ofp.OFPP_NORMAL)
        instructions = [parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, [normal])]
        switch.send_msg(parser.OFPFlowMod(switch, priority=TABLE_MISS, match=parser.OFPMatch(),
                                          instructions=instructions))

    @set_ev_cls(ofp_event.EventOFPStateChange, [MAIN_DISPATCHER, DEAD_DISPATCHER])
    def comes_or_goes(self, event):
        if event.state == MAIN_DISPATCHER:
            self.switches[event.datapath.id] = event.datapath
        else:
            self.switches.pop(event.datapath.id, None)

    def ask(self):
        while True:
            for switch in list(self.switches.values()):
                switch.send_msg(switch.ofproto_parser.OFPPortStatsRequest(switch, 0, switch.ofproto.OFPP_ANY))
            hub.sleep(cfg.CONF.statistics.interval)

    @set_ev_cls(ofp_event.EventOFPPortStatsReply, MAIN_DISPATCHER)
    def answered(self, event):
        switch = event.msg.datapath
        for port in sorted(event.msg.body, key=lambda port: port.port_no):
            if port.port_no <= switch.ofproto.OFPP_MAX:  # not the switch's own local port
                self.logger.info(json.dumps({
                    "switch": switch.id, "port": port.port_no, "seconds": port.duration_sec + port.duration_nsec * NANO,
                    "packets_in": port.rx_packets, "packets_out": port.tx_packets,
                    "bytes_in": port.rx_bytes, "bytes_out": port.tx_bytes,
                    "dropped": port.rx_dropped + port.tx_dropped}, sort_keys=True))
