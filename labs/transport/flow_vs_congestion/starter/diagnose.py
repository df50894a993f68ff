"""Who holds a TCP sender back? Reads the kernel's samples of some connections, prints a verdict on each.

Standard input: for each connection a line "flow LETTER", then a line for each ACK that came:

    seconds  cwnd  flight  window  rtt  again

cwnd, flight, window in bytes: the congestion window, what is sent and not acknowledged, and what the receiver allows;
rtt the smoothed round trip time in ms; again how many segments were sent again since the line before.
Standard output: for each connection a line "LETTER receiver", "LETTER network" or "LETTER sender".
"""

import sys
from typing import NamedTuple

SEGMENT = 1448  # bytes


class Sample(NamedTuple):
    seconds: float
    cwnd: float
    flight: float
    window: float
    rtt: float
    again: float


def diagnose(samples: list[Sample]) -> str:
    # TODO: this looks at one sign only, and takes everything else for the network's doing. When was there no room for
    # another segment: below which limit, and how often? And if there was room, why was nothing sent?
    # (Linux may wait until two segments fit before it sends one.)
    # TODO: a full window may have two reasons. What else do the samples tell of a queue?
    if any(sample.window == 0 for sample in samples):
        return "receiver"
    return "network"


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
