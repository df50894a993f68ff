"""Traffic by timetable: sockets read and written by the experiment itself, at the moments that it chooses."""

import select
import time
from collections.abc import Callable, Iterable


def play(until: float, schedule: Iterable[tuple[float, Callable]] = (), readers: dict | None = None,
         writers: dict | None = None, done: Callable[[], bool] = lambda: False) -> None:
    """Do what `schedule` says, (time, action) in order of time, until time.monotonic() is `until`, or `done()`.

    Meanwhile call readers[socket]() whenever there is something to read, writers[socket]() while there is room. Both
    may be changed by what is called.
    """
    readers, writers = readers or {}, writers or {}
    coming = iter(schedule)
    following = next(coming, None)
    while not done():
        now = time.monotonic()
        if following and following[0] <= now:
            following[1]()
            following = next(coming, None)
            continue
        if now >= until:
            break
        left = min(until, following[0] if following else until) - now
        readable, writable, _ = select.select(list(readers), list(writers), [], left)
        for ends in readable:
            readers[ends]()
        for ends in writable:
            writers[ends]()
