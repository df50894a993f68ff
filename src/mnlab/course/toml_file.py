"""A TOML file that a teacher writes, as editors save it; a slip is told with what to do."""

import re
import tomllib
from pathlib import Path

#: The head of a table, say [4711.arp], with a sign that a key has only within quotation marks (TOML 1.0, "Keys").
ODD_HEAD = re.compile(r"\s*\[[^\"'\]]*[^\"'\]\w.\s-][^\"'\]]*\]")
LINE = re.compile(r"\(at line (\d+), ")
QUOTED = 'an id with a dot, an @ or the like stands in quotation marks, as in "ada@example.org"'


def read(path: Path) -> dict:
    """What the file says. OSError if it cannot be read, ValueError with the reason if it is no TOML."""
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")  # Windows' Notepad begins with a byte order mark
    except UnicodeDecodeError:
        raise ValueError("it is not text in UTF-8: save it as that") from None
    try:
        said = tomllib.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except tomllib.TOMLDecodeError as problem:
        at = LINE.search(str(problem))
        odd = at and ODD_HEAD.match([*text.split("\n"), ""][int(at[1]) - 1])
        raise ValueError(f"{problem}; {QUOTED}" if odd else str(problem)) from None
    _insist_on_numbers(said)
    return said


def _insist_on_numbers(part: object) -> None:
    """ValueError if there is a whole number that TOML promises nobody (TOML 1.0, "Integer"): Python reads any."""
    for one in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        _insist_on_numbers(one)
    if isinstance(part, int) and not -(1 << 63) <= part < 1 << 63:
        raise ValueError("it has a whole number that is too large")
