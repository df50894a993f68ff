"""What the wire and the kernel of h1 must show of windows; then the student's answers and the student's sender.

Sizes in bytes, times in seconds. Speeds are taken from the shortest time that something took: the path allows for no
shorter one, and a busy computer in real time does not delay all. CLOSE is what it may add even then (virtual time:
under 1 %), and a program that sends one segment at a time may think about each for half a round trip.
"""

from itertools import pairwise
from pathlib import Path

from mnlab.checks import expect, observation, points, saw
from mnlab.lab.lab import load
from mnlab.protocols import tcp
from mnlab.protocols.kernel import Probe, Retransmit
from mnlab.protocols.tcp import windows as tcp_windows

read = load(Path(__file__).with_name("reading.py"))
PATHS, MSS, AT_ONCE = read.PATHS, read.MSS, read.AT_ONCE
wire, data, acks, rtt = read.wire, read.data, read.acks, read.rtt
speed, largest_window = read.speed, read.largest_window

CLOSE = 0.1
LATE, TICK = 1 + 1 / 8, 0.01  # Linux's timers: up to 1/8 late (kernel/time/timer.c), and the slowest usual clock's tick
HEADERS = 46  # bytes of a datagram of the student's: Ethernet, IP, UDP, and the number
ENDS, REPEATED = 1.0, 4  # s until the student's sender ends; repetitions for each datagram lost
PROMPT = 0.8  # of the time that a segment takes on the student's path: before the next answer comes
UNREAD = "near's program did not read what h1 sent it (port 5001)"


def closed(evidence, name, done) -> tcp_windows.Closed:
    """The first time that the receiver's window was 0; the check fails if it never was."""
    found = tcp_windows.closed(wire(evidence, name), tcp.SERVER)
    least = min(one.window for one in acks(wire(evidence, name)))
    expect(found, done=done, expected="a window of 0", seen=f"windows of {least} and more")
    return found[0]


# --- a receiver that does not read ------------------------------------------------------------------------------------

@observation(1, claim="WIN-1", hint="In the ladder diagram, follow `win=` from the SYN+ACK on.")
def check_the_window_shrinks_to_zero(kernel):
    """A receiver that does not read offers less and less, down to nothing, and h1 stops there."""
    shut = closed(kernel, "slow", UNREAD)
    offers = [one for one in acks(wire(kernel, "slow")) if one.time <= shut.start]
    sizes, edges = [one.window for one in offers], [one.ack + one.window for one in offers]
    # A receiver may tidy its buffer and find room for a little more, but takes nothing back.
    expect(sizes[0] == max(sizes) and edges == sorted(edges), done=UNREAD, seen=str(sizes),
           expected="windows from the largest down to 0, whose right edge never moves back")
    until = kernel.mark("slow-reads")
    held = [one for one in data(wire(kernel, "slow")) if shut.start < one.time < until]
    top = max(one.end for one in data(wire(kernel, "slow")) if one.time < until)
    expect(not held and top == shut.segment.ack < 3 * kernel.params["buffer"], done=UNREAD,
           expected="h1, which has more to send, sends nothing more until near reads",
           seen=f"{len(held)} segments with data after that; {top - 1} bytes sent, {shut.segment.ack - 1} acknowledged")


@observation(1, claim="WIN-1", hint="Compare h1-eth0.pcap with the receivers' captures: is anything missing?")
def check_no_window_is_overrun_and_nothing_lost(kernel):
    """h1 never sends beyond a window. So nothing is lost and nothing repeated, however slow the receiver."""
    for name, peer in read.PEERS.items():
        done = f"h1 sent to port {read.PORTS[name]} of {peer}"
        expect(not read.overruns(wire(kernel, name)), done=done, expected="nothing beyond the receiver's window",
               seen=f"{len(read.overruns(wire(kernel, name)))} segments beyond it")
        arrived = {one.header.ip_ident for one in wire(kernel, name, peer).sent(tcp.CLIENT)}
        missing = [one for one in data(wire(kernel, name)) if one.header.ip_ident not in arrived]
        again = [event for event in kernel.kernel()
                 if isinstance(event, Retransmit) and event.target.port == read.PORTS[name]]
        expect(not missing and not again, done=done, expected="no segment lost, no retransmission",
               seen=f"{len(missing)} lost, {len(again)} retransmissions")


