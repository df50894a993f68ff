"""What the wire and the kernel of h1 must show: the kernel's timer first, then the student's answers and program.

reading.py reads the evidence, and says how exact a time can be.
"""

from itertools import pairwise
from pathlib import Path

from mnlab.checks import expect, observation, points, saw
from mnlab.lab.lab import load
from mnlab.protocols import tcp
from mnlab.protocols.kernel import CongestionState, Retransmit, SocketState
from mnlab.protocols.tcp import rto
from mnlab.protocols.tcp.teardown import ack_of

read = load(Path(__file__).with_name("reading.py"))
PORTS, TICK, UNIT = read.PORTS, read.TICK, read.UNIT
wire, data, again, copies, lost, sent_again = read.wire, read.data, read.again, read.copies, read.lost, read.sent_again
looks, look_at, look_after, kernel_events = read.looks, read.look_at, read.look_after, read.kernel_events
waited, is_timeout, heard, measured, ms = read.waited, read.is_timeout, read.heard, read.measured, read.ms
decisions, near_to = read.decisions, read.near_to

KEEPALIVE_GAP, KEEPALIVE_PROBES = 75, 9  # net.ipv4.tcp_keepalive_intvl, _probes
TAIL = 7  # the last segment of the conversation "probe"
SAMPLE = 0.02  # s: a busy computer may take so long between kernel and interface; path lengths differ by more
NEAR_DONE = "s1 lost one of the segments that h1 sent one by one to port 5001 of near"


# --- a segment is lost ------------------------------------------------------------------------------------------------

@observation(1, claim="RTO-1", hint="Compare h1-eth0.pcap with near-eth0.pcap: which number left and did not arrive?")
def check_exactly_this_one_is_lost(evidence):
    """One segment, the chosen one, leaves h1 and does not reach near; no other is lost."""
    wanted = (evidence.params["lost"] - 1) * evidence.params["size"] + 1
    seen = [segment.seq for segment in lost(evidence, "lost")]
    expect(seen == [wanted] and evidence.json("lost-loss")["dropped"] == 1, done=NEAR_DONE,
           expected=f"the one with sequence number {wanted} is lost, and no other", seen=f"lost: {seen}")


@observation(1, claim="RTO-1", hint="How long is the silence, and what was `rto` in scenes/conversations/files/kernel?")
def check_it_is_sent_again(evidence):
    """No ACK comes; when the timer goes off, the same bytes are sent again, once, and arrive."""
    repeated = sent_again(evidence, "lost", NEAR_DONE)
    first = copies(wire(evidence, "lost"), repeated[0])[0]
    expect(len(repeated) == 1 and repeated[0].payload == first.payload, done=NEAR_DONE,
           expected="the same bytes once more", seen=f"{len(repeated)} segments sent again")
    gap, timeout = waited(evidence, "lost", repeated[0])
    expect(is_timeout(gap, timeout), done=NEAR_DONE,
           expected=f"sent again after the timeout that the kernel had set, {ms(timeout)}", seen=f"after {ms(gap)}")
    between = [one for one in wire(evidence, "lost").sent(tcp.SERVER) if first.time < one.time < repeated[0].time]
    told = [event for event in kernel_events(evidence, "lost", Retransmit) if event.time > first.time]
    expect(not between and len(told) == 1, done=NEAR_DONE,
           expected="silence until then, and the kernel's own report of it",
           seen=f"{len(between)} segments from near, {len(told)} reports of the kernel")
    arrived = [one for one in data(wire(evidence, "lost", "near")) if one.seq == first.seq]
    expect(len(arrived) == 1, done=NEAR_DONE, expected="near receives these bytes once", seen=f"{len(arrived)} times")


@observation(1, claim="RTO-1", hint="RFC 6298, section 5: how many timers does it speak of?")
def check_one_timer_runs_for_all(evidence):
    """Three lost segments do not have three timers: one goes off, for the oldest; the others follow its ACK."""
    done = "three segments were sent 30 ms apart, and all were lost"
    repeated = sent_again(evidence, "timer", done)
    expect(len(lost(evidence, "timer")) == 3 and len(repeated) == 3, done=done,
           expected="each of the three is sent again, once", seen=f"{[segment.seq for segment in repeated]} sent again")
    first, *others = repeated
    gap, timeout = waited(evidence, "timer", first)
    expect(is_timeout(gap, timeout), done=done, expected=f"the first one when its timer goes off, {ms(timeout)}",
           seen=f"after {ms(gap)}")
    # Together, as a rule; how many an ACK lets go is the congestion window's business.
    prompted = all(heard(evidence, "timer", one.time).ack >= first.end for one in others)
    expect(prompted and others[-1].time - first.time < 2 * timeout - TICK, done=done,
           expected=f"the others when an ACK has come, before the timer could go off again ({ms(2 * timeout)})",
           seen=", ".join(ms(one.time - first.time) for one in others) + " after the first")


