"""What opens a connection, what stays half open, and for how long: the kernels first, then the student's program.

reading.py reads the evidence, and says how exact a time can be.
"""

import errno
from pathlib import Path

from mnlab.checks import expect, near, observation, points, same, saw
from mnlab.lab.lab import load
from mnlab.protocols.checksum import transport_fits

reading = load(Path(__file__).with_name("reading.py"))
PORTS, SERVER, GUARDED, CROSSING = reading.PORTS, reading.SERVER, reading.GUARDED, reading.CROSSING
MODULUS, SLACK, DONE, talk, sent = reading.MODULUS, reading.SLACK, reading.DONE, reading.talk, reading.sent
outside, room, words, one_more = reading.outside, reading.room, reading.words, reading.one_more
changes, at_times, expect_established = reading.changes, reading.at_times, reading.expect_established
syns_of, printed, how_it_ended = reading.syns_of, reading.printed, reading.how_it_ended
isn_of_peer, data_of = reading.isn_of_peer, reading.data_of

SYNACK_TIMES = [0, 1, 3, 7, 15, 31]  # net.ipv4.tcp_synack_retries = 5, from 1 s on, doubled each time
COOKIE_SIZES = (536, 1300, 1440, 1460)  # net/ipv4/syncookies.c, msstab: a cookie has two bits for it
TIMESTAMPS = 12  # bytes of a header
CLOSE = {"share": 0.15, "slack": 0.5}  # how near an answer in seconds must be


# --- three segments ---

@observation(1, claim="HSK-1", hint="Put the sequence number of one beside the acknowledgement number of the next.")
def check_three_segments_open(kernel):
    """SYN, SYN+ACK, ACK: each acknowledges the number before it, none carries data, then data flows."""
    opening, done = talk(kernel, "plain")[:4], "h1 connected to h2"
    flags = [(kernel.name_of(one.source.ip), one.flags, one.length) for one in opening[:3]]
    expect(flags == [("h1", "SYN", 0), ("h2", "SYN+ACK", 0), ("h1", "ACK", 0)] and opening[3:] and opening[3].length,
           done=done, expected="SYN, SYN+ACK, ACK, all without data, and then data", seen=words(opening, kernel))
    syn, synack, ack = (one.header for one in opening[:3])
    expect((synack.ack, ack.seq, ack.ack) == (one_more(syn.seq), one_more(syn.seq), one_more(synack.seq)), done=done,
           expected=f"{one_more(syn.seq)} and {one_more(synack.seq)} acknowledged", seen=words(opening[:3], kernel))


@observation(1, claim="HSK-1", hint="An end knows of a segment only when it has arrived.")
def check_states_of_both_ends(kernel):
    """The client is established after the SYN+ACK, the server half an RTT later; only then accept() returns."""
    looks = [(look["h1"], look["h2"], look["accepted"]) for look in kernel.json("plain")]
    expected = [("SYN-SENT", None, False), ("SYN-SENT", "SYN-RECEIVED", False), ("ESTABLISHED", "SYN-RECEIVED", False),
                ("ESTABLISHED", "ESTABLISHED", True)]
    expect(looks == expected, done="the kernels were asked while each segment was on its way, and after the last",
           expected=expected, seen=looks)
    arrival = next((one.time for one in sent(kernel, "plain", "h2") if not one.syn), None)
    server = changes(kernel, "h2", SERVER, PORTS["plain"])[:1]
    client = [change[:2] for change in changes(kernel, "h1", PORTS["plain"], SERVER)[:2]]
    expect(client == [("CLOSED", "SYN-SENT"), ("SYN-SENT", "ESTABLISHED")], done="h1 connected to h2",
           expected="h1's kernel reports CLOSED to SYN-SENT to ESTABLISHED", seen=client)
    expect(arrival and server and server[0][:2] == ("SYN-RECEIVED", "ESTABLISHED")
           and abs(server[0][2] - arrival) < reading.SOON, done="h1's ACK came to h2",
           expected="at that moment h2's kernel goes from SYN-RECEIVED to ESTABLISHED", seen=server or "no such report")


