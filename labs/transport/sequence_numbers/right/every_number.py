"""The same without cleverness: all numbers that have arrived lie in a set, counted from each side's SYN, which is 0."""

import sys
from collections import defaultdict

out = []
arrived, first, following, segments = defaultdict(set), {}, {}, {}
name = None
for words in (line.split() for line in sys.stdin.read().splitlines()):
    if words[0] == "connection":
        name = words[1]
        first[name, "client"], first[name, "server"] = map(int, words[2:4])
    elif words[0] == "send":
        number, side, flags, length = words[1], words[2], words[3].split("+"), int(words[4])
        other = "server" if side == "client" else "client"
        here = segments[name, words[6]][1] if "again" in words else following.get((name, side), 0)
        used = range(here, here + length + flags.count("SYN") + flags.count("FIN"))
        segments[name, number] = (name, other), here, used
        following[name, side] = max(following.get((name, side), 0), used.stop)
        ack = 0
        while ack in arrived[name, side]:
            ack += 1
        out.append(" ".join([name, number, str((first[name, side] + here) % 4294967296),
                             str((first[name, other] + ack) % 4294967296) if "ACK" in flags else "-"]))
    else:
        where, _, used = segments[name, words[1]]
        arrived[where].update(used)
print("\n".join(out))
