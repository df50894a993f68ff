"""A node's shell, as Mininet's scripts know it: cmd(), sendCmd(), monitor(), waitOutput().

It is a bash that is started when a command first needs one, and lasts: so do its folder, its variables and its
background jobs. Its input and output are pipes, not a terminal: a line may be of any length, and bytes come out as
they went in. After each command it prints a mark that ends its output and holds its exit status.
"""

import codecs
import os
import re
import select
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from mininet.log import info

from mnlab.net.errors import CommandFailed, NetworkError

LIMIT = 300.0  # s of lab time that a command of cmd() may take; Mininet would wait for ever

LONGEST_ARGUMENT = 100_000  # characters of one that a program gets with ease: MAX_ARG_STRLEN is 128 KiB (execve(2))

#: A command line in which a shell would find nothing to do but start the program.
PLAIN = re.compile(r"[\w./+-]+( [\w./:@%+,=-]+)*")

#: What the shell does. It reads commands from descriptor %(commands)d, each ended by a zero byte; after each, the mark
#: goes to %(output)d, its output's copy, for a command may redirect the output itself. SIGINT is for commands alone: a
#: trap, unlike an ignored signal, is not inherited.
LOOP = r"""
trap : INT
trap '' TSTP
_mnlab_status=%(status)d
_mnlab_before() { return "$_mnlab_status"; }
exec %(output)d>&1
while IFS= read -r -d '' -u %(commands)d; do
    _mnlab_before
    eval "$REPLY" %(commands)d<&- %(output)d>&-
    _mnlab_status=$?
    printf '\177mnlab %%d %%d\177' "$_mnlab_status" "${!:-0}" >&%(output)d
done
"""
PIPE = 65536  # bytes that a pipe holds (pipe(7))
MARK = re.compile(rb"\x7fmnlab (\d+) (\d+)\x7f")
MARK_BEGUN = re.compile(rb"\x7f(?:m|mn|mnl|mnla|mnlab(?: [\d ]*)?)?$")
PID = re.compile("\x01(\\d+)\n")  # what `mnexec -p` prints first
OUTPUT = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}


