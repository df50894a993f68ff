"""Running a student's program inside the lab machine without trusting it.

It runs as the user student, in its host's namespaces, with no more capabilities than the lab grants, in a copy of the
work folder, with limits on processes, memory, files and output. It cannot read or write evidence: that belongs to
root and is closed to others.
"""

import fcntl
import os
import pwd
import resource
import select
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from mnlab.net.nodes import process_state
from mnlab.net.wait import wait_until

USER = "student"
CGROUP = Path("/sys/fs/cgroup/job")
MIB = 1 << 20
SHARED = ("/tmp", "/dev/shm", "/var/tmp")  # where everybody may write
MEMORY, PROCESSES, FILE_SIZE, OUTPUT = 160 * MIB, 64, 16 * MIB, 1 * MIB

_running: dict[Path, list[subprocess.Popen]] = {}  # home: what was started in it


@dataclass(frozen=True)
class Result:
    """`status` is None if the program was stopped; `stopped` says why."""

    status: int | None
    out: str
    err: str
    stopped: str = ""


@contextmanager
def prepare(work: Path):
    """A copy of the work folder that belongs to the student; removed afterwards, with every process started in it."""
    user = pwd.getpwnam(USER)
    place = Path(tempfile.mkdtemp(prefix="work-", dir="/tmp"))
    place.chmod(0o711)  # it stays root's, so that nothing can be put in the home's place
    home = place / "work"
    shutil.copytree(work, home)
    for path in [*home.rglob("*"), home]:  # the home last: another program of theirs may be running
        os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
    home.chmod(0o700)
    _running[home] = []
    try:
        yield home
    finally:
        end_all(home)
        del _running[home]
        remove(place)
        if not _running:
            _sweep(user.pw_uid)


def _sweep(uid: int) -> None:
    """Remove what students' programs left where everybody may write: it takes up memory."""
    for path in (path for folder in SHARED for path in Path(folder).iterdir()):
        if path.lstat().st_uid == uid:
            remove(path)


def remove(path: Path) -> None:
    """Remove a file or folder, whatever the student has made of it."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    try:
        shutil.rmtree(path)
    except (OSError, RecursionError):  # nested thousands deep
        subprocess.run(["rm", "-rf", "--", str(path)], stderr=subprocess.DEVNULL)


def argv(command, home: Path, caps=()) -> list[str]:
    """The command as the student may run it (setpriv(1)), in `home`."""
    grant = ",".join(["-all", *(f"+{cap.lower()}" for cap in caps)])
    program = ["bash", "-c", command] if isinstance(command, str) else [str(part) for part in command]
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--no-new-privs",
            f"--bounding-set={grant}", f"--inh-caps={grant}", f"--ambient-caps={grant}", "--",
            # env(1) takes options only ahead of the first NAME=VALUE
            "env", "-i", f"--chdir={home}", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", f"HOME={home}", "LANG=C.UTF-8",
            "PYTHONUNBUFFERED=1", "PYTHONDONTWRITEBYTECODE=1", "PYTHONHASHSEED=0", *program]


def launch(host, command, home: Path, caps=(), **options) -> subprocess.Popen:
    """Start a student's command on `host`; `options` are Popen's."""
    group = _cgroup(home)

    def enter():
        if group:
            (group / "cgroup.procs").write_text("0")
        _limit()

    process = host.start_process(argv(command, home, caps), preexec_fn=enter, **options)
    _running[home].append(process)
    return process


def _limit() -> None:
    for kind, value in ((resource.RLIMIT_NPROC, PROCESSES), (resource.RLIMIT_FSIZE, FILE_SIZE),
                        (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, 256)):
        resource.setrlimit(kind, (value, value))


def _cgroup(home: Path) -> Path | None:
    """The control group of what runs in `home`; None where the job has none."""
    if not CGROUP.is_dir():
        return None
    group = CGROUP / home.parent.name
    if not group.is_dir():
        group.mkdir()
        (group / "memory.max").write_text(str(MEMORY))
        (group / "memory.oom.group").write_text("1")
        (group / "pids.max").write_text(str(PROCESSES))
    return group


def end_all(home: Path) -> None:
    """End every process that was started in `home`, wherever it has moved to, and let other programs run on."""
    group = CGROUP / home.parent.name
    if group.is_dir():
        (group / "cgroup.kill").write_text("1")
        wait_until(lambda: "populated 0" in (group / "cgroup.events").read_text(), "the student's processes end")
        group.rmdir()
    elif not CGROUP.is_dir():
        others = {process.pid for place, processes in _running.items() if place != home for process in processes}
        while found := [pid for pid in _students_processes() if _session(pid) not in others]:
            for pid in found:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.001)  # killed processes need a moment; new ones of a program that forks are found, too


def _students_processes() -> list[int]:
    """Live processes of the student's, in no order. The last resort where there are no control groups."""
    uid, found = pwd.getpwnam(USER).pw_uid, []
    for process in Path("/proc").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):
            if process.name.isdigit() and process.stat().st_uid == uid and process_state(int(process.name)) not in "ZX":
                found.append(int(process.name))
    return found


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return 0


def run(host, command, home: Path, caps=(), timeout: float = 20, input: str | None = None) -> Result:
    """Run `command` on `host` until it ends, hangs longer than `timeout` s, or prints over a MiB."""
    process = launch(host, command, home, caps, stdin=subprocess.PIPE if input else subprocess.DEVNULL,
                     stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if input:
        _feed(process.stdin, input.encode())
    outputs, stopped = _read(process, timeout)
    out_of_memory = _out_of_memory(home)
    if stopped:
        end_all(home)
    status = None if stopped else process.wait()
    if stopped:
        process.wait()
    elif out_of_memory:
        stopped = f"it needed more than {MEMORY // MIB} MiB of memory"
    for stream in (process.stdout, process.stderr):
        stream.close()
    out, err = (data.decode(errors="replace") for data in outputs)
    return Result(status, out, err, stopped)


def _feed(pipe, data: bytes) -> None:
    """Give a program its input, all at once: one that does not read must not hold us up."""
    fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, max(65536, len(data)))
    with suppress(BrokenPipeError):  # it ended already
        pipe.write(data)
        pipe.flush()
    with suppress(BrokenPipeError):
        pipe.close()


def _out_of_memory(home: Path) -> bool:
    events = CGROUP / home.parent.name / "memory.events"
    return events.is_file() and "oom_kill 0" not in events.read_text()


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


def collect(home: Path, name: str) -> bytes | None:
    """A regular file that the program left in its folder, at most FILE_SIZE; None if there is none."""
    try:
        fd = os.open(home / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        return None
    with open(fd, "rb") as file:
        return file.read(FILE_SIZE)
