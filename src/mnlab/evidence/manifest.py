"""The shape of a manifest and of a line of the timeline, looked at before anything believes them.

Evidence may come from anywhere: a folder that somebody handed in can hold whatever JSON there is. Here alone it is
decided what passes; what does not is `Unreadable`, one plain line.
"""

import json
import math
import re
from contextlib import suppress
from pathlib import Path

from mnlab.evidence import layout

LIMIT = 4 << 20  # bytes of a manifest; a large lab's has 20 KB
LARGEST = 2**63  # of a whole number: nanoseconds, a seed
LONGEST = 1e12  # s


class Unreadable(Exception):
    """This folder is not evidence, or has been damaged. The text is one plain line."""


def whole(value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < LARGEST


def number(value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) \
        and abs(value) < LONGEST


def text(value) -> bool:
    return isinstance(value, str)


def text_or_none(value) -> bool:
    return value is None or text(value)


def table(of):
    """A test for an object whose values all pass the test `of`."""
    return lambda value: isinstance(value, dict) and all(map(of, value.values()))


def fields(**tests):
    """A test for an object that has these fields, each of which passes its test; it may have others."""
    return lambda value: isinstance(value, dict) and all(key in value and test(value[key])
                                                         for key, test in tests.items())


def name(value) -> bool:
    try:
        return text(value) and bool(layout.safe_name(value))
    except ValueError:
        return False


def may_have(**tests):
    """A test for an object in which each of these fields that is there passes its test."""
    return lambda value: isinstance(value, dict) and all(test(value[key]) for key, test in tests.items()
                                                         if key in value)


def told(value) -> bool:
    """What a link may be told: a number, a word, or several numbers."""
    return isinstance(value, (bool, str)) or number(value) or (
        isinstance(value, list) and bool(value) and all(map(number, value)))


def interface(value) -> bool:
    return (fields(mac=text_or_none, ip=text_or_none)(value)
            and may_have(peer=text_or_none, shape=table(told))(value))


def node(value) -> bool:
    return fields(interfaces=table(interface))(value) and may_have(dpid=text_or_none, kind=text)(value)


def anything(value) -> bool:
    return True


def outcome(value) -> bool:
    return value in (layout.OK, layout.STUDENT_FAULT, layout.INCONCLUSIVE)


def scenes(value) -> bool:
    """A list of scenes, each with a name of its own."""
    return (isinstance(value, list) and all(map(fields(name=name, title=text), value))
            and len({scene["name"] for scene in value}) == len(value))


#: What a run's manifest may hold, and the test that it passes; of these, what it must hold.
RUN = {
    "lab": name, "seed": lambda value: whole(value) and value >= 0, "params": table(anything), "scenes": scenes,
    "left_out": lambda value: isinstance(value, list) and all(map(name, value)),
    "machine": table(text), "features": table(text), "seconds": table(number),
    "evidence_sha256": lambda value: text(value) and re.fullmatch("[0-9a-f]{64}", value) is not None,
    "secrets": lambda value: value in (layout.LOCAL, layout.COURSE),
    "work": fields(kind=lambda value: value in (layout.STUDENT, layout.SOLUTION), sha256=text),
}
REQUIRED_OF_A_RUN = ("lab", "seed", "params", "scenes", "evidence_sha256")

#: The same for the manifest of a scene.
SCENE = {"start_ns": whole, "network": table(node), "outcome": outcome, "reason": text, "lab_seconds": number,
         "kernel": text, "tools": table(text)}
REQUIRED_OF_A_SCENE = ("start_ns", "network", "outcome", "reason")

#: The same for a line of the timeline.
LINE = {"name": name, "kind": text, "start": number, "end": number, "host": text,
        "argv": lambda value: isinstance(value, list) and all(map(text, value)),
        "status": lambda value: value is None or whole(value), "stopped": text}
REQUIRED_OF_A_LINE = ("name", "kind", "start", "end")


def read(folder: Path, shape: dict, required: tuple[str, ...]) -> dict:
    """The manifest in `folder`, of the right shape. Unreadable if there is none."""
    path = folder / layout.MANIFEST
    data = b""
    with suppress(OSError):
        if path.is_file():  # a pipe would be waited for
            with open(path, "rb") as file:
                data = file.read(LIMIT + 1)
    if len(data) > LIMIT:
        raise Unreadable(f"{folder} holds no evidence of a run ({layout.MANIFEST} has over {LIMIT >> 20} MiB)")
    found = loads(data)
    if not isinstance(found, dict):
        raise Unreadable(f"{folder} holds no evidence of a run (no readable {layout.MANIFEST})")
    if shape is RUN and "scenes" not in found and "start_ns" in found:
        raise Unreadable(f"{folder} was written by an mnlab from before evidence had scenes; run the lab again")
    if wrong := misshapen(found, shape, required):
        raise Unreadable(f"{folder} holds no evidence of a run ({layout.MANIFEST} has no proper {wrong!r})")
    return found


def line(data: bytes, known: set[str]) -> dict:
    """A line of the timeline, of the right shape, with no other fields than `known`. ValueError if it is none."""
    found = loads(data)
    if not isinstance(found, dict) or misshapen(found, LINE, REQUIRED_OF_A_LINE) or set(found) - known:
        raise ValueError("no line of a timeline")
    return found


def misshapen(found: dict, shape: dict, required: tuple[str, ...]) -> str:
    """The first field that is absent or does not pass its test; "" if all do."""
    return next((key for key, test in shape.items()
                 if not (test(found[key]) if key in found else key not in required)), "")


def loads(data: bytes | str):
    """JSON of whatever depth and size of numbers; None if it is none."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
