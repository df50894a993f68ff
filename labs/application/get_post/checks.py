"""What must be true of GET and POST, and of the student's guest book.

Eve's capture shows what anybody on the way reads; the client's, what left it and when. Nothing is taken from what a
program says of itself but nginx's own log and the names of what its cache keeps.
"""

from difflib import get_close_matches
from email.message import Message
from pathlib import Path
from urllib.parse import urljoin

from mnlab.checks import expect, observation, points
from mnlab.lab.lab import load
from mnlab.protocols import tcp

visitors, wire = (load(Path(__file__).with_name(f"{name}.py")) for name in ("visitors", "reading"))
asked, only, told = wire.asked, wire.only, wire.told

URLENCODED = "application/x-www-form-urlencoded"
LINE = 8192  # bytes: nginx's large_client_header_buffers, unless told otherwise
MSS = 1448


def fields(params) -> str:
    return f"name={params['name']}&card={params['_card']}"


def expect_status(evidence, step, *statuses):
    one = only(evidence, step)
    expect(one.response.status in statuses, done=told(one).rpartition(":")[0], seen=told(one).rpartition(": ")[2],
           expected=" or ".join(map(str, statuses)))
    return one


# --- where the fields are ------------------------------------------------------------------------------------------

@observation(1, claim="GVP-1", hint="Read the request line of the step `get`.")
def check_get_puts_fields_in_the_url(shop, params):
    """GET: the fields are the query of the URL, and there is no body."""
    one = expect_status(shop, "get", 200)
    expect(one.request.target_uri == f"/search?{fields(params)}" and not one.request.body and
           one.request.header("Content-Length") is None, done="curl asked by GET",
           expected=f"GET /search?{fields(params)}, without a body", seen=told(one))


@observation(1, claim="GVP-1", hint="Content-Type says how they are written, Content-Length how many bytes they are.")
def check_post_puts_fields_in_the_body(shop, params):
    """POST: the URL is bare, and the body holds the fields, as long as Content-Length says."""
    one = expect_status(shop, "post", 200)
    body = one.request.body.decode("latin-1")
    expect(one.request.target_uri == "/search" and body == fields(params), done="curl asked by POST",
           expected=f"POST /search, and {fields(params)} in the body", seen=f"{told(one)}; body {body!r}")
    said = one.request.header("Content-Type"), one.request.header("Content-Length")
    expect(said == (URLENCODED, str(len(body))), done="the same", expected=f"{URLENCODED}, {len(body)}", seen=said)


@observation(1, claim="GVP-1", hint="scenes/shop/files/access.log: the first two lines are those of `get` and `post`.")
def check_the_log_keeps_the_url(shop, params):
    """The server's log has the fields of the GET, and of the POST only the bare URL."""
    lines = shop.text("access.log").splitlines()
    get, post = ([line for line in lines if f'"{method} /search' in line] for method in ("GET", "POST"))
    expect(any(params["_card"] in line for line in get), done="nginx logged the GET", seen=get[:1],
           expected="the number of the card in the line")
    expect(post and not any(params["_card"] in line for line in post), done="nginx logged the POST", seen=post[:1],
           expected="no number in any line of a POST")


@observation(1, claim="GVP-2", hint="Follow the TCP stream of each in eve-eth0.pcap.")
def check_a_sniffer_reads_both(shop, params):
    """Eve, who only listens, reads the number of the card in both."""
    for step in ("get", "post"):
        found = asked(shop, step)
        heard = b"".join(one.connection.stream(tcp.CLIENT) for one in found)
        expect(params["_card"].encode() in heard, done=f"Eve heard the {step.upper()}",
               expected="the number of the card, as it was typed", seen=heard[:200] or "nothing")


@observation(1, claim="GVP-2", hint="What does the client tell `other` in the header Referer?")
def check_the_referer_passes_the_url_on(shop, params):
    """A page that leads to another site: that site is told the URL one comes from, fields and all."""
    server = shop.ip("server")
    for step, wanted in (("leave-get", f"http://{server}/leave?{fields(params)}"),
                         ("leave-post", f"http://{server}/leave")):
        found = [one for one in asked(shop, step) if one.connection.server.ip == shop.ip("other")]
        expect(found, done=f"the client was led to another site ({step})", expected="a request to it", seen="none")
        expect(found[0].request.header("Referer") == wanted, done=f"the client was led to another site ({step})",
               expected=f"Referer: {wanted}", seen=f"Referer: {found[0].request.header('Referer')}")
        heard = found[0].request.head + found[0].request.body
        expect((params["_card"].encode() in heard) == (step == "leave-get"), done="the same",
               expected="the number of the card after the GET only", seen=heard[:300])


