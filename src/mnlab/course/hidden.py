"""What students are not told of their own variant: the parameters that prove work (lab.secret), kept out of what they
read.

A check that was missed says what it expected, and that may be such a parameter: whoever reads it could hand in again
with the value in the place of the work. Here each of them becomes HIDDEN. A short one (a port, a count) is no secret
that a search could keep: it stands in every other line.
"""

import re
from collections.abc import Iterator

from mnlab.course.results import Row
from mnlab.lab.lab import Lab

HIDDEN = "[hidden]"
SHORTEST = 4  # characters of what is searched for


def values(lab: Lab, seed: int, secret: bytes) -> list[str]:
    """The hidden parameters of a variant as they would stand in a text, the longest first."""
    params = lab.params(seed, secret)
    found = {text for name, value in params.items() if name.startswith("_") for text in _texts(value)}
    told = {text for name, value in params.items() if not name.startswith("_") for text in _texts(value)}
    return sorted((text for text in found - told if len(text) >= SHORTEST), key=lambda text: (-len(text), text))


def without(row: Row, values: list[str]) -> Row:
    """A result in which no text that a student reads holds one of these."""
    if not values:
        return row
    anyone = re.compile("|".join(rf"(?<!\w){re.escape(value)}(?!\w)" for value in values))

    def clean(text: str) -> str:
        return anyone.sub(HIDDEN, text)

    return {**row, "reason": clean(row["reason"]), "notes": [clean(note) for note in row["notes"]],
            "checks": [{**check, "message": clean(check["message"])} for check in row["checks"]]}


def _texts(value) -> Iterator[str]:
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (list, tuple, set)):
        yield str(value)
        return
    for one in value:
        yield from _texts(one)
