from fractions import Fraction
from math import inf
from sys import stdin


def decided(lines):
    cwnd, limit = Fraction(0), inf
    for words in map(str.split, lines):
        number = int(words[1])
        if words[0] == "start":
            cwnd = Fraction(number)
            continue
        if words[0] == "ack":
            growing = min(number, limit - cwnd) if cwnd < limit else 0  # no further than the threshold
            cwnd += growing
            cwnd += Fraction(number - growing).limit_denominator(10**6) / cwnd
            cwnd = cwnd.limit_denominator(10**6)
        else:
            limit = max(Fraction(number, 2), 2)
            cwnd = limit if words[0].startswith("three") else Fraction(1)
        yield f"{float(cwnd)} {float(limit)}"


print(*decided(stdin), sep="\n")
