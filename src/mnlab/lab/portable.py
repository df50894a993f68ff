"""mnlab in one folder that needs nothing of the computer it is unpacked on but Linux on x86-64, sh, tar and util-linux:
its own Python, its own QEMU, its packages, some labs, and the lab machine, booted. For autograders, whose base image
may have an older Python or QEMU or none, no network, and no rights.

Debian's files are not installed there: each program is started by the bundle's own dynamic loader, with the bundle's
libraries (ld.so(8), --library-path and --argv0). So every box has the same Python and the same QEMU, and the same work
gives the same evidence in all of them.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib.metadata import requires
from pathlib import Path
from tempfile import TemporaryDirectory

from mnlab.lab.lab import PACKAGE, ROOT, Lab
from mnlab.machine import debian, tools
from mnlab.machine.job import MachineError
from mnlab.machine.machines import Named
from mnlab.machine.vm import VirtualMachine

SUITE, PYTHON = "bookworm", "3.11"  # Debian 12: QEMU 7.2
PACKAGES = ("python3", "qemu-system-x86")
#: What no run reads.
LEFT_OUT = ("etc", "var", "usr/libexec", "usr/sbin", "usr/share/doc", "usr/share/man", "usr/share/locale",
            "usr/share/info", "usr/lib/ipxe")
#: Wheels for this Python run on every Linux since 2018 (PEP 600: glibc 2.28; the bundle has its own, 2.36).
PLATFORMS = ("manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64")
NOT_NEEDED = ("pip", "pytest")  # to build machines, and for `recheck --pytest`
#: Parts of a lab that grading has no use for.
NOT_GRADING = ("solution", "mutants.py", "right", "__pycache__")

HERE = """#!/bin/sh
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$(readlink -f -- "$0")")" && cd {up} && pwd)
"""
#: Starts a program of Debian's that lies in the bundle.
LOADER = ('exec "$here/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" --argv0 {name} --library-path '
          '"$here/lib/x86_64-linux-gnu:$here/usr/lib/x86_64-linux-gnu" "$here/usr/bin/{program}" {options}"$@"\n')
SCRIPTS = {
    # Python finds its library from where it seems to lie.
    "usr/bin/python": HERE.format(up="../..") + LOADER.format(name='"$here/usr/bin/python"',
                                                              program=f"python{PYTHON}", options=""),
    "bin/qemu-system-x86_64": HERE.format(up="..")
    + 'export QEMU_MODULE_DIR="$here/usr/lib/x86_64-linux-gnu/qemu"\n'
    + LOADER.format(name="qemu-system-x86_64", program="qemu-system-x86_64",
                    options='-L "$here/usr/share/seabios" -L "$here/usr/share/qemu" '),
    "bin/mnlab": HERE.format(up="..") + """unset PYTHONHOME PYTHONSTARTUP PYTHONINSPECT PYTHONWARNINGS
export PYTHONPATH="$here/site" PYTHONSAFEPATH=1 PYTHONNOUSERSITE=1 PYTHONDONTWRITEBYTECODE=1
export PATH="$here/bin:/usr/sbin:/usr/bin:/sbin:/bin"
export MNLAB_CACHE="${MNLAB_CACHE:-$here/cache}"
exec "$here/usr/bin/python" -P -m mnlab "$@"
""",
}


def write(archive: Path, labs: list[Lab], named: Named, say: Callable[[str], None]) -> None:
    """Write the bundle with these labs and this machine as a gzipped tar, whose one folder is called mnlab. It is tried
    first. MachineError if it cannot be made, or does not work."""
    tools.require(*tools.building())
    machine = VirtualMachine("virtual", say, named=named)
    machine.prepare()
    with TemporaryDirectory(prefix="mnlab-bundle-") as scratch:
        folder = Path(scratch) / "mnlab"
        folder.mkdir()
        say("bundle: Python and QEMU of Debian 12")
        _programs(folder, Path(scratch))
        say("bundle: Python packages")
        _packages(folder / "site")
        _project(folder / "site/mnlab", labs)
        say("bundle: the lab machine")
        _machine(folder / "cache", [*machine.image.folders, machine.snapshot])
        _try(folder, labs, named, Path(scratch), say)
        _run(["chmod", "-R", "a+rX,go-w", str(folder)], "the bundle could not be made readable")  # whoever grades
        say(f"writing {archive}")
        _run(["tar", "--sparse", "--format=posix", "--owner=0", "--group=0", "--numeric-owner", "-I", "gzip -3", "-cf",
              str(archive.resolve()), "-C", scratch, "mnlab"], "the bundle could not be written")


def _programs(folder: Path, scratch: Path) -> None:
    """Debian's Python and QEMU with what they need, unpacked and not installed, and what starts them."""
    (scratch / "log").mkdir()
    prefix, _ = debian.bounded()
    _run([*prefix, "mmdebstrap", "--quiet", "--architectures=amd64", "--variant=extract",
          f"--include={','.join(PACKAGES)}", SUITE, str(scratch / "debian.tar")], "Debian's packages could not be got",
         cwd=scratch, env={**os.environ, **debian.DATED, "TMPDIR": str(scratch / "log")})
    _run(["tar", "-xf", str(scratch / "debian.tar"), "-C", str(folder), "--no-same-owner", "--no-same-permissions",
          "--exclude=./dev/*", *(f"--exclude=./{part}/*" for part in LEFT_OUT)], "Debian's packages are damaged")
    (scratch / "debian.tar").unlink()
    for name, text in SCRIPTS.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)


