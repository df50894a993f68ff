"""The transfers: sockets on h1 and h2, read and written at the pace that the experiment wants."""

import socket
import time
from contextlib import contextmanager, nullcontext
from heapq import merge
from itertools import count

from mnlab.evidence import layout
from mnlab.net.play import play
from mnlab.net.sockets import connect, listen
from mnlab.net.tcp_info import tcp_info
from mnlab.protocols import kernel

SEGMENT, FRAME = 1448, 1514  # bytes
LINK = "s1-eth2"  # where s1 sends into the link
GAP, SHORT_GAP = 0.2, 0.12  # s between two reads of a slow reader: in the runs with labels, and in those without
HELD = 1.0  # s after its start, a transfer with a label is marked, for the ladder diagram
LONGER = 3  # times the RTT of the others: what is small, or takes long, is so by its path
LONG = ("small buffer", "short queue")  # causes whose path that is: it tells nothing of who holds back
LOSE_ONE = ("slow reader", "slow writer")  # causes whose transfer loses a segment besides
PAUSED = (0.6, 0.7)  # s after its beginning, and s that h2's program pauses besides, while the deep queue is full
PAUSE = 0.15  # s between two writes of a slow writer: some RTTs, so that nothing is in flight for a while
WRITE = 1448  # bytes that are written at once: a larger write might be taken whole by the smallest buffer
LONGEST = 60.0  # s: no transfer takes so long
COUNTERS = ("busy_time", "rwnd_limited", "sndbuf_limited", "total_retrans", "snd_cwnd", "min_rtt", "rtt", "bytes_acked")


class Stage:
    """What a transfer needs: hosts, recorder, parameters."""

    def __init__(self, net, rec):
        self.net, self.rec, self.params, self.h1, self.h2 = net, rec, rec.params, net["h1"], net["h2"]


def prepare(stage):
    """Reno, whose window is easy to follow; a connection learns nothing from the one before; ARP is done for good."""
    for host in (stage.h1, stage.h2):
        host.sysctl("net.ipv4.tcp_congestion_control", "reno")
        host.sysctl("net.ipv4.tcp_no_metrics_save", 1)
        host.sysctl(f"net.ipv4.neigh.{host.name}-eth0.base_reachable_time_ms", 3_600_000)
    stage.rec.run("ping", stage.h1, ["ping", "-c1", stage.h2.IP()])


def link(stage, rate: float, queue: int):
    """Give the link another rate (Mbit/s) and queue (frames)."""
    stage.net["s1"].run(["tc", "qdisc", "change", "dev", LINK, "parent", "1:1", "handle", "2:", "tbf", "rate",
                         f"{rate * 1e6:.0f}bit", "burst", "1600", "limit", str(queue * FRAME)])


@contextmanager
def longer_path(stage):
    """The path takes LONGER times as long, there and back together."""
    delay = stage.params["delay"]

    def there(milliseconds: float):
        stage.net["s1"].run(["tc", "qdisc", "change", "dev", LINK, "root", "handle", "1:", "netem", "limit", "1000",
                             "delay", f"{milliseconds}ms"])

    there((2 * LONGER - 1) * delay)
    yield
    there(delay)


def labelled(stage, name: str):
    """One of the runs that differ in one thing; what the kernel says of it is kept as files/NAME-..."""
    p = stage.params
    stage.rec.mark(f"{name}-start")
    info, text, seconds = transfer(stage, p[f"{name}_port"], p["size"], receive_buffer=p["buffer"],
                                   read=(round(p["reader"] * 1e6 * GAP / 8), GAP), name=name)
    stage.rec.mark(f"{name}-end")
    stage.rec.keep(f"{name}-counters", {key: info[key] for key in COUNTERS} | {"seconds": round(seconds, 6)})
    stage.rec.keep(f"{name}-ss", text)
    stage.rec.save(f"{name}-queues", stage.net["s1"], ["tc", "-s", "-j", "qdisc", "show"])


