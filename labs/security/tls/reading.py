"""Reading the tls lab's evidence: sessions by name, and hellos with the place of each field."""

from dataclasses import dataclass, field
from functools import lru_cache

from mnlab.checks import expect
from mnlab.evidence.record import Missing
from mnlab.protocols import tcp, tls
from mnlab.protocols.tls import hello, opening

RECORD_HEADER, MESSAGE_HEADER = 5, 4  # bytes: type, version, length; type, length
RANDOM = 32  # bytes
GROUP_NUMBERS = {name: number for number, name in hello.GROUPS.items()}


# --- sessions ---

@lru_cache(maxsize=8)
def connections(evidence, where: str) -> list[tcp.Connection]:
    return tcp.connections(evidence.frames(where))


def connection(evidence, name: str, where: str = "eve") -> tcp.Connection:
    """The TCP connection that the command `name` made, as captured at `where`."""
    ran = evidence.command(name)
    found = [one for one in connections(evidence, where) if ran.start <= one.time <= ran.end]
    if not found:
        raise Missing(f"{where} saw no connection of {name!r}")
    return found[0]


@lru_cache(maxsize=32)
def session(evidence, name: str, where: str = "eve") -> tls.Session:
    """The TLS session of a command."""
    found = tls.of_connection(connection(evidence, name, where))
    if not found:
        raise Missing(f"{name!r} carried no TLS")
    return found


def secrets(evidence, end: str) -> opening.Secrets:
    """What one end's key log holds."""
    return opening.read_key_log(evidence.text(f"{end}.keys"))


def own_secrets(evidence, end: str, name: str) -> dict[str, bytes]:
    """What one end logged about one session."""
    return secrets(evidence, end).get(session(evidence, name).client_hello.random, {})


def opened(evidence, name: str, end: str = "client", where: str = "eve") -> opening.Opening:
    """A session opened with the key log of one end."""
    return opening.with_key_log(session(evidence, name, where), secrets(evidence, end))


def unlocked(evidence, name: str) -> opening.Opening:
    """A session opened, if it can be, with the server's private key alone."""
    return opening.with_private_key(session(evidence, name), evidence.text("server.key").encode())


def told(session: tls.Session) -> str:
    """A session in a few words, for the `seen` of a failure."""
    words = [tls.handshake_words(message) for message in session.handshakes]
    words += [f"{alert.level} alert {alert.text} from the {alert.sender}" for alert in session.alerts]
    return ", then ".join(words) or "nothing that can be read"


# --- hellos, field by field ---

@dataclass
class Fields:
    """A hello taken apart. `place`: name -> (offset in the stream, size) for a message that lies in one record."""

    number: int
    version: int
    random: bytes
    session_id: bytes
    suites: list[int]
    extensions: dict[int, bytes] = field(default_factory=dict)
    place: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def versions(self) -> list[int]:
        """Those offered, or the one picked: in the extension, and where there is none in the old field."""
        data = self.extensions.get(hello.SUPPORTED_VERSIONS)
        if data is None:
            return [self.version]
        return numbers(data[1:] if self.number == tls.CLIENT_HELLO else data)

    @property
    def key_shares(self) -> list[int]:
        """The groups of the key shares sent, or asked for."""
        data = self.extensions.get(hello.KEY_SHARE, b"")
        if self.number == tls.SERVER_HELLO:
            return numbers(data[:2])
        shares, reader = [], hello.Reader(data[2:])
        while reader.rest:
            shares.append(reader.number(2))
            reader.vector(2)
        return shares

    @property
    def server_name(self) -> str | None:
        """RFC 6066, section 3: a list of names of kind 0; there is but one."""
        data = self.extensions.get(hello.SERVER_NAME, b"")
        return data[5:].decode() if data and self.number == tls.CLIENT_HELLO else None

    @property
    def retry(self) -> bool:
        return self.random == hello.RETRY_RANDOM


def numbers(data: bytes) -> list[int]:
    return [int.from_bytes(data[at:at + 2], "big") for at in range(0, len(data), 2)]


def take_apart(message: tls.Handshake) -> Fields:
    """A ClientHello or ServerHello with all its fields (RFC 8446, sections 4.1.2 and 4.1.3)."""
    reader, client = hello.Reader(message.data), message.type == tls.CLIENT_HELLO
    place = {}

    def mark(name, size, back=0):
        place[name] = (RECORD_HEADER + MESSAGE_HEADER + reader.position - back, size)

    mark("legacy_version", 2)
    version = reader.number(2)
    mark("random", RANDOM)
    random = reader.take(RANDOM)
    mark("session_id_length", 1)
    session_id = reader.vector(1)
    if client:
        mark("suites_length", 2)
        suites = numbers(reader.vector(2))
        mark("first_suite", 2, 2 * len(suites))
        reader.vector(1)  # compression methods
    else:
        mark("suite", 2)
        suites = [reader.number(2)]
        reader.number(1)
    found = Fields(message.type, version, random, session_id, suites, place=place)
    if reader.rest:
        mark("extensions_length", 2)
        reader.number(2)
    while reader.rest:
        start = reader.position
        kind = reader.number(2)
        place[f"extension {kind}"] = (RECORD_HEADER + MESSAGE_HEADER + start, 2)
        found.extensions[kind] = reader.vector(2)
    return found


