"""The wheel in an empty environment, far from any clone: what a user who installs mnlab gets."""

import json
import os
import subprocess
import sys

import pytest

from mnlab import __version__
from mnlab.lab.lab import ROOT, find
from mnlab.machine import cache

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A new Python environment with the wheel in it, built of this clone."""
    folder = tmp_path_factory.mktemp("installed")
    build = [sys.executable, "-P", "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT]
    subprocess.run(build, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    subprocess.run([sys.executable, "-P", "-m", "venv", folder / "venv"], check=True)
    wheel, = folder.glob("*.whl")
    install = [folder / "venv/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel]
    subprocess.run(install, check=True, stdin=subprocess.DEVNULL)
    return folder / "venv"


@pytest.fixture
def mnlab(environment, tmp_path):
    """mnlab(*arguments, **variables): the installed command, in an empty folder and with little in its surroundings."""

    def run(*arguments, **variables):
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return subprocess.run([environment / "bin/mnlab", *arguments], cwd=tmp_path, text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=600, env={
                                  **kept, "HOME": str(tmp_path), "MNLAB_CACHE": str(cache.cache_folder()), **variables})

    return run


def test_it_adds_one_package_and_one_command(environment):
    record, = environment.glob(f"lib/python*/site-packages/mnlab-{__version__}.dist-info/RECORD")
    tops = {line.split(",")[0].split("/")[0] for line in record.read_text().splitlines() if not line.startswith("../")}
    assert tops == {"mnlab", f"mnlab-{__version__}.dist-info"}
    beside = [line.split(",")[0] for line in record.read_text().splitlines() if line.startswith("../")]
    assert beside == ["../../../bin/mnlab"]


def test_labs_are_listed_and_shown(mnlab):
    listed = json.loads(mnlab("list", "--json").stdout)["labs"]
    assert {lab["lab"] for lab in listed} == {path.parent.name for path in ROOT.glob("labs/*/*/experiment.py")}
    assert mnlab("show", "arp").stdout == find("arp").handout + "\n"
    assert mnlab("--version").stdout == f"mnlab {__version__}\n"


def test_a_run_gives_the_evidence_that_the_clone_gives(mnlab, solved, tmp_path):
    done = mnlab("run", "arp", "--json", "--quiet")
    assert done.returncode == 0, done.stderr
    lab, = json.loads(done.stdout)["labs"]
    assert lab["status"] == "passed" and lab["points"] == lab["max_points"] > 0
    assert lab["evidence_sha256"] == solved(find("arp"), 1).manifest["evidence_sha256"]
    again = mnlab("recheck", "runs/arp-1", "--json")
    assert again.returncode == 0 and json.loads(again.stdout)["labs"][0]["checks"] == lab["checks"]


def test_a_lab_is_begun_and_graded(mnlab, tmp_path):
    assert mnlab("start", "arp").returncode == 0 and (tmp_path / "work/arp/answers.toml").is_file()
    done = mnlab("check", "arp", "--json", "--quiet")
    lab, = json.loads(done.stdout)["labs"]
    assert done.returncode == 1 and lab["status"] == "failed" and lab["points"] < lab["max_points"]


def test_the_doctor_finds_the_machine(mnlab):
    done = mnlab("doctor")
    assert done.returncode == 0 and "built" in done.stdout, done.stdout + done.stderr


def test_packages_that_are_missing_are_named_at_once(mnlab, environment, tmp_path):
    done = mnlab("run", "arp", PATH=str(environment / "bin"), MNLAB_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 3 and "Traceback" not in done.stderr
    for package in ("qemu-system-x86", "mmdebstrap", "squashfs-tools"):
        assert package in done.stderr


@pytest.mark.parametrize("command", ["test", "bench"])
def test_what_needs_a_clone_says_so(mnlab, command):
    done = mnlab(command)
    assert done.returncode == 2 and "needs a clone" in done.stderr and len(done.stderr.splitlines()) == 1
