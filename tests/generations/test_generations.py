"""Every lab on every machine, and the atlas: what the default tests do on one. `mnlab test generations`; an hour."""

import json
import subprocess
import sys

import pytest

from mnlab.checks.grade import grade, read_answers
from mnlab.checks.session import reference_answers
from mnlab.checks.verdicts import INCONCLUSIVE, PASSED
from mnlab.checks.verify import verify
from mnlab.evidence.run import Run
from mnlab.lab import run as labrun
from mnlab.lab import work as workfolder
from mnlab.lab.lab import ROOT, all_labs
from mnlab.machine import image
from mnlab.machine import lock as locks
from mnlab.machine.machines import DEFAULT, MACHINES
from mnlab.machine.remembered import Remembering
from mnlab.machine.vm import VirtualMachine

SEEDS = {DEFAULT: (1, 2, 3, 4, 5)}
OTHER_SEEDS = (1, 2)
LITTLE = 0.15  # of the points: what a starter may score

each_lab = pytest.mark.parametrize("lab", [pytest.param(lab, id=lab.name) for lab in all_labs()])
each_machine = pytest.mark.parametrize("name", MACHINES)


def machine(name: str, remember: bool = True):
    place = VirtualMachine(named=MACHINES[name])
    return Remembering(place) if remember else place


def solved(lab, place, seed, folder) -> Run:
    work = folder / "work"
    work.mkdir(parents=True)
    workfolder.copy(lab.solution, work, lab.params(seed))
    return labrun.run(lab, place, work, seed, folder / "run")


def complaints(result) -> str:
    return "\n".join([result.reason, *(f"{check.name}: {check.message}" for check in result.checks
                                       if check.status != PASSED)])


@each_lab
@each_machine
def test_the_solution_has_full_marks_and_the_starter_little(lab, name, tmp_path):
    for seed in SEEDS.get(name, OTHER_SEEDS):
        run = solved(lab, machine(name), seed, tmp_path / str(seed))
        result = grade(lab, run, reference_answers(lab, run))
        assert result.status == PASSED and result.points == result.max_points > 0, f"{seed}: {complaints(result)}"
    workfolder.start(lab, tmp_path / "work", 5)
    run = labrun.run(lab, machine(name), tmp_path / "work", 5, tmp_path / "started")
    result = grade(lab, run, read_answers(tmp_path / "work"))
    assert result.status != INCONCLUSIVE, complaints(result)
    assert result.points < LITTLE * result.max_points, f"{result.points} of {result.max_points}"


@each_lab
@each_machine
def test_two_runs_give_the_same_evidence(lab, name, tmp_path):
    runs = [solved(lab, machine(name, remember), 1, tmp_path / str(remember)) for remember in (True, False)]
    assert len({run.manifest["evidence_sha256"] for run in runs}) == 1


@each_lab
@pytest.mark.parametrize("name", [name for name in MACHINES if name != DEFAULT])
def test_every_check_can_fail(lab, name):
    matrix = verify(lab, machine(name), 1, workers=1, quick=True)
    assert matrix.baseline.status == PASSED, complaints(matrix.baseline)
    assert not matrix.unkilled_checks
    assert not matrix.excused_mutants
    assert not matrix.refused


def test_the_atlas_is_what_the_machines_show(tmp_path):
    """All of docs/atlas.md, if the images are those of the committed locks. Debian's updates move on: where they have,
    that is reported, and each claim's verdict compared."""
    done = subprocess.run([sys.executable, "-P", "-m", "mnlab", "atlas", "--json", "-q", "--out", tmp_path / "atlas.md"],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    page, new = ROOT.joinpath("docs/atlas.md").read_text(), (tmp_path / "atlas.md").read_text()
    newer = {name: len(locks.differences(locks.known(name), image.place(named).lock))
             for name, named in MACHINES.items()}
    if any(newer.values()):
        print(f"packages newer than in the committed locks: {newer}; the atlas may be made again")
        differing = {row["claim"] for row in json.loads(done.stdout)["claims"] if set(row["machines"].values()) != {"holds"}}
        assert all(f"### {claim} (" in page for claim in differing)
    else:
        assert new == page