@observation(1, claim="WIN-5", hint="RFC 9293, section 3.8.6.1. Look at the gaps, and at what each probe carries.")
def check_probes_back_off(kernel):
    """While the window is closed h1 asks again and again, with no data, each time after twice the time."""
    shut = closed(kernel, "slow", UNREAD)
    times = [shut.start, *(probe.time for probe in shut.probes)]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    expect(len(gaps) >= 4 and not any(probe.length for probe in shut.probes), done=UNREAD,
           expected="several probes without data", seen=f"{len(gaps)} probes")
    # A timer may be late, never early: there is a first timeout that explains every gap.
    least = max((gap - 5 * TICK) / LATE / 2**n for n, gap in enumerate(gaps))
    doubled = least <= min((gap + TICK) / 2**n for n, gap in enumerate(gaps))
    expect(doubled and 0.2 <= gaps[0] < 0.2 * LATE + 2 * rtt(wire(kernel, "slow")) + 5 * TICK, done=UNREAD,
           expected="the first after the retransmission timeout (200 ms and the RTT), each gap twice the one before",
           seen=", ".join(f"{gap:.2f}" for gap in gaps))


@observation(1, claim="WIN-1", hint="The ACK with the number of the ones before and another window: what does it say?")
def check_an_update_opens_the_window(kernel):
    """near's program reads: near says so at once, without being asked, and h1 goes on as soon as it hears it."""
    done, reads = "near's program read after a while (port 5001)", kernel.mark("slow-reads")
    update = closed(kernel, "slow", UNREAD).update
    expect(update and update.length == 0, done=done, expected="an ACK that opens the window", seen="none")
    path = rtt(wire(kernel, "slow"))
    expect(update.window >= MSS and 0 <= update.time - reads < path + 5 * AT_ONCE, done=done,
           expected="room for a segment at least, said at once",
           seen=f"{update.window} bytes, {(update.time - reads) * 1e3:.0f} ms later")
    after = next((one for one in data(wire(kernel, "slow")) if one.time >= update.time), None)
    expect(after and after.time - update.time < AT_ONCE and after.seq == update.ack, done=done,
           expected="h1 goes on with the next byte, at once",
           seen=f"after {(after.time - update.time) * 1e3:.0f} ms" if after else "nothing")
    stream = wire(kernel, "slow").data(tcp.CLIENT)[-1].end - 1
    expect(stream == 3 * kernel.params["buffer"], done=done, expected="in the end all of it is sent",
           seen=f"{stream} bytes")


@observation(1, claim="WIN-6", hint="An ACK is not acknowledged. Who finds out that it is lost, and by what?")
def check_a_lost_update_is_found_by_a_probe(kernel):
    """The window update is lost: both would wait for ever if h1 did not go on asking. The next probe finds the room."""
    done = "near read, and s1 lost the one ACK that said so (port 5002)"
    reads, connection = kernel.mark("deaf-reads"), wire(kernel, "deaf")
    heard = {one.header.ip_ident for one in connection.sent(tcp.SERVER)}
    missing = [one for one in wire(kernel, "deaf", "near").sent(tcp.SERVER) if one.header.ip_ident not in heard]
    expect(len(missing) == 1 and missing[0].window > 0 and kernel.json("lost-update")["dropped"] == 1, done=done,
           expected="one ACK with an open window leaves near and does not reach h1", seen=f"{len(missing)} such ACKs")
    shut = closed(kernel, "deaf", done)
    probes = [probe for probe in shut.probes if probe.time > reads]
    expect(len(probes) == 1 and shut.update and 0 < shut.update.time - probes[0].time < 3 * rtt(connection), done=done,
           expected="silence until the next probe, whose answer opens the window",
           seen=f"{len(probes)} probes after that")
    sent = [one for one in data(connection) if missing[0].time < one.time < shut.update.time]
    expect(not sent and max(one.end for one in data(connection)) - 1 == 2 * kernel.params["buffer"], done=done,
           expected="then, and not before, h1 sends the rest", seen=f"{len(sent)} segments before")


