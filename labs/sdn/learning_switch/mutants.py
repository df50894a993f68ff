"""Ways to break the learning switch lab, each of which some check must catch."""

from pathlib import Path

from mnlab.checks import mutant

ENOUGH = ("second_cable", "standalone", "never_learns", "twice")

# --- the network misbehaves ---


@mutant.network("the hub is a learning switch")
def clever_hub(net, params):
    Path("controller/hub.py").write_text(Path("controller/learning_switch.py").read_text())


@mutant.network("the hub has no flow for table misses")
def deaf_hub(net, params):
    hub = Path("controller/hub.py")
    hub.write_text(hub.read_text().replace("priority=TABLE_MISS,", "priority=TABLE_MISS, command=ofp.OFPFC_MODIFY,"))


@mutant.network("a second cable joins h1 and h2 past the switch")
def second_cable(net, params):
    ends = [f"s1-eth{params['ports'][host]}" for host in ("h1", "h2")]
    for one, other in (ends, ends[::-1]):
        net["s1"].run(f"tc qdisc add dev {one} clsact && "
                      f"tc filter add dev {one} ingress matchall action mirred egress redirect dev {other}")


@mutant.network("h3's port lets nothing out")
def blocked_port(net, params):
    port = f"s1-eth{params['ports']['h3']}"
    net["s1"].run(f"tc qdisc add dev {port} clsact && tc filter add dev {port} egress matchall action drop")


@mutant.network("the switches stand alone from the beginning")
def standalone(net, params):
    for switch in ("s1", "s2"):
        net[switch].set_fail_mode("standalone")


@mutant.network("the switches stay secure")
def always_secure(net, params):
    for switch in ("s1", "s2"):
        net[switch].set_fail_mode = lambda mode: None


# --- wrong programs ---

LEARN = "        self.learn(switch, frame.src, in_port)\n"


@mutant.work("it is Ryu's own learning switch")
def reference(work, params):
    work.write("switch.py", "from ryu.app.simple_switch_13 import SimpleSwitch13\n\n\n"
                            "class LearningSwitch(SimpleSwitch13):\n    pass\n")


@mutant.work("it forgets to learn", breaks="R1")
def never_learns(work, params):
    work.edit("switch.py", LEARN, "")


@mutant.work("it learns the destination for the source", breaks="R1")
def learns_destination(work, params):
    work.edit("switch.py", LEARN, LEARN.replace("frame.src", "frame.dst"))


@mutant.work("it has one table for all switches", breaks="R1")
def one_table(work, params):
    work.edit("switch.py", "self.ports[switch.id]", "self.ports[0]")


@mutant.work("it sends by the right port and never adds a flow", breaks="R3")
def no_flows(work, params):
    work.edit("switch.py", "            self.add_flow(switch, PRIORITY, match, output, idle_timeout=IDLE)\n", "")


@mutant.work("it adds the flow and does not send the frame on", breaks="R5")
def keeps_frame(work, params):
    work.edit("switch.py", "idle_timeout=IDLE)\n", "idle_timeout=IDLE)\n            return\n")


@mutant.work("its flows match the destination only", breaks="R3")
def destination_only(work, params):
    work.edit("switch.py", "in_port=in_port, eth_src=frame.src, eth_dst", "eth_dst")


@mutant.work("its flows match the two addresses, but not the port", breaks="R3")
def no_port(work, params):
    work.edit("switch.py", "in_port=in_port, eth_src", "eth_src")


@mutant.work("its flows lead back to where the frame came from", breaks="R3")
def wrong_port(work, params):
    work.edit("switch.py", "self.add_flow(switch, PRIORITY, match, output,",
              "self.add_flow(switch, PRIORITY, match, parser.OFPActionOutput(ofp.OFPP_IN_PORT),")


@mutant.work("it drops frames to whom it does not know", breaks="R6")
def drops_unknown(work, params):
    work.edit("switch.py", "        output = parser",
              "        if out_port == ofp.OFPP_FLOOD and frame.dst != 'ff:ff:ff:ff:ff:ff':\n            return\n"
              "        output = parser")