@observation(1, claim="HSK-4", hint="How many segments does h2 send between the SYN and h1's ACK?")
def check_syn_and_ack_travel_together(kernel):
    """Between h1's SYN and its ACK, h2 sends one segment, which acknowledges and opens its own direction."""
    for name in ("plain", "blocked", "served", "bare"):
        at_h2, done = talk(kernel, name, "h2"), f"h1 connected to h2 from port {PORTS[name]}"
        end = next((i for i, one in enumerate(at_h2) if one.source.ip == kernel.ip("h1") and not one.syn), None)
        expect(end is not None, done=done, expected="h1's ACK", seen=words(at_h2, kernel))
        answers = [one for one in at_h2[:end] if one.source.ip == kernel.ip("h2")]
        expect([one.flags for one in answers] == ["SYN+ACK"], done=done, expected="one SYN+ACK from h2 before h1's ACK",
               seen=words(answers, kernel))


@observation(1, claim="HSK-4", hint="Neither end listens. Each has sent a SYN when the other's arrives.")
def check_simultaneous_open_takes_four(kernel):
    """Both ends connect at once: two SYNs cross, two SYN+ACKs cross, and one connection is there."""
    done = "h1 and h2 connected to each other at the same time"
    opening = [one for one in talk(kernel, CROSSING) if one.syn]
    seen = [(kernel.name_of(one.source.ip), one.flags) for one in opening]
    expect(seen == [("h1", "SYN"), ("h2", "SYN"), ("h1", "SYN+ACK"), ("h2", "SYN+ACK")], done=done,
           expected="h1: SYN, h2: SYN, h1: SYN+ACK, h2: SYN+ACK", seen=words(opening, kernel))
    again = [opening[number].header.seq == opening[number + 2].header.seq for number in (0, 1)]
    expect(all(again), done=done, expected="each SYN+ACK has the number of its sender's SYN",
           seen=words(opening, kernel))
    expect(kernel.json("crossing-heard") == ["hello", "hello"], done="then each sent the other a word",
           expected="both words arrive", seen=kernel.json("crossing-heard"))


@observation(1, claim="HSK-4", hint="RFC 9293, figure 7: what follows SYN-SENT when a SYN without ACK arrives?")
def check_simultaneous_open_states(kernel):
    """Both ends go the same way: SYN-SENT, SYN-RECEIVED, ESTABLISHED. Nobody was in LISTEN."""
    done = "h1 and h2 connected to each other at the same time"
    looks = [(look["h1"], look["h2"]) for look in kernel.json("crossing")]
    way = ["SYN-SENT", "SYN-RECEIVED", "ESTABLISHED"]
    expect(looks == [(state, state) for state in way], done=done, expected=f"both ends: {', '.join(way)}", seen=looks)
    for host, own, other in (("h1", CROSSING, CROSSING + 1), ("h2", CROSSING + 1, CROSSING)):
        states = [new for _, new, _ in changes(kernel, host, own, other)][:3]
        expect(states == way, done=done, expected=f"the kernel of {host} reports {', '.join(way)}", seen=states)


# --- why not two ---

@observation(1, claim="HSK-2", hint="What does h1's kernel do with a SYN+ACK that answers nothing it has sent?")
def check_old_syn_leaves_no_ghost(kernel):
    """An old SYN: h2 answers, h1 resets with the number that h2 acknowledged, nothing stays, nothing is accepted."""
    old, done = kernel.params["old_number"], "a SYN of h1's from long ago came to h2"
    seen = talk(kernel, "old", "h2")
    expected = [("h1", "SYN", old), ("h2", "SYN+ACK", one_more(old)), ("h1", "RST", one_more(old))]
    expect([(kernel.name_of(one.source.ip), one.flags, one.header.ack if one.flags == "SYN+ACK" else one.header.seq)
            for one in seen] == expected, done=done,
           expected=f"SYN {old}, SYN+ACK acknowledging {one_more(old)}, RST {one_more(old)}",
           seen=words(seen, kernel))
    states = [(look["h1"], look["h2"]) for look in kernel.json("old")["states"]]
    expect(states == [(None, None), (None, "SYN-RECEIVED"), (None, "SYN-RECEIVED"), (None, None)], done=done,
           expected="half open at h2 until the reset comes, and never anything at h1", seen=states)
    expect(not kernel.json("old")["accepted"], done=done, expected="accept() has nothing", seen="a connection")


