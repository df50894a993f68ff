"""A signature proves who recorded evidence: every change of what it covers is told, and so is another key."""

import hashlib
import hmac
import json

import pytest

from mnlab.evidence import layout, signature
from mnlab.evidence.manifest import Unreadable

KEY, ANSWERS = b"a key for this test alone", b"a = 1\n"
MANIFEST = {"evidence_sha256": "ab", "lab": "arp", "seed": 1, "machine": {"clock": "virtual"}, "params": {},
            "work": {"kind": "student", "sha256": "cd"}, "seconds": {"wall": 1.0}}


@pytest.fixture
def folder(tmp_path):
    signature.sign(tmp_path, MANIFEST, ANSWERS, KEY)
    return tmp_path


def test_what_was_signed_is_verified(folder):
    assert signature.verify(folder, MANIFEST, ANSWERS, KEY) == "verified"
    assert signature.verify(folder, MANIFEST | {"seconds": {"wall": 2.0}}, ANSWERS, KEY) == "verified"


def test_the_signature_is_what_the_documentation_says(folder):
    said = ('{"answers_sha256": "%s", "evidence_sha256": "ab", "lab": "arp", "machine": {"clock": "virtual"}, '
            '"seed": 1, "work": {"kind": "student", "sha256": "cd"}}' % hashlib.sha256(ANSWERS).hexdigest())
    assert json.loads((folder / layout.SIGNATURE).read_text()) == {
        "algorithm": "HMAC-SHA256", "signature": hmac.new(KEY, said.encode(), hashlib.sha256).hexdigest()}


@pytest.mark.parametrize("change", [
    {"evidence_sha256": "ac"}, {"lab": "ping"}, {"seed": 2}, {"machine": {"clock": "real"}},
    {"work": {"kind": "solution", "sha256": "cd"}}, {"work": {"kind": "student", "sha256": "ce"}}], ids=str)
def test_every_change_of_what_is_signed_is_told(folder, change):
    with pytest.raises(Unreadable, match="signature is wrong"):
        signature.verify(folder, MANIFEST | change, ANSWERS, KEY)


def test_other_answers_and_another_key_are_told(folder):
    for answers, key in ((b"a = 2\n", KEY), (b"", KEY), (ANSWERS, KEY + b"x")):
        with pytest.raises(Unreadable, match="signature is wrong"):
            signature.verify(folder, MANIFEST, answers, key)


def test_without_a_key_nothing_is_claimed(folder):
    assert signature.verify(folder, MANIFEST, ANSWERS, None) == "unverified"
    (folder / layout.SIGNATURE).unlink()
    assert signature.verify(folder, MANIFEST, ANSWERS, None) == "unsigned"
    with pytest.raises(Unreadable, match="not signed"):
        signature.verify(folder, MANIFEST, ANSWERS, KEY)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"[" * 100_000, b'{"signature": 5}', b'{"signature": ""}',
                                  b'{"signature": "\xc3\xa9"}', b'{"signature": "\\ud800"}', bytes(5 << 20)])
def test_whatever_lies_in_its_place_is_a_wrong_signature(folder, data):
    (folder / layout.SIGNATURE).write_bytes(data)
    with pytest.raises(Unreadable, match="signature is wrong"):
        signature.verify(folder, MANIFEST, ANSWERS, KEY)