def unlabelled(stage, letter: str, cause: str):
    """A transfer held back by one cause; its port is all that tells it from the others. Some have an accident besides,
    which looks like another cause for a moment: a segment is lost, or h2's program pauses."""
    p = stage.params["_unlabelled"]
    rate = p["rate"] * 1e6 / 8  # bytes/s
    options = {
        "slow reader": {"receive_buffer": p["reader_buffer"], "read": (round(rate * SHORT_GAP), SHORT_GAP)},
        "small buffer": {"receive_buffer": p["window"]},
        "slow writer": {"write": (p["block"], PAUSE)},
        "small send buffer": {"send_buffer": p["send_buffer"]},
        "short queue": {},
        "deep queue": {"receive_buffer": p["deep_buffer"], "pause": PAUSED},
    }[cause]
    port = stage.params["ports"][letter]
    lost = [p["lost"]] if cause in LOSE_ONE else [10**6]
    path = longer_path(stage) if cause in LONG else nullcontext()
    with path, stage.rec.lose(f"{letter}-lost", "s1-eth1", f"tcp dport {port} ip length > 600", nth=lost):
        info, _, seconds = transfer(stage, port, p["size"], **options)
    stage.rec.keep(f"{letter}-counters", {key: info[key] for key in COUNTERS} | {"seconds": round(seconds, 6)})


def transfer(stage, port: int, size: int, receive_buffer: int = 0, send_buffer: int = 0,
             read: tuple[int, float] | None = None, write: tuple[int, float] | None = None,
             pause: tuple[float, float] | None = None, name: str = ""):
    """Send `size` bytes from h1 to `port` of h2.

    `read` and `write` are (bytes, seconds between two calls); without them as much is read and written as is possible.
    `pause`: after so many seconds nothing is read for so many. Returns TCP_INFO of h1's socket when all is
    acknowledged, `ss -tin` (if the transfer has a name), and the seconds until the last byte was read.
    """
    with listen(stage.h2, port, reuse=True) as door:
        if receive_buffer:
            door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client = connect(stage.h1, (stage.h2.IP(), port))
        server = door.accept()[0]
    if send_buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.setblocking(False)
    server.setblocking(False)
    to_send, received, begin, block = size, 0, time.monotonic(), bytes(WRITE)
    writers, readers = {}, {}

    def send(most: int = WRITE):
        nonlocal to_send
        try:
            while most and to_send:
                sent = client.send(block[:min(most, to_send)])
                to_send, most = to_send - sent, most - sent
        except BlockingIOError:
            pass
        if not to_send:
            writers.clear()

    def take(most: int = 65536):
        nonlocal received
        try:
            received += len(server.recv(most))
        except BlockingIOError:
            pass

    schedule = ()
    if read:
        schedule = ((begin + number * read[1], lambda: take(read[0])) for number in count(1))
    else:
        readers[server] = take
    if write:
        schedule = ((begin + number * write[1], lambda: send(write[0])) for number in count(0))
    else:
        writers[client] = send
    if pause:
        schedule = merge(schedule, [(begin + pause[0], readers.clear),
                                    (begin + sum(pause), lambda: readers.update({server: take}))],
                         key=lambda entry: entry[0])
    if name:
        schedule = merge(schedule, [(begin + HELD, lambda: stage.rec.mark(f"{name}-held"))], key=lambda entry: entry[0])
    play(begin + LONGEST, schedule, readers, writers, done=lambda: received == size)
    seconds = time.monotonic() - begin
    stage.rec.wait(4 * stage.params["delay"] / 1e3)  # for the last ACK
    info = tcp_info(client)
    text = stage.h1.run(["ss", "-tinH", "dport", "=", f":{port}"]).stdout if name else ""
    client.close()
    server.close()
    stage.rec.wait(4 * stage.params["delay"] / 1e3)
    return info, text, seconds


def samples(rec, ports: dict[str, int]) -> str:
    """The kernel's samples of the unlabelled six, as text for the student's program.

    Each flow: a line "flow LETTER", then a line for each ACK that came: seconds; the congestion window, what is in
    flight, and what the receiver's window allows, in bytes; the smoothed RTT in ms; and how many segments were sent
    again since the line before. All values are those before the ACK counts.
    """
    text = (rec.folder / layout.TRACE).read_text()
    start = float(text.split("\n", 1)[0].removeprefix("# start "))
    found = kernel.events(text, offset=-start)
    lines = []
    for letter, port in ports.items():
        mine = [event for event in found if event.target.port == port]
        probes = [event for event in mine if isinstance(event, kernel.Probe)]
        again = [event.time for event in mine if isinstance(event, kernel.Retransmit)]
        lines.append(f"flow {letter}")
        last = begin = probes[0].time if probes else 0.0
        for one in probes:
            repeated = sum(last < moment <= one.time for moment in again)
            lines.append(f"{one.time - begin:.6f} {one.snd_cwnd * SEGMENT} {one.in_flight} {one.snd_wnd} "
                         f"{one.srtt * 1e3:.3f} {repeated}")
            last = one.time
    return "\n".join(lines) + "\n"
