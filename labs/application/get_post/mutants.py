"""Ways to break the get_post lab, each of which some check must catch."""

from pathlib import Path

from mnlab.checks.mutants import edits_of, mutant

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

wrong = edits_of(globals(), "form.py")  # (name, rule, description, edits)

wrong("does_not_start", "", "a typing error in form.py", ("def front(environ):", "def front(environ)"))

wrong("no_charset", "R1", "the page does not say how it is to be read",
      ('("Content-Type", "text/html; charset=utf-8")', '("Content-Type", "text/html")'))
wrong("plain_page", "R1", "the page is plain text",
      ('("Content-Type", "text/html; charset=utf-8")', '("Content-Type", "text/plain; charset=utf-8")'))
wrong("search_without_charset", "R1", "the page of a search does not say how it is to be read",
      ('("Content-Type", "text/html; charset=utf-8")',
       '("Content-Type", "text/html; charset=utf-8" if "q" not in environ["QUERY_STRING"] else "text/html")'))
wrong("nothing_found", "R1", "where nothing is found, 404",
      ("def page(found, query=\"\"):\n", "def page(found, query=\"\"):\n    if query and not found:\n"
       "        raise Refused(\"404 Not Found\", \"nothing found\")\n"))
wrong("needs_q", "R1", "a search without words breaks the book", ('.get("q", [""])[0]', '["q"][0]'))
wrong("created", "R1", "a page is 201", ('return "200 OK", {}, PAGE', 'return "201 Created", {}, PAGE'))

wrong("form_by_get", "R2", "the form is sent by GET",
      ('<form method="post" action="/sign">', '<form action="/sign">'))
wrong("form_to_front", "R2", "the form is sent to /",
      ('<form method="post" action="/sign">', '<form method="post" action="/">'))
wrong("no_text_field", "R2", "the text has no name in the form",
      ('<textarea name="text" required>', '<textarea id="text" required>'))
wrong("form_of_the_first", "R2", "only an empty book has a form",
      ("    rows =", "    page = PAGE if not entries else PAGE.replace('<form method=\"post\"', '<form')\n    rows ="),
      ("PAGE.format(", "page.format("))
wrong("fields_outside", "R2", "the form ends ahead of its fields",
      ('<form method="post" action="/sign">\n', '<form method="post" action="/sign"></form><form>\n'))

wrong("newest_first", "R3", "the newest entry comes first",
      ("    return page(entries)", "    return page(entries[::-1])"))
wrong("sorted_entries", "R3", "entries are sorted", ("    return page(entries)", "    return page(sorted(entries))"))
wrong("parts_ahead", "R3", "what came in parts is put ahead of what is urlencoded",
      ("    entries.append((name, text))",
       '    entries.insert(2 if "multi" in environ["CONTENT_TYPE"].lower() else len(entries), (name, text))'))
wrong("last_ten", "R3", "only the last ten entries are shown",
      ("    return page(entries)", "    return page(entries[-10:])"))
wrong("a_book_for_each", "R3", "entries with the same name replace one another",
      ("    entries.append((name, text))",
       "    entries[:] = [entry for entry in entries if entry[0] != name] + [(name, text)]"))
wrong("dash", "R3", "name and text are parted by a dash", ("{escape(name)}: {escape", "{escape(name)} - {escape"))
wrong("one_item", "R3", "all entries are one item",
      ('"\\n".join(f"<li>{escape(name)}: {escape(text)}</li>" for',
       '"<li>" + "<br>".join(f"{escape(name)}: {escape(text)}" for'))

wrong("latin", "R4", "urlencoded forms are read in Latin-1",
      ('parse_qs(body.decode(), errors="strict")', 'parse_qs(body.decode(), errors="strict", encoding="latin-1")'))
wrong("plus_stays", "R4", "a plus stays a plus",
      ('parse_qs(body.decode(), errors="strict")', 'parse_qs(body.decode().replace("+", "%2B"), errors="strict")'))
