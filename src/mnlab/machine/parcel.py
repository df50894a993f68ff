"""A machine in one file: export it, and import it on another computer, which then needs to build nothing.

A parcel is a gzipped tar of cache entries (the image's layers and the virtual-time snapshot). Each entry's seal holds
the SHA-256 of its files; an import checks every byte before the entry gets its place.
"""

import gzip
import re
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from mnlab.machine import cache, image, snapshot, wheels
from mnlab.machine.job import MIB, MachineError
from mnlab.machine.machines import Named
from mnlab.machine.qemu import CLOCKS, MEMORY, Hardware
from mnlab.machine.vm import VirtualMachine

BLOCK = 64 * 1024
#: What lies in the cache by kind of entry: what runs are made of, and what building leaves for the next time.
KINDS = ("bytecode", "features", "kernel", "layer", "snapshot", "userland", "wheels")
CARRIED = ("kernel", "layer", "snapshot", "userland")
HELPING = ("bytecode", "features", "wheels")  # of no machine in particular
FORMER = "image"  # how entries began before machines had names


def export(file: Path, named: Named, say: Callable[[str], None]) -> None:
    """Write a machine's parcel, building what is missing first. MachineError if that or the writing fails."""
    machine = VirtualMachine("virtual", say, named=named)
    machine.prepare()
    say(f"writing {file}")
    partial = file.with_name(file.name + ".partial")
    try:
        with tarfile.open(partial, "w:gz", compresslevel=1, format=tarfile.PAX_FORMAT) as archive:
            for entry in (*machine.image.folders, machine.snapshot):
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
            with gzip.open(file) as stream:
                with tarfile.open(fileobj=stream, mode="r:") as archive:
                    for member in archive:
                        _extract(archive, member, Path(scratch))
                while stream.read(BLOCK):  # a damaged header ends an archive early: gzip's own sum is at the end
                    pass
        except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as problem:
            raise MachineError(f"{file} is not an exported machine, or is damaged: {problem}") from None
        except OSError as problem:
            raise MachineError(f"{file} could not be read: {problem.strerror or problem}") from None
        entries = sorted(Path(scratch).iterdir())
        if any(entry.name.startswith(f"{FORMER}-") for entry in entries):
            raise MachineError(f"{file} was exported by an mnlab from before machines had names; export it again from "
                               "this one")
        if strange := [entry.name for entry in entries
                       if not re.fullmatch(rf"({'|'.join(CARRIED)})-[a-z0-9-]+", entry.name)]:
            raise MachineError(f"{file} is not an exported machine: it holds {strange[0]!r}")
        if not _machine_in(Path(scratch), {entry.name for entry in entries}):
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


def _machine_in(folder: Path, names: set[str]) -> bool:
    """Whether entries of these names, in `folder`, are a machine of this mnlab, and every layer is of one."""
    whole = [place for named in image.known(folder) if names_of(place := image.place(named, folder)) <= names]
    return {name for name in names if name.startswith("layer-")} <= set().union(*map(names_of, whole)) and bool(whole)


def names_of(place: image.Image) -> set[str]:
    """What the folders of an image are called."""
    return {folder.name for folder in place.folders}


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
    """What was built and is in the cache, whole or not; also what an mnlab from before machines had names left."""
    folder = cache.cache_folder()
    return sorted(path for kind in (*KINDS, FORMER) for path in folder.glob(f"{kind}-*") if path.is_dir())


def of(named: Named) -> set[Path]:
    """The entries of one machine, in the cache or not: its image, and what may have been made of it."""
    place = image.place(named)
    found = set(place.folders)
    if not image.built(named):
        return found
    try:
        names = [snapshot.entry_name(Hardware(clock, accelerator, place.layers, memory), place)
                 for clock, accelerator in CLOCKS for memory in MEMORY]
    except MachineError:
        return found | set(cache.cache_folder().glob("snapshot-*"))  # no QEMU to ask: any may be
    return found | {cache.cache_folder() / name for name in names}


def clean(everything: bool = False, only: Callable[[Named], bool] | None = None) -> list[tuple[str, int]]:
    """Remove entries that no run would use any more, or all of them, or those of `only` some images that no other
    shares; (name, MiB) of each."""
    known = image.known()
    doomed = [named for named in known if only and only(named)]
    kept = {wheels.place(), wheels.place(wheels.FULL)}.union(*(of(named) for named in known if named not in doomed))
    wanted = set().union(*map(of, doomed))
    removed = []
    for entry in entries():
        if everything or (entry in wanted - kept if only else entry not in kept):
            with cache.locked(entry.name.split("-")[0]):
                removed.append((entry.name, size_on_disk(entry) // MIB))
                shutil.rmtree(entry, ignore_errors=True)
    for kind in (*KINDS, "import"):
        with cache.locked(kind):  # nobody is building now: these are of builds that were killed
            for leftover in cache.cache_folder().glob(f"{kind}.building-*"):
                shutil.rmtree(leftover, ignore_errors=True)
    return removed
