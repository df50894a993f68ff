"""What must be true of documents over a long path, and of the student's fetcher.

Round trips are counted by who spoke after whom in the client's capture, which no busy computer changes. The time that
they took is compared with the path's: none can be shorter, and less than half of one may be lost on the way, on a busy
computer in real time. SOON is for what needs no round trip at all.
"""

import zlib
from itertools import pairwise
from math import ceil
from pathlib import Path

from mnlab.checks import CheckFailed, expect, observation, points
from mnlab.lab.lab import load
from mnlab.protocols import tcp

wire = load(Path(__file__).with_name("reading.py"))
visit, visits, rtt, in_rounds = wire.visit, wire.visits, wire.rtt, wire.in_rounds

SOON = wire.LATE  # of a round trip: the time of programs and kernels, not of the path
BUDGET = 3  # round trips that the student's fetcher has for each connection
KEEPS, COUNTS, CLOSES, ENDS, CUTS, LINGERS = (
    f"yours{ending}" for ending in ("", "-counted", "-closed", "-ended", "-cut", "-lingering"))


def small(params) -> list[str]:
    return list(params["small"])


def request_segment(connection) -> tcp.Segment:
    """The segment with the first byte of the first request."""
    return connection.piece_at(tcp.CLIENT, 0).segment


# --- one document --------------------------------------------------------------------------------------------------

@observation(1, claim="PER-1", hint="Number the segments of the step `bare`: what does the third one carry?")
def check_a_bare_ack_comes_first(documents, params):
    """curl on Linux: the third segment is a bare ACK, and the request follows in the fourth at once."""
    seen = visit(documents, "bare")
    request, shake = request_segment(seen), seen.handshake
    expect(shake and not shake.syn.length, done="curl fetched a document", seen="another opening",
           expected="three segments that open the connection, the SYN without data")
    expect(shake.ack.length == 0 and seen.segments.index(request) == 3, done="curl fetched a document",
           expected="a third segment without data, the request in the fourth",
           seen=f"{shake.ack.length} bytes in the third; the request in segment {seen.segments.index(request) + 1}")
    late = request.time - shake.synack.time
    expect(late < SOON * rtt(params), done="curl fetched a document", expected="the request leaves at once",
           seen=f"{in_rounds(params, late)} after the SYN+ACK")


@observation(1, claim="PER-1", hint="The step `rides` differs from `bare` in one socket option: TCP_QUICKACK is off.")
def check_the_request_can_ride(documents, params):
    """With TCP_QUICKACK off before connect() the third segment carries the request; it saves a segment, but no time."""
    seen, plain = visit(documents, "rides"), visit(documents, "bare")
    done = "a socket with TCP_QUICKACK off fetched the same document"
    third = seen.handshake.ack if seen.handshake else None
    expect(third is not None and third is request_segment(seen), done=done, expected="the request in the third segment",
           seen=f"segment {seen.segments.index(request_segment(seen)) + 1}")
    late = third.time - seen.handshake.synack.time
    expect(late < SOON * rtt(params), done=done, expected="it leaves at once", seen=in_rounds(params, late))
    times = wire.duration([seen]), wire.duration([plain])
    expect(abs(times[0] - times[1]) < SOON * rtt(params), done=done + ", after curl had done without",
           expected="the same time for both", seen=" and ".join(in_rounds(params, time) for time in times))


@observation(1, claim="PER-2", hint="One round trip for SYN and SYN+ACK, one for request and response.")
def check_two_round_trips(documents, params):
    """A document that fits in one segment takes two round trips, from the SYN to its last byte."""
    seen = visit(documents, "bare")
    expect(wire.is_rounds(params, [seen], 2), done=f"curl fetched {small(params)[0]} on a new connection",
           expected=f"2 round trips of {2 * params['delay']} ms", seen=wire.waits(params, [seen]))
    opening = seen.handshake
    first = opening.synack.time - opening.syn.time
    expect(wire.takes(params, first, 1), done="the client measured the first of them: SYN to SYN+ACK",
           expected=f"{2 * params['delay']} ms", seen=in_rounds(params, first))


