"""Ways to break the lab: servers configured otherwise, plausible wrong zone files and programs, wrong answers."""

from mnlab.checks import mutant

ENOUGH = ("resolver_forwards", "nothing_cached", "wrong_resolver", "no_pointers", "root_recurses", "www_has_mx",
          "alias_and_more")


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

@mutant.work("no final dot behind the name server's name in delegation.zone", breaks="R1")
def dot_forgotten(work, params):
    work.edit("delegation.zone", f"NS  ns1.{params['own_domain']}.", f"NS  ns1.{params['own_domain']}")


@mutant.work("the name server has another name, in both zones", breaks="R1")
def another_name(work, params):
    work.edit("delegation.zone", "ns1.", "ns2.")
    work.edit("own.zone", "ns1", "ns2")


@mutant.work("the domain is delegated to a second server as well", breaks="R1")
def second_server(work, params):
    work.edit("delegation.zone", "\nns1.", f"\n{params['own_domain']}. IN NS ns1.{params['other_domain']}.\nns1.")


@mutant.work("no glue", breaks="R2")
def no_glue(work, params):
    work.write("delegation.zone", f"{params['own_domain']}. IN NS ns1.{params['own_domain']}.\n")


@mutant.work("glue that points to another server", breaks="R2")
def wrong_glue(work, params):
    work.edit("delegation.zone", params["ip_auth2"], params["ip_auth"])


@mutant.work("a second address in the glue", breaks="R2")
def more_glue(work, params):
    work.edit("delegation.zone", f"ns1.{params['own_domain']}.   IN A",
              f"ns1.{params['own_domain']}. IN A {params['ip_auth']}\nns1.{params['own_domain']}.   IN A")


@mutant.work("the registry gets the website's address, too, and somebody else's domain", breaks="R3")
def greedy(work, params):
    work.edit("delegation.zone", "\nns1.", f"\nwww.{params['domain']}. IN A 192.0.2.1\nns1.")


@mutant.work("the registry gets the mail record, too", breaks="R3")
def mail_at_the_registry(work, params):
    own = params["own_domain"]
    work.edit("delegation.zone", "\nns1.", f"\n{own}. IN MX 10 mail.{own}.\nns1.")


@mutant.work("the zone names another name server than the delegation", breaks="R4")
def zones_disagree(work, params):
    work.edit("own.zone", "IN NS   ns1\n", "IN NS   ns2\nns2 IN A 192.0.2.7\n")


@mutant.work("the zone names a second name server", breaks="R4")
def second_in_child(work, params):
    work.edit("own.zone", "IN NS   ns1\n", f"IN NS   ns1\n@ IN NS ns1.{params['domain']}.\n")


@mutant.work("ns1 has the website's address in its own zone", breaks="R4")
def other_ns1(work, params):
    work.edit("own.zone", f"IN A    {params['ip_auth2']}", f"IN A    {params['ip_own_web']}")


@mutant.work("www has the zone's TTL", breaks="R5")
def default_ttl(work, params):
    work.edit("own.zone", f"www     {params['own_ttl']} IN", "www IN")


@mutant.work("www's TTL is in minutes", breaks="R5")
def minutes(work, params):
    work.edit("own.zone", f"www     {params['own_ttl']} IN", f"www {params['own_ttl'] // 60} IN")


@mutant.work("www has a second address", breaks="R5")
def second_www(work, params):
    work.edit("own.zone", "mail    IN A", f"www {params['own_ttl']} IN A {params['ip_own_mail']}\nmail    IN A")


@mutant.work("www has an address of IPv6, too", breaks="R5")
def www_in_six(work, params):
    work.edit("own.zone", "mail    IN A", f"www {params['own_ttl']} IN AAAA 2001:db8::80\nmail    IN A")


@mutant.work("the alias is a copy of the address", breaks="R6")
def alias_copied(work, params):
    work.edit("own.zone", "IN CNAME www\n", f"IN A {params['ip_own_web']}\n")


