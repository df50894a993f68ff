"""What the https lab reads of key_share: a list in a ClientHello, one in a ServerHello (RFC 8446, section 4.2.8)."""

from types import SimpleNamespace

import pytest

from mnlab.lab.lab import ROOT, load

reading = load(ROOT / "labs/security/https/reading.py")


def share(group: int, size: int) -> bytes:
    return group.to_bytes(2, "big") + size.to_bytes(2, "big") + bytes(size)


def hello(data: bytes):
    return SimpleNamespace(extensions={"key_share": data})


def test_a_client_sends_a_list():
    shares = share(0x11EC, 1216) + share(29, 32)
    offered = hello(len(shares).to_bytes(2, "big") + shares)
    assert reading.key_shares(offered, client=True) == {"X25519MLKEM768": 1216, "x25519": 32}


def test_a_server_sends_one():
    assert reading.key_shares(hello(share(0x11EC, 1120)), client=False) == {"X25519MLKEM768": 1120}


def test_a_group_without_a_name_goes_by_its_number():
    assert reading.key_shares(hello(share(4711, 3)), client=False) == {"4711": 3}


@pytest.mark.parametrize("client", [True, False])
def test_a_hello_of_tls_1_2_has_none(client):
    assert reading.key_shares(SimpleNamespace(extensions={}), client=client) == {}


@pytest.mark.parametrize("one", ["https://Shop.example/a%20b?c=%2f", "HTTPS://shop.example:443/%61%20b?c=%2F"])
def test_urls_are_compared_as_rfc_3986_does(one):
    assert reading.same_url(one, "https://shop.example/a%20b?c=%2F", "http://shop.example/")


@pytest.mark.parametrize("other", ["/a", "http://shop.example/a", "https://shop.example:80/a", "https://shop.example/A",
                                   "https://shop.example/a?", "https://shop.example/a#b", "https://[/a", "none"])
def test_other_urls_are_others(other):
    same = other.endswith("?")  # an empty query asks for nothing
    assert reading.same_url(other, "https://shop.example/a", "http://shop.example/") == same


@pytest.mark.parametrize("policy,seconds", [
    ("max-age=31536000", 31536000), ('includeSubDomains; Max-Age = "60" ; preload', 60), ("max-age=1d", 0), ("", 0),
    ("max-age=1; max-age=2", 0), ("includeSubDomains", 0), ("max-age=-1", 0), ("max-age=" + "9" * 5000, 0)])
def test_how_long_a_policy_holds(policy, seconds):
    assert reading.max_age(policy) == seconds