# --- throughput -------------------------------------------------------------------------------------------------------

@observation(1, claim="WIN-2", hint="How many segments are in flight at any time?")
def check_stop_and_wait_is_slow(kernel):
    """One segment at a time takes one round trip each: on a path nine times as long, a ninth of the speed."""
    speeds = {}
    for path in PATHS:
        connection, done = wire(kernel, f"stop-{path}"), f"h1 sent one segment at a time to {path}"
        sent, trip = data(connection), 2 * kernel.params[f"{path}_delay"] / 1e3
        shortest = min((later.time - one.time for one, later in pairwise(sent)), default=0.0)
        speeds[path] = MSS / max(shortest, 1e-6)
        expect(len(sent) == kernel.params["stop_segments"] and trip <= shortest < 1.5 * trip, done=done,
               expected=f"a segment each round trip: {MSS / trip / 1e3:.1f} kB/s",
               seen=f"{len(sent)} segments, {speeds[path] / 1e3:.1f} kB/s")
    order = [speeds[path] for path in PATHS]
    expect(order == sorted(order, reverse=True), done="h1 sent one segment at a time",
           expected="the slower the longer the path", seen=str([round(one) for one in order]))


@observation(1, claim="WIN-2",
             hint="Take an ACK, and the one that acknowledges a whole window more: how much later is it?")
def check_speed_is_window_over_rtt(kernel):
    """The same window on three paths: the throughput is the window divided by the round trip time."""
    for path in PATHS:
        connection, done = wire(kernel, f"window-{path}"), f"h1 sent to {path}, which read at once"
        trip, least = rtt(connection), 2 * kernel.params[f"{path}_delay"] / 1e3
        expect(trip >= least, done=done, expected=f"a round trip of {least * 1e3:.0f} ms or more",
               seen=f"{trip * 1e3:.1f} ms")
        wanted = largest_window(connection) / trip
        expect(abs(speed(connection) / wanted - 1) < CLOSE, done=done,
               expected=f"a window of {largest_window(connection)} bytes each round trip: {wanted / 1e3:.1f} kB/s",
               seen=f"{speed(connection) / 1e3:.1f} kB/s")


@observation(1, claim="WIN-2",
        hint="`rwnd_limited` and `busy_time` in scenes/kernel/files/kernel: what did the sender wait for?")
def check_the_window_is_what_limits(kernel):
    """A larger window is faster by as much, and h1's kernel says itself that the receiver's window held it back."""
    small, large = wire(kernel, "window-mid"), wire(kernel, "double")
    ratio, wanted = speed(large) / speed(small), largest_window(large) / largest_window(small)
    expect(wanted > 1.8 and abs(ratio / wanted - 1) < CLOSE,
           done="h1 sent to mid twice, the second time to twice the buffer",
           expected=f"windows of {largest_window(small)} and {largest_window(large)}: {wanted:.2f} times as fast",
           seen=f"{ratio:.2f} times")
    for name in ("window-near", "window-mid", "window-far", "double"):
        said = kernel.json("kernel")[name]
        share = said["rwnd_limited"] / max(said["busy_time"], 1)
        expect(share > 0.7, done=f"h1 sent to port {read.PORTS[name]}",
               expected="held back by the receiver's window most of the time, by the kernel's own account",
               seen=f"{share:.0%} of the time")
    idle = kernel.json("kernel")["stop-mid"]
    expect(idle["rwnd_limited"] == 0, done="h1 sent one segment at a time to mid",
           expected="never held back by the window", seen=f"{idle['rwnd_limited']} us")


# --- what a window is -------------------------------------------------------------------------------------------------

