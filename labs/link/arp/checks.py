"""What must be true of ARP on a LAN: the kernels' part first, then the student's resolver and answers.

Times: Linux's timer wheel may fire up to 1/8 late (kernel/time/timer.c), hence LATE; SLACK is for a busy computer in
real time and is zero's worth in virtual time.
"""

from itertools import pairwise

from mnlab.checks import expect, points, same
from mnlab.protocols import arp, icmp, ip

LATE, SLACK = 1.125, 0.3  # a factor; seconds
TRIES, RETRY = 3, 1.0  # mcast_solicit, retrans_time (s): the kernel's defaults (net/ipv4/arp.c, arp_tbl)
NO_MAC = "00:00:00:00:00:00"
SOON = 0.05  # s: a frame has reached every host of the LAN, queued packets have left (microseconds in virtual time)


# --- reading the evidence ---

def first_exchange(evidence) -> arp.Exchange:
    """h1's first question about h2, with its answers."""
    found = [exchange for exchange in arp.exchanges(evidence.during("first-ping", "h1"))
             if (exchange.asker_ip, exchange.target_ip) == (evidence.params["h1"], evidence.params["h2"])]
    expect(found, done="h1, which knew no MAC address, pinged h2", expected="an ARP request from h1 for h2's address",
           seen="none")
    return found[0]


def requests(frames, asker_ip: str, target_ip: str) -> list[arp.Arp]:
    return [packet for packet in arp.packets(frames)
            if packet.kind == "request" and (packet.sender_ip, packet.target_ip) == (asker_ip, target_ip)]


def echo_requests(frames, target: str) -> list[icmp.Icmp]:
    return [packet for packet in icmp.packets(frames) if packet.type == icmp.ECHO_REQUEST and packet.target == target]


def link_target(packet) -> str:
    """The MAC address that a packet's frame was sent to."""
    return ip.ethernet(packet.frame.data).target


def the_echo(evidence, name: str) -> icmp.Icmp:
    """The echo request to h2 that the ping `name` sent."""
    found = echo_requests(evidence.during(name, "h1"), evidence.params["h2"])
    expect(found, done=f"h1 pinged h2 ({name})", expected="an echo request on the wire", seen="none")
    return found[0]


def gaps(packets) -> str:
    return ", ".join(f"{later.time - earlier.time:.2f}" for earlier, later in pairwise(packets)) or "none"


# --- what the kernels do ---

@points(1, claim="ARP-1", hint="Compare the reply's sender hardware address with the frame that carries the ping.")
def check_request_finds_the_mac(kernel):
    """ARP finds the MAC address that belongs to h2's IP address, and the ping is sent to it."""
    exchange, echo = first_exchange(kernel), the_echo(kernel, "first-ping")
    done = "h1, which knew no MAC address, pinged h2"
    expect(exchange.owner == kernel.mac("h2"), done=done,
           expected=f"a reply that names h2's MAC, {kernel.mac('h2')}",
           seen=exchange.owner or "no reply")
    expect(link_target(echo) == exchange.owner and echo.time > exchange.reply.time, done=done,
           expected=f"the ping after the reply, in a frame to {exchange.owner}",
           seen=f"a frame to {link_target(echo)}, {echo.time - exchange.reply.time:+.6f} s from the reply")


@points(1, claim="ARP-2", hint="`ip neigh` shows a host's cache.")
def check_cache_holds_the_pair(kernel):
    """Afterwards h1's cache holds the pair, and h2's holds h1's, learned from the question itself."""
    p = kernel.params
    entries = {entry["dst"]: (entry.get("lladdr"), entry["state"]) for entry in kernel.json("cache")}
    expect(entries.get(p["h2"]) == (kernel.mac("h2"), ["REACHABLE"]), done="h1 pinged h2, then `ip neigh` ran on h1",
           expected=f"{p['h2']} at {kernel.mac('h2')}, REACHABLE", seen=entries.get(p["h2"], "no entry"))
    learned = kernel.neighbours("h2-eth0", p["h1"])
    expect(learned and learned[0].mac == kernel.mac("h1"), done="h1 asked h2",
           expected=f"a new entry {p['h1']} at {kernel.mac('h1')} in h2's cache", seen=learned[:1] or "no entry")
    asked = requests(kernel.during("first-ping", "h2"), p["h2"], p["h1"])
    expect(not asked, done="h2 answered the ping", expected="no question of h2's own", seen=f"{len(asked)} of them")


