"""The receiver that students send to: TCP's idea of a window, over UDP.

    datagram to it     4 bytes: the number of its first byte, counted from 0; then up to SEGMENT bytes of the message
    its answer         4 bytes: NEXT, the first byte that it does not have yet; 4 bytes: WINDOW, in bytes

Every datagram is answered, also one that holds nothing: that is how to ask for the window. Numbers are big-endian. It
keeps what arrives ahead of a gap. It has room for the bytes below NEXT + WINDOW; what lies beyond, in whole or in part,
it throws away. Its program reads as many bytes at a time as `lumps` says, in turn: what it has not read yet takes room.
"""

import socket
import struct
import threading
from itertools import cycle

from mnlab.net import namespace

DATA, ANSWER = struct.Struct("!I"), struct.Struct("!II")


class Inbox:
    """What the receiver has, and has room for. `delivered` is what arrived, in order and without gaps; its program has
    `read` as many whole lumps of it as there are."""

    def __init__(self, room: int, lumps: list[int]):
        self.room, self.lumps, self.delivered, self.kept = room, cycle(lumps), bytearray(), {}
        self.read, self.lump = 0, next(self.lumps)
        self.beyond = self.duplicates = self.broken = 0

    @property
    def window(self) -> int:
        return self.room + self.read - len(self.delivered)

    def answer(self, datagram: bytes) -> bytes:
        """Take a datagram in; what to say to its sender."""
        if len(datagram) < DATA.size:
            self.broken += 1
        elif len(datagram) > DATA.size:
            self._take(DATA.unpack_from(datagram)[0], datagram[DATA.size:])
        return ANSWER.pack(len(self.delivered), self.window)

    def _take(self, first: int, data: bytes) -> None:
        expected = len(self.delivered)
        if first + len(data) > expected + self.window:
            self.beyond += 1
        elif first < expected or first in self.kept:
            self.duplicates += 1
        else:
            self.kept[first] = data
            while (data := self.kept.pop(len(self.delivered), None)) is not None:
                self.delivered += data
        while self.read + self.lump <= len(self.delivered):
            self.read, self.lump = self.read + self.lump, next(self.lumps)


class Receiver:
    """Answers on `port` of `host`, out of its `inbox`, while its block runs."""

    def __init__(self, host, port: int, room: int, lumps: list[int]):
        self.inbox = Inbox(room, lumps)
        with namespace.inside(host.pid):
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host.IP(), port))

    def __enter__(self) -> Inbox:
        threading.Thread(target=self._serve, daemon=True).start()
        return self.inbox

    def __exit__(self, *_):
        self.socket.close()

    def _serve(self) -> None:
        while True:
            try:
                datagram, sender = self.socket.recvfrom(65536)
                self.socket.sendto(self.inbox.answer(datagram), sender)
            except OSError:  # closed
                return