@observation(1, claim="PER-2", hint="Bits of all its frames, divided by the rate of the link.")
def check_transmission_time(documents, params):
    """A page that fits in the initial window takes two round trips and the time to transmit it."""
    page = visit(documents, "page")
    extra, sending = wire.duration([page]) - 2 * rtt(params), wire.transmission(params, [page])
    expect(wire.rounds([page]) == 2 and sending - wire.burst(params) <= extra <= sending + SOON * rtt(params),
           done=f"a page of {params['page']} bytes came over a link of {params['rate']} Mbit/s",
           expected=f"2 round trips, and {sending * 1e3:.1f} ms of sending (less a burst of {wire.BURST} bytes)",
           seen=f"{wire.rounds([page])} round trips; twice the path's round trip and {extra * 1e3:.1f} ms")


@observation(1, claim="PER-2", hint="How much may a server send before it has heard anything? (RFC 6928, RFC 5681)")
def check_long_documents_wait_for_slow_start(documents, params):
    """A longer document costs a third round trip: its server has to wait for the first ACKs."""
    seen, sender = visit(documents, "long"), visit(documents, "long", "server")
    start = request_segment(sender).time
    flight = sum(one.length for one in sender.data(tcp.SERVER) if one.time < start + rtt(params))
    expect(0.5 * wire.INITIAL_WINDOW < flight <= wire.INITIAL_WINDOW, seen=f"{flight} bytes",
           done=f"a document of {params['long']} bytes was fetched on a new connection",
           expected=f"at most {wire.INITIAL_WINDOW} bytes leave in the first round trip after the request")
    time, least = wire.duration([seen]), 3 * rtt(params)
    most = least + wire.transmission(params, [seen])
    expect(least <= time <= most + SOON * rtt(params), done="the same", seen=in_rounds(params, time),
           expected=f"3 round trips, and up to {(most - least) * 1e3:.0f} ms for the rest of it")


# --- many documents ------------------------------------------------------------------------------------------------

@observation(1, claim="PER-3", hint="Count the SYNs in the step `each`, and look at the time between them.")
def check_http10_pays_each_time(documents, params):
    """HTTP/1.0: a connection for each document, two round trips for each."""
    seen, number = visits(documents, "each"), len(small(params))
    done = f"curl fetched {number} documents over HTTP/1.0"
    found = wire.answered(seen)
    expect(len(seen) == number and wire.paths(found) == small(params) and
           all(one.request.version == "HTTP/1.0" for one in found), done=done,
           expected=f"{number} connections, with one request of HTTP/1.0 on each",
           seen=f"{len(seen)} connections, {len(found)} documents")
    for one in seen:
        expect(wire.is_rounds(params, [one], 2), done=done, expected="2 round trips on each connection",
               seen=wire.waits(params, [one]))
    expect(wire.is_rounds(params, seen, 2 * number), done=done, expected=f"{2 * number} round trips for all",
           seen=wire.waits(params, seen))


@observation(1, claim="PER-3", hint="How does a client of HTTP/1.0 know where a document without a length ends?")
def check_the_server_closes(documents):
    """HTTP/1.0: the server says that it closes, and sends the first FIN, right behind the document."""
    for one in visits(documents, "each", "server"):
        answer = next(iter(wire.answered([one])), None)
        expect(answer and (answer.response.header("Connection") or "").lower() == "close",
               done="curl fetched a document over HTTP/1.0", expected="a response with Connection: close",
               seen=answer and answer.response.header("Connection"))
        expect(one.closed_first == tcp.SERVER, done="the same, captured at the server",
               expected="the first FIN from the server", seen=f"from the {one.closed_first}")


