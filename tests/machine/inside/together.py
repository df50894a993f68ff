"""Inside the lab machine, as a job: labs run at once on its kernel, each as the host machine runs it."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

RESULT = Path("/result")


def main(*wanted: str) -> int:
    """Run the labs `wanted` (NAME/SEED) at once with their solutions; the result is their evidence: run0, run1, ..."""
    with ThreadPoolExecutor(len(wanted)) as pool:
        list(pool.map(run, range(len(wanted)), wanted))  # list: to raise here what was raised there
    return 0


def run(number: int, wanted: str) -> None:
    from mnlab.lab import lab as labs
    from mnlab.lab import run as labrun
    from mnlab.lab import work as workfolder
    from mnlab.machine.host import HostMachine
    name, seed = wanted.split("/")
    lab = labs.find(name)
    with tempfile.TemporaryDirectory() as work:
        workfolder.copy(lab.solution, Path(work), lab.params(int(seed)))
        labrun.run(lab, HostMachine(), Path(work), int(seed), RESULT / f"run{number}")