@observation(1, claim="RTO-6", hint="RFC 8985, section 7: the probe timeout is two round trip times.")
def check_a_probe_comes_before_the_timer(evidence):
    """With the tail loss probe, as Linux comes, a lost tail is noticed after two RTTs and without a timeout."""
    done = "four segments were sent together and the last two were lost, with the tail loss probe on"
    probe = sent_again(evidence, "probe", done)[0]
    silence = probe.time - heard(evidence, "probe", probe.time).time
    last, now = data(wire(evidence, "probe"))[TAIL - 1], look_at(evidence, "probe", probe.time - TICK)
    expect(probe.seq == last.seq and 2 * now["rtt"] - TICK < silence < now["rto"] - TICK, done=done,
           expected=f"the last segment once more after two RTTs ({ms(2 * now['rtt'])}), "
                    f"not after the RTO ({ms(now['rto'])})",
           seen=f"sequence number {probe.seq} after {ms(silence)}")
    states = [event.state for event in kernel_events(evidence, "probe", CongestionState)]
    expect("Loss" not in states, done=done, expected="the kernel does not take it for a timeout",
           seen=f"its states: {', '.join(states)}")


# --- giving up --------------------------------------------------------------------------------------------------------

GONE_DONE = "the path died under a connection that had data to send"


@observation(1, claim="RTO-4", hint="In scenes/conversations/files/kernel, look at `backoff` and `rto` of \"gone\".")
def check_gaps_double(evidence):
    """Each silence is twice as long as the one before, and none is much longer than 120 s."""
    for name in ("gone", "gone-far"):
        repeated = sent_again(evidence, name, GONE_DONE)
        gaps, timeouts = zip(*(waited(evidence, name, segment) for segment in repeated))
        wanted = rto.schedule(timeouts[0], len(timeouts))
        expect(len(timeouts) > 9 and all(abs(one - two) < TICK for one, two in zip(timeouts, wanted)), done=GONE_DONE,
               expected=f"timeouts that double up to 120 s: {', '.join(f'{one:.2f}' for one in wanted)}",
               seen=", ".join(f"{one:.2f}" for one in timeouts))
        # A copy that a busy computer sends late is late in one silence and early in the next, which does not hide a 2.
        near = all(2**-0.5 < gap / timeout < 2**0.5 for gap, timeout in zip(gaps, timeouts))
        expect(near and sum(gaps) > sum(timeouts) - TICK, done=GONE_DONE,
               expected="each silence on the wire nearer to that timeout than to half or twice of it, and none shorter",
               seen=", ".join(f"{gap:.2f}" for gap in gaps))


@observation(1, claim="RTO-2",
             hint="tcp_retries2 is 15. What does retransmits_timed_out() in net/ipv4/tcp_timer.c compare?")
def check_it_gives_up(evidence):
    """After 15 tries (fewer on a long path: the kernel counts time, 924.6 s at least) the program gets ETIMEDOUT."""
    for name in ("gone", "gone-far"):
        repeated, end = sent_again(evidence, name, GONE_DONE), evidence.json("ends")[name]
        expect(end and end["error"] == "ETIMEDOUT", done=GONE_DONE, expected="the program gets ETIMEDOUT",
               seen=end["error"] if end else "no error, for 25 minutes")
        tried, gave_up = repeated[-1].time - repeated[0].time, end["time"] - repeated[0].time
        expect(tried < rto.patience() <= gave_up and is_timeout(end["time"] - repeated[-1].time, rto.RTO_MAX),
               done=GONE_DONE, expected="given up when the timer goes off for the first time after 924.6 s of trying",
               seen=f"{len(repeated)} tries, the last {tried:.1f} s after the first; given up after {gave_up:.1f} s")
    near, far = (len(sent_again(evidence, name, GONE_DONE)) for name in ("gone", "gone-far"))
    expect(far < near == rto.RETRIES, done=GONE_DONE,
           expected=f"{rto.RETRIES} tries on the short path, fewer on the long one", seen=f"{near} and {far}")