@observation(1, claim="HSK-2", hint="RFC 9293, figure 8. Which SYN does each SYN+ACK acknowledge?")
def check_old_syn_beside_a_new_one(kernel):
    """An old SYN just ahead of a real one: h1 resets the wrong answer, repeats its SYN, and gets one connection."""
    done = "an old SYN came to h2 just before h1 connected from the same port"
    old = (kernel.params["old_number"] + 5000) % MODULUS
    at_h1 = talk(kernel, "racing")
    real = next((one.header.seq for one in sent(kernel, "racing") if one.syn), None)
    wrong = [one for one in at_h1 if one.flags == "SYN+ACK" and one.header.ack == one_more(old)]
    expect(wrong, done=done, expected=f"a SYN+ACK that acknowledges {one_more(old)}", seen=words(at_h1, kernel))
    resets = [one.header.seq for one in sent(kernel, "racing") if one.flags == "RST"]
    expect(one_more(old) in resets, done=done, expected=f"h1 answers it with RST {one_more(old)}",
           seen=words(at_h1, kernel))
    right = [one for one in at_h1 if one.flags == "SYN+ACK" and one.header.ack == one_more(real)]
    expect(len(right) == 1, done=done, expected=f"then one SYN+ACK that acknowledges {one_more(real)}",
           seen=words(at_h1, kernel))
    expect(kernel.json("racing") == ["new"], done=done, expected="h2's program gets one connection, with h1's word",
           seen=kernel.json("racing"))


@observation(1, claim="HSK-2", hint="What does Fast Open do before the third segment comes (RFC 7413, section 6.3.1)?")
def check_fast_open_lets_the_ghost_in(kernel):
    """Fast Open trusts two segments: its old SYN, sent again, reaches the program a second time."""
    done = "a Fast Open SYN with data, from a connection long over, came to h2 once more"
    count = len([one for one in sent(kernel, "fast") if one.syn])
    syns = [one for one in sent(kernel, "fast", "h2") if one.syn]
    expect(count == 1 and len(syns) == 2 and syns[0].header == syns[1].header and syns[0].length, done=done,
           expected="h1 sends one SYN with data, and h2 gets the same one twice", seen=words(syns, kernel))
    expect(kernel.json("fast-heard") == ["cookie", "fast", "fast"], done=done,
           expected="h2's program reads that data a second time", seen=kernel.json("fast-heard"))
    last = talk(kernel, "fast", "h2")[-1]
    expect((last.rst, last.source.ip) == (True, kernel.ip("h1")), done=done,
           expected="h1 resets that connection, too late", seen=words([last], kernel))


# --- half open ---

@observation(1, claim="HSK-5", hint="How does the time from one SYN+ACK to the next grow?")
def check_server_gives_up(kernel):
    """A half-open connection: SYN+ACK again after 1, 2, 4, 8, 16 s, forgotten after 63 s; then the ACK is reset."""
    done = "h2 got a SYN from an address that does not answer"
    synacks = [one for one in outside(kernel, SERVER)[1] if one.target.port == reading.HALF_OPEN]
    expect(synacks, done=done, expected="a SYN+ACK", seen="none")
    at_times(synacks, SYNACK_TIMES, done, "SYN+ACKs")
    found = kernel.json("half-open")
    expect(found["left"] == 0 and 63 <= found["seconds"] < 63 * reading.LATE + 1, done=done,
           expected="h2's kernel holds it for 63 s, and no longer",
           seen=f"{found['left']} left after {found['seconds']:.1f} s")
    resets = [one for one in reading.everything(kernel, "h2") if one.rst and one.target.port == reading.HALF_OPEN]
    expect(len(resets) == 1, done="after that the third segment came", expected="h2 resets it",
           seen=words(resets, kernel))


@observation(1, claim="HSK-6", hint="Count the SYNs; look at the kernel's error.")
def check_client_gives_up(kernel):
    """Nobody answers a client: one SYN, sent again and again, at last twice as late each time; then a timeout."""
    expect_given_up(kernel, "h1", "patient", reading.syn_times(kernel))
    first, *again = reading.unanswered(kernel, "h1", "patient")
    saw("the SYN is sent again after (s)", [round(one.time - first.time) for one in again])