def first_message(evidence, name: str, side: str) -> tls.Handshake | None:
    """The first handshake message of one side; None if it began with an alert."""
    return next((message for message in session(evidence, name).handshakes if message.sender == side), None)


def fields(evidence, name: str, side: str) -> Fields:
    message = first_message(evidence, name, side)
    expect(message, done=f"the session {name}", expected=f"a hello from the {side}", seen=told(session(evidence, name)))
    return take_apart(message)


def dotted(version: int) -> str:
    """0x0303 as it is written: 3.3."""
    return f"{version >> 8}.{version & 255}"


def described(evidence, name: str, side: str) -> dict:
    """What the student's program is to print of one side's first message: see the head of starter/hello.py."""
    record = next(one for one in session(evidence, name).records if one.sender == side)
    common = {"file": f"{name}.{side}", "record_version": dotted(record.version)}
    message = first_message(evidence, name, side)
    if message is None:
        return common | {"message": "Alert", "level": record.data[0], "description": record.data[1]}
    found = take_apart(message)
    words = common | {
        "message": "HelloRetryRequest" if found.retry else message.name, "legacy_version": dotted(found.version),
        "random": found.random.hex(), "session_id": found.session_id.hex(), "suites": found.suites,
        "extensions": list(found.extensions), "versions": [dotted(version) for version in found.versions],
        "key_shares": found.key_shares}
    return words | ({"server_name": found.server_name} if side == tcp.CLIENT else {})


# --- what answers.toml asks ---

def whole(evidence, name: str) -> bytes:
    """All bytes of a connection, both ways."""
    return b"".join(connection(evidence, name).stream(side) for side in (tcp.CLIENT, tcp.SERVER))


def modern(evidence, side: str, *extensions: int) -> Fields:
    """One side's hello of tls13, which must have these extensions."""
    found = fields(evidence, "tls13", side)
    expect(set(extensions) <= set(found.extensions), done=f"the {side} of tls13 said hello",
           expected=f"extensions {', '.join(map(str, extensions))}", seen=", ".join(map(str, found.extensions)))
    return found


def annotation(evidence, side: str, found: Fields, place: str) -> list:
    """[offset, size, value] of a field of one side's first message in tls13."""
    offset, size = found.place[place]
    return [offset, size, int.from_bytes(connection(evidence, "tls13").stream(side)[offset:offset + size], "big")]


def client_annotations(evidence) -> dict[str, list]:
    found = modern(evidence, tcp.CLIENT, hello.SERVER_NAME, hello.KEY_SHARE, hello.SUPPORTED_VERSIONS)
    stream = connection(evidence, "tls13").stream(tcp.CLIENT)
    name, share = (found.place[f"extension {number}"][0] for number in (hello.SERVER_NAME, hello.KEY_SHARE))
    versions = found.place[f"extension {hello.SUPPORTED_VERSIONS}"][0]
    return {
        "client_record_version": [1, 2, int.from_bytes(stream[1:3], "big")],
        **{f"client_{place}": annotation(evidence, tcp.CLIENT, found, place)
           for place in ("legacy_version", "session_id_length", "suites_length", "first_suite", "extensions_length")},
        # behind an extension's type and length: the list's length and a kind, then the name's length
        "client_server_name": [name + 9, len(found.server_name), found.server_name],
        "client_first_version": [versions + 5, 2, found.versions[0]],
        "client_key_share_group": [share + 6, 2, found.key_shares[0]],
    }


def server_annotations(evidence) -> dict[str, list]:
    found = modern(evidence, tcp.SERVER, hello.KEY_SHARE, hello.SUPPORTED_VERSIONS)
    versions, share = (found.place[f"extension {number}"][0] for number in (hello.SUPPORTED_VERSIONS, hello.KEY_SHARE))
    return {
        **{f"server_{place}": annotation(evidence, tcp.SERVER, found, place) for place in ("legacy_version", "suite")},
        "server_version": [versions + 4, 2, found.versions[0]],
        "server_key_share_group": [share + 4, 2, found.key_shares[0]],
    }


def premaster_start(evidence) -> str:
    """The first 8 bytes of the premaster secret of rsa, in hexadecimal."""
    secret = opening.premaster(session(evidence, "rsa"), evidence.text("server.key").encode())
    return (secret or b"")[:8].hex()


def alert_numbers(evidence) -> dict[str, int]:
    """Descriptions of the alerts that ended sessions, by their numbers."""
    codes = {text: number for number, text in tls.ALERTS.items()}

    def number(alerts, side):
        return next((codes[alert.text] for alert in alerts if alert.sender == side), -1)

    return {"alert_ssl3": number(session(evidence, "ssl3").alerts, tcp.SERVER),
            "alert_nothing_in_common": number(session(evidence, "nothing-in-common").alerts, tcp.SERVER),
            "alert_no_root": number(opened(evidence, "no-root").alerts, tcp.CLIENT),
            "alert_flipped": number(opened(evidence, "flipped-13").alerts, tcp.CLIENT)}


def overhead(evidence, name: str) -> int:
    """Bytes that a record has more than the request in it."""
    record = next((one for one in opened(evidence, name).side(tcp.CLIENT)
                   if one.type == tls.APPLICATION_DATA and one.record.encrypted), None)
    return record.record.length - len(record.data) if record and record.data else -1
