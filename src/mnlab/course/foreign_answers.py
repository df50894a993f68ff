"""Whose answers speak of somebody else's network: they name addresses and names that are in another's variant, and not
in one's own."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

LEAST = 2  # values of the other network: one may be a slip
SHORTEST = 7  # characters of a value that tells networks apart: an address, a name; a small number is anybody's
COMMON = 0.3  # of all: what so many networks have says nothing, if there are more than FEW
FEW = 3
NAMED = 3  # of those who have such a network
TEXT = re.compile(rb'"([^"\n]*)"')


def values(params: object) -> frozenset[str]:
    """What in the parameters of a variant tells it from others, in small letters."""
    return frozenset(text.casefold() for text in _texts(params) if len(text) >= SHORTEST)


def _texts(part: object) -> Iterator[str]:
    if isinstance(part, Mapping):
        part = list(part.values())
    if isinstance(part, (list, tuple, set)):
        for one in part:
            yield from _texts(one)
    elif isinstance(part, str):
        yield part


def named(answers: bytes) -> frozenset[str]:
    """The texts that a file of answers gives, in small letters. Comments are the handout's."""
    lines = (line for line in answers.splitlines() if not line.lstrip().startswith(b"#"))
    return frozenset(text.decode(errors="replace").strip().casefold() for line in lines for text in TEXT.findall(line))


def says_something(answers: bytes) -> bool:
    """Whether a file of answers has enough texts to name a network."""
    return sum(len(text) >= SHORTEST for text in named(answers)) >= LEAST


def foreign(answers: Mapping[str, bytes], networks: Mapping[str, frozenset[str]],
            together: Callable[[str, str], bool] = lambda one, other: False) -> dict[str, tuple[list[str], list[str]]]:
    """Of each student whose answers name LEAST values of somebody else's network, or more, and not of their own: whose
    network it is, all of whom have these values, and the values. `networks` are all that there are, by student; whose
    work was made `together` is not told of."""
    owners: dict[str, list[str]] = {}
    for student, some in networks.items():
        for value in some:
            owners.setdefault(value, []).append(student)
    usual = max(FEW, COMMON * len(networks))
    found = {}
    for student, data in answers.items():
        strange = [value for value in sorted(named(data) - networks.get(student, frozenset()))
                   if 0 < len(owners.get(value, ())) <= usual]
        counts = Counter(owner for value in strange for owner in owners[value]
                         if owner != student and not together(student, owner))
        if counts and max(counts.values()) >= LEAST:
            most = min(counts, key=lambda owner: (-counts[owner], owner))
            theirs = [value for value in strange if most in owners[value]]
            whose = sorted(owner for owner in counts if all(owner in owners[value] for value in theirs))
            found[student] = (whose[:NAMED], theirs)
    return found
