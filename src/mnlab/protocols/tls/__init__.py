"""TLS out of TCP streams: what an eavesdropper can read of a session, and how much he cannot (RFC 5246, RFC 8446).

A stream is a row of *records*: type, version, length, contents. The first ones hold handshake messages in the clear.

    TLS 1.2   everything up to each side's ChangeCipherSpec is in the clear: both hellos, the server's certificates,
              the key exchange. After it all is encrypted, also the handshake's last message (Finished) and alerts.
    TLS 1.3   the two hellos are in the clear and nothing else: certificates, Finished and all that follows come in
              records that say "application data", whatever they hold. `Session.certificates` is then empty, and
              `certificates_visible` False. (ChangeCipherSpec is still sent, for the sake of old middleboxes, and
              means nothing.)

The messages are read here and not by scapy's TLS layers, which need the `cryptography` package to read even the clear
part. `opening` reads the rest, where a secret is at hand.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from mnlab.protocols import tcp
from mnlab.protocols.capture import Frame
from mnlab.protocols.ip import Endpoint
from mnlab.protocols.message import Message
from mnlab.protocols.tls.hello import Hello, parse_certificates, parse_client_hello, parse_server_hello

#: Types of records (RFC 8446, section 5.1; RFC 5246, section 6.2.1).
CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA = 20, 21, 22, 23
#: Type of a record -> its name.
CONTENT_TYPES = {CHANGE_CIPHER_SPEC: "ChangeCipherSpec", ALERT: "Alert", HANDSHAKE: "Handshake",
                 APPLICATION_DATA: "ApplicationData"}

#: Types of handshake messages (RFC 8446, section 4; RFC 5246, section 7.4).
CLIENT_HELLO, SERVER_HELLO, CERTIFICATE, SERVER_KEY_EXCHANGE = 1, 2, 11, 12
#: More of them.
CERTIFICATE_VERIFY, CLIENT_KEY_EXCHANGE, FINISHED, KEY_UPDATE = 15, 16, 20, 24
#: Type of a handshake message -> its name.
HANDSHAKES = {0: "HelloRequest", CLIENT_HELLO: "ClientHello", SERVER_HELLO: "ServerHello", 4: "NewSessionTicket",
              8: "EncryptedExtensions", CERTIFICATE: "Certificate", SERVER_KEY_EXCHANGE: "ServerKeyExchange",
              13: "CertificateRequest", 14: "ServerHelloDone", CERTIFICATE_VERIFY: "CertificateVerify",
              CLIENT_KEY_EXCHANGE: "ClientKeyExchange", FINISHED: "Finished", 22: "CertificateStatus",
              KEY_UPDATE: "KeyUpdate"}

#: RFC 8446 section 6 and RFC 5246 section 7.2.
ALERTS = {0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 22: "record_overflow",
          40: "handshake_failure", 42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked",
          45: "certificate_expired", 46: "certificate_unknown", 47: "illegal_parameter", 48: "unknown_ca",
          49: "access_denied", 50: "decode_error", 51: "decrypt_error", 70: "protocol_version",
          71: "insufficient_security", 80: "internal_error", 86: "inappropriate_fallback", 90: "user_canceled",
          109: "missing_extension", 110: "unsupported_extension", 112: "unrecognized_name",
          116: "certificate_required", 120: "no_application_protocol"}
#: RFC 8446 section 6.
ALERT_LEVELS = {1: "warning", 2: "fatal"}


@dataclass(frozen=True)
class Record:
    """One record. `length` counts its contents, without the 5 bytes of its own header; `version` is the raw number."""

    time: float
    sender: str
    type: int
    version: int
    length: int
    encrypted: bool
    data: bytes = field(repr=False)
    offset: int = 0  # of its header in the sender's stream

    @property
    def name(self) -> str:
        """Its type in words: "Handshake"."""
        return CONTENT_TYPES.get(self.type, f"type {self.type}")


@dataclass(frozen=True)
class Handshake:
    """A handshake message in the clear. `data`: its body, without type and length; `time`: of its end."""

    time: float
    sender: str
    type: int
    data: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """Its type in words: "ClientHello"."""
        return HANDSHAKES.get(self.type, f"handshake type {self.type}")


@dataclass(frozen=True)
class Alert:
    """An alert in the clear: "fatal", "unknown_ca"."""

    time: float
    sender: str
    level: str
    text: str


@dataclass
class Session:
    """A TLS session as an eavesdropper sees it."""

    connection: tcp.Connection
    records: list[Record]
    handshakes: list[Handshake]
    alerts: list[Alert]

    @property
    def where(self) -> str:
        """The capture point: an interface, such as "h1-eth0"."""
        return self.connection.where

    @property
    def time(self) -> float:
        """When its first record arrived (s)."""
        return self.records[0].time

    @property
    def client(self) -> Endpoint:
        """Who began the TCP connection."""
        return self.connection.client

    @property
    def server(self) -> Endpoint:
        """The other end."""
        return self.connection.server

    @cached_property
    def client_hello(self) -> Hello | None:
        """The client's first offer."""
        bodies = (message.data for message in self.handshakes if message.type == CLIENT_HELLO)
        return next(map(parse_client_hello, bodies), None)

    @cached_property
    def server_hello(self) -> Hello | None:
        """The server's choice; a HelloRetryRequest (TLS 1.3: "offer me another key share") is passed over."""
        hellos = (parse_server_hello(message.data) for message in self.handshakes if message.type == SERVER_HELLO)
        return next((hello for hello in hellos if hello and not hello.retry), None)

    @property
    def version(self) -> str | None:
        """The version that both agreed on: "TLS 1.2", "TLS 1.3"; None without a ServerHello."""
        return self.server_hello.version if self.server_hello else None

    @property
    def suite(self) -> str | None:
        """The cipher suite that the server picked, by its IANA name."""
        return self.server_hello.suites[0] if self.server_hello and self.server_hello.suites else None

    @property
    def server_name(self) -> str | None:
        """The name that the client asked for, in the clear (SNI)."""
        return self.client_hello.server_name if self.client_hello else None

    @cached_property
    def certificates(self) -> tuple[bytes, ...]:
        """The server's certificates in DER, its own first. Empty in TLS 1.3, where they are encrypted."""
        chains = (parse_certificates(message.data) for message in self.handshakes
                  if message.type == CERTIFICATE and message.sender == tcp.SERVER)
        return next((chain for chain in chains if chain), ())

    @property
    def certificates_visible(self) -> bool:
        """Whether an eavesdropper can read the server's certificates."""
        return bool(self.certificates)

    def encrypted(self, side: str) -> tuple[int, int]:
        """(how many records, how many bytes in them) one side sent encrypted."""
        lengths = [record.length for record in self.records if record.sender == side and record.encrypted]
        return len(lengths), sum(lengths)


