"""Curves in a terminal: values over time as braille dots, one panel for each series, one scale for all.

      reno                                            segments
        44 ┤           ⡠⡄              ⡠⠤⡄
           │        ⢀⠤⠊ ⢱          ⣀⠤⠒⠁  ⢣
        22 ┤   ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌
           │⡠⠒⠁          ⠣⠤⠔⠒⠊
         0 └┬──────────────┬──────────────┬
            │slow start    │R             T
            0              5             10 s

Panels side by side under one scale compare algorithms without colour. A threshold (ssthresh) is a dashed line in the
same panel; phases are named under the axis where they begin (by initials where there is no room), and events are
letters, all explained below.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.text import Text

from mnlab.report.drawing import Drawing, Glyphs, one_line

Points = Sequence[tuple[float, float]]  # (seconds, value)
Marks = Sequence[tuple[float, str]]  # (seconds, text)

DOTS = (2, 4)  # braille dots in one character: across, down
#: Bit of each dot in U+2800, by column and row.
BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
COLOURS = ("blue", "yellow", "green", "magenta", "cyan")
QUIET = "bright_black"
SEVERAL = "*"  # different events in one column
HEIGHT = 8  # rows of a panel
WIDEST = 110  # columns
ROUND = (1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10)  # times a power of ten: where an axis may end
HEADROOM = 1.25  # thresholds up to this many times the largest value get room in the panel


@dataclass(frozen=True)
class Frame:
    """The common scale: seconds from `start` to `end` over `columns` characters, 0 to `top` over `rows` characters."""

    start: float
    end: float
    top: float
    columns: int
    rows: int

    def column(self, time: float, cells: int | None = None) -> int:
        """The character (or one of `cells` parts) of the width in which `time` falls."""
        cells = cells or self.columns
        share = (time - self.start) / ((self.end - self.start) or 1)
        return min(max(int(share * cells), 0), cells - 1)

    def row(self, value: float, cells: int | None = None) -> int:
        """The character (or one of `cells` parts) of the height for `value`, counted from the top."""
        cells = cells or self.rows
        return min(max(round((1 - value / self.top) * (cells - 1)), 0), cells - 1)


def curves(
    series: Mapping[str, Points],
    thresholds: Mapping[str, Points] | None = None,
    phases: Mapping[str, Marks] | None = None,
    events: Mapping[str, Marks] | None = None,
    title: str = "",
    ylabel: str = "",
    height: int = HEIGHT,
) -> Drawing:
    """A panel for each of `series` ({label: [(seconds, value), ...]}, steps: a value holds until the next one).

    thresholds  dashed lines, under the same labels, steps too
    phases      (seconds, name) under the same labels: what begins then
    events      (seconds, text) under the same labels: what happened then
    """
    thresholds, phases, events = thresholds or {}, phases or {}, events or {}

    def parts(width: int, glyphs: Glyphs) -> Iterator[Text]:
        if title:
            yield Text(one_line(title, glyphs), style="bold")
        shown = {label: sorted(points) for label, points in series.items() if points}
        if not shown:
            yield Text("nothing was recorded", style=QUIET)
            return
        top = _top(shown, thresholds)
        labels = tuple(number_text(value) for value in (top, top / 2, 0))
        margin = max(map(len, labels)) + 1
        frame = _frame(shown, top, min(width, WIDEST) - margin - 2, height)
        letters = event_letters(text for label in shown for _, text in events.get(label, ()))
        short = initials(name for label in shown for _, name in phases.get(label, ()))
        for number, (label, points) in enumerate(shown.items()):
            colour = COLOURS[number % len(COLOURS)]
            yield _panel_title(label, ylabel, margin, colour, glyphs)
            levels = _level_rows(thresholds.get(label, ()), frame)
            yield from _panel(_dots(points, frame, glyphs), levels, frame, labels, colour, glyphs)
            yield from _marks(phases.get(label, ()), events.get(label, ()), short, letters, frame, margin, glyphs)
        yield _time_axis(frame, margin)
        told = {letter: text for text, letter in letters.items() if text != letter}  # a bare letter needs no telling
        yield from _legend(told, "bold", margin, glyphs)
        yield from _legend({few: name for name, few in short.items() if few != name}, "italic", margin, glyphs)

    return Drawing(parts)


def event_letters(texts: Iterable[str]) -> dict[str, str]:
    """A letter for each different text: its initial, or another of its letters, or any that is still free."""
    letters: dict[str, str] = {}
    for text in dict.fromkeys(texts):
        wanted = [char.upper() for char in text if char.isascii() and char.isalpha()]
        free = (char for char in [*wanted, *"ABCDEFGHIJKLMNOPQRSTUVWXYZ"] if char not in letters.values())
        letters[text] = next(free, SEVERAL)
    return letters


def initials(names: Iterable[str]) -> dict[str, str]:
    """A short form for each different name: its words' initials; the name itself if another has the same ones."""
    short: dict[str, str] = {}
    for name in dict.fromkeys(names):
        few = "".join(word[0] for word in name.upper().split())
        short[name] = name if few in short.values() else few
    return short


def number_text(value: float) -> str:
    """A number of an axis: three significant digits, or a whole number."""
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def _top(series, thresholds) -> float:
    """The value at the upper edge: above every value, and above thresholds that are near (far ones mean "no limit")."""
    highest = max(value for points in series.values() for _, value in points)
    near = [value for points in thresholds.values() for _, value in points if value <= HEADROOM * highest]
    highest = max([highest, *near])
    if highest <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(highest))
    return next(step * power for step in ROUND if step * power >= highest * 0.9999)


