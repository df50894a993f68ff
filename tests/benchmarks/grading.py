"""A class of any size: how long one command takes for it, and how much memory.

Its hand-ins are made here, by mutating a lab's solution and starter. Where only the command itself is measured, a stub
stands for the machines: it answers each hand-in after a stated time, as a worker would.
"""

import csv
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from mnlab.lab import work as workfolder
from mnlab.lab.lab import ROOT, Lab, find
from mnlab.machine import remembered
from mnlab.machine.job import MachineError

from . import speed, tools
from .figures import MIB, Row

NUMBER = re.compile(r"(?<![\w.])\d+(?![\w.])")
LAB, WORKS, SUBMISSIONS = "arp", 200, 1000
EACH = 1.4  # seconds that one worker takes for a work of arp which nobody ran before, on the computer of docs/measurements.md


def works(lab: Lab, count: int, seed: int = 1) -> list[dict[str, str]]:
    """`count` different works for variant 1 of a lab, {file: text}: the starter, the solution, and what a few changes,
    drawn from `seed`, make of the two. Most of them run, few are right."""
    chance, params = random.Random(seed), lab.params(1)
    starter, solution = ({str(path.relative_to(folder)): workfolder.fill_in(path.read_text(), params)
                          for path in sorted(folder.rglob("*"))
                          if path.is_file() and path.name != "answers.py" and "__pycache__" not in path.parts}
                         for folder in (lab.starter, lab.solution))
    found = [starter, starter | solution]
    while len(found) < count:
        work = dict(chance.choice((starter | solution, starter | solution, starter)))
        for _ in range(chance.randint(1, 4)):
            name = chance.choice(sorted(work))
            work[name] = _mutated(work[name], chance)
        if work not in found:
            found.append(work)
    return found


def _mutated(text: str, chance: random.Random) -> str:
    """A text with one line left out, doubled or exchanged with the next, a number or a name changed, or a comment."""
    lines = text.splitlines()
    at = chance.randrange(len(lines) - 1)
    match chance.randrange(6):
        case 0:
            del lines[at]
        case 1:
            lines.insert(at, lines[at])
        case 2:
            lines[at], lines[at + 1] = lines[at + 1], lines[at]
        case 3:
            lines[at] = NUMBER.sub(lambda match: str(int(match[0]) + chance.randint(1, 9)), lines[at])
        case 4:
            word = chance.choice(sorted(set(re.findall(r"\b[a-z_]{4,}\b", text))))
            lines = re.sub(rf"\b{word}\b", f"{word}_{chance.randrange(100)}", text).splitlines()
        case 5:
            lines.insert(at, f"{lines[at][:len(lines[at]) - len(lines[at].lstrip())]}# {chance.randrange(1000)}")
    return "\n".join(lines) + "\n"


def hand_in(folder: Path, lab: Lab, count: int, different: int, seed: int = 1) -> None:
    """`count` hand-ins in a folder, archives called after their students, of `different` works of one variant."""
    folder.mkdir(parents=True)
    made = works(lab, different, seed)
    for number in range(count):
        with zipfile.ZipFile(folder / f"s{number:04}.zip", "w", zipfile.ZIP_DEFLATED) as whole:
            for name, text in (made[number % different] | {"variant.toml": f'lab = "{lab.name}"\nseed = 1\n'}).items():
                whole.writestr(f"{lab.name}/{name}", text)


# --- the command itself, with a stub for the machines ---

#: Grades each hand-in in a stated time, and leaves some evidence, as a worker would.
STUB = """
import json, os, sys, time
for line in sys.stdin:
    job = json.loads(line)
    began, folder = time.monotonic(), os.path.join(job["out"], job["lab"] + "-1")
    os.makedirs(os.path.join(folder, "scenes"))
    for number in range(12):
        with open(os.path.join(folder, "scenes", str(number)), "w") as file:
            file.write(job["student"] * 100)
    checks = [dict(name=f"check_{n}", title=f"Claim {n}", claims=[], status="failed", points=0, max_points=2,
                   message="expected: so\\nseen: otherwise\\n" * 20, observation=False) for n in range(12)]
    time.sleep(max(0, float(sys.argv[1]) - (time.monotonic() - began)))
    print(json.dumps(dict(status="failed", points=7, max_points=24, reason="", evidence=folder, evidence_sha256="ab" * 32,
                          machine=job["machine"], image_sha256="cd", checks=checks, worker=f"stub:{os.getpid()}")),
          flush=True)
"""
#: The command line, with the stub as its worker.
STUBBED = """
import sys
from mnlab.course import workers
workers.COMMAND = [sys.executable, "-Sc", sys.argv.pop(1), sys.argv.pop(1)]
from mnlab.__main__ import start
start()
"""


