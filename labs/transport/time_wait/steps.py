"""The steps of the time_wait lab, and the stage on which they are taken. See experiment.py."""

import errno
import socket
import struct
import time

from mnlab.evidence import layout
from mnlab.net import namespace, sockets
from mnlab.net.errors import NetworkError
from mnlab.protocols import capture

SYN = 0x02
SETTLE = 0.3  # s: every segment of a step has arrived, and what it caused, too
MSS = 1460  # bytes of data in a full segment without timestamps
#: ns by which the new connection comes early, so that the old one's numbers lie ahead of its own: 15,600 a millisecond
#: (64 ns each). The first is right in virtual time; in real time a busy computer may be late, and gets more chances.
EARLY_NS = (2_000_000, 40_000_000, 90_000_000, 180_000_000)
ROOM = 2**22  # numbers that may lie between the two: a thousandth of all
BANNER = 40_000  # bytes that either side of the new connection sends beyond, so that these numbers come to pass
EACH = 0.05  # s between two tries to have a port again
NEAR = 20_000  # bytes before the old data when it comes again: within the first window of any receiver


class Stage:
    """Makes connections; notes what programs read and what the kernel allowed them."""

    def __init__(self, net, rec, names):
        self.rec, self.params, self.names = rec, rec.params, names
        self.h1, self.h2, self.s1 = net["h1"], net["h2"], net["s1"]
        self.attempts = []  # what was tried, and "ok" or the name of the error
        self.tables = {}  # moment: the sockets of both hosts
        self.outcomes = {}

    def keep(self) -> None:
        for name in ("attempts", "tables", "outcomes"):
            self.rec.keep(name, getattr(self, name))

    def server_port(self, step) -> int:
        return self.params["server"] + self.names.index(step)

    def client_port(self, step) -> int:
        return self.params["client"] + self.names.index(step)

    def listen(self, step, reuse=False):
        return sockets.listen(self.h2, self.server_port(step), reuse)

    def connect(self, step, reuse=False, any_port=False):
        target = (self.h2.IP(), self.server_port(step))
        return sockets.connect(self.h1, target, 0 if any_port else self.client_port(step), reuse)

    def pair(self, step, reuse=False):
        """A fresh connection over which a request has gone: the client's socket and the server's."""
        self.rec.mark(step)
        with self.listen(step, reuse) as listener:
            return self.accepted(listener, self.connect(step, reuse))

    def accepted(self, listener, client, request=b""):
        server, _ = listener.accept()
        server.settimeout(10)
        client.sendall(request or b"q" * self.params["request"])
        server.recv(65536)
        return client, server

    def close(self, first, second) -> None:
        """One end closes, the other hears of it and closes, too."""
        first.shutdown(socket.SHUT_WR)
        sockets.read_to_end(second)
        second.close()
        sockets.read_to_end(first)
        first.close()
        self.rec.wait(SETTLE)

    def abort(self, *ends) -> None:
        """Close with RST (SO_LINGER of 0, socket(7)): nobody waits afterwards."""
        for end in ends:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            end.close()

    def attempt(self, step, what, call):
        """Try something that the kernel may refuse; the socket, or None. Noted either way."""
        try:
            made, result = call(), "ok"
        except OSError as problem:
            made, result = None, errno.errorcode.get(problem.errno, str(problem))
        self.attempts.append({"time": round(self.rec.now(), 6), "step": step, "what": what, "result": result})
        return made

    def try_listening(self, step, host, reuse=False) -> bool:
        """Whether a program on this host may listen on the port that it had in the step."""
        node, port = (self.h1, self.client_port(step)) if host == "h1" else (self.h2, self.server_port(step))
        what = f"{host} listens" + (" with SO_REUSEADDR" if reuse else "")
        made = self.attempt(step, what, lambda: sockets.listen(node, port, reuse))
        if made:
            made.close()
        return made is not None

    def look(self, moment) -> None:
        """Note the sockets of both hosts."""
        self.tables[moment] = {"time": round(self.rec.now(), 6), "h1": sockets.table(self.h1),
                               "h2": sockets.table(self.h2)}

    def timestamps(self, on: bool) -> None:
        for host in (self.h1, self.h2):
            host.sysctl("net.ipv4.tcp_timestamps", int(on))

    def bring_again(self, step, count: int = 1, skip: int = 0) -> None:
        """The network brings to h2 once more the first `count` segments with data that h1 sent in this step, but for
        `skip`."""
        with namespace.inside(self.s1.pid), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
            out.bind(("s1-eth2", 0))
            for frame in [frame for frame in self.segments(step) if _has_data(frame)][skip:skip + count]:
                out.send(frame)
        self.rec.wait(SETTLE)

    def first_numbers(self, step) -> list[tuple[int, int]]:
        """The initial sequence numbers of this step's connections, as SYN+ACK tells: the client's, the server's."""
        pairs = [struct.unpack_from("!LL", frame, 38) for frame in self.segments(step, "server") if frame[47] & SYN]
        return list(dict.fromkeys(((ack - 1) % 2**32, seq) for seq, ack in pairs))

    def segments(self, step, sender="client") -> list[bytes]:
        """The frames with TCP segments of this step, in IP packets without options, as captured at h1."""
        frames = capture.read_capture(self.rec.folder / layout.CAPTURES / "h1-eth0.pcap")
        port, place = self.server_port(step), {"client": 36, "server": 34}[sender]
        return [frame.data for frame in frames if len(frame.data) >= 54 and frame.data[12:14] == b"\x08\x00"
                and frame.data[23] == socket.IPPROTO_TCP and struct.unpack_from("!H", frame.data, place)[0] == port]


