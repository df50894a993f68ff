"""What must be true of HTTP: nginx and curl first, then the student's server, then the answers.

All is read from the client's own interface. Times: nginx looks at its timers when an event wakes it, and a busy
computer in real time is late by some tens of milliseconds; SLACK is far above both and far below any time measured.
"""

import email.utils
from functools import lru_cache
from pathlib import Path

from mnlab.checks import expect, points
from mnlab.evidence.record import Missing
from mnlab.lab.lab import load
from mnlab.protocols import http, tcp

web = load(Path(__file__).with_name("web.py"))

SLACK = 1.0  # s
TEXT = set(b"\t\r\n") | set(range(0x20, 0x7F))


# --- reading the evidence ---

@lru_cache(maxsize=1)
def connections(evidence) -> list[tcp.Connection]:
    """All of the client's, followed once for all checks."""
    return tcp.connections(evidence.frames("client"))


def step(evidence, name: str) -> list[tcp.Connection]:
    """The connections that began in a step: from its mark to the next one."""
    begin = evidence.mark(name)
    end = min([one.start for one in evidence.timeline if one.kind == "mark" and one.start > begin], default=1e9)
    return [one for one in connections(evidence) if begin <= one.time < end]


def connection(evidence, name: str, done: str = "") -> tcp.Connection:
    """The first connection of a step, which must have come about."""
    found = step(evidence, name)
    expect(found and found[0].handshake, done=done or f"step {name}: a client connected",
           expected="a connection to the server", seen="a refusal, or no answer" if found else "none")
    return found[0]


def spoken(evidence, name: str) -> list[http.Exchange]:
    """Requests and responses on the first connection of a step."""
    return http.of_connection(connection(evidence, name))


def answered(evidence, name: str, number: int = 0) -> http.Exchange:
    """One exchange of a step, with a response."""
    found = spoken(evidence, name)
    expect(len(found) > number and found[number].response, done=f"step {name}: {asked(found, number)}",
           expected="a response", seen=ending(connection(evidence, name)))
    return found[number]


def asked(found: list[http.Exchange], number: int) -> str:
    return http.words(found[number].request) if len(found) > number else f"request {number + 1}"


def ending(one: tcp.Connection) -> str:
    """What a server did on a connection, where it did not do what it should."""
    said = one.stream(tcp.SERVER)[:60]
    how = f"the {one.closed_first} closed first" if one.closed_first else "nobody closed"
    return f"{said!r}, and {how}" if said else f"no byte of an answer, and {how}"


def said(response: http.HttpMessage | None) -> str:
    return http.words(response) if response else "no response"


def media_type(response: http.HttpMessage) -> str:
    """The Content-Type without its parameters."""
    return (response.header("content-type") or "none").partition(";")[0].strip().lower()


def closed_by_server(one: tcp.Connection, after: float) -> float | None:
    """How long after a moment the server closed, unless the client was first; None if it did not."""
    fin = one.fins.get(tcp.SERVER)
    return fin.time - after if fin and one.closed_first == tcp.SERVER else None


# --- what HTTP is ---

@points(1, claim="HTP-1", hint="Follow the TCP stream of the first connection in Wireshark, and read it.")
def check_http_is_text_over_tcp(origin):
    """A request and a response's head are lines of text; they travel on a TCP connection between client and server."""
    one = answered(origin, "page")
    shake = one.connection.handshake
    expect(shake and shake.ack.time <= one.request.time, done="curl fetched a page", seen="it is not there",
           expected="TCP's three segments ahead of the request")
    for message in (one.request, one.response):
        lines = message.head.split(b"\r\n")
        expect(set(message.head) <= TEXT and lines[-2:] == [b"", b""] and not any(b"\n" in line for line in lines),
               done=f"the head of {http.words(message)!r} was read byte by byte", seen=repr(message.head[:200]),
               expected="printable ASCII, in lines that end in CR LF, the last one blank")


@points(1, claim="HTP-2", hint="Compare the bytes with the file. What but Content-Type could say what they are?")
def check_any_data_named_by_content_type(origin, params):
    """Every file arrives as it is, whatever bytes it has, and Content-Type says what it is."""
    files = web.web_site(params)
    found = {one.request.target_uri.lstrip("/"): one.response for one in spoken(origin, "types")}
    for name in params["files"]:
        response = found.get(name)
        expect(response and response.body == files[name], done=f"curl fetched {name}, {len(files[name])} bytes",
               expected="the same bytes, zeros and newlines included",
               seen=f"{len(response.body)} bytes" if response else "no response")
        expect(media_type(response) == web.kind_of(name), done=f"curl fetched {name}",
               expected=f"Content-Type: {web.kind_of(name)}", seen=response.header("content-type"))


