"""A lab of several scenes: what is run, what is not, and which checks are asked, with which verdicts."""

import json
import threading

import pytest

from mnlab.checks import session
from mnlab.checks.answers import Answers
from mnlab.checks.grade import grade
from mnlab.checks.verify import verify
from mnlab.evidence import layout
from mnlab.evidence.record import Missing
from mnlab.evidence.run import Run
from mnlab.lab import lab as labs
from mnlab.lab import run as labrun
from mnlab.lab.lab import Lab
from mnlab.lab.read_once import read
from mnlab.machine.job import Outcome

EXPERIMENT = '''
from mnlab.lab import scene

def variant(rng): return {}

@scene
def kernel(net, rec):
    """What Linux does."""

@scene(work=["client.py"])
def client(net, rec, work):
    """Your client."""

@scene(work=["server.py"])
def server(net, rec, work): pass
'''

CHECKS = '''
from mnlab.checks import expect, points

def says(record, text):
    expect(record.text("said") == text, done="", expected=text, seen=record.text("said"))

@points(1)
def check_kernel(kernel): says(kernel, "as ever")

@points(2)
def check_client(client): says(client, "client")

@points(3)
def check_both(client, server):
    says(client, "client")
    says(server, "server")

@points(4)
def check_answer(answers): assert answers.integer("number") == 7

@points(5)
def check_all(evidence):
    assert list(evidence.scenes) == ["kernel", "client", "server"]
'''

MUTANTS = '''
from mnlab.checks import mutant

@mutant.network("the kernel is another", scenes=["kernel"])
def other_kernel(net, params): pass

@mutant.work("the client is wrong")
def wrong_client(work, params): work.write("client.py", "wrong")

@mutant.work("the server is wrong")
def wrong_server(work, params): work.write("server.py", "wrong")

@mutant.answers("another number")
def other_number(answers, params): answers["number"] = 8

@mutant.forged("no scene is as it was")
def forged(evidence):
    evidence.scene("server").rewrite_text("files/said", lambda text: "forged")
'''


class Machine:
    """What is said in a scene is what its work says; `ends` are outcomes of scenes that do not end well."""

    clock = "virtual"

    def __init__(self, **ends):
        self.ends, self.jobs, self.meet = ends, [], None

    def run(self, job, folder, console):
        told = json.loads(job.files["job.json"])
        self.jobs.append((told["scene"], told["mutant"]))
        if self.meet:
            self.meet.wait(5)
        work = [data.decode() for name, data in job.files.items() if name.startswith("work/") and name != "work/.empty"]
        assert len(work) <= 1, "a scene gets no more of the work than it names"
        said = "changed" if told["mutant"] else (work or ["as ever"])[0]
        (folder / "files").mkdir()
        (folder / "files/said").write_text(said)
        outcome, reason = self.ends.get(told["scene"], (layout.OK, ""))
        (folder / "manifest.json").write_text(json.dumps(
            {"start_ns": 0, "network": {}, "outcome": outcome, "reason": reason}))
        return Outcome(0, "", 2.5, 1.0)

    def describe(self):
        return {}

    def abandon(self):
        pass


class Silent:
    def __init__(self):
        self.said = []

    def __getattr__(self, name):
        return lambda *words: self.said.append((name, *map(str, words)))


@pytest.fixture
def lab(tmp_path):
    folder = tmp_path / "labs/link/probe"
    (folder / "solution").mkdir(parents=True)
    for name, text in {"experiment.py": EXPERIMENT, "checks.py": CHECKS, "mutants.py": MUTANTS}.items():
        (folder / name).write_text(text)
    for name in ("client", "server"):
        (folder / f"solution/{name}.py").write_text(name)
    (folder / "solution/answers.py").write_text("def answers(params, evidence): return {'number': 7}\n")
    return Lab(folder)


def run(lab, tmp_path, machine, **options):
    return labrun.run(lab, machine, lab.solution, 1, tmp_path / "run", **options)


def statuses(result):
    return {check.name.removeprefix("check_"): check.status for check in result.checks}


def test_each_scene_is_a_job_and_has_a_folder_and_the_run_is_whole(lab, tmp_path):
    machine = Machine()
    found = run(lab, tmp_path, machine)
    assert [name for name, _ in machine.jobs] == list(found.scenes) == ["kernel", "client", "server"]
    found.insist_on_whole()
    assert [found.title(name) for name in found.scenes] == ["What Linux does", "Your client", "server"]
    assert found.manifest["seconds"]["virtual"] == 7.5 and found.outcome == layout.OK and found.evidence is found
    assert grade(lab, found, Answers({"number": 7})).points == 15
    with pytest.raises(Missing):
        found.scene("other")


def test_scenes_go_on_side_by_side_and_the_evidence_does_not_depend_on_it(lab, tmp_path, monkeypatch):
    monkeypatch.setattr(session, "WORKERS", 3)
    machine = Machine()
    machine.meet = threading.Barrier(3)
    [beside] = session.run_tasks([session.Task(lab, 1, tmp_path / "runs")], machine, Silent())
    assert beside.evidence_sha256 == run(lab, tmp_path / "other", Machine()).manifest["evidence_sha256"]


@pytest.mark.parametrize("ends, expected", [
    ({"kernel": (layout.INCONCLUSIVE, "a qdisc was refused")},
     {"kernel": "inconclusive", "client": "passed", "both": "passed", "answer": "passed", "all": "inconclusive"}),
    ({"client": (layout.STUDENT_FAULT, "your client crashed")},
     {"kernel": "passed", "client": "passed", "both": "passed", "answer": "passed", "all": "passed"}),
    ({"client": (layout.INCONCLUSIVE, "no")},
     {"kernel": "passed", "client": "inconclusive", "both": "inconclusive", "answer": "passed", "all": "inconclusive"})])
