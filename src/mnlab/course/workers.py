"""Several hand-ins at a time, each in a process that may die without harm to the others."""

import json
import os
import select
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from queue import SimpleQueue

ATTEMPTS = 3  # workers that a hand-in may take with it
CGROUP = "sys/fs/cgroup"
#: The limit, what is in use, and of what, in version 2 and in version 1.
GROUPS = (("memory.max", "memory.current", "memory.stat"),
          ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat"))
MEMORY = 1 << 30  # bytes that a worker and its machines are counted with
READY = 2  # jobs that are made ready for each worker, so that none waits for an archive to be unpacked
HANGS = 3600  # seconds without an answer, many times what a hand-in takes on a busy computer
PATIENCE = 10  # seconds that a worker has to stop its machines
COMMAND = [sys.executable, "-P", "-m", "mnlab.course.worker"]
ENDED = {"trouble": f"{ATTEMPTS} workers died of it, one after the other"}


def usual() -> int:
    """How many workers this computer has room for: one a processor, bounded by memory."""
    return max(1, min(len(os.sched_getaffinity(0)), free() // MEMORY))


def free(root: Path = Path("/")) -> int:
    """Bytes of memory that programs can still have here: what the kernel says is available (proc(5), MemAvailable),
    and no more than what the control group of a container leaves (cgroups(7), memory.max and its elder). What is
    cached can be given back, so it counts as free."""
    found = [1024 * int(line.split()[1]) for line in (root / "proc/meminfo").read_text().splitlines()
             if line.startswith("MemAvailable:")]
    for most, used, cached in GROUPS:
        try:
            limit, now, stat = ((root / CGROUP / name).read_text() for name in (most, used, cached))
            inactive = dict(line.split() for line in stat.splitlines()).get("inactive_file", 0)
            found.append(int(limit) - int(now) + int(inactive))
        except (OSError, ValueError):  # there is no such group, or it has no limit ("max")
            continue
    return min(found, default=MEMORY)


def each(jobs: Iterable[dict], count: int, command: list[str] | None = None,
         lost: Callable[[dict], None] = lambda job: None) -> Generator[tuple[dict, dict], None, None]:
    """Each job and its result, as soon as there is one, by `count` workers. A job whose worker died is given to
    another (`lost` is told); one that was the end of three has {"trouble"} for a result. Jobs are asked for as workers
    get free, in this thread."""
    coming, again, died = iter(jobs), deque[dict](), Counter[int]()
    free: SimpleQueue[Worker] = SimpleQueue()
    workers = [Worker(command) for _ in range(count)]
    for worker in workers:
        free.put(worker)
    with ThreadPoolExecutor(count) as pool:
        begun: dict[Future, dict] = {}
        try:
            while True:
                while len(begun) < READY * count:
                    job = again.popleft() if again else next(coming, None)
                    if job is None:
                        break
                    begun[pool.submit(_with, free, job)] = job
                if not begun:
                    return
                for future in wait(begun, return_when=FIRST_COMPLETED).done:
                    job, result = begun.pop(future), future.result()
                    if result is None and died[id(job)] + 1 < ATTEMPTS:
                        died[id(job)] += 1
                        again.append(job)
                        lost(job)
                    else:
                        died.pop(id(job), None)
                        yield job, ENDED if result is None else result
        finally:
            for future in begun:
                future.cancel()
            for worker in workers:
                worker.end()


def _with(free: "SimpleQueue[Worker]", job: dict) -> dict | None:
    """The result of a job, by a worker that is free; None if it died."""
    worker = free.get()
    try:
        return worker.do(job)
    finally:
        free.put(worker)


class Worker:
    """A process that is begun when there is something to do, and again when it has died."""

    def __init__(self, command: list[str] | None = None):
        self.command = command or COMMAND
        self.process: subprocess.Popen | None = None

    def do(self, job: dict) -> dict | None:
        """The result of a job; None if the process died of it, or with it."""
        if self.process is None or self.process.poll() is not None:
            self.end()
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdin and self.process.stdout
        try:
            print(json.dumps(job), file=self.process.stdin, flush=True)
            if not select.select([self.process.stdout], [], [], HANGS)[0]:
                raise OSError("it hangs")
            return json.loads(self.process.stdout.readline())
        except (OSError, ValueError):  # it is gone, or was while it wrote, or hangs
            self.end()
            return None

    def end(self) -> None:
        """Stop it, if it is there. Its pipes are closed after that: somebody may be reading from one."""
        process, self.process = self.process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for end in (process.stdin, process.stdout):
            try:
                if end:
                    end.close()
            except OSError:
                pass
