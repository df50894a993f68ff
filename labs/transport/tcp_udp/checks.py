"""What must be true of TCP and UDP on the same paths. Times in seconds, sizes in bytes.

Tolerances. In virtual time a packet takes the path's delay to some microseconds. SLACK is for a busy computer in real
time, where a delay of 20 ms was seen to take up to 53 ms. What chance decides is compared with bounds that one honest
run in a million falls outside of (protocols/chance.py); the probabilities are those of sch_netem.c.
"""

import hashlib
import random
import re
import struct
from pathlib import Path
from statistics import median

from mnlab.checks import expect, observation, points
from mnlab.lab.lab import load
from mnlab.protocols import icmp, igmp, ip, tcp, udp
from mnlab.protocols.chance import binomial_bounds
from mnlab.protocols.checksum import transport_fits
from mnlab.protocols.kernel import Retransmit
from mnlab.protocols.transit import transits

wire = load(Path(__file__).with_name("reading.py"))
delay, listed, ms, received = wire.delay, wire.listed, wire.ms, wire.received
answers_all, ended = wire.answers_all, wire.ended

SLACK = 0.035
SILENCES = (35, 12, 65)  # s for which the peer of your program says nothing
PROMPT = 0.15  # s from the end of a message to its answer: what a program takes, and a busy computer
MSS, FRAGMENT = wire.MSS, 1480  # of 1500: less IP, TCP and timestamps; less IP
BETA = 0.7  # of the congestion window are left after a loss (RFC 9438, section 4.6)
RECEIVERS = ("h2", "h3", "h4")


# --- TVU-1: who connects ----------------------------------------------------------------------------------------------

@observation(1, claim="TVU-1", hint="What must have crossed the path before the first byte of data may leave?")
def check_tcp_connects_before_data(kernel, params):
    """TCP exchanges SYN, SYN+ACK and ACK before the first byte; UDP's first packet carries the data."""
    first = kernel.mark("first")
    datagram, one = wire.datagrams(kernel, "hello")[0], wire.connection(kernel, "hello")
    before = [f for f, packet in ip.packets(wire.frames(kernel, "h1")) if first <= f.time < datagram.time]
    took = wire.datagrams(kernel, "hello", "h3")[0].time - datagram.time
    expect(not before and datagram.payload == b"hello" and delay(params) <= took <= delay(params) + SLACK,
           done="h1 sent five bytes to h3 by UDP", expected=f"no packet before them; there after {ms(delay(params))}",
           seen=f"{len(before)} packets before; there after {ms(took)}")
    data = one.data(tcp.CLIENT)
    expect(data, done="h1 sent five bytes to h3 by TCP", expected="a segment with data", seen="none")
    opening = [segment.flags for segment in one.segments if segment.time < data[0].time]
    took = wire.connection(kernel, "hello", "h3").data(tcp.CLIENT)[0].time - one.time
    expect(opening == ["SYN", "SYN+ACK", "ACK"] and not data[0].syn and 3 * delay(params) <= took
           <= 3 * delay(params) + 3 * SLACK, done="h1 sent five bytes to h3 by TCP",
           expected=f"three segments without data before them; there after 3 x {params['delay']} ms",
           seen=f"{', '.join(opening) or 'nothing'} before them; there after {ms(took)}")


@observation(1, claim="TVU-1", hint="Who learns at once that nobody listens, and who only if he goes on sending?")
def check_udp_connect_sends_nothing(kernel, params):
    """connect() on a UDP socket sends nothing, also where nobody listens; data then meets port unreachable."""
    got, done = received(kernel), "h1 connected a UDP socket to a port where nobody is"
    quiet = wire.frames(kernel, "h1", "udp-connect", "udp-send")
    expect(got["closed_udp_connect"] == "" and not quiet, done=done, expected="success, and nothing on the wire",
           seen=f"{got['closed_udp_connect'] or 'success'}, and {len(quiet)} frames")
    errors = [one for one in icmp.errors(wire.frames(kernel, "h1", "udp-send", "kinds")) if one.quoted
              and one.quoted.target_port == params["closed_port"]]
    expect([one.text for one in errors] == ["port unreachable"] and got["closed_udp_next"] == "ECONNREFUSED",
           done=f"{done}, and sent", expected="ICMP port unreachable, which the next call reports (ECONNREFUSED)",
           seen=f"{listed(one.text for one in errors)}; the next call: {got['closed_udp_next'] or 'success'}")
    one = wire.connection(kernel, "closed")
    expect([segment.flags for segment in one.segments] == ["SYN", "RST+ACK"] and got["closed_tcp"] == "ECONNREFUSED",
           done="h1 connected to the same port by TCP", expected="SYN, RST+ACK, and no data at all",
           seen=", ".join(segment.flags for segment in one.segments))


# --- TVU-2: how many ends ---------------------------------------------------------------------------------------------