def sessions(frames: Iterable[Frame]) -> list[Session]:
    """The TLS sessions, on whatever port: connections on which the client or the server begins with a TLS record."""
    found = (of_connection(connection) for connection in tcp.connections(frames))
    return [session for session in found if session]


def of_connection(connection: tcp.Connection) -> Session | None:
    """The TLS session on a TCP connection; None if it does not carry TLS, or not one whole record of it."""
    if not any(_is_record(connection.stream(side)) for side in (tcp.CLIENT, tcp.SERVER)):
        return None
    said = list(_records(connection, tcp.SERVER, False))
    tls13 = any(hello.version == "TLS 1.3" for message in _handshakes(said) if message.type == SERVER_HELLO
                and (hello := parse_server_hello(message.data)))
    sides = {side: list(_records(connection, side, tls13)) for side in (tcp.CLIENT, tcp.SERVER)}
    handshakes = [message for records in sides.values() for message in _handshakes(records)]
    records = sorted((record for side in sides.values() for record in side), key=lambda record: record.time)
    if not records:
        return None
    alerts = [read_alert(record, record.data) for record in records
              if record.type == ALERT and not record.encrypted and len(record.data) == 2]
    return Session(connection, records, sorted(handshakes, key=lambda message: message.time), alerts)


def read_alert(record: Record, data: bytes) -> Alert:
    """The alert that a record brought: two bytes, level and description."""
    return Alert(record.time, record.sender, ALERT_LEVELS.get(data[0], str(data[0])),
                 ALERTS.get(data[1], f"alert {data[1]}"))


def messages(frames: Iterable[Frame]) -> list[Message]:
    """Each handshake message and alert in the clear as an arrow, and each encrypted record as one."""
    arrows = [arrow for session in sessions(frames) for arrow in _arrows(session)]
    return sorted(arrows, key=lambda arrow: arrow.time)