@observation(1, claim="RTO-2", hint="Filter tcp.port == 5011 && tcp.flags.reset == 1 in h1-eth0.pcap.")
def check_no_reset_is_sent(evidence):
    """No RST goes out as h1 gives up: it closes its end without a word, and near knows nothing of it."""
    back = evidence.mark("back")
    for name in ("gone", "gone-far"):
        resets = [segment for segment in wire(evidence, name).resets if segment.time < back]
        expect(not resets, done=GONE_DONE, expected="h1 sends no RST when it gives up", seen=f"{len(resets)} of them")
        closed = [event for event in kernel_events(evidence, name, SocketState) if event.new == "CLOSED"]
        expect(len(closed) == 1 and closed[0].old == "ESTABLISHED", done=GONE_DONE,
               expected="its socket goes from ESTABLISHED to CLOSED",
               seen="; ".join(f"{event.old} to {event.new}" for event in closed) or "it stays open")


@observation(1, claim="RTO-2", hint="What does a host answer to a segment that belongs to no connection?")
def check_the_reset_comes_when_asked(evidence):
    """An RST does come in the end: when the path is back and near, which still believes in the connection, speaks."""
    done = "the path came back, and near sent something on the connection that h1 had given up"
    resets = wire(evidence, "gone").resets
    spoken = [segment for segment in wire(evidence, "gone").sent(tcp.SERVER) if segment.length]
    expect(spoken, done=done, expected="near's data reaches h1", seen="nothing")
    asked = [sum(one.time < reset.time for one in spoken) for reset in resets]  # how often near had spoken before
    expect(asked == [1], done=done, expected="an RST from h1, before near says it again", seen=f"{len(resets)} RSTs")
    expect(wire(evidence, "gone", "near").resets, done=done, expected="the RST reaches near", seen="it does not")


@observation(1, claim="RTO-2", hint="tcp_keepalive_timer() in net/ipv4/tcp_timer.c calls tcp_send_active_reset().")
def check_keepalive_does_reset(evidence):
    """Where the statement holds: the keep-alive timer asks nine times, 75 s apart, and then sends an RST."""
    done = "the path died under an idle connection with SO_KEEPALIVE"
    silent = evidence.mark("silent")
    sent = [segment for segment in wire(evidence, "idle").sent(tcp.CLIENT) if segment.time > silent]
    probes, resets = [one for one in sent if not one.rst], [one for one in sent if one.rst]
    gaps = [later.time - earlier.time for earlier, later in pairwise(sent)]
    expect(len(probes) == KEEPALIVE_PROBES and all(is_timeout(gap, KEEPALIVE_GAP) for gap in gaps), done=done,
           expected=f"{KEEPALIVE_PROBES} probes, {KEEPALIVE_GAP} s apart",
           seen=f"{len(probes)}, after {', '.join(f'{gap:.0f}' for gap in gaps)} s")
    end = evidence.json("ends")["idle"]
    expect(len(resets) == 1 and end and end["error"] == "ETIMEDOUT", done=done,
           expected="an RST from h1 as it gives up, and ETIMEDOUT for the program",
           seen=f"{len(resets)} RSTs, {end['error'] if end else 'no error'}")


@observation(1, claim=("RTO-2", "RTO-3", "RTO-4"),
             hint="RFC 6298, (2.1): what is the timeout before anything was measured?")
def check_a_call_nobody_answers(evidence):
    """A SYN has no RTT to go by: 1 s, doubled six times (some do not count, where Linux says so), then ETIMEDOUT."""
    linear = rto.linear_timeouts(evidence.text("linear-timeouts"))
    done = f"h1 asked for a connection over a dead path (its tcp_syn_linear_timeouts: {linear or 'none'})"
    syns = [segment for segment in wire(evidence, "call").sent(tcp.CLIENT) if segment.syn]
    gaps, wanted = [two.time - one.time for one, two in pairwise(syns)], rto.syn_schedule(linear)[:-1]
    expect(len(gaps) == len(wanted) and all(map(is_timeout, gaps, wanted)), done=done,
           expected=f"SYNs again after {', '.join(f'{one:.0f}' for one in wanted)} s",
           seen=", ".join(f"{gap:.1f}" for gap in gaps))
    saw("gaps between the SYNs of a call that nobody answers (s)", [round(gap) for gap in gaps])
    end = evidence.json("ends")["call"]
    expect(end and end["error"] == "ETIMEDOUT" and not wire(evidence, "call").resets, done=done,
           expected="then ETIMEDOUT, and no RST", seen=end["error"] if end else "no error")


