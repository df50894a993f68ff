"""Running several labs: results in order, one broken lab spoils no other, an interrupt ends all."""

import json
import threading
from dataclasses import replace

import pytest

from mnlab.checks import session
from mnlab.lab.lab import Lab
from mnlab.lab.read_once import read
from mnlab.machine.job import MachineError, Outcome


class Machine:
    def __init__(self, ends, clock="virtual"):
        self.ends, self.clock, self.stop = ends, clock, threading.Event()
        self.beside = threading.Barrier(2)

    def run(self, job, folder, console):
        lab = json.loads(job.files["job.json"])["lab"]
        if isinstance(self.ends.get(lab), BaseException):
            raise self.ends[lab]
        if self.ends.get(lab) == "wait":
            self.stop.wait(30)
            raise KeyboardInterrupt
        if self.ends.get(lab) == "meet":
            self.beside.wait(0.5)
        (folder / "manifest.json").write_text(json.dumps({
            "lab": lab, "seed": 1, "params": {}, "network": {}, "start_ns": 0, "outcome": "ok", "reason": ""}))
        return Outcome(0)

    def describe(self):
        return {}

    def abandon(self):
        self.stop.set()


class Silent:
    def __init__(self, raising=None):
        self.raising = raising

    def start(self, name):
        pass

    def step(self, name, text):
        pass

    def finish(self, name, result):
        if self.raising:
            raise self.raising


@pytest.fixture
def tasks(tmp_path):
    def make(*names, work=None):
        found = []
        for name in names:
            folder = tmp_path / "labs" / name
            (folder / "solution").mkdir(parents=True)
            (folder / "experiment.py").write_text("def variant(rng): return {}\ndef experiment(): pass\n")
            (folder / "checks.py").write_text("from mnlab.checks import points\n@points(1)\ndef check_a(): pass\n")
            found.append(session.Task(Lab(folder), 1, tmp_path / "runs", work and read(work)))
        return found
    return make


def test_results_come_in_order_and_one_broken_lab_spoils_no_other(tasks, tmp_path):
    results = session.run_tasks(tasks("a", "b", "c"), Machine({"b": MachineError("no QEMU")}), Silent())
    assert [(result.lab, result.status, result.reason) for result in results] == [
        ("a", "passed", ""), ("b", "inconclusive", "no QEMU"), ("c", "passed", "")]
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["a-1", "c-1"]


def test_in_virtual_time_runs_go_on_side_by_side_and_in_real_time_one_after_the_other(tasks, monkeypatch):
    monkeypatch.setattr(session, "WORKERS", 2)
    pair = tasks("one", "other")
    assert all(result.status == "passed" for result in session.run_tasks(
        pair, Machine({"one": "meet", "other": "meet"}), Silent()))
    with pytest.raises(threading.BrokenBarrierError):
        session.run_tasks(pair, Machine({"one": "meet", "other": "meet"}, "real"), Silent())


