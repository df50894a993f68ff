"""HTTP/1.x out of TCP streams: requests and responses, told apart by the rules of RFC 9112 (message framing).

A stream is cut into messages: start line, header lines, blank line, body. How long a body is follows from RFC 9112
section 6.3: none in an answer to HEAD or with 1xx, 204, 304; else chunked; else Content-Length; else, for a response,
all up to the end of the connection. A start line that is no text ends the list; one that is malformed does not, so that
what was really sent can be shown. Empty lines ahead of a request are passed over (section 2.2). Nothing is raised.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from mnlab.protocols import tcp
from mnlab.protocols.capture import Frame
from mnlab.protocols.ip import Endpoint
from mnlab.protocols.message import Message

_REQUEST_LINE = re.compile(rb"^[A-Za-z]+ [^\r\n]*HTTP[^\r\n]*\r?\n")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_EMPTY_LINES = re.compile(rb"(?:\r?\n)*")
_NO_BODY = {204, 304}
_USUAL = "HTTP/1.1"  # the version that words leave out


@dataclass(frozen=True)
class HttpMessage:
    """A request or a response. `head` is everything before the body, as it was sent; `body` without chunk framing.

    time        when its first byte arrived (s)
    end         when its last byte arrived; of an incomplete message, the last one captured
    complete    False if the head or the body is not all there
    chunked     whether the body came in chunks
    chunks      the data of each chunk, without the last one, which is empty
    trailers    fields that came after the last chunk
    """

    time: float
    end: float
    where: str
    sender: str  # tcp.CLIENT (a request) or tcp.SERVER (a response)
    source: Endpoint
    target: Endpoint
    start_line: str
    headers: tuple[tuple[str, str], ...]
    head: bytes
    body: bytes
    complete: bool
    chunked: bool
    chunks: tuple[bytes, ...] = ()
    trailers: tuple[tuple[str, str], ...] = ()

    def header(self, name: str) -> str | None:
        """The value of a header, whatever the case of its name; the first one if there are several."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def has_blank_line(self) -> bool:
        """Whether the head has been ended by an empty line (RFC 9112, section 2.1)."""
        return bool(_HEAD_END.search(self.head))

    def _word(self, index: int) -> str:
        words = self.start_line.split(" ", 2)
        return words[index] if index < len(words) else ""

    @property
    def method(self) -> str:
        """A request's method: "GET"; "" of a response."""
        return self._word(0) if self.sender == tcp.CLIENT else ""

    @property
    def target_uri(self) -> str:
        """What a request asks for, as it was sent: "/books?sex=man"; "" of a response."""
        return self._word(1) if self.sender == tcp.CLIENT else ""

    @property
    def version(self) -> str:
        """"HTTP/1.1"; "" if the start line has none."""
        return self._word(2 if self.sender == tcp.CLIENT else 0)

    @property
    def status(self) -> int | None:
        """A response's status code; None of a request, or if it is no number."""
        word = self._word(1)
        return _number(word) if self.sender == tcp.SERVER else None

    @property
    def reason(self) -> str:
        """A response's reason phrase: "Not Found"; "" of a request."""
        return self._word(2) if self.sender == tcp.SERVER else ""


@dataclass(frozen=True)
class Exchange:
    """A request and its final response (None: none came); `interim` holds 1xx responses before it.

    pipelined   whether the request was sent before the response to the one ahead of it had begun (RFC 9112, section
                9.3.2), as far as one can see from where it was captured
    """

    request: HttpMessage
    response: HttpMessage | None
    interim: tuple[HttpMessage, ...]
    connection: tcp.Connection
    pipelined: bool = False

    @property
    def time(self) -> float:
        """When the request's first byte arrived (s)."""
        return self.request.time


class _Framed(NamedTuple):
    body: bytes
    end: int  # offset in the stream after the body
    complete: bool
    chunks: tuple[bytes, ...] = ()
    trailers: tuple[tuple[str, str], ...] = ()


def exchanges(frames: Iterable[Frame]) -> list[Exchange]:
    """Requests with their responses, in order of time, over all connections that speak HTTP/1.x."""
    found = [exchange for connection in tcp.connections(frames) for exchange in of_connection(connection)]
    return sorted(found, key=lambda exchange: exchange.time)


def of_connection(connection: tcp.Connection) -> list[Exchange]:
    """The exchanges on one connection: responses come in the order of the requests (RFC 9112, section 9.3)."""
    if not _speaks_http(connection):
        return []
    requests = _read(connection, tcp.CLIENT, [])
    responses = _read(connection, tcp.SERVER, [request.method for request in requests])
    found: list[Exchange] = []
    waiting = iter(responses)
    for request in requests:
        interim, final = [], None
        for response in waiting:
            if response.status is not None and 100 <= response.status < 200:
                interim.append(response)
                continue
            final = response
            break
        ahead = found[-1].response if found else None
        pipelined = bool(found) and (ahead is None or request.time < ahead.time)
        found.append(Exchange(request, final, tuple(interim), connection, pipelined))
    return found


def messages(frames: Iterable[Frame]) -> list[Message]:
    """Each request and response as an arrow: "GET /books", "206 bytes 0-99/1234"."""
    arrows = []
    for exchange in exchanges(frames):
        for message in (exchange.request, *exchange.interim, exchange.response):
            if message:
                arrows.append(Message(message.time, message.source.ip, message.target.ip, words(message), "http",
                                      message.where, _style(message)))
    return sorted(arrows, key=lambda arrow: arrow.time)


