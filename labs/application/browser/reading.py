"""Reading the browser lab's evidence: what one page cost on the wire, and in which order."""

import re
from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from mnlab.checks import expect
from mnlab.evidence.record import Missing
from mnlab.protocols import dns, http, tcp

SETTLE = 0.4  # s after a browser ended, in which connections still close; the experiment waits longer
TICKER = re.compile(rb"ticker [0-9a-f]{32}")
#: Tag -> the attribute that names a resource of the page's own.
RESOURCES = {"frame": "src", "iframe": "src", "img": "src", "script": "src", "link": "href"}


@dataclass(frozen=True)
class Load:
    """A page that a browser loaded: its command, and what went over the wire meanwhile."""

    command: object
    url: str
    questions: list[dns.Transaction]
    connections: list[tcp.Connection]
    exchanges: list[http.Exchange]

    @property
    def name(self) -> str:
        return self.command.name

    @property
    def page(self) -> http.Exchange | None:
        """The exchange that brought the page itself: the first with an answer that sends nobody elsewhere."""
        return next((one for one in self.exchanges if one.response and one.response.status == 200), None)

    @property
    def resources(self) -> list[str]:
        """URLs of all that the page and its frames name, in the order in which they name them."""
        found = []
        for one in self.exchanges:
            if one.response and (one.response.header("Content-Type") or "").startswith("text/html"):
                found += [urljoin(asked(one), url) for _, url in named(one.response.body)]
        return list(dict.fromkeys(found))

    @property
    def frames(self) -> list[str]:
        """URLs of the page's frames."""
        page = self.page
        return [urljoin(asked(page), url) for tag, url in named(page.response.body) if tag == "frame"] if page else []

    def of(self, url: str) -> list[http.Exchange]:
        """The exchanges about a URL."""
        return [one for one in self.exchanges if asked(one) == url]

    def lookups(self, host: str, kind: str = "A") -> list[dns.Transaction]:
        return [one for one in self.questions if one.name.lower() == host and one.type == kind]


def told_by_media(evidence, seen: Load) -> set[str]:
    """The ticker's words that left media during a visit, whoever asked for them: the browser, or the site itself."""
    media = [one for one in tcp.connections(evidence.frames("media"))
             if seen.command.start <= one.time <= seen.command.end]
    return {word.decode() for one in media for word in TICKER.findall(one.stream(tcp.SERVER))}


def asked(exchange: http.Exchange) -> str:
    """The URL that a request was for."""
    return f"http://{exchange.request.header('Host')}{exchange.request.target_uri}"


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag, attrs):
        url = dict(attrs).get(RESOURCES.get(tag, ""))
        if url:
            self.found.append((tag, url))


def named(body: bytes) -> list[tuple[str, str]]:
    """(tag, URL as written) of the resources that a document names."""
    tags = _Tags()
    tags.feed(body.decode(errors="replace"))
    return tags.found


@lru_cache(maxsize=4)
def _wire(evidence):
    frames = evidence.frames("client")
    return dns.transactions(frames), tcp.connections(frames)


@lru_cache(maxsize=16)
def load(evidence, name: str) -> Load:
    """What the browser recorded as `name` did. Missing if nothing was captured of it."""
    command = evidence.command(name)
    own = {evidence.params[host] for host in ("www", "media", "shop")}

    def during(things):
        return [one for one in things if command.start <= one.time <= command.end + SETTLE]

    questions, connections = map(during, _wire(evidence))
    domain = evidence.params["domain"]
    questions = [one for one in questions if one.name.lower().endswith(domain)]
    connections = [one for one in connections if one.server.ip in own]
    if not connections:
        raise Missing(f"{name} made no connection")
    exchanges = sorted((one for connection in connections for one in http.of_connection(connection)),
                       key=lambda one: one.time)
    return Load(command, command.argv[-1], questions, connections, exchanges)


def loads(evidence) -> list[Load]:
    """The page of www, as each browser at hand loaded it: w3m, and Chromium where the machine has it."""
    names = {command.name for command in evidence.timeline}
    return [load(evidence, name) for name in ("w3m", "chromium") if name in names]


