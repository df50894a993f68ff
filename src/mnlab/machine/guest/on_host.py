"""First process of a job on the host machine: in namespaces of its own, make a place to work, then run the job.

Started by keeper.py under unshare(1), with the host's own Python (it must have Mininet). Standard input carries
a page of header and the job's archive, as in the mailbox. Everything mounted here vanishes with the namespaces; this
computer's own files can be read, and nothing can be written to them.
"""

import ctypes
import importlib
import json
import os
import socket
import struct
import subprocess
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
import mailbox

del sys.path[0]

JOB, RESULT = Path("/run/job"), Path("/run/result")
CGROUP, TRACING = Path("/sys/fs/cgroup/job"), Path("/sys/kernel/tracing")

#: Where programs write: folders of our own instead of this computer's, empty or with the folders named.
WRITABLE = {"/run": (), "/tmp": (), "/var/tmp": (), "/dev/shm": (), "/var/log": ("nginx", "openvswitch"),
            "/var/lib/nginx": (), "/etc/openvswitch": (), "/var/lib/openvswitch": ()}
EVERYBODYS = ("/tmp", "/var/tmp", "/dev/shm")

#: Files that the job sees as the lab machine has them: its names and servers are those of no network around it.
FILES = {"/etc/hosts": "127.0.0.1 localhost lab\n", "/etc/resolv.conf": ""}

#: The user for students' programs is the run's own: numbers from here on are nobody's, and no two runs have the same.
STUDENT, FIRST_UID = "student", 1_500_000_000

#: mount_setattr(2): its number (the same on every architecture), MOUNT_ATTR_RDONLY, AT_FDCWD, AT_RECURSIVE.
MOUNT_SETATTR, READ_ONLY, HERE, RECURSIVE = 442, 1, -100, 0x8000


def mount(*arguments) -> None:
    subprocess.run(["mount", *map(str, arguments)], check=True)


def bind(opened: int, place: Path) -> None:
    """Let an opened folder appear at `place`, to be written to. Where it lies, something else may be mounted by now."""
    mount("--no-canonicalize", "--bind", f"/proc/{os.getpid()}/fd/{opened}", place)
    mount("-o", "remount,bind,rw", place)
    os.close(opened)


def make_read_only() -> None:
    """Make every mount of this namespace read-only."""
    libc = ctypes.CDLL(None, use_errno=True)
    wanted = struct.pack("QQQQ", READ_ONLY, 0, 0, 0)  # struct mount_attr
    if libc.syscall(MOUNT_SETATTR, HERE, b"/", RECURSIVE, wanted, len(wanted)) != 0:
        raise OSError(ctypes.get_errno(), "mount_setattr(2) failed; it takes Linux 5.12 or later")


def furnish(folder: str) -> None:
    """Give the job file systems of its own, and `folder` for its results."""
    result = os.open(folder, os.O_PATH)
    group = os.open(os.environ["MNLAB_CGROUP"], os.O_PATH) if os.environ["MNLAB_CGROUP"] else None
    make_read_only()
    mount("-o", "remount,bind,rw", "/proc")  # it is this process namespace's own
    for place, inside in WRITABLE.items():
        if Path(place).is_dir():
            mount("-t", "tmpfs", "-o", "mode=1777" if place in EVERYBODYS else "mode=755", "none", place)
            for name in inside:
                Path(place, name).mkdir()
    uid = FIRST_UID + int(os.environ["MNLAB_TRACE"].split("-")[1])
    users = {"/etc/passwd": f"{STUDENT}:x:{uid}:{uid}::/nonexistent:/bin/bash\n", "/etc/group": f"{STUDENT}:x:{uid}:\n"}
    for path, line in users.items():
        replace(Path(path), line + Path(path).read_text())  # of two with one name, the first counts
    for path, text in FILES.items():
        replace(Path(path).resolve(), text)
    JOB.mkdir()
    RESULT.mkdir(mode=0o700)
    bind(result, RESULT)
    mount("-t", "devpts", "-o", "newinstance,ptmxmode=666,mode=620", "none", "/dev/pts")
    mount("-t", "sysfs", "none", "/sys")  # as it is in our network namespace
    if TRACING.is_dir():
        mount("-t", "tracefs", "none", TRACING)
    if group is not None:
        mount("-t", "tmpfs", "-o", "mode=755", "none", CGROUP.parent)
        CGROUP.mkdir()
        bind(group, CGROUP)


def replace(path: Path, text: str) -> None:
    """Let the job see `text` in a file. Behind a link into /run (systemd-resolved's) there is nothing any more."""
    if path.is_relative_to("/run"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    elif path.is_file():
        own = Path("/run", f"own-{path.name}")
        own.write_text(text)
        mount("--bind", own, path)


def start_open_vswitch() -> None:
    """Open vSwitch of our own. Its daemons live in our namespaces, and so does the kernel's half, the datapath."""
    # It caches the CPU count for 10 s and starts at 0: on a clock younger than that it would drop first packets.
    time.sleep(max(0, 12 - time.clock_gettime(time.CLOCK_MONOTONIC)))
    done = subprocess.run(["/usr/share/openvswitch/scripts/ovs-ctl", "start", "--system-id=lab", "--no-monitor"],
                          capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"Open vSwitch did not start: {done.stderr or done.stdout}")


def main(folder: str) -> int:
    head = json.loads(sys.stdin.buffer.read(mailbox.PAGE).split(b"\n", 1)[0])
    archive = sys.stdin.buffer.read(head["length"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    furnish(folder)
    socket.sethostname("lab")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    mailbox.unpack(archive, str(JOB))
    os.chdir(JOB)
    os.environ.update(MNLAB_RESULT=str(RESULT), PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                      PYTHONDONTWRITEBYTECODE="1", HOME="/root", SHELL="/bin/bash", LANG="C.UTF-8")
    if "openvswitch" in head["needs"]:
        start_open_vswitch()
    sys.path[0:0] = [str(JOB / part) for part in head["path"]]
    module, function = head["entry"].split(":")
    return getattr(importlib.import_module(module), function)(*head["arguments"]) or 0


if __name__ == "__main__":
    try:
        status = main(sys.argv[1])
    except Exception:
        traceback.print_exc()
        status = 70  # EX_SOFTWARE: the job itself could not be started
    sys.stdout.flush()
    os._exit(status)