def test_an_interrupt_ends_every_run_and_leaves_no_partial_one(tasks, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        session.run_tasks(tasks("slow", "quick"), Machine({"slow": "wait"}), Silent(KeyboardInterrupt()))
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["quick-1"]  # it was complete


def test_the_answers_are_kept_for_a_recheck_but_never_a_link(tasks, tmp_path):
    work = tmp_path / "mine"
    work.mkdir()
    (work / "answers.toml").write_text("a = 1\n")
    session.run_tasks(tasks("a", work=work), Machine({}), Silent())
    assert (tmp_path / "runs/a-1/answers.toml").read_text() == "a = 1\n"
    (work / "answers.toml").unlink()
    (work / "answers.toml").symlink_to("/etc/passwd")
    session.run_tasks(tasks("b", work=work), Machine({}), Silent())
    assert not (tmp_path / "runs/b-1/answers.toml").exists()


def test_answers_that_change_while_the_machine_works_change_nothing(tasks, tmp_path):
    work = tmp_path / "mine"
    work.mkdir()
    (work / "answers.toml").write_text("a = 1\n")
    (work / "run.sh").write_text("before")
    found = tasks("a", work=work)
    (tmp_path / "labs/a/checks.py").write_text(
        "from mnlab.checks import points, same\n@points(1)\ndef check_a(answers): same(answers.integer('a'), 1, 'a')\n")

    class Swapping(Machine):
        def run(self, job, folder, console):
            assert job.files["work/run.sh"] == b"before"
            (work / "answers.toml").write_text("a = 2\n")
            return super().run(job, folder, console)

    (work / "run.sh").write_text("after")
    [result] = session.run_tasks(found, Swapping({}), Silent())
    assert result.status == "passed" and (tmp_path / "runs/a-1/answers.toml").read_text() == "a = 1\n"


def test_the_result_says_whose_work_it_was_and_who_chose_the_seed(tasks, tmp_path):
    work = tmp_path / "mine"
    work.mkdir()
    [result] = session.run_tasks(tasks("a", work=work), Machine({}), Silent())
    assert (result.work, result.work_sha256, result.seed_from) == ("student", read(work).sha256, "default")
    assert result.notes == ("no variant.toml: graded as seed 1",)
    (work / "variant.toml").write_text("seed = 1")
    [result] = session.run_tasks(tasks("b", work=work), Machine({}), Silent())
    assert result.notes == () and result.work_sha256 == read(work).sha256
    [result] = session.run_tasks(tasks("c"), Machine({}), Silent())
    assert (result.work, result.notes) == ("solution", ())


@pytest.fixture
def secretive(tasks):
    """A task of a lab with a parameter of each kind."""
    (task,) = tasks("a")
    (task.lab.folder / "experiment.py").write_text("def variant(rng): return {'rate': 5, '_way': 7, 'list': [1]}\n"
                                                   "def secret(rng, params): return {'_s': rng.randrange(10**9)}\n"
                                                   "def experiment(): pass\n")
    return task


def test_the_manifest_says_who_drew_the_secrets_and_never_the_key(secretive):
    keyed = replace(secretive, secret=b"a key of twenty bytes")
    results = [session.run_tasks([task], Machine({}), Silent())[0] for task in (secretive, keyed)]
    local, course = (json.loads((result.evidence / "manifest.json").read_text()) for result in results)
    assert [result.secrets for result in results] == [local["secrets"], course["secrets"]] == ["local", "course"]
    assert local["params"]["_s"] != course["params"]["_s"] and local["params"]["_way"] == course["params"]["_way"]
    assert "twenty" not in json.dumps(course) + repr(keyed)


def test_evidence_for_the_student_lacks_what_students_are_not_told_and_is_not_graded_again(secretive):
    (result,) = session.run_tasks([replace(secretive, for_student=True)], Machine({}), Silent())
    manifest = json.loads((result.evidence / "manifest.json").read_text())
    assert result.status == "passed" and manifest["params"] == {"rate": 5} and manifest["withheld"] is True
    assert manifest["evidence_sha256"] == result.evidence_sha256 != ""
    with pytest.raises(session.Unreadable, match="written for the student: parameters are left out; recheck the orig"):
        session.recheck(result.evidence)


WHERE = ("from mnlab.checks import points\n@points(1, where='classic_recovery')\ndef check_a(): pass\n"
         "@points(1{})\ndef check_b(): pass\n")


class Limited(Machine):
    """A machine that shows, or does not show, classic loss recovery."""

    def __init__(self, found):
        super().__init__({})
        self.found, self.asked = found, 0

    def features(self, job):
        self.asked += 1
        if isinstance(self.found, BaseException):
            raise self.found
        return {"classic_recovery": self.found}


@pytest.mark.parametrize("found, more, words", [
    ("", "", ""),
    ("RACK is on", "", "a: check_a cannot be shown: this machine does not show classic_recovery: RACK is on"),
    ("RACK is on", ", where='classic_recovery'",
     "a: none of its checks can be shown: this machine does not show classic_recovery: RACK is on"),
    (MachineError("no QEMU"), "", "a: no QEMU")])
def test_what_a_machine_cannot_show_is_said_before_the_run(tasks, found, more, words):
    [task] = tasks("a")
    task.lab.checks.write_text(WHERE.format(more))
    assert session.beyond(task.lab, Limited(found)) == words


def test_a_machine_is_asked_only_for_a_lab_that_names_a_feature_and_the_run_says_what_it_said(tasks, monkeypatch):
    with_one, without = tasks("a", "b")
    with_one.lab.checks.write_text(WHERE.format(""))
    without.lab.checks.write_text("from mnlab.checks import points\n@points(1)\ndef check_b(): pass\n")
    machine = Limited("RACK is on")
    first, second = session.run_tasks([with_one, without], machine, Silent())
    manifests = [json.loads((result.evidence / "manifest.json").read_text()) for result in (first, second)]
    assert manifests[0]["features"] == {"classic_recovery": "RACK is on"} and "features" not in manifests[1]
    assert machine.asked == 1 and [check.status for check in first.checks] == ["not applicable", "passed"]
    monkeypatch.setattr(session.labs, "find", lambda name: with_one.lab)
    assert session.recheck(first.evidence).checks == first.checks
    assert (first.max_points, second.max_points) == (1, 1)


def test_where_a_machine_could_not_be_tried_only_the_checks_that_ask_suffer(tasks):
    [task] = tasks("a")
    task.lab.checks.write_text(WHERE.format(""))
    [result] = session.run_tasks([task], Limited(MachineError("no QEMU")), Silent())
    assert [check.status for check in result.checks] == ["inconclusive", "passed"]
