"""Who holds the sender back: the wire, the queues and the kernel's own counters must tell the same story.

Times in seconds, sizes in bytes unless a name says otherwise. Tolerances: shares of time and rates over a whole
transfer are compared with room, for a slow start and an end belong to every transfer, and h2's program reads five times
a second; counts (drops, losses, windows) are exact on any clock.
"""

from functools import lru_cache
from statistics import median

from mnlab.checks import expect, observation, points
from mnlab.evidence.record import Missing
from mnlab.protocols import kernel, tcp
from mnlab.protocols.tcp import windows as tcp_windows
from mnlab.protocols.transit import transits

SEGMENT, FRAME = 1448, 1514
HEADERS = FRAME / SEGMENT  # what a link carries for each byte of payload
CLASS = {"slow reader": "receiver", "small buffer": "receiver", "slow writer": "sender", "small send buffer": "sender",
         "short queue": "network", "deep queue": "network"}
PERCENT = 5  # points by which a share may be read wrongly
READS = 0.2  # s between two reads of h2's program


# --- reading the evidence ---------------------------------------------------------------------------------------------

@lru_cache(maxsize=8)
def connections(evidence, host) -> dict[int, tcp.Connection]:
    return {one.server.port: one for one in tcp.connections(evidence.frames(host))}


def connection(evidence, name, host="h1") -> tcp.Connection:
    port = evidence.params.get(f"{name}_port") or evidence.params["ports"][name]
    try:
        return connections(evidence, host)[port]
    except KeyError:
        raise Missing(f"the transfer {name} was not captured on {host}") from None


@lru_cache(maxsize=32)
def events(evidence, name, kind=kernel.Probe) -> list:
    """What h1's kernel said of a transfer."""
    port = evidence.params[f"{name}_port"]
    return [event for event in evidence.kernel() if isinstance(event, kind) and event.target.port == port]


def counters(evidence, name) -> dict:
    """TCP_INFO of h1's socket at the end; times in us but for `seconds`."""
    return evidence.json(f"{name}-counters")


@lru_cache(maxsize=32)
def packets(evidence, start, end, source="h1", target="h2") -> list:
    """What `source` sent between two marks, and what became of it."""
    first, last = evidence.mark(start), evidence.mark(end)
    left = [frame for frame in evidence.frames(source) if first <= frame.time < last]
    return transits(left, evidence.frames(target), evidence.params[source])


def drops(evidence, name) -> dict[str, int]:
    """Interface and kind of s1's qdiscs: what they have dropped until the end of a transfer."""
    return {f"{qdisc['dev']} {qdisc['kind']}": qdisc["drops"] for qdisc in evidence.json(f"{name}-queues")}


def goodput(evidence, name) -> float:
    """Mbit/s at which h2's program got the file."""
    return evidence.params["size"] * 8 / counters(evidence, name)["seconds"] / 1e6


def fits(params, rate, queue) -> float:
    """Segments that the path and its queue hold: rate times RTT, and the queue."""
    return params[rate] * 1e6 * 2 * params["delay"] / 1e3 / 8 / FRAME + params[queue]


def share(samples, limit) -> float:
    """In how many of the kernel's samples no further segment fits below a limit."""
    return sum(one.in_flight + SEGMENT > limit(one) for one in samples) / len(samples)


def percent(counts) -> float:
    """rwnd_limited, of the time in which the socket was busy."""
    return 100 * counts["rwnd_limited"] / counts["busy_time"]


def done_by(params, name) -> str:
    rate, queue = {"receiver": ("fast", "queue"), "link": ("slow", "queue"), "deep": ("slow", "deep")}[name]
    return (f"h2 reads at {params['reader']} Mbit/s, the link has {params[rate]:g} Mbit/s and a queue of "
            f"{params[queue]} frames")


# --- a slow receiver: flow control ------------------------------------------------------------------------------------

@observation(1, claim="FVC-2",
             hint="Compare the two captures, and read the drops in scenes/labelled/files/receiver-queues.")
