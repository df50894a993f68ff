"""Several hand-ins at a time, each in a process that may die without harm to the others."""

import json
import os
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from queue import SimpleQueue

ATTEMPTS = 3  # workers that a hand-in may take with it
MEMORY = 1 << 30  # bytes that a worker and its machines are counted with


def usual() -> int:
    """How many workers this computer has room for: one a processor, bounded by memory."""
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(1, min(len(os.sched_getaffinity(0)), free // MEMORY))


def each(
    jobs: list[dict], count: int, command: list[str] | None = None, lost: Callable[[dict], None] = lambda job: None
) -> Iterator[tuple[dict, dict]]:
    """Each job and its result, as soon as there is one, by `count` workers. A job whose worker died is given to
    another (`lost` is told); one that was the end of three has {"trouble"} for a result."""
    waiting, died = deque(jobs), Counter[int]()
    free: SimpleQueue[_Worker] = SimpleQueue()
    workers = [_Worker(command) for _ in range(min(count, len(jobs)))]
    for worker in workers:
        free.put(worker)
    try:
        with ThreadPoolExecutor(max(1, len(workers))) as pool:
            begun: dict[Future, dict] = {}
            while waiting or begun:
                while waiting and len(begun) < len(workers):
                    job = waiting.popleft()
                    begun[pool.submit(_with, free, job)] = job
                for future in wait(begun, return_when=FIRST_COMPLETED).done:
                    job, result = begun.pop(future), future.result()
                    if result is not None:
                        yield job, result
                        continue
                    died[id(job)] += 1
                    lost(job)
                    if died[id(job)] < ATTEMPTS:
                        waiting.append(job)
                    else:
                        yield job, {"trouble": f"{ATTEMPTS} workers died of it, one after the other"}
    finally:
        for worker in workers:
            worker.end()


def _with(free: "SimpleQueue[_Worker]", job: dict) -> dict | None:
    """The result of a job, by a worker that is free; None if it died."""
    worker = free.get()
    try:
        return worker.do(job)
    finally:
        free.put(worker)


class _Worker:
    """A process that is begun when there is something to do, and again when it has died."""

    def __init__(self, command: list[str] | None):
        self.command = command or [sys.executable, "-P", "-m", "mnlab.course.worker"]
        self.process: subprocess.Popen | None = None

    def do(self, job: dict) -> dict | None:
        if self.process is None or self.process.poll() is not None:
            self.end()
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdin and self.process.stdout
        try:
            print(json.dumps(job), file=self.process.stdin, flush=True)
            return json.loads(self.process.stdout.readline())
        except (OSError, ValueError):  # it is gone, or was while it wrote
            self.end()
            return None

    def end(self) -> None:
        """Let it go: without input it ends by itself; if it is at work it is stopped."""
        process, self.process = self.process, None
        if process is None:
            return
        for end in (process.stdin, process.stdout):
            try:
                if end:
                    end.close()
            except OSError:
                pass
        process.terminate()
        process.wait()
