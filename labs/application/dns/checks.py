"""What must be true of names on this network: the servers' part first, then the student's zone, program and answers.

Times: SLACK is for a busy computer in real time, where a delay of 20 ms was seen to take up to 53 ms; in virtual time
a round trip is exact to a tenth of a millisecond. TTLs are whole seconds, so two of them may differ by one more than
the time between them.
"""

from itertools import pairwise
from pathlib import Path

from mnlab.checks import expect, observation, points
from mnlab.lab.lab import load
from mnlab.protocols import dns, icmp

reading = load(Path(__file__).with_name("reading.py"))
www, lookup, passed_on, whom, listed = reading.www, reading.lookup, reading.passed_on, reading.whom, reading.listed
said, ttl_of, told = reading.said, reading.ttl_of, reading.told

SLACK = 0.05  # s for each server that is asked
TTL_STEP = 1  # s
PLAIN_UDP = 512  # bytes: the longest message over UDP without EDNS (RFC 1035, section 4.2.1)


def near(one, other, tolerance=TTL_STEP) -> bool:
    return one is not None and other is not None and abs(one - other) <= tolerance


# --- one lookup ---

@observation(1, claim="DNS-1", hint="Compare the address in the answer with the target of the echo request.")
def check_a_name_becomes_an_address(lookups, params):
    """ping is given a name; DNS answers with an address; the packets go there."""
    command = lookups.command("ping-by-name")
    asked = [one for one in reading.lookups(lookups, www(params)) if command.start <= one.time <= command.end]
    addresses = [address for one in asked for address in one.addresses]
    pinged = {packet.target for packet in icmp.packets(lookups.frames("client"))
              if packet.type == icmp.ECHO_REQUEST and command.start <= packet.time <= command.end}
    expect(addresses == [params["ip_web"]] and pinged == {params["ip_web"]}, done=f"ping {www(params)}",
           expected=f"the answer {params['ip_web']}, and echo requests to it",
           seen=f"answers: {', '.join(addresses) or 'none'}; echo requests to: {', '.join(sorted(pinged)) or 'nobody'}")


@observation(1, claim="DNS-2", hint="Look at the flags RD and RA, and at how many questions leave the client.")
def check_the_client_leaves_it_to_the_resolver(lookups, params):
    """The client asks its resolver once, recursion desired, and gets the final answer."""
    first = lookups.command("first-lookups").start
    asked = [one for one in reading.sent_by(lookups, "client") if one.time >= first][0]
    meanwhile = [one for one in reading.sent_by(lookups, "client")
                 if asked.time < one.time <= asked.time + (asked.latency or 5)]
    expect(lookups.name_of(asked.server.ip) == "resolver" and asked.recursive and not meanwhile,
           done=f"the client looked up {www(params)}", expected="one question, to the resolver, with RD set",
           seen=f"a question to {lookups.name_of(asked.server.ip)}, RD {asked.recursive:d}, {len(meanwhile)} more")
    expect(asked.kind == "answer" and asked.response.ra and asked.addresses == [params["ip_web"]],
           done=f"the client looked up {www(params)}", expected=f"the answer {params['ip_web']} with RA set",
           seen=said(asked) + (f", RA {asked.response.ra:d}" if asked.response else ""))


@observation(1, claim="DNS-3", hint="Whom does a resolver know that has only just started?")
def check_the_resolver_walks_down_the_tree(lookups, params):
    """The resolver asks root, TLD, authoritative server in turn: the same question, no recursion desired."""
    asked = passed_on(lookups, lookup(lookups, www(params)))
    expect(whom(lookups, asked) == ["root", "tld", "auth"], done=f"the client looked up {www(params)} first",
           expected="the resolver asks root, then tld, then auth", seen=listed(whom(lookups, asked)))
    questions = [(one.name.lower(), one.type, one.recursive) for one in asked]
    expect(set(questions) == {(www(params), "A", False)}, done="the resolver asked the three servers",
           expected=f"each time {www(params)} A with RD 0",
           seen=", ".join(f"{name} {kind} RD {rd:d}" for name, kind, rd in questions))


