"""Connections with a receive buffer of a fixed size, whose receiving end reads when it is told to."""

import select
import socket

from mnlab.net import sockets
from mnlab.net.tcp_info import tcp_info

KEPT = ("rtt", "snd_mss", "snd_wnd", "bytes_acked", "busy_time", "rwnd_limited", "total_retrans", "snd_cwnd")


class Pour:
    """A connection from `host` to `port` of `peer`. The receiver's window begins with `window` bytes.

    `mss` makes the sender's segments smaller than they need be.
    """

    def __init__(self, rec, tap, host, peer, port: int, window: int, mss: int = 0):
        self.rec, self.tap, self.got = rec, tap, 0
        with sockets.tcp(peer) as listener:
            # Linux doubles the value for its own needs (socket(7)), and offers half of that at first.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
            listener.bind(("", port))
            listener.listen()
            self.near = sockets.tcp(host)
            if mss:
                self.near.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, mss)
            self.near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 18)  # all that is sent fits
            self.near.connect((peer.IP(), port))
            self.far, _ = listener.accept()
        self.near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, count: int) -> None:
        """Give the kernel `count` bytes to send."""
        self.near.sendall(bytes(n % 251 for n in range(count)))

    def read(self, count: int, timeout: float = 60) -> None:
        """Read as soon as something is there, until `count` bytes have come in all."""
        deadline = self.rec.now() + timeout
        while self.got < count and self.rec.now() < deadline:
            if select.select([self.far], [], [], 1)[0]:
                self.got += len(self.far.recv(1 << 16))

    def settle(self, timeout: float = 30) -> dict:
        """Until all that was sent is acknowledged; what the sender's kernel then says (times in microseconds)."""
        deadline = self.rec.now() + timeout
        while (info := tcp_info(self.near))["unacked"] and self.rec.now() < deadline:
            self.tap.wait(0.2)
        return {name: info[name] for name in KEPT}
