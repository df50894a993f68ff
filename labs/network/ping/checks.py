"""What must be true of ping: the kernels' part first, then the student's ping and answers.

SOON is for things that follow at once: microseconds in virtual time, scheduling on a busy computer in real time.
"""

from pathlib import Path

from mnlab.checks import expect, observation, points, same
from mnlab.lab.lab import load
from mnlab.protocols import arp, icmp, ip

read, cast = (load(Path(__file__).with_name(name)) for name in ("reading.py", "cast.py"))

SOON = 0.05  # s
SLACK = 0.3  # s, between packets that a program sends a second apart
IN_TIME, TOO_LATE = 0.95, 1.12  # s: a program may look at its clock ten times a second
TTL = 64  # net.ipv4.ip_default_ttl, RFC 1700


# --- reading the evidence ---

def echoes(kernel, name: str, target: str, place: str = "h1") -> list[icmp.Echo]:
    """The echoes to the node `target` that `place` saw while the command `name` ran; at least one."""
    found = [echo for echo in icmp.echoes(kernel.during(name, place)) if echo.target == kernel.params[target]]
    expect(found, done=f"h1 pinged {target} ({name})", expected=f"an echo request in the capture of {place}",
           seen="none")
    return found


def link(packet) -> ip.Ethernet:
    """The header of the frame that carries a packet."""
    return ip.ethernet(packet.frame.data)


def asked(kernel, name: str) -> list[str]:
    """The IP addresses that h1 asked for by ARP while the command `name` ran."""
    return list(dict.fromkeys(packet.target_ip for packet in arp.packets(kernel.during(name, "h1"))
                              if packet.kind == "request" and packet.sender_ip == kernel.params["h1"]))


def reported(kernel, name: str, reporter: str, kind: tuple[int, int]) -> icmp.Error:
    """The ICMP error that h1 received while `name` ran; fails unless it is of this kind, from this node."""
    p, done = kernel.params, f"h1 sent a packet ({name}: {kernel.command(name).line})"
    expected = f"{icmp.ERRORS[kind]} (type {kind[0]}, code {kind[1]}) from {p[reporter]}"
    # a report may come just after the program that caused it has ended
    end = kernel.command(name).end + SLACK
    errors = [error for error in icmp.errors(kernel.frames("h1"))
              if kernel.command(name).start <= error.time <= end and error.target == p["h1"]]
    expect(errors, done=done, expected=expected, seen="no ICMP error")
    first = errors[0]
    expect((first.type, first.code, first.reporter) == (*kind, p[reporter]), done=done, expected=expected,
           seen=f"{first.text} (type {first.type}, code {first.code}) from {first.reporter}")
    return first


# --- what the kernels do ---

@observation(1, claim="PNG-1", hint="Read the packet from the outside in: frame, IP header, ICMP message.")
def check_request_is_wrapped(kernel):
    """The echo request is an ICMP message in an IP packet with both addresses, protocol 1, checksum right."""
    p, request = kernel.params, echoes(kernel, "near-ping", "h2")[0].request
    header = ip.packet(request.frame)
    expect((header.source, header.target, header.protocol) == (p["h1"], p["h2"], ip.ICMP), done="h1 pinged h2",
           expected=f"an IP packet of protocol 1 from {p['h1']} to {p['h2']}", seen=header)
    expect((request.type, request.code, request.checksum_ok) == (8, 0, True), done="h1 pinged h2",
           expected="type 8, code 0, a right checksum",
           seen=f"type {request.type}, code {request.code}, checksum {'right' if request.checksum_ok else 'wrong'}")


@observation(1, claim="PNG-2", hint="Apply the mask to both addresses: are the results the same?")
def check_mask_decides(kernel):
    """For h2, on its own network, h1 asks by ARP for h2; for h3, on another, for its router."""
    p = kernel.params
    expect(asked(kernel, "near-ping") == [p["h2"]], done=f"h1 ({p['h1']}/{p['prefix']}) pinged h2 ({p['h2']})",
           expected=f"an ARP request for {p['h2']}", seen=asked(kernel, "near-ping") or "none")
    expect(asked(kernel, "far-ping") == [p["r1"]], done=f"h1 ({p['h1']}/{p['prefix']}) pinged h3 ({p['h3']})",
           expected=f"an ARP request for the router, {p['r1']}", seen=asked(kernel, "far-ping") or "none")
    request = echoes(kernel, "far-ping", "h3")[0].request
    expect(link(request).target == p["r1_mac"], done="h1 pinged h3",
           expected=f"h3's IP address in a frame to the router, {p['r1_mac']}", seen=link(request).target)