@observation(1, claim="DNS-3", hint="Read the authority and the additional section of the root's response.")
def check_each_referral_says_whom_to_ask_next(lookups, params):
    """Root and TLD do not answer, they refer; the glue is the address that is asked next; auth answers with AA."""
    asked = passed_on(lookups, lookup(lookups, www(params)))
    expect([one.kind for one in asked] == ["referral", "referral", "answer"], done=f"first lookup of {www(params)}",
           expected="two referrals, then an answer", seen="; ".join(map(said, asked)) or "no question by the resolver")
    for here, following in pairwise(asked):
        servers = [record.data for record in here.response.authority if record.type == "NS"]
        glue = [here.response.glue.get(name) for name in servers]
        expect(following.server.ip in glue and not here.response.answers,
               done=f"{lookups.name_of(here.server.ip)} referred the resolver to {', '.join(servers)}",
               expected="the resolver asks an address out of the glue next",
               seen=f"glue {', '.join(map(str, glue))}; asked next: {following.server.ip}")
    expect(asked[-1].response.aa and asked[-1].addresses == [params["ip_web"]], done="the resolver asked auth",
           expected=f"{params['ip_web']}, authoritative (AA)", seen=said(asked[-1]))


@observation(1, claim=("DNS-2", "DNS-3"), hint="Who offers recursion (RA), and who asks for it (RD)?")
def check_recursion_takes_two(lookups, params):
    """The root does not recurse even when asked to; the resolver does not when not asked to."""
    direct = lookup(lookups, www(params), server="root")
    warned = "recursion requested but not available" in lookups.command("more-questions").stdout
    expect(direct.recursive and direct.kind == "referral" and not direct.response.ra and warned,
           done=f"dig @root {www(params)}, with RD set",
           expected="a referral with RA clear, and dig's warning that recursion is not available",
           seen=said(direct) + ("" if warned else "; no warning from dig"))
    quiet = lookup(lookups, f"ftp.{params['other_domain']}")
    asked = passed_on(lookups, quiet)
    expect(not quiet.recursive and quiet.kind == "referral" and not asked,
           done=f"dig +norecurse {quiet.name}, which the resolver does not have",
           expected="what the resolver has, a referral, and no question of its own",
           seen=f"{said(quiet)}; the resolver asked {listed(whom(lookups, asked))}")


@observation(1, claim="DNS-4",
        hint="Add up the round trips: client and resolver, and the resolver with each server it asks.")
def check_the_first_lookup_takes_all_the_round_trips(lookups, params):
    """The first lookup takes a round trip to each server; one from the cache takes none of them."""
    first, again = (lookup(lookups, www(params), number) for number in (1, 2))
    # A capture sees what a host sends after the delay of its own link, and what it receives after all delays.
    least = reading.round_trips(params, "root", "tld", "auth") - params["delay_client"] / 1e3
    took = [one.latency if one.latency is not None else 30.0 for one in (first, again)]
    expect(least <= took[0] <= least + 4 * SLACK, done=f"first lookup of {www(params)}",
           expected=f"four round trips, less the client's own delay: {least * 1e3:.1f} ms or a little more",
           seen=f"{took[0] * 1e3:.1f} ms")
    expect(took[1] < took[0] / 2, done="the same once more", expected="much less than the first time",
           seen=f"{took[1] * 1e3:.1f} ms")


# --- what the cache does ---

@observation(1, claim="DNS-4", hint="Subtract the two TTLs, and the two times.")
def check_the_cache_answers_and_counts_down(lookups, params):
    """Asked again, the resolver asks nobody, does not claim authority, and says how much of the TTL is left."""
    first, again = (lookup(lookups, www(params), number) for number in (1, 2))
    asked = passed_on(lookups, again)
    expect(again.kind == "answer" and not asked and not again.response.aa, done=f"second lookup of {www(params)}",
           expected="an answer without AA, and nobody asked",
           seen=f"{said(again)}; the resolver asked {listed(whom(lookups, asked))}")
    ttls = [ttl_of(one.response, "A") for one in (first, again)]
    age = again.time - first.response.time
    expect(near(ttls[1], ttls[0] - age), done=f"{age:.1f} s after the first answer, whose TTL was {ttls[0]}",
           expected=f"a TTL of about {ttls[0] - age:.0f}", seen=str(ttls[1]))


