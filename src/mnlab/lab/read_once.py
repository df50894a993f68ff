"""A work folder, read once: what a student handed in, whatever it is, within limits.

A student's folder is never trusted. Only its regular files are read, and only so much of them; a link is not followed,
also one that takes a file's place in the meantime. What was read is kept, and everything goes by that: the job, the
seed, the grading, the copy of the answers beside the evidence.
"""

import hashlib
import os
import stat
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from mnlab.evidence import layout
from mnlab.lab import student_toml
from mnlab.lab.lab import LARGEST_SEED
from mnlab.lab.student_toml import BadWork
from mnlab.lab.work import ANSWERS, VARIANT
from mnlab.machine.job import Executable
from mnlab.machine.plain import name as named

WORK_LIMIT = 16 << 20  # bytes, all files together
FILES_LIMIT, FOLDERS_LIMIT = 500, 200
ENTRIES_LIMIT = 5000  # whatever else lies there, links and bytecode, say
DEPTH_LIMIT = 16  # folders within folders
#: Folders that tools make for themselves: they are no part of the work, and are not looked into.
NOT_WORK = ("__pycache__", ".git", ".hg", ".svn", ".venv", ".idea", ".vscode")
NAME_LIMIT = 200  # bytes of a name from the work folder on


@dataclass(frozen=True)
class Toml:
    """A TOML file of a work folder, as it was read; `problem` says why there is none, `absent` that none lies there."""

    name: str
    data: bytes = b""
    problem: str = ""
    absent: bool = False

    def values(self) -> dict:
        """What it says. BadWork if there is no such file, or it is none."""
        if self.problem:
            raise BadWork(self.problem)
        return student_toml.parse(self.data, self.name)


@dataclass(frozen=True, eq=False)
class Work:
    """A work folder as it was when it was read, once; nothing of it is looked at again.

    `files` are those that go into the machine: name below the folder to contents (Executable where it may be run).
    `variant` is None where the folder has no variant.toml. `links` are symbolic links, which are no part of it.
    """

    kind: str
    files: dict[str, bytes]
    answers: Toml
    variant: Toml | None
    links: tuple[str, ...] = ()

    @property
    def lab(self) -> str | None:
        """The lab that variant.toml names; None if it names none."""
        said = self.variant.values().get("lab") if self.variant else None
        return said if isinstance(said, str) else None

    def seed(self, lab_name: str) -> int | None:
        """The seed that variant.toml names; None if there is no such file. BadWork if it makes no sense, or is for
        another lab."""
        if self.variant is None:
            return None
        said = self.variant.values()
        if said.get("lab", lab_name) != lab_name:
            raise BadWork(f"{VARIANT} is for the lab {named(said['lab'])[:40]!r}, and this is {lab_name!r}: "
                          "is it the right folder?" if isinstance(said["lab"], str) else
                          f"{VARIANT}: lab must be a name, like 'lab = \"{lab_name}\"'")
        seed = said.get("seed")
        if not isinstance(seed, int) or isinstance(seed, bool):
            raise BadWork(f"{VARIANT} has no line like 'seed = 1'")
        if not 0 <= seed <= LARGEST_SEED:
            raise BadWork(f"{VARIANT}: seed must be from 0 to {LARGEST_SEED}")
        return seed

    @cached_property
    def sha256(self) -> str:
        """A digest of all that was read: names, which of them may be run, and contents."""
        tomls = {toml.name: toml.problem.encode() or toml.data for toml in (self.answers, self.variant)
                 if toml and not toml.absent}  # where nothing lies, the words name the folder
        whole = hashlib.sha256()
        for name, data in sorted((self.files | tomls).items()):
            mode = "x" if isinstance(data, Executable) else "-"
            whole.update(os.fsencode(f"{name}\0{mode}{hashlib.sha256(data).hexdigest()}\n"))
        return whole.hexdigest()


def read(folder: Path, kind: str = layout.STUDENT) -> Work:
    """All of a work folder that counts. BadWork if there is none, it cannot be read, or it is too large in any way.

    Every file is opened once, by its name in a folder that is open already, and no link is followed: whoever may write
    there can change neither what is read nor what was read.
    """
    reader = _Reader(folder)
    try:
        with _opened(folder) as top:
            reader.walk(top, "", 0)
    except (FileNotFoundError, NotADirectoryError):
        raise BadWork(f"there is no work folder {named(folder)}; `mnlab start LAB` makes one") from None
    except OSError as problem:
        raise BadWork(f"{named(folder)} cannot be read: {problem.strerror}") from None
    answers = reader.tomls.get(ANSWERS) or Toml(ANSWERS, problem=f"there is no file {ANSWERS} in {named(folder)}",
                                                absent=True)
    return Work(kind, dict(sorted(reader.files.items())), answers, reader.tomls.get(VARIANT),
                tuple(sorted(reader.links)))


