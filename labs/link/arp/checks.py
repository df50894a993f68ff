"""What must be true of ARP on a LAN: the kernels' part first, then the student's resolver and answers.

Times: Linux's timer wheel may fire up to 1/8 late (kernel/time/timer.c), hence LATE; SLACK is for a busy computer in
real time and is zero's worth in virtual time.
"""

import re
from itertools import pairwise
from pathlib import Path

from mnlab.checks import expect, observation, points, same
from mnlab.lab.lab import load
from mnlab.protocols import arp, ip

read = load(Path(__file__).with_name("reading.py"))

LATE, SLACK = 1.125, 0.3  # a factor; seconds
TRIES, RETRY = 3, 1.0  # mcast_solicit, retrans_time (s): the kernel's defaults (net/ipv4/arp.c, arp_tbl)
NO_MAC = "00:00:00:00:00:00"
SOON = 0.05  # s: a frame has reached every host of the LAN, queued packets have left (microseconds in virtual time)


# --- what the kernels do ---

@observation(1, claim="ARP-1", hint="Compare the reply's sender hardware address with the frame that carries the ping.")
def check_request_finds_the_mac(kernel):
    """ARP finds the MAC address that belongs to h2's IP address, and the ping is sent to it."""
    exchange, echo = read.first_exchange(kernel), read.the_echo(kernel, "first-ping")
    done = "h1, which knew no MAC address, pinged h2"
    expect(exchange.owner == kernel.mac("h2"), done=done,
           expected=f"a reply that names h2's MAC, {kernel.mac('h2')}",
           seen=exchange.owner or "no reply")
    expect(read.link_target(echo) == exchange.owner and echo.time > exchange.reply.time, done=done,
           expected=f"the ping after the reply, in a frame to {exchange.owner}",
           seen=f"a frame to {read.link_target(echo)}, {echo.time - exchange.reply.time:+.6f} s from the reply")


@observation(1, claim="ARP-2", hint="`ip neigh` shows a host's cache.")
def check_cache_holds_the_pair(kernel):
    """Afterwards h1's cache holds the pair, and h2's holds h1's, learned from the question itself."""
    p = kernel.params
    entries = {entry["dst"]: (entry.get("lladdr"), entry["state"]) for entry in kernel.json("cache")}
    expect(entries.get(p["h2"]) == (kernel.mac("h2"), ["REACHABLE"]), done="h1 pinged h2, then `ip neigh` ran on h1",
           expected=f"{p['h2']} at {kernel.mac('h2')}, REACHABLE", seen=entries.get(p["h2"], "no entry"))
    learned = kernel.neighbours("h2-eth0", p["h1"])
    expect(learned and learned[0].mac == kernel.mac("h1"), done="h1 asked h2",
           expected=f"a new entry {p['h1']} at {kernel.mac('h1')} in h2's cache", seen=learned[:1] or "no entry")
    asked = read.requests(kernel.during("first-ping", "h2"), p["h2"], p["h1"])
    expect(not asked, done="h2 answered the ping", expected="no question of h2's own", seen=f"{len(asked)} of them")


@observation(1, claim="ARP-3", hint="What is in the cache when the second ping leaves?")
def check_hit_sends_nothing(kernel):
    """The second ping is answered without any ARP: the cache is asked first."""
    echo = read.the_echo(kernel, "second-ping")
    asked = [packet for packet in arp.packets(kernel.during("second-ping", "h1"))
             if packet.source == kernel.mac("h1")]
    expect(not asked, done="h1 pinged h2 a second time", expected="no ARP packet from h1", seen=f"{len(asked)} of them")
    expect(read.link_target(echo) == kernel.mac("h2"), done="h1 pinged h2 a second time",
           expected=f"a frame to {kernel.mac('h2')}", seen=read.link_target(echo))