@observation(1, claim="TVU-2",
        hint="Read scenes/kernel/files/tcp-sockets: how many sockets has the server's port, with how many peers?")
def check_a_connection_has_two_ends(kernel, params):
    """Three clients of one TCP port are three sockets with one peer each; TCP knows no address for several hosts."""
    peers = wire.peers(kernel, params["talk_port"])
    expect(peers == sorted(params[host] for host in RECEIVERS), done="h2, h3 and h4 connected to one port of h1",
           expected="three connections with h1's one address and port, each with one peer", seen=listed(peers))
    refused = [received(kernel)[f"tcp_to_{where}"] for where in ("broadcast", "group")]
    expect(refused == ["ENETUNREACH"] * 2, done="h1 connected to the broadcast address, then to the group, by TCP",
           expected="ENETUNREACH from its own kernel", seen=listed(refused))
    made = [one for one in wire.connections(kernel) if one.client.port in (40001, 40002)]
    answered = {one.server.ip: [segment.flags for segment in one.sent(tcp.SERVER)] for one in made}
    to_h1 = {segment.flags for one in wire.connections(kernel) for segment in one.segments
             if segment.target.port == 40001 or one.client.port == 40001 and segment.source.port != 40001}
    expect(answered.get(params["broadcast"]) == [] and not to_h1 and answered.get(params["h1"]) == ["SYN+ACK"],
           done="h4 sent a SYN made by hand to the broadcast address, then one to h1, where the port is open",
           expected="no answer to the first, SYN+ACK to the second",
           seen=f"to the first {listed(to_h1)}; to the second {listed(answered.get(params['h1'], []))}")


@observation(1, claim="TVU-2", hint="How many frames leave h1, and who can read them?")
def check_broadcast_is_one_frame(kernel, params):
    """One datagram to the broadcast address is one frame, and h2, h3 and h4 each read it; TCP needs three copies."""
    left = [one for one in wire.datagrams(kernel, "talk", "h1", "kinds", "group-of-two")
            if one.target.ip == params["broadcast"]]
    macs = [ip.ethernet(one.frame.data).target for one in left]
    read = received(kernel)["broadcast"]
    expect(macs == [ip.BROADCAST] and all(read[host] == [["h1", "to all"]] for host in RECEIVERS),
           done="h1 sent one datagram to everybody", expected=f"one frame to {ip.BROADCAST}; read once on h2, h3, h4",
           seen=f"frames to {listed(macs)}; read by {listed(host for host in RECEIVERS if read[host])}")
    copies = [segment for one in wire.connections(kernel) for segment in one.data(tcp.SERVER)
              if segment.time >= kernel.mark("tcp-copies") and segment.payload == b"to all"]
    expect(len(copies) == 3 == len({segment.target for segment in copies}),
           done="h1 told the same to three TCP clients", expected="three segments, one to each",
           seen=f"{len(copies)} segments")


@observation(1, claim="TVU-2", hint="Compare what h4's interface saw with what h4's socket got.")
def check_multicast_reaches_members(kernel, params):
    """A datagram to a group is one frame; IGMP says who joined; only members' sockets get it, until they leave."""
    group, got = params["group"], received(kernel)
    told = {(host, one.kind) for host in RECEIVERS for one in igmp.messages_of(wire.frames(kernel, host, "kinds"))
            if one.group == group and one.time < kernel.mark("group-of-two") and one.source == params[host]}
    expect(told == {("h2", igmp.JOIN), ("h3", igmp.JOIN)}, done=f"h2 and h3 joined {group}",
           expected="an IGMP report from each of them, none from h4", seen=listed(sorted(told)))
    for mark, end, key, members in (("group-of-two", "group-of-one", "group_of_two", ["h2", "h3"]),
                                    ("group-of-one", "group-talk", "group_of_one", ["h2"])):
        copies = {host: len(wire.datagrams(kernel, "group", host, mark, end)) for host in ("h1", *RECEIVERS)}
        macs = {ip.ethernet(one.frame.data).target for one in wire.datagrams(kernel, "group", "h1", mark, end)}
        done = f"h1 sent one datagram to {group}, whose members are {', '.join(members)}"
        expect(macs == {igmp.group_mac(group)} and set(copies.values()) == {1}, done=done,
               expected=f"one frame to {igmp.group_mac(group)}, on every link of the switch",
               seen=f"frames to {listed(macs)}; seen: {copies}")
        readers = [host for host in ("h1", *RECEIVERS) if got[key][host]]
        expect(readers == members, done=done, expected="read by the members and nobody else", seen=listed(readers))
    left = [one for one in igmp.messages_of(wire.frames(kernel, "h3", "group-of-two", "group-of-one"))
            if (one.source, one.kind, one.group) == (params["h3"], igmp.LEAVE, group)]
    expect(left, done=f"h3 left {group}", expected="an IGMP report that says so", seen="none")


