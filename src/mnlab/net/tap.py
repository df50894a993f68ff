"""Being woken by a host's frames: the moment to ask its kernel for news, without polling."""

import select
import socket

from mnlab.net import namespace

ETH_P_ALL = 0x0003  # include/uapi/linux/if_ether.h


class Tap:
    """Wakes the experiment when a frame leaves or reaches a host's first interface (packet(7))."""

    def __init__(self, host):
        with namespace.inside(host.pid):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.bind((f"{host.name}-eth0", ETH_P_ALL))
        self.socket.setblocking(False)

    def wait(self, seconds: float, *others) -> None:
        """Until a frame passes, one of the sockets `others` has news, or so many seconds have gone by."""
        select.select([self.socket, *others], [], [], seconds)
        try:
            while self.socket.recv(64):
                pass
        except BlockingIOError:
            pass
