"""The scenes of the time_wait lab, and the stage on which they play. See experiment.py."""

import errno
import socket
import struct
import time

from mnlab.evidence import layout
from mnlab.net import namespace, sockets
from mnlab.protocols import capture

SETTLE = 0.3  # s: every segment of a scene has arrived, and what it caused, too
MSS = 1460  # bytes of data in a full segment without timestamps
#: ns by which the new connection comes early, so that the old one's numbers lie ahead in its window: 31,000 bytes at
#: 64 ns each, or half as much if the processor takes a millisecond to get there.
EARLY_NS = 2_000_000
BANNER = 40_000  # bytes that either side of the new connection sends, so that these numbers come to pass


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

    def server_port(self, scene) -> int:
        return self.params["server"] + self.names.index(scene)

    def client_port(self, scene) -> int:
        return self.params["client"] + self.names.index(scene)

    def listen(self, scene, reuse=False):
        return sockets.listen(self.h2, self.server_port(scene), reuse)

    def connect(self, scene, reuse=False, any_port=False):
        target = (self.h2.IP(), self.server_port(scene))
        return sockets.connect(self.h1, target, 0 if any_port else self.client_port(scene), reuse)

    def pair(self, scene, reuse=False):
        """A fresh connection over which a request has gone: the client's socket and the server's."""
        self.rec.mark(scene)
        with self.listen(scene, reuse) as listener:
            return self.accepted(listener, self.connect(scene, reuse))

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

    def attempt(self, scene, what, call):
        """Try something that the kernel may refuse; the socket, or None. Noted either way."""
        try:
            made, result = call(), "ok"
        except OSError as problem:
            made, result = None, errno.errorcode.get(problem.errno, str(problem))
        self.attempts.append({"time": round(self.rec.now(), 6), "scene": scene, "what": what, "result": result})
        return made

    def try_listening(self, scene, host, reuse=False) -> bool:
        """Whether a program on this host may listen on the port that it had in the scene."""
        node, port = (self.h1, self.client_port(scene)) if host == "h1" else (self.h2, self.server_port(scene))
        what = f"{host} listens" + (" with SO_REUSEADDR" if reuse else "")
        made = self.attempt(scene, what, lambda: sockets.listen(node, port, reuse))
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

    def bring_again(self, scene, count: int = 1) -> None:
        """The network brings to h2 once more the first `count` segments with data that h1 sent in this scene."""
        frames = capture.read_capture(self.rec.folder / layout.CAPTURES / "h1-eth0.pcap")
        with namespace.inside(self.s1.pid), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as out:
            out.bind(("s1-eth2", 0))
            for frame in [frame for frame in frames if _is_data(frame.data, self.server_port(scene))][:count]:
                out.send(frame.data)
        self.rec.wait(SETTLE)


def _is_data(frame: bytes, port: int) -> bool:
    """Whether this is a TCP segment to `port` with a payload, in an IP packet without options."""
    if len(frame) < 54 or frame[12:14] != b"\x08\x00" or frame[23] != socket.IPPROTO_TCP:
        return False
    length, = struct.unpack_from("!H", frame, 16)
    return struct.unpack_from("!H", frame, 36)[0] == port and length > 20 + (frame[46] >> 4) * 4


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
    """From 57 s after the first two scenes on: when may a program have the port that a connection waits on?"""
    waiting = {"client-first": ("h1", stage.client_port), "server-first": ("h2", stage.server_port)}
    free = stage.outcomes["free"] = {}
    stage.rec.wait(max(0, stage.attempts[0]["time"] + 57 - stage.rec.now()))
    end = stage.rec.now() + 20
    while waiting and stage.rec.now() < end:
        for scene, (host, port) in list(waiting.items()):
            now = round(stage.rec.now(), 6)
            try:
                sockets.listen(stage.h1 if host == "h1" else stage.h2, port(scene)).close()
                free.setdefault(scene, {})["free"] = now
                del waiting[scene]
            except OSError:
                free.setdefault(scene, {})["refused"] = now
        stage.rec.wait(0.2)


