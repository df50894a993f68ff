"""A process that holds a node's namespaces, and does nothing else.

It shares our memory and our files, as a thread does (clone(2)), so it costs a twentieth of a program that sleeps, and
takes no room. It waits in pause(2) with every signal blocked, so it never comes to run: its stack can be everybody's.
"""

import ctypes
import mmap
import os
import signal
from contextlib import suppress

from mnlab.net import namespace
from mnlab.net.errors import NetworkError

CLONE_VM, CLONE_FILES = 0x100, 0x400  # include/uapi/linux/sched.h
MS_REC, MS_PRIVATE = 0x4000, 0x40000  # include/uapi/linux/mount.h
STACK = 16384  # bytes

_libc = ctypes.CDLL(None, use_errno=True)
_stack = mmap.mmap(-1, STACK, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
_every_signal = b"\xff" * 128  # sigset_t; signal.pthread_sigmask() makes an object of each signal, which takes a ms
_top = ctypes.addressof(ctypes.c_char.from_buffer(_stack)) + STACK


class Holder:
    """A process `pid`, with network and mount namespaces of its own if they are `wanted`, and `sysctls` set there.
    NetworkError if there can be none."""

    def __init__(self, wanted: bool, sysctls: dict):
        kinds = namespace.CLONE_NEWNET | namespace.CLONE_NEWNS if wanted else 0
        before = (ctypes.c_ubyte * len(_every_signal))()
        _libc.pthread_sigmask(signal.SIG_SETMASK, _every_signal, before)  # it inherits this
        flags = CLONE_VM | CLONE_FILES | kinds | signal.SIGCHLD
        self.pid = _libc.clone(_libc.pause, ctypes.c_void_p(_top), flags, None)
        _libc.pthread_sigmask(signal.SIG_SETMASK, before, None)
        if self.pid < 0:
            raise NetworkError(f"there can be no namespaces: {os.strerror(ctypes.get_errno())}")
        if wanted:
            with namespace.at_home(self.pid):
                _mount(b"none", b"/", None, MS_REC | MS_PRIVATE)  # what is mounted here is seen nowhere else
                _mount(b"sysfs", b"/sys", b"sysfs", 0)  # it shows the network namespace in which it was mounted
                for name, value in sysctls.items():
                    namespace.set_sysctl(name, value)

    def end(self) -> None:
        """The namespaces go with it, if nobody else is in them."""
        if self.pid:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(self.pid, 0)
        self.pid = 0


def _mount(source: bytes, target: bytes, kind: bytes | None, flags: int) -> None:
    if _libc.mount(source, target, kind, flags, None):
        raise NetworkError(f"cannot mount {target.decode()} for a node: {os.strerror(ctypes.get_errno())}")
