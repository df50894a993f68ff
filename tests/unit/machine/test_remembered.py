"""A run that was made is not made again, unless anything that it depends on has changed."""

import errno
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from mnlab.machine import remembered
from mnlab.machine.job import Job, Limits, Outcome, WrongCache
from mnlab.machine.remembered import Remembering


class Machine:
    """Counts its runs; what comes out says which run it was."""

    clock = "virtual"
    prepare = abandon = describe = staticmethod(lambda: None)

    def __init__(self, snapshot="snapshot-1", trouble=""):
        self.snapshot, self.trouble, self.runs = Path(snapshot), trouble, 0

    def run(self, job, folder, console=None):
        self.runs += 1
        (folder / "captures").mkdir(parents=True)
        (folder / "captures/h1.pcap").write_bytes(bytes([self.runs]) * 1000)
        (folder / "empty").touch()
        return Outcome(0, self.trouble, 12.5, 3.25)


JOB = Job("probe:main", {"src/probe.py": b"def main(): pass"})


@pytest.fixture(autouse=True)
def cache_of_our_own(tmp_path, monkeypatch):
    monkeypatch.setenv("MNLAB_CACHE", str(tmp_path / "cache"))


def test_the_second_time_it_comes_from_memory(tmp_path):
    machine = Machine()
    first = Remembering(machine).run(JOB, tmp_path / "first")
    second = Remembering(machine).run(JOB, tmp_path / "second")
    assert machine.runs == 1 and first == second == Outcome(0, "", 12.5, 3.25)
    assert (tmp_path / "second/captures/h1.pcap").read_bytes() == b"\1" * 1000
    assert (tmp_path / "second/empty").read_bytes() == b""


@pytest.mark.parametrize("job", [
    replace(JOB, files={"src/probe.py": b"def main(): pass "}), replace(JOB, entry="probe:other"),
    replace(JOB, arguments=("x",)), replace(JOB, path=(".",)), replace(JOB, limits=Limits(virtual_seconds=1)),
    replace(JOB, files={**JOB.files, "more": b""})])
def test_another_job_is_run(tmp_path, job):
    machine = Machine()
    for number, one in enumerate((JOB, job)):
        Remembering(machine).run(one, tmp_path / str(number))
    assert machine.runs == 2


def test_another_snapshot_is_another_machine(tmp_path):
    Remembering(Machine()).run(JOB, tmp_path / "first")
    other = Machine("snapshot-2")
    Remembering(other).run(JOB, tmp_path / "second")
    assert other.runs == 1


def test_a_run_in_trouble_is_not_remembered(tmp_path):
    machine = Machine(trouble="the job took more than 4 s of this computer's processor time")
    for number in (1, 2):
        assert Remembering(machine).run(JOB, tmp_path / str(number)).trouble
    assert machine.runs == 2


def test_a_cache_that_is_only_read_is_used(tmp_path, monkeypatch):
    machine = Machine()
    Remembering(machine).run(JOB, tmp_path / "first")

    def refuse(path):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "utime", refuse)
    Remembering(machine).run(JOB, tmp_path / "second")
    assert machine.runs == 1 and (tmp_path / "second/captures/h1.pcap").is_file()


@pytest.mark.parametrize("damage", [b"", b"garbage", None])
def test_a_damaged_one_is_run_again(tmp_path, damage):
    machine = Machine()
    Remembering(machine).run(JOB, tmp_path / "first")
    (place,) = remembered.runs()
    place.write_bytes(place.read_bytes()[:-5] if damage is None else damage)
    Remembering(machine).run(JOB, tmp_path / "second")
    assert machine.runs == 2 and (tmp_path / "second/captures/h1.pcap").read_bytes() == b"\2" * 1000


