"""Who waits in TIME-WAIT, how long, and what for: the kernels' part first, then the student's programs and answers.

reading.py reads the evidence, and says how exact a time can be.
"""

import re
from itertools import pairwise
from pathlib import Path

from mnlab.checks import expect, observation, points, same, saw
from mnlab.lab.lab import load
from mnlab.protocols import tcp
from mnlab.protocols.kernel import ReceiveReset, Retransmit
from mnlab.protocols.tcp import CLIENT, SERVER
from mnlab.protocols.tcp.teardown import ack_of, closing, in_words, resets

reading = load(Path(__file__).with_name("reading.py"))
LATE, POLL, port, wire, states = reading.LATE, reading.POLL, reading.port, reading.wire, reading.states
SOON, waiting, near, brought_again = reading.SOON, reading.waiting, reading.near, reading.brought_again
expect_results = reading.expect_results

TIMEWAIT = 60  # s: TCP_TIMEWAIT_LEN (include/net/tcp.h)
RFC_TIMEWAIT = 240  # s: 2 MSL with the MSL of RFC 9293, section 3.4.2
ISN_CYCLE = load(Path(__file__).with_name("experiment.py")).ISN_CYCLE / 1e9  # s
ALMOST = 2**22  # of 2**32 sequence numbers: a thousandth
TICK = 0.01  # s: the kernel's clocks of seconds and milliseconds move with its timer (HZ = 100 at least)
PROMPT = 0.4  # s: a server that closes promptly does so within
REUSED = "with SO_REUSEADDR"
ENDS_WITH_AN_ERROR = ("second-server",)  # R6: no crash


# --- who waits, and for how long --------------------------------------------------------------------------------------

def expect_waits(evidence, step: str, active: str, passive: str) -> None:
    done = f"{active} closed first, {passive} after it"
    connection = wire(evidence, step, active)
    first = CLIENT if active == "h1" else SERVER
    expect(connection.closed_first == first and not connection.resets, done=done,
           expected=f"the first FIN from {active}", seen=in_words(closing(connection)))
    last = {host: list(states(evidence, step, host))[-2:] for host in (active, passive)}
    expect(last[active] == ["FIN-WAIT-2", "CLOSED"] and last[passive] == ["LAST-ACK", "CLOSED"], done=done,
           expected=f"{active} ends by way of FIN-WAIT-2, {passive} by way of LAST-ACK", seen=last)
    at = [host for host in ("h1", "h2") if step in waiting(evidence, "both", host)]
    expect(at == [active], done=done, expected=f"TIME-WAIT on {active} alone", seen=at or "nowhere")
    shown = f":{port(evidence, step)} "
    lines = [line for line in evidence.command(f"ss-{active}").stdout.splitlines() if shown in f"{line} "]
    timer = re.search(r"timer:\(timewait,(\d+)sec", lines[0]) if lines else None
    expect(timer and TIMEWAIT - 5 < int(timer[1]) < TIMEWAIT, done=f"{done}; `ss -tano state time-wait` on {active}",
           expected="the connection, with a timer of a little less than 60 s", seen=lines or "no such line")


@observation(1, claim="TWT-1", hint="Who sent the first FIN? Then find that host's line in scenes/kernel/files/tables.")
def check_client_first(kernel):
    """The client closes first, and the client waits."""
    expect_waits(kernel, "client-first", "h1", "h2")


@observation(1, claim="TWT-1", hint="Who sent the first FIN? Then find that host's line in scenes/kernel/files/tables.")
def check_server_first(kernel):
    """The server closes first, and the server waits."""
    expect_waits(kernel, "server-first", "h2", "h1")


def expect_minute(evidence, step: str, host: str, done: str) -> None:
    entered = states(evidence, step, host).get("CLOSED", 0)
    free = evidence.json("outcomes").get("free", {}).get(step, {})
    expect({"refused", "free"} <= set(free), done=done, expected="the port is refused at first and free later",
           seen=free or "nothing")
    low, high = free["refused"] - entered, free["free"] - entered
    expect(TIMEWAIT - POLL < low and TIMEWAIT < high < TIMEWAIT * LATE + POLL < RFC_TIMEWAIT, done=done,
           expected=f"{host} keeps the port for {TIMEWAIT} s, up to an eighth more by its timer, and not for 240 s",
           seen=f"between {low:.1f} and {high:.1f} s")


