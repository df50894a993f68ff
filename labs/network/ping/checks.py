"""What must be true of ping: the kernels' part first, then the student's ping and answers.

SOON is for things that follow at once: microseconds in virtual time, scheduling on a busy computer in real time.
"""

import re
from itertools import pairwise

from mnlab.checks import expect, points, same
from mnlab.protocols import arp, icmp, ip

SOON = 0.05  # s
SLACK = 0.3  # s, between packets that a program sends a second apart
COUNT, PACE = 5, 1.0  # requests that the student's ping sends, and seconds from one to the next
TTL = 64  # net.ipv4.ip_default_ttl, RFC 1700
LINE = re.compile(r"seq=(\d{1,9}) (?:reply from (\S+) ttl=(\d{1,9}) time=(\d{1,9}(?:\.\d{0,9})?) ms|(timeout)|"
                  r"error from (\S+) type=(\d{1,9}) code=(\d{1,9}))")


# --- reading the evidence ---

def echoes(evidence, name: str, target: str, place: str = "h1") -> list[icmp.Echo]:
    """The echoes to the node `target` that `place` saw while the command `name` ran; at least one."""
    found = [echo for echo in icmp.echoes(evidence.during(name, place)) if echo.target == evidence.params[target]]
    expect(found, done=f"h1 pinged {target} ({name})", expected=f"an echo request in the capture of {place}",
           seen="none")
    return found


def link(packet) -> ip.Ethernet:
    """The header of the frame that carries a packet."""
    return ip.ethernet(packet.frame.data)


def asked(evidence, name: str) -> list[str]:
    """The IP addresses that h1 asked for by ARP while the command `name` ran."""
    return list(dict.fromkeys(packet.target_ip for packet in arp.packets(evidence.during(name, "h1"))
                              if packet.kind == "request" and packet.sender_ip == evidence.params["h1"]))


def reported(evidence, name: str, reporter: str, kind: tuple[int, int]) -> icmp.Error:
    """The ICMP error that h1 received while `name` ran; fails unless it is of this kind, from this node."""
    p, done = evidence.params, f"h1 sent a packet ({name}: {evidence.command(name).line})"
    expected = f"{icmp.ERRORS[kind]} (type {kind[0]}, code {kind[1]}) from {p[reporter]}"
    # a report may come just after the program that caused it has ended
    end = evidence.command(name).end + SLACK
    errors = [error for error in icmp.errors(evidence.frames("h1"))
              if evidence.command(name).start <= error.time <= end and error.target == p["h1"]]
    expect(errors, done=done, expected=expected, seen="no ICMP error")
    first = errors[0]
    expect((first.type, first.code, first.reporter) == (*kind, p[reporter]), done=done, expected=expected,
           seen=f"{first.text} (type {first.type}, code {first.code}) from {first.reporter}")
    return first


# --- what the kernels do ---

@points(1, claim="PNG-1", hint="Read the packet from the outside in: frame, IP header, ICMP message.")
def check_request_is_wrapped(evidence):
    """The echo request is an ICMP message in an IP packet with both addresses, protocol 1, checksum right."""
    p, request = evidence.params, echoes(evidence, "near-ping", "h2")[0].request
    header = ip.packet(request.frame)
    expect((header.source, header.target, header.protocol) == (p["h1"], p["h2"], ip.ICMP), done="h1 pinged h2",
           expected=f"an IP packet of protocol 1 from {p['h1']} to {p['h2']}", seen=header)
    expect((request.type, request.code, request.checksum_ok) == (8, 0, True), done="h1 pinged h2",
           expected="type 8, code 0, a right checksum",
           seen=f"type {request.type}, code {request.code}, checksum {'right' if request.checksum_ok else 'wrong'}")


