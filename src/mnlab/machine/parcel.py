"""The machine in one file: export it, and import it on another computer, which then needs to build nothing.

A parcel is a gzipped tar of cache entries (the image and the virtual-time snapshot). Each entry's seal holds the
SHA-256 of its files; an import checks every byte before the entry gets its place.
"""

import re
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from mnlab.machine import cache, image, snapshot
from mnlab.machine.job import MIB, MachineError
from mnlab.machine.qemu import CLOCKS, MEMORY, Hardware
from mnlab.machine.vm import VirtualMachine

BLOCK = 64 * 1024


def export(file: Path, say: Callable[[str], None]) -> None:
    """Write the parcel, building what is missing first. MachineError if that or the writing fails."""
    machine = VirtualMachine("virtual", say)
    machine.prepare()
    say(f"writing {file}")
    partial = file.with_name(file.name + ".partial")
    try:
        with tarfile.open(partial, "w:gz", compresslevel=1, format=tarfile.PAX_FORMAT) as archive:
            for entry in (machine.image, machine.snapshot):
                archive.add(entry, entry.name)
        partial.rename(file)
    except OSError as problem:
        raise MachineError(f"{file} could not be written: {problem.strerror or problem}") from None
    finally:
        partial.unlink(missing_ok=True)


def import_(file: Path, say: Callable[[str], None]) -> list[str]:
    """Put a parcel's entries into the cache; their names. MachineError if it is damaged or for another mnlab."""
    folder = cache.cache_folder()
    with cache.locked("import"), tempfile.TemporaryDirectory(prefix="import.building-", dir=folder) as scratch:
        try:
            with tarfile.open(file, "r:gz") as archive:
                for member in archive:
                    _extract(archive, member, Path(scratch))
        except (tarfile.TarError, EOFError, zlib.error) as problem:
            raise MachineError(f"{file} is not an exported machine, or is damaged: {problem}") from None
        except OSError as problem:
            raise MachineError(f"{file} could not be read: {problem.strerror or problem}") from None
        entries = sorted(Path(scratch).iterdir())
        if strange := [entry.name for entry in entries if not re.fullmatch(r"(image|snapshot)-[a-z0-9-]+", entry.name)]:
            raise MachineError(f"{file} is not an exported machine: it holds {strange[0]!r}")
        if f"image-{image.key()}" not in [entry.name for entry in entries]:
            raise MachineError(f"{file} was exported by another version of mnlab; export it again from this one")
        for entry in entries:
            say(f"checking {entry.name}")
            if not cache.is_whole(entry, thorough=True):
                raise MachineError(f"{file} is damaged: {entry.name} does not match its checksums")
            cache.seal(entry, cache.digests(entry))
        for entry in entries:
            with cache.locked(entry.name.split("-")[0]):
                shutil.rmtree(folder / entry.name, ignore_errors=True)
                entry.rename(folder / entry.name)
        return [entry.name for entry in entries]


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """One file of an entry; zeros become holes, so that memory images stay small."""
    path = PurePosixPath(member.name)
    if member.isdir() and len(path.parts) == 1 and path.name not in ("..", "."):
        (folder / path).mkdir()
        return
    if not member.isfile() or len(path.parts) != 2 or ".." in path.parts or path.is_absolute():
        raise tarfile.TarError(f"unexpected member {member.name!r}")
    zeros = bytes(BLOCK)
    content = archive.extractfile(member)
    assert content
    with content as source, open(folder / path, "wb") as target:
        while block := source.read(BLOCK):
            if block == zeros[:len(block)]:
                target.seek(len(block), 1)
            else:
                target.write(block)
        target.truncate(member.size)


def size_on_disk(folder: Path) -> int:
    """Bytes that an entry takes up; holes do not count."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


def entries() -> list[Path]:
    """Images, snapshots and compiled code in the cache, finished ones only."""
    folder = cache.cache_folder()
    kinds = ("bytecode", "image", "snapshot")
    return sorted(path for kind in kinds for path in folder.glob(f"{kind}-*") if path.is_dir())


def clean(everything: bool) -> list[tuple[str, int]]:
    """Remove entries that no run would use any more, or all of them; (name, MiB) of each."""
    current = set() if everything else _current()
    removed = []
    for entry in entries():
        if entry not in current:
            with cache.locked(entry.name.split("-")[0]):
                removed.append((entry.name, size_on_disk(entry) // MIB))
                shutil.rmtree(entry, ignore_errors=True)
    for kind in ("image", "snapshot", "import"):
        with cache.locked(kind):  # nobody is building now: these are of builds that were killed
            for leftover in cache.cache_folder().glob(f"{kind}.building-*"):
                shutil.rmtree(leftover, ignore_errors=True)
    return removed


def _current() -> set[Path]:
    """The image of this recipe, and snapshots made of it."""
    images = cache.cache_folder() / f"image-{image.key()}"
    if not cache.is_whole(images):
        return set()
    try:
        names = [snapshot.entry_name(Hardware(clock, accelerator, images / image.ROOTFS, memory), image.digest(images))
                 for clock, accelerator in CLOCKS for memory in MEMORY]
    except MachineError:
        return {images, *cache.cache_folder().glob("snapshot-*")}  # no QEMU to ask: remove none
    return {images, *(cache.cache_folder() / name for name in names)}