def test_a_scene_that_did_not_end_well_concerns_the_checks_that_read_it(lab, tmp_path, ends, expected):
    found = run(lab, tmp_path, Machine(**ends))
    assert statuses(grade(lab, found, Answers({"number": 7}))) == expected
    [(name, (outcome, reason))] = ends.items()
    assert found.outcome == outcome and found.reason == f"{found.title(name)}: {reason}"


def test_what_a_students_fault_kept_from_being_recorded_is_failed(lab, tmp_path):
    found = run(lab, tmp_path, Machine(client=(layout.STUDENT_FAULT, "your client crashed")))
    (found.folder / "scenes/client/files/said").unlink()
    result = grade(lab, found, Answers({"number": 7}))
    assert statuses(result)["client"] == statuses(result)["both"] == "failed"
    assert "your client crashed" in result.reason and "crashed" not in result.checks[1].message


def test_only_the_work_leaves_out_the_scenes_without_it_and_the_checks_that_read_them(lab, tmp_path):
    machine = Machine()
    found = run(lab, tmp_path, machine, only_work=True)
    result = grade(lab, found, Answers({"number": 7}))
    assert list(found.scenes) == ["client", "server"] and found.manifest["left_out"] == ["kernel"]
    assert list(statuses(result)) == ["client", "both", "answer"] and result.max_points == 9
    assert result.left_out == ("kernel",) and result.notes == ("without kernel: 6 of the lab's 15 points were left out",)
    found.insist_on_whole()


def test_an_unknown_argument_of_a_check_is_said(lab, tmp_path):
    lab.checks.write_text(CHECKS + "\n@points(1)\ndef check_odd(kernal): pass\n")
    check = grade(lab, run(lab, tmp_path, Machine()), Answers({})).checks[-1]
    assert check.status == "inconclusive" and "this run has no such scene. It has: kernel, client, server, evidence" in check.message


def test_a_network_mutant_touches_the_scenes_that_it_names(lab):
    machine = Machine()
    matrix = verify(lab, machine, 1)
    assert matrix.holds or matrix.unkilled_checks == ["check_all"]
    assert [scene for scene, mutant in machine.jobs if mutant] == ["kernel"]
    assert {mutant.name: matrix.killed_by(mutant) for mutant in matrix.results} == {
        "other_kernel": {"check_kernel"}, "wrong_client": {"check_client", "check_both"}, "wrong_server": {"check_both"},
        "other_number": {"check_answer"}, "blank_number": {"check_answer"}, "forged": {"check_both"}}


@pytest.mark.parametrize("scenes, problem", [
    ('["kernal"]', "the mutant other_kernel touches kernal\n  the scenes are kernel, client, server"),
    ('"kernel"', r"scenes are named in a list: scenes=\['kernel'\]")])
def test_a_mutant_of_a_scene_that_there_is_not_is_refused(lab, scenes, problem):
    lab.mutants.write_text(MUTANTS.replace('["kernel"]', scenes))
    with pytest.raises(labs.BrokenLab, match=problem):
        verify(lab, Machine(), 1)


def test_a_task_is_graded_when_its_last_scene_has_ended_and_begins_once(lab, tmp_path, monkeypatch):
    monkeypatch.setattr(labs, "ROOT", tmp_path)
    progress = Silent()
    tasks = [session.Task(lab, 1, tmp_path / "runs"), session.Task(lab, 2, tmp_path / "runs", read(lab.solution))]
    results = session.run_tasks(tasks, Machine(), progress)
    assert [result.seed for result in results] == [1, 2] and [result.points for result in results] == [15, 11]
    assert [word for word, *_ in progress.said].count("start") == 2 == [word for word, *_ in progress.said].count("finish")
    assert session.recheck(results[0].evidence).points == 15


def test_a_task_with_nothing_to_run_is_graded_too(lab, tmp_path, monkeypatch):
    (lab.folder / "experiment.py").write_text(EXPERIMENT.split("@scene(work=")[0])
    lab.checks.write_text(CHECKS.split("@points(2)")[0] + "@points(4)\ndef check_answer(answers): pass\n")
    monkeypatch.setattr(labs, "ROOT", tmp_path)
    [result] = session.run_tasks([session.Task(Lab(lab.folder), 1, tmp_path / "runs", read(lab.solution), only_work=True)],
                                 Machine(), Silent())
    assert statuses(result) == {"answer": "passed"} and Run(result.evidence).scenes == {}
    assert result.notes[0] == "without kernel: 1 of the lab's 5 points were left out"
    assert session.recheck(result.evidence).notes[0] == result.notes[0]
    lab.checks.write_text(CHECKS.split("@points(2)")[0])
    result = session.recheck(result.evidence)
    assert result.status == "not applicable" and "points were left out" in result.notes[0] and result.max_points == 0


@pytest.mark.parametrize("experiment", ["def variant(rng): return {}\n", "def variant(rng): return 1 / 0\n" + EXPERIMENT[EXPERIMENT.index("@"):]])
def test_of_a_lab_that_is_broken_no_folder_is_left(lab, tmp_path, experiment):
    (lab.folder / "experiment.py").write_text("from mnlab.lab import scene\n" + experiment)
    with pytest.raises(labs.BrokenLab):
        session.run_tasks([session.Task(Lab(lab.folder), 1, tmp_path / "runs", read(lab.solution))], Machine(), Silent())
    assert not list(tmp_path.glob("runs/*"))
