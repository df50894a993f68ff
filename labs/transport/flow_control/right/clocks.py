"""A sliding window over UDP, made otherwise: each segment in flight has a clock of its own, and waits for twice the
longest round trip so far; an answer that repeats itself three times points at a gap."""

import selectors
import sys
from collections import OrderedDict
from socket import AF_INET, SOCK_DGRAM, socket
from time import monotonic


class Flight(OrderedDict):
    """first byte -> (when it was sent last, whether it was sent more than once), the oldest first."""

    def before(self, number):
        return [first for first in self if first < number]


def main(host, port, size, message):
    line = socket(AF_INET, SOCK_DGRAM)
    line.connect((host, port))
    line.setblocking(False)
    ready = selectors.DefaultSelector()
    ready.register(line, selectors.EVENT_READ)
    ends = list(range(size, len(message), size)) + [len(message)]
    flight, acknowledged, edge, unsent, patience, repeats, quiet = Flight(), 0, 0, 0, 0.9, 0, 0.0

    def put(number, data):
        line.send(number.to_bytes(4, "big") + data)

    def answer(limit):
        if ready.select(max(limit, 0)):
            data = line.recv(8)
            return int.from_bytes(data[:4], "big"), int.from_bytes(data[4:], "big")

    while not edge:
        asked = monotonic()
        put(0, b"")
        if told := answer(patience):
            edge, longest = sum(told), monotonic() - asked
            patience = 2.5 * longest

    while acknowledged < len(message):
        while unsent < len(ends) and ends[unsent] <= edge:
            first = unsent * size
            put(first, message[first:ends[unsent]])
            flight[first] = monotonic(), False
            unsent += 1
        oldest = next(iter(flight))
        told = answer(max(flight[oldest][0], quiet) + patience - monotonic())
        if told is None or told[0] == acknowledged and repeats == 2:
            put(oldest, message[oldest:oldest + size])
            flight[oldest] = monotonic(), True
            repeats = -1000
        if told is None:
            continue
        edge = max(edge, sum(told))
        repeats = 0 if told[0] > acknowledged else repeats + 1
        if told[0] > acknowledged:
            acknowledged, quiet = told[0], monotonic()
            for first in flight.before(acknowledged):
                sent, again = flight.pop(first)
                if not again:
                    longest = max(longest, quiet - sent) if not repeats else longest
            patience = 2.5 * min(longest, 0.2)


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.stdin.buffer.read())
