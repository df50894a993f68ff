"""Stands beside a job on the host machine, outside its namespaces, and removes what they do not hold.

A job's processes, interfaces and mounts go with its namespaces. Its trace instances and its control group are the
kernel's, and would stay. So machine/host.py starts a keeper for each job, and holds the other end of its leash, a
socket. When that is let go (who held it may have been killed) or the job has ended, the keeper ends what is left of the
job, removes all of it, and says how the job ended.

What a keeper makes bears its name, mnlab-PID-START. The next keeper removes what bears the name of a dead one.
"""

import contextlib
import ctypes
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

JOB = Path(__file__).with_name("on_host.py")
CGROUPS, TRACING = Path("/sys/fs/cgroup"), Path("/sys/kernel/tracing")
CONTROLLERS = {"memory", "pids"}  # of control groups, version 2
PR_SET_CHILD_SUBREAPER = 36  # include/uapi/linux/prctl.h
NAME = re.compile(r"(mnlab-(\d+)-(\d+))(-.*)?")
NAMESPACES = ("--net", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "--mount-proc")


def main(leash: socket.socket, folder: str, limits: dict) -> dict:
    """Run the job whose header and archive come on standard input; how it ended."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    name = name_of(os.getpid())
    if TRACING.is_dir() and not (TRACING / "instances").is_dir():
        subprocess.run(["mount", "-t", "tracefs", "none", str(TRACING)], stderr=subprocess.DEVNULL)
    remove(lambda found: start_of(int(found[2])) != found[3])
    group = make_group(name, limits)

    def enter():
        if group:
            (group / "main/cgroup.procs").write_text("0")

    try:
        command = ["setpriv", "--pdeathsig", "KILL", "unshare", *NAMESPACES, sys.executable, "-IB", str(JOB), folder]
        job = subprocess.Popen(command, preexec_fn=enter, close_fds=False,
                               env={**os.environ, "MNLAB_TRACE": name, "MNLAB_CGROUP": str(group or "")})
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        select.select([leash, os.pidfd_open(job.pid)], [], [])
        status = job.poll()
        end_children()
        return {"status": status, "out_of_memory": bool(group) and ran_out(group)}
    finally:
        end_children()
        remove(lambda found: found[1] == name)


def make_group(name: str, limits: dict) -> Path | None:
    """A control group with the job's limits; None where this computer has none that limit memory and processes."""
    try:
        if not CONTROLLERS <= set((CGROUPS / "cgroup.subtree_control").read_text().split()):
            return None
        group = CGROUPS / name
        group.mkdir()
        (group / "cgroup.subtree_control").write_text(" ".join(f"+{kind}" for kind in sorted(CONTROLLERS)))
        (group / "memory.max").write_text(str(limits["memory"]))
        (group / "pids.max").write_text(str(limits["processes"]))
        (group / "main").mkdir()
        return group
    except OSError:
        return None


def ran_out(group: Path) -> bool:
    """Whether the job itself, and not only a student's program in it, met the limit of memory."""
    return "oom 0" not in (group / "memory.events.local").read_text()


def end_children() -> None:
    """Kill every child and wait for it; orphans become children. The first process of the namespaces ends last."""
    while True:
        for pid in children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def children() -> list[int]:
    """Whose parent we are."""
    return [int(process.name) for process in Path("/proc").glob("[0-9]*")
            if stat_of(process.name)[1:2] == [str(os.getpid())]]


def stat_of(pid) -> list[str]:
    """The fields of /proc/PID/stat (proc(5)) after the name: state, parent, ... [] if there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return []


def start_of(pid: int) -> str:
    """When a process was started, in ticks since boot; "" if there is none."""
    return "".join(stat_of(pid)[19:20])


def name_of(pid: int) -> str:
    return f"mnlab-{pid}-{start_of(pid)}"


def remove(whose) -> None:
    """Remove trace instances and control groups by those of their names (as NAME matches) that `whose` chooses."""
    for folder in (TRACING / "instances", CGROUPS):
        for place in folder.glob("mnlab-*"):
            found = NAME.fullmatch(place.name)
            if found and whose(found):
                remove_group(place) if folder == CGROUPS else remove_instance(place)


def remove_instance(place: Path) -> None:
    with contextlib.suppress(OSError):  # another keeper may be faster
        place.rmdir()


def remove_group(group: Path) -> None:
    """End what runs in a control group, and remove it with the groups below."""
    with contextlib.suppress(OSError):
        (group / "cgroup.kill").write_text("1")
        while "populated 1" in (group / "cgroup.events").read_text():
            time.sleep(0.001)  # dying takes a moment
        for folder, _, _ in os.walk(group, topdown=False):
            os.rmdir(folder)


if __name__ == "__main__":
    line = socket.socket(fileno=int(sys.argv[1]))
    line.set_inheritable(False)
    end = main(line, sys.argv[2], json.loads(sys.argv[3]))
    with contextlib.suppress(OSError):  # nobody is there to hear it
        line.sendall(json.dumps(end).encode())
