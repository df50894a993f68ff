"""What must be true of requests: what nginx makes of each part, then the student's requests and answers.

Statuses come from RFC 9110 and 9112, what nginx understood from its own logs. Times: nginx looks at its timers when an
event wakes it, and the round trip is some tens of milliseconds; SLACK is far above both and below any time measured.
"""

import gzip
from pathlib import Path
from urllib.parse import urlsplit

from mnlab.checks import expect, observation, points
from mnlab.lab.lab import load
from mnlab.protocols import http, tcp

faults, raw, shop, wire = (load(Path(__file__).with_name(f"{name}.py"))
                           for name in ("faults", "raw", "shop", "reading"))

SLACK = 1.0  # s


# --- the parts of a request ---

@observation(1, claim="REQ-1", hint="Follow the stream of the step exact, and find where the head ends.")
def check_four_parts(origin, params):
    """Request line, headers, blank line, body: that is how nginx reads GET without a body, and POST with one."""
    found = [one.request for one in wire.exchanges(origin, "headers")]
    post = next((one for one in found if one.method == "POST"), None)
    for request, body in ((found[0], b""), (post, params["body"].encode())):
        parts = request.head.split(b"\r\n") if request else []
        expect(request and parts[-2:] == [b"", b""] and all(b":" in line for line in parts[1:-2]) and len(parts) > 3
               and request.body == body, done=f"curl sent {wire.said(request)}",
               expected=f"a request line, lines with a colon, a blank line, {len(body)} bytes of body",
               seen=wire.short(request.head + request.body) if request else "nothing")
    order = [line.body for line in wire.logged(origin, wire.step(origin, "exact"))]
    expect(order == [params["body"].encode()], done="a request with a body was typed",
           expected="nginx's log has the body", seen=str(order))


@observation(1, claim="REQ-2", hint="The first line has three words: what do it, to what, in which version.")
def check_method_target_version(origin):
    """The request line is method, target, version; nginx logs it as it was sent and answers in HTTP/1.1."""
    found = wire.exchanges(origin, "headers")
    lines = wire.logged(origin, wire.step(origin, "headers"))
    expect([one.request.start_line for one in found] == [line.request for line in lines] and found, done="curl asked",
           expected="nginx's log has the same request lines", seen=f"{len(found)} sent, {len(lines)} logged")
    for one in found:
        words = one.request.start_line.split(" ")
        expect(len(words) == 3 and words[0] in ("GET", "POST") and words[1][0] == "/" and words[2] == "HTTP/1.1"
               and one.response and one.response.version == "HTTP/1.1", done="curl asked",
               expected="method, target and HTTP/1.1, and an answer in HTTP/1.1", seen=one.request.start_line)


@observation(2, claim=("REQ-2", "REQ-6"), hint="RFC 9112, sections 2.2 and 3, and 3.2 about Host. nginx follows them.")
def check_what_is_still_a_request(origin, params):
    """Each request of the quiz gets the status that it deserves: some oddities are put up with, others are not."""
    for number, name in enumerate(params["quiz"], start=1):
        sent, wanted = raw.QUIZ[name]
        got = wire.status(origin, f"quiz-{number}")
        expect(got == wanted, done=f"quiz-{number}, {name}: {raw.shown(sent.replace('SHOP', params['shop']))}",
               expected=str(wanted), seen=str(got or "no response"))


@observation(1, claim="REQ-6", hint="Compare the two request lines, letter by letter, and look into nginx's error.log.")
def check_the_notes_example_is_malformed(origin, params):
    """"POST / HTTP1.1" is no request: 400. With the slash in HTTP/1.1 nginx understands it."""
    sent = wire.step(origin, "notes").stream(tcp.CLIENT)
    expect(sent == raw.notes(params, "HTTP1.1") and wire.status(origin, "notes") == 400,
           done="the notes' own example was sent", expected="400 Bad Request",
           seen=f"{wire.status(origin, 'notes')} for {wire.short(sent)}")
    expect("client sent invalid request while reading client request line" in origin.text("error.log"),
           done="the same", expected="nginx's error log: client sent invalid request", seen="nothing of the kind")
    # A page that is a file takes no POST: 405 says that the request itself has been understood.
    got = wire.status(origin, "repaired")
    expect(got == 405, done="the same with HTTP/1.1", expected="405: understood, but / takes no POST", seen=str(got))


