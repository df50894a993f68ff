"""Which frames decided a check: those that it had in its hands each time that it said what it expects.

A check keeps what it looks at in variables: a frame, an ARP packet, a segment, a pair of them. `expect` shows us the
function that calls it, and its callers up to the check. What is long (a whole capture) decides nothing by itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from types import FrameType, TracebackType

from mnlab.checks.points import witnessed_by
from mnlab.protocols.capture import Frame

LONGEST = 12  # things in a list that a check looked at one by one
MOST = 24  # frames of a check; the first and the last that it looked at, if it looked at more
OFTEN = 100  # times that a check is looked at
DEEPEST = 4  # an exchange of requests of frames; and functions from `expect` up to the check


class Hands:
    """What a check has had in its hands: `frames`, each once, in the order in which it had them."""

    def __init__(self) -> None:
        self._frames: dict[int, Frame] = {}
        self._looks = 0

    @property
    def frames(self) -> list[Frame]:
        every = list(self._frames.values())
        return every if len(every) <= MOST else [*every[:MOST // 2], *every[-MOST // 2:]]

    def look(self, caller: FrameType | None) -> None:
        """Look at the variables of a function and of those that called it, up to the check."""
        self._looks += 1
        if self._looks > OFTEN:
            return
        for _ in range(DEEPEST):
            if caller is None:
                return
            self._variables(caller)
            if caller.f_code.co_name.startswith("check_"):
                return
            caller = caller.f_back

    def look_back(self, trace: TracebackType | None) -> None:
        """The same for what an exception came from."""
        inside = False
        while trace is not None:
            inside = inside or trace.tb_frame.f_code.co_name.startswith("check_")
            if inside:
                self._variables(trace.tb_frame)
            trace = trace.tb_next

    def _variables(self, function: FrameType) -> None:
        for value in function.f_locals.values():
            for frame in _frames_in(value):
                self._frames[id(frame)] = frame


def _frames_in(value, depth: int = DEEPEST) -> Iterator[Frame]:
    if isinstance(value, Frame):
        yield value
    elif depth and isinstance(value, (list, tuple, dict)) and not type(value).__module__.startswith("mnlab."):
        if len(value) <= LONGEST:
            for one in value.values() if isinstance(value, dict) else value:
                yield from _frames_in(one, depth - 1)
    elif depth and type(value).__module__.startswith("mnlab.protocols"):
        own = getattr(value, "frame", None)
        if isinstance(own, Frame):
            yield own
        elif hasattr(value, "__dataclass_fields__") or hasattr(value, "_fields"):
            names = getattr(value, "__dataclass_fields__", None) or value._fields
            for name in islice(names, LONGEST):
                yield from _frames_in(getattr(value, name, None), depth - 1)


@contextmanager
def watched() -> Iterator[Hands]:
    """Watch the check that is carried out meanwhile."""
    hands = Hands()
    with witnessed_by(hands.look):
        yield hands