@observation(1, claim="TVU-2", hint="One socket; whose datagrams come out of it?")
def check_many_to_one_and_many_to_many(kernel):
    """One UDP socket reads from three peers; each of three members of a group reads what the two others say."""
    got = received(kernel)
    expect(got["many_to_one_udp"] == [[host, f"{host} to one"] for host in RECEIVERS],
           done="h2, h3 and h4 sent a datagram each to one port of h1",
           expected="one socket that reads all three, and who sent each", seen=listed(got["many_to_one_udp"]))
    members = ("h1", "h2", "h3")
    wanted = {host: sorted([other, f"{other} here"] for other in members if other != host) for host in members}
    heard = {host: sorted(got["group_talk"][host]) for host in members}
    expect(heard == wanted, done="h1, h2 and h3, all members, said something to their group",
           expected="each reads what the two others said", seen=str(heard))


# --- TVU-3: a bad path ------------------------------------------------------------------------------------------------

@observation(1, claim="TVU-3", hint="Which numbers never came out of the socket, which twice, which late?")
def check_udp_passes_on_what_the_path_does(kernel, params):
    """UDP's receiver gets what arrives: with gaps, twice, out of order, as often as the path's chances say."""
    packets = wire.sent(kernel, "file", ip.UDP)
    done = (f"h1 sent {params['chunks']} datagrams over a path that loses {params['loss']} %, copies "
            f"{params['duplicate']} % and lets {params['reorder']} % overtake")
    expect([wire.numbered(one) for one in packets] == list(range(1, params["chunks"] + 1)), done=done,
           expected="each is sent once", seen=f"{len(packets)} datagrams left h1")
    lose, copy = params["loss"] / 100, params["duplicate"] / 100
    times = [time - one.time for one in packets for time in one.arrivals]
    # netem_enqueue(): a frame is copied first, then the first of them lost; the copy goes through the losses again.
    # A frame that is let past the others does not wait at all.
    for what, seen, trials, chance in (
            ("never arrive", sum(one.lost for one in packets), len(packets), lose * (1 - copy)),
            ("arrive twice", sum(len(one.arrivals) == 2 for one in packets), len(packets), copy * (1 - lose) ** 2),
            ("overtake", sum(time < delay(params) / 2 for time in times), len(times), params["reorder"] / 100)):
        least, most = binomial_bounds(trials, chance)
        expect(max(least, 1) <= seen <= most, done=done,
               expected=f"{chance * trials:.0f} that {what}: {max(least, 1)} to {most} by chance", seen=str(seen))
    got, arrived = received(kernel)["file_udp"], wire.arrivals(packets)
    expect(got == arrived and got != sorted(got), done=done,
           expected="the socket gives out what arrives, as it arrives",
           seen=f"{len(got)} given out, {len(arrived)} arrived" + ("" if got != sorted(got) else ", all in order"))


@observation(2, claim=("TVU-3", "TVU-7"),
             hint="Compare SHA-256 of what h1 sent with that of what h3's socket gave out.")
def check_tcp_delivers_the_file_whole(kernel, params):
    """Over the same path TCP delivers the file whole and in order, lost parts sent again. UDP's file has holes."""
    data = random.Random(params["content"]).randbytes(params["chunks"] * params["chunk"])
    one, there = wire.connection(kernel, "file"), wire.connection(kernel, "file", "h3")
    packets = [one for one in wire.sent(kernel, "file", ip.TCP) if one.packet.end - one.packet.start > 100]
    lost = sum(packet.lost for packet in packets)
    done = f"h1 sent {len(data)} bytes by TCP over the bad path, in {len(packets)} segments"
    least, most = binomial_bounds(len(packets), params["loss"] / 100 * (1 - params["duplicate"] / 100))
    late = there.of_kind("reordered", tcp.CLIENT)
    expect(max(1, least) <= lost <= most and late, done=done,
           expected=f"{max(1, least)} to {most} of them are lost, and others arrive out of order",
           seen=f"{lost} lost, {len(late)} out of order")
    again = one.retransmissions(tcp.CLIENT)
    told = [event for event in kernel.kernel() if isinstance(event, Retransmit)
            and event.target.port == params["file_port"]]
    # One event of the kernel's may be two segments that follow each other: it keeps them as one buffer.
    match = {event.time for event in told if any(abs(event.time - one.time) < wire.AT_ONCE for one in again)}
    expect(len(again) >= lost and len(match) == len(told) > 0, done=done,
           expected="what was lost is sent again, when h1's kernel says so",
           seen=f"{lost} lost, {len(again)} sent again, {len(told)} by the kernel's account")
    got = received(kernel)["file_tcp"]
    expect(got == {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} and there.stream(tcp.CLIENT) == data,
           done=done, expected="h3's socket gives out these bytes, all of them, in order, once", seen=str(got))
    missing = set(range(1, params["chunks"] + 1)) - set(received(kernel)["file_udp"])
    expect(missing, done="the same file in datagrams", expected="holes in it", seen="nothing is missing")


