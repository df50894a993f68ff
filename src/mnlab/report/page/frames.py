"""Every captured frame of a run under a number of the page's own, and the bytes of those that the page keeps.

Kept are first the frames that checks decided by, then what a view links to, then what the ladder shows, its notable
messages first (ladder.py), as long as there is room (ROOM, or what the views leave), of each frame the first BYTES
bytes, of one that decided a check MORE. The same bytes seen in several captures are kept once.

What the page's script reads comes in columns: the first value, then the differences, which makes short numbers.
"""

import base64
from collections.abc import Iterable, Iterator
from functools import cached_property

from markupsafe import Markup

from mnlab.evidence.record import Record
from mnlab.evidence.run import Run
from mnlab.protocols import fields
from mnlab.protocols.capture import Frame

BYTES, MORE = 128, 512  # of a frame that are kept
ROOM, LEAST = 90_000, 24_000  # characters of base64 for all frames of a page
NOTED, PACKET, HEADER = 11, 12, 18  # for a frame whose place and time are known; whose bytes are kept; for its headers
TABLE = 2000  # for the table of fields
MOST = 4000  # frames that a page knows the place and time of


class Frames:
    """The frames of a run. A frame's number is its capture's first one plus its place there, so they are in order of
    scene and capture."""

    def __init__(self, run: Run):
        self.run = run
        self._linked: dict[int, int] = {}  # number -> how many bytes of it are asked for

    @cached_property
    def _captures(self) -> dict[tuple[str, str], tuple[int, list[Frame]]]:
        """(scene, capture) -> the number before its first frame, its frames."""
        found: dict[tuple[str, str], tuple[int, list[Frame]]] = {}
        before = 0
        for name, record in self.run.scenes.items():
            for where, frames in record.captured().items():
                found[name, where] = before, frames
                before += len(frames)
        return found

    @cached_property
    def _numbers(self) -> dict[tuple[str, str, float], int]:
        return {(scene, where, frame.time): before + frame.number
                for (scene, where), (before, frames) in self._captures.items() for frame in frames}

    @property
    def count(self) -> int:
        return sum(len(frames) for _, frames in self._captures.values())

    def at(self, record: Record, where: str, time: float) -> int | None:
        """The number of the frame that the capture `where` of a scene saw at that `time`; None if there is none."""
        return self._numbers.get((record.folder.name, where, time))

    def called(self, scene: str, where: str, number: int) -> int:
        """The page's number of the frame that is number `number` in a capture of a scene."""
        return self._captures[scene, where][0] + number

    def number(self, record: Record, thing) -> int | None:
        """The number of a Frame, or of what was read out of one: it has a `frame`, or a `where` and a `time`."""
        frame = getattr(thing, "frame", thing)
        return self.at(record, frame.where, frame.time)

    def link(self, record: Record, thing, words: str = "") -> Markup:
        """A link that shows a frame (as `number` takes it) dissected, and its message in the ladder."""
        number = self.number(record, thing)
        if number is None:
            return Markup("{}").format(words)
        self.keep([number])
        return Markup('<a href="#f{}">{}</a>').format(number, words or self.name(number))

    def name(self, number: int) -> str:
        """What a frame is called in words: the capture and its number there, as Wireshark counts."""
        _, where, frame = self._found(number)
        return f"{where} #{frame.number}"

    def keep(self, numbers: Iterable[int], size: int = BYTES) -> None:
        """Ask for frames to be kept, so many bytes of each, after those that were asked for before."""
        for number in numbers:
            self._linked[number] = max(size, self._linked.get(number, 0))

    def of(self, record: Record) -> Iterator[Frame]:
        """The frames of one scene, in order of time."""
        return iter(sorted((frame for (scene, _), (_, frames) in self._captures.items() if scene == record.folder.name
                            for frame in frames), key=lambda frame: frame.time))

    def _found(self, number: int) -> tuple[str, str, Frame]:
        for (scene, where), (before, frames) in self._captures.items():
            if number <= before + len(frames):
                return scene, where, frames[number - before - 1]
        raise IndexError(number)

    @property
    def least(self) -> int:
        """The characters that `data` is about to take at least."""
        return LEAST + TABLE + NOTED * min(len(self._linked), MOST)

    def by_capture(self, numbers: Iterable[int]) -> dict[str, list[int]]:
        """The captures that hold frames, by their places in the run's folder, and the frames' numbers there."""
        found: dict[str, list[int]] = {}
        for number in sorted(numbers):
            scene, where, frame = self._found(number)
            found.setdefault(f"scenes/{scene}/captures/{where}.pcap", []).append(frame.number)
        return found

    def data(self, room: int = ROOM) -> dict:
        """What the page's script shows frames by, in about `room` characters (never more than ROOM, nor less than
        LEAST): `captures` ([the page's number before its first frame, then in columns of its frames: number in the
        file, microseconds, packet or -1]), `packets` ([base64, bytes on the wire, [header, start, size]...]), `fields`.
        """
        packets: dict[bytes, int] = {}
        kept: list[list] = []
        captures: dict[tuple[str, str], list] = {}
        room = max(LEAST, min(ROOM, room - self.least + LEAST))
        for number, size in list(self._linked.items())[:MOST]:
            scene, where, frame = self._found(number)
            which = packets.get(frame.data, -1)
            if which < 0 and room > 0:
                which = packets[frame.data] = len(kept)
                text = base64.b64encode(frame.data[:size]).decode()
                headers = [[header.name, header.start, header.size] for header in fields.headers(frame.data)]
                kept.append([text, frame.length, headers])
                room -= len(text) + PACKET + HEADER * len(headers)
            captures.setdefault((scene, where), []).append((frame.number, round(frame.time * 1e6), which))
        used = {header[0] for packet in kept for header in packet[2]}
        return {"captures": {f"{scene}/{where}": [self._captures[scene, where][0],
                                                  *map(differences, zip(*sorted(known), strict=True))]
                             for (scene, where), known in captures.items()}, "packets": kept,
                "fields": {name: list(map(list, table)) for name, table in fields.FIELDS.items() if name in used}}


def differences(column: Iterable[int]) -> list[int]:
    """A column as its first value and then the differences."""
    found, last = [], 0
    for value in column:
        found.append(value - last)
        last = value
    return found
