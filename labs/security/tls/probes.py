"""Hellos that no library here sends, made by hand: all that the format allows, and a reader of hellos must expect.

    strange   TLS 1.2 without a server's name; more than one compression method; no key share in the list of them (RFC
              8446, section 4.2.8, allows that); the server's answer has no extensions
    greased   TLS 1.3 as browsers say it: values that nobody knows in every list (RFC 8701); capitals in the name
    pieces    versions of the future alone, in records so small that not even the message's header fits the first
    farewell  no hello at all, but two alerts, of which the first counts (RFC 8446, section 6)
"""

import random
from itertools import pairwise

NAMES = ("strange", "greased", "pieces", "farewell")

RSA_SUITES, TLS13_SUITES = (0x009C, 0x009D), (0x1301, 0x1302, 0x1303)  # the server has them all
SERVER_NAME, GROUPS, SIGNATURES, PADDING, VERSIONS, KEY_SHARE = 0, 10, 13, 21, 43, 51
X25519, P256 = 29, 23
#: The base point of P-256, uncompressed (SP 800-186, section 3.2.1.3): a share that a server has to take.
BASE_POINT = bytes.fromhex("046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                           "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
WARNING, ENDINGS = 1, (0, 90)  # close_notify, user_canceled


def sent(name: str, seed: int, server: str) -> bytes:
    """All that the client of this name sends."""
    draw = random.Random(f"{seed} {name}")
    return globals()[name](draw, server)


def strange(draw, server: str) -> bytes:
    extensions = [(grease(draw), b""), (SIGNATURES, vector(2, numbers(0x0804, 0x0403, 0x0401))),
                  (draw.randrange(60000, 65000), draw.randbytes(draw.randrange(3, 20))), (PADDING, bytes(6)),
                  (KEY_SHARE, vector(2, b""))]
    suites = shuffled(draw, [grease(draw), *RSA_SUITES])
    return record(draw.randrange(0x0301, 0x0304), hello(draw, suites, b"\1\x40\0", shuffled(draw, extensions)))


def greased(draw, server: str) -> bytes:
    shares = [(grease(draw), b"\0"), (X25519, draw.randbytes(32)), (P256, BASE_POINT)]
    versions = shuffled(draw, [grease(draw), 0x0304, 0x0303])
    return record(0x0301, modern(draw, server, versions, shuffled(draw, shares)))


def pieces(draw, server: str) -> bytes:
    message = modern(draw, server, [grease(draw), 0x0300 + draw.randrange(6, 99)], [(X25519, draw.randbytes(32))])
    ends = [0, draw.randrange(1, 4), draw.randrange(40, 80), len(message)]
    # the first says TLS 1.0, the next ones 1.1 and 1.2: nobody looks at it (RFC 8446, section 5.1)
    return b"".join(record(0x0301 + number, message[start:end]) for number, (start, end) in enumerate(pairwise(ends)))


def farewell(draw, server: str) -> bytes:
    return b"".join(record(0x0303, bytes([WARNING, ending]), kind=21) for ending in draw.sample(ENDINGS, 2))


def modern(draw, server: str, versions: list[int], shares: list[tuple[int, bytes]]) -> bytes:
    """A ClientHello with the extensions of TLS 1.3, in any order."""
    groups = [group for group, _ in shares]
    extensions = [(grease(draw), draw.randbytes(1)), (SIGNATURES, vector(2, numbers(0x0804, 0x0403, 0x0401))),
                  (GROUPS, vector(2, numbers(*groups))), (VERSIONS, vector(1, numbers(*versions))),
                  (KEY_SHARE, vector(2, b"".join(numbers(group) + vector(2, key) for group, key in shares))),
                  (SERVER_NAME, vector(2, b"\0" + vector(2, capitals(draw, server).encode())))]
    suites = [grease(draw), *draw.sample(TLS13_SUITES, 3), draw.randrange(0xFE00, 0xFF00)]
    return hello(draw, suites, b"\0", shuffled(draw, extensions))


def hello(draw, suites: list[int], compressions: bytes, extensions: list[tuple[int, bytes]]) -> bytes:
    """A ClientHello (RFC 5246, section 7.4.1.2), with a session id that is neither empty nor of full length."""
    block = b"".join(numbers(kind) + vector(2, data) for kind, data in extensions)
    body = (numbers(0x0303) + draw.randbytes(32) + vector(1, draw.randbytes(draw.randrange(5, 30)))
            + vector(2, numbers(*suites)) + vector(1, compressions) + vector(2, block))
    return b"\1" + vector(3, body)


def capitals(draw, name: str) -> str:
    """The name with some letters large and some small, as it may be said (RFC 4343)."""
    while (found := "".join(draw.choice((letter.upper(), letter)) for letter in name)) in (name, name.upper()):
        pass
    return found


def shuffled(draw, items: list) -> list:
    """The items in an order that sorting would change, up and down."""
    while (found := draw.sample(items, len(items))) in (sorted(items), sorted(items, reverse=True)):
        pass
    return found


def record(version: int, data: bytes, kind: int = 22) -> bytes:
    return bytes([kind]) + numbers(version) + vector(2, data)


def grease(draw) -> int:
    """One of the values that are reserved for it: 0x0a0a, 0x1a1a, ... 0xfafa."""
    return draw.randrange(16) * 0x1010 + 0x0A0A


def numbers(*values: int) -> bytes:
    return b"".join(value.to_bytes(2, "big") for value in values)


def vector(size: int, data: bytes) -> bytes:
    """A field with its length in front, in `size` bytes."""
    return len(data).to_bytes(size, "big") + data
