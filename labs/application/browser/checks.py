"""What must be true of a page that is loaded: the order on the wire; then the student's site, and answers.

What is measured in milliseconds is a sum of round trips that the links' delays make; 5 % (answers, compared with the
same capture) and 20 % and 50 ms (a budget) leave room for a busy computer in real time.
"""

import re
from pathlib import Path
from urllib.parse import urlsplit

from mnlab.checks import expect, near, observation, points, same
from mnlab.evidence.record import Missing
from mnlab.lab.lab import load
from mnlab.protocols import http, tcp

read = load(Path(__file__).with_name("reading.py"))
experiment = load(Path(__file__).with_name("experiment.py"))

FULL = 60  # of the screen's 100 columns: a line that is full, whatever margins it has, reaches further
CONNECTIONS = 3  # for the student's site: the page, what is its own, what is the ticker's
SLACK, FIXED = 1.2, 0.05  # a factor and s: what servers compute, and what delays add on a busy computer
CLOSE = 0.05  # a share, for times in answers


def pages(evidence):
    """Each browser's load of the page, and the words for it in failures."""
    return [(seen, f"{seen.name} was given {seen.url}") for seen in read.loads(evidence)]


def said(exchange: http.Exchange) -> str:
    answer = exchange.response
    return f"{exchange.request.start_line}: {answer.status if answer else 'no answer'}"


def listed(seen) -> str:
    return "; ".join(said(one) for one in seen.exchanges)[:300] or "no requests"


# --- the order on the wire ---

@observation(1, claim="BRW-1", hint="The first packets of all go to port 53.")
def check_the_name_is_asked_first(evidence):
    """First of all the browser asks DNS for the name in the URL; no SYN leaves before the answer has come."""
    for seen, done in pages(evidence):
        host = urlsplit(seen.url).hostname
        found = [one for one in seen.lookups(host) if one.response and one.response.kind == "answer"]
        expect(found, done=done, expected=f"a question about {host}, and an answer",
               seen=f"{len(seen.lookups(host))} questions, none answered")
        first = read.syn(seen.connections[0])
        expect(found[0].response.time <= first, done=done, expected="the answer ahead of the first SYN",
               seen=f"the SYN {found[0].response.time - first:.3f} s ahead of the answer")


@observation(1, claim="BRW-1", hint="Compare the address in the answer with the one in the SYN.")
def check_connections_go_to_the_answer(evidence):
    """Each connection goes to an address that DNS gave for the name in its request, on port 80: the URL has none."""
    for seen, done in pages(evidence):
        for one in seen.exchanges:
            host, target = one.request.header("Host"), one.connection.server
            known = {address for question in seen.lookups(host) if question.response and
                     question.response.time <= one.connection.time for address in question.addresses}
            expect(target.ip in known and target.port == 80, done=done,
                   expected=f"a connection to an address of {host}: {', '.join(known) or 'none was given yet'}",
                   seen=f"one to {target}")


@observation(1, claim="BRW-1", hint="Which segment carries the request, counted from the SYN?")
def check_the_request_comes_after_the_handshake(evidence):
    """Each request follows the three segments of TCP's handshake, and each response follows its request."""
    for seen, done in pages(evidence):
        for one in seen.exchanges:
            shake = one.connection.handshake
            expect(shake and shake.ack.time <= one.request.time, done=done,
                   expected=f"SYN, SYN+ACK, ACK ahead of {one.request.start_line}",
                   seen="no handshake" if not shake else "a request that came earlier")
            expect(one.response and one.response.complete and one.response.time >= one.request.end, done=done,
                   expected=f"a whole response after {one.request.start_line}", seen=said(one))


@observation(1, claim="BRW-1", hint="What does 301 make a browser do, and at what cost?")
def check_a_redirect_starts_it_over(evidence, params):
    """The URL that was typed answers 301: the browser goes to the Location by itself, with a request of its own."""
    for seen, done in pages(evidence):
        first, page = seen.exchanges[0], seen.page
        expect(first.response and first.response.status == 301 and first.request.target_uri == "/", done=done,
               expected="GET / and 301", seen=listed(seen))
        location = first.response.header("Location")
        expect(page and location == read.asked(page) and page.request.time >= first.response.end, done=done,
               expected=f"a request for {location} after that", seen=listed(seen))


