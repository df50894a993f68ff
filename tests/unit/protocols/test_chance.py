"""Bounds of chance: exact sums, at both ends of the distribution."""

from math import comb

import pytest

from mnlab.protocols.chance import binomial_bounds


def outside(trials, chance, least, most):
    return sum(comb(trials, count) * chance**count * (1 - chance) ** (trials - count) for count in range(trials + 1)
               if not least <= count <= most)


@pytest.mark.parametrize("trials, chance", [(10, 0.5), (240, 0.08), (240, 0.001), (1000, 0.99), (3, 0.2)])
def test_no_more_than_the_risk_lies_outside_and_the_bounds_are_as_narrow_as_that_allows(trials, chance):
    least, most = binomial_bounds(trials, chance, risk=0.01)
    assert outside(trials, chance, least, most) <= 0.01
    assert least == 0 or sum_of(trials, chance, range(least + 1)) > 0.005
    assert most == trials or sum_of(trials, chance, range(most, trials + 1)) > 0.005


def sum_of(trials, chance, counts):
    return sum(comb(trials, count) * chance**count * (1 - chance) ** (trials - count) for count in counts)


def test_certain_things_have_no_room():
    assert binomial_bounds(50, 0) == (0, 0)
    assert binomial_bounds(50, 1) == (50, 50)
    assert binomial_bounds(0, 0.3) == (0, 0)


def test_a_known_case():
    # 10,000 frames at 1 %: the mean is 100, five standard deviations are 50
    least, most = binomial_bounds(10_000, 0.01)
    assert 52 <= least <= 58 and 150 <= most <= 156


@pytest.mark.parametrize("trials, chance", [(-1, 0.5), (10, 1.5), (10, -0.1)])
def test_what_is_no_distribution_is_refused(trials, chance):
    with pytest.raises(ValueError):
        binomial_bounds(trials, chance)