# --- headers ---

def differences(evidence) -> dict[str, list[http.Exchange]]:
    """Of the step headers: the answers to each question in turn, by target and method."""
    found: dict[str, list[http.Exchange]] = {}
    for one in wire.exchanges(evidence, "headers"):
        found.setdefault(f"{one.request.method} {one.request.target_uri}", []).append(one)
    return found


def pair(evidence, question: str) -> tuple[http.Exchange, http.Exchange]:
    """The two exchanges in which the same was asked, with another header."""
    found = differences(evidence).get(question, [])
    expect(len(found) >= 2 and all(one.response for one in found[:2]), done=f"curl asked {question} twice",
           expected="two answers", seen=f"{len(found)} requests")
    return found[0], found[1]


@observation(1, claim="REQ-3", hint="The same address, the same path. Which line of the request is another?")
def check_host_chooses_the_site(origin, params):
    """Host: two sites at one address, told apart by this line alone."""
    first, other = pair(origin, "GET /")
    expect(params["shop"].encode() in first.response.body and params["second"].encode() in other.response.body
           and first.request.header("host") == params["shop"] and other.request.header("host") == params["second"],
           done=f"curl asked for / with Host {params['shop']}, then {params['second']}",
           expected="each time the page of that site",
           seen=f"{first.response.body[:60]!r}, then {other.response.body[:60]!r}")


@observation(2, claim="REQ-3", hint="Read each pair of requests side by side, then each pair of responses.")
def check_accept_headers_choose_the_form(origin, params):
    """Accept-Language, Accept, Accept-Encoding: another language, another format, the same text packed."""
    plain, asked = pair(origin, "GET /greeting")
    languages = [one.response.header("content-language") for one in (plain, asked)]
    greeting = shop.LANGUAGES[params["language"]].encode()
    expect(languages == ["en", params["language"]] and greeting in asked.response.body,
           done=f"curl asked for /greeting, then with Accept-Language: {params['language']}",
           expected=f"English, then {params['language']}", seen=f"{languages[0]}, then {languages[1]}")
    plain, asked = pair(origin, "GET /price")
    kinds = [one.response.header("content-type") for one in (plain, asked)]
    expect(kinds == ["text/html", "application/json"], expected="HTML, then JSON", seen=" then ".join(map(str, kinds)),
           done="curl asked for /price with Accept: */*, then with Accept: application/json")
    plain, asked = pair(origin, "GET /catalogue.txt")
    expect(asked.response.header("content-encoding") == "gzip" and plain.response.header("content-encoding") is None
           and gzip.decompress(asked.response.body) == plain.response.body
           and len(asked.response.body) < len(plain.response.body),
           done="curl asked for /catalogue.txt, then with Accept-Encoding: gzip",
           expected="the text, then the same text packed, and shorter",
           seen=f"{len(plain.response.body)} bytes, then {len(asked.response.body)} bytes, Content-Encoding "
                f"{asked.response.header('content-encoding')}")


@observation(2, claim="REQ-3", hint="A server may believe these headers; nothing proves them.")
def check_who_asks_and_from_where(origin, params):
    """User-Agent and Referer: whoever calls itself a bot, or comes from elsewhere, is shown the door."""
    for question, header, wanted in (("GET /robots-unwelcome", "user-agent", [200, 403]),
                                     ("GET /picture.png", "referer", [403, 200])):
        found = pair(origin, question)
        statuses = [one.response.status for one in found]
        values = [one.request.header(header) for one in found]
        expect(statuses == wanted and values[0] != values[1], expected=" then ".join(map(str, wanted)),
               done=f"curl asked {question} with {header} {values[0]}, then {values[1]}",
               seen=" then ".join(map(str, statuses)))


@observation(1, claim="REQ-3", hint="The same body under another name: look at the two Content-Types.")
def check_content_type_says_what_the_body_is(origin):
    """Content-Type of the request: a form is taken, the same bytes as text are not (415)."""
    first, other = pair(origin, "POST /order")
    statuses = [one.response.status for one in (first, other)]
    expect(statuses == [201, 415] and first.request.body == other.request.body, expected="201, then 415",
           done="curl posted the same body as a form, then as text/plain", seen=" then ".join(map(str, statuses)))