@observation(1, claim="HSK-7", hint="scenes/kernel/files/linear-timeouts; compare ports 6110 and 6111.")
def check_backing_off_at_once_is_a_setting(kernel):
    """Then and now: without linear timeouts, a kernel of today too backs off from its first SYN on: seven in 63 s."""
    expect_given_up(kernel, "h2", "doubling", reading.syn_times(kernel, linear=0))
    now, then = (len(reading.unanswered(kernel, *one)) for one in (("h1", "patient"), ("h2", "doubling")))
    more = len(reading.syn_times(kernel)) - len(reading.syn_times(kernel, linear=0))
    expect(now - then == more, done="h1 and h2 connected to an address that does not answer", seen=f"{now} and {then}",
           expected=f"{more} more SYNs from h1, as many as its tcp_syn_linear_timeouts says")


def expect_given_up(kernel, host, name, times) -> None:
    """Fail unless a host's SYNs with one number came at these times but the last, when its program got ETIMEDOUT."""
    done, syns = f"{host} connected to an address that does not answer", reading.unanswered(kernel, host, name)
    expect(syns and all(one.flags == "SYN" and one.header.seq == syns[0].header.seq for one in syns), done=done,
           expected="SYNs with one number", seen=words(syns, kernel))
    at_times(syns, times[:-1], done, "SYNs")
    found, end = kernel.json(name), times[-1]
    expect(found["error"] == errno.ETIMEDOUT and end <= found["seconds"] < end * reading.LATE + 1, done=done,
           expected=f"ETIMEDOUT after {end} s", seen=f"error {found['error']} after {found['seconds']:.1f} s")


@observation(1, claim="HSK-3", hint="Compare the SYNs that came to h2 with its SYN+ACKs, and with its backlog.")
def check_flood_fills_the_backlog(kernel):
    """Without cookies: h2 answers as many SYNs as it has room for, holds them, and drops the others unheard."""
    p, done = kernel.params, f"{kernel.params['flood']} SYNs that nobody stands behind came to h2"
    syns, synacks = outside(kernel, reading.FLOODED)
    expect(len(syns) == p["flood"], done=done, expected=f"{p['flood']} SYNs at h2", seen=len(syns))
    answered, held, found = {one.target.port for one in synacks}, room(kernel, "flooded"), kernel.json("flooded")
    expect(len(answered) == held, done=done, expected=f"{held}, which h2 has room for, are answered",
           seen=f"{len(answered)} answered")
    unheard = len([one for one in sent(kernel, "blocked", "h2") if one.syn]) - 1
    dropped = found["after"]["TCPReqQFullDrop"] - found["before"]["TCPReqQFullDrop"]
    expect(dropped == p["flood"] - held + unheard, done=done,
           expected=f"the kernel counts {p['flood'] - held} of them dropped, and {unheard} of h1's", seen=dropped)


@observation(1, claim=("HSK-3", "HSK-6"),
             hint="When does h2 let go of half-open connections? Which SYN of h1's is next?")
def check_client_has_to_wait(kernel):
    """Meanwhile a real client's SYNs are dropped; the one at 7 s gets in, when the others are gone."""
    done = "h1 connected to h2, whose backlog was full"
    _, synacks = outside(kernel, reading.FLOODED)
    tries = [one for one in sent(kernel, "blocked", "h2") if one.syn]
    expect(tries, done=done, expected="SYNs of h1's at h2", seen="none")
    # SYN+ACKs double their waits on every kernel: the others are gone 1 + 2 + 4 s after they came, which was before h1.
    at_times(tries, [time for time in reading.syn_times(kernel) if time <= 7], done, "h1's SYNs")
    answers = [one for one in talk(kernel, "blocked", "h2") if one.flags == "SYN+ACK"]
    expect(len(answers) == 1 and answers[0].time > tries[-1].time, done=done, expected="the last one is answered",
           seen=f"{len(answers)} answers, the first {answers[0].time - tries[0].time:.2f} s after the first SYN"
           if answers else "no answer")
    # While more than half of the room is taken, two repetitions have to do instead of five
    # (net/ipv4/inet_connection_sock.c, reqsk_timer_handler): what came with the flood goes 1 + 2 + 4 s later.
    ports = [one.target.port for one in synacks]
    counts = sorted(ports.count(port) for port in set(ports))
    expect(counts and counts[0] == 3, done="more than half of h2's room was taken",
           expected="some half-open connections get their SYN+ACK three times, not six, and are dropped",
           seen=f"SYN+ACKs for each: {counts}")


