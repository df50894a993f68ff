"""The image of a lab machine: Debian packages turned into a read-only root file system, a kernel and its modules.

It holds dependencies only, never code of mnlab. It has two layers, which lie in the cache side by side: the user land
of a Debian release, which machines with other kernels share, and the kernel. Over the user land others may lie
(machine/layers.py). The recipe folder says what goes in; a changed recipe is a new image. The same packages give the
same bytes (SOURCE_DATE_EPOCH; nothing generated at install time is kept).
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from mnlab.machine import cache, debian, layers, tools, wheels
from mnlab.machine.job import MachineError
from mnlab.machine.layers import PACKAGES, RECIPE
from mnlab.machine.lock import Lock, Package, preferences
from mnlab.machine.machines import MACHINES, Named, UnknownMachine

KERNEL, INITRD, MODULES, ROOTFS = "vmlinuz", "initrd", "modules.squashfs", "rootfs.squashfs"
#: The files of the recipe that go into each layer.
OF_USERLAND = ("packages.txt", "customize.sh", "cpu_limited_host.py")
OF_KERNEL = ("unpacking.sh", "kernel.sh", "init")
LINUX = "linux-image-cloud-amd64"
UNPACKERS = ("busybox-static", "coreutils", "cpio", "dash", "findutils", "kmod", "liblzma5")


@dataclass(frozen=True)
class Image:
    """A machine's image in the cache: the folders of its two layers, and of those over its programs, lowest first; and
    with what more on its command line the kernel is booted."""

    userland: Path
    kernel: Path
    over: tuple[Path, ...] = ()
    options: str = ""

    @property
    def folders(self) -> tuple[Path, ...]:
        return self.userland, self.kernel, *self.over

    @property
    def layers(self) -> tuple[Path, ...]:
        """Its file systems: the programs, the kernel's modules, and what lies over the programs, lowest first."""
        return self.userland / ROOTFS, self.kernel / MODULES, *(folder / layers.FILES for folder in self.over)

    @property
    def digest(self) -> str:
        """Identifies the image's bytes: what is in it."""
        below, above = cache.digests(self.userland), cache.digests(self.kernel)
        files = [below[ROOTFS], *(above[name] for name in (KERNEL, INITRD, MODULES)),
                 *(cache.digests(folder)[layers.FILES] for folder in self.over)]
        return hashlib.sha256(repr(files).encode()).hexdigest()

    @property
    def lock(self) -> Lock:
        """The exact packages that it was made of."""
        over = {folder.name.split("-")[2]: layers.in_(folder) for folder in self.over}
        return Lock(layers.in_(self.userland), layers.in_(self.kernel), **over)

    @property
    def built(self) -> float:
        """When its youngest layer was built, in seconds of Unix time."""
        return max(folder.stat().st_mtime for folder in self.folders)


def place(machine: Named, folder: Path | None = None) -> Image:
    """Where a machine's image is in the cache (or in another `folder`), or would be."""
    below = _key(machine.suite, debian.EPOCH, wheels.WHEELS, wheels.MENDED, files=OF_USERLAND)
    above = _key(machine.kernel, debian.EPOCH, LINUX, UNPACKERS, files=OF_KERNEL)
    folder = folder or cache.cache_folder()
    image = Image(folder / f"userland-{machine.suite}-{below}", folder / f"kernel-{machine.kernel}-{above}",
                  options=machine.options)
    for layer in machine.layers:
        # A layer belongs to the bytes that it lies on, which a lock may have changed.
        lies_on = [_digest(file) for file in (image.layers[0], *image.layers[2:])]
        key = _key(layers.ingredients(layer, machine.suite), lies_on, files=layers.SCRIPTS)
        image = replace(image, over=(*image.over, folder / f"layer-{machine.suite}-{layers.kind(layer)}-{key}"))
    return image


def _digest(file: Path) -> str:
    """SHA-256 of a layer's file system, as its seal has it; "" if it is not there."""
    try:
        return cache.digests(file.parent)[file.name]
    except (OSError, ValueError, KeyError):
        return ""