@observation(1, claim="ARP-4", hint="What destination address reaches everyone on the LAN?")
def check_request_is_broadcast(kernel):
    """The request "who has h2, tell h1" goes to ff:ff:ff:ff:ff:ff, and h2 and h3 both receive it."""
    p, request = kernel.params, read.first_exchange(kernel).request
    expect(request.broadcast, done="h1 asked for h2", expected="a frame to ff:ff:ff:ff:ff:ff", seen=request.target)
    for host in ("h2", "h3"):
        seen = [copy for copy in read.requests(kernel.frames(host), p["h1"], p["h2"])
                if 0 <= copy.time - request.time < SOON]
        expect(seen, done="h1 asked for h2", expected=f"the request in {host}'s capture", seen="it is not there")


@observation(1, claim="ARP-5", hint="Who is the reply's frame sent to, and does h3 see it?")
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


@observation(1, claim="ARP-6", hint="Follow the states of h1's entry for h2 in scenes/kernel/kernel/neighbours.trace.")
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
    echo = read.the_echo(kernel, "stale-ping")
    expect(abs(echo.time - delay.time) < SLACK and read.link_target(echo) == kernel.mac("h2"),
           done="the entry was STALE, h1 pinged",
           expected="the ping at once, to the old MAC address",
           seen=f"{echo.time - delay.time:+.3f} s, to {read.link_target(echo)}")
    expect(p["delay"] - SLACK <= probe.time - delay.time <= p["delay"] * LATE + SLACK, done="the entry was in DELAY",
           expected=f"PROBE after {p['delay']} s", seen=f"{probe.time - delay.time:.2f} s")
    probes = [r for r in read.requests(kernel.frames("h1"), p["h1"], p["h2"]) if abs(r.time - probe.time) < SLACK]
    expect(probes and probes[0].target == kernel.mac("h2"), done="the entry was in PROBE",
           expected=f"an ARP request to {kernel.mac('h2')} alone", seen=probes and probes[0].target or "no request")


@observation(1, claim="ARP-7", hint="Count the requests, and look at their times.")
def check_nobody_answers(kernel):
    """For an address that nobody has, h1 asks three times a second apart, then reports host unreachable."""
    p, done = kernel.params, "h1 pinged an address that nobody has"
    ping = kernel.command("nobody-ping")
    asked = read.requests(kernel.during("nobody-ping", "h1"), p["h1"], p["nobody"])
    expect(len(asked) == TRIES and all(request.broadcast for request in asked), done=done,
           expected=f"{TRIES} broadcast requests", seen=f"{len(asked)}")
    right = [RETRY - SLACK <= later.time - earlier.time <= RETRY * LATE + SLACK
             for earlier, later in pairwise(asked)]
    expect(all(right), done=done, expected=f"{RETRY:g} s between requests", seen=f"{read.shown(read.gaps(asked))} s")
    failed = [change for change in kernel.neighbours("h1-eth0", p["nobody"]) if change.state == "FAILED"]
    expect(failed and RETRY - SLACK <= failed[0].time - asked[-1].time <= RETRY * LATE + SLACK, done=done,
           expected=f"the entry FAILED {RETRY:g} s after the last request",
           seen=f"after {failed[0].time - asked[-1].time:.2f} s" if failed else "never")
    expect(f"From {p['h1']} icmp_seq=1 Destination Host Unreachable" in ping.stdout, done=done,
           expected="host unreachable, said by h1 itself", seen=ping.stdout.strip()[-200:])
    expect(not read.echo_requests(kernel.during("nobody-ping", "h1"), p["nobody"]), done=done,
           expected="no echo request on the wire",
           seen="there is one")


