"""One lookup from the client to the authoritative server; what the cache saves; then the student's own zone.

client -- resolver -- root, tld, auth, auth2: each a named of its own but the client. See zones.py for what they serve.
"""

from pathlib import Path

from mnlab.lab import Allowed, Diagram, scene

allowed = Allowed(programs=("named-compilezone", "python3"))
needs = ("netem", "named", "dig", "named-compilezone")
diagram = Diagram(captures=("client", "resolver"), protocols=("dns",), scene="lookups", first="first-lookup",
                  last="second-lookup", hosts=("client", "resolver", "root", "tld", "auth"))

TLDS = ("lab", "campus", "coast", "north", "orbit", "valley")
DOMAINS = ("river", "harbour", "meadow", "granite", "maple", "copper", "heron", "saffron", "willow", "amber")
SIBLINGS = ("mail", "news", "files", "maps")
ALIASES = ("go", "portal", "start", "home")
OWN_ALIASES = ("shop", "blog", "help", "docs")
OWN_QUESTIONS = (("www.", "A"), ("", "MX"), ("mail.", "A"), ("", "NS"), ("ns1.", "A"), ("nosuch.", "A"),
                 ("www.", "AAAA"), ("mail.", "AAAA"))  # of auth2
HOSTS = ("client", "resolver", "root", "tld", "auth", "auth2", "web")


# --- this variant -----------------------------------------------------------------------------------------------------

def variant(rng) -> dict:
    """Names, addresses, delays, TTLs, and a timetable of lookups."""
    tld, net = rng.choice(TLDS), f"10.{rng.randrange(20, 250)}"
    domain, other, own = (f"{word}.{tld}" for word in rng.sample(DOMAINS, 3))
    params = {"tld": tld, "domain": domain, "other_domain": other, "own_domain": own,
              "sibling": rng.choice(SIBLINGS), "alias": rng.choice(ALIASES), "missing": f"nosuch.{domain}"}
    for level, name in enumerate(HOSTS):
        params[f"ip_{name}"] = f"{net}.{max(level - 1, 0)}.{10 * level + rng.randrange(10, 20)}"
    for name in ("sibling", "other", "own_web", "own_mail"):
        params[f"ip_{name}"] = f"192.0.2.{rng.randrange(10, 250)}"  # RFC 5737: documentation
    for name, low, high in (("client", 1, 2), ("resolver", 1, 2), ("root", 8, 15), ("tld", 16, 25), ("auth", 5, 40),
                            ("auth2", 5, 40), ("web", 5, 10)):
        params[f"delay_{name}"] = rng.randrange(low, high + 1)
    minimum, soa_ttl = rng.sample(range(25, 60), 2)
    params |= {"www_ttl": rng.randrange(30, 76), "soa_minimum": minimum, "soa_ttl": soa_ttl,
               "text_size": rng.randrange(600, 1001),
               "own_alias": rng.choice(OWN_ALIASES), "own_ttl": rng.randrange(5, 60) * 60,
               "own_minimum": rng.randrange(61, 600)}
    params["lookups"] = timetable(rng, params)
    for number, (moment, name) in enumerate(params["lookups"], start=1):
        params[f"lookup_{number}"] = f"{moment:3} s   {name}"
    return params


def timetable(rng, params: dict) -> list:
    """[seconds since the first lookup, name] of eight lookups, in an order that tells hit from miss beyond doubt."""
    www, missing = f"www.{params['domain']}", params["missing"]
    names = [www, www, missing, missing, missing, f"{params['sibling']}.{params['domain']}",
             f"www.{params['other_domain']}"]
    while True:
        rng.shuffle(names)
        moments = sorted(rng.sample(range(4, 150), len(names)))
        plan = [[0, www], *([moment, name] for moment, name in zip(moments, names))]
        if _clear(plan, www, params["www_ttl"]) and _clear(
                plan, missing, min(params["soa_ttl"], params["soa_minimum"])):
            return plan


def _clear(plan: list, name: str, ttl: int) -> bool:
    """True if the second lookup of `name` falls well within the TTL of the first, and the third well after it."""
    first, second, third = (moment for moment, asked in plan if asked == name)
    return first + 5 <= second <= first + ttl - 5 and first + ttl + 5 <= third <= first + 85 + ttl % 10