@observation(1, claim="PNG-2", hint="With 24 bits of mask, are h1 and h3 on the same network?")
def check_wrong_mask_misleads(kernel):
    """With a mask that is too short, h1 takes h3 for a neighbour, asks for it in vain, and never reaches it."""
    p, done = kernel.params, "h1's mask became /24, then h1 pinged h3"
    expect(asked(kernel, "wrong-mask-ping") == [p["h3"]], done=done, expected=f"an ARP request for {p['h3']}",
           seen=asked(kernel, "wrong-mask-ping") or "none")
    ping = kernel.command("wrong-mask-ping")
    expect(ping.status == 1 and f"From {p['h1']} icmp_seq=1 Destination Host Unreachable" in ping.stdout, done=done,
           expected="host unreachable, said by h1 itself", seen=ping.stdout.strip()[-200:])


@observation(1, claim="PNG-3", hint="Both frames carry h2's IP address. What do they differ in?")
def check_foreign_frame_is_dropped(kernel):
    """h2 receives two echo requests that differ in the frame's destination MAC only, and answers its own alone."""
    p = kernel.params
    start, end = kernel.command("far-ping").end, kernel.command("ttl1-ping").start
    made = [echo for echo in icmp.echoes(kernel.frames("h2")) if start <= echo.time < end]
    frames = {link(echo.request).target: len(echo.replies) for echo in made}
    expect(frames == {p["nobodys_mac"]: 0, p["h2_mac"]: 1},
           done=f"two frames with h2's IP address reached h2, one to {p['nobodys_mac']}, one to {p['h2_mac']}, its own",
           expected="a reply to its own only",
           seen=", ".join(f"{mac}: {count}" for mac, count in frames.items()) or "no frame")


@observation(1, claim="PNG-4", hint="Put a request and its reply side by side and look for what is the same.")
def check_reply_mirrors_request(kernel):
    """The reply is type 0 with the addresses exchanged and the same identifier, sequence number and data."""
    for echo in echoes(kernel, "near-ping", "h2"):
        request, reply = echo.request, echo.reply
        done = f"h1 sent h2 the echo request {request.seq}"
        expect(reply, done=done, expected="a reply with its identifier and sequence number", seen="none")
        expect((reply.type, reply.code, reply.checksum_ok) == (0, 0, True), done=done,
               expected="type 0, code 0, a right checksum", seen=f"type {reply.type}, code {reply.code}")
        expect(reply.data == request.data, done=done, expected="the same data", seen=reply.data[:40])
    numbers = [echo.seq for echo in echoes(kernel, "near-ping", "h2")]
    expect(numbers == [1, 2], done="h1 pinged h2 twice", expected="sequence numbers 1 and 2", seen=numbers)


@observation(1, claim="PNG-5", hint="Compare the TTL of one packet in three captures.")
def check_ttl_falls_by_one(kernel):
    """Each router lowers the TTL by one; the addresses of the IP header stay."""
    for number, place in enumerate(("h1", "r1-eth1", "h3")):
        request = echoes(kernel, "far-ping", "h3", place)[0].request
        expect((request.ttl, request.source) == (TTL - number, kernel.params["h1"]), done="h1 pinged h3",
               expected=f"TTL {TTL - number} from {kernel.params['h1']} at {place}",
               seen=f"TTL {request.ttl} from {request.source}")
    reply = echoes(kernel, "far-ping", "h3")[0].reply
    expect(reply and reply.ttl == TTL - 2, done="h3 answered", expected=f"TTL {TTL - 2} at h1",
           seen=reply and reply.ttl)


