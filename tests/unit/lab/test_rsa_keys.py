"""Keys for labs are keys: OpenSSL's library takes them, and they differ."""

import random

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from mnlab.lab import rsa_keys


@pytest.mark.parametrize("seed", range(4))
def test_a_key_is_sound(seed):
    key = rsa_keys.choose(random.Random(seed))
    loaded = load_pem_private_key(rsa_keys.private_pem(key).encode(), None)  # checks primes and exponents
    assert loaded.key_size == 2048 == key.n.bit_length()
    assert loaded.private_numbers().d % ((key.p - 1) * (key.q - 1)) == key.d
    assert load_pem_public_key(rsa_keys.public_pem(key).encode()) == loaded.public_key()
    assert pow(pow(42, key.e, key.n), key.d, key.n) == 42


def test_seeds_make_different_keys():
    assert len({rsa_keys.choose(random.Random(seed)).n for seed in range(40)}) > 10