def secret(rng, params) -> dict:
    """Names and addresses for the student's resolver to find."""
    from mnlab.lab.lab import load
    return load(Path(__file__).with_name("names.py")).secret(rng, params)


def topology(params):
    from topologies.star import Star
    return Star(nodes={name: (f"{params[f'ip_{name}']}/16", f"{params[f'delay_{name}']}ms")
                       for name in HOSTS})


# --- the experiment ---------------------------------------------------------------------------------------------------

@scene
def lookups(net, rec):
    """From the root down, and what the cache saves."""
    from lab import servers, zones
    params, client = rec.params, net["client"]
    running = prepare(net, rec, params, zones.tld_zone(params))
    with rec.capture("client", "resolver"):
        servers.prime(net)
        rec.progress("looking up names")
        begin = rec.mark("first-lookup")
        first, second, *rest = params["lookups"]
        dig(rec, "first-lookups", client, [first, second])
        rec.mark("second-lookup")
        rec.progress("waiting for TTLs to run out")
        rec.wait(max(0.0, begin + rest[0][0] - rec.now()))
        after = rest[-1][0] + 1
        dig(rec, "more-questions", client, rest + [[after, question] for question in more_questions(params)])
        rec.run("ping-by-name", client, ["ping", "-4", "-n", "-c1", "-W2", f"www.{params['domain']}"], check=False)
        rec.mark("asked")
    servers.stop(running)


@scene(work=["*.zone", "*.py"])
def yours(net, rec, work):
    """Your domain and your program."""
    from lab import names, servers
    params, client = names.moved(rec.params), net["client"]
    servers.move(net, rec.params)
    running = prepare(net, rec, params, *servers.student_zones(net, rec, params))
    with rec.capture("client", "resolver"):
        servers.prime(net)
        rec.progress("looking up your names")
        known = f"www.{params['domain']} A"  # so the resolver knows the TLD's server
        dig(rec, "own-questions", client, [[0, question] for question in (known, *own_questions(rec.params))])
        rec.mark("asked")
        rec.progress("running iterate.py")
        for command, ways in names.ways(rec.params).items():
            rec.student(command, client, ["python3", "iterate.py", params["ip_root"], *(way.name for way in ways)],
                        processor=3)
    servers.stop(running)


def prepare(net, rec, params: dict, tld: str, own: dict[str, str] | None = None) -> list:
    """The servers, running, with these zones where the student has a part in them (see servers.student_zones)."""
    from lab import servers
    servers.meet(net)
    running = servers.start(net, rec, params, tld, own or {})
    net["client"].use_resolver(rec.params["ip_resolver"])
    return running


def dig(rec, name: str, client, plan: list):
    """One dig asks the questions of `plan`, [second, question], each at its time: it reads them from a pipe.

    What dig makes of an answer, or of none, is for the checks to say.
    """
    script, now = [], plan[0][0]
    for moment, question in plan:
        script += [f"sleep {moment - now}"] if moment > now else []
        script += [f"echo '{question}'"]
        now = moment
    rec.run(name, client, "{ " + "; ".join(script) + "; } | dig -f -", timeout=300, check=False)


def more_questions(params: dict) -> list[str]:
    """After the timetable, as one would type them after `dig`."""
    domain, other = params["domain"], params["other_domain"]
    return [f"@{params['ip_root']} www.{domain} A",   # asks a server that does not recurse
            f"+norecurse ftp.{other} A",              # asks the resolver not to
            f"{params['alias']}.{domain} A",
            f"www.{domain} MX",                       # the name exists, the type does not
            f"+noedns notes.{domain} TXT",            # at most 512 bytes over UDP
            f"notes.{domain} TXT"]


def own_questions(params: dict) -> list[str]:
    """About the student's own zone: one for the resolver, the others for the server itself."""
    own, server = params["own_domain"], f"@{params['ip_auth2']} +norecurse"
    return [f"www.{own} A", *(f"{server} {name}{own} {kind}" for name, kind in OWN_QUESTIONS),
            f"{server} {params['own_alias']}.{own} A"]