@observation(1, claim="PNG-6", hint="Who lowers the TTL to 0?")
def check_ttl_runs_out(kernel):
    """A packet whose TTL reaches 0 is dropped, and that router says so: r1 for TTL 1, r2 for TTL 2."""
    for name, reporter in (("ttl1-ping", "r1"), ("ttl2-ping", "r2_out")):
        error = reported(kernel, name, reporter, (11, 0))
        request = echoes(kernel, name, "h3")[0].request
        expect(error.quoted and (error.quoted.ident, error.quoted.seq) == (request.ident, request.seq), done=name,
               expected="the report to quote the request", seen=error.quoted)
    starts = kernel.command("ttl1-ping").start
    passed = [echo for echo in icmp.echoes(kernel.frames("h3"))
              if starts <= echo.time <= kernel.command("ttl2-ping").end]
    expect(not passed, done="h1 pinged h3 with TTL 1 and 2", expected="nothing at h3", seen=f"{len(passed)} requests")


@observation(1, claim="PNG-7", hint="Who was the last to know what to do with the packet?")
def check_unreachable_has_three_kinds(kernel):
    """No route: network unreachable (r2). Nobody there: host unreachable (r2). No program: port unreachable (h3)."""
    p = kernel.params
    reported(kernel, "outside-ping", "r2_out", (3, 0))
    host = reported(kernel, "absent-ping", "r2_out", (3, 1))
    sent = echoes(kernel, "absent-ping", "absent")[0]
    expect(host.time - sent.time > 2, done=f"h1 pinged {p['absent']}, which nobody on h3's network has",
           expected="host unreachable once r2 has asked three times by ARP, a second apart",
           seen=f"after {host.time - sent.time:.2f} s")
    port = reported(kernel, "udp", "h3", (3, 3))
    expect(port.quoted and port.quoted.target_port == p["port"], done=f"h1 sent a datagram to port {p['port']} of h3",
           expected=f"a report that quotes port {p['port']}", seen=port.quoted)


@observation(1, claim="PNG-8", hint="The link between the routers takes shorter packets than h1's.")
def check_long_packet_is_fragmented(kernel):
    """Without DF, r1 cuts a packet that is longer than the next link's MTU; h3 puts it together and answers."""
    p, done = kernel.params, f"h1 pinged h3 with {kernel.params['size']} bytes of data, DF off"
    whole = echoes(kernel, "long-ping", "h3")[0]
    expect(len(whole.request.data) == p["size"] and whole.request.checksum_ok, done=done,
           expected="one packet on h1's own link",
           seen="a fragment")
    cut = [f for f in ip.fragments(kernel.during("long-ping", "r1-eth1")) if f.source == p["h1"]]
    expect(len(cut) == 1 and cut[0].complete and cut[0].size == p["size"] + 8, done=done,
           expected=f"fragments of {p['size'] + 8} bytes in all on the link between the routers",
           seen=f"{[f.size for f in cut]} bytes")
    # RFC 791: all but the last carry as many bytes as fit, in multiples of 8, after a header of 20 bytes
    room = (p["mtu"] - 20) // 8 * 8
    offsets = [ip.packet(frame).fragment_offset for frame in cut[0].frames]
    expect(offsets == list(range(0, p["size"] + 8, room)), done=done, expected=f"fragments of {room} bytes",
           seen=offsets)
    arrived = [f for f in ip.fragments(kernel.during("long-ping", "h3")) if f.source == p["h1"]]
    expect(arrived and len(arrived[0].frames) == len(offsets), done=done,
           expected="the fragments at h3: r2 does not join them",
           seen=f"{len(arrived)} fragmented packets")
    expect(kernel.command("long-ping").status == 0, done=done, expected="a reply", seen="none")


@observation(1, claim="PNG-8", hint="DF forbids routers to cut. What can r1 still do?")
def check_df_is_refused(kernel):
    """With DF, r1 drops the packet and reports the MTU of the next link (RFC 1191)."""
    p = kernel.params
    request = echoes(kernel, "df-ping", "h3")[0].request
    expect(ip.packet(request.frame).dont_fragment, done="h1 pinged h3 with DF on", expected="DF in the header",
           seen="no DF")
    error = reported(kernel, "df-ping", "r1", icmp.FRAGMENTATION_NEEDED)
    expect(error.mtu == p["mtu"], done="h1 pinged h3 with DF on", expected=f"the report to name {p['mtu']} bytes",
           seen=f"{error.mtu} bytes")


