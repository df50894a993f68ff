"""Ways to break the lab: servers configured otherwise, plausible wrong zone files and programs, wrong answers."""

from mnlab.checks import mutant

ENOUGH = ("resolver_forwards", "nothing_cached", "wrong_resolver", "no_pointers", "root_recurses", "www_has_mx",
          "greedy")


# --- the servers (inside the machine, where the lab's own files are the package `lab`) ---

def resolver_option(text: str) -> None:
    from lab import zones
    zones.RESOLVER = text + zones.RESOLVER


def zone_edit(function: str, old: str, new: str) -> None:
    """Change what a function of zones.py returns."""
    from lab import zones
    original = getattr(zones, function)

    def edited(params):
        text = original(params)
        assert old in text, f"{function} no longer holds {old!r}"
        return text.replace(old, new)
    setattr(zones, function, edited)


@mutant.network("the resolver forwards everything to auth", scenes=["lookups"])
def resolver_forwards(net, params):
    resolver_option(f"    forward only; forwarders {{ {params['ip_auth']}; }};\n")


@mutant.network("the resolver caches nothing", scenes=["lookups"])
def nothing_cached(net, params):
    resolver_option("    max-cache-ttl 0;\n")


@mutant.network("the resolver does not remember what does not exist", scenes=["lookups"])
def no_negative_cache(net, params):
    resolver_option("    max-ncache-ttl 0;\n")


@mutant.network("the resolver keeps everything for at least 90 s", scenes=["lookups"])
def cache_too_long(net, params):
    resolver_option("    min-cache-ttl 90;\n")


@mutant.network("the resolver tells each server only what it needs to know", scenes=["lookups"])
def minimised(net, params):
    from lab import zones
    zones.RESOLVER = zones.RESOLVER.replace("qname-minimization off", "qname-minimization strict")


@mutant.network("the root recurses for anybody", scenes=["lookups"])
def root_recurses(net, params):
    from lab import servers, zones
    original = zones.named_conf

    def named_conf(host, *others):
        text = original(host, *others)
        return text.replace("recursion no;", "recursion yes; allow-query { any; };") if host == "root" else text
    servers.zones.named_conf = named_conf


@mutant.network("the client has the root for its resolver", scenes=["lookups"])
def wrong_resolver(net, params):
    client = net["client"]
    original = client.use_resolver
    client.use_resolver = lambda *servers: original(params["ip_root"])


@mutant.network("TCP to the resolver is barred", scenes=["lookups"])
def no_tcp(net, params):
    net["resolver"].run("nft add table inet bar; nft add chain inet bar in '{ type filter hook input priority 0; }'; "
                        "nft add rule inet bar in iif != lo tcp dport 53 drop")


@mutant.network("the link of auth is 400 ms longer than it should be", scenes=["lookups"])
def slow_link(net, params):
    delay = params["delay_auth"] + 400
    net["auth"].run(f"tc qdisc change dev auth-eth0 root netem delay {delay}ms limit 1000")


@mutant.network("www has an MX record after all", scenes=["lookups"])
def www_has_mx(net, params):
    zone_edit("domain_zone", "@ IN NS ns1\n", "@ IN NS ns1\nwww IN MX 5 ns1\n")


@mutant.network("the alias is an address", scenes=["lookups"])
def alias_is_address(net, params):
    zone_edit("domain_zone", f"IN CNAME www.{params['other_domain']}.", f"IN A {params['ip_other']}")


@mutant.network("a wildcard answers for every name", scenes=["lookups"])
def wildcard(net, params):
    zone_edit("domain_zone", "@ IN NS ns1\n", f"@ IN NS ns1\n* 3600 IN A {params['ip_web']}\n")


@mutant.network("www has another address than the host", scenes=["lookups"])
def www_elsewhere(net, params):
    zone_edit("domain_zone", f"IN A {params['ip_web']}", f"IN A {params['ip_auth2']}")


# --- zone files that students write ---

@mutant.work("no final dot behind the name server's name in delegation.zone")
def dot_forgotten(work, params):
    work.edit("delegation.zone", f"NS  ns1.{params['own_domain']}.", f"NS  ns1.{params['own_domain']}")


@mutant.work("no glue")
def no_glue(work, params):
    work.write("delegation.zone", f"{params['own_domain']}. IN NS ns1.{params['own_domain']}.\n")


