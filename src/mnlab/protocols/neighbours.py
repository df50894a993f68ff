"""What the kernel says of its neighbour cache: the text of tracefs' `trace` file, turned into states.

As Linux writes it (include/trace/events/neigh.h), one event a line:

    ping-529 [000] .....  77.617755: neigh_event_send_done: family 2 dev h1-eth0 lladdr 020000000200 flags 00
                                     nud_state delay type 01 dead 0 refcnt 2 primary_key4 10.0.0.2 ...

`neigh_update` tells the state before a change, the other events the state after it.

The states are those of RFC 4861, section 7.3.2, which Linux uses for ARP too (net/core/neighbour.c):

    INCOMPLETE  asking, no answer yet; packets wait
    REACHABLE   confirmed a short while ago
    STALE       not confirmed lately; good enough to send to
    DELAY       sent to while stale: waiting whether somebody confirms it anyway
    PROBE       asking again, this time the old address alone (unicast)
    FAILED      nobody answered
"""

import re
from dataclasses import dataclass

from mnlab.protocols.kernel import absent, in_another_form, name_in

_LINE = re.compile(r"^.*-\d+ .*?\[\d+\] +\S+ +(?P<time>\d+\.\d+): (?P<name>neigh_\w+): .*?"
                   r"dev (?P<device>\S+) lladdr (?P<mac>[0-9a-f]*) .*?nud_state (?P<state>\w+) .*?"
                   r"primary_key4 (?P<address>\S+) ")

NONE = "0x0"  # an entry just made, of which nothing is known yet


@dataclass(frozen=True)
class Neighbour:
    """An entry of the cache as it is from `time` (s) on. `mac` is "" while unknown."""

    time: float
    device: str
    address: str
    state: str
    mac: str


def unknown(text: str) -> str:
    """Why the text cannot tell of every change: an event that could not be recorded, or whole lines of another form;
    "" if it can."""
    odd = [f"this kernel writes {name} in another form" for line in text.splitlines(keepends=True)
           if line.endswith("\n") and (name := name_in(line)).startswith("neigh_") and not _LINE.match(line)]
    return next(iter([*absent(text).values(), *in_another_form(text).values(), *odd]), "")


def changes(text: str, offset: float = 0.0) -> list[Neighbour]:
    """Each change of an entry's state or MAC address, in order; `offset` is added to the trace's clock (s)."""
    found: list[Neighbour] = []
    latest: dict[tuple[str, str], tuple[str, str]] = {}
    for line in text.splitlines():
        match = _LINE.match(line)
        if not match or match["state"] == NONE:
            continue
        mac = bytes.fromhex(match["mac"])
        entry = Neighbour(float(match["time"]) + offset, match["device"], match["address"], match["state"].upper(),
                          mac.hex(":") if any(mac) else "")
        key = (entry.device, entry.address)
        if latest.get(key) != (entry.state, entry.mac):
            latest[key] = (entry.state, entry.mac)
            found.append(entry)
    return found