def words(message: HttpMessage) -> str:
    """The start line as one would say it: "GET /books?sex=man", "404 Not Found", "206 bytes 0-99/1234".

    The version is left out where it is HTTP/1.1. A start line that is malformed is said as it is. That a head never got
    its blank line is said, too.
    """
    said = _request_words(message) if message.sender == tcp.CLIENT else _response_words(message)
    return said if message.has_blank_line else f"{said} (no blank line)"


def _request_words(message: HttpMessage) -> str:
    return message.start_line.removesuffix(f" {_USUAL}")


def _response_words(message: HttpMessage) -> str:
    if message.status is None:
        return message.start_line
    span = message.header("content-range") if message.status == 206 else None
    said = f"{message.status} {span or message.reason}".rstrip()
    return said if message.version == _USUAL else f"{message.version} {said}"


def _style(message: HttpMessage) -> str:
    if message.sender == tcp.CLIENT:
        return ""
    return "error" if (message.status or 0) >= 400 else "answer"


def _speaks_http(connection: tcp.Connection) -> bool:
    request, response = connection.stream(tcp.CLIENT), connection.stream(tcp.SERVER)
    return response.startswith(b"HTTP/") or bool(_REQUEST_LINE.match(request))


def _read(connection: tcp.Connection, side: str, methods: list[str]) -> list[HttpMessage]:
    """The messages that one side sent. `methods`: for responses, those of the requests, in order."""
    stream, position, found = connection.stream(side), 0, []
    answered = iter(methods)
    method = next(answered, "")
    while position < len(stream):
        if side == tcp.CLIENT:
            empty = _EMPTY_LINES.match(stream, position)
            position = empty.end() if empty else position
            if position == len(stream):
                break
        head_end = _HEAD_END.search(stream, position)
        head = stream[position:head_end.end() if head_end else len(stream)]
        start_line, headers = _parse_head(head)
        if not start_line.isprintable():
            break
        fields = {name.lower(): value for name, value in reversed(headers)}
        chunked = fields.get("transfer-encoding", "").lower().endswith("chunked")
        status = _status(start_line) if side == tcp.SERVER else None
        if head_end is None:
            framed = _Framed(b"", len(stream), False)
        else:
            framed = _body(stream, head_end.end(), fields, chunked, status, method)
        found.append(HttpMessage(
            connection.when(side, position), connection.when(side, framed.end - 1), connection.where, side,
            connection.endpoint(side), connection.endpoint(tcp.other(side)), start_line, headers, head, framed.body,
            framed.complete, chunked, framed.chunks, framed.trailers))
        position = framed.end
        if side == tcp.SERVER and not (status and 100 <= status < 200):
            method = next(answered, "")
    return found


def _parse_head(head: bytes) -> tuple[str, tuple[tuple[str, str], ...]]:
    lines = head.decode("latin-1").replace("\r\n", "\n").split("\n")
    return lines[0], _fields(lines[1:])


def _fields(lines: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Name and value of each header line."""
    pairs = (line.partition(":") for line in lines if ":" in line)
    return tuple((name.strip(), value.strip()) for name, _, value in pairs)


def _status(start_line: str) -> int | None:
    words = start_line.split(" ", 2)
    return _number(words[1]) if len(words) > 1 else None


def _number(text: str) -> int | None:
    """A decimal number; None for anything else that Python would take for digits ("²"), or cannot take."""
    return int(text) if re.fullmatch("[0-9]{1,18}", text) else None


def _body(stream: bytes, start: int, fields: dict[str, str], chunked: bool, status: int | None, method: str) -> _Framed:
    """The body that begins at `start`, by the rules of RFC 9112 section 6.3; `status` is None for a request."""
    if status is not None and (method == "HEAD" or status < 200 or status in _NO_BODY):
        return _Framed(b"", start, True)
    if chunked:
        return _chunks(stream, start)
    length = _number(fields.get("content-length", ""))
    if length is not None:
        end = start + length
        return _Framed(stream[start:end], min(end, len(stream)), end <= len(stream))
    if status is not None:
        return _Framed(stream[start:], len(stream), True)
    return _Framed(b"", start, True)


def _chunks(stream: bytes, position: int) -> _Framed:
    """A chunked body (RFC 9112, section 7.1): size in hexadecimal, data, ... and a chunk of size 0, then trailers."""
    chunks: list[bytes] = []

    def framed(end: int, complete: bool, trailers=()) -> _Framed:
        return _Framed(b"".join(chunks), end, complete, tuple(chunks), trailers)

    while True:
        line_end = stream.find(b"\r\n", position)
        size_text = stream[position:line_end].split(b";")[0].strip() if line_end >= 0 else b""
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,15}", size_text):
            return framed(len(stream), False)
        size, data = int(size_text, 16), line_end + 2
        if size == 0:
            first = data
            while (line_end := stream.find(b"\r\n", data)) > data:  # trailers, up to a blank line
                data = line_end + 2
            trailers = _fields(stream[first:data].decode("latin-1").split("\r\n"))
            return framed(line_end + 2 if line_end >= 0 else len(stream), line_end >= 0, trailers)
        if part := stream[data:data + size]:
            chunks.append(part)
        position = data + size + 2
        if position > len(stream):
            return framed(len(stream), False)
