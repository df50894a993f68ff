"""A class graded by many computers, with Dask: a scheduler hands hand-ins to workers, which need no folder in common
with whoever asks. The work goes out with the job, and its evidence comes back with the result.

A Dask worker here only keeps processes of our own (worker.py), one a thread, so that a hand-in which kills what grades
it does not take the Dask worker with it.
"""

import logging
import math
import os
import shutil
import socket
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path, PurePosixPath

from mnlab.course import by_ssh, send_machine
from mnlab.course.grading import version
from mnlab.course.worker import described, differences
from mnlab.course.workers import ATTEMPTS, ENDED, READY, Worker
from mnlab.evidence.record import Unreadable
from mnlab.evidence.run import Run
from mnlab.lab import lab as labs
from mnlab.lab.run import reserve_folder
from mnlab.machine.job import MachineError

SSH = "ssh:"
PATIENCE = 60  # seconds until the scheduler answers, and until the first worker is there
NOBODY = 300  # seconds without any worker, and it is given up: what is graded is kept
ASKED = 0.5  # seconds for which it is known who the workers are: the answer takes as long as a hand-in to give out
PAUSE = 10  # seconds between two looks whether there are workers at all
KEPT = "What is graded is kept: call again once there is one"
GONE = f"the scheduler is gone. {KEPT}"
SCRATCH = "mnlab-class-"  # and whose it is: a folder for one hand-in on a worker's computer
BLAMED: dict = {}  # a result that is none
MISSING = ("--cluster needs Dask: pip install 'mnlab[cluster]' in the environment of mnlab, here and on each computer "
           "(./mnlab in a clone does it by itself)")


@contextmanager
def opened(where: str, count: int | None, machine: str, pins: dict[str, str],
           say: Callable[[str], None] = lambda text: None) -> Iterator["Computers"]:
    """The computers of a cluster: ssh:FILE, a file with a computer a line, each of which gets `count` workers; or the
    address of a scheduler, as in tcp://10.0.0.1:8786. MachineError if there is none, or none that will do."""
    try:
        import distributed
        if where.startswith(SSH):
            import asyncssh  # noqa: F401  (by_ssh.py's)
    except ImportError:
        raise MachineError(MISSING) from None
    for name in ("distributed", *(name for name in logging.root.manager.loggerDict if name.startswith("distributed."))):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters of it is told here, in other words
    with by_ssh.scheduler(Path(where.removeprefix(SSH)), count, say) if where.startswith(SSH) else nullcontext(
            where) as address:
        try:
            client = distributed.Client(address, timeout=PATIENCE)
        except (OSError, ValueError) as problem:
            raise MachineError(f"there is no scheduler at {where}: {problem}. `dask scheduler` starts one") from None
        with client:
            try:
                client.wait_for_workers(1, timeout=PATIENCE)
            except TimeoutError:
                raise MachineError(f"{where} has no workers: `dask worker {where}` on a computer starts one") from None
            yield Computers(client, machine, pins, say)