@observation(1, claim="BRW-1", hint="The page has to be read before anybody knows that there are frames.")
def check_resources_follow_the_page(evidence):
    """The frames are asked for after the page that names them has come, each once, with the page as Referer."""
    for seen, done in pages(evidence):
        expect(len(seen.frames) >= 3, done=done, expected="a page with frames", seen=listed(seen))
        for url in seen.frames:
            found = seen.of(url)
            expect(len(found) == 1 and found[0].request.time >= seen.page.response.end, done=done,
                   expected=f"one request for {url}, after the page", seen=f"{len(found)} requests: {listed(seen)}")
            referer = found[0].request.header("Referer") or ""
            # To another host only the origin is named (W3C Referrer Policy, strict-origin-when-cross-origin).
            page = read.asked(seen.page)
            right = page if urlsplit(url).netloc == urlsplit(page).netloc else f"http://{urlsplit(page).netloc}/"
            expect(referer == right, done=done, expected=f"Referer: {right}", seen=referer or "no Referer")
        if seen.name == "w3m":
            images = [url for url in seen.resources if url not in seen.frames]
            expect(images and not any(seen.of(url) for url in images), done=done,
                   expected="no request for pictures, styles, scripts: w3m shows text", seen=listed(seen))
        else:
            expect(not read.not_loaded(seen), done=done, expected="a request for all that the page names",
                   seen=f"none for {', '.join(read.not_loaded(seen))}")


@observation(1, claim="BRW-1", hint="One of the frames lives on another host. What comes before its SYN?")
def check_another_host_costs_a_lookup(evidence, params):
    """A frame on another host costs a lookup and a connection of its own, and neither can begin before the page."""
    host = f"media.{params['domain']}"
    for seen, done in pages(evidence):
        abroad = [url for url in seen.frames if urlsplit(url).hostname == host]
        expect(abroad and seen.of(abroad[0]), done=done, expected=f"a request to {host}", seen=listed(seen))
        asked, got = seen.lookups(host), seen.of(abroad[0])[0]
        expect(asked and seen.page.response.end <= asked[0].time and asked[0].response.time <= got.connection.time,
               done=done, expected=f"the page, then a question about {host}, its answer, then a SYN",
               seen=f"{len(asked)} questions about {host}")


@observation(1, claim="BRW-1", hint="Connection: close, or keep-alive? Who sends the first FIN, and when?")
def check_close_or_keep(evidence):
    """w3m speaks HTTP/1.0: a connection for each request, and the server closes it. Chromium keeps what it has open."""
    for seen, done in pages(evidence):
        per_connection = [len(http.of_connection(one)) for one in seen.connections]
        if seen.name == "chromium":
            kept = [one for one in seen.connections if not one.fins or
                    min(fin.time for fin in one.fins.values()) >= seen.page.response.end]
            expect(max(per_connection) > 1 or kept, done=done, expected="connections that are kept",
                   seen=f"requests on each connection: {per_connection}")
            continue
        versions = {one.request.version for one in seen.exchanges}
        expect(versions == {"HTTP/1.0"} and set(per_connection) == {1}, done=done,
               expected="HTTP/1.0, one request on each connection", seen=f"{versions}, {per_connection}")
        for one, after in zip(seen.connections, [*seen.connections[1:], None]):
            if one not in read.read_to_the_end(seen):
                continue
            expect(one.closed_first == tcp.SERVER, done=done, expected="the server closes first",
                   seen=f"the {one.closed_first or 'nobody'} did")
            fin = one.fins[tcp.SERVER].time
            expect(after is None or fin <= read.syn(after), done=done, expected="the next SYN after the server's FIN",
                   seen=f"it came {fin - read.syn(after):.3f} s earlier" if after else "")


