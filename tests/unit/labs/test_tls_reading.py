"""The tls lab's reading: hellos taken apart, with the place of each field; and its hello of SSL 3.0."""

import pytest

from mnlab.lab.lab import find, load
from mnlab.protocols import tcp, tls

RANDOM = bytes(range(32))
EXTENSIONS = b"\0\0\0\x06\0\x04\0\0\x01a" + b"\0\x2b\0\x05\x04\3\4\3\3" + b"\0\x33\0\x07\0\x05\0\x17\0\x01\x09"


@pytest.fixture(scope="module")
def reading():
    return load(find("tls").folder / "reading.py")


def client_hello(extensions=EXTENSIONS):
    rest = len(extensions).to_bytes(2, "big") + extensions if extensions else b""
    return tls.Handshake(0.0, tcp.CLIENT, 1, b"\3\3" + RANDOM + b"\1\x77" + b"\0\4\x13\1\x13\2" + b"\1\0" + rest)


def test_a_client_hello_field_by_field(reading):
    found = reading.take_apart(client_hello())
    assert (found.version, found.random, found.session_id, found.suites) == (0x0303, RANDOM, b"\x77", [0x1301, 0x1302])
    assert (found.versions, found.key_shares, found.server_name) == ([0x0304, 0x0303], [23], "a")
    assert list(found.extensions) == [0, 43, 51]


def test_places_point_into_the_stream(reading):
    message = client_hello()
    stream = b"\x16\3\1" + (len(message.data) + 4).to_bytes(2, "big") + b"\1" + len(message.data).to_bytes(3, "big")
    stream += message.data
    found = reading.take_apart(message)

    def at(name):
        offset, size = found.place[name]
        return int.from_bytes(stream[offset:offset + size], "big")

    assert (at("legacy_version"), at("session_id_length"), at("suites_length")) == (0x0303, 1, 4)
    assert (at("first_suite"), at("extensions_length"), at("extension 51")) == (0x1301, len(EXTENSIONS), 51)


def test_a_hello_without_extensions(reading):
    found = reading.take_apart(client_hello(b""))
    assert (found.extensions, found.versions, found.key_shares, found.server_name) == ({}, [0x0303], [], None)


def test_servers_pick(reading):
    body = b"\3\3" + RANDOM + b"\0" + b"\x13\1" + b"\0" + b"\0\x0e" + b"\0\x2b\0\2\3\4" + b"\0\x33\0\4\0\x1d\0\0"
    found = reading.take_apart(tls.Handshake(0.0, tcp.SERVER, 2, body))
    assert (found.suites, found.versions, found.key_shares, found.retry) == ([0x1301], [0x0304], [29], False)


@pytest.fixture(scope="module")
def probes():
    return load(find("tls").folder / "probes.py")


def records(data: bytes) -> list[bytes]:
    """The contents of each record."""
    found = []
    while data:
        size = int.from_bytes(data[3:5], "big")
        found.append(data[5:5 + size])
        data = data[5 + size:]
    return found


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", ["strange", "greased", "pieces"])
def test_hellos_made_by_hand_are_whole_and_odd(reading, probes, name, seed):
    parts = records(probes.sent(name, seed, "www.example.test"))
    whole = b"".join(parts)
    assert whole[0] == 1 and int.from_bytes(whole[1:4], "big") == len(whole) - 4
    found = reading.take_apart(tls.Handshake(0.0, tcp.CLIENT, 1, whole[4:]))
    assert len(found.session_id) not in (0, 32)
    assert any(number & 0x0F0F == 0x0A0A for number in found.suites)
    assert (found.server_name or "").lower() == ("" if name == "strange" else "www.example.test")
    assert name == "strange" or found.server_name not in ("www.example.test", "WWW.EXAMPLE.TEST")
    assert (len(parts[0]) < 4) == (name == "pieces")
    assert len(found.key_shares) == {"strange": 0, "greased": 3, "pieces": 1}[name]


def test_a_client_that_leaves_says_two_warnings(probes):
    assert sorted(records(probes.sent("farewell", 1, "www.example.test"))) == [b"\1\0", b"\1\x5a"]
