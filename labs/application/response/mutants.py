"""Ways to break the response lab: another nginx, another curl, responses that students write, wrong answers."""

from mnlab.checks.mutants import curl_always, edits_of, mutant

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

wrong = edits_of(globals(), "respond.py",  # (name, rule, description, edits); {code} is the parameter
                 lambda text, params: text.replace("{code}", str(params["code"])))

wrong("syntax_error", "", "the program does not start", ("import socket\n", "import socket as\n"))

wrong("text_without_accents", "R1", "the text has no accents",
      ('UTF8, TEXT.encode("utf-8")', 'UTF8, TEXT.encode("ascii", "ignore")'))
wrong("text_with_newline", "R1", "the text has a line end behind it",
      ('UTF8, TEXT.encode("utf-8")', 'UTF8, (TEXT + "\\n").encode("utf-8")'))
wrong("text_is_html", "R1", "the text is labelled as HTML",
      ('"200 OK", UTF8, TEXT', '"200 OK", UTF8.replace("plain", "html"), TEXT'))
wrong("text_created", "R1", "the text is 201", ('"200 OK", UTF8, TEXT', '"201 Created", UTF8, TEXT'))

wrong("latin_ascii", "R2", "the Latin text has no accents",
      ('TEXT.encode("iso-8859-1")', 'TEXT.encode("ascii", "replace")'))
wrong("latin_is_html", "R2", "the Latin text is labelled as HTML",
      ('"200 OK", LATIN, TEXT', '"200 OK", LATIN.replace("plain", "html"), TEXT'))
wrong("latin_in_utf8", "R2", "the Latin text is in UTF-8, and says so",
      ('LATIN, TEXT.encode("iso-8859-1")', 'UTF8, TEXT.encode("utf-8")'))
wrong("latin_missing", "R2", "there is no Latin text", ('path == "/latin"', 'path == "/latin1"'))

wrong("page_is_text", "R3", "the page is labelled as text",
      ('"text/html; charset=utf-8"', '"text/plain; charset=utf-8"'))
wrong("page_of_nothing", "R3", "the page does not hold the text", ("<p>{TEXT}</p>", "<p>Hello</p>"))
wrong("page_ascii", "R3", "the page has no accents",
      ('"text/html; charset=utf-8", page.encode()', '"text/html; charset=utf-8", page.encode("ascii", "ignore")'))
wrong("page_in_comment", "R3", "the text is a comment in the page", ("<p>{TEXT}</p>", "<!-- {TEXT} -->"))
wrong("page_escaped", "R3", "the tags are escaped", ("<p>{TEXT}</p>", "&lt;p&gt;{TEXT}&lt;/p&gt;"))

wrong("empty_with_length", "R4", "204 with Content-Length: 0",
      ('head("204 No Content")', 'head("204 No Content", "Content-Length: 0")'))
wrong("empty_200", "R4", "200 with a length of 0",
      ('yield head("204 No Content")', 'yield head("200 OK", "Content-Length: 0")'))
wrong("empty_chunked", "R4", "204 in no chunks",
      ('head("204 No Content")', 'head("204 No Content", "Transfer-Encoding: chunked")'))
wrong("reset_content", "R4", "205 for 204", ('yield head("204 No Content")', 'yield head("205 Reset Content")'))

wrong("no_space", "R5", "no space behind the code", ('"{code} "', '"{code}"'))
wrong("with_reason", "R5", "the odd status has a reason", ('"{code} "', '"{code} OK"'))
wrong("odd_200", "R5", "the odd status is 200", ('"{code} "', '"200 "'))
wrong("odd_empty", "R5", "the odd status comes without a text", ('b"An unusual success.\\n"', 'b""'))
wrong("other_code", "R5", "the code is a neighbour's", ('"{code} "', '"299 "'))

wrong("no_location", "R6", "a redirect to nowhere", (', "Location: /text")', ")"))
wrong("moved_for_now", "R6", "/moved is 302", ("301 Moved Permanently", "302 Found"))
wrong("moved_to_latin", "R6", "/moved leads elsewhere", ('"Location: /text"', '"Location: /latin"'))
wrong("moved_308", "R6", "/moved is 308", ("301 Moved Permanently", "308 Permanent Redirect"))