def _has_data(frame: bytes) -> bool:
    """Whether the TCP segment in this frame has a payload."""
    length, = struct.unpack_from("!H", frame, 16)
    return length > 20 + (frame[46] >> 4) * 4


# --- who waits, for how long ---

def client_first(stage):
    client, server = stage.pair("client-first")
    stage.close(client, server)
    stage.try_listening("client-first", "h1")
    stage.try_listening("client-first", "h2")


def server_first(stage):
    """Once with a plain listener, once with SO_REUSEADDR set on the one whose connection now waits."""
    client, server = stage.pair("server-first")
    stage.close(server, client)
    stage.try_listening("server-first", "h2")
    stage.try_listening("server-first", "h2", reuse=True)
    stage.try_listening("server-first", "h1")
    client, server = stage.pair("restart", reuse=True)
    stage.close(server, client)
    stage.try_listening("restart", "h2")
    stage.try_listening("restart", "h2", reuse=True)
    stage.look("both")
    for host in (stage.h1, stage.h2):
        stage.rec.run(f"ss-{host.name}", host, "ss -Htano state time-wait")


def wait_until_free(stage):
    """From 57 s after the first two steps on: when may a program have the port that a connection waits on?"""
    waiting = {"client-first": ("h1", stage.client_port), "server-first": ("h2", stage.server_port)}
    free = stage.outcomes["free"] = {}
    stage.rec.wait(max(0, stage.attempts[0]["time"] + 57 - stage.rec.now()))
    end = stage.rec.now() + 20
    while waiting and stage.rec.now() < end:
        for step, (host, port) in list(waiting.items()):
            now = round(stage.rec.now(), 6)
            try:
                sockets.listen(stage.h1 if host == "h1" else stage.h2, port(step)).close()
                free.setdefault(step, {})["free"] = now
                del waiting[step]
            except OSError:
                free.setdefault(step, {})["refused"] = now
        stage.rec.wait(0.2)


# --- reason one: the last ACK ---

