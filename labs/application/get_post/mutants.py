"""Ways to break the get_post lab, each of which some check must catch."""

from pathlib import Path

from mnlab.checks import mutant

ENOUGH = ("gets_only", "hidden_from_eve", "does_not_start", "always_expects", "jumbo", "discreet", "joined")

LAB = Path("lab")  # in the job: what the experiment works with


def change(name: str, *edits) -> None:
    """Change a file of the experiment: pairs of what is there and what shall be."""
    path = LAB / name
    text = path.read_text()
    for old, new in zip(edits[::2], edits[1::2], strict=True):
        if old not in text:
            raise ValueError(f"{name} no longer holds {old!r}")
        text = text.replace(old, new)
    path.write_text(text)


def curl_instead(node, edits: str) -> None:
    """Make one node's curl a script that changes its arguments (bash) before it starts the real one."""
    Path("/run/curl").write_text(f'#!/bin/bash\n{edits}\nexec /run/real-curl "$@"\n')
    node.run("cp /usr/bin/curl /run/real-curl && chmod 755 /run/curl && mount --bind /run/curl /usr/bin/curl")


# --- other clients, other servers ---

@mutant.network("curl turns each GET with fields into a POST, and sends no Referer", scenes=["shop"])
def posts_only(net, params):
    curl_instead(net["client"], r"""
        for one; do
            case "$one" in
                -e | ";auto") ;;
                http*card=*) args+=(-d "${one#*\?}" "${one%%\?*}") ;;
                *) args+=("$one") ;;
            esac
        done
        set -- "${args[@]}"
        """)


@mutant.network("curl puts the fields of each POST into the URL", scenes=["shop"])
def gets_only(net, params):
    curl_instead(net["client"], 'set -- -G "$@"')


@mutant.network("curl hides the card's number (as it would inside TLS)", scenes=["shop"])
def hidden_from_eve(net, params):
    curl_instead(net["client"], f'set -- "${{@//{params["_card"]}/****}}"')


@mutant.network("curl expects 100 each time", scenes=["shop"])
def always_expects(net, params):
    curl_instead(net["client"], 'set -- -H "Expect: 100-continue" "$@"')


@mutant.network("curl expects nothing, whatever it is told", scenes=["shop"])
def never_expects(net, params):
    curl_instead(net["client"], 'set -- "${@/Expect: 100-continue/Expect:}"')


@mutant.network("the path carries large segments only, and http.client's small ones in one", scenes=["shop"])
def jumbo(net, params):
    for name in ("client", "server"):
        net[name].run(f"ip link set {name}-eth0 mtu 9000")
    for port in range(1, 6):
        net["s1"].run(f"ip link set s1-eth{port} mtu 9000")


@mutant.network("the log leaves out the query, the proxy keeps nothing, and every limit is the same", scenes=["shop"])
def discreet(net, params):
    change("site.conf", "access_log access.log combined;", """log_format bare '"$request_method $uri" $status';
    access_log access.log bare;""", "large_client_header_buffers 4 32k;", "",
           "client_max_body_size {{body_kb}}k;", "")
    change("proxy.conf", "proxy_cache pages;", "")


@mutant.network("the log keeps bodies, and the proxy's cache answers POST, too", scenes=["shop"])
def talkative(net, params):
    change("site.conf", "access_log access.log combined;", """log_format full '"$request $request_body" $status';
    access_log access.log full;""")
    change("proxy.conf", "proxy_cache pages;", "proxy_cache pages; proxy_cache_methods GET POST; proxy_cache_valid 1m;")


@mutant.network("http.client sends head and body with one call, as it did in Python 2.7", scenes=["shop"])
def joined(net, params):
    from http.client import HTTPConnection

    def send_at_once(connection, message_body=None, encode_chunked=False):
        head = b"\r\n".join([*connection._buffer, b"", b""])
        connection._buffer.clear()
        connection.send(head + (message_body or b""))

    HTTPConnection._send_output = send_at_once


# --- wrong guest books ---

@mutant.work("the text is put on the page as it is")
def unescaped(work, params):
    work.edit("form.py", "escape(text)}</li>", "text}</li>")


@mutant.work("what is looked for is put on the page as it is, and every entry is found")
def careless_search(work, params):
    work.edit("form.py", "query=escape(query)", "query=query")
    work.edit("form.py", "if query in", "if query is not")


@mutant.work("tags are cut out")
def cuts_tags(work, params):
    work.edit("form.py", "    entries.append((name, text))", "    import re\n"
              "    entries.append((name, re.sub('<.*?>', '', text)))")


@mutant.work("POST answers with the page itself")
def no_redirect(work, params):
    work.edit("form.py", 'return "303 See Other", {"Location": "/"}, ""', "return page(entries)")


@mutant.work("whatever the method, it is signed; and the form says GET")
def any_method(work, params):
    work.edit("form.py", '"/sign": {"POST": sign}', '"/sign": {"POST": sign, "GET": sign}')
    work.edit("form.py", "    fields = read_form(environ)", "    query = parse_qs(environ['QUERY_STRING'])\n"
              "    fields = {name: values[0] for name, values in query.items()} or read_form(environ)")
    work.edit("form.py", '<form method="post" action="/sign">', '<form action="/sign">')


@mutant.work("only urlencoded forms are read, in Latin-1")
def no_multipart(work, params):
    work.edit("form.py", "kind == MULTIPART", "kind == 'multipart/mixed'")


@mutant.work("the length is believed as it is declared")
def believes_length(work, params):
    work.edit("form.py", '    body = environ["wsgi.input"].read(LIMIT + 1)\n    if len(body) > LIMIT:',
              '    length = int(environ.get("CONTENT_LENGTH") or 0)\n'
              '    body = environ["wsgi.input"].read(length or -1)\n    if length > LIMIT:')


@mutant.work("every body is taken for a form, and empty fields are written")
def takes_anything(work, params):
    work.edit("form.py", "if kind == URLENCODED:", "if kind != MULTIPART:")
    work.edit("form.py", "if not name or not text:", "if not name and not text:")


@mutant.work("a typing error in form.py")
def does_not_start(work, params):
    work.edit("form.py", "def front(environ):", "def front(environ)")


# --- wrong answers ---

@mutant.answers("says that a POST cannot be read by a sniffer")
def post_is_safe(answers, params):
    answers["post_found"] = ["a"]


@mutant.answers("says that a GET leaves traces at the server only")
def only_the_log(answers, params):
    answers["get_found"] = ["a", "d"]


@mutant.answers("misreads the card")
def wrong_card(answers, params):
    answers["card"] = answers["card"][::-1]


@mutant.answers("says that HTTP limits the URL")
def http_limits(answers, params):
    answers["limit_set_by"] = "http"


@mutant.answers("says 400 for a URL that is too long")
def plain_400(answers, params):
    answers["status_long_url"] = 400


@mutant.answers("says that a POST always takes two segments")
def always_two(answers, params):
    answers["segments_curl"] = 2


@mutant.answers("says that a GET always takes one segment")
def always_one(answers, params):
    answers["segments_medium_url"] = 1


@mutant.answers("says that the cache answers the second POST")
def cached_posts(answers, params):
    answers["posts_passed"] = 1