@observation(1, claim="TWT-2",
             hint="scenes/kernel/files/outcomes says when the port was last refused and when it was free.")
def check_sixty_seconds(kernel):
    """RFC 9293 asks for 2 MSL, four minutes. Linux waits for one."""
    expect_minute(kernel, "server-first", "h2", "h2 closed first; then it tried and tried to listen on the port")


@observation(1, claim="TWT-5", hint="What is tcp_fin_timeout on h1, and how long did h1 wait?")
def check_fin_timeout_does_not_set_it(kernel):
    """net.ipv4.tcp_fin_timeout does not set how long TIME-WAIT lasts, often as that is said."""
    setting = kernel.params["fin_timeout"]
    expect_minute(kernel, "client-first", "h1", f"tcp_fin_timeout on h1 is {setting} s; h1 closed first, and tried")


# --- reason one: the last ACK -----------------------------------------------------------------------------------------

def lost_ack(evidence, step: str) -> tuple[tcp.Connection, list[tcp.Segment]]:
    """The connection as captured on h1, and h2's FINs in it. Fails unless that FIN's ACK alone was lost."""
    done = f"s1 lost the ACK of h2's FIN ({step})"
    connection, arrived = wire(evidence, step), wire(evidence, step, "h2")
    account = evidence.json(f"loss-{step}")
    expect(account["dropped"] == 1, done=done, expected="s1 dropped one frame", seen=account)
    idents = {segment.header.ip_ident for segment in arrived.sent(CLIENT)}
    missing = [segment for segment in connection.sent(CLIENT) if segment.header.ip_ident not in idents]
    fins = [segment for segment in connection.sent(SERVER) if segment.fin]
    expect(len(missing) == 1 and fins and missing[0].ack == fins[0].end and missing[0].size == 0, done=done,
           expected="of all that h1 sent, the ACK of h2's FIN alone never reached h2", seen=in_words(missing))
    return connection, fins


@observation(1, claim="TWT-3", hint="Compare h1-eth0.pcap with h2-eth0.pcap: what left and did not arrive?")
def check_the_last_ack_is_lost(kernel):
    """The last ACK of two connections is lost on the way, and nothing else."""
    for step in ("lost-ack", "no-wait"):
        lost_ack(kernel, step)


@observation(1, claim="TWT-3", hint="What would h2 do if nobody answered its second FIN, either?")
def check_repeated_fin_is_answered(kernel):
    """h2 hears nothing and repeats its FIN; h1, in TIME-WAIT, sends the ACK again, and its minute begins anew."""
    done = "h1's last ACK was lost; h1 is in TIME-WAIT"
    connection, fins = lost_ack(kernel, "lost-ack")
    again = [event for event in kernel.kernel() if isinstance(event, Retransmit)
             and event.source == connection.server and event.state == "LAST-ACK"]
    expect(len(fins) == 2 and len(again) == 1 and fins[0].seq == fins[1].seq, done=done,
           expected="h2, in LAST-ACK, sends the same FIN twice", seen=f"{len(fins)} FINs, {len(again)} repetitions")
    answer = [segment for segment in connection.sent(CLIENT) if segment.time >= fins[1].time]
    expect([segment.flags for segment in answer] == ["ACK"] and answer[0].ack == fins[1].end, done=done,
           expected="h1 answers the second FIN with an ACK", seen=in_words(answer))
    heard = list(wire(kernel, "lost-ack", "h2").sent(CLIENT))[-1]
    closed = states(kernel, "lost-ack", "h2").get("CLOSED", 0)
    expect(near(closed, heard.time), done=done, expected="h2 is CLOSED when that ACK arrives",
           seen=f"{closed - heard.time:+.3f} s from it")
    row, moment = waiting(kernel, "lost", "h1").get("lost-ack"), kernel.json("tables")["lost"]["time"]
    expect(row, done=done, expected="h1 still in TIME-WAIT", seen="no such line in files/tables")
    begun = moment - (TIMEWAIT - row["left"])
    expect(near(begun, fins[1].time), done=done, expected="h1's minute counts from the second FIN",
           seen=f"it counts from {begun - fins[1].time:+.3f} s before or after it")


