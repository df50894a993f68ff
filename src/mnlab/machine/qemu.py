"""One QEMU process: its arguments, its monitor (QMP), its console, and its certain end.

QEMU gets everything through inherited file descriptors: no socket, no temporary file that a killed run could leave.
It dies with the thread that started it (PR_SET_PDEATHSIG), however that ends.
"""

import errno
import json
import os
import select
import socket
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

from mnlab.machine import mailbox, tools
from mnlab.machine.job import MIB, MachineError
from mnlab.machine.patience import HANG, LOOK, Patience

#: Bytes of memory that a machine may have. The kernel sizes its tables, and TCP its windows, by what it finds; so all
#: that fits into the first has the first.
MEMORY = (768 * MIB, 1152 * MIB)
ITS_OWN = 320 * MIB  # of that, what a job cannot have: the kernel's, the agent's, and files in memory
ANSWER_LIMIT, SILENCE = 60, 120  # seconds of processor time for an answer of QEMU's; of wall time in which it hangs
#: Where QEMU is started: it looks for firmware in the current folder first (softmmu/datadir.c, qemu_find_file), and
#: that may be a student's.
ELSEWHERE = "/"
FILES = 10  # the first major version that is given files to migrate to as "file:"; "fd:" has been refused since 11
DONE = 43  # exit status when the guest has said that it is done (isa-debug-exit, see guest/agent.py)

#: Clock and accelerator: what makes time pass in the guest.
CLOCKS = {
    # One instruction is one nanosecond (shift=0): the finest clock. sleep=off: idle time costs nothing.
    ("virtual", "tcg"): ["-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off",
                         "-rtc", "base=2026-01-01T00:00:00,clock=vm"],
    ("real", "tcg"): ["-accel", "tcg,thread=single", "-rtc", "base=utc"],
    ("real", "kvm"): ["-accel", "kvm", "-rtc", "base=utc"],
    ("real", "hvf"): ["-accel", "hvf", "-rtc", "base=utc"],
}


@dataclass(frozen=True)
class Hardware:
    """What the guest sees; must be the same when a snapshot is taken and when it is restored."""

    clock: str
    accelerator: str
    layers: tuple[Path, ...]  # file systems: what image.Image.layers says
    memory: int = MEMORY[0]

    def arguments(self) -> list[str]:
        """The part that defines the hardware, without memory contents and connections."""
        cpu = "Nehalem" if self.accelerator == "tcg" else "max"
        layers = [argument for number, path in enumerate(self.layers) for argument in (
            "-object", f"memory-backend-file,id=image{number},size={path.stat().st_size},mem-path={path},share=on,"
                       "readonly=on",
            "-device", f"nvdimm,memdev=image{number},id=nv{number},unarmed=on")]
        return [
            "-nodefaults", "-no-user-config", "-display", "none", "-seed", "1", "-cpu", cpu, "-smp", "1",
            "-M", "q35,nvdimm=on,memory-backend=ram0,usb=off,vmport=off,smbus=off,i8042=off,hpet=off",
            "-m", f"{self.memory // MIB},slots={len(self.layers) + 1},maxmem=8G",
            *CLOCKS[self.clock, self.accelerator],
            *layers,
            "-device", "nvdimm,memdev=mail0,id=nv",
            "-device", "isa-debugcon,iobase=0xe9,chardev=console",
            "-device", "isa-debug-exit,iobase=0x501,iosize=0x04",
            "-device", "pvpanic", "-action", "panic=pause,reboot=shutdown",
        ]


@cache
def own_copy(ram: Path) -> IO[bytes]:
    """A copy of a machine's memory, for this process: QEMU opens memory for writing also where it never writes into it,
    and the cache may be root's. Holes stay holes. MachineError if there is no room."""
    copy = tempfile.TemporaryFile(prefix="mnlab-memory-")  # it lives as long as the process
    with open(ram, "rb", buffering=0) as source:
        size, place = source.seek(0, os.SEEK_END), 0
        try:
            copy.truncate(size)
            while place < size:
                place = os.lseek(source.fileno(), place, os.SEEK_DATA)
                end = os.lseek(source.fileno(), place, os.SEEK_HOLE)
                while place < end:
                    data = os.pread(source.fileno(), min(MIB, end - place), place)
                    place += os.pwrite(copy.fileno(), data, place)
        except OSError as problem:
            if problem.errno != errno.ENXIO:  # there are no more data
                raise MachineError(f"{ram} cannot be written, so it was to be copied to {tempfile.gettempdir()}: "
                                   f"{problem.strerror}; TMPDIR names another place") from None
    return copy


