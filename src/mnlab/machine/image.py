"""The image: Debian packages turned into a kernel, a first file system and a read-only root file system.

It holds dependencies only, never code of mnlab. The recipe folder says what goes in; a changed recipe is a new image.
The same packages give the same bytes (SOURCE_DATE_EPOCH; nothing generated at install time is kept).
"""

import hashlib
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from mnlab.machine import cache, tools
from mnlab.machine.job import MIB, MachineError

RECIPE = Path(__file__).parent / "recipe"
SUITE = "bookworm"
EPOCH = 1767225600  # 2026-01-01T00:00:00Z, where virtual time starts, too
WHEELS = ("ryu==4.34", "os-ken==4.2.2", "tinyrpc==1.1.7")
#: (wheel, file, what stands there, what shall): eventlet 0.30.3 took a name away that Ryu's web server imports.
MENDED = (("ryu-4.34-", "ryu/app/wsgi.py",
           b"    from eventlet.wsgi import ALREADY_HANDLED\n", b"    ALREADY_HANDLED = []\n"),)

#: What to do on a computer that cannot build it.
ELSEWHERE = ("where it cannot be built, take it from a computer where it can: `mnlab machine export FILE` there,\n"
             "  `mnlab machine import FILE` here")

KERNEL, INITRD, ROOTFS = "vmlinuz", "initrd", "rootfs.squashfs"


def key() -> str:
    """Identifies the recipe: what should be in the image."""
    digest = hashlib.sha256(repr((SUITE, EPOCH, WHEELS, MENDED)).encode())
    for path in sorted(filter(Path.is_file, RECIPE.iterdir())):  # pip leaves bytecode beside what it installs
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def built() -> bool:
    """Whether the image is in the cache, and whole."""
    return cache.is_whole(cache.cache_folder() / f"image-{key()}")


def get(say: Callable[[str], None] = cache.say_to_stderr) -> Path:
    """The image's folder in the cache, built if need be. MachineError if it cannot be built."""
    return cache.entry(f"image-{key()}", lambda folder: build(folder, say), say)


def digest(folder: Path) -> str:
    """Identifies the image's bytes: what is in it."""
    files = cache.digests(folder)
    return hashlib.sha256(repr([files[name] for name in (KERNEL, INITRD, ROOTFS)]).encode()).hexdigest()


def build(folder: Path, say: Callable[[str], None]) -> None:
    """Build the image into `folder`: about two minutes, most of it unpacking packages."""
    tools.require(*tools.building())
    say("building the lab machine's image (once; two to four minutes)")
    wheels = folder / "wheels"
    build_wheels(wheels, say)
    say("image: installing Debian packages")
    packages = [line for line in (RECIPE / "packages.txt").read_text().split("\n") if line and line[0] != "#"]
    command = [
        "mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(packages)}",
        *(f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("doc", "info", "locale", "man")),
        f'--customize-hook={RECIPE / "customize.sh"} "$1"',
        f"--customize-hook=download /boot/vmlinuz.lab {folder / KERNEL}",
        f"--customize-hook=download /boot/initrd.lab {folder / INITRD}",
        '--customize-hook=rm -rf "$1"/boot/*',
        SUITE, "-",
    ]
    squash = ["sqfstar", "-quiet", "-no-progress", "-no-xattrs", "-noI", "-noD", "-noF", "-noX", str(folder / ROOTFS)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(EPOCH), "MNLAB_WHEELS": str(wheels), "TMPDIR": str(folder)}
    log = folder / "build.log"
    prefix, ending = bounded()
    with open(log, "wb") as output:
        # In a folder of our own: the current one may hold modules for the hooks' Python.
        debian = subprocess.Popen([*prefix, *command], env=environment, cwd=folder, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=output)
        squashed = subprocess.Popen(squash, env=environment, cwd=folder, stdin=debian.stdout, stdout=output,
                                    stderr=output)
        assert debian.stdout
        debian.stdout.close()
        try:
            statuses = debian.wait(), squashed.wait()
        except BaseException:
            debian.send_signal(ending)
            squashed.kill()
            debian.wait(), squashed.wait()
            raise
    if any(statuses):
        lines = log.read_text(errors="replace").strip().splitlines()
        raise MachineError("the image could not be built:\n" + "\n".join(f"  {line}" for line in lines[-6:])
                           + f"\n{ELSEWHERE}")
    _pad(folder / ROOTFS, 2 * MIB)
    for path in wheels.iterdir():
        path.unlink()
    wheels.rmdir()
    log.unlink()
    say("image: done")


def bounded() -> tuple[list[str], int]:
    """A prefix that makes the build end, and its mounts vanish, with who started it; and the signal that ends it.

    unshare(1) ignores SIGTERM while its child runs, so it is killed, and takes its namespaces along. Who is not root,
    or root without CAP_SYS_ADMIN, as in a plain container, has no such namespaces; mmdebstrap then cleans up by itself.
    """
    namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    if os.geteuid() == 0 and subprocess.run([*namespaces, "true"], capture_output=True).returncode == 0:
        return ["setpriv", "--pdeathsig", "KILL", *namespaces], signal.SIGKILL
    return ["setpriv", "--pdeathsig", "TERM"], signal.SIGTERM


def build_wheels(folder: Path, say: Callable[[str], None]) -> None:
    """Make `folder` with the wheels of WHEELS. MachineError if that fails.

    Ryu 4.34 fails to build with setuptools 68 and later; the older one makes a pure wheel. It is mended (MENDED), so
    that it runs by its own manager, too, and not only by our launcher.
    """
    say("building the Ryu wheel")
    folder.mkdir()
    constraint = folder / "constraints.txt"
    constraint.write_text("setuptools<68\n")
    command = [sys.executable, "-I", "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), *WHEELS]
    # An old setup.py imports what lies beside it, which PYTHONSAFEPATH forbids; and our modules are nothing to pip.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")} | {
        "PIP_CONSTRAINT": str(constraint), "PIP_DISABLE_PIP_VERSION_CHECK": "1", "SOURCE_DATE_EPOCH": str(EPOCH)}
    done = subprocess.run(command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True)
    constraint.unlink()
    if done.returncode:
        raise MachineError(f"the Ryu wheel could not be built:\n  {done.stderr.strip().splitlines()[-1]}")
    for wheel, file, old, new in MENDED:
        mend(next(folder.glob(f"{wheel}*.whl")), file, old, new)


def mend(wheel: Path, file: str, old: bytes, new: bytes) -> None:
    """Replace `old`, which must stand in a file of a wheel once, with `new`; the rest of the wheel stays as it is."""
    with zipfile.ZipFile(wheel) as archive:
        contents = [(entry, archive.read(entry)) for entry in archive.infolist()]
    if [data.count(old) for entry, data in contents if entry.filename == file] != [1]:
        raise MachineError(f"{file} of {wheel.name} is not what it was: it cannot be mended")
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, data in contents:
            archive.writestr(entry, data.replace(old, new) if entry.filename == file else data)


def _pad(path: Path, unit: int) -> None:
    """Fill up with zeros: persistent memory comes in whole units."""
    size = -(-path.stat().st_size // unit) * unit
    os.truncate(path, size)
