"""kill -9 of the command and its workers, at moments that nobody chose: no hand-in is lost, none is there twice, and each
has the digest that it has when nobody dies."""

import csv
import json
import os
import random
import signal
import time
from pathlib import Path

import pytest

from mnlab.course import results

PATIENCE = 60  # s until the command has written something, or ended


def rows(out):
    """Of each student the last line in results.jsonl that is whole."""
    found = {}
    for line in (out / "results.jsonl").read_text().splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        found[row["student"]] = row
    return found


def table(out):
    with open(out / "grades.csv", encoding="utf-8-sig", newline="") as file:
        return [row["id"] for row in csv.DictReader(file)]


def size(out):
    return (out / "results.jsonl").stat().st_size if (out / "results.jsonl").exists() else 0


def children(pid):
    """The processes that one has started."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += task.read_text().split()
        except OSError:
            pass
    return [int(one) for one in found]


def kill_somebody(process, chance):
    """The command, or one of its workers."""
    victims = children(process.pid)
    pid = chance.choice(victims) if victims and chance.random() < 0.5 else process.pid
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


@pytest.mark.parametrize("count, kills", [(24, 8), pytest.param(60, 100, marks=pytest.mark.slow)])
def test_whoever_dies_every_hand_in_is_there_once_with_the_digest_it_has_without_kills(command, handed, tmp_path, count, kills):
    for number in range(count):
        handed(f"s{number:02}", f"work {number % (count - 4)}")  # the last four are equal to the first
    quiet = command("grade", "arp", "in", "--out", "calm", "--workers", "2", "-q")
    assert quiet.wait(PATIENCE) == 0
    wanted = {student: row["evidence_sha256"] for student, row in rows(tmp_path / "calm").items()}
    assert len(wanted) == count and len(set(wanted.values())) == count - 4
    chance, dead = random.Random(20), 0
    while dead < kills:
        again = ["--again"] if dead > kills // 2 and chance.random() < 0.5 else []
        process, before = command("grade", "arp", "in", "--out", "out", "--workers", "2", *again), size(tmp_path / "out")
        deadline = time.monotonic() + PATIENCE
        while process.poll() is None and size(tmp_path / "out") == before and chance.random() > 0.01:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        time.sleep(chance.random() * 0.2)
        while process.poll() is None and dead < kills and chance.random() < 0.7:
            kill_somebody(process, chance)
            dead += 1
            time.sleep(chance.random() * 0.05)
        process.kill()
        process.communicate()
        dead += 1
    last = command("grade", "arp", "in", "--out", "out", "--workers", "2", "--resume")
    words = last.communicate(timeout=PATIENCE)[1]
    assert last.returncode == 0, words
    found = rows(tmp_path / "out")
    assert {student: row["evidence_sha256"] for student, row in found.items()} == wanted
    assert sorted(table(tmp_path / "out")) == sorted(wanted)
    for row in found.values():  # the evidence that a row names is that of this row
        assert (tmp_path / "out" / row["evidence"] / "manifest.json").read_text() == row["evidence_sha256"]
    assert not (tmp_path / "out/.handed-in").exists()


def test_when_the_command_dies_its_workers_do(command, handed, tmp_path):
    for number in range(40):
        handed(f"s{number:02}", str(number))
    process = command("grade", "arp", "in", "--workers", "2")
    deadline = time.monotonic() + PATIENCE
    while not size(tmp_path / "grades"):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.01)
    at_work = children(process.pid)
    process.kill()
    process.wait()
    while any(Path(f"/proc/{pid}").exists() for pid in at_work):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert at_work


def test_who_closes_the_terminal_leaves_tables_and_nothing_half_recorded(command, handed, tmp_path):
    for number in range(40):
        handed(f"s{number:02}", str(number))
    process = command("grade", "arp", "in", "--workers", "2")
    deadline = time.monotonic() + PATIENCE
    while not size(tmp_path / "grades"):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGHUP)
    assert "Traceback" not in process.communicate(timeout=PATIENCE)[1] and process.returncode != 0
    assert not (tmp_path / "grades/.recording").exists() and 0 < len(table(tmp_path / "grades")) < 40


def test_two_commands_do_not_grade_into_one_folder(command, handed, tmp_path):
    handed("s1")
    (tmp_path / "grades").mkdir()
    with results.alone(tmp_path / "grades"):
        second = command("grade", "arp", "in", "--workers", "1")
        assert "another mnlab grades into grades: wait for it" in second.communicate(timeout=PATIENCE)[1]
    assert second.returncode == 2 and command("grade", "arp", "in", "--workers", "1").wait(PATIENCE) == 0
