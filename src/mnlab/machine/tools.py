"""Programs of this computer that a machine needs, and how to get those that are missing."""

import os
import re
import shutil
import subprocess
from functools import cache

from mnlab.machine.job import MachineError

#: Program: the Debian package that has it.
PACKAGES = {
    "qemu-system-x86_64": "qemu-system-x86",
    "mmdebstrap": "mmdebstrap",
    "sqfstar": "squashfs-tools",
    "newuidmap": "uidmap",
    "setpriv": "util-linux",
}

RUNNING = ("qemu-system-x86_64", "setpriv")

#: The oldest QEMU the machine was made for: `-action panic=pause` came in 6.0, `-seed` with icount was tried on 7.2.
OLDEST_QEMU = (7, 2)
TRIED_QEMU = ("7.2", "8.2", "10.0", "11.1")  # of Debian 12, Ubuntu 24.04, Debian 13 and its backports


def building() -> tuple[str, ...]:
    """The programs that building the image takes besides; who is not root needs a range of user ids for it."""
    return "mmdebstrap", "sqfstar", *(() if os.geteuid() == 0 else ("newuidmap",))


def require(*programs: str) -> None:
    """MachineError naming the packages of those `programs` that are not installed."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        packages = " ".join(sorted({PACKAGES[program] for program in missing}))
        raise MachineError(f"{', '.join(missing)} not found. On Debian or Ubuntu:\n"
                           f"  sudo apt-get install --no-install-recommends {packages}")


@cache
def qemu_version() -> str:
    """QEMU's version, like "7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)". MachineError if missing or too old."""
    require(*RUNNING)
    done = subprocess.run(["qemu-system-x86_64", "--version"], capture_output=True, text=True)
    match = re.search(r"version (([0-9]+)\.([0-9]+)\S*(?: \(.*\))?)", done.stdout)
    if done.returncode or not match:
        raise MachineError("qemu-system-x86_64 --version gave no version: is QEMU installed whole?")
    if (int(match[2]), int(match[3])) < OLDEST_QEMU:
        raise MachineError(f"QEMU {match[1]} is too old: mnlab needs {OLDEST_QEMU[0]}.{OLDEST_QEMU[1]} or later.")
    return match[1]


def untried(version: str) -> str:
    """The end of a sentence: that mnlab was not tried with this `version` of QEMU; "" if it was."""
    if ".".join(version.split(".")[:2]) in TRIED_QEMU:
        return ""
    return f" (mnlab was tried with QEMU {', '.join(TRIED_QEMU[:-1])} and {TRIED_QEMU[-1]}; this is {version})"