@observation(1, claim="GVP-2", hint="scenes/shop/files/cache-keys is what the proxy has on its disk.")
def check_a_cache_keeps_the_url(shop, params):
    """The proxy's cache keeps the page by its URL, fields and all; it answers the second GET by itself."""
    keys = shop.text("cache-keys").splitlines()
    expect(len(keys) == 1 and keys[0].endswith(f"/search?{fields(params)}"), done="the proxy's disk was searched",
           expected="one page, under the URL with the number of the card", seen="; ".join(keys) or "nothing")
    client, passed = asked(shop, "cached-get"), asked(shop, "cached-get", "proxy")
    said = [one.response.header("X-Cache") for one in client if one.response]
    expect(said == ["MISS", "HIT"] and len(passed) == 1, done="the client sent the same GET twice by way of the proxy",
           expected="MISS, HIT, and one request at the server", seen=f"{said}, {len(passed)} at the server")


@observation(1, claim="GVP-5", hint="Compare the numbers of the two orders.")
def check_a_post_is_done_each_time(shop):
    """A POST sent twice is done twice: the proxy passes on both, and there are two orders."""
    client, passed = asked(shop, "cached-post"), asked(shop, "cached-post", "proxy")
    said = [one.response.body.decode().strip() for one in client if one.response]
    expect(said == ["order 1", "order 2"] and len(passed) == 2, expected="order 1, order 2; both at the server",
           done="the client sent the same POST twice by way of the proxy", seen=f"{said}, {len(passed)} at the server")


# --- how long ------------------------------------------------------------------------------------------------------

@observation(1, claim="GVP-3", hint="The same URL went to two ports of one server. Who set the limit?")
def check_long_urls_are_refused_by_servers(shop, params):
    """A URL beyond nginx's 8 KiB is 414, and 200 at a port that is told to take more; HTTP sets no limit."""
    for step, status, size in (("medium-url", 200, params["medium"]), ("long-url", 414, params["long"]),
                               ("long-url-elsewhere", 200, params["long"])):
        one = expect_status(shop, step, status)
        sent = len(one.request.target_uri)
        expect(sent > size, done=told(one), expected=f"a URL of more than {size} bytes", seen=f"{sent} bytes")
    expect(params["medium"] < LINE < params["long"], done="the URLs were measured", expected=f"{LINE} between them",
           seen=f"{params['medium']} and {params['long']}")


@observation(1, claim="GVP-3", hint="client_max_body_size is nginx's, and 1 MiB unless it is told otherwise.")
def check_long_bodies_are_refused_too(shop, params):
    """A body has limits, too: the same POST is 200 at one port and 413 at another."""
    for step, status in (("big-body", 200), ("big-body-elsewhere", 413)):
        one = expect_status(shop, step, status)
        size = int(one.request.header("Content-Length") or 0)
        expect(size > params["body_kb"] * 1024, done=told(one), seen=f"{size} bytes",
               expected=f"a body of more than {params['body_kb']} KiB")


# --- how many segments ---------------------------------------------------------------------------------------------

@observation(1, claim="GVP-4", hint="Count the client's segments with data in the step `post`.")
def check_curl_sends_one_segment(shop):
    """curl sends a small POST in one segment, head and body together, like a GET."""
    for step in ("get", "post"):
        one = expect_status(shop, step, 200)
        expect(len(wire.segments(one)) == 1, done=f"curl asked by {step.upper()}", expected="one segment",
               seen=f"{len(wire.segments(one))}, of {wire.segments(one)} bytes")


@observation(1, claim="GVP-4", hint="Both clients send the same bytes. How often do they call send()?")
def check_another_client_sends_two(shop, params):
    """Python's http.client sends the same POST in two segments: it writes head and body one after the other."""
    one = expect_status(shop, "http-client", 200)
    wanted = [len(one.request.head), len(fields(params))]
    expect(wire.segments(one) == wanted, done="http.client asked by POST", seen=f"{wire.segments(one)} bytes",
           expected=f"the head in one segment, the body in another: {wanted} bytes")
    body = one.connection.when(tcp.CLIENT, wanted[0])
    expect(body < one.response.time and not one.interim, done="the same", expected="nothing in between",
           seen="an interim response")