wrong("go_nowhere", "R7", "/go sends nobody anywhere", ('if re.fullmatch(r"/[!-~]*", place):', "if False:"))
wrong("go_to_text", "R7", "/go always leads to /text", ('f"Location: {place}")', '"Location: /text")'))
wrong("go_undecoded", "R7", "the place is not decoded",
      ('place = unquote(query.removeprefix("to="))', 'place = "/" + query.removeprefix("to=%2F")'))
wrong("go_decoded_twice", "R7", "the place is decoded twice",
      ("place = unquote(query", "place = unquote(unquote(query"),
      ('"to="))\n', '"to=")))\n'))
wrong("go_small_escapes", "R7", "only capitals are hexadecimal", ("%([0-9A-Fa-f]{2})", "%([0-9A-F]{2})"))
wrong("go_for_good", "R7", "/go is 301", ('"302 Found"', '"301 Moved Permanently"'))
wrong("go_path_only", "R7", "the place's query is lost",
      ('f"Location: {place}")', 'f"Location: {place.partition(chr(63))[0]}")'))
wrong("go_as_form", "R7", "a plus is a space",
      ('place = unquote(query.removeprefix("to="))', 'place = unquote(query.removeprefix("to=").replace("+", "%20"))'),
      ('r"/[!-~]*"', 'r"/[ -~]*"'))
wrong("go_decoded_ahead", "R7", "the query is decoded ahead of being read",
      ('place = unquote(query.removeprefix("to="))', 'place = unquote(query).split("&")[0].removeprefix("to=")'))

wrong("split_head", "R8", "the place goes into Location as it is",
      ('if re.fullmatch(r"/[!-~]*", place):', "if True:"))
wrong("only_crlf", "R8", "only CR LF is looked for",
      ('if re.fullmatch(r"/[!-~]*", place):', 'if "\\r\\n" not in place:'))
wrong("only_lf", "R8", "only LF is looked for", ('if re.fullmatch(r"/[!-~]*", place):', 'if "\\n" not in place:'))
wrong("only_cr", "R8", "only CR is looked for", ('if re.fullmatch(r"/[!-~]*", place):', 'if "\\r" not in place:'))
wrong("lf_removed", "R8", "LF is removed, CR is not",
      ('place = unquote(query.removeprefix("to="))', 'place = unquote(query.removeprefix("to=")).replace("\\n", "")'),
      ('if re.fullmatch(r"/[!-~]*", place):', "if True:"))
wrong("small_escapes", "R8", "only %0d%0a in small letters is looked for",
      ('if re.fullmatch(r"/[!-~]*", place):', 'if "%0d" not in query and "%0a" not in query:'))
wrong("folded", "R8", "a line end with a space behind it is let through",
      ('if re.fullmatch(r"/[!-~]*", place):',
       'if not re.search("[\\r\\n](?! )", place.replace("\\r\\n ", "\\t ")) and "\\t" not in place or'
       ' place.count("\\n ") == 1:'))
wrong("last_line_end", "R8", "a line end at the end is let through",
      ('re.fullmatch(r"/[!-~]*", place)', 're.match(r"/[!-~]*$", place)'))
wrong("last_cr", "R8", "a CR at the end is let through",
      ('re.fullmatch(r"/[!-~]*", place)', 're.fullmatch(r"/[!-~]*", place.removesuffix("\\r"))'))
wrong("split_found", "R8", "where the place holds line ends, 200", ('"400 Bad Request"', '"200 OK"'))

wrong("collected", "R9", "the story is told when it is over", ("for line in story():", "for line in list(story()):"))
wrong("two_lines", "R9", "two lines are sent at once",
      ('    for line in story():\n        data = f"{line}\\n".encode()\n',
       '    told = iter(list(story()))\n    for line in told:\n        data = f"{line}\\n".encode()\n'
       "        time.sleep(0.2)\n"))
wrong("no_newlines", "R9", "the lines have no newlines", ('f"{line}\\n".encode()', 'f"{line}".encode()'))
wrong("all_but_last", "R9", "the last line is not told",
      ("for line in story():", "for line in list(STORY[:-1]):\n        time.sleep(0.5)"))
wrong("story_is_html", "R9", "the story is labelled as HTML",
      ("streamed(method, version, UTF8)", 'streamed(method, version, UTF8.replace("plain", "html"))'))
wrong("old_collected", "R9", "HTTP/1.0 is told the story when it is over",
      ("for line in story():", "for line in story() if chunked else list(story()):"))
wrong("story_created", "R9", "the story is 201",
      ('yield head("200 OK", f"Content', 'yield head("201 Created", f"Content'))

