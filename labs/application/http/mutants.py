"""Ways to break the http lab: another nginx, another curl, servers that students write, wrong answers."""

from mnlab.checks.mutants import curl_always, edits_of, mutant

ENOUGH = ("syntax_error", "hello", "not_ascii", "connection_memory", "other_port", "close_not_said", "short_patience")


# --- nginx and curl (inside the machine, where the lab's own files are the package `lab`) ---

def nginx(old: str, new: str) -> None:
    """Change nginx's configuration."""
    from lab import web
    assert old in web.CONF, f"nginx.conf no longer holds {old!r}"
    web.CONF = web.CONF.replace(old, new)


@mutant.network("curl says a name that is no ASCII", scenes=["origin"])
def not_ascii(net, params):
    curl_always(net["client"], 'header = "From: J\u00fcrgen"')


@mutant.network("curl introduces itself ahead of the request (the PROXY protocol)", scenes=["origin"])
def hello(net, params):
    curl_always(net["client"], "haproxy-protocol")


@mutant.network("nginx knows no media types", scenes=["origin"])
def no_types(net, params):
    nginx("include /etc/nginx/mime.types;", "")


@mutant.network("nginx takes whatever it does not know for text", scenes=["origin"])
def unknown_is_text(net, params):
    nginx("default_type application/octet-stream;", "default_type text/plain;")


@mutant.network("nginx remembers that it has answered on this connection", scenes=["origin"])
def connection_memory(net, params):
    nginx("root site;", 'root site;\n        if ($connection_requests = "2") { return 204; }')


@mutant.network("nginx knows guests by their address", scenes=["origin"])
def guest_by_address(net, params):
    nginx('map $cookie_guest $greeting { "" "stranger";', 'map $remote_addr $greeting { "" "stranger";')


@mutant.network("nginx gives away no cookies", scenes=["origin"])
def no_cookies(net, params):
    nginx('"guest=$request_id; Path=/hello"', '""')


@mutant.network("curl goes to another port than the URL says", scenes=["origin"])
def other_port(net, params):
    curl_always(net["client"], f'connect-to = ":80::{params["port"]}"')


@mutant.network("curl prints more than the response", scenes=["origin"])
def talkative(net, params):
    curl_always(net["client"], 'write-out = "done"')


@mutant.network("the client does not ask nginx to close", scenes=["origin"])
def close_not_said(net, params):
    from lab import visits
    original = visits.get
    visits.get = lambda name, target, *lines: original(name, target, *(
        line for line in lines if name != params["web_name"] or line != "Connection: close"))


@mutant.network("nginx keeps silent connections for 5 s only", scenes=["origin"])
def short_patience(net, params):
    nginx("{{_keepalive}}s", "5s")


# --- servers that students write ---

wrong = edits_of(globals(), "server.py")  # (name, rule, description, edits)

wrong("syntax_error", "", "the server does not start", ("import socket\n", "import socket as\n"))

wrong("old_version", "R1", "HTTP/1.0 in every answer", ('f"HTTP/1.1 {status}', 'f"HTTP/1.0 {status}'))
wrong("text_only", "R1", "files are read as text",
      ("body = file.read()", 'body = file.read().decode(errors="ignore").encode()'))
wrong("stripped", "R1", "white space at a file's end is cut off",
      ("body = file.read()", "body = file.read().rstrip()"))
wrong("bare_newlines", "R1", "lines end in a newline only", ('"\\r\\n".join([*lines', '"\\n".join([*lines'))
wrong("partly_sent", "R1", "what the socket does not take at once is not sent",
      ("self.sock.sendall(head if", "self.sock.send(head if"))
wrong("empty_is_none", "R1", "an empty file is taken for none",
      ("os.path.isfile(found) else None", "os.path.isfile(found) and os.path.getsize(found) else None"))
wrong("newlines", "R1", "notes lose the CR of their line ends",
      ("            kind = TYPES",
       '            body = body.replace(b"\\r\\n", b"\\n") if path.endswith(".txt") else body\n'
       "            kind = TYPES"))
wrong("errors_bare", "R1", "where something went wrong lines end in a newline only",
      ('"\\r\\n".join([*lines', '("\\r\\n" if path else "\\n").join([*lines'))

wrong("long_length", "R2", "Content-Length counts the head, too", ('{len(body)}"]', '{len(body) + 100}"]'))
wrong("no_length", "R2", "no Content-Length; the connection ends instead",
      (', f"Content-Length: {len(body)}"]', "]"),
      ("        return keep\n", "        return False\n"))
wrong("length_of_files", "R2", "Content-Length for files only",
      ("        if status == 405:", "        if not path:\n            lines.pop()\n        if status == 405:"))
