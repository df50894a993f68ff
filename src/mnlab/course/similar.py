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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

K, WINDOW = 12, 8  # tokens
LEAST = 12  # fingerprints that a work needs, or too little of it is its own to say anything
NEAR = 0.8  # the share of the smaller work's fingerprints that the other has, too
COMMON = 0.3  # of all works: what so many have is the task's, if there are FEW works at least
FEW = 10
#: What a line of a text that is no Python is made of.
WORD = re.compile(r"[A-Za-z_]\w*|\d+|[^\s\w]")


@dataclass(frozen=True)
class Pair:
    """Two works, by their keys, that share so much of the smaller one; 1.0: they are equal."""

    one: str
    other: str
    share: float


def alike(works: Mapping[str, Mapping[str, bytes]], starter: Mapping[str, bytes]) -> list[Pair]:
    """Which of the works ({key: {file name: contents}}) are nearly equal, the most equal first."""
    known = fingerprints(starter.values())
    prints = {key: fingerprints(files.values()) - known for key, files in works.items()}
    if len(works) >= FEW:
        often = Counter(one for some in prints.values() for one in some)
        prints = {
            key: {one for one in some if often[one] <= COMMON * len(works)} or some for key, some in prints.items()
        }
    same = {key: hashlib.sha256(repr(sorted(files.items())).encode()).digest() for key, files in works.items()}
    found = []
    for one, other in combinations(sorted(prints), 2):
        fewer = min(len(prints[one]), len(prints[other]))
        if same[one] == same[other] and fewer:
            found.append(Pair(one, other, 1.0))
        elif fewer >= LEAST and (share := len(prints[one] & prints[other]) / fewer) >= NEAR:
            found.append(Pair(one, other, min(share, 0.999)))
    return sorted(found, key=lambda pair: (-pair.share, pair.one, pair.other))


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
