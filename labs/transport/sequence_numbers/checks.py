"""What uses a sequence number and what does not: the kernels' part first, then the student's program and answers.

Numbers are relative to each side's own initial one (the SYN is 0) unless a check speaks of the wire. Hardly anything
here depends on time; where it does, the bounds are the kernel's timers, with room for a slow machine in real time.
"""

from pathlib import Path

from mnlab.checks import expect, observation, points, same
from mnlab.lab.lab import load
from mnlab.protocols import tcp
from mnlab.protocols.tcp import CLIENT, SERVER

reading = load(Path(__file__).with_name("reading.py"))
TABLE, LOST, wire, shown, first = reading.TABLE, reading.LOST, reading.wire, reading.shown, reading.first
carrying, after, kind, lost, row = reading.carrying, reading.after, reading.kind, reading.lost, reading.row
agree = reading.agree

WHOLE = ("table", "cookie", "fast", "refused", "losses")  # connections that are opened and closed in order
MODULUS = 2**32
TICK = 64e-9  # s: the kernel's clock for initial numbers (net/core/secure_seq.c, seq_scale)
CLOCK_SLACK = 0.01  # s between choosing the number and capturing the SYN: microseconds, but for a slow machine
FIRST_TIMEOUT = 1.0  # s: RFC 6298 section 2.1, TCP_TIMEOUT_INIT
LATE = 1.3  # a factor: timers fire late, never early; 1/8 by the timer wheel, the rest for a slow machine
CALM = 0.1  # s: the experiment waits 0.3 s between its calls; what follows sooner is the kernel's own doing


# --- an ACK uses none ---

@observation(1, claim="SEQ-1",
             hint="Compare the sequence number of a pure ACK with that of the same side's next segment.")
def check_pure_ack_uses_none(evidence):
    """The segment after a pure ACK has the same sequence number as the ACK, on either side."""
    connection = wire(evidence, "table")
    for side in (CLIENT, SERVER):
        followed = [(segment, after(connection, segment)[0]) for segment in connection.sent(side)
                    if not segment.size and after(connection, segment)]
        expect(followed, done=TABLE, expected=f"a pure ACK of the {side}'s with something after it", seen="none")
        for segment, following in followed:
            expect(following.seq == segment.seq, done=TABLE,
                   expected=f"the {side}'s segment after its ACK at {segment.time:.3f} s also has the number "
                            f"{segment.seq}", seen=following.seq)


@observation(1, claim="SEQ-1", hint="Look at h2-eth0.pcap: what does h2 send between what arrives and its own data?")
def check_ack_rides_with_data(evidence):
    """h2 answers at once: one segment with data and ACK. It has nothing to say: an ACK alone, a little later."""
    p, connection = evidence.params, wire(evidence, "table", "h2")
    ask, answer = carrying(connection, CLIENT, p["ask"]), carrying(connection, SERVER, p["answer"])
    between = [segment for segment in connection.sent(SERVER) if ask.time < segment.time < answer.time]
    expect(not between and answer.ack == ask.end, done=f"h2 received {p['ask']} bytes and answered {p['answer']} bytes",
           expected=f"a single segment with the data and ack={ask.end}", seen=shown([*between, answer]))
    tell, push = carrying(connection, CLIENT, p["tell"]), carrying(connection, SERVER, p["push"])
    between = [segment for segment in connection.sent(SERVER) if tell.time < segment.time < push.time]
    expect([(segment.size, segment.ack) for segment in between] == [(0, tell.end)],
           done=f"h2 received {p['tell']} bytes and was silent for a while",
           expected=f"one ACK without data, ack={tell.end}", seen=shown(between))


