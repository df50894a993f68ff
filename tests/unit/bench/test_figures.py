"""The targets: how a measurement is compared with them, and the bounds that are computed."""

import importlib
import math

import pytest

from mnlab.cli.bench import PACKAGE, load_benchmarks

load_benchmarks()
figures = importlib.import_module(f"{PACKAGE}.figures")


def test_met_within_both_bounds_only():
    figure = figures.Figure("a delay", "ms", high=20.05, low=19.95)
    assert [figure.met(value) for value in (19.9, 19.95, 20.0, 20.05, 20.1)] == [False, True, True, True, False]


def test_no_target_no_verdict():
    assert figures.Figure("a price", "ms").met(5) is None
    assert figures.Figure("a price", "ms").target == ""


@pytest.mark.parametrize("bounds, words", [
    ({"high": 3.0}, "<= 3.00 s"), ({"high": 2.0, "low": 1.0}, "1.00 to 2.00 s"), ({"high": 1.0, "low": 1.0}, "1.00 s")])
def test_targets_in_words(bounds, words):
    assert figures.Figure("x", "s", **bounds).target == words


def test_not_a_number_meets_nothing():
    assert figures.Figure("x", "s", high=3.0).met(math.nan) is False


@pytest.mark.parametrize("trials, chance, confidence", [(10_000, 0.01, 0.999), (100, 0.5, 0.95), (20, 0.1, 0.99)])
def test_binomial_bounds_hold_what_they_promise_and_no_more(trials, chance, confidence):
    low, high = figures.binomial_bounds(trials, chance, confidence)
    exact = [math.comb(trials, k) * chance ** k * (1 - chance) ** (trials - k) if trials < 1000 else
             math.exp(math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1)
                      + k * math.log(chance) + (trials - k) * math.log1p(-chance)) for k in range(trials + 1)]
    tail = (1 - confidence) / 2
    assert sum(exact[low:high + 1]) >= confidence
    assert sum(exact[:low]) <= tail < sum(exact[:low + 1])
    assert sum(exact[high + 1:]) <= tail < sum(exact[high:])


def test_goodput_target_is_what_framing_allows():
    """1448 of 1514 bytes at 10 Mbit/s: 9.564 Mbit/s, one percent either way."""
    figure = figures.FIGURES["goodput"]
    assert figure.low == pytest.approx(9.4684, abs=1e-3) and figure.high == pytest.approx(9.6597, abs=1e-3)


def test_rows_carry_their_figure_into_json():
    row = figures.Row("delay", 20.017, "busy", "100 pings")
    assert row.met and row.measured == "20.017 ms" and row.what.endswith("(busy)")
    assert row.as_dict() | {"what": ""} == {
        "figure": "delay", "case": "busy", "what": "", "measured": 20.017, "unit": "ms", "at_least": 19.95,
        "at_most": 20.05, "met": True, "detail": "100 pings"}
