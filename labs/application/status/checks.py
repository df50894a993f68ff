"""What must be true of each status: that it was sent, that it had its reason, and that another request had another one.

All is read from the client's (and the staff's) capture, the reasons from nginx's and the application's own logs.
"""

import random
import string
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

from mnlab.checks import expect, observation, points
from mnlab.protocols import http, tcp

SOON = 0.5  # s: nginx answers by itself within milliseconds; a report takes 2 s


@lru_cache(maxsize=8)
def exchanges(evidence, where) -> list[http.Exchange]:
    """All that was captured at `where`, read once for all checks."""
    return http.exchanges(evidence.frames(where))


def asked(evidence, step, where="client") -> list[http.Exchange]:
    """The exchanges that began in a step, which lasts until the next mark."""
    marks = sorted(one.start for one in evidence.timeline if one.kind == "mark")
    start = evidence.mark(step)
    end = next((mark for mark in marks if mark > start), float("inf"))
    return [one for one in exchanges(evidence, where) if start <= one.time < end]


def only(evidence, step, where="client") -> http.Exchange:
    """The one exchange of a step, answered."""
    found = asked(evidence, step, where)
    expect(found and found[0].response, done=f"{where} asked, in the step {step}", expected="a response on the wire",
           seen="none")
    return found[0]


def told(one) -> str:
    """An exchange in short, for messages."""
    answer = one.response
    said = f"{answer.status} {answer.reason}" if answer else "nothing"
    return f"{one.request.method} {one.request.target_uri}: {said}"


def expect_status(evidence, step, status, where="client") -> http.Exchange:
    one = only(evidence, step, where)
    expect(one.response.status == status, done=f"{one.request.method} {one.request.target_uri}, asked by {where}",
           expected=status, seen=f"{one.response.status} {one.response.reason}")
    return one


def expect_log(evidence, service, words):
    """The server's own reason, in its own words."""
    logged = evidence.command(service).stderr + evidence.command(service).stdout
    expect(words in logged, done=f"the log of {service} was searched", expected=f"a line with {words!r}", seen="none")


def path_of(response) -> str:
    """Where a redirect leads: the path and query of its Location, relative or not."""
    where = response.header("Location") or ""
    return "/" + where.split("://", 1)[1].partition("/")[2] if "://" in where else where


def text(params) -> str:
    """The long document, as the experiment makes it."""
    return "".join(random.Random(params["_text"]).choices(string.ascii_lowercase + " \n", k=params["size"]))


def body(one) -> str:
    return one.response.body.decode("latin-1")


# --- 1xx and 2xx ---------------------------------------------------------------------------------------------------

@observation(1, claim="STA-1", hint="Find the head of the POST, the 100, the first byte of the body, in this order.")
def check_100_asks_for_the_body(statuses, params):
    """With Expect: 100-continue the body waits until the server says 100; the final status comes after it."""
    one = expect_status(statuses, "continue", 201)
    done = "curl -H 'Expect: 100-continue' sent an upload"
    expect([interim.status for interim in one.interim] == [100], done=done, expected="100 ahead of the final status",
           seen=", ".join(str(interim.status) for interim in one.interim) or "no interim response")
    first = one.connection.when(tcp.CLIENT, len(one.request.head))
    expect(len(one.request.body) == params["upload"] and one.time < one.interim[0].time < first <= one.response.time,
           done=done, expected=f"head, 100, {params['upload']} bytes of body, final status, in this order",
           seen=f"{len(one.request.body)} bytes of body, in another order")


@observation(1, claim="STA-1", hint="What in the request makes the server send 100?")
def check_100_is_not_sent_unasked(statuses, params):
    """Without the header there is no 100, and the body follows the head at once."""
    one = expect_status(statuses, "at-once", 201)
    first = one.connection.when(tcp.CLIENT, len(one.request.head))
    expect(not one.interim and first - one.time < 2 * params["delay"] / 1e3, done="curl sent the same without it",
           expected="no 100, and the body within a fraction of a round trip",
           seen=f"{len(one.interim)} interim responses, the body after {1e3 * (first - one.time):.1f} ms")