@points(1, claim="HTP-3", hint="Which segment is the first to carry data, who sends it, and what is in it?")
def check_no_hello_ahead_of_the_request(origin):
    """HTTP sets up nothing of its own: the first byte on the TCP connection is the request's."""
    one = answered(origin, "page")
    first = min((segment for segment in one.connection.segments if segment.length), key=lambda segment: segment.time)
    expect(first.sender == tcp.CLIENT and first.payload.startswith(b"GET / HTTP/1.1\r\n") and first.seq == 1,
           done="curl fetched a page", expected="the first data on the connection is the request line",
           seen=f"{first.payload[:40]!r} from the {first.sender}")


@points(1, claim="HTP-4", hint="Compare the two requests of the step twice, and the two responses.")
def check_the_server_forgets(origin):
    """The same question on the same connection: all of it is sent again, and the answer is the same."""
    first, again = (answered(origin, "twice", number) for number in (0, 1))
    expect(again.request.head == first.request.head, done="a client asked twice for the same file",
           expected=f"the second request as long as the first, {len(first.request.head)} bytes",
           seen=f"{len(again.request.head)} bytes")
    expect(again.response.status == 200 and again.response.body == first.response.body, done="the same",
           expected="the same file once more", seen=said(again.response))


@points(2, claim="HTP-4", hint="Where does the server find out who asks? Look at Set-Cookie, then at Cookie.")
def check_a_cookie_is_the_memory(origin, params):
    """The guest is known when, and only when, the request brings the cookie that the server had given away."""
    found = spoken(origin, "visits")
    expect(len(found) == len(params["visits"]) and len(step(origin, "visits")) == 1,
           done="curl visited /hello", expected=f"{len(params['visits'])} requests on one connection",
           seen=f"{len(found)} on the first of {len(step(origin, 'visits'))}")
    given = ""
    for number, (one, shown) in enumerate(zip(found, params["visits"]), start=1):
        cookie, done = one.request.header("cookie"), f"visit {number}, {'with' if shown else 'without'} cookies"
        expect(cookie == (given if shown and given else None), done=done,
               expected=f"Cookie: {given}" if shown and given else "no Cookie in the request", seen=cookie)
        greeting = f"guest {cookie.partition('=')[2]}" if cookie else "stranger"
        expect(one.response and one.response.body == f"Hello, {greeting}.\n".encode(), done=done,
               expected=f"Hello, {greeting}.", seen=said(one.response))
        new = (one.response.header("set-cookie") or "").partition(";")[0]
        expect(bool(new) != bool(cookie), done=done, expected="Set-Cookie for a stranger, and only for one", seen=new)
        given = shown and new or given  # a client without cookies keeps none either


@points(1, claim="HTP-5", hint="The URL of the step page names no port. Where does the SYN go?")
def check_port_80_by_default(origin, params):
    """http:// goes to port 80 unless the URL says otherwise; then Host says so, too."""
    for name, port, host in (("page", 80, params["web_name"]), ("port", params["port"],
                                                                f"{params['web_name']}:{params['port']}")):
        one = answered(origin, name)
        expect(one.connection.server.port == port and one.request.header("host") == host,
               done=origin.command(f"curl-{name}").line, expected=f"a connection to port {port}, and Host: {host}",
               seen=f"port {one.connection.server.port}, and Host: {one.request.header('host')}")


@points(1, claim="HTP-6", hint="curl -i prints what it reads, in the order in which it reads it.")
def check_the_client_reads_status_headers_body(origin):
    """Connect, request, response; the client reads status line, headers, body; then the connection is released."""
    one, command = answered(origin, "page"), origin.command("curl-page")
    sent = one.response.head.replace(b"\r\n", b"\n") + one.response.body
    expect(command.stdout.replace("\r\n", "\n").encode() == sent,
           done=command.line, expected="curl prints what was on the wire: status line, headers, blank line, body",
           seen=command.stdout[:200])
    order = [one.connection.handshake.ack.time, one.request.time, one.response.time,
             *sorted(fin.time for fin in one.connection.fins.values())]
    expect(order == sorted(order) and len(order) == 5, done=command.line,
           expected="handshake, request, response, two FINs, in this order",
           seen=f"{len(one.connection.fins)} FINs; times {order}")