wrong("no_parameters", "R4", "a type with parameters is not known",
      ('kind = given.partition(";")[0].strip().lower()',
       'kind = given.lower() if given.lower().startswith(URLENCODED) else given.partition(";")[0]'))
wrong("no_capitals", "R4", "a type in capitals is not known", ("[0].strip().lower()", "[0].strip()"))
wrong("no_repeats", "R4", "the same is written once only",
      ("    entries.append((name, text))",
       "    if (name, text) not in entries:\n        entries.append((name, text))"))
wrong("by_place", "R4", "the first field is the name",
      ('parse_qs(body.decode(), errors="strict")', 'dict(zip(("name", "text"), parse_qs(body.decode()).values()))'))
wrong("split_equals", "R4", "an entry ends at its second equals sign",
      ('{name: values[0] for name, values in parse_qs(body.decode(), errors="strict").items()}',
       '{name: values[0].split("=")[0] for name, values in parse_qs(body.decode(), errors="strict").items()}'))
wrong("ascii_only", "R4", "letters beyond ASCII are left out",
      ('parse_qs(body.decode(), errors="strict")', 'parse_qs(body.decode(), errors="ignore", encoding="ascii")'))

wrong("no_multipart", "R5", "only urlencoded forms are read", ("kind == MULTIPART", "kind == 'multipart/mixed'"))
wrong("latin_parts", "R5", "multipart forms are read in Latin-1",
      ("part.get_payload(decode=True).decode()", 'part.get_payload(decode=True).decode("latin-1")'))
wrong("parts_decoded", "R5", "the parts of multipart are decoded once more",
      ("part.get_payload(decode=True).decode()",
       '__import__("urllib.parse").parse.unquote_plus(part.get_payload(decode=True).decode())'))
wrong("parts_in_order", "R5", "the first part is the name",
      ('            return {part.get_param("name", header="content-disposition"):'
       " part.get_payload(decode=True).decode()\n                    for part in message.get_payload()}",
       '            return dict(zip(("name", "text"), (part.get_payload(decode=True).decode()\n'
       "                                               for part in message.get_payload())))"))
wrong("two_parts", "R5", "a form has two parts", ("in message.get_payload()}", "in message.get_payload()[:2]}"))
wrong("parts_at_dashes", "R5", "parts end at two dashes",
      ("part.get_payload(decode=True).decode()", 'part.get_payload(decode=True).decode().partition("--")[0]'))
wrong("parts_quoted", "R5", "quotation marks are cut off the parts",
      ("part.get_payload(decode=True).decode()", "part.get_payload(decode=True).decode().strip('\"')"))
wrong("small_boundary", "R5", "the boundary is looked for in small letters",
      ('Type: {given}\\r', 'Type: {given.lower()}\\r'))
wrong("boundary_as_is", "R5", "quotation marks are taken for a part of the boundary",
      ("encode() + body)", "encode() + (body if '\"' not in given else b''))"))
wrong("parts_of_capitals", "R5", "multipart in capitals is not known",
      ("kind == MULTIPART", "given.startswith(MULTIPART)"))
wrong("first_line_of_head", "R5", "the name of a part is looked for in its first line",
      ('part.get_param("name", header="content-disposition")',
       '(part.get_param("name", header="content-disposition") if part.keys()[0] == "Content-Disposition" else "")'))
wrong("parts_at_blank_lines", "R5", "parts end at a blank line",
      ("part.get_payload(decode=True).decode()",
       'part.get_payload(decode=True).decode().partition("\\r\\n\\r\\n")[0]'))

wrong("no_redirect", "R6", "POST answers with the page itself",
      ('return "303 See Other", {"Location": "/"}, ""', "return page(entries)"))
wrong("page_for_repeats", "R6", "what was written before is answered with the page itself",
      ('    return "303 See Other"', '    if (name, text) in entries[:-1]:\n        return page(entries)\n'
       '    return "303 See Other"'))