@observation(1, claim="STA-2", hint="Compare the body with its Content-Length.")
def check_200_brings_the_document(statuses, params):
    """200 brings the whole document, as long as Content-Length says."""
    one = expect_status(statuses, "page", 200)
    expect(body(one) == text(params) and one.response.header("Content-Length") == str(params["size"]), done=told(one),
           expected=f"the document, {params['size']} bytes", seen=f"{len(one.response.body)} bytes")


@observation(1, claim="STA-3", hint="Content-Range: bytes FIRST-LAST/WHOLE. Both ends are included.")
def check_206_brings_a_part(statuses, params):
    """A request with Range is answered 206, with the bytes asked for and where they belong."""
    one, first, last = expect_status(statuses, "part", 206), params["first"], params["last"]
    expect(one.response.header("Content-Range") == f"bytes {first}-{last}/{params['size']}", done=told(one),
           expected=f"Content-Range: bytes {first}-{last}/{params['size']}", seen=one.response.header("Content-Range"))
    expect(body(one) == text(params)[first:last + 1], done=told(one), expected="just these bytes of the document",
           seen=f"{len(one.response.body)} bytes")


@observation(1, claim="STA-3", hint="What can a server send of a part that does not exist?")
def check_a_part_beyond_the_end(statuses, params):
    """A range beyond the end is answered 416, with the length that there is."""
    one = expect_status(statuses, "beyond", 416)
    expect(one.response.header("Content-Range") == f"bytes */{params['size']}", done=told(one),
           expected=f"Content-Range: bytes */{params['size']}", seen=one.response.header("Content-Range"))


# --- 3xx -----------------------------------------------------------------------------------------------------------

def ways(statuses, step) -> list[str]:
    """What was asked for in a step, with the status."""
    return [f"{one.request.target_uri} {one.response.status}" for one in asked(statuses, step) if one.response]


def expect_ways(statuses, step, wanted, done):
    expect(ways(statuses, step) == wanted, done=done, expected=", ".join(wanted),
           seen=", ".join(ways(statuses, step)) or "nothing")


@observation(1, claim=("STA-4", "STA-5"), hint="Read the Location of each. What follows in the capture?")
def check_redirects_are_followed(statuses):
    """301 for a folder without its slash, 302 for the latest news: each names a place, and the client goes there."""
    expect_ways(statuses, "first-visit", ["/archive 301", "/archive/ 200", "/latest 302", "/news/1 200"],
                "a client went to /archive and to /latest")
    found = asked(statuses, "first-visit")
    expect([path_of(one.response) for one in found if one.response.status < 400 and one.response.status >= 300]
           == ["/archive/", "/news/1"], done="the same", expected="Location: /archive/ and /news/1",
           seen=", ".join(str(one.response.header("Location")) for one in found))


@observation(1, claim="STA-4", hint="RFC 9110, section 15.1: which statuses may a cache keep unasked?")
def check_301_is_remembered(statuses):
    """The next time the client goes to the new place at once: 301 may be kept without being told so."""
    found = [way for way in ways(statuses, "second-visit") if way.startswith("/archive")]
    expect(found == ["/archive/ 200"], done="the client that remembers went to /archive again",
           expected="/archive/ asked for, and not /archive", seen=", ".join(found) or "nothing")


@observation(1, claim="STA-5", hint="The news had gone on meanwhile. Which request told the client so?")
def check_302_is_asked_for_again(statuses):
    """The next time the client asks the old place again after a 302, and is led to another one."""
    found = [way for way in ways(statuses, "second-visit") if not way.startswith("/archive")]
    expect(found == ["/latest 302", "/news/2 200"],
           done="an edition was published, and the client that remembers went to /latest again",
           expected="/latest asked for again, then /news/2", seen=", ".join(found) or "nothing")


@observation(1, claim=("STA-4", "STA-5"), hint="May be remembered does not mean must be.")
def check_curl_remembers_neither(statuses):
    """curl has no memory: it asks the old place each time, after 301 as after 302."""
    expect_ways(statuses, "follows", ["/archive 301", "/archive/ 200", "/latest 302", "/news/1 200"] * 2,
                "curl -L went to /archive and /latest, and then to both again")