def syn(connection: tcp.Connection) -> float:
    return connection.segments[0].time


def read_to_the_end(seen: Load) -> list[tcp.Connection]:
    """Connections on which a document came. One that says where to go instead may be closed as soon as that is known:
    then it is a race who closes first."""
    return [one for one in seen.connections if any(exchange.response and exchange.response.status == 200
                                                   for exchange in http.of_connection(one))]


def moments(evidence) -> dict[str, float]:
    """When each of the events happened (experiment.EVENTS) while w3m loaded the page."""
    seen, p = load(evidence, "w3m"), evidence.params
    www, media = (f"{host}.{p['domain']}" for host in ("www", "media"))
    to_www = [one for one in seen.connections if one.server.ip == p["www"]]
    frames = [one for url in seen.frames for one in seen.of(url)]
    abroad = [one for one in frames if urlsplit(asked(one)).hostname == media]
    moved = [one for one in seen.exchanges if one.response and one.response.status == 301]
    fins = [segment.time for one in seen.connections for segment in one.fins.values()]
    questions = [[one.time for one in seen.lookups(host)] for host in (www, media)]
    ends = [one.response.end for one in frames if one.response]
    expect(all(questions) and len(to_www) > 1 and abroad and moved and fins and seen.page and ends,
           done=f"w3m was given {seen.url}", expected="all that there is to put in order",
           seen=", ".join(one.request.start_line for one in seen.exchanges) or "no requests")
    return {"ask": min(questions[0]), "syn": syn(to_www[0]), "get": seen.exchanges[0].request.time,
            "moved": moved[0].response.time, "fin": min(fins), "syn-again": syn(to_www[1]),
            "page": seen.page.response.time, "frame": min(one.request.time for one in frames),
            "ask-media": min(questions[1]), "frame-media": abroad[0].request.time, "last": max(ends),
            "shown": seen.command.end}


def order(evidence, events: dict[str, str]) -> list[str]:
    """The student's letters in the order of what they stand for."""
    letters = {evidence.params[f"event_{letter}"]: letter for letter in "abcdefghijkl"[:len(events)]}
    times = moments(evidence)
    return [letters[events[event]] for event in sorted(times, key=times.get)]


def waited_for_dns(seen: Load) -> float:
    """Seconds in which the browser waited for answers from DNS: A and AAAA are asked at once, so the longer counts."""
    return covered(_questions(seen))


def waited(seen: Load) -> float:
    """Seconds in which it waited for anybody: DNS, a server that shall open a connection, one that shall answer."""
    shakes = [one.handshake for one in seen.connections if one.handshake]
    return covered([*_questions(seen), *((shake.syn.time, shake.synack.time) for shake in shakes),
                    *((one.request.time, one.response.end) for one in seen.exchanges if one.response)])


def _questions(seen: Load) -> list[tuple[float, float]]:
    return [(one.time, one.response.time) for one in seen.questions if one.response]


def covered(spans: list[tuple[float, float]]) -> float:
    """Seconds that lie in at least one of the spans."""
    total, until = 0.0, 0.0
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, until))
        until = max(until, end)
    return total


def not_loaded(seen: Load) -> list[str]:
    """Names of the files that the page and its frames name, and that were not asked for."""
    return sorted(urlsplit(url).path.rsplit("/", 1)[1] for url in seen.resources if not seen.of(url))


def first_byte(seen: Load) -> float:
    """Seconds from the first question until the first byte of the page itself."""
    expect(seen.page and seen.questions, done=f"{seen.name} was given {seen.url}", expected="a question, and a page",
           seen=f"{len(seen.questions)} questions, {'a' if seen.page else 'no'} page")
    return seen.page.response.time - seen.questions[0].time


def loaded(seen: Load) -> float:
    """Seconds from the first thing asked until the last byte of the last answer."""
    start = min([one.time for one in seen.questions] + [syn(one) for one in seen.connections])
    return max([one.response.end for one in seen.exchanges if one.response] or [float("inf")]) - start
