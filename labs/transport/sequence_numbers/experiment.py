"""Sequence numbers: what uses one and what does not, in connections from h1 to port 5001 of h2.

    h1 ─── s1 ─── h2        some ms each way; s1 loses segments of "losses", "yours" and "back", and no others

Both ends of every connection are plain sockets that belong to this process and live in the hosts' namespaces, so each
call is made in a known order. A connection is known by its port at h1.
"""

import socket
import struct

from mnlab.lab import Allowed, Diagram, scene

SERVER_PORT = 5001
PORTS = {"table": 6101, "twice": 6102, "cookie": 6103, "fast": 6104, "refused": 6105, "losses": 6106, "yours": 6107,
         "back": 6108}
HEADERS = 52  # bytes: IP's 20, TCP's 20, and timestamps with their padding
QUIET = 0.3  # s: longer than any ACK may be delayed (0.2 s, TCP_DELACK_MAX)

# include/uapi/linux/tcp.h; Python's socket module does not name these
TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ, TCP_SEND_QUEUE = 19, 20, 21, 2
MSG_FASTOPEN = 0x20000000
PATIENCE = struct.pack("ll", 10, 0)  # s and us of a call; far longer than anything here takes

allowed = Allowed()
needs = ("netem", "nftables")
diagram = Diagram(captures=("h1", "h2"), protocols=("tcp",), first="table-start", last="table-end", seen_by="h1")


def variant(rng) -> dict:
    """Sizes in bytes, all different; `isn` is the number with which h1 begins the connection of the table."""
    names = ("ask", "answer", "tell", "push", "last", "late", "cookie_data", "fast_data", "fast_answer", "refused_data",
             "first", "lost", "next", "after")
    sizes = dict(zip(names, rng.sample(range(30, 1300), len(names)), strict=True))
    # The number after the largest is 0: it comes in the middle of what h1 tells.
    isn = 2**32 - 1 - sizes["ask"] - rng.randrange(1, sizes["tell"])
    return {"net": f"10.{rng.randrange(1, 250)}.{rng.randrange(1, 250)}", "delay": rng.randrange(4, 10), "isn": isn,
            "pause": rng.randrange(3, 20), **sizes}


def secret(rng, params) -> dict:
    """Sizes (bytes) of what h1 says in the connection "yours", where its numbers begin, which part is lost, and of h2's
    reply; sizes of what the two say in the connection "back"."""
    parts = [rng.randrange(30, 1300) for _ in range(rng.randrange(4, 7))]
    lost = rng.randrange(1, len(parts))
    sizes = rng.sample(range(100, 1300), 11)
    heard = rng.sample(range(800, 1300), 2)  # too large for both to be sent again in one segment
    # Behind the gap numbers are small: the largest lies within what is lost.
    return {"_parts": parts, "_lost": lost, "_reply": rng.randrange(30, 1300),
            "_isn": 2**32 - 1 - sum(parts[:lost]) - rng.randrange(1, parts[lost]),
            "_ask": sizes[0], "_back": sizes[1:7], "_heard": heard, "_goodbye": sizes[7],
            "_last": sizes[8:]}


def topology(params):
    from topologies.lan import Lan
    return Lan(hosts=2, addresses=[f"{params['net']}.{host}/24" for host in (1, 2)],
               link={"delay": f"{params['delay']}ms"})


@scene(work=["*.py"])
def connections(net, rec, work):
    """Nine connections, and your bookkeeping."""
    from lab.story import story, with_copies
    h2, p = net["h2"], rec.params
    h2.sysctl("net.ipv4.tcp_fastopen", 3)  # 1: as a client, 2: as a server (1 is Linux's own setting)
    with rec.capture("h1", "h2", only="tcp"):
        ends = Ends(net)
        rec.progress("the connection of the table")
        rec.mark("table-start")
        table(rec, ends, p)
        rec.mark("table-end")

        rec.progress("the same two ends, twice")
        twice(rec, ends, p["pause"])

        rec.progress("Fast Open")
        fast_open(rec, ends, p, h2)

        rec.progress("four segments get lost")
        losses(rec, ends, p)

        rec.progress("a connection for your program alone")
        yours(rec, ends, p)
        rec.progress("another, in which h2 does the talking")
        back(rec, ends, p)

    rec.progress("your bookkeeping")
    told = story(rec.folder, rec.start_ns, {PORTS[name]: name for name in ("table", "fast", "losses", "yours", "back")})
    for name, program, lines in (("story", "your-numbers", told),
                                 ("story-with-copies", "with-copies", with_copies(told))):
        rec.keep(name, lines)
        rec.student(program, net["h1"], "python3 -S -E numbers.py", input=lines)