# --- the student's ping ---

@points(1, claim="PNG-1", hint="A second lies between two requests, whatever comes back.")
def check_your_pace(yours):
    """R1: your ping sends as many requests as it is told, a second apart."""
    for run in read.runs(yours):
        expect(len(run.sent) == run.count, done=f"your ping was told: {run.line}", expected=f"{run.count} requests",
               seen=f"{len(run.sent)}{read.ending(yours)}")
        gaps = read.gaps(run.sent)
        expect(all(read.a_second(yours, gap) for gap in gaps), done=f"your ping was told: {run.line}",
               expected="a second between requests", seen=" ".join(f"{gap:.2f}" for gap in gaps))


@points(1, claim="PNG-5", hint="IP_TTL, ip(7).")
def check_your_ttl(yours):
    """R2: your requests leave with the TTL that the command says."""
    for run in read.runs(yours):
        ttls = sorted({packet.ttl for packet in read.run_of(yours, run.name, run.ttl).sent})
        expect(ttls == [run.ttl], done=f"your ping was told: {run.line}", expected=f"requests with TTL {run.ttl}",
               seen=ttls)


@points(2, claim="PNG-1",
        hint="Compare your request with the kernel's ping in Wireshark: it also says whether the checksum is right.")
def check_your_requests(yours):
    """R3: your requests have type 8, code 0 and a right checksum."""
    for name in ("h3", "mixed"):
        for number, packet in enumerate(read.run_of(yours, name).sent, start=1):
            expect((packet.code, packet.checksum_ok) == (0, True), done=f"your ping sent {name} request {number}",
                   expected="code 0 and a right checksum",
                   seen=f"code {packet.code}, checksum {'right' if packet.checksum_ok else 'wrong'}")


@points(1, claim="PNG-4", hint="h3's kernel drops an echo request whose checksum is wrong (net/ipv4/icmp.c, icmp_rcv).")
def check_h3_answers_you(yours):
    """R3: h3 answers each of your requests that reaches it."""
    sent, answered, lost = read.run_of(yours, "h3").sent, read.replies(yours), read.lost(yours)
    expected = [number for number in range(1, len(sent) + 1) if number not in lost]
    expect(expected and list(answered) == expected, expected=f"replies of h3 to {expected}", seen=list(answered),
           done=f"your ping sent h3 {len(sent)} requests; number {', '.join(map(str, lost)) or 'none'} got lost at r1")


@points(1, claim="PNG-1", hint="What would tell your program's replies from those to another one?")
def check_your_identifier(yours):
    """R4: all requests of a command have one identifier."""
    for name in ("h3", "mixed", "failing"):
        run = read.run_of(yours, name)
        idents = sorted({packet.ident for packet in run.sent})
        expect(len(idents) == 1, done=f"your ping was told: {run.line}", expected="one identifier", seen=idents)


@points(1, claim="PNG-1", hint="Wireshark shows numbers as they stand on the wire, the most significant byte first.")
def check_your_numbers(yours):
    """R5: the sequence numbers of a command are 1, 2, 3 and so on, in network byte order."""
    for name in ("h3", "mixed", "failing"):
        run = read.run_of(yours, name)
        numbers = [packet.seq for packet in run.sent]
        expect(numbers == list(range(1, len(numbers) + 1)), done=f"your ping was told: {run.line}",
               expected=f"sequence numbers from 1 to {len(numbers)}", seen=numbers)


@points(1, claim="PNG-1", hint="Look at what your program printed: scenes/yours/output/your-ping.out.")
def check_your_lines(yours):
    """R6: your ping prints a line of the agreed form for each request, with its number, and nothing else."""
    read.expect_answers(yours)
    printed, runs = read.lines(yours), read.runs(yours)
    bad = next((line for line in printed if not read.LINE.fullmatch(line.strip())), None)
    expect(bad is None, done="your ping ran", expected="lines of the form in the handout", seen=repr(bad)[:100])
    numbers = [int(read.said(line).seq) for line in printed]
    expected = [number for run in runs for number in range(1, run.count + 1)]
    expect(numbers == expected, done="your ping ran", expected=f"lines for seq={expected}",
           seen=f"{numbers}{read.ending(yours)}")