@observation(1, claim="ARP-7", hint="Compare the time of the reply with the times of the echo requests.")
def check_packets_wait(kernel):
    """Packets to an address that is being asked for wait, and leave together, in order, once the answer is there."""
    p = kernel.params
    frames = kernel.during("waiting-ping", "h1")
    done = f"h3 answered no ARP for 1.5 s; meanwhile h1 sent it {p['waiting']} pings"
    replies = [packet for packet in arp.packets(frames) if packet.kind == "reply" and packet.sender_ip == p["h3"]]
    expect(replies, done=done, expected="an ARP reply from h3 in the end", seen="none")
    sent = read.echo_requests(frames, p["h3"])
    expect([echo.seq for echo in sent] == list(range(1, p["waiting"] + 1)), done=done,
           expected=f"echo requests 1 to {p['waiting']}, in order", seen=[echo.seq for echo in sent])
    late = [echo.time - replies[0].time for echo in sent]
    expect(0 <= min(late) and max(late) < SOON, done=done, expected="all of them leave right after the ARP reply",
           seen=", ".join(f"{seconds:+.4f} s" for seconds in late))
    asked = read.requests(frames, p["h1"], p["h3"])
    expect(replies[0].time - asked[0].time > RETRY, done=done, expected="an answer to a repeated question",
           seen=f"an answer after {replies[0].time - asked[0].time:.2f} s")


@observation(1, claim="ARP-8", hint="An announcement names the same IP address as sender and as target.")
def check_announcement_updates_caches(kernel):
    """h2 gets a new MAC address and announces it unasked: h1's entry changes at once; h3, without one, makes none."""
    p, done = kernel.params, f"h2's MAC address became {kernel.params['new_mac']}"
    told = [packet for packet in arp.gratuitous(kernel.frames("h1")) if packet.sender_mac == p["new_mac"]]
    expect(told and told[0].broadcast, done=done, expected="a broadcast announcement of it", seen="none")
    entry = [change for change in kernel.neighbours("h1-eth0", p["h2"]) if change.mac == p["new_mac"]]
    expect(entry and 0 <= entry[0].time - told[0].time < SOON, done=done,
           expected="h1's entry changed by the announcement",
           seen=f"{entry[0].time - told[0].time:+.3f} s from it" if entry else "it never changed")
    echo = read.the_echo(kernel, "announced-ping")
    asked = read.requests(kernel.during("announced-ping", "h1"), p["h1"], p["h2"])
    expect(read.link_target(echo) == p["new_mac"] and not asked, done=f"{done}; h1 pinged h2",
           expected="a frame to the new address, with no question before",
           seen=f"{len(asked)} requests, {read.link_target(echo)}")
    expect(not kernel.neighbours("h3-eth0", p["h2"]), done=done,
           expected="no entry for h2 at h3, which never spoke to it",
           seen=kernel.neighbours("h3-eth0", p["h2"])[:1])


@observation(1, claim="ARP-9", hint="Which MAC address is the ping after the false reply sent to?")
def check_spoofed_reply_redirects(kernel):
    """A false reply, to a host that asked nothing, takes over its entry: the ping to h2 goes to h3."""
    p, done = kernel.params, "h3 told h1, unasked, that h2's address is at h3's MAC; h1 pinged h2"
    lies = [packet for packet in arp.packets(kernel.frames("h1"))
            if packet.kind == "reply" and (packet.sender_ip, packet.sender_mac) == (p["h2"], kernel.mac("h3"))]
    expect(lies, done=done, expected="the false reply in h1's capture", seen="it is not there")
    echo = read.the_echo(kernel, "spoofed-ping")
    expect(read.link_target(echo) == kernel.mac("h3"), done=done,
           expected=f"the ping in a frame to h3, {kernel.mac('h3')}",
           seen=f"{read.link_target(echo)} ({kernel.name_of(read.link_target(echo))})")
    seen = {host: len(read.echo_requests(kernel.during("spoofed-ping", host), p["h2"])) for host in ("h2", "h3")}
    expect(seen == {"h2": 0, "h3": 1}, done=done, expected="h3 receives the ping, h2 does not", seen=seen)
    expect(kernel.command("spoofed-ping").status == 1, done=done, expected="no answer (ping's status 1)",
           seen=f"status {kernel.command('spoofed-ping').status}")


