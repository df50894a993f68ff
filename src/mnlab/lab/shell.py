"""Inside the machine: build a lab's network and hand it to whoever sits at the terminal (`mnlab shell`).

The terminal is a stream of bytes: the serial line of the lab machine, or an open file on the host machine. Here it
meets a pseudo-terminal, so that line editing, Ctrl-C and job control are the kernel's. Its size comes in the stream,
as xterm's sequence for "be R rows by C columns": ESC [ 8 ; R ; C t. Nothing is sent before this side has enquired (ENQ,
ECMA-48): a serial line that nobody has made raw would obey and echo it.
"""

import fcntl
import json
import os
import pty
import re
import select
import shutil
import struct
import sys
import termios
import traceback
import tty
from pathlib import Path

from mnlab.lab.inside import load
from mnlab.net.errors import NetworkError
from mnlab.net.network import Network
from mnlab.net.prompt import in_terminal, prompt, shell_of

SERIAL = "/dev/ttyS0"
ENQUIRY = b"\x05"
SIZE = re.compile(rb"\x1b\[8;(\d{1,4});(\d{1,4})t")
UNFINISHED = re.compile(rb"\x1b(\[(8(;\d{0,4}(;\d{0,4})?)?)?)?$")  # what may become SIZE with the next bytes


def main(host: str = "") -> int:
    """Entry point of the job: Mininet's prompt, or a shell on `host`. Files left in the folder are the result."""
    job = json.loads(Path("job.json").read_text())
    experiment = load("experiment", Path("lab/experiment.py"))
    folder = Path(os.environ.get("MNLAB_RESULT", "/result"))
    shutil.copytree("work", folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".empty"))
    os.environ["PATH"] = f"{os.environ['PATH']}:{Path('controller').absolute()}"
    sys.path.append(str(Path("lab").absolute()))
    try:
        with Network(experiment.topology(job["params"]), getattr(experiment, "openflow", False)) as net:
            know_each_other(net)
            os.chdir(folder)
            if host and host not in net:
                print(f"there is no {host} in this network; there are: {' '.join(sorted(net.keys()))}", flush=True)
                return 2
            node = net[host] if host else None
            return serve(lambda: in_terminal(node, shell_of(node)) if node else prompt(net, job["lab"]))
    except NetworkError as problem:
        print(f"the network could not be built: {problem}", flush=True)
        return 3


def know_each_other(net) -> None:
    """Let every host know the others by name."""
    names = "".join(f"{host.IP()} {host.name}\n" for host in net.hosts if host.IP())
    for host in net.hosts:
        host.replace_file("/etc/hosts", f"127.0.0.1 localhost\n{names}")


def serve(talk) -> int:
    """Call `talk` in a pseudo-terminal of its own, connected with the user's. Returns 0, or 1 if it broke."""
    line = open_line()
    child, master = pty.fork()
    if child == 0:
        status = 1
        try:
            talk()
            status = 0
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
    """The stream to the user: the file whose number is in MNLAB_TERMINAL, else the serial line as it is."""
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
