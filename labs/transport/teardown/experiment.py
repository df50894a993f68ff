"""Closing a TCP connection: clients on h1, servers on h2, and every way to take leave.

    h1 ── s1 ── h2        each link delays by some milliseconds, so that a segment is on its way for a while

In all steps but the last both ends are sockets of the hosts' kernels that this program holds: which call is made when,
is all that matters. The last is a scene of its own (visits.py). Each step has a server port of its own: `port` of the
variant plus its place in STEPS.
"""

import errno
import socket

from mnlab.lab import UNCLAIMED_PORTS, Allowed, Diagram, scene

allowed = Allowed()
needs = ("netem", "trace")

STEPS = ("four", "three", "late", "together", "server-first", "unread", "gone", "patient", "orphan-a", "orphan-b",
         "yours")
PAUSE = 1.0  # s between steps, so that nothing of one is still on its way in the next

diagram = Diagram(captures=("h1", "h2"), protocols=("tcp",), scene="endings", first="four", last="unread",
                  limit=70, seen_by="h1")


def variant(rng) -> dict:
    """Sizes in bytes, times in seconds; `delay` in ms, of each link and way."""
    orphans = [rng.randrange(50, 58), rng.randrange(65, 72)]  # before and after the kernel has lost patience (60 s)
    rng.shuffle(orphans)
    limit = rng.randrange(36, 60) * 1000
    return {
        "net": f"10.{rng.randrange(1, 250)}.{rng.randrange(1, 250)}", "delay": rng.randrange(5, 11),
        "port": rng.choice(UNCLAIMED_PORTS[:-20:20]),
        "request": rng.randrange(40, 400), "work": rng.randrange(2, 6),
        "pieces": rng.randrange(3, 6), "piece": rng.randrange(200, 1200),
        "hesitation": rng.randrange(3, 8) / 10,  # longer than any delayed ACK waits (200 ms)
        "unread": rng.randrange(300, 1400), "cut": rng.randrange(60, 70) * 1000,
        "patience": rng.randrange(73, 80), "orphan_a": orphans[0], "orphan_b": orphans[1],
        "limit": limit, "drain": rng.randrange(5, 9),
    }


def secret(rng, params) -> dict:
    """What the clients of the student's server say."""
    return {"_text": rng.randrange(10**6)}


def topology(params):
    from topologies.lan import Lan
    return Lan(hosts=2, addresses=[f"{params['net']}.{host}/24" for host in (1, 2)],
               link={"delay": f"{params['delay']}ms"})


@scene
def endings(net, rec):
    """How Linux takes leave."""
    stage = Stage(net, rec)
    with rec.trace(), rec.capture("h1", "h2"):
        rec.progress("a client that half-closes, a server that goes on")
        four(stage, rec.params)
        rec.progress("a server with nothing left to say; both at once; the server first")
        three(stage)
        late(stage, rec.params)
        together(stage)
        server_first(stage)
        rec.progress("unread data, and a client that has gone")
        unread(stage, rec.params)
        gone(stage, rec.params)
        rec.progress("more than a minute of silence")
        silence(stage, rec.params)
    rec.keep("outcomes", stage.outcomes)
    rec.keep("sockets", stage.samples)


@scene(work=["*.py"])
def server(net, rec, work):
    """How your server takes leave."""
    from lab.visits import Guests
    stage = Stage(net, rec)
    with rec.trace(), rec.capture("h1", "h2"):
        Guests(stage, rec.params).come()
    rec.keep("outcomes", stage.outcomes)


class Stage:
    """Where the steps are taken: makes connections, and notes what the programs saw and in which state sockets are."""

    def __init__(self, net, rec):
        self.net, self.rec = net, rec
        self.outcomes = {}  # step: what its client read, and how that ended
        self.samples = []  # {"time": s, "h1": {server port: state}, "h2": ...}

    def port(self, step) -> int:
        return self.rec.params["port"] + STEPS.index(step)

    def pair(self, step, buffer: int = 0):
        """A fresh connection: the client's socket on h1 and the server's on h2."""
        from mnlab.net import sockets
        self.rec.mark(step)
        with sockets.listen(self.net["h2"], self.port(step)) as listener:
            client = sockets.connect(self.net["h1"], (self.net["h2"].IP(), self.port(step)), buffer=buffer)
            return client, listener.accept()[0]

    def read(self, connection, name: str = "") -> bytes:
        """What the other end sends until it ends; noted as the outcome `name`."""
        from mnlab.net import sockets
        data, end = sockets.read_to_end(connection)
        if name:
            self.outcomes[name] = {"bytes": len(data), "end": end}
        return data

    def look(self) -> None:
        """Note the state of every connection, by its server port, as both kernels list it."""
        from mnlab.net import sockets
        first = self.rec.params["port"]
        sample = {"time": round(self.rec.now(), 6), "h1": {}, "h2": {}}
        for host, column in (("h1", "remote"), ("h2", "local")):
            for row in sockets.table(self.net[host]):
                if first <= row[column][1] < first + len(STEPS) and row["state"] != "LISTEN":
                    sample[host][str(row[column][1])] = row["state"]
        self.samples.append(sample)

    def watch(self, seconds: float) -> None:
        """Let time pass, and look every two seconds."""
        end = self.rec.now() + seconds
        while (left := end - self.rec.now()) > 0:
            self.rec.wait(min(2, left))
            self.look()