@points(1, claim="ARP-3", hint="What is in the cache when the second ping leaves?")
def check_hit_sends_nothing(kernel):
    """The second ping is answered without any ARP: the cache is asked first."""
    echo = the_echo(kernel, "second-ping")
    asked = [packet for packet in arp.packets(kernel.during("second-ping", "h1"))
             if packet.source == kernel.mac("h1")]
    expect(not asked, done="h1 pinged h2 a second time", expected="no ARP packet from h1", seen=f"{len(asked)} of them")
    expect(link_target(echo) == kernel.mac("h2"), done="h1 pinged h2 a second time",
           expected=f"a frame to {kernel.mac('h2')}", seen=link_target(echo))


@points(1, claim="ARP-4", hint="What destination address reaches everyone on the LAN?")
def check_request_is_broadcast(kernel):
    """The request "who has h2, tell h1" goes to ff:ff:ff:ff:ff:ff, and h2 and h3 both receive it."""
    p, request = kernel.params, first_exchange(kernel).request
    expect(request.broadcast, done="h1 asked for h2", expected="a frame to ff:ff:ff:ff:ff:ff", seen=request.target)
    for host in ("h2", "h3"):
        seen = [copy for copy in requests(kernel.frames(host), p["h1"], p["h2"])
                if 0 <= copy.time - request.time < SOON]
        expect(seen, done="h1 asked for h2", expected=f"the request in {host}'s capture", seen="it is not there")


@points(1, claim="ARP-5", hint="Who is the reply's frame sent to, and does h3 see it?")
def check_only_the_owner_answers(kernel):
    """Only h2 answers, in a frame to h1 alone; h3, which heard the question, stays silent."""
    replies = [packet for packet in arp.packets(kernel.during("first-ping", "h1")) if packet.kind == "reply"]
    expect(len(replies) == 1 and replies[0].source == kernel.mac("h2"), done="h1 asked for h2",
           expected="one reply, from h2", seen=f"{len(replies)} from {[kernel.name_of(r.source) for r in replies]}")
    expect(replies[0].target == kernel.mac("h1"), done="h2 answered",
           expected=f"a frame to {kernel.mac('h1')} (h1)",
           seen=replies[0].target)
    overheard = [packet for packet in arp.packets(kernel.during("first-ping", "h3")) if packet.kind == "reply"]
    expect(not overheard, done="h2 answered h1", expected="no reply in h3's capture", seen=f"{len(overheard)}")


@points(1, claim="ARP-6", hint="Follow the states of h1's entry for h2 in scenes/kernel/kernel/neighbours.trace.")
def check_entries_age(kernel):
    """An entry is REACHABLE, then STALE; used again it goes to DELAY, PROBE (unicast), REACHABLE."""
    p = kernel.params
    entry = kernel.neighbours("h1-eth0", p["h2"])[:6]
    states = ["INCOMPLETE", "REACHABLE", "STALE", "DELAY", "PROBE", "REACHABLE"]
    done = "h1 pinged h2, was silent for a while, pinged again"
    expect([change.state for change in entry] == states, done=done, expected=" ".join(states),
           seen=" ".join(change.state for change in entry))
    _, reachable, stale, delay, probe, _ = entry
    # RFC 4861, 6.3.2: a random time between 0.5 and 1.5 times base_reachable_time
    expect(0.5 * p["reachable"] - SLACK <= stale.time - reachable.time <= 1.5 * p["reachable"] * LATE + SLACK,
           done=done,
           expected=f"REACHABLE for 0.5 to 1.5 times {p['reachable']} s", seen=f"{stale.time - reachable.time:.1f} s")
    echo = the_echo(kernel, "stale-ping")
    expect(abs(echo.time - delay.time) < SLACK and link_target(echo) == kernel.mac("h2"),
           done="the entry was STALE, h1 pinged",
           expected="the ping at once, to the old MAC address",
           seen=f"{echo.time - delay.time:+.3f} s, to {link_target(echo)}")
    expect(p["delay"] - SLACK <= probe.time - delay.time <= p["delay"] * LATE + SLACK, done="the entry was in DELAY",
           expected=f"PROBE after {p['delay']} s", seen=f"{probe.time - delay.time:.2f} s")
    probes = [r for r in requests(kernel.frames("h1"), p["h1"], p["h2"]) if abs(r.time - probe.time) < SLACK]
    expect(probes and probes[0].target == kernel.mac("h2"), done="the entry was in PROBE",
           expected=f"an ARP request to {kernel.mac('h2')} alone", seen=probes and probes[0].target or "no request")