wrong("found_302", "R6", "POST answers with 302", ('"303 See Other"', '"302 Found"'))
wrong("to_sign", "R6", "POST leads to /sign", ('{"Location": "/"}', '{"Location": "/sign"}'))
wrong("no_location", "R6", "303 leads nowhere", ('{"Location": "/"}', "{}"))

wrong("finds_all", "R7", "every entry is found", ("if any(query in part for part in entry)", "if query is not None"))
wrong("texts_only", "R7", "names are not searched", ("any(query in part for part in entry)", "query in entry[1]"))
wrong("names_only", "R7", "texts are not searched", ("any(query in part for part in entry)", "query in entry[0]"))
wrong("whole_names", "R7", "only whole names are found",
      ("any(query in part for part in entry)", "query == entry[0] or query in entry[1]"))
wrong("across", "R7", "name and text are searched as one",
      ("any(query in part for part in entry)", 'query in ": ".join(entry)'))
wrong("between", "R7", "name and text are searched as one, with a space between",
      ("any(query in part for part in entry)", 'query in " ".join(entry)'))
wrong("expressions", "R7", "what is looked for is taken for a regular expression",
      ("any(query in part for part in entry)",
       'any(__import__("re").search(query.replace("(", "[(]").replace("+", "[+]"), part) for part in entry)'))
wrong("any_word", "R7", "one word of several is enough",
      ("any(query in part for part in entry)",
       "any(word in part for part in entry for word in query.split() if len(word) > 3)"))
wrong("whole_words", "R7", "only whole words are found",
      ("any(query in part for part in entry)", 'any(f" {query} " in f" {part} " for part in entry)'))
wrong("latin_search", "R7", "what is looked for is read in Latin-1",
      ('parse_qs(environ["QUERY_STRING"]).get', 'parse_qs(environ["QUERY_STRING"], encoding="latin-1").get'))
wrong("undecoded", "R7", "what is looked for is not decoded",
      ('parse_qs(environ["QUERY_STRING"]).get("q", [""])[0]',
       '__import__("urllib.parse").parse.unquote(environ["QUERY_STRING"].partition("q=")[2])'))
wrong("first_only", "R7", "the first entry that is found is enough",
      ("    return page([entry for entry in entries if any(query in part for part in entry)], query)",
       "    return page([entry for entry in entries if any(query in part for part in entry)][:1], query)"))
wrong("in_markup", "R7", "what is looked for is found in the markup, too",
      ("any(query in part for part in entry)", "any(escape(query) in escape(part) for part in entry)"))
wrong("found_twice", "R7", "what is found in the name and in the text is there twice",
      ("for entry in entries if any(query in part for part in entry)",
       "for entry in entries for part in entry if query in part"))
wrong("query_stripped", "R7", "spaces at the end do not count", ('.get("q", [""])[0]', '.get("q", [""])[0].strip()'))

wrong("no_field", "R8", "what was looked for is not shown", ('value="{query}"', 'value=""'))
wrong("field_if_found", "R8", "what was looked for is shown if it was found",
      ('    rows = "\\n"', '    query = query if found else ""\n    rows = "\\n"'))
wrong("ascii_field", "R8", "what was looked for is shown without its accents",
      ("query=escape(query)", 'query=escape(query.encode("ascii", "ignore").decode())'))
wrong("field_plus", "R8", "what was looked for is shown with spaces for its plus signs",
      ("query=escape(query)", 'query=escape(query.replace("+", " "))'))
wrong("small_field", "R8", "what was looked for is shown in small letters",
      ("query=escape(query)", "query=escape(query.lower())"))
wrong("other_field", "R8", "the field has another name", ('<input name="q"', '<input name="query"'))

wrong("signs_by_get", "R9", "whatever the method, it is signed",
      ('"/sign": {"POST": sign}', '"/sign": {"POST": sign, "GET": sign}'),
      ("    fields = read_form(environ)",
       "    query = parse_qs(environ['QUERY_STRING'])\n"
       "    fields = {name: values[0] for name, values in query.items()} or read_form(environ)"))
