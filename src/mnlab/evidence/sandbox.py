"""Running a student's program inside the lab machine without trusting it.

It runs as the user student in a cell (cell.py): its host's network, a process namespace and a file system of its own
(view.py) with a copy of the work folder, no more capabilities than the lab grants, and limits (limits.py). It can
neither see nor name what is not its own: the job, the evidence, other programs.
"""

import fcntl
import os
import pwd
import select
import shutil
import stat
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from mnlab.evidence.allowed import Allowed
from mnlab.evidence.cell import Cell
from mnlab.evidence.limits import FILE_SIZE, MEMORY, MIB, OUTPUT, PROCESSOR, Limits, Spent
from mnlab.evidence.view import HOME, View
from mnlab.net.conversation import argv_of
from mnlab.net.errors import NetworkError

USER = "student"
LONGEST_WORD = 60  # letters of a name that a program says it was refused
PREPARED = Path("/run/mnlab-allowed")  # what the views of a job share


@dataclass(frozen=True)
class Result:
    """`status` is None if the program was stopped; `stopped` says why."""

    status: int | None
    out: str = ""
    err: str = ""
    stopped: str = ""


class Sandbox:
    """A copy of the work folder, and a cell on one host in which programs run in it."""

    def __init__(self, cell: Cell, limits: Limits, home: int, refused: int):
        self.cell, self.limits, self.home, self._refused = cell, limits, home, refused

    def start(self, command, caps=(), **options) -> subprocess.Popen:
        """Start a program of the student's; `options` are Popen's."""
        try:
            return self.cell.start(argv_of(command), caps, **options)
        except (NetworkError, OSError):
            if spent := self.limits.spent():
                raise Spent(spent) from None
            raise

    def run(self, command, caps=(), timeout: float = 60, input: str | None = None) -> Result:
        """Run a program until it ends, has used up its processor time, hangs longer than `timeout` s of lab time, or
        prints over a MiB."""
        process = self.start(command, caps, stdin=subprocess.PIPE if input else subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout and process.stderr
        if input:
            _feed(process.stdin, input.encode())
        outputs, stopped = _read(process, timeout)
        if stopped:
            used = self.limits.used()
            stopped += f" (it used {used:.1f} s of processor time)" if used is not None and "running" in stopped else ""
            self.end()
        status: int | None = process.wait()
        stopped = stopped or self.limits.spent(status)
        if stopped:
            status = None
        elif self.limits.out_of_memory():
            stopped = f"it needed more than {MEMORY // MIB} MiB of memory"
        for stream in (process.stdout, process.stderr):
            stream.close()
        out, err = (data.decode(errors="replace") for data in outputs)
        return Result(status, out, err, stopped)

    def refused(self) -> list[str]:
        """Programs and modules that were asked for and that the task does not allow."""
        try:
            words = os.read(self._refused, 65536).decode(errors="replace").splitlines()
        except BlockingIOError:
            return []
        return [word[:LONGEST_WORD] for word in dict.fromkeys(words) if word.isascii() and word.isprintable()][:10]

    def collect(self, name: str) -> bytes | None:
        """The regular file `name` that a program left in its folder, at most FILE_SIZE; None if there is none."""
        if "/" in name:
            raise NetworkError(f"{name!r}: what a program leaves is kept from its folder, not from folders in it")
        try:
            fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=self.home)
        except OSError:
            return None
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            return None
        with open(fd, "rb") as file:
            return file.read(FILE_SIZE)

    def end(self) -> None:
        """End every process that was started here, daemons too."""
        self.cell.end()


@contextmanager
def prepare(host, work: Path, allowed: Allowed | None = None, handed: tuple[Path, ...] = (),
            processor: float = PROCESSOR):
    """A Sandbox on `host`; removed afterwards, with every process started in it.

    `handed` are files that its programs see besides, in /mnlab; `processor`: seconds of processor time that
    they may use. Spent if the run has none left.
    """
    user = pwd.getpwnam(USER)
    place = Path(tempfile.mkdtemp(prefix="work-", dir="/tmp"))  # root's, and closed to all others
    limits, cell, files = Limits(place.name, processor), None, []
    try:
        if spent := limits.spent():
            raise Spent(spent)
        owner = (user.pw_uid, user.pw_gid)
        view = View(place, work.absolute(), owner, PREPARED, allowed, handed)
        files.append(os.open(view.refused, os.O_RDWR | os.O_NONBLOCK))
        cell = Cell(host, owner, view, limits)
        files.append(os.open(f"/proc/{cell.first}/root{HOME}", os.O_RDONLY | os.O_DIRECTORY))
        yield Sandbox(cell, limits, home=files[1], refused=files[0])
    finally:
        if cell:
            cell.end()
        for file in files:
            os.close(file)
        limits.end()
        shutil.rmtree(place)


def _feed(pipe, data: bytes) -> None:
    """Give a program its input, all at once: one that does not read must not hold us up."""
    fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, max(65536, len(data)))
    with suppress(BrokenPipeError):  # it ended already
        pipe.write(data)
        pipe.flush()
    with suppress(BrokenPipeError):
        pipe.close()


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
