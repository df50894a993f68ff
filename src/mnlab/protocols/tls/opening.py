"""Opening a TLS session: with a key log that one of its ends wrote, or (RSA key exchange alone) with a private key.

A key log has lines "LABEL, client random, secret" in hexadecimal (draft-ietf-tls-keylogfile, once NSS's): CLIENT_RANDOM
and the master secret for TLS 1.2, four traffic secrets for TLS 1.3. OpenSSL's clients also log what they sent locked
with an RSA key: "RSA, its first 8 bytes, the premaster secret".
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from mnlab.protocols import tcp, tls
from mnlab.protocols.ip import Endpoint
from mnlab.protocols.tls import keys
from mnlab.protocols.tls.hello import Reader, parse_certificates, version_name

#: Labels of a key log: a master secret of TLS 1.2, a premaster secret locked with RSA.
MASTER, PREMASTER = "CLIENT_RANDOM", "RSA"
#: Side -> the labels of its secrets in TLS 1.3: for the handshake, and for what follows.
TRAFFIC = {tcp.CLIENT: ("CLIENT_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0"),
           tcp.SERVER: ("SERVER_HANDSHAKE_TRAFFIC_SECRET", "SERVER_TRAFFIC_SECRET_0")}
LOCKED_NAME = 8  # bytes of the locked premaster secret that a key log knows it by

#: What a key log holds: client random (or LOCKED_NAME bytes) -> label -> secret.
Secrets = dict[bytes, dict[str, bytes]]

_LINE = re.compile(r"^([A-Z0-9_]+) ([0-9a-fA-F]+) ([0-9a-fA-F]+)\s*$", re.M)


def read_key_log(text: str) -> Secrets:
    """The secrets in a key log; lines that are none are passed over."""
    found: Secrets = {}
    for label, name, secret in _LINE.findall(text):
        if len(name) % 2 == 0 and len(secret) % 2 == 0:
            found.setdefault(bytes.fromhex(name), {})[label] = bytes.fromhex(secret)
    return found


@dataclass(frozen=True)
class Opened:
    """A record with its contents in the clear. `type` is the true one; `data` None: nothing at hand opens it."""

    record: tls.Record
    type: int
    data: bytes | None = field(repr=False)


@dataclass
class Opening:
    """A session as whoever has its secrets sees it."""

    session: tls.Session
    records: list[Opened]

    def side(self, sender: str) -> list[Opened]:
        """The records that one side sent, "client" or "server"."""
        return [opened for opened in self.records if opened.record.sender == sender]

    @property
    def sealed(self) -> list[Opened]:
        """Records that did not open."""
        return [opened for opened in self.records if opened.data is None]

    @property
    def complete(self) -> bool:
        """Whether everything was opened, and anything had to be."""
        return not self.sealed and any(opened.record.encrypted for opened in self.records)

    def stream(self, sender: str) -> bytes:
        """What one side's application sent."""
        return b"".join(opened.data or b"" for opened in self.side(sender) if opened.type == tls.APPLICATION_DATA)

    @cached_property
    def handshakes(self) -> list[tls.Handshake]:
        """All handshake messages, those that were encrypted too, in order of time."""
        return _by_time(message for sender in (tcp.CLIENT, tcp.SERVER) for message in _messages(self.side(sender)))

    @property
    def alerts(self) -> list[tls.Alert]:
        """All alerts that could be read, those that were encrypted too."""
        return [tls.read_alert(opened.record, opened.data) for opened in self.records
                if opened.type == tls.ALERT and opened.data and len(opened.data) == 2]

    @property
    def certificates(self) -> tuple[bytes, ...]:
        """The server's certificates in DER, its own first; also those of TLS 1.3."""
        return next((parse_certificates(message.data, in_tls13(self.session)) for message in self.handshakes
                     if message.type == tls.CERTIFICATE and message.sender == tcp.SERVER), ())


@dataclass(frozen=True)
class Plain:
    """A connection on which one reads what the applications sent, as far as it opened: to http.of_connection it is one
    without TLS."""

    opening: Opening

    @property
    def where(self) -> str:
        """The capture point."""
        return self.opening.session.where

    def endpoint(self, side: str) -> Endpoint:
        """The address and port of a side."""
        return self.opening.session.connection.endpoint(side)

    def stream(self, side: str) -> bytes:
        """The bytes that a side's application sent, up to the first record that did not open."""
        return b"".join(data for _, data in self._pieces(side))

    def when(self, side: str, offset: int) -> float:
        """The time (s) at which the record with the byte at `offset` had arrived."""
        for time, data in self._pieces(side):
            offset -= len(data)
            if offset < 0:
                return time
        return self._pieces(side)[-1][0]

    def _pieces(self, side: str) -> list[tuple[float, bytes]]:
        found = []
        for opened in self.opening.side(side):
            if opened.data is None:
                break
            if opened.type == tls.APPLICATION_DATA:
                found.append((opened.record.time, opened.data))
        return found


def in_tls13(session: tls.Session) -> bool:
    """Whether both ends agreed on TLS 1.3."""
    return session.version == "TLS 1.3"


def with_key_log(session: tls.Session, secrets: Secrets) -> Opening:
    """Open a session with the secrets of a key log. What they do not open stays sealed."""
    own = secrets.get(session.client_hello.random, {}) if session.client_hello else {}
    cipher = keys.cipher_of(session.suite)
    if in_tls13(session):
        return _open13(session, cipher, own)
    return with_master(session, own.get(MASTER))


