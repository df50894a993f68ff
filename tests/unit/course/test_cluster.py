"""A class graded with Dask: a real scheduler and real workers, in processes of their own on the loopback interface. Only
the machines are stubs, which answer in a stated time."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from mnlab.course import cluster, grading, send_machine, worker
from mnlab.evidence import layout
from mnlab.lab.lab import ROOT, find
from mnlab.machine.job import MachineError

distributed = pytest.importorskip("distributed", reason="Dask is in the `dev` extra")

ABOUT = {"machine": "debian13", "image": "cd", "qemu": "7", "mnlab": "1"}
PATIENCE = 60  # s until something is there
#: What a Dask worker loads first: who grades on it is a stub, and what it has is what a file says.
PRELOAD = textwrap.dedent("""
    import json, os, shutil, sys
    from pathlib import Path
    from mnlab.course import cluster, send_machine, workers
    cluster.described = lambda machine: json.load(open(os.environ["ABOUT"]))
    image = Path(os.environ["IMAGE"])
    def import_(file, say):
        with open(f"{image}-imports", "a") as log:
            log.write("one")
        shutil.copy(file, image)
    send_machine.lacks, send_machine.parcel.import_ = lambda machine: not image.exists(), import_
    workers.COMMAND = [sys.executable, "-P", os.environ["GRADER"]]
""")
GRADER = textwrap.dedent("""
    import json, os, sys, time
    from pathlib import Path
    from mnlab.course.worker import differences
    from mnlab.evidence import layout
    for line in sys.stdin:
        job = json.loads(line)
        if strange := differences(json.load(open(os.environ["ABOUT"])), job["expect"]):
            print(json.dumps({"refused": strange, "worker": f"stub:{os.getpid()}"}), flush=True)
            continue
        text = Path(job["work"], "resolver.py").read_text()
        if "DIE" in text or "DASK" in text:
            os.kill(os.getppid() if "DASK" in text else os.getpid(), 9)
            time.sleep(9)
        time.sleep(0.05)
        folder = Path(job["out"], "arp-1")
        manifest = {"lab": "arp", "seed": 1, "params": {}, "scenes": [], "machine": {}, "seconds": {},
                    "work": {"kind": "student", "sha256": "ab"},
                    "evidence_sha256": "0" * 64}
        (folder / "scenes").mkdir(parents=True)
        (folder / "scenes" / "work.txt").write_text(text)
        (folder / "manifest.json").write_text(json.dumps(manifest))
        manifest["evidence_sha256"] = layout.digest(folder)
        (folder / "manifest.json").write_text(json.dumps(manifest))
        print(json.dumps({"status": "failed", "points": 7, "max_points": 20, "reason": "", "evidence": str(folder),
                          "evidence_sha256": manifest["evidence_sha256"], "machine": "m", "image_sha256": "cd",
                          "checks": [], "worker": f"stub:{os.getpid()}"}), flush=True)
