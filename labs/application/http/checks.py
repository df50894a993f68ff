"""What must be true of HTTP: nginx and curl first, then the student's server, then the answers.

All is read from the client's own interface. Times: nginx looks at its timers when an event wakes it, and a busy
computer in real time is late by some tens of milliseconds; SLACK is far above both and far below any time measured.
"""

import email.utils
from pathlib import Path

from mnlab.checks import expect, observation, points
from mnlab.checks.points import show
from mnlab.evidence.record import Missing
from mnlab.lab.lab import load
from mnlab.protocols import http, tcp

probes, web, wire = (load(Path(__file__).with_name(f"{name}.py")) for name in ("probes", "web", "reading"))
media_type, said = wire.media_type, wire.said

SLACK = wire.SLACK
TEXT = set(b"\t\r\n") | set(range(0x20, 0x7F))


# --- what HTTP is ---

@observation(1, claim="HTP-1", hint="Follow the TCP stream of the first connection in Wireshark, and read it.")
def check_http_is_text_over_tcp(origin):
    """A request and a response's head are lines of text; they travel on a TCP connection between client and server."""
    one = wire.answered(origin, "page")
    shake = one.connection.handshake
    expect(shake and shake.ack.time <= one.request.time, done="curl fetched a page", seen="it is not there",
           expected="TCP's three segments ahead of the request")
    for message in (one.request, one.response):
        lines = message.head.split(b"\r\n")
        expect(set(message.head) <= TEXT and lines[-2:] == [b"", b""] and not any(b"\n" in line for line in lines),
               done=f"the head of {http.words(message)!r} was read byte by byte", seen=repr(message.head[:200]),
               expected="printable ASCII, in lines that end in CR LF, the last one blank")


@observation(1, claim="HTP-2", hint="Compare the bytes with the file. What but Content-Type could say what they are?")
def check_any_data_named_by_content_type(origin, params):
    """Every file arrives as it is, whatever bytes it has, and Content-Type says what it is."""
    files = web.web_site(params)
    found = {one.request.target_uri.lstrip("/"): one.response for one in wire.spoken(origin, "types")}
    for name in params["files"]:
        response = found.get(name)
        expect(response and response.body == files[name], done=f"curl fetched {name}, {len(files[name])} bytes",
               expected="the same bytes, zeros and newlines included",
               seen=f"{len(response.body)} bytes" if response else "no response")
        expect(media_type(response) == web.kind_of(name), done=f"curl fetched {name}",
               expected=f"Content-Type: {web.kind_of(name)}", seen=response.header("content-type"))


@observation(1, claim="HTP-3", hint="Which segment is the first to carry data, who sends it, and what is in it?")
def check_no_hello_ahead_of_the_request(origin):
    """HTTP sets up nothing of its own: the first byte on the TCP connection is the request's."""
    one = wire.answered(origin, "page")
    first = min((segment for segment in one.connection.segments if segment.length), key=lambda segment: segment.time)
    expect(first.sender == tcp.CLIENT and first.payload.startswith(b"GET / HTTP/1.1\r\n") and first.seq == 1,
           done="curl fetched a page", expected="the first data on the connection is the request line",
           seen=f"{first.payload[:40]!r} from the {first.sender}")


@observation(1, claim="HTP-4", hint="Compare the two requests of the step twice, and the two responses.")
def check_the_server_forgets(origin):
    """The same question on the same connection: all of it is sent again, and the answer is the same."""
    first, again = (wire.answered(origin, "twice", number) for number in (0, 1))
    expect(again.request.head == first.request.head, done="a client asked twice for the same file",
           expected=f"the second request as long as the first, {len(first.request.head)} bytes",
           seen=f"{len(again.request.head)} bytes")
    expect(again.response.status == 200 and again.response.body == first.response.body, done="the same",
           expected="the same file once more", seen=said(again.response))


@observation(2, claim="HTP-4", hint="Where does the server find out who asks? Look at Set-Cookie, then at Cookie.")
def check_a_cookie_is_the_memory(origin, params):
    """The guest is known when, and only when, the request brings the cookie that the server had given away."""
    found = wire.spoken(origin, "visits")
    expect(len(found) == len(params["visits"]) and len(wire.step(origin, "visits")) == 1,
           done="curl visited /hello", expected=f"{len(params['visits'])} requests on one connection",
           seen=f"{len(found)} on the first of {len(wire.step(origin, 'visits'))}")
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