def table(rec, ends, p):
    """The connection whose numbers the student works out. The handout tells it call by call."""
    client = ends.client("table")
    begin_with(client, p["isn"])
    client.connect(ends.address)
    server = ends.accept()
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)  # acknowledge late, with data if there is some
    client.sendall(bytes(p["ask"]))
    hear(server, p["ask"])
    server.sendall(bytes(p["answer"]))  # at once: the ACK rides along
    rec.wait(QUIET)
    client.sendall(bytes(p["tell"]))
    hear(server, p["tell"])
    rec.wait(QUIET)  # nothing to say: the ACK goes alone
    server.sendall(bytes(p["push"]))
    rec.wait(QUIET)
    client.send(bytes(p["last"]), socket.MSG_MORE)  # more is to follow: the kernel waits with it
    client.shutdown(socket.SHUT_WR)  # and this is what follows
    hear(server, p["last"])
    rec.wait(QUIET)
    server.sendall(bytes(p["late"]))
    rec.wait(QUIET)
    hear(client, p["answer"] + p["push"] + p["late"])
    finish(rec, client, server)


def twice(rec, ends, pause):
    """Two connections with the same ports, each cut off by a reset, so that the second may follow at any time."""
    for last in (False, True):
        client = ends.client("twice")
        client.connect(ends.address)
        server = ends.accept()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # on, 0 s: close() resets
        client.close()
        rec.wait(QUIET if last else pause)
        server.close()


def fast_open(rec, ends, p, h2):
    """Data handed over before there is a connection: without a cookie, with one, and to a server that wants none."""
    exchange(rec, ends, "cookie", p["cookie_data"])
    exchange(rec, ends, "fast", p["fast_data"], p["fast_answer"])
    h2.sysctl("net.ipv4.tcp_fastopen", 1)
    exchange(rec, ends, "refused", p["refused_data"])


def exchange(rec, ends, name, size, answer=0):
    """`size` bytes from h1 by sendto(MSG_FASTOPEN), which connects on the way, and `answer` bytes from h2."""
    client = ends.client(name)
    try:
        taken = client.sendto(bytes(size), MSG_FASTOPEN | socket.MSG_DONTWAIT, ends.address)
    except BlockingIOError:  # no cookie: an ordinary connection has begun, and no data was taken
        taken = 0
    client.sendall(bytes(size - taken))
    server = ends.accept()
    hear(server, size)
    server.sendall(bytes(answer))
    hear(client, answer)
    rec.wait(QUIET)
    client.shutdown(socket.SHUT_WR)
    rec.wait(QUIET)
    finish(rec, client, server)


def losses(rec, ends, p):
    """s1 loses a SYN, a pure ACK, a data segment, and a FIN."""
    client = ends.client("losses")
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # each send() a segment of its own, at once
    # What h1 sends: 1 SYN (lost), 2 SYN, 3 ACK (lost), 4 data, 5 data (lost)
    with rec.lose("lost", "s1-eth1", f"tcp sport {PORTS['losses']}", nth=[1, 3, 5]):
        client.connect(ends.address)
        client.sendall(bytes(p["first"]))
        server = ends.accept()
        hear(server, p["first"])
        rec.wait(QUIET)
        for name in ("lost", "next", "after"):
            client.sendall(bytes(p[name]))
        hear(server, p["lost"] + p["next"] + p["after"])
        rec.wait(QUIET)
    with rec.lose("lost-fin", "s1-eth1", f"tcp sport {PORTS['losses']} tcp flags & fin == fin", nth=[1]):
        client.shutdown(socket.SHUT_WR)
        hear(server, 1)  # returns at the end of the stream
        rec.wait(QUIET)
        finish(rec, client, server)


def yours(rec, ends, p):
    """h1 says some things at once, of which s1 loses one; h2 answers."""
    client = ends.client("yours")
    begin_with(client, p["_isn"])
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with rec.lose("lost-yours", "s1-eth1", f"tcp sport {PORTS['yours']}", nth=[2 + p["_lost"]]):  # 1 SYN, 2 ACK
        client.connect(ends.address)
        server = ends.accept()
        for size in p["_parts"]:
            client.sendall(bytes(size))
        hear(server, sum(p["_parts"]))
    rec.wait(QUIET)
    server.sendall(bytes(p["_reply"]))
    hear(client, p["_reply"])
    rec.wait(QUIET)
    client.shutdown(socket.SHUT_WR)
    hear(server, 1)  # returns at the end of the stream
    rec.wait(QUIET)
    finish(rec, client, server)


