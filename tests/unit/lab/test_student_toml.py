"""What a student is told of answers that are no TOML: with what to look for, as most slips are the same few."""

import pytest

from mnlab.lab.student_toml import BadWork, parse


@pytest.mark.parametrize("text, words", [
    ("a = 10.53.188.123", "quotation marks"), ("a = ff:ff:ff:ff:ff:ff", "quotation marks"), ("a = host1", "quotation marks"),
    ("a = 1,5", "stand without, as in 1.5"), ("a = ", "quotation marks"), ("a = 3\na = 4\n", "line 2.*a name stands there twice"),
    ("[a]\n[a]", "a name stands there twice"), ("my answer = 5", "write NAME = VALUE"), ("a : 5", "write NAME = VALUE"),
    ('a = "x\nb = 1', "a quotation mark or a bracket is missing"), ("a = 'x", "a quotation mark or a bracket is missing"),
    ("a = [1, 2\nb = 3", "a quotation mark or a bracket is missing")])
def test_a_slip_is_told_with_what_to_look_for(text, words):
    with pytest.raises(BadWork, match=f"answers.toml is not TOML: .*{words}"):
        parse(text.encode(), "answers.toml")


def test_whatever_an_editor_saves_is_read():
    assert parse(b"\xef\xbb\xbfa = 1\r\nb = 'x'\r\n", "answers.toml") == {"a": 1, "b": "x"}
    with pytest.raises(BadWork, match="answers.toml is not text in UTF-8"):
        parse('a = "x"'.encode("utf-16"), "answers.toml")
