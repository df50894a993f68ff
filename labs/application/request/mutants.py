"""Ways to break the request lab: another nginx, another client, requests that students write, wrong answers."""

import re
from urllib.parse import quote

from mnlab.checks.mutants import curl_always, edits_of, mutant

ENOUGH = ("does_not_run", "old_curl", "impatient", "one_answer")


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

TOLD = ("page", "query", "language", "agent", "copy_of", "refusal_1", "refusal_2", "refusal_3")


def told(text: str, params: dict) -> str:
    """{name} is the parameter."""
    values = {name: params[name] for name in TOLD} | {"agent_name": params["agent"].partition("/")[0],
                                                      "ascii": quote(params["form"])}
    return re.sub("{(%s)}" % "|".join(values), lambda found: values[found[1]], text)


wrong = edits_of(globals(), "ask.py", told)  # (name, rule, description, edits)

wrong("does_not_run", "", "the program does not run", ("import socket\n", "import socket as\n"))

wrong("bare_newlines", "R1", "all lines end in a newline only", ("{line}\\r\\n", "{line}\\n"))
wrong("one_newline", "R1", "the request line ends in a newline only",
      ('?{query} HTTP/1.1", f"Host: {SHOP}")', '?{query} HTTP/1.1", f"Host: {SHOP}").replace(b"\\r\\n", b"\\n", 1)'))
wrong("query_as_header", "R1", "the query is a header", ('?{query} HTTP/1.1"', ' HTTP/1.1", "Query: {query}"'))
wrong("no_query", "R1", "the query is left out", ("?{query} HTTP", " HTTP"))
wrong("page_of_old", "R1", "the page is asked for in HTTP/1.0", ("?{query} HTTP/1.1", "?{query} HTTP/1.0"))
wrong("query_in_body", "R1", "the query is a body",
      ('lines("GET /{page}?{query} HTTP/1.1", f"Host: {SHOP}")',
       'lines("GET /{page} HTTP/1.1", f"Host: {SHOP}", "Content-Length: 5", body=b"{query}"[:5])'))

wrong("wrong_host", "R2", "the first site for the second",
      ('"host": lines("GET / HTTP/1.1", f"Host: {SECOND}")', '"host": lines("GET / HTTP/1.1", f"Host: {SHOP}")'))
wrong("host_in_path", "R2", "the second site's name is a path",
      ('"host": lines("GET / HTTP/1.1", f"Host: {SECOND}")',
       '"host": lines(f"GET /{SECOND}/ HTTP/1.1", f"Host: {SHOP}")'))
wrong("host_of_www", "R2", "the second site without its www",
      ('"host": lines("GET / HTTP/1.1", f"Host: {SECOND}")', '"host": lines("GET / HTTP/1.1", f"Host: {SECOND[4:]}")'))

wrong("wrong_language_header", "R3", "Language for Accept-Language", ("Accept-Language:", "Language:"))
wrong("content_language", "R3", "Content-Language for Accept-Language", ("Accept-Language:", "Content-Language:"))
wrong("english", "R3", "any greeting will do", ("Accept-Language: {language}", "Accept-Language: en"))
wrong("second_choice", "R3", "the language is the second choice",
      ("Accept-Language: {language}", "Accept-Language: en,{language};q=0.5"))

wrong("wrong_encoding_header", "R4", "Content-Encoding for Accept-Encoding",
      ("Accept-Encoding:", "Content-Encoding:"))
wrong("deflate", "R4", "deflate for gzip", ("Accept-Encoding: gzip", "Accept-Encoding: deflate"))
wrong("unpacked", "R4", "the catalogue as it is", (', "Accept-Encoding: gzip"', ""))
wrong("head_packed", "R4", "only the catalogue's head is asked for",
      ('"GET /catalogue.txt HTTP/1.1", f"Host: {SHOP}", "Accept-Enc',
       '"HEAD /catalogue.txt HTTP/1.1", f"Host: {SHOP}", "Accept-Enc'))
wrong("index_packed", "R4", "another page is packed",
      ('"GET /catalogue.txt HTTP/1.1", f"Host: {SHOP}", "Accept-Enc',
       '"GET / HTTP/1.1", f"Host: {SHOP}", "Accept-Enc'))

wrong("agent_without_version", "R5", "the agent without its version",
      ("User-Agent: {agent}", "User-Agent: {agent_name}"))
wrong("agent_header", "R5", "Agent for User-Agent", ("User-Agent:", "Agent:"))
wrong("agent_and_more", "R5", "the agent among others", ("User-Agent: {agent}", "User-Agent: Mozilla/5.0 {agent}"))

wrong("referrer", "R6", "Referrer, as the dictionary has it", ("Referer:", "Referrer:"))
wrong("own_referer", "R6", "one comes from the second site",
      ('f"Referer: http://{SHOP}/"', 'f"Referer: http://{SECOND}/"'))
