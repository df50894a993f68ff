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

THERE_AND_BACK = "    return [there, back] if"


@mutant.work("the last rule is the strongest", breaks="R1")
def last_rule_wins(work, params):
    work.edit("acl.py", "HIGHEST - 1 - number", "1 + number")


@mutant.work("the rule that says most is the strongest", breaks="R1")
def most_specific(work, params):
    work.edit("acl.py", "(HIGHEST - 1 - number, {", "(10 * (4 - list(rule[2:]).count(ANY)) + 9 - number, {")


@mutant.work("what is denied is stronger than what is permitted", breaks="R1")
def denials_first(work, params):
    work.edit("acl.py", "HIGHEST - 1 - number", "HIGHEST - 1 - number - 50 * rule.decision")


@mutant.work("what is permitted is stronger than what is denied", breaks="R1")
def permits_first(work, params):
    work.edit("acl.py", "HIGHEST - 1 - number", "HIGHEST - 51 - number + 50 * rule.decision")


@mutant.work("all rules have one priority", breaks="R1")
def one_priority(work, params):
    work.edit("acl.py", "HIGHEST - 1 - number", "HIGHEST - 1")


@mutant.work("the way there is open to every client", breaks="R2")
def any_client(work, params):
    work.edit("acl.py", THERE_AND_BACK, f"    if rule.decision == PERMIT:\n        there.pop('ipv4_src', 0)\n"
                                        f"{THERE_AND_BACK}")


@mutant.work("the way there is open to every server", breaks="R2")
def any_server(work, params):
    work.edit("acl.py", THERE_AND_BACK, f"    there.pop('ipv4_dst', 0)\n{THERE_AND_BACK}")


@mutant.work("UDP may be sent to any port", breaks="R2")
def any_udp_port(work, params):
    work.edit("acl.py", 'there["udp_dst"] = back["udp_src"] = rule.port', 'back["udp_src"] = rule.port')


@mutant.work("TCP may be sent to any port of the server that one may log in to", breaks="R2")
def any_login_port(work, params):
    work.edit("acl.py", THERE_AND_BACK, "    if rule.port == {{login}}:\n        del there['tcp_dst']\n".replace(
        "{{login}}", str(params["login"])) + THERE_AND_BACK)


@mutant.work("TCP's ports are open for UDP, too", breaks="R2")
def any_protocol(work, params):
    work.edit("acl.py", "    return [there, back] if", "    if rule.protocol == TCP and rule.decision == PERMIT:\n"
              '        udp = {"ip_proto": UDP, "udp_dst": rule.port}\n'
              "        return [there, back, {**ends(rule.client, rule.server), **udp}]\n"
              "    return [there, back] if")


@mutant.work("UDP's ports are open for TCP, too", breaks="R2")
def tcp_for_udp(work, params):
    work.edit("acl.py", "    return [there, back] if", "    if rule.protocol == UDP and rule.decision == PERMIT:\n"
              '        tcp = {"ip_proto": TCP, "tcp_dst": rule.port}\n'
              "        return [there, back, {**ends(rule.client, rule.server), **tcp}]\n"
              "    return [there, back] if")


@mutant.work("the client may also send from the rule's port", breaks="R2")
def own_port(work, params):
    work.edit("acl.py", THERE_AND_BACK, "    if rule.decision == PERMIT and rule.protocol != ICMP:\n"
              "        name = 'udp_src' if rule.protocol == UDP else 'tcp_src'\n"
              f"        return [there, back, {{**ends(rule.client, rule.server), name: rule.port}}]\n{THERE_AND_BACK}")


@mutant.work("any address is any address of this LAN", breaks="R2")
def any_of_the_lan(work, params):
    lan = params["server"].rpartition(".")[0]
    work.edit("acl.py", "def ends(source, target) -> dict:\n", "def ends(source, target) -> dict:\n"
              f'    source, target = (end or ("{lan}.0", "255.255.255.0") for end in (source, target))\n')


@mutant.work("it takes the client for the server", breaks="R2")
def other_way_round(work, params):
    work.edit("acl.py", "ends(rule.client, rule.server), ends(rule.server, rule.client)",
              "ends(rule.server, rule.client), ends(rule.client, rule.server)")


@mutant.work("it matches a port without the protocol: the switch refuses the flow")
def no_protocol(work, params):
    work.edit("acl.py", '"ip_proto": rule.protocol, **match', "**match")


@mutant.work("it forgets the way back", breaks="R3")
def no_way_back(work, params):
    work.edit("acl.py", "return [there, back] if", "return [there] if")