@mutant.work("its flows flood", breaks="R6")
def flooding_flows(work, params):
    work.edit("switch.py", "        if out_port != ofp.OFPP_FLOOD:\n", "        if True:\n")


@mutant.work("its flows never expire", breaks="R4")
def no_timeout(work, params):
    work.edit("switch.py", ", idle_timeout=IDLE", "")


@mutant.work("its flows end after three seconds, used or not", breaks="R4")
def hard_timeout(work, params):
    work.edit("switch.py", "idle_timeout=IDLE", "idle_timeout=IDLE, hard_timeout=3")


@mutant.work("it leaves the flows to a host's old port", breaks="R7")
def stale_flows(work, params):
    work.edit("switch.py", "if before not in (None, port):", "if False:")


@mutant.work("it remembers the first port of a host for ever", breaks="R7")
def first_port(work, params):
    work.edit("switch.py", "self.ports[switch.id][mac] = port", "self.ports[switch.id].setdefault(mac, port)")


@mutant.work("what it floods comes back to the sender, too", breaks="R6")
def comes_back(work, params):
    work.edit("switch.py", "in_port=in_port, actions=[output]", "in_port=ofp.OFPP_CONTROLLER, actions=[output]")


@mutant.work("it learns from broadcasts only", breaks="R1")
def learns_from_broadcasts(work, params):
    work.edit("switch.py", LEARN,
              f"        if frame.dst == 'ff:ff:ff:ff:ff:ff' or self.ports[switch.id].get(frame.src):\n"
                                  f"    {LEARN}")


@mutant.work("it learns from IPv4 and ARP only", breaks="R1")
def learns_from_protocols(work, params):
    work.edit("switch.py", LEARN, f"        if frame.ethertype in (0x0800, 0x0806):\n    {LEARN}")


@mutant.work("a frame that it has added a flow for is flooded all the same", breaks="R2")
def floods_at_hand(work, params):
    work.edit("switch.py", "in_port=in_port, actions=[output]",
              "in_port=in_port, actions=[parser.OFPActionOutput(ofp.OFPP_FLOOD)]")


@mutant.work("it forwards ARP answers to everybody", breaks="R2")
def floods_arp(work, params):
    work.edit("switch.py", "get(frame.dst, ofp.OFPP_FLOOD)",
              "get(frame.dst, ofp.OFPP_FLOOD) if frame.ethertype != 0x0806 else ofp.OFPP_FLOOD")


@mutant.work("its flows match in_port and destination, whoever sends", breaks="R3")
def any_sender(work, params):
    work.edit("switch.py", "in_port=in_port, eth_src=frame.src, eth_dst", "in_port=in_port, eth_dst")


@mutant.work("its flows are for one protocol each", breaks="R3")
def by_protocol(work, params):
    work.edit("switch.py", "eth_dst=frame.dst)", "eth_dst=frame.dst, eth_type=frame.ethertype)")


@mutant.work("it adds the flow for the way back, too", breaks="R3")
def both_ways(work, params):
    work.edit("switch.py", "output, idle_timeout=IDLE)\n", "output, idle_timeout=IDLE)\n"
              "            back = parser.OFPMatch(in_port=out_port, eth_src=frame.dst, eth_dst=frame.src)\n"
              "            self.add_flow(switch, PRIORITY, back, parser.OFPActionOutput(in_port), idle_timeout=IDLE)\n")


@mutant.work("it adds a flow for a pair once, and never again", breaks="R3")
def once_for_ever(work, params):
    work.edit("switch.py", "        if out_port != ofp.OFPP_FLOOD:\n",
              "        pair = switch.id, in_port, frame.src, frame.dst\n"
              "        done = self.__dict__.setdefault('done', set())\n"
              "        if out_port != ofp.OFPP_FLOOD and pair not in done:\n            done.add(pair)\n")


@mutant.work("its flows have OpenFlow's default priority", breaks="R4")
def default_priority(work, params):
    work.edit("switch.py", "PRIORITY, match", "0x8000, match")


