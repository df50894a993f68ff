"""Connections that the experiment itself holds, and what the sender's kernel says of them."""

import errno
import socket

from mnlab.net import sockets
from mnlab.net.tap import Tap
from mnlab.net.tcp_info import tcp_info

CLOSED = sockets.STATES.index("CLOSED")
TOLD = ("rto", "rtt", "rttvar", "backoff", "retransmits", "probes", "unacked")


class Talk:
    """One connection from `host` to `peer`: its ends are `near` and `far`. `looks`: what the kernel says of `near`."""

    def __init__(self, rec, tap: Tap, host, peer, port: int, size: int):
        self.rec, self.tap, self.size, self.sent = rec, tap, size, 0
        self.looks, self.end = [], None
        with sockets.listen(peer, port) as listener:
            self.near = sockets.connect(host, (peer.IP(), port))
            self.far, _ = listener.accept()
        self.near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.look()

    def send(self) -> None:
        """One more segment. No two are alike, so that one can tell which was sent again."""
        self.sent += 1
        self.near.send(bytes([self.sent % 256]) * self.size)
        self.look()

    def exchange(self, count: int) -> None:
        """`count` segments, each sent when the one before is acknowledged."""
        for _ in range(count):
            self.send()
            self.settle()

    def settle(self, timeout: float = 30) -> None:
        """Until all that was sent is acknowledged."""
        deadline = self.rec.now() + timeout
        while self.look()["unacked"] and self.rec.now() < deadline:
            self.tap.wait(0.2)

    def look(self) -> dict:
        """Ask the kernel, and note what it says if that is news. Its times are microseconds; `time` is lab time (s)."""
        info = tcp_info(self.near)
        told = {name: info[name] for name in TOLD}
        if not self.looks or any(self.looks[-1][name] != told[name] for name in TOLD):
            self.looks.append({"time": round(self.rec.now(), 6), **told})
        if info["state"] == CLOSED and not self.end:
            error = self.near.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            self.end = {"time": round(self.rec.now(), 6), "error": errno.errorcode.get(error, str(error))}
        return info

    def close(self) -> None:
        self.near.close()
        self.far.close()


class Call(Talk):
    """A connection that is asked for and never comes about."""

    def __init__(self, rec, tap: Tap, host, address: tuple[str, int]):
        self.rec, self.tap, self.looks, self.end = rec, tap, [], None
        self.near = self.far = sockets.tcp(host)
        self.near.setblocking(False)
        self.near.connect_ex(address)
        self.look()


def until_given_up(rec, tap: Tap, talks: dict, timeout: float) -> None:
    """Watch `talks` until each has ended."""
    deadline = rec.now() + timeout
    while alive := [talk for talk in talks.values() if not talk.end]:
        if rec.now() > deadline:
            return
        tap.wait(60, *(talk.near for talk in alive))
        for talk in alive:
            talk.look()