class Qemu:
    """A running QEMU. Use as a context manager: leaving it ends the process."""

    def __init__(self, hardware: Hardware, ram: Path, private: bool, extra: list[str], processor: int | None = None,
                 line: socket.socket | None = None):
        """`private`: changes to memory stay in this process (copy on write). `processor`: the only one it runs on.
        `line`: what the serial line is connected with; nothing if None."""
        self.box = open(os.memfd_create("mailbox"), "r+b", buffering=0)
        self.box.truncate(mailbox.SIZE)
        self.monitor, monitor_far = socket.socketpair()
        self.console, console_far = os.pipe()
        ends = [self.box.fileno(), monitor_far.fileno(), console_far, *([line.fileno()] if line else [])]
        memory: Path | str = ram
        if private and not os.access(ram, os.W_OK):
            ends.append(own_copy(ram).fileno())
            memory = f"/proc/self/fd/{ends[-1]}"
        command = [
            "setpriv", "--pdeathsig", "KILL",
            *(["taskset", "--cpu-list", str(processor)] if processor is not None else []), "qemu-system-x86_64",
            "-object", (f"memory-backend-file,id=ram0,size={hardware.memory},mem-path={memory},"
                        f"share={'off' if private else 'on'}"),
            "-object", f"memory-backend-file,id=mail0,size={mailbox.SIZE},mem-path=/proc/self/fd/{ends[0]},share=on",
            "-chardev", f"socket,id=monitor,fd={ends[1]}", "-mon", "chardev=monitor,mode=control",
            "-chardev", f"file,id=console,path=/proc/self/fd/{ends[2]}",
            *(["-chardev", f"socket,id=line,fd={ends[3]}", "-serial", "chardev:line"] if line else []),
            *hardware.arguments(), *extra,
        ]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, start_new_session=True,
                                        pass_fds=ends, cwd=ELSEWHERE)
        monitor_far.close()
        os.close(console_far)
        self.unread = b""
        self.events: list[dict] = []
        self.last_words = ""
        self.major = 0  # QEMU's version; its greeting tells it

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        assert self.process.stderr
        self.process.stderr.close()
        self.monitor.close()
        os.close(self.console)
        self.box.close()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def patience(self, seconds: float, doing: str, hang: float = HANG) -> Patience:
        """For what QEMU has `seconds` of processor time."""
        return Patience(self.process.pid, seconds, doing, hang)

    # --- the monitor ---

    def greet(self, patience: Patience):
        """Wait for QEMU's greeting and start the conversation."""
        self.major = self._message(patience)["QMP"]["version"]["qemu"]["major"]
        self.command("qmp_capabilities", patience)

    def command(self, name: str, patience: Patience | None = None, files: tuple[int, ...] = (), **arguments):
        """Carry out a monitor command and return its answer. MachineError if QEMU refuses or has died."""
        request = {"execute": name, "arguments": arguments} if arguments else {"execute": name}
        try:
            socket.send_fds(self.monitor, [json.dumps(request).encode() + b"\n"], files)
        except OSError:
            raise MachineError(self.obituary()) from None
        patience = patience or self.patience(ANSWER_LIMIT, f"QEMU's answer to {name}", hang=SILENCE)
        while True:
            message = self._message(patience)
            if "error" in message:
                raise MachineError(f"QEMU refused {name}: {message['error']['desc']}"
                                   + tools.untried(tools.qemu_version()))
            if "return" in message:
                return message["return"]
            self.events.append(message)

    def lend(self, name: str, file) -> str:
        """Hand an open file to QEMU; returns the migration address it is known by."""
        if self.major >= FILES:
            return f"file:/dev/fdset/{self.command('add-fd', files=(file.fileno(),))['fdset-id']}"
        self.command("getfd", fdname=name, files=(file.fileno(),))
        return f"fd:{name}"

    def event(self, name: str, patience: Patience) -> dict:
        """Wait for an event. MachineError if QEMU dies or the patience ends first."""
        while True:
            for index, event in enumerate(self.events):
                if event.get("event") == name:
                    return self.events.pop(index)
            self.events.append(self._message(patience))

    def _message(self, patience: Patience) -> dict:
        while b"\n" not in self.unread:
            patience.check()
            ready, _, _ = select.select([self.monitor], [], [], LOOK)
            if not ready:
                continue
            data = self._receive()
            if not data:
                raise MachineError(self.obituary())
            self.unread += data
        line, self.unread = self.unread.split(b"\n", 1)
        return json.loads(line)

    def _receive(self) -> bytes:
        try:
            return self.monitor.recv(65536)
        except OSError:
            return b""

    def obituary(self) -> str:
        """How QEMU ended, in a line."""
        try:
            self.patience(ANSWER_LIMIT, "QEMU's end", hang=SILENCE).until(lambda: self.process.poll() is not None)
        except MachineError:
            return "QEMU closed its monitor"
        status = self.process.returncode
        if not self.last_words:
            assert self.process.stderr
            lines = self.process.stderr.read().decode(errors="replace").strip().splitlines()
            self.last_words = lines[-1] if lines else ""
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        return f"QEMU {how}" + (f": {self.last_words}" if self.last_words else "")

    # --- while the guest runs ---

    def watch(self, patience: Patience, console: Callable[[bytes], None]) -> str:
        """Pass on the console until QEMU ends or the guest stops itself ("") or the patience does (why)."""
        watched = {self.monitor.fileno(), self.console}
        while self.console in watched:
            if reason := patience.over():
                return reason
            ready, _, _ = select.select(list(watched), [], [], LOOK)
            if self.console in ready:
                data = os.read(self.console, 65536)
                console(data) if data else watched.discard(self.console)
            if self.monitor.fileno() in ready:
                data = self._receive()
                self.unread += data
                if b"GUEST_PANICKED" in self.unread:
                    raise MachineError("the lab machine's kernel panicked")
                if not data:
                    watched.discard(self.monitor.fileno())
        return ""