@observation(1, claim="REQ-3", hint="How many requests are on the connection, and what came with the last one?")
def check_connection_says_whether_it_stays(origin):
    """Connection: close ends the connection that all the requests before it had kept."""
    found, one = wire.exchanges(origin, "headers"), wire.step(origin, "headers")
    closing = [number for number, each in enumerate(found) if each.request.header("connection") == "close"]
    later = [each for each in wire.connections(origin)
             if one.time < each.time <= origin.command("curl-headers").end]
    expect(closing == [len(found) - 1] and len(found) > 2 and one.closed_first == tcp.SERVER and len(later) == 1,
           done="curl asked many times, then with Connection: close, then once more",
           expected="one connection up to there, closed by the server; another one for the rest",
           seen=f"{len(found)} requests on the first connection, closed first by the {one.closed_first}; "
                f"{len(later)} more connections")


# --- the blank line, and the length ---

@observation(2, claim="REQ-4", hint="Look for the server's FIN in the step no-blank, and for the status in access.log.")
def check_no_blank_line_no_answer(origin, params):
    """Without its blank line the request is not finished: nginx waits, gives up, logs 408, and says nothing at all."""
    one = wire.step(origin, "no-blank")
    took, patience = wire.server_ended_after(one), params["_patience"]
    expect(one.stream(tcp.CLIENT) == raw.without_blank_line(params) and one.stream(tcp.SERVER) == b"",
           done="a request without its blank line", expected="no byte of an answer",
           seen=wire.short(one.stream(tcp.SERVER)))
    expect(took is not None and abs(took - patience) < SLACK, done="the same",
           expected=f"the server closes after its client_header_timeout, {patience} s",
           seen=f"{took:.1f} s" if took is not None else f"first to close: {one.closed_first}")
    statuses = [line.status for line in wire.logged(origin, one)]
    expect(statuses == [408], done="the same", expected="408 in nginx's access log", seen=str(statuses))


@observation(1, claim="REQ-4", hint="The step late-blank: when does the answer come?")
def check_the_blank_line_lets_it_go(origin, params):
    """The same request: answered as soon as the blank line is there, and not before."""
    one = wire.step(origin, "late-blank")
    found = http.of_connection(one)
    sent = one.data(tcp.CLIENT)
    expect(found and found[0].response and found[0].response.status == 200 and len(sent) == 2,
           done=f"the blank line came {params['late']} s later", expected="200",
           seen=wire.said(found[0].response) if found else "nothing")
    waited = found[0].response.time - sent[1].time
    expect(0 < waited < SLACK and found[0].response.time - sent[0].time > params["late"] - 0.1, done="the same",
           expected="an answer right after the blank line", seen=f"{waited:.2f} s after it")


@observation(2, claim="REQ-5", hint="Read access.log for the steps exact, short and long: which body, what next?")
def check_content_length_is_where_the_body_ends(origin, params):
    """Right: taken. Too small: what is left is taken for a request, 400. Too great: the server waits for the rest."""
    body, cut = params["body"].encode(), len(params["body"].encode()) - params["short"]
    lines = {name: wire.logged(origin, wire.step(origin, name)) for name in ("exact", "short", "long")}
    expect([(line.status, line.body) for line in lines["exact"]] == [(201, body)], done="Content-Length was right",
           expected=f"201, and nginx's log has the {len(body)} bytes", seen=str(lines["exact"]))
    expect([line.status for line in lines["short"]] == [201, 400] and lines["short"][0].body == body[:cut]
           and lines["short"][1].request.encode() == body[cut:], done=f"Content-Length was {params['short']} too small",
           expected=f"201 for the first {cut} bytes, then 400 for a request that begins with {body[cut:]!r}",
           seen=str(lines["short"]))
    one = wire.step(origin, "long")
    took = wire.server_ended_after(one)
    expect([line.status for line in lines["long"]] == [408] and not one.stream(tcp.SERVER) and took is not None
           and abs(took - params["_patience"]) < SLACK, done=f"Content-Length was {params['short']} too great",
           expected=f"nothing for {params['_patience']} s (client_body_timeout), then 408 in the log, and the end",
           seen=f"{[line.status for line in lines['long']]}; {wire.short(one.stream(tcp.SERVER))}; ended after {took}")


