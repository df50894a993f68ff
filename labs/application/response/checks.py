"""What must be true of responses: nginx's, what curl and w3m make of right and wrong ones, then the student's.

All is read from the client's own interface and from what the clients printed. Times: Date counts whole seconds, so it
may be one behind, and nginx may have looked at its clock a moment before; SLACK and PACE are far above what a busy
computer in real time adds to the path's tens of milliseconds.
"""

import gzip
from itertools import pairwise
from pathlib import Path

from mnlab.checks import expect, observation, points
from mnlab.lab.lab import load
from mnlab.protocols import http, tcp

web, broken, probes, wire = (load(Path(__file__).with_name(f"{name}.py"))
                             for name in ("web", "broken", "probes", "reading"))

SLACK = 1.5  # s between Date and the wire
THINKS = 0.5  # s that the story's next line takes (starter/respond.py)
PACE = 0.25  # s by which a line may be early or late


# --- what a response is ---

@observation(1, claim="RSP-1", hint="curl -i prints the whole response. Where does nginx's head end?")
def check_four_parts(origin, params):
    """Status line, header lines, blank line, body: in this order on the wire, and as curl prints them."""
    response, page = wire.answer(origin, "page", "/"), web.site(params)["index.html"]
    wrong = wire.strict(response)
    expect(not wrong and len(response.headers) > 3, done="curl fetched nginx's page",
           expected="status line, header lines, blank line, as in RFC 9112", seen=wrong or "hardly any header")
    expect(response.body == page, done="the same", expected=f"the page, {len(page)} bytes",
           seen=f"{len(response.body)} bytes")
    printed = origin.command("curl-page").stdout
    places = [printed.find("HTTP/1.1 200"), printed.find("Content-Length:"), printed.find("<html>")]
    expect(0 <= places[0] < places[1] < places[2], done="the same", expected="curl prints them in this order",
           seen=printed[:200])


@observation(2, claim="RSP-2", hint="Which of the three words does a program go by? See odd-reason in the step wrong.")
def check_version_code_reason(origin):
    """Version, code, reason: the code counts, the reason is for people, and without the version it is no HTTP/1.x."""
    for target, code, reason in (("/", 200, "OK"), ("/gone", 410, "Gone"), ("/no-such-page", 404, "Not Found")):
        response = wire.answer(origin, "page", target)
        expect(response.start_line == f"HTTP/1.1 {code} {reason}", done=f"curl asked nginx for {target}",
               expected=f"HTTP/1.1 {code} {reason}", seen=response.start_line)
    ended = curl_said(origin)
    expect(ended["odd-reason"][:2] == ["0", "200"] and ended["no-version"][0] == "1", expected="0 with 200; then 1",
           done="a server said 'HTTP/1.1 200 Not Found', and another time '200 OK' without the version",
           seen=f"{' with '.join(ended['odd-reason'][:2])}; then {ended['no-version'][0]}")


def curl_said(evidence) -> dict[str, list[str]]:
    """Of the step wrong: name -> exit status, status code, bytes, and curl's words."""
    lines = [line.split(" ", 4) for line in evidence.command("curl-wrong").stdout.splitlines()]
    return {line[0].rpartition("/")[2]: line[1:] for line in lines if len(line) > 3}


@observation(1, claim="RSP-3", hint="Whose clock does Date show, and how exact is it?")
def check_date_is_the_servers_clock(origin, params):
    """Date: the moment at which the response was made, in GMT, to the second; it goes on with the clock."""
    first, later = (wire.answer(origin, name, "/") for name in ("page", "later"))
    offs = [wire.seconds_off(origin, one) for one in (first, later)]
    for one, off in zip((first, later), offs):
        expect(off is not None and abs(off) < SLACK, done="curl fetched nginx's page",
               expected="Date: the time of the response", seen=f"Date: {one.header('date')}, {off} s off")
    apart = later.time - first.time + offs[1] - offs[0]
    expect(abs(apart - params["_pause"]) <= 2, done=f"the page was fetched again {params['_pause']} s later",
           expected="two Dates that far apart", seen=f"{apart:.0f} s apart")