@observation(1, claim="HTP-5", hint="The URL of the step page names no port. Where does the SYN go?")
def check_port_80_by_default(origin, params):
    """http:// goes to port 80 unless the URL says otherwise; then Host says so, too."""
    for name, port, host in (("page", 80, params["web_name"]), ("port", params["port"],
                                                                f"{params['web_name']}:{params['port']}")):
        one = wire.answered(origin, name)
        expect(one.connection.server.port == port and one.request.header("host") == host,
               done=origin.command(f"curl-{name}").line, expected=f"a connection to port {port}, and Host: {host}",
               seen=f"port {one.connection.server.port}, and Host: {one.request.header('host')}")


@observation(1, claim="HTP-6", hint="curl -i prints what it reads, in the order in which it reads it.")
def check_the_client_reads_status_headers_body(origin):
    """Connect, request, response; the client reads status line, headers, body; then the connection is released."""
    one, command = wire.answered(origin, "page"), origin.command("curl-page")
    sent = one.response.head.replace(b"\r\n", b"\n") + one.response.body
    expect(command.stdout.replace("\r\n", "\n").encode() == sent,
           done=command.line, expected="curl prints what was on the wire: status line, headers, blank line, body",
           seen=command.stdout[:200])
    order = [one.connection.handshake.ack.time, one.request.time, one.response.time,
             *sorted(fin.time for fin in one.connection.fins.values())]
    expect(order == sorted(order) and len(order) == 5, done=command.line,
           expected="handshake, request, response, two FINs, in this order",
           seen=f"{len(one.connection.fins)} FINs; times {order}")


@observation(1, claim="HTP-6", hint="Compare the steps close and old: whose FIN is first, and which header said so?")
def check_close_means_that_the_server_closes(origin):
    """Connection: close, or a request of HTTP/1.0: the server says close and is the first to close, at once."""
    for name in ("close", "old"):
        one = wire.answered(origin, name)
        took = wire.closed_by_server(one.connection, one.response.end)
        header = (one.response.header("connection") or "").lower()
        expect(took is not None and took < SLACK and header == "close", done=f"step {name}",
               expected="Connection: close in the response, and the server's FIN right behind it",
               seen=f"Connection: {header or 'nothing'}; first to close: {one.connection.closed_first}")


@observation(1, claim="HTP-6", hint="Subtract the time of the response from that of the server's FIN; see nginx.conf.")
def check_keep_alive_lasts_for_its_timeout(origin, params):
    """Otherwise the connection stays open, and the server closes it after its keepalive_timeout."""
    one = wire.answered(origin, "keep")
    took = wire.closed_by_server(one.connection, one.response.end)
    expect(took is not None and abs(took - params["_keepalive"]) < SLACK, done="a client asked once, then was silent",
           expected=f"the server closes {params['_keepalive']} s later",
           seen=f"{took:.1f} s later" if took is not None else f"first to close: {one.connection.closed_first}")


# --- your server ---

@points(1, claim="HTP-6", hint="Status line, Content-Length, a blank line, the file; lines end in CR LF.")
def check_your_page(server, params):
    """curl gets the page: a status line, lines that end in CR LF, the file."""
    command, page = server.command("curl-own-page"), wire.own_file(params, "index.html")
    response = wire.answered(server, "own-page").response
    expect(command.status == 0 and response.status == 200 and response.body == page, done=command.line,
           expected=f"200 and the page, {len(page)} bytes",
           seen=f"{said(response)}, {len(response.body)} bytes; curl: {command.stderr.strip() or command.status}")
    for one in wire.everything(server):
        expect(one.version == "HTTP/1.1" and one.head.count(b"\n") == one.head.count(b"\r\n"), done="clients asked",
               expected="HTTP/1.1, and lines that end in CR LF", seen=repr(one.head[:60]))


@points(2, claim="HTP-2", hint='Open files with "rb"; and one send() need not take all (sendall does).')
def check_your_files(server, params):
    """A picture, raw data, notes, an empty file and a large one arrive as they are, byte by byte."""
    for name, target, file in (("own-several", "/picture.png", "picture.png"), ("own-several", "/blob", "blob"),
                               ("own-name-1", "", params["odd_name"]), ("own-empty", "", "empty.txt"),
                               ("own-large", "", "large.bin")):
        response, data = wire.reply(server, name, target).response, wire.own_file(params, file)
        expect(response.status == 200 and response.body == data, done=f"step {name}: a client asked for {file}",
               expected=f"200 and its {len(data)} bytes", seen=f"{said(response)}, {len(response.body)} bytes")