@observation(1, claim="SEQ-1", hint="If every ACK were acknowledged, when would the talk end?")
def check_ack_is_not_acknowledged(evidence):
    """Nobody answers a pure ACK: after it both ends are silent until a program has something to say."""
    for host, receiver in (("h1", CLIENT), ("h2", SERVER)):
        connection = wire(evidence, "table", host)
        acks = [segment for segment in connection.sent(tcp.other(receiver))
                if not segment.size and segment.ack is not None and segment.ack > 1]
        expect(acks, done=TABLE, expected=f"pure ACKs arrive at {host}", seen="none")
        for ack in acks:
            soon = [segment for segment in connection.segments if ack.time < segment.time < ack.time + CALM]
            expect(not soon, done=f"a pure ACK arrived at {host} ({ack.time:.3f} s)",
                   expected=f"silence for {CALM} s at least", seen=shown(soon))


# --- lost segments: only what uses a number is sent again ---

@observation(1, claim="SEQ-4", hint="Which segments are in h1-eth0.pcap and not in h2-eth0.pcap?")
def check_four_segments_are_lost(evidence):
    """A SYN, an ACK, a data segment and a FIN are lost on the way, and nothing else in any connection."""
    gone = {name: [kind(segment) for segment in reading.vanished(evidence, name)] for name in WHOLE}
    dropped = [evidence.json(name)["dropped"] for name in ("lost", "lost-fin")]
    expect(gone == {**dict.fromkeys(WHOLE, []), "losses": ["SYN", "ACK", "data", "FIN"]} and dropped == [3, 1],
           done=LOST, expected="these four leave h1 and never come to h2, and nothing else is lost",
           seen=", ".join(f"{name}: {' '.join(kinds)}" for name, kinds in gone.items() if kinds) or "nothing was lost")


@observation(1, claim=("SEQ-4", "SEQ-1"), hint="How does h2 learn that its SYN+ACK has arrived, when the ACK has not?")
def check_lost_ack_is_not_repeated(evidence):
    """The handshake's lost ACK is not sent again: the data behind it says the same, and h2 asks for nothing."""
    connection, ack = wire(evidence, "losses"), lost(evidence, "ACK")
    following = first(after(connection, ack), "h1 sends something after its ACK", LOST)
    expect((following.length, following.seq, following.ack) == (evidence.params["first"], ack.seq, ack.ack), done=LOST,
           expected=f"the next segment from h1 is its data, seq={ack.seq} ack={ack.ack} as in the lost ACK",
           seen=shown([following]))
    synacks = [segment for segment in wire(evidence, "losses", "h2").sent(SERVER) if segment.syn]
    expect(len(synacks) == 1, done=LOST, expected="h2 sends its SYN+ACK once", seen=f"{len(synacks)} times")


@observation(1, claim=("SEQ-4", "SEQ-2"), hint="Compare number and time of the first two segments.")
def check_lost_syn_is_repeated(evidence):
    """The lost SYN is sent again a second later, with the same number."""
    gone = lost(evidence, "SYN")
    syns = [segment for segment in wire(evidence, "losses").sent(CLIENT) if segment.syn]
    expect([segment.header.seq for segment in syns] == [gone.header.seq] * 2, done=LOST,
           expected=f"two SYNs with the same number on the wire, {gone.header.seq}",
           seen=[segment.header.seq for segment in syns])
    wait = syns[1].time - syns[0].time
    expect(FIRST_TIMEOUT <= wait < FIRST_TIMEOUT * LATE, done=LOST, expected=f"{FIRST_TIMEOUT:g} s between them",
           seen=f"{wait:.3f} s")


