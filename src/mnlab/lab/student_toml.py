"""TOML that a student wrote, parsed in bounded time: within limits that no honest file comes near, or refused.

The limits are looked at before the file is parsed. tomllib's time grows with the square of a key's parts (64 KB of them
took 14 s), and Python refuses to write down integers of thousands of digits that it was ready to read.
"""

import re
import tomllib

LIMIT = 32 * 1024  # bytes; a starter's answers.toml has 3 KB at most
PARTS = 16  # of a dotted key
DEPTH = 16  # brackets within brackets
WORD = 200  # characters of a number or of a part of a key that is not quoted

#: Strings, also those that never end, and comments: what is in them is no part of the structure (TOML 1.0, "String").
_TEXT = re.compile(r'''"{3}(?:\\.|[^\\]|\\\Z)*?(?:"{3,5}|\Z)|'{3}.*?(?:'{3,5}|\Z)|"(?:\\.|[^"\\\n])*"?|'''
                   r"""'[^'\n]*'?|#[^\n]*""", re.DOTALL)
_KEY = re.compile(r"[^\s.=,\[\]{}]+(?:[ \t]*\.[ \t]*[^\s.=,\[\]{}]+)*")
#: What tomllib says first (CPython's Lib/tomllib/_parser.py), and what to look for.
ADVICE = (
    ("Cannot (overwrite|declare)", "a name stands there twice"),
    ("Invalid value|Expected newline", 'a text stands in quotation marks, as in "10.0.0.1"; numbers, true and '
                                       "false stand without, as in 1.5"),
    ("Expected '='", "write NAME = VALUE"),
    ("Illegal character|Expected [\"']|Unclosed|Unterminated", "a quotation mark or a bracket is missing"),
)
_BRACKET = re.compile(r"[\[\]{}]")


class BadWork(Exception):
    """The work folder cannot be used. The text says which file and why."""


def parse(data: bytes, name: str) -> dict:
    """What the file `name` says. BadWork if it is too large, in any direction, or not TOML."""
    if len(data) > LIMIT:
        raise BadWork(f"{name} is {len(data):,} bytes long; {LIMIT:,} are allowed")
    try:
        text = data.decode("utf-8-sig")  # Windows' Notepad begins with a byte order mark
    except UnicodeDecodeError:
        raise BadWork(f"{name} is not text in UTF-8") from None
    if trouble := _excess(text):
        raise BadWork(f"{name} has {trouble}")
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as problem:  # TOMLDecodeError is a ValueError; so is a date that there is not
        raise BadWork(f"{name} is not TOML: {str(problem)[:WORD]}{_advice(str(problem))}") from None


def _advice(problem: str) -> str:
    """What most often is meant where tomllib says this; "" if nothing is known."""
    return next((f"; {advice}" for words, advice in ADVICE if re.match(words, problem)), "")


def _excess(text: str) -> str:
    """What in a file is beyond the limits; "" if nothing is."""
    structure = _TEXT.sub(lambda match: "" if match[0].startswith("#") else "_", text)
    depth = deepest = 0
    for bracket in _BRACKET.findall(structure):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    if deepest > DEPTH:
        return f"brackets nested {deepest:,} deep; {DEPTH} are allowed"
    for key in _KEY.finditer(structure):
        parts = key[0].split(".")
        if len(parts) > PARTS:
            return f"a key of {len(parts):,} parts; {PARTS} are allowed"
        if (longest := max(map(len, parts))) > WORD:
            return f"a number or a key of {longest:,} characters; {WORD} are allowed"
    return ""
