"""Inside the machine: connect a program with whoever sits at the terminal (`mnlab shell`, `mnlab exec --tty`).

The terminal is a stream of bytes: the serial line of the lab machine, or an open file on the host machine. Here it
meets a pseudo-terminal, so that line editing, Ctrl-C and job control are the kernel's. Its size comes in the stream,
as xterm's sequence for "be R rows by C columns": ESC [ 8 ; R ; C t. Nothing is sent before this side has enquired (ENQ,
ECMA-48): a serial line that nobody has made raw would obey and echo it. Imports nothing of mnlab.
"""

import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import traceback
import tty

SERIAL = "/dev/ttyS0"
ENQUIRY = b"\x05"
SIZE = re.compile(rb"\x1b\[8;(\d{1,4});(\d{1,4})t")
UNFINISHED = re.compile(rb"\x1b(\[(8(;\d{0,4}(;\d{0,4})?)?)?)?$")  # what may become SIZE with the next bytes


def serve(talk) -> int:
    """Call `talk` in a pseudo-terminal of its own, connected with the user's. What it returned, or 1 if it broke."""
    line = open_line()
    child, master = pty.fork()
    if child == 0:
        status = 1
        try:
            status = talk() or 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(status)
    write_all(line, ENQUIRY)
    relay(line, master)
    os.close(master)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def open_line() -> int:
    """The stream to the user: the file whose number is in MNLAB_TERMINAL, else the serial line, made raw."""
    given = os.environ.get("MNLAB_TERMINAL", "")
    if given:
        return int(given)
    line = os.open(SERIAL, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(line)
    return line


def relay(line: int, master: int) -> None:
    """Carry bytes both ways until the pseudo-terminal has no user left."""
    waiting = b""
    watched = [line, master]
    while True:
        ready, _, _ = select.select(watched, [], [])
        if master in ready:
            try:
                data = os.read(master, 65536)
            except OSError:  # EIO: nobody has the other side open
                data = b""
            if not data:
                return
            write_all(line, data)
        if line in ready:
            data = os.read(line, 65536)
            if not data:
                watched.remove(line)
            waiting = typed(master, waiting + data)


def typed(master: int, data: bytes) -> bytes:
    """Pass on what was typed and obey sizes in it; returns what may be the beginning of one."""
    for rows, columns in SIZE.findall(data):
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", int(rows), int(columns), 0, 0))
    data = SIZE.sub(b"", data)
    begun = UNFINISHED.search(data)
    rest = begun[0] if begun and len(begun[0]) > 2 else b""  # Escape alone is a key, and ESC [ begins other keys
    write_all(master, data[:len(data) - len(rest)])
    return rest


def write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data):]