@observation(2, claim="RSP-3", hint="The bytes of right.html and wrong.html are the same. What differs?")
def check_charset_decides_how_bytes_are_read(origin, params):
    """The same bytes, labelled utf-8 and iso-8859-1: w3m shows the text, and then another one, and no error."""
    pages = {name: wire.answer(origin, "charsets", f"/{name}.html") for name in ("right", "wrong")}
    expect(pages["right"].body == pages["wrong"].body == web.site(params)["right.html"], seen="other bytes",
           done="w3m fetched right.html and wrong.html", expected="the same bytes for both")
    text = params["text"]
    for name, label, shown in (("right", "utf-8", text), ("wrong", "iso-8859-1", text.encode().decode("latin-1"))):
        expect(wire.charset(pages[name]) == ("text/html", label), done=f"w3m fetched {name}.html",
               expected=f"charset={label}", seen=pages[name].header("content-type"))
        ran = origin.command(f"w3m-{name}")
        expect(ran.status == 0 and " ".join(ran.stdout.split()) == shown, done=f"w3m showed {name}.html",
               expected=shown, seen=ran.stdout or ran.stderr)


@observation(1, claim="RSP-3", hint="What does w3m show of right.html, and what of plain.html?")
def check_content_type_decides_what_they_are(origin, params):
    """The same bytes as text/plain: w3m shows the tags."""
    response, ran = wire.answer(origin, "charsets", "/plain.html"), origin.command("w3m-plain")
    page = web.site(params)["plain.html"]
    expect(wire.charset(response) == ("text/plain", "utf-8") and response.body == page, done="w3m fetched plain.html",
           expected="the same bytes, as text/plain", seen=f"Content-Type: {response.header('content-type')}")
    expect(ran.stdout.strip() == page.decode().strip(), done="w3m showed plain.html", expected="the tags, as they are",
           seen=ran.stdout or ran.stderr)


@observation(1, claim="RSP-4", hint="The page has blank lines, too, and what looks like a response. Who is fooled?")
def check_the_first_blank_line_separates(origin, params):
    """The first blank line ends the head; what follows is body, whatever it looks like."""
    found = wire.exchanges(origin, "page")
    response = wire.answer(origin, "page", "/")
    expect(response.head.count(b"\r\n\r\n") == 1 and web.TRAP in response.body and response.header("x-note") is None,
           done="curl fetched a page with blank lines in it", expected="the head ends at the first one",
           seen=repr(response.head[-80:]))
    expect([one.response.status for one in found if one.response] == [200, 410, 404] and
           len(wire.connections(origin, "page")) == 1, done="curl went on, on the same connection",
           expected="the next response is the next response, not a part of the page",
           seen=", ".join(wire.said(one.response) for one in found))


@observation(2, claim="RSP-5", hint="Content-Length, Transfer-Encoding, or the end: RFC 9112, section 6.3.")
def check_length_or_chunks_or_the_end(origin, params):
    """nginx knows the length of a file, not that of a file it packs: chunks; HTTP/1.0 has none: the connection ends."""
    wanted = {"plain": "length", "packed": "chunks", "old": "close"}
    found, text = wire.exchanges(origin, "forms"), web.site(params)["long.txt"]
    expect(len(found) == 3 and all(one.response for one in found), done="curl fetched /long.txt three times",
           expected="three responses", seen=f"{len(found)} requests")
    for name, one in zip(params["forms"], found):
        response, done = one.response, f"curl fetched /long.txt ({name})"
        expect(wire.framing(response) == wanted[name] and response.complete, done=done, expected=wanted[name],
               seen=wire.framing(response))
        body = response.body if name == "plain" else gzip.decompress(response.body)
        expect(body == text, done=done, expected="the text", seen=f"{len(body)} bytes")
        closed = one.connection.closed_first == tcp.SERVER
        expect(closed == (name == "old") or one is not found[-1] and name != "old", done=done,
               expected="the server closes after the one that has neither length nor chunks, and only then",
               seen=f"closed first by the {one.connection.closed_first}")


@observation(2, claim="RSP-5", hint="curl(1), EXIT CODES. Does the client know that the body is all there?")
def check_what_curl_makes_of_wrong_responses(origin, params):
    """Eight responses: curl takes those that can be understood, and says why it does not take the others."""
    ended, sent = curl_said(origin), wire.connections(origin, "wrong")
    for name, one in zip(params["wrong"], sent):
        words, data, status = broken.RESPONSES[name]
        expect(one.stream(tcp.SERVER) == data, done=f"{name} was asked for", expected=f"these bytes: {words}",
               seen=repr(one.stream(tcp.SERVER)[:100]))
        expect(name in ended and ended[name][0] == str(status), done=f"curl got this: {words}",
               expected=f"exit status {status}", seen=" ".join(ended.get(name, ["nothing"])))
    expect(len(sent) == len(params["wrong"]), done="curl asked for all of them", expected="a connection each",
           seen=f"{len(sent)} connections")