class Computers:
    """The workers of a cluster that are what is expected. `image` is the digest of the image that they have."""

    def __init__(self, client, machine: str, pins: dict[str, str], say: Callable[[str], None]):
        self.client, self.say, self.refused = client, say, dict[str, str]()
        self.expected = self._expected(machine, pins)
        self.image = self.expected["image"]
        self.address_of: dict[str, str] = {}  # of a worker's process: its Dask worker's
        self.told_alone, self.known, self.asked = False, dict[str, int](), -math.inf

    def _expected(self, machine: str, pins: dict[str, str]) -> dict[str, str]:
        """What most have that are what is pinned; all others are refused, and named. MachineError if none is left."""
        answers = self.client.run(_about, machine)
        self._send(machine, answers)
        fit = []
        for address, about in answers.items():
            if strange := about.get("trouble") or differences(about, pins):
                self._refuse(address, strange)
            else:
                fit.append(tuple(sorted(about.items())))
        if not fit:
            raise MachineError("no worker is what is expected: "
                               + "; ".join(f"{address}: {why}" for address, why in self.refused.items()))
        expected = dict(Counter(fit).most_common(1)[0][0])
        for address, about in answers.items():
            if address not in self.refused and (strange := differences(about, expected)):
                self._refuse(address, strange)
        return expected

    def _send(self, machine: str, answers: dict[str, dict[str, str]]) -> None:
        """Let computers that lack the machine have this one's, if it is here; their answers are then new ones."""
        lacking = {about["host"]: address for address, about in answers.items() if "lacks" in about}
        if not lacking or send_machine.lacks(machine):
            return
        failed = send_machine.send(self.client, list(lacking.values()), machine, self.say)
        again = [address for address, about in answers.items() if "lacks" in about]
        answers |= self.client.run(_about, machine, workers=again)
        answers |= {address: {"trouble": words} for address, words in failed.items()}

    def _refuse(self, address: str, why: str) -> None:
        if address not in self.refused:
            self.refused[address] = why
            self.say(f"refused: {address}: {why}")

    def each(self, jobs: Iterable[dict], lost: Callable[[dict], None] = lambda job: None) -> Generator[
            tuple[dict, dict], None, None]:
        """As workers.each. Dask blames whatever waited at a worker that died: what it gives up is tried once more,
        alone, when all the rest is done."""
        from distributed.comm import CommClosedError
        coming, again, died = iter(jobs), deque[dict](), Counter[int]()
        blamed, alone = deque[dict](), set[int]()
        begun: dict = {}
        try:
            while True:
                while len(begun) < READY * self._threads():
                    job = again.popleft() if again else next(coming, None)
                    if job is None:
                        break
                    begun[self._submit(job)] = job
                if not begun and blamed:
                    job = blamed.popleft()
                    alone.add(id(job))
                    begun[self._submit(job)] = job
                if not begun:
                    return
                for future in self._ended(begun):
                    job = begun.pop(future)
                    result = self._result(future, job)
                    if result is BLAMED and id(job) not in alone:
                        blamed.append(job)
                    elif result is None and died[id(job)] + 1 < ATTEMPTS:
                        died[id(job)] += 1
                        again.append(job)
                        lost(job)
                    elif result and "refused" in result:
                        self._refuse(result["address"], result["refused"])
                        self._insist_on_some()
                        again.append(job)
                    else:
                        died.pop(id(job), None)
                        yield job, ENDED if result is None or result is BLAMED else result
        except (CommClosedError, CancelledError):  # by whichever call it is that the scheduler's death is noticed
            raise MachineError(GONE) from None
        finally:
            if self.client.status == "running":
                self.client.cancel(list(begun), force=True)

    def _threads(self) -> int:
        return max(1, sum(count for address, count in self._workers().items() if address not in self.refused))

    def _workers(self) -> dict[str, int]:
        """The addresses of all workers, and how many threads they have; the scheduler is asked once in a while.
        MachineError if it does not say."""
        if time.monotonic() - self.asked < ASKED:
            return self.known
        for _ in range(PATIENCE // PAUSE):
            self._insist_on_scheduler()
            try:  # as client.nthreads(), which has no end if the scheduler dies meanwhile
                self.known = self.client.sync(self.client.scheduler.ncores, callback_timeout=PAUSE)
                self.asked = time.monotonic()
                return self.known
            except TimeoutError:
                continue
            except OSError:
                raise MachineError(GONE) from None
        raise MachineError(f"the scheduler has not answered for {PATIENCE} s. {KEPT} that does")

    def _insist_on_scheduler(self) -> None:
        """MachineError if the scheduler has died: another one would know nothing of what this one had."""
        if self.client.status != "running":
            raise MachineError(GONE)

    def _insist_on_some(self) -> None:
        if not self._workers().keys() - self.refused.keys():
            raise MachineError("no worker is left that is what is expected: "
                               + "; ".join(f"{address}: {why}" for address, why in self.refused.items()))

    def _submit(self, job: dict):
        """Hand a job and the work to the cluster: to those who are not refused, and to others than in an audit."""
        files = _files(Path(job["work"]))
        known = self._workers().keys()
        wanted = known - self.refused.keys()
        others = wanted - {self.address_of.get(job.get("other_than", ""), "")}
        if "other_than" in job and not others and not self.told_alone:
            self.told_alone = True
            self.say("there is one computer alone: what is run a second time (audit) is run there, too")
        restricted = others if "other_than" in job and others else wanted if self.refused else None
        sent = {key: value for key, value in job.items() if key not in ("work", "out")} | {
            "expect": self.expected, "version": version(labs.find(job["lab"]))}
        return self.client.submit(_do, sent, files, pure=False, workers=sorted(restricted) if restricted else None)

    def _ended(self, begun: dict) -> list:
        """Those that have ended, as soon as there are any. MachineError if there is nobody who could end them."""
        from distributed import wait
        since = time.monotonic()
        while True:
            try:
                return list(wait(list(begun), timeout=PAUSE, return_when="FIRST_COMPLETED").done)
            except TimeoutError:
                if self._workers():
                    since = time.monotonic()
                elif time.monotonic() - since > NOBODY:
                    raise MachineError("the cluster has no workers any more. What is graded is kept: call again "
                                       "once there are some") from None
                else:
                    self.say("the cluster has no workers; waiting for some")

    def _result(self, future, job: dict) -> dict | None:
        """What a job ended with, its evidence laid where it belongs; None if its worker died, BLAMED if Dask
        workers did at which it was, as often as the scheduler allows."""
        from distributed import KilledWorker
        try:
            result, files, address = future.result()
        except KilledWorker:
            return BLAMED
        except CancelledError:  # the scheduler has died, which is none of the hand-in's doing
            raise
        except Exception as problem:  # what Dask says of a worker that it cannot use: it has no mnlab, say
            self._insist_on_scheduler()
            return {"trouble": f"the cluster says: {type(problem).__name__}: {problem}"[:500], "worker": ""}
        if result is None:
            return None
        self.address_of[result.get("worker", "")] = address
        if "refused" in result:
            return result | {"address": address}
        if files:
            try:
                result["evidence"] = str(_laid(files, reserve_folder(Path(job["out"]), job["lab"])))
            except Unreadable as problem:
                return {"trouble": f"what {address} sent is damaged: {problem}", "worker": result["worker"]}
        return result


def _files(folder: Path) -> dict[str, tuple[bytes, bool]]:
    """The files of a folder, {name: (contents, may it be run)}."""
    return {str(path.relative_to(folder)): (path.read_bytes(), bool(path.stat().st_mode & 0o100))
            for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()}


def _laid(files: dict[str, tuple[bytes, bool]], folder: Path) -> Path:
    """Evidence that came from elsewhere, laid into a folder. Unreadable if it is not whole, or leads out of it."""
    for name, (data, _) in files.items():
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise Unreadable(f"{name[:100]!r} leads out of the evidence")
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    Run(folder).insist_on_whole()
    return folder


# --- on a worker's computer ---

_own = threading.local()


def _about(machine: str) -> dict[str, str]:
    """What this computer has; {"trouble"} if it cannot grade, and {"lacks", "host"}, too, if it lacks the machine."""
    try:
        if send_machine.lacks(machine):
            return {"trouble": send_machine.words(machine), "lacks": machine, "host": socket.gethostname()}
        return described(machine)
    except MachineError as problem:
        return {"trouble": str(problem)}


def _remove_left_behind() -> None:
    """Remove the work and evidence that a Dask worker which was killed could not."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_scratch()}*-*"):
        number = folder.name.removeprefix(_scratch()).partition("-")[0]
        with suppress(OSError):
            if number.isdigit() and not Path("/proc", number).exists() and folder.stat().st_uid == os.geteuid():
                shutil.rmtree(folder, ignore_errors=True)


def _scratch() -> str:
    """How the folders of this computer's workers begin: others, and other containers, may share the place, and number
    their processes anew."""
    return f"{SCRATCH}{socket.gethostname()}-{os.stat('/proc/self/ns/pid').st_ino}-"


def _do(job: dict, files: dict[str, tuple[bytes, bool]]) -> tuple[dict | None, dict, str]:
    """Grade a hand-in in a process of this thread: the result (None: the process died), the files of its evidence,
    and this Dask worker's address."""
    from distributed import get_worker
    address = get_worker().address
    if not hasattr(_own, "worker"):
        _remove_left_behind()
        if send_machine.lacks(job["machine"]):  # it has joined later
            return {"refused": send_machine.words(job["machine"]), "worker": ""}, {}, address
        _own.worker = Worker()
    with tempfile.TemporaryDirectory(prefix=f"{_scratch()}{os.getpid()}-") as scratch:
        work = Path(scratch, "work")
        for name, (data, runs) in files.items():
            path = work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            path.chmod(0o755 if runs else 0o644)
        result = _own.worker.do(job | {"work": str(work), "out": str(Path(scratch, "out"))})
        evidence = Path(result["evidence"]) if result and result.get("evidence") else None
        return result, _files(evidence) if evidence else {}, address
