"""What must be true of responses: nginx's, what curl and w3m make of right and wrong ones, then the student's.

All is read from the client's own interface and from what the clients printed. Times: Date counts whole seconds, so it
may be one behind, and nginx may have looked at its clock a moment before; SLACK and PACE are far above what a busy
computer in real time adds to the path's tens of milliseconds.
"""

import gzip
from itertools import pairwise
from pathlib import Path

from mnlab.checks import expect, points
from mnlab.lab.lab import load
from mnlab.protocols import http, tcp

web, broken, wire = (load(Path(__file__).with_name(f"{name}.py")) for name in ("web", "broken", "reading"))

SLACK = 1.5  # s between Date and the wire
THINKS = 0.5  # s that the story's next line takes (starter/respond.py)
PACE = 0.25  # s by which a line may be early or late


# --- what a response is ---

@points(1, claim="RSP-1", hint="curl -i prints the whole response. Where does nginx's head end?")
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


@points(2, claim="RSP-2", hint="Which of the three words does a program go by? See odd-reason in the step wrong.")
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


@points(1, claim="RSP-3", hint="Whose clock does Date show, and how exact is it?")
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


@points(2, claim="RSP-3", hint="The bytes of right.html and wrong.html are the same. What differs?")
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


@points(1, claim="RSP-3", hint="What does w3m show of right.html, and what of plain.html?")
def check_content_type_decides_what_they_are(origin, params):
    """The same bytes as text/plain: w3m shows the tags."""
    response, ran = wire.answer(origin, "charsets", "/plain.html"), origin.command("w3m-plain")
    page = web.site(params)["plain.html"]
    expect(wire.charset(response) == ("text/plain", "utf-8") and response.body == page, done="w3m fetched plain.html",
           expected="the same bytes, as text/plain", seen=f"Content-Type: {response.header('content-type')}")
    expect(ran.stdout.strip() == page.decode().strip(), done="w3m showed plain.html", expected="the tags, as they are",
           seen=ran.stdout or ran.stderr)


@points(1, claim="RSP-4", hint="The page has blank lines, too, and what looks like a response. Who is fooled?")
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


@points(2, claim="RSP-5", hint="Content-Length, Transfer-Encoding, or the end: RFC 9112, section 6.3.")
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


@points(2, claim="RSP-5", hint="curl(1), EXIT CODES. Does the client know that the body is all there?")
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

GO = "go?to=%2Ftext"
PATHS = ("text", "latin", "empty", "page", "odd", "moved", GO, "nowhere", "story")


def own(evidence, path: str) -> http.HttpMessage:
    """The student's response to curl, with a head that a strict client takes."""
    response = wire.answer(evidence, "own", f"/{path}")
    wrong = wire.strict(response)
    expect(not wrong, done=f"curl fetched /{path}", expected="a head as in RFC 9112, sections 4 and 5", seen=wrong)
    return response


def expect_body(response, path: str, body: bytes) -> None:
    """200, the right length said ahead, and the body."""
    length = response.header("content-length")
    expect(response.status == 200 and response.body == body and length == str(len(body)), done=f"curl fetched /{path}",
           expected=f"200, Content-Length: {len(body)}, {body!r}",
           seen=f"{wire.said(response)}, Content-Length: {length}, {response.body[:80]!r}")


@points(2, claim=("RSP-1", "RSP-4"), hint="On a connection that stays, each response must end exactly where it says.")
def check_your_connection(server):
    """Nine responses on one connection, every head strictly right, and curl content."""
    ran, found = server.command("curl-own"), wire.exchanges(server, "own")
    for path in PATHS:
        own(server, path)
    expect(ran.status == 0 and len(wire.connections(server, "own")) == 1 and len(found) == len(PATHS),
           done="curl fetched all nine paths", expected="one connection, and no complaint",
           seen=f"{len(wire.connections(server, 'own'))} connections; {ran.stderr.strip() or ran.status}")