@observation(1, claim="ARP-9", hint="Look for the invented address in h1's cache (scenes/kernel/files/cache-spoofed).")
def check_unasked_reply_makes_no_entry(kernel):
    """The same lie about an address that h1 has no entry for changes nothing (arp_accept = 0)."""
    p = kernel.params
    lies = [packet for packet in arp.packets(kernel.frames("h1")) if packet.sender_ip == p["stranger"]]
    entries = [entry for entry in kernel.json("cache-spoofed") if entry["dst"] == p["stranger"]]
    expect(lies and not entries, done=f"h3 told h1, unasked, where {p['stranger']} is", expected="no new entry at h1",
           seen=entries or "the false reply was not captured")


# --- the student's resolver ---

@points(2, claim=("ARP-1", "ARP-4"), hint="Compare your request with the kernel's, byte by byte, in Wireshark.")
def check_resolver_asks_everyone(resolver):
    """R1: your resolver asks for an unknown address once, in a broadcast frame."""
    read.questions(resolver, "h2")
    for request in read.sent(resolver):
        expect(request.broadcast, done=f"your resolver asked for {request.target_ip}",
               expected=f"a frame to {ip.BROADCAST}", seen=request.target)
    for who in ("proxied", "fresh", "later"):
        asked = read.questions(resolver, who)
        at_once = [request for request in asked if request.time - asked[0].time < RETRY / 2]
        expect(len(at_once) == 1, done=f"resolve {read.address(resolver, who)}, which is answered at once",
               expected="one request", seen=f"{len(at_once)}, {read.shown(read.gaps(at_once))} s apart")


@points(1, claim="ARP-1", hint="RFC 826 names the sender and the target of a packet, each with two addresses.")
def check_resolver_fills_in_the_request(resolver):
    """R2: its requests name h1 as the sender, and no target hardware address."""
    p, mac = resolver.params, resolver.mac("h1")
    read.questions(resolver, "h2")
    for request in read.sent(resolver):
        for what, wanted, seen in (
                ("the frame's source", mac, request.source), ("the sender hardware address", mac, request.sender_mac),
                ("the sender protocol address", p["h1"], request.sender_ip),
                ("the target hardware address", NO_MAC, request.target_mac)):
            expect(seen == wanted, done=f"your resolver asked for {request.target_ip}", expected=f"{what}: {wanted}",
                   seen=seen)


@points(1, claim="ARP-1", hint="Where in the ARP packet does the answer stand?")
def check_resolver_reads_the_answer(resolver):
    """R3: it prints the sender hardware address of the answer, from whichever adapter that comes."""
    p = resolver.params
    for who, mac in (("h2", p["_mac"]), ("h3", p["h3_mac"]), ("proxied", p["_macs"]["proxied"])):
        read.expect_results(resolver, who, {0: mac}, f"resolve {read.address(resolver, who)}; the ARP reply says {mac}")


@points(1, claim="ARP-1", hint="Look at what your program printed: scenes/resolver/output/your-resolver.out.")
def check_resolver_prints_lines(resolver):
    """R4: it prints one line for each `resolve`, of the form that was asked for, and nothing else."""
    told, lines = read.told(resolver), resolver.command("your-resolver").stdout.splitlines()
    expect(any(word != "unreachable" for word in read.results(resolver, "h2")), done="resolve h2, which answers",
           expected="a line with its MAC address", seen=lines[:1] or "nothing")
    for number, address in enumerate(told):
        seen = lines[number].strip() if number < len(lines) else f"nothing; it printed {len(lines)} lines"
        expect(re.fullmatch(re.escape(address) + r" ([0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}|unreachable)", seen),
               done=f"resolve {address}", expected=f"output line {number + 1}: {address} and a MAC address like "
               f"{resolver.mac('h1')}, or {address} unreachable", seen=seen[:200] + read.ending(resolver))
    expect(len(lines) == len(told), done=f"your resolver was told to resolve {len(told)} times",
           expected=f"{len(told)} lines", seen=f"{len(lines)}")


