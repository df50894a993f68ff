"""How connections end: the kernels' part first, then the student's server and answers.

Times. What a segment causes, the kernel does in the same moment: SOON leaves room for a busy computer in real time. A
server that closes promptly does so within PROMPT of its last byte; the pauses of the experiment that matter are longer.
Linux's timer wheel may fire up to 1/8 late (kernel/time/timer.c), hence LATE.
"""

from pathlib import Path

from mnlab.checks import expect, observation, points, same
from mnlab.lab.lab import load
from mnlab.protocols import kernel
from mnlab.protocols.tcp import CLIENT, SERVER
from mnlab.protocols.tcp.teardown import ack_of, closing, in_words, resets

reading = load(Path(__file__).with_name("reading.py"))
wire, states, seen_as, fins, outcome = reading.wire, reading.states, reading.seen_as, reading.fins, reading.outcome
last_words, expect_whole_answer = reading.last_words, reading.expect_whole_answer

SOON, PROMPT = 0.05, 0.4  # s
LATE, LOOK = 1.125, 2.5  # a factor; s between two looks at the sockets, at most
FIN_TIMEOUT = TIMEWAIT = 60  # s: net.ipv4.tcp_fin_timeout as it comes, and TCP_TIMEWAIT_LEN (include/net/tcp.h)
TOO_LONG = b"too long\n"
THINKS = 65  # s that a client of your server takes to end its request


def near(one: float, other: float) -> bool:
    return abs(one - other) < SOON


# --- four segments ----------------------------------------------------------------------------------------------------

FOUR = "the client half-closed (shutdown), the server worked for a while, answered, and closed"


@observation(1, claim="TRD-1",
             hint="Find both FINs in scenes/endings/captures/h1-eth0.pcap, and the first ACK behind each.")
def check_four_segments(endings):
    """FIN, ACK, FIN, ACK: each end says that it is done, and is told that this was heard."""
    connection = wire(endings, "four")
    first, second = fins(connection, FOUR)
    acks = ack_of(connection, first), ack_of(connection, second)
    order = [first, acks[0], second, acks[1]]
    expect(all(order) and [segment.time for segment in order] == sorted({segment.time for segment in order}),
           done=FOUR, expected="h1 FIN, h2 ACK, h1's ACK of h2's later FIN", seen=in_words(closing(connection)))
    expect(not acks[0].fin and not connection.resets, done=FOUR, expected="the ACK goes ahead of the FIN, and no reset",
           seen=in_words(closing(connection)))
    for fin, ack in ((first, acks[0]), (second, acks[1])):
        expect(ack.ack == fin.seq + fin.length + 1, done=FOUR, expected="the ACK counts the FIN as one number",
               seen=f"FIN seq={fin.seq} with {fin.length} bytes, ACK ack={ack.ack}")


@observation(1, claim="TRD-1",
             hint="Compare the times in scenes/endings/kernel/tcp.trace with the captures of both hosts.")
def check_states_follow_the_segments(endings):
    """Each kernel changes state when the segment arrives: FIN-WAIT-1, FIN-WAIT-2, and CLOSE-WAIT, LAST-ACK, CLOSED."""
    at = {host: wire(endings, "four", host) for host in ("h1", "h2")}
    seen = {host: states(endings, "four", host) for host in at}
    ways = {"h1": ["FIN-WAIT-1", "FIN-WAIT-2", "CLOSED"], "h2": ["CLOSE-WAIT", "LAST-ACK", "CLOSED"]}
    for host, way in ways.items():
        names = list(seen[host])
        expect(names[names.index("ESTABLISHED") + 1:] == way, done=FOUR, expected=f"{host}: {', '.join(way)}",
               seen=", ".join(names))
    heard = {host: fins(connection, FOUR) for host, connection in at.items()}
    for host, state, segment in (
            ("h2", "CLOSE-WAIT", heard["h2"][0]), ("h1", "FIN-WAIT-2", ack_of(at["h1"], heard["h1"][0])),
            ("h1", "CLOSED", heard["h1"][1]), ("h2", "CLOSED", ack_of(at["h2"], heard["h2"][1]))):
        expect(segment and near(seen[host][state], segment.time), done=FOUR,
               expected=f"{host} enters {state} when {segment.flags if segment else 'the segment'} arrives",
               seen=f"{seen[host][state] - segment.time:+.3f} s from it" if segment else "it never came")