@observation(1, claim="STA-4", hint="Who could tell the client that remembers? It does not ask any more.")
def check_301_cannot_be_taken_back(statuses):
    """There is a page at the old place again: newcomers get it, the client that remembers the 301 gets 404."""
    done = "/archive became a page, and /archive/ went away"
    expect_ways(statuses, "stranger-visits", ["/archive 200"], done)
    expect_ways(statuses, "third-visit", ["/archive/ 404"], done)


@observation(1, claim="STA-11", hint="Compare the methods of the requests that follow 301 and 308.")
def check_301_makes_a_get_of_a_post(statuses):
    """After 301 curl turns POST into GET (and gets 405); after 308 it sends the POST again, with its body."""
    found = asked(statuses, "moved-post")
    seen = [told(one) for one in found]
    expect([(one.request.method, one.request.target_uri, one.response.status) for one in found if one.response] == [
        ("POST", "/v1/upload", 301), ("GET", "/upload", 405), ("POST", "/v2/upload", 308), ("POST", "/upload", 201)],
           done="curl -L -d sent a note to /v1/upload (301) and to /v2/upload (308)",
           expected="301, GET, 405; then 308, POST, 201", seen="; ".join(seen))
    expect(found[3].request.body == b"note=1", done="the same", expected="the body once more",
           seen=found[3].request.body)


# --- 4xx -----------------------------------------------------------------------------------------------------------

@observation(1, claim="STA-6", hint="Read nginx's own words in scenes/statuses/output/nginx.err.")
def check_400_for_a_malformed_request(statuses):
    """Without Host, or with "HTTP1.1" for a version, a request is no request: nginx says 400 and closes."""
    for step, words in (("no-host", "without \"Host\" header"), ("no-version", "client sent invalid request")):
        one = expect_status(statuses, step, 400)
        expect(one.response.header("Connection") == "close", done=one.request.start_line, expected="Connection: close",
               seen=one.response.header("Connection"))
        expect_log(statuses, "nginx", words)


@observation(1, claim="STA-6", hint="Who answered? The application's log is scenes/statuses/output/app.out.")
def check_400_by_the_application(statuses, params):
    """A well-formed request that makes no sense: the application says 400, and 200 to one that does."""
    expect_status(statuses, "no-number", 400)
    expect_log(statuses, "app", 'GET /ratio?a=ten&b=2 HTTP/1.0" 400')
    one = expect_status(statuses, "ratio", 200)
    expect(body(one).strip() == f"{params['a'] / params['b']:.3f}", done=told(one),
           expected=f"{params['a'] / params['b']:.3f}", seen=body(one))


@observation(1, claim="STA-7", hint="The file is there. Who may read it, and as whom does nginx run?")
def check_403_for_a_file_that_may_not_be_read(statuses):
    """The file exists, but the kernel does not let nginx's worker read it: 403."""
    expect_status(statuses, "secret", 403)
    expect_log(statuses, "nginx", 'secret.txt" failed (13: Permission denied)')


@observation(1, claim="STA-8", hint="One letter differs from a page that is there.")
def check_404_for_what_is_not_there(statuses):
    """No such file: 404; the connection and the server are fine."""
    expect_status(statuses, "missing", 404)
    expect_log(statuses, "nginx", 'long.text" failed (2: No such file or directory)')
    expect_status(statuses, "page", 200)


# --- 5xx -----------------------------------------------------------------------------------------------------------

@observation(1, claim="STA-9", hint="The traceback is in scenes/statuses/output/app.err. Does the client learn of it?")
def check_500_for_a_crash(statuses, params):
    """The application divides by zero: 500. The same request with another number is fine before and after."""
    one = expect_status(statuses, "by-zero", 500)
    expect_log(statuses, "app", "ZeroDivisionError")
    expect("ZeroDivisionError" not in body(one), done=told(one), expected="no word of the reason", seen=body(one))
    for step in ("ratio", "ratio-again"):
        expect_status(statuses, step, 200)