@observation(1, claim=("SEQ-4", "SEQ-7"), hint="An ACK names the next byte that is wanted, not the last one that came.")
def check_ack_waits_at_the_gap(evidence):
    """Behind the lost data h2's ACKs stay at the gap; sent again, it fills it, and the ACK jumps over all."""
    p, gone = evidence.params, lost(evidence, "data")
    again = first((segment for segment in after(wire(evidence, "losses"), gone) if segment.seq == gone.seq),
                  f"the lost data again, seq={gone.seq}", LOST)
    expect(again.length == gone.length, done=LOST, expected=f"the same {gone.length} bytes again",
           seen=f"{again.length} bytes")
    at_h2 = wire(evidence, "losses", "h2")
    filled = first((segment for segment in at_h2.data(CLIENT) if segment.seq == gone.seq),
                   f"the data with seq={gone.seq} reaches h2 in the end", LOST)
    early = [segment for segment in at_h2.data(CLIENT) if segment.seq > gone.seq and segment.time < filled.time]
    acks = [segment.ack for segment in at_h2.sent(SERVER)
            if early and early[0].time < segment.time < filled.time]
    expect(acks and set(acks) == {gone.seq}, done=f"{len(early)} segments came to h2 behind the gap",
           expected=f"each is answered with ack={gone.seq}", seen=acks or "no ACK")
    end = gone.seq + p["lost"] + p["next"] + p["after"]
    jump = first((segment for segment in at_h2.sent(SERVER) if segment.time > filled.time), "an ACK", LOST)
    expect(jump.ack == end, done="the gap at h2 was filled", expected=f"ack={end}, the end of all that has come",
           seen=jump.ack)


@observation(1, claim=("SEQ-4", "SEQ-3"), hint="Compare the last segments of h1 in both captures.")
def check_lost_fin_is_repeated(evidence):
    """The lost FIN is sent again by the timer, with the same number, and then acknowledged."""
    gone = lost(evidence, "FIN")
    again = first(after(wire(evidence, "losses"), gone), "another FIN", LOST)
    expect((again.fin, again.seq) == (True, gone.seq), done=LOST,
           expected=f"the next segment is a FIN with the same number, {gone.seq}", seen=shown([again]))
    # The timer knows the RTT by now, some 20 ms; Linux adds 200 ms at least, RFC 6298 would have it wait a second.
    expect(again.time - gone.time < FIRST_TIMEOUT * LATE, done=LOST, expected=f"within {FIRST_TIMEOUT:g} s",
           seen=f"{again.time - gone.time:.3f} s later")
    acks = [segment.ack for segment in wire(evidence, "losses").sent(SERVER) if segment.time > again.time]
    expect(gone.seq + 1 in acks, done=LOST, expected=f"h2 acknowledges it with ack={gone.seq + 1}", seen=acks)


# --- a SYN uses one ---

@observation(1, claim="SEQ-2",
             hint="Compare the SYN's number with the ACK that answers it and with the first byte of data.")
def check_syn_uses_one(evidence):
    """A SYN without data is acknowledged by the next number, which the first byte of data has, on both sides."""
    for name in ("table", "losses", "cookie"):
        connection = wire(evidence, name)
        done = f"h1 opened a connection from port {reading.PORTS[name]}"
        expect(connection.handshake, done=done, expected="SYN, SYN+ACK, ACK",
               seen=shown(connection.segments[:3]))
        syn, synack, ack = connection.handshake
        expect((syn.length, synack.length) == (0, 0), done=done, expected="no data in SYN and SYN+ACK",
               seen=shown([syn, synack]))
        for what, answer in ((syn, synack), (synack, ack)):
            expect((answer.header.ack - what.header.seq) % MODULUS == 1, done=done,
                   expected=f"the {what.flags} with the number {what.header.seq} is acknowledged by the next one",
                   seen=answer.header.ack)
        for side in (CLIENT, SERVER):
            for data in connection.data(side)[:1]:
                expect((data.header.seq - connection.isn(side)) % MODULUS == 1, done=done,
                       expected=f"the {side}'s first byte has the number after its SYN's",
                       seen=f"SYN {connection.isn(side)}, data {data.header.seq}")