@points(2, claim="RSP-3", hint="text.encode(...) makes bytes of a text. Name the same charset in Content-Type.")
def check_your_texts(server, params):
    """/text in UTF-8 and /latin in ISO-8859-1: each with its true label and length. Others have a label."""
    for path, label in (("text", "utf-8"), ("latin", "iso-8859-1")):
        response = own(server, path)
        expect_body(response, path, params["text"].encode(label))
        expect(wire.charset(response) == ("text/plain", label), done=f"curl fetched /{path}",
               expected=f"Content-Type: text/plain; charset={label}", seen=response.header("content-type"))
    for path in ("odd", "moved", GO, "nowhere"):
        response = own(server, path)
        expect(not response.body or wire.charset(response)[1], done=f"curl fetched /{path}, which has a body",
               expected="Content-Type with a charset", seen=response.header("content-type"))


@points(2, claim="RSP-3", hint="What does the browser need to know before it can show a text?")
def check_your_page_is_read_right(server, params):
    """/page: HTML with its charset named; a browser shows the text as it was meant."""
    response, ran = own(server, "page"), server.command("w3m-own")
    kind, label = wire.charset(response)
    expect(response.status == 200 and kind == "text/html" and label, done="curl fetched /page",
           expected="Content-Type: text/html with a charset", seen=response.header("content-type"))
    expect(params["text"] in " ".join(ran.stdout.split()), done="w3m showed /page", expected=params["text"],
           seen=ran.stdout[:200] or ran.stderr[:200] or "nothing")


@points(1, claim="RSP-3", hint="time.gmtime, and the format of RFC 9110, section 5.6.7.")
def check_your_dates(server):
    """Every response has Date, in GMT, and it is right."""
    for path in PATHS:
        response = own(server, path)
        off = wire.seconds_off(server, response)
        expect(off is not None and abs(off) < SLACK, done=f"curl fetched /{path}",
               expected="Date: the time of the response", seen=f"Date: {response.header('date')}")


@points(2, claim="RSP-2", hint="204 has no body and no length (RFC 9110, section 8.6). 404 has a body like any other.")
def check_your_empty_and_missing(server):
    """/empty: 204 without body, Content-Length and Transfer-Encoding. What does not exist: 404, with a text."""
    empty, missing = own(server, "empty"), own(server, "nowhere")
    framed = [name for name in ("content-length", "transfer-encoding") if empty.header(name) is not None]
    expect(empty.status == 204 and not framed, done="curl fetched /empty",
           expected="204, and nothing said of a body's length", seen=f"{wire.said(empty)} {' '.join(framed)}")
    expect(missing.status == 404 and missing.body and missing.complete, done="curl fetched /nowhere",
           expected="404 and some text", seen=f"{wire.said(missing)}, {len(missing.body)} bytes")


@points(1, claim="RSP-2", hint="RFC 9112, section 4: status-line = HTTP-version SP status-code SP [ reason-phrase ].")
def check_your_odd_status(server, params):
    """/odd: a status that nobody has heard of, without a reason; the space behind it stays."""
    response = own(server, "odd")
    expect(response.start_line == f"HTTP/1.1 {params['code']} ", done="curl fetched /odd",
           expected=f"'HTTP/1.1 {params['code']} '", seen=repr(response.start_line))


@points(1, claim="RSP-2", hint="RFC 9110, section 15.4.2. Where to, stands in a header.")
def check_your_redirect(server, params):
    """/moved: 301 to /text. /go?to=%2Ftext: 302 to /text."""
    places = ("/text", f"http://{params['own_name']}/text")
    for path, status in (("moved", 301), (GO, 302)):
        response = own(server, path)
        expect(response.status == status and response.header("location") in places, done=f"curl fetched /{path}",
               expected=f"{status} with Location: /text",
               seen=f"{wire.said(response)}, Location: {response.header('location')}")