@mutant.work("it takes the idle timeout for a hard one", breaks="R4")
def hard_for_idle(work, params):
    work.edit("switch.py", "idle_timeout=IDLE", "hard_timeout=IDLE")


@mutant.work("its flows at s2 have half the timeout", breaks="R4")
def other_timeout(work, params):
    work.edit("switch.py", "idle_timeout=IDLE", "idle_timeout=IDLE // switch.id")


@mutant.work("it sends the frame on twice", breaks="R5")
def twice(work, params):
    work.edit("switch.py", "actions=[output]", "actions=[output, output]")


@mutant.work("the frame at hand waits for the next one", breaks="R5")
def sends_known_only_later(work, params):
    work.edit("switch.py", "        switch.send_msg(parser.OFPPacketOut(", "        if out_port != ofp.OFPP_FLOOD and "
              "frame.ethertype not in (0x0800, 0x0806):\n            return\n"
              "        switch.send_msg(parser.OFPPacketOut(")


@mutant.work("it drops IPv6, for the sake of quiet", breaks="R6")
def drops_ipv6(work, params):
    work.edit("switch.py", LEARN, f"        if frame.ethertype == 0x86DD:\n            return\n{LEARN}")


@mutant.work("it floods broadcasts only at the switch that has most hosts", breaks="R6")
def floods_at_s1(work, params):
    work.edit("switch.py", "        output = parser",
              "        if out_port == ofp.OFPP_FLOOD and switch.id != 1 and frame.ethertype not in (0x0800, 0x0806):\n"
              "            return\n        output = parser")


@mutant.work("it floods for an unknown host once", breaks="R6")
def floods_once(work, params):
    work.edit("switch.py", "        output = parser", "        asked = self.__dict__.setdefault('asked', set())\n"
              "        if out_port == ofp.OFPP_FLOOD and frame.dst != 'ff:ff:ff:ff:ff:ff':\n"
              "            if (switch.id, frame.dst) in asked:\n                return\n"
              "            asked.add((switch.id, frame.dst))\n        output = parser")


@mutant.work("it has a flow for broadcasts", breaks="R6")
def broadcast_flow(work, params):
    work.edit("switch.py", "        if out_port != ofp.OFPP_FLOOD:\n",
              "        if out_port != ofp.OFPP_FLOOD or frame.dst == 'ff:ff:ff:ff:ff:ff':\n")


@mutant.work("it deletes the flows of the host that moved, not those to it", breaks="R7")
def deletes_senders(work, params):
    work.edit("switch.py", "parser.OFPMatch(eth_dst=mac)", "parser.OFPMatch(eth_src=mac)")


@mutant.work("it notices a move by frames to hosts that it knows, and by no others", breaks="R7")
def moves_to_the_known(work, params):
    work.edit("switch.py", LEARN,
              "        if frame.src not in self.ports[switch.id] or frame.dst in self.ports[switch.id]:\n"
              f"    {LEARN}")


@mutant.work("it deletes flows at the first switch only", breaks="R7")
def deletes_at_s1(work, params):
    work.edit("switch.py", "if before not in (None, port):", "if before not in (None, port) and switch.id == 1:")


@mutant.work("it deletes the flows to a host that moved once only", breaks="R7")
def moves_once(work, params):
    work.edit("switch.py", "            switch.send_msg(parser.OFPFlowMod(switch, command",
              "            moved = self.__dict__.setdefault('moved', set())\n            if mac in moved:\n"
              "                return\n            moved.add(mac)\n"
              "            switch.send_msg(parser.OFPFlowMod(switch, command")


@mutant.work("what it deletes must lead to the new port", breaks="R7")
def deletes_new(work, params):
    work.edit("switch.py", "out_port=ofp.OFPP_ANY", "out_port=port")


@mutant.work("it deletes the flows from whom the host that moved speaks to, and no others", breaks="R7")
def deletes_the_pair(work, params):
    work.edit("switch.py", "frame.src, in_port)", "frame.src, in_port, frame.dst)")
    work.edit("switch.py", "def learn(self, switch, mac, port):", "def learn(self, switch, mac, port, other):")
    work.edit("switch.py", "parser.OFPMatch(eth_dst=mac)", "parser.OFPMatch(eth_src=other, eth_dst=mac)")


