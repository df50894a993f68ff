"""What every picture in a terminal needs: characters that the output can show, text that is safe to print, wrapping.

Text in reports comes from the network and from students' programs, so it may hold anything, escape sequences
included. `clean` makes it harmless (machine/plain.py) before it is measured and laid out. A `Drawing` learns only when
it is printed how wide the terminal is and whether its encoding has box-drawing characters; it then draws itself with
those or with ASCII.
"""

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rich.cells import cell_len, chop_cells

from mnlab.machine.plain import plain
from mnlab.report.console import Console


@dataclass(frozen=True)
class Glyphs:
    """The characters of one drawing style; each takes one column, except the ellipsis."""

    ascii: bool
    vertical: str  # a lifeline
    broken: str  # a lifeline where time is cut out
    horizontal: str
    cross: str  # an arrow passing a lifeline
    start_right: str  # where an arrow to the right leaves its lifeline
    start_left: str
    head_right: str
    head_left: str
    turn_down: str  # a message to oneself: out, ...
    turn_back: str  # ... and back
    lost: str
    ellipsis: str
    dot: str  # a separator between facts, and an empty cell of a table
    passed: str
    failed: str
    inconclusive: str
    not_applicable: str
    corner: str  # origin of a plot
    tick_left: str
    tick_down: str
    level: str  # a level line in a plot
    point: str  # a point of a curve, where there are no braille dots


UNICODE = Glyphs(False, *"│┊─┼├┤▶◀╮╯×…·✓✗?∅└┤┬╌•")
ASCII = Glyphs(True, *[*"|:-+++><.'x", "...", *".+x?o+++-*"])

#: ASCII spellings of characters that handouts and checks like to use; all others become "?".
_SPELLED = str.maketrans(
    {"…": "...", "→": "->", "←": "<-", "↔": "<->", "×": "x", "·": ".", "•": "*", "–": "-", "—": "-", "−": "-",
     "≤": "<=", "≥": ">=", "≠": "!=", "±": "+-", "µ": "u", "μ": "u", "‘": "'", "’": "'", "“": '"', "”": '"',
     "\u00a0": " "}
)


def clean(text: object, glyphs: Glyphs = UNICODE) -> str:
    """`text` without anything that a terminal would obey: no escapes, controls or direction marks. Newlines stay."""
    text = plain(text)
    return text.translate(_SPELLED).encode("ascii", "replace").decode() if glyphs.ascii else text


def one_line(text: object, glyphs: Glyphs = UNICODE) -> str:
    """`text` cleaned and on one line, runs of white space as one space."""
    return " ".join(clean(text, glyphs).split())


def shorten(text: str, width: int, glyphs: Glyphs = UNICODE) -> str:
    """`text` in at most `width` columns, its end replaced by an ellipsis if need be."""
    if cell_len(text) <= width:
        return text
    room = width - len(glyphs.ellipsis)
    return chop_cells(text, room)[0] + glyphs.ellipsis if room > 0 else glyphs.ellipsis[:width]


def wrap(text: str, width: int) -> list[str]:
    """`text` as lines of at most `width` columns. Line breaks and each line's indentation stay; long words are cut."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        indent = paragraph[: len(paragraph) - len(paragraph.lstrip())][: width // 2]
        lines.extend(indent + line for line in _fill(paragraph.split(), width - len(indent)))
    return lines


def _fill(words: list[str], width: int) -> Iterable[str]:
    line = ""
    for word in words:
        if line and cell_len(line) + 1 + cell_len(word) <= width:
            line += " " + word
            continue
        if line:
            yield line
        *full, line = chop_cells(word, max(width, 1))
        yield from full
    yield line


def counted(number: int, noun: str) -> str:
    """"1 segment", "2 segments"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def duration(seconds: float) -> str:
    """A time span in the unit a reader would choose, with three digits: "20.0 ms", "1.02 s", "4 min 10 s"."""
    if seconds == 0:
        return "0 s"
    if seconds >= 99.95:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    value, unit = (seconds, "s") if seconds >= 0.9995 else (seconds * 1e3, "ms")
    decimals = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{decimals}f} {unit}"


@dataclass(frozen=True)
class Drawing:
    """Something that draws itself for a width and a set of characters: print it with a Rich console, or take `text`."""

    parts: Callable[[int, Glyphs], Iterable]

    def __rich_console__(self, console, options):
        yield from self.parts(options.max_width, ASCII if options.ascii_only else UNICODE)

    def text(self, width: int = 80, ascii: bool = False) -> str:
        """As plain text, without colour and trailing blanks."""
        page = io.TextIOWrapper(io.BytesIO(), encoding="ascii" if ascii else "utf-8")
        Console(page, width=width, color_system=None, force_terminal=False, legacy_windows=False).print(self)
        page.seek(0)
        return "\n".join(line.rstrip() for line in page.read().rstrip("\n").split("\n"))
