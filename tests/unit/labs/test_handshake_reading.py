"""How the handshake lab reads what kernels of several generations say of a socket, and what can be guessed."""

import random
import zlib
from types import SimpleNamespace

import pytest

from mnlab.lab import lab as labs
from mnlab.protocols.ip import Endpoint
from mnlab.protocols.kernel import SocketState

reading = labs.load(labs.find("handshake").folder / "reading.py")
SERVER, NOBODY, CLIENT = Endpoint("10.0.0.2", 5005), Endpoint("0.0.0.0", 0), Endpoint("10.0.0.1", 6101)


@pytest.mark.parametrize("named", [NOBODY, CLIENT], ids=["6.12", "7.3"])
def test_an_opened_connection_is_read_alike_whoever_a_listening_socket_names(named):
    told = [SocketState(1.0, SERVER, named, "LISTEN", "SYN-RECEIVED"),
            SocketState(1.0, SERVER, CLIENT, "SYN-RECEIVED", "ESTABLISHED")]
    evidence = SimpleNamespace(ip=lambda host: SERVER.ip, kernel=lambda *kinds: told)
    assert reading.changes(evidence, "h2", 5005, 6101) == [("SYN-RECEIVED", "ESTABLISHED", 1.0)]


@pytest.mark.parametrize("secrets, how", [((7, 7), "for the same two ends a clock, and nothing else"),
                                          ((7, 8), "")], ids=["one for ever", "one for each start"])
def test_a_clock_and_a_hash_without_a_secret_can_be_guessed(secrets, how):
    def numbers(names, begin, secret):
        return [(begin + step, (zlib.crc32(f"{secret}{name}".encode()) + round((begin + step) * 250_000)) % 2**32)
                for step, name in enumerate(names)]

    assert reading.guess(numbers(reading.NAMES, 3.0, secrets[0]), numbers(reading.AGAIN, 40.0, secrets[1])) == how


def test_numbers_by_chance_are_seldom_called_guessable():
    rng = random.Random(9293)

    def numbers(names):
        return [(rng.uniform(0, 60), rng.getrandbits(32)) for _ in names]

    found = [reading.guess(numbers(reading.NAMES), numbers(reading.AGAIN)) for _ in range(2000)]
    assert found.count("") == len(found)
