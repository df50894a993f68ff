"""Ways to break the learning switch lab, each of which some check must catch."""

from pathlib import Path

from mnlab.checks import mutant

ENOUGH = ("second_cable", "standalone", "never_learns")

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


@mutant.work("it forgets to learn")
def never_learns(work, params):
    work.edit("switch.py", LEARN, "")


@mutant.work("it learns the destination for the source")
def learns_destination(work, params):
    work.edit("switch.py", LEARN, LEARN.replace("frame.src", "frame.dst"))


@mutant.work("it has one table for all switches")
def one_table(work, params):
    work.edit("switch.py", "self.ports[switch.id]", "self.ports[0]")


@mutant.work("it sends by the right port and never adds a flow")
def no_flows(work, params):
    work.edit("switch.py", "            self.add_flow(switch, PRIORITY, match, output, idle_timeout=IDLE)\n", "")


@mutant.work("it adds the flow and does not send the frame on")
def keeps_frame(work, params):
    work.edit("switch.py", "idle_timeout=IDLE)\n", "idle_timeout=IDLE)\n            return\n")


@mutant.work("its flows match the destination only")
def destination_only(work, params):
    work.edit("switch.py", "in_port=in_port, eth_src=frame.src, eth_dst", "eth_dst")


@mutant.work("its flows match the two addresses, but not the port")
def no_port(work, params):
    work.edit("switch.py", "in_port=in_port, eth_src", "eth_src")


@mutant.work("its flows lead back to where the frame came from")
def wrong_port(work, params):
    work.edit("switch.py", "self.add_flow(switch, PRIORITY, match, output,",
              "self.add_flow(switch, PRIORITY, match, parser.OFPActionOutput(ofp.OFPP_IN_PORT),")


@mutant.work("it drops frames to whom it does not know")
def drops_unknown(work, params):
    work.edit("switch.py", "        output = parser",
              "        if out_port == ofp.OFPP_FLOOD and frame.dst != 'ff:ff:ff:ff:ff:ff':\n            return\n"
              "        output = parser")


@mutant.work("its flows flood")
def flooding_flows(work, params):
    work.edit("switch.py", "        if out_port != ofp.OFPP_FLOOD:\n", "        if True:\n")


@mutant.work("its flows never expire")
def no_timeout(work, params):
    work.edit("switch.py", ", idle_timeout=IDLE", "")


@mutant.work("its flows end after three seconds, used or not")
def hard_timeout(work, params):
    work.edit("switch.py", "idle_timeout=IDLE", "idle_timeout=IDLE, hard_timeout=3")


@mutant.work("it leaves the flows to a host's old port")
def stale_flows(work, params):
    work.edit("switch.py", "if before not in (None, port):", "if False:")


@mutant.work("it remembers the first port of a host for ever")
def first_port(work, params):
    work.edit("switch.py", "self.ports[switch.id][mac] = port", "self.ports[switch.id].setdefault(mac, port)")


@mutant.work("what it floods comes back to the sender, too")
def comes_back(work, params):
    work.edit("switch.py", "in_port=in_port, actions=[output]", "in_port=ofp.OFPP_CONTROLLER, actions=[output]")


# --- wrong answers ---

@mutant.answers("takes the port of s2 for that of s1")
def other_end(answers, params):
    answers["s1_h4"] = params["ports"]["h4"]


@mutant.answers("forgets that s2 floods the ARP request, too")
def one_switch(answers, params):
    answers["asked_first"] = 3


@mutant.answers("counts the hub's packet-ins at one switch only")
def half_the_hub(answers, params):
    answers["asked_hub"] //= 2


@mutant.answers("counts one wait for the controller a ping")
def one_wait(answers, params):
    answers["first_rtt"] = params["away"]


@mutant.answers("says that h2 hears nothing")
def deaf(answers, params):
    answers["h2_hears"] = [0]


@mutant.answers("says that nothing works without the controller")
def all_dead(answers, params):
    answers["known"] = False