# --- half-close -------------------------------------------------------------------------------------------------------

@observation(1, claim="TRD-2", hint="Which bytes arrive at h1 after h1's own FIN?")
def check_server_goes_on_after_the_fin(endings):
    """After the client's FIN the server sends all of its answer; the client sends ACKs and nothing else."""
    p, connection = endings.params, wire(endings, "four")
    first, _ = fins(connection, FOUR)
    behind = [piece for piece in connection.pieces(SERVER) if piece.time > first.time]
    count, size = sum(len(piece.data) for piece in behind), p["pieces"] * p["piece"]
    expect(count == size == outcome(endings, "four")["bytes"], done=FOUR,
           expected=f"{size} bytes behind the client's FIN, and the client reads them all",
           seen=f"{count} bytes on the wire, {outcome(endings, 'four')['bytes']} read")
    said = [segment for segment in connection.sent(CLIENT) if segment.time > first.time and segment.size]
    expect(not said, done=FOUR, expected="nothing but ACKs from h1 after its FIN", seen=in_words(said))


@observation(1, claim="TRD-2", hint="Find the state of the connection `patient` on h1 in scenes/endings/files/sockets.")
def check_half_close_lasts(endings):
    """A half-closed connection stays open as long as the client's program holds it: over a minute here."""
    p, connection = endings.params, wire(endings, "patient")
    done = f"the client half-closed, the server answered {p['patience']} s later"
    first, second = fins(connection, done)
    waiting = seen_as(endings, "patient", "h1", "FIN-WAIT-2")
    length = waiting[-1] - first.time if waiting else 0
    expect(length > FIN_TIMEOUT * LATE, done=done, expected=f"h1 in FIN-WAIT-2 for about {p['patience']} s",
           seen=f"last seen so after {length:.0f} s")
    read = outcome(endings, "patient")
    expect(read == {"bytes": p["piece"], "end": "end"} and second.time - first.time > FIN_TIMEOUT, done=done,
           expected=f"the client reads {p['piece']} bytes and the end", seen=read)


@observation(1, claim="TRD-2",
             hint="shutdown() and close() send the same FIN. What differs is who is still there to read.")
def check_close_is_no_half_close(endings):
    """If the client has closed for good, its FIN looks the same, but the server's answer is met by a reset."""
    done = "the client asked and called close(); the server answered"
    connection = wire(endings, "gone")
    data = connection.data(SERVER)
    expect(connection.fins.get(CLIENT) and data, done=done, expected="a FIN from h1 and data from h2",
           seen=in_words(connection.segments))
    answers = resets(connection, CLIENT)
    expect(answers and 0 <= answers[0].time - data[0].time < SOON, done=done, expected="h1 answers the data with RST",
           seen=in_words(closing(connection)))
    heard = [event for event in endings.kernel() if isinstance(event, kernel.ReceiveReset)
             and event.source == connection.server and event.target == connection.client]
    expect(heard and outcome(endings, "gone")["end"] in ("EPIPE", "ECONNRESET"), done=done,
           expected="h2's kernel takes the reset, and the server's next call fails",
           seen=f"{len(heard)} resets taken, the next call: {outcome(endings, 'gone')['end']}")


# --- three segments ---------------------------------------------------------------------------------------------------

@observation(1, claim="TRD-3", hint="Count the segments from the first FIN on (`three`).")
def check_three_segments(endings):
    """A server that closes in the same moment sends its FIN with the ACK: three segments."""
    done = "the client closed; the server, with nothing left to send, closed at once"
    connection = wire(endings, "three")
    first, second = fins(connection, done)
    last = closing(connection)
    expect(len(last) == 3 and second.ack == first.end and last[-1].ack == second.end, done=done,
           expected="h1 FIN+ACK, h2 FIN+ACK, h1 ACK", seen=in_words(last))
    way = list(states(endings, "three", "h1"))
    expect(way[-2:] == ["FIN-WAIT-2", "CLOSED"], done=done,
           expected="h1 passes FIN-WAIT-2 and enters TIME-WAIT on one segment", seen=", ".join(way))


