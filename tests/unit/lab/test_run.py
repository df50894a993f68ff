"""Around a machine: evidence is whole or absent, whatever the machine does."""

import json
import threading

import pytest

from mnlab.lab import run as labrun
from mnlab.lab.lab import Lab
from mnlab.lab.work import BadWork
from mnlab.machine.job import MachineError, Outcome


@pytest.fixture
def lab(tmp_path):
    folder = tmp_path / "lab"
    folder.mkdir()
    (folder / "experiment.py").write_text("def variant(rng): return {'n': 1}\nneeds = ('netem',)\n"
                                         "def experiment(net, rec, work):\n    from lab import helper\n")
    for name in ("checks.py", "reading.py", "mutants.py", "figures.py", "README.md", "helper.py", "stranger.py"):
        (folder / name).write_text("")
    for name in ("solution", "starter", "__pycache__"):
        (folder / name).mkdir()
    (tmp_path / "work").mkdir()
    (tmp_path / "work/answers.toml").write_text("a = 1")
    return Lab(folder)


class Machine:
    """A machine that leaves `manifest` and ends as `outcome`, or raises it."""

    def __init__(self, outcome, manifest=None):
        self.outcome, self.manifest = outcome, manifest

    def run(self, job, folder, console):
        self.job = job
        console(b"noise\n\x1estep one\n" + b"x" * 10**6)
        if self.manifest is not None:
            (folder / "manifest.json").write_text(self.manifest)
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome

    def describe(self):
        return {"machine": "none"}


GOOD = json.dumps({"lab": "lab", "seed": 1, "params": {}, "network": {}, "start_ns": 5, "outcome": "ok", "reason": ""})


def run(lab, tmp_path, machine, **options):
    return labrun.run(lab, machine, tmp_path / "work", 1, tmp_path / "runs/lab-1", **options)


def test_a_good_run_is_sealed(lab, tmp_path):
    steps = []
    record = run(lab, tmp_path, Machine(Outcome(0, "", 1.5, 2.0), GOOD), progress=steps.append)
    assert record.is_untouched() and record.outcome == "ok" and steps == ["step one"]


@pytest.mark.parametrize("outcome, manifest, reason", [
    (Outcome(None, "QEMU was killed by signal 9"), None, "QEMU was killed by signal 9"),
    (Outcome(None, "a limit"), GOOD, "a limit"),
    (Outcome(70), GOOD, "ended with status 70"),
    (Outcome(0), None, "nothing was recorded"),
    (Outcome(0), "", "nothing was recorded"),
    (Outcome(0), '{"lab": ', "nothing was recorded"),
])
def test_anything_else_is_inconclusive_with_its_reason(lab, tmp_path, outcome, manifest, reason):
    record = run(lab, tmp_path, Machine(outcome, manifest))
    assert record.outcome == "inconclusive" and reason in record.reason
    assert record.is_untouched()


def test_the_last_words_of_a_job_that_could_not_begin_are_its_reason(lab, tmp_path):
    class Broken(Machine):
        def run(self, job, folder, console):
            console(b"\x1estep one\n" + b"".join(b"line %d\n" % number for number in range(9)) + b"no bridge\n")
            return Outcome(70)

    reason = run(lab, tmp_path, Broken(None)).reason
    assert reason.splitlines() == ["the run ended with status 70", *(f"line {number}" for number in range(5, 9)),
                                   "no bridge"]


@pytest.mark.parametrize("problem, raised", [(MachineError("no QEMU"), MachineError), (KeyboardInterrupt(), KeyboardInterrupt),
                                             (OSError(28, "No space left on device"), MachineError), (ZeroDivisionError(), ZeroDivisionError)])
def test_without_a_machine_nothing_is_left(lab, tmp_path, problem, raised):
    with pytest.raises(raised) as caught:
        run(lab, tmp_path, Machine(problem, GOOD))
    assert not (tmp_path / "runs/lab-1").exists()
    if isinstance(problem, OSError):
        assert "could not be written" in str(caught.value) and "No space left" in str(caught.value)


def test_an_unusable_work_folder_leaves_nothing(lab, tmp_path):
    with pytest.raises(BadWork):
        labrun.run(lab, Machine(Outcome(0)), tmp_path / "absent", 1, tmp_path / "runs/lab-1")
    assert not (tmp_path / "runs/lab-1").exists()


def test_only_what_the_run_needs_enters_the_machine(lab, tmp_path):
    machine = Machine(Outcome(0), GOOD)
    run(lab, tmp_path, machine)
    names = set(machine.job.files)
    assert {name for name in names if name.startswith("lab/")} == {"lab/experiment.py", "lab/helper.py"}
    outside = {"answers.py", "answers.toml", "checks", "checks.py", "mutants.py", "solution"}
    assert not [name for name in names if outside & set(name.split("/"))]
    assert machine.job.needs == ("netem",)


@pytest.mark.parametrize("said, seconds, processes", [
    ("", 900, 500), ("lab_seconds = 1600", 1600, 500), ("lab_hosts = 300", 900, 500), ("lab_hosts = 1000", 900, 1200),
    ("hosts = ['h1']", 900, 500)])
def test_a_lab_may_need_more_than_others(lab, tmp_path, said, seconds, processes):
    with open(lab.folder / "experiment.py", "a") as file:
        file.write(said)
    machine = Machine(Outcome(0), GOOD)
    run(lab, tmp_path, machine)
    limits = machine.job.limits
    assert (limits.virtual_seconds, limits.processes) == (seconds, processes)
    assert (limits.memory > 420 << 20) == (processes > 500)


def test_runs_at_once_get_folders_of_their_own(tmp_path):
    found = []
    threads = [threading.Thread(target=lambda: found.append(labrun.reserve_folder(tmp_path, "arp"))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(path.name for path in found) == sorted(f"arp-{number}" for number in range(1, 17))


def test_numbers_go_on_and_other_folders_do_not_confuse(tmp_path):
    for name in ("arp-7", "arp-old", "arp-x-9", "ping-30", "arp-²", "arp-", "arp-①", "arp--3"):
        (tmp_path / name).mkdir()
    assert labrun.reserve_folder(tmp_path, "arp").name in ("arp-8", "arp-10")
