"""A congestion controller (RFC 5681), in segments. Reads what happened to a sender, says what it would have done.

Each line of standard input is one thing that happened:

    start N                      the connection is open, with a window of N segments
    ack N                        an ACK came that newly acknowledges N segments
    three-duplicate-ACKs F       the third duplicate ACK came; F segments were in flight before the first
    retransmission-timeout F     the timer went off; F segments were in flight

After each line but the first, print the window and the threshold: "cwnd ssthresh".
"""

import sys


class Controller:
    def __init__(self, cwnd):
        self.cwnd = cwnd
        self.ssthresh = float("inf")

    def on_ack(self, acked):
        """`acked` segments have arrived."""
        # TODO: how does the window grow in slow start, and how in congestion avoidance?

    def on_three_dupacks(self, in_flight):
        """A segment is lost, but others still arrive."""
        # TODO: the threshold, and the window with which fast recovery ends

    def on_timeout(self, in_flight):
        """Nothing arrives any more."""
        # TODO: the threshold, and the window with which to begin again


def main():
    controller = None
    for line in sys.stdin:
        what, number = line.split()
        if what == "start":
            controller = Controller(int(number))
            continue
        {"ack": controller.on_ack, "three-duplicate-ACKs": controller.on_three_dupacks,
         "retransmission-timeout": controller.on_timeout}[what](int(number))
        print(f"{controller.cwnd:.2f} {controller.ssthresh:.2f}")


if __name__ == "__main__":
    main()
