"""How long we wait: as long as a process gets on, however slowly, and no longer."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from mnlab.machine import patience
from mnlab.machine.job import MachineError
from mnlab.machine.patience import HANG, LATE, LEAST, LOOK, Patience, because_busy, processor_time


@contextmanager
def program(code):
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    try:
        process.stdout.readline()  # it has begun
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


class Computer:
    """One on which a process gets `share` of a processor; nothing passes but by `pass_by`."""

    def __init__(self, share):
        self.share, self.now, self.used = share, 1000.0, 5.0
        self.patience = Patience(0, 60, "the boot", clock=lambda: self.now, used=lambda pid: self.used)

    def pass_by(self, seconds, look=LOOK):
        """The reason to wait no longer, and after how many seconds there was one."""
        for number in range(round(seconds / look)):
            self.now += look
            self.used += look * self.share
            if reason := self.patience.over():
                return reason, (number + 1) * look
        return "", seconds


@pytest.mark.parametrize("share", [1, 0.5, 0.01, LEAST / HANG * 1.1])
def test_a_busy_computer_changes_nothing_but_how_long_it_takes(share):
    reason, after = Computer(share).pass_by(3 * 60 / share, look=LOOK)
    assert reason == "the boot took more than 60 s of this computer's processor time"
    assert 60 < after * share < 60.1 + LOOK * share


@pytest.mark.parametrize("share", [0, LEAST / HANG / 4])
def test_who_uses_nothing_or_next_to_it_hangs(share):
    reason, after = Computer(share).pass_by(10 * HANG)
    assert reason.startswith("the boot does not get on: it used 0.")
    assert HANG < after < 1.01 * HANG + LOOK


def test_a_reason_stays():
    computer = Computer(0)
    reason, _ = computer.pass_by(2 * HANG)
    computer.share = 1
    assert computer.pass_by(10 * LOOK) == (reason, LOOK)
    with pytest.raises(MachineError, match="does not get on"):
        computer.patience.check()


def test_a_computer_that_slept_is_not_taken_for_a_process_that_hangs():
    computer = Computer(0)
    computer.now += 100 * HANG
    assert computer.patience.over() == "" and computer.pass_by(HANG - 2 * LATE) == ("", HANG - 2 * LATE)


def test_looks_in_quick_succession_cost_nothing():
    asked = []
    watched = Patience(0, 60, "the boot", clock=lambda: 0.0, used=lambda pid: asked.append(pid) or 0.0)
    for _ in range(1000):
        watched.over()
    assert len(asked) == 1


@pytest.mark.parametrize("code", [
    "print(flush=True)\nwhile True: pass",
    "import threading\ndef burn():\n while True: sum(range(1000))\nthreading.Thread(target=burn).start()\nprint(flush=True)"],
    ids=["one thread", "another thread"])
def test_who_computes_is_ended_by_the_processor_time_that_it_used(code):
    with program(code) as process:
        before = processor_time(process.pid)
        with pytest.raises(MachineError, match=r"it took more than 0.3 s of this computer's processor time"):
            Patience(process.pid, 0.3, "it").until(lambda: False)
        assert processor_time(process.pid) - before > 0.3


def test_who_only_waits_is_ended_by_the_clock():
    with program("print(flush=True)\nimport time\ntime.sleep(1000)") as process:
        began = time.monotonic()
        with pytest.raises(MachineError, match="it does not get on: it used 0.0"):
            Patience(process.pid, 0.3, "it", hang=0.4).until(lambda: False)
        assert time.monotonic() - began > 0.4


def test_who_is_done_is_waited_for_no_longer():
    with program("print(flush=True)") as process:
        Patience(process.pid, 60, "its end").until(lambda: process.poll() is not None)
        assert process.returncode == 0


def test_processor_time_is_what_the_kernel_accounts_for():
    began = time.process_time()
    while time.process_time() - began < 0.2:
        pass
    assert processor_time(os.getpid()) == pytest.approx(time.process_time(), abs=3 / patience.TICKS)
    assert processor_time(2**22 + 1) == 0.0  # above the highest process id (pid_max, proc(5))


@pytest.mark.parametrize("load, words", [
    (0.5, ""), (4.0, ""), (9.0, " (a busy computer: 9 programs want its 2 processors)")])
def test_a_busy_computer_is_called_one(monkeypatch, load, words):
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0))
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {3, 7})
    assert because_busy() == words
    assert Computer(0).pass_by(2 * HANG)[0].endswith(words or " s")