def check_a_slow_receiver_costs_no_packet(labelled, params):
    """With the slow receiver nothing is dropped anywhere: every packet that leaves arrives, and none is sent again."""
    lost = [one for way in (("h1", "h2"), ("h2", "h1"))
            for one in packets(labelled, "receiver-start", "receiver-end", *way) if one.lost]
    dropped = {where: count for where, count in drops(labelled, "receiver").items() if count}
    again = events(labelled, "receiver", kernel.Retransmit)
    whole = len(connection(labelled, "receiver", "h2").stream(tcp.CLIENT)) == params["size"]
    expect(not lost and not dropped and not again and whole, done=done_by(params, "receiver"),
           expected="all packets of both directions arrive, no queue drops, no segment is sent again",
           seen=f"{len(lost)} lost, drops {dropped or 'none'}, {len(again)} sent again")


@observation(1, claim="FVC-2",
             hint="Look at the window in h2's ACKs, at what h1 has in flight, at who wrote the window.")
def check_the_receiver_closes_its_window(labelled, params):
    """h2's window shrinks below a segment, h1 never sends beyond it, and no node on the way touches it."""
    here, there = connection(labelled, "receiver"), connection(labelled, "receiver", "h2")
    least = min(segment.window for segment in here.sent(tcp.SERVER) if not segment.syn)
    over = [moment for moment in tcp_windows.flight(here, tcp.CLIENT) if moment.room < 0]
    expect(least < SEGMENT and not over, done=done_by(params, "receiver"),
           expected="a window with no room for a segment; h1 sends nothing beyond it",
           seen=f"a window of {least} at least; sent beyond it {len(over)} times")
    for name in ("receiver", "link"):
        told = {segment.header.ip_ident: segment.header.window
                for segment in connection(labelled, name, "h2").sent(tcp.SERVER)}
        changed = [segment for segment in connection(labelled, name).sent(tcp.SERVER)
                   if told.get(segment.header.ip_ident) != segment.header.window]
        expect(not changed, done=done_by(params, name), expected="windows arrive as h2 sent them",
               seen=f"{len(changed)} of {len(there.sent(tcp.SERVER))} were changed on the way")


@observation(1, claim="FVC-2", hint="How fast would the link alone have been?")
def check_the_receiver_sets_the_pace(labelled, params):
    """The transfer takes as long as h2's program takes to read, a fraction of what the link could do."""
    took, reading = counters(labelled, "receiver")["seconds"], params["size"] * 8 / params["reader"] / 1e6
    expect(reading - READS <= took <= reading + 2 * READS, done=done_by(params, "receiver"),
           expected=f"{reading:.2f} s, what reading takes, to one read", seen=f"{took:.2f} s")


@observation(1, claim="FVC-2",
        hint="scenes/labelled/files/receiver-ss: busy, and how much of it rwnd_limited. Then compare with the wire.")
def check_the_kernel_blames_the_window(labelled, params):
    """rwnd_limited is most of busy; the wire says the same; and the congestion window has room."""
    counts, text = counters(labelled, "receiver"), labelled.text("receiver-ss")
    expect(percent(counts) > 60 and f"rwnd_limited:{counts['rwnd_limited'] // 1000}ms" in text,
           done=done_by(params, "receiver"), expected="rwnd_limited for most of the time it was busy",
           seen=f"{percent(counts):.0f} %")
    one = connection(labelled, "receiver")
    end = max(segment.time for segment in one.data(tcp.CLIENT))  # what follows has nothing more to send
    wire = sum(min(span.end, end) - span.start for span in tcp_windows.limited(one, tcp.CLIENT) if span.start < end)
    # The kernel counts in ticks of 4 ms, and from its own decision to send: some spans, some ticks.
    expect(abs(wire * 1e6 / counts["rwnd_limited"] - 1) < 0.2, done=done_by(params, "receiver"),
           expected=f"as long on the wire as for the kernel, {counts['rwnd_limited'] / 1e6:.2f} s",
           seen=f"no room in the window for {wire:.2f} s")
    # Slow start ends there, and not at a loss. How many samples it has is a matter of the window's size.
    shut = next((segment.time for segment in one.sent(tcp.SERVER) if not segment.syn and segment.window < SEGMENT), end)
    later = [event for event in events(labelled, "receiver") if event.time > shut]
    full = sum(event.in_flight + SEGMENT > event.snd_cwnd * SEGMENT for event in later)
    expect(later and full < 0.1 * len(later), done=done_by(params, "receiver"),
           expected="once h2's window has closed for the first time, the congestion window has room",
           seen=f"full in {full} of {len(later)} samples")