@observation(1, claim="TWT-3", hint="A kernel that knows nothing of a connection answers its segments with what?")
def check_without_time_wait_a_reset(kernel):
    """The same loss, but h1 keeps no TIME-WAIT: the repeated FIN meets a reset, and h2 ends with an error."""
    done = "h1's last ACK was lost; h1 keeps no TIME-WAIT (tcp_max_tw_buckets = 0)"
    connection, fins = lost_ack(kernel, "no-wait")
    expect("no-wait" not in waiting(kernel, "lost", "h1"), done=done, expected="no TIME-WAIT", seen="there is one")
    answer = [segment for segment in connection.sent(CLIENT) if len(fins) > 1 and segment.time >= fins[1].time]
    expect(answer and answer[0].rst, done=done, expected="RST in answer to the second FIN", seen=in_words(answer))
    taken = [event for event in kernel.kernel() if isinstance(event, ReceiveReset)
             and event.source == connection.server]
    expect(taken, done=done, expected="h2's kernel takes the reset", seen="it did not")


# --- reason two: old addresses ----------------------------------------------------------------------------------------

@observation(1, claim="TWT-4",
        hint="scenes/kernel/files/attempts: who may listen where, and which option had the listener before?")
def check_the_port_is_refused(kernel):
    """Where a connection waits nobody may listen on its port, unless SO_REUSEADDR was set both then and now."""
    expect_results(kernel,
                   ("client-first", "h1 listens", "EADDRINUSE"), ("client-first", "h2 listens", "ok"),
                   ("server-first", "h2 listens", "EADDRINUSE"), ("server-first", "h1 listens", "ok"),
                   ("server-first", f"h2 listens {REUSED}", "EADDRINUSE"),
                   ("restart", "h2 listens", "EADDRINUSE"), ("restart", f"h2 listens {REUSED}", "ok"))


@observation(1, claim="TWT-4", hint="scenes/kernel/files/attempts: what differs between the connections before?")
def check_the_four_tuple_is_refused(kernel):
    """The four-tuple is not had again within the minute: not without SO_REUSEADDR, never without timestamps."""
    expect_results(kernel, ("reuse", "h1 connects", "EADDRINUSE"),
                   ("ghost", f"h1 connects {REUSED}", "EADDRNOTAVAIL"))
    stamped = [wire(kernel, step).syn_option(CLIENT, "timestamp") for step in ("reuse", "ghost")]
    expect(stamped[0] and not stamped[1], done="two connections were closed by h1",
           expected="the first with timestamps, the second without", seen=stamped)


@observation(1, claim=("TWT-4", "TWT-7"),
        hint="Compare the raw initial sequence number with the numbers that the old connection used.")
def check_timestamps_let_it_live_again(kernel):
    """With timestamps the four-tuple may be had at once: higher numbers, and old segments are known by their time."""
    expect_results(kernel, ("reuse", f"h1 connects {REUSED}", "ok"))
    done = "h1 connected from the same port while its old connection was in TIME-WAIT"
    old, new = wire(kernel, "reuse"), wire(kernel, "reuse", which=1)
    used = old.isn(CLIENT) + max(segment.end for segment in old.sent(CLIENT))
    ahead = (new.isn(CLIENT) - used) % 2**32
    expect(0 < ahead < 2**31 and new.handshake, done=done, expected="a connection that begins beyond all numbers used",
           seen=f"it begins {ahead} further on")
    again = brought_again(kernel, "reuse")
    expect(len(again) == 1, done=done, expected="one old segment arrives at h2 again", seen=f"{len(again)}")
    outcomes = kernel.json("outcomes")
    expect(outcomes.get("paws") == 1 and outcomes.get("reuse") == "N" * 500, done=f"{done}; an old segment arrived",
           expected="h2 discards it by its timestamp (PAWS), and reads the new connection's bytes alone",
           seen=f"{outcomes.get('paws')} discarded, {len(outcomes.get('reuse', ''))} bytes read")


@observation(1, claim="TWT-4", hint="h2 answers the SYN although it is in TIME-WAIT: with which number?")
def check_a_new_syn_ends_time_wait(kernel):
    """The server waits, and the client comes back from the same port: a SYN with a higher number is let in."""
    done = "h2 closed first; h1 connected again from the same port at once"
    expect_results(kernel, ("reopened", "h1 connects", "ok"))
    old, new = (wire(kernel, "reopened", "h2", which) for which in (0, 1))
    expect(old.closed_first == SERVER and new.client == old.client and new.time - old.time < TIMEWAIT and new.handshake,
           done=done, expected="a handshake between the same ports within the minute", seen=in_words(new.segments[:3]))
    expect((new.isn(CLIENT) - old.isn(CLIENT)) % 2**32 < 2**31 and new.stream(CLIENT), done=done,
           expected="a higher number than before, and data", seen=f"{len(new.stream(CLIENT))} bytes")