@observation(1, claim="STA-10", hint="How many reports are made at a time? How long did the 503 take?")
def check_503_when_busy(statuses):
    """One report is at work: whoever asks meanwhile hears 503 at once. Later the same request is answered."""
    working = expect_status(statuses, "busy", 200, "staff")
    one = expect_status(statuses, "busy", 503)
    expect(working.time < one.time < one.response.end < working.response.time, done="two clients asked for a report",
           expected="the 503 while the other's report is at work", seen="another order")
    expect(one.response.end - one.time < SOON, done=told(one), expected="at once",
           seen=f"after {one.response.end - one.time:.1f} s")
    expect((one.response.header("Retry-After") or "").isdigit(), done=told(one), expected="Retry-After, in seconds",
           seen=one.response.header("Retry-After"))
    expect_log(statuses, "nginx", 'limiting connections by zone "reports"')
    expect_status(statuses, "busy-again", 200)


@observation(1, claim="STA-12", hint="nginx asks the application. What if nobody is there, or nobody answers in time?")
def check_502_and_504(statuses):
    """An application that does not run makes 502, one that takes too long 504: neither is 500 or 503."""
    expect_status(statuses, "stopped", 502)
    expect_log(statuses, "nginx", "connect() failed (111: Connection refused)")
    one = expect_status(statuses, "impatient", 504)
    expect_log(statuses, "nginx", "upstream timed out")
    expect(one.response.end - one.time >= 1, done=told(one), expected="after proxy_read_timeout, 1 s",
           seen=f"after {one.response.end - one.time:.2f} s")


# --- your server ---------------------------------------------------------------------------------------------------

def expect_redirect(yours, params, step, statuses, target) -> None:
    """In a step, the status is one of these, and Location leads there, at the same server."""
    one = only(yours, step)
    done = f"{one.request.method} {one.request.target_uri}"
    expect(one.response.status in statuses, done=done, expected=" or ".join(map(str, statuses)),
           seen=f"{one.response.status} {one.response.reason}")
    here = f"http://{yours.ip('server')}:{params['port']}"
    where = one.response.header("Location")
    try:
        led = urljoin(here + one.request.target_uri, where or "")
        urlsplit(led)
    except ValueError:
        led = ""
    expect(where and led == here + target, done=done, expected=f"Location: {target}", seen=f"Location: {where}")


def expect_words(yours, step, status, words, where="client") -> http.Exchange:
    """In a step, this status, and these words in the body."""
    one = expect_status(yours, step, status, where)
    expect(words in body(one), done=told(one), expected=f"a body with {words!r}", seen=body(one)[:200])
    return one


@points(1, claim="STA-2", hint="Every file of site/ has its path.")
def check_your_pages(yours, params):
    """Your server: the guide, and the news of another day (200)."""
    expect_words(yours, "page", 200, params["token"])
    for step in ("news", "news-today"):
        day = only(yours, step).request.target_uri.removeprefix("/news/").removesuffix(".txt")
        expect_words(yours, step, 200, f"The news of {day}")


@points(2, claim="STA-3", hint="nginx serves parts of files by itself, unless it is told not to.")
def check_your_parts(yours, params):
    """Your server: parts of a file are 206, from the beginning and from the end, one or two of them."""
    whole, first = only(yours, "page").response.body, params["page"]
    for step, wanted in (("part", whole[first:first + 10]), ("last-part", whole[-10:]), ("news-part", b"news")):
        one = expect_status(yours, step, 206)
        expect(one.response.body == wanted, done=f"{told(one)}, Range: {one.request.header('Range')}",
               expected=f"these bytes: {wanted!r}", seen=one.response.body[:100])
    two = expect_status(yours, "two-parts", 206)
    expect(whole[:5] in two.response.body and whole[10:15] in two.response.body and len(two.response.body) < 1000,
           done=f"{told(two)}, Range: {two.request.header('Range')}", expected=f"{whole[:5]!r} and {whole[10:15]!r}",
           seen=two.response.body[:200])


