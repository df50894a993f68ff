"""What a topology may say of links, hosts and switches: each parameter's name, notation and meaning, in one table.

What is not in the table is refused, with the name that is most like it. docs/network.md has it, written by `table()`.
"""

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, NamedTuple

from mnlab.net import notation
from mnlab.net.errors import NetworkError


class Parameter(NamedTuple):
    """`read` makes of what a topology gives a value, or raises NetworkError; `examples` are as in the topology."""

    read: Callable[[Any], Any]
    examples: str
    meaning: str


def off(value) -> bool:
    """False, for what Network never turns on."""
    if notation.switched(value):
        raise NetworkError("offloads are off in this network, so that a capture shows what a wire would carry")
    return False


def as_it_is(value):
    """A value that Mininet reads itself."""
    return value


LINK = {
    "bw": Parameter(notation.megabits, '`10`, `"10mbit"`', "rate in Mbit/s, up to 10000"),
    "delay": Parameter(notation.delay, '`"20ms"`, `"20ms 5ms 25%"`', "delay; its jitter and that one's correlation"),
    "jitter": Parameter(notation.seconds, '`"5ms"`', "how far the delay varies"),
    "distribution": Parameter(notation.one_of("normal", "pareto", "paretonormal", "experimental"), '`"normal"`',
                              "how the delay is distributed within its jitter (uniformly unless given)"),
    "loss": Parameter(notation.chance, '`1`, `"5% 25%"`', "frames lost, in percent; correlation"),
    "gemodel": Parameter(notation.gemodel, '`"1% 10% 70% 0.1%"`', "frames lost in bursts: netem's p, r, 1-h, 1-k"),
    "duplicate": Parameter(notation.chance, '`1`, `"1% 25%"`', "frames that come twice, in percent; correlation"),
    "reorder": Parameter(notation.chance, '`25`, `"25% 50%"`', "frames that overtake the delay; correlation"),
    "corrupt": Parameter(notation.chance, '`0.1`, `"1% 25%"`', "frames with a bit turned round; correlation"),
    "slot": Parameter(notation.slot, '`"20ms"`, `"10ms 30ms"`', "frames leave together, so often; least and most"),
    "rate": Parameter(notation.rate, '`"1mbit"`', "netem's rate: part of the delay, where `bw` is a queue's end"),
    "max_queue_size": Parameter(notation.whole(1, 10**6), '`100`', "frames that may wait for `bw` or `rate`; one is "
                                "the least. Unless given: what is under way on a link of that `bw` and `delay`, or 16"),
    "latency_ms": Parameter(notation.milliseconds, '`50`', "the same as the time that a frame may wait for `bw`"),
    "use_tbf": Parameter(notation.switched, '`True`', "keep `bw` by tbf(8), as it is anyway"),
    "use_htb": Parameter(notation.switched, '`True`', "keep `bw` by htb(8)"),
    "use_hfsc": Parameter(notation.switched, '`True`', "keep `bw` by hfsc(8)"),
    "enable_red": Parameter(notation.switched, '`True`', "the queue before `bw` is red(8), with Mininet's thresholds"),
    "enable_ecn": Parameter(notation.switched, '`True`', "the same, and it marks (ECN) instead of losing"),
    "mtu": Parameter(notation.whole(68, 65535), '`900`', "bytes of the largest packet"),
    "ip": Parameter(as_it_is, '`"10.0.1.1/24"`', "the interface's address (in `params1`, `params2`)"),
    "mac": Parameter(as_it_is, '`"02:00:00:00:00:07"`', "its MAC address; `addr1`, `addr2` of the link mean the same"),
    "gro": Parameter(off, '`False`', "offloads: off"),
    "txo": Parameter(off, '`False`', "offloads: off"),
    "rxo": Parameter(off, '`False`', "offloads: off"),
}

#: What concerns a link as a whole.
ENDS = {
    "params1, params2": "parameters of one end only",
    "port1, port2": "port numbers",
    "intfName1, intfName2": "names of the interfaces, up to 15 characters",
    "addr1, addr2": "MAC addresses",
    "cls": "Link, TCLink or TCULink: all are this network's link",
}