@observation(1, claim="DNS-4", hint="What is still in the cache when the address is not?")
def check_a_ttl_runs_out(lookups, params):
    """After its TTL a record is asked for again, at the authoritative server at once."""
    late = lookup(lookups, www(params), 3)
    asked = passed_on(lookups, late)
    expect(whom(lookups, asked) == ["auth"], done=f"third lookup of {www(params)}, after its TTL of "
           f"{params['www_ttl']} s", expected="the resolver asks auth, and nobody else",
           seen=listed(whom(lookups, asked)))
    expect(ttl_of(late.response, "A") == params["www_ttl"], done="the answer to that",
           expected=f"the full TTL, {params['www_ttl']}", seen=str(ttl_of(late.response, "A")))


@observation(1, claim="DNS-3", hint="Which name servers did the first lookup teach the resolver?")
def check_later_lookups_begin_where_the_names_part(lookups, params):
    """Another name of the domain: only auth is asked. Another domain of the TLD: tld, then its server; never root."""
    cases = ((f"{params['sibling']}.{params['domain']}", ["auth"]),
             (f"www.{params['other_domain']}", ["tld", "auth2"]))
    for name, expected in cases:
        asked = passed_on(lookups, lookup(lookups, name))
        expect(whom(lookups, asked) == expected, done=f"first lookup of {name}, after {www(params)}",
               expected=listed(expected), seen=listed(whom(lookups, asked)))


@observation(1, claim="DNS-5", hint="RFC 2308, section 5: which two numbers of the SOA record count?")
def check_no_such_name_is_remembered(lookups, params):
    """NXDOMAIN comes with the SOA record, and is kept for the lesser of its TTL and its last number."""
    first, again, late = (lookup(lookups, params["missing"], number) for number in (1, 2, 3))
    kept = reading.negative_ttl(params)
    expect(first.kind == again.kind == "nxdomain" and ttl_of(first.response, "SOA") == kept,
           done=f"{params['missing']} was looked up", expected=f"no such name, with an SOA record of TTL {kept}",
           seen=f"{said(first)}, SOA TTL {ttl_of(first.response, 'SOA')}")
    age = again.time - first.response.time
    asked = passed_on(lookups, again)
    expect(not asked and near(ttl_of(again.response, "SOA"), kept - age), done=f"again, {age:.1f} s later",
           expected=f"nobody is asked, and about {kept - age:.0f} s are left",
           seen=f"asked: {listed(whom(lookups, asked))}; TTL {ttl_of(again.response, 'SOA')}")
    asked = passed_on(lookups, late)
    expect(whom(lookups, asked) == ["auth"], done=f"again, {late.time - first.time:.1f} s after the first time",
           expected="auth is asked", seen=listed(whom(lookups, asked)))


# --- kinds of answers ---

@observation(1, claim="DNS-5", hint="Is there an answer section? Is there an error?")
def check_a_name_without_that_type(lookups, params):
    """A name that exists, asked for a type it lacks: no error, no answer, the SOA record."""
    asked = lookup(lookups, www(params), kind="MX")
    soa = ttl_of(asked.response, "SOA")
    expect(asked.kind == "nodata" and asked.response.rcode == "noerror" and soa is not None,
           done=f"dig {www(params)} MX", expected="NOERROR, no answer, an SOA record", seen=said(asked))


@observation(1, claim="DNS-6", hint="A CNAME answers with another name. Who knows the address of that one?")
def check_an_alias_leads_to_another_name(lookups, params):
    """The answer for an alias: the CNAME record, then the address of the name that it stands for."""
    alias, target = f"{params['alias']}.{params['domain']}", f"www.{params['other_domain']}"
    asked = lookup(lookups, alias)
    records = [(record.name, record.type, record.data) for record in asked.response.answers] if asked.response else []
    expect(records == [(alias, "CNAME", target), (target, "A", params["ip_other"])], done=f"dig {alias}",
           expected=f"{alias} CNAME {target}, and {target} A {params['ip_other']}",
           seen="; ".join(" ".join(record) for record in records) or said(asked))


