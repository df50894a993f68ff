"""Answers about another's network: told by addresses that are the other's and not one's own."""

import pytest

from mnlab.course.foreign_answers import foreign, named, values
from mnlab.lab.lab import find

NETWORKS = {"ada": values({"h1": "10.0.0.1", "mac": "02:AA:00:00:00:01", "hosts": ["10.0.0.7", {"x": "ada.example"}], "n": 3}),
            "alan": values({"h1": "10.9.9.1", "mac": "02:bb:00:00:00:01", "hosts": ["10.9.9.7", {"x": "alan.example"}], "n": 4})}


@pytest.mark.parametrize("text, wanted", [
    ('a = "10.9.9.1"\nb = "02:BB:00:00:00:01"\n', (["alan"], ["02:bb:00:00:00:01", "10.9.9.1"])),
    ('a = ["10.9.9.1", "alan.example"]\n', (["alan"], ["10.9.9.1", "alan.example"])),
    ('a = "10.9.9.1"\n', None), ('a = "10.0.0.1"\nb = "02:aa:00:00:00:01"\n', None), ('a = 4\nb = 4\n', None),
    ('# h1 is "10.9.9.1", h2 is "10.9.9.7"\na = "10.0.0.1"\n', None), ("", None), ('a = "' * 99, None)])
def test_two_values_of_another_and_not_of_ones_own(text, wanted):
    assert foreign({"ada": text.encode()}, NETWORKS).get("ada") == wanted


def test_what_many_networks_have_says_nothing():
    networks = {f"s{number}": frozenset({"10.0.0.254", "gateway.example"}) for number in range(9)} | {"ada": frozenset({"10.0.0.1"})}
    assert foreign({"ada": b'a = "10.0.0.254"\nb = "gateway.example"'}, networks) == {}


def test_one_who_handed_in_nothing_may_be_copied_from():
    assert foreign({"ada": b'a = "10.9.9.1"\nb = "10.9.9.7"'}, NETWORKS)["ada"][0] == ["alan"]


def test_bytes_of_any_kind_are_read():
    assert named(b'a = "\xff\xfe"\n\x00 = "') == {"\ufffd\ufffd"}


def test_the_reference_answers_of_one_variant_of_arp_are_foreign_in_another():
    arp = find("arp")
    one, other = arp.params(1), arp.params(2)
    copied = f'reply_to = "{one["h1_mac"]}"\nspoofed_ping_to = "{one["h3_mac"]}"\nrequest_target_mac = "00:00:00:00:00:00"\n'
    networks = {"ada": values(one), "alan": values(other), "grace": values(arp.params(3))}
    assert set(foreign({"alan": copied.encode(), "ada": copied.encode()}, networks)) == {"alan"}


def test_values_are_told_of_whose_network_has_them_and_not_of_mates():
    networks = {"a": frozenset({"10.0.0.11", "10.0.0.12"}), "b": frozenset({"10.9.9.13", "10.9.9.14"}), "x": frozenset()}
    answers = {"x": b'p = "10.0.0.11"\nq = "10.0.0.12"\nr = "10.9.9.13"\ns = "10.9.9.14"'}
    assert foreign(answers, networks) == {"x": (["a"], ["10.0.0.11", "10.0.0.12"])}
    assert foreign(answers, networks, lambda one, other: other == "a") == {"x": (["b"], ["10.9.9.13", "10.9.9.14"])}
