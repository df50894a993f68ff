"""Whatever stands in answers.toml, a check gets a value of the right kind or fails with a plain message."""

import math
import tomllib

import pytest

from mnlab.checks.answers import LONGEST, MOST, Answers, NoAnswers
from mnlab.checks.points import LARGEST, CheckFailed

METHODS = ("text", "number", "integer", "flag", "items")
STRANGE = tomllib.loads("""
blank = ""
empty = []
nan = nan
infinite = -inf
date = 2026-01-01
time = 07:32:00
table = {a = 1}
nested = [[1], {a = 2}]
flags = [true, 2]
infinities = [1, inf]
""") | {"long": "x" * 60_000, "huge": 10**4000, "wide": 10**9000, "negative": -(10**9000), "beyond": LARGEST,
        "many": list(range(5000)), "long_item": ["x" * 60_000], "huge_item": [10**9000], "deep": [[[[[[{}]]]]]]}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("key", [*STRANGE, "absent"])
def test_a_strange_answer_fails_the_check_and_never_breaks_it(method, key):
    answers = Answers(STRANGE)
    with pytest.raises(CheckFailed) as failure:
        getattr(answers, method)(key)
    assert key in str(failure.value) and len(str(failure.value)) < 500


def test_the_largest_answers_that_are_taken():
    answers = Answers({"t": "x" * LONGEST, "n": LARGEST - 1, "i": [-LARGEST + 1] * MOST})
    assert (len(answers.text("t")), answers.integer("n"), len(answers.items("i"))) == (LONGEST, LARGEST - 1, MOST)


def test_good_answers_are_what_they_are():
    answers = Answers({"t": "  a b ", "n": 3, "f": 2.5, "b": True, "i": [1, " x ", 2.5], "c": " ESTAB "})
    assert answers.text("t") == "a b"
    assert (answers.number("n"), answers.number("f"), answers.integer("n"), answers.flag("b")) == (3.0, 2.5, 3, True)
    assert answers.items("i") == [1, "x", 2.5]
    assert answers.choice("c", ["estab", "listen"]) == "estab"


@pytest.mark.parametrize("method, key", [("number", "b"), ("integer", "b"), ("integer", "f"), ("text", "n"), ("flag", "n")])
def test_kinds_are_kept_apart(method, key):
    with pytest.raises(CheckFailed):
        getattr(Answers({"n": 3, "f": 2.5, "b": True}), method)(key)


def test_a_choice_that_is_none_names_the_options():
    with pytest.raises(CheckFailed, match="one of a, b"):
        Answers({"c": "d"}).choice("c", ["a", "b"])


def test_an_unreadable_file_fails_each_check_with_the_reason():
    with pytest.raises(CheckFailed, match="(?s)answer to x.*is a symbolic link"):
        NoAnswers("answers.toml is a symbolic link").text("x")


def test_numbers_are_finite():
    assert math.isfinite(Answers({"n": -1e29}).number("n"))