@mutant.work("no final dot behind the alias's target", breaks="R6")
def alias_dot_forgotten(work, params):
    work.edit("own.zone", "IN CNAME www\n", f"IN CNAME www.{params['own_domain']}\n")


@mutant.work("the alias is one of mail", breaks="R6")
def alias_of_mail(work, params):
    work.edit("own.zone", "IN CNAME www\n", "IN CNAME mail\n")


@mutant.work("an alias with another record beside it")
def alias_and_more(work, params):
    work.edit("own.zone", "IN CNAME www\n", f"IN CNAME www\n{params['own_alias']} IN TXT \"more\"\n")


@mutant.work("no final dot behind the mail server's name", breaks="R7")
def mail_dot_forgotten(work, params):
    work.edit("own.zone", "MX   10 mail\n", f"MX   10 mail.{params['own_domain']}\n")


@mutant.work("another preference", breaks="R7")
def preferred(work, params):
    work.edit("own.zone", "MX   10 mail", "MX   1 mail")


@mutant.work("the mail record belongs to www", breaks="R7")
def mail_of_www(work, params):
    work.edit("own.zone", "@       IN MX", "www     IN MX")


@mutant.work("www takes mail, too", breaks="R7")
def two_take_mail(work, params):
    work.edit("own.zone", "MX   10 mail\n", "MX   10 mail\n@ IN MX 20 www\n")


@mutant.work("mail has the address of www", breaks="R8")
def mail_is_www(work, params):
    work.edit("own.zone", f"mail    IN A    {params['ip_own_mail']}", f"mail IN A {params['ip_own_web']}")


@mutant.work("mail has an address of IPv6, too", breaks="R8")
def mail_in_six(work, params):
    work.edit("own.zone", "mail    IN A", "mail IN AAAA 2001:db8::25\nmail    IN A")


@mutant.work("mail has no address", breaks="R8")
def mail_nowhere(work, params):
    work.edit("own.zone", f"mail    IN A    {params['ip_own_mail']}", "mail IN TXT \"later\"")


@mutant.work("names are denied for a day", breaks="R9")
def default_minimum(work, params):
    work.edit("own.zone", f"1209600 {params['own_minimum']}", "1209600 86400")


@mutant.work("the SOA record's own TTL is a minute", breaks="R9")
def short_soa(work, params):
    work.edit("own.zone", "@       IN SOA", "@ 60 IN SOA")


@mutant.work("the time stands in the place of another one", breaks="R9")
def wrong_field(work, params):
    work.edit("own.zone", f"900 1209600 {params['own_minimum']}", f"{params['own_minimum']} 1209600 86400")


@mutant.work("any name leads to www", breaks="R9")
def wildcard_of_own(work, params):
    work.edit("own.zone", "mail    IN A", f"* IN A {params['ip_own_web']}\nmail    IN A")


@mutant.work("the zone includes a file of the system's")
def includes(work, params):
    work.edit("own.zone", "$TTL 3600\n", "$TTL 3600\n$INCLUDE /etc/shadow\n")


@mutant.work("the zone generates names without end")
def generates(work, params):
    work.edit("own.zone", "$TTL 3600\n", "$TTL 3600\n$GENERATE 0-2000000000 host-$ A 10.0.0.1\n")


# --- programs that students write ---

@mutant.work("the program prints the name that it found in the end", breaks="R10")
def prints_target(work, params):
    work.edit("iterate.py", "NXDOMAIN = 3\n", "NXDOMAIN = 3\nENDS = {}\n")
    work.edit("iterate.py", "server, wanted = root, found[wanted, CNAME]",
              "server, wanted = root, found[wanted, CNAME]\n            ENDS[name] = wanted")
    work.edit("iterate.py", "print(name, address", "print(ENDS.get(name, name), address")


@mutant.work("the program prints a blank line behind each name", breaks="R10")
def blank_lines(work, params):
    work.edit("iterate.py", 'print(name, address or "does not exist")',
              'print(name, address or "does not exist", "\\n")')


@mutant.work("the program says what it is doing", breaks="R10")
def talks(work, params):
    work.edit("iterate.py", "    for name in names:\n", "    for name in names:\n        print('looking for', name)\n")


