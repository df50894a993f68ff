"""Whatever a student puts into answers.toml, by kind of value and byte by byte: a verdict, soon and in few words."""

import datetime
import time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mnlab.checks.answers import LONGEST, MOST, Answers
from mnlab.checks.grade import grade, read_answers
from mnlab.checks.points import LARGEST, SHOWN, CheckFailed, expect, near, same, show
from mnlab.evidence.run import Run
from mnlab.lab.lab import Lab
from mnlab.lab.read_once import Toml

thorough = settings(max_examples=300, derandomize=True, database=None, deadline=None)
few = settings(max_examples=8, derandomize=True, database=None, deadline=None,
               suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

long_text = st.builds(lambda text, times: text * times, st.text(min_size=1, max_size=5), st.integers(1, 13_000))
large = st.builds(lambda sign, digits: sign * 10**digits, st.sampled_from((1, -1)), st.integers(0, 20_000))
scalars = st.one_of(st.text(), long_text, st.integers(), large, st.floats(), st.booleans(), st.dates(), st.times(),
                    st.datetimes(timezones=st.just(datetime.UTC)))
values = st.recursive(scalars, lambda inner: st.one_of(
    st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=3), inner, max_size=4),
    st.builds(lambda one: [one] * 8000, inner)), max_leaves=8)

METHODS = ("text", "number", "integer", "flag", "items", "choice")


def asked(answers: Answers, method: str, key: str):
    return answers.choice(key, ("up", "down")) if method == "choice" else getattr(answers, method)(key)


def bounded(value) -> bool:
    if isinstance(value, list):
        return len(value) <= MOST and all(map(bounded, value))
    return len(value) <= LONGEST if isinstance(value, str) else abs(value) < LARGEST


def message_of(check) -> str:
    """What a check says that fails; "" if it passes. Nothing else may come of it, and soon."""
    began = time.process_time()
    try:
        check()
        message = ""
    except CheckFailed as failure:
        message = str(failure)
    assert time.process_time() - began < 0.1 and len(message) < 2048
    return message


@thorough
@given(values, st.sampled_from(METHODS))
def test_a_value_is_taken_within_bounds_or_fails_the_check(value, method):
    taken = []
    message_of(lambda: taken.append(asked(Answers({"key": value}), method, "key")))
    assert all(map(bounded, taken))


@thorough
@given(values)
def test_whatever_a_check_does_with_a_value_fails_plainly(value):
    """A lab's own words, also of values that did not come through Answers."""
    assert message_of(lambda: same(value, object(), "key"))
    assert message_of(lambda: near(value, float("nan"), "key", 0.1))
    assert message_of(lambda: expect(False, done=value, expected=[value], seen=(value, value)))
    assert len(show(value)) <= SHOWN


@thorough
@given(st.one_of(st.binary(max_size=400), st.text("[]{}=.,\"'#\\ \n0xabtruefnif-:", max_size=2000).map(str.encode),
                 st.builds(lambda piece, times: (piece * times)[:40_000], st.binary(min_size=1, max_size=8),
                           st.integers(1, 40_000))))
def test_any_bytes_are_read_in_bounded_time(data):
    def check():
        answers = read_answers(Toml("answers.toml", data))
        for method in METHODS:
            with pytest.raises(CheckFailed):
                asked(answers, method, "a key that is not there")

    message_of(check)


CHECKS = """
from mnlab.checks import expect, near, points, same

@points(1, hint="Look again.")
def check_text(answers): same(answers.text("key").lower(), "up", "key")

@points(1)
def check_number(answers): near(answers.number("key"), 0.5, "key", 0.1)

@points(1)
def check_integer(answers):
    given = answers.integer("key")
    expect(given == 1, done=f"your answer was {given}", expected="1", seen=f"{given:,} is {given / 3:.3f} thirds")

@points(1)
def check_items(answers):
    given = answers.items("key")
    expect(sorted(map(str, given)) == ["1"], seen=", ".join(map(str, given)))
    for item in given:
        near(item, 1.0, "key", 0.1)

@points(1)
def check_flag(answers):
    assert answers.flag("key") == answers.choice("other", ("up", "down")), f"{answers.text('key')} is wrong" * 1000
"""


@few
@given(value=values)
@example(value=10**20_000)
@example(value="x" * 64_000)
@example(value=[float("inf"), True, 10**400])
@example(value=["x" * 60] * 8000)
def test_a_labs_verdict_is_never_inconclusive(tmp_path, lay_out, value):
    (tmp_path / "checks.py").write_text(CHECKS)
    run = tmp_path / "run"
    if not run.exists():
        lay_out(run)
    result = grade(Lab(tmp_path), Run(run), Answers({"key": value, "other": "up"}))
    assert len(result.checks) == 5 and {check.status for check in result.checks} <= {"passed", "failed"}, result
    assert all(len(check.message) < 2048 for check in result.checks)
