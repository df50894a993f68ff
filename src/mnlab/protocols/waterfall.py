"""Where the time of a request goes: connect, TLS, send, wait, receive; as browsers draw it, out of captures.

    connect     the TCP handshake, from the first SYN to the client's ACK
    TLS         from the ClientHello until both ends encrypt: the later of their first encrypted records
    send        the request, from its first byte to its last
    wait        until the first byte of the final response
    receive     the response, from its first byte to its last

Connect and TLS are the first request's on a connection; the later ones on it have none. A TLS session whose secrets are
at hand (tls.opening) is read like a plain one; of another only how long it was open is known ("sealed"). Seen from the
client's own interface these are the client's times.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, cast

from mnlab.protocols import http, tcp, tls
from mnlab.protocols.tcp import CLIENT, SERVER
from mnlab.protocols.tls.opening import Opening, Plain, Secrets, with_key_log

CONNECT, TLS, SEND, WAIT, RECEIVE, SEALED = "connect", "TLS", "send", "wait", "receive", "sealed"
#: The parts, in their order.
PARTS = (CONNECT, TLS, SEND, WAIT, RECEIVE, SEALED)


class Part(NamedTuple):
    """From `start` to `end` (s), one of PARTS."""

    name: str
    start: float
    end: float

    @property
    def length(self) -> float:
        """Seconds."""
        return self.end - self.start


@dataclass(frozen=True)
class Row:
    """One request, or (`exchange` None) a connection on which none can be read. `session`: the TLS that carried it."""

    connection: tcp.Connection
    exchange: http.Exchange | None
    parts: tuple[Part, ...]
    session: tls.Session | None = None

    @property
    def start(self) -> float:
        """When its first part began (s)."""
        return self.parts[0].start

    @property
    def end(self) -> float:
        """When its last part ended (s)."""
        return max(part.end for part in self.parts)

    def length(self, name: str) -> float | None:
        """How long one of PARTS took (s); None if there was none."""
        return next((part.length for part in self.parts if part.name == name), None)


def waterfall(connections: Iterable[tcp.Connection], secrets: Secrets | None = None) -> list[Row]:
    """The requests on these connections in order of their beginning; what carries neither HTTP nor TLS is left out."""
    found = [row for connection in connections for row in _of_connection(connection, secrets or {})]
    return sorted(found, key=lambda row: row.start)


def _of_connection(connection: tcp.Connection, secrets: Secrets) -> list[Row]:
    session = tls.of_connection(connection)
    opened = with_key_log(session, secrets) if session else None
    begun = _connect(connection) + (_handshake(session) if session else [])
    # Plain has all of a connection that http reads.
    exchanges = http.of_connection(cast(tcp.Connection, Plain(opened)) if opened else connection)
    if not exchanges and not session:
        return []
    if not exchanges:
        return [Row(connection, None, (*begun, *_sealed(opened, begun)), session)] if begun or opened else []
    rows = [Row(connection, exchange, tuple(_exchanged(exchange)), session) for exchange in exchanges]
    rows[0] = Row(connection, exchanges[0], (*begun, *rows[0].parts), session)
    return rows


def _connect(connection: tcp.Connection) -> list[Part]:
    handshake, first = connection.handshake, connection.segments[0]
    return [Part(CONNECT, first.time, handshake.ack.time)] if handshake and first.syn else []


def _handshake(session: tls.Session) -> list[Part]:
    ciphered = [next((record.time for record in session.records if record.sender == side and record.encrypted), None)
                for side in (CLIENT, SERVER)]
    known = [time for time in ciphered if time is not None]
    return [Part(TLS, session.time, max(known) if len(known) == 2 else session.records[-1].time)]


def _sealed(opened: Opening | None, begun: list[Part]) -> list[Part]:
    """What was sent after the handshake, if anything was."""
    if opened is None or not begun:
        return []
    last = opened.session.records[-1].time
    return [Part(SEALED, begun[-1].end, last)] if last > begun[-1].end else []


def _exchanged(exchange: http.Exchange) -> list[Part]:
    request, response = exchange.request, exchange.response
    parts = [Part(SEND, request.time, request.end)]
    if response:  # it may begin before the request has ended
        parts += [Part(WAIT, request.end, max(request.end, response.time)), Part(RECEIVE, response.time, response.end)]
    return parts