@points(2, claim="ARP-3", hint="Where does the resolver remember what it learned?")
def check_resolver_uses_its_cache(resolver):
    """R5: asked again while an answer is younger than LIFETIME, it answers without sending anything."""
    p = resolver.params
    read.questions(resolver, "h2")
    for who in ("h2", "proxied", "gone", "moving", "slow", "back", "fresh"):
        at = read.learned(resolver, who)
        young = [request.time - time for request in read.asked(resolver, who) for time in at
                 if 0 < request.time - time < p["lifetime"] - SOON]
        expect(not young, done=f"resolve {read.address(resolver, who)} again, within {p['lifetime']} s of its answer",
               expected="no request", seen=f"requests after {read.shown(young)} s")
    read.expect_results(resolver, "h2", {1: p["_mac"]}, f"resolve {p['h2']} again, at once")


@points(2, claim="ARP-6", hint="What do you do when an entry is too old? What if nobody answers then?")
def check_resolver_forgets(resolver):
    """R6: an answer older than LIFETIME is not used: it asks again, and believes what comes of that."""
    p, cast, macs = resolver.params, resolver.params["_cast"], resolver.params["_macs"]
    for who, right, what in (("moving", macs["moved"], "has another MAC address now"),
                             ("gone", "unreachable", "answers no more")):
        done = f"resolve {cast[who]}, more than {p['lifetime']} s after it was learned; it {what}"
        asked, at = read.questions(resolver, who), read.learned(resolver, who)
        expect(at and asked[-1].time - at[0] >= p["lifetime"], done=done, expected="a new request",
               seen=f"{len(asked)} in all, {read.shown(read.gaps(asked))} s apart")
        read.expect_results(resolver, who, {1: right}, done)
    read.expect_results(resolver, "moving", {2: macs["moved"]}, f"resolve {cast['moving']} once more")


@points(2, claim="ARP-6", hint="From which moment on does an answer grow old?")
def check_resolver_counts_the_age(resolver):
    """R7: an answer's age counts from its arrival: neither from the question, nor from when it was last used."""
    p = resolver.params
    # right after these two h2's and late's entries are used: before they are too old, and after
    used, old = (read.questions(resolver, who)[0].time for who in ("fresh", "later"))
    for who, what in (("h2", "was answered at once, and used before it was too old"),
                      ("late", "was answered 0.8 s after the question")):
        done = f"resolve {read.address(resolver, who)}, which {what}"
        asked, at = read.questions(resolver, who), read.learned(resolver, who)
        expect(at, done=done, expected="an answer", seen="none")
        early = [request.time - at[0] for request in asked if 0 < request.time - at[0] < p["lifetime"] - SOON]
        expect(who == "h2" or not early, done=done, expected=f"no request until {p['lifetime']} s after the answer",
               seen=f"requests {read.shown(early)} s after it")
        # who waits too short elsewhere comes here too early: it need not ask
        again = old - at[0] < p["lifetime"] + SOON or [one for one in asked if used < one.time < old + RETRY]
        expect(again, done=f"{done}, again {old - at[0]:.1f} s after the answer; LIFETIME is {p['lifetime']} s",
               expected="a new request", seen="none")


@points(2, claim="ARP-7", hint="Three questions, a second for each.")
def check_resolver_repeats(resolver):
    """R8: nobody answers: three requests in all, a second apart."""
    asked = read.questions(resolver, "nobody")
    steady = [read.a_second(resolver, gap) for gap in read.gaps(asked)]
    expect(len(asked) == TRIES and all(steady), done=f"resolve {resolver.params['nobody']}, which nobody has",
           expected=f"{TRIES} requests, {RETRY:g} s apart",
           seen=f"{len(asked)}, {read.shown(read.gaps(asked))} s apart")
    p, at = resolver.params, read.learned(resolver, "gone")
    again = [request for request in read.asked(resolver, "gone") if at and request.time > at[0] + p["lifetime"] - SOON]
    if again:  # else an old answer was used, and that is another rule's matter
        steady = [read.a_second(resolver, gap) for gap in read.gaps(again)]
        expect(len(again) == TRIES and all(steady), done=f"resolve {p['_cast']['gone']} again, which answers no more",
               expected=f"{TRIES} requests, {RETRY:g} s apart",
               seen=f"{len(again)}, {read.shown(read.gaps(again))} s apart")


