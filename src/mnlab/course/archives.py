"""What students hand in as an archive, unpacked without trust: zip, tar with gzip, bzip2 or xz, and 7z.

Nothing is written outside the folder, links and devices are refused, sizes are bounded by what really comes out (what
an archive says of itself may be a lie), and a name that a file system or a terminal would choke on is kept readable.
"""

import bz2
import errno
import gzip
import lzma
import os
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, cast

BYTES = 64 << 20  # of all files of a hand-in together; a work folder has 16 MiB at most (lab/read_once.py)
ALL = 4  # times that much may be unpacked of a hand-in, what was in vain included
FILES = 5000  # and folders
HEADERS = 16 << 20  # bytes of a tar file besides its files' contents: a KiB each, and long names
DEPTH = 32
NAME = 150  # characters of one part of a path
SEVEN_ZIP = ".7z"
READ = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", SEVEN_ZIP)
NOT_READ = (".rar",)  # what Debian has for it has a long history of holes
ENDINGS = READ + NOT_READ
#: What computers leave in archives for themselves.
NOT_WORK = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")
CHUNK = 1 << 16
BSDTAR = "bsdtar"
BOUNDS = (f"--as={1 << 30}", "--cpu=60", f"--fsize={CHUNK}", "--nofile=64")  # bytes, seconds; what it says is a file
DAMAGED = ("(null)", "Unknown error -1")  # what it says where it has no words
SEVEN_ZIPS = b"7z\xbc\xaf\x27\x1c"  # its first bytes
COMPRESSED = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}  # by their first bytes
#: What reading a file that is no archive, or a broken one, may raise.
BROKEN = (
    OSError,
    EOFError,
    MemoryError,
    ValueError,
    RuntimeError,
    NotImplementedError,
    tarfile.TarError,
    zipfile.BadZipFile,
    LookupError,
    OverflowError,
)
#: What is this computer's trouble, whatever was handed in.
OURS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EROFS)


class BadArchive(Exception):
    """An archive that cannot be unpacked, or not whole. The text says why."""


def is_ours(problem: BaseException) -> bool:
    """Whether it is this computer that lacks something: then nobody's hand-in is to blame."""
    return isinstance(problem, OSError) and problem.errno in OURS


@dataclass
class Unpacked:
    """What a hand-in holds so far: how many files, how many entries of any kind, how many bytes, and what was left out
    and why."""

    files: int = 0
    entries: int = 0
    size: int = 0
    spent: int = 0  # bytes, also of archives that counted for nothing
    refused: list[str] = field(default_factory=list)

    def count(self, entries: int = 0, size: int = 0) -> None:
        """More entries, or more of one, of so many bytes. BadArchive if that is too much."""
        self.entries += entries
        self.size += size
        self.spent += size
        if self.entries > FILES:
            raise BadArchive(f"it has more than {FILES:,} files and folders")
        if self.size > BYTES or self.spent > ALL * BYTES:
            raise BadArchive(f"more than {BYTES >> 20} MiB come out of it")


class _Counted:
    """A decompressed stream of which no more is read than a hand-in may have, headers and what is skipped included."""

    def __init__(self, stream: IO[bytes]):
        self.stream, self.left = stream, BYTES + HEADERS

    def read(self, size: int = -1) -> bytes:
        data = self.stream.read(size)
        self.left -= len(data)
        if self.left < 0:
            raise BadArchive(f"more than {BYTES >> 20} MiB come out of it")
        return data


def is_archive(path: Path) -> bool:
    """Whether a file is called like an archive."""
    return path.name.lower().endswith(ENDINGS)


def unpack(archive: Path, folder: Path, done: Unpacked | None = None) -> Unpacked:
    """Unpack an archive into a folder, which is made, and count what comes out of it to what is `done`: archives within
    an archive are bounded together. BadArchive if it is none, is broken, or is too large: then what came out of it so
    far is there, and counts for nothing."""
    if archive.name.lower().endswith(NOT_READ):
        raise BadArchive(f"archives of this kind ({archive.suffix.lower()}) are not read here: unpack it, and pack the "
                         "folder again as .zip")
    done = done or Unpacked()
    before, counted = (done.files, len(done.refused)), (done.files, done.entries, done.size)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, problem, opened in _entries(archive):
            _take(name, problem, opened, folder, done)
    except BadArchive:
        done.files, done.entries, done.size = counted
        raise
    except BROKEN as problem:
        if is_ours(problem):
            raise
        done.files, done.entries, done.size = counted
        raise BadArchive(f"it cannot be unpacked: {_words(problem)}") from None
    except Exception as problem:  # zlib's and lzma's own errors are of no common kind
        if type(problem).__module__ not in ("zlib", "_lzma", "lzma"):
            raise
        raise BadArchive(f"it cannot be unpacked: {_words(problem)}") from None
    if before == (done.files, len(done.refused)):
        raise BadArchive("there is no file in it")
    return done


def _words(problem: BaseException) -> str:
    words = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
    text = (words or type(problem).__name__).split("\n")[0]
    return readable(text)[:200]