@points(1, claim="ARP-7", hint="Count the requests, and look at their times.")
def check_nobody_answers(kernel):
    """For an address that nobody has, h1 asks three times a second apart, then reports host unreachable."""
    p, done = kernel.params, "h1 pinged an address that nobody has"
    ping = kernel.command("nobody-ping")
    asked = requests(kernel.during("nobody-ping", "h1"), p["h1"], p["nobody"])
    expect(len(asked) == TRIES and all(request.broadcast for request in asked), done=done,
           expected=f"{TRIES} broadcast requests", seen=f"{len(asked)}")
    right = [RETRY - SLACK <= later.time - earlier.time <= RETRY * LATE + SLACK
             for earlier, later in pairwise(asked)]
    expect(all(right), done=done, expected=f"{RETRY:g} s between requests", seen=f"{gaps(asked)} s")
    failed = [change for change in kernel.neighbours("h1-eth0", p["nobody"]) if change.state == "FAILED"]
    expect(failed and RETRY - SLACK <= failed[0].time - asked[-1].time <= RETRY * LATE + SLACK, done=done,
           expected=f"the entry FAILED {RETRY:g} s after the last request",
           seen=f"after {failed[0].time - asked[-1].time:.2f} s" if failed else "never")
    expect(f"From {p['h1']} icmp_seq=1 Destination Host Unreachable" in ping.stdout, done=done,
           expected="host unreachable, said by h1 itself", seen=ping.stdout.strip()[-200:])
    expect(not echo_requests(kernel.during("nobody-ping", "h1"), p["nobody"]), done=done,
           expected="no echo request on the wire",
           seen="there is one")


@points(1, claim="ARP-7", hint="Compare the time of the reply with the times of the echo requests.")
def check_packets_wait(kernel):
    """Packets to an address that is being asked for wait, and leave together, in order, once the answer is there."""
    p = kernel.params
    frames = kernel.during("waiting-ping", "h1")
    done = f"h3 answered no ARP for 1.5 s; meanwhile h1 sent it {p['waiting']} pings"
    replies = [packet for packet in arp.packets(frames) if packet.kind == "reply" and packet.sender_ip == p["h3"]]
    expect(replies, done=done, expected="an ARP reply from h3 in the end", seen="none")
    sent = echo_requests(frames, p["h3"])
    expect([echo.seq for echo in sent] == list(range(1, p["waiting"] + 1)), done=done,
           expected=f"echo requests 1 to {p['waiting']}, in order", seen=[echo.seq for echo in sent])
    late = [echo.time - replies[0].time for echo in sent]
    expect(0 <= min(late) and max(late) < SOON, done=done, expected="all of them leave right after the ARP reply",
           seen=", ".join(f"{seconds:+.4f} s" for seconds in late))
    asked = requests(frames, p["h1"], p["h3"])
    expect(replies[0].time - asked[0].time > RETRY, done=done, expected="an answer to a repeated question",
           seen=f"an answer after {replies[0].time - asked[0].time:.2f} s")