def expect_not_fooled(yours, number: int, false: str) -> None:
    """Fail if the line about a request to `mixed` tells of the false reply that came first."""
    read.expect_answers(yours)
    p, line = yours.params, read.line_of(yours, "mixed", number)
    at, done = p["_cast"]["mixed"], f"ping {p['_cast']['mixed']}, request {number}: {false} came first"
    ttl = p["_false_ttl"] + number
    heard = [packet for packet in icmp.packets(yours.during("your-ping", "h1")) if packet.ttl == ttl]
    expect(heard, done=done, expected="it at h1", seen="nothing")
    wrong = line.what == "reply" and (line.ttl == str(ttl) or line.source != at)
    expect(not wrong, done=done, expected=f"no line about it; {at} itself answers after 600 ms", seen=line.text[:100])


@points(1, claim="PNG-4", hint="The first byte of an ICMP message says what it is.")
def check_you_know_a_reply(yours):
    """R7: an echo request, or another ICMP message, that reaches h1 with your numbers is not a reply."""
    expect_not_fooled(yours, 4, "an echo request and a timestamp reply from it, with your identifier and number,")


@points(1, claim="PNG-4", hint="recvfrom says who sent the packet.")
def check_you_know_the_target(yours):
    """R8: a reply with your numbers from somebody else than the target is not yours."""
    expect_not_fooled(yours, 3, "a reply from another host")


@points(1, claim="PNG-4", hint="Another ping on h1 has another identifier.")
def check_you_know_your_identifier(yours):
    """R9: a reply with another identifier is not yours."""
    expect_not_fooled(yours, 1, "a reply with another identifier")


@points(1, claim="PNG-4", hint="A reply to the request before may come late.")
def check_you_know_the_number(yours):
    """R10: a reply with another sequence number is not the one that you wait for."""
    expect_not_fooled(yours, 2, "a reply with another sequence number")


@points(1, claim="PNG-5", hint="The TTL stands in the IP header, the first byte of which says how long that is.")
def check_your_replies(yours):
    """R11: a line tells who answered, and the TTL of the reply."""
    told = [(read.line_of(yours, "h3", number), reply.source, reply.ttl)
            for number, reply in read.replies(yours).items()]
    told.append((read.line_of(yours, "mixed", 5), yours.params["_cast"]["mixed"], yours.params["_ttls"]["mixed"]))
    told = [(line, source, ttl) for line, source, ttl in told if line.what == "reply"]
    expect(told, done="your ping ran", expected="lines about replies", seen="none")
    for line, source, ttl in told:
        expect((line.source, line.ttl) == (source, str(ttl)), expected=f"reply from {source} ttl={ttl}",
               done=f"{source} answered; the reply reached h1 with TTL {ttl}", seen=line.text[:100])


@points(2, claim="PNG-1",
        hint="Take the time right before sending and right after receiving, from a clock that is never set.")
def check_your_times(yours):
    """R12: the times that your ping prints are those of the capture."""
    sent = read.run_of(yours, "h3").sent
    took = [(read.line_of(yours, "h3", number), reply.time - sent[number - 1].time)
            for number, reply in read.replies(yours).items()]
    took.append((read.line_of(yours, "mixed", 5), read.after(yours, "mixed", 5)))
    took = [(line, seconds) for line, seconds in took if line.what == "reply"]
    expect(took, done="your ping ran", expected="lines about replies", seen="none")
    for line, seconds in took:
        # The program stamps after the capture does. In virtual time that is its own instructions, under 3 ms; in real
        # time on a crowded computer it may wait for the processor, far longer.
        slow = line.ms / 1000 - seconds
        expect(line.time and -0.001 < slow < (0.003 if yours.clock == "virtual" else 0.25),
               done=f"{line.source} answered after {seconds * 1000:.3f} ms", expected="that time, and a little more",
               seen=line.text[:100])


