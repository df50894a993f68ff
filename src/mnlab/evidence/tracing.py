"""The kernel's own account of TCP and of its neighbour cache: its tracepoints, recorded without polling.

See include/trace/events/tcp.h, sock.h and neigh.h of the kernel. A trace instance of its own leaves other tracing
alone.
"""

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


class Tracing:
    """Context manager: records while its block runs, writes the kernel's text to `path` at the end.

    The first line of the file is `# start SECONDS`: the trace clock at the start of lab time.
    """

    def __init__(self, path: Path, start_ns: int, only: str = "", events: tuple[str, ...] = EVENTS,
                 buffer_kib: int = BUFFER_KIB):
        self.path, self.start_ns, self.only, self.events, self.buffer_kib = path, start_ns, only, events, buffer_kib
        self.instance = TRACEFS / "instances" / f"mnlab-{path.stem}"

    def __enter__(self):
        try:
            if not self.instance.is_dir():  # the lab machine has made its own before the snapshot
                self.instance.mkdir()
                self._set("trace_clock", "mono")
                self._set("buffer_size_kb", self.buffer_kib)
            self._set("trace", "")
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
            file.write(f"# start {self.start_ns // 10**9}.{self.start_ns % 10**9:09d}\n{text}")
        if "entries-in-buffer/entries-written" in text:
            counts = text.split("entries-in-buffer/entries-written:")[1].split()[0].split("/")
            if counts[0] != counts[1]:
                raise NetworkError(f"the kernel's trace is not whole: kept {counts[0]} of {counts[1]} events")

    def _set(self, name: str, value) -> None:
        (self.instance / name).write_text(str(value))
