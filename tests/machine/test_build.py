"""Building the machine: the same bytes twice, once for all who wait, and nothing half-made. Takes minutes."""

import os
import signal
import time

import pytest

from mnlab.machine import cache, image

pytestmark = pytest.mark.slow


def test_the_same_recipe_gives_the_same_image(tmp_path):
    digests = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        image.build(tmp_path / name, print)
        cache.seal(tmp_path / name)
        digests.append(cache.digests(tmp_path / name))
    assert digests[0] == digests[1]
    assert sorted(digests[0]) == sorted([image.KERNEL, image.INITRD, image.ROOTFS])


def test_two_builds_at_once_build_one_machine(cli):
    cli.environment["MNLAB_CACHE"] = str(cli.folder / "cache")
    builds = [cli.start("machine", "build") for _ in range(2)]
    outputs = [process.communicate(timeout=900) for process in builds]
    assert [process.returncode for process in builds] == [0, 0], outputs
    assert sum("building the lab machine's image" in err for _, err in outputs) == 1
    assert sum("waiting for another mnlab that is building the image" in err for _, err in outputs) == 1
    left = sorted(path.name.split("-")[0] for path in (cli.folder / "cache").iterdir())
    assert left == ["image", "image.lock", "snapshot", "snapshot.lock"]


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
        assert [path.name for path in (cli.folder / "cache").iterdir()] == ["image.lock"]
    assert not list((cli.folder / "cache").glob("image-*"))
    mounts = open("/proc/mounts").read()
    assert str(cli.folder) not in mounts
    assert cli("machine", "clean").returncode == 0
    assert not list((cli.folder / "cache").glob("*.building-*"))