def story_times(connection: tcp.Connection, lines: list[bytes]) -> list[float]:
    """When each line of the story was all there."""
    stream, place, found = connection.stream(tcp.SERVER), 0, []
    for line in lines:
        place = stream.find(line, place)
        if place < 0:
            break
        place += len(line)
        found.append(connection.when(tcp.SERVER, place - 1))
    return found


@points(3, claim="RSP-5", hint="Size in hexadecimal, CR LF, data, CR LF; in the end a chunk of size 0 (RFC 9112, 7.1).")
def check_your_story_in_chunks(server, params):
    """/story: each line goes out as soon as it is there; chunks say where it ends."""
    response, lines = own(server, "story"), web.story(params)
    expect(response.status == 200 and response.chunked and response.header("content-length") is None
           and response.complete and response.body == b"".join(lines), done="curl fetched /story",
           expected=f"200, chunked, {len(lines)} lines, and the last chunk",
           seen=f"{wire.said(response)}, {wire.framing(response)}, complete: {response.complete}, "
                f"{len(response.body)} of {sum(map(len, lines))} bytes")
    last = next(one for one in wire.exchanges(server, "own") if one.request.target_uri == "/story")
    times = story_times(last.connection, lines)
    gaps = [late - early for early, late in pairwise(times)]
    expect(len(times) == len(lines) and all(abs(gap - THINKS) < PACE for gap in gaps), done="the same",
           expected=f"a line every {THINKS} s, as they are made",
           seen="gaps of " + ", ".join(f"{gap:.2f} s" for gap in gaps))


@points(2, claim="RSP-5", hint="HTTP/1.0 has no chunks (RFC 9112, section 6.1). What else ends a body?")
def check_your_story_for_an_old_client(server, params):
    """/story by HTTP/1.0: no chunks; the body ends with the connection."""
    response, lines = wire.answer(server, "own-old", "/story"), web.story(params)
    one = wire.connections(server, "own-old")[0]
    expect(not response.chunked and response.header("transfer-encoding") is None and response.body == b"".join(lines),
           done="GET /story HTTP/1.0", expected="the lines and nothing else", seen=f"{response.body[:80]!r}")
    expect(one.closed_first == tcp.SERVER, done="the same", expected="the server closes", seen="it does not")


@points(2, claim="RSP-1", hint="The head that GET would get, and no byte of the body; not even a last chunk.")
def check_your_heads(server, params):
    """HEAD: for a text and for a story only the head; the connection goes on."""
    ran, found = server.command("curl-own-head"), wire.exchanges(server, "own-head")
    statuses = [one.response.status if one.response else None for one in found]
    expect(statuses == [200] * 3 and ran.status == 0 and len(wire.connections(server, "own-head")) == 1,
           done="curl -I /text, curl -I /story, curl /text", expected="three times 200 on one connection",
           seen=f"{statuses}; {ran.stderr.strip() or ran.status}")
    length = found[0].response.header("content-length")
    expect(length == str(len(params["text"].encode())), done="curl -I /text",
           expected="the Content-Length that GET would get", seen=length)


@points(2, claim="RSP-4", hint="What does %0d%0a stand for, and where does it end up?")
def check_your_head_cannot_be_split(server):
    """/go?to=...%0d%0aSet-Cookie:...: what somebody puts into a URL does not become a header, nor a body."""
    sent = b"".join(one.stream(tcp.SERVER) for one in wire.connections(server, "own-split"))
    expect(sent, done="somebody asked for /go with line ends in the query", expected="a response",
           seen="none" + ("" if wire.connections(server, "own-split") else ", and no connection"))
    response = wire.answer(server, "own-split", wire.exchanges(server, "own-split")[0].request.target_uri)
    split = response.header("set-cookie") is not None or b"\r\nset-cookie:" in sent.lower()
    expect(not split and not wire.strict(response), done="the same", expected="no Set-Cookie of theirs",
           seen=repr(sent[:200]))
    expect(response.status in (302, 400, 404) and response.header("date"), done="the same",
           expected="302 to a place that is one line, or 400", seen=wire.said(response))


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