@observation(1, claim="SEQ-2", hint="Look at option 34 of SYN and SYN+ACK, and at where the data is.")
def check_first_time_no_data_in_syn(evidence):
    """Fast Open for the first time: h1 asks for a cookie, its SYN has no data yet, h2 gives one."""
    p, connection = evidence.params, wire(evidence, "cookie")
    syn = connection.sent(CLIENT)[0]
    done = f"h1 called sendto(MSG_FASTOPEN) with {p['cookie_data']} bytes, knowing no cookie"
    expect((syn.syn, syn.length, syn.options.get("fast_open")) == (True, 0, b""), done=done,
           expected="a SYN without data, with an empty Fast Open option", seen=f"{shown([syn])} {syn.options}")
    cookie = connection.syn_option(SERVER, "fast_open")
    expect(cookie and len(cookie) in (4, 6, 8, 10, 12, 14, 16), done=done, expected="a cookie in the SYN+ACK",
           seen=cookie.hex() if cookie else "none")
    data = carrying(connection, CLIENT, p["cookie_data"])
    expect(data.seq == 1, done=done, expected="the data in a segment of its own, seq=1", seen=f"seq={data.seq}")


@observation(1, claim="SEQ-2", hint="RFC 7413. How many numbers does a SYN with data use? What does its ACK say?")
def check_fast_open_syn_carries_data(evidence):
    """With the cookie the SYN carries data: 1 + n numbers. h2 answers before the handshake has ended."""
    p = evidence.params
    done = f"h1 called sendto(MSG_FASTOPEN) with {p['fast_data']} bytes, knowing h2's cookie"
    syn = reading.fast_syn(evidence, "fast", done)
    connection = wire(evidence, "fast", "h2")
    synack = first((segment for segment in connection.sent(SERVER) if segment.syn), "a SYN+ACK", done)
    expect(synack.ack == 1 + p["fast_data"], done=done,
           expected=f"h2 acknowledges SYN and data: ack={1 + p['fast_data']}", seen=f"ack={synack.ack}")
    third = first((segment for segment in connection.sent(CLIENT) if not segment.syn), "the handshake's third segment",
                  done)
    expect(third.seq == syn.end, done=done, expected=f"h1 goes on with seq={syn.end}", seen=f"seq={third.seq}")
    answer = carrying(connection, SERVER, p["fast_answer"])
    expect(answer.time < third.time, done=done,
           expected="h2's program has read the data and answered before h1's ACK comes to h2",
           seen=f"the answer left {answer.time - third.time:.4f} s after it")


@observation(1, claim="SEQ-2", hint="What does the SYN+ACK acknowledge, and what does h1 send next?")
def check_plain_server_ignores_data_in_syn(evidence):
    """A server without Fast Open takes the SYN alone: its ACK covers one number, and the data is sent again."""
    p = evidence.params
    done = "h1 sent cookie and data in a SYN to h2, whose net.ipv4.tcp_fastopen is 1: not for servers"
    reading.fast_syn(evidence, "refused", done)
    connection = wire(evidence, "refused", "h2")
    synack = first((segment for segment in connection.sent(SERVER) if segment.syn), "a SYN+ACK", done)
    expect(synack.ack == 1, done=done, expected="ack=1: the SYN, and none of its data", seen=f"ack={synack.ack}")
    data = first((segment for segment in connection.data(CLIENT) if not segment.syn), "the data again", done)
    expect((data.seq, data.length) == (1, p["refused_data"]), done=done,
           expected=f"the same {p['refused_data']} bytes again, seq=1", seen=shown([data]))


# --- a FIN uses one ---

