"""A process that grades one hand-in after another: jobs come as lines of JSON on standard input, results go out as
lines on standard output. Its imports are paid for once; if it dies, no more than one hand-in has to be graded again.

Run as `python -P -m mnlab.course.worker`, by workers.py and cluster.py.
"""

import contextlib
import ctypes
import json
import os
import signal
import socket
import sys
from dataclasses import asdict
from functools import cache
from pathlib import Path

PR_SET_PDEATHSIG = 1  # prctl(2)


class Silent:
    """Nobody looks at the steps of one among a thousand."""

    def start(self, name):
        pass

    def step(self, name, text):
        pass

    def finish(self, name, result):
        pass


def main() -> None:
    """Until standard input ends, or whoever started this has: then nobody is to write into its folders. Ctrl-C is for
    whoever started this, who then says SIGTERM."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    for line in sys.stdin:
        with contextlib.redirect_stdout(sys.stderr):  # what a lab's own code prints is no result
            result = graded(json.loads(line))
        print(json.dumps(result | {"worker": name()}), flush=True)


def name() -> str:
    """What this worker is called: its computer and its process."""
    return f"{socket.gethostname()}:{os.getpid()}"


def graded(job: dict) -> dict:
    """The result of one hand-in; {"trouble"} if there is none, {"refused"} if this computer is not what the course
    expects.

    A job names lab, seed, seed_from, work, machine, out and secret; `fresh`: nothing remembered is of use; `expect`:
    what the machine has to be, and `version` the digest of what grades. One with `recheck` names saved evidence, and no
    machine is needed."""
    from mnlab.checks.session import Task, recheck, run_tasks
    from mnlab.evidence.record import Unreadable
    from mnlab.lab import lab as labs
    from mnlab.lab.read_once import read
    from mnlab.lab.student_toml import BadWork
    from mnlab.machine.job import MachineError

    try:
        if "recheck" in job:
            return _as_dict(recheck(Path(job["recheck"])))
        if strange := _strange(job):
            return {"refused": strange}
        task = Task(labs.find(job["lab"]), job["seed"], Path(job["out"]), read(Path(job["work"])), job["seed_from"],
                    bytes.fromhex(job["secret"]), only_points=True)
        [result] = run_tasks([task], _machine(job["machine"], job.get("fresh", False)), Silent())
        return _as_dict(result)
    except (labs.UnknownLab, labs.BrokenLab, BadWork, MachineError, Unreadable, OSError) as problem:
        return {"trouble": str(problem)}


def _strange(job: dict) -> str:
    """In words, why this computer is not the one that a job expects; "" if it is, or nothing is expected."""
    from mnlab.course.grading import version
    from mnlab.lab import lab as labs
    from mnlab.machine.job import MachineError
    if "expect" not in job:
        return ""
    try:
        if strange := differences(described(job["machine"]), job["expect"]):
            return strange
        same = version(labs.find(job["lab"])) == job["version"]
        return "" if same else f"the lab {job['lab']}, or mnlab itself, is another one there"
    except (MachineError, labs.UnknownLab) as problem:
        return str(problem)


def _as_dict(result) -> dict:
    return {"status": result.status, "points": result.points, "max_points": result.max_points,
            "reason": result.reason, "evidence": str(result.evidence or ""),
            "evidence_sha256": result.evidence_sha256, "machine": result.machine,
            "image_sha256": result.image_sha256, "checks": [_row(check) for check in result.checks]}


@cache
def _machine(named: str, fresh: bool):
    """The machine of this name, made ready; `fresh`: one that remembers nothing. MachineError if there can be none."""
    from mnlab.machine.machines import find
    from mnlab.machine.remembered import remembering
    from mnlab.machine.vm import VirtualMachine
    machine = VirtualMachine("virtual", lambda text: None, named=find(named))
    machine.prepare()
    return machine if fresh else remembering(machine)


@cache
def described(named: str) -> dict[str, str]:
    """What evidence of this computer depends on besides the work: machine, image, QEMU, mnlab. MachineError if there
    can be no machine of this name."""
    from mnlab import __version__
    about = _machine(named, False).describe()
    return {"machine": about["name"], "image": about["image_sha256"], "qemu": about["qemu"], "mnlab": __version__}


def differences(about: dict[str, str], expected: dict[str, str]) -> str:
    """In words, in what a computer is not what is expected; "" if it is. QEMU may be expected by the beginning of its
    version."""
    def fits(part: str, wanted: str) -> bool:
        found = about.get(part, "")
        return found == wanted or part == "qemu" and found.startswith(f"{wanted} ")

    return "; ".join(f"{part} is {about.get(part, 'not known')[:60]}, and {wanted[:60]} is expected"
                     for part, wanted in expected.items() if not fits(part, wanted))


def _row(check) -> dict:
    """A check as a class's results keep it; the frames that decided it are for the page of a run."""
    return {part: value for part, value in asdict(check).items() if part != "frames"}


if __name__ == "__main__":
    main()