def last_ack_lost(stage):
    """The last ACK of two connections is lost. At the second moment h1 keeps no TIME-WAIT."""
    ends = {step: stage.pair(step) for step in ("lost-ack", "no-wait")}
    for client, server in ends.values():
        client.shutdown(socket.SHUT_WR)
        sockets.read_to_end(server)
    stage.rec.wait(SETTLE)
    # From here on h1 has only ACKs of the servers' FINs to send: the first to each port is the one to lose.
    wanted = {f"loss-{step}": (f"tcp dport {stage.server_port(step)}", [1]) for step in ends}
    with stage.rec.lose_each("s1-eth1", wanted):
        ends["lost-ack"][1].close()
        stage.rec.wait(SETTLE / 2)
        stage.h1.sysctl("net.ipv4.tcp_max_tw_buckets", 0)
        ends["no-wait"][1].close()
        stage.rec.wait(1.5)
    stage.look("lost")
    stage.h1.sysctl("net.ipv4.tcp_max_tw_buckets", 4096)
    for client, _ in ends.values():
        client.close()


# --- reason two: old segments, old addresses ---

def old_segments(stage):
    """An old segment arrives at two servers in TIME-WAIT; the second kernel follows RFC 1337's advice."""
    for step in ("assassin", "shielded"):
        client, server = stage.pair(step)
        stage.close(server, client)
    for step, setting in (("assassin", 0), ("shielded", 1)):
        stage.look(f"before-{step}")
        stage.h2.sysctl("net.ipv4.tcp_rfc1337", setting)
        stage.bring_again(step)
        stage.look(f"after-{step}")
    stage.h2.sysctl("net.ipv4.tcp_rfc1337", 0)


def reuse(stage):
    """The client, which waits, wants the same four-tuple once more. Later an old segment comes."""
    old_client, old_server = stage.pair("reuse", reuse=True)
    stage.close(old_client, old_server)
    with stage.listen("reuse", reuse=True) as listener:
        stage.attempt("reuse", "h1 connects", lambda: stage.connect("reuse"))
        stage.attempt("ghost", "h1 connects with SO_REUSEADDR", lambda: stage.connect("ghost", reuse=True))
        client = stage.attempt("reuse", "h1 connects with SO_REUSEADDR", lambda: stage.connect("reuse", reuse=True))
        if not client:
            return
        client, server = stage.accepted(listener, client)
        before = counter(stage.h2, "PAWSEstab")
        stage.bring_again("reuse")
        stage.outcomes["paws"] = counter(stage.h2, "PAWSEstab") - before
        client.sendall(b"N" * 500)
        client.shutdown(socket.SHUT_WR)
        stage.outcomes["reuse"] = sockets.read_to_end(server)[0].decode()
        server.close()
        sockets.read_to_end(client)
        client.close()
        stage.rec.wait(SETTLE)


def reopened(stage):
    """The server waits, the client does not: a new SYN from the same port finds TIME-WAIT."""
    client, server = stage.pair("reopened", reuse=True)
    stage.close(server, client)
    with stage.listen("reopened", reuse=True) as listener:
        client = stage.attempt("reopened", "h1 connects", lambda: stage.connect("reopened"))
        if client:
            stage.close(*stage.accepted(listener, client))


def one_port(stage):
    """A client host with a single port to choose."""
    port = stage.client_port("range")
    stage.h1.sysctl("net.ipv4.ip_local_port_range", f"{port} {port}")
    with stage.listen("range") as listener:
        def connect(what, patience=0.0):
            end = stage.rec.now() + patience
            while not (client := stage.attempt("range", what, lambda: stage.connect("range", any_port=True))):
                if stage.rec.now() >= end:
                    break
                stage.rec.wait(EACH)
            else:
                stage.close(*stage.accepted(listener, client))

        stage.rec.mark("range")
        connect("h1 connects")
        connect("h1 connects again")
        stage.rec.save("reuse-delay", stage.h1, "sysctl -e net.ipv4.tcp_tw_reuse_delay")  # -e: some kernels have none
        stage.outcomes["kernel_clock"] = round(time.monotonic() - stage.rec.now(), 6)
        stage.h1.sysctl("net.ipv4.tcp_tw_reuse", 1)
        connect("h1 connects again, with tcp_tw_reuse", patience=3)
    stage.h1.sysctl("net.ipv4.tcp_tw_reuse", 2)
    stage.h1.sysctl("net.ipv4.ip_local_port_range", "32768 60999")


