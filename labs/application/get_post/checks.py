"""What must be true of GET and POST, and of the student's guest book.

Eve's capture shows what anybody on the way reads; the client's, what left it and when. Nothing is taken from what a
program says of itself but nginx's own log and the names of what its cache keeps.
"""

from pathlib import Path

from mnlab.checks import expect, points
from mnlab.lab.lab import load
from mnlab.protocols import tcp

wire = load(Path(__file__).with_name("reading.py"))
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

@points(1, claim="GVP-1", hint="Read the request line of the step `get`.")
def check_get_puts_fields_in_the_url(shop, params):
    """GET: the fields are the query of the URL, and there is no body."""
    one = expect_status(shop, "get", 200)
    expect(one.request.target_uri == f"/search?{fields(params)}" and not one.request.body and
           one.request.header("Content-Length") is None, done="curl asked by GET",
           expected=f"GET /search?{fields(params)}, without a body", seen=told(one))


@points(1, claim="GVP-1", hint="Content-Type says how they are written, Content-Length how many bytes they are.")
def check_post_puts_fields_in_the_body(shop, params):
    """POST: the URL is bare, and the body holds the fields, as long as Content-Length says."""
    one = expect_status(shop, "post", 200)
    body = one.request.body.decode("latin-1")
    expect(one.request.target_uri == "/search" and body == fields(params), done="curl asked by POST",
           expected=f"POST /search, and {fields(params)} in the body", seen=f"{told(one)}; body {body!r}")
    said = one.request.header("Content-Type"), one.request.header("Content-Length")
    expect(said == (URLENCODED, str(len(body))), done="the same", expected=f"{URLENCODED}, {len(body)}", seen=said)


@points(1, claim="GVP-1", hint="scenes/shop/files/access.log: the first two lines are those of `get` and `post`.")
def check_the_log_keeps_the_url(shop, params):
    """The server's log has the fields of the GET, and of the POST only the bare URL."""
    lines = shop.text("access.log").splitlines()
    get, post = ([line for line in lines if f'"{method} /search' in line] for method in ("GET", "POST"))
    expect(any(params["_card"] in line for line in get), done="nginx logged the GET", seen=get[:1],
           expected="the number of the card in the line")
    expect(post and not any(params["_card"] in line for line in post), done="nginx logged the POST", seen=post[:1],
           expected="no number in any line of a POST")


@points(1, claim="GVP-2", hint="Follow the TCP stream of each in eve-eth0.pcap.")
def check_a_sniffer_reads_both(shop, params):
    """Eve, who only listens, reads the number of the card in both."""
    for step in ("get", "post"):
        found = asked(shop, step)
        heard = b"".join(one.connection.stream(tcp.CLIENT) for one in found)
        expect(params["_card"].encode() in heard, done=f"Eve heard the {step.upper()}",
               expected="the number of the card, as it was typed", seen=heard[:200] or "nothing")


@points(1, claim="GVP-2", hint="What does the client tell `other` in the header Referer?")
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


@points(1, claim="GVP-2", hint="scenes/shop/files/cache-keys is what the proxy has on its disk.")
def check_a_cache_keeps_the_url(shop, params):
    """The proxy's cache keeps the page by its URL, fields and all; it answers the second GET by itself."""
    keys = shop.text("cache-keys").splitlines()
    expect(len(keys) == 1 and keys[0].endswith(f"/search?{fields(params)}"), done="the proxy's disk was searched",
           expected="one page, under the URL with the number of the card", seen="; ".join(keys) or "nothing")
    client, passed = asked(shop, "cached-get"), asked(shop, "cached-get", "proxy")
    said = [one.response.header("X-Cache") for one in client if one.response]
    expect(said == ["MISS", "HIT"] and len(passed) == 1, done="the client sent the same GET twice by way of the proxy",
           expected="MISS, HIT, and one request at the server", seen=f"{said}, {len(passed)} at the server")


@points(1, claim="GVP-5", hint="Compare the numbers of the two orders.")
def check_a_post_is_done_each_time(shop):
    """A POST sent twice is done twice: the proxy passes on both, and there are two orders."""
    client, passed = asked(shop, "cached-post"), asked(shop, "cached-post", "proxy")
    said = [one.response.body.decode().strip() for one in client if one.response]
    expect(said == ["order 1", "order 2"] and len(passed) == 2, expected="order 1, order 2; both at the server",
           done="the client sent the same POST twice by way of the proxy", seen=f"{said}, {len(passed)} at the server")


# --- how long ------------------------------------------------------------------------------------------------------