@observation(1, claim="SEQ-3", hint="Compare a FIN's number with the ACK that answers it.")
def check_fin_uses_one(evidence):
    """A FIN without data is acknowledged by the next number, and its sender goes on from there."""
    for name in WHOLE:
        connection = wire(evidence, name, "h2")
        done = f"h2 closed the connection from port {reading.PORTS[name]}, with no data left to send"
        fin = connection.fins.get(SERVER)
        expect(fin, done=done, expected="a FIN from h2", seen="none")
        expect(fin.length == 0, done=done, expected="a FIN without data", seen=f"{fin.length} bytes in it")
        acks = [segment.ack for segment in connection.sent(CLIENT) if segment.time > fin.time]
        expect(acks == [fin.seq + 1], done=done, expected=f"one ACK, with ack={fin.seq + 1}",
               seen=acks or "none")
    connection = wire(evidence, "losses")
    fin, end = connection.fins.get(CLIENT), connection.sent(CLIENT)[-1]
    expect(fin and end.seq == fin.seq + 1, done="h1 sent its FIN, and later a last ACK",
           expected="the ACK has the number after the FIN's", seen=shown([fin, end] if fin else [end]))


@observation(1, claim="SEQ-3",
             hint="send(MSG_MORE) makes the kernel wait for more; shutdown() says that nothing follows.")
def check_fin_carries_data(evidence):
    """h1's last bytes and its FIN come to h2 in one segment, which uses 1 + n numbers."""
    p, connection = evidence.params, wire(evidence, "table", "h2")
    done = f"h1 called send(MSG_MORE) with {p['last']} bytes, then shutdown()"
    fin = connection.fins.get(CLIENT)
    expect(fin, done=done, expected="a FIN", seen="none")
    expect((fin.length, fin.size) == (p["last"], p["last"] + 1), done=done,
           expected=f"a FIN with {p['last']} bytes of data", seen=shown([fin]))
    ack = first((segment for segment in connection.sent(SERVER) if segment.time > fin.time), "an ACK", done)
    expect(ack.ack == fin.seq + p["last"] + 1, done=done,
           expected=f"h2 acknowledges the data and the FIN: ack={fin.seq + p['last'] + 1}", seen=f"ack={ack.ack}")


# --- where numbers begin, and where they end ---

@observation(1, claim="SEQ-5",
             hint="A tick of the kernel's clock is 64 ns. Nothing but time differs between the two SYNs.")
def check_initial_numbers_follow_the_clock(evidence):
    """The same ports twice: on either side the second initial number is the first plus the ticks between (RFC 6528)."""
    found = reading.wires(evidence, "twice")
    expect(len(found) == 2, done="h1 connected from the same port twice", expected="two connections", seen=len(found))
    for side in (CLIENT, SERVER):
        syns = [next((segment for segment in one.sent(side) if segment.syn), None) for one in found]
        expect(all(syns), done="h1 connected from the same port twice", expected=f"a SYN of the {side}'s in each",
               seen=syns)
        one, two = syns
        steps = (two.header.seq - one.header.seq) % MODULUS
        passed = two.time - one.time
        wraps = round((passed - steps * TICK) / (MODULUS * TICK))  # it comes round in 275 s
        expect(abs((steps + wraps * MODULUS) * TICK - passed) < CLOCK_SLACK,
               done=f"the {side} opened with {one.header.seq}, and {passed:.3f} s later again",
               expected=f"a number about {round(passed / TICK):,} further", seen=f"{steps:,} further")
    numbers = [wire(evidence, name).isn(side) for name in WHOLE for side in (CLIENT, SERVER)]
    expect(0 not in numbers and len(set(numbers)) == len(numbers),
           done="h1 opened five more connections, each from another port",
           expected="ten different initial numbers, none of them 0", seen=sorted(numbers))


