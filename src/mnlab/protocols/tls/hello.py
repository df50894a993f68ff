"""The handshake messages that begin a TLS session: ClientHello, ServerHello, Certificate.

RFC 8446 section 4.1, RFC 5246 section 7.4; extensions RFC 6066 (server name), RFC 7301 (ALPN). Damaged bytes give None.
"""

from dataclasses import dataclass

from mnlab.protocols.tls.suites import SUITES

#: Version number -> its name (RFC 8446, section 4.2.1).
VERSIONS = {0x0300: "SSL 3.0", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2", 0x0304: "TLS 1.3"}

#: Extension numbers that are read here (IANA, TLS ExtensionType Values).
SERVER_NAME, SUPPORTED_GROUPS, ALPN, SUPPORTED_VERSIONS, KEY_SHARE = 0, 10, 16, 43, 51
#: Extension number -> its name, also of others that students meet.
EXTENSIONS = {SERVER_NAME: "server_name", 5: "status_request", SUPPORTED_GROUPS: "supported_groups",
              11: "ec_point_formats", 13: "signature_algorithms", ALPN: "alpn", 21: "padding",
              22: "encrypt_then_mac", 23: "extended_master_secret", 35: "session_ticket", 41: "pre_shared_key",
              42: "early_data", SUPPORTED_VERSIONS: "supported_versions", 44: "cookie", 45: "psk_key_exchange_modes",
              49: "post_handshake_auth", KEY_SHARE: "key_share", 0xFF01: "renegotiation_info"}
#: Group for key exchange -> its name (IANA, TLS Supported Groups; RFC 8446, section 4.2.7).
GROUPS = {23: "secp256r1", 24: "secp384r1", 25: "secp521r1", 29: "x25519", 30: "x448", 256: "ffdhe2048",
          257: "ffdhe3072", 4588: "X25519MLKEM768"}

#: A ServerHello with this random value is a HelloRetryRequest (RFC 8446, section 4.1.3).
RETRY_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


@dataclass(frozen=True)
class Hello:
    """A ClientHello (what is offered) or a ServerHello (what is picked: one suite, one version).

    version       the highest version offered, or the one picked: "TLS 1.3"
    versions      all versions offered, the preferred first (or the one picked)
    legacy        the version field of the message itself, which in TLS 1.3 says "TLS 1.2" for old middleboxes' sake
    suites        cipher suites by their IANA names
    groups        for key exchange: offered (client) or of the key share picked (server)
    extensions    name (or number, as text) -> its bytes, in their order
    """

    version: str
    versions: tuple[str, ...]
    legacy: str
    random: bytes
    session_id: bytes
    suites: tuple[str, ...]
    server_name: str | None
    alpn: tuple[str, ...]
    groups: tuple[str, ...]
    extensions: dict[str, bytes]
    retry: bool = False


class Reader:
    """Takes fields off the front of some bytes; too few of them is a ValueError."""

    def __init__(self, data: bytes):
        self.data, self.position = data, 0

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        end = self.position + count
        if end > len(self.data):
            raise ValueError("too short")
        taken = self.data[self.position:end]
        self.position = end
        return taken

    def number(self, size: int) -> int:
        """A whole number in the next `size` bytes, the highest byte first."""
        return int.from_bytes(self.take(size), "big")

    def vector(self, size: int) -> bytes:
        """A field preceded by its length in `size` bytes."""
        return self.take(self.number(size))

    @property
    def rest(self) -> int:
        """How many bytes are left."""
        return len(self.data) - self.position


def parse_client_hello(body: bytes) -> Hello | None:
    """A ClientHello from its body (after the handshake header of 4 bytes)."""
    return _guarded(_client_hello, body)


def parse_server_hello(body: bytes) -> Hello | None:
    """A ServerHello from its body."""
    return _guarded(_server_hello, body)


def parse_certificates(body: bytes, tls13: bool = False) -> tuple[bytes, ...]:
    """The DER certificates of a Certificate message; () if it is damaged. TLS 1.3: the form of RFC 8446, 4.4.2."""
    return _guarded(_certificates13 if tls13 else _certificates, body) or ()


def version_name(number: int) -> str:
    """A version number in words: "TLS 1.2"."""
    return VERSIONS.get(number, f"version {number:#06x}")


def suite_name(number: int) -> str:
    """A cipher suite's IANA name."""
    return SUITES.get(number, f"suite {number:#06x}")


def _guarded(parse, body: bytes):
    try:
        return parse(Reader(body))
    except (ValueError, IndexError):
        return None


def _client_hello(reader: Reader) -> Hello:
    legacy, random, session_id = reader.number(2), reader.take(32), reader.vector(1)
    suites = _numbers(reader.vector(2))
    reader.vector(1)  # compression methods: none, ever since CRIME
    extensions = _extensions(reader)
    offered = [legacy]
    if SUPPORTED_VERSIONS in extensions:
        offered = _numbers(Reader(extensions[SUPPORTED_VERSIONS]).vector(1))
    versions = [version for version in offered if not _is_grease(version)]
    groups = _numbers(Reader(extensions[SUPPORTED_GROUPS]).vector(2)) if SUPPORTED_GROUPS in extensions else []
    return _hello(legacy, random, session_id, versions, max(versions, default=legacy),
                  [suite for suite in suites if not _is_grease(suite)], groups, extensions)


def _server_hello(reader: Reader) -> Hello:
    legacy, random, session_id, suite = reader.number(2), reader.take(32), reader.vector(1), reader.number(2)
    reader.number(1)  # compression method
    extensions = _extensions(reader)
    version = int.from_bytes(extensions[SUPPORTED_VERSIONS], "big") if SUPPORTED_VERSIONS in extensions else legacy
    groups = [int.from_bytes(extensions[KEY_SHARE][:2], "big")] if KEY_SHARE in extensions else []
    return _hello(legacy, random, session_id, [version], version, [suite], groups, extensions)


def _hello(legacy, random, session_id, versions, version, suites, groups, extensions: dict[int, bytes]) -> Hello:
    names = {EXTENSIONS.get(number, str(number)): data for number, data in extensions.items()}
    return Hello(
        version_name(version), tuple(map(version_name, versions)), version_name(legacy), random, session_id,
        tuple(map(suite_name, suites)), _server_name(extensions.get(SERVER_NAME)), _alpn(extensions.get(ALPN)),
        tuple(GROUPS.get(group, f"group {group}") for group in groups if not _is_grease(group)), names,
        random == RETRY_RANDOM)


def _extensions(reader: Reader) -> dict[int, bytes]:
    if not reader.rest:
        return {}  # TLS 1.2 and before may have none at all
    block, found = Reader(reader.vector(2)), {}
    while block.rest:
        number = block.number(2)
        found[number] = block.vector(2)
    return found


def _numbers(data: bytes) -> list[int]:
    return [int.from_bytes(data[at:at + 2], "big") for at in range(0, len(data) - 1, 2)]


def _is_grease(number: int) -> bool:
    """Values that clients throw in to keep servers tolerant (RFC 8701): 0x0a0a, 0x1a1a, ..."""
    return number & 0x0F0F == 0x0A0A and number >> 8 == number & 0xFF


def _server_name(data: bytes | None) -> str | None:
    if not data:  # a server acknowledges the name with an empty extension
        return None
    names = Reader(Reader(data).vector(2))
    while names.rest:
        kind, name = names.number(1), names.vector(2)
        if kind == 0:
            return name.decode("ascii", "backslashreplace")
    return None


def _alpn(data: bytes | None) -> tuple[str, ...]:
    if not data:
        return ()
    names, found = Reader(Reader(data).vector(2)), []
    while names.rest:
        found.append(names.vector(1).decode("ascii", "backslashreplace"))
    return tuple(found)


def _certificates(reader: Reader) -> tuple[bytes, ...]:
    chain, found = Reader(reader.vector(3)), []
    while chain.rest:
        found.append(chain.vector(3))
    return tuple(found)


def _certificates13(reader: Reader) -> tuple[bytes, ...]:
    reader.vector(1)  # context: of a request for the client's certificate
    chain, found = Reader(reader.vector(3)), []
    while chain.rest:
        found.append(chain.vector(3))
        chain.vector(2)  # this certificate's extensions
    return tuple(found)