# --- what old segments would do ---

def ghost_lives(stage) -> list[int]:
    """A connection without timestamps, whose data will come again, opened some times; when (ns, wall clock)."""
    stage.timestamps(False)
    stage.rec.mark("ghost")
    begins = []
    with stage.listen("ghost", reuse=True) as listener:
        while True:
            begins.append(time.clock_gettime_ns(time.CLOCK_REALTIME))
            ends = stage.accepted(listener, stage.connect("ghost", reuse=True), b"o" * stage.params["ghost"])
            if len(begins) == len(EARLY_NS):
                break
            stage.rec.wait(1)
            stage.abort(*ends)
    stage.close(*ends)
    stage.timestamps(True)
    return begins


def ghost_returns(stage, moments) -> None:
    """The same four-tuple when the kernels' initial sequence numbers come round, a moment early; and the old data.

    `moments` (ns, wall clock): when they do, for each of its lives. NetworkError if none was met.
    """
    stage.timestamps(False)
    with stage.listen("ghost", reuse=True) as listener:
        stage.rec.mark("ghost-again")
        for life, moment in enumerate(moments):
            client, server = _open_at(stage, listener, moment - EARLY_NS[life])
            numbers = stage.first_numbers("ghost")
            ahead, server_ahead = ((old - new) % 2**32 for old, new in zip(numbers[life], numbers[-1]))
            if 0 < ahead < ROOM:
                break
            stage.abort(client, server)
        else:
            raise NetworkError("this computer is too busy: it came too late, each time, to open a connection when the "
                               "numbers of an old one came round")
        _pass(server, client, b"b" * (BANNER + (server_ahead if server_ahead < 2 * ROOM else 0)))
        read = _pass(client, server, b"N" * max(0, ahead - NEAR))
        count = -(-stage.params["ghost"] // MSS)
        stage.bring_again("ghost", count, skip=life * count)
        client.sendall(b"N" * BANNER)
        client.shutdown(socket.SHUT_WR)
        stage.outcomes["ghost_sent"] = len(read) + BANNER
        stage.outcomes["ghost"] = (read + sockets.read_to_end(server)[0]).decode()
        server.close()
        sockets.read_to_end(client)
        client.close()
    stage.rec.wait(SETTLE)
    stage.timestamps(True)


def _open_at(stage, listener, moment):
    """A connection opened at a moment (ns, wall clock): both ends."""
    # In two steps: a timer of minutes may be some hundredths of a second late, a timer of a second is not.
    for ahead in (0.3, 0.0):
        left = (moment - time.clock_gettime_ns(time.CLOCK_REALTIME)) / 10**9
        stage.rec.wait(max(0.0, left - ahead))
    client = stage.connect("ghost", reuse=True)
    server, _ = listener.accept()
    server.settimeout(10)
    stage.rec.wait(SETTLE)  # the capture holds it
    return client, server


def _pass(sender, receiver, data: bytes) -> bytes:
    """Send `data` piece by piece; what the other end, which reads meanwhile, has read."""
    read = b""
    for start in range(0, len(data), BANNER):
        sender.sendall(data[start:start + BANNER])
        while len(read) < min(start + BANNER, len(data)):
            part = receiver.recv(BANNER)
            if not part:
                raise NetworkError("a connection ended while it was in use")
            read += part
    return read


def counter(node, name: str) -> int:
    """One of the kernel's TCP counters (netstat(8), TcpExt)."""
    with open(f"/proc/{node.pid}/net/netstat") as file:
        names, values = (file.readline().split() for _ in range(2))
    return int(values[names.index(name)])