@observation(1, claim="TRD-3", hint="A kernel holds an ACK back for a while. How long, and is the program quicker?")
def check_hesitation_makes_four(endings):
    """A server that has nothing left either, but hesitates longer than its kernel delays an ACK: four segments."""
    p, connection = endings.params, wire(endings, "late", "h2")
    done = f"the client closed; the server, with nothing left to send, closed {p['hesitation']} s later"
    first, second = fins(connection, done)
    last, ack = closing(connection), ack_of(connection, first)
    expect(len(last) == 4 and ack and not ack.fin and not any(segment.length for segment in last), done=done,
           expected="h1 FIN+ACK, h2 ACK, h2 FIN+ACK, h1 ACK, and no data", seen=in_words(last))
    expect(second.time - first.time >= p["hesitation"] > ack.time - first.time, done=done,
           expected="the ACK goes before the server closes, the FIN when it does",
           seen=f"ACK after {ack.time - first.time:.3f} s, FIN after {second.time - first.time:.3f} s")


# --- who is done first ------------------------------------------------------------------------------------------------

@observation(1, claim="TRD-4",
        hint="Which host still lists the connection when the other has forgotten it? (scenes/endings/files/sockets)")
def check_passive_closer_is_done_first(endings):
    """Who closes second is CLOSED with the last ACK; who closed first lingers in TIME-WAIT. Client and server alike."""
    for step, active, passive in (("four", "h1", "h2"), ("server-first", "h2", "h1")):
        done = f"{active} closed first, {passive} after it"
        way = states(endings, step, passive)
        expect(list(way)[-2:] == ["LAST-ACK", "CLOSED"], done=done, expected=f"{passive}: LAST-ACK, CLOSED",
               seen=", ".join(way))
        end = way["CLOSED"]
        lingering = seen_as(endings, step, active, "TIME-WAIT", start=end)
        left = list(seen_as(endings, step, passive, "TIME-WAIT", start=end))
        length = lingering[-1] - end if lingering else 0
        expect(TIMEWAIT - LOOK < length < TIMEWAIT * LATE and not left, done=done,
               expected=f"{passive} forgets the connection at once, {active} waits {TIMEWAIT} s longer",
               seen=f"{active} was last seen in TIME-WAIT {length:.0f} s later, {passive} {len(left)} times")


@observation(1, claim="TRD-6", hint="Do the FINs cross? Look at both captures.")
def check_both_close_at_once(endings):
    """Both close before they hear of the other's FIN: FIN, FIN, ACK, ACK; both pass CLOSING; both wait."""
    done = "client and server closed in the same moment"
    for host, own in (("h1", CLIENT), ("h2", SERVER)):
        last = closing(wire(endings, "together", host))
        fin_first = [segment.fin for segment in last] == [True, True, False, False]
        expect(fin_first and last[0].sender == own and last[2].sender == own, done=done,
               expected=f"{host} sends its FIN, receives one, sends an ACK, receives one", seen=in_words(last))
        way = states(endings, "together", host)
        expect(list(way)[-3:] == ["FIN-WAIT-1", "CLOSING", "CLOSED"], done=done,
               expected=f"{host}: FIN-WAIT-1, CLOSING, and out", seen=", ".join(way))
        lingering = seen_as(endings, "together", host, "TIME-WAIT", start=way["CLOSED"])
        expect(lingering and lingering[-1] - way["CLOSED"] > TIMEWAIT - LOOK, done=done,
               expected=f"{host} in TIME-WAIT for {TIMEWAIT} s", seen=f"seen so {len(lingering)} times")


# --- resets and forgotten connections ---------------------------------------------------------------------------------

