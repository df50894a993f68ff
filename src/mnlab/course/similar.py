"""Work that is equal or nearly equal to another's, by fingerprints that renaming and new comments do not change.

Winnowing, as MOSS does it (Schleimer, Wilkerson, Aiken: Winnowing, SIGMOD 2003): hashes of all runs of K tokens, of
which the least in each window is kept. A match of WINDOW + K - 1 tokens is always found, one of fewer than K never.
What the starter holds, and what very many have, says nothing and is left out.
"""

import hashlib
import io
import keyword
import re
import tokenize
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

K, WINDOW = 12, 8  # tokens
LEAST = 12  # fingerprints that a work needs, or too little of it is its own to say anything
NEAR = 0.8  # the share of the smaller work's fingerprints that the other has, too
COMMON = 0.3  # of all works: what so many have is the task's, if there are FEW works at least
FEW = 10
NAMED = 3  # of the works that one is like
#: What a line of a text that is no Python is made of.
WORD = re.compile(r"[A-Za-z_]\w*|\d+|[^\s\w]")


@dataclass(frozen=True)
class Like:
    """A work that is like some others: `nearest` are the most equal ones, (key, share of the smaller work), at most
    NAMED of them, of `count`; a share of 1.0: they are equal."""

    nearest: tuple[tuple[str, float], ...]
    count: int


def alike(works: Mapping[str, Mapping[str, bytes]], starter: Mapping[str, bytes],
          together: Callable[[str, str], bool] = lambda one, other: False) -> dict[str, Like]:
    """Which of the works ({key: {file name: contents}}) are nearly equal to which. Works that were made `together`
    are not held against each other."""
    prints = _without_common(works, fingerprints(starter.values()))
    groups: dict[tuple, list[str]] = {}  # of equal works
    for key in sorted(works):
        groups.setdefault(tuple(sorted(works[key].items())), []).append(key)
    distinct = [keys for keys in groups.values() if prints[keys[0]]]
    bits = {one: bit for bit, one in enumerate(sorted(set().union(*prints.values())))}
    masks = [sum(1 << bits[one] for one in prints[keys[0]]) for keys in distinct]  # sets that are quickly compared
    sizes = [mask.bit_count() for mask in masks]
    found = {}
    for number, keys in enumerate(distinct):
        near = [(share, other) for other in range(len(distinct)) if other != number and min(
            sizes[number], sizes[other]) >= LEAST and (share := (masks[number] & masks[other]).bit_count()
                                                       / min(sizes[number], sizes[other])) >= NEAR]
        ranked = [(keys, 1.0), *((distinct[other], min(share, 0.999)) for share, other in sorted(
            near, key=lambda one: (-one[0], one[1])))]
        for key in keys:
            every = [(other, share) for some, share in ranked for other in some
                     if other != key and not together(key, other)]
            if every:
                found[key] = Like(tuple(every[:NAMED]), len(every))
    return found


def _without_common(works: Mapping[str, Mapping[str, bytes]], starter: set[int]) -> dict[str, set[int]]:
    """The fingerprints of each work, without the starter's and those that very many have."""
    once: dict[tuple, set[int]] = {}  # many hand in the same
    prints = {}
    for key, files in works.items():
        texts = tuple(sorted(files.values()))
        if texts not in once:
            once[texts] = fingerprints(texts) - starter
        prints[key] = once[texts]
    if len(works) < FEW:
        return prints
    often = Counter(one for some in prints.values() for one in some)
    common = {one for one, count in often.items() if count > COMMON * len(works)}
    return {key: some - common or some for key, some in prints.items()}


def fingerprints(texts: Iterable[bytes]) -> set[int]:
    """The fingerprints of some files."""
    return {one for text in texts for one in _winnowed([_hash(run) for run in _runs(tokens(text))])}


def _runs(words: list[str]) -> Iterable[tuple[str, ...]]:
    return zip(*(words[first:] for first in range(K)), strict=False)


def _hash(run: tuple[str, ...]) -> int:
    return int.from_bytes(hashlib.blake2b("\0".join(run).encode(), digest_size=8).digest(), "big")


def _winnowed(hashes: list[int]) -> set[int]:
    return (
        {min(hashes[first : first + WINDOW]) for first in range(max(len(hashes) - WINDOW + 1, 1))}
        if hashes
        else set()
    )


def tokens(text: bytes) -> list[str]:
    """What a program consists of, without names, comments and layout; of what is no Python, its words."""
    words = text.decode(errors="replace")
    try:
        return [
            _kind(token)
            for token in tokenize.generate_tokens(io.StringIO(words).readline)
            if token.type
            not in (
                tokenize.COMMENT,
                tokenize.NL,
                tokenize.NEWLINE,
                tokenize.INDENT,
                tokenize.DEDENT,
                tokenize.ENDMARKER,
            )
        ]
    except (tokenize.TokenError, SyntaxError, ValueError):
        return WORD.findall(re.sub(r"#.*", "", words))


def _kind(token: tokenize.TokenInfo) -> str:
    if token.type == tokenize.NAME:
        return token.string if keyword.iskeyword(token.string) else "name"
    return "text" if token.type == tokenize.STRING else token.string