# --- TVU-4: congestion ------------------------------------------------------------------------------------------------

@observation(2, claim="TVU-4", hint="What does TCP take for a sign of congestion, and who else fills the queue?")
def check_congestion_slows_tcp(kernel, params):
    """TCP alone fills the slow link; when datagrams crowd it, TCP sends less than half as much; then it comes back."""
    begin, limit = kernel.mark("crowd"), params["rate"] * 1e6
    packets = wire.sent(kernel, "bulk", ip.TCP)
    alone, crowded, after = (wire.rate(packets, begin + start, begin + end) for start, end in ((1, 2), (3, 4), (6, 7)))
    done = f"h1 sent to h3 by TCP over a link of {params['rate']} Mbit/s; for 2 s, datagrams at the same rate joined in"
    # Not all of it: a loss that TCP caused itself costs it some speed, too.
    expect(alone > 0.7 * limit, done=done, expected="alone it uses most of the link", seen=f"{alone / 1e6:.2f} Mbit/s")
    expect(crowded < 0.5 * alone, done=done,
           expected="in the second second of the flood it sends less than half of that",
           seen=f"{alone / 1e6:.2f}, then {crowded / 1e6:.2f} Mbit/s")
    expect(after > 0.6 * limit, done=done, expected="when the flood is over it gets back most of the link",
           seen=f"{after / 1e6:.2f} Mbit/s")
    most = max(wire.windows(kernel, "bulk", begin + 1, begin + 4.5), default=0)
    during = min(wire.windows(kernel, "bulk", begin + 2, begin + 4.5), default=most)
    expect(during <= BETA * most, done=done, expected=f"a congestion window of {BETA} times as much, or less",
           seen=f"snd_cwnd {most}, down to {during}")


@observation(1, claim="TVU-4", hint="Does anything in UDP tell the sender that the queue is full?")
def check_congestion_does_not_slow_udp(kernel, params):
    """The UDP sender goes on at its rate, although the queue drops its datagrams."""
    begin, limit = kernel.mark("crowd"), params["rate"] * 1e6
    packets = wire.sent(kernel, "flood", ip.UDP)
    rates = [wire.rate(packets, begin + start, begin + start + 0.5) / limit for start in (2, 2.5, 3, 3.5)]
    done = f"h1 sent datagrams for 2 s at {params['rate']} Mbit/s, the whole rate of the link that TCP was filling"
    # A half second holds 35 to 50 datagrams: one more or less is 3 %. In real time a busy computer is late.
    expect(all(0.85 < share < 1.15 for share in rates), done=done, expected="this rate in each half second",
           seen=", ".join(f"{share:.0%}" for share in rates))
    lost = sum(one.lost for one in (*packets, *wire.sent(kernel, "bulk", ip.TCP, "crowd")))
    mine = sum(one.lost for one in packets)
    drops = next(qdisc["drops"] for qdisc in kernel.json("narrow-link") if qdisc["kind"] == "tbf")
    expect(mine and drops == lost, done=done, expected="some of them are dropped at the link's queue, and nowhere else",
           seen=f"{mine} datagrams and {lost - mine} segments lost; {drops} dropped by the queue")


# --- TVU-5: messages and bytes ----------------------------------------------------------------------------------------

@observation(1, claim="TVU-5", hint="Count writes, reads, and packets.")
def check_udp_keeps_boundaries_and_tcp_does_not(kernel, params):
    """As many reads as writes with UDP, each of its size, a read too short loses the rest; TCP gives bytes."""
    got, sizes = received(kernel), params["sizes"]
    there = [len(one.payload) for one in wire.datagrams(kernel, "cuts", "h3")]
    expect(got["cuts_udp"] == sizes and there == sizes + sizes[:2], done=f"h1 wrote {listed(sizes)} bytes by UDP",
           expected="a datagram and a read of each size",
           seen=f"datagrams {listed(there)}; reads {listed(got['cuts_udp'])}")
    expect(got["cuts_udp_short"] == [100, sizes[1]], done="h3 read only 100 bytes of the first of two datagrams",
           expected=f"100, then the second one, {sizes[1]}: the rest of the first is gone",
           seen=listed(got["cuts_udp_short"]))
    there = wire.connection(kernel, "cuts", "h3").data(tcp.CLIENT)
    expect(got["cuts_tcp"] == [sum(sizes)] and len(there) == len(sizes), done=f"h1 wrote {listed(sizes)} bytes by TCP",
           expected=f"one read gives all {sum(sizes)} bytes; nothing shows where a write began",
           seen=f"a read of {listed(got['cuts_tcp'])} out of {len(there)} segments")


