"""What happens, step by step. Runs inside the machine. Times are in seconds, `way` is the path's delay one way."""

import socket
from contextlib import suppress
from pathlib import Path

from lab.crafted import ACK, MSS, SYN, Ears, Mouth, segment
from lab.experiment import CROSSING, FLOODED, GUARDED, HALF_OPEN, LINEAR, OPENED, PORTS, SERVER
from mnlab.net import sockets
from mnlab.net.errors import NetworkError

MSG_FASTOPEN = 0x20000000  # include/linux/socket.h
REPORT = 3000  # bytes that h2 sends to show how large its segments are
COUNTERS = ("SyncookiesSent", "SyncookiesRecv", "TCPReqQFullDrop", "TCPReqQFullDoCookies")


class Stage:
    """The hosts, the listening sockets of h2, and h3's raw socket."""

    def __init__(self, net, rec):
        self.net, self.rec, self.p = net, rec, rec.params
        self.h1, self.h2, self.h3 = (net[name] for name in ("h1", "h2", "h3"))
        self.way = 2 * self.p["delay"] / 1000
        self.listener = sockets.listen(self.h2, SERVER)
        self.mouth = Mouth(self.h3)

    def client(self, name: str, host=None) -> socket.socket:
        """A socket of h1 (or another host) with the port of that connection."""
        client = sockets.tcp(host or self.h1, timeout=20)
        client.bind(("", PORTS[name]))
        return client

    def at(self, host, port: int) -> tuple[str, int]:
        return host.IP(), port

    def meet(self):
        """Fill the ARP caches, so that nothing waits for an answer later on."""
        for node in (self.h1, self.h3):
            greeting = sockets.tcp(node)
            greeting.connect((self.h2.IP(), SERVER))
            reset(greeting)
            self.listener.accept()[0].close()
        for node in (self.h1, self.h2):
            with suppress(OSError):  # refused: nobody listens there
                sockets.tcp(node).connect((self.h3.IP(), SERVER))
        self.rec.wait(4 * self.way)

    def states(self, h1_port: int, h2_port: int) -> dict:
        """The states of a connection's two ends at this moment, as the two kernels list them (None: not at all)."""
        ends = {"h1": (self.h1, h1_port, h2_port), "h2": (self.h2, h2_port, h1_port)}
        return {name: next((row["state"] for row in sockets.table(node)
                            if (row["local"][1], row["remote"][1]) == (own, other)), None)
                for name, (node, own, other) in ends.items()}

    def waiting(self, listener) -> socket.socket | None:
        """The next connection that waits to be accepted; None if there is none."""
        listener.setblocking(False)
        try:
            return listener.accept()[0]
        except BlockingIOError:
            return None
        finally:
            listener.settimeout(20)

    def look_on(self, looks: int, look, act) -> list:
        """Call `act`, then `look` in the middle of each of the next periods of one way's length.

        NetworkError if a busy computer was too late for one of them: it saw another moment."""
        called = self.rec.now()
        act()
        start, seen = self.rec.now(), []
        late = start - called > self.way / 4
        for period in range(looks):
            self.rec.wait(max(0, start + (period + 0.5) * self.way - self.rec.now()))
            seen.append(look())
            late |= self.rec.now() > start + (period + 1) * self.way
        if late:
            raise NetworkError("this computer is too busy: it was too late to see in which state a connection is while "
                               "a segment is on its way")
        return seen

    def half_open_at(self, port: int) -> int:
        return sum(row["local"][1] == port and row["state"] == "SYN-RECEIVED" for row in sockets.table(self.h2))

    # --- three segments, and four ---

    def plain(self):
        """One connection; both ends looked at while each segment is on its way, and after the last."""
        client, accepted = self.client("plain"), []

        def look():
            before = None  # again, until what the states and accept() say is of one moment
            while (states := self.states(PORTS["plain"], SERVER)) != before:
                before = states
                accepted.append(self.waiting(self.listener))
            return {**states, "accepted": any(accepted)}

        self.rec.keep("plain", self.look_on(4, look, lambda: begin(client, self.at(self.h2, SERVER))))
        client.settimeout(20)
        self.report(client, next((end for end in accepted if end), None) or self.listener.accept()[0])

    def report(self, client, server):
        """h2 sends REPORT bytes; then both ends are done."""
        server.sendall(bytes(REPORT))
        received = 0
        while received < REPORT and (data := client.recv(REPORT)):
            received += len(data)
        self.rec.wait(2 * self.way)
        reset(client)
        self.rec.wait(2 * self.way)
        server.close()

    def crossing(self):
        """h1 and h2 connect to each other at once. Nobody listens."""
        ends = [sockets.tcp(node) for node in (self.h1, self.h2)]
        for end, port in zip(ends, CROSSING, strict=True):
            end.bind(("", port))

        def open_both():
            begin(ends[0], self.at(self.h2, CROSSING[1]))
            begin(ends[1], self.at(self.h1, CROSSING[0]))

        self.rec.keep("crossing", self.look_on(3, lambda: self.states(*CROSSING), open_both))
        self.rec.wait(self.way)
        for end in ends:
            end.settimeout(5)
            with suppress(OSError):
                end.sendall(b"hello")
        heard = []
        for end in ends:
            with suppress(OSError):
                heard.append(end.recv(100).decode())
        self.rec.keep("crossing-heard", heard)
        self.rec.wait(2 * self.way)
        reset(ends[0])
        self.rec.wait(2 * self.way)
        ends[1].close()

    # --- an old SYN ---

    def old(self):
        """A SYN of h1's from long ago comes to h2. h1 knows nothing of it."""
        seen = self.look_on(4, lambda: self.states(PORTS["old"], SERVER),
                            lambda: self.mouth.send(self.old_syn("old", self.p["old_number"])))
        self.rec.keep("old", {"states": seen, "accepted": self.waiting(self.listener) is not None})

    def racing(self):
        """The same, just before h1 itself connects from that port."""
        self.mouth.send(self.old_syn("racing", self.p["old_number"] + 5000))
        self.rec.wait(0.005)
        client, heard = self.client("racing"), []
        with suppress(TimeoutError):
            client.connect(self.at(self.h2, SERVER))
            client.sendall(b"new")
            self.rec.wait(2 * self.way)
        while server := self.waiting(self.listener):
            heard.append(server.recv(100).decode())
        self.rec.keep("racing", heard)
        reset(client)
        self.rec.wait(2 * self.way)

    def old_syn(self, name, seq):
        return segment((self.h1.IP(), PORTS[name]), self.at(self.h2, SERVER), SYN, seq, options=MSS)

    def fast_open(self):
        """Fast Open's SYN, with data that is handed to the program at once, comes a second time."""
        self.h2.sysctl("net.ipv4.tcp_fastopen", 3)
        listener = sockets.tcp(self.h2)
        listener.bind(("", OPENED))
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 16)
        listener.listen()
        heard, ears = [], Ears(self.h2)
        for name in ("cookie", "fast"):
            client = self.client(name)
            open_fast(client, name.encode(), self.at(self.h2, OPENED))
            heard.append(listener.accept()[0].recv(100).decode())
            self.rec.wait(4 * self.way)
            reset(client)
            self.rec.wait(2 * self.way)
        packet = ears.wait_for_syn(PORTS["fast"], timeout=1)
        ears.close()
        if packet:
            self.mouth.send(packet)
            self.rec.wait(1.5 * self.way)
            ghost = self.waiting(listener)
            if ghost:
                heard.append(ghost.recv(100).decode())
                self.rec.wait(3 * self.way)
                ghost.close()
        self.rec.keep("fast-heard", heard)

    # --- half open ---

    def half_open(self):
        """One SYN from an address that does not answer; h2 waits for the third segment. It comes too late."""
        source = (self.p["outside"], HALF_OPEN)
        self.mouth.send(segment(source, self.at(self.h2, SERVER), SYN, 1000, options=MSS))
        begin = self.rec.now()
        self.rec.wait_until(lambda: self.half_open_at(SERVER), "h2 has a half-open connection")
        with suppress(Exception):  # it stays for over a minute; if it stays for longer, that is for the checks to say
            self.rec.wait_until(lambda: not self.half_open_at(SERVER), "h2 gives up", timeout=90)
        self.rec.keep("half-open", {"seconds": round(self.rec.now() - begin, 3), "left": self.half_open_at(SERVER)})
        self.mouth.send(segment(source, self.at(self.h2, SERVER), ACK, 1001, 1))
        self.rec.wait(4 * self.way)

    def connect_nowhere(self) -> dict[str, tuple]:
        """Two begin to connect to an address that never answers: h1 as Linux comes, and h2, which backs off from its
        first SYN on, as RFC 6298 has it and Linux had it."""
        if self.rec.save("linear-timeouts", self.h1, f"sysctl -e {LINEAR}"):  # -e: some kernels have none
            self.h2.sysctl(LINEAR, 0)
        patient = {}
        for name, host in (("patient", self.h1), ("doubling", self.h2)):
            client = self.client(name, host)
            begin(client, (self.p["outside"], SERVER))
            patient[name] = client, host, self.rec.now()
        return patient

    def give_up(self, patient):
        """Wait until the kernels of both give up; what their programs are told, and when."""
        end = self.rec.now() + 200
        while patient:
            for name, (client, host, begun) in list(patient.items()):
                if self.rec.now() > end or all(row["local"][1] != PORTS[name] for row in sockets.table(host)):
                    error = client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    self.rec.keep(name, {"seconds": round(self.rec.now() - begun, 3), "error": error})
                    del patient[name]
            self.rec.wait(0.05)

    # --- floods ---

    def flood(self, listener_port: int, first_port: int) -> tuple[socket.socket, dict]:
        """h3 sends SYNs from addresses that do not answer, more than h2 keeps; what h2 holds a moment later."""
        listener = sockets.tcp(self.h2, timeout=20)
        listener.bind(("", listener_port))
        listener.listen(self.p["backlog"])
        before = self.counters()
        for count in range(self.p["flood"]):
            self.mouth.send(segment((self.p["outside"], first_port + count), self.at(self.h2, listener_port), SYN,
                                    1000 * count, options=MSS))
        self.rec.wait(0.8)  # less than the second after which h2 repeats its SYN+ACKs
        return listener, {"half_open": self.half_open_at(listener_port), "before": before}

    def counters(self) -> dict[str, int]:
        """What the kernel of h2 has counted (net/ipv4/proc.c)."""
        names, values = [line.split() for line in Path(f"/proc/{self.h2.pid}/net/netstat").read_text().splitlines()[:2]]
        return {name: int(value) for name, value in zip(names, values, strict=True) if name in COUNTERS}

    def flooded(self):
        """The flood meets an h2 that has no cookies; then h1 wants to connect."""
        self.h2.sysctl("net.ipv4.tcp_syncookies", 0)
        listener, found = self.flood(FLOODED, HALF_OPEN + 100)
        self.meet_client(listener, "blocked", FLOODED)
        self.rec.keep("flooded", {**found, "after": self.counters()})
        listener.close()

    def guarded(self):
        """The same with cookies: h1 connects with timestamps, and without."""
        self.h2.sysctl("net.ipv4.tcp_syncookies", 1)
        listener, found = self.flood(GUARDED, HALF_OPEN + 200)
        self.meet_client(listener, "served", GUARDED)
        self.h1.sysctl("net.ipv4.tcp_timestamps", 0)
        self.meet_client(listener, "bare", GUARDED)
        self.h1.sysctl("net.ipv4.tcp_timestamps", 1)
        self.rec.wait(2)  # whatever h2 keeps of the flood, it repeats its SYN+ACK for
        self.rec.keep("guarded", {**found, "after": self.counters()})
        listener.close()

    def meet_client(self, listener, name, port):
        """h1 connects and h2 sends its report; or h1 does not get through in 20 s."""
        client = self.client(name)
        with suppress(TimeoutError):
            client.connect(self.at(self.h2, port))
            self.report(client, listener.accept()[0])


def begin(client, address) -> None:
    """Send the SYN and do not wait for an answer."""
    client.setblocking(False)
    with suppress(BlockingIOError):
        client.connect(address)


def open_fast(client, data: bytes, address) -> None:
    """sendto() with Fast Open: the data goes with the SYN if a cookie is known, else after the handshake."""
    try:
        taken = client.sendto(data, MSG_FASTOPEN | socket.MSG_DONTWAIT, address)
    except BlockingIOError:
        taken = 0
    client.sendall(data[taken:])


def reset(end) -> None:
    """Close at once, with a reset: nothing stays behind, not even TIME-WAIT."""
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    end.close()
