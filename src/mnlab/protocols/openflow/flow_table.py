"""Flow tables of Open vSwitch as its tools print them: OpenFlow's (ovs-ofctl(8) dump-flows) and the kernel's.

A frame is first looked up in the kernel's table, which holds no rules but results: what became of the last frame like
this one. Only if nothing is found there does the kernel ask ovs-vswitchd, which goes through the OpenFlow table and
puts the result into the kernel's (ovs-vswitchd(8), dpctl/dump-flows). Ports have other numbers there.
"""

import re
from typing import NamedTuple

#: Open vSwitch's names of match fields, as far as they differ from OpenFlow's.
FIELDS = {"dl_src": "eth_src", "dl_dst": "eth_dst", "dl_type": "eth_type", "dl_vlan": "vlan_vid", "nw_src": "ipv4_src",
          "nw_dst": "ipv4_dst", "nw_proto": "ip_proto"}
ABOUT = {"cookie", "duration", "table", "n_packets", "n_bytes", "idle_timeout", "hard_timeout", "idle_age", "hard_age",
         "priority", "importance"}


class Flow(NamedTuple):
    """A flow: `match` by OpenFlow's names, values as printed ("tcp": "" for a protocol alone); times in seconds."""

    match: dict[str, str]
    actions: tuple[str, ...]
    table: int
    priority: int
    idle_timeout: int
    hard_timeout: int
    packets: int
    bytes: int
    duration: float


class KernelFlow(NamedTuple):
    """An entry of the kernel's table; `match` as printed, `packets` that found it (not the one it was made for)."""

    eth_src: str
    eth_dst: str
    match: str
    actions: str
    packets: int


def flows(text: str) -> list[Flow]:
    """The flows of a dump of ovs-ofctl; other lines are left out. ValueError if a number is none: damaged text."""
    return [_flow(line.strip()) for line in text.splitlines() if " actions=" in line]


def kernel_flows(text: str) -> list[KernelFlow]:
    """The entries of a dump of dpctl/dump-flows; "" for addresses that an entry does not look at."""
    found = []
    for line in text.splitlines():
        parts = re.match(r"(.*?), packets:(\d+), .*actions:(.*)$", line)
        if parts:
            ends = dict(re.findall(r"\b(src|dst)=([0-9a-f:]{17})", parts[1]))
            found.append(KernelFlow(ends.get("src", ""), ends.get("dst", ""), parts[1], parts[3], int(parts[2])))
    return found


def _flow(line: str) -> Flow:
    before, _, actions = line.partition(" actions=")
    pairs = [part.strip().partition("=")[::2] for part in re.split(r",\s*|\s+", before) if part.strip()]
    about = {name: value for name, value in pairs if name in ABOUT}
    match = {FIELDS.get(name, name): value for name, value in pairs if name not in ABOUT}

    def number(name: str, otherwise: int = 0) -> int:
        return int(about.get(name, otherwise), 0) if isinstance(about.get(name), str) else otherwise

    return Flow(match, tuple(re.split(r",(?![^(]*\))", actions.strip())), number("table"), number("priority", 32768),
                number("idle_timeout"), number("hard_timeout"), number("n_packets"), number("n_bytes"),
                float(about.get("duration", "0s").rstrip("s")))