# --- a slow link: congestion control ----------------------------------------------------------------------------------

@observation(1, claim="FVC-1", hint="Count what left h1 and never came to h2, and what s1's queue dropped.")
def check_a_slow_link_drops_in_the_routers_queue(labelled, params):
    """With the slow link packets are lost, and all of them in the queue before the link."""
    lost = [one for one in packets(labelled, "receiver-end", "link-end") if one.lost]
    before, after = drops(labelled, "receiver"), drops(labelled, "link")
    dropped = {where: after[where] - before[where] for where in after if after[where] > before[where]}
    back = [one for one in packets(labelled, "receiver-end", "link-end", "h2", "h1") if one.lost]
    # netem counts what its child, tbf, drops as its own, too.
    expect(lost and dropped.get("s1-eth2 tbf") == len(lost) and set(dropped) <= {"s1-eth2 tbf", "s1-eth2 netem"}
           and not back, done=done_by(params, "link"), expected="losses, as many as the queue before the link dropped",
           seen=f"{len(lost)} lost on the way there, {len(back)} on the way back; dropped: {dropped or 'none'}")


@observation(1, claim="FVC-1", hint="How much fits into a path? Rate times RTT. And into its queue?")
def check_losses_begin_when_the_path_is_full(labelled, params):
    """The first segment is lost when the path and its queue hold all that they can."""
    one = connection(labelled, "link")
    arrived = {segment.header.ip_ident for segment in connection(labelled, "link", "h2").data(tcp.CLIENT)}
    lost = [segment for segment in one.data(tcp.CLIENT) if segment.header.ip_ident not in arrived]
    room = fits(params, "slow", "queue")
    expect(lost, done=done_by(params, "link"), expected="losses", seen="none")
    flight = next(moment.unacked for moment in tcp_windows.flight(one, tcp.CLIENT)
                  if moment.segment is lost[0]) / SEGMENT
    # ACKs on their way back are in flight no longer: the path back counts for some segments less or more.
    expect(room - 2 <= flight <= room + 4, done=done_by(params, "link"),
           expected=f"a first loss with about {room:.1f} segments in flight", seen=f"{flight:.1f}")


@observation(1, claim="FVC-1",
        hint="Compare flight with snd_cwnd, and flight with snd_wnd, in scenes/labelled/kernel/tcp.trace.")
def check_the_congestion_window_limits(labelled, params):
    """With the slow link the congestion window is full, and smaller than the receiver's; rwnd_limited says so."""
    samples = events(labelled, "link")
    full = share(samples, lambda event: event.snd_cwnd * SEGMENT)
    smaller = sum(event.snd_cwnd * SEGMENT < event.snd_wnd for event in samples) / len(samples)
    expect(full > 0.7 and smaller > 0.7, done=done_by(params, "link"),
           expected="the congestion window full most of the time, and smaller than h2's",
           seen=f"full in {full:.0%} of the samples, smaller in {smaller:.0%}")
    # After a loss, what came behind the gap waits in h2's buffer: its window, too, is small for a moment.
    limited, before = (percent(counters(labelled, name)) for name in ("link", "receiver"))
    again = counters(labelled, "link")["total_retrans"]
    expect(limited < before / 2 and again > 0, done=done_by(params, "link"),
           expected="rwnd_limited less than half as long as with the fast link, and segments sent again",
           seen=f"rwnd_limited {limited:.0f} % of busy, before {before:.0f} %; {again} sent again")