wrong("bare_referer", "R6", "one comes from a name, which is no URL",
      ('f"Referer: http://{SHOP}/"', 'f"Referer: {SHOP}"'))
wrong("head_of_picture", "R6", "only the picture's head is asked for", ('"GET /picture.png', '"HEAD /picture.png'))
wrong("other_picture", "R6", "something else is asked for", ('"GET /picture.png', '"GET /index.html'))

wrong("wrong_date", "R7", "a copy of another day",
      ("If-Modified-Since: {copy_of}", "If-Modified-Since: Wed, 01 Jan 2025 00:00:00 GMT"))
wrong("other_file", "R7", "another file has not changed either",
      ('lines("GET /catalogue.txt HTTP/1.1", f"Host: {SHOP}", "If-',
       'lines("GET /index.html HTTP/1.1", f"Host: {SHOP}", "If-'))
wrong("any_copy", "R7", "any copy will do", ("If-Modified-Since: {copy_of}", "If-None-Match: *"))
wrong("unmodified_since", "R7", "If-Unmodified-Since for If-Modified-Since",
      ("If-Modified-Since:", "If-Unmodified-Since:"))

wrong("characters", "R8", "Content-Length counts characters", ("{len(FORM)}", "{len(FORM.decode())}"))
wrong("no_content_type", "R8", "a form without its name", ('"Content-Type: application/x-www-form-urlencoded",', ""))
wrong("line_end_behind", "R8", "a form with a line end behind it",
      (".encode()\n\n\ndef lines", '.encode() + b"\\r\\n"\n\n\ndef lines'))
wrong("latin_form", "R8", "the form is not in UTF-8",
      (".encode()\n\n\ndef lines", '.encode("latin-1", "replace")\n\n\ndef lines'))
wrong("put", "R8", "the form is put, not posted",
      ('"POST / HTTP/1.1", f"Host: {SHOP}", "Content-Type', '"PUT / HTTP/1.1", f"Host: {SHOP}", "Content-Type'))
wrong("post_elsewhere", "R8", "the form is posted elsewhere",
      ('"POST / HTTP/1.1", f"Host: {SHOP}", "Content-Type', '"POST /order HTTP/1.1", f"Host: {SHOP}", "Content-Type'))
wrong("encoded_form", "R8", "the form's letters are encoded",
      (".encode()\n\n\ndef lines", '.encode("ascii", "xmlcharrefreplace")\n\n\ndef lines'))
wrong("chunked_form", "R8", "the form comes in chunks",
      ('f"Content-Length: {len(FORM)}", body=FORM',
       '"Transfer-Encoding: chunked", body=b"%x\\r\\n%b\\r\\n0\\r\\n\\r\\n" % (len(FORM), FORM)'))
wrong("form_in_query", "R8", "the form is a query",
      ('lines("POST / HTTP/1.1", f"Host: {SHOP}", "Content-Type: application/x-www-form-urlencoded",\n'
       '                   f"Content-Length: {len(FORM)}", body=FORM)',
       'lines("POST /?{ascii} HTTP/1.1", f"Host: {SHOP}", "Content-Type: application/x-www-form-urlencoded",\n'
       '                   "Content-Length: 0")'))

wrong("old_with_host", "R9", "HTTP/1.0 with Host",
      ('lines("GET / HTTP/1.0")', 'lines("GET / HTTP/1.0", f"Host: {SHOP}")'))
wrong("old_empty_host", "R9", "HTTP/1.0 with an empty Host",
      ('lines("GET / HTTP/1.0")', 'lines("GET / HTTP/1.0", "Host:")'))
wrong("new_without_host", "R9", "HTTP/1.1 without Host", ('lines("GET / HTTP/1.0")', 'lines("GET / HTTP/1.1")'))

wrong("notes_1", "R10", "the first refusal is earned with the notes' example",
      ('REFUSALS["{refusal_1}"]', 'lines("POST / HTTP1.1", f"Host: {SHOP}")'))
wrong("untidy_1", "R10", "the first refusal has a second reason",
      ('REFUSALS["{refusal_1}"]',
       'REFUSALS["{refusal_1}"].replace(b"HTTP/1.1\\r\\n", b"HTTP/1.1\\r\\nX y: z\\r\\n", 1)'))
wrong("garbage_1", "R10", "the first refusal is earned with what is no request",
      ('REFUSALS["{refusal_1}"]', 'b"hello\\r\\n\\r\\n"'))
wrong("fine_1", "R10", "the first refusal is no refusal",
      ('REFUSALS["{refusal_1}"]', 'lines("GET / HTTP/1.1", f"Host: {SHOP}")'))

wrong("notes_2", "R11", "the second refusal is earned with the notes' example",
      ('REFUSALS["{refusal_2}"]', 'lines("POST / HTTP1.1", f"Host: {SHOP}")'))
