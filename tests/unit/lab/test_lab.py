"""Finding labs."""

import pytest

from mnlab.lab import lab


@pytest.fixture
def three(tmp_path, monkeypatch):
    for place in ("transport/tcp-handshake", "link/arp", "extra/http"):
        (tmp_path / "labs" / place).mkdir(parents=True)
        (tmp_path / "labs" / place / "experiment.py").touch()
    (tmp_path / "labs/link/notes").mkdir()
    monkeypatch.setattr(lab, "ROOT", tmp_path)


def test_labs_come_from_the_lowest_layer_up(three):
    assert [one.name for one in lab.all_labs()] == ["arp", "tcp-handshake", "http"]


@pytest.mark.parametrize("name, near", [("arpp", "'arp'"), ("tcp_handshake", "'tcp-handshake'"), ("handshake", "'tcp-handshake'"),
                                        ("ARP", "'arp'"), ("htpt", "'http'")])
def test_a_mistyped_name_suggests_the_near_one(three, name, near):
    with pytest.raises(lab.UnknownLab, match=f"Did you mean {near}"):
        lab.find(name)


@pytest.mark.parametrize("name", ["", "zzzzzz", "../../etc", "link/arp", "/", "\0"])
def test_a_name_like_none_lists_them_all_or_the_near_one(three, name):
    with pytest.raises(lab.UnknownLab, match="There are: arp, tcp-handshake, http.|Did you mean 'arp'"):
        lab.find(name)


def test_the_seed_makes_the_variant(tmp_path):
    (tmp_path / "experiment.py").write_text("def variant(rng): return {'n': rng.randrange(10**9)}")
    one = lab.Lab(tmp_path)
    assert one.params(1) == lab.Lab(tmp_path).params(1) != one.params(2)
