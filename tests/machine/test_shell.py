"""`mnlab shell` in a real terminal: its size and Ctrl-C reach the host's shell, and what is made there comes out."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

import pytest

from mnlab.lab.lab import find
from mnlab.lab.run import needs_of
from mnlab.machine import capabilities
from mnlab.machine.host import HostMachine
from mnlab.machine.job import MachineError

from .conftest import DRIVER, ROOT

PATIENCE = 240  # s for anything to appear, with the snapshot for the real clock to be taken first
ROWS, COLUMNS = 31, 97


class Screen:
    """A terminal of our own, in which mnlab runs."""

    def __init__(self, folder, *arguments):
        self.master, slave = pty.openpty()
        self.resize(ROWS, COLUMNS)
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "TERM": "xterm"}
        environment = {key: value for key, value in environment.items() if key not in ("LINES", "COLUMNS")}
        self.process = subprocess.Popen([sys.executable, "-Pc", DRIVER, str(ROOT), *arguments], cwd=folder,
                                        env=environment, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)
        self.text = ""

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys: str):
        os.write(self.master, keys.encode())

    def expect(self, pattern: str) -> re.Match:
        """Wait until `pattern` appears after what was seen before."""
        deadline = time.monotonic() + PATIENCE
        while not (match := re.search(pattern, self.text)):
            ready, _, _ = select.select([self.master], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"{pattern!r} never appeared after: {self.text[-2000:]}"
            try:
                self.text += os.read(self.master, 65536).decode(errors="replace")
            except OSError:
                raise AssertionError(f"mnlab ended ({self.process.wait()}) after: {self.text[-2000:]}") from None
        self.text = self.text[match.end():]
        return match

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)


@pytest.fixture
def screen(tmp_path):
    opened = []

    def open_screen(*arguments):
        opened.append(Screen(tmp_path, *arguments))
        return opened[-1]

    yield open_screen
    for one in opened:
        one.close()


@pytest.fixture(params=["vm", "host"])
def place(request):
    """Where the shell is opened; skips, with the reason, where this computer cannot."""
    if request.param == "host":
        try:
            HostMachine().prepare()
        except MachineError as problem:
            pytest.skip(str(problem))
        if lacking := capabilities.lacking(needs_of(find("arp"))):
            pytest.skip("; ".join(capabilities.remedies(lacking)))
    return request.param


def test_a_hosts_shell_in_a_terminal(screen, tmp_path, place):
    terminal = screen("shell", "arp", "h1", "--on", place)
    terminal.expect(r"h1:\S+# ")
    terminal.type("stty size\r")
    terminal.expect(rf"\b{ROWS} {COLUMNS}\r")
    terminal.resize(20, 70)
    os.kill(terminal.process.pid, signal.SIGWINCH)  # as the kernel does for a terminal's foreground processes
    terminal.type("stty size\r")
    terminal.expect(r"\b20 70\r")
    terminal.type("ping h2\r")
    terminal.expect("64 bytes from h2")
    terminal.type("\x03")
    terminal.expect("packets transmitted")
    terminal.type("ip -4 -o addr > mine\r")
    terminal.type("exit\r")
    terminal.expect("your files are in shell-out")
    assert terminal.process.wait(timeout=PATIENCE) == 0
    assert "h1-eth0" in (tmp_path / "shell-out/mine").read_text()


def test_mininets_prompt_in_a_terminal(screen, place):
    terminal = screen("shell", "arp", "--on", place)
    terminal.expect("mininet> ")
    terminal.type("pingall\r")
    terminal.expect(r"0% dropped \(6/6 received\)")
    terminal.type("h1 ping h2\r")
    terminal.expect("64 bytes from")
    terminal.type("\x03")
    terminal.expect("packets transmitted")
    terminal.expect("mininet> ")
    terminal.type("\x04")
    assert terminal.process.wait(timeout=PATIENCE) == 0


@pytest.mark.parametrize("words, says", [
    (("arp", "h9"), "there is no h9 in this network; there are: h1 h2 h3 s1"),
    (("arp", "--topo", "x.py", "y"), "name a lab"), (("--topo", "absent.py"), "no file absent.py"),
    (("--topo", "tree,2", "--controller", "absent.py"), "no application absent.py"), ((), "name a lab"),
    (("arpp",), "Did you mean 'arp'"),
    (("arp", "--work", "absent"), "there is no folder absent")])
def test_what_cannot_be_opened_is_said(cli, plain, words, says):
    assert says in plain(cli("shell", "-q", *words, timeout=PATIENCE), 2)


def test_nobody_types_in_virtual_time(screen):
    for words in (("shell", "arp", "--clock", "virtual"), ("exec", "-t", "--clock", "virtual", "--", "sh")):
        terminal = screen(*words)
        terminal.expect("nobody can type in virtual time")
        assert terminal.process.wait(timeout=PATIENCE) == 2


def test_any_command_in_a_terminal(screen, tmp_path, place):
    (tmp_path / "sent").write_text("here\n")
    terminal = screen("exec", "--tty", "--send", "sent", "--on", place, "--", "bash", "--norc")
    terminal.expect(r"[#$] ")
    terminal.type("tty; stty size; echo $TERM; cat sent\r")
    terminal.expect(rf"/dev/pts/\d+\r\n{ROWS} {COLUMNS}\r\nxterm\r\nhere\r")
    terminal.expect("[#$] ")
    # said by a process that has the terminal already: bash itself may be interrupted between echo and sleep
    terminal.type("sh -c 'echo asleep; exec sleep 1000'\r")
    terminal.expect(r"[\r\n]asleep\r")
    terminal.type("\x03")
    terminal.expect(r"\^C(.|\n)*[#$] ")  # a key typed before would be thrown away, or interrupted with what it began
    terminal.type("echo mine > made; exit 7\r")
    terminal.expect("brought out into exec-out: made")
    assert terminal.process.wait(timeout=PATIENCE) == 7
    assert (tmp_path / "exec-out/made").read_text() == "mine\n"


def test_the_prompt_in_a_terminal_keeps_folders_and_survives_mistakes(screen):
    terminal = screen("shell", "arp")
    terminal.expect("mininet> ")
    for typed, seen in [("h1 cd /tmp", ""), ("h1 pwd", r"\r\n/tmp\r\n"), ("h1 tty", r"/dev/pts/\d"),
                        ("h1 export X=7", ""),
                        ("h1 test -t 0 && echo \"<$X  h2>\"", r"\r\n<7  h2>\r\n"), ("source nofile", "No such file"),
                        ("h1 sleep 500 &", ""), ("py h1.cmd('pwd')", r"/tmp\r\n"), ("clear", re.escape("\x1b[2J"))]:
        terminal.type(typed + "\r")
        terminal.expect(seen + r"[^>]*mininet> ")
    terminal.type("h1 ping h2\r")
    terminal.expect("64 bytes from")
    terminal.type("\x03")
    terminal.expect("packets transmitted")
    terminal.expect("mininet> ")
    terminal.type("h1 jobs\r")
    terminal.expect("Running +sleep 500")  # Ctrl-C was for ping alone
    terminal.type("h1\r")
    terminal.expect(r"h1:/tmp# ")
    terminal.type("exit\r")
    terminal.expect("mininet> ")
    terminal.type("exit\r")
    assert terminal.process.wait(timeout=PATIENCE) == 0
