"""Workers die, and no hand-in is lost. The workers here are small programs that answer at once, or die when told to."""

import sys
import textwrap
from pathlib import Path

import pytest

from mnlab.course import workers

ECHO = textwrap.dedent("""
    import json, os, sys
    for line in sys.stdin:
        job = json.loads(line)
        if job.get("dies") or job.get("once") and not os.path.exists(job["once"]):
            if job.get("once"):
                open(job["once"], "w")
            os.kill(os.getpid(), 9)
        print(json.dumps({"pid": os.getpid(), "number": job["number"]}), flush=True)
""")


@pytest.fixture
def echo():
    return [sys.executable, "-c", ECHO]


@pytest.mark.parametrize("count", [1, 3])
def test_every_job_has_one_result_and_workers_are_used_again(echo, count):
    jobs = [{"number": number} for number in range(20)]
    done = list(workers.each(jobs, count, echo))
    assert sorted(result["number"] for _, result in done) == list(range(20))
    assert all(job["number"] == result["number"] for job, result in done)
    assert len({result["pid"] for _, result in done}) <= count


def test_a_job_whose_worker_died_is_done_by_another(echo, tmp_path):
    jobs, lost = [{"number": number, "once": str(tmp_path / str(number))} for number in range(4)], []
    done = list(workers.each(jobs, 2, echo, lost.append))
    assert sorted(result["number"] for _, result in done) == [0, 1, 2, 3] and len(lost) == 4


def test_a_job_that_kills_three_workers_is_inconclusive_and_the_others_are_done(echo):
    jobs = [{"number": 0}, {"number": 1, "dies": True}, {"number": 2}]
    results = {job["number"]: result for job, result in workers.each(jobs, 2, echo)}
    assert results[1] == {"trouble": "3 workers died of it, one after the other"}
    assert results[0]["number"] == 0 and results[2]["number"] == 2


def test_when_the_caller_stops_no_worker_is_left(echo):
    running = workers.each([{"number": number} for number in range(9)], 2, echo)
    _, result = next(running)
    running.close()
    assert not Path(f"/proc/{result['pid']}").exists()


def test_nothing_to_do_starts_nothing():
    assert list(workers.each([], 4, ["/nowhere/at/all"])) == []


@pytest.mark.parametrize("memory, group, wanted", [
    (3.5, {}, 3), (0.5, {}, 1), (100, {}, 8), (100, {"memory.max": "max"}, 8),
    (100, {"memory.max": 2 << 30, "memory.current": 1 << 30, "memory.stat": "anon 1\ninactive_file 0\n"}, 1),
    (100, {"memory.max": 4 << 30, "memory.current": 3 << 30, "memory.stat": f"inactive_file {2 << 30}\n"}, 3),
    (100, {"memory/memory.limit_in_bytes": 2 << 30, "memory/memory.usage_in_bytes": 0, "memory/memory.stat": ""}, 2)])
def test_as_many_as_there_is_room_for(tmp_path, monkeypatch, memory, group, wanted):
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text(f"MemTotal: 1 kB\nMemFree: 7 kB\nMemAvailable: {int(memory * (1 << 20))} kB\n")
    for name, value in group.items():
        path = tmp_path / workers.CGROUP / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{value}".strip() + "\n" * bool(value))
    monkeypatch.setattr(workers.os, "sched_getaffinity", lambda process: set(range(8)))
    found = workers.free(tmp_path)
    monkeypatch.setattr(workers, "free", lambda: found)
    assert workers.usual() == wanted


def test_a_worker_that_stands_still_is_one_that_died(monkeypatch):
    monkeypatch.setattr(workers, "HANGS", 0.2)
    stands_still = [sys.executable, "-c", "import time; time.sleep(600)"]
    assert [result for _, result in workers.each([{"a": 1}], 1, stands_still)] == [workers.ENDED]