@points(1, claim="PNG-1", hint="What do you do when nothing comes?")
def check_you_notice_the_loss(yours):
    """R13: the request that got lost is reported as a timeout, and no other."""
    read.expect_answers(yours)
    lost, run = read.lost(yours), read.run_of(yours, "h3")
    seen = [number for number, line in run.said.items() if line.what == "timeout"]
    expect(lost and seen == lost, done=f"your ping was told: {run.line}; r1 dropped request {lost}",
           expected=f"a timeout for {lost}, and no other", seen=f"timeouts for {seen}")


@points(1, claim="PNG-1", hint="How long do you wait for an answer?")
def check_you_wait_for_a_second(yours):
    """R13: a reply within a second counts, one that comes later does not."""
    expect_by_time(yours, "slow", 1, "")
    expect_by_time(yours, "slow", 2, "")


def expect_by_time(yours, name: str, number: int, came: str) -> None:
    """Fail unless the line says reply or timeout, as the true reply came in time or too late."""
    took, line = read.after(yours, name, number), read.line_of(yours, name, number)
    if not IN_TIME <= took <= TOO_LATE:
        what = "reply" if took < IN_TIME else "timeout"
        expect(line.what == what, done=f"ping {yours.params['_cast'][name]}, request {number}: {came}the true reply "
               f"reached h1 after {took:.2f} s", expected=f"seq={number} {what}", seen=line.text[:100])


@points(1, claim="PNG-1", hint="Compute one deadline for each request, however many packets arrive until then.")
def check_you_keep_your_deadline(yours):
    """R14: a packet that is not for you neither ends the second nor begins it anew."""
    expect_by_time(yours, "mixed", 5, "after 0.2 s came a reply to somebody else, ")
    expect_by_time(yours, "mixed", 6, "after 0.2 s and 0.8 s came replies to somebody else, ")
    for name, count in (("mixed", 4), ("about", 3), ("no_error", 2)):
        for number in range(1, count + 1):
            if read.line_of(yours, name, number).what == "timeout":  # to be taken in is another rule's matter
                expect_by_time(yours, name, number, "after 0.2 s came what was not for your ping, ")


@points(2, claim="PNG-6", hint="An ICMP error says by its type and code what is wrong.")
def check_you_report_errors(yours):
    """R15: your ping says who reported an error, its type and its code: 3, 11 or 12, whatever the code."""
    p = yours.params
    reports = [("failing", 0, n, source, kind) for n, (source, kind) in
               enumerate(zip(cast.reporters(p), (icmp.UNREACHABLE, icmp.PARAMETER, icmp.TIME_EXCEEDED)), start=1)]
    for name, ttl, number, source, kind in reports:
        expected = (source, str(kind), str(p["_codes"][str(kind)]))
        expect_error(read.run_of(yours, name, ttl), read.line_of(yours, name, number, ttl), expected)
    for name, ttl, source, kind in (("h3", 1, p["r1"], 11), ("h3", 2, p["r2_out"], 11),
                                    ("outside", 64, p["r2_out"], 3)):
        sent = read.run_of(yours, name, ttl).sent[0]
        if sent.ttl == ttl:  # else the router has nothing to report, and that is another rule's matter
            expect_error(read.run_of(yours, name, ttl), read.line_of(yours, name, 1, ttl), (source, str(kind), "0"))


def expect_error(run, line, expected: tuple[str, str, str]) -> None:
    expect(line.what == "error" and (line.source, line.type, line.code) == expected,
           done=f"your ping was told: {run.line}", expected="error from {} type={} code={}".format(*expected),
           seen=line.text[:100])


@points(1, claim="PNG-6", hint="Which types of ICMP messages are errors?")
def check_you_know_an_error(yours):
    """R16: a message of another type is no error, even if it quotes your request (source quench, redirect)."""
    for number, what in ((1, "a source quench (type 4)"), (2, "a redirect (type 5)")):
        expect_no_error(yours, "no_error", number, f"{what} about it")


