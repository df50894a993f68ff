"""Ways to break the response lab: another nginx, another curl, responses that students write, wrong answers."""

from mnlab.checks.mutants import curl_always, mutant

ENOUGH = ("syntax_error", "no_content", "right_charset", "always_html", "no_gzip", "careless_curl")


# --- nginx and curl (inside the machine, where the lab's own files are the package `lab`) ---

def nginx(old: str, new: str) -> None:
    """Change nginx's configuration."""
    from lab import web
    assert old in web.CONF, f"nginx.conf no longer holds {old!r}"
    web.CONF = web.CONF.replace(old, new)


@mutant.network("nginx has no content for anybody", scenes=["origin"])
def no_content(net, params):
    nginx("root site;", "root site;\n        location = /index.html { return 204; }")


@mutant.network("nginx says 200 for a page that is not there", scenes=["origin"])
def soft_404(net, params):
    nginx("root site;", "root site;\n        error_page 404 =200 /index.html;")


@mutant.network("nginx names the right charset everywhere", scenes=["origin"])
def right_charset(net, params):
    nginx("iso-8859-1", "utf-8")


@mutant.network("nginx says that everything is HTML", scenes=["origin"])
def always_html(net, params):
    nginx("default_type text/plain; charset utf-8;", "default_type text/html; charset utf-8;")


@mutant.network("nginx packs nothing", scenes=["origin"])
def no_gzip(net, params):
    nginx("gzip on;", "")


@mutant.network("curl takes whatever comes for a response", scenes=["origin"])
def careless_curl(net, params):
    curl_always(net["client"], "http0.9")


@mutant.network("nginx keeps no connection", scenes=["origin"])
def no_keepalive(net, params):
    nginx("server {\n        listen 80;", "keepalive_timeout 0;\n    server {\n        listen 80;")


@mutant.forged("nginx's clock is ten days ahead")
def clock_ahead(evidence):
    def change(packet, _):
        data = bytes(packet)
        ahead = data.replace(b"Date: Thu, 01 Jan", b"Date: Sun, 11 Jan") if b"\r\nServer: nginx" in data else data
        return type(packet)(ahead)
    evidence.scene("origin").rewrite_frames("client", change)


# --- responses that students write ---

@mutant.work("lines end in a newline only")
def bare_newlines(work, params):
    work.edit("respond.py", 'f"{line}\\r\\n" for', 'f"{line}\\n" for')


@mutant.work("lengths count letters")
def letters(work, params):
    work.edit("respond.py", "Content-Length: {len(body)}", "Content-Length: {len(body.decode('utf-8', 'replace'))}")


@mutant.work("everything is UTF-8, also what is labelled otherwise")
def utf8_only(work, params):
    work.edit("respond.py", 'TEXT.encode("iso-8859-1")', 'TEXT.encode("utf-8")')


@mutant.work("the page does not name its charset")
def no_charset(work, params):
    work.edit("respond.py", '"text/html; charset=utf-8"', '"text/html"')


@mutant.work("the page names the wrong charset")
def wrong_charset(work, params):
    work.edit("respond.py", '"text/html; charset=utf-8"', '"text/html; charset=iso-8859-1"')


@mutant.work("Date is local time, as Python prints it")
def python_date(work, params):
    work.edit("respond.py", '"Date: %a, %d %b %Y %H:%M:%S GMT", time.gmtime()', '"Date: %c"')


@mutant.work("Date is when the program was started")
def stale_date(work, params):
    work.edit("respond.py", "def story():", "STARTED = time.gmtime(time.time() - 60)\n\n\ndef story():")
    work.edit("respond.py", "time.gmtime())\n    return", "STARTED)\n    return")


@mutant.work("204 with Content-Length: 0")
def empty_with_length(work, params):
    work.edit("respond.py", 'head("204 No Content")', 'head("204 No Content", "Content-Length: 0")')


@mutant.work("200 for what does not exist")
def always_found(work, params):
    work.edit("respond.py", "404 Not Found", "200 OK")


@mutant.work("no space behind the code")
def no_space(work, params):
    work.edit("respond.py", f'"{params["code"]} "', f'"{params["code"]}"')


@mutant.work("a redirect to nowhere")
def no_location(work, params):
    work.edit("respond.py", ', "Location: /text")', ")")


@mutant.work("chunk sizes are decimal")
def decimal_sizes(work, params):
    work.edit("respond.py", 'b"%x\\r\\n', 'b"%d\\r\\n')


@mutant.work("the last chunk is forgotten")
def no_last_chunk(work, params):
    work.edit("respond.py", 'yield b"0\\r\\n\\r\\n"', 'yield b""')


@mutant.work("the story is told when it is over")
def collected(work, params):
    work.edit("respond.py", "for line in story():", "for line in list(story()):")


@mutant.work("chunks for HTTP/1.0, too")
def always_chunked(work, params):
    work.edit("respond.py", 'chunked = version != "HTTP/1.0"', "chunked = True")


@mutant.work("no length and no chunks, but the connection stays")
def no_framing(work, params):
    work.edit("respond.py", '"Transfer-Encoding: chunked" if chunked else "Connection: close"', '"X-Chunked: no"')
    work.edit("respond.py", 'chunked = version != "HTTP/1.0"', "chunked = False")


@mutant.work("HEAD gets the body")
def head_with_body(work, params):
    work.edit("respond.py", 'if method != "HEAD":', "if True:")


@mutant.work("the query goes into Location as it is")
def split_head(work, params):
    work.edit("respond.py", 'if re.fullmatch(r"/[!-~]*", place):', "if True:")


@mutant.work("/go sends nobody anywhere")
def go_nowhere(work, params):
    work.edit("respond.py", 'if re.fullmatch(r"/[!-~]*", place):', "if False:")


@mutant.work("a missing page is described in a charset that nobody names")
def unnamed_charset(work, params):
    work.edit("respond.py", '"404 Not Found", UTF8', '"404 Not Found", "text/plain"')


@mutant.work("the program does not start")
def syntax_error(work, params):
    work.edit("respond.py", "import socket\n", "import socket as\n")


# --- answers ---

@mutant.answers("curl takes what is right, and nothing else")
def only_right(answers, params):
    answers["accepted"] = [number for number, name in enumerate(params["wrong"], start=1) if name == "right"] or [1]


@mutant.answers("every body has a length")
def always_length(answers, params):
    answers["framed_by"] = ["length"] * 3


@mutant.answers("the Dates are the same")
def same_date(answers, params):
    answers["dates_apart"] = 0


@mutant.answers("the browser knows better")
def read_right(answers, params):
    answers["misread"] = params["text"].split()[0]


@mutant.answers("a letter is a byte")
def letters_are_bytes(answers, params):
    answers["utf8_bytes"] = len(params["text"])


@mutant.answers("the size is decimal")
def decimal_size(answers, params):
    answers["size_line"] = str(int(answers["size_line"], 16))
