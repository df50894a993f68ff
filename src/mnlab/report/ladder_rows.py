"""Drawing a ladder: where the lifelines stand, and the rows of characters between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import itemgetter

from rich.cells import cell_len
from rich.text import Text

from mnlab.report.drawing import Glyphs, shorten, wrap
from mnlab.report.sightings import Arrow

FRAME = 6  # columns of an arrow besides its text: both ends, the head, a dash and a blank on each side
NARROWEST = 6  # columns from one lifeline to the next, at least
BREAK = 4  # columns from the x of a lost message to the lifeline that it did not reach
STUB = 2  # columns from the last lifeline on the way that a lost message passed to its x
SHORTEST_TIME = 8  # columns for times, so that diagrams in one report line up
MARGIN = 3  # columns right of the last lifeline, for the loop of a message to oneself
COMFORT = 20  # columns from one lifeline to the next that look well even with short texts
TALLEST = 4  # rows of text above an arrow
QUIET = "bright_black"


@dataclass(frozen=True)
class Layout:
    """Columns: `left` is the first one right of the times, `width` one past the last, `lanes` has each lifeline's."""

    left: int
    width: int
    lanes: Mapping[str, int]

    def span(self, arrow: Arrow) -> tuple[int, int]:
        """Leftmost and rightmost column of an arrow."""
        ends = [self.lanes[arrow.source], *self.ends(arrow)]
        return min(ends), max(ends)

    def ends(self, arrow: Arrow) -> list[int]:
        """Columns of the lifelines that an arrow points at: for a broadcast, who heard it, else who may have."""
        if arrow.target:
            return [self.lanes[arrow.target]]
        others = {name: lane for name, lane in self.lanes.items() if name != arrow.source}
        heard = [lane for name, lane in others.items() if name in arrow.heard]
        return heard or [lane for name, lane in others.items() if name not in arrow.deaf] or list(others.values())

    def breaks_off(self, arrow: Arrow) -> int:
        """The column where a lost message vanishes: just behind the last lifeline that saw it, if one on its way did,
        else a little before the first one that did not."""
        start, end = self.lanes[arrow.source], self.lanes[arrow.target]
        towards = 1 if end > start else -1
        on_the_way = {name: lane for name, lane in self.lanes.items()
                      if 0 < (lane - start) * towards < abs(end - start)}
        passed = [lane * towards for name, lane in on_the_way.items() if name in arrow.heard]
        if passed:
            return max(passed) * towards + STUB * towards
        missed = [lane * towards for name, lane in on_the_way.items() if name in arrow.deaf]
        return (min([*missed, end * towards]) - BREAK) * towards


