"""What chance allows: bounds for checks of random loss, duplication and reordering."""

from math import exp, lgamma, log

#: The share of honest runs that a bound may call impossible.
RISK = 1e-6


def binomial_bounds(trials: int, chance: float, risk: float = RISK) -> tuple[int, int]:
    """(least, most) successes in `trials` with probability `chance` each; outside of them lies at most `risk`.

    Half of the risk on either side, summed exactly, so that it holds for few trials and small chances, too.
    """
    if not 0 <= chance <= 1 or trials < 0:
        raise ValueError(f"no binomial distribution: {trials} trials with probability {chance}")

    def outside(counts, share) -> int:
        """How many of the counts, from the end of the distribution, have no more than half of the risk together."""
        total = 0.0
        for passed, count in enumerate(counts):
            total += _probability(trials, count, share)
            if total > risk / 2:
                return passed
        return trials

    return outside(range(trials + 1), chance), trials - outside(range(trials + 1), 1 - chance)


def _probability(trials: int, count: int, chance: float) -> float:
    """Of `count` successes. By logarithms: the binomial coefficient of a long run is too large for a float."""
    if chance in (0, 1):
        return float(count == trials * chance)
    ways = lgamma(trials + 1) - lgamma(count + 1) - lgamma(trials - count + 1)
    return exp(ways + count * log(chance) + (trials - count) * log(1 - chance))