@points(1, claim="HTP-6", hint="Compare the steps close and old: who sends the first FIN, and which header said so?")
def check_close_means_that_the_server_closes(origin):
    """Connection: close, or a request of HTTP/1.0: the server says close and is the first to close, at once."""
    for name in ("close", "old"):
        one = answered(origin, name)
        took = closed_by_server(one.connection, one.response.end)
        header = (one.response.header("connection") or "").lower()
        expect(took is not None and took < SLACK and header == "close", done=f"step {name}",
               expected="Connection: close in the response, and the server's FIN right behind it",
               seen=f"Connection: {header or 'nothing'}; first to close: {one.connection.closed_first}")


@points(1, claim="HTP-6", hint="Subtract the time of the response from that of the server's FIN; look into nginx.conf.")
def check_keep_alive_lasts_for_its_timeout(origin, params):
    """Otherwise the connection stays open, and the server closes it after its keepalive_timeout."""
    one = answered(origin, "keep")
    took = closed_by_server(one.connection, one.response.end)
    expect(took is not None and abs(took - params["_keepalive"]) < SLACK, done="a client asked once, then was silent",
           expected=f"the server closes {params['_keepalive']} s later",
           seen=f"{took:.1f} s later" if took is not None else f"first to close: {one.connection.closed_first}")


# --- your server ---

def own_file(params, name: str) -> bytes:
    return web.own_site(params)[name]


def whole(response: http.HttpMessage | None, status: int, body: bytes | None = None) -> bool:
    """Whether a response has this status and (if given) this body, framed by a length."""
    framed = response is not None and (response.chunked or response.header("content-length") is not None)
    return framed and response.complete and response.status == status and body in (None, response.body)


@points(2, claim="HTP-6", hint="Status line, Date, Content-Type, Content-Length, a blank line, the file.")
def check_your_page(server, params):
    """curl gets the page, with Date, Content-Type and a length."""
    command, page = server.command("curl-own-page"), own_file(params, "index.html")
    response = answered(server, "own-page").response
    expect(command.status == 0 and whole(response, 200, page), done=command.line,
           expected=f"200 and the page, {len(page)} bytes, with its length in the head",
           seen=f"{said(response)}, {len(response.body)} bytes, Content-Length {response.header('content-length')}; "
                f"curl: {command.stderr.strip() or command.status}")
    expect(response.head.count(b"\n") == response.head.count(b"\r\n"), done=command.line,
           expected="lines that end in CR LF", seen=repr(response.head[:60]))
    expect(media_type(response) == "text/html", done=command.line, expected="Content-Type: text/html",
           seen=response.header("content-type"))
    date = response.header("date") or ""
    try:
        parsed = email.utils.parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        parsed = None
    now = server.start_ns / 1e9 + response.time
    expect(date.endswith(" GMT") and parsed and abs(parsed.timestamp() - now) < 2 + SLACK, done=command.line,
           expected="Date, in GMT, as in RFC 9110, section 5.6.7; and it is the time of the response",
           seen=date or "no Date")


@points(2, claim=("HTP-2", "HTP-6"), hint="curl goes on with the same connection only if it knows where a body ends.")
def check_your_connection_stays(server, params):
    """Five URLs, one connection: a picture, a page that is not there, an odd name with a query, raw data, the page."""
    command, odd = server.command("curl-own-several"), params["odd_name"]
    found = spoken(server, "own-several")
    wanted = [(200, "picture.png", "image/png"), (404, None, None), (200, odd, "text/plain"),
              (200, "blob", web.UNKNOWN), (200, "index.html", "text/html")]
    for number, (status, name, kind) in enumerate(wanted):
        response = found[number].response if number < len(found) else None
        body = own_file(params, name) if name else None
        expect(whole(response, status, body), done=f"{command.line}\n          URL {number + 1} of 5",
               expected=f"{status}" + (f" and the {len(body)} bytes of {name!r}" if name else " with a length"),
               seen=f"{said(response)}, {len(response.body)} bytes" if response else
               "no response on the first connection")
        expect(kind in (None, media_type(response)), done=f"curl fetched {name!r}", expected=f"Content-Type: {kind}",
               seen=response.header("content-type"))
    expect(len(step(server, "own-several")) == 1 and command.status == 0, done=command.line,
           expected="one connection for all of them",
           seen=f"{len(step(server, 'own-several'))} connections; curl ended with {command.status}")