# --- your requests ---

#: What each door is to answer; the rest is in the handout.
DUE = {"unchanged": 304, "order": 201, "waiting": 408, **{f"refusal-{number}": 400 for number in (1, 2, 3)}}


def at_door(ask, name: str) -> tuple[tcp.Connection, http.Exchange | None, str]:
    """The student's connection to a door, the first exchange on it (if it is one), and how to speak of it."""
    one = wire.door(ask, shop.DOORS.index(name))
    expect(one and one.data(tcp.CLIENT), done=f"ask.py, the door {name}", expected="a request",
           seen=f"nothing was sent there. {wire.last_words(ask)}")
    found = http.of_connection(one)
    return one, found[0] if found else None, f"the door {name} got {wire.short(one.stream(tcp.CLIENT))}"


def earned(ask, name: str) -> http.Exchange:
    """The first exchange at a door, which must have its status, on the wire and in nginx's log."""
    one, exchange, done = at_door(ask, name)
    response, due = exchange.response if exchange else None, DUE.get(name, 200)
    expect(response and response.status == due, done=done, expected=str(due), seen=wire.said(response))
    statuses = [line.status for line in wire.logged(ask, one)]
    expect(statuses[:1] == [due], done=done, expected=f"{due} in nginx's log", seen=f"statuses {statuses}")
    return exchange


@points(1, claim=("REQ-1", "REQ-2"), hint="The query belongs to the target, behind a question mark.")
def check_your_page(ask):
    """200 for the page, with its query, asked in HTTP/1.1, in lines that end in CR LF."""
    request = earned(ask, "page").request
    expect(request.version == "HTTP/1.1" and request.head.count(b"\n") == request.head.count(b"\r\n"),
           done="the door page", expected="HTTP/1.1, and lines that end in CR LF", seen=wire.short(request.head))


@points(1, claim="REQ-3", hint="nginx finds the site by Host.")
def check_your_host(ask, params):
    """The page of the second site."""
    exchange = earned(ask, "host")
    expect(b"Here I am." in exchange.response.body, done="the door host", expected=f"the page of {params['second']}",
           seen=wire.short(exchange.response.body))


@points(1, claim="REQ-3", hint="Accept-Language, RFC 9110, section 12.5.4.")
def check_your_language(ask, params):
    """A greeting in your language."""
    greeting, wanted = earned(ask, "language"), shop.LANGUAGES[params["language"]].encode()
    expect(wanted in greeting.response.body, done="the door language", expected=wanted.decode(),
           seen=wire.short(greeting.response.body))


@points(1, claim="REQ-3", hint="Accept-Encoding, RFC 9110, section 12.5.3.")
def check_your_packed_catalogue(ask, params):
    """The catalogue, packed."""
    packed, text = earned(ask, "packed").response, shop.site(params)["catalogue.txt"].encode()
    expect(packed.header("content-encoding") == "gzip" and wire.unpacked(packed.body) == text, done="the door packed",
           expected="/catalogue.txt, packed with gzip",
           seen=f"{len(packed.body)} bytes, Content-Encoding {packed.header('content-encoding')}")


@points(1, claim="REQ-3", hint="User-Agent says who you are; all of it counts.")
def check_your_user_agent(ask):
    """Let in as the right agent."""
    earned(ask, "agent")


@points(1, claim="REQ-3", hint="Referer (with one r) says from where you come, as a URL.")
def check_your_referer(ask, params):
    """The picture, for somebody who comes from the shop's own page."""
    picture = earned(ask, "referer").response
    expect(picture.body == shop.site(params)["picture.png"].encode(), done="the door referer",
           expected="/picture.png", seen=wire.short(picture.body))


@points(1, claim="REQ-3", hint="If-Modified-Since, with the date of your copy (RFC 9110, section 13.1.3).")
def check_your_copy_is_good(ask, params):
    """304 for the catalogue, which has not changed since the date of your copy."""
    request = earned(ask, "unchanged").request
    expect(urlsplit(request.target_uri[:200]).path == "/catalogue.txt", done="the door unchanged",
           expected="a request for /catalogue.txt", seen=request.start_line)
    expect(wire.moment(request.header("if-modified-since")) == wire.moment(params["copy_of"]), done="the same",
           expected=f"the date of your copy, {params['copy_of']}", seen=wire.short(request.head))