# --- how long to wait -------------------------------------------------------------------------------------------------

@observation(1, claim="RTO-3",
             hint="`rto`, `rtt` and `rttvar` stand in scenes/conversations/files/kernel, in microseconds.")
def check_the_timeout_follows_the_rtt(evidence):
    """The timeout is made of the measured RTT: a long path has a long one. On a short one 200 ms are added."""
    p = evidence.params
    for name, delay in (("lost", p["near_delay"]), ("far", p["far_delay"])):
        path, done = 2 * delay / 1e3, f"a segment was lost on a path with an RTT of {2 * delay} ms"
        gap, timeout = waited(evidence, name, sent_again(evidence, name, done)[0])
        now = look_at(evidence, name, copies(wire(evidence, name), again(wire(evidence, name))[0])[0].time - TICK)
        longest = max(sample.rtt for sample in measured(evidence, name))
        expect(path <= now["rtt"] < longest + SAMPLE, done=done, seen=ms(now["rtt"]),
               expected=f"the kernel measures this RTT or more, and no more than your capture shows, {ms(longest)}")
        expect(is_timeout(gap, timeout) and timeout >= now["rtt"] + rto.RTO_MIN - TICK, done=done,
               expected="a silence of the RTT and 200 ms at least, and as long as the kernel's rto says",
               seen=f"{ms(gap)}; rto was {ms(timeout)}")
        settled = name == "far" or abs(timeout - now["rtt"] - rto.RTO_MIN) <= 2 * TICK
        expect(settled, done=done, expected=f"on a short path the floor: {ms(now['rtt'] + rto.RTO_MIN)}",
               seen=ms(timeout))
    first = looks(evidence, "far")[0]
    expect(abs(first["rto"] - 3 * first["rtt"]) <= 2 * TICK, done="the handshake with far was h1's first measurement",
           expected=f"a first timeout of three RTTs, {ms(3 * first['rtt'])}", seen=ms(first["rto"]))


@observation(1, claim="RTO-8", hint="tcp_rtt_estimator() in net/ipv4/tcp_input.c. The handout has it in words.")
def check_linux_has_a_formula_of_its_own(evidence):
    """SRTT is the RFC's. But the floor is one of the variance term, and good news does not raise the timeout."""
    for name in ("walk", "far"):
        model, before = rto.Linux(), None
        for sample in measured(evidence, name):
            done = f"the ACK at {sample.time:.3f} s (port {PORTS[name]}) gave an RTT of {sample.rtt * 1e3:.2f} ms"
            srtt = sample.rtt if before is None else before + rto.ALPHA * (sample.rtt - before)
            expect(abs(sample.srtt - srtt) < (SAMPLE if before is None else rto.ALPHA * SAMPLE), done=done,
                   expected=f"an SRTT of {srtt * 1e3:.2f} ms", seen=f"{sample.srtt * 1e3:.2f} ms")
            model.sample(sample.kernel)
            expect(abs(sample.rto - model.rto) <= TICK, done=done,
                   expected=f"an RTO of {model.rto * 1e3:.0f} ms", seen=ms(sample.rto))
            before = sample.srtt


@observation(1, claim="RTO-5",
        hint="Which copy does the ACK answer? In files/kernel of the run, compare \"karn\" before and after it.")
