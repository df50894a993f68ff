"""Work that is equal or nearly equal to another's, by fingerprints that renaming and new comments do not change.

Winnowing, as MOSS does it (Schleimer, Wilkerson, Aiken: Winnowing, SIGMOD 2003): hashes of all runs of K tokens, of
which the least in each window is kept. A match of WINDOW + K - 1 tokens is always found, one of fewer than K never.
What the starter holds, and what very many have, says nothing and is left out.
"""

import hashlib
import keyword
import re
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

K, WINDOW = 12, 8  # tokens
LEAST = 12  # fingerprints that a work needs, or too little of it is its own to say anything
NEAR = 0.8  # the share of the smaller work's fingerprints that the other has, too
COMMON = 0.3  # of all works: what so many have is the task's, if there are FEW works at least
FEW = 10
NAMED = 3  # of the works that one is like
LARGEST = 256 << 10  # bytes of a work that are looked at; the largest solution has 8 KiB
#: What a text is made of: strings, comments, words, numbers, signs.
TOKEN = re.compile(r'''("{3}|'{3})(?:\\.|(?!\1).)*?(?:\1|\Z)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|'''
                   r'''#[^\n]*|[^\W\d]\w*|\d[\w.]*|[^\s\w]''', re.DOTALL)
PYTHON = ".py"
BASE, MODULUS = 1_000_003, (1 << 61) - 1  # of the hash of a run: a polynomial of its tokens' checksums


@dataclass(frozen=True)
class Print:
    """What of a work is compared: a digest of all of it, and its fingerprints."""

    digest: bytes
    marks: frozenset[int]


@dataclass(frozen=True)
class Like:
    """A work that is like some others: `nearest` are the most equal ones, (key, share of the smaller work), at most
    NAMED of them, of `count`; a share of 1.0: they are equal."""

    nearest: tuple[tuple[str, float], ...]
    count: int


def print_of(files: Mapping[str, bytes]) -> Print:
    """The print of a work, {file name: contents}."""
    whole, marks, left = hashlib.sha256(), set[int](), LARGEST
    for name, data in sorted(files.items()):
        whole.update(f"{name}\0{hashlib.sha256(data).hexdigest()}\n".encode(errors="replace"))
        marks |= _winnowed(_hashes(tokens(data[:left], name)))
        left -= min(left, len(data))
    return Print(whole.digest(), frozenset(marks))


def alike(prints: Mapping[str, Print], starter: Print,
          together: Callable[[str, str], bool] = lambda one, other: False) -> dict[str, Like]:
    """Which works are nearly equal to which, by their prints. Works that were made `together` are not held against
    each other."""
    groups: dict[Print, list[str]] = {}  # of equal works
    for key in sorted(prints):
        groups.setdefault(prints[key], []).append(key)
    own = _own_marks(groups, len(prints), starter.marks)
    distinct = [(groups[one], marks) for one, marks in own.items() if marks]
    bits = {mark: bit for bit, mark in enumerate(sorted(set().union(*own.values())))}
    masks = [sum(1 << bits[mark] for mark in marks) for _, marks in distinct]  # sets that are quickly compared
    found = {}
    for number, (keys, _) in enumerate(distinct):
        near = sorted(((share, other) for other in range(len(masks)) if other != number
                       and (share := _share(masks[number], masks[other])) >= NEAR), key=lambda one: (-one[0], one[1]))
        ranked = [(keys, 1.0), *((distinct[other][0], min(share, 0.999)) for share, other in near)]
        for key in keys:
            others = [(other, share) for some, share in ranked for other in some
                      if other != key and not together(key, other)]
            if others:
                found[key] = Like(tuple(others[:NAMED]), len(others))
    return found


def _share(one: int, other: int) -> float:
    """How much of the smaller of two sets the other has; 0 if there is too little of either."""
    fewer = min(one.bit_count(), other.bit_count())
    return (one & other).bit_count() / fewer if fewer >= LEAST else 0.0


def _own_marks(groups: Mapping[Print, list[str]], count: int, starter: frozenset[int]) -> dict[Print, frozenset[int]]:
    """The fingerprints of each work, without the starter's and those that very many have."""
    own = {one: one.marks - starter for one in groups}
    if count < FEW:
        return own
    often = Counter[int]()
    for one, keys in groups.items():
        often.update(dict.fromkeys(own[one], len(keys)))
    common = {mark for mark, times in often.items() if times > COMMON * count}
    return {one: marks - common or marks for one, marks in own.items()}


def _hashes(words: list[str]) -> list[int]:
    """The hash of each run of K tokens."""
    sums = [zlib.crc32(word.encode(errors="replace")) + 1 for word in words]
    gone, value, found = pow(BASE, K, MODULUS), 0, []
    for number, one in enumerate(sums):
        value = (value * BASE + one - (sums[number - K] * gone if number >= K else 0)) % MODULUS
        if number >= K - 1:
            found.append(value)
    return found


def _winnowed(hashes: list[int]) -> set[int]:
    return {min(hashes[first:first + WINDOW]) for first in range(max(len(hashes) - WINDOW + 1, 1))} if hashes else set()


def tokens(text: bytes, name: str = PYTHON) -> list[str]:
    """What a program consists of, without names, comments and layout; of what is no Python, its words."""
    words = [match[0] for match in TOKEN.finditer(text.decode(errors="replace")) if not match[0].startswith("#")]
    return [_kind(word) for word in words] if name.endswith(PYTHON) else words


def _kind(word: str) -> str:
    if word[0] in "\"'":
        return "text"
    return word if not (word[0].isalpha() or word[0] == "_") or keyword.iskeyword(word) else "name"