@points(2, claim="REQ-5", hint="Content-Length counts bytes. How many does a letter with an accent have in UTF-8?")
def check_your_order(ask, params):
    """The form is posted to /, and nginx has read all of it and nothing else."""
    request, wanted = earned(ask, "order").request, params["form"].encode()
    body = wire.logged(ask, at_door(ask, "order")[0])[0].body
    expect(body == wanted and request.header("content-length") == str(len(wanted)), done="the door order",
           expected=f"Content-Length: {len(wanted)}, and nginx's log has {wanted!r}", seen=str(body))
    expect(request.method == "POST" and urlsplit(request.target_uri[:200]).path == "/", done="the same",
           expected="POST /", seen=request.start_line)


@points(1, claim="REQ-2", hint="Only one version of HTTP does without Host.")
def check_your_old_request(ask):
    """200 for HTTP/1.0, without Host."""
    exchange = earned(ask, "old")
    expect(exchange.request.version == "HTTP/1.0" and exchange.request.header("host") is None, done="the door old",
           expected="HTTP/1.0 and no Host", seen=wire.short(exchange.request.head))


def expect_refusal(ask, params, number: int) -> None:
    """400 at a door, for the reason that the variant names: as nginx's log has it, and as the bytes are."""
    door, name = f"refusal-{number}", params["refusals"][number - 1]
    words, reason = shop.REFUSALS[name]
    earned(ask, door)
    reasons = [line.partition(": *")[2].partition(" ")[2] for line in ask.text("error.log").splitlines()
               if f"server: door-{door}," in line]
    expect(reasons and reason in reasons[-1], done=f"the door {door} wanted {words}",
           expected=f"in error.log: {reason}", seen=reasons[-1] if reasons else "nothing")
    one, _, done = at_door(ask, door)
    found = faults.faults(one.stream(tcp.CLIENT))
    expect(found == {name}, done=done, expected=f"nothing wrong but {words}",
           seen=", ".join(faults.WORDS.get(fault) or shop.REFUSALS[fault][0] for fault in sorted(found)) or "no fault")


@points(1, claim="REQ-6", hint="nginx says in its error log why it refused. Everything else must be right.")
def check_your_first_refusal(ask, params):
    """400 for the first reason, and no other."""
    expect_refusal(ask, params, 1)


@points(1, claim="REQ-6", hint="nginx says in its error log why it refused. Everything else must be right.")
def check_your_second_refusal(ask, params):
    """400 for the second reason, and no other."""
    expect_refusal(ask, params, 2)


@points(1, claim="REQ-6", hint="nginx says in its error log why it refused. Everything else must be right.")
def check_your_third_refusal(ask, params):
    """400 for the third reason, and no other."""
    expect_refusal(ask, params, 3)


@points(2, claim="REQ-4", hint="What does the server wait for? Everything up to there has to be right.")
def check_your_request_that_waits(ask, params):
    """A right beginning of a request, for the rest of which nginx waits until its patience ends: 408 in its log."""
    one, _, done = at_door(ask, "waiting")
    lines, took = wire.logged(ask, one), wire.server_ended_after(one)
    expect([line.status for line in lines][:1] == [408] and took is not None and took > params["_patience"] - SLACK,
           done=done, expected="408 in nginx's access log, once its patience has ended",
           seen=f"{[line.status for line in lines]}, {'nobody waited' if took is None else f'after {took:.1f} s'}")
    sent = one.stream(tcp.CLIENT)
    whole = [sent.rstrip(b"\r\n") + b"\r\n\r\n", sent[:sent.rfind(b"\n") + 1] + b"\r\n"]
    expect(sent.split(b"\n")[0].rstrip(b"\r") == b"GET / HTTP/1.1" and any(not faults.faults(data) for data in whole),
           done=done, expected="GET / HTTP/1.1 with Host, right as far as it goes", seen=wire.short(sent))


