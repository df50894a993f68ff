"""However a run is ended, it leaves no process, no temporary file and no half-made evidence, and says what happened."""

import os
import signal
import subprocess
import time

import pytest

from mnlab.machine.job import MachineError  # noqa: F401  (imports the engine before any clock is read)

from .conftest import Cli, make_lab

SLOW = 'rec.progress("under way")\nwhile True: pass'  # burns processor time: lab time cannot jump over it


@pytest.fixture
def lab_cli(tmp_path):
    """The command line with one lab, `probe`, that goes on until it is ended."""
    make_lab(tmp_path, SLOW)
    command_line = Cli(tmp_path, labs=tmp_path)
    yield command_line
    for pid in command_line.processes():
        os.kill(pid, 9)


def find_qemu(cli, timeout=60.0) -> int:
    """The pid of the QEMU that a command has started; waits until there is one."""
    return _when(lambda: next((pid for pid, line in cli.processes().items() if line.startswith("qemu-system") and "-incoming" in line), None), timeout)


def _when(condition, timeout=60.0):
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)
    return value


def assert_nothing_left(cli):
    _when(lambda: not cli.processes(), 10)
    assert cli.leftovers() == []
    assert [str(path) for path in cli.folder.glob("runs/*")] == []


def test_qemu_killed_in_mid_run_is_inconclusive_and_says_so(lab_cli):
    process = lab_cli.start("run", "probe", "-q")
    os.kill(find_qemu(lab_cli), signal.SIGKILL)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 3, err
    assert "QEMU was killed by signal 9" in out and "inconclusive" in out, out + err
    assert "Traceback" not in out + err
    assert not lab_cli.processes() and not lab_cli.leftovers()


COMMANDS = {
    "run": ["run", "probe"],
    "check": ["check", "probe", "--work", "mine"],
    "verify": ["verify", "probe"],
    "exec": ["exec", "--", "python3", "-c", "while True: pass"],
}


@pytest.mark.parametrize("seconds", [0.0, 0.4, 1.0, 3.0])
@pytest.mark.parametrize("command", COMMANDS)
def test_ctrl_c_at_any_moment_leaves_nothing(lab_cli, command, seconds):
    (lab_cli.folder / "mine").mkdir()
    process = lab_cli.start("--say-ready", *COMMANDS[command])
    # Not before Python itself is up: until then, Ctrl-C is not ours to handle.
    assert process.stdout.readline() == "--say-ready\n"
    time.sleep(seconds)  # different moments are the point here
    os.killpg(process.pid, signal.SIGINT)
    try:
        out, err = process.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        assert seconds == 0  # while modules are loaded Python may ignore one, in a callback; one presses it again
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=60)
        assert process.returncode == 130
        assert_nothing_left(lab_cli)
        return
    assert process.returncode == 130, (process.returncode, out, err)
    assert err.endswith("mnlab: interrupted\n") or seconds < 3, err  # until it has been imported, mnlab has no words
    assert "Traceback" not in err and len(err.strip().splitlines()) <= 12, err
    assert_nothing_left(lab_cli)


def test_terminating_is_like_ctrl_c(lab_cli):
    process = lab_cli.start("run", "probe")
    find_qemu(lab_cli)
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert_nothing_left(lab_cli)


@pytest.mark.parametrize("command", ["run", "exec"])
def test_killing_mnlab_itself_leaves_no_qemu(lab_cli, command):
    process = lab_cli.start(*COMMANDS[command])
    find_qemu(lab_cli)
    process.kill()
    process.communicate(timeout=60)
    _when(lambda: not lab_cli.processes(), 10)
