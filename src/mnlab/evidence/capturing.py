"""Captures: what passes interfaces, written by libpcap as tcpdump(8) writes it, in one thread for all of them.

A program for each interface would cost a start each, and two switches of the processor for every frame. The thread is
woken by the first frame, and then looks every few milliseconds: what comes meanwhile waits in memory that it shares
with the kernel.
"""

import ctypes
import os
import select
import threading
from functools import cache
from pathlib import Path

from mnlab.net import namespace
from mnlab.net.errors import NetworkError

LIBRARIES = ("libpcap.so.0.8", "libpcap.so.1")  # as Debian calls it, and others
BUFFER = 8 << 20  # bytes of each interface's frames that may wait to be read
#: s between two looks while frames come: they grow while a look finds FEW, and there is none after MANY. In the longest
#: the 4096 frames for which there is room come at 2.4 Gbit/s.
SHORTEST, LONGEST, FEW, MANY = 0.005, 0.02, 16, 256
NANOSECONDS, ALL, NETMASK_UNKNOWN = 1, -1, 0xFFFFFFFF  # pcap/pcap.h
ERROR_SIZE = 256

_libc = ctypes.CDLL(None)


class Capture:
    """Context manager: captures while its block runs, and has written all when it ends.

    `wanted` is a list of (process in the namespace, interface, file); `snaplen` bytes of each frame are kept; `only` is
    a capture filter (pcap-filter(7)). NetworkError if the capture cannot start, or is not whole.
    """

    def __init__(self, wanted: list[tuple[int, str, Path]], snaplen: int, only: str):
        self.wanted, self.snaplen, self.only = wanted, snaplen, only
        self.wires: list[_Wire] = []

    def __enter__(self):
        try:
            for pid, interface, path in self.wanted:
                with namespace.inside(pid):
                    self.wires.append(_Wire(interface, self.snaplen, self.only))
                self.wires[-1].write_to(path)
        except BaseException:
            self._close()
            raise
        self.stopped, self.stop = os.pipe()
        self.thread = threading.Thread(target=self._read, name="capture", daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        os.close(self.stop)
        self.thread.join()
        os.close(self.stopped)
        for wire in self.wires:
            wire.take()
        faults = [fault for wire in self.wires if (fault := wire.fault())]
        self._close()
        if faults:
            raise NetworkError(faults[0])

    def _close(self) -> None:
        for wire in self.wires:
            wire.close()

    def _read(self) -> None:
        """Read what comes, until `stop` is closed."""
        news, stop, pause = select.poll(), select.poll(), SHORTEST
        stop.register(self.stopped, select.POLLIN)
        news.register(self.stopped, select.POLLIN)
        wires = {wire.descriptor: wire for wire in self.wires}
        for descriptor in wires:
            news.register(descriptor, select.POLLIN)
        while True:
            taken = 0
            for descriptor, _ in news.poll():
                if descriptor == self.stopped:
                    return
                taken += wires[descriptor].take()
                if wires[descriptor].words:
                    news.unregister(descriptor)
            pause = min(pause * 1.5, LONGEST) if taken < FEW else SHORTEST
            if taken < MANY and stop.poll(pause * 1000):
                return


class _Wire:
    """One interface (of the namespace we are in), its frames being kept."""

    def __init__(self, interface: str, snaplen: int, only: str):
        self.interface, self.pcap, self.words, self.file = interface, _library(), "", None
        error = ctypes.create_string_buffer(ERROR_SIZE)
        self.handle = self.pcap.pcap_create(interface.encode(), error)
        if not self.handle:
            raise NetworkError(f"no capture on {interface}: {error.value.decode()}")
        for option, value in (("snaplen", snaplen), ("promisc", 1), ("immediate_mode", 1), ("buffer_size", BUFFER),
                              ("tstamp_precision", NANOSECONDS)):
            self._insist(getattr(self.pcap, f"pcap_set_{option}")(self.handle, value))
        self._insist(self.pcap.pcap_activate(self.handle))
        if only:
            program = _Program()
            self._insist(self.pcap.pcap_compile(self.handle, ctypes.byref(program), only.encode(), 1, NETMASK_UNKNOWN))
            self._insist(self.pcap.pcap_setfilter(self.handle, ctypes.byref(program)))
            self.pcap.pcap_freecode(ctypes.byref(program))
        self._insist(self.pcap.pcap_setnonblock(self.handle, 1, error))
        self.descriptor = self.pcap.pcap_get_selectable_fd(self.handle)

    def write_to(self, path: Path) -> None:
        self.file = self.pcap.pcap_dump_open(self.handle, str(path).encode())
        if not self.file:
            self._insist(-1)
        self.stream = ctypes.c_void_p(self.pcap.pcap_dump_file(self.file))

    def take(self) -> int:
        """Write what waits; how many frames. `words` says what went wrong."""
        if self.words:
            return 0
        taken = self.pcap.pcap_dispatch(self.handle, ALL, self.pcap.pcap_dump, self.file)
        if taken < 0:
            self.words = self._error()
        # Of what pcap_dump() could not write, it says nothing.
        elif self.pcap.pcap_dump_flush(self.file) < 0 or _libc.ferror(self.stream):
            self.words = "its file cannot be written (is there too much of it?)"
        return taken

    def fault(self) -> str:
        """What is wrong with the capture; "" if nothing is."""
        counts = (ctypes.c_uint * 3)()  # struct pcap_stat: received, dropped for want of room, dropped by the interface
        if not self.words and self.pcap.pcap_stats(self.handle, counts) < 0:
            self.words = self._error()
        if self.words:
            return f"the capture on {self.interface} failed: {self.words}"
        if counts[1]:
            return f"the capture on {self.interface} is not whole: the kernel dropped {counts[1]} frames"
        return ""

    def close(self) -> None:
        if self.file:
            self.pcap.pcap_dump_close(self.file)
        if self.handle:
            self.pcap.pcap_close(self.handle)
        self.file = self.handle = None

    def _insist(self, result: int) -> None:
        if result < 0:
            words = self._error()
            self.close()
            raise NetworkError(f"no capture on {self.interface}: {words}")

    def _error(self) -> str:
        return self.pcap.pcap_geterr(self.handle).decode(errors="replace").strip()


class _Program(ctypes.Structure):
    """struct bpf_program (pcap/bpf.h)."""

    _fields_ = [("length", ctypes.c_uint), ("instructions", ctypes.c_void_p)]


@cache
def _library():
    """libpcap, with the types of those of its functions that ctypes would guess wrong."""
    for name in LIBRARIES:
        try:
            pcap = ctypes.CDLL(name)
            break
        except OSError:
            continue
    else:
        raise NetworkError("no capture: there is no libpcap, which tcpdump has (apt-get install tcpdump)")
    pointer = ctypes.c_void_p
    pcap.pcap_create.restype = pcap.pcap_dump_open.restype = pcap.pcap_dump_file.restype = pointer
    pcap.pcap_geterr.restype = ctypes.c_char_p
    for name in ("activate", "geterr", "close", "get_selectable_fd", "dump_close", "dump_flush", "dump_file"):
        getattr(pcap, f"pcap_{name}").argtypes = [pointer]
    for name in ("snaplen", "promisc", "immediate_mode", "buffer_size", "tstamp_precision"):
        getattr(pcap, f"pcap_set_{name}").argtypes = [pointer, ctypes.c_int]
    pcap.pcap_compile.argtypes = [pointer, pointer, ctypes.c_char_p, ctypes.c_int, ctypes.c_uint]
    pcap.pcap_setfilter.argtypes = pcap.pcap_stats.argtypes = [pointer, pointer]
    pcap.pcap_setnonblock.argtypes = [pointer, ctypes.c_int, ctypes.c_char_p]
    pcap.pcap_dump_open.argtypes = [pointer, ctypes.c_char_p]
    pcap.pcap_dispatch.argtypes = [pointer, ctypes.c_int, pointer, pointer]
    return pcap
