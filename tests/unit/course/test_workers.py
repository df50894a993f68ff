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


def test_as_many_as_there_is_room_for():
    assert workers.usual() >= 1
