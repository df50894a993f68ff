"""Values as Mininet and tc(8) write them ("20ms", "5% 25%", "10mbit"), read: seconds, fractions, bits per second.

Each function takes what a topology gave and returns a number or a tuple of numbers. NetworkError if it makes no sense.
"""

import math
import re

from mnlab.net.errors import NetworkError

#: tc(8). A bare number is microseconds.
TIMES = {"s": 1.0, "sec": 1.0, "secs": 1.0, "ms": 1e-3, "msec": 1e-3, "msecs": 1e-3, "us": 1e-6, "usec": 1e-6,
         "usecs": 1e-6, "": 1e-6}
RATES = {"bit": 1.0, "kbit": 1e3, "mbit": 1e6, "gbit": 1e9}  # tc(8)
FASTEST = 10e9  # bit/s: the fastest link


def seconds(value) -> float:
    """Seconds of a time: "20ms", "1.5s", 500 (microseconds)."""
    number, unit = _number_and_unit(value)
    if number is None or number < 0 or unit not in TIMES:
        raise NetworkError(f"{value!r} is not a time; write it like '20ms'")
    found = number * TIMES[unit]
    if abs(found * 1e6 - round(found * 1e6)) > 0.01 * found * 1e6:
        raise NetworkError(f"{value!r}: tc(8) knows whole microseconds only")
    return found


def delay(value) -> tuple[float, float, float]:
    """netem's delay, "20ms", "20ms 5ms" or "20ms 5ms 25%": seconds, jitter in seconds, correlation."""
    time, jitter, correlation = _words(value, 3, "a delay", "20ms", "20ms 5ms 25%")
    return seconds(time), seconds(jitter or 0), share(correlation or 0)


def share(value) -> float:
    """A fraction, from percent: 5, "5", "5%"."""
    number, unit = _number_and_unit(value)
    if number is None or unit not in ("", "%") or not 0 <= number <= 100:
        raise NetworkError(f"{value!r} is not in percent, 0 to 100; write it like 5 or '5%'")
    return number / 100


def chance(value) -> tuple[float, float]:
    """netem's chance with correlation, 5 or "5% 25%": two fractions."""
    first, correlation = _words(value, 2, "a chance", "5%", "5% 25%")
    return share(first), share(correlation or 0)


def gemodel(value) -> tuple[float, ...]:
    """netem's Gilbert-Elliott model, "P [R [1-H [1-K]]]" in percent: one to four fractions."""
    return tuple(share(word) for word in _words(value, 4, "a gemodel", "1%", "1% 10% 70% 0.1%") if word is not None)


def slot(value) -> tuple[float, float]:
    """netem's slots, "MIN [MAX]": the seconds between two moments at which frames leave."""
    least, most = _words(value, 2, "a slot", "20ms", "10ms 30ms")
    found = seconds(least), seconds(least if most is None else most)
    if not 0 < found[0] <= found[1]:
        raise NetworkError(f"{value!r} is not a slot: from a time above 0 to one that is not shorter")
    return found


def megabits(value) -> float:
    """bit/s of Mininet's bw: 10, "10" (Mbit/s), "10mbit"."""
    number, unit = _number_and_unit(value)
    found = None if number is None else number * RATES.get(unit.lower() or "mbit", math.nan)
    if found is None or not 0 < found <= FASTEST:
        raise NetworkError(f"{value!r} is not a rate: in Mbit/s, above 0 and up to 10000, or like '10mbit'")
    return found


def rate(value) -> float:
    """bit/s of netem's rate: "1mbit"; a bare number is bit/s, as tc(8) has it."""
    number, unit = _number_and_unit(value)
    found = None if number is None else number * RATES.get(unit.lower() or "bit", math.nan)
    if found is None or not 8 <= found <= FASTEST:
        raise NetworkError(f"{value!r} is not a rate; write it like '1mbit', up to '10gbit'")
    return found


def milliseconds(value) -> float:
    """Seconds, from milliseconds: 50, "50"."""
    number, unit = _number_and_unit(value)
    if number is None or unit or not 0 < number <= 1e6:
        raise NetworkError(f"{value!r} is not a number of milliseconds, above 0")
    return number / 1000


def whole(least: int, most: int):
    """A function that reads a whole number from `least` to `most`: 100, "100"."""

    def read(value) -> int:
        number, unit = _number_and_unit(value)
        if number is None or unit or number != int(number) or not least <= number <= most:
            raise NetworkError(f"{value!r} is not a whole number from {least} to {most}")
        return int(number)

    return read


def fraction(value) -> float:
    """Mininet's share of the processors: above 0 and up to 1; -1 (all there is) is 1."""
    number, unit = _number_and_unit(value)
    if number == -1 and not unit:
        return 1.0
    if number is None or unit or not 0 < number <= 1:
        raise NetworkError(f"{value!r} is not a share of the processors: above 0 and up to 1, or -1")
    return number


def processors(value) -> list[int]:
    """Numbers of processors: 0, [0, 1] or "0,1"."""
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, (list, tuple)) else [value]
    return [whole(0, 1023)(part) for part in parts]


def datapath_id(value) -> str:
    """A datapath id: up to 16 hexadecimal digits; colons between them count for nothing."""
    found = str(value).replace(":", "")
    if not re.fullmatch(r"[0-9a-fA-F]{1,16}", found):
        raise NetworkError(f"{value!r} is not a datapath id: up to 16 hexadecimal digits")
    return found


def one_of(*names: str):
    """A function that reads one of `names`."""

    def read(value) -> str:
        if value not in names:
            raise NetworkError(f"{value!r} is none of {', '.join(names)}")
        return value

    return read


def switched(value) -> bool:
    """True or False; 1 and 0, and what `mn` makes of them on its command line, too."""
    if value in (True, "1", "True", "true"):
        return True
    if value in (False, "0", "False", "false"):
        return False
    raise NetworkError(f"{value!r} is neither True nor False")


def _number_and_unit(value) -> tuple[float | None, str]:
    """What a number or a text says; (None, "") if it is something else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None, ""
    match = re.fullmatch(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*([a-zA-Z%]*)\s*", str(value))
    return (float(match[1]), match[2]) if match else (None, "")


def _words(value, most: int, what: str, *examples: str) -> list[str | None]:
    """The words of netem's notation; None for those that are not there. A number is a word, too."""
    words = re.sub(r"(\d)\s+(%|[mu]?s(?:ecs?)?\b)", r"\1\2", value).split() if isinstance(value, str) else [value]
    if not 1 <= len(words) <= most:
        raise NetworkError(f"{value!r} is not {what}; write it like {' or '.join(map(repr, examples))}")
    return [*words, *[None] * (most - len(words))]
