"""How connections end: the kernels' part first, then the student's server and answers.

Times. What a segment causes, the kernel does in the same moment: SOON leaves room for a busy computer in real time. A
server that closes promptly does so within PROMPT of its last byte; the pauses of the experiment that matter are longer.
Linux's timer wheel may fire up to 1/8 late (kernel/time/timer.c), hence LATE.
"""

from pathlib import Path

from mnlab.checks import expect, points, same
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


def near(one: float, other: float) -> bool:
    return abs(one - other) < SOON


# --- four segments ----------------------------------------------------------------------------------------------------

FOUR = "the client half-closed (shutdown), the server worked for a while, answered, and closed"


@points(1, claim="TRD-1", hint="Find both FINs in scenes/endings/captures/h1-eth0.pcap, and the first ACK behind each.")
def check_four_segments(evidence):
    """FIN, ACK, FIN, ACK: each end says that it is done, and is told that this was heard."""
    connection = wire(evidence, "four")
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


@points(1, claim="TRD-1", hint="Compare the times in scenes/endings/kernel/tcp.trace with the captures of both hosts.")
def check_states_follow_the_segments(evidence):
    """Each kernel changes state when the segment arrives: FIN-WAIT-1, FIN-WAIT-2, and CLOSE-WAIT, LAST-ACK, CLOSED."""
    at = {host: wire(evidence, "four", host) for host in ("h1", "h2")}
    seen = {host: states(evidence, "four", host) for host in at}
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

@points(1, claim="TRD-2", hint="Which bytes arrive at h1 after h1's own FIN?")
def check_server_goes_on_after_the_fin(evidence):
    """After the client's FIN the server sends all of its answer; the client sends ACKs and nothing else."""
    p, connection = evidence.params, wire(evidence, "four")
    first, _ = fins(connection, FOUR)
    behind = [piece for piece in connection.pieces(SERVER) if piece.time > first.time]
    count, size = sum(len(piece.data) for piece in behind), p["pieces"] * p["piece"]
    expect(count == size == outcome(evidence, "four")["bytes"], done=FOUR,
           expected=f"{size} bytes behind the client's FIN, and the client reads them all",
           seen=f"{count} bytes on the wire, {outcome(evidence, 'four')['bytes']} read")
    said = [segment for segment in connection.sent(CLIENT) if segment.time > first.time and segment.size]
    expect(not said, done=FOUR, expected="nothing but ACKs from h1 after its FIN", seen=in_words(said))


@points(1, claim="TRD-2", hint="Find the state of the connection `patient` on h1 in scenes/endings/files/sockets.")
def check_half_close_lasts(evidence):
    """A half-closed connection stays open as long as the client's program holds it: over a minute here."""
    p, connection = evidence.params, wire(evidence, "patient")
    done = f"the client half-closed, the server answered {p['patience']} s later"
    first, second = fins(connection, done)
    waiting = seen_as(evidence, "patient", "h1", "FIN-WAIT-2")
    length = waiting[-1] - first.time if waiting else 0
    expect(length > FIN_TIMEOUT * LATE, done=done, expected=f"h1 in FIN-WAIT-2 for about {p['patience']} s",
           seen=f"last seen so after {length:.0f} s")
    read = outcome(evidence, "patient")
    expect(read == {"bytes": p["piece"], "end": "end"} and second.time - first.time > FIN_TIMEOUT, done=done,
           expected=f"the client reads {p['piece']} bytes and the end", seen=read)


@points(1, claim="TRD-2", hint="shutdown() and close() send the same FIN. What differs is who is still there to read.")
def check_close_is_no_half_close(evidence):
    """If the client has closed for good, its FIN looks the same, but the server's answer is met by a reset."""
    done = "the client asked and called close(); the server answered"
    connection = wire(evidence, "gone")
    data = connection.data(SERVER)
    expect(connection.fins.get(CLIENT) and data, done=done, expected="a FIN from h1 and data from h2",
           seen=in_words(connection.segments))
    answers = resets(connection, CLIENT)
    expect(answers and 0 <= answers[0].time - data[0].time < SOON, done=done, expected="h1 answers the data with RST",
           seen=in_words(closing(connection)))
    heard = [event for event in evidence.kernel() if isinstance(event, kernel.ReceiveReset)
             and event.source == connection.server and event.target == connection.client]
    expect(heard and outcome(evidence, "gone")["end"] in ("EPIPE", "ECONNRESET"), done=done,
           expected="h2's kernel takes the reset, and the server's next call fails",
           seen=f"{len(heard)} resets taken, the next call: {outcome(evidence, 'gone')['end']}")