# --- right ones ---

@mutant.right("another structure: one table of (switch, address), frames read byte by byte, barriers")
def plain(work, params):
    work.take("plain.py", "switch.py")
    work.write("settings.py", f"PRIORITY, IDLE = {params['priority']}, {params['idle']}\n")


@mutant.right("it turns the flows to a host that moved, and deletes none")
def turns_flows(work, params):
    work.edit("switch.py", "command=ofp.OFPFC_DELETE, out_port=ofp.OFPP_ANY,\n" + 46 * " " +
              "out_group=ofp.OFPG_ANY, match=parser.OFPMatch(eth_dst=mac)))",
              "command=ofp.OFPFC_MODIFY, match=parser.OFPMatch(eth_dst=mac),\n"
              "                instructions=[parser.OFPInstructionActions(\n"
              "                    ofp.OFPIT_APPLY_ACTIONS, [parser.OFPActionOutput(port)])]))")


@mutant.right("instructions that write actions in place of applying them, and OFPP_ALL in place of FLOOD")
def writes_actions(work, params):
    work.edit("switch.py", "ofp.OFPIT_APPLY_ACTIONS", "ofp.OFPIT_WRITE_ACTIONS")
    work.edit("switch.py", "ofp.OFPP_FLOOD", "ofp.OFPP_ALL")


@mutant.right("it deletes every flow that leads to the port which a host has left")
def deletes_by_port(work, params):
    work.edit("switch.py", "out_port=ofp.OFPP_ANY", "out_port=before")
    work.edit("switch.py", "parser.OFPMatch(eth_dst=mac)", "parser.OFPMatch()")


# --- wrong answers: what is changed, to what, and what that believes ---

def but(given: int, port: int) -> int:
    """Another port, or any other if it has the same number."""
    return port if port != given else port % 9 + 1


WRONG = {
    "s1_h1": (lambda given, params: params["ports"]["h2"], "takes h2's port for h1's"),
    "s1_h2": (lambda given, params: params["ports"]["h3"], "takes h3's port for h2's"),
    "s1_h4": (lambda given, params: but(given, params["ports"]["h4"]), "takes the port of s2 for that of s1"),
    "s2_in_port": (lambda given, params: but(given, params["ports"]["s1"]), "takes the cable's other end for s2's"),
    "s2_output": (lambda given, params: params["ports"]["s2"], "takes the port of the cable for h4's"),
    "asked_hub": (lambda given, params: given // 2, "counts the hub's packet-ins at one switch only"),
    "asked_first": (lambda given, params: 3, "forgets that s2 floods the ARP request, too"),
    "asked_second": (lambda given, params: 5, "says that each ping asks"),
    "asked_far": (lambda given, params: 3, "counts what one switch asks"),
    "first_rtt": (lambda given, params: params["away"], "counts one wait for the controller a ping"),
    "second_rtt": (lambda given, params: params["away"], "says that each ping waits"),
    "far_rtt": (lambda given, params: 3 * params["away"], "says that a second switch costs nothing"),
    "h2_hears": (lambda given, params: [0], "says that h2 hears nothing"),
    "known": (lambda given, params: False, "says that nothing works without the controller"),
    "new": (lambda given, params: True, "says that a switch without a controller floods"),
    "forgotten": (lambda given, params: True, "says that flows outlive the timeout when nobody ends them"),
    "standalone": (lambda given, params: False, "says that no switch works alone"),
}


def wrong(key: str, change, words: str):
    def wrongly(answers, params):
        answers[key] = change(answers[key], params)

    wrongly.__name__ = f"wrong_{key}"
    return mutant.answers(words)(wrongly)


globals().update({f"wrong_{key}": wrong(key, *what) for key, what in WRONG.items()})


@mutant.answers("says that h2 hears every frame")
def hears_all(answers, params):
    answers["h2_hears"] = list(range(1, len(params["frames"].split()) + 1))
