"""The kernel's own account of TCP and of its neighbour cache: its tracepoints, recorded without polling.

See include/trace/events/tcp.h, sock.h and neigh.h of the kernel. A trace instance of its own leaves other tracing
alone.

The lab machine's kernel is the run's alone. The kernel of a computer (the host machine) tells of all its traffic, and
no tracepoint says in which namespace it was: there only what has an address of the run's own networks is kept, and no
two runs with the same networks record at once (`alone`). What else on the computer uses just these addresses, a shell
on the same lab, say, is not told apart.
"""

import fcntl
import ipaddress
import os
import re
import struct
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from pathlib import Path

from mnlab.net.errors import NetworkError

TRACEFS = Path("/sys/kernel/tracing")
EVENTS = ("tcp/tcp_probe", "tcp/tcp_cong_state_set", "tcp/tcp_retransmit_skb", "tcp/tcp_send_reset",
          "tcp/tcp_receive_reset", "sock/inet_sock_set_state")
FILTERED = ("tcp/tcp_probe", "tcp/tcp_cong_state_set", "tcp/tcp_retransmit_skb", "sock/inet_sock_set_state")
BUFFER_KIB = 24 * 1024
NEIGHBOUR_EVENTS = ("neigh/neigh_update", "neigh/neigh_update_done", "neigh/neigh_timer_handler",
                    "neigh/neigh_event_send_done")
NEIGHBOUR_BUFFER_KIB = 512

#: Processors whose buffers (each has one) may be as large as asked for; of more, the buffers share as much memory.
FULL_BUFFERS = 8

#: The beginning of this run's instances' names, given where the kernel is shared: whoever gave it removes them.
OWNER = os.environ.get("MNLAB_TRACE", "")

ADDRESS = re.compile(r"(?<![\w.])\d+\.\d+\.\d+\.\d+(?![\d.])")


class Tracing:
    """Context manager: records while its block runs, writes the kernel's text to `path` at the end.

    The first line of the file is `# start SECONDS`: the trace clock at the start of lab time. For each of `events` that
    this kernel does not have, a line `# absent: NAME` follows. `networks` are the run's own (ipaddress.IPv4Network).
    """

    def __init__(self, path: Path, start_ns: int, networks: Iterable, only: str = "", events: tuple[str, ...] = EVENTS,
                 buffer_kib: int = BUFFER_KIB):
        self.path, self.start_ns, self.only, self.events, self.buffer_kib = path, start_ns, only, events, buffer_kib
        self.networks = networks
        self.instance = TRACEFS / "instances" / f"{OWNER or 'mnlab'}-{path.stem}"

    def __enter__(self):
        try:
            if not self.instance.is_dir():  # the lab machine has made its own before the snapshot
                self.instance.mkdir()
                self._set("trace_clock", "mono")
                self._set("buffer_size_kb", self.buffer_kib * FULL_BUFFERS // max(FULL_BUFFERS, os.cpu_count() or 1))
            self._set("trace", "")
            self.absent = [event for event in self.events if not (self.instance / "events" / event).is_dir()]
            self.events = tuple(event for event in self.events if event not in self.absent)
            for event in self.events:
                if self.only and event in FILTERED:
                    self._set(f"events/{event}/filter", self.only)
                self._set(f"events/{event}/enable", 1)
        except OSError as problem:
            raise NetworkError(f"cannot record the kernel's tracepoints: {problem}") from None
        return self

    def __exit__(self, *_):
        for event in self.events:
            self._set(f"events/{event}/enable", 0)
            if self.only and event in FILTERED:
                self._set(f"events/{event}/filter", "0")
        text = (self.instance / "trace").read_text()
        with open(self.path, "a") as file:
            file.write(f"# start {self.start_ns // 10**9}.{self.start_ns % 10**9:09d}\n"
                       + "".join(f"# absent: {event.rpartition('/')[2]}\n" for event in self.absent)
                       + (own_lines(text, self.networks) if OWNER else text))
        if "entries-in-buffer/entries-written" in text:
            counts = text.split("entries-in-buffer/entries-written:")[1].split()[0].split("/")
            if counts[0] != counts[1]:
                raise NetworkError(f"the kernel's trace is not whole: kept {counts[0]} of {counts[1]} events")

    def _set(self, name: str, value) -> None:
        (self.instance / name).write_text(str(value))


def own_lines(text: str, networks: Iterable) -> str:
    """The lines of a trace that have an address of `networks`, and its heading.

    A socket that listens on every address has none, and its lines are left out: they could be anybody's.
    """
    return "".join(line for line in text.splitlines(keepends=True) if line.startswith("#") or _is_in(line, networks))


def _is_in(line: str, networks: Iterable) -> bool:
    addresses = [ipaddress.ip_address(address) for address in set(ADDRESS.findall(line))]
    return any(address in network for address in addresses for network in networks)


@contextmanager
def alone(networks: Iterable, waiting: Callable[[], None]):
    """While the block runs, no other run on this kernel with one of `networks` is in such a block.

    This one waits for it, and calls `waiting`.

    What is locked is the range of bytes that has the networks' addresses for its offsets, of a file that every
    namespace shares; the kernel lets go of it when we end, however that happens.
    """
    if not OWNER:
        yield
        return
    with open(TRACEFS / "trace_marker", "wb", buffering=0) as file:
        for network in sorted(networks):  # all in the same order, so that no two wait for each other
            first, count = int(network.network_address), network.num_addresses
            lock = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, first, count, 0)  # struct flock, fcntl(2)
            try:
                fcntl.fcntl(file, fcntl.F_OFD_SETLK, lock)
            except (BlockingIOError, PermissionError):
                waiting()
                fcntl.fcntl(file, fcntl.F_OFD_SETLKW, lock)
        yield
