"""A cell: a student's programs on one host, in process, mount and IPC namespaces of their own, with a budget.

The first process of a cell is root's and does one thing: it watches the processor time. When it ends, however it ends,
the kernel kills every process of the cell, daemons too (pid_namespaces(7)).
"""

import ctypes
import itertools
import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import contextmanager, suppress
from pathlib import Path

from mnlab.evidence.limits import Limits
from mnlab.evidence.view import HOME, View
from mnlab.net.errors import NetworkError

#: include/uapi/linux/sched.h, prctl.h, capability.h
NEWNS, NEWIPC, NEWPID = 0x00020000, 0x08000000, 0x20000000
KEEP_CAPABILITIES, DROP_FROM_BOUNDING_SET, NO_NEW_PRIVILEGES, AMBIENT, RAISE = 8, 24, 38, 47, 2
CAPABILITY_VERSION_3 = 0x20080522
LAST_FILE = (1 << 31) - 1  # higher than any file's number
#: What a lab may grant; the rest would let a program change the network that it is judged by.
CAPABILITIES = {"NET_BIND_SERVICE": 10, "NET_BROADCAST": 11, "NET_RAW": 13}

ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": HOME, "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1",
               "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}

_libc = ctypes.CDLL(None, use_errno=True)


class Cell:
    """A cell on `host`, in which programs run as `user` (uid, gid), with what `view` shows and within `limits`."""

    def __init__(self, host, user: tuple[int, int], view: View, limits: Limits):
        self.user, self.limits = user, limits
        self.started: list[subprocess.Popen] = []
        self.first = _first_process(host.pid, view, limits)
        self.namespaces = [os.open(f"/proc/{self.first}/ns/{kind}", os.O_RDONLY) for kind in ("net", "ipc", "mnt")]
        self.processes = os.open(f"/proc/{self.first}/ns/pid", os.O_RDONLY)

    def start(self, argv: list[str], caps=(), **options) -> subprocess.Popen:
        """Start a program as the student, in the home, with no more than `caps`; `options` are Popen's."""
        unknown = [cap for cap in caps if cap not in CAPABILITIES]
        if unknown:
            raise NetworkError(f"a lab cannot grant {unknown[0]} to a program; it can grant {', '.join(CAPABILITIES)}")
        last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())

        def enter():
            self.limits.enter()
            for namespace in self.namespaces:
                _call("setns", namespace, 0)
            os.chdir(HOME)
            _become(*self.user, {CAPABILITIES[cap] for cap in caps}, last)
            _execute(argv)

        try:
            with _children_in(lambda: _call("setns", self.processes, NEWPID)):
                process = subprocess.Popen(argv, preexec_fn=enter, start_new_session=True, **options)
        except subprocess.SubprocessError as problem:
            raise NetworkError(f"{argv[0]} could not be started in its cell: {problem}") from None
        self.started.append(process)
        return process

    def end(self) -> None:
        """Kill every process of the cell, and wait until they are gone."""
        if not self.first:
            return
        with suppress(ProcessLookupError):  # it ended by itself: the budget was used up
            os.kill(self.first, signal.SIGKILL)
        for process in self.started:  # the kernel keeps the first one until all others have been waited for
            process.wait()
        os.waitpid(self.first, 0)
        self.first = 0
        for file in (*self.namespaces, self.processes):
            os.close(file)


def _first_process(host: int, view: View, limits: Limits) -> int:
    """Start the first process of new namespaces on the host with process number `host`; its number, once all stands."""
    ready, told = os.pipe()
    with _children_in(lambda: _call("unshare", NEWPID)):
        first = os.fork()
        if first == 0:
            _be_first(host, view, limits, told)
    os.close(told)
    with open(ready, "rb") as said:
        words = said.read()
    if words != b"ready":
        os.waitpid(first, 0)
        raise NetworkError(f"a place for the student's program could not be made: {words.decode(errors='replace')}")
    return first


def _be_first(host: int, view: View, limits: Limits, told: int) -> None:
    """What the first process does; never returns."""
    try:
        os.setsid()
        for kind in ("net", "mnt"):
            _call("setns", os.open(f"/proc/{host}/ns/{kind}", os.O_RDONLY), 0)
        _call("unshare", NEWNS | NEWIPC)
        view.enter()
        _close_all_but(told, *limits.files())  # a socket of the experiment's that it closes shall be closed
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # orphans become its children; the kernel buries them
        os.write(told, b"ready")
        os.close(told)
        limits.watch()
    except BaseException as problem:
        os.write(told, f"{type(problem).__name__}: {problem}".encode())
    finally:
        os._exit(0)


@contextmanager
def _children_in(change: Callable[[], int]):
    """Let children that are started meanwhile be in the process namespace that `change` chooses."""
    with open("/proc/self/ns/pid") as own:
        change()
        try:
            yield
        finally:
            _call("setns", own.fileno(), NEWPID)


def _close_all_but(*kept: int) -> None:
    """Close every file from 3 up but these."""
    for low, high in itertools.pairwise([2, *sorted(kept), LAST_FILE]):
        os.closerange(low + 1, high)


def _become(uid: int, gid: int, keep: set[int], last: int) -> None:
    """Be the user, with the capabilities `keep` and no way to others; `last` is the kernel's last (capabilities(7))."""
    for number in range(last + 1):
        if number not in keep:
            _call("prctl", DROP_FROM_BOUNDING_SET, number, 0, 0, 0)
    _call("prctl", KEEP_CAPABILITIES, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    low = sum(1 << number for number in keep)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)(low, low, low, 0, 0, 0))  # effective, permitted, inheritable, twice
    for number in keep:
        _call("prctl", AMBIENT, RAISE, number, 0, 0)
    _call("prctl", NO_NEW_PRIVILEGES, 1, 0, 0, 0)


def _execute(argv: list[str]) -> None:
    """Become the program; if there is none, say so and end with the status that a shell has for it."""
    _close_all_but()
    try:
        os.execvpe(argv[0], argv, ENVIRONMENT)
    except OSError as problem:
        os.write(2, f"{argv[0]}: {problem.strerror}\n".encode())
        os._exit(127 if isinstance(problem, FileNotFoundError) else 126)


def _call(function: str, *arguments) -> int:
    result = getattr(_libc, function)(*arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{function}: {os.strerror(ctypes.get_errno())}")
    return result
