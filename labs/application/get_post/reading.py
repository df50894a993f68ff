"""Reading the evidence of this lab: exchanges by step, and a page as a browser reads it."""

from functools import lru_cache
from html.parser import HTMLParser
from typing import NamedTuple

from mnlab.checks import expect
from mnlab.protocols import http, tcp


@lru_cache(maxsize=4)
def exchanges(evidence, where) -> list[http.Exchange]:
    """All that was captured at `where`, read once for all checks."""
    return http.exchanges(evidence.frames(where))


@lru_cache(maxsize=4)
def marks(evidence) -> list[float]:
    """When steps began, in order."""
    return sorted(one.start for one in evidence.timeline if one.kind == "mark")


def asked(evidence, step, who="client", where="eve") -> list[http.Exchange]:
    """What `who` asked for in a step (it lasts until the next mark), as captured at `where`."""
    start = evidence.mark(step)
    end = next((mark for mark in marks(evidence) if mark > start), float("inf"))
    return [one for one in exchanges(evidence, where)
            if start <= one.time < end and one.connection.client.ip == evidence.ip(who)]


def only(evidence, step, where="client") -> http.Exchange:
    """The client's first exchange of a step, answered."""
    found = asked(evidence, step, "client", where)
    expect(found and found[0].response, done=f"the client asked, in the step {step}",
           expected="a response on the wire", seen="none")
    return found[0]


def told(one) -> str:
    """An exchange in short, for messages."""
    answer = one.response
    uri = one.request.target_uri
    return (f"{one.request.method} {uri if len(uri) < 80 else uri[:60] + '...'}: "
            f"{f'{answer.status} {answer.reason}' if answer else 'nothing'}")


def segments(one) -> list[int]:
    """The bytes of each segment that brought the request."""
    size = len(one.request.head) + len(one.request.body)
    start = 0  # the steps that are counted have one request on a connection
    return [len(piece.data) for piece in one.connection.pieces(tcp.CLIENT) if start <= piece.offset < start + size]


class Page(HTMLParser):
    """What a browser would make of a page: its tags, its forms with their fields, the text of each item of a list."""

    def __init__(self, one):
        super().__init__(convert_charrefs=True)
        self.tags, self.forms, self.items = [], [], []
        self.inside = False
        self.feed(one.response.body.decode("utf-8", errors="replace"))
        self.close()
        self.items = [item.strip().replace("\r\n", "\n") for item in self.items]

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.tags.append(tag)
        if tag == "form":
            self.forms.append(Form((found.get("method") or "get").lower(), found.get("action") or "", {}))
        if found.get("name") and self.forms:
            self.forms[-1].fields[found["name"]] = found.get("value")
        if tag == "li":
            self.items.append("")
            self.inside = True

    def handle_endtag(self, tag):
        if tag in ("li", "ul", "ol"):
            self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.items[-1] += data


class Form(NamedTuple):
    """A form of a page. `fields` are names and values."""

    method: str
    action: str
    fields: dict[str, str | None]