@mutant.work("the program prints what does not exist at the end", breaks="R10")
def sorts(work, params):
    work.edit("iterate.py", "    for name in names:\n", "    for name in sorted(names):\n")


@mutant.work("the program prints names in small letters", breaks="R10")
def small_letters(work, params):
    work.edit("iterate.py", "print(name, address", "print(name.lower(), address")


@mutant.work("a name in capitals is another name", breaks="R10")
def case_counts(work, params):
    work.edit("iterate.py", '".".join(labels).lower()', '".".join(labels)')
    work.edit("iterate.py", "server, wanted = root, name.lower()", "server, wanted = root, name")


@mutant.work("the program has other words for what does not exist", breaks="R10")
def other_words(work, params):
    work.edit("iterate.py", '"does not exist")', '"not found")')


@mutant.work("the program begins at the root's address in variant.toml", breaks="R11")
def known_root(work, params):
    work.edit("iterate.py", "    root, *names = sys.argv[1:]\n",
              f"    root, names = '{params['ip_root']}', sys.argv[2:]\n")


@mutant.work("the program leaves the work to the resolver", breaks="R11")
def uses_resolver(work, params):
    work.edit("iterate.py", "    root, *names = sys.argv[1:]\n",
              f"    root, names = '{params['ip_resolver']}', sys.argv[2:]\n")


@mutant.work("the program remembers what it has found", breaks="R11")
def remembers_names(work, params):
    work.edit("iterate.py", "def resolve(", "@__import__('functools').cache\ndef resolve(")


@mutant.work("the program remembers what servers have said", breaks="R11")
def remembers_answers(work, params):
    work.edit("iterate.py", "def ask(", "@__import__('functools').cache\ndef ask(")


@mutant.work("the program remembers where aliases lead", breaks="R11")
def remembers_aliases(work, params):
    work.edit("iterate.py", "    server, wanted = root, name.lower()\n",
              "    server, wanted = root, KNOWN.get(name.lower(), name.lower())\n")
    work.edit("iterate.py", "            server, wanted = root, found[wanted, CNAME]",
              "            KNOWN[wanted] = found[wanted, CNAME]\n"
              "            server, wanted = root, found[wanted, CNAME]")
    work.edit("iterate.py", "NXDOMAIN = 3\n", "NXDOMAIN = 3\nKNOWN = {}\n")


@mutant.work("the program remembers what does not exist", breaks="R11")
def remembers_denials(work, params):
    work.edit("iterate.py", "        if rcode == NXDOMAIN:\n",
              "        if rcode == NXDOMAIN:\n            DENIED.add(wanted)\n")
    work.edit("iterate.py", "        rcode, (answers",
              "        if wanted in DENIED:\n            return None\n        rcode, (answers")
    work.edit("iterate.py", "NXDOMAIN = 3\n", "NXDOMAIN = 3\nDENIED = set()\n")


@mutant.work("the program goes on where it was, with the next name", breaks="R11")
def keeps_referrals(work, params):
    work.edit("iterate.py", "    server, wanted = root, name.lower()\n",
              "    server, wanted = KNOWN.get(name.partition('.')[2], root), name.lower()\n")
    work.edit("iterate.py", "        server = glue[0] if glue else resolve(root, servers[0])\n",
              "        server = glue[0] if glue else resolve(root, servers[0])\n"
              "        KNOWN[wanted.partition('.')[2]] = server\n")
    work.edit("iterate.py", "NXDOMAIN = 3\n", "NXDOMAIN = 3\nKNOWN = {}\n")


@mutant.work("behind an alias the program begins below the root", breaks="R11")
def skips_root(work, params):
    work.edit("iterate.py", "        if rcode == NXDOMAIN:\n",
              "        if server == root and additional:\n            KNOWN.append(additional[0][2])\n"
              "        if rcode == NXDOMAIN:\n")
    work.edit("iterate.py", "server, wanted = root, found", "server, wanted = KNOWN[0], found")
    work.edit("iterate.py", "NXDOMAIN = 3\n", "NXDOMAIN = 3\nKNOWN = []\n")