wrong("characters", "R2", "Content-Length counts characters",
      ('{len(body)}"]', "{len(body.decode(errors='ignore'))}\"]"))
wrong("quoted_characters", "R2", "404 quotes the name, and counts its characters",
      ("        lines = [f", "        length = len(body)\n        if status == 404:\n"
       "            body, length = f\"no {self.name}\".encode(), len(f\"no {self.name}\")\n        lines = [f"),
      ('{len(body)}"]', '{length}"]'),
      ("            path = self.find(target)\n",
       "            path, self.name = self.find(target), unquote(target).encode(errors=\"replace\").decode()\n"))
wrong("in_chunks", "R2", "the body comes in chunks",
      (', f"Content-Length: {len(body)}"]', ', "Transfer-Encoding: chunked"]'),
      ("head + body)", 'head + b"%x\\r\\n%b\\r\\n0\\r\\n\\r\\n" % (len(body), body))'))
wrong("page_characters", "R2", "the page's Content-Length counts characters",
      ('{len(body)}"]', "{len(body.decode()) if kind[:9] == 'text/html' else len(body)}\"]"))

wrong("no_date", "R3", "no Date", ('time.strftime("Date:', 'time.strftime("X-Date:'))
wrong("odd_date", "R3", "Date as Python prints it",
      ('%a, %d %b %Y %H:%M:%S GMT", time.gmtime()', '%c", time.gmtime()'))
wrong("numeric_zone", "R3", "Date ends in +0000", ('%S GMT", time', '%S +0000", time'))
wrong("date_of_the_start", "R3", "Date is that of the server's start",
      ('time.strftime("Date: %a, %d %b %Y %H:%M:%S GMT", time.gmtime())', "STARTED"),
      ("class Refused",
       'STARTED = time.strftime("Date: %a, %d %b %Y %H:%M:%S GMT", time.gmtime())\n\n\nclass Refused'))
wrong("date_of_the_connection", "R3", "Date is that of the connection",
      ('GMT", time.gmtime()', 'GMT", self.since'),
      ("        sock.settimeout(IDLE)\n", "        sock.settimeout(IDLE)\n        self.since = time.gmtime()\n"))
wrong("local_date", "R3", "Date is local time, and says GMT", ('GMT", time.gmtime()', 'GMT", time.localtime()'))
wrong("date_of_files", "R3", "no Date where something went wrong",
      ("        if status == 405:", "        if not path:\n            lines.pop(1)\n        if status == 405:"))

wrong("all_html", "R4", "everything is text/html",
      ('TYPES.get(os.path.splitext(path)[1], "application/octet-stream")', '"text/html"'))
wrong("unknown_text", "R4", "what has no suffix is text/plain", ('"application/octet-stream")', '"text/plain")'))
wrong("first_dot", "R4", "the suffix begins at the first dot",
      ("os.path.splitext(path)[1]", '"." + path.partition(".")[2]'))
wrong("type_of_target", "R4", "the suffix is looked for in what was asked for, not in the file's name",
      ("os.path.splitext(path)[1]", "os.path.splitext(self.target)[1]"),
      ('        path = unquote(target.partition("?")[0])', '        self.target = target\n'
       '        path = unquote(target.partition("?")[0])'))
wrong("type_of_path", "R4", "a folder's page has no suffix",
      ("os.path.splitext(path)[1]", "os.path.splitext(self.asked)[1]"),
      ('        path = unquote(target', "        path = self.asked = unquote(target"))
wrong("no_bin", "R4", "an unknown suffix gets no type",
      ('"application/octet-stream")', '"application/octet-stream" if "." not in path else "")'))
wrong("png_anywhere", "R4", "what has .png in its name is a picture",
      ("os.path.splitext(path)[1]", '".png" if ".png" in path else os.path.splitext(path)[1]'))

wrong("head_with_body", "R5", "HEAD gets the body", ("head if head_only else head + body", "head + body"))
wrong("head_without_length", "R5", "HEAD gets a length of 0",
      ("Content-Length: {len(body)}", "Content-Length: {0 if head_only else len(body)}"))
wrong("no_head", "R5", "HEAD is not known",
      ("if method in METHODS:", 'if method == "GET":'),
      ("405 if method in KNOWN", "405 if method in KNOWN + METHODS"))
wrong("missing_head_with_body", "R5", "HEAD of what is not there gets a body",
      ("head if head_only else head + body", "head if head_only and path else head + body"))
wrong("head_without_type", "R5", "HEAD gets no Content-Type",
      ('f"Content-Type: {kind}", f"', '*([] if head_only else [f"Content-Type: {kind}"]), f"'))
