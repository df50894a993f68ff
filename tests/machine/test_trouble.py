"""A full disk, a damaged cache, no rights at all, a machine from elsewhere: a plain word, or the same evidence."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from mnlab.machine import cache, image, snapshot
from mnlab.machine.machines import DEFAULT, MACHINES
from mnlab.machine.qemu import Hardware

from .conftest import Cli, make_lab

PING = 'with rec.capture("h1"):\n    rec.run("probe", h1, "ping -c3 10.0.0.2; head -c 8 /dev/urandom | xxd -p || true")'

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can set this up")


@pytest.fixture
def probe(tmp_path):
    """The command line with one lab, `probe`."""
    make_lab(tmp_path, PING)
    command_line = Cli(tmp_path, labs=tmp_path)
    yield command_line
    for pid in command_line.processes():
        os.kill(pid, 9)


def digest(done) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)["labs"][0]["evidence_sha256"]


def copy_machine(target: Path, say=lambda text: None) -> Path:
    """The image and the virtual-time snapshot, copied byte for byte into a cache of their own; the snapshot's folder."""
    built = image.get(MACHINES[DEFAULT], say)
    taken = snapshot.get(Hardware("virtual", "tcg", built.layers), built, say)
    target.mkdir()
    for entry in (built.userland, built.kernel, taken):
        subprocess.run(["cp", "-r", "--sparse=always", "--preserve=timestamps", entry, target], check=True)
    return target / taken.name


@as_root
@pytest.mark.parametrize("size", ["64k", "1m"])
def test_a_full_disk_is_said_plainly_and_leaves_no_partial_evidence(probe, plain, size):
    make_lab(probe.folder, 'rec.keep("large", "x" * (4 << 20))\nrec.run("probe", h1, "true")', name="large")
    runs = probe.folder / "full"
    runs.mkdir()
    done = probe("run", "large", "-q", "--out", runs, prefix=(
        "unshare", "-m", "sh", "-c", f'mount -t tmpfs -o size={size} none "$0" && "$@"; status=$?; ls -R "$0" >&2; exit $status', runs))
    text = done.stdout + done.stderr
    assert done.returncode == 3 and "Traceback" not in text, text
    assert "No space left on device" in text and "could not be written" in text
    assert "manifest.json" not in text and "large-1" not in done.stderr.split("full")[-1], text
    assert not probe.leftovers()


@as_root
def test_a_full_temporary_folder_is_said_plainly(probe):
    done = probe("exec", "--", "sh", "-c", "head -c 9000000 /dev/urandom > big", prefix=(
        "unshare", "-m", "sh", "-c", 'mount -t tmpfs -o size=1m none "$0" && exec "$@"', probe.folder / "tmp"))
    assert done.returncode == 3 and "No space left on device" in done.stderr and "Traceback" not in done.stderr


def flip(path: Path, offset: int) -> None:
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)
        file.seek(offset)
        file.write(bytes([byte[0] ^ 1]))


@pytest.mark.slow
def test_a_damaged_snapshot_is_noticed_taken_again_and_gives_the_same_evidence(probe):
    taken = copy_machine(probe.folder / "cache")
    reference = digest(probe("run", "probe", "--json"))
    probe.environment["MNLAB_CACHE"] = str(probe.folder / "cache")
    assert digest(probe("run", "probe", "--json")) == reference  # a copied cache is as good
    flip(taken / snapshot.RAM, 100 << 20)
    flip(taken / snapshot.STATE, 5000)
    done = probe("run", "probe", "--json", timeout=500)
    assert "the cached snapshot is damaged: building it again" in done.stderr
    assert digest(done) == reference
    assert cache.is_whole(taken, thorough=True)


@as_root
def test_a_user_without_any_rights_gets_the_same_evidence(probe):
    copy_machine(probe.folder / "cache")
    reference = digest(probe("run", "probe", "--json", "--out", "roots"))
    probe.environment |= {"MNLAB_CACHE": str(probe.folder / "cache"), "HOME": str(probe.folder / "home")}
    for folder in ("home", "runs"):
        (probe.folder / folder).mkdir()
    subprocess.run(["chmod", "-R", "a+rX", probe.folder], check=True)
    subprocess.run(["chown", "-R", "65534", *(probe.folder / name for name in ("cache", "home", "runs", "tmp"))], check=True)
    for parent in [probe.folder, *probe.folder.parents][:3]:
        parent.chmod(parent.stat().st_mode | 0o055)  # pytest's folders are root's alone
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all",
              "--no-new-privs", "--")
    if subprocess.run([*nobody, shutil.which("python3"), "-c", "pass"], capture_output=True).returncode:
        pytest.skip("other users cannot run this Python")
    done = probe("run", "probe", "--json", prefix=nobody)
    if "Permission denied" in done.stderr and not done.stdout:
        pytest.skip(f"other users cannot read this installation: {done.stderr.strip().splitlines()[-1]}")
    assert digest(done) == reference
    assert (probe.folder / "runs/probe-1").stat().st_uid == 65534


def test_an_exported_machine_gives_the_same_evidence_elsewhere_and_a_cut_one_is_refused(probe, plain):
    reference = digest(probe("run", "probe", "--json"))
    done = probe("machine", "export", "machine.tgz", "-q")
    assert done.returncode == 0 and done.stdout.split()[0] == cache.sha256(probe.folder / "machine.tgz")
    probe.environment["MNLAB_CACHE"] = str(probe.folder / "elsewhere")
    cut = probe.folder / "cut.tgz"
    shutil.copy(probe.folder / "machine.tgz", cut)
    os.truncate(cut, cut.stat().st_size // 3)
    assert "damaged" in plain(probe("machine", "import", cut, "-q"), 3)
    assert [path.name for path in (probe.folder / "elsewhere").iterdir()] == ["import.lock"]
    done = probe("machine", "import", "machine.tgz", "-q")
    assert done.returncode == 0 and done.stdout.count("imported") == 3
    done = probe("run", "probe", "--json")
    assert digest(done) == reference and "booting" not in done.stderr and "building" not in done.stderr.replace("building the network", "")
    assert "whole" in probe("machine", "status", "--thorough").stdout
