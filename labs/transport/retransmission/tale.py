"""Connections that never were, for the student's timer: what the real ones show seldom or never.

The lines are those of the real story. Several segments are in flight, the path is steady, quick, or slower than the
largest timeout, segments are sent three times, and an ACK comes twice. The bounds and the tick are none that anybody
is used to.
"""

import random

STEADY = 14  # samples of one length: RTTVAR falls below a quarter of the tick
SIZE = (40, 900)  # bytes of a segment


class Tale:
    """The lines of one connection, as they come. `end` is what has been sent, `now` the time (s)."""

    def __init__(self, rng: random.Random, name: str):
        self.rng, self.lines, self.end, self.now = rng, [f"connection {name}"], 0, 0.0

    def sent(self, size: int = 0) -> tuple[int, int]:
        """A new segment leaves: its first byte and its end."""
        first, self.end = self.end, self.end + (size or self.rng.randrange(*SIZE))
        self.lines.append(f"sent {first} {self.end} {self.now:.6f}")
        return first, self.end

    def again(self, segment: tuple[int, int], after: float) -> None:
        """The timer goes off, and a segment leaves once more."""
        self.now += after
        self.lines += [f"timeout {self.now:.6f}", f"sent {segment[0]} {segment[1]} {self.now:.6f}"]

    def ack(self, segment: tuple[int, int], after: float) -> None:
        self.now += after
        self.lines.append(f"ack {segment[1]} {self.now:.6f}")

    def trips(self, *times: float) -> "Tale":
        """One segment at a time, each acknowledged after one of these times."""
        for time in times:
            self.ack(self.sent(), time)
            self.now += self.rng.uniform(0, 0.05)
        return self


def made_up(seed: int, limits) -> str:
    """The story: `limits` are the least and the largest timeout and the tick (s)."""
    rng, (least, largest, _) = random.Random(seed), map(float, limits)
    trip = rng.uniform(1.2, 1.6) * least

    steady = Tale(rng, "steady").trips(*[trip] * STEADY)
    quick = Tale(rng, "quick").trips(*[rng.uniform(0.02, 0.05) * least for _ in range(5)])
    repeat(quick, least, 4)
    quick.trips(0.04 * least)
    slow = Tale(rng, "slow").trips(rng.uniform(0.5, 0.7) * largest)
    repeat(slow, largest, 2)
    slow.trips(rng.uniform(0.5, 0.7) * largest)
    changing = Tale(rng, "changing").trips(*[rng.uniform(0.3, 3) * trip for _ in range(10)])
    for times in (1, 3):
        repeat(changing, trip, times)
        changing.trips(*[rng.uniform(0.3, 3) * trip for _ in range(2)])
    told = [steady, quick, slow, changing, many_at_once(Tale(rng, "many"), rng, trip), late(Tale(rng, "late"), trip)]
    rng.shuffle(told)
    # Its first number is that of the one before, which was not heard; and one of that name was there already.
    last = Tale(rng, "steady")
    last.ack(last.sent(1), trip)
    told += [unheard(Tale(rng, "unheard")), last.trips(trip / 2, trip)]
    return "\n".join(line for tale in told for line in tale.lines) + "\n"


def repeat(tale: Tale, after: float, times: int) -> None:
    """A segment is sent, sent again some times, and acknowledged at last."""
    segment = tale.sent()
    for number in range(times):
        tale.again(segment, after * 2**number)
    tale.ack(segment, after / 3)


def many_at_once(tale: Tale, rng: random.Random, trip: float) -> Tale:
    """Several segments in flight; then the path is slow for a while, and the first of three is sent again."""
    tale.trips(trip)
    for number in range(3):
        flight = []
        for _ in range(3):
            flight.append(tale.sent())
            tale.now += rng.uniform(0.05, 0.1) * trip
        if number == 1:
            tale.again(flight[0], 2 * trip)
        for segment in flight:
            tale.ack(segment, rng.uniform(0.2, 0.6) * trip)
    return tale


def late(tale: Tale, trip: float) -> Tale:
    """A call that is answered after two repetitions, which measures nothing; later, an ACK that comes twice."""
    call = tale.sent(1)
    for number in range(2):
        tale.again(call, 2.0**number)
    tale.ack(call, trip)
    known = tale.sent()
    tale.ack(known, trip)
    segment = tale.sent()
    tale.again(segment, trip)
    tale.ack(known, trip / 2)
    tale.ack(segment, trip / 2)
    return tale.trips(trip)


def unheard(tale: Tale) -> Tale:
    """A call that nobody answers."""
    segment = tale.sent(1)
    for number in range(5):
        tale.again(segment, 2.0**number)
    return tale
