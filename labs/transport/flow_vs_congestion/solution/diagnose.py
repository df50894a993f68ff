"""Who holds a TCP sender back? Reads the kernel's samples of some connections, prints a verdict on each.

Standard input: for each connection a line "flow LETTER", then a line for each ACK that came:

    seconds  cwnd  flight  window  rtt  again

cwnd, flight, window in bytes: the congestion window, what is sent and not acknowledged, and what the receiver allows;
rtt the smoothed round trip time in ms; again how many segments were sent again since the line before.
Standard output: for each connection a line "LETTER receiver", "LETTER network" or "LETTER sender".
"""

import sys
from statistics import median
from typing import NamedTuple

SEGMENT = 1448  # bytes
ROOM = 2 * SEGMENT  # Linux may wait until more than one segment fits (tcp_tso_should_defer)
OFTEN = 0.3  # of the samples: less is an accident (slow start, the end of the file)
STRETCHED = 2.5  # times the smallest RTT: more than that is a queue


class Sample(NamedTuple):
    seconds: float
    cwnd: float
    flight: float
    window: float
    rtt: float
    again: float


def share(samples: list[Sample], limit) -> float:
    """In how many of the samples there is no room to speak of below `limit`."""
    return sum(sample.flight + ROOM > limit(sample) for sample in samples) / len(samples)


def diagnose(samples: list[Sample]) -> str:
    by_window = share(samples, lambda sample: sample.window)
    by_cwnd = share(samples, lambda sample: sample.cwnd)
    if max(by_window, by_cwnd) < OFTEN:
        return "sender"  # it might send, and does not
    if by_cwnd > by_window:
        return "network"
    # The window is full. But of what? If the bytes wait in a queue on the way, a larger window would not help.
    waiting = median(sample.rtt for sample in samples) > STRETCHED * min(sample.rtt for sample in samples)
    return "network" if waiting else "receiver"


def main():
    flows: dict[str, list[Sample]] = {}
    for line in sys.stdin:
        words = line.split()
        if words[0] == "flow":
            samples = flows.setdefault(words[1], [])
        else:
            samples.append(Sample(*map(float, words)))
    for letter, samples in flows.items():
        print(letter, diagnose(samples))


if __name__ == "__main__":
    main()