HOST = {
    "ip": Parameter(as_it_is, '`"10.0.0.1/24"`, `None`', "address of the first interface"),
    "mac": Parameter(as_it_is, '`"02:00:00:00:00:07"`', "its MAC address"),
    "defaultRoute": Parameter(as_it_is, '`"via 10.0.0.254"`', "what `ip route add default` is told"),
    "privateDirs": Parameter(as_it_is, '`["/var/run"]`', "folders of its own"),
    "inNamespace": Parameter(as_it_is, '`False`', "whether it has namespaces of its own"),
    "cpu": Parameter(notation.fraction, '`0.5`, `-1`', "share of all processors that its programs may use; -1: all"),
    "cores": Parameter(notation.processors, '`0`, `[0, 1]`, `"0,1"`', "processors that they run on"),
    "sched": Parameter(notation.one_of("cfs"), '`"cfs"`', "how the share is kept (control groups, version 2)"),
    "period_us": Parameter(notation.whole(1000, 1_000_000), '`100000`', "microseconds in which it is kept"),
    "cls": Parameter(as_it_is, '`Router`', "Host, CPULimitedHost, or a class of the topology's, which may have "
                                            "parameters of its own"),
}

SWITCH = {
    "cls": Parameter(as_it_is, '`OVSBridge`', "LinuxBridge, OVSBridge or OVSSwitch"),
    "dpid": Parameter(notation.datapath_id, '`"2a"`',
                      "datapath id, hexadecimal (from the number in its name unless given)"),
    "stp": Parameter(notation.switched, '`True`', "run the spanning tree protocol; the start waits for it"),
    "rstp": Parameter(notation.switched, '`True`', "run the rapid one (Open vSwitch)"),
    "prio": Parameter(notation.whole(0, 65535), '`100`', "the bridge's priority in the spanning tree"),
    "failMode": Parameter(notation.one_of("secure", "standalone"), '`"standalone"`',
                          "what it does without a controller: nothing, or learn and forward (Open vSwitch)"),
    "protocols": Parameter(as_it_is, '`"OpenFlow13"`', "versions of OpenFlow (Open vSwitch)"),
    "datapath": Parameter(notation.one_of("kernel"), '`"kernel"`', "where frames are forwarded (Open vSwitch)"),
}

#: What Mininet has and this network has not: what to do instead.
INSTEAD = {
    "bandwidth": "did you mean 'bw'?",
    "latency": "did you mean 'delay'?",
    "speedup": "give the switch's end a bw of its own, in params1 or params2",
    "ifconfig": "run ip(8) on the node once the network is there",
    "up": "configLinkStatus takes a link down",
    "disable_gro": "offloads are off anyway",
    "intf": "interfaces are this network's own",
    "cls1": "interfaces are this network's own",
    "cls2": "interfaces are this network's own",
    "fast": "leave it out",
    "inband": "switches and their controller have a network of their own",
    "opts": "say it with ovs-vsctl once the network is there",
    "listenPort": "ovs-ofctl reaches a switch by its name",
    "reconnectms": "a switch tries to reach its controller once a second",
}


def read(kind: str, whose: str, known: dict[str, Parameter], given: dict, more=()) -> dict:
    """The values of what a topology gave, those that are None left out. NetworkError names what is wrong with it.

    `kind` is "link", "host" or "switch", `whose` its name; the names `more` are left to somebody else.
    """
    values = {}
    for name, value in given.items():
        if name in more or value is None:
            continue
        if name not in known:
            raise NetworkError(f"{whose}: a {kind} has no parameter {name!r}; {_instead(name, [*known, *more])}")
        try:
            values[name] = known[name].read(value)
        except NetworkError as problem:
            raise NetworkError(f"{whose}: {name}: {problem}") from None
    return values


def _instead(name: str, known: list[str]) -> str:
    if name in INSTEAD:
        return INSTEAD[name]
    alike = get_close_matches(name, known, n=1, cutoff=0.5) or [one for one in known if one in name][:1]
    return f"did you mean {alike[0]!r}?" if alike else f"there are {', '.join(sorted(known))}"


def table() -> str:
    """The table of docs/network.md."""
    lines = []
    for title, known in (("a link", LINK), ("a host", HOST), ("a switch", SWITCH)):
        lines += [f"| {title} | for example | what |", "|---|---|---|"]
        lines += [f"| `{name}` | {one.examples} | {one.meaning} |" for name, one in known.items()]
        lines += [f"| {', '.join(f'`{name}`' for name in names.split(', '))} | | {meaning} |"
                  for names, meaning in (ENDS.items() if known is LINK else ())]
        lines.append("")
    return "\n".join(lines)
