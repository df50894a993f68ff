"""The same with 32-bit numbers all along: distances instead of comparisons, and ranges of what has arrived."""

import fileinput

MASK = 0xFFFFFFFF


def ahead(a, b):
    """How far a lies before (negative: behind) b on the circle."""
    return ((a - b + 0x80000000) & MASK) - 0x80000000


def take(wanted, pending, start, end):
    """The next number wanted, and the ranges behind it, when [start, end) has come."""
    if ahead(end, wanted) <= 0:
        return wanted, pending
    pending = sorted([*pending, (start, end)], key=lambda one: ahead(one[0], wanted))
    rest = []
    for one in pending:
        if ahead(one[0], wanted) <= 0:
            if ahead(one[1], wanted) > 0:
                wanted = one[1]
        else:
            rest.append(one)
    return wanted, rest


who = {"client": 0, "server": 1}
for line in fileinput.input("-"):
    kind, *rest = line.split()
    if kind == "connection":
        name = rest[0]
        following = [int(rest[1]), int(rest[2])]
        wanted = following[::-1]
        pending, known = [[], []], {}
    elif kind == "send":
        me, flags = who[rest[1]], rest[2]
        start = known[rest[5]][1] if len(rest) > 4 else following[me]
        end = start + int(rest[3]) + flags.count("SYN") + flags.count("FIN") & MASK
        known[rest[0]] = me, start, end
        if ahead(end, following[me]) > 0:
            following[me] = end
        print(name, rest[0], start, wanted[me] if flags.endswith("ACK") else "-", flush=True)
    else:
        me, start, end = known[rest[0]]
        if start != end:
            wanted[1 - me], pending[1 - me] = take(wanted[1 - me], pending[1 - me], start, end)
