"""Commands that take minutes: what they are at is told every minute, and at their limit they are ended and named."""

import subprocess
import tempfile
import time
from pathlib import Path


class Hangs(AssertionError):
    """A command did not end within its limit. The text says which, and what it said last."""


TELL = 60  # s between two lines about a command that still runs


def run(command, seconds: float, say=print, **options) -> subprocess.CompletedProcess:
    """The finished command, its output and errors as one text. Hangs, with its last lines, at the limit."""
    with tempfile.NamedTemporaryFile() as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, **options)
        started = time.monotonic()
        while process.poll() is None:
            elapsed = time.monotonic() - started
            try:
                process.wait(max(min(TELL, seconds - elapsed), 0.01))
            except subprocess.TimeoutExpired:
                elapsed = time.monotonic() - started
                printed = _printed(output)
                if elapsed >= seconds:
                    process.kill()
                    process.wait()
                    words = " ".join(map(str, command))
                    raise Hangs(f"still running after {seconds:g} s: {words}\nIts last lines:\n"
                                f"{tail(printed)}") from None
                say(f"    {elapsed:.0f} s, and says: {tail(printed, 1) or 'nothing yet'}", flush=True)
        return subprocess.CompletedProcess(command, process.returncode, _printed(output))


def _printed(output) -> str:
    """What was written so far: read by name, for the command shares the open file's position."""
    return Path(output.name).read_bytes().decode(errors="replace").replace("\r\n", "\n")


def tail(text: str, lines: int = 40) -> str:
    """The last lines, as a terminal would show them: a progress bar's last state only."""
    return "\n".join(line.split("\r")[-1] for line in text.strip("\n").split("\n")[-lines:])