@observation(1, claim="TRD-5", hint="What is the last segment that h2 sends in the step `unread`, and what did h1 get?")
def check_unread_data_makes_a_reset(endings):
    """close() with received data unread sends RST and no FIN, and what waited to be sent is lost."""
    p, connection = endings.params, wire(endings, "unread")
    done = f"the server answered {p['cut']} bytes and closed, with {p['unread']} bytes of the client's unread"
    expect(not connection.fins.get(SERVER), done=done, expected="no FIN from h2", seen=in_words(closing(connection)))
    found = resets(connection, SERVER)
    way = list(states(endings, "unread", "h2"))
    expect(found and way[-2:] == ["ESTABLISHED", "CLOSED"], done=done,
           expected="RST from h2, which goes from ESTABLISHED to CLOSED",
           seen=f"{len(found)} resets; {', '.join(way)}")
    read = outcome(endings, "unread")
    expect(read["end"] == "reset" and read["bytes"] < p["cut"], done=done,
           expected="the client reads a part of the answer, then an error instead of the end", seen=read)


@observation(1, claim="TRD-7",
             hint="h1's program has closed for good; how long does its kernel wait for the other FIN?")
def check_orphan_is_given_up(endings):
    """A client that has closed waits for the server's FIN in FIN-WAIT-2 for 60 s, not for ever."""
    p = endings.params
    early, late = sorted(("a", "b"), key=lambda name: p[f"orphan_{name}"])
    for name, answer in ((early, "ACK"), (late, "RST")):
        step, waits = f"orphan-{name}", p[f"orphan_{name}"]
        done = f"the client closed for good; the server closed {waits} s later"
        connection = wire(endings, step)
        _, second = fins(connection, done)
        answers = [segment for segment in connection.sent(CLIENT) if second.time <= segment.time < second.time + SOON]
        expect(answers and answers[0].flags == answer, done=done, expected=f"h1 answers the server's FIN with {answer}",
               seen=in_words(answers))
    way = states(endings, f"orphan-{late}", "h1")
    waiting = seen_as(endings, f"orphan-{late}", "h1", "FIN-WAIT-2")
    length = waiting[-1] - way.get("FIN-WAIT-2", 0) if waiting else 0
    expect(FIN_TIMEOUT - LOOK < length < FIN_TIMEOUT * LATE, done="the client closed for good, the server did not",
           expected=f"h1 in FIN-WAIT-2 for {FIN_TIMEOUT} s (tcp_fin_timeout)", seen=f"{length:.0f} s")


# --- the student's server ---------------------------------------------------------------------------------------------


@points(3, claim="TRD-2", hint="recv() returns what is there. Which return value says that the client has said all?")
def check_your_server_reads_to_the_end(server):
    """R1: your server answers only once it has the whole request, which ends with the client's FIN."""
    p = server.params
    done = f"a client sent its request in {p['pieces']} pieces, then half-closed"
    connection = wire(server, "pieces", "h2")
    data, fin = connection.data(SERVER), connection.fins.get(CLIENT)
    expect(fin and data and data[0].time > fin.time, done=done, expected="an answer after the client's FIN",
           seen=(f"an answer {fin.time - data[0].time:.2f} s before it" if fin and data
                 else f"h2 sent {len(data)} segments with data") + last_words(server))
    expect_whole_answer(server, "pieces", done)


@points(2, claim=("TRD-1", "TRD-4"), hint="Who holds a connection in CLOSE-WAIT? Its program, until it closes.")
def check_your_server_takes_its_leave(server):
    """R4: behind its last byte your server sends a FIN, at once, and never a reset."""
    done = "a client sent a request and half-closed; your server answered"
    connection = wire(server, "pieces", "h2")
    data, fin = connection.data(SERVER), connection.fins.get(SERVER)
    expect(data, done=done, expected="an answer", seen="none" + last_words(server))
    expect(fin and fin.time - data[-1].time < PROMPT and not connection.resets, done=done,
           expected="your server's FIN right behind the answer",
           seen=(f"a FIN {fin.time - data[-1].time:.2f} s later" if fin else "no FIN")
           + f", {len(connection.resets)} resets")
    for name in reading.POLITE:
        connection = wire(server, name, "h2")
        data, fin = connection.data(SERVER), connection.fins.get(SERVER)
        expect(not data or fin and fin.time - data[-1].time < PROMPT and not connection.resets,
               done=f"a client ({name}) half-closed; your server answered",
               expected="your server's FIN right behind the answer, and no reset",
               seen=in_words(closing(connection)[:4]))
    way = list(states(server, "pieces", "h2"))
    expect(way[-3:] == ["CLOSE-WAIT", "LAST-ACK", "CLOSED"], done=done,
           expected="h2: CLOSE-WAIT, LAST-ACK, CLOSED", seen=", ".join(way))