@points(1, claim="PNG-2", hint="Apply the mask to both addresses: are the results the same?")
def check_mask_decides(evidence):
    """For h2, on its own network, h1 asks by ARP for h2; for h3, on another, for its router."""
    p = evidence.params
    expect(asked(evidence, "near-ping") == [p["h2"]], done=f"h1 ({p['h1']}/{p['prefix']}) pinged h2 ({p['h2']})",
           expected=f"an ARP request for {p['h2']}", seen=asked(evidence, "near-ping") or "none")
    expect(asked(evidence, "far-ping") == [p["r1"]], done=f"h1 ({p['h1']}/{p['prefix']}) pinged h3 ({p['h3']})",
           expected=f"an ARP request for the router, {p['r1']}", seen=asked(evidence, "far-ping") or "none")
    request = echoes(evidence, "far-ping", "h3")[0].request
    expect(link(request).target == p["r1_mac"], done="h1 pinged h3",
           expected=f"h3's IP address in a frame to the router, {p['r1_mac']}", seen=link(request).target)


@points(1, claim="PNG-2", hint="With 24 bits of mask, are h1 and h3 on the same network?")
def check_wrong_mask_misleads(evidence):
    """With a mask that is too short, h1 takes h3 for a neighbour, asks for it in vain, and never reaches it."""
    p, done = evidence.params, "h1's mask became /24, then h1 pinged h3"
    expect(asked(evidence, "wrong-mask-ping") == [p["h3"]], done=done, expected=f"an ARP request for {p['h3']}",
           seen=asked(evidence, "wrong-mask-ping") or "none")
    ping = evidence.command("wrong-mask-ping")
    expect(ping.status == 1 and f"From {p['h1']} icmp_seq=1 Destination Host Unreachable" in ping.stdout, done=done,
           expected="host unreachable, said by h1 itself", seen=ping.stdout.strip()[-200:])


@points(1, claim="PNG-3", hint="Both frames carry h2's IP address. What do they differ in?")
def check_foreign_frame_is_dropped(evidence):
    """h2 receives two echo requests that differ in the frame's destination MAC only, and answers its own alone."""
    p = evidence.params
    start, end = evidence.command("far-ping").end, evidence.command("ttl1-ping").start
    made = [echo for echo in icmp.echoes(evidence.frames("h2")) if start <= echo.time < end]
    frames = {link(echo.request).target: len(echo.replies) for echo in made}
    expect(frames == {p["nobodys_mac"]: 0, p["h2_mac"]: 1},
           done=f"two frames with h2's IP address reached h2, one to {p['nobodys_mac']}, one to {p['h2_mac']}, its own",
           expected="a reply to its own only",
           seen=", ".join(f"{mac}: {count}" for mac, count in frames.items()) or "no frame")


@points(1, claim="PNG-4", hint="Put a request and its reply side by side and look for what is the same.")
def check_reply_mirrors_request(evidence):
    """The reply is type 0 with the addresses exchanged and the same identifier, sequence number and data."""
    for echo in echoes(evidence, "near-ping", "h2"):
        request, reply = echo.request, echo.reply
        done = f"h1 sent h2 the echo request {request.seq}"
        expect(reply, done=done, expected="a reply with its identifier and sequence number", seen="none")
        expect((reply.type, reply.code, reply.checksum_ok) == (0, 0, True), done=done,
               expected="type 0, code 0, a right checksum", seen=f"type {reply.type}, code {reply.code}")
        expect(reply.data == request.data, done=done, expected="the same data", seen=reply.data[:40])
    numbers = [echo.seq for echo in echoes(evidence, "near-ping", "h2")]
    expect(numbers == [1, 2], done="h1 pinged h2 twice", expected="sequence numbers 1 and 2", seen=numbers)


