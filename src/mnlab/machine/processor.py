"""One processor for each machine that runs in virtual time; more machines than processors wait for their turn.

QEMU's two threads take turns (see vm.py), so on one processor they are quicker than on two. And machines that share a
processor slow each other down by more than their share: each pushes the other's translated code out of the caches.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from mnlab.machine import cache

PAUSE = 0.05  # seconds between two looks for a free processor
TELL = 10  # seconds between two lines about the waiting


@contextmanager
def claimed(given_up: Callable[[], bool] = lambda: False,
            tell: Callable[[float, str], None] = lambda seconds, words: None) -> Iterator[int | None]:
    """The number of a processor that no other machine of this cache has, as soon as there is one.

    Where others have them all, `tell` is called every ten seconds, with the seconds waited and with who has them and
    how many wait. None if `given_up` says so, or if the system does not tell its processors or the cache cannot be
    written.
    """
    with ExitStack() as stack:
        yield _claim(stack, given_up, tell)


def _claim(stack: ExitStack, given_up: Callable[[], bool], tell: Callable[[float, str], None]) -> int | None:
    if not hasattr(os, "sched_getaffinity"):
        return None
    numbers = sorted(os.sched_getaffinity(0))
    try:
        files = [stack.enter_context(open(cache.cache_folder() / f"processor-{number}.lock", "a+"))
                 for number in numbers]
    except OSError:
        return None
    started = told = time.monotonic()
    while not given_up():
        for number, file in zip(numbers, files, strict=True):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the kernel gives it back, however this process ends
                file.truncate(0)
                print(os.getpid(), file=file, flush=True)
                _waiting(False)
                return number
            except BlockingIOError:
                continue
        if time.monotonic() - told >= TELL:
            told = time.monotonic()
            if words := _who(files):
                tell(told - started, words)
        _waiting(True)
        time.sleep(PAUSE)
    _waiting(False)
    return None


def _waiting(yes: bool) -> None:
    """Leave word that this process waits, or take it back."""
    note = cache.cache_folder() / f"waiting-{os.getpid()}"
    with suppress(OSError):
        note.touch() if yes else note.unlink(missing_ok=True)


def _who(files) -> str:
    """Who has the processors, and how many processes wait for one; "" if one is ours: then we wait for ourselves."""
    holders = {_read(file) for file in files} - {0}
    if os.getpid() in holders:
        return ""
    names = sorted(f"{' '.join(_command(pid)) or 'a process'} (pid {pid})" for pid in holders)
    waiting = [int(note.name.partition("-")[2]) for note in cache.cache_folder().glob("waiting-*")]
    alive = [pid for pid in waiting if _command(pid)]
    for pid in set(waiting) - set(alive):  # killed while it waited
        (cache.cache_folder() / f"waiting-{pid}").unlink(missing_ok=True)
    return f"{' and '.join(names)} {'have' if len(names) > 1 else 'has'} the machine; {len(alive) or 1} waiting"


def _read(file) -> int:
    file.seek(0)
    text = file.read().strip()
    return int(text) if text.isdecimal() else 0


def _command(pid: int) -> list[str]:
    """What a process was started as, from the word mnlab on; [] if there is none."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0")[:-1]
    except OSError:
        return []
    first = next((index for index, word in enumerate(words) if word.rpartition("/")[2] == "mnlab"), 0)
    return ["mnlab", *words[first + 1:]][:4] if words else []