class Conversation:
    """Mixed into a node that has start_process() and `pid`.

    `waiting`: a command is not done. `lastStatus`: the exit status of the last that is. `lastPid`: the process that it
    left in the background ("server &").
    """

    name: str
    outToNode: dict  # noqa: N815
    start_process: Callable[..., subprocess.Popen]
    waiting: bool
    readbuf: str
    lastCmd: Any  # noqa: N815
    lastPid: int | None  # noqa: N815

    own_session = True  # False at a prompt: its shells are in the user's terminal, and so are programs on nodes
    _talk: Any = None  # the process that is talked with
    _ends: int  # a descriptor that can be read once it has ended (pidfd_open(2))
    _commands = -1  # the descriptor that the shell reads commands from
    lastStatus = 0  # noqa: N815  (as Mininet's lastCmd)

    # --- Mininet's calls ---

    def cmd(self, *args, verbose: bool = False, timeout: float | None = LIMIT,
            printPid: bool = False) -> str:  # noqa: N803
        """Run a command; output and errors as one string, whatever the status. It ends when the command does, and not
        when all that it left in the background does.

        CommandFailed after `timeout` s; the shell and its jobs are then ended.
        """
        command = text_of(args)
        self._be_free()
        whole = args[0] if len(args) == 1 and isinstance(args[0], (list, tuple)) else command
        argv = argv_of(whole) if len(command) <= LONGEST_ARGUMENT else ["bash"]
        if self._talk or printPid or argv[0] == "bash":
            self.sendCmd(command, printPid=printPid)
        else:  # nothing to remember, and nothing that takes a shell
            self.lastCmd, self.lastPid = command, None
            self._listen(self.start_process(argv, **OUTPUT, start_new_session=self.own_session))
        return self.waitOutput(verbose, timeout=timeout)

    def sendCmd(self, *args, printPid: bool = False) -> None:  # noqa: N802, N803
        """Start a command and return at once: monitor() and waitOutput() have what it prints."""
        command = text_of(args)
        self._be_free()
        if self._talk and select.select([self._ends], [], [], 0)[0]:  # somebody ended it between two commands
            self._end_talk()
        if not self._talk:
            self._start_shell()
        self.lastCmd, self.lastPid, self.waiting = command, None, True
        line = f"mnexec -p {command}" if printPid and not command.rstrip().endswith("&") else command
        data = line.encode(errors="surrogateescape") + b"\0"
        while data:
            data = data[os.write(self._commands, data):]

    def monitor(self, timeoutms: float | None = None, findPid: bool = True) -> str:  # noqa: N803
        """What the command has printed, waiting up to `timeoutms` for it to print or to end; "" if it did not."""
        kept, self.readbuf = self.readbuf, ""
        if kept or not self._talk:
            return kept
        seconds = None if timeoutms is None or timeoutms < 0 else timeoutms / 1000
        ready, _, _ = select.select([self._talk.stdout, self._ends], [], [], seconds)
        if not ready:
            return ""
        text = self._take(ended=self._ends in ready)
        if findPid and (found := PID.search(text)):
            self.lastPid = int(found[1])
            text = text.replace(found[0], "", 1)
        return text

    def waitOutput(self, verbose: bool = False, findPid: bool = True,  # noqa: N802, N803
                   timeout: float | None = None) -> str:
        """The rest of what the command prints, once it is done. CommandFailed after `timeout` s."""
        deadline = time.monotonic() + timeout if timeout is not None else None
        parts = [self.readbuf]
        self.readbuf = ""
        while self.waiting:
            left = None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000
            parts.append(self.monitor(left, findPid))
            if verbose:
                info(parts[-1])
            if self.waiting and deadline is not None and time.monotonic() >= deadline:
                self.hang_up(signal.SIGKILL)
                raise CommandFailed(self.name, self.lastCmd, None, f"still running after {timeout:g} s")
        return "".join(parts)

    def readline(self) -> str | None:
        """A line of what the command prints, without its end; None if there is none yet."""
        text = self.monitor(0)
        line, end, rest = text.partition("\n")
        self.readbuf = rest if end else text
        return line if end else None

    def read(self, size: int = 1024) -> str:
        """Up to `size` characters of what the command prints, waiting for the first."""
        text = self.monitor()
        self.readbuf = text[size:]
        return text[:size]

    def sendInt(self, intr=None) -> None:  # noqa: N802
        """Interrupt the command, as Ctrl-C does; what runs in the background goes on."""
        if self.waiting and self._talk and self.own_session:
            with suppress(ProcessLookupError):
                os.killpg(self._talk.pid, signal.SIGINT)

    def write(self, *_):
        raise NetworkError(f"{self.name}: a command in the background reads nothing; give it a file, or use "
                           "run(..., input=TEXT)")

    @property
    def stdout(self):
        """The pipe that commands print into, for poll(); Mininet's fdToNode() knows it."""
        if not self._talk:
            self._start_shell()
        return self._talk.stdout

    @stdout.setter
    def stdout(self, _nothing):
        """Mininet sets it to None at first."""

    # --- the shell ---

    def hang_up(self, number: int = signal.SIGHUP) -> None:
        """End the shell, if there is one, and tell its jobs, as closing a terminal does."""
        if self._talk:
            with suppress(ProcessLookupError):
                os.killpg(self._talk.pid, number) if self.own_session else self._talk.send_signal(number)
            self._talk.kill()
            self._end_talk()

    def _be_free(self) -> None:
        if self.waiting:
            raise NetworkError(f"{self.name} is still busy with {self.lastCmd!r}: call waitOutput() first")

    def _start_shell(self) -> None:
        theirs, self._commands = os.pipe()
        script = LOOP % {"commands": theirs, "output": theirs + 1, "status": self.lastStatus}  # the child has no other
        try:
            process = self.start_process(["bash", "--norc", "--noprofile", "-c", script], **OUTPUT, pass_fds=[theirs],
                                         start_new_session=self.own_session)
        finally:
            os.close(theirs)
        self._listen(process)
        self.waiting = False

    def _listen(self, process: subprocess.Popen) -> None:
        self._talk, self._ends, self.waiting = process, os.pidfd_open(process.pid), True
        self._bytes, self._decoder = b"", codecs.getincrementaldecoder("utf-8")("replace")
        assert process.stdout
        os.set_blocking(process.stdout.fileno(), False)
        self.outToNode[process.stdout.fileno()] = self

    def _take(self, ended: bool) -> str:
        """What lies in the pipe, up to the mark of the command's end or, when the process has `ended`, all of it."""
        with suppress(BlockingIOError):
            self._bytes += os.read(self._talk.stdout.fileno(), PIPE)
        if found := MARK.search(self._bytes):
            data, self._bytes = self._bytes[:found.start()], self._bytes[found.end():]
            self.waiting, self.lastStatus = False, int(found[1])
            if self.lastCmd.rstrip().endswith("&"):
                self.lastPid = int(found[2]) or None
        else:
            begun = None if ended else MARK_BEGUN.search(self._bytes)
            cut = begun.start() if begun else len(self._bytes)
            data, self._bytes = self._bytes[:cut], self._bytes[cut:]
        text = self._decoder.decode(data, final=ended or not self.waiting)
        if ended:
            self._end_talk()
        return text

    def _end_talk(self) -> None:
        """The process has ended, or shall: forget it."""
        status = self._talk.wait()
        if self.waiting:
            self.waiting, self.lastStatus = False, status if status >= 0 else 128 - status
        self.outToNode.pop(self._talk.stdout.fileno(), None)
        self._talk.stdout.close()
        os.close(self._ends)
        if self._commands >= 0:
            os.close(self._commands)
        self._talk, self._commands = None, -1


def text_of(args) -> str:
    """A command line of what Mininet's calls take: a string, a list (quoted word by word), or words to be joined."""
    command = args[0] if len(args) == 1 else " ".join(str(arg) for arg in args)
    if isinstance(command, (list, tuple)):
        command = shlex.join(str(part) for part in command)
    if "\0" in str(command):
        raise NetworkError(f"a command holds no zero byte: {str(command)[:60]!r}")
    return str(command)


def argv_of(command) -> list[str]:
    """What to start for a command: a list as it is, a line for the shell through bash, but only if it needs one."""
    if not isinstance(command, str):
        return [str(part) for part in command]
    if PLAIN.fullmatch(command) and shutil.which(command.split(" ", 1)[0]):
        return command.split(" ")
    return ["bash", "-c", command]