@mutant.work("the resolver has to say that a name does not exist", breaks="R11")
def asks_resolver_twice(work, params):
    work.edit("iterate.py", "        if rcode == NXDOMAIN:\n",
              f"        if rcode == NXDOMAIN:\n            ask('{params['ip_resolver']}', wanted)\n")


@mutant.work("the program asks for recursion", breaks="R12")
def asks_for_recursion(work, params):
    work.edit("iterate.py", '"!5H", 0, 1', '"!5H", 0x0100, 1')


@mutant.work("the program asks over TCP", breaks="R12")
def over_tcp(work, params):
    work.edit("iterate.py", "socket.SOCK_DGRAM", "socket.SOCK_STREAM")
    work.edit("iterate.py", "sock.send(make_query(ident, name))",
              "sock.send(struct.pack('!H', len(make_query(ident, name))) + make_query(ident, name))")
    work.edit("iterate.py", "message = sock.recv(4096)\n", "message = sock.recv(4096)[2:]\n")


@mutant.work("the program asks for the AAAA record as well", breaks="R12")
def both_kinds(work, params):
    work.edit("iterate.py", "            sock.send(make_query(ident, name))\n",
              "            sock.send(make_query(os.urandom(2), name)[:-3] + b'\\x1c\\0\\1')\n"
              "            sock.send(make_query(ident, name))\n")


@mutant.work("the program tells the root no more than the last label", breaks="R12")
def minimises(work, params):
    work.edit("iterate.py", "= ask(server, wanted)",
              "= ask(server, wanted.split('.')[-1] if server == root else wanted)")


@mutant.work("the program takes the first record of the additional section", breaks="R13")
def first_additional(work, params):
    work.edit("iterate.py", "kind == A and owner in servers]", "owner in servers]")


@mutant.work("the program gives up after the third server", breaks="R13")
def three_levels(work, params):
    work.edit("iterate.py", "    for _ in range(STEPS):\n", "    for level in range(STEPS):\n")
    work.edit("iterate.py", "        if not servers:\n",
              "        if level == 2 and wanted == name:\n            raise Failed('no answer')\n"
              "        if not servers:\n")


@mutant.work("the program takes no answer from the second server", breaks="R13")
def three_or_nothing(work, params):
    work.edit("iterate.py", "        if (wanted, A) in found:\n",
              "        if (wanted, A) in found and wanted.startswith('ns.'):\n            raise Failed('too early')\n"
              "        if (wanted, A) in found:\n")


@mutant.work("the program asks each server twice", breaks="R13")
def asks_twice(work, params):
    work.edit("iterate.py", "        if rcode == NXDOMAIN:\n",
              "        ask(server, wanted)\n        if rcode == NXDOMAIN:\n")


@mutant.work("the program knows where the servers are from variant.toml", breaks="R13")
def known_servers(work, params):
    work.edit("iterate.py", "        server = glue[0] if glue else resolve(root, servers[0])\n",
              "        server = KNOWN.get(servers[0], glue[0])\n")
    known = {f"ns.nic.{params['tld']}": params["ip_tld"], f"ns1.{params['domain']}": params["ip_auth"]}
    work.edit("iterate.py", "NXDOMAIN = 3\n", f"NXDOMAIN = 3\nKNOWN = {known}\n")


@mutant.work("the program stops at an alias", breaks="R14")
def stops_at_alias(work, params):
    work.edit("iterate.py", "server, wanted = root, found[wanted, CNAME]", "return found[wanted, CNAME]")


@mutant.work("the program asks the same server about the alias's target", breaks="R14")
def same_server(work, params):
    work.edit("iterate.py", "server, wanted = root, found[wanted, CNAME]", "wanted = found[wanted, CNAME]")


@mutant.work("the program follows one alias, and not another behind it", breaks="R14")
def one_alias(work, params):
    work.edit("iterate.py", "if (wanted, CNAME) in found:", "if (wanted, CNAME) in found and wanted == name:")


