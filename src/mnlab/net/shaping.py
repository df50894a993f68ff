"""Link shaping: from a link's parameters to qdiscs, and back again to see that the kernel really has them.

A direction of a link is shaped where its frames leave an interface: netem first (delay, jitter, loss, ...), then tbf
(rate and the queue before it), so that the queue's limit counts waiting frames only, never those in flight.

Parameters are Mininet's: `bw` in Mbit/s, `delay` and `jitter` as "20ms", `loss` in percent, `max_queue_size` in
frames; besides, `duplicate`, `reorder` and `corrupt` in percent.
"""

import math
import re
from dataclasses import dataclass

from mnlab.net.errors import NetworkError

FRAME = 1514  # bytes of a full Ethernet frame as a qdisc counts it: 14 of header, 1500 of payload
BURST = 1600  # bytes tbf may send at once: one frame, so that a link never sends faster than its rate
SMALLEST_QUEUE = 16  # frames
FASTEST = 10e9  # bit/s; nothing enters netem faster than this

UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "": 1e-6}  # a bare number is microseconds, as tc has it
PARAMETERS = ("bw", "delay", "jitter", "loss", "max_queue_size", "duplicate", "reorder", "corrupt")


@dataclass(frozen=True)
class Shape:
    """How one direction of a link is shaped: bit/s, seconds, fractions, frames. None or 0: not at all."""

    rate: float | None = None
    delay: float = 0.0
    jitter: float = 0.0
    loss: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    corrupt: float = 0.0
    queue: int | None = None

    @classmethod
    def of(cls, params: dict) -> "Shape":
        """The shape that a link's parameters ask for. NetworkError for a value that makes no sense."""
        rate = params.get("bw")
        if rate is not None and not 0 < rate <= 10_000:
            raise NetworkError(f"a link's bw is in Mbit/s, above 0 and up to 10000, not {rate!r}")
        shares = {}
        for name in ("loss", "duplicate", "reorder", "corrupt"):
            shares[name] = (params.get(name) or 0) / 100
            if not 0 <= shares[name] <= 1:
                raise NetworkError(f"a link's {name} is in percent, 0 to 100, not {params[name]!r}")
        return cls(rate=rate and rate * 1e6, delay=seconds(params.get("delay") or 0),
                   jitter=seconds(params.get("jitter") or 0), queue=params.get("max_queue_size"), **shares)

    @property
    def impaired(self) -> bool:
        return any((self.delay, self.jitter, self.loss, self.duplicate, self.reorder, self.corrupt))

    def queue_bytes(self) -> int:
        """The queue before the rate limit: as asked for, else one bandwidth-delay product of this link."""
        frames = self.queue or max(SMALLEST_QUEUE, math.ceil((self.rate or 0) * 2 * self.delay / 8 / FRAME))
        return frames * FRAME

    def flight_frames(self) -> int:
        """Frames netem must be able to hold: all that can enter during the delay (its own default drops at 1000)."""
        return max(1000, math.ceil(FASTEST * (self.delay + self.jitter) / 8 / FRAME))


def seconds(value) -> float:
    """Seconds of a time as tc and Mininet write it ("20ms", "1.5s", 500 for microseconds)."""
    match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*(s|ms|us|)\s*", str(value))
    if not match:
        raise NetworkError(f"{value!r} is not a time; write it like '20ms'")
    return float(match[1]) * UNITS[match[2]]


def commands(interface: str, shape: Shape) -> list[str]:
    """Lines for `tc -batch` that shape what leaves `interface`."""
    lines, parent = [], "root"
    if shape.impaired:
        options = [f"delay {shape.delay * 1e6:.0f}us" + (f" {shape.jitter * 1e6:.0f}us" if shape.jitter else "")]
        options += [f"{name} {getattr(shape, name) * 100:g}%"
                    for name in ("loss", "duplicate", "reorder", "corrupt") if getattr(shape, name)]
        lines.append(f"qdisc add dev {interface} root handle 1: netem limit {shape.flight_frames()} "
                     + " ".join(options))
        parent = "parent 1:1"
    if shape.rate:
        lines.append(f"qdisc add dev {interface} {parent} handle 2: tbf rate {shape.rate:.0f}bit burst {BURST} "
                     f"limit {shape.queue_bytes()}")
    return lines


def verify(interface: str, shape: Shape, qdiscs: list[dict]) -> None:
    """NetworkError unless `qdiscs` (from `tc -j qdisc show`) shape `interface` as asked."""
    options = {qdisc["kind"]: qdisc.get("options", {}) for qdisc in qdiscs if qdisc.get("dev", interface) == interface}
    for what, asked, found in _comparisons(shape, options):
        if asked and (found is None or abs(found - asked) > 0.01 * asked):
            seen = "nothing" if found is None else f"{found:g}"
            raise NetworkError(f"{interface}: asked the kernel for {what} {asked:g}, it has {seen}")


def _comparisons(shape: Shape, options: dict):
    netem, tbf = options.get("netem", {}), options.get("tbf", {})
    yield "a delay (s) of", shape.delay, netem.get("delay", {}).get("delay")
    yield "a jitter (s) of", shape.jitter, netem.get("delay", {}).get("jitter")
    yield "a loss of", shape.loss, netem.get("loss-random", {}).get("loss")
    yield "a duplication of", shape.duplicate, netem.get("duplicate", {}).get("duplicate")
    yield "a reordering of", shape.reorder, netem.get("reorder", {}).get("reorder")
    yield "a corruption of", shape.corrupt, netem.get("corrupt", {}).get("corrupt")
    yield "a rate (bit/s) of", shape.rate, tbf["rate"] * 8 if "rate" in tbf else None
