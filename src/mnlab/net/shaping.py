"""Link shaping: from a link's parameters to qdiscs, and back again to see that the kernel really has them.

A direction of a link is shaped where its frames leave an interface: netem first (delay, jitter, loss, ...), then the
rate (tbf, htb or hfsc) and the queue before it, so that the queue's limit counts waiting frames only, never those in
flight. parameters.py says what the parameters are.

A frame stays charged to its sender's socket, in whatever queue it waits, until somebody lets go of it; then its sender
knows nothing of that queue any more, as on a real network. netem does so if it has a delay or a rate (netem_enqueue,
net/sched/sch_netem.c). So a netem is always in front of a queue; where no delay is asked for, LET_GO makes it let go.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mnlab.net import parameters
from mnlab.net.errors import NetworkError
from mnlab.net.notation import FASTEST

HEADER = 14  # bytes of an Ethernet header, which a qdisc counts
MTU = 1500  # bytes
SMALLEST_QUEUE = 16  # frames
LET_GO = "rate 32tbit"  # a frame of 9000 bytes takes 2 ns: netem reckons in nanoseconds, and a common frame takes none

#: Mininet's thresholds of red(8), in bytes (mininet/link.py, TCIntf.bwCmds), and the limit if no queue is asked for.
RED_LEAST, RED_MOST, RED_PACKET, RED_BURST, RED_LIMIT = 30_000, 35_000, 1500, 20, 1_000_000

#: How a rate is kept: the lines for `tc -batch` that end with a class 2:1, before which frames wait.
SHAPERS = {
    "tbf": ["qdisc add dev {dev} {parent} handle 2: tbf rate {rate:.0f}bit burst {burst} limit {limit}"],
    "htb": ["qdisc add dev {dev} {parent} handle 2: htb default 1",
            "class add dev {dev} parent 2: classid 2:1 htb rate {rate:.0f}bit burst {burst} cburst {burst} "
            "quantum {burst}"],
    "hfsc": ["qdisc add dev {dev} {parent} handle 2: hfsc default 1",
             "class add dev {dev} parent 2: classid 2:1 hfsc sc rate {rate:.0f}bit ul rate {rate:.0f}bit"],
}
CHANCES = ("duplicate", "reorder", "corrupt")


@dataclass(frozen=True)
class Shape:
    """How one direction of a link is shaped. `of` makes one; what is None was not asked for."""

    asked: dict = field(default_factory=dict)  # parameters.LINK: name -> value in bit/s, seconds, fractions, frames

    @classmethod
    def of(cls, params: dict, whose: str = "a link") -> "Shape":
        """The shape that a link's parameters ask for. NetworkError for what makes no sense, alone or together."""
        shape = cls(parameters.read("link", whose, parameters.LINK, params, more=("port", "moveIntfFn")))
        for wrong, words in shape._contradictions() if shape.asked else ():
            if wrong:
                raise NetworkError(f"{whose}: {words}")
        return shape

    def _contradictions(self) -> Iterator[tuple[bool, str]]:
        has = self.asked.get
        queues = [name for name in ("max_queue_size", "latency_ms") if has(name)]
        yield len(queues) > 1, "give max_queue_size or latency_ms, not both"
        yield bool(queues) and not self.rate and not self.pace, f"{queues and queues[0]} needs a bw: nothing waits"
        yield bool(has("latency_ms")) and not self.rate, "latency_ms needs a bw"
        for name in ("use_tbf", "use_htb", "use_hfsc", "enable_red", "enable_ecn"):
            yield bool(has(name)) and not self.rate, f"{name} needs a bw"
        yield sum(map(bool, map(has, ("use_tbf", "use_htb", "use_hfsc")))) > 1, "one of tbf, htb and hfsc, not several"
        yield bool(has("loss") and has("gemodel")), "give loss or gemodel, not both"
        yield bool(has("reorder")) and not self.delay, "reorder needs a delay: a frame overtakes what is delayed"
        yield bool(has("distribution")) and not (self.delay and self.jitter), "distribution needs a delay and a jitter"
        yield bool(self.red) and self.queue_bytes() <= RED_MOST, (
            f"RED begins at {RED_LEAST} and ends at {RED_MOST} bytes: a queue of at least "
            f"{RED_MOST // self.frame + 1} frames")

    @property
    def rate(self) -> float | None:
        return self.asked.get("bw")

    @property
    def pace(self) -> float | None:
        return self.asked.get("rate")

    @property
    def delay(self) -> float:
        return self.asked.get("delay", (0.0,))[0]

    @property
    def jitter(self) -> float:
        return self.asked.get("jitter") or self.asked.get("delay", (0, 0.0))[1]

    @property
    def red(self) -> str | None:
        return "ecn" if self.asked.get("enable_ecn") else "red" if self.asked.get("enable_red") else None

    @property
    def shaper(self) -> str:
        return next((name for name in SHAPERS if self.asked.get(f"use_{name}")), "tbf")

    @property
    def frame(self) -> int:
        """Bytes of a full frame."""
        return HEADER + self.asked.get("mtu", MTU)

    def queue_frames(self, rate: float) -> int:
        """The queue before `rate`: as asked for, else one bandwidth-delay product of this link."""
        return self.asked.get("max_queue_size") or max(
            SMALLEST_QUEUE, math.ceil(rate * 2 * self.delay / 8 / self.frame))

    def queue_bytes(self) -> int:
        """The queue before the rate limit."""
        if "latency_ms" in self.asked:
            return max(self.frame, math.ceil(self.rate * self.asked["latency_ms"] / 8))
        if self.red and "max_queue_size" not in self.asked:
            return RED_LIMIT
        return self.queue_frames(self.rate or 0) * self.frame

    def flight_frames(self) -> int:
        """Frames netem must be able to hold: all that can enter during the delay (its own default drops at 1000), or,
        if it has a rate of its own, that leave during the delay, and its queue."""
        time = self.delay + self.jitter + self.asked.get("slot", (0, 0))[1]
        if self.pace:
            return math.ceil(self.pace * time / 8 / self.frame) + self.queue_frames(self.pace)
        return max(1000, math.ceil(FASTEST * time / 8 / self.frame))

    def netem(self) -> str:
        """netem's options; "" where there is nothing for it to do."""
        options = []
        if self.delay or self.jitter:
            correlation = self.asked.get("delay", (0, 0, 0))[2]
            words = ["delay", microseconds(self.delay), microseconds(self.jitter) if self.jitter else "",
                     _percent(correlation) if correlation else ""]
            options.append(" ".join(filter(None, words)))
            options += [f"distribution {self.asked['distribution']}"] if "distribution" in self.asked else []
        options += [f"loss {_percent(*self.asked['loss'])}"] if any(self.asked.get("loss", ())) else []
        options += [f"loss gemodel {_percent(*self.asked['gemodel'])}"] if "gemodel" in self.asked else []
        options += [f"{name} {_percent(*self.asked[name])}" for name in CHANCES if any(self.asked.get(name, ()))]
        options += [f"slot {' '.join(map(microseconds, self.asked['slot']))}"] if "slot" in self.asked else []
        options += [f"rate {self.pace:.0f}bit"] if self.pace else []
        queues = self.rate or "slot" in self.asked
        if queues and not (self.delay or self.jitter or self.pace):
            options.append(LET_GO)
        return " ".join(options)