def lay_out(labels: Mapping[str, str], arrows: Sequence[Arrow], time_width: int, width: int) -> Layout | None:
    """Lifelines as wide apart as the texts ask for and the width allows; None if there is no sensible way."""
    names = list(labels)
    if len(names) == 1 and not all(arrow.target for arrow in arrows):
        return None  # a broadcast with nobody to hear it
    sizes = [max(cell_len(name), cell_len(under)) for name, under in labels.items()]
    left = max(time_width, SHORTEST_TIME) + 2
    first = left + min(sizes[0], width // 4) // 2
    last = width - 1 - max(min(sizes[-1], width // 4) // 2, MARGIN)
    if len(names) == 1:
        return Layout(left, width, {names[0]: first})
    spacing = min((last - first) // (len(names) - 1), _wanted(names, sizes, arrows))
    if spacing < NARROWEST:
        return None
    lanes = {name: first + spacing * place for place, name in enumerate(names)}
    return Layout(left, min(width, max(lanes.values()) + width - last), lanes)


def _wanted(names: Sequence[str], sizes: Sequence[int], arrows: Sequence[Arrow]) -> int:
    """The spacing at which every text fits on its arrow and no labels meet."""
    place = {name: number for number, name in enumerate(names)}
    hops = [abs(place[arrow.source] - place[arrow.target]) if arrow.target else 1 for arrow in arrows]
    frames = [FRAME + BREAK * arrow.lost + cell_len(arrow.text) for arrow in arrows]
    texts = [-(-frame // hop) for frame, hop in zip(frames, hops, strict=True) if hop]
    return max([COMFORT, *texts, *(size + 2 for size in sizes)])


class Rows:
    """The lines of a diagram, drawn from top to bottom."""

    def __init__(self, layout: Layout, glyphs: Glyphs):
        self.layout, self.glyphs = layout, glyphs
        self.lines: list[Text] = []
        self._airy = True  # the last row is no arrow, so a text above the next arrow cannot be taken for its caption

    def header(self, labels: Mapping[str, str]) -> None:
        """Names, the addresses under them (on several rows where they would touch), and the first bit of lifelines."""
        for row in self._label_rows({name: name for name in labels}):
            self._text_row(row, "bold")
        under = self._label_rows(labels)
        for number, row in enumerate(under):
            self._text_row(row, QUIET, "ms" if number == len(under) - 1 else "")
        self.blank()

    def blank(self) -> None:
        """A row of lifelines."""
        self._add(self._row())

    def note(self, words: str) -> None:
        """A row where time is cut, with words in the middle of the diagram."""
        row = self._row(self.glyphs.broken)
        lanes = sorted(self.layout.lanes.values())
        row.put_text(self._fit((lanes[0] + lanes[-1]) // 2, words), words, "italic")
        self._add(row)

    def arrow(self, arrow: Arrow, time: str, style: str) -> None:
        """One message: its text on the arrow if there is room, the brief one if that fits, above it otherwise."""
        row = self._row()
        row.put_time(time)
        text, place = arrow.text, None
        for words in (arrow.text, arrow.brief) if arrow.source != arrow.target else ():
            place = self._place_of_text(arrow, words)
            if place is not None:
                text = words
                break
        if place is None:
            self._above(arrow, sum(self.layout.span(arrow)) // 2)
        if arrow.source == arrow.target:
            self._loop(row, self.layout.lanes[arrow.source], style)
        else:
            self._shaft(row, arrow, style)
        if place is not None:
            row.put_text(place, text, _text_style(arrow))
        self._add(row)
        if arrow.source == arrow.target:
            self._add(self._loop_end(arrow, style))
        self._airy = False

    def _place_of_text(self, arrow: Arrow, text: str) -> int | None:
        """The column at which the text stands in the middle of the arrow, or None if it is too long for that."""
        start = self.layout.lanes[arrow.source]
        low, high = self.layout.span(arrow)
        if not arrow.target:  # a broadcast's text stands beside its sender, between two lifelines
            lanes = sorted(self.layout.lanes.values())
            beside = [(a, b) for a, b in pairwise(lanes) if start in (a, b) and low <= a and b <= high]
            low, high = beside[-1]
        if arrow.lost:  # keep clear of the x
            low, high = sorted((start, self.layout.breaks_off(arrow)))
        room = high - low - FRAME + 1
        size = cell_len(text)
        return low + 3 + (room - size) // 2 if 0 < size <= room else None

    def _shaft(self, row: "Row", arrow: Arrow, style: str) -> None:
        """Line, start, crossings and heads. A broadcast has a head at each lifeline it reaches, a lost message none."""
        g, lanes = self.glyphs, self.layout.lanes.values()
        start, (low, high) = self.layout.lanes[arrow.source], self.layout.span(arrow)
        if arrow.lost:
            low, high = sorted((start, self.layout.breaks_off(arrow)))
        for column in range(low + 1, high):
            row.put(column, g.horizontal, style)
        for lane in lanes:
            if low < lane < high:
                row.put(lane, g.cross, style if lane == start else QUIET)
        if start in (low, high):
            row.put(start, g.start_right if start == low else g.start_left, style)
        if arrow.lost:
            row.put(low if start == high else high, g.lost, "bold red")
            return
        for end in self.layout.ends(arrow):
            row.put(end - 1 if end > start else end + 1, g.head_right if end > start else g.head_left, style)

    def _loop(self, row: "Row", lane: int, style: str) -> None:
        """The way out of a message to oneself; `_loop_end` is the way back."""
        row.put_text(lane, self.glyphs.start_right + self.glyphs.horizontal + self.glyphs.turn_down, style, pad=False)

    def _loop_end(self, arrow: Arrow, style: str) -> "Row":
        row = self._row()
        back = self.glyphs.head_left + self.glyphs.turn_back
        row.put_text(self.layout.lanes[arrow.source] + 1, back, style, pad=False)
        return row

    def _above(self, arrow: Arrow, middle: int) -> None:
        room = self.layout.width - self.layout.left - 1
        lines = wrap(arrow.text, room)
        if len(lines) > TALLEST:
            lines = [*lines[: TALLEST - 1], shorten(" ".join(lines[TALLEST - 1 :]), room, self.glyphs)]
        if not self._airy:
            self.blank()
        for line in lines:
            row = self._row()
            row.put_text(self._fit(middle, line), line, _text_style(arrow))
            self._add(row)

    def _fit(self, middle: int, text: str) -> int:
        """The column where `text` begins so that it is centred on `middle`, or as near to that as the width allows."""
        size = cell_len(text)
        return max(self.layout.left, min(middle - size // 2, self.layout.width - 1 - size))

    def _label_rows(self, labels: Mapping[str, str]) -> list[list[tuple[int, str]]]:
        """Labels (column, text), each on the first row on which it touches no other."""
        rows: list[list[tuple[int, str]]] = []
        for name, label in labels.items():
            label = shorten(label, self.layout.width // 2, self.glyphs)
            size = cell_len(label)
            column = max(self.layout.left, min(self.layout.lanes[name] - size // 2, self.layout.width - size))
            free = (row for row in rows if row[-1][0] + cell_len(row[-1][1]) < column)
            row = next(free, None)
            if row is None:
                rows.append(row := [])
            row.append((column, label))
        return rows

    def _text_row(self, labels: list[tuple[int, str]], style: str, time: str = "") -> None:
        row = Row(self.layout)
        row.put_time(time)
        for column, text in labels:
            row.put_text(column, text, style, pad=False)
        self._add(row)

    def _row(self, lifeline: str = "") -> "Row":
        row = Row(self.layout, self.glyphs.vertical + self.glyphs.broken)
        for lane in self.layout.lanes.values():
            row.put(lane, lifeline or self.glyphs.vertical, QUIET)
        return row

    def _add(self, row: "Row") -> None:
        self._airy = True
        self.lines.append(row.text())


def _text_style(arrow: Arrow) -> str:
    return "bold" if "control" in arrow.style.split() else ""


class Row:
    """One line of the diagram as cells of (character, style); the second cell of a wide character is empty."""

    def __init__(self, layout: Layout, lifelines: str = ""):
        self.left, self.lifelines = layout.left, lifelines
        self.cells = [(" ", "")] * layout.width

    def put(self, column: int, char: str, style: str) -> None:
        self.cells[column] = (char, style)

    def put_time(self, time: str) -> None:
        self.put_text(self.left - 2 - len(time), time, QUIET, pad=False)

    def put_text(self, column: int, text: str, style: str, pad: bool = True) -> None:
        """Text from `column` on, with a blank on both sides if `pad`. What does not fit in the row is cut."""
        if pad:
            self._blank(column - 1)
        for char in text:
            size = cell_len(char)
            if column + size > len(self.cells):
                return
            if size == 0:  # a combining character belongs to the one before it
                self.cells[column - 1] = (self.cells[column - 1][0] + char, self.cells[column - 1][1])
                continue
            self.cells[column : column + size] = [(char, style)] + [("", style)] * (size - 1)
            column += size
        if pad:
            self._blank(column)

    def _blank(self, column: int) -> None:
        if 0 <= column < len(self.cells) and self.cells[column][0] not in self.lifelines:
            self.put(column, " ", "")

    def text(self) -> Text:
        line = Text(no_wrap=True, overflow="crop", end="\n")
        for style, run in groupby(self.cells, key=itemgetter(1)):
            line.append("".join(char for char, _ in run), style or None)
        line.rstrip()
        return line