@points(2, claim="TRD-2", hint="A request of no bytes is a request, too. And who says that a client is quick?")
def check_your_server_answers_nothing(server):
    """R1: a client that half-closes without a word is answered, and one that thinks for long in its request."""
    for name, done in (("empty", "a client connected and half-closed at once"),
                       ("pause", f"a client sent its request, and half-closed {THINKS} s later")):
        connection = wire(server, name, "h2")
        fin, data = connection.fins.get(CLIENT), connection.data(SERVER)
        expect(fin and data and 0 <= data[0].time - fin.time < PROMPT, done=done,
               expected="an answer, as soon as it has",
               seen=(f"{data[0].time - fin.time:.2f} s after it" if fin and data else in_words(closing(connection)))
               + last_words(server))
    expect_whole_answer(server, "empty", "a client connected and half-closed at once")


@points(2, claim="TRD-2", hint="A request is bytes, of which there are 256, and not a text.")
def check_your_server_keeps_every_byte(server):
    """R2: the answer to a request with all bytes that there are: their number, and all of them backwards."""
    expect_whole_answer(server, "binary", "a client sent a request with all 256 bytes, and line feeds at both ends")
    expect_whole_answer(server, "single", "a client sent one byte")
    for name in ("slow-reader", "limit", "pause", "next", "then", "last"):
        # How much of an answer there is, when, and whether it is a refusal, is for others to say.
        connection = wire(server, name, "h2")
        right, stream = reading.right_answer(connection.stream(CLIENT)), connection.stream(SERVER)
        expect(right.startswith(stream) or stream == TOO_LONG, done=f"a client ({name}) sent another request",
               expected=f"{len(right)} bytes: {right[:40]!r}...",
               seen=f"{len(stream)} bytes: {stream[:40]!r}" + last_words(server))


@points(2, claim=("TRD-1", "TRD-5"), hint="sendall() has returned: where are the bytes? What does close() do?")
def check_your_answer_arrives_whole(server):
    """R3: a client with a small buffer, which reads late, still gets the whole of a large answer, and a FIN."""
    size = server.params["limit"] - 100
    done = f"a client with a small buffer sent {size} bytes and read the answer {server.params['drain'] + 2} s later"
    connection, read = wire(server, "slow-reader"), outcome(server, "slow-reader")
    whole = len(connection.stream(SERVER)) == read["bytes"] > size
    expect(connection.fins.get(SERVER) and not connection.resets and whole and read["end"] == "end", done=done,
           expected="the client reads it all, and the end", seen=f"{read}{last_words(server)}")


@points(2, claim="TRD-2", hint="Half-close works both ways: say that you are done before the client has.")
def check_your_server_refuses_early(server):
    """R5: a request over the limit is refused, with a FIN behind the refusal, while the client still sends."""
    done = f"a client sent more than {server.params['limit']} bytes, and then more, before its own FIN"
    connection = wire(server, "too-long", "h2")
    stream, fin = connection.stream(SERVER), connection.fins.get(SERVER)
    expect(stream == TOO_LONG, done=done, expected=repr(TOO_LONG), seen=repr(stream[:60]) + last_words(server))
    theirs = connection.fins.get(CLIENT)
    said = connection.data(SERVER)[0].time
    expect(not theirs or said < theirs.time, done=done, expected="the refusal goes before the client's FIN comes",
           seen=f"{said - theirs.time:.2f} s after it" if theirs else "")
    expect(fin and fin.time - said < PROMPT, done=done, expected="your server's FIN right behind the refusal",
           seen=f"{fin.time - said:.2f} s later" if fin else "no FIN: " + in_words(closing(connection)))