# --- your responses ---

def own(server, path: str) -> http.HttpMessage:
    """The student's response to curl."""
    return wire.answer(server, "own", f"/{path}")


def asked(server, step: str) -> http.HttpMessage:
    """The student's response to the one request of a step."""
    found = wire.exchanges(server, step)
    expect(found and found[0].response, done=f"step {step}: {http.words(found[0].request) if found else ''}",
           expected="a response that can be read", seen=wire.wire_words(server, step))
    return found[0].response


def everything(server) -> list[tuple[str, http.HttpMessage]]:
    """All that the student's server said, and what it was asked."""
    return ([(f"/{path}", own(server, path)) for path in probes.PATHS]
            + [(f"/go, {step}", asked(server, step)) for step in ("own-go", "own-split-1")]
            + [("/text by HTTP/1.0", asked(server, "own-old-text"))]
            + [(target, asked(server, f"own-missing-{number}"))
               for number, target in enumerate(probes.MISSING, start=1)])


def expect_text(server, path: str, body: bytes) -> None:
    """200, as text/plain, and these bytes."""
    response = own(server, path)
    expect(response.status == 200 and response.body == body, done=f"curl fetched /{path}", expected=f"200, {body!r}",
           seen=f"{wire.said(response)}, {response.body[:80]!r}")
    expect(wire.charset(response)[0] == "text/plain", done=f"curl fetched /{path}", expected="text/plain",
           seen=response.header("content-type"))


@points(1, claim="RSP-3", hint="text.encode(...) makes bytes of a text.")
def check_your_text(server, params):
    """/text: the text in UTF-8, as text/plain."""
    expect_text(server, "text", params["text"].encode())


@points(1, claim="RSP-3", hint="text.encode(...) makes bytes of a text, other ones for another charset.")
def check_your_latin_text(server, params):
    """/latin: the text in ISO-8859-1, as text/plain."""
    expect_text(server, "latin", params["text"].encode("iso-8859-1"))


@points(2, claim="RSP-3", hint="What does the browser need to know before it can show a text?")
def check_your_page_is_read_right(server, params):
    """/page: HTML that a browser shows as it was meant."""
    response, ran = own(server, "page"), server.command("w3m-own")
    expect(response.status == 200 and wire.charset(response)[0] == "text/html", done="curl fetched /page",
           expected="200, text/html", seen=f"{wire.said(response)}, {response.header('content-type')}")
    expect(params["text"] in " ".join(ran.stdout.split()) and "<" not in ran.stdout, done="w3m showed /page",
           expected=params["text"], seen=ran.stdout[:200] or ran.stderr[:200] or "nothing")


@points(1, claim="RSP-2", hint="204 has no body and no length (RFC 9110, section 8.6).")
def check_your_empty_response(server):
    """/empty: 204 without body, Content-Length and Transfer-Encoding."""
    empty = own(server, "empty")
    framed = [name for name in ("content-length", "transfer-encoding") if empty.header(name) is not None]
    expect(empty.status == 204 and not framed, done="curl fetched /empty",
           expected="204, and nothing said of a body's length", seen=f"{wire.said(empty)} {' '.join(framed)}")


@points(1, claim="RSP-2", hint="RFC 9112, section 4: status-line = HTTP-version SP status-code SP [ reason-phrase ].")
def check_your_odd_status(server, params):
    """/odd: a status that nobody has heard of, without a reason, and some text; the space behind it stays."""
    response = own(server, "odd")
    expect(response.start_line.endswith(f" {params['code']} ") and response.body.strip(), done="curl fetched /odd",
           expected=f"'HTTP/1.1 {params['code']} ', and some text",
           seen=f"{response.start_line!r}, {response.body[:80]!r}")


def expect_redirect(params, response, done: str, status: int, place: str) -> None:
    here, where = f"http://{params['own_name']}", response.header("location") or ""
    expect(response.status == status and wire.led(f"{here}/", where) == here + place, done=done,
           expected=f"{status} with Location: {place}", seen=f"{wire.said(response)}, Location: {where}")


