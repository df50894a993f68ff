"""Ways to break the programmable network, each of which some check must catch."""

from pathlib import Path

from mnlab.checks import mutant

ENOUGH = ("syntax_error", "no_proxy", "own_mac", "answers_for_nobody", "told_beforehand")


def change(application: str, old: str, new: str) -> None:
    """Change one of the project's own controllers, inside the machine."""
    path = Path("controller", application)
    text = path.read_text()
    if old not in text:
        raise ValueError(f"{application} no longer holds {old!r}: this mutant changes nothing")
    path.write_text(text.replace(old, new))


# --- other controllers, another network ---

@mutant.network("the proxy floods every question", scenes=["controllers"])
def no_proxy(net, params):
    change("arp_proxy.py", "self.can_answer(question, heading):", "False:")


@mutant.network("the proxy answers with a MAC address of its own", scenes=["controllers"])
def own_mac(net, params):
    change("arp_proxy.py", "        owner = self.owners[question.dst_ip]", '        owner = "02:00:00:00:00:99"')


@mutant.network("the proxy answers for addresses that nobody has", scenes=["controllers"])
def answers_for_nobody(net, params):
    change("arp_proxy.py", "and question.dst_ip in self.owners", "and len(self.owners) == 4")
    change("arp_proxy.py", "self.owners[question.dst_ip]\n", "self.owners.get(question.dst_ip, question.src_mac)\n")


@mutant.network("the proxy is told all pairs beforehand", scenes=["controllers"])
def told_beforehand(net, params):
    pairs = {params[name]: params[f"{name}_mac"] for name in ("h1", "h2", "h3", "h4")}
    change("arp_proxy.py", "self.owners = {}", f"self.owners = {pairs}")


@mutant.network("all flows take the upper path", scenes=["controllers"])
def one_path(net, params):
    change("two_paths.py", "PATHS[len(self.paths) % len(PATHS)]", "PATHS[0]")


@mutant.network("answers take a path of their own", scenes=["controllers"])
def other_way_back(net, params):
    change("two_paths.py", "for way in (there, back))", "for way in (there,))")
    change("two_paths.py", "in ((there, target), (back, source)):", "in ((there, target),):")


@mutant.network("the controller forwards every packet itself", scenes=["controllers"])
def no_flows(net, params):
    change("two_paths.py", "self.add_flow(edge, CHOSEN,", "(lambda *_: None)(edge, CHOSEN,")


@mutant.network("ARP is sent over the upper path, too", scenes=["controllers"])
def arp_on_a_path(net, params):
    test = "        if frame.get_protocol(arp.arp) or heading.dst not in self.hosts:\n"
    change("two_paths.py", test, "        if in_port in PATHS and frame.get_protocol(arp.arp):\n            return\n"
           "        if frame.get_protocol(arp.arp) and heading.dst not in self.hosts:\n"
           f"            self.send(switch, PATHS[0], message.data)\n{test}")


@mutant.network("the monitor takes in for out", scenes=["controllers"])
def in_for_out(net, params):
    change("port_statistics.py", '"packets_in": port.rx_packets, "packets_out": port.tx_packets',
           '"packets_in": port.tx_packets, "packets_out": port.rx_packets')


@mutant.network("the hosts of each side are at each other's ports")
def swapped_ports(net, params):
    for switch in ("s1", "s4"):
        for port, other in ((3, 14), (4, 13), (3, 4), (4, 3)):
            net[switch].run(["ovs-vsctl", "set", "interface", f"{switch}-eth{port}", f"ofport_request={other}"])


# --- wrong access lists ---

@mutant.work("the last rule is the strongest")
def last_rule_wins(work, params):
    work.edit("acl.py", "HIGHEST - 1 - number", "1 + number")


@mutant.work("it forgets ARP")
def no_arp(work, params):
    work.edit("acl.py", '(HIGHEST, {"eth_type": ARP}, PERMIT), ', "")


@mutant.work("it forgets the way back")
def no_way_back(work, params):
    work.edit("acl.py", "return [there, back] if", "return [there] if")


@mutant.work("it matches a port without the protocol: the switch refuses the flow")
def no_protocol(work, params):
    work.edit("acl.py", '"ip_proto": rule.protocol, **match', "**match")


@mutant.work("answers may begin, too")
def answers_may_begin(work, params):
    work.edit("acl.py", '        back["tcp_flags"] = (ACK, ACK)', "        #")


@mutant.work("its answers must have SYN")
def answers_with_syn(work, params):
    work.edit("acl.py", "(ACK, ACK)", "(SYN, SYN)")


@mutant.work("it looks at the first packet only: then the two hosts may say anything")
def first_packet_only(work, params):
    work.edit("acl.py", "        if out_port != ofp.OFPP_FLOOD:\n", "        if frame.ethertype == IPV4:\n"
              '            self.add_flow(switch, ACCESS, 200, {"eth_src": frame.src, "eth_dst": frame.dst},\n'
              "                          [parser.OFPInstructionGotoTable(FORWARDING)])\n"
              "        if out_port != ofp.OFPP_FLOOD:\n")


@mutant.work("TCP's ports are open for UDP, too")
def any_protocol(work, params):
    work.edit("acl.py", "    return [there, back] if", "    if rule.protocol == TCP and rule.decision == PERMIT:\n"
              '        udp = {"ip_proto": UDP, "udp_dst": rule.port}\n'
              "        return [there, back, {**ends(rule.client, rule.server), **udp}]\n"
              "    return [there, back] if")


@mutant.work("any ICMP may pass between the two")
def any_icmp(work, params):
    work.edit("acl.py", '        there["icmpv4_type"], back["icmpv4_type"] = ECHO_REQUEST, ECHO_REPLY', "        pass")


@mutant.work("UDP answers are looked for at the client's port")
def udp_way_back(work, params):
    work.edit("acl.py", 'back["udp_src"] = rule.port', 'back["udp_dst"] = rule.port')


@mutant.work("it takes the client for the server")
def other_way_round(work, params):
    work.edit("acl.py", "ends(rule.client, rule.server), ends(rule.server, rule.client)",
              "ends(rule.server, rule.client), ends(rule.client, rule.server)")


@mutant.work("the controller sorts out what is denied")
def controller_drops(work, params):
    work.edit("acl.py", "if decision == PERMIT else []",
              "if decision == PERMIT else [parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, [ask])]")
    work.edit("acl.py", "        message = event.msg\n", "        message = event.msg\n"
              "        if message.table_id == ACCESS:\n            return\n")


@mutant.work("it has a syntax error")
def syntax_error(work, params):
    work.edit("acl.py", "def flows(rules)", "def flows(rules")


# --- wrong answers ---

@mutant.answers("says that the reply comes from the controller's own address")
def reply_from_controller(answers, params):
    answers["reply_from"] = "02:00:00:00:00:01"


@mutant.answers("takes the order of the rules for unimportant")
def rule_order(answers, params):
    answers["rules"] = [2 if rule == 1 else rule for rule in answers["rules"]]


@mutant.answers("says that a ping takes the path of the flow between the same hosts")
def ping_follows(answers, params):
    answers["ping_path"] = {"s2": "s3", "s3": "s2"}[answers["ping_path"]]


@mutant.answers("forgets the Ethernet header")
def no_ethernet(answers, params):
    answers["bytes"] -= 14 * params["pings"]