def commands(interface: str, shape: Shape) -> list[str]:
    """Lines for `tc -batch` that shape what leaves `interface`."""
    lines, parent, netem = [], "root", shape.netem()
    if netem:
        lines.append(f"qdisc add dev {interface} root handle 1: netem limit {shape.flight_frames()} {netem}")
        parent = "parent 1:1"
    if shape.rate:
        burst = shape.frame + 86  # one frame at once, so that a link never sends faster than its rate
        lines += [line.format(dev=interface, parent=parent, rate=shape.rate, burst=burst, limit=shape.queue_bytes())
                  for line in SHAPERS[shape.shaper]]
        if shape.red:
            lines.append(f"qdisc add dev {interface} parent 2:1 handle 3: red limit {shape.queue_bytes()} "
                         f"min {RED_LEAST} max {RED_MOST} avpkt {RED_PACKET} burst {RED_BURST} "
                         f"bandwidth {shape.rate:.0f}bit probability 1" + (" ecn" if shape.red == "ecn" else ""))
        elif shape.shaper != "tbf":
            lines.append(f"qdisc add dev {interface} parent 2:1 handle 3: bfifo limit {shape.queue_bytes()}")
    return lines


def verify(interface: str, shape: Shape, qdiscs: list[dict], classes: str = "") -> None:
    """NetworkError unless `qdiscs` (from `tc -j qdisc show`) and `classes` (`tc class show`) shape it as asked."""
    options = {qdisc["kind"]: qdisc.get("options", {}) for qdisc in qdiscs if qdisc.get("dev", interface) == interface}
    for what, asked, found, *tolerance in _comparisons(shape, options, classes):
        if asked and (found is None or abs(found - asked) > max(0.01 * asked, *tolerance, 0)):
            seen = "nothing" if found is None else f"{found:g}"
            raise NetworkError(f"{interface}: asked the kernel for {what} {asked:g}, it has {seen}")