@points(1, claim="RSP-2", hint="RFC 9110, section 15.4.2. Where to, stands in a header.")
def check_your_redirect(server, params):
    """/moved: 301 to /text."""
    expect_redirect(params, own(server, "moved"), "curl fetched /moved", 301, "/text")


@points(2, claim="RSP-2", hint="RFC 3986, section 2.1: decode what stands behind to=, once.")
def check_your_go(server, params):
    """/go?to=PLACE: 302 to that place, decoded."""
    expect_redirect(params, own(server, "go?to=%2Ftext"), "curl fetched /go?to=%2Ftext", 302, "/text")
    expect_redirect(params, asked(server, "own-go"), probes.go(params), 302, probes.place(params))


@points(2, claim="RSP-4", hint="What do %0d and %0a stand for, and where do they end up?")
def check_your_head_cannot_be_split(server):
    """/go?to=...%0d%0aSet-Cookie:...: what somebody puts into a URL does not become a header, nor a body."""
    for number, target in enumerate(probes.SPLITS, start=1):
        response, done = asked(server, f"own-split-{number}"), f"GET /go?to={target}"
        sent = b"".join(one.stream(tcp.SERVER) for one in wire.connections(server, f"own-split-{number}"))
        where = response.header("location") or ""
        expect(response.header("set-cookie") is None and b"\nset-cookie:" not in sent.replace(b"\r", b"\n").lower()
               and b"\r" not in sent.replace(b"\r\n", b"") and where.isprintable()
               and b"\n" not in response.head.replace(b"\r\n", b""), done=done,
               expected="no line of theirs", seen=repr(sent[:200]))
        expect(response.status == 302 and where or 400 <= (response.status or 0) < 500, done=done,
               expected="302 to a place that is one line, or 400", seen=wire.said(response))


@points(2, claim="RSP-5", hint="yield each line by itself, as it comes; the newline belongs to it.")
def check_your_story_is_told_as_it_comes(server, params):
    """/story: 200, the lines, each on the wire as soon as it is there."""
    lines = web.story(params)
    for step, response in (("own", own(server, "story")), ("own-old", asked(server, "own-old"))):
        last = next(one for one in wire.exchanges(server, step) if one.request.target_uri == "/story")
        expect(response.status == 200 and wire.charset(response)[0] == "text/plain", done=f"GET /story (step {step})",
               expected="200, text/plain", seen=f"{wire.said(response)}, {response.header('content-type')}")
        times = wire.line_times(last.connection, response, lines)
        gaps = [late - early for early, late in pairwise(times)]
        expect(len(times) == len(lines) and all(abs(gap - THINKS) < PACE for gap in gaps), done="the same",
               expected=f"{len(lines)} lines, one every {THINKS} s, as they are made",
               seen=f"{len(times)} lines, gaps of " + ", ".join(f"{gap:.2f} s" for gap in gaps))


@points(2, claim="RSP-5", hint="Size in hexadecimal, CR LF, data, CR LF; in the end a chunk of size 0 (RFC 9112, 7.1).")
def check_your_story_in_chunks(server, params):
    """/story: chunks say where it ends, and hold the lines and nothing else."""
    response, lines = own(server, "story"), web.story(params)
    expect(response.chunked and response.header("content-length") is None
           and response.complete and response.body == b"".join(lines), done="curl fetched /story",
           expected=f"chunks with {len(lines)} lines, and the last chunk",
           seen=f"{wire.said(response)}, {wire.framing(response)}, complete: {response.complete}, "
                f"{len(response.body)} of {sum(map(len, lines))} bytes")


@points(1, claim="RSP-2", hint="404 has a body like any other. Compare all of the path.")
def check_your_missing(server):
    """What does not exist: 404, with a text."""
    for target, response in [("/nowhere", own(server, "nowhere")),
                             *((target, asked(server, f"own-missing-{number}"))
                               for number, target in enumerate(probes.MISSING, start=1))]:
        expect(response.status == 404 and response.body.strip(), done=f"GET {target}", expected="404 and some text",
               seen=f"{wire.said(response)}, {len(response.body)} bytes")