def read_answers(folder: Path) -> Toml:
    """Only the answers of a folder, say of saved evidence."""
    return read_toml(folder, ANSWERS)


def read_toml(folder: Path, name: str) -> Toml:
    """Only one TOML file of a folder."""
    try:
        with _opened(folder) as top:
            return _toml(name, top)
    except OSError:
        return Toml(name, problem=f"there is no file {name} in {named(folder)}")


@dataclass
class _Reader:
    """Reads one work folder, within its limits."""

    folder: Path
    files: dict[str, bytes] = field(default_factory=dict)
    tomls: dict[str, Toml] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)
    entries: int = 0
    folders: int = 0
    size: int = 0

    def walk(self, here: int, prefix: str, depth: int) -> None:
        """Read the open folder `here`, whose entries are called `prefix` + name."""
        try:
            with os.scandir(here) as entries:
                for entry in entries:
                    self.entries += 1
                    self.check(self.entries <= ENTRIES_LIMIT, f"{ENTRIES_LIMIT:,} entries")
                    self.take(here, entry, prefix + entry.name, depth)
        except OSError as problem:
            raise BadWork(f"{named(self.folder / prefix)} cannot be read: {problem.strerror}") from None

    def take(self, here: int, entry: os.DirEntry, name: str, depth: int) -> None:
        if name in (ANSWERS, VARIANT):
            self.tomls[name] = _toml(name, here)
        elif entry.is_symlink():
            if entry.name not in NOT_WORK:
                self.links.append(name)
        elif entry.is_dir(follow_symlinks=False) and entry.name not in NOT_WORK:
            self.folders += 1
            self.check(self.folders <= FOLDERS_LIMIT, f"{FOLDERS_LIMIT} folders")
            self.check(depth < DEPTH_LIMIT, f"folders nested {DEPTH_LIMIT} deep")
            with _opened(entry.name, here) as inner:
                self.walk(inner, name + "/", depth + 1)
        elif entry.is_file(follow_symlinks=False):
            self.check(len(os.fsencode(name)) <= NAME_LIMIT, f"names of {NAME_LIMIT} bytes")
            self.check(len(self.files) < FILES_LIMIT, f"{FILES_LIMIT} files and {WORK_LIMIT >> 20} MiB")
            data = self.contents(here, entry.name)
            if data is not None:
                self.files[name] = data
                self.size += len(data)

    def contents(self, here: int, name: str) -> bytes | None:
        """A file's contents; None if it is no plain file any more."""
        with open(_open(name, here), "rb") as file:
            status, left = os.fstat(file.fileno()), WORK_LIMIT - self.size
            if not stat.S_ISREG(status.st_mode):
                return None
            data = file.read(left + 1) if status.st_size <= left else b""
            self.check(max(len(data), status.st_size) <= left, f"{FILES_LIMIT} files and {WORK_LIMIT >> 20} MiB")
            return Executable(data) if status.st_mode & 0o100 else data

    def check(self, within: bool, limit: str) -> None:
        if not within:
            raise BadWork(f"{named(self.folder)} is too large: {limit} are allowed")


@contextmanager
def _opened(folder: Path | str, above: int | None = None):
    """The descriptor of a folder, or of one in the open folder `above`; there a link is an OSError."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY) if above is None else _open(folder, above, os.O_DIRECTORY)
    try:
        yield opened
    finally:
        os.close(opened)


def _open(name: Path | str, folder: int, flags: int = 0) -> int:
    """The descriptor of an entry of an open folder. A link is an OSError; a pipe is not waited for."""
    return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | flags, dir_fd=folder)


def _toml(name: str, folder: int) -> Toml:
    """The TOML file `name` of an open folder, or why there is none."""
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISLNK(status.st_mode):
            return Toml(name, problem=f"{name} is a symbolic link; it must be a plain file")
        if not stat.S_ISREG(status.st_mode):
            return Toml(name, problem=f"{name} is not a plain file")
        with open(_open(name, folder), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return Toml(name, problem=f"{name} is not a plain file")
            if status.st_size > (most := student_toml.LIMIT):
                return Toml(name, problem=f"{name} is {status.st_size:,} bytes long; {most:,} are allowed")
            return Toml(name, file.read(student_toml.LIMIT + 1))
    except OSError as problem:
        return Toml(name, problem=f"{name} cannot be read: {problem.strerror}")