@observation(1, claim="PER-3", hint="RFC 9112, appendix C.2.2: an extension that many clients of HTTP/1.0 had.")
def check_http10_keeps_if_asked(documents, params):
    """HTTP/1.0 with Connection: keep-alive: the server keeps the connection after all."""
    seen = visits(documents, "ten-kept")
    found, done = wire.answered(seen), "two requests of HTTP/1.0 with Connection: keep-alive on one connection"
    expect(len(seen) == 1 and len(found) == 2 and wire.is_rounds(params, seen, 3), done=done,
           expected="both answered, in 3 round trips", seen=f"{len(found)} answered on {len(seen)} connections, "
           + wire.waits(params, seen))


@observation(1, claim="PER-4", hint="How many SYNs are there in the step `kept`?")
def check_one_more_round_trip_each(documents, params):
    """HTTP/1.1 keeps the connection: two round trips for the first document, one more for each that follows."""
    seen, number = visits(documents, "kept"), len(small(params))
    found, done = wire.answered(seen), f"curl fetched {number} documents over HTTP/1.1"
    expect(len(seen) == 1 and wire.paths(found) == small(params), done=done,
           expected=f"{number} documents on one connection", seen=f"{len(found)} on {len(seen)}")
    sending = wire.transmission(params, seen)
    expect(wire.is_rounds(params, seen, number + 1), done=done, expected=f"{number + 1} round trips for all",
           seen=wire.waits(params, seen))
    for before, after in pairwise(found):
        time = after.response.end - before.response.end
        expect(wire.takes(params, time, 1, sending), done=done, expected="one round trip from document to document",
               seen=in_rounds(params, time))


@observation(1, claim="PER-5", hint="Compare the times of each request and of the response before it.")
def check_the_next_request_waits(documents):
    """Without pipelining a request leaves only when the response before it is all there."""
    found = wire.answered(visits(documents, "kept"))
    expect(len(found) > 1, done="curl fetched documents on one connection", expected="several", seen=len(found))
    early = [one.request.target_uri for before, one in pairwise(found) if one.time < before.response.end]
    expect(not early, done="curl fetched documents on one connection", seen="not " + ", ".join(early),
           expected="each request after the whole response before it")


@observation(1, claim="PER-6", hint="In the step `piped` look at the client's first segment with data.")
def check_all_at_once(documents, params):
    """With pipelining all requests go at once, and all documents come in about one round trip after the handshake."""
    seen, number = visits(documents, "piped"), len(small(params))
    found, done = wire.answered(seen), f"a socket sent {number} requests on one connection, one behind the other"
    expect(len(seen) == 1 and wire.paths(found) == small(params), done=done, expected="all answered, in this order",
           seen=", ".join(wire.paths(found)) or "none")
    last = max(one.time for one in found)
    expect(last < found[0].response.time and last - found[0].time < SOON * rtt(params), done=done,
           expected="all requests leave together, ahead of any response",
           seen=f"the last one {in_rounds(params, last - found[0].time)} after the first")
    time = found[-1].response.end - found[0].time
    expect(wire.takes(params, time, 1, wire.transmission(params, seen)), done=done, seen=in_rounds(params, time),
           expected="all documents within one round trip and the time to transmit them")


@observation(1, claim="PER-7", hint="Responses carry no name of what they answer. How does the client tell them apart?")
def check_a_slow_answer_blocks(documents, params):
    """Pipelined answers come in the order of the requests: behind a slow one the fast one waits."""
    found = wire.answered(visits(documents, "blocked"))
    done = "the slow document and a fast one were asked for at once"
    expect(wire.paths(found) == ["/slow.txt", small(params)[0]], done=done, expected="both, the slow one first",
           seen=", ".join(wire.paths(found)) or "none")
    slow, fast = found
    expect(fast.time - slow.time < SOON * rtt(params) and fast.response.time >= slow.response.end, done=done,
           expected="the fast one begins after the slow one's last byte", seen="another order")
    waited = fast.response.end - fast.time
    expect(waited > 2 * rtt(params), done=done, expected="the fast one takes much longer than its one round trip",
           seen=in_rounds(params, waited))


