"""A class graded by computers that ssh reaches: a real sshd on the loopback interface, with keys of its own, in a folder of
its own. Nothing of ~/.ssh is read or written. The machines are stubs (test_cluster.py)."""

import getpass
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mnlab.course import by_ssh, cluster
from mnlab.lab.lab import ROOT
from mnlab.machine.job import MachineError

from .test_cluster import GRADER, HERE, PRELOAD, jobs  # noqa: F401  (a fixture)

pytest.importorskip("distributed", reason="Dask is in the `dev` extra")
pytest.importorskip("asyncssh", reason="asyncssh is in the `dev` extra")
SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/sbin")
SSH_KEYGEN = shutil.which("ssh-keygen")
PATIENCE = 60  # s until something is there
SETTINGS = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PermitUserRC no
"""
#: What `ssh -F` would read: the only way in.
CONFIG = """
Host 127.0.0.1 localhost
    IdentityFile {folder}/user
    IdentitiesOnly yes
    UserKnownHostsFile {folder}/known
"""


@pytest.fixture
def sshd(tmp_path, monkeypatch):
    """The port of an sshd that lets this user in."""
    if not SSHD or not SSH_KEYGEN:
        pytest.skip("there is no sshd: apt install openssh-server")
    for name in ("host", "user"):
        subprocess.run([SSH_KEYGEN, "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "sshd_config").write_text(SETTINGS.format(port=port, folder=tmp_path))
    (tmp_path / "ssh_config").write_text(CONFIG.format(folder=tmp_path))
    key = " ".join((tmp_path / "host.pub").read_text().split()[:2])
    (tmp_path / "known").write_text("".join(f"[{host}]:{port} {key}\n" for host in ("127.0.0.1", "localhost")))
    monkeypatch.setenv(by_ssh.CONFIG, str(tmp_path / "ssh_config"))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    command = [SSHD, "-D", "-e", "-f", str(tmp_path / "sshd_config")]
    if os.geteuid() == 0:  # root's wants an empty folder, which the package's service makes: in a view of /run of its own
        command = ["unshare", "--mount", "sh", "-c",
                   'mount -t tmpfs none /run && mkdir -m 755 /run/sshd && exec "$@"', "sh", *command]
    with open(tmp_path / "log", "w") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            log = (tmp_path / "log").read_text()
            if process.poll() is not None and "unshare" in log + command[0] and "not permitted" in log:
                pytest.skip(f"sshd cannot be started here: {log.strip()}")
            assert process.poll() is None and time.monotonic() < deadline, log
            time.sleep(0.05)
    yield port
    process.terminate()
    process.wait()


@pytest.fixture
def python(tmp_path, monkeypatch):
    """python(*words): the Python of the computers, a script of these words; without any, one that has mnlab, and stubs."""
    (tmp_path / "stub.py").write_text(PRELOAD)
    (tmp_path / "grader.py").write_text(GRADER)
    (tmp_path / "about.json").write_text(json.dumps(HERE))
    (tmp_path / "image").touch()
    given = {"PYTHONPATH": ROOT / "src", "ABOUT": tmp_path / "about.json", "GRADER": tmp_path / "grader.py",
             "IMAGE": tmp_path / "image", "MNLAB_CACHE": tmp_path / "cache", "DASK_DISTRIBUTED__WORKER__DAEMON": "False",
             "DASK_DISTRIBUTED__WORKER__PRELOAD": tmp_path / "stub.py"}
    usual = [*(f"export {name}='{value}'" for name, value in given.items()), f'exec {sys.executable} "$@"']

    def make(*words):
        path = tmp_path / "a python"
        path.write_text("\n".join(["#!/bin/sh", *(words or usual)]) + "\n")
        path.chmod(0o755)
        monkeypatch.setenv(by_ssh.PYTHON, str(path))
    make()
    return make


@pytest.fixture
def opened(tmp_path):
    """opened(lines, said): the computers of a file with these lines."""
    def make(lines, said=None):
        (tmp_path / "hosts.txt").write_text("\n".join(lines) + "\n")
        return cluster.opened(f"ssh:{tmp_path / 'hosts.txt'}", 1, "debian13", {}, (said if said is not None else []).append)
    return make


def test_a_class_is_graded_by_two_computers_and_one_that_is_not_there_is_named(sshd, python, opened, jobs, tmp_path):  # noqa: F811
    user, said = getpass.getuser(), []
    with opened(["# a room", f"{user}@127.0.0.1:{sshd}", f"localhost:{sshd}   # the other", "", "127.0.0.1:9"], said) as computers:
        assert computers.client.scheduler.address.startswith("tcp://127.0.0.1:")  # nobody else reaches it
        computers.client.wait_for_workers(2, PATIENCE)
        done = {job["student"]: result for job, result in computers.each(iter(jobs([f"work {n}" for n in range(12)])))}
    assert sorted(done, key=int) == [str(number) for number in range(12)]
    for student, result in done.items():
        assert result.get("trouble", "") == "" and "work.txt" in os.listdir(tmp_path / "out" / student / "arp-1/scenes")
    assert len({result["worker"] for result in done.values()}) == 2
    assert [words.split(" Connect")[0] for words in said] == ["refused: 127.0.0.1:9: it cannot be reached:"]


@pytest.mark.parametrize("words, told", [
    (["exit 127"], r"there is no .*/a python there: MNLAB_REMOTE_PYTHON names another"),
    (["echo no such option; exit 2"], "a python there is no Python that mnlab runs on: status 2"),
    (["unset PYTHONPATH", f'exec {sys.executable} -I "$@"'],
     r"has no mnlab that can grade: ModuleNotFoundError: No module named 'mnlab'. Install 'mnlab\[cluster\]' there"),
    (['echo \'{"python": "3.12", "mnlab": "1", "dask": "2020.1"}\''], "it has Dask 2020.1, and here is .*: install the same")])
def test_a_computer_that_cannot_grade_says_why(sshd, python, opened, words, told):
    python(*words)
    with pytest.raises(MachineError, match=f"no computer of .*hosts.txt can grade: 127.0.0.1:{sshd}: .*{told}"):
        with opened([f"127.0.0.1:{sshd}"]):
            pass


@pytest.mark.parametrize("file, text, told", [
    ("known", "", "its key is not known here: `ssh 127.0.0.1` shows it"),
    ("user.pub", "", "it does not let you in: .*: `ssh-copy-id 127.0.0.1`")])
def test_who_is_not_known_is_told_what_to_do(sshd, python, opened, tmp_path, file, text, told):
    (tmp_path / file).write_text(text)
    with pytest.raises(MachineError, match=told):
        with opened([f"127.0.0.1:{sshd}"]):
            pass


def test_the_workers_end_with_the_command(sshd, python, opened, tmp_path):
    with opened([f"127.0.0.1:{sshd}"]) as computers:
        computers.client.wait_for_workers(1, PATIENCE)
        pids = computers.client.run(os.getpid)
    deadline = time.monotonic() + PATIENCE
    while any(Path(f"/proc/{pid}/cmdline").exists() for pid in pids.values()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert pids


@pytest.mark.parametrize("line, computer", [
    ("lab1", by_ssh.Computer("lab1", "lab1")), ("ada@lab1.example.org", by_ssh.Computer("ada@lab1.example.org", "lab1.example.org", "ada")),
    ("ada@10.0.0.7:2222", by_ssh.Computer("ada@10.0.0.7:2222", "10.0.0.7", "ada", 2222)),
    ("[fd00::7]:22", by_ssh.Computer("[fd00::7]:22", "fd00::7", "", 22))])
def test_what_a_line_may_say(tmp_path, line, computer):
    (tmp_path / "hosts").write_text(f"# ours\n\n{line}  # in the corner\n")
    assert by_ssh.named(tmp_path / "hosts") == [computer]


@pytest.mark.parametrize("text, told", [
    ("lab1\nlab2 lab3\n", "line 2: 'lab2 lab3' is no computer: write host, user@host or user@host:port"),
    ("lab1:99999", "line 1: .* is no computer"), ("-oProxyCommand=x", "is no computer"), ("a@b@c", "is no computer"),
    ("lab1\n\nlab1", "line 3: lab1 is there twice; --workers says how many"), ("# nobody\n", "names no computer"),
    (b"\xff\xfe", "cannot be read: it is no text")])
def test_a_file_that_makes_no_sense_is_told(tmp_path, text, told):
    (tmp_path / "hosts").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(MachineError, match=told):
        by_ssh.named(tmp_path / "hosts")
