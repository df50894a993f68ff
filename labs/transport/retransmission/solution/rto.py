"""The retransmission timeout (RFC 6298). Reads what happened to a sender, says what its timer would be set to.

    python3 rto.py MINIMUM MAXIMUM TICK      bounds of the timeout, and the clock's granularity, in seconds

Each line of standard input is one thing that happened. Times are in seconds.

    connection NAME        a new connection begins: nothing is known of its path
    sent FIRST END TIME    the bytes FIRST ... END - 1 leave, for the first time or once more
    ack NEXT TIME          everything before NEXT has arrived
    timeout TIME           the timer has gone off; what is sent again comes next

After each line, print SRTT, RTTVAR and RTO in seconds: "0.028040 0.014020 0.200000"; "- - 1.000000" before a sample.
"""

import sys

ALPHA, BETA, K = 1 / 8, 1 / 4, 4
INITIAL = 1.0  # RFC 6298, (2.1)


class Timer:
    def __init__(self, minimum, maximum, tick):
        self.minimum, self.maximum, self.tick = minimum, maximum, tick
        self.srtt = self.rttvar = None
        self.rto = INITIAL
        self.outstanding = {}  # END: when it was sent; None if it was sent more than once

    def on_sent(self, first, end, time):
        """Bytes leave. Karn: nobody can tell which copy an ACK will answer, so a second copy spoils the measurement."""
        self.outstanding[end] = None if end in self.outstanding else time

    def on_ack(self, next, time):
        """Everything before `next` has arrived."""
        for end in sorted(end for end in self.outstanding if end <= next):
            sent = self.outstanding.pop(end)
            if sent is not None:
                self.on_sample(time - sent)

    def on_sample(self, rtt):
        """A round trip time was measured. Only this ends a back-off."""
        if self.srtt is None:
            self.srtt, self.rttvar = rtt, rtt / 2
        else:
            self.rttvar = (1 - BETA) * self.rttvar + BETA * abs(self.srtt - rtt)
            self.srtt = (1 - ALPHA) * self.srtt + ALPHA * rtt
        self.rto = self.bounded(self.srtt + max(self.tick, K * self.rttvar))

    def on_timeout(self, time):
        """The timer has gone off: back off."""
        self.rto = self.bounded(2 * self.rto)

    def bounded(self, rto):
        return min(max(rto, self.minimum), self.maximum)


def main():
    limits = [float(word) for word in sys.argv[1:4]]
    timer = Timer(*limits)
    for line in sys.stdin:
        what, *words = line.split()
        if what == "connection":
            timer = Timer(*limits)
        elif what == "sent":
            timer.on_sent(int(words[0]), int(words[1]), float(words[2]))
        elif what == "ack":
            timer.on_ack(int(words[0]), float(words[1]))
        elif what == "timeout":
            timer.on_timeout(float(words[0]))
        known = [f"{value:.6f}" if value is not None else "-" for value in (timer.srtt, timer.rttvar)]
        print(*known, f"{timer.rto:.6f}")


if __name__ == "__main__":
    main()