wrong("head_always_fine", "R5", "HEAD is always 200",
      ("status = 200 if path else 404", 'status = 200 if path or method == "HEAD" else 404'))

wrong("head_without_index", "R5", "HEAD of a folder is 404",
      ("        path = unquote(target",
       '        if head_only and target != "/":\n            target = target.rstrip("/")\n'
       "        path = unquote(target"),
      ("def find(self, target: str)", "def find(self, target: str, head_only: bool)"),
      ("self.find(target)", 'self.find(target, method == "HEAD")'))

wrong("no_index", "R6", "/ is not there",
      ('("index.html" if path.endswith("/") else "")', '("index.html" if path == "/more/" else "")'))
wrong("root_index_only", "R6", "only / has an index", ('path.endswith("/") else', 'path == "/" else'))
wrong("one_index", "R6", "every folder has the same index",
      ('self.folder + path + ("index.html" if path.endswith("/") else "")',
       'self.folder + ("/index.html" if path.endswith("/") else path)'))

wrong("no_decoding", "R7", "%20 is taken for a name",
      ('unquote(target.partition("?")[0])', 'target.partition("?")[0]'))
wrong("spaces_only", "R7", "only %20 is decoded",
      ('unquote(target.partition("?")[0])', 'target.partition("?")[0].replace("%20", " ")'))
wrong("decoded_twice", "R7", "a name is decoded twice",
      ('unquote(target.partition("?")[0])',
       'unquote(os.fsencode(unquote(target.partition("?")[0])).decode("latin-1"))'))
wrong("decoded_ahead", "R7", "the query is cut off after decoding",
      ('unquote(target.partition("?")[0])', 'unquote(target).partition("?")[0]'))
wrong("plus_is_space", "R7", "a plus is a space",
      ('unquote(target.partition("?")[0])', 'unquote(target.partition("?")[0].replace("+", " "))'))
wrong("capital_escapes", "R7", "only capitals are hexadecimal", ("%([0-9A-Fa-f]{2})", "%([0-9A-F]{2})"))
wrong("latin_names", "R7", "names are Latin-1", ("os.fsdecode(data)", 'data.decode("latin-1")'))

wrong("query_in_name", "R8", "the query is taken for a part of the name", ('target.partition("?")[0]', "target"))
wrong("last_question_mark", "R8", "the query begins at the last question mark",
      ('target.partition("?")[0]', '(target.rpartition("?")[0] or target)'))
wrong("query_is_page", "R8", "a query asks for the page",
      ('path = unquote(target.partition("?")[0])', 'path = "/" if "?" in target else unquote(target)'))
wrong("long_queries_only", "R8", "an empty query is a part of the name",
      ('path = unquote(target.partition("?")[0])', 'path = unquote(re.sub(r"\\?.+", "", target))'))

wrong("soft_404", "R9", "a page that is not there is 200 and an apology", ("200 if path else 404", "200"))
wrong("gone", "R9", "400 for what is not there", ("200 if path else 404", "200 if path else 400"))
wrong("below_a_file", "R9", "what is asked for below a file breaks the server",
      ("        return found if", '        if "blob/" in found:\n            open(found)\n        return found if'))
wrong("front_for_missing", "R9", "what is not there is the page",
      ("os.path.isfile(found) else None",
       'os.path.isfile(found) else self.folder + "/index.html" if found.startswith(self.folder) else None'))

wrong("utf8_only", "R9", "a name that is no UTF-8 breaks the server", ("os.fsdecode(data)", 'data.decode("utf-8")'))

wrong("any_method", "", "whatever the method is, it is taken for GET", ("if method in METHODS:", "if True:"))

wrong("no_allow", "R10", "405 without Allow", ("if status == 405:", "if status == 999:"))
wrong("allow_all", "R10", "Allow names all methods", ("', '.join(METHODS)", "', '.join(METHODS + KNOWN)"))
wrong("allow_get", "R10", "Allow names GET alone", ("', '.join(METHODS)", "'GET'"))
wrong("post_only", "R10", "405 for POST alone", ("405 if method in KNOWN", '405 if method == "POST"'))
wrong("no_options", "R10", "OPTIONS is answered with 200",
      ("405 if method in KNOWN", '200 if method == "OPTIONS" else 405 if method in KNOWN'))

wrong("brew", "R11", "405 for any method", ("405 if method in KNOWN else 501", "405"))
wrong("small_methods", "R11", "get is GET", ("return request[1], request", "return request[1].upper(), request"))
wrong("small_known", "R11", "post is POST", ("405 if method in KNOWN else", "405 if method.upper() in KNOWN else"))
wrong("begins_with_get", "R11", "what begins with GET is GET",
      ("if method in METHODS:", 'if method.startswith("GET") or method == "HEAD":'))
