"""Reading the evidence of this lab: who asked whom for what, and what the student's program did."""

from pathlib import Path

from mnlab.checks import expect
from mnlab.evidence.record import Missing
from mnlab.lab.lab import load
from mnlab.protocols import dns

names = load(Path(__file__).with_name("names.py"))


def www(params: dict) -> str:
    return f"www.{params['domain']}"


def negative_ttl(params: dict) -> int:
    """How long "no such name" may be remembered: RFC 2308, section 5."""
    return min(params["soa_ttl"], params["soa_minimum"])


def round_trips(params: dict, *servers: str) -> float:
    """Seconds that the first lookup takes: client to resolver and back, and resolver to each of `servers` and back."""
    delay = {name: params[f"delay_{name}"] for name in ("client", "resolver", *servers)}
    return 2e-3 * (delay["client"] + delay["resolver"] + sum(delay["resolver"] + delay[name] for name in servers))


# --- who asked whom ---

def sent_by(evidence, host: str) -> list[dns.Transaction]:
    """The questions that `host` itself asked, as captured there."""
    return [one for one in dns.transactions(evidence.frames(host)) if evidence.name_of(one.client.ip) == host]


def lookups(evidence, name: str, kind: str = "A", server: str = "resolver") -> list[dns.Transaction]:
    """What the client asked about `name` before any program of the student's ran, in order of time."""
    end = evidence.mark("asked")
    return [one for one in sent_by(evidence, "client") if (one.name.lower(), one.type) == (name.lower(), kind)
            and one.time < end and evidence.name_of(one.server.ip) == server]


def lookup(evidence, name: str, number: int = 1, kind: str = "A", server: str = "resolver") -> dns.Transaction:
    """The client's lookup number `number` of `name`."""
    found = lookups(evidence, name, kind, server)
    if len(found) < number:
        raise Missing(f"the client did not ask {server} for {name} {kind} {number} times")
    return found[number - 1]


def passed_on(evidence, asked: dns.Transaction) -> list[dns.Transaction]:
    """What the resolver itself asked between the client's question and the answer. It may also ask who the root's
    servers are, when it likes and for its own sake (the priming query, RFC 8109); that is left out."""
    end = asked.response.time if asked.response else asked.time + 30
    return [one for one in sent_by(evidence, "resolver") if asked.time <= one.time <= end
            and (one.name.strip("."), one.type) != ("", "NS")]


def name_of(evidence, address: str) -> str:
    """The host that has an address, or had it when the student's part was played."""
    moved = {evidence.params[f"_moved_{name}"]: name for name in names.MOVED}
    return moved.get(address) or evidence.name_of(address)


# --- the student's zone ---

def own_referral(evidence, params) -> dns.DnsMessage:
    """What the TLD's server said when the resolver first asked about the student's domain."""
    own = params["own_domain"]
    asked = [one for one in sent_by(evidence, "resolver") if name_of(evidence, one.server.ip) == "tld"
             and (one.name.lower() == own or one.name.lower().endswith(f".{own}"))]
    expect(asked, done=f"the client looked up www.{own}", expected="the resolver asks tld", seen="it does not")
    expect(asked[0].kind == "referral", done=f"the resolver asked tld for {asked[0].name}",
           expected="a referral to your name server", seen=said(asked[0]))
    return asked[0].response


def told(evidence, params, name: str, kind: str = "A") -> tuple[list[tuple[str, str, str, int]], str]:
    """What the student's server says about a name of their zone: (name, type, data, TTL), in small letters, and all of
    that in words."""
    asked = lookup(evidence, f"{name}.{params['own_domain']}".strip("."), kind=kind, server="auth2")
    records = asked.response.answers if asked.response else ()
    found = [(record.name.lower(), record.type, record.data.lower(), record.ttl) for record in records]
    return found, "; ".join(f"{owner} {kind} {data} (TTL {ttl})" for owner, kind, data, ttl in found) or said(asked)


def counts(evidence) -> list[int]:
    """How many questions the resolver asked for each lookup of the timetable."""
    taken, found = {}, []
    for _, name in evidence.params["lookups"]:
        taken[name] = taken.get(name, 0) + 1
        found.append(len(passed_on(evidence, lookup(evidence, name, taken[name]))))
    return found


def whom(evidence, asked: list[dns.Transaction]) -> list[str]:
    return [name_of(evidence, one.server.ip) for one in asked]


def listed(names) -> str:
    return ", then ".join(names) or "nobody"


def said(asked: dns.Transaction) -> str:
    """A response in words."""
    return dns.words(asked.response) if asked.response else "no answer"


def ttl_of(response: dns.DnsMessage | None, kind: str) -> int | None:
    """The TTL (s) of the first record of a type, in whatever section."""
    records = (*response.answers, *response.authority) if response else ()
    return next((record.ttl for record in records if record.type == kind), None)


# --- the student's files and program ---

def last_words(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-6:])


def program(evidence, command: str) -> tuple[list[dns.Transaction], list[str], str]:
    """What iterate.py asked on the wire; the lines that it printed; its last words."""
    ran = evidence.command(command)
    asked = [one for one in sent_by(evidence, "client") if ran.start <= one.time <= ran.end]
    words = ran.stopped or last_words(ran.stderr) or f"it printed: {ran.stdout.strip()[:300] or 'nothing'}"
    return asked, [line.rstrip() for line in ran.stdout.splitlines() if line.strip()], words


def servers(evidence, asked: list[dns.Transaction]) -> list[str]:
    """Whom iterate.py asked. At the address that a server had in the story before, nobody is meant."""
    moved = {evidence.params[f"_moved_{name}"]: name for name in names.MOVED}
    here = {address: evidence.name_of(address) for address in {one.server.ip for one in asked}}
    here |= {address: address for address, name in here.items() if name in names.MOVED} | moved
    return [here[one.server.ip] for one in asked]


def expect_found(evidence, params, command: str) -> None:
    """That iterate.py took the way to each name that it was told to find, and printed what is there."""
    (asked, printed, words), ways = program(evidence, command), names.ways(params)[command]
    for way in ways:
        done = f"python3 iterate.py ROOT {short(way.name)}"
        for name in way.asked:
            right = [server for one in ways for server in one.asked.get(name, ())]  # two may lead to the same
            found = servers(evidence, [one for one in asked if one.name.lower() == name])
            expect(found == right, done=done, expected=f"about {short(name)} it asks {listed(right)}",
                   seen=f"{listed(found)}; {words}")
        said_of_it = [line.split(maxsplit=1)[1] for line in printed if line.lower().startswith(f"{way.name.lower()} ")]
        expect(said_of_it[:1] == [way.says], done=done, expected=f"the line {short(way.name)} {way.says}",
               seen="; ".join(f"{short(way.name)} {text}" for text in said_of_it) or words)


def short(name: str) -> str:
    """A name, for people."""
    return name if len(name) < 60 else f"{name[:10]}...{name[-35:]} ({len(name)} characters)"