@observation(1, claim="WIN-3", hint="Add up what leaves before the first ACK of data, on ports 5004 and 5007.")
def check_the_window_counts_bytes(kernel):
    """The same window holds the same number of bytes, in however many segments they come."""
    flights = {name: read.first_flight(wire(kernel, name)) for name in ("window-mid", "small")}
    offered = {name: wire(kernel, name).handshake.synack.window for name in flights}
    sizes = {name: sum(one.length for one in flight) for name, flight in flights.items()}
    done = "h1 sent to mid with full segments, and then with segments half as large"
    expect(sizes == offered and len(set(offered.values())) == 1, done=done,
           expected=f"as many bytes as the window offers, each time: {offered['small']}",
           seen=f"{sizes['window-mid']} and {sizes['small']} bytes")
    counts = {name: len(flight) for name, flight in flights.items()}
    expect(counts["small"] >= 1.8 * counts["window-mid"], done=done, expected="about twice as many segments",
           seen=f"{counts['window-mid']} and {counts['small']} segments")


@observation(1, claim="WIN-7", hint="Compare the SYN+ACK's window with the largest later on, on port 5006 first.")
def check_a_buffer_makes_a_window(kernel):
    """A buffer of n bytes is a window of n, in whole segments, to begin with; it grows no further than its memory."""
    p, grows = kernel.params, False
    sizes = {"slow": p["buffer"], "deaf": p["buffer"], "double": 2 * p["window"]}
    for name, peer in read.PEERS.items():
        size = sizes.get(name, p["window"])
        first, largest = wire(kernel, name).handshake.synack.window, largest_window(wire(kernel, name))
        expect(0 <= size - first < MSS and largest <= 2 * size,  # socket(7): the kernel reserves twice as much
               done=f"{peer}'s program asked for a buffer of {size} bytes (port {read.PORTS[name]})",
               expected=f"a window of that size in the SYN+ACK, rounded down to segments, and none beyond {2 * size}",
               seen=f"{first} in the SYN+ACK, {largest} at most")
        grows |= largest > first
    saw("the window of a fixed buffer grows beyond the one in the SYN+ACK", "yes" if grows else "no")


@observation(1, claim="WIN-4", hint="What happens within microseconds of each ACK?")
def check_the_window_slides(kernel):
    """Each ACK moves the window's right edge, never back; h1 sends what the edge has passed, at once."""
    connection, done = wire(kernel, "window-far"), "h1 sent to far, which read at once"
    edges = [one.ack + one.window for one in acks(connection)]
    expect(all(later >= earlier for earlier, later in pairwise(edges)) and len(set(edges)) >= 10, done=done,
           expected="a right edge that moves on, and never back", seen=f"{len(set(edges))} different edges")
    first = read.first_flight(connection)
    for one in data(connection)[len(first):]:
        cause = [ack for ack in acks(connection) if ack.time <= one.time and ack.ack + ack.window >= one.end][:1]
        expect(cause and one.time - cause[0].time < AT_ONCE, done=done,
               expected=f"bytes {one.seq} to {one.end - 1} leave with the ACK that made room for them",
               seen=f"{(one.time - cause[0].time) * 1e3:.1f} ms after it" if cause else "before there was room")
    told = [event for event in kernel.kernel() if isinstance(event, Probe) and event.target.port == 5005]
    expect(told and all(event.in_flight <= event.snd_wnd + MSS for event in told), done=done,
           expected="by the kernel's account, never more in flight than the window",
           seen=f"{max((event.in_flight for event in told), default=0)} bytes")


# --- the student's answers --------------------------------------------------------------------------------------------

@points(3, claim="WIN-2", hint="One round trip is two delays. What is in flight meanwhile?")
def check_answer_predictions(kernel, answers, params):
    """Your prediction: how long one segment at a time takes on the long path, and how fast a whole window is."""
    sent = data(wire(kernel, "stop-far"))
    took = read.acked_at(wire(kernel, "stop-far"), sent[-1].end) - sent[0].time
    given, least = answers.number("stop_seconds"), len(sent) * 2 * params["far_delay"] / 1e3
    expect((1 - CLOSE) * least < given < (1 + CLOSE) * took, done=f"h1 sent {len(sent)} segments to far, one at a time",
           expected="as long as in your capture, to a tenth", seen=f"{given:g} s")
    given, seen = answers.number("far_speed"), speed(wire(kernel, "window-far"))
    # Some kernels let the window grow (WIN-7), by enough for the segment that is not read yet, or not.
    begun = (wire(kernel, "window-far").handshake.synack.window - MSS) * 1e3 / (2 * params["far_delay"])
    expect((1 - 2 * CLOSE) * min(begun, seen) < given < (1 + 2 * CLOSE) * max(begun, seen),
           done="h1 sent to far with a window open to it", seen=f"{given:g} bytes/s",
           expected="far_speed: as fast as in your capture, or as the window made it that far began with, to a fifth")