def _packages(folder: Path) -> None:
    """What mnlab imports, as wheels for the bundle's Python, whatever Python this is."""
    wanted = [line for line in requirements() if not line.startswith(NOT_NEEDED)]
    _run([sys.executable, "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile",
          "--target", str(folder), "--only-binary=:all:", "--implementation=cp", f"--python-version={PYTHON}",
          *(f"--platform={platform}" for platform in PLATFORMS), *wanted], "Python packages could not be got")


def requirements() -> list[str]:
    """What mnlab depends on, as its pyproject.toml or its installed package says."""
    project = ROOT / "pyproject.toml"
    if project.is_file():
        return tomllib.loads(project.read_text())["project"]["dependencies"]
    return [line for line in requires("mnlab") or () if "extra ==" not in line]


def _project(package: Path, labs: list[Lab]) -> None:
    """mnlab itself, as it is when installed, with these labs, and their collections' topologies and controllers."""
    ignore = shutil.ignore_patterns("__pycache__", "data")
    shutil.copytree(PACKAGE, package, ignore=ignore)
    for root in dict.fromkeys((ROOT, *(lab.collection for lab in labs))):
        for part in ("topologies", "controller"):
            if (root / part).is_dir():
                shutil.copytree(root / part, package / "data" / part, ignore=ignore, dirs_exist_ok=True)
    for lab in labs:
        shutil.copytree(lab.folder, package / "data/labs" / lab.layer / lab.name,
                        ignore=shutil.ignore_patterns(*NOT_GRADING))


def _machine(cache: Path, entries: list[Path]) -> None:
    """The machine's entries of the cache, with times that their seals know, and holes."""
    cache.mkdir()
    for entry in entries:
        _run(["cp", "-r", "--preserve=mode,timestamps", "--sparse=always", str(entry), str(cache / entry.name)],
             "the lab machine could not be copied")


def _try(folder: Path, labs: list[Lab], named: Named, scratch: Path, say: Callable[[str], None]) -> None:
    """Take the snapshot, if this computer's QEMU is another than the bundle's, and grade each lab's starter: it shows
    that the bundle works, and leaves in its cache what a run makes for the next."""
    say("bundle: trying it")
    mnlab = [str(folder / "bin/mnlab")]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MNLAB"))}
    environment["MNLAB_MACHINE"] = named.name
    _run([*mnlab, "machine", "build", "--quiet"], "the bundle's lab machine does not start", env=environment)
    for lab in labs:
        work = scratch / "work" / lab.name
        _run([*mnlab, "start", lab.name, "--seed", "1", "--work", str(work)], f"{lab.name} cannot be started",
             env=environment)
        _run([*mnlab, "check", lab.name, "--work", str(work), "--only-points", "--quiet", "--out",
              str(scratch / "runs")], f"{lab.name} cannot be graded", statuses=(0, 1), env=environment)
    shutil.rmtree(folder / "cache/runs", ignore_errors=True)


def _run(command: list[str], trouble: str, statuses: tuple[int, ...] = (0,), **options) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                          **{"cwd": "/", **options})
    if done.returncode not in statuses:
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines()[-4:]
        raise MachineError(f"{trouble}:\n" + "\n".join(f"  {line}" for line in lines))