def back(rec, ends, p):
    """s1 loses two of six segments of h2's, ACKs, and h2's last data, but not the FIN behind it.

    h1's SYN has the largest number that there is. And h1 says something while h2's last data is on its way, so that
    this has another ACK when it is sent again.
    """
    ends.net["h1"].sysctl("net.ipv4.tcp_early_retrans", 0)  # h1 shall repeat the first of what nobody acknowledges
    client, from_h2 = ends.client("back"), f"tcp sport {SERVER_PORT} tcp dport {PORTS['back']}"

    def of(size):
        return f"{from_h2} ip length {size + HEADERS}", [1]

    lost = {"lost-second": of(p["_back"][1]), "lost-fourth": of(p["_back"][3]), "lost-goodbye": of(p["_goodbye"])}
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    begin_with(client, 2**32 - 1)
    with rec.lose_each("s1-eth2", lost):
        client.connect(ends.address)
        server = ends.accept()
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sendall(bytes(p["_ask"]))
        hear(server, p["_ask"])
        for size in p["_back"]:
            server.sendall(bytes(size))
        hear(client, sum(p["_back"]))
        rec.wait(QUIET)
        with rec.lose("lost-acks", "s1-eth2", f"{from_h2} tcp flags & (syn | fin | psh | ack) == ack"):
            for size in p["_heard"]:  # both arrive, and one is sent again all the same, and once more
                client.sendall(bytes(size))
            hear(server, sum(p["_heard"]))
            rec.wait(3 * QUIET)
        rec.wait(3 * QUIET)
        first, more, last = p["_last"]
        client.sendall(bytes(first))
        server.sendall(bytes(p["_goodbye"]))
        server.shutdown(socket.SHUT_WR)
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        hear(server, first)
        # h2's ACK, which has the number behind its FIN, is with h1 by then, and the data before that is not yet.
        rec.wait(0.0013 * p["delay"])
        client.sendall(bytes(more))
        hear(client, p["_goodbye"])
        hear(server, more)
        rec.wait(QUIET)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)  # it waits for the FIN, and leaves with it
        client.sendall(bytes(last))
        # Data and FIN arrive, and are sent again all the same: h1 does not hear so.
        with rec.lose("lost-last-ack", "s1-eth2", f"{from_h2} tcp flags & (syn | fin | psh | ack) == ack", nth=[1]):
            client.shutdown(socket.SHUT_WR)
            hear(server, last + 1)  # to the end of the stream
            rec.wait(3 * QUIET)
        finish(rec, client, server)


# --- sockets of both hosts, in one process ---

class Ends:
    """Makes the sockets. h2 listens on SERVER_PORT from the beginning, ready for Fast Open."""

    def __init__(self, net):
        self.net, self.address = net, (net["h2"].IP(), SERVER_PORT)
        self.listener = self._socket("h2", self.address)
        self.listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 16)  # connections that may wait half open
        self.listener.listen()

    def _socket(self, host, address):
        from mnlab.net import namespace
        with namespace.inside(self.net[host].pid):
            made = socket.socket()
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            made.setsockopt(socket.SOL_SOCKET, option, PATIENCE)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        return made

    def client(self, name):
        """A socket of h1 with the port of that connection, not yet connected."""
        return self._socket("h1", (self.net["h1"].IP(), PORTS[name]))

    def accept(self):
        """h2's end of the next connection."""
        return self.listener.accept()[0]


def begin_with(client, isn: int) -> None:
    """Choose the initial sequence number. For this the kernel has TCP_REPAIR (root only; made to move connections)."""
    client.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    client.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_QUEUE, TCP_SEND_QUEUE)
    client.setsockopt(socket.IPPROTO_TCP, TCP_QUEUE_SEQ, isn - 2**32 if isn >= 2**31 else isn)  # a C int
    client.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 0)


def hear(end, size: int) -> None:
    """Wait until `size` bytes have arrived, or the end of the stream."""
    while size > 0:
        data = end.recv(size)
        if not data:
            return
        size -= len(data)


def finish(rec, client, server) -> None:
    """h1 has said that it is done; now h2 closes, too."""
    server.close()
    rec.wait(QUIET)
    client.close()
