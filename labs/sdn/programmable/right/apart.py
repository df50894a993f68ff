"""The flows of the access list, made otherwise: each rule has a band of priorities; an answer is a SYN with ACK, or a
segment without SYN; and no flow says what is denied in the end, for a frame that has no flow is dropped anyway."""

PORTS = {6: ("tcp_src", "tcp_dst"), 17: ("udp_src", "udp_dst")}
ANSWERS = ((0x12, 0x12), (0x00, 0x02))  # SYN and ACK are set; SYN is not set


def flows(rules):
    table = [(1, {"eth_type": 0x0806}, True)]
    for number, rule in enumerate(reversed(rules), start=1):
        for match in of_rule(rule):
            known = {name: value for name, value in match.items() if value is not None}
            table.append((number * 100, {"eth_type": 0x0800, "ip_proto": rule.protocol, **known}, rule.decision))
    return table


def of_rule(rule):
    there = {"ipv4_src": rule.client, "ipv4_dst": rule.server}
    back = {"ipv4_src": rule.server, "ipv4_dst": rule.client}
    if rule.protocol == 1:
        there["icmpv4_type"], back["icmpv4_type"] = 8, 0
        answers = [back]
    else:
        source, target = PORTS[rule.protocol]
        there[target], back[source] = rule.port, rule.port
        answers = [{**back, "tcp_flags": flags} for flags in ANSWERS] if rule.protocol == 6 else [back]
    return [there, *answers] if rule.decision else [there]