# --- three segments ---------------------------------------------------------------------------------------------------

@points(1, claim="TRD-3", hint="Count the segments from the first FIN on (`three`).")
def check_three_segments(evidence):
    """A server that closes in the same moment sends its FIN with the ACK: three segments."""
    done = "the client closed; the server, with nothing left to send, closed at once"
    connection = wire(evidence, "three")
    first, second = fins(connection, done)
    last = closing(connection)
    expect(len(last) == 3 and second.ack == first.end and last[-1].ack == second.end, done=done,
           expected="h1 FIN+ACK, h2 FIN+ACK, h1 ACK", seen=in_words(last))
    way = list(states(evidence, "three", "h1"))
    expect(way[-2:] == ["FIN-WAIT-2", "CLOSED"], done=done,
           expected="h1 passes FIN-WAIT-2 and enters TIME-WAIT on one segment", seen=", ".join(way))


@points(1, claim="TRD-3", hint="A kernel holds an ACK back for a while. How long, and is the program quicker?")
def check_hesitation_makes_four(evidence):
    """A server that has nothing left either, but hesitates longer than its kernel delays an ACK: four segments."""
    p, connection = evidence.params, wire(evidence, "late", "h2")
    done = f"the client closed; the server, with nothing left to send, closed {p['hesitation']} s later"
    first, second = fins(connection, done)
    last, ack = closing(connection), ack_of(connection, first)
    expect(len(last) == 4 and ack and not ack.fin and not any(segment.length for segment in last), done=done,
           expected="h1 FIN+ACK, h2 ACK, h2 FIN+ACK, h1 ACK, and no data", seen=in_words(last))
    expect(second.time - first.time >= p["hesitation"] > ack.time - first.time, done=done,
           expected="the ACK goes before the server closes, the FIN when it does",
           seen=f"ACK after {ack.time - first.time:.3f} s, FIN after {second.time - first.time:.3f} s")


# --- who is done first ------------------------------------------------------------------------------------------------

@points(1, claim="TRD-4",
        hint="Which host still lists the connection when the other has forgotten it? (scenes/endings/files/sockets)")
def check_passive_closer_is_done_first(evidence):
    """Who closes second is CLOSED with the last ACK; who closed first lingers in TIME-WAIT. Client and server alike."""
    for step, active, passive in (("four", "h1", "h2"), ("server-first", "h2", "h1")):
        done = f"{active} closed first, {passive} after it"
        way = states(evidence, step, passive)
        expect(list(way)[-2:] == ["LAST-ACK", "CLOSED"], done=done, expected=f"{passive}: LAST-ACK, CLOSED",
               seen=", ".join(way))
        end = way["CLOSED"]
        lingering = seen_as(evidence, step, active, "TIME-WAIT", start=end)
        left = list(seen_as(evidence, step, passive, "TIME-WAIT", start=end))
        length = lingering[-1] - end if lingering else 0
        expect(TIMEWAIT - LOOK < length < TIMEWAIT * LATE and not left, done=done,
               expected=f"{passive} forgets the connection at once, {active} waits {TIMEWAIT} s longer",
               seen=f"{active} was last seen in TIME-WAIT {length:.0f} s later, {passive} {len(left)} times")


@points(1, claim="TRD-6", hint="Do the FINs cross? Look at both captures.")
def check_both_close_at_once(evidence):
    """Both close before they hear of the other's FIN: FIN, FIN, ACK, ACK; both pass CLOSING; both wait."""
    done = "client and server closed in the same moment"
    for host, own in (("h1", CLIENT), ("h2", SERVER)):
        last = closing(wire(evidence, "together", host))
        fin_first = [segment.fin for segment in last] == [True, True, False, False]
        expect(fin_first and last[0].sender == own and last[2].sender == own, done=done,
               expected=f"{host} sends its FIN, receives one, sends an ACK, receives one", seen=in_words(last))
        way = states(evidence, "together", host)
        expect(list(way)[-3:] == ["FIN-WAIT-1", "CLOSING", "CLOSED"], done=done,
               expected=f"{host}: FIN-WAIT-1, CLOSING, and out", seen=", ".join(way))
        lingering = seen_as(evidence, "together", host, "TIME-WAIT", start=way["CLOSED"])
        expect(lingering and lingering[-1] - way["CLOSED"] > TIMEWAIT - LOOK, done=done,
               expected=f"{host} in TIME-WAIT for {TIMEWAIT} s", seen=f"seen so {len(lingering)} times")


