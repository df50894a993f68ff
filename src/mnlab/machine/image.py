"""The image of a lab machine: Debian packages turned into a read-only root file system, a kernel and its modules.

It holds dependencies only, never code of mnlab. It has two layers, which lie in the cache side by side: the user land
of a Debian release, which machines with other kernels share, and the kernel. The recipe folder says what goes in; a
changed recipe is a new image. The same packages give the same bytes (SOURCE_DATE_EPOCH; nothing generated at install
time is kept).
"""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mnlab.machine import cache, debian, tools, wheels
from mnlab.machine.lock import Lock, Package, preferences
from mnlab.machine.machines import MACHINES, Named

RECIPE = Path(__file__).parent / "recipe"
KERNEL, INITRD, MODULES, ROOTFS, PACKAGES = "vmlinuz", "initrd", "modules.squashfs", "rootfs.squashfs", "packages"
#: The files of the recipe that go into each layer.
OF_USERLAND = ("packages.txt", "customize.sh", "cpu_limited_host.py")
OF_KERNEL = ("unpacking.sh", "kernel.sh", "init")
LINUX = "linux-image-cloud-amd64"
UNPACKERS = ("busybox-static", "coreutils", "cpio", "dash", "findutils", "kmod", "liblzma5")


@dataclass(frozen=True)
class Image:
    """A machine's image in the cache: the folders of its two layers."""

    userland: Path
    kernel: Path

    @property
    def layers(self) -> tuple[Path, Path]:
        """Its file systems: the programs, and the kernel's modules."""
        return self.userland / ROOTFS, self.kernel / MODULES

    @property
    def digest(self) -> str:
        """Identifies the image's bytes: what is in it."""
        below, above = cache.digests(self.userland), cache.digests(self.kernel)
        files = [below[ROOTFS], *(above[name] for name in (KERNEL, INITRD, MODULES))]
        return hashlib.sha256(repr(files).encode()).hexdigest()

    @property
    def lock(self) -> Lock:
        """The exact packages that it was made of."""
        return Lock(*(tuple(Package(*line.split()) for line in (folder / PACKAGES).read_text().splitlines())
                      for folder in (self.userland, self.kernel)))

    @property
    def built(self) -> float:
        """When its younger layer was built, in seconds of Unix time."""
        return max(folder.stat().st_mtime for folder in (self.userland, self.kernel))


def place(machine: Named) -> Image:
    """Where a machine's image is in the cache, or would be."""
    below = _key(machine.suite, debian.EPOCH, wheels.WHEELS, wheels.MENDED, files=OF_USERLAND)
    above = _key(machine.kernel, debian.EPOCH, LINUX, UNPACKERS, files=OF_KERNEL)
    folder = cache.cache_folder()
    return Image(folder / f"userland-{machine.suite}-{below}", folder / f"kernel-{machine.kernel}-{above}")


def _key(*told, files: tuple[str, ...]) -> str:
    digest = hashlib.sha256(repr(told).encode())
    for name in files:
        digest.update(name.encode() + b"\0" + (RECIPE / name).read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def built(machine: Named) -> bool:
    """Whether a machine's image is in the cache, and whole."""
    image = place(machine)
    return cache.is_whole(image.userland) and cache.is_whole(image.kernel)


def get(machine: Named, say: Callable[[str], None] = cache.say_to_stderr) -> Image:
    """A machine's image, built if need be. MachineError if it cannot be built."""
    image = place(machine)
    cache.entry(image.userland.name, partial(build_userland, machine, say=say), say)
    cache.entry(image.kernel.name, partial(build_kernel, machine, say=say), say)
    return image


def rebuild(machine: Named, lock: Lock, say: Callable[[str], None] = cache.say_to_stderr) -> Image:
    """Build a machine's image of the packages of a lock, in place of what there is. Gone if the archive has not all of
    them any more, and MachineError if something else is in the way; then what there is stays."""
    image, gone = place(machine), list[str]()
    with cache.renewed(image.kernel.name, image.userland.name, say=say) as folders:
        for layer, build in ((image.kernel, build_kernel), (image.userland, build_userland)):
            try:
                build(machine, folders[layer.name], say, lock)
            except debian.Gone as problem:
                gone += problem.packages
        if gone:
            raise debian.Gone(gone)
    if others := [other.name for other in MACHINES.values()
                  if other != machine and place(other).userland == image.userland]:
        say(f"programs shared with {' and '.join(others)}: that is another image from now on, too")
    return image


def build_userland(machine: Named, folder: Path, say: Callable[[str], None], lock: Lock | None = None) -> None:
    """Build the lower layer into `folder`: about two minutes, most of it unpacking packages."""
    tools.require(*tools.building())
    say(f"building the programs of {machine.name} (once; two to four minutes)")
    made = wheels.get(say)
    say("image: installing Debian packages")
    with _scratch(folder) as scratch:
        packages = [line for line in (RECIPE / "packages.txt").read_text().split("\n") if line and line[0] != "#"]
        debian.make(scratch, [
            "--variant=minbase", f"--include={','.join(packages)}",
            *(f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("doc", "info", "locale", "man")),
            *(_pinned(lock.userland, scratch) if lock else ()),
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
    with _scratch(folder) as scratch:
        debian.make(scratch, [
            "--variant=extract", "--format=null", f"--include={','.join([*linux, *UNPACKERS])}",
            f'--setup-hook={RECIPE / "unpacking.sh"} "$1" {machine.kernel}',
            *(_pinned(lock.kernel, scratch) if lock else ()),
            f'--extract-hook={RECIPE / "kernel.sh"} "$1"',
            *(f"--extract-hook=download /boot/{name} {target}" for name, target in (
                ("vmlinuz.lab", folder / KERNEL), ("initrd.lab", folder / INITRD), ("packages", folder / PACKAGES),
                ("modules.tar", scratch / "modules.tar"))),
            machine.kernel.removesuffix("-backports"), "-",
        ])
        debian.squash(scratch / "modules.tar", folder / MODULES)


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """A folder for what is no part of the layer that is built in `folder`."""
    scratch = folder / "scratch"
    scratch.mkdir()
    yield scratch
    shutil.rmtree(scratch)


def _pinned(packages: tuple[Package, ...], scratch: Path) -> list[str]:
    """mmdebstrap's arguments that make apt take these packages, and refuse those that are gone."""
    (scratch / "pins").write_text(preferences(packages))
    (scratch / "lock").write_text("".join(f"{p.name} {p.version} {p.sha256}\n" for p in packages))
    return [f'--setup-hook=cp {scratch / "pins"} "$1"/etc/apt/preferences.d/lock',
            f'--extract-hook={RECIPE / "locked.sh"} "$1" {scratch / "lock"}']