@points(1, claim="REQ-1", hint="Where does a request end? What lies behind it is the next one.")
def check_your_connections(ask):
    """Each connection carries one request, and not a byte more."""
    right = 0
    for name in shop.DOORS:
        one, exchange, done = at_door(ask, name)
        statuses = [line.status for line in wire.logged(ask, one)]
        if statuses[:1] != [DUE.get(name, 200)]:
            continue  # that costs another check
        right += 1
        expect(len(statuses) == 1, done=done, expected="one request, as nginx's log has it",
               seen=f"statuses {statuses}")
        size = len(exchange.request.head) + len(exchange.request.body) if exchange else 0
        framed = DUE.get(name, 200) < 400 and not exchange.request.chunked
        expect(not framed or len(one.stream(tcp.CLIENT)) == size, done=done,
               expected=f"{size} bytes, and nothing behind them", seen=f"{len(one.stream(tcp.CLIENT))} bytes")
    expect(right > len(shop.DOORS) - 4, done="ask.py knocked at all doors", expected="requests that nginx understood",
           seen=f"{right} of {len(shop.DOORS)}")


# --- your answers ---

@points(3, claim=("REQ-2", "REQ-6"), hint="RFC 9112, sections 2.2, 3 and 3.2. nginx puts up with some oddities.")
def check_answer_statuses(answers, origin, params):
    """The statuses of the quiz."""
    given = answers.items("statuses")
    found = [wire.status(origin, f"quiz-{number}") for number in range(1, len(params["quiz"]) + 1)]
    wrong = [str(number) for number, (one, other) in enumerate(zip(given, found), start=1) if one != other]
    expect(len(given) == len(found) and not wrong, done="the quiz", expected=f"statuses: {len(found)} right numbers",
           seen=f"not so for {', '.join(wrong)}" if wrong else f"{len(given)} numbers")


@points(1, claim="REQ-6", hint="RFC 9112, section 2.3: HTTP-version = HTTP-name \"/\" DIGIT \".\" DIGIT.")
def check_answer_missing(answers, origin, params):
    """The character that the notes' example lacks."""
    given = answers.text("missing")
    given = "/" if given.lower() == "slash" else given
    mended = wire.step(origin, "repaired").stream(tcp.CLIENT).split(b"\r\n")[0].decode()
    broken = wire.step(origin, "notes").stream(tcp.CLIENT).split(b"\r\n")[0].decode()
    expect(len(given) == 1 and broken.replace("HTTP1", f"HTTP{given}1") == mended, done=f"nginx refused {broken!r}",
           expected="missing is the character that makes it right", seen=f"not {given!r}")


@points(2, claim="REQ-4", hint="The wire has the one, access.log the other. They need not agree.")
def check_answer_waiting(answers, origin):
    """How long nginx waits for the blank line; what the client is told; what the log says."""
    one = wire.step(origin, "no-blank")
    took, seen = wire.server_ended_after(one) or 0.0, wire.status(origin, "no-blank") or 0
    waited, told, kept = answers.number("waited"), answers.integer("status_seen"), answers.integer("status_logged")
    expect(abs(waited - took) <= SLACK, done="a request without its blank line", seen=f"not {waited:g}",
           expected="waited is the time (s) until the server closed (1 s off is fine)")
    expect(told == seen, done="the same", seen=f"not {told}",
           expected="status_seen is what the client got, 0 for nothing")
    expect([kept] == [line.status for line in wire.logged(origin, one)], done="the same",
           expected="status_logged is what stands in the log", seen=f"not {kept}")


@points(1, claim="REQ-5", hint="len(text.encode()) in Python.")
def check_answer_content_length(answers, origin):
    """The length of a body that is not all ASCII."""
    given = answers.integer("content_length")
    found = wire.logged(origin, wire.step(origin, "exact"))[0].body or b""
    expect(given == len(found), done="a form was posted", expected="content_length is its length in bytes",
           seen=f"not {given}")


@points(1, claim="REQ-5", hint="Cut the body where Content-Length says.")
def check_answer_next_request(answers, origin):
    """What is left of a body that was longer than its Content-Length."""
    given, lines = answers.text("next_request"), wire.logged(origin, wire.step(origin, "short"))
    expect(len(lines) == 2 and given == lines[1].request, done="a form was posted with too small a Content-Length",
           expected="next_request is what nginx took for a request line", seen=f"not {given!r}")
