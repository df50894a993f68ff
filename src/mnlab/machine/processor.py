"""One processor for each machine that runs in virtual time; more machines than processors wait for their turn.

QEMU's two threads take turns (see vm.py), so on one processor they are quicker than on two. And machines that share a
processor slow each other down by more than their share: each pushes the other's translated code out of the caches.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from mnlab.machine import cache

PAUSE = 0.05  # seconds between two looks for a free processor


@contextmanager
def claimed(given_up: Callable[[], bool] = lambda: False) -> Iterator[int | None]:
    """The number of a processor that no other machine of this cache has, as soon as there is one.

    None if `given_up` says so, or if the system does not tell its processors or the cache cannot be written.
    """
    with ExitStack() as stack:
        yield _claim(stack, given_up)


def _claim(stack: ExitStack, given_up: Callable[[], bool]) -> int | None:
    if not hasattr(os, "sched_getaffinity"):
        return None
    numbers = sorted(os.sched_getaffinity(0))
    try:
        files = [stack.enter_context(open(cache.cache_folder() / f"processor-{number}.lock", "w"))
                 for number in numbers]
    except OSError:
        return None
    while not given_up():
        for number, file in zip(numbers, files, strict=True):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the kernel gives it back, however this process ends
                return number
            except BlockingIOError:
                continue
        time.sleep(PAUSE)
    return None
