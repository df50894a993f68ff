"""Runs that several tests look at are made once, whichever of pytest's workers needs them first."""

import fcntl
import os

import pytest

from mnlab.evidence.run import Run
from mnlab.lab import run as labrun
from mnlab.lab import work as workfolder
from mnlab.machine.remembered import Remembering
from mnlab.machine.vm import VirtualMachine


@pytest.fixture(scope="session")
def machine():
    """A machine that does not repeat what it has run before, in these tests or earlier."""
    return Remembering(VirtualMachine("virtual"))


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """A folder that every worker of this session has."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def run_solution(lab, machine, seed, folder, key=b"") -> Run:
    """Run a lab's solution in `folder`, which is made."""
    work = folder / "work"
    work.mkdir(parents=True)
    workfolder.copy(lab.solution, work, lab.params(seed))  # it may be answers alone
    return labrun.run(lab, machine, work, seed, folder / "run", key=key)


@pytest.fixture(scope="session")
def solved(machine, shared):
    """The run of a lab's solution, with a seed: solved(lab, seed)."""

    def run(lab, seed):
        folder = shared / f"solved-{lab.name}-{seed}"
        with open(f"{folder}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return Run(folder / "run") if folder.exists() else run_solution(lab, machine, seed, folder)

    return run