@observation(1, claim="SEQ-6", hint="Sequence numbers have 32 bits. Look at the raw ones.")
def check_numbers_wrap_around(evidence):
    """h1's numbers pass from 4294967295 to 0 in the middle of a segment, and no byte is lost or repeated."""
    p = evidence.params
    connection = wire(evidence, "table", "h2")
    data = connection.data(CLIENT)
    expect(connection.isn(CLIENT) == p["isn"], done="h1 opened the connection of the table",
           expected=f"initial number {p['isn']}", seen=connection.isn(CLIENT))
    across = [segment for segment in data if segment.header.seq + segment.length > MODULUS]
    expect(len(across) == 1 and across[0].length == p["tell"], done=TABLE,
           expected=f"the segment with {p['tell']} bytes begins below 2^32 and ends beyond", seen=shown(across))
    expected = p["isn"] + 1 + p["ask"] + p["tell"] - MODULUS
    acks = [segment.header.ack for segment in connection.sent(SERVER) if segment.time > across[0].time]
    expect(acks and acks[0] == expected, done=TABLE, expected=f"h2's next ACK says {expected} on the wire",
           seen=acks[0] if acks else "no ACK")
    stream = connection.stream(CLIENT)
    expect(len(stream) == p["ask"] + p["tell"] + p["last"] == sum(segment.length for segment in data), done=TABLE,
           expected="each byte comes to h2 once", seen=f"{len(stream)} bytes in {len(data)} segments")


# --- the student's program ---


@points(4, claim=("SEQ-1", "SEQ-2", "SEQ-6"), hint="Which segments move the sender's next number on, and by how much?")
def check_your_numbers_of_the_talk(evidence):
    """Your program: handshake, data and ACKs of a connection that passes 2^32."""
    fin = next((i for i, one in enumerate(reading.sent_in_order(evidence, "table"), start=1) if one.fin), 99)
    names = {name for name, _ in reading.told(evidence)}
    odd = [line for line in evidence.command("your-numbers").stdout.splitlines() if names.isdisjoint(line.split()[:1])]
    expect(not odd, done="numbers.py was told of connections", expected="lines that begin with the name of one",
           seen=odd[:3])
    agree(evidence, "table", lambda number, segment: number <= fin)


@points(2, claim="SEQ-3", hint="What does a FIN with data use?")
def check_your_numbers_of_the_end(evidence):
    """Your program: a FIN with data, and all that follows."""
    fin = next((i for i, one in enumerate(reading.sent_in_order(evidence, "table"), start=1) if one.fin), 0)
    agree(evidence, "table", lambda number, segment: number > fin)


@points(2, claim="SEQ-2", hint="What does a SYN with data use? An ACK speaks of what has arrived.")
def check_your_numbers_of_fast_open(evidence):
    """Your program: data in the SYN, and segments that cross on the way."""
    agree(evidence, "fast", lambda number, segment: True)


@points(3, claim=("SEQ-4", "SEQ-7"), hint="Each of the four is lost once. Which number do they have the second time?")
def check_your_numbers_with_losses(evidence):
    """Your program: a SYN, an ACK, data and a FIN that are lost."""
    agree(evidence, "losses", lambda number, segment: True)


@points(3, claim=("SEQ-6", "SEQ-7"), hint="What came too early still counts once the gap before it is filled.")
def check_your_numbers_behind_the_gap(evidence):
    """Your program: a gap in which the numbers pass 2^32."""
    parts = evidence.params["_parts"]
    across = [one for one in wire(evidence, "yours").data(CLIENT) if one.header.seq + one.length > MODULUS]
    expect(across and evidence.json("lost-yours")["dropped"] == 1, done=f"h1 sent {len(parts)} segments at once",
           expected="one is lost, in which its numbers pass 2^32", seen=shown(across))
    agree(evidence, "yours", lambda number, segment: True)


@points(4, claim=("SEQ-4", "SEQ-7"), hint="Two gaps at once; something that comes twice; a FIN that comes too early.")
def check_your_numbers_of_the_other_side(evidence):
    """Your program: h2 talks, two of its segments are lost at once, ACKs, the data before its FIN, the ACK of h1's."""
    gone = [evidence.json(f"lost-{what}")["dropped"] for what in ("second", "fourth", "acks", "goodbye", "last-ack")]
    expect(gone[:2] == [1, 1] and all(gone[2:]), done=f"h1 and h2 talked ({reading.PORTS['back']})",
           expected="two segments of h2's are lost at once, then ACKs, then data, then an ACK", seen=gone)
    for run in ("your-numbers", "with-copies"):
        agree(evidence, "back", lambda number, segment: True, run)