@points(2, claim="TRD-2", hint="Exactly LIMIT bytes are allowed. Count all that has come, not the last piece.")
def check_your_server_knows_its_limit(server):
    """R5: a request of exactly the limit is answered; the first byte more is refused at once, and not before."""
    limit = server.params["limit"]
    answer = wire(server, "limit").stream(SERVER)
    expect(len(answer) > limit, done=f"a client sent {limit} bytes, the limit, and half-closed", expected="its answer",
           seen=f"{len(answer)} bytes: {answer[:40]!r}" + last_words(server))
    done = f"a client sent {limit} bytes, waited {server.params['drain'] + 1} s, and sent one byte more"
    connection = wire(server, "over", "h2")
    came = connection.when(CLIENT, limit) if len(connection.stream(CLIENT)) > limit else None
    data = connection.data(SERVER)
    expect(came and connection.stream(SERVER) == TOO_LONG and 0 <= data[0].time - came < PROMPT, done=done,
           expected=f"{TOO_LONG!r} at once when the last byte has come",
           seen=f"{connection.stream(SERVER)[:60]!r}"
           + (f", {data[0].time - came:.2f} s after it" if came and data else "") + last_words(server))


@points(2, claim="TRD-5", hint="What does close() send if data is unread? And if more comes afterwards?")
def check_your_server_hears_the_client_out(server):
    """R6: what the client still sends after the refusal is received: no reset, and the client reads it, and the end."""
    done = "your server refused a request that was too long; the client sent more, for a second or after some seconds"
    for name in ("over", "too-long"):
        connection = wire(server, name)
        expect(connection.fins.get(CLIENT) and not connection.resets, done=done, expected="no reset",
               seen=in_words(closing(connection)[:8]) + last_words(server))
    end = connection.fins.get(CLIENT)
    expect(end and ack_of(connection, end), done=done, expected="an ACK of all that the client sends and of its FIN",
           seen=in_words(connection.sent(SERVER)[-3:]))
    read = outcome(server, "too-long")
    expect(read["end"] == "end", done=done, expected="the client reads to the end", seen=read)


@points(3, claim=("TRD-5", "TRD-7"), hint="One deadline for all that still comes, not a time limit for each recv().")
def check_your_server_does_not_wait_for_ever(server):
    """R7: a client that never ends is heard for DRAIN seconds after your FIN, whether it talks or not."""
    p = server.params
    done = f"your server refused a request; the client went on sending a bit every second for {p['drain'] + 4} s"
    connection = wire(server, "endless", "h2")
    fin, found = connection.fins.get(SERVER), resets(connection, SERVER)
    expect(fin, done=done, expected="a FIN", seen=in_words(connection.sent(SERVER)[-3:]) + last_words(server))
    # Closing shows when the client's next bit meets a reset: within a second, and a half for a busy computer.
    expect(found and p["drain"] - PROMPT < found[0].time - fin.time < p["drain"] + 1.5, done=done,
           expected=f"h2 resets the first bit that comes {p['drain']} s after your FIN",
           seen=f"a reset after {found[0].time - fin.time:.1f} s" if found else "no reset")
    done = f"your server refused a request; the client was silent for {p['drain'] + 3} s, and then sent a bit"
    connection = wire(server, "mute", "h2")
    expect(connection.fins.get(SERVER) and resets(connection, SERVER), done=done,
           expected="a FIN, then h2 resets the bit", seen=in_words(closing(connection)[:8]) + last_words(server))


@points(2, claim="TRD-5", hint="The client has said that this was all. What do you still wait for?")
def check_your_server_lets_go(server):
    """R7: a refused client that ends is let go at once: the next client is answered without delay."""
    for name, following in (("over", "next"), ("too-long", "then")):
        refused, after = wire(server, name, "h2"), wire(server, following, "h2")
        fin, data = after.fins.get(CLIENT), after.data(SERVER)
        expect(refused.data(SERVER) and fin and data and data[0].time - fin.time < PROMPT,
               done="your server refused a request, and later the client ended; then the next one came and half-closed",
               expected="an answer at once", seen=f"{data[0].time - fin.time:.2f} s later"
               if fin and data else "none" + last_words(server))


