"""The reference answers for this variant and this run."""

from mnlab.protocols import dns


def answers(params, evidence) -> dict:
    """Each from the captures, but the sum of the round trips."""
    lookups = evidence.scene("lookups")
    asked = dns.transactions(lookups.frames("client"))
    to_resolver = [one for one in asked if one.server.ip == params["ip_resolver"] and one.type != "NS"]
    passed = [one for one in dns.transactions(lookups.frames("resolver")) if one.client.ip == params["ip_resolver"]
              and (one.name.strip("."), one.type) != ("", "NS")]  # the resolver's own question for the root's servers
    timetable = to_resolver[:len(params["lookups"])]
    again = [one for one in timetable if one.name == f"www.{params['domain']}"][1]
    denied = next(one for one in timetable if one.kind == "nxdomain")
    root = next(one for one in passed if one.server.ip == params["ip_root"] and one.kind == "referral")
    long = [one for one in to_resolver if one.type == "TXT"][:2]
    delays = [params[f"delay_{name}"] for name in ("client", "root", "tld", "auth")]
    return {
        "queries": [sum(one.time <= two.time <= one.response.time for two in passed) for one in timetable],
        "ttl_again": again.response.answers[0].ttl,
        "negative_ttl": denied.response.authority[0].ttl,
        "next_server": next(iter(root.response.glue.values())),
        "first_ms": 2 * (sum(delays) + 4 * params["delay_resolver"]),
        "long_over": [one.transport for one in long],
        "long_bytes": long[-1].response.size,
    }
