"""The command `mnlab atlas`, as far as it needs no machine."""

from types import SimpleNamespace

import pytest

from mnlab.checks import session
from mnlab.checks.verdicts import LabResult
from mnlab.cli import atlas
from mnlab.lab import lab as labs
from mnlab.lab import run as labrun
from mnlab.machine import remembered
from mnlab.machine.job import MachineError


@pytest.mark.parametrize("broken", ["debian12", "latest"])
def test_a_lab_that_could_not_be_run_somewhere_is_no_lab_without_differences(monkeypatch, broken):
    """Its rows are made of the first machine's claims: without any there would be none, and exit status 0."""
    places = {name: SimpleNamespace(name=name, prepare=lambda: None) for name in ("debian12", "latest")}
    monkeypatch.setattr(remembered, "remembering", lambda place: place)
    monkeypatch.setattr(labrun, "survey", lambda machine: {})
    monkeypatch.setattr(session, "run_tasks", lambda tasks, machine, progress: [
        LabResult("arp", 1, (), reason="the lab machine did not boot")] if machine.name == broken else [])
    with pytest.raises(MachineError, match=f"arp could not be looked at on {broken}: the lab machine did not boot"):
        atlas._seen([labs.find("arp")], places, 1, quiet=True)