@points(1, claim="HTP-6", hint="Count the bytes of the body, whatever the status is.")
def check_your_lengths(server):
    """Every answer says in Content-Length how many bytes its body has."""
    wire.everything(server)
    for connection in wire.connections(server):
        found, sent = http.of_connection(connection), connection.stream(tcp.SERVER)
        for one in [one for one in found if one.response]:
            length = one.response.header("content-length")
            expect(length is not None and not one.response.chunked and one.response.complete,
                   done=f"a client asked: {http.words(one.request)}", expected="Content-Length, and so many bytes",
                   seen=f"{said(one.response)}, Content-Length: {length}, then {len(one.response.body)} bytes")
            sent = sent[len(one.response.head) + len(one.response.body):]
        expect(sent[:5] in (b"", b"HTTP/") or "HEAD" in [one.request.method for one in found],
               done=f"a client asked: {http.words(found[-1].request) if found else 'nothing'}",
               expected="so many bytes as Content-Length said", seen=f"more: {sent[:40]!r}")


@points(1, claim="HTP-6", hint="RFC 9110, section 5.6.7, has the form; and time goes on while the server runs.")
def check_your_dates(server):
    """Every answer has the Date of its own moment, in GMT."""
    for response in wire.everything(server):
        date, now = response.header("date") or "", server.start_ns / 1e9 + response.time
        try:
            parsed = email.utils.parsedate_to_datetime(date).timestamp()
        except (ValueError, OverflowError):
            parsed = 0.0
        expect(abs(parsed - now) < 1 + SLACK and date == email.utils.formatdate(parsed, usegmt=True),
               done=f"{said(response)}, {response.time:.0f} s after the beginning",
               expected=f"Date: {email.utils.formatdate(now, usegmt=True)}, a second more or less",
               seen=date or "no Date")


@points(1, claim="HTP-2", hint="Look at the end of the name, behind its last dot.")
def check_your_types(server, params):
    """Content-Type is what the suffix calls for, and application/octet-stream where that says nothing."""
    wanted = [("own-several", "/picture.png", "image/png"), ("own-several", "/blob", web.UNKNOWN),
              ("own-large", "/large.bin", web.UNKNOWN),
              ("own-several", "/index.html", "text/html"),
              ("own-page", "/", "text/html"), ("own-folder", "/more/", "text/html"),
              ("own-empty", "/empty.txt", "text/plain"),
              *((f"own-query-{number}", target, kind) for number, (target, kind) in enumerate(
                  zip(probes.QUERIES, (web.UNKNOWN, web.UNKNOWN, "text/html", "image/png"), strict=True), start=1)),
              *((f"own-name-{number}", path, "text/plain") for number, path in enumerate(web.paths(params), start=1))]
    for name, target, kind in wanted:
        response = wire.reply(server, name, target).response
        expect(response.status != 200 or media_type(response) == kind, done=f"step {name}: GET {target}",
               expected=f"Content-Type: {kind}", seen=response.header("content-type"))
    expect(any(wire.reply(server, name, target).response.status == 200 for name, target, _ in wanted),
           done="clients asked for files", expected="200", seen="none")


@points(1, claim="HTP-6", hint="The head that GET would have got, length and all; and then nothing (RFC 9110, 9.3.2).")
def check_your_head(server):
    """HEAD gets the head of the answer to GET, without a body, of what is there and of what is not."""
    for name, asked_for, get in (("own-head", "/picture.png", "own-several"),
                                 ("own-head-missing", "/no-such-page", "own-several"),
                                 ("own-head-folder", "/more/", "own-folder")):
        one, other = wire.reply(server, name, asked_for), wire.reply(server, get, asked_for)
        heads = [(response.status, sorted((key.lower(), value) for key, value in response.headers
                                          if key.lower() not in ("date", "connection")))
                 for response in (one.response, other.response)]
        expect(one.request.method == "HEAD" and heads[0] == heads[1], done=f"step {name}: HEAD {asked_for}",
               expected=f"the same head as for GET: {show(heads[1])}", seen=show(heads[0]))
        said_next = one.connection.stream(tcp.SERVER)[len(one.response.head):]
        expect(said_next[:5] in (b"", b"HTTP/"), done=f"step {name}: HEAD {asked_for}",
               expected="no byte of a body", seen=repr(said_next[:40]))