wrong("untidy_2", "R11", "the second refusal has a second reason",
      ('REFUSALS["{refusal_2}"]',
       'REFUSALS["{refusal_2}"].replace(b"HTTP/1.1\\r\\n", b"HTTP/1.1\\r\\nX y: z\\r\\n", 1)'))
wrong("garbage_2", "R11", "the second refusal is earned with what is no request",
      ('REFUSALS["{refusal_2}"]', 'b"hello\\r\\n\\r\\n"'))
wrong("fine_2", "R11", "the second refusal is no refusal",
      ('REFUSALS["{refusal_2}"]', 'lines("GET / HTTP/1.1", f"Host: {SHOP}")'))

wrong("notes_3", "R12", "the third refusal is earned with the notes' example",
      ('REFUSALS["{refusal_3}"]', 'lines("POST / HTTP1.1", f"Host: {SHOP}")'))
wrong("untidy_3", "R12", "the third refusal has a second reason",
      ('REFUSALS["{refusal_3}"]',
       'REFUSALS["{refusal_3}"].replace(b"HTTP/1.1\\r\\n", b"HTTP/1.1\\r\\nX y: z\\r\\n", 1)'))
wrong("garbage_3", "R12", "the third refusal is earned with what is no request",
      ('REFUSALS["{refusal_3}"]', 'b"hello\\r\\n\\r\\n"'))
wrong("fine_3", "R12", "the third refusal is no refusal",
      ('REFUSALS["{refusal_3}"]', 'lines("GET / HTTP/1.1", f"Host: {SHOP}")'))

wrong("nothing_to_wait_for", "R13", "the request that waits has its blank line",
      ('"Host: {SHOP}")[:-2]', '"Host: {SHOP}")'))
wrong("leaves_at_once", "R13", "the program does not wait either", ("PATIENCE = 60", "PATIENCE = 5"))
wrong("waits_hostless", "R13", "the request that waits has no Host",
      ('"waiting": lines("GET / HTTP/1.1", f"Host: {SHOP}")[:-2]',
       '"waiting": lines("GET / HTTP/1.1", "Accept: */*")[:-2]'))
wrong("waits_wrongly", "R13", "the request that waits would have been refused",
      ('"waiting": lines("GET / HTTP/1.1", f"Host: {SHOP}")[:-2]',
       '"waiting": lines("GET / HTTP/1.1", f"Host: {SHOP}", "Accept : */*")[:-2]'))
wrong("waits_elsewhere", "R13", "the request that waits is for something else",
      ('"waiting": lines("GET / HTTP/1.1"', '"waiting": lines("GET /picture.png HTTP/1.1"'))
wrong("waits_for_notes", "R13", "the request that waits is the notes' example",
      ('"waiting": lines("GET / HTTP/1.1"', '"waiting": lines("GET / HTTP1.1"'))
wrong("says_nothing", "R13", "nothing is sent at the last door",
      ('"waiting": lines("GET / HTTP/1.1", f"Host: {SHOP}")[:-2]', '"waiting": b""'))

wrong("asked_twice", "R14", "everything is asked twice", ("sock.sendall(request)", "sock.sendall(request + request)"))
wrong("one_more", "R14", "behind the order comes another request",
      ("        sock.sendall(request)\n",
       '        sock.sendall(request + (lines("GET / HTTP/1.1", f"Host: {SHOP}") if request.endswith(FORM)'
       ' else b""))\n'))
wrong("empty_lines", "R14", "each request has an empty line behind it",
      ("sock.sendall(request)", 'sock.sendall(request + b"\\r\\n")'))
wrong("page_twice", "R14", "the page is asked for once more",
      ("sock.sendall(request)", 'sock.sendall(request * (1 + (b"{query}" in request)))'))

wrong("crashes", "", "the program ends at the first refusal",
      ("        answer = ask(", '        assert "refusal" not in name\n        answer = ask('))


# --- requests that are right, too ---

def take(work, params, name: str) -> None:
    """A program of right/, with the parameters in their places."""
    work.take(name, "ask.py")
    words = {"form_text": "form", "shop_name": "shop", "second_name": "second", "page_path": "page",
             "query_text": "query", "language_code": "language", "agent_name": "agent", "copy_date": "copy_of",
             "refusal_one": "refusal_1", "refusal_two": "refusal_2", "refusal_three": "refusal_3"}
    for word, key in words.items():
        work.edit("ask.py", word, params[key])


@mutant.right("small letters, whole URLs, more headers, lone newlines, in pieces, from the last door to the first")
def pieces(work, params):
    take(work, params, "pieces.py")


@mutant.right("all doors at once; other methods where none is named")
def side_by_side(work, params):
    take(work, params, "side_by_side.py")


@mutant.right("half a second off, and a character by its name")
def measured_otherwise(answers, params):
    answers["missing"] = "slash"
    answers["waited"] += 0.5


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
