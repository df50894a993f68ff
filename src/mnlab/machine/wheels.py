"""The Python packages of the lab machine that are no Debian packages: built once, for all machines."""

import hashlib
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from mnlab.machine import cache
from mnlab.machine.debian import DATED
from mnlab.machine.job import MachineError

WHEELS = ("ryu==4.34", "os-ken==4.2.2", "tinyrpc==1.1.7")
#: What the image `full` has besides; the second is what the first imports.
FULL = ("pyshark==0.6", "appdirs==1.4.4")
#: (wheel, file, what stands there, what shall): eventlet 0.30.3 took a name away that Ryu's web server imports.
MENDED = (("ryu-4.34-", "ryu/app/wsgi.py",
           b"    from eventlet.wsgi import ALREADY_HANDLED\n", b"    ALREADY_HANDLED = []\n"),)


def get(say: Callable[[str], None], wanted: tuple[str, ...] = WHEELS) -> Path:
    """The folder with the wheels `wanted` in the cache, built if need be. MachineError if that fails."""
    return cache.entry(place(wanted).name, lambda folder: build(folder, say, wanted), say)


def place(wanted: tuple[str, ...] = WHEELS) -> Path:
    """Where they are in the cache, or would be."""
    return cache.cache_folder() / f"wheels-{hashlib.sha256(repr((DATED, wanted, MENDED)).encode()).hexdigest()[:16]}"


def build(folder: Path, say: Callable[[str], None], wanted: tuple[str, ...] = WHEELS) -> None:
    """Put the wheels `wanted` into `folder`. MachineError if that fails.

    Ryu 4.34 fails to build with setuptools 68 and later; the older one makes a pure wheel, the same with every Python.
    It is mended (MENDED), so that it runs by its own manager, too, and not only by our launcher.
    """
    names = ", ".join(wheel.split("==")[0] for wheel in wanted)
    say(f"building the wheels of {names}")
    constraint = folder / "constraints.txt"
    constraint.write_text("setuptools<68\nwheel==0.48.0\n")  # the latter writes its version into what it makes
    command = [sys.executable, "-I", "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), *wanted]
    # An old setup.py imports what lies beside it, which PYTHONSAFEPATH forbids; and our modules are nothing to pip.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")} | {
        # Not with the setuptools of this Python, if it has one; since pip 25.3 a build has constraints of its own.
        "PIP_USE_PEP517": "1", "PIP_CONSTRAINT": str(constraint), "PIP_BUILD_CONSTRAINT": str(constraint),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1", **DATED}
    done = subprocess.run(command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True)
    constraint.unlink()
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        reasons = [line for line in lines if re.search(r"^\s*\w*Error: ", line)]  # pip's own last line is a hint
        raise MachineError(f"the wheels of {names} could not be built:\n  {(reasons or lines)[-1].strip()}")
    for wheel, file, old, new in MENDED:
        for found in folder.glob(f"{wheel}*.whl"):
            mend(found, file, old, new)


def mend(wheel: Path, file: str, old: bytes, new: bytes) -> None:
    """Replace `old`, which must stand in a file of a wheel once, with `new`; the rest of the wheel stays as it is."""
    with zipfile.ZipFile(wheel) as archive:
        contents = [(entry, archive.read(entry)) for entry in archive.infolist()]
    if [data.count(old) for entry, data in contents if entry.filename == file] != [1]:
        raise MachineError(f"{file} of {wheel.name} is not what it was: it cannot be mended")
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, data in contents:
            archive.writestr(entry, data.replace(old, new) if entry.filename == file else data)
