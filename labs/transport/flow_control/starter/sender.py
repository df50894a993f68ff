"""Send a message over UDP with a sliding window.

    python3 sender.py HOST PORT SEGMENT      the message is on standard input

    datagram to HOST   4 bytes: the number of its first byte, counted from 0; then up to SEGMENT bytes of the message
    its answer         4 bytes: NEXT, the first byte that it does not have yet; 4 bytes: WINDOW, in bytes

All numbers are big-endian. Each datagram is answered, also one without data. Datagrams may be lost, and so may answers.
What has not arrived must be sent again. No byte at or beyond NEXT + WINDOW may be sent; WINDOW is not always the same.
"""

import socket
import struct
import sys

DATA, ANSWER = struct.Struct("!I"), struct.Struct("!II")


class Sender:
    def __init__(self, host, port, segment, message):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect((host, port))
        self.segment, self.message = segment, message
        self.next = 0  # the receiver has everything below
        self.edge = 0  # nothing at or beyond may be sent
        self.timeout = 1.0  # s

    def run(self):
        while not self.edge:
            self.send(0, empty=True)  # ask for the window
            self.receive()
        # TODO: this sends one segment, and waits for its answer. It works, and most of the time the path is empty.
        #       Send on while the window has room, and keep it full: each answer makes room for more.
        # TODO: then answers and losses no longer belong to one segment. Which one is to be sent again, and when?
        while self.next < len(self.message):
            self.send(self.next)
            self.receive()

    def send(self, first, empty=False):
        """Send the segment at `first`; its length."""
        data = b"" if empty else self.message[first:first + self.segment]
        self.socket.send(DATA.pack(first) + data)
        return len(data)

    def receive(self):
        """Take one answer in; False if none comes in time."""
        self.socket.settimeout(self.timeout)
        try:
            next, window = ANSWER.unpack(self.socket.recv(64))
        except (TimeoutError, ConnectionRefusedError):
            return False
        self.next = max(self.next, next)
        self.edge = max(self.edge, next + window)
        return True


if __name__ == "__main__":
    Sender(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.stdin.buffer.read()).run()