wrong("part_of_a_method", "R11", "a part of a method is one", ("if method in METHODS:", 'if method in "GET, HEAD":'))
wrong("brew_404", "R11", "404 for a method that nobody knows",
      ("405 if method in KNOWN else 501", "405 if method in KNOWN else 404"))

wrong("two_words", "R12", "two words are enough",
      ('(\\S+) HTTP/(\\d)\\.(\\d)")', '(\\S+)(?: HTTP/(\\d)\\.(\\d))?")'),
      ("int(request[3]), int(request[4])", "int(request[3] or 1), int(request[4] or 0)"))
wrong("four_words", "R12", "four words are as good", ("(\\S+) HTTP", "(\\S+)(?: \\S+)? HTTP"))
wrong("no_slash", "R12", "the slash in the version is not looked for", (" HTTP/(\\d)", " HTTP/?(\\d)"))
wrong("no_minor", "R12", "HTTP/1 will do",
      ('HTTP/(\\d)\\.(\\d)"', 'HTTP/(\\d)(?:\\.(\\d))?"'),
      ("int(request[4])", "int(request[4] or 1)"))
wrong("line_404", "R12", "404 for a request line that is none",
      ("    if not request or not all(fields):\n        raise Refused(400)",
       "    if not request or not all(fields):\n        raise Refused(400 if request else 404)"))
wrong("minor_of_two", "R12", "the version may end in a number", ('HTTP/(\\d)\\.(\\d)"', 'HTTP/(\\d)\\.(\\d+)"'))
wrong("version_within", "R12", "HTTP/1.1 may stand anywhere in the last word",
      (" HTTP/(\\d)", " \\S*HTTP/(\\d)"))
wrong("no_last_digit", "R12", "nothing need stand behind the dot", ('HTTP/(\\d)\\.(\\d)"', 'HTTP/(\\d)\\.(\\d?)"'),
      ("int(request[4])", "int(request[4] or 1)"))
wrong("any_dot", "R12", "whatever stands between the digits is a dot", ('HTTP/(\\d)\\.(\\d)"', 'HTTP/(\\d).(\\d)"'))
wrong("small_http", "R12", "http/1.1 is a version, too", (" HTTP/(\\d)", " (?i:HTTP)/(\\d)"))
wrong("line_stays", "R12", "the connection stays after a request line that is none",
      ("    if not request or", '    if not request:\n        return "ODD", "/", (1, 1), {}\n    if not request or'),
      ("405 if method in KNOWN else", '405 if method in KNOWN else 400 if method == "ODD" else'))

wrong("goes_on", "", "the connection goes on after 400",
      ("self.respond(refusal.args[0], keep=False)\n            return False",
       "self.respond(refusal.args[0])\n            return True"))

wrong("lenient_fields", "R13", "a space ahead of the colon is fine", ("({TOKEN}):[ ", "({TOKEN}) ?:[ "))
wrong("first_field", "R13", "only the first header line is looked at",
      ("not all(fields):", "not all(fields[:1]):"),
      ("    names = [field", "    fields = [field for field in fields if field]\n    names = [field"))
wrong("but_the_first", "R13", "all but the first header line are looked at",
      ("    if not request or not all(fields):",
       "    if request and fields and not fields[0]:\n        fields.pop(0)\n"
       "    if not request or not all(fields):"))
wrong("any_colon", "R13", "a space ahead of a colon in a value is refused, too",
      ("if not request or not all(fields):",
       "if not request or not all(fields) or any(' :' in line for line in lines):"))
wrong("colon_stays", "R13", "the connection stays after a space ahead of a colon",
      ("    if not request or not",
       '    if request and not all(fields):\n        return "ODD", "/", (1, 1), {}\n    if not request or not'),
      ("405 if method in KNOWN else", '405 if method in KNOWN else 400 if method == "ODD" else'))

wrong("no_host_needed", "R14", "Host is not missed",
      ('names.count("host") != 1 and (version >= (1, 1) or names.count("host") > 1)', "False"))
wrong("anything_host", "R14", "anything that looks like Host will do",
      ('names.count("host") != 1 and', 'not any("host" in name for name in names) and'))
wrong("head_without_host", "R14", "HEAD needs no Host",
      ('names.count("host") != 1 and (version', 'names.count("host") != 1 and request[1] != "HEAD" and (version'))
wrong("host_remembered", "R14", "Host need not be said again on the same connection",
      ("method, target, version, fields = parse(head)",
       'method, target, version, fields = parse(head + (b"" if not self.hosts or b"host:" in head.lower() else'
       ' b"\\r\\nHost: x"))\n            self.hosts = True'),
      ("        sock.settimeout(IDLE)\n", "        sock.settimeout(IDLE)\n        self.hosts = False\n"))