@observation(1, claim="DNS-7", hint="Look for the flag TC, then at the port and protocol of the next packet.")
def check_too_long_for_udp(lookups, params):
    """Over 512 bytes without EDNS: truncated, asked again over TCP. With EDNS it fits in one datagram."""
    name, done = f"notes.{params['domain']}", f"dig +noedns notes.{params['domain']} TXT"
    asked = reading.lookups(lookups, name, "TXT")
    expect([one.transport for one in asked] == ["udp", "tcp", "udp"], done=done + ", then the same with EDNS",
           expected="a question over UDP, over TCP, and over UDP", seen=", ".join(one.transport for one in asked))
    short, whole, edns = asked
    told = "Truncated, retrying in TCP mode" in lookups.command("more-questions").stdout
    expect(short.kind == "truncated" and short.response.size <= PLAIN_UDP and told, done=done,
           expected=f"at most {PLAIN_UDP} bytes over UDP, with TC set; and dig says that it goes on in TCP",
           seen=said(short))
    expect(whole.kind == "answer" and whole.response.size > PLAIN_UDP, done=done, seen=said(whole),
           expected=f"the whole answer over TCP, more than {PLAIN_UDP} bytes")
    expect(edns.kind == "answer" and edns.response.size > PLAIN_UDP and (edns.query.edns_size or 0) > PLAIN_UDP,
           done=f"dig {name} TXT", expected=f"with EDNS, more than {PLAIN_UDP} bytes in one datagram", seen=said(edns))


# --- your zone ---

@points(1, claim="DNS-8",
        hint="The message names the file and the line. A name without a final dot is completed with the zone's name.")
def check_your_zone_files_are_in_order(yours, params):
    """BIND takes own.zone, and the registry takes delegation.zone."""
    for name, file in (("own-zone-check", "own.zone"), ("delegation-check", "delegation.zone")):
        tried = yours.command(name)
        expect(tried.status == 0, done=f"BIND read {file}", expected="no error",
               seen=tried.stopped or reading.last_words(tried.stderr) or "no end of it")
    names = {line.split()[0].lower() for line in yours.command("own-zone-check").stdout.splitlines() if line.split()}
    expect(f"www.{params['own_domain']}." in names, done="BIND read own.zone",
           expected=f"a record of www.{params['own_domain']}.", seen=f"records of {', '.join(sorted(names))}")


@points(3, claim=("DNS-3", "DNS-8"),
        hint="What must the parent zone hold so that a resolver finds a server inside your own domain?")
def check_your_domain_is_delegated(yours, params):
    """The TLD refers the resolver to your name server, with glue, and the resolver goes there."""
    own, address = params["own_domain"], params["ip_auth2"]
    referral = reading.own_referral(yours, params)
    servers = [record.data.lower() for record in referral.authority
               if (record.name.lower(), record.type) == (own, "NS")]
    glue = [record.data for record in referral.additional if (record.name.lower(), record.type) == (f"ns1.{own}", "A")]
    expect(servers == [f"ns1.{own}"] and glue == [address], done=f"the resolver asked tld about {own}",
           expected=f"an NS record with the name ns1.{own}, and the glue {address}", seen=dns.words(referral))
    asked = passed_on(yours, lookup(yours, f"www.{own}"))
    expect(whom(yours, asked) == ["tld", "auth2"] and asked[-1].response and asked[-1].response.aa,
           done=f"the client looked up www.{own}", expected="the resolver asks tld, then auth2, the authority",
           seen=f"{listed(whom(yours, asked))}; the last one said: {said(asked[-1]) if asked else 'nothing'}")


@points(2, claim="DNS-1", hint="The TTL may stand between the name and IN, in seconds.")
def check_your_address_is_found(yours, params):
    """www in your zone has the address and the TTL asked for."""
    found, words = told(yours, params, "www")
    expect([record[1:] for record in found] == [("A", params["ip_own_web"], params["own_ttl"])],
           done=f"your name server was asked for www.{params['own_domain']}",
           expected=f"{params['ip_own_web']} with TTL {params['own_ttl']}", seen=words)
    expect_no_other(yours, params, "www")


def expect_no_other(yours, params, name: str) -> None:
    """A name of the student's zone has no address of IPv6."""
    found, words = told(yours, params, name, "AAAA")
    expect(not found, done=f"your name server was asked for {name}.{params['own_domain']} AAAA",
           expected="no other address", seen=words)


@points(1, claim="DNS-6", hint="An alias is a CNAME and nothing else.")
def check_your_alias(yours, params):
    """The alias leads to www."""
    alias, target = f"{params['own_alias']}.{params['own_domain']}", f"www.{params['own_domain']}"
    found, words = told(yours, params, params["own_alias"])
    expect([record[1:3] for record in found if record[0] == alias] == [("CNAME", target)],
           done=f"your name server was asked for {alias}", expected=f"CNAME {target}", seen=words)