@observation(1, claim="HSK-3", hint="Whom does h2 answer now?")
def check_cookies_serve_everyone(kernel):
    """With SYN cookies h2 answers every SYN of the same flood, and a real client gets in at once."""
    p, done = kernel.params, f"{kernel.params['flood']} SYNs came to h2, which has SYN cookies on"
    syns, synacks = outside(kernel, GUARDED)
    answered = {one.target.port for one in synacks}
    expect(len(answered) == len(syns) == p["flood"], done=done, expected="an answer to each",
           seen=f"{len(answered)} of {len(syns)}")
    rtt = 4 * p["delay"] / 1000
    for name in ("served", "bare"):
        segments = talk(kernel, name)
        syns, answers = ([one for one in segments if one.flags == flags] for flags in ("SYN", "SYN+ACK"))
        expect(len(syns) == len(answers) == 1 and answers[0].time - syns[0].time < rtt + SLACK, done=f"{done}; h1, too",
               expected=f"one SYN, and its answer after the {rtt * 1000:.0f} ms of the path",
               seen=words(segments[:4], kernel))
        expect_established(kernel, GUARDED, name, done=f"{done}; h1, too")


@observation(1, claim="HSK-3", hint="What is not kept cannot be repeated.")
def check_cookies_keep_nothing(kernel):
    """Who gets a cookie leaves no trace at h2: not in its table, and no SYN+ACK is ever sent again."""
    p, held, synacks = kernel.params, room(kernel, "guarded"), outside(kernel, GUARDED)[1]
    done, found = f"h2 answered {p['flood']} SYNs, and held {held} half-open connections", kernel.json("guarded")
    ports = [one.target.port for one in synacks]
    repeated = {port for port in ports if ports.count(port) > 1}
    expect(len(repeated) == held < len(set(ports)), done=done,
           expected=f"after a second these {held} get their SYN+ACK again, and no others",
           seen=f"{len(repeated)} of {len(set(ports))}")
    grown = {name: found["after"][name] - found["before"][name] for name in ("SyncookiesSent", "SyncookiesRecv")}
    expected = {"SyncookiesSent": p["flood"] - held + 2, "SyncookiesRecv": 2}
    expect(grown == expected, done=f"{done}; h1 connected twice", expected=f"the kernel counts {expected}", seen=grown)


@observation(1, claim="HSK-3", hint="Compare the options of SYN and SYN+ACK, and the sizes of h2's segments.")
def check_cookies_forget_options(kernel):
    """What h2 forgets: SACK and window scaling, unless timestamps carry them; of the segment size, all but two bits."""
    p = kernel.params
    rounded = max(size for size in COOKIE_SIZES if size <= p["mss"])
    lost = {"sack_permitted", "window_scale"}
    for name, timestamps, size in (("plain", True, p["mss"]), ("served", True, rounded), ("bare", False, rounded)):
        done = f"h1 connected from port {PORTS[name]}" + (", with a cookie" if name != "plain" else "")
        segments = talk(kernel, name)
        syn, synack = (next((set(one.options) for one in segments if one.flags == flags), set())
                       for flags in ("SYN", "SYN+ACK"))
        expect(lost <= syn and ("timestamp" in syn) == timestamps, done=done, expected="h1's SYN offers all it can",
               seen=sorted(syn))
        kept = lost | {"mss", "timestamp"} if timestamps else {"mss"}
        expect(synack == kept, done=done, expected=f"a SYN+ACK with the options {', '.join(sorted(kept))}",
               seen=sorted(synack))
        largest = max((one.length for one in segments if one.source.ip == kernel.ip("h2")), default=0)
        expect(largest == size - TIMESTAMPS * timestamps, done=f"{done}; its SYN said mss={p['mss']}",
               expected=f"h2's segments carry up to {size - TIMESTAMPS * timestamps} bytes", seen=largest)


# --- the student's handshake ---


@points(1, claim="HSK-1", hint="Compare your SYN with a kernel's in Wireshark.")
def check_your_syn(handshake):
    """R1: each of your connections begins with a SYN, which has no other flag and no data."""
    for name in reading.NAMES:
        for syn in (reading.first_of(handshake, name), *syns_of(handshake, name)):
            expect((syn.flags, syn.length) == ("SYN", 0), seen=f"{syn.flags}, {syn.length} bytes of data",
                   done=f"handshake.py was told to connect from port {PORTS[name]}",
                   expected="first of all a SYN: no other flag, no data")