# --- reason two: old segments -----------------------------------------------------------------------------------------

@observation(1, claim="TWT-6", hint="Three segments: the old one, h2's answer, and what h1 says to that.")
def check_an_old_segment_ends_time_wait(kernel):
    """An old segment is answered by an ACK, that by a reset, and this ends TIME-WAIT, but for RFC 1337's advice."""
    for step, setting, stays in (("assassin", 0, False), ("shielded", 1, True)):
        done = f"an old segment arrived at h2 in TIME-WAIT (tcp_rfc1337 = {setting})"
        again = brought_again(kernel, step)
        expect(len(again) == 1 and step in waiting(kernel, f"before-{step}", "h2"), done=done,
               expected="one old segment, and TIME-WAIT before it", seen=f"{len(again)} old segments")
        behind = [segment for segment in wire(kernel, step, "h2").segments if segment.time > again[0].time]
        expect([segment.flags for segment in behind] == ["ACK", "RST"], done=done, expected="h2 ACK, h1 RST",
               seen=in_words(behind))
        after = step in waiting(kernel, f"after-{step}", "h2")
        expect(after == stays, done=done, expected=f"h2 {'still' if stays else 'no longer'} in TIME-WAIT",
               seen="in TIME-WAIT" if after else "not in TIME-WAIT")


@observation(1, claim="TWT-4",
        hint="Find the last connection of `ghost` in h2-eth0.pcap, and look at scenes/kernel/files/outcomes.")
def check_old_data_is_taken_for_new(kernel):
    """Were old segments to live until the numbers come round, they would be read as new data, and nobody would know."""
    done = f"without timestamps: the same four-tuple again, {ISN_CYCLE:.1f} s later, and the old segments once more"
    old, new = reading.ghosts(kernel)
    early = (old.isn(CLIENT) - new.isn(CLIENT)) % 2**32
    expect(old.client == new.client and abs(new.time - old.time - ISN_CYCLE) < 0.5 and early < ALMOST, done=done,
           expected="the same ports, and almost the same numbers",
           seen=f"{new.time - old.time:.3f} s later, {early} apart")
    again = brought_again(kernel, "ghost")
    read, sent = (kernel.json("outcomes").get(key, "") for key in ("ghost", "ghost_sent"))
    expect(again and "o" in read and len(read) == sent, done=done,
           expected=f"{sent} bytes are read, and some of them are the old connection's",
           seen=f"{len(again)} old segments; {len(read)} bytes read, {read.count('o')} of them old")


@observation(1, claim="TWT-7",
        hint="scenes/kernel/files/attempts: how many ports has h1 in the step `range`, and where are they?")
def check_ports_run_out(kernel):
    """A client that closes first uses up a port for a minute; tcp_tw_reuse gives it back, with timestamps."""
    expect_results(kernel, ("range", "h1 connects", "ok"), ("range", "h1 connects again", "EADDRNOTAVAIL"),
                   ("range", "h1 connects again, with tcp_tw_reuse", "ok"))
    done = "h1 had one port to choose from"
    made = [connection for connection in reading.wires(kernel, "range") if connection.handshake]
    expect(len(made) == 2 and {connection.client.port for connection in made} == {port(kernel, "range", CLIENT)},
           done=done, expected="two connections from that port", seen=[connection.client.port for connection in made])


@observation(1, claim="TWT-8",
        hint="scenes/kernel/files/attempts, step `range`: when is h1 refused for the last time, and when not any more?")
