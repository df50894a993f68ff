"""Whatever stands in answers.toml, a check gets a value of the right kind or fails with a plain message."""

import math
import tomllib

import pytest

from mnlab.checks.answers import LONGEST, Answers, NoAnswers
from mnlab.checks.points import CheckFailed

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
""") | {"long": "x" * 60_000, "huge": 10**4000}

RIGHT = {"text": {"long"}, "number": set(), "integer": {"huge"}, "flag": set(), "items": set()}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("key", [*STRANGE, "absent"])
def test_a_strange_answer_fails_the_check_and_never_breaks_it(method, key):
    answers = Answers(STRANGE)
    if key in RIGHT[method]:
        assert getattr(answers, method)(key) == STRANGE[key]
        return
    with pytest.raises(CheckFailed) as failure:
        getattr(answers, method)(key)
    assert key in str(failure.value) and len(str(failure.value)) < 3 * LONGEST


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
