"""Runs that several tests look at are made once (by each worker)."""

import pytest

from mnlab.lab import run as labrun
from mnlab.lab import work as workfolder
from mnlab.machine.vm import VirtualMachine


@pytest.fixture(scope="session")
def machine():
    return VirtualMachine("virtual")


@pytest.fixture(scope="session")
def solved(machine, tmp_path_factory):
    """The record of a lab's solution, run with a seed: solved(lab, seed)."""
    records = {}

    def run(lab, seed):
        if (lab.name, seed) not in records:
            folder = tmp_path_factory.mktemp(f"{lab.name}-{seed}")
            (folder / "work").mkdir()  # a solution may be answers alone
            workfolder.copy(lab.solution, folder / "work", lab.params(seed))
            records[lab.name, seed] = labrun.run(lab, machine, folder / "work", seed, folder / "run")
        return records[lab.name, seed]

    return run