@points(1, claim="ARP-7", hint="What do you wait for after the third question, and how long?")
def check_resolver_gives_up(resolver):
    """R9: the third question, too, has a second: an answer in it counts, without one the address is unreachable."""
    p, cast = resolver.params, resolver.params["_cast"]
    last = read.questions(resolver, "nobody")[-1].time
    after = next((request.time - last for request in read.sent(resolver) if request.time > last), None)
    expect(after and read.a_second(resolver, after), done=f"resolve {p['nobody']} in vain, then another address",
           expected="a request about that a second after the last question",
           seen=f"{after:.2f} s after it" if after else "none")
    read.expect_results(resolver, "nobody", {0: "unreachable"}, f"resolve {p['nobody']}, which nobody has")
    asked, at = read.questions(resolver, "slow"), read.learned(resolver, "slow")
    expect(at, done=f"resolve {cast['slow']}", expected="an answer to the third question",
           seen=f"{len(asked)} questions")
    if at[0] - asked[TRIES - 1].time < RETRY - SOON:
        read.expect_results(resolver, "slow", {0: p["_macs"]["slow"]}, f"resolve {cast['slow']}, which answered the "
                            f"third question after {at[0] - asked[TRIES - 1].time:.2f} s")


@points(1, claim="ARP-7", hint="What goes into the cache, and when?")
def check_resolver_remembers_no_failure(resolver):
    """R10: an address that was unreachable is asked for again when it is wanted again."""
    p, cast = resolver.params, resolver.params["_cast"]
    done = f"resolve {cast['back']}, in vain, then again, and now somebody has it"
    read.expect_results(resolver, "back", {0: "unreachable", 1: p["_macs"]["back"]}, done)
    asked = read.questions(resolver, "decoy")
    again = [one for one in asked if one.time - asked[0].time > p["lifetime"]]
    expect(len(again) == TRIES and all(read.a_second(resolver, gap) for gap in read.gaps(again)),
           done=f"resolve {cast['decoy']}, which nobody has, in vain, and again much later",
           expected=f"{TRIES} requests, {RETRY:g} s apart, as the first time",
           seen=f"{len(again)}, {read.shown(read.gaps(again))} s apart")


def expect_not_believed(resolver, who: str, kinds: str) -> None:
    """Fail if the resolver took for an answer what h3 sent while it asked for one of h3's parts."""
    done = f"resolve {read.address(resolver, who)}; after each question h3 sent {kinds}"
    asked = read.questions(resolver, who)
    heard = [packet for packet in read.false_frames(resolver)
             if asked[0].time < packet.time < asked[-1].time + RETRY + SLACK]
    expect(heard, done=done, expected="them at h1", seen="nothing")
    read.expect_results(resolver, who, {0: "unreachable"}, done)


@points(1, claim="ARP-5", hint="Which field says what kind of packet it is?")
def check_resolver_believes_replies_only(resolver):
    """R11: an ARP packet of another operation than reply is no answer."""
    expect_not_believed(resolver, "quizzed", "questions and replies of other protocols from it (operations 1, 4, 258 "
                        "and 9, and another EtherType)")


@points(1, claim="ARP-5", hint="Whose address does the reply tell?")
def check_resolver_believes_answers_to_its_question(resolver):
    """R12: a reply about another address is no answer."""
    expect_not_believed(resolver, "mistaken", "replies about other addresses")


@points(1, claim="ARP-5", hint="To whom is the answer addressed, in the ARP packet? There are two addresses.")
def check_resolver_believes_what_is_for_it(resolver):
    """R13: a reply about the right address, to another MAC or IP address, is no answer; the frame does not matter."""
    expect_not_believed(resolver, "aside", "replies about it to other MAC or IP addresses than h1's")
    address, mac = (resolver.params[of]["open"] for of in ("_cast", "_macs"))
    read.expect_results(resolver, "open", {0: mac}, f"resolve {address}; the reply is for h1, in a broadcast frame")