@mutant.work("its answers must have SYN", breaks="R3")
def answers_with_syn(work, params):
    work.edit("acl.py", "(ACK, ACK)", "(SYN, SYN)")


@mutant.work("an answer is what has ACK and nothing else", breaks="R3")
def bare_acks(work, params):
    work.edit("acl.py", "(ACK, ACK)", "(ACK, 0xFFF)")


@mutant.work("a segment that ends the connection is no answer", breaks="R3")
def no_fin(work, params):
    work.edit("acl.py", "(ACK, ACK)", "(ACK, ACK | 0x01)")


@mutant.work("a reset is no answer", breaks="R3")
def no_resets(work, params):
    work.edit("acl.py", "(ACK, ACK)", "(ACK, ACK | 0x04)")


@mutant.work("UDP answers are looked for at the client's port", breaks="R3")
def udp_way_back(work, params):
    work.edit("acl.py", 'back["udp_src"] = rule.port', 'back["udp_dst"] = rule.port')


@mutant.work("answers may begin, too", breaks="R4")
def answers_may_begin(work, params):
    work.edit("acl.py", '        back["tcp_flags"] = (ACK, ACK)', "        #")


@mutant.work("a beginning is what has SYN and no other flag at all", breaks="R4")
def bare_syn(work, params):
    work.edit("acl.py", '        back["tcp_flags"] = (ACK, ACK)', "        if rule.decision == PERMIT:\n"
              '            return [there, back, {**back, "tcp_flags": (ACK, ACK)}]')
    work.edit("acl.py", "    return found\n",
              "    found += [(priority + 100, {**match, 'tcp_flags': (SYN, 0xFFF)}, DENY)\n"
              "              for priority, match, _ in found if 'tcp_src' in match and 'tcp_flags' not in match]\n"
              "    return found\n")


@mutant.work("a beginning has SYN and perhaps ECN's flags, and no others", breaks="R4")
def syn_with_ecn(work, params):
    bare_syn(work, params)
    work.edit("acl.py", "(SYN, 0xFFF)", "(SYN, 0x03F)")


@mutant.work("a beginning has SYN and neither ACK nor FIN nor RST, as for iptables --syn", breaks="R4")
def syn_without_fin(work, params):
    work.edit("acl.py", THERE_AND_BACK, "    if rule.protocol == TCP and rule.decision == PERMIT:\n"
              "        return [there, back] + [{**back, 'tcp_flags': flags} for flags in ((1, 1), (4, 4), (0, SYN))]\n"
              + THERE_AND_BACK)


@mutant.work("the server of UDP may ask its client, too", breaks="R4")
def udp_both_ways(work, params):
    work.edit("acl.py", THERE_AND_BACK, "    if rule.protocol == UDP:\n        return [there, back, "
              "{**ends(rule.server, rule.client), 'udp_dst': rule.port}]\n" + THERE_AND_BACK)


@mutant.work("answers may come from any port", breaks="R5")
def any_port_answers(work, params):
    work.edit("acl.py", 'there["tcp_dst"] = back["tcp_src"] = rule.port', 'there["tcp_dst"] = rule.port')


@mutant.work("answers may also go to the rule's port", breaks="R5")
def answers_to_the_port(work, params):
    work.edit("acl.py", THERE_AND_BACK, "    if rule.protocol == TCP and rule.decision == PERMIT:\n"
              "        to_port = {**ends(rule.server, rule.client), 'tcp_dst': rule.port, 'tcp_flags': (ACK, ACK)}\n"
              f"        return [there, back, to_port]\n{THERE_AND_BACK}")


@mutant.work("answers may come from any host", breaks="R5")
def any_host_answers(work, params):
    work.edit("acl.py", THERE_AND_BACK, f"    if rule.protocol != ICMP:\n        back.pop('ipv4_src', 0)\n"
                                        f"{THERE_AND_BACK}")


@mutant.work("answers may go to any host", breaks="R5")
def answers_to_anybody(work, params):
    work.edit("acl.py", THERE_AND_BACK, f"    if rule.protocol == UDP:\n        back.pop('ipv4_dst', 0)\n"
                                        f"{THERE_AND_BACK}")


@mutant.work("nobody may begin from a port that answers come from", breaks="R6")
def no_service_begins(work, params):
    work.edit("acl.py", "    return found\n",
              "    found += [(HIGHEST, {**match, 'tcp_flags': (SYN, SYN | ACK)}, DENY)\n"
              "              for _, match, _ in found if 'tcp_src' in match]\n    return found\n")