# --- resets and forgotten connections ---------------------------------------------------------------------------------

@points(1, claim="TRD-5", hint="What is the last segment that h2 sends in the step `unread`, and what did h1 get?")
def check_unread_data_makes_a_reset(evidence):
    """close() with received data unread sends RST and no FIN, and what waited to be sent is lost."""
    p, connection = evidence.params, wire(evidence, "unread")
    done = f"the server answered {p['cut']} bytes and closed, with {p['unread']} bytes of the client's unread"
    expect(not connection.fins.get(SERVER), done=done, expected="no FIN from h2", seen=in_words(closing(connection)))
    found = resets(connection, SERVER)
    way = list(states(evidence, "unread", "h2"))
    expect(found and way[-2:] == ["ESTABLISHED", "CLOSED"], done=done,
           expected="RST from h2, which goes from ESTABLISHED to CLOSED",
           seen=f"{len(found)} resets; {', '.join(way)}")
    read = outcome(evidence, "unread")
    expect(read["end"] == "reset" and read["bytes"] < p["cut"], done=done,
           expected="the client reads a part of the answer, then an error instead of the end", seen=read)


@points(1, claim="TRD-7", hint="h1's program has closed for good; how long does its kernel wait for the other FIN?")
def check_orphan_is_given_up(evidence):
    """A client that has closed waits for the server's FIN in FIN-WAIT-2 for 60 s, not for ever."""
    p = evidence.params
    early, late = sorted(("a", "b"), key=lambda name: p[f"orphan_{name}"])
    for name, answer in ((early, "ACK"), (late, "RST")):
        step, waits = f"orphan-{name}", p[f"orphan_{name}"]
        done = f"the client closed for good; the server closed {waits} s later"
        connection = wire(evidence, step)
        _, second = fins(connection, done)
        answers = [segment for segment in connection.sent(CLIENT) if second.time <= segment.time < second.time + SOON]
        expect(answers and answers[0].flags == answer, done=done, expected=f"h1 answers the server's FIN with {answer}",
               seen=in_words(answers))
    way = states(evidence, f"orphan-{late}", "h1")
    waiting = seen_as(evidence, f"orphan-{late}", "h1", "FIN-WAIT-2")
    length = waiting[-1] - way.get("FIN-WAIT-2", 0) if waiting else 0
    expect(FIN_TIMEOUT - LOOK < length < FIN_TIMEOUT * LATE, done="the client closed for good, the server did not",
           expected=f"h1 in FIN-WAIT-2 for {FIN_TIMEOUT} s (tcp_fin_timeout)", seen=f"{length:.0f} s")


# --- the student's server ---------------------------------------------------------------------------------------------


@points(3, claim="TRD-2", hint="recv() returns what is there. Which return value says that the client has said all?")
def check_your_server_reads_to_the_end(evidence):
    """Your server answers only once it has the whole request, which ends with the client's FIN."""
    p = evidence.params
    done = f"a client sent its request in {p['pieces']} pieces, then half-closed"
    connection = wire(evidence, "pieces", "h2")
    data, fin = connection.data(SERVER), connection.fins.get(CLIENT)
    expect(fin and data and data[0].time > fin.time, done=done, expected="an answer after the client's FIN",
           seen=(f"an answer {fin.time - data[0].time:.2f} s before it" if fin and data
                 else f"h2 sent {len(data)} segments with data") + last_words(evidence))
    expect_whole_answer(evidence, "pieces", done)