@points(1, claim="ARP-8", hint="An announcement names the same IP address as sender and as target.")
def check_announcement_updates_caches(kernel):
    """h2 gets a new MAC address and announces it unasked: h1's entry changes at once; h3, without one, makes none."""
    p, done = kernel.params, f"h2's MAC address became {kernel.params['new_mac']}"
    told = [packet for packet in arp.gratuitous(kernel.frames("h1")) if packet.sender_mac == p["new_mac"]]
    expect(told and told[0].broadcast, done=done, expected="a broadcast announcement of it", seen="none")
    entry = [change for change in kernel.neighbours("h1-eth0", p["h2"]) if change.mac == p["new_mac"]]
    expect(entry and 0 <= entry[0].time - told[0].time < SOON, done=done,
           expected="h1's entry changed by the announcement",
           seen=f"{entry[0].time - told[0].time:+.3f} s from it" if entry else "it never changed")
    echo = the_echo(kernel, "announced-ping")
    asked = requests(kernel.during("announced-ping", "h1"), p["h1"], p["h2"])
    expect(link_target(echo) == p["new_mac"] and not asked, done=f"{done}; h1 pinged h2",
           expected="a frame to the new address, with no question before",
           seen=f"{len(asked)} requests, {link_target(echo)}")
    expect(not kernel.neighbours("h3-eth0", p["h2"]), done=done,
           expected="no entry for h2 at h3, which never spoke to it",
           seen=kernel.neighbours("h3-eth0", p["h2"])[:1])


@points(1, claim="ARP-9", hint="Which MAC address is the ping after the false reply sent to?")
def check_spoofed_reply_redirects(kernel):
    """A false reply, to a host that asked nothing, takes over its entry: the ping to h2 goes to h3."""
    p, done = kernel.params, "h3 told h1, unasked, that h2's address is at h3's MAC; h1 pinged h2"
    lies = [packet for packet in arp.packets(kernel.frames("h1"))
            if packet.kind == "reply" and (packet.sender_ip, packet.sender_mac) == (p["h2"], kernel.mac("h3"))]
    expect(lies, done=done, expected="the false reply in h1's capture", seen="it is not there")
    echo = the_echo(kernel, "spoofed-ping")
    expect(link_target(echo) == kernel.mac("h3"), done=done,
           expected=f"the ping in a frame to h3, {kernel.mac('h3')}",
           seen=f"{link_target(echo)} ({kernel.name_of(link_target(echo))})")
    seen = {host: len(echo_requests(kernel.during("spoofed-ping", host), p["h2"])) for host in ("h2", "h3")}
    expect(seen == {"h2": 0, "h3": 1}, done=done, expected="h3 receives the ping, h2 does not", seen=seen)
    expect(kernel.command("spoofed-ping").status == 1, done=done, expected="no answer (ping's status 1)",
           seen=f"status {kernel.command('spoofed-ping').status}")


@points(1, claim="ARP-9", hint="Look for the invented address in h1's cache (scenes/kernel/files/cache-spoofed).")
def check_unasked_reply_makes_no_entry(kernel):
    """The same lie about an address that h1 has no entry for changes nothing (arp_accept = 0)."""
    p = kernel.params
    lies = [packet for packet in arp.packets(kernel.frames("h1")) if packet.sender_ip == p["stranger"]]
    entries = [entry for entry in kernel.json("cache-spoofed") if entry["dst"] == p["stranger"]]
    expect(lies and not entries, done=f"h3 told h1, unasked, where {p['stranger']} is", expected="no new entry at h1",
           seen=entries or "the false reply was not captured")


# --- the student's resolver ---

def printed(evidence, expected: dict[int, str], done: str) -> None:
    """Fail unless the resolver's lines with these numbers (0 is the first) are as expected."""
    program = evidence.command("your-resolver")
    lines = program.stdout.splitlines()
    for number, line in expected.items():
        seen = lines[number] if number < len(lines) else f"nothing; it printed {len(lines)} lines"
        expect(seen.strip().lower() == line.lower(), done=done, expected=f"output line {number + 1}: {line}",
               seen=seen[:200] + _end(program))


def _end(program) -> str:
    """How the program ended, if not well."""
    how = program.stopped or (f"it ended with status {program.status}" if program.status else "")
    return "".join(f"\n{text}" for text in (how, *program.stderr.strip().splitlines()[-4:]) if text)


