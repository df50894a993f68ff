"""Computers that ssh reaches: a file names one a line, and each is looked at before it is to grade.

Keys let one in, not passwords. What ~/.ssh/config says of a computer counts, or what the file in MNLAB_SSH_CONFIG says
in its place (as with `ssh -F`).
"""

import asyncio
import json
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mnlab.course.workers import ATTEMPTS
from mnlab.machine.job import MachineError

CONFIG, PYTHON = "MNLAB_SSH_CONFIG", "MNLAB_REMOTE_PYTHON"
PATIENCE = 30  # seconds until a computer has let us in, and until its Python has answered
BEGIN = 60  # seconds that a worker has to find the scheduler
LONGEST = 253  # characters of a host's name (RFC 1035, 2.3.4, without the last dot)
NOT_THERE = 127  # what a shell says of a program that is not there (POSIX, 2.8.2)
LINE = re.compile(
    r"(?:(?P<user>[^@\s]+)@)?(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<host>[^@:\s\[\]]+))(?::(?P<port>\d{1,5}))?")
#: What a computer's Python is asked, an old one, too.
ASK = """
import json, sys
about = {"python": "%d.%d" % sys.version_info[:2]}
try:
    import mnlab.course.cluster
    about["mnlab"] = mnlab.__version__
    import distributed
    about["dask"] = distributed.__version__
except Exception as problem:
    about["trouble"] = "%s: %s" % (type(problem).__name__, problem)
print(json.dumps(about))
"""


class Refused(Exception):
    """A computer cannot grade. The text says why."""


@dataclass(frozen=True)
class Computer:
    """A line of the file, and what it says."""

    line: str
    host: str
    user: str = ""
    port: int = 0

    @property
    def options(self) -> dict:
        """For asyncssh.connect; what the line does not say, ssh's own files may."""
        said = {"username": self.user, "port": self.port, "config": list(filter(None, [os.environ.get(CONFIG)]))}
        return {name: value for name, value in said.items() if value}


def named(path: Path) -> list[Computer]:
    """The computers that a file names: host, user@host, user@host:port, [address]:port; from # on it is a comment.
    MachineError if it cannot be read, names none, or something else."""
    try:
        lines = [line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as problem:
        raise MachineError(f"{path} cannot be read: {getattr(problem, 'strerror', '') or 'it is no text'}") from None
    found: list[Computer] = []
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        match = LINE.fullmatch(line)
        if not match or line.startswith("-") or len(line) > LONGEST or not 0 < int(match["port"] or 22) < 65536:
            raise MachineError(f"{path}, line {number}: {line[:100]!r} is no computer: write host, user@host or "
                               "user@host:port")
        if line in [one.line for one in found]:
            raise MachineError(f"{path}, line {number}: {line} is there twice; --workers says how many each gets")
        found.append(Computer(line, match["six"] or match["host"], match["user"] or "", int(match["port"] or 0)))
    if not found:
        raise MachineError(f"{path} names no computer: write one a line, as ssh knows it")
    if (config := os.environ.get(CONFIG)) and not os.access(config, os.R_OK):
        raise MachineError(f"{CONFIG} names {config}, which cannot be read")
    return found


@contextmanager
def scheduler(path: Path, count: int | None, say: Callable[[str], None]) -> Iterator[str]:
    """The address of a scheduler on this computer, with workers on those in the file, `count` hand-ins at a time each
    (None: one a processor). Who cannot grade is left out, and named; MachineError if nobody is left."""
    import dask
    from distributed import Scheduler, SpecCluster
    from distributed.deploy.ssh import Worker as SshWorker
    python = os.environ.get(PYTHON) or sys.executable
    answers = asyncio.run(_ask_all(named(path), python))
    refused = [f"{one.line}: {answer}" for one, answer in answers.items() if isinstance(answer, Refused)]
    fit = {one: answer for one, answer in answers.items() if isinstance(answer, str)}
    if not fit:
        raise MachineError(f"no computer of {path} can grade: " + "; ".join(refused))
    for words in refused:
        say(f"refused: {words}")
    threads = {"nthreads": count} if count else {}
    workers = {number: {"cls": SshWorker, "options": {
        "address": one.host, "connect_options": one.options, "remote_python": shlex.quote(python),
        "kwargs": threads | {"death_timeout": BEGIN}}} for number, one in enumerate(fit)}
    # Where all see this computer under one address, the scheduler is to be had under that alone.
    seen = set(fit.values())
    where = {"host": seen.pop()} if len(seen) == 1 else {}
    with dask.config.set({"distributed.scheduler.allowed-failures": ATTEMPTS - 1}):
        try:
            cluster = SpecCluster(workers, {"cls": Scheduler, "options": {"dashboard": False, **where}}, name="mnlab")
        except Exception as problem:  # Dask's own words are of this kind
            raise MachineError(f"a worker could not be started: {problem}. Each computer has to reach this one by TCP, "
                               "at any port: is there a firewall?") from None
        with cluster:
            yield cluster.scheduler_address


async def _ask_all(computers: list[Computer], python: str) -> dict[Computer, str | Refused]:
    """Under which address each computer sees this one; or why it cannot grade."""
    async def asked(one: Computer) -> str | Refused:
        try:
            return await _ask(one, python)
        except Refused as why:
            return why

    return dict(zip(computers, await asyncio.gather(*map(asked, computers)), strict=True))


async def _ask(one: Computer, python: str) -> str:
    import asyncssh
    try:
        async with asyncssh.connect(one.host, connect_timeout=PATIENCE, **one.options) as connection:
            done = await connection.run(f"{shlex.quote(python)} -c {shlex.quote(ASK)}", timeout=PATIENCE)
            address = connection.get_extra_info("sockname")[0]
    except asyncssh.HostKeyNotVerifiable:
        raise Refused(f"its key is not known here: `ssh {one.host}` shows it, and keeps it if you say so") from None
    except asyncssh.PermissionDenied as problem:
        raise Refused(f"it does not let you in: {problem}. Keys do, not passwords: `ssh-copy-id {one.host}`") from None
    except asyncssh.TimeoutError:
        raise Refused(f"its Python did not answer within {PATIENCE} s") from None
    except (OSError, TimeoutError, asyncssh.Error) as problem:
        words = getattr(problem, "strerror", "") or str(problem) or "no answer"
        raise Refused(f"it cannot be reached: {words}") from None
    _insist_on_fit(done, python)
    return address


def _insist_on_fit(done, python: str) -> None:
    """Refused if what a computer's Python said of itself will not do."""
    import distributed
    if done.exit_status == NOT_THERE:
        raise Refused(f"there is no {python} there: {PYTHON} names another")
    try:
        about = json.loads(str(done.stdout).strip().splitlines()[-1])
    except (ValueError, IndexError):
        words = (str(done.stderr).strip().splitlines() or [f"status {done.exit_status}"])[-1]
        raise Refused(f"{python} there is no Python that mnlab runs on: {words[:200]}") from None
    if "trouble" in about:
        raise Refused(f"{python} there (Python {about['python']}) has no mnlab that can grade: "
                      f"{about['trouble'][:200]}. Install 'mnlab[cluster]' there, or let {PYTHON} name the Python that "
                      "has it")
    if about["dask"] != distributed.__version__:
        raise Refused(f"it has Dask {about['dask']}, and here is {distributed.__version__}: install the same "
                      "(pip install distributed==VERSION)")