def check_no_sample_from_what_was_sent_twice(evidence):
    """Karn: the ACK of a repeated segment gives no RTT sample, and the backed-off timeout is kept for the next one."""
    done = "a segment was lost, repeated and acknowledged; then the next one was lost (no timestamps)"
    repeated = sent_again(evidence, "karn", done)
    expect(len(repeated) == 2 and len(lost(evidence, "karn")) == 2, done=done, expected="both are repeated once",
           seen=f"{len(repeated)} repetitions")
    connection = wire(evidence, "karn")
    expect(connection.syn_option(tcp.CLIENT, "timestamp") is None, done=done, expected="a SYN without timestamps",
           seen="timestamps")
    before = read.look_while_waiting(evidence, "karn", repeated[0])
    answer = ack_of(connection, repeated[0])
    after = look_after(evidence, "karn", answer.time)
    expect((after["rtt"], after["rttvar"]) == (before["rtt"], before["rttvar"]), done=done,
           expected=f"SRTT and its deviation stay {before['rtt'] * 1e3:.3f} and {before['rttvar'] * 1e3:.3f} ms",
           seen=f"{after['rtt'] * 1e3:.3f} and {after['rttvar'] * 1e3:.3f} ms")
    first, second = (waited(evidence, "karn", segment)[0] for segment in repeated)
    expect(abs(after["rto"] - 2 * before["rto"]) <= TICK and is_timeout(second, 2 * before["rto"]), done=done,
           expected=f"the next segment waits twice as long as this one did ({ms(first)})", seen=ms(second))
    end = looks(evidence, "karn")[-1]
    expect(end["backoff"] == 0 and abs(end["rto"] - before["rto"]) <= 2 * TICK, done=done,
           expected="the first segment that is sent once ends the back-off",
           seen=f"an RTO of {ms(end['rto'])} at the end")


@observation(1, claim="RTO-5", hint="RFC 7323, section 4: what does the timestamp in the ACK echo?")
def check_a_timestamp_tells_the_copies_apart(evidence):
    """With timestamps the ACK says which copy it answers: it does give a sample, and ends the back-off at once."""
    repeated = sent_again(evidence, "lost", NEAR_DONE)[0]
    connection = wire(evidence, "lost")
    answer = ack_of(connection, repeated)
    stamps = [one.options.get("timestamp") for one in (repeated, answer) if one]
    expect(len(stamps) == 2 and all(stamps) and stamps[1][1] == stamps[0][0], done=NEAR_DONE,
           expected="the ACK echoes the timestamp of the second copy", seen=f"{stamps}")
    before = read.look_while_waiting(evidence, "lost", repeated)
    after = look_after(evidence, "lost", answer.time)
    expect(after["backoff"] == 0 and after["rto"] <= before["rto"] + TICK, done=NEAR_DONE,
           expected=f"an RTO of {ms(before['rto'])} again at once",
           seen=f"{ms(after['rto'])}, backoff {after['backoff']}")


@observation(1, claim="RTO-7", hint="near has both copies. What does the second ACK's SACK block name (RFC 2883)?")
def check_a_timeout_can_be_wrong(evidence):
    """The path grows longer than the timeout: the segment is sent again though nothing is lost, and Linux finds out."""
    p = evidence.params
    done = f"the path's RTT grew from {2 * p['near_delay']} to {2 * p['near_delay'] + p['jump']} ms under way"
    repeated = sent_again(evidence, "jump", done)
    expect(len(repeated) == 1 and not lost(evidence, "jump"), done=done,
           expected="one segment is repeated, and none lost",
           seen=f"{len(repeated)} repeated, {len(lost(evidence, 'jump'))} lost")
    arrived = copies(wire(evidence, "jump", "near"), repeated[0])
    told = [one for one in wire(evidence, "jump").sent(tcp.SERVER) if one.sack and one.sack[0][1] <= one.ack]
    expect(len(arrived) == 2 and told and told[0].sack[0] == (repeated[0].seq, repeated[0].end), done=done,
           expected="near gets it twice and says so in a duplicate SACK",
           seen=f"{len(arrived)} copies, {len(told)} D-SACKs")
    first = copies(wire(evidence, "jump"), repeated[0])[0]
    events = [event for event in kernel_events(evidence, "jump", CongestionState) if event.time > first.time]
    answer = ack_of(wire(evidence, "jump"), repeated[0])
    undone = [event.state for event in events[:2]] == ["Loss", "Open"]
    expect(undone and heard(evidence, "jump", events[1].time + UNIT) is answer, done=done,
           expected="the kernel goes to Loss, and back to Open as soon as the first copy's ACK is in",
           seen=" then ".join(event.state for event in events) or "nothing")
    end = looks(evidence, "jump")[-1]
    expect(end["rto"] > (2 * p["near_delay"] + p["jump"]) / 1e3, done=done,
           expected="afterwards the timeout is longer than the new RTT", seen=ms(end["rto"]))