def questions(evidence, target: str) -> list[arp.Arp]:
    """The requests that the resolver sent about an address."""
    program = evidence.command("your-resolver")
    found = requests(evidence.during("your-resolver", "h1"), evidence.params["h1"], target)
    found = [request for request in found if request.sender_mac == evidence.mac("h1")]
    expect(found, done=f"your resolver was told to resolve {target}", expected="an ARP request from h1 for it",
           seen="none" + _end(program))
    return found


@points(3, claim=("ARP-1", "ARP-4"), hint="Compare your request with the kernel's, byte by byte, in Wireshark.")
def check_resolver_asks_everyone(resolver):
    """Your resolver broadcasts a correct request and prints the MAC address that the reply gives."""
    p, mac = resolver.params, resolver.mac("h1")
    request = questions(resolver, p["h2"])[0]
    for what, wanted, seen in (
            ("the frame's destination", ip.BROADCAST, request.target), ("the frame's source", mac, request.source),
            ("the target hardware address", NO_MAC, request.target_mac)):
        expect(seen == wanted, done=f"your resolver asked for {p['h2']}", expected=f"{what}: {wanted}", seen=seen)
    printed(resolver, {0: f"{p['h2']} {p['_mac']}", 2: f"{p['h3']} {resolver.mac('h3')}"},
            f"resolve {p['h2']}, then {p['h3']}")
    others = [packet for _, packet in ip.packets(resolver.during("your-resolver", "h1")) if packet.source == p["h1"]]
    expect(not others, done="your resolver ran", expected="ARP from h1 and nothing else",
           seen=f"{len(others)} IP packets")


@points(2, claim="ARP-3", hint="Where does the resolver remember what it learned?")
def check_resolver_uses_its_cache(resolver):
    """Asked again while the answer is young, it answers without sending anything."""
    p = resolver.params
    asked = questions(resolver, p["h2"])
    young = [request for request in asked if request.time - asked[0].time < p["lifetime"]]
    expect(len(young) == 1, done=f"resolve {p['h2']} three times in {p['lifetime']} s", expected="one request",
           seen=f"{len(young)}, {gaps(young)} s apart")
    line = f"{p['h2']} {p['_mac']}"
    printed(resolver, {1: line, 3: line}, f"resolve {p['h2']} twice more, soon")


@points(2, claim="ARP-6", hint="An answer's age counts from when it was learned, not from when it was last used.")
def check_resolver_forgets(resolver):
    """An answer older than the lifetime is not believed: it asks again."""
    p = resolver.params
    asked = questions(resolver, p["h2"])
    age = asked[-1].time - asked[0].time
    expect(len(asked) > 1 and age >= p["lifetime"],
           done=f"resolve {p['h2']}, {p['lifetime'] + 2} s after the first time or later",
           expected="a new request", seen=f"{len(asked)} in all, the last one {age:.1f} s after the first")
    printed(resolver, {6: f"{p['h2']} {p['_mac']}"}, f"resolve {p['h2']} once more, at the end")


@points(2, claim="ARP-7",
        hint="Three questions, a second for each; use one deadline for each, however many frames arrive.")
def check_resolver_gives_up(resolver):
    """Nobody answers: three requests a second apart, a second more, and unreachable."""
    p = resolver.params
    asked, after = questions(resolver, p["decoy"]), f"resolve {p['decoy']}, which nobody has"
    times = [request.time for request in asked]
    steady = [abs(later - earlier - RETRY) < SLACK for earlier, later in pairwise(times)]
    expect(len(asked) == TRIES and all(steady), done=after, expected=f"{TRIES} requests, {RETRY:g} s apart",
           seen=f"{len(asked)}, {gaps(asked)} s apart")
    printed(resolver, {5: f"{p['decoy']} unreachable"}, after)


