"""What the wire and the kernel of h1 must show. Windows in segments, times in seconds.

Tolerances. Window values are exact on any machine: the kernel counts segments. Where a time is compared, it is with
the RTT or with the 200 ms floor of Linux's timer (TCP_RTO_MIN), and only from one side, so that a slow machine in real
time changes nothing.
"""

from itertools import pairwise
from pathlib import Path

from mnlab.checks import expect, observation, points
from mnlab.lab.lab import load
from mnlab.protocols import tcp
from mnlab.protocols.tcp import congestion
from mnlab.protocols.tcp.congestion import DUPLICATE_ACKS, SLOW_START, TIMEOUT

read = load(Path(__file__).with_name("reading.py"))
SEGMENT, PORTS = read.SEGMENT, read.PORTS
trace, wire, episodes, first = read.trace, read.wire, read.episodes, read.first
before_retransmission, decisions, acks = read.before_retransmission, read.decisions, read.acks

RTO_MIN = 0.2  # include/net/tcp.h
# Segments by which a right controller may differ from Linux or from the formula: one for fractions, where Linux counts
# whole segments; one at the threshold, which may be a half and may be passed in one step; and one for new data sent to
# find out whether a timeout was a false alarm (F-RTO, RFC 5682), which does not count for Linux.
COUNTED = 3
READ = 0.05  # s to which one can read a time off the picture

SHORT_DONE = "s1 lost one segment, the {back}th from the end, of h1's short connection from port {port}"


# --- fast retransmit --------------------------------------------------------------------------------------------------

@observation(1, claim="CNG-4",
             hint="Compare h1-eth0.pcap with h2-eth0.pcap: which sequence number left and did not arrive?")