@points(1, claim="PNG-6", hint="An ICMP error quotes the IP header and first bytes of the packet it is about.")
def check_you_know_your_errors(yours):
    """R17: an error about another packet than your request is not yours: other target, identifier or number."""
    for number, what in enumerate(("with another identifier", "with the number before", "to another target"), start=1):
        expect_no_error(yours, "about", number, f"an ICMP error about an echo request {what}")


def expect_no_error(yours, name: str, number: int, came: str) -> None:
    read.expect_answers(yours)
    line = read.line_of(yours, name, number)
    expect(line.what != "error", done=f"your ping was told: {read.run_of(yours, name).line}; "
           f"0.2 s after request {number} came {came}", expected="no line about it", seen=line.text[:100])


@points(1, claim="PNG-4", hint="The IP header's length is in its first byte, in words of 4 bytes.")
def check_you_find_the_message(yours):
    """R18: you find the ICMP message behind an IP header of any length."""
    run = read.run_of(yours, "optioned")
    for number, what in ((1, "reply"), (2, "error")):
        line = read.line_of(yours, "optioned", number)
        expect(line.what == what, done=f"{run.line}: what answered request {number} had options in its IP header",
               expected=f"seq={number} {what}", seen=line.text[:100])


# --- the student's answers ---

@points(2, claim=("PNG-2", "PNG-3"),
        hint="Apply the mask to both addresses, then look at the ARP requests of your run.")
def check_answers_next_hop(kernel, answers):
    """Your answers on whom h1 asks for, and which frame it sends."""
    p = kernel.params
    same(answers.text("network"), p["left"], "network")
    same([answers.text("arp_near")], asked(kernel, "near-ping"), "arp_near")
    same([answers.text("arp_far")], asked(kernel, "far-ping"), "arp_far")
    same(answers.text("far_frame_to").lower(), link(echoes(kernel, "far-ping", "h3")[0].request).target,
         "far_frame_to")
    same([answers.text("arp_wrong_mask")], asked(kernel, "wrong-mask-ping"), "arp_wrong_mask")


@points(2, claim=("PNG-5", "PNG-6"), hint="A router lowers the TTL before it looks for the next hop.")
def check_answers_ttl(kernel, answers):
    """Your answers on the time to live."""
    same(answers.integer("ttl_at_h3"), echoes(kernel, "far-ping", "h3", "h3")[0].request.ttl, "ttl_at_h3")
    for key, name in (("ttl1_from", "ttl1-ping"), ("ttl2_from", "ttl2-ping")):
        error = echoes(kernel, name, "h3")[0].error
        same(answers.text(key), error and error.reporter, key)


@points(2, claim="PNG-7", hint="Read type and code of the ICMP errors that h1 receives.")
def check_answers_unreachable(kernel, answers):
    """Your answers on what cannot be reached."""
    for name, key in (("outside-ping", "outside"), ("absent-ping", "absent"), ("udp", "closed_port")):
        start, end = kernel.command(name).start, kernel.command(name).end + SLACK
        error = next((e for e in icmp.errors(kernel.frames("h1")) if start <= e.time <= end), None)
        same(answers.integer(f"{key}_code"), error and error.code, f"{key}_code")
        same(answers.text(f"{key}_from"), error and error.reporter, f"{key}_from")


@points(2, claim="PNG-8",
        hint="A fragment's data is a multiple of 8 bytes, except the last one's; an IP header has 20 bytes.")
def check_answers_fragments(kernel, answers):
    """Your answers on the packet that is too long."""
    cut = [f for f in ip.fragments(kernel.during("long-ping", "r1-eth1")) if f.source == kernel.params["h1"]]
    expect(cut, done="h1 sent a long packet", expected="fragments between the routers", seen="none")
    last = ip.packet(cut[0].frames[-1])
    same(answers.integer("fragments"), len(cut[0].frames), "fragments")
    same(answers.integer("last_offset"), last.fragment_offset, "last_offset")
    same(answers.integer("last_size"), last.end - last.start, "last_size")
    error = echoes(kernel, "df-ping", "h3")[0].error
    same(answers.integer("df_mtu"), error and error.mtu, "df_mtu")