wrong("decimal_sizes", "R10", "chunk sizes are decimal", ('b"%x\\r\\n', 'b"%d\\r\\n'))
wrong("no_last_chunk", "R10", "the last chunk is forgotten", ('yield b"0\\r\\n\\r\\n"', 'yield b""'))
wrong("half_last_chunk", "R10", "the last chunk lacks its blank line", ('yield b"0\\r\\n\\r\\n"', 'yield b"0\\r\\n"'))
wrong("sizes_of_letters", "R10", "chunk sizes count letters", ("(len(data), data)", "(len(data.decode()), data)"))
wrong("size_with_end", "R10", "chunk sizes count the line end behind the chunk",
      ("(len(data), data)", "(len(data) + 2, data)"))
wrong("story_with_length", "R10", "the story has a length and no chunks",
      ('"Transfer-Encoding: chunked" if chunked',
       'f"Content-Length: {sum(len(line.encode()) + 1 for line in STORY)}" if chunked'),
      (" if chunked else data", " if False else data"),
      ("    if chunked:\n        yield", "    if False:\n        yield"))
wrong("line_ends_in_chunks", "R10", "the lines end in CR LF",
      ('data = f"{line}\\n".encode()',
       'data = f"{line}\\n".encode().replace(b"\\n", b"\\r\\n" if chunked else b"\\n")'))
wrong("empty_chunk", "R10", "a line more, and it is empty",
      ('yield b"0\\r\\n\\r\\n"', 'yield b"1\\r\\n\\n\\r\\n0\\r\\n\\r\\n"'))

wrong("always_found", "R11", "200 for what does not exist", ("404 Not Found", "200 OK"))
wrong("empty_404", "R11", "404 without a text", ('b"There is no such thing here.\\n"', 'b""'))
wrong("gone", "R11", "410 for what does not exist", ("404 Not Found", "410 Gone"))
wrong("prefix_text", "R11", "what begins with /text is the text",
      ('if path == "/text":', 'if path.startswith("/text"):'))
wrong("prefix_latin", "R11", "what begins with /latin is the Latin text",
      ('path == "/latin"', 'path.startswith("/latin")'))
wrong("go_anyhow", "R11", "what begins with /go goes", ('path == "/go"', 'path.startswith("/go")'))
wrong("prefix_story", "R11", "what begins with /story is the story",
      ('path == "/story"', 'path.startswith("/story")'))
wrong("prefix_odd", "R11", "what begins with /odd is odd", ('path == "/odd"', 'path.startswith("/odd")'))
wrong("prefix_moved", "R11", "what begins with /moved has moved", ('path == "/moved"', 'path.startswith("/moved")'))
wrong("prefix_empty", "R11", "what begins with /empty is empty", ('path == "/empty"', 'path.startswith("/empty")'))
wrong("goes_from_anywhere", "R11", "whatever has to= goes", ('path == "/go"', 'query.startswith("to=")'))
wrong("any_case", "R11", "paths are read in small letters",
      ('    path, _, query = target.partition("?")\n',
       '    path, _, query = target.partition("?")\n    path = path.lower()\n'))
wrong("slash_behind", "R11", "a slash behind a path does not count",
      ('    path, _, query = target.partition("?")\n',
       '    path, _, query = target.partition("?")\n    path = path.rstrip("/")\n'))
wrong("front", "R11", "/ is the page", ('path == "/page"', 'path in ("/page", "/")'))

wrong("bare_newlines", "R12", "lines end in a newline only", ('f"{line}\\r\\n" for', 'f"{line}\\n" for'))
wrong("one_bare_newline", "R12", "the status line ends in a newline only",
      ('(f"HTTP/1.1 {status}", date, *fields, "")).encode("latin-1")',
       '(f"HTTP/1.1 {status}", date, *fields, "")).encode("latin-1").replace(b"\\r\\n", b"\\n", 1)'))
wrong("space_ahead", "R12", "a space stands ahead of a colon", ('"Date: %a', '"Date : %a'))
wrong("lonely_word", "R12", "a line of the head has no colon", ('date, *fields, ""', 'date, "hello", *fields, ""'))
wrong("accent_in_reason", "R12", "the reason of 404 has an accent", ('"404 Not Found"', '"404 Pas trouvé"'))

wrong("python_date", "R13", "Date is local time, as Python prints it",
      ('"Date: %a, %d %b %Y %H:%M:%S GMT", time.gmtime()', '"Date: %c"'))
