"""A process that grades one hand-in after another: jobs come as lines of JSON on standard input, results go out as
lines on standard output. Its imports are paid for once; if it dies, no more than one hand-in has to be graded again.

Run as `python -P -m mnlab.course.worker`, by workers.py.
"""

import contextlib
import json
import sys
from dataclasses import asdict
from pathlib import Path


class Silent:
    """Nobody looks at the steps of one among a thousand."""

    def start(self, name):
        pass

    def step(self, name, text):
        pass

    def finish(self, name, result):
        pass


def main() -> None:
    """Until standard input ends."""
    for line in sys.stdin:
        with contextlib.redirect_stdout(sys.stderr):  # what a lab's own code prints is no result
            result = graded(json.loads(line))
        print(json.dumps(result), flush=True)


def graded(job: dict) -> dict:
    """The result of one hand-in; {"trouble"} if there is none."""
    from mnlab.checks.session import Task, run_tasks
    from mnlab.lab import lab as labs
    from mnlab.lab.read_once import read
    from mnlab.lab.student_toml import BadWork
    from mnlab.machine.job import MachineError
    from mnlab.machine.machines import find
    from mnlab.machine.remembered import remembering
    from mnlab.machine.vm import VirtualMachine

    try:
        lab = labs.find(job["lab"])
        machine = remembering(VirtualMachine("virtual", lambda text: None, named=find(job["machine"])))
        machine.prepare()
        work = read(Path(job["work"]))
        task = Task(lab, job["seed"], Path(job["out"]), work, job["seed_from"], bytes.fromhex(job["secret"]),
                    only_points=True)
        [result] = run_tasks([task], machine, Silent())
        return {"status": result.status, "points": result.points, "max_points": result.max_points,
                "reason": result.reason, "evidence": str(result.evidence or ""),
                "evidence_sha256": result.evidence_sha256, "machine": result.machine,
                "image_sha256": result.image_sha256, "checks": [asdict(check) for check in result.checks]}
    except (labs.UnknownLab, labs.BrokenLab, BadWork, MachineError, OSError) as problem:
        return {"trouble": str(problem)}


if __name__ == "__main__":
    main()