# --- the steps; "client" is always on h1, "server" on h2 ---

def four(stage, p):
    """The client has said all: it closes its half. The server works for a while, answers in pieces, then closes."""
    client, server = stage.pair("four")
    client.sendall(b"q" * p["request"])
    client.shutdown(socket.SHUT_WR)
    stage.read(server)
    stage.rec.wait(p["work"])
    stage.look()
    for host in ("h1", "h2"):
        stage.rec.run(f"ss-{host}", stage.net[host], "ss -Htan")
    for _ in range(p["pieces"]):
        server.sendall(b"a" * p["piece"])
        stage.rec.wait(0.1)
    server.close()
    stage.read(client, "four")
    client.close()
    stage.watch(PAUSE)


def three(stage):
    """A question and its answer; then the client closes, and so does the server, in the same moment."""
    client, server = stage.pair("three")
    client.sendall(b"question")
    server.recv(100)
    server.sendall(b"answer")
    client.recv(100)
    client.close()
    server.recv(100)
    server.close()
    stage.watch(PAUSE)


def late(stage, p):
    """The server has nothing left to send, but does not close at once."""
    client, server = stage.pair("late")
    client.close()
    server.recv(100)
    stage.rec.wait(p["hesitation"])
    server.close()
    stage.watch(PAUSE)


def together(stage):
    """Both close before they have heard of each other's FIN."""
    client, server = stage.pair("together")
    client.close()
    server.close()
    stage.watch(PAUSE)


def server_first(stage):
    """The server closes first."""
    client, server = stage.pair("server-first")
    server.close()
    client.recv(100)
    client.close()
    stage.watch(PAUSE)


def unread(stage, p):
    """The server answers and closes, but has not read what the client had sent."""
    client, server = stage.pair("unread", buffer=20_000)  # which the answer does not fit into
    client.sendall(b"q" * p["unread"])
    stage.rec.wait(0.3)
    server.sendall(b"a" * p["cut"])
    server.close()
    stage.read(client, "unread")
    client.close()
    stage.watch(PAUSE)


def gone(stage, p):
    """The client asks and closes for good, not its half only. The server answers all the same."""
    client, server = stage.pair("gone")
    client.sendall(b"q" * p["request"])
    client.close()
    stage.read(server)
    server.sendall(b"a" * p["piece"])
    stage.rec.wait(0.3)
    try:
        server.sendall(b"more")
        stage.outcomes["gone"] = {"bytes": 0, "end": "sent"}
    except OSError as problem:  # the first call went well: it filled a buffer. The next one hears of the reset.
        stage.outcomes["gone"] = {"bytes": 0, "end": errno.errorcode[problem.errno]}
    server.close()
    stage.watch(PAUSE)


def silence(stage, p):
    """Three clients on whose FIN the server is silent for about a minute. One half-closes, two are gone."""
    client, patient = stage.pair("patient")
    client.sendall(b"q" * p["request"])
    client.shutdown(socket.SHUT_WR)
    stage.read(patient)
    orphans = {}
    for name in ("a", "b"):
        orphan, orphans[name] = stage.pair(f"orphan-{name}")
        orphan.close()
    begin = stage.rec.now()
    for name in sorted(orphans, key=lambda name: p[f"orphan_{name}"]):
        stage.watch(begin + p[f"orphan_{name}"] - stage.rec.now())
        orphans[name].close()
    stage.watch(begin + p["patience"] - stage.rec.now())
    patient.sendall(b"a" * p["piece"])
    patient.close()
    stage.read(client, "patient")
    client.close()
    stage.watch(PAUSE)
