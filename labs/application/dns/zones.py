"""What the lab's name servers serve and how they are configured: zone files and named.conf, as text.

Every server is BIND's named. Zone files are in master file format (RFC 1035, section 5).
"""

LONG = 172800  # s: what a real TLD gives its delegations; far beyond any wait of this lab
NOTE = "Reports of delays on the river line are sent to this name. "  # filler of the long TXT record

#: Common to all servers. Nothing is looked up by itself: on the wire is what somebody asked for.
OPTIONS = """\
options {{
    directory "{folder}";
    pid-file none; session-keyfile none; {more}
    listen-on {{ any; }}; listen-on-v6 {{ none; }};
    dnssec-validation no;        // the lab's root is not signed
    empty-zones-enable no;
    notify no; allow-transfer {{ none; }};
    max-cache-size 16M;
{options}}};
controls {{ }};
"""

AUTHORITATIVE = """\
    recursion no;                // answers from its own zones only
    rrset-order { order none; }; // the same order in each run
"""

RESOLVER = """\
    recursion yes; allow-query { any; };
    qname-minimization off;      // send the whole name to every server, as RFC 1034 has it (RFC 9156 would hide it)
    prefetch 0;                  // do not ask again before a TTL has run out
"""


def named_conf(host: str, folder, files: dict[str, str], more: str = "") -> str:
    """The named.conf of `host`, which serves `files`: zone name -> file name in `folder`. `more`: options."""
    options, kind = (RESOLVER, "hint") if host == "resolver" else (AUTHORITATIVE, "primary")
    lines = [f'zone "{zone}" {{ type {kind}; file "{file}"; }};\n' for zone, file in files.items()]
    return OPTIONS.format(folder=folder, more=more, options=options) + "".join(lines)


def root_hints(params: dict) -> str:
    """All that a resolver knows when it starts: where the root is."""
    return f". {LONG} IN NS a.root.\na.root. {LONG} IN A {params['ip_root']}\n"


def root_zone(params: dict) -> str:
    """The root: itself, and the delegation of the one top-level domain."""
    tld = params["tld"]
    return (f"$TTL {LONG}\n"
            ". IN SOA a.root. hostmaster.root. 1 1800 900 604800 86400\n"
            ". IN NS a.root.\n"
            f"a.root. IN A {params['ip_root']}\n"
            f"{tld}. IN NS ns.nic.{tld}.\n"
            f"ns.nic.{tld}. IN A {params['ip_tld']}\n")


def tld_zone(params: dict) -> str:
    """The top-level domain with the lab's two domains; the student's delegation comes on top."""
    tld, domain, other = params["tld"], params["domain"], params["other_domain"]
    return (f"$TTL {LONG}\n"
            f"{tld}. IN SOA ns.nic.{tld}. hostmaster.nic.{tld}. 1 1800 900 604800 900\n"
            f"{tld}. IN NS ns.nic.{tld}.\n"
            f"ns.nic.{tld}. IN A {params['ip_tld']}\n"
            f"{domain}. IN NS ns1.{domain}.\n"
            f"ns1.{domain}. IN A {params['ip_auth']}\n"
            f"{other}. IN NS ns1.{other}.\n"
            f"ns1.{other}. IN A {params['ip_auth2']}\n")


def domain_zone(params: dict) -> str:
    """The domain that most questions are about."""
    domain = params["domain"]
    text = " ".join(f'"{part}"' for part in long_text(params))
    return (f"$ORIGIN {domain}.\n$TTL {LONG}\n"
            f"@ {params['soa_ttl']} IN SOA ns1 hostmaster 2026010101 7200 900 1209600 {params['soa_minimum']}\n"
            "@ IN NS ns1\n"
            f"ns1 IN A {params['ip_auth']}\n"
            f"www {params['www_ttl']} IN A {params['ip_web']}\n"
            f"{params['_host']} 3600 IN A {params['_ip_host']}\n"
            f"{params['sibling']} 3600 IN A {params['ip_sibling']}\n"
            f"{params['alias']} 3600 IN CNAME www.{params['other_domain']}.\n"
            f"{params['_next']} 3600 IN CNAME {params['_end']}.{params['other_domain']}.\n"
            f"{params['_near']} 3600 IN CNAME {params['_host']}\n"
            f"{params['_lost']} 3600 IN CNAME {params['_nowhere']}.{params['other_domain']}.\n"
            f"notes 3600 IN TXT {text}\n")


def other_zone(params: dict) -> str:
    """Another domain under the same top-level domain, on a server of its own."""
    domain = params["other_domain"]
    return (f"$ORIGIN {domain}.\n$TTL {LONG}\n"
            f"@ IN SOA ns1 hostmaster 2026010101 7200 900 1209600 60\n"
            "@ IN NS ns1\n"
            f"ns1 IN A {params['ip_auth2']}\n"
            f"www 3600 IN A {params['ip_other']}\n"
            f"ftp 3600 IN A {params['ip_other']}\n"
            f"{params['_relay']} 3600 IN CNAME {params['_next']}.{params['domain']}.\n"
            f"{params['_end']} 3600 IN A {params['_ip_end']}\n"
            + _branch_servers(params, params["_branch"], f".{params['_branch']}"))


def branch_zone(params: dict) -> str:
    """A zone below the other domain, which is delegated once more."""
    return (f"$ORIGIN {params['_branch']}.{params['other_domain']}.\n$TTL {LONG}\n"
            "@ IN SOA ns1 hostmaster 2026010101 7200 900 1209600 60\n"
            + _branch_servers(params)
            + "".join(f"{params[f'_{word}']} 3600 IN A {params[f'_ip_{word}']}\n" for word in ("deep", "many")))


def _branch_servers(params: dict, owner: str = "@", below: str = "") -> str:
    """The same in both zones: one server that has an IPv4 address, and two, ahead and behind, that have not."""
    servers = {"a6": "AAAA 2001:db8::6", "ns1": f"A {params['ip_auth']}", "z6": "AAAA 2001:db8::7"}
    return "".join(f"{owner} IN NS {name}{below}\n{name}{below} IN {address}\n" for name, address in servers.items())


def long_text(params: dict) -> list[str]:
    """The strings of the TXT record: too long for 512 bytes (RFC 1035), short enough for 1232 with EDNS."""
    whole = (NOTE * 20)[:params["text_size"]]
    return [whole[start:start + 200] for start in range(0, len(whole), 200)]  # a string has at most 255 bytes


def added(compiled: str, base: str) -> list[str]:
    """The records of a compiled zone (named-compilezone: name, TTL, class, type, data) that `base` does not have.

    `base` is text of ours, with whole names and the class in each line.
    """
    known = {_key(line) for line in base.splitlines()}
    return [line for line in compiled.splitlines() if line.strip() and _key(line) not in known]


def _key(line: str) -> tuple:
    """A record without its TTL: name, type, data."""
    fields = line.lower().split()
    return fields[0], *fields[fields.index("in") + 1 if "in" in fields else 1:]


def refused_by_registry(lines: list[str], own_domain: str) -> list[str]:
    """Those of a student's records that a registry would not put into the zone of the top-level domain."""
    return [line for line in lines if not _allowed(line.split(), own_domain.lower())]


def _allowed(fields: list[str], own_domain: str) -> bool:
    name, kind = fields[0].lower().rstrip("."), fields[3]
    at, below = name == own_domain, name.endswith(f".{own_domain}")
    return kind == "NS" and at or kind == "A" and (at or below)
