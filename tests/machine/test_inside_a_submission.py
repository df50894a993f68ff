"""A submission is graded from within its folder: a real run, and nothing of the folder is run, imported or obeyed outside
the student's own program, nor by root in the lab machine."""

import json

import pytest

from mnlab.lab import work as workfolder
from mnlab.lab.lab import find

#: QEMU's own, which it would take from the current folder: of another size than those that it was started with.
FIRMWARE = ("bios-256k.bin", "bios.bin", "kvmvapic.bin", "linuxboot_dma.bin", "efi-virtio.rom")

#: What a solution's program does not import: whatever else does is not the student's.
NAMES = ("typer", "rich", "click", "pytest", "_pytest", "scapy", "matplotlib", "cryptography", "mininet", "tomllib",
         "json", "tempfile", "experiment", "topologies", "job", "mailbox", "sitecustomize", "usercustomize", "conftest")


def make_work(folder):
    lab = find("arp")
    workfolder.copy(lab.solution, folder, lab.params(1))
    (folder / workfolder.VARIANT).write_text("seed = 1\n")


@pytest.fixture
def submission(traps):
    """Work for the lab arp, and whoever looks around in the folder springs a trap."""
    make_work(traps.folder)
    traps.modules(NAMES)
    traps.packages(["mnlab"])
    for name in ("python3", "qemu-system-x86_64", "setpriv", "taskset", "readlink", "dirname", "id", "stat", "cksum"):
        (traps.folder / name).write_text(f'#!/bin/sh\necho "program $0" >>{traps.sprung}\n')
        (traps.folder / name).chmod(0o755)
    traps.settings()
    for name in FIRMWARE:
        (traps.folder / name).write_bytes(b"\xf4" * 4096)
    return traps


def verdicts(done) -> dict:
    [result] = json.loads(done.stdout)["labs"]
    return {check["name"]: check["status"] for check in result["checks"]}


def test_a_submission_is_graded_from_within(submission, cli, tmp_path):
    done = submission.mnlab("check", "arp", "--work", ".", "--out", tmp_path / "runs", "--json")
    assert submission.found() == [] and "Traceback" not in done.stderr, done.stderr
    (cli.folder / "clean").mkdir()
    make_work(cli.folder / "clean")
    clean = verdicts(cli("check", "arp", "--work", "clean", "--json"))
    assert verdicts(done) == clean and {"passed"} <= set(clean.values()) <= {"passed", "failed"}, done.stderr


def test_root_in_the_machine_imports_nothing_from_where_a_job_goes(job):
    assert job("""
def main():
    (RESULT / "result.json").write_text(json.dumps([part for part in sys.path if not os.path.isabs(part)]))
""").json() == []
