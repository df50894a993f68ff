"""Reading the evidence of the response lab: steps on the wire, and what a strict client demands of a head."""

import email.utils
import re
from functools import lru_cache
from urllib.parse import urljoin

from mnlab.checks import expect
from mnlab.protocols import http, tcp

#: RFC 9112, section 4: the space behind the code is required, the reason is not.
STATUS_LINE = re.compile(rb"HTTP/1\.[01] [1-5][0-9]{2} [\t -~]*")
FIELD_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~]*")  # RFC 9112, section 5; RFC 9110, section 5.6.2
#: RFC 9112, section 7.1: size 0, perhaps trailers, a blank line; ahead of it a chunk or the head ends.
LAST_CHUNK = re.compile(rb"\r\n0+(;[^\r\n]*)?\r\n([^\r\n]+\r\n)*\r\n")
DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")  # RFC 9110, 5.6.7


def led(base: str, where: str) -> str:
    """Where a Location leads, which may be any reference (RFC 9110, section 10.2.2); "" if nowhere."""
    try:
        return urljoin(base, where) if where else ""
    except ValueError:
        return ""


@lru_cache(maxsize=2)
def followed(evidence) -> list[tcp.Connection]:
    """All connections of the client's, followed once for all checks."""
    return tcp.connections(evidence.frames("client"))


def connections(evidence, name: str) -> list[tcp.Connection]:
    """The connections that began in a step: from its mark to the next one."""
    begin = evidence.mark(name)
    end = min([one.start for one in evidence.timeline if one.kind == "mark" and one.start > begin], default=1e9)
    return [one for one in followed(evidence) if begin <= one.time < end]


def exchanges(evidence, name: str) -> list[http.Exchange]:
    """Requests and responses of a step, in order."""
    return [one for connection in connections(evidence, name) for one in http.of_connection(connection)]


def answer(evidence, name: str, target: str, method: str = "GET") -> http.HttpMessage:
    """The response of a step to a request for `target`, which must have come."""
    found = [one for one in exchanges(evidence, name)
             if (one.request.target_uri, one.request.method) == (target, method)]
    expect(found and found[0].response, done=f"step {name}: {method} {target}", expected="a response that can be read",
           seen=wire_words(evidence, name))
    return found[0].response


def wire_words(evidence, name: str) -> str:
    """What the server sent in a step, for a failure: the end of it."""
    sent = [one.stream(tcp.SERVER) for one in connections(evidence, name)]
    if not sent:
        return "there was no connection"
    return "none; the last bytes from the server were " + repr(b"".join(sent)[-120:])


def strict(message: http.HttpMessage) -> str:
    """What is wrong with a response's head, in the eyes of a strict client; "" if nothing is."""
    *lines, blank, rest = message.head.split(b"\r\n") if message.head.endswith(b"\r\n\r\n") else (b"", None, b"")
    if blank != b"" or rest != b"":
        return f"it does not end in a blank line, CR LF CR LF: {message.head[-40:]!r}"
    if not STATUS_LINE.fullmatch(lines[0]):
        return f"the status line {lines[0]!r}"
    bad = [line for line in lines[1:] if not FIELD_LINE.fullmatch(line)]
    return f"the header line {bad[0]!r}" if bad else ""


def seconds_off(evidence, message: http.HttpMessage) -> float | None:
    """By how much Date differs from the moment at which the response was seen; None if it is no date."""
    text = message.header("date") or ""
    if not DATE.fullmatch(text):
        return None
    try:
        return email.utils.parsedate_to_datetime(text).timestamp() - evidence.start_ns / 1e9 - message.time
    except ValueError:
        return None


def framing(message: http.HttpMessage) -> str:
    """What tells a client where the body ends: RFC 9112, section 6.3."""
    return "chunks" if message.chunked else "length" if message.header("content-length") is not None else "close"


def charset(message: http.HttpMessage) -> tuple[str, str]:
    """Media type and charset of Content-Type, in small letters."""
    kind, _, rest = (message.header("content-type") or "none").lower().partition(";")
    found = re.search(r'charset="?([^";\s]+)', rest)
    return kind.strip(), found[1] if found else ""


def said(message: http.HttpMessage | None) -> str:
    return http.words(message) if message else "no response"


# --- the student's server ---

def line_times(connection: tcp.Connection, response: http.HttpMessage, lines: list[bytes]) -> list[float]:
    """When each line of the story was all there: of those that the body holds, or that went over the wire in one piece
    where it is no body that can be read."""
    stream = connection.stream(tcp.SERVER)
    place = stream.rfind(response.head) + len(response.head)  # the story is the last that is asked for
    where: list[int] = []  # of each byte of the body in the stream
    for chunk in response.chunks if response.chunked else [response.body]:
        place = stream.find(b"\r\n", place) + 2 if response.chunked else place
        where += range(place, place + len(chunk))
        place += len(chunk) + 2
    read, sent = [where[end] for end in _ends(response.body, lines)], _ends(stream, lines)
    return [connection.when(tcp.SERVER, end) for end in max(read, sent, key=len)]


def _ends(data: bytes, lines: list[bytes]) -> list[int]:
    """Where the last byte of each line is, as far as they are there, in order."""
    place, found = 0, []
    for line in lines:
        place = data.find(line, place)
        if place < 0:
            break
        place += len(line)
        found.append(place - 1)
    return found


def decoded(message: http.HttpMessage) -> str | None:
    """The body as its charset has it; None if none is named, or if it is another one."""
    label = charset(message)[1]
    try:
        return message.body.decode(label) if re.fullmatch("[a-z0-9_-]{3,20}", label) else None
    except (ValueError, LookupError):
        return None


def dateless(message: http.HttpMessage) -> list[str]:
    """A head's lines without Date, in order of their names."""
    return [message.start_line, *sorted(f"{name.lower()}: {value}" for name, value in message.headers
                                        if name.lower() != "date")]


def unread(connection: tcp.Connection) -> bytes:
    """What a server sent beyond the end of a response, where the next one should begin."""
    stream, place = connection.stream(tcp.SERVER), 0
    for one in http.of_connection(connection):
        if one.response is None or not one.response.start_line.startswith("HTTP/"):
            break
        place = stream.find(one.response.head, place) + len(one.response.head)
        if one.response.chunked:
            last = LAST_CHUNK.search(stream, place - 2)
            place = last.end() if last else place
        else:
            place += len(one.response.body)
    return b"" if stream[place:].startswith(b"HTTP/") else stream[place:]
