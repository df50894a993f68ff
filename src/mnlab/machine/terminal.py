"""The user's terminal, connected with a job: keys and their effects go in, what it prints comes out.

A `Terminal` gives the machine one end of a socket pair (`far`) and carries bytes between the other end and standard
input and output. Once the job has enquired (ENQ), the terminal's size goes in, as xterm's sequence
ESC [ 8 ; ROWS ; COLUMNS t, and then what is typed (see machine/guest/line.py).
"""

import os
import select
import shutil
import signal
import socket
import sys
import termios
import threading
import tty

LEAVE = b"\nexit\n"  # when what is piped in has ended: Mininet's prompt and shells know it
ENQUIRY = b"\x05"


class Terminal:
    """Use as a context manager: in it bytes flow. A real terminal is raw from the job's enquiry on."""

    def __init__(self):
        self.near, self.far = socket.socketpair()
        self.interactive = sys.stdin.isatty()
        self.stop_reading, self.stop_writing = os.pipe()
        self.saved: list = []  # its settings, as termios has them
        self.wanted = threading.Event()

    def __enter__(self):
        if self.interactive:
            self.saved = termios.tcgetattr(sys.stdin)
            signal.signal(signal.SIGWINCH, lambda *_: self.tell_size())
        self.threads = [threading.Thread(target=work, daemon=True) for work in (self._keys, self._screen)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        os.close(self.stop_writing)
        self.far.close()
        self.near.shutdown(socket.SHUT_WR)
        self.wanted.set()
        for thread in self.threads:
            thread.join()
        if self.interactive:
            signal.signal(signal.SIGWINCH, signal.SIG_DFL)
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self.saved)
        self.near.close()
        os.close(self.stop_reading)

    def tell_size(self) -> None:
        """Tell the job how large the user's terminal is."""
        if not self.wanted.is_set():
            return
        size = shutil.get_terminal_size()
        self._send(b"\x1b[8;%d;%dt" % (size.lines, size.columns))

    def _keys(self) -> None:
        self.wanted.wait()
        if self.interactive:  # until now Ctrl-C has been for us
            tty.setraw(sys.stdin, termios.TCSADRAIN)
        self.tell_size()
        while True:
            ready, _, _ = select.select([sys.stdin.fileno(), self.stop_reading], [], [])
            if self.stop_reading in ready:
                return
            data = os.read(sys.stdin.fileno(), 65536)
            if not self._send(data or LEAVE) or not data:
                return

    def _send(self, data: bytes) -> bool:
        try:
            self.near.sendall(data)
            return True
        except OSError:  # the job has ended
            return False

    def _screen(self) -> None:
        while data := self._receive():
            if not self.wanted.is_set():
                _, enquiry, data = data.partition(ENQUIRY)
                if enquiry:
                    self.wanted.set()
            sys.stdout.buffer.write(data)  # as it came: what the user's own shell prints is the user's own affair
            sys.stdout.buffer.flush()

    def _receive(self) -> bytes:
        try:
            return self.near.recv(65536)
        except OSError:
            return b""