def test_the_longest_unused_go_when_there_is_too_much(tmp_path, monkeypatch):
    machine, jobs = Machine(), [replace(JOB, arguments=(str(number),)) for number in range(4)]
    for job in jobs:
        Remembering(machine).run(job, tmp_path / job.arguments[0])
    size = max(path.stat().st_size for path in remembered.runs())
    monkeypatch.setattr(remembered, "limit", lambda: 2 * size)
    Remembering(machine).run(jobs[0], tmp_path / "again")  # used: it stays
    Remembering(machine).run(replace(JOB, arguments=("new",)), tmp_path / "new")
    assert machine.runs == 5 and len(remembered.runs()) == 2
    Remembering(machine).run(jobs[0], tmp_path / "once more")
    assert machine.runs == 5


def test_forgetting(tmp_path):
    Remembering(Machine()).run(JOB, tmp_path / "first")
    assert remembered.forget() == [("1 remembered runs", 0)]
    assert remembered.runs() == [] and remembered.forget() == []


def test_real_time_is_never_the_same_twice():
    with pytest.raises(ValueError, match="no run is like another"):
        Remembering(SimpleNamespace(clock="real"))


@pytest.mark.parametrize("position", [0, 40, 64, 65, 200, -1])
def test_a_changed_byte_is_noticed_and_the_job_is_run_again(tmp_path, position):
    machine = Machine()
    Remembering(machine).run(JOB, tmp_path / "first")
    (place,) = remembered.runs()
    data = bytearray(place.read_bytes())
    data[position] ^= 1
    place.write_bytes(data)
    Remembering(machine).run(JOB, tmp_path / "second")
    assert machine.runs == 2 and (tmp_path / "second/captures/h1.pcap").read_bytes() == b"\2" * 1000


@pytest.mark.parametrize("spoil", [
    lambda place: place.chmod(0o666), lambda place: place.chmod(0o620),
    lambda place: (place.rename(place.with_suffix(".real")), place.symlink_to(place.with_suffix(".real")))])
def test_what_others_may_write_is_not_believed(tmp_path, spoil):
    machine = Machine()
    Remembering(machine).run(JOB, tmp_path / "first")
    spoil(remembered.runs()[0])
    Remembering(machine).run(JOB, tmp_path / "second")
    assert machine.runs == 2


def test_what_another_user_has_put_there_is_not_believed(tmp_path, monkeypatch):
    machine = Machine()
    Remembering(machine).run(JOB, tmp_path / "first")
    (place,) = remembered.runs()
    if os.geteuid() == 0:
        os.chown(place, 12345, 12345)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    monkeypatch.setattr(remembered, "runs_folder", lambda: place.parent)
    Remembering(machine).run(JOB, tmp_path / "second")
    assert machine.runs == 2


def test_two_threads_that_want_the_same_run_it_once(tmp_path):
    class Slow(Machine):
        def run(self, job, folder, console=None):
            begun.set()
            asked.wait(10)
            return super().run(job, folder, console)

    begun, asked = threading.Event(), threading.Event()
    machine = Slow()
    both = Remembering(machine)
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(both.run, JOB, tmp_path / "one")
        begun.wait(10)
        other = pool.submit(both.run, JOB, tmp_path / "other")
        asked.set()
    assert one.result() == other.result() and machine.runs == 1
    assert (tmp_path / "other/captures/h1.pcap").is_file()


def test_only_what_was_run_since_counts_where_that_is_asked_for(tmp_path):
    machine = Machine()
    Remembering(machine).run(JOB, tmp_path / "before")
    now = Remembering(machine, only_now=True)
    for number in (1, 2):
        now.run(JOB, tmp_path / str(number))
    assert machine.runs == 2 and len(remembered.runs()) == 1


def test_a_limit_that_is_no_number(monkeypatch):
    monkeypatch.setenv("MNLAB_CACHE_LIMIT", "1 GB")
    with pytest.raises(WrongCache, match="MNLAB_CACHE_LIMIT is a number of MiB, like 1024; not '1 GB'"):
        Remembering(Machine())