def check_how_soon_a_port_comes_back(kernel):
    """Then and now: tcp_tw_reuse waits for the next tick of a clock in seconds, or for tcp_tw_reuse_delay."""
    made = [connection for connection in reading.wires(kernel, "range") if connection.handshake]
    fin = next((segment for one in made[:1] for segment in one.sent(SERVER) if segment.fin), None)
    delay = int(kernel.text("reuse-delay").partition("=")[2] or 0) / 1000
    done = "h1 had closed first, and wanted its one port again, with tcp_tw_reuse"
    expect(len(made) == 2 and fin, done=done, expected="two connections, one after the other",
           seen=f"{len(made)} connections")
    if delay:  # ms are counted since Linux 6.14
        due, why = fin.time + delay, f"{delay:g} s after h2's FIN (tcp_tw_reuse_delay)"
    else:  # net/ipv4/tcp_ipv4.c compared ktime_get_seconds() with what it had been
        clock = kernel.json("outcomes")["kernel_clock"]
        due, why = int(fin.time + clock) + 1 - clock, "when the kernel's clock has come to another second"
    tries = reading.attempts(kernel, "range", "h1 connects again, with tcp_tw_reuse")
    refused = [entry["time"] for entry in tries if entry["result"] != "ok"]
    late = made[1].time - max(due, tries[0]["time"])  # seconds
    expect(due - TICK < made[1].time and late < reading.EACH + SOON and all(one < due + SOON for one in refused),
           done=done, expected=f"refused until then, and had again {why}: {due - fin.time:.3f} s after h2's FIN",
           seen=f"refused {len(refused)} times, had after {made[1].time - fin.time:.3f} s")
    saw("a port comes back", f"{delay:g} s after the FIN" if delay else "when a clock in seconds has ticked")


# --- the student's client ---------------------------------------------------------------------------------------------


@points(3, claim=("TWT-1", "TWT-4"), hint="bind() is refused while a connection waits on the port. Who closed first?")
def check_your_client_asks_again(programs):
    """R7, R8: your client asks all questions, each over a connection of its own, all from its port."""
    words = programs.params["_words"]
    made = reading.visits(programs)
    ports = [connection.client.port for connection in made]
    asked = [connection.stream(CLIENT).count(b"get\n") for connection in made]
    expect((ports, asked) == ([port(programs, "visits", CLIENT)] * len(words), [1] * len(words)),
           done=f"your client was to ask {len(words)} questions from port {port(programs, 'visits', CLIENT)}",
           expected=f"{len(words)} connections, all from that port, each with one question",
           seen=f"from the ports {ports}, {asked} questions" + reading.last_words(programs, "client"))


@points(1, claim="TWT-4", hint="time.sleep(), and what else takes time?")
def check_your_client_keeps_time(programs):
    """R7: it asks once a second: neither all at once, nor when TIME-WAIT is over."""
    words, made = programs.params["_words"], reading.visits(programs)
    gaps = [round(two.time - one.time, 2) for one, two in pairwise(made)]
    expect(len(gaps) == len(words) - 1 and all(0.9 <= gap <= 2 for gap in gaps),
           done=f"your client was to ask {len(words)} questions",
           expected="a second or a little more between two of them", seen=f"seconds: {gaps}")


@points(2, claim="TWT-4", hint="N is a number of bytes, and TCP brings them in pieces.")
def check_your_client_prints_the_answers(programs):
    """R9: your client prints the answers, one per line, and ends."""
    words, program = programs.params["_words"], programs.command("client")
    printed = program.stdout.splitlines()
    expect(printed == words and not program.stopped, done=f"your client was to ask {len(words)} questions",
           expected=f"the lines {words}", seen=f"{printed} {program.stopped}" + reading.last_words(programs, "client"))


@points(2, claim="TWT-1", hint="A reset leaves no TIME-WAIT, but is no way to say goodbye. Who else could close first?")
def check_your_client_lets_the_server_close(programs):
    """R10: in each of your client's connections the server closes first, nobody resets, and h1 waits for none."""
    words, made = programs.params["_words"], reading.visits(programs)
    done = f"your client was to ask {len(words)} questions"
    first = [connection.closed_first for connection in made if not connection.resets]
    expect(first == [SERVER] * len(first) and len(first) == len(made) > 1, done=done,
           expected="connections in which h2's FIN comes first, and no reset",
           seen=f"{len(made)} connections: " + "; ".join(in_words(closing(one)[:1]) for one in made))
    expect("visits" not in waiting(programs, "visits", "h1"), done=done, expected="no TIME-WAIT on h1",
           seen="the last connection waits there")


# --- the student's server ---------------------------------------------------------------------------------------------