# --- the student's answers ---

@points(2, claim=("SEQ-1", "SEQ-2"), hint="Add up what each side has used: 1 for its SYN, then its bytes.")
def check_answers_talk(evidence, answers):
    """Your answers on the talk before the numbers wrap around."""
    same(answers.integer("seq_4"), row(evidence, 4).header.seq, "seq_4")
    same(answers.integer("ack_5"), row(evidence, 5).header.ack, "ack_5")
    same(answers.integer("seq_6"), row(evidence, 6).header.seq, "seq_6")
    same(answers.integer("seq_7"), row(evidence, 7).header.seq, "seq_7")
    same(answers.integer("seq_9"), row(evidence, 9).seq, "seq_9")
    same(answers.integer("ack_10"), row(evidence, 10).ack, "ack_10")


@points(2, claim=("SEQ-3", "SEQ-6"), hint="After 4294967295 comes 0. A FIN uses a number in addition to its data.")
def check_answers_end(evidence, answers):
    """Your answers on the numbers behind 2^32 and on the two FINs."""
    same(answers.integer("ack_8"), row(evidence, 8).header.ack, "ack_8")
    same(answers.integer("seq_11"), row(evidence, 11).header.seq, "seq_11")
    same(answers.integer("ack_12"), row(evidence, 12).header.ack, "ack_12")
    same(answers.integer("seq_15"), row(evidence, 15).seq, "seq_15")
    same(answers.integer("seq_16"), row(evidence, 16).header.seq, "seq_16")
    same(answers.integer("ack_16"), row(evidence, 16).ack, "ack_16")


@points(2, claim=("SEQ-2", "SEQ-5"), hint="Who takes the data of a SYN? The clock of initial numbers ticks each 64 ns.")
def check_answers_openings(evidence, answers):
    """Your answers on Fast Open and on initial numbers."""
    for name in ("cookie", "fast", "refused"):
        synack = first((segment for segment in wire(evidence, name).sent(SERVER) if segment.syn), "a SYN+ACK",
                       f"h1 opened a connection from port {reading.PORTS[name]}")
        same(answers.integer(f"{name}_synack"), synack.ack, f"{name}_synack")
    found = reading.wires(evidence, "twice")
    expect(len(found) == 2, done="h1 connected from the same port twice", expected="two connections", seen=len(found))
    step = (found[1].isn(CLIENT) - found[0].isn(CLIENT)) % MODULUS / 1e6
    # 5 %: the opening takes its time, too, tens of ms beside the pause of 3 s or more
    expect(abs(answers.number("isn_millions") - step) < 0.05 * step, done="answers.toml: isn_millions",
           expected="what your own run shows, to 5 %", seen=answers.number("isn_millions"))


@points(2, claim=("SEQ-4", "SEQ-7"), hint="Compare what h1 sent, segment by segment, with what came to h2.")
def check_answers_losses(evidence, answers):
    """Your answers on what is sent again, and on the gap."""
    connection = wire(evidence, "losses")
    again = [kind(gone) for gone in reading.vanished(evidence, "losses")
             if any(other.size and other.seq == gone.seq and kind(other) == kind(gone)
                    for other in after(connection, gone))]
    expect(sorted(answers.items("sent_again"), key=str) == sorted(again), done="answers.toml: sent_again",
           expected="what your own run shows", seen=answers.items("sent_again"))
    gone = lost(evidence, "data")
    same(answers.integer("gap_ack"), gone.seq, "gap_ack")
    p = evidence.params
    same(answers.integer("filled_ack"), gone.seq + p["lost"] + p["next"] + p["after"], "filled_ack")