wrong("host_404", "R14", "404 without Host",
      ('names.count("host") > 1):\n        raise Refused(400)',
       'names.count("host") > 1):\n        raise Refused(404)'))

wrong("capital_names", "R15", "names are looked up as they are usually written",
      ("field[1].lower() for field", "field[1] for field"),
      ('count("host")', 'count("Host")'),
      ('fields.get("connection"', 'fields.get("Connection"'),
      ('fields.get("content-length"', 'fields.get("Content-Length"'))
wrong("small_close", "R15", "close has small letters",
      ('fields.get("connection", "").lower()', 'fields.get("connection", "")'))
wrong("capital_length", "R15", "Content-Length is looked up as it is usually written",
      ("field[1].lower() for field", '"odd" if field[1] == "content-length" else field[1].lower() for field'))

wrong("fence_ahead", "R16", "the fence is looked for ahead of decoding",
      ('found.startswith(self.folder + "/")', '"/.." not in target'))
wrong("no_fence", "R16", "no fence at all", ('found.startswith(self.folder + "/")', "True"))
wrong("sibling", "R16", "a folder whose name begins like the fence's is inside",
      ('found.startswith(self.folder + "/")', "found.startswith(self.folder)"))
wrong("only_leading", "R16", "only a path that begins with /.. is refused",
      ('found.startswith(self.folder + "/")', 'not path.startswith("/..")'))
wrong("joined", "R16", "a path that begins with two slashes is one of the machine's",
      ("os.path.realpath(self.folder + path + (", "os.path.realpath(os.path.join(self.folder, path[1:]) + ("),
      ('found.startswith(self.folder + "/")', '".." not in path'))
wrong("checked_once", "R16", "the path is decoded once more behind the fence",
      ("        return found if",
       '        if ".." in unquote(path) and found.startswith(self.folder + "/"):\n'
       "            return os.path.realpath(self.folder + unquote(path))\n        return found if"))
wrong("no_leading_slash", "R16", "a path without a slash at its beginning leads anywhere",
      (' or not path.startswith("/"):', ":"),
      ("        return found if",
       '        if path.startswith(".."):\n            return os.path.realpath(self.folder + "/" + path)\n'
       "        return found if"))
wrong("cut_once", "R16", "../ is cut out of the path, once",
      ('path = unquote(target.partition("?")[0])', 'path = unquote(target.partition("?")[0]).replace("../", "")'),
      ('found.startswith(self.folder + "/")', "True"))
wrong("cut_ahead", "R16", "/.. is cut out of the path, once",
      ('path = unquote(target.partition("?")[0])', 'path = unquote(target.partition("?")[0]).replace("/..", "")'),
      ('found.startswith(self.folder + "/")', "True"))
wrong("escape_200", "R16", "what lies outside is 200 and a word of warning",
      ("status = 200 if path else 404", 'status = 200 if path or ".." in unquote(target) else 404'))

wrong("one_shot", "R17", "one answer, then the connection ends", ("keep = version >= (1, 1) and", "keep = False and"))
wrong("leaves_after_404", "R17", "it leaves after 404",
      ("        self.respond(status, path, keep, head_only",
       "        keep = keep and status != 404\n        self.respond(status, path, keep, head_only"))
wrong("leaves_after_405", "R17", "it leaves after 405",
      ("        self.respond(status, path, keep, head_only",
       "        keep = keep and status != 405\n        self.respond(status, path, keep, head_only"))
wrong("leaves_after_501", "R17", "it leaves after 501",
      ("        self.respond(status, path, keep, head_only",
       "        keep = keep and status != 501\n        self.respond(status, path, keep, head_only"))
wrong("leaves_after_head", "R17", "it leaves after HEAD",
      ("        self.respond(status, path, keep, head_only",
       '        keep = keep and method != "HEAD"\n        self.respond(status, path, keep, head_only'))
wrong("leaves_after_missing_head", "R17", "it leaves after HEAD of what is not there",
      ("        self.respond(status, path, keep, head_only",
       '        keep = keep and (path or method != "HEAD")\n'
       "        self.respond(status, path, keep, head_only"))
wrong("keep_alive_leaves", "R17", "it leaves where the request has any Connection",
      ('"close" not in fields.get("connection", "").lower()', '"connection" not in fields'))
wrong("four_answers", "R17", "four answers, then the connection ends",
      ("        keep = version",
       '        self.count = getattr(self, "count", 0) + 1\n        keep = self.count < 4 and version'))
wrong("ten_answers", "R17", "ten answers, then the connection ends",
      ("        keep = version",
       '        self.count = getattr(self, "count", 0) + 1\n        keep = self.count < 10 and version'))

