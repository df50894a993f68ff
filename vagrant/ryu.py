"""Install Ryu, and what else only comes as a wheel, for Debian's Python: ryu.py FOLDER-TO-BUILD-IN."""

import compileall
import sys
import sysconfig
import warnings
import zipfile
from importlib import metadata
from pathlib import Path

from mnlab.machine.job import MachineError
from mnlab.machine.wheels import WHEELS, build


def is_installed(pinned: str) -> bool:
    name, version = pinned.split("==")
    try:
        return metadata.version(name) == version
    except metadata.PackageNotFoundError:
        return False


if not all(map(is_installed, WHEELS)):
    folder = Path(sys.argv[1])
    try:
        folder.mkdir()
        build(folder, print)
    except MachineError as problem:
        sys.exit(f"mnlab: {problem}")
    place = Path(sysconfig.get_path("purelib"))
    warnings.simplefilter("ignore")  # of a newer Python's about older code: who runs it cannot help it
    for wheel in map(zipfile.ZipFile, folder.glob("*.whl")):
        wheel.extractall(place)  # a pure wheel is its own installation
        for package in {name.partition("/")[0] for name in wheel.namelist() if name.endswith(".py")}:
            compileall.compile_dir(place / package, quiet=1)