@observation(1, claim="FVC-1", hint="What does the window do at the first drop, and how many drops follow?")
def check_the_sender_backs_off(labelled, params):
    """The first drops halve the window; afterwards the queue is spared: few further drops."""
    states = [event for event in events(labelled, "link", kernel.CongestionState) if event.state == "Recovery"]
    expect(states, done=done_by(params, "link"), expected="the state Recovery", seen="never")
    samples, first = events(labelled, "link"), states[0].time
    before = [event for event in samples if event.time <= first][-1].snd_cwnd
    after = next(event for event in samples if event.time > first).ssthresh
    # The last ACK before may have opened the window by some more, which no sample shows.
    expect(before // 2 <= after <= (before + 4) // 2, done=done_by(params, "link"),
           expected=f"a threshold of half of {before}", seen=str(after))
    # One RTT, with a full queue, passes until h1 knows.
    full = first + 2 * fits(params, "slow", "queue") * FRAME * 8 / (params["slow"] * 1e6)
    late = [one for one in packets(labelled, "link-start", "link-end") if one.time > full]
    lost = sum(one.lost for one in late)
    expect(late and lost <= 0.05 * len(late), done=done_by(params, "link"),
           expected="at most one packet in twenty lost after that", seen=f"{lost} of {len(late)}")


@observation(1, claim=("FVC-1", "FVC-2"), hint="Which of the two is slower: the link or the program that reads?")
def check_one_number_decides_who_limits(labelled, params):
    """The two transfers differ in the link's rate alone; with the slow one, the link sets the pace."""
    sizes = {name: len(connection(labelled, name, "h2").stream(tcp.CLIENT)) for name in ("receiver", "link")}
    # What a window may grow to later depends on the segments that come (tcp_measure_rcv_mss, since Linux 6.6).
    windows = {name: connection(labelled, name).handshake.synack.window for name in sizes}
    expect(len(set(sizes.values())) == 1 == len(set(windows.values())), done="h1 sent the same file twice",
           expected="the same bytes, the same window in the SYN+ACK", seen=f"{sizes}; windows {windows}")
    rates = {name: next(qdisc["options"]["rate"] * 8 / 1e6 for qdisc in labelled.json(f"{name}-queues")
                        if qdisc["kind"] == "tbf") for name in sizes}
    wanted = {"receiver": params["fast"], "link": params["slow"]}
    expect(all(abs(rates[name] / wanted[name] - 1) < 0.01 for name in rates), done="h1 sent the same file twice",
           expected=f"links of {wanted} Mbit/s", seen=str(rates))
    rate = goodput(labelled, "link")
    most = params["slow"] / HEADERS
    expect(0.8 * most < rate <= 1.01 * most, done=done_by(params, "link"),
           expected=f"what the link leaves for payload, {most:.2f} Mbit/s, or a little less", seen=f"{rate:.2f} Mbit/s")


# --- where the signs mislead ------------------------------------------------------------------------------------------

@observation(2, claim=("FVC-1", "FVC-2"), hint="Where do the bytes wait? Compare the first RTT with the last.")
def check_a_deep_queue_looks_like_a_slow_receiver(labelled, params):
    """With a deep queue nothing is dropped and the kernel blames the window; yet h2 is idle, and the RTT tells why."""
    done = done_by(params, "deep")
    lost = [one for one in packets(labelled, "deep-start", "deep-end") if one.lost]
    counts = counters(labelled, "deep")
    expect(not lost and percent(counts) > 50, done=done, expected="no loss, and rwnd_limited most of the time",
           seen=f"{len(lost)} lost, {percent(counts):.0f} %")
    windows = [segment.window for segment in connection(labelled, "deep").sent(tcp.SERVER) if not segment.syn]
    # h2's program comes by five times a second, and what the link brought meanwhile waits for it.
    expect(min(windows) > 0.4 * max(windows), done=done, expected="a window that stays open: h2 is waiting, not full",
           seen=f"{min(windows)} to {max(windows)}")
    rtts = [event.srtt for event in events(labelled, "deep")]
    slow = [event.srtt for event in events(labelled, "receiver")]
    expect(median(rtts) > 5 * min(rtts) and median(slow) < 3 * min(slow), done=done,
           expected="an RTT that grows manyfold, as the queue does; with the slow receiver it did not",
           seen=f"{min(rtts) * 1e3:.0f} to {median(rtts) * 1e3:.0f} ms; slow receiver: {median(slow) * 1e3:.0f} ms")
    rate = goodput(labelled, "deep")
    expect(0.8 < rate / (params["slow"] / HEADERS) <= 1.01, done=done, expected="the link's pace all the same",
           seen=f"{rate:.2f} Mbit/s")