@points(1, claim="ARP-5", hint="Which packets may change the cache?")
def check_resolver_learns_from_answers_only(resolver):
    """R14: what is no answer is not learned from, be the address unknown or in the cache."""
    p, cast = resolver.params, resolver.params["_cast"]
    lies = {packet.sender_ip for packet in read.false_frames(resolver)}
    expect({cast["decoy"], p["h2"]} <= lies, done="your resolver asked in vain; h3 sent what was no answer",
           expected=f"false news about {cast['decoy']} and {p['h2']}, which h3 sends when it is asked",
           seen=", ".join(sorted(lies)) or f"no question, and so no news{read.ending(resolver)}")
    read.questions(resolver, "decoy")
    read.expect_results(resolver, "decoy", {0: "unreachable"}, f"then resolve {cast['decoy']}, which nobody has")
    read.expect_results(resolver, "h2", {2: p["_mac"]}, f"then resolve {p['h2']}, which was known")
    unasked = set(read.told_of(resolver, "moving")) - set(read.learned(resolver, "moving"))
    # who asks for `late` more often hears it earlier, and has broken another rule
    as_told = len(read.asked(resolver, "late")) == 2 and read.results(resolver, "moving")[1] == p["_macs"]["moved"]
    if unasked and as_told:
        first = next((one.target_ip for one in read.sent(resolver) if one.time > max(unasked)), "none")
        expect(first == cast["moving"], expected="a request about it", seen=f"the next request: {first}",
               done=f"h3 told {cast['moving']}'s MAC address when nobody asked; then resolve it, which was too old")


@points(1, claim="ARP-7", hint="Use one deadline for each question, however many frames arrive until then.")
def check_resolver_keeps_its_deadline(resolver):
    """R15: what is no answer neither ends the second for a question nor begins it anew."""
    said = {who: read.results(resolver, who)[0] for who in ("quizzed", "mistaken", "aside")}
    waited = {who: read.questions(resolver, who) for who, word in said.items() if word == "unreachable"}
    expect(waited, done="h3 sent what was no answer while your resolver waited for one", expected="unreachable",
           seen=f"it printed {', '.join(sorted(set(said.values())))}{read.ending(resolver)}")
    p, crowded = resolver.params, read.learned(resolver, "crowded")
    expect(crowded, done=f"resolve {p['_cast']['crowded']}", expected="an answer", seen="none")
    right, seen = p["_macs"]["crowded"], read.results(resolver, "crowded")[0]
    asked = read.questions(resolver, "crowded")
    later = [gap for gap in read.gaps(asked) if gap > RETRY / 4]
    # who was taken in by the first of them has broken another rule
    expect(seen in (right, p["h3_mac"]) and not later, expected=f"{p['_cast']['crowded']} {right}, not asked again",
           done=f"resolve {p['_cast']['crowded']}; after 0.3 s came a question, half a packet, and then the answer",
           seen=f"{seen}, {len(later)} more{read.ending(resolver)}")
    for who, asked in waited.items():
        apart = read.gaps(asked)
        expect(all(read.a_second(resolver, gap) for gap in apart), expected="the next one a second after each question",
               done=f"resolve {read.address(resolver, who)}; 0.4 s after each question came what was no answer",
               seen=f"after {read.shown(apart)} s")


@points(1, claim="ARP-1", hint="Wireshark: what did h1 send while your program ran?")
def check_resolver_sends_requests_only(resolver):
    """R16: it sends its ARP requests, and nothing else."""
    read.questions(resolver, "h2")
    frames = resolver.during("your-resolver", "h1")
    mine = [frame for frame in frames if ip.ethernet(frame.data).source == resolver.mac("h1")]
    packets = arp.packets(mine)
    expect(len(packets) == len(mine), done="your resolver ran", expected="ARP from h1 and nothing else",
           seen=f"{len(mine) - len(packets)} frames of something else")
    # h1's kernel answers who asks for h1
    for_h1 = sum(packet.operation == arp.REQUEST and packet.target_ip == resolver.params["h1"]
                 for packet in arp.packets(frames) if packet.source != resolver.mac("h1"))
    told = read.told(resolver)
    others = [packet for packet in packets if packet.operation != arp.REQUEST or packet.target_ip not in told]
    expect(len(others) <= for_h1, done=f"your resolver ran; h1 was asked for its own address {for_h1} times",
           expected=f"requests from h1 for what it was told to resolve, and {for_h1} replies of its kernel",
           seen=f"{len(others)} other packets, among them: {others[-1].kind} about {others[-1].target_ip}"
           if others else "")