wrong("local_date", "R13", "Date is local time, and says GMT",
      ("time.gmtime())\n    return", "time.localtime())\n    return"))
wrong("stale_date", "R13", "Date is when the program was started",
      ("def story():", "STARTED = time.gmtime(time.time() - 60)\n\n\ndef story():"),
      ("time.gmtime())\n    return", "STARTED)\n    return"))
wrong("date_of_the_start", "R13", "Date is that of the start",
      ("def story():", "STARTED = time.gmtime()\n\n\ndef story():"),
      ("time.gmtime())\n    return", "STARTED)\n    return"))
wrong("date_of_texts", "R13", "404 has no Date",
      ('date, *fields, "")', "*([] if status.startswith('404') else [date]), *fields, \"\")"))
wrong("no_date", "R13", "no Date", ("date, *fields", "*fields"))
wrong("hour_ahead", "R13", "Date is an hour ahead",
      ("time.gmtime())\n    return", "time.gmtime(time.time() + 3600))\n    return"))
wrong("utc_date", "R13", "Date ends in UTC", ("%S GMT", "%S UTC"))

wrong("letters", "R14", "lengths count letters",
      ("Content-Length: {len(body)}", "Content-Length: {len(body.decode('utf-8', 'replace'))}"))
wrong("no_length", "R14", "404 has no length",
      ('f"Content-Length: {len(body)}", *fields',
       '*([] if status.startswith("404") else [f"Content-Length: {len(body)}"]), *fields'))
wrong("quoted_letters", "R14", "404 quotes the path, and counts its letters",
      ('UTF8, b"There is no such thing here.\\n")', 'UTF8, unquote(path).encode("latin-1"))'),
      ("Content-Length: {len(body)}",
       "Content-Length: {len(body.decode(errors='replace') if status[:3] == '404' else body)}"))
wrong("too_long", "R14", "lengths are one too great",
      ("Content-Length: {len(body)}", "Content-Length: {len(body) + 1}"))
wrong("too_short", "R14", "lengths are one too small",
      ("Content-Length: {len(body)}", "Content-Length: {len(body) - 1}"))
wrong("refusal_without_length", "R14", "400 has no length",
      ('f"Content-Length: {len(body)}", *fields',
       '*([] if status.startswith("400") else [f"Content-Length: {len(body)}"]), *fields'))
wrong("redirect_without_length", "R14", "redirects have no length",
      ('f"Content-Length: {len(body)}", *fields', '*([] if fields else [f"Content-Length: {len(body)}"]), *fields'))

wrong("no_charset", "R15", "the page does not name its charset", ('"text/html; charset=utf-8"', '"text/html"'))
wrong("unnamed_charset", "R15", "404 does not name its charset",
      ('"404 Not Found", UTF8', '"404 Not Found", "text/plain"'))
wrong("refusal_without_charset", "R15", "400 does not name its charset",
      ('"400 Bad Request", UTF8', '"400 Bad Request", "text/plain"'))
wrong("redirect_without_type", "R15", "redirects have no Content-Type",
      ('yield head(status, f"Content-Type: {kind}", f',
       'yield head(status, *([] if fields else [f"Content-Type: {kind}"]), f'))
wrong("latin_for_text", "R15", "the text in UTF-8 is labelled as ISO-8859-1",
      ('"200 OK", UTF8, TEXT', '"200 OK", LATIN, TEXT'))
wrong("utf8_for_latin", "R15", "the Latin text is labelled as UTF-8",
      ('"200 OK", LATIN, TEXT', '"200 OK", UTF8, TEXT'))
wrong("story_charset", "R15", "the story does not name its charset",
      ("streamed(method, version, UTF8)", 'streamed(method, version, "text/plain")'))
wrong("wrong_name", "R15", "the charset has a name that nobody knows",
      ("text/plain; charset=utf-8", "text/plain; charset=unicode"))

wrong("head_with_body", "R16", "HEAD gets the body", ('if method != "HEAD":', "if True:"))
wrong("head_with_story", "R16", "HEAD is told the story",
      ('    if method == "HEAD":\n        return\n    for', "    for"))
wrong("head_with_last_chunk", "R16", "HEAD gets the last chunk",
      ('    if method == "HEAD":\n        return\n    for line in story():',
       '    for line in story() if method != "HEAD" else []:'))
wrong("old_head_with_story", "R16", "HEAD by HTTP/1.0 is told the story",
      ('    if method == "HEAD":\n        return\n    for',
       '    if method == "HEAD" and chunked:\n        return\n    for'))