def qdiscs_of(text: str) -> list[dict]:
    """What `tc -j qdisc show` printed. (What hfsc(8) prints there is no JSON.)"""
    return json.loads(re.sub(r'("options":\{)default \w+ (\})', r"\1\2", text))


def _comparisons(shape: Shape, options: dict, classes: str):
    """What was asked for, as words and a number; what the kernel says; and how far it may be off, if more than 1 %."""
    netem, asked = options.get("netem", {}), shape.asked.get
    correlation = asked("delay", (0, 0, 0))[2]
    tick = 1.1e-6  # s; tc(8) counts in ticks of 64 ns and prints whole microseconds, both cut off
    yield "a delay (s) of", shape.delay, netem.get("delay", {}).get("delay"), tick
    yield "a jitter (s) of", shape.jitter, netem.get("delay", {}).get("jitter"), tick
    yield "a correlation of", correlation, netem.get("delay", {}).get("correlation")
    chances = {"loss": ("loss-random", "loss"), **{name: (name, name) for name in CHANCES}}
    for name, (where, what) in chances.items():
        share, correlation = asked(name, (0, 0))
        yield f"a {name} of", share, netem.get(where, {}).get(what)
        yield f"a {name}'s correlation of", correlation, netem.get(where, {}).get("correlation")
    for value, name in zip(asked("gemodel", ()), ("p", "r", "1-h", "1-k"), strict=False):
        yield f"a gemodel's {name} of", value, netem.get("loss-gemodel", {}).get(name)
    for value, name in zip(asked("slot", ()), ("min-delay", "max-delay"), strict=False):
        yield f"a slot's {name} (s) of", value, netem.get("slot", {}).get(name), tick
    rate = netem.get("rate", {}).get("rate")
    yield "netem's rate (bit/s) of", shape.pace, rate and rate * 8
    if LET_GO in shape.netem():
        yield "a netem that lets go, a rate (bit/s) of", 32e12, rate and rate * 8
    if shape.rate:
        yield "a rate (bit/s) of", shape.rate, _rate(shape.shaper, options, classes)
        yield "a queue (bytes) of", shape.queue_bytes(), _limit(shape, options)
    if shape.red:
        yield "RED from (bytes)", RED_LEAST, options.get("red", {}).get("min")
        yield "ECN", shape.red == "ecn", options.get("red", {}).get("ecn")


def _rate(shaper: str, options: dict, classes: str) -> float | None:
    if shaper == "tbf":
        return options["tbf"]["rate"] * 8 if "rate" in options.get("tbf", {}) else None
    match = re.search(rf"class {shaper} 2:1 .*?(?:rate|m2) ([\d.]+)([KMG]?)bit", classes)
    return float(match[1]) * {"": 1, "K": 1e3, "M": 1e6, "G": 1e9}[match[2]] if match else None


def _limit(shape: Shape, options: dict) -> float | None:
    if shape.red or shape.shaper != "tbf":
        return options.get("red" if shape.red else "bfifo", {}).get("limit")
    tbf = options.get("tbf", {})  # it tells a limit, or the time in which what goes beyond a burst leaves
    return tbf.get("limit", tbf["lat"] * 1e-6 * tbf["rate"] + tbf["burst"] if "lat" in tbf else None)


def microseconds(value: float) -> str:
    return f"{value * 1e6:.0f}us"


def _percent(*shares: float) -> str:
    """"5%" or "5% 25%": a share, and a correlation where there is one."""
    return " ".join(f"{share * 100:g}%" for share in (shares if len(shares) != 2 or shares[1] else shares[:1]))
