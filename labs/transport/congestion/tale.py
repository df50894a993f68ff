"""A connection that never was, for the student's controller: what a real one shows seldom.

ACKs for several segments, signs that come one after the other, and flights that are smaller than the window, or as
small as can be. Between two timeouts something is acknowledged: what a second timeout of the same segment does to the
threshold is another matter (RFC 5681, section 3.1).
"""

import random

ACK, THIRD, TIMER = "ack", "three-duplicate-ACKs", "retransmission-timeout"


def made_up(seed: int) -> str:
    """The story, a line for each thing that happens."""
    rng = random.Random(seed)
    lines = [f"start {rng.randrange(4, 9)}"]

    def acks(count: int) -> None:
        lines.extend(f"{ACK} {rng.randrange(1, 4)}" for _ in range(count))

    acks(80)  # slow start, to where any threshold lies that somebody might think of
    for _ in range(6):
        lines.append(f"{THIRD} {2 * rng.randrange(4, 10) + 1}")
        acks(4)
    lines.append(f"{THIRD} {rng.randrange(18, 25)}")
    acks(300)  # congestion avoidance
    lines.append(f"{TIMER} {2 * rng.randrange(8, 13) + 1}")
    acks(60)
    lines.append(f"{TIMER} {2 * rng.randrange(14, 19) + 1}")
    acks(3)  # far below that threshold, when the next sign comes
    lines.append(f"{THIRD} {2 * rng.randrange(4, 8) + 1}")
    acks(12)
    for sign, flight in ((THIRD, 2), (TIMER, 2), (TIMER, 7), (THIRD, 4), (TIMER, 1)):
        lines.append(f"{sign} {flight}")
        acks(rng.randrange(12, 18))
    return "\n".join(lines) + "\n"
