"""The flows of the access list, made otherwise: every address that the list names stands for itself. The first rule
about two of them is the only one with a flow for them. What ANY says of everybody else comes after that."""

ARP, IPV4, ICMP, TCP = 0x0806, 0x0800, 1, 6


def flows(rules):
    named = sorted({end for rule in rules for end in (rule.client, rule.server) if end is not None})
    decided, table = set(), [(5, {"eth_type": ARP}, True), (0, {}, False)]
    for rule in rules:
        for client in [rule.client] if rule.client else [*named, None]:
            for server in [rule.server] if rule.server else [*named, None]:
                conversation = rule.protocol, client, server, rule.port
                if client == server or conversation in decided:
                    continue
                decided.add(conversation)
                for match in both_ways(*conversation)[:2 if rule.decision else 1]:
                    match = {name: value for name, value in match.items() if value is not None}
                    table.append((5 if client and server else 3, match, rule.decision))
    return table


def both_ways(protocol, client, server, port):
    base = {"eth_type": IPV4, "ip_proto": protocol}
    there, back = {"ipv4_src": client, "ipv4_dst": server}, {"ipv4_src": server, "ipv4_dst": client}
    if protocol == ICMP:
        return {**base, **there, "icmpv4_type": 8}, {**base, **back, "icmpv4_type": 0}
    kind = "tcp" if protocol == TCP else "udp"
    flags = {"tcp_flags": (0x10, 0x10)} if protocol == TCP else {}
    return {**base, **there, f"{kind}_dst": port}, {**base, **back, f"{kind}_src": port, **flags}