wrong("never_closes", "R18", "Connection: close is overheard",
      (' and "close" not in fields.get("connection", "").lower()', ""))
wrong("close_alone", "R18", "close among others is overheard",
      ('"close" not in fields.get("connection", "").lower()', 'fields.get("connection", "").lower() != "close"'))
wrong("close_at_the_end", "R18", "close is looked for at the end of the list",
      ('"close" not in fields.get("connection", "").lower()',
       'not fields.get("connection", "").lower().endswith("close")'))
wrong("stays_after_501", "R18", "after 501 it stays all the same",
      ("        self.respond(status, path, keep, head_only",
       "        keep = keep or status == 501\n        self.respond(status, path, keep, head_only"))
wrong("one_more_answer", "R18", "what has come already is answered before it leaves",
      ("        return keep\n", "        return keep or bool(self.buffer)\n"))
wrong("closes_silently", "R18", "it closes, but does not say so",
      ("        if not keep:\n", "        if not keep and not self.asked:\n"),
      ("        keep = version", "        self.asked = version >= (1, 1)\n        keep = version"),
      ("        sock.settimeout(IDLE)\n", "        sock.settimeout(IDLE)\n        self.asked = False\n"))
wrong("leaves_after_200", "R18", "it leaves only after 200",
      ("        self.respond(status, path, keep, head_only",
       "        keep = keep or status != 200 and version >= (1, 1)\n"
       "        self.respond(status, path, keep, head_only"))
for _rule, _version in (("R18", ">="), ("R19", "<")):
    wrong(f"stays_after_head_{_rule.lower()}", _rule, "a head without its body is not the end, whatever it says",
          ("        return keep\n", f'        return keep or method == "HEAD" and version {_version} (1, 1)\n'))
wrong("says_only", "R18", "it says close, and does not",
      ("        return keep\n", "        return version >= (1, 1)\n"))
wrong("closes_late", "R18", "it closes a while later",
      ("        return keep\n",
       "        if not keep and version >= (1, 1):\n            time.sleep(1.5)\n        return keep\n"))

wrong("old_kept", "R19", "HTTP/1.0 connections are kept",
      ('version >= (1, 1) and "close"', 'version >= (1, 0) and "close"'))
wrong("old_keep_alive", "R19", "HTTP/1.0 may ask for a connection that stays",
      ("        keep = version", '        keep = "keep-alive" in fields.get("connection", "").lower() or version'))
wrong("old_needs_host", "R19", "HTTP/1.0 needs Host", ('(version >= (1, 1) or names.count("host") > 1)', "True"))
wrong("old_stays_after_404", "R19", "HTTP/1.0 connections are kept after 404",
      ("        self.respond(status, path, keep, head_only",
       "        keep = keep or status == 404 and version < (1, 1)\n        self.respond(status, path, keep, head_only"))
wrong("old_stays_after_405", "R19", "HTTP/1.0 connections are kept after 405",
      ("        self.respond(status, path, keep, head_only",
       "        keep = keep or status == 405 and version < (1, 1)\n        self.respond(status, path, keep, head_only"))
wrong("old_stays_after_501", "R19", "HTTP/1.0 connections are kept after 501",
      ("        self.respond(status, path, keep, head_only",
       "        keep = keep or status == 501 and version < (1, 1)\n        self.respond(status, path, keep, head_only"))
wrong("old_refused", "R19", "HTTP/1.0 is too old", ("if version[0] != 1:", "if version != (1, 1):"))
wrong("old_silently", "R19", "HTTP/1.0 is not told of the end",
      ("        if not keep:\n", "        if not keep and not self.old:\n"),
      ("        keep = version", "        self.old = version < (1, 1)\n        keep = version"),
      ("        sock.settimeout(IDLE)\n", "        sock.settimeout(IDLE)\n        self.old = False\n"))

wrong("endless_patience", "R20", "silent connections stay for ever",
      ("        sock.settimeout(IDLE)\n", "        sock.settimeout(None)\n"))
wrong("impatient", "R20", "silent connections go after a second and a half",
      ("        sock.settimeout(IDLE)\n", "        sock.settimeout(1.5)\n"))
wrong("from_the_beginning", "R20", "the time counts from the connection's beginning",
      ("        data = self.sock.recv",
       "        self.sock.settimeout(max(0.01, self.end - time.monotonic()))\n        data = self.sock.recv"),
      ("        sock.settimeout(IDLE)\n",
       "        sock.settimeout(IDLE)\n        self.end = time.monotonic() + IDLE\n"))