wrong("front_signs", "R9", "/ signs what its query holds",
      ("def front(environ):\n",
       'def front(environ):\n    query = parse_qs(environ["QUERY_STRING"])\n    if "text" in query:\n'
       '        entries.append((query["name"][0], query["text"][0]))\n'))
wrong("search_signs", "R9", "what is looked for is written, too",
      ("def search(environ):\n",
       'def search(environ):\n    query = parse_qs(environ["QUERY_STRING"])\n    if "text" in query:\n'
       '        entries.append((query["name"][0], query["text"][0]))\n'))
wrong("not_found", "R9", "GET /sign is 404", ('"405 Method Not Allowed"', '"404 Not Found"'))
wrong("no_allow", "R9", "405 does not say what is allowed", ('{"Allow": ", ".join(methods)}', "{}"))
wrong("allow_both", "R9", "405 says that GET is allowed", ('", ".join(methods)', '"GET, POST"'))
wrong("takes_away", "R9", "each visit to a full book takes the oldest entry away",
      ("    return page(entries)",
       "    found = entries[:]\n    entries[:] = entries[:] if len(found) < 15 else entries[1:]\n"
       "    return page(found)"))

wrong("unescaped_text", "R10", "the text is put on the page as it is", ("escape(text)}</li>", "text}</li>"))
wrong("unescaped_name", "R10", "the name is put on the page as it is", ("<li>{escape(name)}", "<li>{name}"))
wrong("unescaped_finds", "R10", "what is found is put on the page as it is",
      ("{escape(name)}: {escape(text)}</li>",
       "{(str if query else escape)(name)}: {(str if query else escape)(text)}</li>"))
wrong("cuts_tags", "R10", "tags are cut out",
      ("    entries.append((name, text))",
       "    text = __import__('re').sub('<.*?>', '', text)\n    entries.append((name, text))"))
wrong("spaces_lost", "R10", "two spaces become one",
      ("    entries.append((name, text))", '    text = " ".join(text.split())\n    entries.append((name, text))'))
wrong("escaped_twice", "R10", "everything is escaped twice", ("{escape(text)}</li>", "{escape(escape(text))}</li>"))
wrong("angles_only", "R10", "only angle brackets are escaped",
      ("{escape(text)}</li>", "{text.replace('<', '&lt;').replace('>', '&gt;')}</li>"))
wrong("scripts_only", "R10", "only scripts are forbidden",
      ("{escape(text)}</li>", "{text.replace('<script', '&lt;script')}</li>"))
wrong("formatted_again", "R10", "braces in a text are filled in",
      ('    return "200 OK", {}, PAGE.format(query=escape(query), entries=rows)',
       '    return "200 OK", {}, PAGE.replace("{entries}", rows).replace("{query}", escape(query))'))
wrong("template", "R10", "backslashes are read once more",
      ("entries=rows)", 'entries=rows.replace("\\\\n", "\\n"))'))

wrong("filled_twice", "R11", "braces in what is looked for are filled in",
      ("PAGE.format(query=escape(query), entries=rows)",
       'PAGE.replace("{query}", escape(query)).replace("{entries}", rows)'))
wrong("unescaped_query", "R11", "what is looked for is put on the page as it is",
      ("query=escape(query)", "query=query"))
wrong("quotes_open", "R11", "quotation marks end the field",
      ("query=escape(query)", "query=escape(query, quote=False)"))
wrong("angles_in_query", "R11", "the ampersand is not escaped in the field",
      ("query=escape(query)", 'query=escape(query).replace("&amp;", "&")'))
wrong("heading_unescaped", "R11", "a line above the list has what is looked for as it is",
      ("{entries}\n</ul>", "{entries}\n</ul>{raw}"),
      ("PAGE.format(", "PAGE.format(raw=query, "))

wrong("empty_written", "R12", "empty fields are written",
      ('(fields.get(key, "").strip() for', '(fields.get(key, "") for'),
      ("    if not name or not text:", '    if "name" not in fields or "text" not in fields:'),
      ('errors="strict")', 'errors="strict", keep_blank_values=True)'))
