"""A room for Vagrant: libvirt, by hand, in namespaces of its own, and a copy of the project to work in."""

import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from . import limits
from .limits import tail

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

#: What a computer without KVM needs: Vagrant reads it before the project's own Vagrantfile, which is left as it is.
OVERRIDES = """
Vagrant.configure("2") do |config|
  config.vm.boot_timeout = 1200
  config.vm.provider "libvirt" do |machine|
    machine.driver = "qemu"
    machine.cpu_mode = "maximum"
  end
end
"""


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.slow)


#: What a student's or our own commands started, the youngest last; without the kernel's threads.
GUESTS_PROCESSES = "ps --no-headers -eo etimes,args --sort=-etimes --ppid 2 -p 2 --deselect | tail -25"


class Room:
    """Runs commands where libvirt is, in the copied project's vagrant folder."""

    def __init__(self, folder: Path):
        self.folder, self.project = folder, folder / "project"
        copy_project(self.project)
        (folder / "home").mkdir()
        (folder / "home/Vagrantfile").write_text(OVERRIDES)
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("MNLAB_")} | {
            "VAGRANT_HOME": str(folder / "home"), "VAGRANT_DEFAULT_PROVIDER": "libvirt",
            "VAGRANT_CHECKPOINT_DISABLE": "1", "LIBVIRT_DEFAULT_URI": "qemu:///system"}
        self.namespaces: dict[str, str] = {}
        self.holder = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child",
             "--mount-proc", HERE / "room.sh", folder], stdin=subprocess.DEVNULL)
        self.wait((folder / "ready").exists, "libvirt to start")
        self.wait(lambda: self.run("virsh", "list", check=False).returncode == 0, "libvirt to answer")
        self.namespaces = {kind: os.readlink(f"/proc/{self._first()}/ns/{kind}") for kind in ("net", "mnt", "pid")}

    def _first(self) -> int:
        """The room's first process, by the number that it has outside."""
        children = Path(f"/proc/{self.holder.pid}/task/{self.holder.pid}/children").read_text().split()
        return int(children[0])

    def wait(self, condition, what: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.holder.poll() is None, "the room is gone"
            assert time.monotonic() < deadline, f"waited {seconds:g} s for {what}"
            time.sleep(0.2)

    def run(self, *command, check=True, seconds=300, say=print) -> subprocess.CompletedProcess:
        """The finished command; with `check`, its status was 0. It is ended, and named, after `seconds`; until then
        `say` is told every minute what it is at."""
        inside = ["nsenter", f"--target={self._first()}", "--net", "--mount", "--pid",
                  f"--wd={self.project / 'vagrant'}", "--", *map(str, command)]
        done = limits.run(inside, seconds, say, env=self.environment)
        assert not check or done.returncode == 0, f"{command} ended with status {done.returncode}:\n{tail(done.stdout)}"
        return done

    def ssh(self, command: str, **options) -> str:
        """What a command in the guest printed. One that does not end is named with what runs in the guest then."""
        try:
            return self.run("vagrant", "ssh", "--no-tty", "-c", command, **options).stdout
        except limits.Hangs as problem:
            there = self.run("vagrant", "ssh", "--no-tty", "-c", GUESTS_PROCESSES, check=False, seconds=120).stdout
            raise limits.Hangs(f"{problem}\nIn the guest, by age (s):\n{there}") from None

    def members(self, kind: str) -> list[str]:
        """Numbers of the processes in the room's namespace of this kind: net, mnt or pid."""
        return [number for number in os.listdir("/proc") if number.isdigit()
                and namespace(number, kind) == self.namespaces[kind]]

    def processes(self) -> set[str]:
        """Names of the room's processes."""
        return {name_of(number) for number in self.members("pid")}

    def close(self) -> None:
        """End all of it. The kernel needs a moment to end the processes of a namespace."""
        self.holder.kill()
        self.holder.wait()
        deadline = time.monotonic() + 30
        while self.namespaces and any(map(self.members, self.namespaces)) and time.monotonic() < deadline:
            time.sleep(0.05)


def namespace(process: str, kind: str) -> str:
    try:
        return os.readlink(f"/proc/{process}/ns/{kind}")
    except OSError:
        return ""  # it has ended


def name_of(process: str) -> str:
    try:
        return Path(f"/proc/{process}/comm").read_text().strip()
    except OSError:
        return ""  # it has ended


def copy_project(target: Path) -> None:
    """The files that belong to the project, without what runs and builds left among them."""
    target.mkdir()
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=ROOT,
                            check=True, capture_output=True, text=True)
    for name in filter(lambda name: name and (ROOT / name).is_file(), listed.stdout.split("\0")):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name)


def setting(name: str) -> str:
    """The Vagrantfile's own choice for an environment variable."""
    text = (ROOT / "vagrant/Vagrantfile").read_text()
    return re.search(rf'"{name}"[^\n]*?"([^"\n]+)"', text)[1]


@pytest.fixture(scope="session")
def boxes(tmp_path_factory) -> Path:
    """A folder of boxes, built by the project's builder; or $MNLAB_TEST_BOXES, where it built them before."""
    if given := os.environ.get("MNLAB_TEST_BOXES"):
        return Path(given)
    folder = tmp_path_factory.mktemp("boxes")
    subprocess.run([ROOT / "vagrant/box/build"], cwd=folder, check=True, stdin=subprocess.DEVNULL)
    return folder


@pytest.fixture(scope="module")
def room(tmp_path_factory, boxes):
    """A room in which the local box has the name and version of the public one."""
    folder = tmp_path_factory.mktemp("room")
    place = Room(folder)
    url = (boxes / "mnlab-libvirt.box").absolute().as_uri()
    catalogue = {"name": setting("MNLAB_BOX"), "versions": [
        {"version": setting("MNLAB_BOX_VERSION"), "providers": [{"name": "libvirt", "url": url}]}]}
    (folder / "catalogue.json").write_text(json.dumps(catalogue))
    try:
        place.run("vagrant", "box", "add", folder / "catalogue.json")
        yield place
    finally:
        place.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def on_a_copy(tmp_path):
    """Runs shell commands as root on a copy of this computer; returns (what ended, names of the files it changed)."""
    def run(commands, **environment):
        clean = {name: value for name, value in os.environ.items() if not name.startswith("MNLAB_")}
        done = subprocess.run([HERE / "copy.sh", tmp_path, commands], env=clean | environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
        return done, (tmp_path / "changed").read_text().splitlines()
    return run
