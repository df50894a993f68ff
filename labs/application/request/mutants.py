"""Ways to break the request lab: another nginx, another client, requests that students write, wrong answers."""

from mnlab.checks.mutants import curl_always, mutant

ENOUGH = ("leaves_at_once", "old_curl", "impatient", "one_answer", "bare_newlines")


# --- nginx and curl (inside the machine, where the lab's own files are the package `lab`) ---

def nginx(old: str, new: str) -> None:
    """Change nginx's configuration."""
    from lab import shop
    assert old in shop.CONF, f"nginx.conf no longer holds {old!r}"
    shop.CONF = shop.CONF.replace(old, new)


@mutant.network("curl speaks HTTP/1.0", scenes=["origin"])
def old_curl(net, params):
    curl_always(net["client"], "http1.0")


@mutant.network("nginx takes orders without reading them", scenes=["origin"])
def unread_orders(net, params):
    nginx("proxy_pass http://127.0.0.1:9000;", "return 201;")


@mutant.network("nginx has one answer for every target and method", scenes=["origin"])
def one_answer(net, params):
    nginx("        root site;\n        location = /greeting",
          '        location / { return 200 "Hello.\\n"; }\n        location = /greeting')


@mutant.network("somebody puts the slash into HTTP1.1", scenes=["origin"])
def slash_added(net, params):
    from lab import raw
    raw.NOTES = raw.NOTES.replace("HTTP1.1", "HTTP/1.1")


@mutant.network("nginx has one site only", scenes=["origin"])
def one_site(net, params):
    nginx("server_name {{second}};", "server_name nobody.example;")


@mutant.network("nginx speaks English to everybody", scenes=["origin"])
def english_only(net, params):
    nginx("~^de de; ~^fr fr; ~^es es; ~^it it;", "")


@mutant.network("nginx gives HTML to everybody", scenes=["origin"])
def html_only(net, params):
    nginx('"~^application/json" json;', "")


@mutant.network("nginx packs nothing", scenes=["origin"])
def no_gzip(net, params):
    nginx("gzip on;", "gzip off;")


@mutant.network("nginx lets robots in", scenes=["origin"])
def robots_welcome(net, params):
    nginx('if ($http_user_agent ~* "bot") { return 403; }', "")


@mutant.network("nginx gives the picture to everybody", scenes=["origin"])
def hot_links(net, params):
    nginx("if ($invalid_referer) { return 403; } }\n", "}\n")


@mutant.network("nginx takes any body for a form", scenes=["origin"])
def any_type(net, params):
    nginx("if ($not_a_form) { return 415; }", "")


@mutant.network("nginx ends a connection after five requests", scenes=["origin"])
def few_requests(net, params):
    nginx("keepalive_timeout 3s;", "keepalive_timeout 3s; keepalive_requests 5;")


@mutant.network("nginx waits for 1 s only", scenes=["origin"])
def impatient(net, params):
    nginx("{{_patience}}s", "1s")


# --- requests that students write ---

@mutant.work("lines end in a newline only")
def bare_newlines(work, params):
    work.edit("ask.py", '{line}\\r\\n', '{line}\\n')


@mutant.work("the query is a header")
def query_as_header(work, params):
    work.edit("ask.py", f"?{params['query']} HTTP/1.1", f' HTTP/1.1", "Query: {params["query"]}')


@mutant.work("the first site for the second")
def wrong_host(work, params):
    work.edit("ask.py", '"host": lines("GET / HTTP/1.1", f"Host: {SECOND}")',
              '"host": lines("GET / HTTP/1.1", f"Host: {SHOP}")')


@mutant.work("Language for Accept-Language")
def wrong_language_header(work, params):
    work.edit("ask.py", "Accept-Language:", "Language:")


@mutant.work("Content-Encoding for Accept-Encoding")
def wrong_encoding_header(work, params):
    work.edit("ask.py", "Accept-Encoding:", "Content-Encoding:")


@mutant.work("the agent without its version")
def agent_without_version(work, params):
    work.edit("ask.py", f"User-Agent: {params['agent']}", f"User-Agent: {params['agent'].partition('/')[0]}")


@mutant.work("Referrer, as the dictionary has it")
def referrer(work, params):
    work.edit("ask.py", "Referer:", "Referrer:")


@mutant.work("a copy of another day")
def wrong_date(work, params):
    work.edit("ask.py", f"If-Modified-Since: {params['copy_of']}", "If-Modified-Since: Wed, 01 Jan 2025 00:00:00 GMT")


@mutant.work("Content-Length counts characters")
def characters(work, params):
    work.edit("ask.py", "{len(FORM)}", "{len(FORM.decode())}")


@mutant.work("a form without its name")
def no_content_type(work, params):
    work.edit("ask.py", '"Content-Type: application/x-www-form-urlencoded",', "")


@mutant.work("a form with a line end behind it")
def line_end_behind(work, params):
    work.edit("ask.py", '.encode()\n\n\ndef lines', '.encode() + b"\\r\\n"\n\n\ndef lines')


@mutant.work("HTTP/1.0 with Host")
def old_with_host(work, params):
    work.edit("ask.py", 'lines("GET / HTTP/1.0")', 'lines("GET / HTTP/1.0", f"Host: {SHOP}")')


@mutant.work("every refusal is earned with the notes' example")
def always_notes(work, params):
    for number in (1, 2, 3):
        words = params[f"refusal_{number}"]
        work.edit("ask.py", f'REFUSALS["{words}"]', 'lines("POST / HTTP1.1", f"Host: {SHOP}")')


@mutant.work("the request that waits has its blank line")
def nothing_to_wait_for(work, params):
    work.edit("ask.py", '"Host: {SHOP}")[:-2]', '"Host: {SHOP}")')


@mutant.work("the program does not wait either")
def leaves_at_once(work, params):
    work.edit("ask.py", "PATIENCE = 60", "PATIENCE = 2")


@mutant.work("the program ends at the first refusal")
def crashes(work, params):
    work.edit("ask.py", "        answer = ask(", '        assert "refusal" not in name\n        answer = ask(')


@mutant.work("everything is asked twice")
def asked_twice(work, params):
    work.edit("ask.py", "sock.sendall(request)", "sock.sendall(request + request)")


# --- answers ---

@mutant.answers("whatever is odd is 400")
def all_refused(answers, params):
    answers["statuses"] = [400] * 8


@mutant.answers("a space is missing")
def missing_space(answers, params):
    answers["missing"] = " "


@mutant.answers("nginx's own default")
def default_wait(answers, params):
    answers["waited"] = 60


@mutant.answers("408 on the wire")
def told_408(answers, params):
    answers["status_seen"] = 408


@mutant.answers("400 in the log")
def logged_400(answers, params):
    answers["status_logged"] = 400


@mutant.answers("characters, not bytes")
def counted_characters(answers, params):
    answers["content_length"] = len(params["body"])


@mutant.answers("the whole body is the next request")
def whole_body(answers, params):
    answers["next_request"] = params["body"]