@points(1, claim="HTP-6", hint="A path that ends in a slash names a folder, and means the index.html in it.")
def check_your_folders(server, params):
    """/ is index.html, and /more/ is more/index.html."""
    wire.expect_file(server, params, "own-page", "index.html")
    wire.expect_file(server, params, "own-folder", "more/index.html")


@points(1, claim="HTP-6", hint="RFC 3986, section 2.1. Decode once, and cut off the query before.")
def check_your_names(server, params):
    """Names are decoded, once: spaces, percent and question marks, letters beyond ASCII; and a plus is a plus."""
    for name, (path, file) in zip(wire.steps("own-name", 9), web.paths(params).items()):
        wire.expect_file(server, params, name, file, path)


@points(1, claim="HTP-6", hint="The query begins with the first question mark.")
def check_your_queries(server, params):
    """What stands behind a question mark is no part of the name."""
    for name, target in zip(wire.steps("own-query", 9), probes.QUERIES):
        path = target.partition("?")[0].lstrip("/")
        wire.expect_file(server, params, name, path or "index.html", target)


@points(1, claim="HTP-6", hint="curl goes on with the same connection only if it knows where a body ends.")
def check_your_connection_stays(server):
    """Five URLs by curl, one connection; and many requests in a row, whatever the statuses are."""
    command, found = server.command("curl-own-several"), wire.step(server, "own-several")
    expect(len(found) == 1 and found[0].handshake and command.status == 0, done=command.line,
           expected="one connection for all of them",
           seen=f"{len(found)} connections; curl ended with {command.status}")
    several = wire.spoken(server, "own-stay")
    expect(len(several) == probes.STAY and all(one.response for one in several),
           done="GET of what is not there, DELETE, BREW, HEAD, GET and so on",
           expected=f"{probes.STAY} answers on one connection",
           seen=", ".join(said(one.response) for one in several) + "; "
           + wire.ending(wire.connection(server, "own-stay")))


@points(1, claim="HTP-6", hint="Connection: close in a request: answer, say close, close.")
def check_your_server_closes_when_asked(server, params):
    """Connection: close: the whole answer, Connection: close, and the server closes first."""
    wire.expect_file(server, params, "own-close", "index.html")
    for name in ("own-close", "own-close-1", "own-close-2", "own-close-head", "own-missing-1", "own-method-1",
                 "own-no-method-1"):
        wire.expect_leave(server, name)
    answers = [one for one in wire.spoken(server, "own-close-last") if one.response]
    expect(len(answers) == 1, done="a client asked with Connection: close, and for something else in the same piece",
           expected="one answer", seen=", ".join(said(one.response) for one in answers) or "none")


@points(1, claim="HTP-6", hint="A client of HTTP/1.0 knows neither Host nor connections that stay.")
def check_your_old_clients(server, params):
    """HTTP/1.0, without Host, with it, with keep-alive: the page, Connection: close, and the server closes first."""
    for name in wire.steps("own-old", 3):
        wire.expect_file(server, params, name, "index.html")
        wire.expect_leave(server, name)
    for name, status in (("own-old-missing", 404), ("own-old-method", 405), ("own-old-no-method", 501),
                         ("own-old-head", 200)):
        wire.expect_status(server, name, status)
        wire.expect_leave(server, name)


@points(2, claim="HTP-6", hint="socket.settimeout; and the time begins anew with each byte.")
def check_your_server_has_patience_but_not_for_ever(server, params):
    """A silent connection is closed after the time of your variant; a slow one is not."""
    for name, what in (("own-idle", "a client asked twice"), ("own-half", "a client sent half a request"),
                       ("own-half-body", "a client sent a request, and half of its body"),
                       ("own-mute", "a client connected")):
        one = wire.connection(server, name)
        took = wire.closed_by_server(one, wire.last_asked(one))
        expect(took is not None and abs(took - params["idle"]) < SLACK, done=f"{what}, then was silent",
               expected=f"the server closes {params['idle']} s later",
               seen=f"{took:.1f} s later" if took is not None else
               f"first to close: {one.closed_first or 'nobody'}")
    slow = wire.reply(server, "own-slow")
    expect(slow.response.status == 200 and slow.response.time > slow.request.end,
           done=f"a client sent a request in four parts, {params['idle'] - 1} s apart",
           expected="the answer, after the last part", seen=said(slow.response))
    slow = [one.response.status for one in wire.spoken(server, "own-slow-body") if one.response]
    expect(slow == [405, 200], done=f"a client sent a request and its body in four parts, {params['idle'] - 1} s "
           "apart, and then another request", expected="405, 200", seen=slow)