def _entries(archive: Path) -> Iterator[tuple[str, str, Callable[[], IO[bytes]] | None]]:
    """Each entry's name, why it is refused ("": it is not), and how to read it (None: a folder)."""
    if archive.name.lower().endswith(".zip"):
        with zipfile.ZipFile(archive) as whole:
            for info in whole.infolist():
                link = (info.external_attr >> 16) & 0o170000 not in (0, 0o100000, 0o040000)
                secret = "it is encrypted" if info.flag_bits & 1 else ""
                problem = "it is a link or a device" if link else secret
                yield info.filename, problem, None if info.is_dir() else partial(whole.open, info)
        return
    opened = _as_tar if archive.name.lower().endswith(SEVEN_ZIP) else _decompressed
    with opened(archive) as plain, tarfile.open(fileobj=cast(IO[bytes], _Counted(plain)), mode="r|") as stream:
        # a stream: there is no seeking by what headers say
        for member in stream:
            if member.isdir():
                yield member.name, "", None
            else:
                yield member.name, "" if member.isreg() else "it is a link or a device", partial(_file, stream, member)


def _decompressed(archive: Path) -> IO[bytes]:
    """What a tar file holds, decompressed as it is read. (tarfile's own streams take time with the square of what a
    block of bzip2 or xz expands to: 70 s for a bomb of 70 MiB.)"""
    with open(archive, "rb") as file:
        start = file.read(6)
    opened = next((opened for magic, opened in COMPRESSED.items() if start.startswith(magic)), open)
    return opened(archive, "rb")  # type: ignore[operator]


@contextmanager
def _as_tar(archive: Path) -> Iterator[IO[bytes]]:
    """What a 7z archive holds, as a tar file that libarchive's bsdtar writes while it is read: in a process of its own,
    which has bounded memory and time."""
    with open(archive, "rb") as file:
        if file.read(len(SEVEN_ZIPS)) != SEVEN_ZIPS:  # bsdtar would try whatever else it may be
            raise BadArchive("it cannot be unpacked: it is no 7z archive")
    if not shutil.which(BSDTAR):
        raise BadArchive("7z archives are read by bsdtar: install Debian's libarchive-tools, and grade again")
    with tempfile.TemporaryFile() as said, _bsdtar(
            "--format=pax", "-cf", "-", f"@{archive.resolve()}", stdout=subprocess.PIPE, stderr=said) as process:
        assert process.stdout
        try:
            yield process.stdout
            while process.stdout.read(CHUNK):  # what fills the last block
                pass
            broken = process.wait() != 0
        except BadArchive:
            raise
        except BROKEN as problem:  # it ended early, and said why
            if is_ours(problem):
                raise
            broken = True
        finally:
            process.kill()
        if not broken:  # a checksum that does not fit is told where files are taken out, not where they are copied
            with _bsdtar("-xOf", str(archive.resolve()), stdout=subprocess.DEVNULL, stderr=said) as again:
                broken = again.wait() != 0
        if broken:
            said.seek(0)
            raise BadArchive(f"it cannot be unpacked: {_said(said.read().decode(errors='replace'))}")


def _bsdtar(*words: str, **options) -> subprocess.Popen:
    """bsdtar at work, within bounds."""
    return subprocess.Popen(["prlimit", *BOUNDS, BSDTAR, *words], cwd="/", stdin=subprocess.DEVNULL, **options,
                            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"})


def _said(words: str) -> str:
    """What bsdtar said last, without its name."""
    lines = [line for line in words.splitlines() if not line.endswith("Error exit delayed from previous errors.")]
    last = lines[-1].rpartition(": ")[2] if lines else "it needs too much memory or time"
    return "it is damaged or encrypted" if last in DAMAGED else readable(last)


def _file(stream: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    opened = stream.extractfile(member)
    if opened is None:
        raise BadArchive(f"{readable(member.name)} cannot be read")
    return opened


def _take(name: str, problem: str, opened, folder: Path, done: Unpacked) -> None:
    """Write one entry, or note why not."""
    done.count(entries=1)
    parts = [part for part in PurePosixPath(name.replace("\\", "/")).parts if part not in ("/", ".")]
    if any(part in NOT_WORK or part.startswith("._") for part in parts):
        return
    if name.startswith(("/", "\\")) or ".." in parts or ":" in (parts[0] if parts else "")[:2]:
        problem = "it leads out of the archive"
    elif len(parts) > DEPTH:
        problem = f"it lies more than {DEPTH} folders deep"
    if problem:
        if len(done.refused) < 20:
            done.refused.append(f"{readable(name)}: {problem}")
        return
    if not parts:
        return
    place = folder.joinpath(*map(readable, parts))
    if opened is None:
        place.mkdir(parents=True, exist_ok=True)
        return
    done.files += 1
    if place.exists():
        done.refused.append(f"{readable(name)}: there are two of this name")
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    with opened() as source, open(place, "xb") as target:
        while data := source.read(CHUNK):
            done.count(size=len(data))
            target.write(data)


def readable(name: str) -> str:
    """A name without what no file system or terminal takes: control characters and broken letters as ?, long ones
    cut."""
    clean = "".join(
        letter if letter.isprintable() and letter != "\0" else "?"
        for letter in name.encode(errors="replace").decode()
    )
    if len(clean.encode()) <= NAME:
        return clean or "?"
    stem, dot, ending = clean.rpartition(".")
    ending = dot + ending if stem and len(ending) < 10 else ""
    return clean.encode()[: NAME - 4 - len(ending)].decode(errors="ignore") + "..." + ending
