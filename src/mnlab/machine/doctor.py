"""What this computer has of what a lab machine needs, and how to get the rest."""

import os
import platform
import shutil
from dataclasses import dataclass

from mnlab.machine import cache, image, parcel, tools
from mnlab.machine.job import MIB, MachineError
from mnlab.machine.machines import DEFAULT, MACHINES, Named

DISK_NEEDED = 2048 * MIB  # while the image is built: a tree, its archive, and the result
MEMORY_NEEDED = 1024 * MIB


@dataclass(frozen=True)
class Finding:
    """One line: whether it is well, what was seen, what to do about it."""

    subject: str
    ok: bool
    seen: str
    advice: str = ""
    optional: bool = False

    @property
    def mark(self) -> str:
        return "ok  " if self.ok else "    " if self.optional else "MISS"


def examine() -> list[Finding]:
    """Everything that matters, in the order in which to mend it."""
    return [_python(), _qemu(), *_builders(), *_images(), _disk(), _memory(), _kvm(), _root()]


def _python() -> Finding:
    return Finding("Python", True, platform.python_version())


def _qemu() -> Finding:
    try:
        version = tools.qemu_version()
        return Finding("QEMU", True, version + tools.untried(version))
    except MachineError as problem:
        first, _, rest = str(problem).partition("\n")
        return Finding("QEMU", False, first, rest.strip())


def _builders() -> list[Finding]:
    built = image.built(MACHINES[DEFAULT])
    found = []
    for program in tools.building():
        there = shutil.which(program)
        found.append(Finding(program, there is not None, there or "not installed (only building the image needs it)",
                             "" if there else f"sudo apt-get install --no-install-recommends {tools.PACKAGES[program]}",
                             optional=built))
    return found


def _images() -> list[Finding]:
    return [_image(named) for named in MACHINES.values()]


def _image(named: Named) -> Finding:
    if image.built(named):
        size = sum(map(parcel.size_on_disk, parcel.of(named))) // MIB
        return Finding(named.name, True, f"built, {size} MiB", optional=True)
    default = named.name == DEFAULT
    return Finding(named.name, False, "not built yet" if default else f"not built ({named.about})",
                   "the first run builds it; or: mnlab machine build" if default else "", optional=True)


def _disk() -> Finding:
    folder = cache.cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    return Finding("disk", free >= DISK_NEEDED, f"{free / 2**30:.1f} GiB free in {folder}",
                   "" if free >= DISK_NEEDED else "free 2 GiB, or set MNLAB_CACHE to a folder on another disk")


def _memory() -> Finding:
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return Finding("memory", total >= MEMORY_NEEDED, f"{total / 2**30:.1f} GiB")


def _kvm() -> Finding:
    usable = os.access("/dev/kvm", os.R_OK | os.W_OK)
    return Finding("KVM", usable, "there; --clock real tries it" if usable else "none: not needed", optional=True)


def _root() -> Finding:
    root = os.geteuid() == 0
    return Finding("root", root, "yes: --on host is possible" if root else "no: not needed, except for --on host",
                   optional=True)