@points(1, claim="RSP-1", hint="RFC 9112, sections 2.2, 4 and 5: CR LF, after each line, and no other bytes.")
def check_your_lines(server):
    """Every head is strictly right."""
    for target, response in everything(server):
        wrong = wire.strict(response)
        expect(not wrong, done=f"GET {target}", expected="a head as in RFC 9112, sections 4 and 5", seen=wrong)


@points(1, claim="RSP-3", hint="time.gmtime, and the format of RFC 9110, section 5.6.7.")
def check_your_dates(server):
    """Every response has Date, in GMT, and it is right."""
    for target, response in everything(server):
        off = wire.seconds_off(server, response)
        expect(off is not None and abs(off) < SLACK, done=f"GET {target}",
               expected="Date: the time of the response", seen=f"Date: {response.header('date')}")


@points(2, claim="RSP-5", hint="Count bytes, not letters.")
def check_your_lengths(server):
    """Where there is a body, Content-Length or chunks say where it ends; and there it ends."""
    odd = f"own-missing-{len(probes.MISSING)}"
    for path, response in [*((path, own(server, path)) for path in probes.PATHS),
                           (f"go?to={probes.SPLITS[0]}", asked(server, "own-split-1")),
                           (probes.MISSING[-1][1:], asked(server, odd))]:
        expect(wire.framing(response) != "close" and response.complete or response.status == 204,
               done=f"GET /{path}", expected="Content-Length, or chunks, and so many bytes",
               seen=f"{wire.framing(response)}, Content-Length: {response.header('content-length')}, "
                    f"{len(response.body)} bytes")
    for one in wire.connections(server, "own") + wire.connections(server, odd):
        rest = wire.unread(one)
        expect(not rest, done=f"clients asked for the nine paths, and for {probes.MISSING[-1]}",
               expected="no more bytes than were promised", seen=f"{rest[:60]!r} behind a response")


@points(1, claim="RSP-3", hint="charset=, wherever there is a body; and the one that the bytes are in.")
def check_your_charsets(server, params):
    """Content-Type names the charset wherever there is a body, and with it the bytes are the text."""
    story, text = b"".join(web.story(params)).decode(), params["text"]
    right = {text.encode(): text, text.encode("iso-8859-1"): text, story.encode(): story}
    for target, response in everything(server):
        read = wire.decoded(response)
        expect(not response.body or read is not None and read == right.get(response.body, read), done=f"GET {target}",
               expected="Content-Type with the charset of the bytes",
               seen=f"Content-Type: {response.header('content-type')}, {response.body[:60]!r}")


@points(2, claim="RSP-1", hint="The head that GET would get, and no byte of the body; not even a last chunk.")
def check_your_heads(server):
    """HEAD: the head that GET gets, and nothing else, on every path."""
    heads = [(f"own-head-{number}", path, own(server, path)) for number, path in enumerate(probes.PATHS, start=1)]
    heads.append(("own-head-split", f"go?to={probes.SPLITS[0]}", asked(server, "own-split-1")))
    heads.append(("own-old-head", "story HTTP/1.0", asked(server, "own-old")))
    for step, path, get in heads:
        head = asked(server, step)
        sent = wire.connections(server, step)[0].stream(tcp.SERVER)
        expect(sent == head.head, done=f"HEAD /{path}", expected="a head, and not a byte more",
               seen=repr(sent[len(head.head):][:60]))
        expect(wire.dateless(head) == wire.dateless(get), done=f"HEAD /{path}",
               expected=f"the same as for GET: {wire.dateless(get)}", seen=str(wire.dateless(head)))


@points(2, claim="RSP-5", hint="HTTP/1.0 has no chunks (RFC 9112, section 6.1). What else ends a body?")
def check_your_story_for_an_old_client(server, params):
    """HTTP/1.0: no chunks; the story ends with the connection."""
    story, *others = (asked(server, f"own-old{step}") for step in ("", "-text", "-nowhere", "-head"))
    expect(story.body == b"".join(web.story(params)), done="GET /story HTTP/1.0",
           expected="the lines and nothing else", seen=f"{story.body[:80]!r}")
    for response in (story, *others):
        expect(not response.chunked and response.header("transfer-encoding") is None, done="HTTP/1.0",
               expected="nothing of chunks", seen=f"Transfer-Encoding: {response.header('transfer-encoding')}")
    one = wire.connections(server, "own-old")[0]
    expect(one.closed_first == tcp.SERVER, done="GET /story HTTP/1.0", expected="the server closes",
           seen="it does not")