@points(1, claim="GVP-3", hint="The same URL went to two ports of one server. Who set the limit?")
def check_long_urls_are_refused_by_servers(shop, params):
    """A URL beyond nginx's 8 KiB is 414, and 200 at a port that is told to take more; HTTP sets no limit."""
    for step, status, size in (("medium-url", 200, params["medium"]), ("long-url", 414, params["long"]),
                               ("long-url-elsewhere", 200, params["long"])):
        one = expect_status(shop, step, status)
        sent = len(one.request.target_uri)
        expect(sent > size, done=told(one), expected=f"a URL of more than {size} bytes", seen=f"{sent} bytes")
    expect(params["medium"] < LINE < params["long"], done="the URLs were measured", expected=f"{LINE} between them",
           seen=f"{params['medium']} and {params['long']}")


@points(1, claim="GVP-3", hint="client_max_body_size is nginx's, and 1 MiB unless it is told otherwise.")
def check_long_bodies_are_refused_too(shop, params):
    """A body has limits, too: the same POST is 200 at one port and 413 at another."""
    for step, status in (("big-body", 200), ("big-body-elsewhere", 413)):
        one = expect_status(shop, step, status)
        size = int(one.request.header("Content-Length") or 0)
        expect(size > params["body_kb"] * 1024, done=told(one), seen=f"{size} bytes",
               expected=f"a body of more than {params['body_kb']} KiB")


# --- how many segments ---------------------------------------------------------------------------------------------

@points(1, claim="GVP-4", hint="Count the client's segments with data in the step `post`.")
def check_curl_sends_one_segment(shop):
    """curl sends a small POST in one segment, head and body together, like a GET."""
    for step in ("get", "post"):
        one = expect_status(shop, step, 200)
        expect(len(wire.segments(one)) == 1, done=f"curl asked by {step.upper()}", expected="one segment",
               seen=f"{len(wire.segments(one))}, of {wire.segments(one)} bytes")


@points(1, claim="GVP-4", hint="Both clients send the same bytes. How often do they call send()?")
def check_another_client_sends_two(shop, params):
    """Python's http.client sends the same POST in two segments: it writes head and body one after the other."""
    one = expect_status(shop, "http-client", 200)
    wanted = [len(one.request.head), len(fields(params))]
    expect(wire.segments(one) == wanted, done="http.client asked by POST", seen=f"{wire.segments(one)} bytes",
           expected=f"the head in one segment, the body in another: {wanted} bytes")
    body = one.connection.when(tcp.CLIENT, wanted[0])
    expect(body < one.response.time and not one.interim, done="the same", expected="nothing in between",
           seen="an interim response")


@points(1, claim="GVP-4", hint="Which header asks the server to be asked?")
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


