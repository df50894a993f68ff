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
import time

DATA, ANSWER = struct.Struct("!I"), struct.Struct("!II")


class Sender:
    def __init__(self, host, port, segment, message):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect((host, port))
        self.segment, self.message = segment, message
        self.next = 0  # the receiver has everything below
        self.top = 0  # everything below has been sent
        self.edge = 0  # nothing at or beyond may be sent
        self.timeout = 1.0  # s
        self.deadline = None  # when the oldest outstanding segment is to be sent again
        self.answers = 0  # how many came in a row that told nothing new

    def run(self):
        self.greet()
        while self.next < len(self.message):
            while self.top < min(self.edge, len(self.message)) and self.fits(self.top):
                self.top += self.send(self.top)
            self.wait()

    def greet(self):
        """Ask for the window, and measure how long an answer takes."""
        while not self.edge:
            asked = time.monotonic()
            self.send(0, empty=True)
            self.deadline = asked + self.timeout
            if self.receive():
                # A full window waits in front of the path, so an answer takes longer than that of the first one.
                self.timeout = 2 * (time.monotonic() - asked)

    def fits(self, first):
        return first + len(self.message[first:first + self.segment]) <= self.edge

    def send(self, first, empty=False):
        """Send the segment at `first`; its length."""
        data = b"" if empty else self.message[first:first + self.segment]
        self.socket.send(DATA.pack(first) + data)
        if self.deadline is None:
            self.deadline = time.monotonic() + self.timeout
        return len(data)

    def wait(self):
        """Until an answer comes, or the oldest segment is to be sent again."""
        if not self.receive() or self.answers == 3:
            self.deadline = None
            self.send(self.next)

    def receive(self):
        """Take one answer in; False if the deadline passes first."""
        self.socket.settimeout(max(self.deadline - time.monotonic(), 0.001))
        try:
            next, window = ANSWER.unpack(self.socket.recv(64))
        except (TimeoutError, ConnectionRefusedError):
            return False
        if next > self.next:
            self.next, self.answers = next, 0
            self.deadline = time.monotonic() + self.timeout if self.next < self.top else None
        elif next == self.next:
            self.answers += 1
        self.edge = max(self.edge, next + window)
        return True


if __name__ == "__main__":
    Sender(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.stdin.buffer.read()).run()
