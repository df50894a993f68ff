"""Every captured frame of a run, numbered as the page knows them, and what the page keeps of each."""

from collections.abc import Iterator
from functools import cached_property

from markupsafe import Markup

from mnlab.evidence.record import Record
from mnlab.evidence.run import Run
from mnlab.protocols.capture import Frame


class Frames:
    """The frames of a run. Their numbers begin with 1 and go on from scene to scene, in each in order of time."""

    def __init__(self, run: Run):
        self.run = run
        self.kept: dict[int, None] = {}

    @cached_property
    def every(self) -> dict[int, tuple[Record, Frame]]:
        """Number -> the frame, and the scene it was captured in."""
        pairs = [(record, frame) for record in self.run.scenes.values() for frame in record.captured()]
        return dict(enumerate(pairs, start=1))

    @cached_property
    def _numbers(self) -> dict[tuple[str, str, float], int]:
        return {(record.folder.name, frame.where, frame.time): number
                for number, (record, frame) in self.every.items()}

    def at(self, record: Record, where: str, time: float) -> int | None:
        """The number of the frame that the capture `where` of a scene saw at that `time`; None if there is none."""
        return self._numbers.get((record.folder.name, where, time))

    def number(self, record: Record, thing) -> int | None:
        """The number of a Frame, or of what was read out of one: it has a `frame`, or a `where` and a `time`."""
        frame = getattr(thing, "frame", thing)
        return self.at(record, frame.where, frame.time)

    def link(self, record: Record, thing, words: str = "") -> Markup:
        """A link that shows a frame (as `number` takes it) dissected, and its message in the ladder."""
        number = self.number(record, thing)
        if number is None:
            return Markup("{}").format(words)
        return Markup('<a class="frame" href="#f{}">{}</a>').format(number, words or f"#{number}")

    def of(self, record: Record) -> Iterator[Frame]:
        """The frames of one scene, in order of time."""
        return (frame for where, frame in self.every.values() if where is record)
