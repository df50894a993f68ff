"""Machines that run at the same time get processors of their own."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from mnlab.machine import processor


@pytest.fixture(autouse=True)
def notes_of_our_own(tmp_path, monkeypatch):
    monkeypatch.setattr(processor, "notes_folder", lambda: tmp_path)


def test_each_gets_another_one_and_gives_it_back(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {3, 7})
    with processor.claimed() as first:
        with processor.claimed() as second:
            assert (first, second) == (3, 7)
        with processor.claimed() as again:
            assert again == 7


def test_who_finds_none_free_waits_for_his_turn(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {5})
    turns = []

    def machine(number):
        with processor.claimed() as mine:
            turns.append(f"{number} begins on {mine}")
            time.sleep(0.02)
            turns.append(f"{number} ends")

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(machine, range(3)))
    assert len(turns) == 6
    assert all(begin.replace("begins on 5", "ends") == end for begin, end in zip(turns[::2], turns[1::2], strict=True))


def test_who_gives_up_waits_no_longer(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {5})
    with processor.claimed(), processor.claimed(lambda: True) as second:
        assert second is None


def test_it_is_one_that_this_process_may_use():
    with processor.claimed() as number:
        assert number in os.sched_getaffinity(0)


def test_none_where_the_system_does_not_say(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity")
    with processor.claimed() as number:
        assert number is None


def test_none_where_nothing_can_be_written(monkeypatch, tmp_path):
    monkeypatch.setattr(processor, "notes_folder", lambda: tmp_path / "absent")
    with processor.claimed() as number:
        assert number is None


def test_who_waits_for_another_process_is_told_whose_turn_it_is(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {5})
    monkeypatch.setattr(processor, "TELL", 0.1)
    hold = ("import fcntl, os, sys; file = open(sys.argv[1], 'w'); fcntl.flock(file, fcntl.LOCK_EX); "
            "print(os.getpid(), file=file, flush=True); print('held', flush=True); sys.stdin.read()")
    other = subprocess.Popen([sys.executable, "-c", hold, tmp_path / "processor-5.lock"], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline() == "held\n"
    killed = tmp_path / "waiting-00000000000000000001-999999999-1"  # it came first, and waits no longer
    killed.touch()
    os.utime(killed, (1, 1))
    (tmp_path / "waiting-4711").touch()  # as an earlier version calls it
    told = []

    def tell(seconds, words):
        told.append(words)
        other.communicate()

    with processor.claimed(tell=tell) as number:
        assert number == 5
    assert told == [words for words in told if f"(pid {other.pid}) has the machine; 1 waiting" in words] and told
    assert [note.name for note in tmp_path.glob("waiting-*")] == ["waiting-4711"]


def test_who_waits_for_another_machine_of_his_own_is_told_nothing(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {5})
    monkeypatch.setattr(processor, "TELL", 0.01)
    told, begun = [], time.monotonic()
    with processor.claimed(), processor.claimed(lambda: time.monotonic() > begun + 0.3, lambda *words: told.append(words)):
        assert told == []


def test_who_came_first_is_served_first(monkeypatch, tmp_path):
    """With one processor, an older note that is renewed is waited for, however often we look."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {5})
    older = tmp_path / "waiting-00000000000000000001-4711-1"
    older.touch()
    looks = []

    def give_up():
        looks.append(1)
        return len(looks) > 3

    with processor.claimed(give_up) as number:
        assert number is None and len(looks) == 4
    os.utime(older, (1, 1))
    with processor.claimed() as number:
        assert number == 5


def test_with_two_processors_two_come_first(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {3, 5})
    (tmp_path / "waiting-00000000000000000001-4711-1").touch()
    with processor.claimed() as number:
        assert number == 3


class TestWhereNotesLie:
    """In a folder that this computer does not share, and nobody else can write."""

    @pytest.fixture(autouse=True)
    def a_computer(self, tmp_path, monkeypatch):
        monkeypatch.undo()  # the folder as it is found
        (tmp_path / "cache").mkdir()
        monkeypatch.setenv("MNLAB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(processor, "LOCAL", str(tmp_path))

    def test_two_caches_of_one_computer_share_its_processors(self, tmp_path, monkeypatch):
        monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {5})
        (tmp_path / "other").mkdir()
        with processor.claimed() as first:
            monkeypatch.setenv("MNLAB_CACHE", str(tmp_path / "other"))
            with processor.claimed(lambda: True) as second:
                assert (first, second) == (5, None)
        assert list((tmp_path / "cache").iterdir()) == []

    def test_two_computers_with_one_cache_have_the_processors_of_two(self, tmp_path, monkeypatch):
        monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {5})
        (tmp_path / "elsewhere").mkdir()
        with processor.claimed() as first:
            monkeypatch.setattr(processor, "LOCAL", str(tmp_path / "elsewhere"))
            with processor.claimed() as second:
                assert first == second == 5

    @pytest.mark.parametrize("spoil", [lambda folder: folder.symlink_to(folder.parent), lambda folder: folder.write_text(""),
                                       lambda folder: (folder.mkdir(), folder.chmod(0o777))])
    def test_a_folder_that_others_prepared_is_not_used(self, tmp_path, spoil):
        assert processor.notes_folder() == tmp_path / f"mnlab-{os.geteuid()}"
        (tmp_path / f"mnlab-{os.geteuid()}").rmdir()
        spoil(tmp_path / f"mnlab-{os.geteuid()}")
        assert processor.notes_folder() == tmp_path / "cache"
