"""Work that was begun by an mnlab of before: read as it was meant, or refused in words."""

import pytest

from mnlab.checks.session import begun_otherwise
from mnlab.lab import work
from mnlab.lab.lab import find
from mnlab.lab.read_once import read
from mnlab.lab.student_toml import BadWork

#: What `mnlab start arp --seed 7` wrote before a variant named its lab: to the letter.
BEFORE_NAMES = """\
# Your variant of this lab: the seed makes it. Keep this file; the rest of it is for reading.
seed = 7

[network]
h1 = "10.53.188.123"
h2 = "10.53.188.21"
h3 = "10.53.188.65"
nobody = "10.53.188.18"
stranger = "10.53.188.37"
decoy = "10.53.188.119"
h1_mac = "02:d9:cc:0c:89:37"
h2_mac = "02:f1:20:c8:4c:dc"
h3_mac = "02:4f:b5:f1:9e:d5"
new_mac = "02:f4:c5:a2:fa:0a"
reachable = 38
delay = 4
waiting = 4
lifetime = 36
"""


def test_a_variant_that_names_no_lab_is_read_and_its_other_network_is_told(tmp_path):
    (tmp_path / "variant.toml").write_text(BEFORE_NAMES)
    given, arp = read(tmp_path), find("arp")
    assert given.lab is None and given.seed("arp") == 7
    words = begun_otherwise(given, arp, 7)
    assert "another version of the lab" in words and "mnlab start arp --seed 7" in words


def test_what_was_begun_now_is_no_other_network(tmp_path):
    for name in ("arp", "congestion", "dns"):
        work.start(find(name), tmp_path / name, 7)
        assert begun_otherwise(read(tmp_path / name), find(name), 7) == ""


@pytest.mark.parametrize("text", ["", "seed = 7\n", "seed = 8\n[network]\nh1 = 1\n", 'seed = 7\nnetwork = "10"\n'])
def test_where_no_network_is_told_none_is_another(tmp_path, text):
    (tmp_path / "variant.toml").write_text(text)
    assert begun_otherwise(read(tmp_path), find("arp"), 7) == ""


@pytest.mark.parametrize("text, words", [
    ("seed = 'x'\n", "no line like 'seed = 1'"), ("", "no line like 'seed = 1'"), ("seed = -1\n", "from 0 to"),
    ('seed = 1\nlab = "dns"\n', "is for the lab 'dns'"), ("seed = 1\nlab = 5\n", "lab must be a name"), ("\x00", "is not TOML")])
def test_a_variant_that_makes_no_sense_is_refused_in_words(tmp_path, text, words):
    (tmp_path / "variant.toml").write_text(text)
    with pytest.raises(BadWork, match=words):
        read(tmp_path).seed("arp")
