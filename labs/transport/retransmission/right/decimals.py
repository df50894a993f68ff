"""The retransmission timeout of RFC 6298, made otherwise: decimal numbers, and the timeout as a base and a back-off."""

from decimal import Decimal, getcontext
from sys import argv, stdin

getcontext().prec = 40
LEAST, MOST, TICK = map(Decimal, argv[1:])


class Connection:
    def __init__(self):
        self.flight, self.spoilt, self.estimate = {}, set(), None
        self.base, self.doubled = Decimal(1), 0

    def sent(self, first, end, time):
        if end in self.flight:
            self.spoilt.add(end)
        self.flight.setdefault(end, Decimal(time))

    def ack(self, number, time):
        covered = [end for end in self.flight if int(end) <= int(number)]
        begun = {end: self.flight.pop(end) for end in covered}
        if number in begun and number not in self.spoilt:
            self.measured(Decimal(time) - begun[number])

    def timeout(self, time):
        self.base = max(self.base, LEAST / 2)
        self.doubled += 1

    def measured(self, rtt):
        if self.estimate is None:
            self.estimate = rtt, rtt / 2
        else:
            smooth, variance = self.estimate
            self.estimate = (7 * smooth + rtt) / 8, (3 * variance + abs(smooth - rtt)) / 4
        smooth, variance = self.estimate
        self.base, self.doubled = smooth + max(TICK, 4 * variance), 0
        self.base = max(self.base, LEAST)

    def __str__(self):
        words = ["-", "-"] if self.estimate is None else [f"{number:.9f}" for number in self.estimate]
        return " ".join([*words, f"{min(self.base * 2 ** self.doubled, MOST):.9f}"])


def answers(lines):
    now = Connection()
    for event, *words in map(str.split, lines):
        if event == "connection":
            now = Connection()
        else:
            getattr(now, event)(*words)
        yield str(now)


print("\n".join(answers(stdin)))
