"""What a kernel can show or not, found out by trying (lab/probes.py) and never by a version's number.

A check or a mutant names a feature (`where="classic_recovery"`); a machine says of each "" if it shows it, and else
why not. Only machines on which a lab runs that names one are tried, once for each snapshot.
"""

import difflib
from collections.abc import Iterable, Mapping

#: Each feature in a sentence. What tries it is a function of the same name in lab/probes.py.
FEATURES = {
    "classic_recovery": "without RACK, TCP waits for the third duplicate ACK before it sends again (RFC 6675)",
}


def known(names: str | Iterable[str]) -> tuple[str, ...]:
    """The features named, one or several. ValueError, with a suggestion, if there is no such feature."""
    asked = (names,) if isinstance(names, str) else tuple(names)
    for name in asked:
        if name not in FEATURES:
            near = difflib.get_close_matches(str(name), FEATURES, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(FEATURES)}"
            raise ValueError(f"there is no feature {name!r}; {hint}")
    return asked


def lacking(asked: Iterable[str], tried: Mapping[str, str]) -> list[str]:
    """Of the features `asked`, why the machine does not show those that it was `tried` for and does not."""
    return [f"this machine does not show {name}: {tried[name]}" for name in asked if tried.get(name)]
