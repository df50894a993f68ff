"""Asks for statistics all the time; built on Ryu's own switch; an option of its own."""
from pprint import pformat as pretty

from oslo_config import cfg
from ryu.app import simple_switch_13
from ryu.controller import ofp_event
from ryu.controller.handler import DEAD_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from ryu.lib import hub


class Monitor(simple_switch_13.SimpleSwitch13):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.CONF.register_opts([cfg.IntOpt("every", default=2)])
        self.paths = {}
        self.thread = hub.spawn(self.ask)

    @set_ev_cls(ofp_event.EventOFPStateChange, [MAIN_DISPATCHER, DEAD_DISPATCHER])
    def state(self, ev):
        if ev.state == MAIN_DISPATCHER:
            self.paths[ev.datapath.id] = ev.datapath
        elif ev.datapath.id in self.paths:
            del self.paths[ev.datapath.id]

    def ask(self):
        while True:
            for dp in self.paths.values():
                dp.send_msg(dp.ofproto_parser.OFPPortStatsRequest(dp, 0, dp.ofproto.OFPP_ANY))
            hub.sleep(self.CONF.every)

    @set_ev_cls(ofp_event.EventOFPPortStatsReply, MAIN_DISPATCHER)
    def got(self, ev):
        self.logger.info("STATS %s", pretty(ev.msg.body))