def stubbed(bench: tools.Bench) -> Iterator[Row]:
    """The command with twenty workers, each hand-in another work that takes a while: what it takes of its own."""
    count, seconds, workers = bench.repetitions(SUBMISSIONS, 200), EACH, 20
    with tempfile.TemporaryDirectory(prefix="mnlab-bench-") as scratch:
        hand_in(Path(scratch, "in"), find(LAB), count, count)
        bench.say(f"grading {count} hand-ins with a stub")
        started = time.monotonic()
        peak = _grade(Path(scratch), workers, [sys.executable, "-Pc", STUBBED, STUB, str(seconds)])
        taken = time.monotonic() - started
        _insist_on(count, Path(scratch, "out"))
    least, about = count * seconds / workers, f"{count} hand-ins of {seconds:g} s, {workers} workers: {taken:.1f} s"
    yield Row("class_overhead", 1e3 * (taken - least) / count, detail=about)
    yield Row("class_efficiency", taken / least, detail=about)
    yield Row("class_memory", peak / MIB, detail=f"{count} hand-ins")


#: On a worker's computer: the same stub grades, and it is what is expected.
PRELOAD = """
import os, sys
from mnlab.course import cluster, send_machine, workers
cluster.described = lambda machine: dict(machine=machine, image="cd", qemu="7", mnlab="1")
send_machine.lacks = lambda machine: False
workers.COMMAND = [sys.executable, "-P", os.environ["STUB"], os.environ["SECONDS_EACH"]]
"""
#: What the stub leaves there is evidence, as it is looked at when it arrives.
WHOLE = """
from pathlib import Path
from mnlab.evidence import layout
def whole(folder):
    manifest = {"lab": "arp", "seed": 1, "params": {}, "scenes": [], "machine": {}, "seconds": {},
                "work": {"kind": "student", "sha256": "ab"}, "evidence_sha256": "0" * 64}
    for last in (False, True):
        Path(folder, "manifest.json").write_text(json.dumps(manifest))
        manifest["evidence_sha256"] = layout.digest(Path(folder))
    return manifest["evidence_sha256"]
"""


