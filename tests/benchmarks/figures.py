"""Every figure that is measured, and its target."""

import math
from dataclasses import dataclass

MIB = 1 << 20

#: A full frame of a TCP segment at an MTU of 1500 bytes: what tbf counts, and how much of it is payload.
#: 14 Ethernet + 20 IPv4 + 20 TCP + 12 timestamps (RFC 7323) + 1448.
COUNTED, PAYLOAD = 1514, 1448
DELAY = 20e-3  # s, of the link whose delay is measured
RATE = 10e6  # bit/s, of the link whose goodput is measured
LOSS, PACKETS = 0.01, 10_000  # of the link whose loss is measured
CONFIDENCE = 0.999


@dataclass(frozen=True)
class Figure:
    """`what` is measured, in `unit`; `low` and `high` are the target's bounds, None where there is none."""

    what: str
    unit: str
    high: float | None = None
    low: float | None = None
    digits: int = 2  # after the decimal point, when shown

    @property
    def target(self) -> str:
        """The target in words, "" if this figure has none."""
        if self.high is None:
            return ""
        high = f"{self.high:.{self.digits}f}"
        if self.low is None:
            return f"<= {high} {self.unit}"
        low = f"{self.low:.{self.digits}f}"
        return f"{high} {self.unit}" if low == high else f"{low} to {high} {self.unit}"

    def met(self, value: float) -> bool | None:
        """Whether `value` is within the target; None if there is none."""
        if self.high is None:
            return None
        return (self.low is None or value >= self.low) and value <= self.high


def binomial_bounds(trials: int, chance: float, confidence: float) -> tuple[int, int]:
    """The smallest interval with equal tails that holds a binomial count with at least `confidence`."""
    tail = (1 - confidence) / 2
    term, total, low = (1 - chance) ** trials, 0.0, None
    for count in range(trials + 1):
        total += term
        if low is None and total > tail:
            low = count
        if total >= 1 - tail:
            return low, count
        term *= (trials - count) / (count + 1) * chance / (1 - chance)
    return low or 0, trials


_LOST = binomial_bounds(PACKETS, LOSS, CONFIDENCE)
_GOODPUT = RATE * PAYLOAD / COUNTED / 1e6

FIGURES = {
    "restore": Figure("restore the machine: from migrate-incoming until it runs", "s", 0.15, digits=3),
    "first": Figure("from starting QEMU to the job's first instruction", "s", digits=3),
    "run": Figure("./mnlab run arp, the whole command, warm cache", "s", 3.0),
    "all": Figure("./mnlab run --all, warm cache, each lab", "s", 4.0, digits=1),
    "memory": Figure("memory of one run: peak resident set of QEMU", "MiB", 700 * 1e6 / MIB, digits=0),
    "disk": Figure("image and snapshot on disk", "MiB", 800 * 1e6 / MIB, digits=0),
    "build": Figure("build the image from Debian packages", "s", 240, digits=0),
    "boot": Figure("boot it for the snapshot", "s", digits=0),
    "delay": Figure("RTT over a 20 ms netem delay, mean", "ms", DELAY * 1e3 + 0.05, DELAY * 1e3 - 0.05, digits=3),
    "deviation": Figure("RTT over a 20 ms netem delay, deviation", "us", 5.0, digits=0),
    "goodput": Figure("goodput of a 10 Mbit/s link", "Mbit/s", _GOODPUT * 1.01, _GOODPUT * 0.99, digits=3),
    "loss": Figure(f"packets lost of {PACKETS:,} at 1 % (99.9 % bounds)", "packets", _LOST[1], _LOST[0], digits=0),
    "same": Figure("fidelity figures that differ, idle against busy", "figures", 0, digits=0),
    "digests": Figure("different evidence of the same lab and seed", "digests", 1, 1, digits=0),
    "incomplete": Figure("runs that ended without whole evidence", "runs", 0, digits=0),
    "repeats": Figure("runs in real time that do not pass", "runs", 0, digits=0),
    "host": Figure("network start, each host more, lab time", "ms", digits=1),
    "host_wall": Figure("network start, each host more, wall time", "ms", digits=0),
    "process": Figure("start a small program on a host, lab time", "ms", digits=1),
    "process_wall": Figure("start a small program on a host, wall time", "ms", digits=0),
    "shell": Figure("the same through a shell, wall time", "ms", digits=0),
    "python": Figure("start python3, wall time", "ms", digits=0),
    "first_flow": Figure("start a switch and its controller, lab time", "s", digits=3),
    "first_flow_wall": Figure("start a switch and its controller, wall time", "s"),
    "class_overhead": Figure("grade a class: time of the command for each hand-in", "ms", 20, digits=1),
    "class_efficiency": Figure("grade a class: wall time, of what the workers alone would take", "times", 1 / 0.95),
    "class_memory": Figure("grade a class: peak resident set of the command", "MiB", 300, digits=0),
    "class_scaling": Figure("grade a class: two workers, of the wall time that one takes", "times", 1 / 1.8),
    "class_ratio": Figure("grade a class: wall time, of that of a loop over ./mnlab check", "times", 1 / 3),
    "class_each": Figure("grade a class: wall time for each work, with all processors", "s"),
    "idle": Figure("a minute of lab time in which nothing happens, wall time", "s", digits=3),
}


@dataclass(frozen=True)
class Row:
    """One measurement. `key` is its figure's; `case` tells it from others of that figure; `detail` is for people."""

    key: str
    value: float
    case: str = ""
    detail: str = ""

    @property
    def figure(self) -> Figure:
        return FIGURES[self.key]

    @property
    def met(self) -> bool | None:
        return self.figure.met(self.value)

    @property
    def what(self) -> str:
        return self.figure.what + (f" ({self.case})" if self.case else "")

    @property
    def measured(self) -> str:
        return f"{self.value:.{self.figure.digits}f} {self.figure.unit}"

    def as_dict(self) -> dict:
        """For JSON."""
        return {"figure": self.key, "case": self.case, "what": self.what,
                "measured": self.value if math.isfinite(self.value) else None, "unit": self.figure.unit,
                "at_least": self.figure.low, "at_most": self.figure.high, "met": self.met, "detail": self.detail}


def spread(values: list[float], unit: str, digits: int = 2) -> str:
    """Several measurements in a few words: how many, the least and the most."""
    if any(math.isnan(value) for value in values):
        return "not measured"
    return f"{len(values)} times, {min(values):.{digits}f} to {max(values):.{digits}f} {unit}"