# --- reason one: the last ACK ---

def last_ack_lost(stage):
    """The last ACK of two connections is lost. At the second moment h1 keeps no TIME-WAIT."""
    ends = {scene: stage.pair(scene) for scene in ("lost-ack", "no-wait")}
    for client, server in ends.values():
        client.shutdown(socket.SHUT_WR)
        sockets.read_to_end(server)
    stage.rec.wait(SETTLE)
    # From here on h1 has only ACKs of the servers' FINs to send: the first to each port is the one to lose.
    wanted = {f"loss-{scene}": (f"tcp dport {stage.server_port(scene)}", [1]) for scene in ends}
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
    for scene in ("assassin", "shielded"):
        client, server = stage.pair(scene)
        stage.close(server, client)
    for scene, setting in (("assassin", 0), ("shielded", 1)):
        stage.look(f"before-{scene}")
        stage.h2.sysctl("net.ipv4.tcp_rfc1337", setting)
        stage.bring_again(scene)
        stage.look(f"after-{scene}")
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
        def connect(what):
            client = stage.attempt("range", what, lambda: stage.connect("range", any_port=True))
            if client:
                stage.close(*stage.accepted(listener, client))

        stage.rec.mark("range")
        connect("h1 connects")
        connect("h1 connects again")
        stage.h1.sysctl("net.ipv4.tcp_tw_reuse", 1)
        stage.rec.wait(2)  # longer than the second that a timestamp takes to be surely newer
        connect("h1 connects again, with tcp_tw_reuse")
    stage.h1.sysctl("net.ipv4.tcp_tw_reuse", 2)
    stage.h1.sysctl("net.ipv4.ip_local_port_range", "32768 60999")


# --- what old segments would do ---

def ghost_lives(stage) -> int:
    """A connection without timestamps, whose data will come again; when it was opened (ns, wall clock)."""
    stage.timestamps(False)
    stage.rec.mark("ghost")
    with stage.listen("ghost", reuse=True) as listener:
        begin = time.clock_gettime_ns(time.CLOCK_REALTIME)
        client = stage.connect("ghost", reuse=True)
        stage.close(*stage.accepted(listener, client, b"o" * stage.params["ghost"]))
    stage.timestamps(True)
    return begin


def ghost_returns(stage, moment) -> None:
    """The same four-tuple when the kernels' initial sequence numbers come round, a moment early; and the old data."""
    stage.timestamps(False)
    with stage.listen("ghost", reuse=True) as listener:
        stage.rec.mark("ghost-again")
        # In two steps: a timer of minutes may be some hundredths of a second late, a timer of a second is not.
        for ahead in (1.0, 0.0):
            left = (moment - EARLY_NS - time.clock_gettime_ns(time.CLOCK_REALTIME)) / 10**9
            stage.rec.wait(max(0.0, left - ahead))
        client = stage.connect("ghost", reuse=True)
        client.sendall(b"N")
        server, _ = listener.accept()
        server.settimeout(10)
        server.sendall(b"b" * BANNER)
        stage.rec.wait(SETTLE)
        stage.bring_again("ghost", -(-stage.params["ghost"] // MSS))
        client.sendall(b"N" * BANNER)
        client.shutdown(socket.SHUT_WR)
        stage.outcomes["ghost"] = sockets.read_to_end(server)[0].decode()
        server.close()
        sockets.read_to_end(client)
        client.close()
    stage.rec.wait(SETTLE)
    stage.timestamps(True)


def counter(node, name: str) -> int:
    """One of the kernel's TCP counters (netstat(8), TcpExt)."""
    with open(f"/proc/{node.pid}/net/netstat") as file:
        names, values = (file.readline().split() for _ in range(2))
    return int(values[names.index(name)])