@observation(1, claim="BRW-1", hint="scenes/loads/output/w3m.out is what one would see on the screen.")
def check_the_page_is_shown_last(evidence, params):
    """The page is shown when all its frames have come: their text, laid out, and none of their tags."""
    for seen, done in pages(evidence):
        frames = [seen.of(url)[0] for url in seen.frames if seen.of(url)]
        expect(len(frames) >= 3 and all(one.response for one in frames), done=done, expected="all frames",
               seen=listed(seen))
        expect(max(one.response.end for one in frames) <= seen.command.end, done=done,
               expected="the browser is done after the last byte", seen="it was done before")
        if seen.name == "chromium":
            expect("<frameset" in seen.command.stdout, done=done, expected="the document as Chromium understood it",
                   seen=seen.command.stdout[:80])
            continue
        texts = [*params["page"]["frames"].values(), ticker(seen)]
        missing = [text for text in texts if text not in flat(seen.command.stdout)]
        expect(not missing and "<" not in seen.command.stdout, done=done, expected=f"{'; '.join(texts)}, and no tags",
               seen=flat(seen.command.stdout)[:200] or "nothing")


def flat(text: str) -> str:
    """Text with its spaces and line breaks made single spaces."""
    return " ".join(text.split())


def whole(found: re.Match) -> bool:
    """Whether a sentence is on one line of the screen, or goes on in a second one because the first is full."""
    first, *rest = found[0].split("\n")
    line = found.string[:found.start()].rpartition("\n")[2] + first
    return not rest or len(rest) == 1 and len(f"{line.rstrip()} {rest[0].split()[0]}") > FULL


def ticker(seen) -> str:
    """The news that the ticker gave."""
    found = read.TICKER.search(b" ".join(one.response.body for one in seen.exchanges if one.response))
    return found[0].decode() if found else "ticker ..."


# --- your site ---

VISITS = ("visit", "visit-again")


def visit(evidence, name):
    """What w3m did on the student's site, and what it showed."""
    try:
        return read.load(evidence, name), flat(evidence.command(name).stdout)
    except Missing:
        expect(False, done=evidence.command(name).line, expected="a connection to your server",
               seen=evidence.command(name).stderr.strip()[:200] or "none")


def expect_most(evidence, params, seen, shown) -> None:
    """That there is something to be quick with: most of the sentences, and a ticker that was asked."""
    there = sum(params[f"piece_{number}"] in shown for number in range(1, 5))
    expect(there >= 3 and read.told_by_media(evidence, seen), done=seen.command.line,
           expected="at least three sentences, and a question to the ticker", seen=shown[:300] or "nothing")


@points(1, claim="BRW-1", hint="scenes/loads/output/visit.out is what your visitor sees.")
def check_your_site_shows_everything(evidence, params):
    """Your site shows the four sentences, in each of two visits."""
    for name in VISITS:
        seen, shown = visit(evidence, name)
        for number in range(1, 5):
            sentence = params[f"piece_{number}"]
            found = re.search(r"\s+".join(map(re.escape, sentence.split())), seen.command.stdout)
            expect(found and whole(found), done=f"{seen.command.line} ({name})",
                   expected=f"{sentence!r} on the screen, in one piece",
                   seen=f"{found[0]!r}, in pieces" if found else shown[:300] or "nothing")


@points(1, claim="BRW-1", hint="What the ticker says is new each time: it has to be asked for while the page loads.")
def check_your_site_shows_the_ticker(evidence):
    """Your site shows what the ticker says at that moment, in each of two visits."""
    for name in VISITS:
        seen, shown = visit(evidence, name)
        words = read.told_by_media(evidence, seen)
        expect(any(word in shown for word in words), done=f"{seen.command.line} ({name})",
               expected=f"on the screen what media said in this visit: {', '.join(sorted(words)) or 'nothing'}",
               seen=shown[:300] or "nothing")


@points(2, claim="BRW-1", hint="nginx redirects for two reasons here: because it is told to, and for a missing slash.")
def check_your_site_needs_no_redirect(evidence):
    """Your site's page is where the URL says: the first answer is 200, and no other sends anybody elsewhere."""
    for name in VISITS:
        seen, _ = visit(evidence, name)
        answers = [one.response.status if one.response else None for one in seen.exchanges]
        away = [status for status in answers if status is None or 300 <= status < 400]
        expect(answers[:1] == [200] and not away, done=f"{seen.command.line} ({name})", seen=listed(seen),
               expected="200, and no redirect")