@observation(1, claim="TVU-5", hint="1500 bytes of MTU, 20 of IP: how much is left, and where does the UDP header go?")
def check_ip_fragments_a_large_datagram(kernel, params):
    """UDP does not cut a datagram over the MTU: IP does, and joins it; TCP cuts its bytes so that IP need not."""
    size, got = params["large"], received(kernel)
    pieces = [packet for _, packet in ip.packets(wire.frames(kernel, "h1", "large", "large-refused"))
              if packet.protocol == ip.UDP]
    parts = [(packet.fragment_offset, packet.end - packet.start, packet.more_fragments) for packet in pieces]
    total = size + udp.HEADER_LENGTH
    wanted = [(at, min(FRAGMENT, total - at), at + FRAGMENT < total) for at in range(0, total, FRAGMENT)]
    expect(parts == wanted and got["large"] == size, done=f"h1 sent a datagram of {size} bytes",
           expected=f"fragments (offset, bytes, more) {listed(wanted)}, and one read of {size}",
           seen=f"{listed(parts)}; read: {got['large']}")
    quiet = wire.frames(kernel, "h1", "large-refused", "large-lost")
    expect(got["large_refused"] == "EMSGSIZE" and not quiet, done="the same with fragmentation forbidden (DF)",
           expected="EMSGSIZE, and nothing on the wire",
           seen=f"{got['large_refused'] or 'success'}, {len(quiet)} frames")
    one = wire.connection(kernel, "large")
    cut = [segment.length for segment in one.data(tcp.CLIENT)]
    whole = not any(packet.more_fragments or packet.fragment_offset for _, packet in
                    ip.packets([segment.frame for segment in one.segments]))
    expect(sum(cut) == size == got["large_tcp"] and max(cut) <= MSS and whole, done=f"h1 sent {size} bytes by TCP",
           expected=f"segments of {MSS} bytes at most, none fragmented", seen=f"segments of {listed(cut)}")


@observation(1, claim="TVU-5", hint="What does h3 do with the fragments that came, and for how long?")
def check_a_lost_fragment_loses_the_datagram(kernel, params):
    """One lost fragment loses the datagram, reported after 30 s; TCP sends a lost segment again, and no other."""
    left = wire.frames(kernel, "h1", "large-lost", "large-tcp")
    pieces = [one for one in transits(left, wire.frames(kernel, "h3"), params["h1"])
              if one.packet.protocol == ip.UDP]
    lost = [number for number, one in enumerate(pieces, start=1) if one.lost]
    done = f"s1 lost the second of {len(pieces)} fragments of a datagram"
    read = received(kernel)["large_lost"]
    expect(lost == [2] and kernel.json("fragment")["dropped"] == 1 and read == 0, done=done,
           expected="all others reach h3, and no read gives anything", seen=f"lost: {listed(lost)}; {read} reads")
    errors = [one for one in icmp.errors(left)
              if (one.type, one.code, one.reporter) == (11, 1, params["h3"])]
    after = errors[0].time - pieces[0].time if errors else None
    # The timer may be an eighth late (kernel/time/timer.c); the message comes back over the path.
    expect(after is not None and 30 <= after - 2 * delay(params) <= 35, done=done,
           expected="after 30 s h3 gives up and says so: time exceeded in reassembly", seen=ms(after))
    gone, again = wire.gone_and_again(kernel)
    expect(gone == list(params["holes"]) == again, done=f"s1 lost the segments {listed(params['holes'])} of ten of TCP",
           expected="these are sent again, and no other", seen=f"lost {listed(gone)}; again {listed(again)}")


# --- TVU-6: headers ---------------------------------------------------------------------------------------------------

@observation(1, claim="TVU-6", hint="RFC 768: four fields of two bytes each. The checksum covers addresses, too.")
def check_udp_header_is_eight_bytes(kernel, params):
    """A UDP header is 8 bytes: source port, destination port, length, checksum."""
    one = wire.datagrams(kernel, "hello")[0]
    packet = ip.packet(one.frame)
    body = one.frame.data[packet.start:packet.end]
    source, target, length, checksum = struct.unpack_from("!HHHH", body)
    expect((target, length, body[8:]) == (params["hello_port"], 8 + 5, b"hello") and source == one.source.port,
           done="h1 sent hello by UDP", expected=f"ports, a length of {8 + 5}, and the data after 8 bytes",
           seen=f"{body[:8].hex(' ')}, then {body[8:]!r}")
    expect(transport_fits(one.frame), done="h1 sent hello by UDP",
           expected="a checksum over addresses, header and data (RFC 768)",
           seen=f"{checksum:#06x}" + ("" if checksum else ": none was computed"))


