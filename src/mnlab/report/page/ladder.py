"""The ladder: every message of each scene, from lifeline to lifeline, and what was run meanwhile.

It is a table with an arrow drawn in each row, so a screen reader and a narrow screen have the same as everybody else.
What does not fit into a page is thinned: of a scene with more messages than its share of the room stay the notable ones
(lost, repeated, opening, closing, going wrong, or looked at by a check), some before and after them, the beginning and
the end. The room is what the other views leave (page.py), never more than for MOST messages, nor less than for LEAST.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from mnlab.evidence.record import Command, Record
from mnlab.report.drawing import UNICODE, duration
from mnlab.report.ladder import Cut, Pause, drawing, spoken, with_last, with_pauses, with_strangers
from mnlab.report.page.render import render
from mnlab.report.page.view import Material, View
from mnlab.report.page.words import shown
from mnlab.report.sightings import Arrow

MOST, LEAST = 1600, 200  # messages of all scenes
WRITTEN = 800  # messages of a scene in ladder.txt
#: Bytes of a page that a message takes besides its words (a part of a silence with it), and for each time it was seen.
ROW, SIGHTING = 100, 17
LONGEST = 160  # characters of a command
PART = 40  # rows that a browser lays out together
AROUND = 2  # messages before and after a notable one
NOTABLE = {"error", "again", "control", "probe", "late"}
COLUMNS = 100  # of ladder.txt


def text(material: Material) -> str:
    """The same in characters, for ladder.txt: of each scene the messages, the middle left out beyond WRITTEN."""
    parts = []
    for name, (arrows, hosts) in material.messages.items():
        lines = drawing(arrows, hosts, limit=WRITTEN).parts(COLUMNS, UNICODE)
        parts += [material.run.title(name), "", *(line.plain.rstrip() for line in lines), ""]
    return "\n".join(parts)


@dataclass(frozen=True)
class Ladder:
    """The ladder of one scene: lifelines (name -> address), and its rows as the template takes them."""

    name: str
    title: str
    lanes: dict[str, str]
    rows: list[dict]
    count: int
    left_out: int
    protocols: list[str]


def view(material: Material, room: int) -> View | None:
    """All messages, or what of them takes about `room` bytes of the page."""
    touched = {material.frames.called(*which) for check in material.result.checks for which in check.frames}
    sent = [arrows for arrows, _ in material.messages.values()]
    size = sum(len(arrow.text + arrow.source + arrow.target) + ROW + SIGHTING * len(arrow.seen)
               for arrows in sent for arrow in arrows)
    room -= sum(ROW + len(shown(command.line, LONGEST)) for record in material.run.scenes.values()
                for command in _begun(record))
    most = min(max(sum(map(len, sent)) * room // (size or 1), LEAST), MOST)
    ladders = [drawn for (name, record), share in zip(material.run.scenes.items(), shares(list(map(len, sent)), most),
                                                      strict=True)
               if (drawn := _ladder(material, name, record, touched, share)).count]
    if not ladders:
        return None
    left = sum(one.left_out for one in ladders)
    note = "Every message that was captured, at the time at which it was first seen."
    if left:
        note = (f"Of {sum(one.count for one in ladders):,} messages {left:,} in the midst of long transfers are left "
                "out: the captures have them.")
    body = render("ladder.html", ladders=ladders, several=len(material.run.scenes) > 1, part=PART,
                  protocols=sorted({name for one in ladders for name in one.protocols}))
    return View("ladder", "Ladder", body, note=note)


def shares(counts: Sequence[int], most: int) -> list[int]:
    """How much of `most` each of several may have: as much as it needs, or as the others that need more."""
    found = dict.fromkeys(range(len(counts)), 0)
    for left, place in zip(range(len(counts), 0, -1), sorted(found, key=lambda place: counts[place]), strict=True):
        found[place] = min(counts[place], most // left)
        most -= found[place]
    return list(found.values())


def _ladder(material: Material, name: str, record: Record, touched: set[int], most: int) -> Ladder:
    arrows, hosts = material.messages[name]
    lanes, drawn = with_strangers([spoken(arrow, UNICODE) for arrow in arrows], hosts)
    drawn = [with_last(arrow, list(lanes)) for arrow in drawn]
    numbers = {id(arrow): [number for mark in arrow.seen if (number := material.frames.at(record, *mark))]
               for arrow in drawn}
    notable = {place for place, arrow in enumerate(drawn)
               if arrow.lost or NOTABLE & {*arrow.style.split()} or touched & {*numbers[id(arrow)]}}
    items = thinned(drawn, notable, most)
    stay = [item for item in items if isinstance(item, Arrow)]
    first = {id(drawn[place]) for place in notable}
    for arrow in sorted(stay, key=lambda arrow: id(arrow) not in first):
        material.frames.keep(numbers[id(arrow)])
    places = {lane: place for place, lane in enumerate(lanes)}
    rows = [_row(item, places, numbers) for item in _with_commands(with_pauses(items), record)]
    left = sum(len(item.arrows) for item in items if isinstance(item, Cut))
    return Ladder(name, material.run.title(name), {lane: shown(under) for lane, under in lanes.items()}, rows,
                  len(drawn), left, sorted({arrow.protocol for arrow in drawn}))


def thinned(drawn: list[Arrow], notable: set[int], most: int) -> list:
    """At most about `most` of the arrows, with a Cut for each stretch that is left out."""
    if len(drawn) <= most:
        return list(drawn)
    stay = {near for place in sorted(notable)[:most // (2 * AROUND + 1) // 2]
            for near in range(place - AROUND, place + AROUND + 1)}
    rest = (most - len(stay)) // 2
    stay |= {*range(rest), *range(len(drawn) - rest, len(drawn))}
    result: list = []
    for kept, run in groupby(enumerate(drawn), key=lambda pair: pair[0] in stay):
        stretch = [arrow for _, arrow in run]
        result += stretch if kept or len(stretch) < 2 else [Cut(tuple(stretch))]
    return result


def _with_commands(items: Iterable, record: Record) -> Iterator:
    """The items, and among them each command where it began."""
    begun = _begun(record)
    for item in items:
        time = item.arrows[0].time if isinstance(item, Cut) else item.time if isinstance(item, Arrow) else None
        while time is not None and begun and begun[0].start <= time:
            yield begun.pop(0)
        yield item
    yield from begun


def _begun(record: Record) -> list[Command]:
    return sorted((command for command in record.timeline if command.argv), key=lambda command: command.start)


def _row(item, places: dict[str, int], numbers: dict[int, list[int]]) -> dict:
    if isinstance(item, Pause):
        return {"kind": "gap", "words": f"{duration(item.seconds)} of silence"}
    if isinstance(item, Cut):
        return {"kind": "gap", "words": item.words}
    if isinstance(item, Command):
        return {"kind": "did", "time": f"{item.start:.6f}", "host": item.host, "words": shown(item.line, LONGEST),
                "name": item.name}
    start = places.get(item.source)
    return {"kind": "message", "time": f"{item.time:.6f}", "source": item.source, "target": item.target or "all",
            "words": shown(item.text), "frames": numbers[id(item)], "lost": item.lost,
            "class": " ".join([item.protocol, *item.style.split(), *(["lost"] if item.lost else [])]),
            "spans": [] if start is None else _spans(item, start, places)}


def _spans(arrow: Arrow, start: int, places: dict[str, int]) -> list[tuple[str, int, int]]:
    """What to draw: (direction, left, width) of each line, in halves of the way from one lifeline to the next."""
    if arrow.lost and arrow.target in places:
        return [_line(2 * start, _breaks_off(arrow, start, places))]
    if arrow.target:
        return [_line(2 * start, 2 * places[arrow.target])] if arrow.target in places else []
    others = [place for name, place in places.items() if name != arrow.source]
    heard = [place for name, place in places.items() if name in arrow.heard and name != arrow.source]
    spared = [place for name, place in places.items() if name not in arrow.deaf and name != arrow.source]
    return [_line(2 * start, 2 * place) for place in heard or spared or others]


def _breaks_off(arrow: Arrow, start: int, places: dict[str, int]) -> int:
    """Where a lost message ends: halfway behind the last lifeline that saw it."""
    end = places[arrow.target]
    towards = 1 if end > start else -1
    passed = [place for name, place in places.items() if name in arrow.heard and 0 < (place - start) * towards
              < abs(end - start)]
    return 2 * (max(passed, key=lambda place: abs(place - start)) if passed else start) + towards


def _line(start: int, end: int) -> tuple[str, int, int]:
    return ("right" if end > start else "left" if end < start else "self"), min(start, end), abs(end - start)