@observation(1, claim=("FVC-1", "FVC-2"), hint="Compare flight with both windows, and busy with the whole time.")
def check_a_sender_may_hold_itself_back(unlabelled, params):
    """A third kind: neither window is full, no counter blames anyone; busy tells a small buffer from a slow program."""
    by_cause = {cause: letter for letter, cause in params["causes"].items()}
    for cause, always_busy in (("small send buffer", True), ("slow writer", False)):
        letter = by_cause[cause]
        port, counts = params["ports"][letter], counters(unlabelled, letter)
        samples = [event for event in unlabelled.kernel()
                   if isinstance(event, kernel.Probe) and event.target.port == port]
        full = share(samples, lambda event: min(event.snd_cwnd * SEGMENT, event.snd_wnd))
        lost = unlabelled.json(f"{letter}-lost")["dropped"]
        expect(full < 0.1 and counts["rwnd_limited"] == 0 and counts["total_retrans"] == lost,
               done=f"h1 sent with a {cause}",
               expected=f"neither window full, no rwnd_limited, nothing sent again but {lost} that s1 had lost",
               seen=f"full in {full:.0%} of the samples; {counts}")
        busy = counts["busy_time"] / 1e6 / counts["seconds"]
        expect((busy > 0.9) == always_busy, done=f"h1 sent with a {cause}",
               expected="data in flight all the time" if always_busy else "pauses with nothing in flight",
               seen=f"busy {busy:.0%} of the time")


# --- what you say -----------------------------------------------------------------------------------------------------

@points(2, claim=("FVC-1", "FVC-2"), hint="A link's rate counts whole frames; a file's does not.")
def check_answer_rates(answers, params, labelled):
    """Your prediction: how fast the file gets through, with the slow receiver and with the slow link."""
    for name, wanted in (("receiver", params["reader"]), ("link", params["slow"] / HEADERS)):
        given = answers.number(f"{name}_rate")
        expect(abs(given / wanted - 1) <= 0.02, done=done_by(params, name),
               expected="the payload's rate once it is under way, in Mbit/s, to 2 %", seen=f"{name}_rate = {given:g}")


@points(2, claim="FVC-1", hint="Bits on the way: rate times RTT. And where else may a frame be?")
def check_answer_room(answers, params, labelled):
    """Your prediction: how much path and queue hold, and how long the RTT gets when the window fills the deep queue."""
    for key, rate in (("room_fast", "fast"), ("room_slow", "slow")):
        given = answers.number(key)
        expect(abs(given - fits(params, rate, "queue")) <= 1, done=f"a link of {params[rate]:g} Mbit/s, an RTT of "
               f"{2 * params['delay']} ms, a queue of {params['queue']} frames",
               expected="the segments that are on the way and in the queue, to one", seen=f"{key} = {given:g}")
    given, longest = answers.number("deep_rtt_ms"), max(event.srtt for event in events(labelled, "deep")) * 1e3
    # By how much a window grows beyond what it began with is the kernel's affair, and cannot be predicted.
    begun = connection(labelled, "deep").handshake.synack.window // SEGMENT * FRAME * 8 / (params["slow"] * 1e3)
    expect(0.85 * min(begun, longest) <= given <= 1.15 * max(begun, longest),
           done=done_by(params, "deep") + f"; h2's window begins with {params['buffer']}",
           expected="the longest smoothed RTT, or what the window made it that h2 began with, to 15 %",
           seen=f"deep_rtt_ms = {given:g}")