def check_exactly_one_segment_is_lost(kernel):
    """Of a short connection the sixth segment from the end is lost, and no other."""
    count = kernel.params["flight"]
    sent, arrived = wire(kernel, "fast").data(tcp.CLIENT), wire(kernel, "fast", "h2").data(tcp.CLIENT)
    numbers = {segment.header.ip_ident for segment in arrived}
    lost = [(segment.seq - 1) // SEGMENT + 1 for segment in sent if segment.header.ip_ident not in numbers]
    expect(lost == [count - 5], done=SHORT_DONE.format(back=6, port=PORTS["fast"]),
           expected=f"segment {count - 5} of {count} leaves h1 and never reaches h2", seen=f"lost on the way: {lost}")


@observation(1, claim="CNG-4",
             hint="Count the ACKs with the same number before the retransmission, in the ladder diagram.")
def check_third_duplicate_ack_retransmits(kernel):
    """The third duplicate ACK, and not the second, makes h1 send the segment again, before any timer."""
    again, duplicates = before_retransmission(wire(kernel, "fast"))
    done = SHORT_DONE.format(back=6, port=PORTS["fast"])
    expect(again, done=done, expected="h1 sends the lost segment again", seen="it never did")
    delay = again.time - duplicates[-1].time if duplicates else None
    # No more of them came meanwhile, and no timer is so quick: RACK's waits a quarter of an RTT (RFC 8985, 6.2).
    expect(len(duplicates) == 3 and delay < kernel.params["rtt"] / 4e3, done=done,
           expected="the segment is sent again as soon as the third duplicate ACK has come",
           seen=f"sent again after {len(duplicates)} duplicate ACKs"
                + (f", {delay * 1e3:.1f} ms after the last one" if duplicates else ""))
    waited = again.time - next(s.time for s in wire(kernel, "fast").data(tcp.CLIENT) if s.seq == again.seq)
    expect(waited < RTO_MIN, done=done, expected="that happens before the timer, which waits 200 ms at least",
           seen=f"{waited * 1e3:.0f} ms after the segment was first sent")


@observation(1, claim=("CNG-4", "CNG-1"), hint="Without a third duplicate ACK, what is left to notice the loss?",
        where="classic_recovery")
def check_two_duplicate_ACKs_are_not_enough(kernel):  # noqa: N802
    """If only two segments follow the lost one, the classic sender must wait for its timer."""
    again, duplicates = before_retransmission(wire(kernel, "two-classic"))
    done = SHORT_DONE.format(back=3, port=PORTS["two-classic"]) + ", with RACK and the loss probe turned off"
    expect(again, done=done, expected="h1 sends the lost segment again", seen="it never did")
    silence = again.time - duplicates[-1].time if duplicates else 0
    signs = [one.sign for one in trace(kernel, "two-classic").episodes]
    expect(len(duplicates) == 2 and silence > RTO_MIN / 2 and signs == [TIMEOUT], done=done,
           expected="two duplicate ACKs, then silence, then a retransmission timeout",
           seen=f"{len(duplicates)} duplicate ACKs, {silence * 1e3:.0f} ms of silence, then: {', '.join(signs)}")


@observation(1, claim="CNG-4", hint="RFC 8985: RACK judges by time. A quarter of the least RTT is its patience.")
def check_linux_itself_waits_less(kernel):
    """As Linux comes (RACK), less than three duplicate ACKs and a fraction of an RTT are enough: no timeout."""
    again, duplicates = before_retransmission(wire(kernel, "two-default"))
    done = SHORT_DONE.format(back=3, port=PORTS["two-default"]) + ", with Linux's own settings"
    expect(again, done=done, expected="h1 sends the lost segment again", seen="it never did")
    silence = again.time - duplicates[-1].time if duplicates else 0
    signs = [one.sign for one in trace(kernel, "two-default").episodes]
    rtt = kernel.params["rtt"] / 1e3
    # Of the two that come the first is enough if it comes late, as it may on a busy computer.
    expect(TIMEOUT not in signs and len(duplicates) in (1, 2) and silence < rtt, done=done,
           expected=f"sent again after one or two duplicate ACKs and less than an RTT ({rtt * 1e3:.0f} ms), no timeout",
           seen=f"{len(duplicates)} duplicate ACKs, {silence * 1e3:.0f} ms of silence, then: {', '.join(signs)}")


# --- signs of congestion ----------------------------------------------------------------------------------------------

@observation(1, claim="CNG-1", hint="The state machine: Recovery follows duplicate ACKs, Loss follows silence.")
def check_two_signs_of_congestion(kernel):
    """Reno takes three duplicate ACKs and a timeout as signs of congestion, and reduces its window for nothing else."""
    reno = trace(kernel, "reno")
    first(kernel, "reno", DUPLICATE_ACKS), first(kernel, "reno", TIMEOUT)
    # How many come is a matter of check_third_duplicate_ack_retransmits: an ACK that moves forward may bring the first
    # news of a gap (RFC 6675), and on a busy machine one ACK may bring news of several segments.
    wrong = [one for one in reno.episodes
             if (one.duplicates < 1 if one.sign == DUPLICATE_ACKS else one.silence < RTO_MIN)]
    expect(not wrong, done="Reno met single losses, a dead path and a full queue",
           expected="duplicate ACKs before every fast retransmit, at least 200 ms of silence before every timeout",
           seen="; ".join(f"{one.sign} after {one.duplicates} duplicate ACKs and {one.silence * 1e3:.0f} ms"
                          for one in wrong))
    signs = [one.time for one in reno.episodes]
    smaller = [step for step, following in pairwise(reno.steps) if step.state not in ("Recovery", "Loss")
               and step.cwnd_after is not None and step.cwnd_after < step.cwnd
               and not any(step.time <= time <= following.time for time in signs)]
    expect(not smaller, done="Reno met single losses, a dead path and a full queue",
           expected="outside of an episode the window never shrinks",
           seen=", ".join(f"{step.cwnd} to {step.cwnd_after} at {step.time:.3f} s" for step in smaller[:3]))


@observation(1, claim="CNG-1",
             hint="How many segments fit into the path (rate times RTT), and how many into the queue?")
def check_a_full_queue_loses(kernel):
    """Congestion itself: the window outgrows path and queue together, and the bottleneck drops a segment."""
    p = kernel.params
    path = p["rate"] * p["rtt"] * 1e3 / 8 / 1514
    drops = next(qdisc["drops"] for qdisc in kernel.json("queue-reno") if qdisc["kind"] == "tbf")
    done = f"the bottleneck has {p['rate']} Mbit/s, {p['rtt']} ms of RTT and a queue of {p['queue']} frames"
    expect(drops, done=done, expected="its queue overflows in Reno's connection", seen="it dropped nothing")
    # Two more: the frame that is being sent, and the ACK that lets two segments go at once. In real time a busy machine
    # sends in bursts, and these fill the queue before the window is large enough to.
    most = path + p["queue"] + 2.5
    least = most - 5 if kernel.clock == "virtual" else 0.8 * path
    noticed = [one.cwnd for one in episodes(kernel, "reno", DUPLICATE_ACKS)]
    expect(any(least <= window <= most for window in noticed[1:]), done=done,
           expected=f"a loss noticed with a window of about {path + p['queue']:.0f} segments: path and queue are full",
           seen=f"noticed with {noticed}")


# --- growing ----------------------------------------------------------------------------------------------------------

@observation(1, claim="CNG-2", hint="Each ACK adds a segment to the window: what is the sum over one RTT?")
def check_slow_start_doubles(kernel):
    """In slow start Reno's window doubles each RTT, from the initial window on."""
    reno = trace(kernel, "reno")
    start = first(kernel, "reno", DUPLICATE_ACKS).time
    rounds = [one for one in reno.rounds if one.end <= start and one.phases == {SLOW_START}]
    initial = kernel.params["initial_window"]
    windows = [rounds[0].cwnd, *(one.cwnd_after for one in rounds)] if rounds else []
    wanted = [initial * 2**number for number in range(len(windows))]
    expect(len(rounds) >= 2 and windows == wanted, done=f"Reno began with a window of {initial}",
           expected=f"two RTTs or more, windows {[initial * 2**number for number in range(4)]} ...",
           seen=f"windows {windows} at the beginning of each RTT")


@observation(1, claim="CNG-3", hint="A whole window of ACKs adds one segment.")
def check_avoidance_adds_one(kernel):
    """In congestion avoidance Reno's window grows by one segment each RTT."""
    rounds = [one for one in trace(kernel, "reno").rounds if one.phases == {congestion.AVOIDANCE}]
    grown = [one.cwnd_after - one.cwnd for one in rounds]
    odd = [one for one in grown if one != 1]
    # A round in which the sender was not limited by its window (just after a loss) may add nothing.
    expect(len(grown) >= 8 and sum(grown) >= 0.9 * len(grown) and all(one in (0, 1) for one in grown),
           done=f"Reno spent {len(grown)} whole RTTs in congestion avoidance",
           expected="one more segment in each (a round right after a loss may add none)",
           seen=f"{len(odd)} of them differ: {odd[:8]}" if odd else f"only {len(grown)} such RTTs")


# --- shrinking --------------------------------------------------------------------------------------------------------

@observation(1, claim="CNG-5", hint="tcp_reno_ssthresh(): half the window, not the window of one.")
def check_reno_halves(kernel):
    """Reno's fast recovery halves the window, and does not go back to one."""
    first(kernel, "reno", DUPLICATE_ACKS)
    for one in episodes(kernel, "reno", DUPLICATE_ACKS):
        done = f"Reno noticed a loss with a window of {one.cwnd}"
        expect(one.ssthresh == max(one.cwnd // 2, 2), done=done, expected=f"a threshold of {one.cwnd // 2}",
               seen=str(one.ssthresh))
        expect(one.cwnd_end in (None, one.ssthresh, one.ssthresh + 1), done=done,
               expected="fast recovery ends with the window at the threshold", seen=str(one.cwnd_end))
        lowest = min([step.cwnd for step in trace(kernel, "reno").steps
                      if one.time <= step.time <= (one.end or one.time)], default=one.ssthresh)
        expect(lowest >= one.ssthresh, done=done, expected="the window never falls below the threshold",
               seen=f"it fell to {lowest}")


@observation(1, claim="CNG-5", hint="RFC 9438, section 4.6: what is beta of CUBIC? net/ipv4/tcp_cubic.c has 717/1024.")
def check_cubic_keeps_seven_tenths(kernel):
    """CUBIC's fast recovery keeps seven tenths of the window."""
    first(kernel, "cubic", DUPLICATE_ACKS)
    for one in episodes(kernel, "cubic", DUPLICATE_ACKS):
        wanted = max(one.cwnd * 717 // 1024, 2)
        expect(one.ssthresh == wanted and one.cwnd_end in (None, wanted, wanted + 1),
               done=f"CUBIC noticed a loss with a window of {one.cwnd}",
               expected=f"threshold and window of {wanted} (717/1024)",
               seen=f"threshold {one.ssthresh}, window afterwards {one.cwnd_end}")


@observation(1, claim="CNG-5",
        hint="BBR's window follows its measurements of rate and RTT. What do duplicate ACKs say of those?")
def check_bbr_does_not_halve(kernel):
    """The same loss sets no threshold for BBR, and its window afterwards is what it was."""
    one = first(kernel, "bbr", DUPLICATE_ACKS)
    expect(one.ssthresh is None and one.cwnd_end is not None and one.cwnd_end >= one.cwnd,
           done=f"BBR noticed the loss of its segment {kernel.params['lost']} with a window of {one.cwnd}",
           expected="no threshold, and at least that window when the loss is repaired",
           seen=f"threshold {'none' if one.ssthresh is None else one.ssthresh}, window {one.cwnd_end}")


@observation(1, claim="CNG-5", hint="tcp_enter_loss(): nothing is known to be in flight any more.")
def check_timeout_goes_back_to_one(kernel):
    """A timeout does go back to a window of one: with Reno, CUBIC and BBR alike."""
    for name in ("reno", "cubic", "bbr"):
        one = first(kernel, name, TIMEOUT)
        expect(one.cwnd_next == 1, done=f"the path of {name} was dead for {kernel.params['dead']} ms",
               expected="after the timeout a window of one segment", seen=f"a window of {one.cwnd_next}")
    one = first(kernel, "reno", TIMEOUT)
    # The last ACK before the silence may have added a segment that no report shows any more.
    expect(one.ssthresh in (one.cwnd // 2, (one.cwnd + 1) // 2),
           done=f"Reno's timer went off at a window of {one.cwnd}",
           expected=f"a threshold of {one.cwnd // 2}, up to which slow start goes", seen=str(one.ssthresh))


# --- what you say -----------------------------------------------------------------------------------------------------

@points(2, claim=("CNG-2", "CNG-5"), hint="Slow start: one segment more for each segment that has been acknowledged.")
def check_prediction_of_the_first_loss(answers, params, kernel):
    """Your prediction: the window at the first loss, and what Reno, CUBIC and BBR make of it."""
    window = answers.integer("window_at_first_loss")
    one = first(kernel, "reno", DUPLICATE_ACKS)
    done = f"segment {params['lost']} was lost, with an initial window of {params['initial_window']}"
    expect(window == one.cwnd, done=done, expected="the window that the kernel had at the third duplicate ACK",
           seen=f"window_at_first_loss = {window}")
    for name in ("reno", "cubic"):
        given = answers.integer(f"{name}_threshold")
        expect(given == first(kernel, name, DUPLICATE_ACKS).ssthresh, done=done,
               expected=f"the threshold that {name}'s kernel set", seen=f"{name}_threshold = {given}")
    given = answers.text("bbr_threshold").lower()
    threshold = first(kernel, "bbr", DUPLICATE_ACKS).ssthresh
    expect(given == ("none" if threshold is None else str(threshold)), done=done,
           expected="what BBR did with its threshold", seen=f"bbr_threshold = {given}")


@points(2, claim="CNG-1", hint="grep cong_state_set in scenes/kernel/kernel/tcp.trace: 3 is Recovery, 4 is Loss.")
def check_signs_are_named(answers, kernel):
    """You name Reno's signs of congestion, in order, and when they came."""
    reno = trace(kernel, "reno")
    begin, done = reno.events[0].time, f"Reno noticed {len(reno.episodes)} losses"
    given = [str(one).lower() for one in answers.items("signs")]
    wanted = ["timer" if one.sign == TIMEOUT else "duplicates" for one in reno.episodes]
    expect(given == wanted, done=done, expected="each one's sign, in the order of your own trace",
           seen=f"signs = {given}")
    times = answers.items("sign_times")
    near = [isinstance(time, (int, float)) and abs(time - (one.time - begin)) <= READ
            for time, one in zip(times, reno.episodes)]
    expect(len(times) == len(wanted) and all(near), done=done,
           expected=f"when each came, in seconds since the SYN of your own connection (to {READ} s)",
           seen=f"sign_times = {times}")


@points(2, claim="CNG-5", hint="tcp_probe shows the window before each ACK counts: read the lines around cong_state=4.")
def check_timeout_is_read(answers, kernel):
    """You read the timeout from your trace: window before, threshold, window after."""
    one = first(kernel, "reno", TIMEOUT)
    for key, wanted in (("window_at_timeout", one.cwnd), ("threshold_after_timeout", one.ssthresh),
                        ("window_after_timeout", one.cwnd_next)):
        # The last ACK before the silence may have added a segment that no report shows: one more is right, too.
        given, room = answers.integer(key), key == "window_at_timeout"
        expect(wanted <= given <= wanted + room, done="Reno's timer went off",
               expected="what the kernel of your run says", seen=f"{key} = {given}")


@points(3, claim=("CNG-2", "CNG-3", "CNG-5"),
        hint="Compare window and threshold: below it is slow start. And what does state 3 mean?")
def check_phases_are_named(answers, kernel):
    """You name what Reno was doing at five moments of your run."""
    reno = trace(kernel, "reno")
    begin = reno.events[0].time
    for letter, time in kernel.json("moments").items():
        given = answers.choice(f"phase_{letter}", congestion.PHASES)
        expect(given == reno.phase_at(begin + time), done=f"moment {letter} is {time} s after Reno's SYN",
               expected="the phase that window, threshold and state show", seen=f"phase_{letter} = {given}")


# --- your controller --------------------------------------------------------------------------------------------------

@points(2, claim="CNG-2", hint="Each segment that is acknowledged adds one segment, also where one ACK is for several.")
def check_controller_slow_start(aimd):
    """Your controller's slow start adds a segment for each one acknowledged, as Linux did."""
    told = acks(aimd, slow_start=True)
    expect(len(told) >= 10, done="aimd.py was told of a connection",
           expected="slow start after the start and the timeout", seen=f"{len(told)} ACKs in slow start")
    congested = set()  # stories in which there was a sign of congestion
    for step in decisions(aimd):
        if step.one.kind != "ack":
            congested.add(step.story)
        expect(step.story in congested or step.ssthresh > step.cwnd, done=f"{step.done}, and no congestion so far",
               expected="slow start", seen=f"a threshold of {step.ssthresh:g}, a window of {step.cwnd:g}")
    for step in told:
        (before, limit), wanted, linux = step.before, step.before[0] + step.one.count, step.one.cwnd
        # An ACK that reaches the threshold may stop there or not (RFC 5681 leaves it open).
        stops = wanted > limit - 0.01 and limit - 1 < step.cwnd <= wanted or (
            linux is not None and abs(step.cwnd - linux) <= COUNTED and step.cwnd > before)
        expect(abs(step.cwnd - wanted) < 0.01 or stops, done=step.done, expected=f"a window of {wanted:g}",
               seen=f"{step.cwnd:g}")


@points(2, claim="CNG-3", hint="RFC 5681, equation 3: how much of a segment per ACK makes one segment per RTT?")
def check_controller_avoidance(aimd):
    """Your controller's congestion avoidance adds one segment for each window of segments that is acknowledged."""
    told = acks(aimd, slow_start=False)
    expect(len(told) >= 100, done="aimd.py was told of a connection",
           expected="most ACKs arrive in congestion avoidance",
           seen=f"{len(told)} ACKs in congestion avoidance, where your threshold is not above your window")
    last, begun, window = None, 0.0, 0.0
    for step in told:
        if (step.story, step.number - 1) != last:  # congestion avoidance begins, wherever your controller put it
            begun = window = max(step.before[0], 1.0)
        last, window = (step.story, step.number), window + step.one.count / window
        expect(abs(step.cwnd - window) <= COUNTED, done=step.done,
               expected=f"a window of about {window:.1f}, as it began with {begun:g} (give or take {COUNTED})",
               seen=f"{step.cwnd:g}")
    equal = [step for step in told if step.story == "aimd-made-up" and step.before[0] == step.before[1] >= 4]
    grown = sum(step.cwnd - step.before[0] for step in equal)
    expect(grown < max(len(equal), 1), done=f"an ACK came {len(equal)} times while the window was at its threshold",
           expected="a fraction of a segment more for each", seen=f"{grown:g} more in all")


@points(2, claim=("CNG-4", "CNG-5"), hint="RFC 5681, equation 4, and step 6 of section 3.2.")
def check_controller_fast_recovery(aimd):
    """On three duplicate ACKs your controller halves what was in flight, and goes on from there."""
    for step in decisions(aimd):
        if step.one.kind == DUPLICATE_ACKS:
            wanted = max(step.one.count / 2, 2)  # Linux rounds down
            expect(abs(step.ssthresh - wanted) <= 0.5 and abs(step.cwnd - wanted) <= 0.5, done=step.done,
                   expected=f"threshold and window of {wanted:g}",
                   seen=f"threshold {step.ssthresh:g}, window {step.cwnd:g}")


@points(2, claim="CNG-5", hint="RFC 5681, section 3.1: the loss window, and equation 4.")
def check_controller_timeout(aimd):
    """On a timeout your controller sets the threshold to half of what was in flight, and begins again with one."""
    for step in decisions(aimd):
        if step.one.kind == TIMEOUT:
            wanted = max(step.one.count / 2, 2)
            expect(abs(step.ssthresh - wanted) <= 0.5 and step.cwnd == 1, done=step.done,
                   expected=f"a threshold of {wanted:g} and a window of 1",
                   seen=f"threshold {step.ssthresh:g}, window {step.cwnd:g}")
