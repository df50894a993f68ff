"""A tree of Debian packages, as mmdebstrap makes it."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mnlab.machine.job import MIB, MachineError

EPOCH = 1767225600  # 2026-01-01T00:00:00Z, where virtual time starts, too
DATED = {"SOURCE_DATE_EPOCH": str(EPOCH)}
#: How a tar becomes a file system: what every lab reads is not compressed; what few read takes a third of the room.
#: (sqfstar(1) 4.5 takes no level of compression.)
PLAIN = ("sqfstar", "-quiet", "-no-progress", "-no-xattrs", "-noI", "-noD", "-noF", "-noX", "{}")
SMALL = ("mksquashfs", "-", "{}", "-tar", "-quiet", "-no-progress", "-no-xattrs", "-comp", "zstd",
         "-Xcompression-level", "3")
#: What to do on a computer that cannot build it.
ELSEWHERE = ("where it cannot be built, take it from a computer where it can: `mnlab machine export FILE` there,\n"
             "  `mnlab machine import FILE` here")
#: Of a lock's packages, those that the archive has no more (recipe/locked.sh).
GONE = "gone: "
#: Of packages that somebody asks for, those that there are not (recipe/known.sh).
UNKNOWN = "unknown: "


class Gone(MachineError):
    """The archive has `packages` of a lock no more."""

    def __init__(self, packages: list[str]):
        super().__init__(f"the archive has these packages of the lock no more: {', '.join(packages)}")
        self.packages = packages


class UnknownPackage(MachineError):
    """Debian has no packages of these names."""

    def __init__(self, packages: list[str], suite: str):
        super().__init__(f"Debian ({suite}) has no package {', '.join(packages)}; "
                         "`apt-cache search WORD` tells the names")


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """A folder for what is no part of the layer that is built in `folder`."""
    scratch = folder / "scratch"
    scratch.mkdir()
    yield scratch
    shutil.rmtree(scratch)


def make(folder: Path, arguments: list[str], target: Path | None = None, **variables: str) -> None:
    """Run mmdebstrap with `arguments` and `variables` of the environment. The tar that it prints becomes the file
    system `target`.

    `folder` has what goes wrong in build.log. MachineError with its last lines; Gone; UnknownPackage.
    """
    environment = {**os.environ, **DATED, **variables, "TMPDIR": str(folder)}
    log = folder / "build.log"
    prefix, ending = bounded()
    with open(log, "wb") as output:
        # In a folder of our own: the current one may hold modules for the hooks' Python.
        debian = subprocess.Popen([*prefix, "mmdebstrap", "--quiet", "--architectures=amd64", *arguments],
                                  env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=output)
        assert debian.stdout
        squashed = subprocess.Popen(squashing(target) if target else ["cat"], env=environment, cwd=folder,
                                    stdin=debian.stdout, stdout=output, stderr=output)
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
        if gone := [line.removeprefix(GONE) for line in lines if line.startswith(GONE)]:
            raise Gone(gone)
        if unknown := [line.removeprefix(UNKNOWN) for line in lines if line.startswith(UNKNOWN)]:
            raise UnknownPackage(unknown, arguments[-2])
        raise MachineError("the image could not be built:\n" + "\n".join(f"  {line}" for line in lines[-6:])
                           + f"\n{ELSEWHERE}")
    log.unlink()
    if target:
        pad(target)


def squash(archive: Path, file: Path, how: tuple[str, ...] = PLAIN) -> None:
    """Make a read-only file system of a tar. MachineError if that fails."""
    with open(archive, "rb") as source:
        done = subprocess.run(squashing(file, how), stdin=source, cwd=file.parent, env={**os.environ, **DATED},
                              capture_output=True, text=True)
    if done.returncode:
        raise MachineError(f"{file.name} could not be made: {done.stderr.strip()[-200:]}")
    pad(file)


def squashing(file: Path, how: tuple[str, ...] = PLAIN) -> list[str]:
    """The command that turns a tar at its standard input into a read-only file system."""
    return [word.format(file) for word in how]


def pad(file: Path, unit: int = 2 * MIB) -> None:
    """Fill up with zeros: persistent memory comes in whole units."""
    size = -(-file.stat().st_size // unit) * unit
    os.truncate(file, size)


def bounded() -> tuple[list[str], int]:
    """A prefix that makes the build end, and its mounts vanish, with who started it; and the signal that ends it.

    unshare(1) ignores SIGTERM while its child runs, so it is killed, and takes its namespaces along. Who is not root,
    or root without CAP_SYS_ADMIN, as in a plain container, has no such namespaces; mmdebstrap then cleans up by itself.
    """
    namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    if os.geteuid() == 0 and subprocess.run([*namespaces, "true"], capture_output=True).returncode == 0:
        return ["setpriv", "--pdeathsig", "KILL", *namespaces], signal.SIGKILL
    return ["setpriv", "--pdeathsig", "TERM"], signal.SIGTERM