wrong("head_of_zero", "R16", "HEAD gets a length of 0",
      ("Content-Length: {len(body)}", "Content-Length: {len(body) if method != 'HEAD' else 0}"))
wrong("head_without_length", "R16", "HEAD gets no length",
      ('f"Content-Length: {len(body)}", *fields',
       '*([f"Content-Length: {len(body)}"] if method != "HEAD" else []), *fields'))
wrong("head_refused_with_body", "R16", "HEAD of what is no place gets a body",
      ('if method != "HEAD":', 'if method != "HEAD" or status.startswith("400"):'))
wrong("head_forbidden", "R16", "HEAD is 405",
      ('    path, _, query = target.partition("?")\n',
       '    path, _, query = target.partition("?")\n    if method == "HEAD":\n'
       '        yield head("405 Method Not Allowed", "Allow: GET")\n        return\n'))
wrong("head_of_story_by_length", "R16", "HEAD of the story has no chunks",
      ('chunked = version != "HTTP/1.0"', 'chunked = version != "HTTP/1.0" and method != "HEAD"'))

wrong("always_chunked", "R17", "chunks for HTTP/1.0, too", ('chunked = version != "HTTP/1.0"', "chunked = True"))
wrong("chunks_unsaid", "R17", "HTTP/1.0 gets chunks, and is not told",
      ('"Transfer-Encoding: chunked" if chunked', '"Transfer-Encoding: chunked" if version != "HTTP/1.0"'),
      ('chunked = version != "HTTP/1.0"', "chunked = True"))
wrong("said_chunked", "R17", "HTTP/1.0 is told of chunks, and gets none",
      ('"Transfer-Encoding: chunked" if chunked else "Connection: close"', '"Transfer-Encoding: chunked"'))

wrong("says_close", "R18", "every response says close", ('*fields, "")', '"Connection: close", *fields, "")'))
wrong("old_version", "R18", "every response is one of HTTP/1.0", ('f"HTTP/1.1 {status}"', 'f"HTTP/1.0 {status}"'))
wrong("closes_after_404", "R18", "after 404 the connection ends",
      ("            for piece in respond(method, target, version):\n                sock.sendall(piece)\n",
       "            for piece in respond(method, target, version):\n                sock.sendall(piece)\n"
       '                if piece.startswith(b"HTTP/1.1 404"):\n                    version = "HTTP/1.0"\n'))

wrong("closes_after_400", "R18", "after 400 the connection ends",
      ("            for piece in respond(method, target, version):\n                sock.sendall(piece)\n",
       "            for piece in respond(method, target, version):\n                sock.sendall(piece)\n"
       '                if piece.startswith(b"HTTP/1.1 400"):\n                    version = "HTTP/1.0"\n'))

wrong("no_framing", "", "no length and no chunks, but the connection stays",
      ('"Transfer-Encoding: chunked" if chunked else "Connection: close"', '"X-Chunked: no"'),
      ('chunked = version != "HTTP/1.0"', "chunked = False"))


# --- responses that are right, too ---

def take(work, params, name: str) -> None:
    """A program of right/, with the parameters in their places."""
    work.take(name, "respond.py")
    for word, text in (("text_text", params["text"]), ("story_text", params["story"]),
                       ("odd_code", str(params["code"]))):
        work.edit("respond.py", word, text)


@mutant.right("chunks wherever there are chunks, other labels, absolute places, line ends cut out of a place")
def framed(work, params):
    take(work, params, "framed.py")
    work.edit("respond.py", "own_host", params["own_name"])


@mutant.right("out of a table; a reference for a place; two chunks for a line; what is no place is 404")
def table(work, params):
    take(work, params, "table.py")


@mutant.right("hexadecimal with 0x and in capitals, all of the text, words in capitals, numbers in another order")
def written_otherwise(answers, params):
    answers["size_line"] = f"0x{answers['size_line'].upper()}"
    answers["misread"] = params["text"].encode().decode("latin-1")
    answers["framed_by"] = [word.upper() for word in answers["framed_by"]]
    answers["accepted"] = answers["accepted"][::-1]


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


@mutant.answers("every letter has two bytes")
def two_bytes_each(answers, params):
    answers["latin_bytes"] = len(params["text"].encode())


@mutant.answers("the size is decimal")
def decimal_size(answers, params):
    answers["size_line"] = str(int(answers["size_line"], 16))