@mutant.work("who asks over UDP may not do so from the port that answers come from", breaks="R6")
def no_name_server_asks(work, params):
    work.edit("acl.py", "    return found\n",
              "    found += [(HIGHEST, {'eth_type': IPV4, 'ip_proto': UDP, 'udp_src': rule.port,\n"
              "                         **ends(rule.client, rule.server)}, DENY)\n"
              "              for rule in rules if rule.protocol == UDP]\n"
              "    return found\n")


@mutant.work("any ICMP may pass between the two", breaks="R7")
def any_icmp(work, params):
    work.edit("acl.py", '        there["icmpv4_type"], back["icmpv4_type"] = ECHO_REQUEST, ECHO_REPLY', "        pass")


@mutant.work("the client may send any ICMP", breaks="R7")
def any_icmp_there(work, params):
    work.edit("acl.py", 'there["icmpv4_type"], back["icmpv4_type"] = ECHO_REQUEST, ECHO_REPLY',
              'back["icmpv4_type"] = ECHO_REPLY')


@mutant.work("ICMP's errors pass in both directions", breaks="R7")
def errors_pass(work, params):
    work.edit("acl.py", THERE_AND_BACK, "    if rule.protocol == ICMP:\n"
              "        errors = [{**way, 'icmpv4_type': 3} for way in (there, back)]\n"
              f"        return [there, back, *errors]\n{THERE_AND_BACK}")


@mutant.work("the server may send errors, too", breaks="R7")
def server_errors(work, params):
    work.edit("acl.py", THERE_AND_BACK, "    if rule.protocol == ICMP:\n"
              f"        return [there, back, {{**back, 'icmpv4_type': 3}}]\n{THERE_AND_BACK}")


@mutant.work("echo replies may go from anybody to anybody", breaks="R7")
def any_reply(work, params):
    work.edit("acl.py", 'there["icmpv4_type"], back["icmpv4_type"] = ECHO_REQUEST, ECHO_REPLY',
              'there["icmpv4_type"], back = ECHO_REQUEST, {"icmpv4_type": ECHO_REPLY}')


@mutant.work("a ping has no way back", breaks="R7")
def no_replies(work, params):
    work.edit("acl.py", 'back["icmpv4_type"] = ECHO_REQUEST, ECHO_REPLY', 'back["icmpv4_type"] = ECHO_REQUEST, 13')


@mutant.work("only TCP, UDP and ICMP are denied by default", breaks="R8")
def other_protocols(work, params):
    work.edit("acl.py", "(LOWEST, {}, DENY)]", "(LOWEST, {}, PERMIT)] + [(LOWEST + 1, {'eth_type': IPV4, "
              "'ip_proto': one}, DENY) for one in (ICMP, TCP, UDP)]")


@mutant.work("only IPv4 is denied by default", breaks="R8")
def other_frames(work, params):
    work.edit("acl.py", "(LOWEST, {}, DENY)]", "(LOWEST, {}, PERMIT), (LOWEST + 1, {'eth_type': IPV4}, DENY)]")


@mutant.work("it lets every broadcast pass", breaks="R8")
def broadcasts_pass(work, params):
    work.edit("acl.py", "(LOWEST, {}, DENY)]",
              "(LOWEST, {}, DENY), (HIGHEST, {'eth_dst': 'ff:ff:ff:ff:ff:ff'}, PERMIT)]")


@mutant.work("what is to IPv6 as ARP is to IPv4 passes", breaks="R8")
def neighbours_pass(work, params):
    work.edit("acl.py", "(LOWEST, {}, DENY)]", "(LOWEST, {}, DENY),\n"
              "             (HIGHEST, {'eth_type': 0x86DD, 'ip_proto': 58, 'icmpv6_type': 135}, PERMIT)]")


@mutant.work("LLDP passes", breaks="R8")
def lldp_passes(work, params):
    work.edit("acl.py", "(LOWEST, {}, DENY)]", "(LOWEST, {}, DENY), (HIGHEST, {'eth_type': 0x88CC}, PERMIT)]")


@mutant.work("it looks at the first packet only: then the two hosts may say anything", breaks="R8")
def first_packet_only(work, params):
    work.edit("acl.py", "        if out_port != ofp.OFPP_FLOOD:\n", "        if frame.ethertype == IPV4:\n"
              '            self.add_flow(switch, ACCESS, 200, {"eth_src": frame.src, "eth_dst": frame.dst},\n'
              "                          [parser.OFPInstructionGotoTable(FORWARDING)])\n"
              "        if out_port != ofp.OFPP_FLOOD:\n")