@points(2, claim=("TRD-1", "TRD-4"), hint="Who holds a connection in CLOSE-WAIT? Its program, until it closes.")
def check_your_server_takes_its_leave(evidence):
    """Behind its last byte your server sends a FIN, at once, and never a reset."""
    done = "a client sent a request and half-closed; your server answered"
    connection = expect_whole_answer(evidence, "pieces", done)
    last = connection.pieces(SERVER)[-1].time
    fin = connection.fins.get(SERVER)
    expect(fin and fin.time - last < PROMPT and not connection.resets, done=done,
           expected="your server's FIN right behind the answer",
           seen=(f"a FIN {fin.time - last:.2f} s later" if fin else "no FIN") + f", {len(connection.resets)} resets")
    way = list(states(evidence, "pieces", "h2"))
    expect(way[-3:] == ["CLOSE-WAIT", "LAST-ACK", "CLOSED"], done=done,
           expected="h2: CLOSE-WAIT, LAST-ACK, CLOSED", seen=", ".join(way))


@points(1, claim="TRD-2", hint="A request of no bytes is a request, too.")
def check_your_server_answers_nothing(evidence):
    """A client that half-closes without a word gets the answer for 0 bytes, and a FIN."""
    done = "a client connected and half-closed at once"
    connection = expect_whole_answer(evidence, "empty", done)
    fin = connection.fins.get(SERVER)
    expect(fin and fin.time - connection.fins[CLIENT].time < PROMPT, done=done,
           expected="a FIN right behind the answer", seen=in_words(closing(connection)))


@points(2, claim="TRD-5", hint="A read that fails is about one client. Is it a reason to stop?")
def check_your_server_survives(evidence):
    """A client that is killed in the middle of its request leaves a reset; the next one is served all the same."""
    done = "a client sent a part of its request and was killed: its kernel sent a reset"
    connection = wire(evidence, "killed")
    expect(connection.handshake and resets(connection, CLIENT), done=done, expected="a connection, and a reset from h1",
           seen=in_words(connection.segments) + last_words(evidence))
    following = wire(evidence, "too-long")
    expect(following.handshake and following.data(SERVER), done=f"{done}; then the next client came",
           expected="a connection and an answer", seen=in_words(following.segments[:4]) + last_words(evidence))


@points(2, claim="TRD-2", hint="Half-close works both ways: say that you are done before the client has.")
def check_your_server_refuses_early(evidence):
    """A request over the limit is refused, with a FIN behind the refusal, while the client still sends."""
    done = f"a client sent more than {evidence.params['limit']} bytes, and then more, before its own FIN"
    connection = wire(evidence, "too-long", "h2")
    stream, fin = connection.stream(SERVER), connection.fins.get(SERVER)
    expect(stream == TOO_LONG, done=done, expected=repr(TOO_LONG), seen=repr(stream[:60]) + last_words(evidence))
    theirs = connection.fins.get(CLIENT)
    said = connection.data(SERVER)[0].time
    expect(not theirs or said < theirs.time, done=done, expected="the refusal goes before the client's FIN comes",
           seen=f"{said - theirs.time:.2f} s after it" if theirs else "")
    expect(fin and fin.time - said < PROMPT, done=done, expected="your server's FIN right behind the refusal",
           seen=f"{fin.time - said:.2f} s later" if fin else "no FIN: " + in_words(closing(connection)))


@points(2, claim="TRD-5", hint="What does close() send if data is unread? And if more comes afterwards?")
def check_your_server_hears_the_client_out(evidence):
    """What the client still sends after the refusal is received: no reset, and the client reads refusal and end."""
    done = "your server refused a request that was too long; the client went on sending for more than a second"
    connection = wire(evidence, "too-long")
    expect(not connection.resets, done=done, expected="no reset", seen=in_words(closing(connection)[:8]))
    end = connection.fins.get(CLIENT)
    expect(end and ack_of(connection, end), done=done, expected="an ACK of all that the client sends and of its FIN",
           seen=in_words(connection.sent(SERVER)[-3:]))
    read = outcome(evidence, "too-long")
    expect(read == {"bytes": len(TOO_LONG), "end": "end"}, done=done,
           expected="the client reads the refusal and the end", seen=read)