@points(2, claim="DNS-1", hint="An MX record holds a number and a name. That name has an address, and is no alias.")
def check_your_mail(yours, params):
    """The MX record leads to mail, and mail has its address."""
    own = params["own_domain"]
    found, words = told(yours, params, "", "MX")
    expect([record[2] for record in found] == [f"10 mail.{own}"], done=f"your name server was asked for {own} MX",
           expected=f"10 mail.{own}", seen=words)
    found, words = told(yours, params, "mail")
    expect([record[1:3] for record in found] == [("A", params["ip_own_mail"])],
           done=f"your name server was asked for mail.{own}", expected=params["ip_own_mail"], seen=words)
    expect_no_other(yours, params, "mail")


@points(1, claim="DNS-5", hint="RFC 2308, section 5: which two numbers of the SOA record count?")
def check_your_no_lasts_as_long_as_it_should(yours, params):
    """A name that your zone lacks is denied, for as long as asked."""
    asked = lookup(yours, f"nosuch.{params['own_domain']}", server="auth2")
    records = asked.response.authority if asked.response else ()
    kept = [min(record.ttl, int(record.data.split()[-1])) for record in records if record.type == "SOA"]
    expect(asked.kind == "nxdomain" and kept == [params["own_minimum"]],
           done=f"your name server was asked for {asked.name}",
           expected=f"no such name; and by the SOA record that may be cached for {params['own_minimum']} s",
           seen=f"{said(asked)}; for {', '.join(map(str, kept)) or '(there is no SOA record)'} s")


@points(1, claim="DNS-8",
        hint="The same NS records and the same address have to stand in both zones (RFC 1034, section 4.2.2).")
def check_parent_and_child_agree(yours, params):
    """Your zone names the same name server as the TLD does, with the address that it has."""
    own = params["own_domain"]
    parent = {record.data.lower() for record in reading.own_referral(yours, params).authority if record.type == "NS"}
    found, words = told(yours, params, "", "NS")
    expect(found and parent == {record[2] for record in found}, expected="the same names",
           done=f"tld and your server were asked for the name servers of {own}",
           seen=f"tld: {', '.join(sorted(parent))}; yours: {words}")
    found, words = told(yours, params, "ns1")
    expect([record[1:3] for record in found] == [("A", params["ip_auth2"])],
           done=f"your server was asked for ns1.{own}", expected=params["ip_auth2"], seen=words)


# --- your program ---

@points(1, claim="DNS-3", hint="A question has the flags 0, and wants one A record. Whom does a root server work for?")
def check_your_program_asks_iteratively(yours, params):
    """iterate.py asks over UDP, without recursion, for A records; and never the lab's resolver."""
    asked = [one for command in reading.names.ways(params) for one in reading.program(yours, command)[0]]
    expect("auth" in whom(yours, asked), done="iterate.py ran", expected="questions, in the end to auth",
           seen=listed(whom(yours, asked)[:9]))
    odd = [one for one in asked if one.recursive or (one.transport, one.type) != ("udp", "A")
           or reading.name_of(yours, one.server.ip) == "resolver"]
    expect(not odd, done="iterate.py ran", expected="questions over UDP, RD 0, for A records, not to the resolver",
           seen="; ".join(f"{reading.short(one.name)} {one.type}, RD {one.recursive:d}, over {one.transport}, to "
                          f"{reading.name_of(yours, one.server.ip)}" for one in odd[:3]))


@points(3, claim="DNS-3", hint="Begin at the root; go on at the address in the additional section.")
def check_your_program_walks_down_the_tree(yours, params):
    """iterate.py asks root, tld, auth by itself, and prints the address."""
    reading.expect_found(yours, params, "iterate-host")


@points(2, claim="DNS-3", hint="Who says how many servers there are on the way? How long may a name be?")
def check_your_program_goes_as_deep_as_the_tree(yours, params):
    """A name that the TLD's server itself knows; long ones, of long labels and of many, that take three referrals."""
    reading.expect_found(yours, params, "iterate-depths")


@points(2, claim=("DNS-3", "DNS-6"),
        hint="The answer may be a CNAME: then look for the name that it holds, from the root.")
def check_your_program_follows_an_alias(yours, params):
    """The name behind an alias is looked up in its turn, and the name behind that one."""
    reading.expect_found(yours, params, "iterate-aliases")