@observation(1, claim="TVU-6", hint="Look at the ACKs that h3 sends while three segments are missing.")
def check_tcp_header_is_20_to_60_bytes(kernel):
    """A TCP header is 20 bytes without options and 60 at most: timestamps and three SACK blocks fill it."""
    bare = [wire.header_length(segment) for segment in wire.connection(kernel, "bare").data(tcp.CLIENT)]
    expect(bare and set(bare) == {20}, done="h1 sent data by TCP with timestamps turned off",
           expected="a header of 20 bytes", seen=listed(bare))
    longest = max(wire.connection(kernel, "full").sent(tcp.SERVER), key=wire.header_length)
    expect(wire.header_length(longest) == 60 and len(longest.sack) == 3 and "timestamp" in longest.options,
           done="s1 lost three segments in different places", expected="an ACK with timestamps and three SACK blocks: "
           "20 + 12 + 28 = 60", seen=f"at most {wire.header_length(longest)}, {len(longest.sack)} SACK blocks")
    sizes = {wire.header_length(segment) for one in wire.connections(kernel) for segment in one.segments}
    expect(min(sizes) == 20 and max(sizes) == 60, done="every TCP segment of this run", expected="20 to 60 bytes",
           seen=listed(sorted(sizes)))


# --- TVU-7: speech ----------------------------------------------------------------------------------------------------

@observation(1, claim="TVU-7",
             hint="Subtract: arrival in h3-eth0.pcap less departure in h1-eth0.pcap, message by message.")
def check_udp_speech_keeps_its_delay(kernel, params):
    """Of speech by UDP the lost message is missing; others take the path's delay. Only a full queue adds to it."""
    packets = wire.sent(kernel, "voice", ip.UDP)
    lost = [wire.numbered(one) for one in packets if one.lost]
    done = f"h1 sent {params['voices']} messages of speech by UDP, 20 ms apart; s1 lost message {params['voice_lost']}"
    wanted = [number for number in range(1, params["voices"] + 1) if number != params["voice_lost"]]
    expect(lost == [params["voice_lost"]] and received(kernel)["voice_udp"] == wanted, done=done,
           expected="this one is missing, and no other", seen=f"lost: {listed(lost)}")
    took = [one.delay for one in packets if not one.lost]
    # In real time a busy computer may keep one of them; none is as late as TCP's lost one at its earliest.
    expect(delay(params) <= min(took) and median(took) <= delay(params) + SLACK and max(took) < 3 * delay(params),
           done=done, expected=f"the others take {params['delay']} ms and wait for nothing to come again (three trips)",
           seen=f"{ms(min(took))} to {ms(max(took))}")
    # A queue is another matter: there a datagram waits for all before it, half of the queue at the least.
    slowest = max(one.delay for one in wire.sent(kernel, "flood", ip.UDP) if not one.lost)
    half = params["queue"] / 2 * 1514 * 8 / (params["rate"] * 1e6)
    expect(slowest >= delay(params) + half, done="h1 sent datagrams into the crowded link",
           expected=f"delays that grow with the queue, to {ms(delay(params) + half)} and more", seen=ms(slowest))


@observation(2, claim="TVU-7",
             hint="What had arrived at h3 before the lost message came again, and could not be read yet?")
def check_tcp_speech_waits_for_the_lost_one(kernel, params):
    """Of speech by TCP nothing is missing, but the messages behind the lost one wait at h3 until it comes again."""
    number, times, ready = params["voice_lost"], wire.speech(kernel), dict(received(kernel)["voice_tcp"])
    done = f"the same by TCP; s1 lost message {number}"
    expect(received(kernel)["voice_tcp_order"] == list(range(1, params["voices"] + 1)), done=done,
           expected="all messages are read, in order", seen=listed(received(kernel)["voice_tcp_order"]))
    worst = times[number][2] - times[number][0]
    # It must be missed first: an ACK for a later one comes back (two trips), then it is sent again (a third).
    expect(worst >= 3 * delay(params), done=done, expected=f"it takes three trips or more, {3 * params['delay']} ms",
           seen=ms(worst))
    held = wire.blocked(kernel)
    expect(held and held == list(range(number + 1, number + 1 + len(held))), done=done,
           expected="the next ones arrive at h3 in time and wait there", seen=f"waiting at h3: {listed(held)}")
    # Read, too, says when: no sooner than the wire allows.
    early = [one for one in (number, *held) if ready[one] < times[number][2]]
    expect(not early, done=done, expected="none of them is read before the lost one has come",
           seen=f"read: {listed(early)}")


# --- what you say -----------------------------------------------------------------------------------------------------

@points(2, claim="TVU-1", hint="Count the trips over the path until the byte is there.")
def check_answer_first_byte(answers, params, kernel):
    """Your prediction: how long the first byte takes, by UDP and by TCP."""
    for key, trips in (("udp_first_ms", 1), ("tcp_first_ms", 3)):
        given = answers.number(key)
        expect(abs(given - trips * params["delay"]) <= 1, done=f"every packet takes {params['delay']} ms",
               expected="the time from the first packet that leaves h1 to the first byte at h3",
               seen=f"{key} = {given:g}")