@points(2, claim="HTP-6", hint="The head that GET would have got, length and all; and then nothing (RFC 9110, 9.3.2).")
def check_your_head(server, params):
    """HEAD gets the head of the answer to GET, without a body, and the connection goes on."""
    found, picture = spoken(server, "own-head"), own_file(params, "picture.png")
    done = server.command("curl-own-head").line
    expect(len(found) == 2 and all(one.response for one in found), done=done,
           expected="HEAD, then GET, both answered on one connection",
           seen=", ".join(f"{http.words(one.request)}: {said(one.response)}" for one in found) or "nothing")
    head, get = (one.response for one in found)
    sizes = [one.header("content-length") for one in (head, get)]
    expect((head.status, get.status) == (200, 200) and sizes == [str(len(picture))] * 2 and get.body == picture,
           done=done, expected=f"twice 200 with Content-Length: {len(picture)}, the picture after the second only",
           seen=f"{said(head)}, {said(get)}, Content-Length {sizes[0]} and {sizes[1]}")
    names = [{name.lower() for name, _ in one.headers} for one in (head, get)]
    expect(names[0] == names[1], done=done, expected="the same header fields for HEAD and GET",
           seen=", ".join(sorted(names[0] ^ names[1])) + " in one of them only")


@points(2, claim="HTP-6", hint="Connection: close in a request, or version 1.0: answer, say close, close.")
def check_your_server_closes_when_asked(server, params):
    """Connection: close and HTTP/1.0: the whole page, Connection: close, and the server closes first."""
    page = own_file(params, "index.html")
    for name in ("own-close", "own-old"):
        one = answered(server, name)
        took = closed_by_server(one.connection, one.response.end)
        expect(whole(one.response, 200, page), done=f"step {name}: {http.words(one.request)}",
               expected="200 and the page", seen=f"{said(one.response)}, {len(one.response.body)} bytes")
        header = (one.response.header("connection") or "").lower()
        expect(took is not None and took < SLACK and header == "close", done=f"step {name}",
               expected="Connection: close, and the server closes at once",
               seen=f"Connection: {header or 'nothing'}; first to close: {one.connection.closed_first}")


@points(2, claim="HTP-6", hint="After a request that is not HTTP nobody knows where the next one begins.")
def check_your_400(server):
    """A malformed line, no Host, a space ahead of a colon: 400, and the connection ends."""
    for name in ("own-bad-line", "own-bad-host", "own-bad-field"):
        one = answered(server, name)
        expect(one.response.status == 400 and one.connection.closed_first == tcp.SERVER,
               done=f"step {name}: {one.request.head!r}", expected="400, and the server closes",
               seen=f"{said(one.response)}; first to close: {one.connection.closed_first or 'nobody'}")


@points(2, claim="HTP-6", hint="RFC 9110, sections 9.1 and 15.5.6. What comes after a head with Content-Length?")
def check_your_other_methods(server):
    """POST: 405 with Allow, and its body is no request. A method nobody knows: 501 (or 405)."""
    post = answered(server, "own-post")
    allowed = {word.strip() for word in (post.response.header("allow") or "").split(",")}
    expect(post.response.status == 405 and {"GET", "HEAD"} <= allowed, done="step own-post: POST /",
           expected="405 with Allow: GET, HEAD", seen=f"{said(post.response)}, Allow: {post.response.header('allow')}")
    rest = post.connection.stream(tcp.SERVER).count(b"HTTP/1.1 ")
    picture = b"image/png" in post.connection.stream(tcp.SERVER)
    expect(rest <= 2 and not picture, expected="no answer to the body",
           done="the body of POST was the text of a request for /picture.png; GET / came behind it",
           seen=f"{rest} responses" + (", the picture among them" if picture else ""))
    brew = answered(server, "own-brew")
    expect(brew.response.status in (501, 405), done=f"step own-brew: {http.words(brew.request)}", expected="501",
           seen=said(brew.response))


@points(2, claim="HTP-6", hint="Where does the path lead after decoding? Compare with the folder, not with the text.")
def check_your_folder_is_a_fence(server):
    """/../server.py, encoded or not, gives nothing away; a client that asks so is told 400, 403 or 404."""
    answered(server, "own-page")
    for name in ("own-escape-plain", "own-escape-encoded", "own-escape-slash"):
        one = answered(server, name)
        expect(one.response.status in (400, 403, 404), done=f"step {name}: {http.words(one.request)}",
               expected="400, 403 or 404", seen=f"{said(one.response)}: {one.response.body[:60]!r}")


@points(2, claim="HTP-1", hint="TCP is a stream: read until the blank line is there, and keep what comes after it.")
def check_your_server_reads_a_stream(server, params):
    """A request in five pieces gets one answer; two requests in one segment get two, in order."""
    found = spoken(server, "own-pieces")
    wanted = [own_file(params, name) for name in ("picture.png", "blob", "index.html")]
    bodies = [one.response.body if one.response else None for one in found]
    expect(bodies == wanted and all(one.response.status == 200 for one in found),
           done="one request came in five pieces, then two came at once", expected="the three files, in order",
           seen=", ".join(said(one.response) for one in found) + "; " + ending(connection(server, "own-pieces")))
    expect(found[0].response.time > found[0].request.end, done="a request came in five pieces",
           expected="an answer after the last piece", seen="one before it")