@mutant.work("the program takes the address that comes with an alias", breaks="R14")
def address_beside(work, params):
    work.edit("iterate.py", "        if (wanted, A) in found:\n            return found[wanted, A]\n",
              "        if addresses := [data for _, kind, data in answers if kind == A]:\n"
              "            return addresses[0]\n")


@mutant.work("the program believes no server about a name behind an alias", breaks="R15")
def denied_behind_alias(work, params):
    work.edit("iterate.py", "if rcode == NXDOMAIN:", "if rcode == NXDOMAIN and wanted == name.lower():")


@mutant.work("the program takes no for no answer", breaks="R15")
def ignores_nxdomain(work, params):
    work.edit("iterate.py", "if rcode == NXDOMAIN", "if rcode == 99")


@mutant.work("the program believes no server but the last that a name does not exist", breaks="R15")
def doubts_the_root(work, params):
    work.edit("iterate.py", "if rcode == NXDOMAIN:", "if rcode == NXDOMAIN and server != root:")


@mutant.work("the program takes bits of another place for the response code", breaks="R15")
def wrong_bits(work, params):
    work.edit("iterate.py", "return flags & 0xF, sections", "return flags >> 12 & 0xF, sections")


@mutant.work("the program does not know pointers", breaks="R16")
def no_pointers(work, params):
    work.edit("iterate.py", "length >= 0xC0", "length >= 0x1C0")


@mutant.work("the program reads one byte of a pointer", breaks="R16")
def short_pointers(work, params):
    work.edit("iterate.py", 'struct.unpack_from("!H", message, place)[0] & 0x3FFF', "message[place + 1]")


@mutant.work("the program goes on reading behind a pointer's target", breaks="R16")
def lost_place(work, params):
    work.edit("iterate.py", "after = place + 2 if after is None else after",
              "after = None")


@mutant.work("a name has 250 characters at most", breaks="R16")
def short_names(work, params):
    work.edit("iterate.py", '    labels = name.rstrip(".").split(".")\n',
              '    labels = name.rstrip(".").split(".")\n    if len(name) > 250:\n        raise Failed("too long")\n')


@mutant.work("a name that is read has 32 labels at most", breaks="R16")
def few_labels(work, params):
    work.edit("iterate.py", "range(128)", "range(32)")


@mutant.work("the program has labels of 31 bytes", breaks="R16")
def short_labels(work, params):
    work.edit("iterate.py", 'bytes([len(label)]) + label.encode("ascii")',
              'bytes([min(len(label), 31)]) + label.encode("ascii")[:31]')


@mutant.work("the program runs for ever")
def hangs(work, params):
    work.edit("iterate.py", "def main() -> None:\n", "def main() -> None:\n    while True:\n        socket.socket()\n")


# --- other ways to do it right ---

@mutant.right("one socket, EDNS, a reader with a place")
def another_resolver(work, params):
    work.take("iterate.py", "iterate.py")


@mutant.right("whole names in capitals; the SOA record's own TTL limits a no; the delegation has an origin of its own")
def another_zone(work, params):
    own = params["own_domain"].upper()
    work.write("own.zone", f"""\
$TTL 1h
{own}. IN {params['own_minimum']} SOA NS1.{own}. root.{own}. (7 1h 15m 2w 1d)
{own}. NS NS1.{own}.
WWW.{own}. IN {params['own_ttl']} A {params['ip_own_web']}
{params['own_alias'].upper()}.{own}. 60 CNAME Www.{own}.
{own}. TXT "the records that were asked for, and this one"
NS1.{own}. A {params['ip_auth2']}
MAIL.{own}. A {params['ip_own_mail']}
{own}. MX 10 MAIL.{own}.
""")
    work.write("delegation.zone", f"$ORIGIN {own}.\n$TTL 5m\n@ NS Ns1\nnS1 A {params['ip_auth2']}\n")


@mutant.right("the delegation relative to the top-level domain")
def relative_delegation(work, params):
    name = params["own_domain"].partition(".")[0]
    work.write("delegation.zone", f"ns1.{name} IN A {params['ip_auth2']}\n{name} 86400 IN NS ns1.{name}\n")


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