@points(2, claim="HSK-1", hint="RFC 6528. Whoever guesses the number can speak in your name.")
def check_your_numbers(handshake):
    """R2: nobody can guess the initial number of your next connection from those before."""
    first, again = ([(syn.time, syn.header.seq) for name in names for syn in syns_of(handshake, name, start)[:1]]
                    for names, start in ((reading.NAMES, False), (reading.AGAIN, True)))
    how = reading.guess(first, again)
    expect(not how, expected="initial numbers that nobody can guess",
           seen=f"{how}: {[number for _, number in first + again]}",
           done=f"handshake.py opened {len(first)} connections, and {len(again)} when it was started again")


@points(2, claim="HSK-1", hint="Wireshark says if a checksum is right. The text may have an odd number of bytes.")
def check_your_checksums(handshake):
    """R3: every segment of yours has the checksum that fits it."""
    for name in reading.NAMES:
        reading.first_of(handshake, name)
        for one in sent(handshake, name):
            checksum = one.frame.data[50:52].hex()
            expect(transport_fits(one.frame), expected="a checksum that fits (with the pseudo-header)",
                   seen=f"{checksum}, which does not",
                   done=f"handshake.py sent a segment from port {PORTS[name]}: {one.flags}, {one.length} bytes of data")


@points(2, claim="HSK-6", hint="A SYN that is sent again is the same SYN.")
def check_your_syn_is_repeated(handshake):
    """R4: the first SYN is lost; after a second the same one is sent again."""
    arrived = [one for one in sent(handshake, "first", "h2") if one.syn]
    syns = syns_of(handshake, "first")
    lost = handshake.json("lost-syn")["dropped"]
    expect(lost == 1 and len(syns) == 2 and len(arrived) == 1, done=f"s1 lost {lost} SYN of handshake.py",
           expected="two SYNs, of which one comes to h2", seen=f"SYNs at h1: {len(syns)}; at h2: {len(arrived)}")
    expect(syns[0].header.seq == syns[1].header.seq, done=DONE, expected="the same number again",
           seen=f"{syns[0].header.seq}, then {syns[1].header.seq}")
    at_times(syns, [0, 1], DONE, "SYNs")


@points(2, claim="HSK-6", hint="Where nobody is, wait 1, 2 and 4 s; and the last wait is as good as the others.")
def check_you_give_up(handshake):
    """R4: nobody there: the same SYN at 0, 1 and 3 s, and timeout at 7 s, not before."""
    done = f"handshake.py was told to connect to {handshake.params['outside']}, which does not answer"
    nowhere = syns_of(handshake, "nowhere")
    # a program that computes between two SYNs is a little late; it must not be early
    at_times(nowhere, [0, 1, 3], done, "SYNs")
    expect(len({one.header.seq for one in nowhere}) == 1, done=done, expected="the same SYN each time",
           seen=[one.header.seq for one in nowhere])
    expect(printed(handshake, "nowhere") == "timeout", done=done, expected="the line: timeout",
           seen=printed(handshake, "nowhere")[:50])
    at_times([nowhere[0], syns_of(handshake, "closed")[0]], [0, 7], done, "the first SYN, and the next command's,")


@points(3, claim="HSK-2",
        hint="Compare both addresses, both ports, the flags, the acknowledgement number and the checksum.")
def check_you_take_no_false_answer(handshake):
    """R5: segments come that are no answer to your SYN. You send your SYN again in time, and nothing else."""
    done = f"handshake.py was told to connect from port {PORTS['doubted']}; h3 sent false answers"
    syns, end = syns_of(handshake, "doubted"), printed(handshake, "doubted")[:50]
    answer = next((one for one in talk(handshake, "doubted") if one.flags == "RST+ACK" and len(syns) > 1
                   and one.time > syns[1].time), None)
    expect(answer, done=done, expected="the same SYN again after a second, and nothing else",
           seen=f"no second SYN; the line: {end}")
    at_times([one for one in syns if one.time < answer.time], [0, 1], done,
             "the SYN, although there were false answers meanwhile,")
    expect(syns[0].header.seq == syns[1].header.seq, done=done, expected="the same number again",
           seen=f"{syns[0].header.seq}, then {syns[1].header.seq}")
    others = [one for one in reading.everything(handshake, "h1") if one.source.ip == handshake.ip("h1")
              and syns[0].time < one.time < answer.time and not one.rst and one not in syns]
    expect(not others, done=done, expected="nothing in answer to them", seen=words(others, handshake))