@points(2, claim=("TRD-5", "TRD-7"), hint="One deadline for all that still comes, not a time limit for each recv().")
def check_your_server_does_not_wait_for_ever(evidence):
    """A client that never ends is heard for DRAIN seconds after the refusal; then your server closes."""
    p = evidence.params
    done = f"your server refused a request; the client went on sending a bit every second for {p['drain'] + 4} s"
    connection = wire(evidence, "endless", "h2")
    fin = connection.fins.get(SERVER)
    expect(connection.stream(SERVER) == TOO_LONG and fin, done=done, expected=f"{TOO_LONG!r} and a FIN",
           seen=in_words(connection.sent(SERVER)[-3:]) + last_words(evidence))
    found = resets(connection, SERVER)
    # Closing shows when the client's next bit meets a reset: within a second, and a half for a busy computer.
    expect(found and p["drain"] - PROMPT < found[0].time - fin.time < p["drain"] + 1.5, done=done,
           expected=f"h2 resets the first bit that comes {p['drain']} s after the refusal",
           seen=f"a reset after {found[0].time - fin.time:.1f} s" if found else "no reset")
    following = wire(evidence, "slow-reader")
    expect(following.data(SERVER), done=f"{done}; then another came", expected="an answer",
           seen=in_words(following.segments[:4]) + last_words(evidence))


@points(2, claim=("TRD-1", "TRD-5"), hint="sendall() has returned: where are the bytes? What does close() do?")
def check_your_answer_arrives_whole(evidence):
    """A client with a small buffer, which reads late, still gets the whole of a large answer, and a FIN."""
    done = f"a client with a small buffer sent {evidence.params['limit'] // 2} bytes and read the answer 2 s later"
    connection = expect_whole_answer(evidence, "slow-reader", done)
    read, fin = outcome(evidence, "slow-reader"), connection.fins.get(SERVER)
    expect(fin and not connection.resets and read == {"bytes": len(connection.stream(SERVER)), "end": "end"}, done=done,
           expected="the client reads it all, and the end", seen=read)


# --- the student's answers --------------------------------------------------------------------------------------------

@points(2, claim=("TRD-1", "TRD-2"),
        hint="Step `four`: Wireshark has the numbers, scenes/endings/files/sockets the states.")
def check_answers_half_close(evidence, answers):
    """Your answers on the connection that the client half-closed."""
    connection = wire(evidence, "four")
    fin, _ = fins(connection, FOUR)
    same(answers.integer("fin_number"), fin.seq + fin.length, "fin_number")
    same(answers.integer("ack_of_fin"), ack_of(connection, fin).ack, "ack_of_fin")
    same(answers.integer("bytes_after_fin"), len(connection.stream(SERVER)), "bytes_after_fin")
    for host in ("h1", "h2"):
        state = evidence.json("sockets")[0][host].get(str(reading.port(evidence, "four")))
        same(answers.text(f"state_{host}").upper(), state, f"state_{host}")


@points(2, claim=("TRD-3", "TRD-4", "TRD-6"), hint="Count from the first FIN on. Who waits, `ss -tan` shows.")
def check_answers_who_closes(evidence, answers):
    """Your answers on how many segments it takes, and who waits afterwards."""
    for step in ("three", "late"):
        same(answers.integer(f"segments_{step}"), len(closing(wire(evidence, step))), f"segments_{step}")
    way = [state for state in states(evidence, "together", "h1") if state.startswith(("FIN", "CLOSING"))]
    same([str(item).upper() for item in answers.items("together_states")], [*way, "TIME-WAIT"], "together_states")
    for step in ("together", "server-first"):
        key = f"waits_{step.replace('-', '_')}"
        waiting = [host for host in ("h1", "h2") if seen_as(evidence, step, host, "TIME-WAIT")]
        same(sorted(str(item) for item in answers.items(key)), waiting, key)


@points(2, claim=("TRD-5", "TRD-7"), hint="Steps `unread`, `orphan-a`, `orphan-b`: what is the last segment of each?")
def check_answers_resets(evidence, answers):
    """Your answers on the answer that was cut short, and on the clients that had gone."""
    same(answers.integer("lost"), evidence.params["cut"] - outcome(evidence, "unread")["bytes"], "lost")
    for name in ("a", "b"):
        connection = wire(evidence, f"orphan-{name}")
        _, second = fins(connection, "the server closed at last")
        last = connection.sent(CLIENT)[-1]
        same(answers.text(f"orphan_{name}").upper(), last.flags if last.time > second.time else "", f"orphan_{name}")