@points(1, claim="PNG-5", hint="Compare the TTL of one packet in three captures.")
def check_ttl_falls_by_one(evidence):
    """Each router lowers the TTL by one; the addresses of the IP header stay."""
    for number, place in enumerate(("h1", "r1-eth1", "h3")):
        request = echoes(evidence, "far-ping", "h3", place)[0].request
        expect((request.ttl, request.source) == (TTL - number, evidence.params["h1"]), done="h1 pinged h3",
               expected=f"TTL {TTL - number} from {evidence.params['h1']} at {place}",
               seen=f"TTL {request.ttl} from {request.source}")
    reply = echoes(evidence, "far-ping", "h3")[0].reply
    expect(reply and reply.ttl == TTL - 2, done="h3 answered", expected=f"TTL {TTL - 2} at h1",
           seen=reply and reply.ttl)


@points(1, claim="PNG-6", hint="Who lowers the TTL to 0?")
def check_ttl_runs_out(evidence):
    """A packet whose TTL reaches 0 is dropped, and that router says so: r1 for TTL 1, r2 for TTL 2."""
    for name, reporter in (("ttl1-ping", "r1"), ("ttl2-ping", "r2_out")):
        error = reported(evidence, name, reporter, (11, 0))
        request = echoes(evidence, name, "h3")[0].request
        expect(error.quoted and (error.quoted.ident, error.quoted.seq) == (request.ident, request.seq), done=name,
               expected="the report to quote the request", seen=error.quoted)
    starts = evidence.command("ttl1-ping").start
    passed = [echo for echo in icmp.echoes(evidence.frames("h3"))
              if starts <= echo.time <= evidence.command("ttl2-ping").end]
    expect(not passed, done="h1 pinged h3 with TTL 1 and 2", expected="nothing at h3", seen=f"{len(passed)} requests")


@points(1, claim="PNG-7", hint="Who was the last to know what to do with the packet?")
def check_unreachable_has_three_kinds(evidence):
    """No route: network unreachable (r2). Nobody there: host unreachable (r2). No program: port unreachable (h3)."""
    p = evidence.params
    reported(evidence, "outside-ping", "r2_out", (3, 0))
    host = reported(evidence, "absent-ping", "r2_out", (3, 1))
    sent = echoes(evidence, "absent-ping", "absent")[0]
    expect(host.time - sent.time > 2, done=f"h1 pinged {p['absent']}, which nobody on h3's network has",
           expected="host unreachable once r2 has asked three times by ARP, a second apart",
           seen=f"after {host.time - sent.time:.2f} s")
    port = reported(evidence, "udp", "h3", (3, 3))
    expect(port.quoted and port.quoted.target_port == p["port"], done=f"h1 sent a datagram to port {p['port']} of h3",
           expected=f"a report that quotes port {p['port']}", seen=port.quoted)


@points(1, claim="PNG-8", hint="The link between the routers takes shorter packets than h1's.")
def check_long_packet_is_fragmented(evidence):
    """Without DF, r1 cuts a packet that is longer than the next link's MTU; h3 puts it together and answers."""
    p, done = evidence.params, f"h1 pinged h3 with {evidence.params['size']} bytes of data, DF off"
    whole = echoes(evidence, "long-ping", "h3")[0]
    expect(len(whole.request.data) == p["size"] and whole.request.checksum_ok, done=done,
           expected="one packet on h1's own link",
           seen="a fragment")
    cut = [f for f in ip.fragments(evidence.during("long-ping", "r1-eth1")) if f.source == p["h1"]]
    expect(len(cut) == 1 and cut[0].complete and cut[0].size == p["size"] + 8, done=done,
           expected=f"fragments of {p['size'] + 8} bytes in all on the link between the routers",
           seen=f"{[f.size for f in cut]} bytes")
    # RFC 791: all but the last carry as many bytes as fit, in multiples of 8, after a header of 20 bytes
    room = (p["mtu"] - 20) // 8 * 8
    offsets = [ip.packet(frame).fragment_offset for frame in cut[0].frames]
    expect(offsets == list(range(0, p["size"] + 8, room)), done=done, expected=f"fragments of {room} bytes",
           seen=offsets)
    arrived = [f for f in ip.fragments(evidence.during("long-ping", "h3")) if f.source == p["h1"]]
    expect(arrived and len(arrived[0].frames) == len(offsets), done=done,
           expected="the fragments at h3: r2 does not join them",
           seen=f"{len(arrived)} fragmented packets")
    expect(evidence.command("long-ping").status == 0, done=done, expected="a reply", seen="none")