@points(3, claim="HSK-1", hint="What do sequence and acknowledgement number of the third segment have to be?")
def check_your_ack_opens(handshake):
    """R6: your third segment acknowledges the peer's SYN, whatever its number; h2's kernel has a connection."""
    for name in ("first", *reading.BY_HAND):
        isn, theirs = syns_of(handshake, name)[0].header.seq, isn_of_peer(handshake, name)
        third = next((one for one in sent(handshake, name) if not one.syn), None)
        done = f"handshake.py connected from port {PORTS[name]}: SYN {isn} was answered by SYN+ACK {theirs}"
        expect(third, done=done, expected="a third segment", seen="none" + how_it_ended(handshake))
        expect((third.flags, third.length, third.header.seq, third.header.ack)
               == ("ACK", 0, one_more(isn), one_more(theirs)), done=done,
               expected="an ACK with the right two numbers, and no data", seen=words([third], handshake))
    expect_established(handshake, reading.STUDENTS, "first", DONE)


@points(2, claim="HSK-6", hint="A closed port answers with RST+ACK.")
def check_you_take_no_for_an_answer(handshake):
    """R7: a closed port: one SYN, nothing after the reset, and refused; the same if a second SYN meets the reset."""
    for name in reading.AGAIN:
        all_sent = sent(handshake, name)
        once = [one for one in all_sent if one.time < handshake.command("once-more").start]
        expect(printed(handshake, name) == "refused" and len(once) == 1 and once[0].syn,
               done=f"handshake.py was told to connect to port {handshake.params['closed_port']}, which is closed",
               expected="one SYN, and the line: refused",
               seen=f"{words(once, handshake)}; the line: {printed(handshake, name)[:50]}")
    reset = reading.reset_of_second_syn(handshake)
    later = [one for one in sent(handshake, "doubted") if reset and one.time > reset.time]
    expect(not reset or printed(handshake, "doubted") == "refused" and not later,
           done="handshake.py sent its SYN again after a second, and h3 answered with a reset",
           expected="nothing more, and the line: refused",
           seen=f"{words(later, handshake)}; the line: {printed(handshake, 'doubted')[:50]}")


@points(2, claim="HSK-1", hint="Your text begins with the number after your SYN's. One segment has room for it.")
def check_your_words_arrive(handshake):
    """R8: h2's program reads your text; it came in one segment, which begins with the number after your SYN's."""
    p, heard = handshake.params, handshake.json("heard")
    expect(heard == [p["text"]], done=f"handshake.py was given the text {p['text']!r}",
           expected="h2's program reads it", seen=heard or "nothing" + how_it_ended(handshake))
    for name, text in (("first", p["text"]), ("made-up", p["more_text"]), ("wrapping", p["last_text"])):
        isn, data = syns_of(handshake, name)[0].header.seq, data_of(handshake, name)
        done = f"handshake.py, whose SYN was {isn}, was given the text {text!r}"
        seen = [(one.header.seq, one.payload.decode(errors="replace")) for one in data]
        expect(seen == [(one_more(isn), text)], done=done, expected=f"one segment with it, number {one_more(isn)}",
               seen=seen or "no data" + how_it_ended(handshake))


@points(2, claim="HSK-1", hint="What has come needs an ACK, which names the number that you want next.")
def check_you_acknowledge_the_reply(handshake):
    """R9: you print what the peer replies, and acknowledge all of it."""
    for name, reply in (("first", handshake.params["_reply"]), ("wrapping", handshake.params["_last_reply"])):
        theirs, size = isn_of_peer(handshake, name), len(reply.encode())
        who = f"the peer of port {PORTS[name]}, whose SYN was {theirs},"
        expect(printed(handshake, name) == f"reply {reply}", done=f"{who} replied", expected=f"the line: reply {reply}",
               seen=printed(handshake, name)[:100] + how_it_ended(handshake))
        acks = [one.header.ack for one in sent(handshake, name) if not one.syn]
        expected = (theirs + 1 + size) % MODULUS
        said = data_of(handshake, name)
        expect(said, done=DONE, expected="your text", seen="no data" + how_it_ended(handshake))
        mine = (said[-1].header.seq + said[-1].length) % MODULUS
        expect(acks and sent(handshake, name)[-1].header.seq == mine, done=f"{who} replied to your text",
               expected=f"an ACK with the number {mine}, the one after your text",
               seen=words(sent(handshake, name)[-1:], handshake))
        expect(acks and acks[-1] == expected, done=f"{who} sent {size} bytes", expected=f"an ACK of {expected}",
               seen=acks)


