"""HTTP/1.x out of TCP streams: requests and responses, told apart by the rules of RFC 9112 (message framing).

A stream is cut into messages: start line, header lines, blank line, body. How long a body is follows from RFC 9112
section 6.3: none in an answer to HEAD or with 1xx, 204, 304; else chunked; else Content-Length; else, for a response,
all up to the end of the connection. A start line that is no text ends the list; one that is malformed does not, so that
what was really sent can be shown. Nothing is raised.
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
_NO_BODY = {204, 304}


@dataclass(frozen=True)
class HttpMessage:
    """A request or a response. `head` is everything before the body, as it was sent; `body` without chunk framing.

    time        when its first byte arrived (s)
    end         when its last byte arrived; of an incomplete message, the last one captured
    complete    False if the head or the body is not all there
    chunked     whether the body came in chunks
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

    def header(self, name: str) -> str | None:
        """The value of a header, whatever the case of its name; the first one if there are several."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def _word(self, index: int) -> str:
        words = self.start_line.split(" ", 2)
        return words[index] if index < len(words) else ""

    @property
    def method(self) -> str:
        return self._word(0) if self.sender == tcp.CLIENT else ""

    @property
    def target_uri(self) -> str:
        return self._word(1) if self.sender == tcp.CLIENT else ""

    @property
    def version(self) -> str:
        return self._word(2 if self.sender == tcp.CLIENT else 0)

    @property
    def status(self) -> int | None:
        word = self._word(1)
        return int(word) if self.sender == tcp.SERVER and word.isdigit() else None

    @property
    def reason(self) -> str:
        return self._word(2) if self.sender == tcp.SERVER else ""


@dataclass(frozen=True)
class Exchange:
    """A request and its final response (None: none came); `interim` holds 1xx responses before it."""

    request: HttpMessage
    response: HttpMessage | None
    interim: tuple[HttpMessage, ...]
    connection: tcp.Connection

    @property
    def time(self) -> float:
        return self.request.time


class _Framed(NamedTuple):
    body: bytes
    end: int  # offset in the stream after the body
    complete: bool


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
    found, waiting = [], iter(responses)
    for request in requests:
        interim, final = [], None
        for response in waiting:
            if response.status is not None and 100 <= response.status < 200:
                interim.append(response)
                continue
            final = response
            break
        found.append(Exchange(request, final, tuple(interim), connection))
    return found


def messages(frames: Iterable[Frame]) -> list[Message]:
    """Each request and response as an arrow: "GET /books HTTP/1.1", "200 OK"."""
    arrows = []
    for exchange in exchanges(frames):
        for message in (exchange.request, *exchange.interim, exchange.response):
            if message:
                arrows.append(Message(message.time, message.source.ip, message.target.ip, words(message), "http",
                                      message.where, _style(message)))
    return sorted(arrows, key=lambda arrow: arrow.time)


def words(message: HttpMessage) -> str:
    """The start line; of a response without the version."""
    if message.sender == tcp.CLIENT or message.status is None:
        return message.start_line
    return f"{message.status} {message.reason}".rstrip()


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
            framed.complete, chunked))
        position = framed.end
        if side == tcp.SERVER and not (status and 100 <= status < 200):
            method = next(answered, "")
    return found


def _parse_head(head: bytes) -> tuple[str, tuple[tuple[str, str], ...]]:
    lines = head.decode("latin-1").replace("\r\n", "\n").split("\n")
    pairs = (line.partition(":") for line in lines[1:] if ":" in line)
    return lines[0], tuple((name.strip(), value.strip()) for name, _, value in pairs)


def _status(start_line: str) -> int | None:
    words = start_line.split(" ", 2)
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else None


def _body(stream: bytes, start: int, fields: dict[str, str], chunked: bool, status: int | None, method: str) -> _Framed:
    """The body that begins at `start`, by the rules of RFC 9112 section 6.3; `status` is None for a request."""
    if status is not None and (method == "HEAD" or status < 200 or status in _NO_BODY):
        return _Framed(b"", start, True)
    if chunked:
        return _chunks(stream, start)
    length = fields.get("content-length", "")
    if length.isdigit():
        end = start + int(length)
        return _Framed(stream[start:end], min(end, len(stream)), end <= len(stream))
    if status is not None:
        return _Framed(stream[start:], len(stream), True)
    return _Framed(b"", start, True)


def _chunks(stream: bytes, position: int) -> _Framed:
    """A chunked body (RFC 9112, section 7.1): size in hexadecimal, data, ... and a chunk of size 0, then trailers."""
    body = b""
    while True:
        line_end = stream.find(b"\r\n", position)
        size_text = stream[position:line_end].split(b";")[0].strip() if line_end >= 0 else b""
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,15}", size_text):
            return _Framed(body, len(stream), False)
        size, data = int(size_text, 16), line_end + 2
        if size == 0:
            while (line_end := stream.find(b"\r\n", data)) > data:  # trailers, up to a blank line
                data = line_end + 2
            return _Framed(body, line_end + 2 if line_end >= 0 else len(stream), line_end >= 0)
        body += stream[data:data + size]
        position = data + size + 2
        if position > len(stream):
            return _Framed(body, len(stream), False)