wrong("from_the_request", "R20", "the time counts from the request's beginning",
      ("        data = self.sock.recv",
       "        self.sock.settimeout(max(0.01, self.end - time.monotonic()))\n        data = self.sock.recv"),
      ('        while b"\\r\\n\\r\\n" not in self',
       '        self.end = time.monotonic() + IDLE\n        while b"\\r\\n\\r\\n" not in self'))
wrong("body_from_its_beginning", "R20", "the time for a body counts from its beginning",
      ("        data = self.sock.recv",
       "        if self.end:\n            self.sock.settimeout(max(0.01, self.end - time.monotonic()))\n"
       "        data = self.sock.recv"),
      ("        while len(self.buffer) < int(length):",
       "        self.end = time.monotonic() + IDLE\n        while len(self.buffer) < int(length):"),
      ("        self.buffer = self.buffer[int(length):]",
       "        self.buffer = self.buffer[int(length):]\n        self.end = 0\n        self.sock.settimeout(IDLE)"),
      ("        sock.settimeout(IDLE)\n", "        sock.settimeout(IDLE)\n        self.end = 0\n"))
wrong("waits_for_the_rest", "R20", "half a request may take for ever",
      ("        data = self.sock.recv",
       "        self.sock.settimeout(None if self.buffer else IDLE)\n        data = self.sock.recv"))
wrong("waits_for_the_first", "R20", "the first request may take for ever",
      ("        sock.settimeout(IDLE)\n", ""),
      ("        self.buffer += data\n", "        self.buffer += data\n        self.sock.settimeout(IDLE)\n"))
wrong("waits_for_bodies", "R20", "half a body may take for ever",
      ("        while len(self.buffer) < int(length):\n            if not self.receive():\n"
       "                raise Refused(400)\n",
       "        self.sock.settimeout(None)\n        while len(self.buffer) < int(length):\n"
       "            if not self.receive():\n                raise Refused(400)\n"
       "        self.sock.settimeout(IDLE)\n"))
for _what, _loop in (("head", '        while b"\\r\\n\\r\\n" not in self.buffer:\n'),
                     ("body", "        while len(self.buffer) < int(length):\n")):
    wrong(f"whole_{_what}", "R20", f"a {_what} has to be there in the time that a client may be silent",
          (_loop, "        begun = time.monotonic()\n" + _loop
           + "            if time.monotonic() > begun + IDLE:\n                raise OSError\n"))
wrong("after_answers", "R20", "only after an answer is silence too long",
      ("        sock.settimeout(IDLE)\n", ""),
      ("        self.respond(status, path, keep, head_only",
       "        self.sock.settimeout(IDLE)\n        self.respond(status, path, keep, head_only"))

wrong("one_recv", "R21", "what recv gives is taken for a request",
      ('while b"\\r\\n\\r\\n" not in self.buffer:', "for _ in range(1):"))
wrong("buffer_lost", "R21", "what comes behind a request is thrown away",
      ("head, _, self.buffer = self.buffer", "head, _, _ = self.buffer"),
      ("        return head\n", '        self.buffer = b""\n        return head\n'))
wrong("short_heads", "R21", "a head has 2000 bytes at most",
      ("        return head\n", "        if len(head) > 2000:\n            raise Refused(431)\n        return head\n"))
wrong("seven_thousand", "R21", "a head has 7000 bytes at most",
      ("        return head\n", "        if len(head) > 7000:\n            raise Refused(431)\n        return head\n"))
wrong("half_lost", "R21", "what is no whole request is thrown away",
      ("        return head\n",
       '        if b"\\r\\n\\r\\n" not in self.buffer:\n            self.buffer = b""\n        return head\n'))
wrong("second_lost", "R21", "of two requests in a piece the second is lost",
      ("        return head\n",
       '        if self.buffer.startswith(b"GET"):\n            self.buffer = b""\n        return head\n'))
wrong("split_end", "R21", "the blank line is looked for in the last piece alone",
      ('        while b"\\r\\n\\r\\n" not in self.buffer:',
       '        self.last = self.buffer\n        while b"\\r\\n\\r\\n" not in self.last:'),
      ("        self.buffer += data\n", "        self.buffer += data\n        self.last = data\n"))

wrong("body_is_request", "R22", "a body is taken for the next request", ("            self.skip_body(fields)\n", ""))
wrong("body_with_head", "R22", "a body that does not come with its head is taken for a request",
      ("        while len(self.buffer) < int(length):\n            if not self.receive():\n"
       "                raise Refused(400)\n",
       ""))
wrong("body_of_post", "R22", "only POST has a body",
      ("            self.skip_body(fields)\n",
       '            if method == "POST":\n                self.skip_body(fields)\n'))
wrong("brew_body", "R22", "a method that nobody knows has no body",
      ("            self.skip_body(fields)\n",
       "            if method in METHODS + KNOWN:\n                self.skip_body(fields)\n"))