@points(2, claim="HTP-3", hint="A thread for each connection, or one loop that waits for all of them (selectors).")
def check_your_server_talks_to_several(server, params):
    """Somebody hesitates in the middle of a request; somebody else is answered meanwhile; then the first one is."""
    slow = connection(server, "own-together")
    quick = answered(server, "own-meanwhile")
    late = server.mark("own-hesitant")
    expect(whole(quick.response, 200, own_file(params, "index.html")) and quick.response.end < late,
           done="a second client asked while the first one hesitated", expected="the page at once",
           seen=said(quick.response))
    found = http.of_connection(slow)
    expect(found and whole(found[0].response, 200, own_file(params, "blob")), done="the first one went on",
           expected="its file", seen=said(found[0].response) if found else ending(slow))


@points(2, claim="HTP-6", hint="socket.settimeout; and the time begins anew with each request.")
def check_your_server_has_patience_but_not_for_ever(server, params):
    """A silent connection is closed by the server after the time that your variant says."""
    one = answered(server, "own-idle")
    took = closed_by_server(one.connection, one.response.end)
    expect(took is not None and abs(took - params["idle"]) < SLACK, done="a client asked once, then was silent",
           expected=f"the server closes {params['idle']} s later",
           seen=f"{took:.1f} s later" if took is not None else
           f"first to close: {one.connection.closed_first or 'nobody'}")


# --- your answers ---

@points(1, claim="HTP-2", hint="Where does nginx look up a suffix, and what does it say where there is none?")
def check_answer_types(answers, origin):
    """The Content-Type of each of the four files."""
    found = [media_type(one.response) for one in spoken(origin, "types") if one.response]
    given = [str(one).lower() for one in answers.items("types")]
    expect(given == found, done="curl fetched four files", expected="types has their Content-Type, in order",
           seen=str(given))


@points(1, claim="HTP-4", hint="For each visit: does the request carry a cookie? Has the client got one yet?")
def check_answer_greetings(answers, origin):
    """As whom the server greets each visitor."""
    found = ["guest" if b"guest" in one.response.body else "stranger"
             for one in spoken(origin, "visits") if one.response]
    given = [str(one).lower() for one in answers.items("greetings")]
    expect(given == found, done="the six visits", expected="greetings has the right word for each", seen=str(given))


@points(1, claim="HTP-6", hint="curl -i printed it all. Each line ends in two bytes; the blank line counts.")
def check_answer_sizes(answers, origin):
    """How long head and body of the page's response are."""
    response = answered(origin, "page").response
    given = (answers.integer("head_bytes"), answers.integer("body_bytes"))
    expect(given == (len(response.head), len(response.body)), done="curl fetched the page",
           expected="head_bytes and body_bytes are the lengths of the two parts", seen=f"{given[0]} and {given[1]}")


@points(1, claim="HTP-4", hint="Does the server remember anything of the first request that could be left out?")
def check_answer_repeat(answers, origin):
    """How many bytes the second, equal request takes."""
    given, found = answers.integer("repeat_bytes"), len(answered(origin, "twice", 1).request.head)
    expect(given == found, done="a client asked for the same file again",
           expected="repeat_bytes is the length of the second request", seen=f"not {given}")


@points(1, claim="HTP-6", hint="Filter for tcp.flags.fin == 1, and look at the first one of each connection.")
def check_answer_first_fin(answers, origin):
    """Who takes leave first."""
    names = ("page", "close", "old", "keep")
    given, found = [str(one).lower() for one in answers.items("first_fin")], \
        [connection(origin, name).closed_first for name in names]
    wrong = [name for name, one, other in zip(names, given, found) if one != other]
    expect(len(given) == len(names) and not wrong, done="the connections of page, close, old and keep ended",
           expected="first_fin says who sent the first FIN of each", seen=f"not so in {', '.join(wrong) or 'length'}")


@points(1, claim="HTP-6", hint="From the last byte of the response to the server's FIN.")
def check_answer_kept_for(answers, origin):
    """For how long nginx keeps a silent connection."""
    one = answered(origin, "keep")
    given, found = answers.number("kept_for"), closed_by_server(one.connection, one.response.end)
    if found is None:
        raise Missing("the server did not close the kept connection")
    expect(abs(given - found) <= SLACK, done="a client was silent after its answer",
           expected="kept_for is the time (s) until the server closed (1 s off is fine)", seen=f"not {given:g}")
