"""A student is taken out of by-hand.toml, and nothing else of it changes."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnlab.course import by_hand
from mnlab.course.by_hand import BadByHand

OTHERS = '# My notes.\n[4712.arp]  # she\npoints = 3\nreason = "oral"\n\n["a.b".dns]\ncomment = """\n[4711.arp]\n"""\n'


@pytest.mark.parametrize("text", ['[4711.arp]\ncomment = "x"\n', '["4711".arp]\ncomment = "x"\n\n[4711.dns]\npoints = 1\nreason = "y"\n'])
def test_a_students_tables_are_removed_wherever_they_stand(tmp_path, text):
    for whole, rest in ((text + "\n[4712.arp]\ncomment = 'z'\n", "[4712.arp]\ncomment = 'z'\n"),
                        ("[4712.arp]\ncomment = 'z'\n" + text, "[4712.arp]\ncomment = 'z'\n")):
        (tmp_path / by_hand.NAME).write_text(whole)
        by_hand.forget(tmp_path, "4711")
        assert (tmp_path / by_hand.NAME).read_text() == rest


@pytest.mark.parametrize("text", ["4711.arp.comment = 'x'\n[4712.arp]\ncomment = 'y'\n", '[4711]\narp.comment = """\n[4712.arp]\n"""\n'])
def test_what_is_written_otherwise_is_told_and_left(tmp_path, text):
    (tmp_path / by_hand.NAME).write_text(text)
    before = tomllib.loads(text)
    try:
        by_hand.forget(tmp_path, "4711")
    except BadByHand as problem:
        assert "by hand" in str(problem) and (tmp_path / by_hand.NAME).read_text() == text
    else:
        assert tomllib.loads((tmp_path / by_hand.NAME).read_text()) == {key: one for key, one in before.items() if key != "4711"}


def test_others_are_left_as_they_are(tmp_path):
    (tmp_path / by_hand.NAME).write_text(OTHERS)
    by_hand.forget(tmp_path, "4711")
    assert (tmp_path / by_hand.NAME).read_text() == OTHERS
    by_hand.forget(tmp_path / "nowhere", "4711")


@given(ids=st.lists(st.text(min_size=1, max_size=8), min_size=2, max_size=5, unique=True))
def test_whatever_the_ids(tmp_path_factory, ids):
    folder = tmp_path_factory.mktemp("hand")
    quoted = ["".join(f"\\U{ord(letter):08X}" for letter in one if not 0xD800 <= ord(letter) < 0xE000) for one in ids]
    text = "".join(f'["{one}".arp]\npoints = {number}\nreason = "r"\n' for number, one in enumerate(dict.fromkeys(quoted)))
    (folder / by_hand.NAME).write_text(text)
    before = by_hand.read(folder)
    gone = next(iter(before))[0]
    by_hand.forget(folder, gone)
    assert by_hand.read(folder) == {key: said for key, said in before.items() if key[0] != gone}