""")
HERE = {"machine": "debian13", "image": "cd", "qemu": "7.2.22 (Debian)", "mnlab": "1"}


class Running(tuple):
    """A scheduler's address and what starts a worker; all processes, the scheduler's first; and again(): another scheduler,
    in the place of this one and its workers."""

    def __new__(cls, address, worker, pids, again):
        made = super().__new__(cls, (address, worker))
        made.pids, made.again = pids, again
        return made


@pytest.fixture
def scheduler(tmp_path):
    """The address of a scheduler that gives up a hand-in after the third worker; and started(about): a Dask worker."""
    begun = []
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "2",
                   "DASK_DISTRIBUTED__WORKER__DAEMON": "False"}
    (tmp_path / "stub.py").write_text(PRELOAD)
    (tmp_path / "grader.py").write_text(GRADER)
    (tmp_path / "usual.json").write_text(json.dumps(HERE))

    def start(*words, **variables):
        with open(tmp_path / f"log{len(begun)}", "w") as log:
            begun.append(subprocess.Popen([sys.executable, "-m", "distributed.cli." + words[0], *words[1:]], stdout=log,
                                          stderr=log, cwd=tmp_path, env=environment | variables, start_new_session=True))
        return begun[-1]

    def end():
        for process in begun:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()

    def again():
        end()
        begun.clear()
        (tmp_path / "at").unlink(missing_ok=True)
        start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(tmp_path / "at"))
        deadline = time.monotonic() + PATIENCE
        while not (tmp_path / "at").exists() or not (tmp_path / "at").read_text().endswith("}"):
            assert time.monotonic() < deadline, (tmp_path / "log0").read_text()
            time.sleep(0.05)
        return json.loads((tmp_path / "at").read_text())["address"]

    address = again()

    (tmp_path / "image").touch()

    def worker(about="usual.json", restarted=False, threads=1, image="image"):
        at = json.loads((tmp_path / "at").read_text())["address"]
        return start("dask_worker", at, "--nthreads", str(threads), "--preload", str(tmp_path / "stub.py"), "--no-dashboard",
                     "--host", "127.0.0.1", *([] if restarted else ["--no-nanny"]), ABOUT=str(tmp_path / about), GRADER=str(tmp_path / "grader.py"),
                     IMAGE=str(tmp_path / image), MNLAB_CACHE=str(tmp_path / "cache"))

    yield Running(address, worker, begun, again)
    end()


@pytest.fixture
def jobs(tmp_path):
    """jobs(texts): a job for each text."""
    def make(texts):
        made = []
        for number, text in enumerate(texts):
            folder = tmp_path / "work" / str(number)
            folder.mkdir(parents=True)
            (folder / "resolver.py").write_text(text)
            made.append({"lab": "arp", "work": str(folder), "out": str(tmp_path / "out" / str(number)), "student": str(number),
                         "machine": "debian13"})
        return made
    return make


def present(address, count):
    """Wait until so many workers are there."""
    with distributed.Client(address) as client:
        client.wait_for_workers(count, PATIENCE)


def opened(address, pins=None, said=None):
    return cluster.opened(address, None, "debian13", pins or {}, (said if said is not None else []).append)


def test_work_goes_out_and_evidence_comes_back_whole(scheduler, jobs, tmp_path):
    address, worker = scheduler
    worker(), worker()
    with opened(address) as computers:
        computers.client.wait_for_workers(2, PATIENCE)
        assert computers.image == "cd"
        done = {job["student"]: result for job, result in computers.each(iter(jobs([f"work {n}" for n in range(12)])))}
    assert sorted(done, key=int) == [str(number) for number in range(12)]
    for student, result in done.items():
        folder = tmp_path / "out" / student / "arp-1"
        assert result.get("trouble", "") == ""
        assert result["evidence"] == str(folder) and layout.digest(folder) == result["evidence_sha256"]
        assert (folder / "scenes/work.txt").read_text() == f"work {student}"
    assert len({result["worker"] for result in done.values()}) == 2


def test_a_worker_that_dies_loses_nothing_and_the_third_death_is_the_last(scheduler, jobs):
    address, worker = scheduler
    victims, lost = [worker(), worker(restarted=True), worker(restarted=True)], []
    with opened(address) as computers:
        computers.client.wait_for_workers(3, PATIENCE)
        texts = [*(f"work {number}" for number in range(20)), "DIE", "DASK"]
        running = computers.each(iter(jobs(texts)), lost.append)
        done = [next(running)]
        victims[0].kill()
        done += running
    assert sorted(int(job["student"]) for job, _ in done) == list(range(22))
    troubles = {texts[int(job["student"])]: result["trouble"] for job, result in done if "trouble" in result}
    assert troubles == dict.fromkeys(("DIE", "DASK"), "3 workers died of it, one after the other")
    assert [job["student"] for job in lost] == ["20", "20"]


def test_what_waited_beside_the_guilty_is_not_given_up(scheduler, jobs):
    """With one worker, what it does besides is blamed with the one that kills it."""
    address, worker = scheduler
    worker(restarted=True, threads=4)
    with opened(address) as computers:
        computers.client.wait_for_workers(1, PATIENCE)
        texts = ["DASK", *(f"work {number}" for number in range(5))]
        done = {texts[int(job["student"])]: result.get("trouble", "") for job, result in computers.each(iter(jobs(texts)))}
    assert done == dict.fromkeys(texts, "") | {"DASK": "3 workers died of it, one after the other"}


def test_who_has_another_qemu_is_refused_by_name_and_who_joins_later_too(scheduler, jobs, tmp_path):
    address, worker = scheduler
    (tmp_path / "other.json").write_text(json.dumps(HERE | {"qemu": "10.0.2 (Debian)"}))
    worker(), worker("other.json")
    present(address, 2)
    said = []
    with opened(address, {"qemu": "7.2.22"}, said) as computers:
        later = worker("other.json")
        computers.client.wait_for_workers(3, PATIENCE)
        done = list(computers.each(iter(jobs([f"work {n}" for n in range(20)]))))
        assert later.poll() is None
    assert len(done) == 20 and len({result["worker"] for _, result in done}) == 1
    assert len(said) == 2 and all(words.startswith("refused: tcp://127.0.0.1:") for words in said)
    assert all("qemu is 10.0.2 (Debian), and 7.2.22" in words for words in said)
    with pytest.raises(MachineError, match="no worker is what is expected: tcp://.*image is cd, and ef is expected"):
        with opened(address, {"image": "ef"}):
            pass


def test_the_machine_is_sent_once_to_a_computer_that_lacks_it(scheduler, jobs, tmp_path, monkeypatch):
    """Two workers of one computer, which has one cache, and one worker that has the machine."""
    address, worker = scheduler
    worker(), worker(image="sent"), worker(image="sent")
    present(address, 3)
    data, said = os.urandom(send_machine.BLOCK * 2 + 12345), []
    monkeypatch.setattr(send_machine, "lacks", lambda machine: False)
    monkeypatch.setattr(send_machine.parcel, "export", lambda file, machine, say: file.write_bytes(data))
    with opened(address, said=said) as computers:
        assert computers.refused == {}
        done = list(computers.each(iter(jobs([f"work {n}" for n in range(12)]))))
    assert {result.get("trouble", "") for _, result in done} == {""}
    assert len({result["worker"] for _, result in done}) == 3
    assert (tmp_path / "sent").read_bytes() == data and (tmp_path / "sent-imports").read_text() == "one"
    assert said == ["sending the machine debian13, 8 MiB, to 1 computers that lack it"]
    assert not list((tmp_path / "cache").iterdir())


def test_a_computer_with_another_lab_is_refused(monkeypatch):
    """The job says which version graded elsewhere."""
    monkeypatch.setattr(worker, "described", lambda machine: ABOUT)
    job = {"lab": "arp", "machine": "debian13", "expect": ABOUT, "version": grading.version(find("arp"))}
    assert worker._strange(job) == ""
    assert worker._strange(job | {"version": "ab"}) == "the lab arp, or mnlab itself, is another one there"
    assert "no lab" in worker._strange(job | {"lab": "mine"})
    assert "qemu is 7, and 8 is expected" in worker._strange(job | {"expect": ABOUT | {"qemu": "8"}})


def test_what_a_killed_worker_left_is_removed_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster.tempfile, "gettempdir", lambda: str(tmp_path))
    gone = subprocess.Popen(["true"])
    gone.wait()
    own = cluster._scratch()
    names = {f"{own}{gone.pid}-x": False, f"{own}{os.getpid()}-x": True, f"mnlab-class-other-1-{gone.pid}-x": True, "mine-1-x": True}
    for name in names:
        (tmp_path / name / "work").mkdir(parents=True)
    cluster._remove_left_behind()
    assert {name: (tmp_path / name).exists() for name in names} == names


def test_a_computer_without_machine_is_refused_with_what_to_do_and_so_is_one_that_joins_later(scheduler, jobs, monkeypatch):
    address, worker = scheduler
    worker(), worker(image="none")
    present(address, 2)
    monkeypatch.setattr(send_machine, "lacks", lambda machine: True)  # here, too: there is nothing to send
    said = []
    with opened(address, said=said) as computers:
        worker(image="none")
        computers.client.wait_for_workers(3, PATIENCE)
        done = list(computers.each(iter(jobs([f"work {n}" for n in range(20)]))))
    assert len({result["worker"] for _, result in done}) == 1 and not any("trouble" in result for _, result in done)
    assert len(said) == 2 and all("it has no machine debian13: run `mnlab machine import FILE` there" in words for words in said)


def test_a_machine_that_did_not_come_whole_is_not_imported(tmp_path, monkeypatch):
    monkeypatch.setenv("MNLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(send_machine.parcel, "import_", lambda file, say: pytest.fail("it was imported"))
    assert send_machine._take("token", b"one") == send_machine._take("token", b"two") == ""
    assert "another checksum" in send_machine._import("token", hashlib.sha256(b"one").hexdigest())
    assert not list((tmp_path / "cache").iterdir())
    (tmp_path / "file").touch()
    monkeypatch.setenv("MNLAB_CACHE", str(tmp_path / "file/cache"))
    assert send_machine._take("other", b"one").startswith("the machine could not be put into its cache: Not a directory")


def test_a_scheduler_that_dies_ends_the_command_with_words_and_what_is_graded_is_kept(scheduler, command, handed, tmp_path):
    address, worker = scheduler
    for number in range(40):
        handed(f"s{number:02}", f"work {number}")
    worker(), present(address, 1)
    process, results = command("grade", "arp", "in", "--cluster", address), tmp_path / "grades/results.jsonl"
    deadline = time.monotonic() + PATIENCE
    while not (results.is_file() and results.read_text().count("\n") > 3):
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()
        time.sleep(0.02)
    scheduler.pids[0].kill()
    _, words = process.communicate(timeout=PATIENCE)
    assert process.returncode == 3 and "Traceback" not in words, words
    assert "the scheduler is gone. What is graded is kept: call again once there is one" in words
    assert 3 < results.read_text().count("\n") < 40 and (tmp_path / "grades/grades.csv").is_file()


def test_a_scheduler_that_does_not_answer_is_not_waited_for_for_ever(scheduler, jobs, monkeypatch):
    address, worker = scheduler
    worker()
    with opened(address) as computers:
        monkeypatch.setattr(cluster, "PATIENCE", 2)
        monkeypatch.setattr(cluster, "PAUSE", 1)
        scheduler.pids[0].send_signal(signal.SIGSTOP)
        try:
            with pytest.raises(MachineError, match="the scheduler has not answered for 2 s. What is graded is kept"):
                list(computers.each(iter(jobs(["work"]))))
        finally:
            scheduler.pids[0].send_signal(signal.SIGCONT)


def test_jobs_of_a_batch_system_are_workers_that_grade_one_after_another(scheduler, jobs, tmp_path, monkeypatch):
    """As docs/teaching.md has it for Slurm, with dask-jobqueue's own stand-in, which starts its jobs on this computer."""
    batch = pytest.importorskip("dask_jobqueue.local", reason="dask-jobqueue is in the `dev` extra")
    for name, value in {"ABOUT": "usual.json", "GRADER": "grader.py", "IMAGE": "image", "MNLAB_CACHE": "cache"}.items():
        monkeypatch.setenv(name, str(tmp_path / value))
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    with batch.LocalCluster(cores=1, processes=1, memory="2GB", python=sys.executable, log_directory=str(tmp_path),
                            worker_extra_args=["--preload", str(tmp_path / "stub.py"), "--no-dashboard"],
                            scheduler_options={"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}) as booked:
        booked.scale(jobs=2)
        present(booked.scheduler_address, 2)
        with opened(booked.scheduler_address) as computers:
            done = list(computers.each(iter(jobs([f"work {number}" for number in range(50)]))))
    assert sorted(int(job["student"]) for job, _ in done) == list(range(50))
    assert not any(result.get("trouble") for _, result in done) and len({result["worker"] for _, result in done}) == 2


@pytest.mark.slow
def test_whoever_dies_of_a_cluster_every_hand_in_has_the_digest_it_has_without_kills(scheduler, command, handed, tmp_path):
    """The command, the scheduler and the workers, at moments that nobody chose."""
    address, worker = scheduler
    for number in range(60):
        handed(f"s{number:02}", f"work {number}")

    def graded(out):
        return {row["student"]: row["evidence_sha256"] for row in map(json.loads, (tmp_path / out / "results.jsonl").read_text().splitlines())}

    worker(), worker()
    assert command("grade", "arp", "in", "--out", "calm", "--cluster", address, "--audit", "0", "-q").wait(PATIENCE) == 0
    chance, killed = random.Random(20), 0
    while killed < 100:
        if scheduler.pids[0].poll() is not None:
            address = scheduler.again()
        for _ in range(2 - sum(process.poll() is None for process in scheduler.pids[1:])):
            worker()
        again = ["--again"] if killed > 50 and chance.random() < 0.3 else []
        process = command("grade", "arp", "in", "--out", "out", "--cluster", address, "--audit", "0", "-q", *again)
        time.sleep(chance.uniform(1, 5))
        for _ in range(chance.randint(1, 3)):
            chance.choice([process, scheduler.pids[0], *scheduler.pids[1:]]).kill()
            killed += 1
            time.sleep(chance.uniform(0, 0.5))
        process.kill()
        process.wait()
    address = scheduler.again()
    worker(), worker()
    last = command("grade", "arp", "in", "--out", "out", "--cluster", address, "--audit", "0", "--resume")
    words = last.communicate(timeout=2 * PATIENCE)[1]
    assert last.returncode == 0, words
    assert graded("out") == graded("calm") and len(graded("calm")) == len(set(graded("calm").values())) == 60
    for row in map(json.loads, (tmp_path / "out/results.jsonl").read_text().splitlines()):  # and rows name what is whole
        assert layout.digest(tmp_path / "out" / row["evidence"]) == graded("calm")[row["student"]]


def test_an_audit_goes_to_another_worker(scheduler, jobs):
    address, worker = scheduler
    worker(), worker()
    with opened(address) as computers:
        computers.client.wait_for_workers(2, PATIENCE)
        made = jobs([f"work {n}" for n in range(6)])
        first = {job["student"]: result["worker"] for job, result in computers.each(iter(made))}
        again = [job | {"other_than": first[job["student"]], "out": job["out"] + "-audit"} for job in made]
        second = {job["student"]: result["worker"] for job, result in computers.each(iter(again))}
    assert all(first[student] != second[student] for student in first)


@pytest.mark.parametrize("where, words", [
    ("tcp://127.0.0.1:9", "there is no scheduler at tcp://127.0.0.1:9"), ("ssh:nowhere.txt", "nowhere.txt cannot be read")])
def test_a_cluster_that_is_none_is_told(where, words, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 1)
    with pytest.raises(MachineError, match=words):
        with opened(where):
            pass


def test_without_dask_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MachineError, match=r"pip install 'mnlab\[cluster\]'"):
        with opened("tcp://127.0.0.1:9"):
            pass