@points(3, claim="BRW-1", hint="A frame costs a connection. What is your own need not come in four of them.")
def check_your_site_needs_few_connections(evidence, params):
    """Your whole site takes at most three connections, in each of two visits."""
    for name in VISITS:
        seen, shown = visit(evidence, name)
        expect_most(evidence, params, seen, shown)
        expect(len(seen.connections) <= CONNECTIONS, done=f"{seen.command.line} ({name})",
               expected=f"at most {CONNECTIONS} connections", seen=f"{len(seen.connections)}: {listed(seen)}")


@points(3, claim="BRW-1", hint="Add it up: a round trip to dns for each connection, two to its server.")
def check_your_site_is_quick(evidence, params):
    """Your site is there in the time of three lookups, two documents of your own, and the ticker's."""
    rtt = {host: 2 * params[f"delay_{host}"] / 1000 for host in ("dns", "shop", "media")}
    budget = SLACK * (3 * rtt["dns"] + 4 * rtt["shop"] + 2 * rtt["media"]) + FIXED
    for name in VISITS:
        seen, shown = visit(evidence, name)
        expect_most(evidence, params, seen, shown)
        took = read.waited(seen)
        expect(took <= budget, done=f"{seen.command.line} ({name})",
               expected=f"w3m waits for the network for {budget * 1000:.0f} ms at most, all in all",
               seen=f"{took * 1000:.0f} ms")


# --- your answers ---

@points(4, claim="BRW-1", hint="A frame is known when the page has been read, a host when its name has been answered.")
def check_answer_order(evidence, answers):
    """You put the events of your own trace in order."""
    right = read.order(evidence, experiment.EVENTS)
    given = [str(letter).lower() for letter in answers.items("order")]
    expect(sorted(given) == sorted(right), done="answers.toml: order",
           expected=f"each letter of {''.join(sorted(right))} once", seen=given)
    wrong = next((place for place, pair in enumerate(zip(given, right, strict=True), start=1) if pair[0] != pair[1]), 0)
    expect(not wrong, done="answers.toml: order", expected="the order of your own trace",
           seen=f"{given}, wrong from place {wrong} on")


@points(2, claim="BRW-1", hint="In Wireshark: dns.flags.response == 0; tcp.flags.syn == 1 && tcp.flags.ack == 0.")
def check_answers_counts(evidence, answers):
    """Your answers on how much went over the wire."""
    seen = read.load(evidence, "w3m")
    same(answers.integer("questions"), len(seen.questions), "questions")
    same(answers.integer("connections"), len(seen.connections), "connections")
    one = next(iter(read.read_to_the_end(seen)), seen.connections[0])
    same(answers.choice("closes_first", ("client", "server")), one.closed_first, "closes_first")


@points(2, claim="BRW-1", hint="Measure from the first packet to DNS. A and AAAA are asked at once.")
def check_answers_times(evidence, answers):
    """Your answers on how long it took, and what for."""
    seen = read.load(evidence, "w3m")
    near(answers.number("ms_page"), read.first_byte(seen) * 1000, "ms_page", CLOSE)
    near(answers.number("ms_dns"), read.waited_for_dns(seen) * 1000, "ms_dns", CLOSE)
    near(answers.number("ms_all"), read.loaded(seen) * 1000, "ms_all", CLOSE)


@points(2, claim="BRW-1", hint="Follow, HTTP Stream; compare what the documents name with what was asked for.")
def check_answers_requests(evidence, answers, params):
    """Your answers on what was asked for, and with which words."""
    seen = read.load(evidence, "w3m")
    same(sorted(str(name) for name in answers.items("not_loaded")), read.not_loaded(seen), "not_loaded")
    frames = [seen.of(url)[0] for url in seen.frames if seen.of(url)]
    abroad = [one for one in frames if one.connection.server.ip == params["media"]]
    expect(abroad, done=seen.command.line, expected="a request to media", seen=listed(seen))
    same(answers.text("referer_www"), frames[0].request.header("Referer"), "referer_www")
    same(answers.text("referer_media"), abroad[0].request.header("Referer"), "referer_media")
    same(answers.text("host_media").lower(), abroad[0].request.header("Host"), "host_media")