def _key(*told, files: tuple[str, ...]) -> str:
    digest = hashlib.sha256(repr(told).encode())
    for name in files:
        digest.update(name.encode() + b"\0" + (RECIPE / name).read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def built(machine: Named) -> bool:
    """Whether a machine's image is in the cache, and whole."""
    return all(map(cache.is_whole, place(machine).folders))


def known(folder: Path | None = None) -> list[Named]:
    """Every machine as labs use it, and with each image for which there are layers in the cache (or in `folder`)."""
    found = list(MACHINES.values())
    for asked in sorted((folder or cache.cache_folder()).glob(f"layer-*/{layers.ASKED}")):
        with suppress(OSError, ValueError, UnknownMachine):  # damaged, or of another mnlab
            found += [named for machine in MACHINES.values() if (named := machine.having(asked.read_text())).layers
                      and named not in found and place(named, folder).over[-1] == asked.parent]
    return found


def get(machine: Named, say: Callable[[str], None] = cache.say_to_stderr) -> Image:
    """A machine's image, built if need be. MachineError if it cannot be built."""
    image = place(replace(machine, layers=()))
    cache.entry(image.userland.name, partial(build_userland, machine, say=say), say)
    cache.entry(image.kernel.name, partial(build_kernel, machine, say=say), say)
    for part in _from_below(machine):
        cache.entry(place(part).over[-1].name, partial(build_layer, part, say=say), say)
    return place(machine)


def _from_below(machine: Named) -> list[Named]:
    """The machine with each of its layers and those below."""
    return [replace(machine, layers=machine.layers[:number + 1]) for number in range(len(machine.layers))]


def rebuild(machine: Named, lock: Lock, say: Callable[[str], None] = cache.say_to_stderr) -> Image:
    """Build a machine's image of the packages of a lock, in place of what there is. Gone if the archive has not all of
    them any more, and MachineError if something else is in the way; then what there is stays (of the layers over the
    programs, those that could be built are new)."""
    if lacking := [kind for kind in map(layers.kind, machine.layers) if not getattr(lock, kind)]:
        raise MachineError(f"the lock names no package of {lacking[0]!r}: print it with "
                           f"`mnlab machine lock {machine}` where there is this image")
    image, gone = place(replace(machine, layers=())), list[str]()
    with cache.renewed(image.kernel.name, image.userland.name, say=say) as folders:
        for layer, build in ((image.kernel, build_kernel), (image.userland, build_userland)):
            try:
                build(machine, folders[layer.name], say, lock)
            except debian.Gone as problem:
                gone += problem.packages
        if gone:
            raise debian.Gone(gone)
    if others := [other.name for other in MACHINES.values()
                  if other.name != machine.name and place(other).userland == image.userland]:
        say(f"programs shared with {' and '.join(others)}: that is another image from now on, too")
    for part in _from_below(machine):
        name = place(part).over[-1].name
        with cache.renewed(name, say=say) as folders:
            build_layer(part, folders[name], say, lock)
    return place(machine)


def build_userland(machine: Named, folder: Path, say: Callable[[str], None], lock: Lock | None = None) -> None:
    """Build the lower layer into `folder`: about two minutes, most of it unpacking packages."""
    tools.require(*tools.building())
    say(f"building the programs of {machine.name} (once; two to four minutes)")
    made = wheels.get(say)
    say("image: installing Debian packages")
    with debian.scratch(folder) as scratch:
        packages = [line for line in (RECIPE / "packages.txt").read_text().split("\n") if line and line[0] != "#"]
        debian.make(scratch, [
            "--variant=minbase", f"--include={','.join(packages)}",
            *(f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("doc", "info", "locale", "man")),
            *(pinned(lock.userland, scratch) if lock else ()),
            f'--customize-hook={RECIPE / "customize.sh"} "$1"',
            f"--customize-hook=download /tmp/packages {folder / PACKAGES}", '--customize-hook=rm "$1"/tmp/packages',
            machine.suite, "-",
        ], folder / ROOTFS, MNLAB_WHEELS=str(made))
    say("image: done")


def build_kernel(machine: Named, folder: Path, say: Callable[[str], None], lock: Lock | None = None) -> None:
    """Build the upper layer into `folder`: a quarter of a minute."""
    tools.require(*tools.building())
    say(f"building the kernel of {machine.name} (once; half a minute)")
    linux = [package.name for package in lock.kernel if package.name.startswith("linux-")] if lock else [LINUX]
    with debian.scratch(folder) as scratch:
        debian.make(scratch, [
            "--variant=extract", "--format=null", f"--include={','.join([*linux, *UNPACKERS])}",
            f'--setup-hook={RECIPE / "unpacking.sh"} "$1" {machine.kernel}',
            *(pinned(lock.kernel, scratch) if lock else ()),
            f'--extract-hook={RECIPE / "kernel.sh"} "$1"',
            *(f"--extract-hook=download /boot/{name} {target}" for name, target in (
                ("vmlinuz.lab", folder / KERNEL), ("initrd.lab", folder / INITRD), ("packages", folder / PACKAGES),
                ("modules.tar", scratch / "modules.tar"))),
            machine.kernel.removesuffix("-backports"), "-",
        ])
        debian.squash(scratch / "modules.tar", folder / MODULES)


def build_layer(machine: Named, folder: Path, say: Callable[[str], None], lock: Lock | None = None) -> None:
    """Build the uppermost layer over a machine's programs into `folder`."""
    below = place(replace(machine, layers=machine.layers[:-1])).layers
    locked = getattr(lock, layers.kind(machine.layers[-1])) if lock else ()
    layers.build(machine, [below[0], *below[2:]], folder, say,
                 lambda scratch: pinned(locked, scratch) if locked else [])


def pinned(packages: tuple[Package, ...], scratch: Path) -> list[str]:
    """mmdebstrap's arguments that make apt take these packages, and refuse those that are gone."""
    (scratch / "pins").write_text(preferences(packages))
    (scratch / "lock").write_text("".join(f"{p.name} {p.version} {p.sha256}\n" for p in packages))
    return [f'--setup-hook=cp {scratch / "pins"} "$1"/etc/apt/preferences.d/lock',
            f'--extract-hook={RECIPE / "locked.sh"} "$1" {scratch / "lock"}']
