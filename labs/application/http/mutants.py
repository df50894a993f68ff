"""Ways to break the http lab: another nginx, another curl, servers that students write, wrong answers."""

from mnlab.checks.mutants import curl_always, mutant

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

@mutant.work("the server does not start")
def syntax_error(work, params):
    work.edit("server.py", "import socket\n", "import socket as\n")


@mutant.work("no Date")
def no_date(work, params):
    work.edit("server.py", 'time.strftime("Date:', 'time.strftime("X-Date:')


@mutant.work("Date as Python prints it")
def odd_date(work, params):
    work.edit("server.py", '%a, %d %b %Y %H:%M:%S GMT", time.gmtime()', '%c", time.gmtime()')


@mutant.work("Content-Length counts the head, too")
def long_length(work, params):
    work.edit("server.py", "{len(body)}\"]", "{len(body) + 100}\"]")


@mutant.work("no Content-Length; the connection ends instead")
def no_length(work, params):
    work.edit("server.py", ', f"Content-Length: {len(body)}"]', "]")
    work.edit("server.py", "        return keep\n", "        return False\n")


@mutant.work("everything is text/html")
def all_html(work, params):
    work.edit("server.py", 'TYPES.get(os.path.splitext(path)[1], "application/octet-stream")', '"text/html"')


@mutant.work("files are read as text")
def text_only(work, params):
    work.edit("server.py", "body = file.read()", 'body = file.read().decode(errors="ignore").encode()')


@mutant.work("lines end in a newline only")
def bare_newlines(work, params):
    work.edit("server.py", '"\\r\\n".join([*lines', '"\\n".join([*lines')


@mutant.work("one answer, then the connection ends")
def one_shot(work, params):
    work.edit("server.py", 'keep = version >= (1, 1) and', "keep = False and")


@mutant.work("a page that is not there is 200 and an apology")
def soft_404(work, params):
    work.edit("server.py", "200 if path else 404", "200")


@mutant.work("%20 is taken for a name")
def no_decoding(work, params):
    work.edit("server.py", 'unquote(target.partition("?")[0])', 'target.partition("?")[0]')


@mutant.work("the query is taken for a part of the name")
def query_in_name(work, params):
    work.edit("server.py", 'target.partition("?")[0]', "target")


@mutant.work("HEAD gets the body")
def head_with_body(work, params):
    work.edit("server.py", "head if head_only else head + body", "head + body")


@mutant.work("HEAD gets a length of 0")
def head_without_length(work, params):
    work.edit("server.py", "Content-Length: {len(body)}", "Content-Length: {0 if head_only else len(body)}")


@mutant.work("HEAD is not known")
def no_head(work, params):
    work.edit("server.py", '("GET", "HEAD")', '("GET", )')


@mutant.work("Connection: close is overheard")
def never_closes(work, params):
    work.edit("server.py", ' and "close" not in fields.get("connection", "").lower()', "")


@mutant.work("HTTP/1.0 connections are kept")
def old_kept(work, params):
    work.edit("server.py", "version >= (1, 1) and \"close\"", "version >= (1, 0) and \"close\"")


@mutant.work("it closes, but does not say so")
def closes_silently(work, params):
    work.edit("server.py", 'lines.append("Connection: close")', "pass")


@mutant.work("Host is not missed")
def no_host_needed(work, params):
    work.edit("server.py", 'names.count("host") != 1 and (version >= (1, 1) or names.count("host") > 1)', "False")


@mutant.work("a space ahead of the colon is fine")
def lenient_fields(work, params):
    work.edit("server.py", "({TOKEN}):[ ", "({TOKEN}) ?:[ ")


@mutant.work("the connection goes on after 400")
def goes_on(work, params):
    work.edit("server.py", "self.respond(refusal.args[0], keep=False)\n            return False",
              "self.respond(refusal.args[0])\n            return True")


@mutant.work("whatever the method is, it is taken for GET")
def any_method(work, params):
    work.edit("server.py", "if method in METHODS:", "if True:")


@mutant.work("405 without Allow")
def no_allow(work, params):
    work.edit("server.py", "if status == 405:", "if status == 999:")


@mutant.work("a body is taken for the next request")
def body_is_request(work, params):
    work.edit("server.py", "            self.skip_body(fields)\n", "")


@mutant.work("the fence is looked for ahead of decoding")
def fence_ahead(work, params):
    work.edit("server.py", 'found.startswith(self.folder + "/")', '"/.." not in target')


@mutant.work("no fence at all")
def no_fence(work, params):
    work.edit("server.py", 'found.startswith(self.folder + "/")', "True")


@mutant.work("what recv gives is taken for a request")
def one_recv(work, params):
    work.edit("server.py", 'while b"\\r\\n\\r\\n" not in self.buffer:', "for _ in range(1):")


@mutant.work("what comes behind a request is thrown away")
def buffer_lost(work, params):
    work.edit("server.py", "head, _, self.buffer = self.buffer", "head, _, _ = self.buffer")
    work.edit("server.py", "        return head\n", '        self.buffer = b""\n        return head\n')


@mutant.work("one client at a time")
def one_at_a_time(work, params):
    work.edit("server.py", "threading.Thread(target=Connection(sock, folder).serve, daemon=True).start()",
              "Connection(sock, folder).serve()")


@mutant.work("silent connections stay for ever")
def endless_patience(work, params):
    work.edit("server.py", "sock.settimeout(IDLE)", "sock.settimeout(None)")


@mutant.work("silent connections go after a second and a half")
def impatient(work, params):
    work.edit("server.py", f"IDLE = {params['idle']}", "IDLE = 1.5")


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


@mutant.answers("the second request is the request line alone")
def request_line_only(answers, params):
    answers["repeat_bytes"] = len(f"GET /{params['files'][0]} HTTP/1.1\r\n\r\n")


@mutant.answers("the client always closes first")
def client_closes(answers, params):
    answers["first_fin"] = ["client"] * 4


@mutant.answers("nginx's own default")
def default_timeout(answers, params):
    answers["kept_for"] = 75