@points(2, claim="TVU-2", hint="RFC 1112, section 6.4: 23 bits of the group's address.")
def check_answer_one_to_many(answers, params, kernel):
    """Your prediction: the group's MAC address, and how many packets one text to three hosts costs h1."""
    given = answers.text("group_mac").lower().replace("-", ":")
    expect(given == igmp.group_mac(params["group"]), done=f"h1 sent a datagram to {params['group']}",
           expected="the MAC address in the frame", seen=f"group_mac = {given}")
    for key, wanted in (("broadcast_packets", 1), ("group_packets", 1), ("tcp_packets", 3)):
        expect(answers.integer(key) == wanted, done="h1 said the same to three hosts",
               expected="how many packets with the text leave h1", seen=f"{key} = {answers.integer(key)}")


@points(2, claim="TVU-5", hint="Every fragment but the last carries a multiple of 8 bytes, as many as fit.")
def check_answer_fragments(answers, params, kernel):
    """Your prediction: the fragments of the large datagram."""
    total = params["large"] + udp.HEADER_LENGTH
    count = -(-total // FRAGMENT)
    for key, wanted in (("fragments", count), ("last_offset", (count - 1) * FRAGMENT),
                        ("last_bytes", total - (count - 1) * FRAGMENT), ("large_segments", -(-params["large"] // MSS))):
        expect(answers.integer(key) == wanted, done=f"h1 sent {params['large']} bytes in one call, by UDP and by TCP",
               expected="what the headers on the wire say (bytes: of what IP carries)",
               seen=f"{key} = {answers.integer(key)}")


@points(2, claim="TVU-6", hint="Wireshark shows the bytes of the UDP header, and the SACK blocks of TCP's longest.")
def check_answer_headers(answers, params, kernel):
    """You read the bytes of a UDP header, and the segments that a full TCP header names."""
    one = wire.datagrams(kernel, "hello")[0]
    start = ip.packet(one.frame).start
    given = re.sub(r"[^0-9a-f]", "", answers.text("udp_header").lower())
    expect(given == one.frame.data[start:start + 8].hex(), done="h1 sent hello by UDP",
           expected="the eight bytes of its header, in hexadecimal",
           seen=f"udp_header = {given}")
    expect(sorted(answers.items("sacked"), key=str) == sorted(wire.sacked(kernel), key=str),
           done=f"s1 lost the segments {listed(params['holes'])} of ten",
           expected="the segments in the SACK blocks of the last 60-byte header before the first lost one came again",
           seen=f"sacked = {listed(answers.items('sacked'))}")


@points(2, claim="TVU-3", hint="A copy is lost as easily as the original. netem copies first, and then loses.")
def check_answer_chances(answers, params):
    """Your prediction: how many datagrams of the file never come, and how many come twice."""
    lose, copy = params["loss"] / 100, params["duplicate"] / 100
    for key, share in (("expected_missing", lose * (1 - copy)), ("expected_twice", copy * (1 - lose) ** 2)):
        given, wanted = answers.number(key), params["chunks"] * share
        expect(abs(given - wanted) <= 0.26, done=f"{params['chunks']} datagrams over a path with {params['loss']} % of "
               f"loss and {params['duplicate']} % of copies", expected="the mean of many runs, to a quarter",
               seen=f"{key} = {given:g}")


@points(2, claim="TVU-7", hint="Between the loss and its repair: what is at h3 already? Match h3's capture with h1's.")
def check_answer_speech(answers, params, kernel):
    """You name the messages that waited behind the lost one, and how late that one was."""
    sent_at, _, ready = wire.speech(kernel)[params["voice_lost"]]
    done = f"message {params['voice_lost']} of TCP's speech was lost"
    expect(answers.items("waited") == wire.blocked(kernel), done=done,
           expected="the numbers of the messages that were at h3 and could not be read yet",
           seen=f"waited = {listed(answers.items('waited'))}")
    given = answers.number("lost_took_ms")
    expect(abs(given - (ready - sent_at) * 1e3) <= 2, done=done,
           expected="the milliseconds from its first departure at h1 to its arrival at h3",
           seen=f"lost_took_ms = {given:g}")


# --- your framing -----------------------------------------------------------------------------------------------------

@points(2, claim="TVU-5", hint="A message is bytes, of which there are 256, and not a text.")
def check_framing_answers(framing):
    """R1: your program answers messages in one segment, whatever bytes they have."""
    answers_all(framing, "one", "the peer sent one message in one segment")
    answers_all(framing, "binary", "the peer sent messages with all bytes that there are")


@points(2, claim="TVU-5", hint="What do you wait for, when a message is whole?")
def check_framing_answers_at_once(framing):
    """R2: your program answers a message as soon as it is whole, and before the next one is."""
    one, sizes = wire.visit(framing, "half")
    done = f"the peer sent a message and the beginning of another ({sizes[0]} bytes), and waited"
    came, answer = ([segment.time for segment in one.data(side)] for side in (tcp.CLIENT, tcp.SERVER))
    expect(len(came) > 1 and answer and answer[0] < came[1], done=done, expected="an answer to the first",
           seen="none" if not answer else "none before the peer sent the rest")
    expect(answer[0] - came[0] < PROMPT, done=done, expected="an answer at once",
           seen=f"an answer {answer[0] - came[0]:.2f} s later")
    answers_all(framing, "half", f"{done}; then it sent the rest")


@points(2, claim="TVU-5", hint="recv(n) returns up to n bytes: as many as there are, and at least one.")
def check_framing_survives_single_bytes(framing):
    """R3: your program puts two messages together that arrive byte by byte."""
    sizes = wire.visit(framing, "bytes")[1]
    answers_all(framing, "bytes", f"the peer sent two messages in {len(sizes)} segments of one byte")


@points(2, claim="TVU-5", hint="What recv() returns may hold the end of one message and the beginning of the next.")
def check_framing_takes_several_at_once(framing):
    """R3: your program finds five messages in one segment."""
    answers_all(framing, "together", "the peer sent five messages in one segment")


@points(3, claim="TVU-5", hint="A length may be cut in two as well. And who says that the rest comes soon?")
def check_framing_joins_torn_messages(framing):
    """R3: your program is not disturbed by cuts within lengths and messages, by a pause, or by long messages."""
    sizes = wire.visit(framing, "torn")[1]
    answers_all(framing, "torn", f"the peer sent three messages in segments of {listed(sizes)}, "
                f"and was silent for {SILENCES[0]} s after the third and {SILENCES[1]} s after the fourth")
    answers_all(framing, "large", "the peer sent a message of tens of thousands of bytes, and a short one")


@points(2, claim="TVU-5", hint="How do you tell an empty message from the end?")
def check_framing_answers_empty_messages(framing):
    """R4: an empty message is answered by an empty one, wherever it stands."""
    answers_all(framing, "empty", "the peer sent six messages, four of them empty, also the first and the last; "
                f"after the first it was silent for {SILENCES[2]} s")


@points(2, claim="TVU-5", hint="The peer has said its last word, and still wants to hear yours.")
def check_framing_ends_well(framing):
    """R5: a stream that ends after a message: your program answers everything, and closes the connection."""
    done = "the peer sent three messages and at once the end of its stream"
    answers_all(framing, "end", done)
    for name in ("end", "nothing"):
        ended(framing, name)
        one, _ = wire.visit(framing, name)
        expect(tcp.SERVER in one.fins and not one.resets,
               done=done if name == "end" else "the peer ended its stream without a message",
               expected="a FIN from your program, and no reset",
               seen=", ".join(segment.flags for segment in one.segments[-4:]))


@points(3, claim="TVU-5", hint="recv() returns b'' at the end of the stream, again and again.")
def check_framing_notices_a_broken_message(framing):
    """R6: a message that breaks off is not answered, those before it are; your program closes the connection."""
    for name, part in (("cut", "the first half of another"), ("stub", "half of a length"), ("bare", "a length alone")):
        answers_all(framing, name, f"the peer sent a message and {part}, and ended its stream")
        ended(framing, name)


@points(2, claim="TVU-5", hint="Each client has an end, and none of them is the program's end.")
def check_framing_serves_the_next(framing):
    """R7: whatever a client did, a reset too, the next one is served by the same program."""
    answers_all(framing, "again", "the peer came back at the end, and sent one message")
    starts = framing.json("starts")
    before = [wire.VISITS[wire.VISITS.index(name) - 1] for name in starts[1:]]
    resets = all(wire.visit(framing, name)[0].resets for name in ("gone", "left", "early"))
    expect(len(starts) == 1 and resets, done=f"the peer visited your program {len(wire.VISITS)} times",
           expected="it serves them all", seen=f"it had to be started again after the visit {listed(before)}"
           + (f" (your program: {wire.last_word(framing)})" if wire.last_word(framing) else ""))


@points(2, claim="TVU-5", hint="Which is the longest message that the rule allows?")
def check_framing_takes_the_longest(framing, params):
    """R8: a message of exactly the limit is a message."""
    answers_all(framing, "limit", f"the peer sent a message of {params['limit']} bytes, the limit, and a short one")


@points(3, claim="TVU-5", hint="The length comes first, and from a stranger. What would a length of 4 GiB do to you?")
def check_framing_refuses_a_monster(framing):
    """R8: a length above the limit ends the connection at once: your program does not wait for so many bytes."""
    answers_all(framing, "giant", "the peer sent a message, and in the same segment a length far above the limit")
    for name in ("monster", "giant"):  # what was not read may take an answer with it (RFC 1122, 4.2.2.13)
        ended(framing, name)
