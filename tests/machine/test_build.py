"""Building machines: the same bytes twice, once for all who wait, and nothing half-made. Takes minutes."""

import os
import shutil
import signal
import time

import pytest

from mnlab.machine import cache, image, lock
from mnlab.machine.machines import DEFAULT, MACHINES

pytestmark = pytest.mark.slow


def test_the_packages_of_a_lock_give_the_same_image_again(tmp_path, monkeypatch):
    """Built twice, the second time from what the first one wrote down."""
    named = MACHINES[DEFAULT]
    monkeypatch.setenv("MNLAB_CACHE", str(tmp_path))
    first = image.get(named, print)
    known, before = first.lock, first.digest
    (tmp_path / "lock").write_text(str(known))
    again = image.rebuild(named, lock.parse((tmp_path / "lock").read_text()), print)
    assert (again.digest, again.lock) == (before, known)


def test_another_kernel_is_built_without_building_programs_again(tmp_path, monkeypatch):
    monkeypatch.setenv("MNLAB_CACHE", str(tmp_path))
    default, said = image.place(MACHINES[DEFAULT]), []
    shutil.copytree(image.get(MACHINES[DEFAULT], print).userland, tmp_path / "userland")
    latest = image.get(MACHINES["latest"], said.append)
    assert latest.userland == default.userland and latest.digest != default.digest
    assert not any("programs" in line for line in said)
    assert {path.name for path in latest.kernel.iterdir()} == {
        image.KERNEL, image.INITRD, image.MODULES, image.PACKAGES, cache.SEAL}


def test_what_a_lock_names_and_the_archive_has_no_more_is_named(cli):
    text = str(image.get(MACHINES[DEFAULT]).lock).replace("userland curl ", "userland curl 0.1-", 1)
    text = text.replace("kernel kmod ", "kernel kmod 0.2-")
    (cli.folder / "old.lock").write_text(text)
    cli.environment["MNLAB_CACHE"] = str(cli.folder / "cache")
    done = cli("machine", "build", "--lock", cli.folder / "old.lock")
    assert done.returncode == 3 and "no more: kmod 0.2-" in done.stderr and ", curl 0.1-" in done.stderr
    assert not list((cli.folder / "cache").glob("userland-*"))


def test_two_builds_at_once_build_one_machine(cli):
    cli.environment["MNLAB_CACHE"] = str(cli.folder / "cache")
    builds = [cli.start("machine", "build") for _ in range(2)]
    outputs = [process.communicate(timeout=900) for process in builds]
    assert [process.returncode for process in builds] == [0, 0], outputs
    assert sum("building the programs of debian13" in err for _, err in outputs) == 1
    assert sum("waiting for another mnlab that is building the userland" in err for _, err in outputs) == 1
    left = {path.name.split("-")[0] for path in (cli.folder / "cache").iterdir()}
    assert left == {f"{kind}{end}" for kind in ("userland", "kernel", "wheels", "snapshot") for end in ("", ".lock")}


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_build_that_is_ended_leaves_no_process_and_nothing_half_made(cli, how):
    cli.environment["MNLAB_CACHE"] = str(cli.folder / "cache")
    process = cli.start("machine", "build")
    deadline = time.monotonic() + 120
    while not any("mmdebstrap" in line for line in cli.processes().values()) and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(8)  # well into it
    os.killpg(process.pid, how) if how == signal.SIGINT else process.kill()
    process.communicate(timeout=120)
    deadline = time.monotonic() + 30
    while cli.processes() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not cli.processes()
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert {path.name.split("-")[0] for path in (cli.folder / "cache").iterdir()} == {
            "userland.lock", "wheels", "wheels.lock"}
    assert not list((cli.folder / "cache").glob("userland-*"))
    mounts = open("/proc/mounts").read()
    assert str(cli.folder) not in mounts
    assert cli("machine", "clean").returncode == 0
    assert not list((cli.folder / "cache").glob("*.building-*"))