@points(3, claim=("WIN-1", "WIN-5", "WIN-6"), hint="Filter tcp.port == 5001 && tcp.analysis.zero_window_probe, say.")
def check_answer_closed_windows(kernel, answers):
    """You read the closed windows: what fits into the buffer, how often h1 asks, how long a lost update costs."""
    shut = closed(kernel, "slow", UNREAD)
    for key, truth in (("accepted", shut.segment.ack - 1), ("probes", len(shut.probes))):
        given = answers.integer(key)
        expect(given == truth, done=UNREAD, expected=f"{key}: as in your capture", seen=str(given))
    cost = closed(kernel, "deaf", UNREAD).update.time - kernel.mark("deaf-reads")
    given = answers.number("update_lost_seconds")
    expect(abs(given - cost) <= 0.1, done="a window update was lost on port 5002",
           expected="update_lost_seconds: from the lost update to the open window, to 0.1 s", seen=f"{given:g} s")


@points(3, claim=("WIN-3", "WIN-4"), hint="Take the SYN+ACK's window, and count what leaves before the first ACK.")
def check_answer_what_a_window_is(kernel, answers):
    """You read the windows: how many segments fill one, of either size, and what makes room for the next."""
    for key, name in (("segments_full", "window-mid"), ("segments_half", "small")):
        given, truth = answers.integer(key), len(read.first_flight(wire(kernel, name)))
        expect(given == truth, done=f"h1 sent to port {read.PORTS[name]} of mid", expected=f"{key}: as in your capture",
               seen=str(given))
    given = answers.choice("makes_room", ("a timer", "an ack", "a loss"))
    expect(given == "an ack", done="h1 had a full window in flight",
           expected="makes_room: what comes right before the next segment", seen=given)


# --- the student's sender ---------------------------------------------------------------------------------------------

@points(1, claim="WIN-4", hint="What has not been acknowledged must be kept, and be sent again some day.")
def check_your_message_arrives(sender):
    """Your sender gets the whole message across a path that loses datagrams, in whole segments, and ends."""
    p, size = sender.params, sender.params["segment"]
    odd = [one for one in read.sent(sender)
           if one.first % size or len(one.data) != min(size, p["task_size"] - one.first)]
    expect(not odd, done=f"sender.py had {p['task_size']} bytes to send", expected=f"segments of {size} bytes",
           seen=f"{len(odd)} others; {len(odd[0].data)} bytes from byte {odd[0].first} on" if odd else "")
    delivered, message = sender.text("delivered"), sender.text("message")
    same = next((n for n, (one, two) in enumerate(zip(delivered, message)) if one != two), len(delivered))
    expect(delivered == message, done=f"sender.py had {len(message)} bytes to send",
           expected="the receiver delivers just these", seen=f"{len(delivered)} bytes, the same up to byte {same}")
    end, command, broken = read.finished(sender), sender.command("sender"), sender.json("receiver")["broken"]
    expect(not broken, done="sender.py sent datagrams", expected="four bytes, a number, in each of them",
           seen=f"{broken} that are shorter")
    later = [one for one in (*(data.time for data in read.sent(sender)), *read.asked(sender)) if one > end]
    expect(command.status == 0 and command.end - end < ENDS and not later, done="sender.py heard that all has arrived",
           expected=f"that it ends well within {ENDS:g} s, and sends nothing more",
           seen=command.stopped or f"status {command.status} after {command.end - end:.1f} s, {len(later)} datagrams")


@points(1, claim="WIN-1", hint="NEXT + WINDOW of the latest answer: nothing at or beyond. Is WINDOW always the same?")
def check_your_sender_keeps_to_the_window(sender):
    """Your sender sends no byte beyond the edge that the receiver has told it of, from the very first on."""
    over = [one for one in read.sent(sender) if one.end > one.edge]
    expect(not over, done="sender.py was told of the window by each answer", expected="nothing beyond the edge",
           seen=f"{len(over)} datagrams; the first ends at {over[0].end}, the edge was {over[0].edge}" if over else "")


