"""A processor for each machine that runs: its two threads take turns, so on one they are quicker than on two.

(An idle machine hands over between them at each timer; within one processor that takes half as long.)
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from mnlab.machine import cache


@contextmanager
def claimed() -> Iterator[int | None]:
    """The number of a processor that no other machine of this cache has; None if all are taken, or cannot be told."""
    with ExitStack() as stack:
        yield _claim(stack)


def _claim(stack: ExitStack) -> int | None:
    if not hasattr(os, "sched_getaffinity"):
        return None
    folder = cache.cache_folder()
    for number in sorted(os.sched_getaffinity(0)):
        try:
            file = stack.enter_context(open(folder / f"processor-{number}.lock", "w"))
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the kernel gives it back, however this process ends
            return number
        except OSError:  # taken, or not ours to write
            continue
    return None