def stubbed_cluster(bench: tools.Bench) -> Iterator[Row]:
    """The same by a Dask scheduler and twenty workers, all of them on this computer."""
    count, seconds, workers = bench.repetitions(SUBMISSIONS, 200), EACH, 20
    with tempfile.TemporaryDirectory(prefix="mnlab-bench-") as scratch, ExitStack() as stack:
        folder = Path(scratch)
        hand_in(folder / "in", find(LAB), count, count)
        (folder / "preload.py").write_text(PRELOAD)
        stub = STUB.replace("    time.sleep", "    digest = whole(folder)\n    time.sleep").replace('"ab" * 32', "digest")
        (folder / "stub.py").write_text(WHOLE + stub)
        told = {**os.environ, "STUB": f"{scratch}/stub.py", "SECONDS_EACH": str(seconds)}
        for words in (["dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", f"{scratch}/at"],
                      *([["dask_worker", "--scheduler-file", f"{scratch}/at", "--nthreads", "5", "--host", "127.0.0.1",
                          "--preload", f"{scratch}/preload.py"]] * (workers // 5))):
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", sys.executable, "-m", f"distributed.cli.{words[0]}", *words[1:],
                 "--no-dashboard"],
                cwd=folder, env=told, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.terminate)
        address = _present(folder / "at", workers)
        bench.say(f"grading {count} hand-ins with a stub, by Dask")
        started = time.monotonic()
        _grade(folder, 1, [sys.executable, "-P", "-m", "mnlab"], "--cluster", address)
        taken = time.monotonic() - started
        _insist_on(count, folder / "out")
    about = f"{count} hand-ins of {seconds:g} s, a scheduler, {workers} workers: {taken:.1f} s"
    least = count * seconds / workers
    yield Row("class_overhead", 1e3 * (taken - least) / count, case="by Dask", detail=about)
    yield Row("class_efficiency", taken / least, case="by Dask", detail=about)


def _present(file: Path, count: int) -> str:
    """The address of the scheduler that writes this file, once so many threads are there. MachineError if they do not
    come."""
    from distributed import Client
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if file.is_file() and file.read_text().endswith("}"):
            with Client(scheduler_file=str(file)) as client:
                if sum(client.nthreads().values()) >= count:
                    return client.scheduler.address
        time.sleep(0.1)
    raise MachineError("the scheduler or its workers did not come")


def scaling(bench: tools.Bench) -> Iterator[Row]:
    """As many hand-ins by one worker and by two; nothing is known from before."""
    count, taken = bench.repetitions(40, 8), {}
    for workers in (1, 2):
        with tempfile.TemporaryDirectory(prefix="mnlab-bench-") as scratch:
            hand_in(Path(scratch, "in"), find(LAB), count, count, seed=time.time_ns())
            bench.say(f"grading {count} hand-ins with --workers {workers}")
            started = time.monotonic()
            _grade(Path(scratch), workers, [speed.LAUNCHER])
            taken[workers] = time.monotonic() - started
    yield Row("class_scaling", taken[2] / taken[1], detail=f"{count} hand-ins: {taken[2]:.1f} s against {taken[1]:.1f} s")


def loop(bench: tools.Bench) -> Iterator[Row]:
    """The command against a shell loop over `./mnlab check`, that of another checkout if one is named, on the same
    hand-ins; neither knows a run from before."""
    count, launcher = bench.repetitions(40, 8), (bench.other or ROOT) / "mnlab"
    with tempfile.TemporaryDirectory(prefix="mnlab-bench-") as scratch:
        hand_in(Path(scratch, "in"), find(LAB), count, count, seed=time.time_ns())
        before = set(remembered.runs())
        speed.command(["machine", "build"], launcher)
        bench.say(f"./mnlab check, {count} times")
        started = time.monotonic()
        for path in sorted(Path(scratch, "in").iterdir()):
            zipfile.ZipFile(path).extractall(Path(scratch, "work", path.stem))
            speed.command(["check", LAB, "--work", f"{scratch}/work/{path.stem}/{LAB}", "--out", f"{scratch}/runs"],
                          launcher)
        looped = time.monotonic() - started
        for known in set(remembered.runs()) - before:
            known.unlink(missing_ok=True)
        bench.say("the same with one command")
        started = time.monotonic()
        _grade(Path(scratch), os.cpu_count() or 1, [speed.LAUNCHER])
        graded = time.monotonic() - started
        _insist_on(count, Path(scratch, "out"))
    yield Row("class_ratio", graded / looped, detail=f"{count} hand-ins: {graded:.1f} s against {looped:.1f} s")


def thousand(bench: tools.Bench) -> Iterator[Row]:
    """A thousand hand-ins of two hundred works, for real; nothing is known from before."""
    count, different = bench.repetitions(SUBMISSIONS, 20), bench.repetitions(WORKS, 4)
    with tempfile.TemporaryDirectory(prefix="mnlab-bench-") as scratch:
        hand_in(Path(scratch, "in"), find(LAB), count, different, seed=time.time_ns())  # or its runs are remembered
        bench.say(f"grading {count} hand-ins")
        started = time.monotonic()
        peak = _grade(Path(scratch), os.cpu_count() or 1, [sys.executable, "-P", "-m", "mnlab"])
        taken = time.monotonic() - started
        _insist_on(count, Path(scratch, "out"))
    about = f"{count} hand-ins of {different} works, {os.cpu_count()} workers: {taken:.0f} s"
    yield Row("class_each", taken / different, detail=about)
    yield Row("class_memory", peak / MIB, case="for real", detail=about)


def _grade(folder: Path, workers: int, program: list, *more: str) -> int:
    """Grade what lies in in/ of a folder, into out/; the most memory that the command had, in bytes."""
    words = ["grade", LAB, "in", "--out", "out", "--workers", str(workers), "--audit", "0", *more]
    with open(folder / "said", "w+") as said, subprocess.Popen(
            [*program, *words], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said) as process:
        peak = 0
        while process.poll() is None:
            peak = max(peak, tools.kilobytes(Path(f"/proc/{process.pid}/status"), "VmHWM:"))
            time.sleep(tools.SAMPLING)
        said.seek(0)
        if process.returncode not in (0, 3):
            raise MachineError(f"mnlab grade ended with status {process.returncode}: {said.read()[-500:]}")
    return peak


def _insist_on(count: int, out: Path) -> None:
    """MachineError unless every hand-in is in the table, once."""
    with open(out / "grades.csv", encoding="utf-8-sig", newline="") as file:
        rows = [row["id"] for row in csv.DictReader(file)]
    if len(rows) != count or len(set(rows)) != count:
        raise MachineError(f"{count} hand-ins were graded, and the table has {len(rows)}, of {len(set(rows))} students")


MEASURES = (stubbed, stubbed_cluster, scaling, loop, thousand)
