"""Who holds a TCP sender back? For how long was there no room below each limit, and for how long did bytes queue?"""

from itertools import pairwise
from sys import stdin

FULL = 2 * 1448


def read():
    found, name = {}, None
    for line in stdin.read().strip().split("\n"):
        if line.startswith("flow"):
            name = line[4:].strip()
            found[name] = []
        else:
            found[name].append([float(word) for word in line.split()])
    return found


def verdict(rows):
    spans = [min(later[0] - row[0], 0.25) for row, later in pairwise(rows)] + [0.0]
    whole = sum(spans) or 1.0

    def part(test):
        return sum(span for span, row in zip(spans, rows) if test(*row)) / whole

    least = min(row[4] for row in rows)
    own = part(lambda at, cwnd, flight, window, rtt, again: cwnd - flight < FULL)
    theirs = part(lambda at, cwnd, flight, window, rtt, again: window - flight < FULL)
    queue = part(lambda at, cwnd, flight, window, rtt, again: rtt > 2.5 * least)
    if own < 0.3 and theirs < 0.3:
        return "sender"
    return "network" if own > theirs or queue > 0.6 else "receiver"


print("\n".join(f"{name} {verdict(rows)}" for name, rows in read().items()))
