"""The host machine: a job on this computer's own kernel, as root, in real time, in namespaces of its own.

unshare(1) gives it network, mount and process namespaces; when its first process ends, however it ends, the kernel
takes every process, interface and mount of the job away.
"""

import hashlib
import os
import platform
import select
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from mnlab.machine import cache, capabilities, mailbox
from mnlab.machine.job import Job, MachineError, Outcome

AGENT = Path(__file__).parent / "guest/on_host.py"
PYTHON = "/usr/bin/python3"  # Debian's Mininet belongs to Debian's Python


class HostMachine:
    """This kernel. Its clock is real."""

    def __init__(self, say: Callable[[str], None] = cache.say_to_stderr):
        self.say = say
        self.running: set[subprocess.Popen] = set()
        self.abandoned = False

    def prepare(self) -> None:
        if os.geteuid() != 0:
            raise MachineError("--on host needs root: run it with sudo, or use --on vm, which does not.")
        problems = capabilities.missing_programs()
        if subprocess.run([PYTHON, "-c", "import mininet, scapy"], capture_output=True).returncode:
            problems.append(f"no Mininet or scapy for {PYTHON}: sudo apt-get install mininet python3-scapy")
        self._insist(problems or capabilities.missing(capabilities.ALWAYS))

    def _insist(self, problems: list[str]) -> None:
        if problems:
            raise MachineError("this computer cannot run it (--on vm can):\n"
                               + "\n".join(f"  {problem}" for problem in problems))

    def describe(self) -> dict:
        return {"machine": "host", "clock": "real", "accelerator": "none", "kernel": platform.release()}

    def abandon(self) -> None:
        self.abandoned = True
        for process in list(self.running):
            process.kill()

    def run(self, job: Job, folder: Path, console: Callable[[bytes], None] = lambda data: None,
            line: socket.socket | None = None) -> Outcome:
        archive = job.archive()
        self.prepare()
        self._insist(capabilities.missing(job.needs))
        folder.mkdir(parents=True, exist_ok=True)
        head = mailbox.header(length=len(archive), sha256=hashlib.sha256(archive).hexdigest(), entry=job.entry,
                              arguments=list(job.arguments), path=list(job.path))
        started = time.monotonic()
        command = ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child",
                   "--mount-proc", PYTHON, "-B", str(AGENT), str(folder.absolute())]
        lent = [line.fileno()] if line else []
        environment = {**os.environ, "MNLAB_TERMINAL": "".join(map(str, lent))}
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   start_new_session=True, pass_fds=lent, env=environment)
        self.running.add(process)
        try:
            if self.abandoned:
                raise KeyboardInterrupt
            _send(process, head + archive)
            trouble = _attend(process, started + job.limits.wall_seconds, job.limits.wall_seconds, console)
        finally:
            process.kill()
            status = process.wait()
            process.stdout.close()
            self.running.discard(process)
            if self.abandoned:
                raise KeyboardInterrupt
        seconds = time.monotonic() - started
        return Outcome(None if trouble else status, trouble, seconds, seconds)


def _send(process: subprocess.Popen, data: bytes) -> None:
    try:
        process.stdin.write(data)
        process.stdin.close()
    except BrokenPipeError:
        pass  # it ended already; its output says why


def _attend(process: subprocess.Popen, limit: float, wall_seconds: float, console) -> str:
    """Pass on output until the job ends ("") or the limit passes (the reason)."""
    while True:
        ready, _, _ = select.select([process.stdout], [], [], max(0, limit - time.monotonic()))
        if not ready:
            return f"the job was still running after {wall_seconds:g} s"
        data = os.read(process.stdout.fileno(), 65536)
        if not data:
            process.wait()
            return ""
        console(data)
