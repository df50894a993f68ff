"""Reading the evidence of the request lab: steps on the wire, doors, and nginx's own two logs."""

import email.utils
import math
import re
import zlib
from functools import lru_cache
from typing import NamedTuple

from mnlab.checks import expect
from mnlab.protocols import http, tcp

LOG_TICK = 0.001  # s: nginx's $msec has no more of them


class Logged(NamedTuple):
    """A line of nginx's access log: when and what it answered, and what it had understood."""

    time: float
    client_port: int
    server_port: int
    status: int
    request: str
    body: bytes | None


def access_log(evidence) -> list[Logged]:
    """nginx writes bytes that are no printable ASCII, and quotes, as \\xHH."""
    found = re.findall(r'^([\d.]+) (\d+) (\d+) (\d+) "(.*?)" body="(.*)"$', evidence.text("access.log"), re.M)
    start = evidence.manifest["start_ns"] / 1e9
    return [Logged(float(time) - start, int(client), int(server), int(status), request,
                   None if body == "-" else _bytes(body)) for time, client, server, status, request, body in found]


def _bytes(text: str) -> bytes:
    return re.sub(rb"\\x([0-9A-F]{2})", lambda match: bytes([int(match[1], 16)]), text.encode())


def logged(evidence, one: tcp.Connection) -> list[Logged]:
    """What nginx logged about a connection, in order. A later one may have the same ports again."""
    later = [other.time for other in connections(evidence)
             if (other.client, other.server) == (one.client, one.server) and other.time > one.time]
    return [line for line in access_log(evidence)
            if (line.client_port, line.server_port) == (one.client.port, one.server.port)
            and one.time - LOG_TICK < line.time < min(later, default=math.inf) - LOG_TICK]


@lru_cache(maxsize=2)
def connections(evidence) -> list[tcp.Connection]:
    return tcp.connections(evidence.frames("client"))


def step(evidence, name: str) -> tcp.Connection:
    """The connection of a step: the first one that began after its mark."""
    begin = evidence.mark(name)
    found = [one for one in connections(evidence) if one.time >= begin]
    expect(found and found[0].handshake, done=f"step {name}", expected="a connection", seen="none")
    return found[0]


def exchanges(evidence, name: str) -> list[http.Exchange]:
    return http.of_connection(step(evidence, name))


def status(evidence, name: str) -> int | None:
    """The status of the first response of a step; None if none came."""
    found = exchanges(evidence, name)
    return found[0].response.status if found and found[0].response else None


def door(evidence, number: int) -> tcp.Connection | None:
    """The student's last connection to a door; None if there is none."""
    begin, port = evidence.mark("yours"), evidence.params["port"] + number
    found = [one for one in connections(evidence) if one.time >= begin and one.server.port == port and one.handshake]
    return found[-1] if found else None


def last_words(evidence) -> str:
    """How the student's program ended, if it did not end well."""
    ran = evidence.command("ask")
    words = "\n".join(ran.stderr.strip().splitlines()[-4:])
    return ran.stopped or words or f"it printed: {ran.stdout.strip()[:300] or 'nothing'}"


def server_ended_after(one: tcp.Connection) -> float | None:
    """Seconds from the client's last byte to the server's FIN, if the server was first to close; else None."""
    fin, data = one.fins.get(tcp.SERVER), one.data(tcp.CLIENT)
    return fin.time - data[-1].time if fin and data and one.closed_first == tcp.SERVER else None


def said(message: http.HttpMessage | None) -> str:
    return http.words(message) if message else "no response"


def short(data: bytes, limit: int = 160) -> str:
    return repr(data[:limit]) + (" ..." if len(data) > limit else "")


def unpacked(data: bytes) -> bytes | None:
    """What was packed with gzip; None if that is none, or not all of it."""
    try:
        unpack = zlib.decompressobj(wbits=31)
        text = unpack.decompress(data, max_length=1 << 20)
    except zlib.error:
        return None
    return text if unpack.eof else None


def moment(text: str | None) -> float | None:
    """A date of HTTP (RFC 9110, section 5.6.7, has three forms) as seconds; None if it is none."""
    found = email.utils.parsedate_tz((text or "")[:60])
    try:
        return email.utils.mktime_tz(found) if found else None
    except (ValueError, OverflowError):
        return None