@observation(1, claim="PER-8", hint="Read the header Connection of each response in the step `counted`.")
def check_what_is_kept_has_an_end(documents, params):
    """A server may close a kept connection: what it has not answered by then stays unanswered."""
    seen = visit(documents, "counted")
    asked, found, kept = wire.exchanges([seen]), wire.answered([seen]), params["requests_kept"]
    done = f"{len(asked)} requests went at once to a server that closes after {kept}"
    expect(len(found) == kept < len(asked), done=done, expected=f"{kept} answers", seen=len(found))
    said = [one.response.header("Connection") for one in found]
    expect(said[-1] == "close" and "close" not in said[:-1], done=done, expected="the last of them says close",
           seen=", ".join(map(str, said)))
    expect(visit(documents, "counted", "server").closed_first == tcp.SERVER, done=done,
           expected="the first FIN from the server", seen="not so")


# --- your fetcher --------------------------------------------------------------------------------------------------

def wanted(evidence, step) -> list[str]:
    return list(evidence.command(f"fetch-{step}").argv[5:])


def printed(evidence, step) -> list[str]:
    return [line.strip().lower() for line in evidence.command(f"fetch-{step}").stdout.splitlines() if line.strip()]


def line(one) -> str:
    """What the program is to print of an exchange, as the wire has it."""
    body = one.response.body
    return f"{one.request.target_uri} {one.response.status} {len(body)} {zlib.crc32(body):08x}"


def expect_fetched(evidence, step, server: str):
    """Every document came over the wire, once, from a server of this kind; the program says so. The connections, the
    exchanges, and what was done."""
    ran = evidence.command(f"fetch-{step}")
    words = ran.stopped or "\n".join(ran.stderr.strip().splitlines()[-4:]) or f"it ended with status {ran.status}"
    seen, paths = visits(evidence, step), wanted(evidence, step)
    done = f"fetch.py was to fetch {len(paths)} documents from a server that {server}"
    expect(seen, done=done, expected="a connection", seen=f"none; {words}")
    found = wire.answered(seen)
    expect(wire.paths(found) == paths, done=done, expected="each path answered once, in this order",
           seen=f"{', '.join(wire.paths(found)) or 'none'}; {words}")
    told = printed(evidence, step)
    for number, one in enumerate(found):
        mine, crc = told[number] if number < len(told) else "nothing", line(one).split()[-1]
        words_of_it = [word.lstrip("0") for word in mine.split()]
        expect(one.request.target_uri in words_of_it and crc.lstrip("0") in words_of_it, done=done,
               expected=f"line {number + 1}: {line(one)}", seen=mine)
    return seen, found, done


def expect_connections(seen, found, done, kept: int) -> None:
    """One connection after the other, each for the next `kept` documents."""
    paths = wire.paths(found)
    expect(len(seen) == ceil(len(paths) / kept), done=done, expected=f"{ceil(len(paths) / kept)} connections",
           seen=len(seen))
    for before, after in pairwise(seen):
        ended = min([one.time for one in before.fins.values()], default=float("inf"))
        expect(after.time >= ended, done=done, seen="a SYN ahead of the first FIN",
               expected="the next connection once the one before has begun to close")
    for number, one in enumerate(seen):
        asked = wire.paths(wire.exchanges([one]))
        expect(asked == paths[number * kept:][:len(asked)], done=done,
               expected=f"connection {number + 1} begins with {paths[number * kept]}", seen=", ".join(asked))


def expect_in_time(params, seen, done) -> None:
    """Three round trips for each connection, and the time to send it all."""
    most = max(wire.rounds([one]) for one in seen)
    expect(most <= BUDGET, done=done, expected=f"{BUDGET} round trips at most, on each connection", seen=most)
    time = wire.duration(seen)
    expect(time <= (BUDGET + SOON) * len(seen) * rtt(params) + wire.transmission(params, seen), done=done,
           expected=f"the time of {BUDGET} round trips at most, for each of {len(seen)} connections",
           seen=in_rounds(params, time))