wrong("body_of_nothing", "R22", "what is not there has no body",
      ("            self.skip_body(fields)\n",
       "            if method not in METHODS or self.find(target):\n                self.skip_body(fields)\n"))
wrong("body_of_head", "R22", "HEAD has no body",
      ("            self.skip_body(fields)\n",
       '            if method != "HEAD":\n                self.skip_body(fields)\n'))
wrong("long_bodies", "R22", "a body of more than 4096 bytes is taken for requests",
      ("LONGEST_HEAD, LONGEST_BODY = 16384, 1 << 20", "LONGEST_HEAD, LONGEST_BODY = 16384, 4096"),
      ("            raise Refused(413)", "            return"))
wrong("body_in_one", "R22", "a body comes with one recv",
      ("        while len(self.buffer) < int(length):\n            if not self.receive():\n"
       "                raise Refused(400)\n",
       "        if len(self.buffer) < int(length) and not self.receive():\n            raise Refused(400)\n"))
wrong("body_eats", "R22", "all that came behind the head is taken for the body",
      ("        self.buffer = self.buffer[int(length):]", '        if int(length):\n            self.buffer = b""'))

wrong("one_at_a_time", "R23", "one client at a time",
      ("            threading.Thread(target=Connection(sock, folder).serve, daemon=True).start()",
       "            Connection(sock, folder).serve()"))
wrong("two_at_a_time", "R23", "two clients at a time",
      ("            threading.Thread(target=Connection(sock, folder).serve, daemon=True).start()",
       "            while threading.active_count() > 2:\n                time.sleep(0.05)\n"
       "            threading.Thread(target=Connection(sock, folder).serve, daemon=True).start()"))
wrong("a_pool", "R23", "a pool of four threads",
      ("            threading.Thread(target=Connection(sock, folder).serve, daemon=True).start()",
       "            while threading.active_count() > 4:\n                time.sleep(0.05)\n"
       "            threading.Thread(target=Connection(sock, folder).serve, daemon=True).start()"))
wrong("a_pool_of_ten", "R23", "ten clients at a time",
      ("            threading.Thread(target=Connection(sock, folder).serve, daemon=True).start()",
       "            while threading.active_count() > 10:\n                time.sleep(0.05)\n"
       "            threading.Thread(target=Connection(sock, folder).serve, daemon=True).start()"))
wrong("one_buffer", "R23", "all clients share a buffer",
      ('        self.sock, self.folder, self.buffer = sock, folder, b""',
       "        self.sock, self.folder = sock, folder"),
      ("class Connection:\n",
       'class Connection:\n    shared = [b""]\n'
       "    buffer = property(lambda self: self.shared[0], lambda self, data: self.shared.__setitem__(0, data))\n"
       "\n"))


# --- servers that are right, too ---

@mutant.right("one loop of asyncio; small names, other reasons, 403 for those who climb over the fence")
def loop(work, params):
    work.take("loop.py", "server.py")
    work.edit("server.py", "IDLE = 0", f"IDLE = {params['idle']}")


@mutant.right("socketserver and lines; whoever is silent is told 408")
def lines(work, params):
    work.take("lines.py", "server.py")
    work.edit("server.py", "IDLE = 0", f"IDLE = {params['idle']}")


@mutant.right("media types with a charset, words in capitals, half a second off")
def written_otherwise(answers, params):
    answers["types"] = [f"{one.upper()}; charset=utf-8" for one in answers["types"]]
    answers["greetings"] = [word.upper() for word in answers["greetings"]]
    answers["first_fin"] = [word.upper() for word in answers["first_fin"]]
    answers["kept_for"] += 0.5


# --- answers ---

@mutant.answers("everything is text/html")
def types_guessed(answers, params):
    answers["types"] = ["text/html"] * 4


@mutant.answers("once a guest, always a guest")
def always_guest(answers, params):
    answers["greetings"] = ["stranger"] + ["guest"] * 5


@mutant.answers("the blank line is not counted")
def without_blank_line(answers, params):
    answers["head_bytes"] -= 2


@mutant.answers("the body is the whole response")
def whole_response(answers, params):
    answers["body_bytes"] += answers["head_bytes"]


@mutant.answers("the second request is the request line alone")
def request_line_only(answers, params):
    answers["repeat_bytes"] = len(f"GET /{params['files'][0]} HTTP/1.1\r\n\r\n")


@mutant.answers("the client always closes first")
def client_closes(answers, params):
    answers["first_fin"] = ["client"] * 4


@mutant.answers("nginx's own default")
def default_timeout(answers, params):
    answers["kept_for"] = 75