@observation(1, claim="GVP-4", hint="Which header asks the server to be asked?")
def check_expect_waits_for_100(shop, params):
    """curl told to expect 100: head, 100 Continue, body. It does so only if it is told, or the body is large."""
    one = expect_status(shop, "expect", 200)
    body = one.connection.when(tcp.CLIENT, len(one.request.head))
    expect([interim.status for interim in one.interim] == [100] and one.interim[0].time < body,
           done="curl asked by POST, with Expect: 100-continue", expected="100 between the head and the body",
           seen=f"{len(one.interim)} interim responses")
    for step in ("post", "big-body"):
        plain = expect_status(shop, step, 200)
        expect(not plain.interim and plain.request.header("Expect") is None, done=f"curl asked by POST ({step})",
               expected="no Expect, and no 100", seen=plain.request.header("Expect"))


@observation(1, claim="GVP-4", hint="A segment holds 1448 bytes here. How long is the URL in `medium-url`?")
def check_a_get_may_take_several(shop):
    """A GET with a long URL takes several segments: it is bytes that make segments, and not the method."""
    one = expect_status(shop, "medium-url", 200)
    least = -(-len(one.request.head) // MSS)
    expect(one.request.method == "GET" and len(wire.segments(one)) >= least > 1, done=told(one),
           expected=f"{least} segments at least", seen=f"{len(wire.segments(one))}")


# --- your guest book -----------------------------------------------------------------------------------------------

def page(form, step):
    """A page of the student's, as a browser reads it, whatever its status."""
    return wire.Page(only(form, f"your-{step}"))


def entry(params, key) -> str:
    """An entry as it stands in the list."""
    return ": ".join(visitors.book(params)[key])


def listed(form) -> list[str]:
    """The items of the last page of all."""
    return page(form, "list").items


def expect_written(form, params, *keys):
    """These entries stand in the book: name, then text, whatever is between them."""
    found = listed(form)
    for key in keys:
        name, text = (words.replace("\r\n", "\n") for words in visitors.book(params)[key])
        expect(any(text in item.partition(name)[2] for item in found),
               done=f"{told(only(form, f'your-sign-{key}'))}; later a visitor asked for /",
               expected=entry(params, key)[:200], seen=nearest(entry(params, key), found))


def nearest(wanted, found) -> str:
    """What stands where an entry should: the item that is most like it."""
    return (get_close_matches(wanted[:200], [item[:200] for item in found], n=1, cutoff=0.3) or ["no such entry"])[0]


def expect_refused(form, status, *steps):
    """What came in these steps has this status, and is not in the book."""
    for step in steps:
        expect_status(form, f"your-{step}", status)
    expect_not_written(form, *steps)


def expect_not_written(form, *steps):
    """Of these visits nothing stands in the book, which holds something."""
    found = listed(form)
    expect(found, done="a visitor asked for /", expected="entries", seen="none")
    for step in steps:
        written = [item for item in found if visitors.gotcha(step) in item]
        expect(not written, done=f"{told(only(form, f'your-{step}'))}; later a visitor asked for /",
               expected="nothing of it in the book", seen="; ".join(written)[:200])


@points(1, claim="GVP-1", hint="Say in Content-Type how the bytes are to be read; on each page.")
def check_your_page(form):
    """Your guest book: / and /search are 200, text/html in UTF-8."""
    for step in ("front", "by-get-front", "list", "search-text", "search-none", "search-bare", "search-empty"):
        expect_status(form, f"your-{step}", 200)
        said = Message()
        said["Content-Type"] = only(form, f"your-{step}").response.header("Content-Type") or ""
        kind = said.get_content_type(), said.get_content_charset()
        expect(kind == ("text/html", "utf-8"), done=told(only(form, f"your-{step}")),
               expected="text/html; charset=utf-8", seen=said["Content-Type"])


@points(1, claim="GVP-1", hint="<form method=... action=...>. Without a method, a form is sent by GET.")
def check_your_form(form):
    """Your guest book: the page has a form that is sent by POST to /sign, with the two fields."""
    for step in ("front", "list"):
        found = page(form, step).forms
        expect(any(one.method == "post" and urljoin("/", one.action) == "/sign" and {"name", "text"} <= set(one.fields)
                   for one in found), done=f"a visitor asked for / (your-{step})",
               expected="a form by POST to /sign, with the fields name and text",
               seen="; ".join(f"{one.method} {one.action}: {', '.join(one.fields)}" for one in found) or "no form")


@points(2, claim="GVP-1", hint="A list of the server's, not of the request's. One <li> each, the oldest first.")
def check_your_entries(form, params):
    """Your guest book: / shows each entry as NAME: TEXT, in the order written."""
    for step, keys in (("after-sign", ("plain",)), ("list", visitors.SIMPLE)):
        wanted = [entry(params, key) for key in keys]
        found = [item for item in page(form, step).items if item in wanted]
        expect(found == wanted, done=f"visitors had signed; one asked for / (your-{step})", expected="; ".join(wanted),
               seen="; ".join(found) or f"none of them; {len(page(form, step).items)} items")
    written = [entry(params, key).replace("\r\n", "\n") for key in visitors.book(params)]
    found = [item for item in listed(form) if item in written]
    wrong = next((item for item, right in zip(found, filter(found.__contains__, written)) if item != right), "")
    expect(not wrong, done="visitors had signed in all ways; one asked for /", expected="the order written",
           seen=f"{wrong[:100]} in the place of another entry")


@points(2, claim="GVP-1", hint="parse_qs undoes + and %C3%A8. A type may have parameters, and capitals.")
def check_your_urlencoded(form, params):
    """Your guest book: urlencoded forms are read: odd letters, UTF-8, any order, a type with a charset; each time."""
    expect_written(form, params, *visitors.SIMPLE, "umlauts", "turned", "charset", "capitals")


@points(2, claim="GVP-1", hint="RFC 7578. Its boundary stands in the Content-Type; the module email reads such bodies.")
def check_your_multipart(form, params):
    """Your guest book: multipart/form-data is read, too, in UTF-8, with nothing undone."""
    expect_written(form, params, "multipart", "parts-turned", "quoted", "lines")


@points(2, claim="GVP-5", hint="303 leads to the page to be shown; what would a reload of a 200 repeat?")
def check_your_post_leads_to_a_get(form, params):
    """Your guest book: POST /sign leads to / (303)."""
    for key in (*visitors.SIMPLE, "multipart"):
        one = expect_status(form, f"your-sign-{key}", 303)
        base = f"http://{form.ip('server')}:{params['port']}/sign"
        where = one.response.header("Location") or ""
        expect(urljoin(base, where) == urljoin(base, "/"), done=told(one), expected="Location: /", seen=where)


@points(2, claim="GVP-1", hint="An entry is found if its name holds the words, or its text does.")
def check_your_search(form, params):
    """Your guest book: GET /search?q=... lists the entries in whose name or text q is found, and none else."""
    texts = dict.fromkeys(visitors.book(params)[key][1] for key in (*visitors.SIMPLE, "umlauts", *visitors.MARKED))
    for step, keys in visitors.FOUND.items():
        wanted = [visitors.book(params)[key][1] for key in keys]
        found = [text for item in page(form, f"search-{step}").items for text in texts if text in item]
        expect(found == wanted, done=told(only(form, f"your-search-{step}")), expected="; ".join(wanted) or "no entry",
               seen="; ".join(found) or "none")


def expect_field(form, params, *steps):
    """What was looked for stands in a field q, letter by letter."""
    for step in steps:
        wanted = visitors.searches(params)[step]
        found = [one.fields["q"] for one in page(form, f"search-{step}").forms if "q" in one.fields]
        expect(wanted in found, done=f"a visitor looked for {wanted}", expected="the same words in a field q",
               seen="; ".join(map(str, found)) or "no field q")


@points(1, claim="GVP-1", hint='<input name="q" value="...">')
def check_your_search_field(form, params):
    """Your guest book: what was looked for stands in a field q again."""
    expect_field(form, params, "text", "none", "umlauts", "name", "space", "odd", "plus")


@points(2, claim="GVP-5", hint="RFC 9110, section 9.2.1: who follows a link has not asked for a change.")
def check_your_get_changes_nothing(form):
    """Your guest book: GET /sign is 405 with Allow: POST, and no GET writes anything."""
    one = expect_status(form, "your-by-get", 405)
    methods = [word.strip().upper() for word in (one.response.header("Allow") or "").split(",")]
    expect("POST" in methods and "GET" not in methods, done=told(one), expected="Allow: POST",
           seen=one.response.header("Allow"))
    expect_not_written(form, *visitors.BY_GET)
    first, second = (page(form, step).items for step in ("list", "list-again"))
    expect(first == second, done="a visitor asked for / twice", expected="the same entries",
           seen=f"{len(first)} and {len(second)}")


def expect_no_tag(form, params, *steps):
    """No element on these pages has the name that visitors wrote in angle brackets."""
    for step in steps:
        expect(params["_word"] not in page(form, step).tags, done=told(only(form, f"your-{step}")),
               expected=f"no element <{params['_word']}> on the page: a visitor had written it", seen="there is one")


@points(3, claim="GVP-5", hint="html.escape, for every text of a visitor's, wherever it is put on a page.")
def check_your_text_stays_text(form, params):
    """Your guest book: names and texts are shown as they were written, and are never HTML."""
    expect_written(form, params, "tags", "named", "entities", "braces")
    expect_no_tag(form, params, "list", "search-found-tags", "search-found-named")


@points(2, claim="GVP-5", hint="In an attribute quotation marks count, too: html.escape(..., quote=True).")
def check_your_search_stays_text(form, params):
    """Your guest book: what is looked for is shown as it was written, and is never HTML."""
    expect_field(form, params, "tags", "quoted", "braces")
    expect_no_tag(form, params, "search-tags")


@points(2, claim="GVP-5", hint="A field may be missing, or there and empty; in both kinds of body.")
def check_your_400(form):
    """Your guest book: a form without name or text is 400, and nothing is written."""
    expect_refused(form, 400, *visitors.NO_FORM)


@points(2, claim="GVP-5", hint="What stands ahead of the semicolon is the type; compare all of it.")
def check_your_415(form):
    """Your guest book: a body of another type is 415, and nothing is written."""
    expect_refused(form, 415, *visitors.WRONG_TYPE)


@points(3, claim="GVP-3", hint="A body need not say how long it is: read no further than one byte beyond the limit.")
def check_your_limit(form, params):
    """Your guest book: a body beyond the limit is 413, declared or in chunks; one that just fits is written."""
    expect_written(form, params, "chunked", "parts-chunked", "fits", "fits-chunked")
    for step, framed in (("your-chunked-one-more", True), ("your-one-more", False)):
        one = only(form, step)
        expect(one.request.chunked == framed, done=told(one), expected=f"chunked: {framed}", seen=one.request.headers)
    expect_refused(form, 413, *visitors.TOO_LONG)


# --- your answers --------------------------------------------------------------------------------------------------

def right(key, given, found, done):
    expect(given == found, done=done, expected=f"another {key}", seen=f"{given}")


def leaks(evidence, params, method) -> set[str]:
    """Where the card's number is to be found after it was sent by `method`: letters of answers.toml."""
    card = params["_card"]
    lines = [line for line in evidence.text("access.log").splitlines() if f'"{method} ' in line]
    other = [one for one in asked(evidence, f"leave-{method.lower()}")
             if one.connection.server.ip == evidence.ip("other")]
    places = {
        "a": any(card in line for line in lines),
        "b": any(card in (one.request.header("Referer") or "") for one in other),
        "c": method == "GET" and card in evidence.text("cache-keys"),
        "d": any(card.encode() in one.connection.stream(tcp.CLIENT) for one in asked(evidence, method.lower())),
    }
    return {letter for letter, holds in places.items() if holds}


@points(2, claim=("GVP-1", "GVP-2"), hint="Search each of the places for the number.")
def check_answer_leaks(answers, shop, params):
    """You know where the number of the card is to be found after a GET, and after a POST."""
    for method in ("GET", "POST"):
        key = f"{method.lower()}_found"
        given = {str(letter).lower() for letter in answers.items(key)}
        expect(given == leaks(shop, params, method), done=f"the places were searched after the {method}",
               expected=f"{len(leaks(shop, params, method))} letters: another {key}", seen=", ".join(sorted(given)))


@points(1, claim="GVP-2", hint="In eve-eth0.pcap, Follow TCP Stream.")
def check_answer_card(answers, params):
    """You read the number of the card, as Eve does."""
    right("card", answers.text("card"), params["_card"], "Eve's capture was read")


@points(2, claim="GVP-3", hint="scenes/shop/files/access.log has the status of each.")
def check_answer_statuses(answers, shop):
    """The statuses of what is too long, and who sets the limit."""
    for key, step in (("status_long_url", "long-url"), ("status_big_body", "big-body-elsewhere")):
        right(key, answers.integer(key), only(shop, step).response.status, f"the step {step}")
    right("limit_set_by", answers.choice("limit_set_by", ("http", "server")), "server", "the same at another port")


@points(2, claim="GVP-4", hint="Only segments with data.")
def check_answer_segments(answers, shop):
    """In how many segments each client sent its request."""
    for key, step in (("segments_curl", "post"), ("segments_http_client", "http-client"),
                      ("segments_medium_url", "medium-url")):
        right(key, answers.integer(key), len(wire.segments(only(shop, step))), f"the step {step}")


@points(1, claim="GVP-5", hint="Look for what the proxy sent in eve-eth0.pcap.")
def check_answer_passed_on(answers, shop):
    """How many of two GETs and of two POSTs reach the server through the proxy."""
    for key, step in (("gets_passed", "cached-get"), ("posts_passed", "cached-post")):
        right(key, answers.integer(key), len(asked(shop, step, "proxy")), f"the step {step}")