def _arrows(session: Session) -> list[Message]:
    said = [(message.time, message.sender, handshake_words(message), "") for message in session.handshakes]
    said += [(alert.time, alert.sender, f"Alert: {alert.level}, {alert.text}", "error") for alert in session.alerts]
    for record in session.records:
        if record.encrypted:
            said.append((record.time, record.sender, f"encrypted {record.length} bytes", "encrypted"))
        elif record.type == CHANGE_CIPHER_SPEC:
            said.append((record.time, record.sender, "ChangeCipherSpec", "control"))
    # Two sessions say the same words: the client's random, wherever it is seen, tells them apart.
    hello = session.client_hello
    return [_arrow(session, *words, (hello.random.hex(), number) if hello else ()) for number, words in enumerate(said)]


def handshake_words(message: Handshake) -> str:
    """"ClientHello TLS 1.3, 3 suites, name www.lab", "ServerHello TLS 1.2, TLS_...", "Certificate (2 certificates)"."""
    if message.type == CLIENT_HELLO:
        hello = parse_client_hello(message.data)
        name = f", name {hello.server_name}" if hello and hello.server_name else ""
        return f"ClientHello {hello.version}, {len(hello.suites)} suites{name}" if hello else "ClientHello (damaged)"
    if message.type == SERVER_HELLO:
        hello = parse_server_hello(message.data)
        if not hello:
            return "ServerHello (damaged)"
        return "HelloRetryRequest" if hello.retry else f"ServerHello {hello.version}, {hello.suites[0]}"
    if message.type == CERTIFICATE:
        count = len(parse_certificates(message.data))
        return f"Certificate ({count} certificate{'' if count == 1 else 's'})"
    return message.name


def _arrow(session: Session, time: float, sender: str, text: str, style: str, identity: tuple) -> Message:
    source, target = session.connection.endpoint(sender), session.connection.endpoint(tcp.other(sender))
    return Message(time, source.ip, target.ip, text, "tls", session.where, style, identity=identity)


def _is_record(stream: bytes) -> bool:
    """Whether a stream begins with a record that can begin a TLS stream: handshake or alert, of version 3.x."""
    return len(stream) >= 5 and stream[0] in (HANDSHAKE, ALERT) and stream[1] == 3 and stream[2] <= 4


def _records(connection: tcp.Connection, side: str, tls13: bool) -> Iterable[Record]:
    """The whole records of one side. Application data is encrypted; up to TLS 1.2 so is all that follows a side's
    ChangeCipherSpec, in TLS 1.3 nothing else (RFC 8446, section 5.2): a second ClientHello, after a retry, is not."""
    stream, position, ciphered = connection.stream(side), 0, False
    while position + 5 <= len(stream) and stream[position] in CONTENT_TYPES and stream[position + 1] == 3:
        kind = stream[position]
        version, length = struct.unpack_from("!HH", stream, position + 1)
        end = position + 5 + length
        if end > len(stream):
            return
        encrypted = kind == APPLICATION_DATA or (ciphered and not tls13 and kind != CHANGE_CIPHER_SPEC)
        # The server's words may not be in the capture: what measures itself is a hello or an alert in the clear.
        if encrypted and _readable(kind, stream[position + 5:end]):
            encrypted = False
        yield Record(connection.when(side, end - 1), side, kind, version, length, encrypted, stream[position + 5:end],
                     position)
        ciphered = ciphered or kind == CHANGE_CIPHER_SPEC
        position = end


def _readable(kind: int, data: bytes) -> bool:
    """Whether a record after ChangeCipherSpec is in the clear all the same: its contents then measure themselves."""
    if kind == ALERT:
        return len(data) == 2 and data[0] in ALERT_LEVELS
    return (kind == HANDSHAKE and len(data) >= 4 and data[0] in (CLIENT_HELLO, SERVER_HELLO)
            and int.from_bytes(data[1:4], "big") == len(data) - 4)


def _handshakes(records: list[Record]) -> Iterable[Handshake]:
    """The handshake messages in the clear of one side; one may span records, and a record may hold several."""
    pending = b""
    for record in records:
        if record.type == HANDSHAKE and not record.encrypted:
            found, pending = split_handshakes(pending + record.data)
            for kind, body in found:
                yield Handshake(record.time, record.sender, kind, body)


def split_handshakes(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """The whole handshake messages at the front of some bytes, (type, body) each, and the bytes behind them."""
    found = []
    while len(data) >= 4 and len(data) >= 4 + (size := int.from_bytes(data[1:4], "big")):
        found.append((data[0], data[4:4 + size]))
        data = data[4 + size:]
    return found, data