@points(1, claim=("RSP-1", "RSP-4"), hint="On a connection that stays, each response must end exactly where it says.")
def check_your_connection(server):
    """Nine responses on one connection, and curl content."""
    ran, found = server.command("curl-own"), wire.exchanges(server, "own")
    expect(ran.status == 0 and len(wire.connections(server, "own")) == 1 and len(found) == len(probes.PATHS)
           and all(one.response for one in found), done="curl fetched all nine paths",
           expected="one connection, and no complaint",
           seen=f"{len(wire.connections(server, 'own'))} connections; {ran.stderr.strip() or ran.status}")
    found = [one for one in wire.exchanges(server, "own-stay") if one.response]
    told = [one.request.target_uri for one in found[:len(probes.STAY)]
            if "close" in (one.response.header("connection") or "").lower()]
    expect(len(found) == len(probes.STAY) + 1 and not told, done=f"a client asked for {', '.join(probes.STAY)}, /text",
           expected="an answer to each, on one connection, none with Connection: close but the last",
           seen=f"{len(found)} answers" + (f"; it says so at {told[0]}" if told else ""))


# --- your answers ---

@points(2, claim="RSP-5", hint="What can be understood, is taken, unless curl has to fear that something is missing.")
def check_answer_accepted(answers, origin, params):
    """Which of the eight responses curl takes."""
    ended = curl_said(origin)
    found = [number for number, name in enumerate(params["wrong"], start=1) if ended.get(name, [""])[0] == "0"]
    given = sorted(answers.items("accepted"), key=str)
    expect(given == found, done="the eight responses of the step wrong", seen=f"not {given}",
           expected="accepted has the numbers of those with which curl ended in 0")


@points(1, claim="RSP-5", hint="Look at the heads of the three responses.")
def check_answer_framed_by(answers, origin):
    """What ends each of the three bodies."""
    given = [str(one).lower() for one in answers.items("framed_by")]
    found = [wire.framing(one.response) for one in wire.exchanges(origin, "forms") if one.response]
    expect(given == found, done="curl fetched /long.txt three times", seen=str(given),
           expected="framed_by says length, chunks or close for each")


@points(1, claim="RSP-3", hint="output/curl-page.out and curl-later.out.")
def check_answer_dates_apart(answers, origin):
    """How far the two Dates are apart."""
    given = answers.number("dates_apart")
    first, later = (wire.answer(origin, name, "/") for name in ("page", "later"))
    offs = [wire.seconds_off(origin, one) or 0.0 for one in (first, later)]
    found = round(later.time - first.time + offs[1] - offs[0])
    expect(given == found, done="the page was fetched twice", seen=f"not {given:g}",
           expected="dates_apart is the difference of the Dates in s")


@points(1, claim="RSP-3", hint="Each letter beyond ASCII has two bytes in UTF-8; ISO-8859-1 reads each as a letter.")
def check_answer_misread(answers, origin):
    """What the browser shows where the charset is wrong."""
    given, shown = answers.text("misread"), " ".join(origin.command("w3m-wrong").stdout.split())
    expect(shown and given in (shown, shown.split()[0]), done="w3m showed wrong.html", seen=f"not {given!r}",
           expected="misread is the first word of what it showed")


@points(1, claim="RSP-3", hint="One byte a letter in the one; one or two in the other.")
def check_answer_lengths(answers, params):
    """The lengths of the same text in two charsets."""
    given = (answers.integer("utf8_bytes"), answers.integer("latin_bytes"))
    found = tuple(len(params["text"].encode(name)) for name in ("utf-8", "iso-8859-1"))
    expect(given == found, done="the text was encoded", expected="utf8_bytes and latin_bytes are its lengths in bytes",
           seen=f"not {given[0]} and {given[1]}")


@points(1, claim="RSP-5", hint="Bytes, not letters; the line end counts, if it is sent; and in which base?")
def check_answer_size_line(answers, params):
    """The size of the first chunk."""
    given, line = answers.text("size_line").lower(), web.story(params)[0]
    expect(given in (f"{len(line):x}", f"0x{len(line):x}"), done="the first line of /story was sent as a chunk",
           expected="size_line is its length as chunks have it", seen=f"not {given}")