@points(3, claim="HSK-2",
        hint="Whose words are they, and which number do they begin with? Where in a segment do its data begin?")
def check_you_take_no_false_reply(handshake):
    """R10: among words of others, of other times, and damaged ones you find the reply, and acknowledge no more."""
    p, theirs = handshake.params, isn_of_peer(handshake, "made-up")
    mine = [one.header.ack for one in sent(handshake, "made-up") if one.length]
    expect(mine, done="handshake.py had opened a connection to the peer that h3 makes up", expected="its text",
           seen="no data" + how_it_ended(handshake))
    done, reply = "the peer replied, among false words that h3 sent", p["_more_reply"]
    expect(printed(handshake, "made-up") == f"reply {reply}", done=done, expected=f"the line: reply {reply}",
           seen=printed(handshake, "made-up")[:100] + how_it_ended(handshake))
    acks = [one.header.ack for one in sent(handshake, "made-up") if not one.syn]
    expected = (theirs + 1 + len(reply)) % MODULUS
    expect(set(acks) <= {one_more(theirs), expected} and acks[-1] == expected, done=done,
           expected=f"an ACK of {expected}, and no other but {one_more(theirs)}", seen=acks)


# --- the student's answers ---

@points(2, claim=("HSK-1", "HSK-4"), hint="A state changes when a segment arrives, not when it is sent.")
def check_answers_states(kernel, answers):
    """Your answers on the states of both ends."""
    looks = kernel.json("plain")
    expect(len(looks) == 4, done="the kernels were asked four times", expected="four answers", seen=len(looks))
    for key, right in (("server_waiting", looks[2]["h2"]), ("client_early", looks[2]["h1"])):
        same(answers.text(key).upper(), str(right), key)
    same([str(state).upper() for state in answers.items("crossing_states")],
         [look["h1"] for look in kernel.json("crossing")], "crossing_states")
    same(answers.integer("crossing_syns"), len([one for one in talk(kernel, CROSSING) if one.syn]), "crossing_syns")


@points(2, claim=("HSK-2", "HSK-5", "HSK-6"), hint="Each wait is twice the one before.")
def check_answers_patience(kernel, answers):
    """Your answers on the reset, and on how long each end tries."""
    resets = [one.header.seq for one in sent(kernel, "old", "h2") if one.rst]
    same(answers.integer("old_reset"), resets[0] if resets else None, "old_reset")
    synacks = [one for one in outside(kernel, SERVER)[1] if one.target.port == reading.HALF_OPEN]
    times = answers.items("synack_times")
    same(len(times), len(synacks), "synack_times (how many)")
    for given, synack in zip(times, synacks, strict=True):
        expect(not isinstance(given, str), done="answers.toml: synack_times", expected="numbers", seen=given)
        near(given, synack.time - synacks[0].time, "synack_times", **CLOSE)
    near(answers.number("half_open_for"), kernel.json("half-open")["seconds"], "half_open_for", **CLOSE)
    near(answers.number("connect_for"), kernel.json("patient")["seconds"], "connect_for", **CLOSE)


@points(2, claim="HSK-3", hint="Compare with the backlog; with cookies, look at the lengths of h2's segments.")
def check_answers_flood(kernel, answers):
    """Your answers on the two floods."""
    same(answers.integer("flood_answered"), len({one.target.port for one in outside(kernel, reading.FLOODED)[1]}),
         "flood_answered")
    blocked = talk(kernel, "blocked")
    syns = [one for one in blocked if one.flags == "SYN"]
    same(answers.integer("blocked_syns"), len(syns), "blocked_syns")
    synack = next((one.time for one in blocked if one.flags == "SYN+ACK"), float("inf"))
    near(answers.number("blocked_for"), synack - (syns[0].time if syns else 0), "blocked_for", **CLOSE)
    same(answers.integer("cookies_answered"), len({one.target.port for one in outside(kernel, GUARDED)[1]}),
         "cookies_answered")
    for key, name in (("plain_segment", "plain"), ("cookie_segment", "served")):
        same(answers.integer(key), max((one.length for one in talk(kernel, name)), default=0), key)