@points(3, claim="STA-4", hint="`rewrite ... permanent`, or `return` with what stood behind it. And the query?")
def check_your_area_has_moved(yours, params):
    """Your server: the old area leads for good to the same page of the new one, query and all."""
    old = f"/{params['old_area']}/"
    for step in ("moved", "moved-bare", "moved-unknown", "moved-odd", "moved-below", "moved-short"):
        expect_redirect(yours, params, step, (301, 308),
                        "/news/" + only(yours, step).request.target_uri.removeprefix(old))


@points(2, claim="STA-5", hint="Which statuses must a client not remember?")
def check_your_today(yours, params):
    """Your server: /today leads, for now, to the news of the day."""
    expect_redirect(yours, params, "today", (302, 303, 307), f"/news/{params['day']}.txt")


@points(3, claim="STA-7", hint="allow and deny: nginx takes the first that fits.")
def check_your_staff_only(yours, params):
    """Your server: the staff's plan for the staff's host; 403 for everybody else, whatever they ask for there."""
    expect_words(yours, "staff-at-staff", 200, params["token"], "staff")
    for step in ("client-at-staff", "client-guesses", "client-below", "client-looks", "client-pretends",
                 "neighbour-21", "neighbour-120"):
        one = expect_status(yours, step, 403)
        expect("The plan" not in body(one), done=told(one), expected="nothing of the plan", seen=body(one)[:200])
    for end in (".21", ".120"):
        source = only(yours, f"neighbour-{end[1:]}").request.source.ip
        expect(source.endswith(end), done="a neighbour of the staff's asked", expected=f"an address that ends in {end}",
               seen=source)


@points(3, claim="STA-8", hint="error_page may change the status, too, and redirect. Yours shall do neither.")
def check_your_not_found(yours, params):
    """Your server: what is not there is 404, with your own page, wherever it is not."""
    page = f"There is no such page at the company of {params['token']}"
    for step in ("missing", "missing-area", "missing-below", "missing-front", "missing-day", "missing-app",
                 "missing-capitals", "missing-Today"):
        expect_words(yours, step, 404, page)
    expect_words(yours, "missing-for-staff", 404, page, "staff")


@points(3, claim=("STA-6", "STA-9"), hint="What the application says is the answer. Its paths do not begin with /app/.")
def check_your_application_is_heard(yours, params):
    """Your server: below /app/ the application's 200, 302, 400, 404, 405 and 500 come through as they are."""
    expect_words(yours, "ratio", 200, f"{params['a'] / params['b']:.3f}")
    expect_words(yours, "edition", 200, "edition 1")
    expect_words(yours, "no-number", 400, "whole numbers")
    expect_words(yours, "app-missing", 404, "no such page\n")
    refusal = expect_words(yours, "app-refuses", 405, "POST something")
    expect(refusal.response.header("Allow") == "POST", done=told(refusal), expected="Allow: POST, as it says",
           seen=refusal.response.header("Allow"))
    for step, edition in (("app-leads", 1), ("app-leads-on", 2)):
        one = expect_status(yours, step, 302)
        expect(one.response.header("Location") == f"/news/{edition}", done=f"{told(one)} (step {step})",
               expected=f"Location: /news/{edition}, as it says", seen=one.response.header("Location"))
    one = expect_words(yours, "by-zero", 500, "Internal Server Error")
    expect("nginx" not in body(one), done=told(one), expected="the application's words, not nginx's",
           seen=body(one)[:200])
    expect_log(yours, "app", "ZeroDivisionError")


@points(3, claim="STA-1", hint="client_max_body_size. nginx looks at Content-Length before it asks for the body.")
def check_your_uploads(yours, params):
    """Your server: an upload up to the limit is asked for (100) and taken; one beyond it is refused unseen (413)."""
    size = params["upload_kb"] * 1024
    for step in ("upload", "full"):
        one = expect_words(yours, step, 201, " bytes")
        expect([interim.status for interim in one.interim] == [100] and len(one.request.body) <= size
               and body(one) == f"{len(one.request.body)} bytes\n", done=told(one),
               expected=f"100, then 201 and {len(one.request.body)} bytes", seen=body(one)[:200])
    for step in ("too-much", "far-too-much"):
        big = expect_status(yours, step, 413)
        expect(not big.interim and not big.request.body and int(big.request.header("Content-Length") or 0) > size,
               done=told(big), expected="no 100, and not a byte of the body sent",
               seen=f"{len(big.interim)} interim responses, {len(big.request.body)} bytes")