@points(3, claim=("PER-4", "PER-6"), hint="How many round trips does each request wait for that is not the first?")
def check_your_budget(fetcher, params):
    """Your fetcher gets all documents within three round trips, on one connection."""
    seen, done = visits(fetcher, KEEPS), "fetch.py was to fetch documents from a server that keeps its connections"
    expect(len(wire.answered(seen)) > len(small(params)) / 2, done=done, expected="most of them",
           seen=f"{len(wire.answered(seen))} of {len(wanted(fetcher, KEEPS))}")
    expect(len(seen) == 1, done=done, expected="one connection", seen=f"{len(seen)}")
    expect_in_time(params, seen, done)


@points(3, claim="PER-6", hint="Content-Length says where a body ends. What looks like a header inside it is none.")
def check_your_documents_are_whole(fetcher):
    """Your fetcher cuts the stream into the right documents, with every byte of each, whatever its status."""
    expect_fetched(fetcher, KEEPS, "keeps its connections")


@points(1, claim="PER-6", hint="Bytes, not characters. f\"{crc:08x}\" has all eight digits.")
def check_your_lines(fetcher):
    """A line for each document: path, status, length, CRC; and nothing else."""
    ran, found = fetcher.command(f"fetch-{KEEPS}"), wire.answered(visits(fetcher, KEEPS))
    right, told = list(map(line, found)), [line.strip().lower() for line in ran.stdout.splitlines()]
    wrong = next((number for number, pair in enumerate(zip(told, right)) if pair[0] != pair[1]), len(right))
    expect(right and told == right, done=ran.line, expected=f"{len(right)} lines, "
           + (f"line {wrong + 1} is {right[wrong]}" if wrong < len(right) else "one for each document"),
           seen=f"{len(told)} lines" + (f", line {wrong + 1} is {told[wrong]}" if wrong < len(told) else ""))
    for step in (COUNTS, CLOSES, ENDS, CUTS, LINGERS):
        odd = [words for words in printed(fetcher, step) if words.split()[0] not in wanted(fetcher, step)]
        expect(not odd, done=fetcher.command(f"fetch-{step}").line, expected="lines that begin with the paths",
               seen=odd[0][:100] if odd else "")


@points(3, claim="PER-8", hint="What has been answered is yours. Ask the next connection for the rest, and no more.")
def check_your_unanswered_requests_are_sent_again(fetcher, params):
    """Where the server closes after some requests, your fetcher asks a new connection for the rest."""
    seen, found, done = expect_fetched(fetcher, COUNTS, f"closes after {params['requests_kept']} requests")
    expect_connections(seen, found, done, params["requests_kept"])
    expect_in_time(params, seen, done)


@points(2, claim=("PER-3", "PER-8"), hint="Connection: close in a response: nothing more will come on this connection.")
def check_your_fetcher_takes_a_close(fetcher, params):
    """Where the server closes after each response, your fetcher goes on, one connection after the other."""
    seen, found, done = expect_fetched(fetcher, CLOSES, "keeps no connection")
    expect_connections(seen, found, done, 1)
    expect_in_time(params, seen, done)


@points(2, claim="PER-8", hint="A body that is shorter than its Content-Length is not the document.")
def check_your_fetcher_takes_an_end(fetcher, params):
    """Where the stream just ends, behind a response or in the middle of one, your fetcher asks for the rest."""
    for step, how in ((ENDS, "closes without a word"), (CUTS, "closes in the middle of a response")):
        seen, found, done = expect_fetched(fetcher, step, how)
        expect_connections(seen, found, done, params["requests_kept"])
        expect_in_time(params, seen, done)