@points(1, claim="DNS-5", hint="The response code is in the last four bits of the flags; 3 is NXDOMAIN.")
def check_your_program_knows_a_no(yours, params):
    """A name that is not there: auth says so, or already tld, or the root; and iterate.py believes it."""
    reading.expect_found(yours, params, "iterate-denied")


@points(1, claim="DNS-1", hint="What you print to find out what is going on belongs on standard error.")
def check_your_program_prints_a_line_for_each_name(yours, params):
    """One line for each name, in the order given, and nothing else."""
    for command, ways in reading.names.ways(params).items():
        words = reading.program(yours, command)[2]
        begun = [line.split(" ")[0] for line in yours.command(command).stdout.splitlines()]
        expect(begun == [way.name for way in ways], done=yours.command(command).line,
               expected=f"{len(ways)} lines, which begin with the names", seen=words)


# --- your answers ---

@points(3, claim="DNS-4",
        hint="Keep a list of what is in the resolver's cache, with the time at which each entry runs out.")
def check_answer_queries(answers, lookups, params):
    """How many questions the resolver asks for each of the eight lookups."""
    given, found = answers.items("queries"), reading.counts(lookups)
    expect(len(given) == len(found), expected=f"answers.toml: queries has {len(found)} numbers", seen=str(len(given)))
    wrong = [f"lookup {number} ({at} s, {name})" for number, ((at, name), one, other)
             in enumerate(zip(params["lookups"], given, found), start=1) if one != other]
    expect(not wrong, done="the eight lookups of your timetable", expected="your number of questions for each of them",
           seen="another number for " + "; ".join(wrong))


@points(1, claim="DNS-4", hint="The TTL in the zone, less the time since the resolver fetched the record.")
def check_answer_ttl(answers, lookups, params):
    """The TTL in the second answer for www."""
    given, found = answers.number("ttl_again"), ttl_of(lookup(lookups, www(params), 2).response, "A")
    expect(near(given, found), done=f"{www(params)} was looked up for the second time",
           expected="ttl_again is the TTL that the client saw (1 s off is fine)", seen=f"not {given:g}")


@points(1, claim="DNS-5", hint="RFC 2308, section 5.")
def check_answer_negative_ttl(answers, lookups, params):
    """How long a resolver may remember that a name does not exist."""
    given, found = answers.number("negative_ttl"), ttl_of(lookup(lookups, params["missing"]).response, "SOA")
    expect(given == found, done=f"{params['missing']} was looked up", seen=f"not {given:g}",
           expected="negative_ttl is the time (s) for which the resolver may remember the answer")


@points(1, claim="DNS-3", hint="Read the root's response in the resolver's capture: authority, then additional.")
def check_answer_next_server(answers, lookups, params):
    """Whom the root sends the resolver to."""
    given = answers.text("next_server")
    asked = passed_on(lookups, lookup(lookups, www(params)))
    referred = [address for one in asked if lookups.name_of(one.server.ip) == "root" and one.response
                for address in one.response.glue.values()]
    expect(given in referred, done="the resolver asked the root", seen=f"not {given}",
           expected="next_server is the address that it was told to ask next")


@points(1, claim="DNS-4", hint="Each question and its answer cross two links, twice: the asker's, and the server's.")
def check_answer_first_ms(answers, params):
    """How long the first lookup takes."""
    given, found = answers.number("first_ms"), 1e3 * reading.round_trips(params, "root", "tld", "auth")
    expect(abs(given - found) <= 0.05 * found, done="the delays of the links were added up",
           expected="first_ms is the sum of all round trips (5 % off is fine)", seen=f"not {given:g}")


@points(1, claim="DNS-7", hint="dig prints MSG SIZE; Wireshark shows it as the length of the DNS message.")
def check_answer_long(answers, lookups, params):
    """Over what the long answer came, and how long it was."""
    asked = reading.lookups(lookups, f"notes.{params['domain']}", "TXT")[:2]
    given, size = [str(one).lower() for one in answers.items("long_over")], answers.integer("long_bytes")
    expect(given == [one.transport for one in asked], done="dig +noedns asked for the long TXT record",
           expected='long_over names what carried each question, in order, as in ["tcp", "tcp"]', seen=f"not {given}")
    expect(size == asked[-1].response.size, done="the same", seen=f"not {size}",
           expected="long_bytes is the size of the DNS message with the whole answer")