@points(4, claim="STA-10", hint="limit_conn_zone and limit_conn, for this one place. Which key is the same for all?")
def check_your_busy_server(yours):
    """Your server: one report at a time, whoever asks; 503 at once meanwhile, 200 afterwards; nothing else waits."""
    expect_crowd("busy", expect_status(yours, "busy", 200, "staff"), expect_status(yours, "busy", 503))
    expect_status(yours, "busy-again", 200)
    working = expect_status(yours, "turned", 200)
    for step in ("turned", "posted", "still-turned"):
        expect_crowd(step, working, expect_status(yours, step, 503, "staff"))
    meanwhile = [one for one in asked(yours, "turned") if not one.request.target_uri.startswith("/app/report")]
    expect(len(meanwhile) == 2 and all(one.response and one.response.status == 200 for one in meanwhile),
           done="while a report was at work, the client asked for other things", expected="200, twice",
           seen="; ".join(map(told, meanwhile)))


def expect_crowd(step, working, other) -> None:
    """A report is at work, and somebody else is refused at once."""
    expect(other.response.end < working.response.time and other.response.end - other.time < SOON,
           done=f"two clients asked for a report ({step})", expected="the 503 at once, while the other's is at work",
           seen=f"after {other.response.end - other.time:.1f} s")


# --- your answers --------------------------------------------------------------------------------------------------

def right(key, given, found, done):
    expect(given == found, done=done, expected=f"another {key}", seen=f"{given}")


@points(2, claim=("STA-6", "STA-7", "STA-8", "STA-9", "STA-12"), hint="Whose fault is it, client's or server's?")
def check_answer_statuses(answers, statuses):
    """Which status each fault has."""
    for step in ("secret", "missing", "no-host", "by-zero", "stopped", "impatient"):
        key = "status_" + step.replace("-", "_")
        right(key, answers.integer(key), only(statuses, step).response.status, f"the step {step}")


@points(1, claim="STA-3", hint="Both ends of a range are included.")
def check_answer_part(answers, statuses):
    """How long the part is."""
    right("part_bytes", answers.integer("part_bytes"), len(only(statuses, "part").response.body), "the step part")


@points(2, claim=("STA-4", "STA-5"), hint="Count requests, not visits.")
def check_answer_visits(answers, statuses):
    """How many requests the second visit takes, with a memory and without."""
    right("requests_remembering", answers.integer("requests_remembering"), len(asked(statuses, "second-visit")),
          "the client that remembers went to /archive and /latest for the second time")
    found = asked(statuses, "follows")
    right("requests_curl", answers.integer("requests_curl"), len(found) - len(found) // 2,
          "curl went to /archive and /latest for the second time")


@points(1, claim="STA-11", hint="RFC 9110, sections 15.4.2 and 15.4.9.")
def check_answer_methods(answers, statuses):
    """Which method follows a POST after 301 and after 308."""
    found = asked(statuses, "moved-post")
    expect(len(found) == 4, done="curl sent notes", expected="four requests", seen=len(found))
    for key, one in (("method_after_301", found[1]), ("method_after_308", found[3])):
        right(key, answers.text(key).upper(), one.request.method, "the step moved-post")


@points(1, claim="STA-1", hint="The body waits for the 100: one round trip, from the client to the server and back.")
def check_answer_waiting(answers, statuses, params):
    """How long the body waits for the 100: as the path has it, or (on a busy computer a little more) as measured."""
    one = only(statuses, "continue")
    found = 1e3 * (one.connection.when(tcp.CLIENT, len(one.request.head)) - one.time)
    given = answers.number("wait_ms")
    expect(0.9 * 4 * params["delay"] <= given <= 1.1 * found, done="the time from the head to the body was measured",
           expected="another wait_ms (10 % off is fine)", seen=f"{given:g}")