@points(1, claim="PNG-8", hint="DF forbids routers to cut. What can r1 still do?")
def check_df_is_refused(evidence):
    """With DF, r1 drops the packet and reports the MTU of the next link (RFC 1191)."""
    p = evidence.params
    request = echoes(evidence, "df-ping", "h3")[0].request
    expect(ip.packet(request.frame).dont_fragment, done="h1 pinged h3 with DF on", expected="DF in the header",
           seen="no DF")
    error = reported(evidence, "df-ping", "r1", icmp.FRAGMENTATION_NEEDED)
    expect(error.mtu == p["mtu"], done="h1 pinged h3 with DF on", expected=f"the report to name {p['mtu']} bytes",
           seen=f"{error.mtu} bytes")


# --- the student's ping ---

def own_requests(evidence, place: str = "h1") -> list[icmp.Echo]:
    """The echoes to h3 that the student's ping sent with its full TTL, as seen at `place`."""
    low = {"h1": TTL, "h3": TTL - 2}[place]
    found = [echo for echo in icmp.echoes(evidence.during("your-ping", place))
             if echo.target == evidence.params["h3"] and echo.request.ttl == low]
    expect(found, done=f"your ping was told: ping {evidence.params['h3']} {COUNT} {TTL}",
           expected=f"echo requests with TTL {low} at {place}", seen="none" + how_it_ended(evidence))
    return found


def how_it_ended(evidence) -> str:
    """How the student's ping ended, if not well."""
    program = evidence.command("your-ping")
    how = program.stopped or (f"it ended with status {program.status}" if program.status else "")
    return "".join(f"\n{text}" for text in (how, *program.stderr.strip().splitlines()[-4:]) if text)


def lines(evidence) -> list[re.Match]:
    """What the student's ping printed for the first target: COUNT lines of the agreed form."""
    printed = evidence.command("your-ping").stdout.splitlines()
    found = [LINE.fullmatch(line.strip()) for line in printed[:COUNT]]
    bad = next((line for line, match in zip(printed, found) if not match), None)
    expect(bad is None and len(found) == COUNT, done="your ping ran",
           expected=f"{COUNT} lines of the form in the handout first",
           seen=(repr(bad[:100]) if bad else f"{len(printed)} lines") + how_it_ended(evidence))
    return found


def true_reply(evidence, echo: icmp.Echo) -> icmp.Icmp | None:
    """The reply that h3 really sent to an echo of the student's: the one that r1 forwarded, not one h2 made up."""
    return next((reply for reply in echo.replies if link(reply).source == evidence.params["r1_mac"]), None)


@points(3, claim="PNG-1",
        hint="Compare your request with the kernel's ping in Wireshark: it also says whether the checksum is right.")
def check_your_requests(evidence):
    """Your requests: type 8, right checksum, one identifier, sequence numbers from 1, a second apart."""
    sent = own_requests(evidence)
    for echo in sent:
        expect((echo.request.code, echo.request.checksum_ok) == (0, True), done=f"your ping sent request {echo.seq}",
               expected="code 0 and a right checksum",
               seen=f"code {echo.request.code}, checksum {'right' if echo.request.checksum_ok else 'wrong'}")
    numbers = [echo.seq for echo in sent]
    expect(numbers == list(range(1, COUNT + 1)), done=f"your ping was to send {COUNT} requests",
           expected=f"sequence numbers 1 to {COUNT}", seen=numbers)
    idents = {echo.ident for echo in sent}
    expect(len(idents) == 1, done=f"your ping sent {COUNT} requests", expected="one identifier", seen=sorted(idents))
    gaps = [later.time - earlier.time for earlier, later in pairwise(sent)]
    expect(all(abs(gap - PACE) < SLACK for gap in gaps), done=f"your ping sent {COUNT} requests",
           expected="a second between them", seen=" ".join(f"{gap:.2f}" for gap in gaps))