@points(3, claim="TRD-5", hint="A call that fails is about one client. Is it a reason to stop?")
def check_your_server_survives(server):
    """R8: clients are gone in the middle of everything, and leave a reset; the same server serves the next."""
    for name in ("killed", "gone-reader", "gone-talker"):
        connection = wire(server, name)
        expect(connection.handshake and connection.resets, done=f"a client ({name}) was killed",
               expected="a connection, and a reset",
               seen=in_words(connection.segments[:8]) + last_words(server))
    expect(wire(server, "last").data(SERVER), done="clients had been killed in the middle of everything; one more came",
           expected="an answer", seen="none" + last_words(server))
    cut = wire(server, "gone-reader", "h2")
    line = b"%d bytes\n" % len(cut.stream(CLIENT))
    expect(cut.stream(SERVER).startswith(line), done="a client was killed in its request; the next one sent its own",
           expected=f"an answer that begins with {line!r}", seen=f"{cut.stream(SERVER)[:40]!r}" + last_words(server))
    starts = server.json("starts")
    before = [reading.VISITS[reading.VISITS.index(name) - 1] for name in starts[1:]]
    expect(len(starts) == 1, done=f"{len(reading.VISITS)} clients came to your server", expected="it serves them all",
           seen=f"it had to be started again after {', '.join(before)}" + last_words(server))


# --- the student's answers --------------------------------------------------------------------------------------------

@points(2, claim=("TRD-1", "TRD-2"),
        hint="Step `four`: Wireshark has the numbers, scenes/endings/files/sockets the states.")
def check_answers_half_close(endings, answers):
    """Your answers on the connection that the client half-closed."""
    connection = wire(endings, "four")
    fin, _ = fins(connection, FOUR)
    same(answers.integer("fin_number"), fin.seq + fin.length, "fin_number")
    same(answers.integer("ack_of_fin"), ack_of(connection, fin).ack, "ack_of_fin")
    same(answers.integer("bytes_after_fin"), len(connection.stream(SERVER)), "bytes_after_fin")
    for host in ("h1", "h2"):
        state = endings.json("sockets")[0][host].get(str(reading.port(endings, "four")))
        same(answers.text(f"state_{host}").upper(), state, f"state_{host}")


@points(2, claim=("TRD-3", "TRD-4", "TRD-6"), hint="Count from the first FIN on. Who waits, `ss -tan` shows.")
def check_answers_who_closes(endings, answers):
    """Your answers on how many segments it takes, and who waits afterwards."""
    for step in ("three", "late"):
        same(answers.integer(f"segments_{step}"), len(closing(wire(endings, step))), f"segments_{step}")
    way = [state for state in states(endings, "together", "h1") if state.startswith(("FIN", "CLOSING"))]
    same([str(item).upper() for item in answers.items("together_states")], [*way, "TIME-WAIT"], "together_states")
    for step in ("together", "server-first"):
        key = f"waits_{step.replace('-', '_')}"
        waiting = [host for host in ("h1", "h2") if seen_as(endings, step, host, "TIME-WAIT")]
        same(sorted(str(item).lower() for item in answers.items(key)), waiting, key)


@points(2, claim=("TRD-5", "TRD-7"), hint="Steps `unread`, `orphan-a`, `orphan-b`: what is the last segment of each?")
def check_answers_resets(endings, answers):
    """Your answers on the answer that was cut short, and on the clients that had gone."""
    same(answers.integer("lost"), endings.params["cut"] - outcome(endings, "unread")["bytes"], "lost")
    for name in ("a", "b"):
        connection = wire(endings, f"orphan-{name}")
        _, second = fins(connection, "the server closed at last")
        last = connection.sent(CLIENT)[-1]
        same(answers.text(f"orphan_{name}").upper(), last.flags if last.time > second.time else "", f"orphan_{name}")
