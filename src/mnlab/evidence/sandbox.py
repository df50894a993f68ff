"""Running a student's program inside the lab machine without trusting it.

It runs as the user student, in its host's namespaces, with no more capabilities than the lab grants, in a copy of the
work folder, with limits on processes, memory, files and output. It cannot read or write evidence: that belongs to
root and is closed to others.
"""

import os
import pwd
import resource
import select
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mnlab.net.errors import NetworkError

USER = "student"
CGROUP = Path("/sys/fs/cgroup/job")
MIB = 1 << 20
MEMORY, PROCESSES, FILE_SIZE, OUTPUT = 160 * MIB, 64, 16 * MIB, 1 * MIB


@dataclass(frozen=True)
class Result:
    """`status` is None if the program was stopped; `stopped` says why."""

    status: int | None
    out: str
    err: str
    stopped: str = ""


@contextmanager
def prepare(work: Path):
    """A copy of the work folder that belongs to the student; removed afterwards, with every process of theirs."""
    user = pwd.getpwnam(USER)
    home = Path(tempfile.mkdtemp(prefix="work-", dir="/tmp"))
    shutil.copytree(work, home, dirs_exist_ok=True)
    for path in [home, *home.rglob("*")]:
        os.chown(path, user.pw_uid, user.pw_gid)
    home.chmod(0o700)
    try:
        yield home
    finally:
        kill_all()
        shutil.rmtree(home, ignore_errors=True)


def argv(command, home: Path, caps=()) -> list[str]:
    """The command as the student may run it (setpriv(1)), in `home`."""
    grant = ",".join(["-all", *(f"+{cap.lower()}" for cap in caps)])
    program = ["bash", "-c", command] if isinstance(command, str) else [str(part) for part in command]
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--no-new-privs",
            f"--bounding-set={grant}", f"--inh-caps={grant}", f"--ambient-caps={grant}", "--",
            "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", f"HOME={home}", "LANG=C.UTF-8", "PYTHONUNBUFFERED=1",
            "PYTHONDONTWRITEBYTECODE=1", "PYTHONHASHSEED=0", f"--chdir={home}", *program]


def launch(host, command, home: Path, caps=(), **options) -> subprocess.Popen:
    """Start a student's command on `host`; `options` are Popen's."""
    group = _cgroup()

    def enter():
        if group:
            (group / "cgroup.procs").write_text("0")
        _limit()

    return host.start_process(argv(command, home, caps), preexec_fn=enter, **options)


def _limit() -> None:
    for kind, value in ((resource.RLIMIT_NPROC, PROCESSES), (resource.RLIMIT_FSIZE, FILE_SIZE),
                        (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, 256)):
        resource.setrlimit(kind, (value, value))


def _cgroup() -> Path | None:
    """The student's control group; None where the job has none."""
    if not CGROUP.is_dir():
        return None
    group = CGROUP / USER
    if not group.is_dir():
        group.mkdir()
        (group / "memory.max").write_text(str(MEMORY))
        (group / "memory.oom.group").write_text("1")
        (group / "pids.max").write_text(str(PROCESSES))
    return group


def kill_all() -> None:
    """End every process of the student's."""
    if (CGROUP / USER).is_dir():
        (CGROUP / USER / "cgroup.kill").write_text("1")
        return
    uid = pwd.getpwnam(USER).pw_uid
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and process.stat().st_uid == uid:
                os.kill(int(process.name), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            continue


def run(host, command, home: Path, caps=(), timeout: float = 20, input: str | None = None) -> Result:
    """Run `command` on `host` until it ends, hangs longer than `timeout` s, or prints over a MiB."""
    process = launch(host, command, home, caps, stdin=subprocess.PIPE if input else subprocess.DEVNULL,
                     stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if input:
        try:
            process.stdin.write(input.encode())
            process.stdin.close()
        except BrokenPipeError:
            pass  # it chose not to read
    outputs, stopped = _read(process, timeout)
    if stopped:
        _end(process)
    status = None if stopped else process.wait()
    if not stopped and status == -signal.SIGKILL:
        stopped = f"it needed more than {MEMORY // MIB} MiB of memory"
    for stream in (process.stdout, process.stderr):
        stream.close()
    out, err = (data.decode(errors="replace") for data in outputs)
    return Result(status, out, err, stopped)


def _read(process, timeout: float):
    """Both outputs, and why reading stopped early ("" if it did not)."""
    deadline = time.monotonic() + timeout
    buffers = {process.stdout: bytearray(), process.stderr: bytearray()}
    open_streams, stopped = list(buffers), ""
    while not stopped and (open_streams or process.poll() is None):
        left = deadline - time.monotonic()
        if left <= 0:
            stopped = f"it was still running after {timeout:g} s"
            break
        if not open_streams:
            try:
                process.wait(left)
            except subprocess.TimeoutExpired:
                continue
            break
        for stream in select.select(open_streams, [], [], left)[0]:
            data = os.read(stream.fileno(), 65536)
            buffers[stream] += data
            if not data:
                open_streams.remove(stream)
            if len(buffers[stream]) > OUTPUT:
                stopped = f"it printed more than {OUTPUT // MIB} MiB"
    return [bytes(buffer[:OUTPUT]) for buffer in buffers.values()], stopped


def _end(process) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    kill_all()
    process.wait()


def collect(home: Path, name: str) -> bytes | None:
    """A regular file that the program left in its folder, at most FILE_SIZE; None if there is none."""
    try:
        fd = os.open(home / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with open(fd, "rb") as file:
        if not os.path.isfile(f"/proc/self/fd/{fd}"):
            return None
        return file.read(FILE_SIZE)


def check_available() -> None:
    """NetworkError if this system has no user for students."""
    try:
        pwd.getpwnam(USER)
    except KeyError:
        raise NetworkError(f"this computer has no user {USER!r} to run students' programs as: "
                           f"sudo useradd --system --no-create-home {USER}") from None