@points(1, claim="HTP-6", hint="A name may lead nowhere in many ways: not there, below a file, in an empty folder.")
def check_your_404(server):
    """404 for what is not there."""
    for name in wire.steps("own-missing", len(probes.MISSING)):
        wire.expect_status(server, name, 404)


@points(1, claim="HTP-6", hint="RFC 9110, section 15.5.6: say which methods there are.")
def check_your_405(server):
    """A method of RFC 9110 that the server does not have: 405, and Allow has the two that it has."""
    for name in wire.steps("own-method", len(probes.METHODS)):
        one = wire.expect_status(server, name, 405)
        expect(wire.options(one.response, "allow") == {"get", "head"}, done=f"step {name}: {http.words(one.request)}",
               expected="Allow: GET, HEAD", seen=f"Allow: {one.response.header('allow')}")


@points(1, claim="HTP-6", hint="RFC 9110, section 9.1: methods are case-sensitive.")
def check_your_501(server):
    """A method that nobody knows: 501."""
    for name in wire.steps("own-no-method", len(probes.NO_METHODS)):
        wire.expect_status(server, name, 501)


@points(1, claim="HTP-6", hint="After a request that is not HTTP nobody knows where the next one begins.")
def check_your_400_for_the_request_line(server):
    """A request line that has not three words, or no version: 400, and the connection ends."""
    wire.expect_400(server, "bad-line", len(probes.BAD_LINES))


@points(1, claim="HTP-6", hint="RFC 9112, section 5.1, says why this is dangerous. Look at every line.")
def check_your_400_for_a_space(server):
    """A space ahead of a colon: 400, and the connection ends."""
    wire.expect_400(server, "bad-field", len(probes.BAD_FIELDS))
    wire.expect_status(server, "own-colons", 200)  # a space ahead of another colon, in a value


@points(1, claim="HTP-6", hint="RFC 9112, section 3.2.")
def check_your_400_without_host(server):
    """HTTP/1.1 without Host: 400, and the connection ends."""
    wire.expect_400(server, "no-host", len(probes.NO_HOST))
    found = wire.spoken(server, "own-host-once")
    expect([one.response and one.response.status for one in found[1:]] == [400],
           done="a client asked with Host, and once more without", expected="400 for the second request",
           seen=", ".join(said(one.response) for one in found))


@points(1, claim="HTP-6", hint="RFC 9110, section 5.1. Make them small before you look them up.")
def check_your_field_names(server, params):
    """host, CONNECTION, content-length: the case of a name does not matter, nor that of `close`."""
    for name in ("own-case-1", "own-case-2"):
        wire.expect_file(server, params, name, "index.html")
        one = wire.reply(server, name)
        expect(one.connection.closed_first == tcp.SERVER, done=f"step {name}: {one.request.head!r}",
               expected="the page, and the server closes", seen=f"the {one.connection.closed_first} closes first")
    wire.expect_no_answer_to_a_body(server, params, "own-case-3")


@points(2, claim="HTP-6", hint="Where does the path lead after decoding? Compare with the folder, not with the text.")
def check_your_folder_is_a_fence(server):
    """Paths that lead out of the folder give nothing away; a client that asks so is told 400, 403 or 404."""
    for name in wire.steps("own-escape", len(probes.ESCAPES)):
        wire.expect_status(server, name, 400, 403, 404)


@points(2, claim="HTP-1", hint="TCP is a stream: read until the blank line is there, and keep what comes after it.")
def check_your_server_reads_a_stream(server, params):
    """A request in five pieces gets one answer; two requests in one segment get two, in order; a head may be long."""
    found = wire.spoken(server, "own-pieces")
    wanted = [wire.own_file(params, name) for name in ("picture.png", "blob", "blob", "index.html")]
    expect(len(found) == len(wanted) and all(wire.is_file(one.response, data) for one, data in zip(found, wanted)),
           done="one request came in five pieces, then two and a piece of a third at once",
           expected="the four files, in order",
           seen=", ".join(said(one.response) for one in found) + "; "
           + wire.ending(wire.connection(server, "own-pieces")))
    expect(found[0].request.end < found[0].response.time < found[1].time, done="a request came in five pieces",
           expected="an answer right after the last piece", seen="one before it, or after the next request")
    wire.expect_file(server, params, "own-long", "blob")