@points(2, claim="FVC-2", hint="scenes/labelled/files/receiver-ss and deep-ss.")
def check_answer_counters(answers, labelled):
    """You read from your run how much of its time each sender was limited by the window."""
    for name in ("receiver", "deep"):
        given = answers.number(f"{name}_percent")
        expect(abs(given - percent(counters(labelled, name))) <= PERCENT, done=f"the transfer {name}",
               expected=f"rwnd_limited in per cent of busy, in your own run, to {PERCENT}",
               seen=f"{name}_percent = {given:g}")


@points(3, claim=("FVC-1", "FVC-2"), hint="Each cause leaves its own trace: in windows, RTTs, drops, pauses, counters.")
def check_answer_causes(answers, params):
    """You name what held each of the six connections back."""
    for letter, cause in params["causes"].items():
        given = answers.choice(f"cause_{letter}", CLASS)
        expect(given == cause, done=f"you looked at connection {letter}, port {params['ports'][letter]}",
               expected="what held it back", seen=f"cause_{letter} = {given}")


# --- your program -----------------------------------------------------------------------------------------------------

TOLD = {"diagnose": ("ABCDEF", "_told"), "diagnose-some": ("PQRS", "_told_again"),
        "diagnose-one": ("X", "_told_alone")}


def verdicts(evidence, params) -> list[tuple[str, str, str, str]]:
    """(how it was called, letter, cause, verdict) of each connection that your program was told of."""
    found = []
    for name, (letters, told) in TOLD.items():
        command = evidence.command(name)
        causes = dict(zip(letters, (params["causes"][letter] for letter in params[told])))
        done = f"diagnose.py got the samples of {len(causes)} connections"
        expect(command.status == 0, done=done, expected="it ends well",
               seen=command.stopped or f"status {command.status}: {command.stderr.strip()[-300:]}")
        lines = [line.split() for line in command.stdout.splitlines()]
        odd = [line for line in lines if len(line) != 2] or sorted(line[0] for line in lines) != sorted(causes)
        expect(not odd, done=done, expected=f"a line for each of {', '.join(causes)}, and no other",
               seen=command.stdout[:200] or "nothing")
        found += [(name, letter, causes[letter], word.lower()) for letter, word in lines]
    return found


def names(evidence, params, word) -> None:
    """All connections of a class are called `word`, and no other is."""
    for name in TOLD:
        mine = [(letter, cause, verdict) for call, letter, cause, verdict in verdicts(evidence, params) if call == name]
        wanted = {letter for letter, cause, _ in mine if CLASS[cause] == word}
        given = {letter for letter, _, verdict in mine if verdict == word}
        expect(given == wanted, done=f"diagnose.py got the samples of {len(mine)} connections",
               expected=f"those that the {word} holds back, and no others",
               seen=f"called {word}: {', '.join(sorted(given)) or 'none'}")


@points(3, claim="FVC-2", hint="A window need not close to be too small, and to be full is not always its doing.")
def check_program_finds_receivers(unlabelled, params):
    """Your program finds what the receiver holds back: one reads slowly, one has little room."""
    names(unlabelled, params, "receiver")


@points(3, claim="FVC-1", hint="Queues drop, or they grow. What does growing do to the RTT?")
def check_program_finds_networks(unlabelled, params):
    """Your program finds what the network holds back: one queue drops, one only grows."""
    names(unlabelled, params, "network")


@points(3, claim=("FVC-1", "FVC-2"), hint="If neither window is full, who is left?")
def check_program_finds_senders(unlabelled, params):
    """Your program finds what holds itself back."""
    names(unlabelled, params, "sender")