@points(1, claim="ARP-6", hint="`wait` counts seconds.")
def check_resolver_waits(resolver):
    """R17: `wait` lets so many seconds pass before the next command."""
    p, at = resolver.params, {who: read.questions(resolver, who)[0].time for who in ("h3", "fresh", "later")}
    for first, then, seconds, words in (("h3", "fresh", p["lifetime"] - 21, p["lifetime"] - 21),
                                        ("fresh", "later", 1, "0.25, wait 0.3 and wait 0.45")):
        gap = at[then] - at[first]
        expect(-SOON < gap - seconds < SLACK, done=f"between resolve {read.address(resolver, first)} and resolve "
               f"{read.address(resolver, then)} came wait {words}", expected=f"{seconds} s", seen=f"{gap:.2f} s")


# --- the student's answers ---

@points(2, claim=("ARP-4", "ARP-5"),
        hint="Open scenes/kernel/captures/h1-eth0.pcap and h3-eth0.pcap of your run; start at the first ping.")
def check_answers_first_exchange(kernel, answers):
    """Your answers on the first request and reply."""
    exchange = read.first_exchange(kernel)
    overheard = [packet for packet in arp.packets(kernel.frames("h3"))
                 if packet.time <= kernel.command("first-ping").end]
    same(answers.text("request_to").lower(), exchange.request.target, "request_to")
    same(answers.text("request_target_mac").lower(), exchange.request.target_mac, "request_target_mac")
    same(answers.text("reply_to").lower(), exchange.reply and exchange.reply.target, "reply_to")
    same(answers.integer("seen_by_h3"), len(overheard), "seen_by_h3")


@points(2, claim=("ARP-2", "ARP-6"), hint="Find the ping after the long silence, and the request that follows it.")
def check_answers_ageing(kernel, answers):
    """Your answers on the stale entry."""
    p, echo = kernel.params, read.the_echo(kernel, "stale-ping")
    probes = [request for request in read.requests(kernel.frames("h1"), p["h1"], p["h2"]) if request.time > echo.time]
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
    sent = read.echo_requests(frames, p["h3"])
    expect(sent, done="h1 pinged h3", expected="echo requests", seen="none")
    asked = read.requests(frames, p["h1"], p["h3"])
    nobody = read.requests(kernel.during("nobody-ping", "h1"), p["h1"], p["nobody"])
    same(answers.integer("tries"), len(nobody), "tries")
    same(answers.integer("left_together"), len([echo for echo in sent if echo.time - sent[0].time < SOON]),
         "left_together")
    waited = answers.number("waited")
    expect(abs(waited - (sent[0].time - asked[0].time)) < 0.1, done="answers.toml: waited",
           expected="the seconds from h1's first question about h3 to the first echo request", seen=f"{waited:g}")


@points(2, claim=("ARP-8", "ARP-9"), hint="Look at the destination MAC address of the last two pings.")
def check_answers_trust(kernel, answers):
    """Your answers on the announcement and on the lie."""
    p = kernel.params
    same(answers.text("announced_ping_to").lower(), read.link_target(read.the_echo(kernel, "announced-ping")),
         "announced_ping_to")
    same(answers.text("spoofed_ping_to").lower(), read.link_target(read.the_echo(kernel, "spoofed-ping")),
         "spoofed_ping_to")
    cached = any(entry["dst"] == p["stranger"] for entry in kernel.json("cache-spoofed"))
    same(answers.flag("stranger_cached"), cached, "stranger_cached")
