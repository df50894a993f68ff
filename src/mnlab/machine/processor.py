"""One processor for each machine that runs in virtual time; more machines than processors wait for their turn.

QEMU's two threads take turns (see vm.py), so on one processor they are quicker than on two. And machines that share a
processor slow each other down by more than their share: each pushes the other's translated code out of the caches.

Who waits leaves a note with the moment when it began to; the oldest come first, so that nobody waits for ever where
many do.

Claims and notes lie in a folder of this computer alone, not in the cache: a room may share one by NFS, and twenty
computers have more than the processors of one.
"""

import fcntl
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from mnlab.machine import cache

PAUSE = 0.05  # seconds between two looks for a free processor
TELL = 10  # seconds between two lines about the waiting
LOCAL = "/tmp"  # of each computer its own, and the same for all of a user's processes, whatever TMPDIR says
STALE = 10  # seconds after which a note that nobody renews holds nobody back: its process is stopped, or gone


@contextmanager
def claimed(given_up: Callable[[], bool] = lambda: False,
            tell: Callable[[float, str], None] = lambda seconds, words: None) -> Iterator[int | None]:
    """The number of a processor that no other machine of this user has, as soon as there is one.

    Where others have them all, `tell` is called every ten seconds, with the seconds waited and with who has them and
    how many wait. None if `given_up` says so, or if the system does not tell its processors or nothing can be written
    here.
    """
    with ExitStack() as stack:
        yield _claim(stack, given_up, tell)


def _claim(stack: ExitStack, given_up: Callable[[], bool], tell: Callable[[float, str], None]) -> int | None:
    if not hasattr(os, "sched_getaffinity"):
        return None
    numbers = sorted(os.sched_getaffinity(0))
    try:
        folder = notes_folder()
        files = [stack.enter_context(open(folder / f"processor-{number}.lock", "a+"))
                 for number in numbers]
    except OSError:
        return None
    started = told = time.monotonic()
    note = folder / f"waiting-{time.time_ns():020d}-{os.getpid()}-{threading.get_ident()}"
    try:
        while not given_up():
            if _come_before(note) < len(numbers):
                for number, file in zip(numbers, files, strict=True):
                    if _take(file):
                        return number
            if time.monotonic() - told >= TELL:
                told = time.monotonic()
                if words := _who(files):
                    tell(told - started, words)
            with suppress(OSError):
                note.touch()
            time.sleep(PAUSE)
        return None
    finally:
        with suppress(OSError):
            note.unlink(missing_ok=True)


def notes_folder() -> Path:
    """Where claims and notes lie: in a folder of this user on this computer; in the cache if there can be none.

    OSError if there is neither."""
    folder = Path(LOCAL, f"mnlab-{os.geteuid()}")
    with suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
        if stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & cache.OTHERS_WRITE:
            return folder
    return cache.cache_folder()


def _take(file) -> bool:
    """Whether a processor's lock is ours now; the kernel gives it back, however this process ends."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    file.truncate(0)
    print(os.getpid(), file=file, flush=True)
    return True


def _come_before(note: Path) -> int:
    """How many began to wait before whom this note is of, and still do."""
    return sum(other.name < note.name and _renewed(other) for other in _notes(note.parent))


def _notes(folder: Path) -> list[Path]:
    return list(folder.glob("waiting-*-*-*"))


def _renewed(note: Path) -> bool:
    """Whether the one who left a note still waits."""
    try:
        return time.time() - note.stat().st_mtime < STALE
    except OSError:  # its turn has come
        return False


def _who(files) -> str:
    """Who has the processors, and how many processes wait for one; "" if one is ours: then we wait for ourselves."""
    holders = {_read(file) for file in files} - {0}
    if os.getpid() in holders:
        return ""
    names = sorted(f"{' '.join(_command(pid)) or 'a process'} (pid {pid})" for pid in holders)
    folder = Path(files[0].name).parent
    for note in (note for note in _notes(folder) if not _renewed(note)):  # of who was killed while it waited
        note.unlink(missing_ok=True)
    waiting = {note.name.split("-")[2] for note in _notes(folder)}  # processes: each may wait for several machines
    return f"{' and '.join(names)} {'have' if len(names) > 1 else 'has'} the machine; {len(waiting) or 1} waiting"


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