@points(1, claim="GVP-4", hint="A segment holds 1448 bytes here. How long is the URL in `medium-url`?")
def check_a_get_may_take_several(shop):
    """A GET with a long URL takes several segments: it is bytes that make segments, and not the method."""
    one = expect_status(shop, "medium-url", 200)
    least = -(-len(one.request.head) // MSS)
    expect(one.request.method == "GET" and len(wire.segments(one)) >= least > 1, done=told(one),
           expected=f"{least} segments at least", seen=f"{len(wire.segments(one))}")


# --- your guest book -----------------------------------------------------------------------------------------------

def page(evidence, step):
    """A page of the student's, as a browser reads it."""
    return wire.Page(expect_status(evidence, f"your-{step}", 200))


def entries(params) -> list[str]:
    """What the guest book must hold in the end, in this order; the last entry is long."""
    word = params["_word"]
    return [f"{params['name']}: {params['cake']} & tea: 100% + <b>more</b>",
            f"{params['enemy']}: <script>alert('{word}')</script>",
            f"{params['friend']}: crème brûlée; \"{word}\""]


def expect_items(done, found, wanted):
    seen = [item.strip() for item in found.items]
    expect(seen == wanted, done=done, expected="; ".join(item[:60] for item in wanted),
           seen="; ".join(item[:60] for item in seen) or "no entries")


@points(1, claim="GVP-1", hint="<form method=... action=...>. Without a method, a form is sent by GET.")
def check_your_form(form):
    """Your guest book: a page in UTF-8, with a form that is sent by POST to /sign."""
    found = page(form, "front")
    expect(("post", "/sign") in found.forms and {"name", "text"} <= set(found.fields), done="the client asked for /",
           expected="a form by POST to /sign, with the fields name and text",
           seen=f"{found.forms}, {list(found.fields)}")
    kind = (only(form, "your-front").response.header("Content-Type") or "").lower().replace(" ", "")
    expect(kind == "text/html;charset=utf-8", done="the same", expected="text/html; charset=utf-8", seen=kind)


@points(3, claim="GVP-5", hint="303 leads to the page to be shown; what would a reload of a 200 repeat?")
def check_your_post_leads_to_a_get(form, params):
    """Your guest book: POST /sign writes the entry and leads (303) to /, where it is shown."""
    one = expect_status(form, "your-sign", 303)
    where = one.response.header("Location") or ""
    expect(where == "/" or where.endswith(f":{params['port']}/"), done=told(one), expected="Location: /", seen=where)
    expect_items("the client signed, and asked for /", page(form, "after-sign"), entries(params)[:1])


@points(4, claim="GVP-5", hint="html.escape, for every text of a visitor's, wherever it is put on a page.")
def check_your_text_stays_text(form, params):
    """Your guest book: what visitors write is shown as they wrote it, and is never HTML."""
    for step in ("list", "search", "search-script"):
        found = page(form, step)
        expect(not {"script", "b"} & set(found.tags), done=f"visitors had written tags (step your-{step})",
               expected="no such element on the page", seen=", ".join(sorted({"script", "b"} & set(found.tags))))
    found = [item.strip() for item in page(form, "list").items]
    for wanted in entries(params)[:2]:
        expect(wanted in found, done="the client asked for /", expected=wanted,
               seen="; ".join(found)[:300] or "nothing")


@points(2, claim="GVP-1", hint="RFC 7578. Its boundary stands in the Content-Type; the module email reads such bodies.")
def check_your_multipart(form, params):
    """Your guest book: multipart/form-data is read, too, in UTF-8."""
    expect_status(form, "your-multipart", 303)
    found = [item.strip() for item in page(form, "list").items]
    expect(entries(params)[2] in found, done="curl -F had signed", expected=entries(params)[2],
           seen="; ".join(found)[:300] or "no entries")


@points(3, claim="GVP-5", hint="RFC 9110, section 9.2.1: who follows a link has not asked for a change.")
def check_your_get_changes_nothing(form, params):
    """Your guest book: GET /sign is 405 with Allow: POST, nothing is written, and / is the same each time."""
    one = expect_status(form, "your-signed-by-get", 405)
    expect("POST" in (one.response.header("Allow") or ""), done=told(one), expected="Allow: POST",
           seen=one.response.header("Allow"))
    first, second = page(form, "list"), page(form, "list-again")
    expect("gotcha" not in "".join(first.items) and first.items and first.items == second.items,
           done="the client asked for / twice", expected="the same entries, and none that came by GET",
           seen=f"{len(first.items)} and {len(second.items)} entries")


@points(3, claim="GVP-1", hint="parse_qs undoes %C3%A8 and +. What is looked for may hold tags, as well.")
def check_your_search(form, params):
    """Your guest book: GET /search?q=... lists the entries that contain q, and none else."""
    expect_items(f"the client asked for /search?q={params['_word']}", page(form, "search"), entries(params)[1:3])
    found = page(form, "search-script")
    expect_items("the client looked for '<script> crème'", found, [])
    expect(found.fields.get("q") == "<script> crème", done="the same", expected="the words in the field q again",
           seen=found.fields.get("q"))


@points(3, claim="GVP-5", hint="400 for a form that is not filled in, 415 for what is no form.")
def check_your_refusals(form, params):
    """Your guest book: a form without text is 400, a body of another type 415; nothing is written."""
    expect_status(form, "your-no-text", 400)
    expect_status(form, "your-wrong-type", 415)
    written = [item for item in page(form, "list").items if item.strip().startswith(f"{params['enemy']}:")]
    expect(len(written) == 1, done="the client asked for /", seen=f"{len(written)}",
           expected=f"one entry of {params['enemy']}, from the request that was in order")


@points(3, claim="GVP-3", hint="A body need not say how long it is: read no further than one byte beyond the limit.")
def check_your_limit(form, params):
    """Your guest book: a body beyond the limit is 413, declared or in chunks; one that just fits is written."""
    expect_status(form, "your-too-long", 413)
    one = expect_status(form, "your-too-long-chunked", 413)
    expect(one.request.chunked and one.request.header("Content-Length") is None, done=told(one),
           expected="a body in chunks, without Content-Length", seen=one.request.headers)
    fits = expect_status(form, "your-just-fits", 303)
    expect(len(fits.request.body) == params["limit"], done=told(fits), expected=f"a body of {params['limit']} bytes",
           seen=len(fits.request.body))
    last = (page(form, "list").items or [""])[-1].strip()
    expect(last.encode() == fits.request.body.replace(b"name=", b"").replace(b"&text=", b": "),
           done="the client asked for /", expected="the long entry, the last one", seen=last[:80])


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