def _frame(series, top: float, columns: int, rows: int) -> Frame:
    times = [time for points in series.values() for time, _ in points]
    return Frame(min(times), max(times), top, max(columns, 10), rows)


def _panel_title(label: str, ylabel: str, margin: int, colour: str, glyphs: Glyphs) -> Text:
    text = Text(" " * margin).append(one_line(label, glyphs), style=f"bold {colour}")
    return text.append(f"  {one_line(ylabel, glyphs)}", style=QUIET) if ylabel else text


def _dots(points: Points, frame: Frame, glyphs: Glyphs) -> list[list[str]]:
    """The curve as rows of characters, blank where it is not."""
    across, down = (1, 1) if glyphs.ascii else DOTS
    width, height = frame.columns * across, frame.rows * down
    masks = [[0] * frame.columns for _ in range(frame.rows)]
    for x, (low, high) in enumerate(spans(points, frame, width, height)):
        for y in range(low, high + 1) if low is not None and high is not None else ():
            masks[y // down][x // across] |= BITS[x % across][y % down]
    return [[(glyphs.point if glyphs.ascii else chr(0x2800 + mask)) if mask else " " for mask in row] for row in masks]


def spans(points: Points, frame: Frame, width: int, height: int) -> list[tuple[int | None, int | None]]:
    """For each dot column the topmost and the lowest dot that the step curve touches in it; None before it begins."""
    touched: list[list[int]] = [[] for _ in range(width)]
    for time, value in points:
        touched[frame.column(time, width)].append(frame.row(value, height))
    result: list[tuple[int | None, int | None]] = []
    held = None  # the dot row of the value that still holds
    for rows in touched:
        here = ([held] if held is not None else []) + rows
        result.append((min(here), max(here)) if here else (None, None))
        held = rows[-1] if rows else held
    return result


def _level_rows(points: Points, frame: Frame) -> list[int | None]:
    """The row of the threshold in each column; None where there is none, or it lies above the panel."""
    rows: list[int | None] = [None] * frame.columns
    for time, value in sorted(points):
        first = frame.column(time)
        rows[first:] = [frame.row(value) if value <= frame.top else None] * (frame.columns - first)
    return rows


def _panel(cells, levels, frame: Frame, labels, colour: str, glyphs: Glyphs) -> Iterator[Text]:
    marked = {0: labels[0], frame.row(frame.top / 2): labels[1], frame.rows - 1: labels[2]}
    margin = max(map(len, labels)) + 1
    for number, row in enumerate(cells):
        line = Text().append(marked.get(number, "").rjust(margin) + " ", style=QUIET)
        line.append(glyphs.tick_left if number in marked else glyphs.vertical, style=QUIET)
        for char, level in zip(row, levels, strict=False):
            if char == " " and level == number:
                line.append(glyphs.level, style=QUIET)
            else:
                line.append(char, style=colour)
        line.rstrip()
        yield line


def _marks(phases: Marks, events: Marks, short, letters, frame: Frame, margin: int, glyphs: Glyphs) -> Iterator[Text]:
    """The axis with a tick where a phase begins, the phases' names as far as there is room, and the events' letters."""
    starts = {frame.column(time): name for time, name in sorted(phases)}
    axis = "".join(glyphs.tick_down if column in starts else glyphs.horizontal for column in range(frame.columns))
    indent = " " * (margin + 1)
    yield Text(f"{indent}{glyphs.corner}{axis}", style=QUIET)
    if starts:
        yield Text(f"{indent} {_names(starts, short, frame.columns, glyphs)}", style="italic")
    if events:
        row = [" "] * frame.columns
        for time, text in sorted(events):
            column = frame.column(time)
            row[column] = letters[text] if row[column] in (" ", letters[text]) else SEVERAL
        yield Text(f"{indent} {''.join(row).rstrip()}", style="bold")


def _names(starts: Mapping[int, str], short: Mapping[str, str], columns: int, glyphs: Glyphs) -> str:
    """Names from the column where each begins; initials where the next one is too near, or nothing."""
    row = ""
    begins = sorted(starts)
    for begin, end in zip(begins, [*begins[1:], columns + 1], strict=False):
        forms = (one_line(starts[begin], glyphs), one_line(short[starts[begin]], glyphs), "")
        row = row.ljust(begin) + next(form for form in forms if len(form) < end - begin or not form)
    return row


def _time_axis(frame: Frame, margin: int) -> Text:
    """Seconds at the left end, in the middle, and at the right end."""
    times = [frame.start, (frame.start + frame.end) / 2, frame.end]
    left, middle, right = map(number_text, times)
    right += " s"
    row = left.ljust(frame.columns // 2 - len(middle) // 2) + middle
    return Text(" " * (margin + 2) + row.ljust(frame.columns - len(right)) + right, style=QUIET)


def _legend(meanings: Mapping[str, str], style: str, margin: int, glyphs: Glyphs) -> Iterator[Text]:
    for sign, meaning in meanings.items():
        line = Text(" " * (margin + 2)).append(f"{one_line(sign, glyphs):<3}", style=style)
        yield line.append(one_line(meaning, glyphs))