def with_master(session: tls.Session, master: bytes | None) -> Opening:
    """Open a session of TLS 1.2 with its master secret."""
    cipher = keys.cipher_of(session.suite)
    directions = {}
    if cipher and master and session.version == "TLS 1.2" and session.client_hello and session.server_hello:
        pair = keys.directions12(cipher, master, session.client_hello.random, session.server_hello.random)
        directions = dict(zip((tcp.CLIENT, tcp.SERVER), pair, strict=True))
    return Opening(session, [_opened12(record, directions.get(record.sender)) for record in session.records])


def locked_premaster(session: tls.Session) -> bytes | None:
    """What the client locked with the server's key: only in a session with RSA key exchange (RFC 5246, 7.4.7.1)."""
    body = next((message.data for message in session.handshakes if message.type == tls.CLIENT_KEY_EXCHANGE), b"")
    try:
        reader = Reader(body)
        locked = reader.vector(2)
    except ValueError:
        return None
    return locked if locked and not reader.rest else None


def premaster(session: tls.Session, private_key: bytes) -> bytes | None:
    """The premaster secret, unlocked with the server's private key (PEM); None where nothing is locked with it."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    locked = locked_premaster(session)
    if session.client_hello is None or locked is None:
        return None
    key = load_pem_private_key(private_key, None)
    if not isinstance(key, RSAPrivateKey) or len(locked) != key.key_size // 8:
        return None
    try:
        secret = key.decrypt(locked, PKCS1v15())
    except ValueError:
        return None
    # A wrong key may give random bytes instead of an error; the right one gives the version that the client offered.
    offered = version_name(int.from_bytes(secret[:2], "big")) == session.client_hello.legacy
    return secret if offered and len(secret) == keys.MASTER_SECRET else None


def master_secret(session: tls.Session, secret: bytes) -> bytes:
    """The master secret of TLS 1.2 from the premaster secret (RFC 5246, section 8.1; RFC 7627 if both ends know it).

    ValueError if the session lacks a hello, or has a cipher that records cannot be opened with.
    """
    cipher = keys.cipher_of(session.suite)
    if cipher is None or session.client_hello is None or session.server_hello is None:
        raise ValueError("a session without both hellos, or with such a cipher, has no master secret")
    hash, hellos = cipher.hash, (session.client_hello, session.server_hello)
    if all("extended_master_secret" in hello.extensions for hello in hellos):
        seed = hashlib.new(hash, transcript(session.handshakes, tls.CLIENT_KEY_EXCHANGE)).digest()
        return keys.prf(secret, "extended master secret", seed, keys.MASTER_SECRET, hash)
    return keys.prf(secret, "master secret", b"".join(hello.random for hello in hellos), keys.MASTER_SECRET, hash)


def transcript(handshakes: Iterable[tls.Handshake], last: int) -> bytes:
    """The handshake messages one after the other, up to the first of type `last`, which is included."""
    whole = b""
    for message in handshakes:
        whole += bytes([message.type]) + len(message.data).to_bytes(3, "big") + message.data
        if message.type == last:
            break
    return whole


def with_private_key(session: tls.Session, private_key: bytes) -> Opening:
    """Open a session with the server's private key (PEM): with RSA key exchange everything opens, else nothing."""
    secret = premaster(session, private_key)
    known = session.server_hello and keys.cipher_of(session.suite)
    return with_master(session, master_secret(session, secret) if secret and known else None)


def _opened12(record: tls.Record, direction: keys.Direction | None) -> Opened:
    if not record.encrypted:
        return Opened(record, record.type, record.data)
    return Opened(record, record.type, direction.open(record.type, record.version, record.data) if direction else None)


def _open13(session: tls.Session, cipher: keys.Cipher | None, secrets: dict[str, bytes]) -> Opening:
    opened: list[Opened] = []
    for sender in (tcp.CLIENT, tcp.SERVER):
        records = [record for record in session.records if record.sender == sender]
        found = [secrets.get(label) for label in TRAFFIC[sender]]
        chain = [keys.Direction13(cipher, secret) if secret and cipher else None for secret in found]
        opened += _opened13(records, *chain)
    return Opening(session, sorted(opened, key=lambda one: one.record.time))


def _opened13(records: list[tls.Record], direction, traffic) -> Iterator[Opened]:
    """One side's records; after its Finished its keys change, and after each KeyUpdate (RFC 8446, section 4.6.3)."""
    pending = b""
    for record in records:
        if not record.encrypted:
            yield Opened(record, record.type, record.data)
            continue
        inner = direction.open(record.type, record.version, record.data) if direction else None
        inner = inner.rstrip(b"\0") if inner is not None else None  # padding
        if not inner:
            yield Opened(record, record.type, None)
            continue
        kind, data = inner[-1], inner[:-1]
        yield Opened(record, kind, data)
        if kind == tls.HANDSHAKE:
            found, pending = tls.split_handshakes(pending + data)
            for message, _ in found:
                direction = traffic if message == tls.FINISHED else direction
                direction = direction.updated() if message == tls.KEY_UPDATE and direction else direction


def _messages(records: list[Opened]) -> Iterator[tls.Handshake]:
    pending = b""
    for opened in records:
        if opened.type == tls.HANDSHAKE and opened.data is not None:
            found, pending = tls.split_handshakes(pending + opened.data)
            for kind, body in found:
                yield tls.Handshake(opened.record.time, opened.record.sender, kind, body)


def _by_time(messages: Iterable[tls.Handshake]) -> list[tls.Handshake]:
    return sorted(messages, key=lambda message: message.time)