@mutant.work("the controller sorts out what is denied", breaks="R9")
def controller_drops(work, params):
    work.edit("acl.py", "if decision == PERMIT else []",
              "if decision == PERMIT else [parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, [ask])]")
    work.edit("acl.py", "        message = event.msg\n", "        message = event.msg\n"
              "        if message.table_id == ACCESS:\n            return\n")


@mutant.work("the list is in the middle, and at one side", breaks="R9")
def half_the_switches(work, params):
    work.edit("acl.py", "in flows(RULES):", "in flows(RULES) if switch.id != 1 else [(0, {}, PERMIT)]:")


@mutant.work("it forgets ARP", breaks="R10")
def no_arp(work, params):
    work.edit("acl.py", '(HIGHEST, {"eth_type": ARP}, PERMIT), ', "")


@mutant.work("it lets ARP's questions pass and not the answers", breaks="R10")
def arp_questions(work, params):
    work.edit("acl.py", '{"eth_type": ARP}', '{"eth_type": ARP, "arp_op": 1}')


@mutant.work("the list is forgotten after half a minute", breaks="R11")
def forgotten(work, params):
    work.edit("acl.py", "priority=priority, match", "priority=priority,\n"
              "                                          hard_timeout=30 if table == ACCESS else 0, match")


@mutant.work("the list is forgotten after an hour", breaks="R11")
def forgotten_in_an_hour(work, params):
    work.edit("acl.py", "priority=priority, match", "priority=priority,\n"
              "                                          hard_timeout=3600 if table == ACCESS else 0, match")


@mutant.work("a rule that nobody used for half a minute is forgotten", breaks="R11")
def unused_is_forgotten(work, params):
    work.edit("acl.py", "priority=priority, match", "priority=priority,\n"
              "                                          idle_timeout=30 if table == ACCESS else 0, match")


@mutant.work("the list gets a flow for every two hosts that talk", breaks="R11")
def list_grows(work, params):
    work.edit("acl.py", "        if out_port != ofp.OFPP_FLOOD:\n", "        if frame.ethertype == 0x0806:\n"
              '            self.add_flow(switch, ACCESS, 200, {"eth_type": 0x0806, "eth_src": frame.src},\n'
              "                          [parser.OFPInstructionGotoTable(FORWARDING)])\n"
              "        if out_port != ofp.OFPP_FLOOD:\n")


@mutant.work("it has a syntax error")
def syntax_error(work, params):
    work.edit("acl.py", "def flows(rules)", "def flows(rules")


# --- right ones ---

@mutant.right("each rule has a band of priorities, answers have two flows, and nothing is said of the rest")
def apart(work, params):
    other_flows(work, "apart.py")


@mutant.right("every address on the list has flows of its own; those about all others come last")
def one_by_one(work, params):
    other_flows(work, "one_by_one.py")


def other_flows(work, name: str) -> None:
    """Flows that a module of the student's makes."""
    work.take(name, "lists.py")
    work.edit("acl.py", "class AccessList", "from lists import flows  # noqa\n\n\nclass AccessList")


# --- wrong answers ---

@mutant.answers("says that everybody hears the question about a known host")
def broadcast_is_heard(answers, params):
    answers["known_heard_by"] = 3


@mutant.answers("counts the asker among those who hear it")
def asker_hears(answers, params):
    answers["unknown_heard_by"] = 4


@mutant.answers("says that the proxy ends the question about an unknown host, too")
def nobody_hears(answers, params):
    answers["unknown_heard_by"] = 0


@mutant.answers("says that the reply comes from the controller's own address")
def reply_from_controller(answers, params):
    answers["reply_from"] = "02:00:00:00:00:01"


@mutant.answers("takes the order of the rules for unimportant")
def rule_order(answers, params):
    answers["rules"] = [2 if rule == 1 else rule for rule in answers["rules"]]


@mutant.answers("says that a ping takes the path of the flow between the same hosts")
def ping_follows(answers, params):
    answers["ping_path"] = {"s2": "s3", "s3": "s2"}[answers["ping_path"]]


@mutant.answers("begins with the lower path")
def lower_first(answers, params):
    answers["paths"] = [{"s2": "s3", "s3": "s2"}[path] for path in answers["paths"]]


@mutant.answers("takes the port to the path for the host's")
def port_of_the_path(answers, params):
    answers["port"] = 1


@mutant.answers("forgets the Ethernet header")
def no_ethernet(answers, params):
    answers["bytes"] -= 14 * params["pings"]