wrong("one_is_enough", "R12", "a name or a text is enough",
      ("    if not name or not text:", "    if not name and not text:"))
wrong("text_needed", "R12", "only the text is asked for", ("    if not name or not text:", "    if not text:"))
wrong("name_needed", "R12", "only the name is asked for", ("    if not name or not text:", "    if not name:"))
wrong("nameless_parts", "R12", "in parts the name may be missing",
      ("    if not name or not text:",
       '    if not name and "multi" not in environ["CONTENT_TYPE"] or not text:'))
wrong("textless_parts", "R12", "in parts the text may be empty",
      ("    if not name or not text:",
       '    if not name or not text and ("multi" not in environ["CONTENT_TYPE"] or "text" not in fields):'))
wrong("query_fills_in", "R12", "the query has what the body lacks",
      ("    fields = read_form(environ)\n",
       "    fields = {key: values[0] for key, values in parse_qs(environ['QUERY_STRING']).items()}\n"
       "    fields |= read_form(environ)\n"))
wrong("unprocessable", "R12", "422 for a form that is not filled in",
      ('Refused("400 Bad Request", "name and', 'Refused("422 Unprocessable Content", "name and'))
wrong("written_all_the_same", "R12", "what is not filled in is refused, and written",
      ("    if not name or not text:",
       "    if text or name:\n        entries.append((name, text))\n    if not name or not text:"),
      ("    entries.append((name, text))\n    return", "    return"))
wrong("missing_breaks", "R12", "a field that is missing breaks the book",
      ('fields.get(key, "").strip() for', "fields[key].strip() for"))

wrong("any_type", "R13", "every body is taken for a form", ("if kind == URLENCODED:", "if kind != MULTIPART:"))
wrong("begins_alike", "R13", "a type that begins alike is as good",
      ("if kind == URLENCODED:", "if kind.startswith(URLENCODED):"))
wrong("somewhere", "R13", "the type may stand anywhere",
      ("if kind == URLENCODED:", "if URLENCODED in given.lower():"))
wrong("parts_begin_alike", "R13", "a type that begins like multipart/form-data is as good",
      ("if kind == MULTIPART:", "if kind.startswith(MULTIPART):"))
wrong("parts_somewhere", "R13", "multipart/form-data may stand anywhere",
      ("if kind == MULTIPART:", "if MULTIPART in given.lower():"))
wrong("any_parts", "R13", "every multipart is a form", ("if kind == MULTIPART:", "if kind.startswith('multipart/'):"))
wrong("type_400", "R13", "400 for a body of another type", ('"415 Unsupported Media Type"', '"400 Bad Request"'))
wrong("json_too", "R13", "JSON is written, too",
      ("        if kind == MULTIPART:",
       '        if kind == "application/json":\n            return __import__("json").loads(body)\n'
       "        if kind == MULTIPART:"))

wrong("no_limit", "R14", "there is no limit",
      ('    body = environ["wsgi.input"].read(LIMIT + 1)\n    if len(body) > LIMIT:\n',
       '    body = environ["wsgi.input"].read()\n    if False:\n'))
wrong("believes_length", "R14", "the length is believed as it is declared",
      ('    body = environ["wsgi.input"].read(LIMIT + 1)\n    if len(body) > LIMIT:\n',
       '    length = int(environ.get("CONTENT_LENGTH") or 0)\n'
       '    body = environ["wsgi.input"].read(length or -1)\n    if length > LIMIT:\n'))
wrong("no_chunks", "R14", "a body in chunks is empty",
      ('    body = environ["wsgi.input"].read(LIMIT + 1)\n    if len(body) > LIMIT:\n',
       '    length = int(environ.get("CONTENT_LENGTH") or 0)\n    body = environ["wsgi.input"].read(length)\n'
       "    if length > LIMIT:\n"))