@points(2, claim="PER-8", hint="Who has been told that nothing more will come need not wait for the end of the stream.")
def check_your_fetcher_closes_when_told(fetcher, params):
    """Where the server says that it closes, and takes its time, your fetcher goes on at once."""
    seen, found, done = expect_fetched(fetcher, LINGERS, "says Connection: close, and waits for the client to close")
    expect_connections(seen, found, done, params["requests_kept"])
    ends = [one.response.end for one in found]
    for after in seen[1:]:
        gap = after.time - max((end for end in ends if end < after.time), default=seen[0].time)
        expect(gap < SOON * rtt(params), done=done, expected="the next SYN right after the last response",
               seen=in_rounds(params, gap))
    expect_in_time(params, seen, done)


# --- your answers --------------------------------------------------------------------------------------------------

def right(key, given, found, done):
    expect(given == found, done=done, expected=f"another {key}", seen=f"{given}")


def near(key, given, found, done, least=None):
    """What was measured, or (in real time a little less) `least`, what the path alone takes."""
    expect(0.95 * (found if least is None else least) <= given <= 1.05 * found, done=done,
           expected=f"another {key} (5 % off is fine)", seen=f"{given:g}")


@points(1, claim="PER-1", hint="Count from the SYN, which is segment 1.")
def check_answer_segments(answers, documents):
    """Which segment carries the request, with curl and with TCP_QUICKACK off."""
    for step in ("bare", "rides"):
        seen = visit(documents, step)
        right(f"segment_{step}", answers.integer(f"segment_{step}"), seen.segments.index(request_segment(seen)) + 1,
              f"the segments of the step {step} were counted")


@points(3, claim=("PER-3", "PER-4", "PER-6"), hint="Connections, plus rounds in which somebody waits on each.")
def check_answer_rounds(answers, documents, params):
    """How many round trips all documents take: over HTTP/1.0, on a kept connection, and pipelined."""
    for step in ("each", "kept", "piped"):
        right(f"rounds_{step}", answers.integer(f"rounds_{step}"), wire.rounds(visits(documents, step)),
              f"the round trips of the step {step} were counted, from the SYN to the last byte")


@points(2, claim="PER-2", hint="Two round trips, and 8 bits for each byte of the page, its headers and its frames.")
def check_answer_page(answers, documents, params):
    """How long the page takes."""
    page = visit(documents, "page")
    least = 2 * rtt(params) + wire.transmission(params, [page]) - wire.burst(params)
    near("page_ms", answers.number("page_ms"), 1e3 * wire.duration([page]), "the page was fetched on a new connection",
         least=1e3 * least)


@points(1, claim="PER-2", hint="Ten full segments of 1448 bytes, headers included.")
def check_answer_first_flight(answers, documents):
    """How many bytes of the long document leave before the server has heard anything of it."""
    sender = visit(documents, "long", "server")
    acks = [one.time for one in sender.sent(tcp.CLIENT) if one.ack and one.ack > 1]
    flight = sum(one.length for one in sender.data(tcp.SERVER) if one.time < min(acks))
    right("first_flight", answers.integer("first_flight"), flight, "the long document was fetched on a new connection")


@points(2, claim=("PER-3", "PER-8"), hint="Whose FIN is the first in server-eth0.pcap?")
def check_answer_closing(answers, documents):
    """Who closes first over HTTP/1.0 and on the kept connection; how many requests stay unanswered."""
    for step in ("each", "kept"):
        given = answers.choice(f"closes_{step}", ("client", "server"))
        right(f"closes_{step}", given, visit(documents, step, "server").closed_first, f"the step {step} ended")
    asked, found = wire.exchanges([visit(documents, "counted")]), wire.answered([visit(documents, "counted")])
    right("unanswered", answers.integer("unanswered"), len(asked) - len(found), "the step counted ended")


@points(1, claim="PER-7", hint="From the requests, which leave together, to the last byte of the fast document.")
def check_answer_blocked(answers, documents):
    """How long the fast document takes behind the slow one."""
    found = wire.answered([visit(documents, "blocked")])
    if len(found) < 2:
        raise CheckFailed(done="two documents were asked for at once", expected="both", seen=len(found))
    near("blocked_ms", answers.number("blocked_ms"), 1e3 * (found[1].response.end - found[1].time),
         "a fast document was asked for behind a slow one")
