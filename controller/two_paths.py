"""Load balancing: two paths between two switches, each flow on one of them.

    ryu-manager two_paths.py          with topologies/diamond.py

    hosts -- s1 --(1)-- s2 --(1)-- s4 -- hosts
              \\--(2)-- s3 --(2)--/

A flow is what has the same addresses, protocol and ports, in either direction: the packets of a conversation. Each
new one gets the path that the one before it did not get, and stays there, both ways: packets of one conversation on
paths of different lengths would overtake each other.

Of a packet that was cut in pieces, only the first piece has ports. So fragments are flows of their own, without ports:
all that the same two hosts send each other in pieces takes one path, and the pieces of a packet stay together.

The two paths are a loop, and a broadcast sent round a loop never ends. So nothing is ever flooded: a frame for
everybody goes up to the controller, which hands it to each host itself, at the switch where that host is.
"""

from ryu.base import app_manager
from ryu.controller import ofp_event
from ryu.controller.handler import CONFIG_DISPATCHER, DEAD_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from ryu.lib.packet import arp, ether_types, ethernet, in_proto, ipv4, packet, tcp, udp
from ryu.ofproto import ofproto_v1_3

EDGES, MIDDLES = (1, 4), (2, 3)  # the switches' ids
PATHS = (1, 2)  # at an edge: the port of each path; a middle switch has no other ports
PORTS = {in_proto.IPPROTO_TCP: (tcp.tcp, "tcp"), in_proto.IPPROTO_UDP: (udp.udp, "udp")}
MORE_FRAGMENTS = 1  # in the flags of an IP header (RFC 791): this is not the last piece
#: (value, mask) of ip_frag, which is Open vSwitch's own (ovs-fields(7)): a whole packet, a piece of one. The switch
#: wants to read first that there is an IP header. Ryu writes eth_type after it, but eth_type_nxm, the same, before.
WHOLE, PIECE = (0, 3), (1, 1)
TABLE_MISS, CHOSEN = 0, 1  # priorities
IDLE = 30  # seconds without a packet after which a switch forgets a flow; the controller does not


class TwoPaths(app_manager.RyuApp):
    OFP_VERSIONS = [ofproto_v1_3.OFP_VERSION]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.edges = {}  # switch id -> switch
        self.host_ports = {}  # switch id -> ports that hosts are at
        self.hosts = {}  # MAC address -> (switch id, port)
        self.paths = {}  # flow -> its path's port

    # --- switches come and go ---

    @set_ev_cls(ofp_event.EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def connected(self, event):
        switch = event.msg.datapath
        ofp, parser = switch.ofproto, switch.ofproto_parser
        if switch.id in MIDDLES:
            for one, other in (PATHS, reversed(PATHS)):
                self.add_flow(switch, CHOSEN, parser.OFPMatch(in_port=one), other)
        else:
            self.edges[switch.id] = switch
            self.add_flow(switch, TABLE_MISS, parser.OFPMatch(), ofp.OFPP_CONTROLLER)

    @set_ev_cls(ofp_event.EventOFPPortDescStatsReply, CONFIG_DISPATCHER)
    def described(self, event):
        switch = event.msg.datapath
        ports = [port.port_no for port in event.msg.body if port.port_no <= switch.ofproto.OFPP_MAX]
        self.host_ports[switch.id] = [port for port in ports if port not in PATHS]

    @set_ev_cls(ofp_event.EventOFPStateChange, DEAD_DISPATCHER)
    def gone(self, event):
        if self.edges.get(event.datapath.id) is event.datapath:
            del self.edges[event.datapath.id]

    # --- frames that a switch asks about ---

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def packet_in(self, event):
        message = event.msg
        switch, in_port = message.datapath, message.match["in_port"]
        frame = packet.Packet(message.data)
        heading = frame.get_protocol(ethernet.ethernet)
        if in_port not in PATHS:
            self.hosts[heading.src] = switch.id, in_port
        if frame.get_protocol(arp.arp) or heading.dst not in self.hosts:
            self.deliver(heading, message.data)
        elif frame.get_protocol(ipv4.ipv4):
            self.route(switch, frame, message.data)

    def deliver(self, heading, data):
        """Hand a frame to its host, or to every host but its sender: at their own ports, never over a path."""
        everyone = [(number, port) for number in self.edges for port in self.host_ports[number]]
        here = [self.hosts[heading.dst]] if heading.dst in self.hosts else everyone
        for number, port in here:
            if (number, port) != self.hosts.get(heading.src) and number in self.edges:
                self.send(self.edges[number], port, data)

    def route(self, switch, frame, data):
        """Give the frame's flow a path, tell the edges on its way, and send the frame on from where it is."""
        heading, there = frame.get_protocol(ethernet.ethernet), fields(frame)
        back = reverse(there)
        flow = frozenset(tuple(sorted(way.items())) for way in (there, back))
        if flow not in self.paths:
            self.paths[flow] = PATHS[len(self.paths) % len(PATHS)]
        source, target = self.hosts[heading.src], self.hosts[heading.dst]
        on_its_way = [self.edges[number] for number in dict.fromkeys((target[0], source[0])) if number in self.edges]
        for edge in on_its_way:  # the far one first, so that its flows are there before the frame
            for match, end in ((there, target), (back, source)):
                self.add_flow(edge, CHOSEN, edge.ofproto_parser.OFPMatch(**match), self.way(edge, end, flow), IDLE)
        self.send(switch, self.way(switch, target, flow), data)

    def way(self, switch, end, flow) -> int:
        """The port by which a switch sends a flow's packets to the host at `end`."""
        return end[1] if switch.id == end[0] else self.paths[flow]

    # --- what is said to a switch ---

    def add_flow(self, switch, priority, match, out_port, idle=0):
        ofp, parser = switch.ofproto, switch.ofproto_parser
        output = parser.OFPActionOutput(out_port, ofp.OFPCML_NO_BUFFER)
        instructions = [parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, [output])]
        switch.send_msg(parser.OFPFlowMod(switch, priority=priority, match=match, instructions=instructions,
                                          idle_timeout=idle))

    def send(self, switch, port, data):
        ofp, parser = switch.ofproto, switch.ofproto_parser
        switch.send_msg(parser.OFPPacketOut(switch, buffer_id=ofp.OFP_NO_BUFFER, in_port=ofp.OFPP_CONTROLLER,
                                            actions=[parser.OFPActionOutput(port)], data=data))


def fields(frame) -> dict:
    """What makes a packet one of its flow: addresses, protocol, ports. What follows an IP header is taken for ports
    only once the header has said that the packet is whole."""
    header = frame.get_protocol(ipv4.ipv4)
    found = {"eth_type_nxm": ether_types.ETH_TYPE_IP, "ipv4_src": header.src, "ipv4_dst": header.dst,
             "ip_proto": header.proto}
    if header.offset or header.flags & MORE_FRAGMENTS:
        return found | {"ip_frag": PIECE}
    found["ip_frag"] = WHOLE
    protocol, name = PORTS.get(header.proto, (None, ""))
    ports = frame.get_protocol(protocol) if protocol else None
    if ports:
        found |= {f"{name}_src": ports.src_port, f"{name}_dst": ports.dst_port}
    return found


def reverse(match: dict) -> dict:
    """The same flow in the other direction."""
    swapped = {"src": "dst", "dst": "src"}
    return {f"{name[:-3]}{swapped[name[-3:]]}" if name[-3:] in swapped else name: value
            for name, value in match.items()}
