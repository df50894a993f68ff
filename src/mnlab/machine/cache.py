"""The per-user cache: built once, under a lock, complete or absent.

An entry is a folder with a `seal.json` that lists its files with size, modification time and SHA-256. It is built
in a folder beside its place and renamed when complete, so a killed build leaves nothing that could be mistaken for
an entry. Reading an entry compares sizes and times, which costs nothing; only where these differ are the files
hashed again, and an entry that does not match its seal is thrown away and built anew.
"""

import fcntl
import functools
import hashlib
import json
import os
import shutil
import stat
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from mnlab.machine.job import MachineError, WrongCache

SEAL = "seal.json"
WAITING = "waiting for another mnlab that is building the {}"
SMALL = ("bytecode", "features")  # kinds of entries that take a second to make
_ONE_AT_A_TIME = threading.RLock()  # to try features, a job is run, and for that its code compiled
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def cache_folder() -> Path:
    """$MNLAB_CACHE, or the user's cache folder, which need not be there.

    WrongCache if others had a say in what lies in it, and is run: as in the launcher, it must be absolute, belong to
    this user or root, and be closed to others' writing. So root runs nothing from the cache of a user.
    """
    folder = Path(os.environ.get("MNLAB_CACHE")
                  or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mnlab")
    if not folder.is_absolute():
        raise WrongCache(f"the cache folder {folder} is not absolute: let MNLAB_CACHE begin with /")
    try:
        found = folder.stat()
    except OSError:
        return folder  # whoever makes it will see
    if found.st_uid not in (0, os.geteuid()):
        raise WrongCache(f"the cache {folder} belongs to another user: choose a folder of your own with MNLAB_CACHE")
    if found.st_mode & OTHERS_WRITE:
        raise WrongCache(f"others can write the cache {folder}: remove it or, if you trust what is in it, "
                          f"chmod -R go-w {folder}")
    return folder


@contextmanager
def locked(name: str, waiting: Callable[[], None] = lambda: None):
    """Hold the cache's lock `name`; calls `waiting` once if somebody else has it. Freed when the process ends."""
    folder = cache_folder()
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    with open(folder / f"{name}.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def entry(name: str, build: Callable[[Path], None], say: Callable[[str], None]) -> Path:
    """The folder of entry `name`, built by `build(folder)` if it is not there or not whole. MachineError if it cannot
    be written."""
    place = cache_folder() / name
    if is_whole(place):
        return place
    kind = name.split("-")[0]
    if kind in SMALL and place.parent.is_dir() and not os.access(place.parent, os.W_OK):
        return _built_for_now(name, build)
    try:
        return _built(place, kind, build, say)
    except OSError as problem:
        raise MachineError(f"the {kind} could not be put into the cache {place.parent}: {problem.strerror or problem}"
                           ) from None


def _built_for_now(name: str, build: Callable[[Path], None]) -> Path:
    """An entry for this process alone, where the cache is root's or can only be read."""
    with _ONE_AT_A_TIME:
        place = Path(_for_now().name) / name
        if not place.is_dir():
            folder = Path(tempfile.mkdtemp(dir=place.parent))
            build(folder)
            folder.rename(place)
        return place


@functools.cache
def _for_now() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="mnlab-cache-")


def _built(place: Path, kind: str, build: Callable[[Path], None], say: Callable[[str], None]) -> Path:
    with locked(kind, lambda: say(WAITING.format(kind))):
        if is_whole(place):
            return place
        if place.exists():
            say(f"the cached {kind} is damaged: building it again")
            shutil.rmtree(place)
        for leftover in cache_folder().glob(f"{kind}.building-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{kind}.building-", dir=cache_folder()))
        try:
            build(folder)
            seal(folder)
            folder.rename(place)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    return place


@contextmanager
def renewed(*names: str, say: Callable[[str], None] = lambda text: None) -> Iterator[dict[str, Path]]:
    """Build entries anew, {name: the folder to build it in}: all of them take their places once all are complete, and
    if something is raised none does."""
    with ExitStack() as locks:
        for kind in sorted({name.split("-")[0] for name in names}):
            locks.enter_context(locked(kind, partial(say, WAITING.format(kind))))
        folders = {name: Path(tempfile.mkdtemp(prefix=f"{name.split('-')[0]}.building-", dir=cache_folder()))
                   for name in names}
        try:
            yield folders
            for folder in folders.values():
                seal(folder)
            for name, folder in folders.items():
                shutil.rmtree(cache_folder() / name, ignore_errors=True)
                folder.rename(cache_folder() / name)
        except BaseException:
            for folder in folders.values():
                shutil.rmtree(folder, ignore_errors=True)
            raise


def seal(folder: Path, digests: dict[str, str] | None = None) -> None:
    """Write down what is in `folder`. `digests` are the SHA-256 of files whose digest is known already."""
    files = {}
    for path in sorted(path for path in folder.iterdir() if path.name != SEAL):
        stat = path.stat()
        digest = (digests or {}).get(path.name) or sha256(path)
        files[path.name] = {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns, "sha256": digest}
    (folder / SEAL).write_text(json.dumps(files, indent=1))


def is_whole(folder: Path, thorough: bool = False) -> bool:
    """Whether the entry is there and matches its seal; `thorough` hashes every file."""
    try:
        files = json.loads((folder / SEAL).read_text())
        changed = []
        for name, known in files.items():
            stat = (folder / name).stat()
            if stat.st_size != known["size"]:
                return False
            if thorough or stat.st_mtime_ns != known["mtime_ns"]:
                changed.append(name)
        return all(sha256(folder / name) == files[name]["sha256"] for name in changed)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return False


def digests(folder: Path) -> dict[str, str]:
    """File name to SHA-256, from an entry's seal."""
    return {name: known["sha256"] for name, known in json.loads((folder / SEAL).read_text()).items()}


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def say_to_stderr(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