# --- the student's answers --------------------------------------------------------------------------------------------

@points(3, claim="RTO-3", hint="RFC 6298, (2.2), gives the first one. For the other: Linux adds 200 ms at least.")
def check_answer_timeouts(evidence, answers):
    """Your prediction: the first timeout on the long path, and the settled one on the short path."""
    far, near = (2 * evidence.params[f"{name}_delay"] / 1e3 for name in ("far", "near"))
    for key, name, pick, ideal in (("rto_far_at_first", "far", 0, 3 * far),
                                   ("rto_near", "gone", -1, near + rto.RTO_MIN)):
        calm = [look for look in looks(evidence, name) if not look["backoff"] and not look["retransmits"]]
        given, seen = answers.number(key), calm[pick]["rto"]
        # A busy computer makes the path longer than it is said to be, and that cannot be predicted.
        expect(min(ideal, seen) - TICK - 0.02 * seen <= given <= max(ideal, seen) + TICK + 0.02 * seen,
               done=f"you predicted {key}", expected=f"what the kernel had, {seen:.3f} s", seen=f"{given:g} s")


@points(3, claim=("RTO-2", "RTO-4"), hint="Filter tcp.port == 5011 in h1-eth0.pcap; look at the last frames' times.")
def check_answer_giving_up(evidence, answers):
    """You say how h1 gives up: how often it tried, how long that took, with which error, and whether with an RST."""
    last = copies(wire(evidence, "gone"), sent_again(evidence, "gone", GONE_DONE)[0])
    truth = {"repeated_near": len(last) - 1, "repeated_far": len(again(wire(evidence, "gone-far")))}
    for key, number in truth.items():
        given = answers.integer(key)
        expect(given == number, done=GONE_DONE, expected=f"{key}: as many as in your capture", seen=str(given))
    times = {"longest_gap": max(two.time - one.time for one, two in pairwise(last)),
             "gave_up_after": evidence.json("ends")["gone"]["time"] - last[0].time}
    for key, seconds in times.items():
        given = answers.number(key)
        expect(abs(given - seconds) <= 2, done=GONE_DONE, expected=f"{key}: as in your capture, to 2 s",
               seen=f"{given:g} s")
    error = answers.text("error").upper()
    expect(error == evidence.json("ends")["gone"]["error"], done=GONE_DONE, expected="the error that the program got",
           seen=error)
    resets = {"reset": any(one.time < evidence.mark("back") for one in wire(evidence, "gone").resets),
              "keepalive_reset": bool(wire(evidence, "idle").resets)}
    for key, truth in resets.items():
        expect(answers.flag(key) == truth, done="you predicted whether h1 sends an RST as it gives up",
               expected=f"{key}: as in your capture", seen=str(not truth).lower())


@points(3, claim=("RTO-1", "RTO-5"), hint="In Wireshark: tcp.port == 5004 && tcp.analysis.retransmission.")
def check_answer_what_was_lost(evidence, answers):
    """You read the losses: which segment, how long two in a row waited, and how many ACKs measure nothing."""
    number = answers.integer("lost_seq")
    expect(number in [segment.seq for segment in lost(evidence, "lost")], done=NEAR_DONE,
           expected="lost_seq: the relative sequence number of the one that did not arrive", seen=str(number))
    given = answers.items("waits")
    seen = [waited(evidence, "karn", segment)[0] for segment in again(wire(evidence, "karn"))]
    expect(len(given) == len(seen) and all(isinstance(one, (int, float)) and abs(one - two) <= 0.02
                                           for one, two in zip(given, seen)),
           done="two segments after each other were lost on port 5004",
           expected="waits: how long each waited for its repetition, to 0.02 s", seen=str(given)[:80])
    count = answers.integer("no_sample")
    expect(count == len({segment.seq for segment in again(wire(evidence, "walk"))}),
           done="h1's conversation with port 5007 had losses", expected="no_sample: the ACKs of what was sent twice",
           seen=str(count))


# --- the student's timer ----------------------------------------------------------------------------------------------

