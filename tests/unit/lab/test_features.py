"""What a kernel can show: the names, and the job that tries them."""

import ast
import json

import pytest

from mnlab.lab import run as labrun
from mnlab.lab.features import FEATURES, known, lacking
from mnlab.lab.lab import ROOT, Lab
from mnlab.machine.job import FOUND, Job, MachineError, Outcome, try_features


def test_names_are_taken_one_by_one_or_several():
    assert known("classic_recovery") == known(["classic_recovery"]) == ("classic_recovery",) and known(()) == ()


@pytest.mark.parametrize("name, words", [("clasic_recovery", "did you mean 'classic_recovery'"), ("x", "there are: classic"),
                                         (7, "no feature 7"), ("", "no feature ''")])
def test_a_feature_that_there_is_not_is_refused(name, words):
    with pytest.raises(ValueError, match=words):
        known((name,))


def test_what_lacks_is_what_was_tried_in_vain():
    tried = {"classic_recovery": "RACK is on"}
    assert lacking(["classic_recovery"], tried) == ["this machine does not show classic_recovery: RACK is on"]
    assert lacking([], tried) == lacking(["classic_recovery"], {"classic_recovery": ""}) == lacking(["classic_recovery"], {}) == []


def test_each_feature_has_a_probe_of_its_name():
    tree = ast.parse((ROOT / "src/mnlab/lab/probes.py").read_text())
    assert set(FEATURES) <= {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_each_feature_is_told_of_in_the_page_on_labs():
    page = (ROOT / "docs/labs.md").read_text()
    assert not [name for name in FEATURES if f"| `{name}` | " not in page]


class Machine:
    def __init__(self, left=None, outcome=None, said=b""):
        self.left, self.outcome, self.said, self.job = left, outcome or Outcome(0), said, None

    def run(self, job, folder, console):
        self.job = job
        console(self.said)
        if self.left is not None:
            (folder / FOUND).write_text(self.left)
        return self.outcome

    def features(self, job):
        self.job = job
        return {"classic_recovery": ""}


@pytest.mark.parametrize("place", ["checks.py", "mutants.py", "reading.py"])
@pytest.mark.parametrize("text, asked", [("where='classic_recovery'", True), ('RACK = "classic_recovery"', True),
                                         ("def classic_recovery(): pass", False), ("", False)])
def test_a_machine_is_tried_for_labs_that_name_a_feature(tmp_path, place, text, asked):
    (tmp_path / place).write_text(text)
    machine = Machine()
    assert bool(labrun.features_of(Lab(tmp_path), machine)) == asked == bool(machine.job)


def test_the_job_holds_what_its_probes_use(tmp_path):
    (tmp_path / "checks.py").write_text("'classic_recovery'")
    machine = Machine()
    labrun.features_of(Lab(tmp_path), machine)
    assert {"src/mnlab/lab/probes.py", "src/mnlab/lab/features.py", "src/mnlab/net/netlink.py"} <= set(machine.job.files)
    assert not [name for name in machine.job.files if name.startswith(("src/mnlab/checks", "src/mnlab/machine", "lab"))]


def test_what_a_job_found_is_read(tmp_path):
    assert try_features(Machine(json.dumps({"a": ""})), Job("", {}), tmp_path) == {"a": ""}


@pytest.mark.parametrize("machine, words", [
    (Machine(outcome=Outcome(70), said=b"Traceback\n  x\nTimeoutError: too busy\n"), "could not be tried: TimeoutError: too busy"),
    (Machine(outcome=Outcome(None, "QEMU was killed")), "could not be tried: QEMU was killed"),
    (Machine(outcome=Outcome(70)), "could not be tried: status 70"), (Machine("{"), "could not be tried: status 0")])
def test_a_job_that_found_nothing_says_why(tmp_path, machine, words):
    with pytest.raises(MachineError, match=words):
        try_features(machine, Job("", {}), tmp_path)