@points(1, claim="HTP-6", hint="What comes after a head with Content-Length? Read it, even if you throw it away.")
def check_your_server_reads_bodies(server, params):
    """A body is no request, whether it comes with its head, behind it, in pieces, or with GET or HEAD."""
    for name in wire.steps("own-body", 8):
        wire.expect_no_answer_to_a_body(server, params, name)


@points(2, claim="HTP-3", hint="A thread for each connection, or one loop that waits for all of them (selectors).")
def check_your_server_talks_to_several(server, params):
    """Twelve hesitate in the middle of a request; somebody else is answered meanwhile; then the twelve are."""
    slow = wire.step(server, "own-together")
    quick = wire.reply(server, "own-meanwhile")
    late = server.mark("own-hesitant")
    expect(wire.is_file(quick.response, wire.own_file(params, "index.html")) and quick.response.end < late,
           done=f"a client asked while {len(slow)} hesitated", expected="the page at once", seen=said(quick.response))
    answers = [found[0].response if (found := http.of_connection(one)) else None for one in slow]
    expect(len(slow) == probes.HESITANT and all(wire.is_file(one, wire.own_file(params, "blob")) for one in answers),
           done="those who had hesitated went on", expected=f"their file, {probes.HESITANT} times",
           seen=", ".join(said(one) for one in answers) or "no connection")


# --- your answers ---

@points(1, claim="HTP-2", hint="Where does nginx look up a suffix, and what does it say where there is none?")
def check_answer_types(answers, origin):
    """The Content-Type of each of the four files."""
    found = [media_type(one.response) for one in wire.spoken(origin, "types") if one.response]
    given = [str(one).lower().partition(";")[0].strip() for one in answers.items("types")]
    expect(given == found, done="curl fetched four files", expected="types has their Content-Type, in order",
           seen=str(given))


@points(1, claim="HTP-4", hint="For each visit: does the request carry a cookie? Has the client got one yet?")
def check_answer_greetings(answers, origin):
    """As whom the server greets each visitor."""
    found = ["guest" if b"guest" in one.response.body else "stranger"
             for one in wire.spoken(origin, "visits") if one.response]
    given = [str(one).lower() for one in answers.items("greetings")]
    expect(given == found, done="the six visits", expected="greetings has the right word for each", seen=str(given))


@points(1, claim="HTP-6", hint="curl -i printed it all. Each line ends in two bytes; the blank line counts.")
def check_answer_sizes(answers, origin):
    """How long head and body of the page's response are."""
    response = wire.answered(origin, "page").response
    given = (answers.integer("head_bytes"), answers.integer("body_bytes"))
    expect(given == (len(response.head), len(response.body)), done="curl fetched the page",
           expected="head_bytes and body_bytes are the lengths of the two parts", seen=f"{given[0]} and {given[1]}")


@points(1, claim="HTP-4", hint="Does the server remember anything of the first request that could be left out?")
def check_answer_repeat(answers, origin):
    """How many bytes the second, equal request takes."""
    given, found = answers.integer("repeat_bytes"), len(wire.answered(origin, "twice", 1).request.head)
    expect(given == found, done="a client asked for the same file again",
           expected="repeat_bytes is the length of the second request", seen=f"not {given}")


@points(1, claim="HTP-6", hint="Filter for tcp.flags.fin == 1, and look at the first one of each connection.")
def check_answer_first_fin(answers, origin):
    """Who takes leave first."""
    names = ("page", "close", "old", "keep")
    given, found = [str(one).lower() for one in answers.items("first_fin")], \
        [wire.connection(origin, name).closed_first for name in names]
    wrong = [name for name, one, other in zip(names, given, found) if one != other]
    expect(len(given) == len(names) and not wrong, done="the connections of page, close, old and keep ended",
           expected="first_fin says who sent the first FIN of each", seen=f"not so in {', '.join(wrong) or 'length'}")


@points(1, claim="HTP-6", hint="From the last byte of the response to the server's FIN.")
def check_answer_kept_for(answers, origin):
    """For how long nginx keeps a silent connection."""
    one = wire.answered(origin, "keep")
    given, found = answers.number("kept_for"), wire.closed_by_server(one.connection, one.response.end)
    if found is None:
        raise Missing("the server did not close the kept connection")
    expect(abs(given - found) <= SLACK, done="a client was silent after its answer",
           expected="kept_for is the time (s) until the server closed (1 s off is fine)", seen=f"not {given:g}")