@points(3, claim="ARP-5", hint="Check the operation, whose address is answered, and to whom the answer is addressed.")
def check_resolver_believes_answers_only(resolver):
    """It takes a reply about another address, a question, or somebody else's answer for no answer, and learns none."""
    p = resolver.params
    done = f"resolve {p['nobody']}; h3 sent a reply about {p['decoy']}, a question, and a reply to h2"
    heard = [packet for packet in arp.packets(resolver.during("your-resolver", "h1"))
             if packet.source == resolver.mac("h3") and packet.sender_ip in (p["nobody"], p["decoy"])]
    asked = questions(resolver, p["nobody"])
    expect(len(asked) == TRIES and len(heard) >= 3, done=done, expected=f"{TRIES} requests, as if nobody had spoken",
           seen=f"{len(asked)}")
    printed(resolver, {4: f"{p['nobody']} unreachable"}, done)
    expect(questions(resolver, p["decoy"]), done=f"then resolve {p['decoy']}", expected="a request", seen="none")
    printed(resolver, {5: f"{p['decoy']} unreachable"}, f"then resolve {p['decoy']}")


# --- the student's answers ---

@points(2, claim=("ARP-4", "ARP-5"),
        hint="Open scenes/kernel/captures/h1-eth0.pcap and h3-eth0.pcap of your run; start at the first ping.")
def check_answers_first_exchange(kernel, answers):
    """Your answers on the first request and reply."""
    exchange = first_exchange(kernel)
    overheard = [packet for packet in arp.packets(kernel.frames("h3"))
                 if packet.time <= kernel.command("first-ping").end]
    same(answers.text("request_to").lower(), exchange.request.target, "request_to")
    same(answers.text("request_target_mac").lower(), exchange.request.target_mac, "request_target_mac")
    same(answers.text("reply_to").lower(), exchange.reply and exchange.reply.target, "reply_to")
    same(answers.integer("seen_by_h3"), len(overheard), "seen_by_h3")


@points(2, claim=("ARP-2", "ARP-6"), hint="Find the ping after the long silence, and the request that follows it.")
def check_answers_ageing(kernel, answers):
    """Your answers on the stale entry."""
    p, echo = kernel.params, the_echo(kernel, "stale-ping")
    probes = [request for request in requests(kernel.frames("h1"), p["h1"], p["h2"]) if request.time > echo.time]
    expect(probes, done="h1 used a stale entry", expected="a request soon after", seen="none")
    after = answers.number("probe_after")
    # a capture's times can be read to the tenth of a second, and the answer may be the kernel's setting
    expect(p["delay"] - 0.1 <= after <= probes[0].time - echo.time + 0.1, done="answers.toml: probe_after",
           expected="the time from the ping to the probe in your own run", seen=f"{after:g} s")
    same(answers.text("probe_to").lower(), probes[0].target, "probe_to")
    same([str(item).upper() for item in answers.items("states")], ["STALE", "DELAY", "PROBE", "REACHABLE"], "states")


@points(2, claim="ARP-7", hint="Look for requests that repeat, and for echo requests at the same instant.")
def check_answers_unanswered(kernel, answers):
    """Your answers on the address that nobody has and on the packets that wait."""
    p = kernel.params
    frames = kernel.during("waiting-ping", "h1")
    sent = echo_requests(frames, p["h3"])
    expect(sent, done="h1 pinged h3", expected="echo requests", seen="none")
    asked = requests(frames, p["h1"], p["h3"])
    same(answers.integer("tries"), len(requests(kernel.during("nobody-ping", "h1"), p["h1"], p["nobody"])), "tries")
    same(answers.integer("left_together"), len([echo for echo in sent if echo.time - sent[0].time < SOON]),
         "left_together")
    waited = answers.number("waited")
    expect(abs(waited - (sent[0].time - asked[0].time)) < 0.1, done="answers.toml: waited",
           expected="the seconds from h1's first question about h3 to the first echo request", seen=f"{waited:g}")


@points(2, claim=("ARP-8", "ARP-9"), hint="Look at the destination MAC address of the last two pings.")
def check_answers_trust(kernel, answers):
    """Your answers on the announcement and on the lie."""
    p = kernel.params
    same(answers.text("announced_ping_to").lower(), link_target(the_echo(kernel, "announced-ping")),
         "announced_ping_to")
    same(answers.text("spoofed_ping_to").lower(), link_target(the_echo(kernel, "spoofed-ping")), "spoofed_ping_to")
    cached = any(entry["dst"] == p["stranger"] for entry in kernel.json("cache-spoofed"))
    same(answers.flag("stranger_cached"), cached, "stranger_cached")