def expect_told(evidence, visit: str, which: int) -> tcp.Connection:
    """A visitor of the student's server has read a whole answer and the end, and the server has closed first."""
    done = f"a visitor with a small buffer said `get` and `bye`, and read some seconds later ({visit})"
    connection, right = wire(evidence, "server", which=which), reading.answer(evidence)
    read, stream = evidence.json("outcomes").get(visit), connection.stream(SERVER)
    expect(stream == right and read == {"bytes": len(right), "end": "end"}, done=done,
           expected=f"the visitor reads the whole answer, {len(right)} bytes, and the end",
           seen=f"{read}, {stream[:20]!r}, {len(stream)} bytes on the wire" + reading.last_words(evidence, "server"))
    expect(connection.closed_first == SERVER and not connection.resets, done=done,
           expected="your server's FIN comes first, and no reset", seen=in_words(closing(connection)[:3]))
    return connection


@points(1, claim="TWT-1", hint="What becomes of bytes that wait in the send buffer when the connection is reset?")
def check_your_server_says_goodbye(programs):
    """R2: your server answers whole, closes first on `bye`, and so has a connection in TIME-WAIT."""
    expect_told(programs, "first-visit", 0)
    expect("server" in waiting(programs, "restart", "h2"), done="your server's visitor had gone",
           expected="h2 in TIME-WAIT", seen="no such line in files/tables")


@points(4, claim="TWT-4", hint="Which option must be set, before which call, in either run of the server?")
def check_your_server_starts_again(programs):
    """R5: stopped and started again at once, while its last connection is in TIME-WAIT, your server serves."""
    done = "your server was stopped and started again at once"
    expect("server" in waiting(programs, "restart", "h2"), done=done, expected="h2 in TIME-WAIT at that time",
           seen="no such line in files/tables")
    again = programs.command("server-again")
    listening = programs.mark("second-visit") - again.start
    second = wire(programs, "server", which=1).data(SERVER)
    expect(second, done=done, expected=f"it answers ({listening:.1f} s after the start)",
           seen="no answer" + reading.last_words(programs, "server-again"))


@points(2, claim="TWT-4", hint="There is an option that lets two servers share a port. Is it the one you need?")
def check_your_server_runs_once(programs):
    """R6: while your server runs, a second one is refused the port."""
    expect(wire(programs, "server", which=1).data(SERVER), done="your server had been started again",
           expected="it serves", seen="no answer" + reading.last_words(programs, "server-again"))
    second = programs.command("second-server")
    expect(second.status not in (None, 0), done="your server was started a second time, beside the first",
           expected="the second ends with an error", seen=second.stopped or f"status {second.status}")


@points(2, claim="TWT-4", hint="A line ends with a line feed, and nowhere else. There may be another one behind it.")
def check_your_server_hears_every_line(programs):
    """R1: your server, started again, answers each `get`, if its letters come in pieces, too."""
    for name, times, done in (
            ("asks-twice", 2, "a visitor said `get`, read the answer, said `get` again, and `bye`"),
            ("speaks-slowly", 3, "a visitor said `get` three times and `bye`, a few letters at a time")):
        stream, right = reading.visit(programs, name).stream(SERVER), reading.answer(programs, times)
        expect(stream == right, done=done, expected=f"{times} answers, {len(right)} bytes",
               seen=f"{len(stream)} bytes: {stream[:20]!r}" + reading.last_words(programs, "server-again"))


@points(2, claim="TWT-1", hint="What ends a conversation? What does an empty line of bytes mean?")
def check_your_server_ends_every_talk(programs):
    """R2, R3: `bye` alone, a visitor who leaves without a word, one who leaves after `get`: your server closes, too."""
    for name, done, right in (("bye-alone", "a visitor said `bye`, and nothing else", b""),
                              ("says-nothing", "a visitor half-closed without a word", b""),
                              ("no-bye", "a visitor said `get`, half-closed, and read", reading.answer(programs))):
        connection = reading.visit(programs, name)
        fin, stream = connection.fins.get(SERVER), connection.stream(SERVER)
        expect(stream == right, done=done, expected=f"{len(right)} bytes", seen=f"{len(stream)} bytes: {stream[:20]!r}")
        heard = [segment.time for segment in connection.sent(CLIENT) if segment.length or segment.fin]
        last = max(segment.time for segment in connection.data(SERVER)) if stream else heard[0]
        expect(fin and fin.time - last < PROMPT and not connection.resets, done=done,
               expected="your server's FIN at once, and no reset",
               seen=(f"{fin.time - last:.2f} s later" if fin else "no FIN: ") + in_words(closing(connection)[:4]))


