"""Losing exact frames: the third data segment, the last ACK. What was lost is evidence, too.

nftables drops them as they come in at an interface (nft(8), hook ingress), ahead of everything the node does with
frames. A capture on that interface, or at the sender, still shows them; the receiver never sees them.
"""

import json
from collections.abc import Callable, Sequence

from mnlab.net.errors import NetworkError

#: numgen(nft(8)) counts up to a modulus; no experiment has as many frames.
MANY = 1 << 31

#: What is to be lost: an expression of nft(8), and which of the frames that match, counted from 1 (none given: all).
Wanted = tuple[str, Sequence[int]]


class Loss:
    """Context manager: while its block runs, of the frames that match some are lost at `interface` of `node`.

    `wanted` names what to lose; frames are counted for each name, from the start of the block. For each name `keep`
    gets (name, account): a dictionary of place, match, nth, and how many frames matched and were dropped.
    """

    def __init__(self, node, interface: str, wanted: dict[str, Wanted], keep: Callable[[str, dict], object],
                 table: str):
        self.node, self.interface, self.wanted, self.keep = node, interface, wanted, keep
        self.table = f"netdev {table}"

    def __enter__(self):
        matches = [match for match, _ in self.wanted.values()]
        jumps = "; ".join(f"{match} jump chosen{n}" for n, match in enumerate(matches))
        hook = f'type filter hook ingress device "{self.interface}" priority 0'
        chains = "\n".join(_chain(n, nth) for n, (_, nth) in enumerate(self.wanted.values()))
        self._nft("-f", "-", input=f"table {self.table} {{\n{chains}\nchain ingress {{ {hook}; {jumps}; }}\n}}\n")
        return self

    def __exit__(self, *_):
        listing = json.loads(self._nft("-j", "list", "counters", "table", *self.table.split()))["nftables"]
        counts = {entry["counter"]["name"]: entry["counter"]["packets"] for entry in listing if "counter" in entry}
        self._nft("delete", "table", *self.table.split())
        for n, (name, (match, nth)) in enumerate(self.wanted.items()):
            self.keep(name, {"place": self.interface, "match": match, "nth": list(nth),
                             "matched": counts[f"matched{n}"], "dropped": counts[f"dropped{n}"]})

    def _nft(self, *arguments: str, input: str | None = None) -> str:
        done = self.node.run(["nft", *arguments], input=input, check=False)
        if done.returncode:
            what = ", ".join(match for match, _ in self.wanted.values())
            raise NetworkError(f"cannot lose frames at {self.interface} ({what}): {done.stderr.strip()}")
        return done.stdout


def _chain(number: int, nth: Sequence[int]) -> str:
    """The counters and the chain that frames of one kind go through."""
    chosen = f"numgen inc mod {MANY} {{ {', '.join(str(n - 1) for n in nth)} }}" if nth else ""
    return (f"counter matched{number} {{}}\ncounter dropped{number} {{}}\n"
            f"chain chosen{number} {{ counter name matched{number}; {chosen} counter name dropped{number} drop; }}")