@points(1, claim="PNG-4", hint="h3's kernel drops an echo request whose checksum is wrong (net/ipv4/icmp.c, icmp_rcv).")
def check_h3_answers_you(evidence):
    """h3 receives your requests and answers each but the one that is lost on the way."""
    p = evidence.params
    answered = {echo.seq for echo in own_requests(evidence, "h3") if echo.reply}
    expected = set(range(1, COUNT + 1)) - {p["_lost"]}
    expect(answered == expected, done=f"your ping sent {COUNT} requests; r1 dropped number {p['_lost']}",
           expected=f"h3 answers {sorted(expected)}", seen=sorted(answered))


@points(3, claim="PNG-1",
        hint="Take the time right before sending and right after receiving, from a clock that is never set.")
def check_your_times(evidence):
    """The times that your ping prints are those of the capture, and the TTLs too."""
    p = evidence.params
    printed = {int(line[1]): line for line in lines(evidence)}
    compared = 0
    for echo in own_requests(evidence):
        reply, line = true_reply(evidence, echo), printed.get(echo.seq)
        if not reply:
            continue
        compared += 1
        done = f"h3 answered request {echo.seq} after {(reply.time - echo.time) * 1000:.3f} ms"
        expect(line and line[4], done=done, expected="a line with the time", seen=line and line[0] or "no line")
        # The program stamps after the capture does. In virtual time that is its own instructions, under 3 ms; in real
        # time on a crowded computer it may wait for the processor, far longer.
        slow = float(line[4]) / 1000 - (reply.time - echo.time)
        expect(-0.001 < slow < (0.003 if virtual(evidence) else 0.25), done=done,
               expected="that time, and a little more",
               seen=line[0])
        expect(int(line[3]) == reply.ttl, done=f"the reply's TTL was {reply.ttl}", expected=f"ttl={reply.ttl}",
               seen=line[0])
    expect(compared == COUNT - 1, done=f"your ping sent {COUNT} requests to {p['h3']}", expected=f"{COUNT - 1} replies",
           seen=compared)


def virtual(evidence) -> bool:
    return evidence.clock == "virtual"


@points(2, claim="PNG-1", hint="How long do you wait, and what do you do when nothing comes?")
def check_you_notice_the_loss(evidence):
    """The request that got lost is reported as a timeout, and no other."""
    lost = [int(line[1]) for line in lines(evidence) if line[5]]
    expect(lost == [evidence.params["_lost"]], done=f"r1 dropped request {evidence.params['_lost']} of {COUNT}",
           expected=f"seq={evidence.params['_lost']} timeout, and no other timeout", seen=f"timeouts for {lost}")


@points(2, claim="PNG-4",
        hint="A raw socket gets every ICMP message of the host. Compare source, identifier and sequence number.")
def check_you_take_your_own_replies_only(evidence):
    """Replies with another identifier, another sequence number or another source are not taken for an answer."""
    p = evidence.params
    forged = [packet for packet in icmp.packets(evidence.during("your-ping", "h1"))
              if packet.type == icmp.ECHO_REPLY and link(packet).source == p["h2_mac"]]
    sent = own_requests(evidence)
    expect(len(forged) >= 3 * len(sent), done="your ping ran; h2 sent three false replies to each request",
           expected=f"{3 * len(sent)} of them at h1", seen=len(forged))
    fooled = [line[0] for line in lines(evidence)
              if line[4] and (line[2] != p["h3"] or float(line[4]) < 2 * p["delay"])]
    expect(not fooled and sum(1 for line in lines(evidence) if line[4]) == COUNT - 1,
           done=f"h2 sent three false replies to each request; h3's own take at least {2 * p['delay']} ms",
           expected=f"{COUNT - 1} replies from {p['h3']}", seen=fooled or [line[0] for line in lines(evidence)])