wrong("length_needed", "R14", "a body in chunks is 411",
      ('    body = environ["wsgi.input"].read(LIMIT + 1)\n    if len(body) > LIMIT:\n',
       '    if "CONTENT_LENGTH" not in environ:\n        raise Refused("411 Length Required", "how long?")\n'
       '    body = environ["wsgi.input"].read(LIMIT + 1)\n    if len(body) > LIMIT:\n'))
wrong("no_parts_in_chunks", "R14", "parts do not come in chunks",
      ("if kind == MULTIPART:", 'if kind == MULTIPART and "CONTENT_LENGTH" in environ:'))
wrong("chunked_parts_free", "R14", "parts in chunks have no limit",
      ('    body = environ["wsgi.input"].read(LIMIT + 1)\n    if len(body) > LIMIT:\n',
       '    free = "CONTENT_LENGTH" not in environ and "multi" in environ.get("CONTENT_TYPE", "")\n'
       '    body = environ["wsgi.input"].read(-1 if free else LIMIT + 1)\n    if len(body) > LIMIT and not free:\n'))
wrong("chunks_413", "R14", "every body in chunks is too long",
      ("    if len(body) > LIMIT:", '    if len(body) > LIMIT or "CONTENT_LENGTH" not in environ:'))
wrong("off_by_one", "R14", "LIMIT bytes are too long", ("    if len(body) > LIMIT:", "    if len(body) >= LIMIT:"))
wrong("one_too_many", "R14", "one byte more is fine",
      ("read(LIMIT + 1)\n    if len(body) > LIMIT:", "read(LIMIT + 2)\n    if len(body) > LIMIT + 1:"))
wrong("cut_off", "R14", "what is too long is cut off and written",
      ('    body = environ["wsgi.input"].read(LIMIT + 1)\n    if len(body) > LIMIT:\n',
       '    body = environ["wsgi.input"].read(LIMIT)\n    if False:\n'))
wrong("counts_letters", "R14", "letters are counted, not bytes",
      ("read(LIMIT + 1)\n    if len(body) > LIMIT:",
       'read(4 * LIMIT)\n    if len(body.decode(errors="replace")) > LIMIT:'))
wrong("text_counts", "R14", "the limit is for the text alone",
      ("read(LIMIT + 1)\n    if len(body) > LIMIT:",
       'read(4 * LIMIT)\n    if len(body.rpartition(b"text")[2]) > LIMIT:'))
wrong("too_long_400", "R14", "400 for what is too long", ('"413 Content Too Large"', '"400 Bad Request"'))


# --- guest books that are right, too ---

@mutant.right("the body in small pieces, multipart by hand, an absolute Location, more lists on the page")
def classes(work, params):
    work.take("classes.py", "form.py")
    work.edit("form.py", "LIMIT = 0", f"LIMIT = {params['limit']}")


@mutant.right("the email package's newer reader, a template, markup by numbers; capitals do not matter in a search")
def policy(work, params):
    work.take("policy.py", "form.py")
    work.edit("form.py", "LIMIT = 0", f"LIMIT = {params['limit']}")


@mutant.right("letters in capitals and in another order")
def written_otherwise(answers, params):
    answers["get_found"] = [letter.upper() for letter in reversed(answers["get_found"])]
    answers["post_found"] = [letter.upper() for letter in answers["post_found"]]


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


@mutant.answers("says that a body that is too long is malformed")
def body_400(answers, params):
    answers["status_big_body"] = 400


@mutant.answers("says that http.client sends one segment, as curl does")
def one_for_both(answers, params):
    answers["segments_http_client"] = 1


@mutant.answers("says that no cache answers a GET")
def uncached_gets(answers, params):
    answers["gets_passed"] = 2


@mutant.answers("says that a POST always takes two segments")
def always_two(answers, params):
    answers["segments_curl"] = 2


@mutant.answers("says that a GET always takes one segment")
def always_one(answers, params):
    answers["segments_medium_url"] = 1


@mutant.answers("says that the cache answers the second POST")
def cached_posts(answers, params):
    answers["posts_passed"] = 1