@points(3, claim="RTO-3", hint="RFC 6298, (2.1) and (2.2): before any measurement, and after the first.")
def check_your_first_measurement(evidence):
    """Your timer begins with 1 s, in each connection anew; the first measurement R makes SRTT R and RTTVAR R/2."""
    for one in decisions(evidence):
        if one.before is None:
            expect((one.srtt, one.rttvar) == (None, None) and near_to(one.rto, rto.INITIAL_RTO),
                   done=one.done, expected="- - 1.000000", seen=f"{one.srtt} {one.rttvar} {one.rto}")
        elif one.first:
            expect(near_to(one.srtt, one.sample) and near_to(one.rttvar, one.sample / 2), done=one.done,
                   expected=f"{one.sample:.6f} {one.sample / 2:.6f}", seen=f"{one.srtt} {one.rttvar}")


@points(3, claim=("RTO-3", "RTO-8"), hint="RFC 6298, (2.3): one eighth and one quarter, and mind the order of the two.")
def check_your_smoothing(evidence):
    """Each later measurement moves RTTVAR by a quarter, then SRTT by an eighth: as in the RFC, and SRTT as in Linux."""
    for one in decisions(evidence):
        if one.sample is None or one.first:
            continue
        old, r = one.before, one.sample
        one.expect_estimates()
        old.expect_estimates()
        srtt, rttvar = old.srtt + (r - old.srtt) / 8, old.rttvar + (abs(old.srtt - r) - old.rttvar) / 4
        expect(near_to(one.srtt, srtt) and near_to(one.rttvar, rttvar), done=f"{one.done}: {r * 1e3:.3f} ms",
               expected=f"{srtt:.6f} {rttvar:.6f}", seen=f"{one.srtt:.6f} {one.rttvar:.6f}")
    yours = [one for one in decisions(evidence) if one.connection == "walk" and one.sample is not None]
    apart = 0.001  # s: an average of numbers that differ by so much differs by no more
    for one, sample in zip(yours, measured(evidence, "walk")):
        apart = max(apart, abs(sample.kernel - sample.rtt))
        expect(near_to(one.srtt, sample.srtt, apart + 0.02 * sample.srtt), done=one.done,
               expected=f"an SRTT like the kernel's own, {sample.srtt:.6f}", seen=f"{one.srtt:.6f}")


@points(3, claim="RTO-5", hint="Karn's algorithm (RFC 6298, section 3): which copy does this ACK answer?")
def check_your_timer_knows_karn(evidence):
    """What was sent twice measures nothing: your SRTT and RTTVAR stay as they were. What was sent once does."""
    for one in decisions(evidence):
        if one.sample is None and one.before:
            expect(near_to(one.srtt, one.before.srtt) and near_to(one.rttvar, one.before.rttvar), done=one.done,
                   expected=f"SRTT and RTTVAR stay {one.before.srtt} and {one.before.rttvar}",
                   seen=f"{one.srtt} and {one.rttvar}")
        elif one.sample is not None:
            expect((one.srtt, one.rttvar) != (one.before.srtt, one.before.rttvar) or near_to(one.srtt, one.sample),
                   done=one.done, expected="a measurement", seen="nothing new")


@points(3, claim="RTO-4", hint="RFC 6298, (5.5) and (5.7): the timeout doubles, and only a new measurement ends that.")
def check_your_timer_backs_off(evidence):
    """Each timeout doubles yours, up to the largest allowed, and it stays so until something is measured."""
    for one in decisions(evidence):
        if one.before and one.line.startswith("timeout"):
            wanted = one.within_limits(2 * one.before.rto)
            expect(near_to(one.rto, wanted), done=one.done, expected=f"a timeout of {wanted:.6f}",
                   seen=f"{one.rto:.6f}")
        elif one.before and one.sample is None:
            expect(near_to(one.rto, one.before.rto), done=one.done, expected=f"the timeout stays {one.before.rto:.6f}",
                   seen=f"{one.rto:.6f}")


@points(3, claim="RTO-3", hint="RFC 6298, (2.3), (2.4), (2.5): the clock's tick, the least and the largest value.")
def check_your_timeout_keeps_its_bounds(evidence):
    """After each measurement your timeout is SRTT + max(tick, 4 RTTVAR), not below the least or above the largest."""
    for one in decisions(evidence):
        if one.sample is not None:
            one.expect_estimates()
            wanted = one.within_limits(one.srtt + max(one.limits[-1], 4 * one.rttvar))
            expect(near_to(one.rto, wanted, 4 * UNIT), done=one.done, expected=f"a timeout of {wanted:.6f}",
                   seen=f"{one.rto:.6f}")