@points(2, claim="PNG-6", hint="An ICMP error quotes the IP header and first bytes of the packet it is about.")
def check_you_report_errors(evidence):
    """With TTL 1 your ping says who dropped the request and why."""
    p = evidence.params
    low = [error for error in icmp.errors(evidence.during("your-ping", "h1")) if error.type == icmp.TIME_EXCEEDED]
    expect(low, done=f"your ping was told: ping {p['h3']} 1 1", expected="an echo request with TTL 1, which r1 refuses",
           seen="no report from r1" + how_it_ended(evidence))
    printed = evidence.command("your-ping").stdout.splitlines()
    expected = f"seq=1 error from {low[0].reporter} type={low[0].type} code={low[0].code}"
    seen = printed[COUNT] if len(printed) > COUNT else f"{len(printed)} lines"
    expect(seen.strip() == expected, done=f"your ping was told: ping {p['h3']} 1 1", expected=expected, seen=seen[:100])


# --- the student's answers ---

@points(2, claim=("PNG-2", "PNG-3"),
        hint="Apply the mask to both addresses, then look at the ARP requests of your run.")
def check_answers_next_hop(evidence, answers):
    """Your answers on whom h1 asks for, and which frame it sends."""
    p = evidence.params
    same(answers.text("network"), p["left"], "network")
    same([answers.text("arp_near")], asked(evidence, "near-ping"), "arp_near")
    same([answers.text("arp_far")], asked(evidence, "far-ping"), "arp_far")
    same(answers.text("far_frame_to").lower(), link(echoes(evidence, "far-ping", "h3")[0].request).target,
         "far_frame_to")
    same([answers.text("arp_wrong_mask")], asked(evidence, "wrong-mask-ping"), "arp_wrong_mask")


@points(2, claim=("PNG-5", "PNG-6"), hint="A router lowers the TTL before it looks for the next hop.")
def check_answers_ttl(evidence, answers):
    """Your answers on the time to live."""
    same(answers.integer("ttl_at_h3"), echoes(evidence, "far-ping", "h3", "h3")[0].request.ttl, "ttl_at_h3")
    for key, name in (("ttl1_from", "ttl1-ping"), ("ttl2_from", "ttl2-ping")):
        error = echoes(evidence, name, "h3")[0].error
        same(answers.text(key), error and error.reporter, key)


@points(2, claim="PNG-7", hint="Read type and code of the ICMP errors that h1 receives.")
def check_answers_unreachable(evidence, answers):
    """Your answers on what cannot be reached."""
    for name, key in (("outside-ping", "outside"), ("absent-ping", "absent"), ("udp", "closed_port")):
        start, end = evidence.command(name).start, evidence.command(name).end + SLACK
        error = next((e for e in icmp.errors(evidence.frames("h1")) if start <= e.time <= end), None)
        same(answers.integer(f"{key}_code"), error and error.code, f"{key}_code")
        same(answers.text(f"{key}_from"), error and error.reporter, f"{key}_from")


@points(2, claim="PNG-8",
        hint="A fragment's data is a multiple of 8 bytes, except the last one's; an IP header has 20 bytes.")
def check_answers_fragments(evidence, answers):
    """Your answers on the packet that is too long."""
    cut = [f for f in ip.fragments(evidence.during("long-ping", "r1-eth1")) if f.source == evidence.params["h1"]]
    expect(cut, done="h1 sent a long packet", expected="fragments between the routers", seen="none")
    last = ip.packet(cut[0].frames[-1])
    same(answers.integer("fragments"), len(cut[0].frames), "fragments")
    same(answers.integer("last_offset"), last.fragment_offset, "last_offset")
    same(answers.integer("last_size"), last.end - last.start, "last_size")
    error = echoes(evidence, "df-ping", "h3")[0].error
    same(answers.integer("df_mtu"), error and error.mtu, "df_mtu")
