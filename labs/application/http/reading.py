"""What the checks of HTTP read: the connections of a step, what was said on them, and who ended them."""

from functools import lru_cache
from pathlib import Path

from mnlab.checks import expect
from mnlab.lab.lab import load
from mnlab.protocols import http, tcp

web = load(Path(__file__).with_name("web.py"))

SLACK = 1.0  # s


@lru_cache(maxsize=2)
def connections(evidence) -> list[tcp.Connection]:
    """All of the client's, followed once for all checks."""
    return tcp.connections(evidence.frames("client"))


def step(evidence, name: str) -> list[tcp.Connection]:
    """The connections that began in a step: from its mark to the next one."""
    begin = evidence.mark(name)
    end = min([one.start for one in evidence.timeline if one.kind == "mark" and one.start > begin], default=1e9)
    return [one for one in connections(evidence) if begin <= one.time < end]


def connection(evidence, name: str, done: str = "") -> tcp.Connection:
    """The first connection of a step, which must have come about."""
    found = step(evidence, name)
    expect(found and found[0].handshake, done=done or f"step {name}: a client connected",
           expected="a connection to the server", seen="a refusal, or no answer" if found else "none")
    return found[0]


def spoken(evidence, name: str) -> list[http.Exchange]:
    """Requests and responses on the first connection of a step."""
    return http.of_connection(connection(evidence, name))


def answered(evidence, name: str, number: int = 0) -> http.Exchange:
    """One exchange of a step, with a response."""
    found = spoken(evidence, name)
    expect(len(found) > number and found[number].response, done=f"step {name}: {asked(found, number)}",
           expected="a response", seen=ending(connection(evidence, name)))
    return found[number]


def asked(found: list[http.Exchange], number: int) -> str:
    return http.words(found[number].request) if len(found) > number else f"request {number + 1}"


def ending(one: tcp.Connection) -> str:
    """What a server did on a connection, where it did not do what it should."""
    said = one.stream(tcp.SERVER)[:60]
    how = f"the {one.closed_first} closed first" if one.closed_first else "nobody closed"
    return f"{said!r}, and {how}" if said else f"no byte of an answer, and {how}"


def said(response: http.HttpMessage | None) -> str:
    return http.words(response) if response else "no response"


def media_type(response: http.HttpMessage) -> str:
    """The Content-Type without its parameters."""
    return (response.header("content-type") or "none").partition(";")[0].strip().lower()


def closed_by_server(one: tcp.Connection, after: float) -> float | None:
    """How long after a moment the server closed, unless the client was first; None if it did not."""
    fin = one.fins.get(tcp.SERVER)
    return fin.time - after if fin and one.closed_first == tcp.SERVER else None


# --- the student's server ---

def replies(evidence, name: str) -> list[http.Exchange]:
    """All that was said in a step, on whatever connections."""
    return [one for found in step(evidence, name) for one in http.of_connection(found)]


def everything(evidence) -> list[http.HttpMessage]:
    """Every response of a scene's server, in order; there must be one."""
    found = [one.response for each in connections(evidence) for one in http.of_connection(each) if one.response]
    expect(found, done="clients asked all kinds of things", expected="responses of HTTP", seen="none")
    return sorted(found, key=lambda response: response.time)


def reply(evidence, name: str, target: str = "") -> http.Exchange:
    """The exchange of a step in which `target` was asked for (the first one, if none is named), with a response."""
    connection(evidence, name)
    found = [one for one in replies(evidence, name) if target in ("", one.request.target_uri)]
    expect(found and found[0].response, done=f"step {name}: {asked(found, 0)} {target if not found else ''}",
           expected="a response", seen=ending(connection(evidence, name)))
    return found[0]


def is_file(response: http.HttpMessage | None, data: bytes) -> bool:
    """Whether this is the answer with that file, as one can tell from its first ASCII letters: whether each byte of it
    is right, is another question."""
    return response is not None and response.status == 200 and _letters(response.body) == _letters(data)


def _letters(data: bytes) -> bytes:
    return bytes(byte for byte in data[:100] if byte < 128)[:40]


def options(response: http.HttpMessage, name: str) -> set[str]:
    """The words of a header that is a list, in small letters (RFC 9110, section 5.6.1); of all lines of that name."""
    values = [value for key, value in response.headers if key.lower() == name]
    return {word.strip().lower() for value in values for word in value.split(",") if word.strip()}


def last_asked(one: tcp.Connection) -> float:
    """When a client last said something, or connected."""
    return max([segment.time for segment in one.sent(tcp.CLIENT) if segment.length], default=one.handshake.ack.time)


# --- what several checks expect ---

def own_file(params, name: str) -> bytes:
    return web.own_site(params)[name]


def expect_file(server, params, name: str, file: str, target: str = "") -> None:
    """In a step, the answer is that file."""
    one = reply(server, name, target)
    expect(is_file(one.response, own_file(params, file)), done=f"step {name}: {http.words(one.request)}",
           expected=f"200 and the file {file}", seen=f"{said(one.response)}: {one.response.body[:40]!r}")


def expect_status(server, name: str, *statuses: int) -> http.Exchange:
    one = reply(server, name)
    expect(one.response.status in statuses, done=f"step {name}: {one.request.head[:100]!r}",
           expected=" or ".join(map(str, statuses)), seen=said(one.response))
    return one


def expect_400(server, kind: str, number: int) -> None:
    """The steps of a kind: 400, and then the server closes."""
    for name in steps(f"own-{kind}", number):
        one = expect_status(server, name, 400)
        expect(one.connection.closed_first == tcp.SERVER, done=f"step {name}: {one.request.head[:100]!r}",
               expected="400, and the server closes",
               seen=f"400, and first to close: {one.connection.closed_first or 'nobody'}")


def steps(kind: str, number: int) -> list[str]:
    return [f"{kind}-{count}" for count in range(1, number + 1)]


def expect_leave(server, name: str) -> None:
    """The server says close, and closes at once and first."""
    one = reply(server, name)
    took, words = closed_by_server(one.connection, one.response.end), options(one.response, "connection")
    expect(took is not None and took < SLACK and "close" in words, done=f"step {name}: {http.words(one.request)}",
           expected="Connection: close in the answer, and the server closes at once",
           seen=f"Connection: {', '.join(sorted(words)) or 'nothing'}; first to close: {one.connection.closed_first}")


def expect_no_answer_to_a_body(server, params, name: str) -> None:
    """Two requests, the first with a body that looks like a request for the picture: two answers."""
    one = reply(server, name)
    sent = one.connection.stream(tcp.SERVER)
    found = http.of_connection(one.connection)
    expect(b"image/png" not in sent and len(found) == 2 and is_file(found[1].response, own_file(params, "index.html"))
           and sent.endswith(found[1].response.body[-40:]),
           done=f"step {name}: {http.words(one.request)} with a body like a request for /picture.png, then GET /",
           expected="two answers, the second with the page",
           seen=f"{', '.join(said(one.response) for one in found)}" + ("; the picture" if b"image/png" in sent else ""))