@mutant.work("glue that points to another server")
def wrong_glue(work, params):
    work.edit("delegation.zone", params["ip_auth2"], params["ip_auth"])


@mutant.work("the registry gets the website's address, too, and somebody else's domain")
def greedy(work, params):
    work.edit("delegation.zone", "ns1.", f"www.{params['domain']}. IN A 192.0.2.1\nns1.")


@mutant.work("the zone names another name server than the delegation")
def zones_disagree(work, params):
    work.edit("own.zone", "IN NS   ns1\n", "IN NS   ns2\n")
    work.edit("own.zone", "ns1     IN A", "ns2     IN A")


@mutant.work("no final dot behind the mail server's name")
def mail_dot_forgotten(work, params):
    work.edit("own.zone", "MX   10 mail\n", f"MX   10 mail.{params['own_domain']}\n")


@mutant.work("an alias with another record beside it")
def alias_and_more(work, params):
    work.edit("own.zone", "IN CNAME www\n", f"IN CNAME www\n{params['own_alias']} IN TXT \"more\"\n")


@mutant.work("the alias is a copy of the address")
def alias_copied(work, params):
    work.edit("own.zone", "IN CNAME www\n", f"IN A {params['ip_own_web']}\n")


@mutant.work("www has the zone's TTL, and names are denied for a day")
def default_ttls(work, params):
    work.edit("own.zone", f"www     {params['own_ttl']} IN", "www IN")
    work.edit("own.zone", f"1209600 {params['own_minimum']}", "1209600 86400")


@mutant.work("the zone includes a file of the system's")
def includes(work, params):
    work.edit("own.zone", "$TTL 3600\n", "$TTL 3600\n$INCLUDE /etc/shadow\n")


@mutant.work("the zone generates names without end")
def generates(work, params):
    work.edit("own.zone", "$TTL 3600\n", "$TTL 3600\n$GENERATE 0-2000000000 host-$ A 10.0.0.1\n")


# --- programs that students write ---

@mutant.work("the program asks for recursion")
def asks_for_recursion(work, params):
    work.edit("iterate.py", '"!5H", 0, 1', '"!5H", 0x0100, 1')


@mutant.work("the program leaves the work to the resolver")
def uses_resolver(work, params):
    work.edit("iterate.py", "def main() -> None:\n    root, *names = sys.argv[1:]\n",
              f"def main() -> None:\n    root, *names = '{params['ip_resolver']}', *sys.argv[2:]\n")


@mutant.work("the program stops at an alias")
def stops_at_alias(work, params):
    work.edit("iterate.py", "server, wanted = root, found[wanted, CNAME]", "return found[wanted, CNAME]")


@mutant.work("the program asks the same server about the alias's target")
def same_server(work, params):
    work.edit("iterate.py", "server, wanted = root, found[wanted, CNAME]", "wanted = found[wanted, CNAME]")


@mutant.work("the program takes no for no answer")
def ignores_nxdomain(work, params):
    work.edit("iterate.py", "if rcode == NXDOMAIN", "if rcode == 99")


@mutant.work("the program does not know pointers")
def no_pointers(work, params):
    work.edit("iterate.py", "length >= 0xC0", "length >= 0x1C0")


@mutant.work("the program runs for ever")
def hangs(work, params):
    work.edit("iterate.py", "def main() -> None:\n", "def main() -> None:\n    while True:\n        socket.socket()\n")


# --- answers ---

@mutant.answers("each lookup costs three questions")
def always_three(answers, params):
    answers["queries"] = [3] * 8


@mutant.answers("the cache does not count down")
def whole_ttl(answers, params):
    answers["ttl_again"] = params["www_ttl"]


@mutant.answers("the greater of the SOA record's two times counts")
def greater_minimum(answers, params):
    answers["negative_ttl"] = max(params["soa_ttl"], params["soa_minimum"])


@mutant.answers("the root refers to auth at once")
def root_knows_all(answers, params):
    answers["next_server"] = params["ip_auth"]


@mutant.answers("delays count once, one way")
def one_way(answers, params):
    answers["first_ms"] /= 2


@mutant.answers("TCP at once")
def tcp_only(answers, params):
    answers["long_over"] = ["tcp"]


@mutant.answers("the size with TCP's length before it")
def size_with_length(answers, params):
    answers["long_bytes"] += 2
