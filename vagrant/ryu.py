"""Install Ryu, and what else only comes as a wheel, for Debian's Python: ryu.py FOLDER-TO-BUILD-IN."""

import sys
import sysconfig
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
    for wheel in folder.glob("*.whl"):
        zipfile.ZipFile(wheel).extractall(sysconfig.get_path("purelib"))  # a pure wheel is its own installation
