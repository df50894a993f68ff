"""A congestion controller that counts whole segments, as Linux does: in congestion avoidance it adds one when as many
segments as the window holds have been acknowledged."""

import sys

UNLIMITED = 0x7FFFFFFF


def half(flight):
    return max(flight // 2, 2)


def ack(state, count):
    cwnd, limit, credit = state
    while cwnd < limit and count:
        cwnd, count = cwnd + 1, count - 1
    credit += count
    while credit >= cwnd:
        credit -= cwnd
        cwnd += 1
    return cwnd, limit, credit


def third(state, flight):
    return half(flight), half(flight), 0


def timer(state, flight):
    return 1, half(flight), 0


RULES = {"ack": ack, "three-duplicate-ACKs": third, "retransmission-timeout": timer}

for line in sys.stdin:
    kind, number = line.split()
    if kind == "start":
        state = int(number), UNLIMITED, 0
    else:
        state = RULES[kind](state, int(number))
        print(state[0], state[1], flush=True)