@points(5, claim="WIN-2", hint="While one segment travels, the path has room for more. How many?")
def check_your_sender_uses_the_path(sender):
    """Your sender keeps the path busy: no waiting for a round trip after each segment, or after each window."""
    p, end = sender.params, read.finished(sender)
    took = end - read.sent(sender)[0].time
    used = p["task_size"] * 8 / (p["rate"] * 1e6) / took
    expect(used * 100 >= p["needed"], done=f"sender.py had {p['task_size']} bytes to send at {p['rate']} Mbit/s",
           expected=f"{p['needed']} % of the path's rate used", seen=f"{used:.0%} ({took:.2f} s)")


@points(4, claim="WIN-4", hint="An answer has made room for a segment. What are you waiting for?")
def check_your_window_slides(sender):
    """Your window slides: it is nearly full most of the time, as each answer that makes room is followed by data."""
    p, done = sender.params, "sender.py had a window of some segments"
    window, size = p["task_window"], p["segment"]
    new = [one for one in read.sent(sender) if not one.again and one.edge < p["task_size"]]
    later = [one for one in new if one.first >= window]
    expect(len(later) >= 20, done=done, expected="data beyond the first window", seen=f"{len(later)} datagrams")
    # The edge moves by up to four segments at once.
    full = [one for one in later if one.edge - one.end < 4 * size]
    # Behind a loss a whole window is acknowledged at once, and is filled again from its beginning.
    expect(len(full) >= 0.7 * len(later), done=done,
           expected="new data while the window is nearly full, not after it has run empty",
           seen=f"{len(full)} of {len(later)} datagrams")
    # A sender that spreads what a loss has held up is in no hurry then, and only then.
    calm = [one for one in later if one.gain <= 4 * size]
    soon = PROMPT * (size + HEADERS) * 8 / (p["rate"] * 1e6)
    prompt = [one for one in calm if one.time - one.room < soon]
    expect(calm and len(prompt) >= 0.8 * len(calm), done=done,
           expected=f"new data within {soon * 1e3:.1f} ms of the answer that makes room for it",
           seen=f"{len(prompt)} of {len(calm)} datagrams")


@points(1, claim="WIN-4", hint="Behind the last one no answer comes. And could an answer have come already?")
def check_your_sender_repeats_what_was_lost(sender):
    """Your sender repeats what was lost, and little else, and nothing before it could have been answered."""
    p, gone = sender.params, read.lost(sender)
    done = f"s1 lost {len(gone)} datagrams of sender.py, the last segment among them, and two answers"
    expect(len(gone) >= len(p["_task_lost"]) and sender.json("lost-tail")["dropped"] == 1
           and sender.json("lost-answer")["dropped"] == 2, done="sender.py's segments crossed a path that loses some",
           expected="the last one is lost, and others, and two answers", seen=f"{len(gone)} datagrams lost")
    again = [one for one in read.sent(sender) if one.again]
    expect({one.first for one in gone} <= {one.first for one in again}, done=done,
           expected="each of them is sent again", seen=f"sent again: {sorted({one.first for one in again})[:6]}")
    expect(len(again) <= REPEATED * len(gone), done=done,
           expected=f"{REPEATED} repetitions at most for each that was lost", seen=str(len(again)))
    first = {}
    for one in read.sent(sender):
        early = one.again and one.time - first[one.first] < p["lossy_rtt"] / 1e3
        expect(not early, done=done, expected="nothing repeated before its answer could have come (one RTT)",
               seen=f"byte {one.first} after {(one.time - first.get(one.first, 0)) * 1e3:.0f} ms")
        first[one.first] = one.time
    asks = [one for one in read.asked(sender) if one < read.sent(sender)[0].time]
    gaps = [later - one for one, later in pairwise(asks)]
    expect(all(gap >= p["lossy_rtt"] / 1e3 for gap in gaps), done="s1 lost the very first answer",
           expected="the question again, but not before its answer could have come (one RTT)",
           seen=f"after {min(gaps, default=0) * 1e3:.0f} ms")
