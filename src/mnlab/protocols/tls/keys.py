"""From a session's secrets to the keys of its records, and one record opened with them.

TLS 1.2 makes keys of a master secret with its pseudo-random function (RFC 5246, sections 5, 6.3 and 8.1; RFC 7627), TLS
1.3 of a traffic secret with HKDF (RFC 8446, section 7). Records are opened where the cipher authenticates what it
encrypts: AES-GCM (RFC 5288), ChaCha20-Poly1305 (RFC 7905).
"""

import hashlib
import hmac
import re
import struct
from dataclasses import dataclass

TAG, EXPLICIT_NONCE, SALT, NONCE = 16, 8, 4, 12  # bytes
MASTER_SECRET = 48  # bytes

_SUITE = re.compile(r"(AES_128_GCM|AES_256_GCM|CHACHA20_POLY1305)_SHA(256|384)$")
_KEY_SIZES = {"AES_128_GCM": 16, "AES_256_GCM": 32, "CHACHA20_POLY1305": 32}


@dataclass(frozen=True)
class Cipher:
    """What a cipher suite encrypts records with, and the hash that it derives keys with."""

    name: str
    hash: str

    @property
    def key_size(self) -> int:
        """Bytes of a key."""
        return _KEY_SIZES[self.name]

    @property
    def hash_size(self) -> int:
        """Bytes of the hash."""
        return hashlib.new(self.hash).digest_size

    def decrypt(self, key: bytes, nonce: bytes, sealed: bytes, associated: bytes) -> bytes | None:
        """The plain text; None if the tag does not fit: other key, other nonce, or a changed record."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

        algorithm = ChaCha20Poly1305 if self.name == "CHACHA20_POLY1305" else AESGCM
        try:
            return algorithm(key).decrypt(nonce, sealed, associated)
        except InvalidTag:
            return None


def cipher_of(suite: str | None) -> Cipher | None:
    """The cipher of a suite by its IANA name; None if it is no AEAD (CBC, say), or is unknown."""
    found = _SUITE.search(suite or "")
    return Cipher(found[1], f"sha{found[2]}") if found else None


def prf(secret: bytes, label: str, seed: bytes, size: int, hash: str) -> bytes:
    """TLS 1.2's pseudo-random function (RFC 5246, section 5)."""
    seed, out = label.encode() + seed, b""
    link = seed
    while len(out) < size:
        link = hmac.digest(secret, link, hash)
        out += hmac.digest(secret, link + seed, hash)
    return out[:size]


def expand_label(secret: bytes, label: str, context: bytes, size: int, hash: str) -> bytes:
    """TLS 1.3's HKDF-Expand-Label (RFC 8446, section 7.1)."""
    name = b"tls13 " + label.encode()
    info = struct.pack("!HB", size, len(name)) + name + bytes([len(context)]) + context
    out, block, number = b"", b"", 0
    while len(out) < size:
        number += 1
        block = hmac.digest(secret, block + info + bytes([number]), hash)
        out += block
    return out[:size]


class Direction:
    """The keys of one side's records, used in their order: each record has a sequence number that is not sent."""

    def __init__(self, cipher: Cipher, key: bytes, iv: bytes):
        self.cipher, self.key, self.iv, self.sequence = cipher, key, iv, 0

    def open(self, kind: int, version: int, data: bytes) -> bytes | None:
        """The next record's contents; None if they do not open."""
        number, self.sequence = self.sequence, self.sequence + 1
        return self._open(number, kind, version, data)

    def _open(self, number: int, kind: int, version: int, data: bytes) -> bytes | None:
        raise NotImplementedError

    def _counted(self, number: int) -> bytes:
        """The nonce: the sequence number on the IV (RFC 8446, section 5.3)."""
        return (int.from_bytes(self.iv, "big") ^ number).to_bytes(NONCE, "big")


class Direction12(Direction):
    """TLS 1.2: the record's true type and length, and its number, are authenticated with it."""

    def _open(self, number, kind, version, data):
        explicit = EXPLICIT_NONCE if self.cipher.name.endswith("GCM") else 0
        size = len(data) - explicit - TAG
        if size < 0:
            return None
        nonce = self.iv + data[:explicit] if explicit else self._counted(number)
        return self.cipher.decrypt(self.key, nonce, data[explicit:], struct.pack("!QBHH", number, kind, version, size))


class Direction13(Direction):
    """TLS 1.3: the record's header is authenticated with it; its true type is inside."""

    def __init__(self, cipher: Cipher, secret: bytes):
        super().__init__(cipher, expand_label(secret, "key", b"", cipher.key_size, cipher.hash),
                         expand_label(secret, "iv", b"", NONCE, cipher.hash))
        self.secret = secret

    def _open(self, number, kind, version, data):
        if len(data) < TAG + 1:
            return None
        header = struct.pack("!BHH", kind, version, len(data))
        return self.cipher.decrypt(self.key, self._counted(number), data, header)

    def updated(self) -> "Direction13":
        """The keys after a KeyUpdate (RFC 8446, section 7.2)."""
        return Direction13(self.cipher, expand_label(self.secret, "traffic upd", b"", self.cipher.hash_size,
                                                     self.cipher.hash))


def directions12(cipher: Cipher, master: bytes, client_random: bytes, server_random: bytes) -> list[Direction12]:
    """The client's and the server's keys of TLS 1.2 (RFC 5246, section 6.3)."""
    iv = SALT if cipher.name.endswith("GCM") else NONCE
    block = prf(master, "key expansion", server_random + client_random, 2 * (cipher.key_size + iv), cipher.hash)
    ends = [cipher.key_size, 2 * cipher.key_size, 2 * cipher.key_size + iv]
    keys = block[:ends[0]], block[ends[0]:ends[1]]
    salts = block[ends[1]:ends[2]], block[ends[2]:]
    return [Direction12(cipher, key, salt) for key, salt in zip(keys, salts, strict=True)]