@points(2, claim="TWT-4", hint="A call that fails is about one visitor. Is it a reason to stop?")
def check_your_server_survives(programs):
    """R4: a visitor is killed before it has read the answer, one when it has ended, one in a line: the next is served.
    """
    killed, early = reading.visit(programs, "gone"), reading.visit(programs, "gone-early")
    expect(killed.data(SERVER) and resets(killed, CLIENT), done="a visitor asked and was killed",
           expected="an answer, and a reset from h1", seen=in_words(killed.segments[:6]))
    ended = reading.visit(programs, "gone-at-the-end")
    for one, when in ((early, "in the middle of a line"), (ended, "when it had asked and half-closed")):
        expect(resets(one, CLIENT), done=f"a visitor was killed {when}", expected="a reset from h1",
               seen=in_words(one.segments[:6]))
    expect(reading.visit(programs, "last-visit").data(SERVER), done="a visitor had been killed; then one more came",
           expected="an answer", seen="none" + reading.last_words(programs, "server-again"))
    starts = programs.json("starts")
    before = [reading.VISITS[reading.VISITS.index(name) - 1] for name in starts]
    expect(not starts, done=f"{len(reading.VISITS)} visitors came to your server", expected="it serves them all",
           seen=f"it had to be started again after {', '.join(before)}" + reading.last_words(programs, "server-again"))


# --- the student's answers --------------------------------------------------------------------------------------------

@points(2, claim=("TWT-1", "TWT-2", "TWT-5"),
        hint="scenes/kernel/files: tables has who waits, outcomes until when; RFC 9293.")
def check_answers_who_waits(kernel, answers):
    """Your answers on who waits, and for how long."""
    for step in ("client-first", "server-first"):
        key = f"waits_{step.replace('-', '_')}"
        right = [host for host in ("h1", "h2") if step in waiting(kernel, "both", host)]
        same([answers.choice(key, ("h1", "h2"))], right, key)
    for host, step in (("h1", "client-first"), ("h2", "server-first")):
        key, given = f"seconds_{host}", answers.integer(f"seconds_{host}")
        free = kernel.json("outcomes")["free"][step]["free"] - states(kernel, step, host)["CLOSED"]
        expect(given <= free <= given * LATE + POLL, done=f"answers.toml: {key}",
               expected="what your own run shows", seen=given)
    same(answers.integer("minutes_rfc") * 60, RFC_TIMEWAIT, "minutes_rfc")


@points(2, claim="TWT-3", hint="Steps `lost-ack` and `no-wait`: filter tcp.flags.fin == 1 in h2-eth0.pcap.")
def check_answers_last_ack(kernel, answers):
    """Your answers on the ACK that was lost."""
    connection = wire(kernel, "lost-ack", "h2")
    fins = [segment for segment in connection.sent(SERVER) if segment.fin]
    expect(len(fins) > 1, done="the last ACK was lost", expected="h2 repeats its FIN", seen=in_words(fins))
    same(answers.choice("repeats", ("h1", "h2")), "h2", "repeats")
    answer = ack_of(connection, fins[1])
    same(answers.integer("answer_number"), answer and answer.ack, "answer_number")
    measured, given = (fins[1].time - fins[0].time) * 1000, answers.integer("repeated_after")
    expect(abs(given - measured) <= 10, done="answers.toml: repeated_after", expected="what your own run shows",
           seen=given)
    sent = resets(wire(kernel, "no-wait", "h2"), CLIENT)
    same(answers.choice("answer_without", ("ACK", "RST", "FIN")), "RST" if sent else "ACK", "answer_without")


@points(2, claim=("TWT-4", "TWT-6"), hint="scenes/kernel/files: attempts has what was allowed, outcomes what was read.")
def check_answers_old_ones(kernel, answers):
    """Your answers on old addresses and old segments."""
    for key, step, what in (
            ("listen_after_client_first", "client-first", "h2 listens"),
            ("listen_if_only_new_sets_it", "server-first", f"h2 listens {REUSED}"),
            ("listen_if_both_set_it", "restart", f"h2 listens {REUSED}"),
            ("connect_with_timestamps", "reuse", f"h1 connects {REUSED}"),
            ("connect_without_timestamps", "ghost", f"h1 connects {REUSED}")):
        same(answers.flag(key), reading.results(kernel, step, what) == "ok", key)
    same(answers.flag("assassin_still_waits"), "assassin" in waiting(kernel, "after-assassin", "h2"),
         "assassin_still_waits")
    same(answers.flag("ghost_is_read"), "o" in kernel.json("outcomes").get("ghost", ""), "ghost_is_read")
