"""A process that grades one hand-in after another: jobs come as lines of JSON on standard input, results go out as
lines on standard output. Its imports are paid for once; if it dies, no more than one hand-in has to be graded again.

Run as `python -P -m mnlab.course.worker`, by workers.py.
"""

import json
import os
import sys
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
    answers = os.fdopen(os.dup(1), "w")  # what a lab's own code prints shall not look like a result
    os.dup2(2, 1)
    for line in sys.stdin:
        print(json.dumps(graded(json.loads(line))), file=answers, flush=True)


def graded(job: dict) -> dict:
    """The result of one hand-in, as `--json` has it; {"trouble"} if there is none."""
    from mnlab.checks.session import Task, run_tasks
    from mnlab.lab import lab as labs
    from mnlab.lab.read_once import read
    from mnlab.lab.student_toml import BadWork
    from mnlab.machine.job import MachineError
    from mnlab.machine.machines import find
    from mnlab.machine.remembered import remembering
    from mnlab.machine.vm import VirtualMachine
    from mnlab.report.jsonout import as_dict

    try:
        lab = labs.find(job["lab"])
        machine = remembering(VirtualMachine("virtual", lambda text: None, named=find(job["machine"])))
        machine.prepare()
        task = Task(
            lab,
            job["seed"],
            Path(job["out"]),
            read(Path(job["work"])),
            job["seed_from"],
            secret=bytes.fromhex(job["secret"]),
            only_points=True,
        )
        [result] = run_tasks([task], machine, Silent())
        return as_dict([result])["labs"][0] | {"titles": {check.name: check.title for check in result.checks}}
    except (labs.UnknownLab, labs.BrokenLab, BadWork, MachineError, OSError) as problem:
        return {"trouble": str(problem)}


if __name__ == "__main__":
    main()
