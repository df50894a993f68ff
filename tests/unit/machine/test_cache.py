"""The cache: an entry is complete or absent, whoever builds it, however often, and however that ends."""

import errno
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from mnlab.machine import cache, qemu
from mnlab.machine.job import MachineError, WrongCache

SRC = str(Path(cache.__file__).parents[2])

BUILDER = """
import os, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts in the background is deaf to it
from pathlib import Path
from mnlab.machine import cache
def build(folder):
    (folder / "part").write_bytes(b"half")
    with open("builds", "a") as log: log.write("build\\n")
    print("building", flush=True)
    if sys.argv[1] == "hang": time.sleep(1000)
    until = time.monotonic() + 30
    while sys.argv[1] == "slow" and not Path("go").exists() and time.monotonic() < until: time.sleep(0.01)
    (folder / "part").write_bytes(b"whole")
print(cache.entry("thing-1", build, lambda text: print(text, flush=True)))
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("MNLAB_CACHE", str(tmp_path / "cache"))
    return tmp_path


def start(folder, how):
    return subprocess.Popen([sys.executable, "-Pc", BUILDER, how], cwd=folder, stdout=subprocess.PIPE, text=True,
                            env={**os.environ, "PYTHONPATH": SRC})


def build(text):
    return lambda folder: (folder / "part").write_text(text)


def test_two_at_once_build_once(folder):
    first = start(folder, "slow")
    assert first.stdout.readline() == "building\n"
    second = start(folder, "slow")
    assert "waiting for another mnlab that is building the thing" in second.stdout.readline()
    (folder / "go").touch()
    places = {process.communicate(timeout=60)[0].strip() for process in (first, second)}
    assert places == {str(folder / "cache/thing-1")} and first.returncode == second.returncode == 0
    assert (folder / "builds").read_text() == "build\n"
    assert (folder / "cache/thing-1/part").read_bytes() == b"whole"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_build_leaves_nothing_that_could_be_used(folder, how):
    process = start(folder, "hang")
    assert process.stdout.readline() == "building\n"
    process.send_signal(how)
    process.communicate(timeout=60)
    assert not (folder / "cache/thing-1").exists()
    place = cache.entry("thing-1", build("whole"), lambda text: None)
    assert (place / "part").read_text() == "whole"
    assert sorted(path.name for path in (folder / "cache").iterdir()) == ["thing-1", "thing.lock"]


def test_a_failed_build_leaves_nothing(folder):
    def fail(folder):
        (folder / "part").write_text("half")
        raise ValueError("no")

    with pytest.raises(ValueError):
        cache.entry("thing-1", fail, lambda text: None)
    assert [path.name for path in (folder / "cache").iterdir()] == ["thing.lock"]


def damage_a_byte(place):
    (place / "part").write_bytes(b"whOle")


def cut_short(place):
    os.truncate(place / "part", 2)


def lose_a_file(place):
    (place / "part").unlink()


def lose_the_seal(place):
    (place / cache.SEAL).unlink()


def garble_the_seal(place):
    (place / cache.SEAL).write_bytes(b"\xff\x00[")


def another_kind_of_seal(place):
    (place / cache.SEAL).write_text("[1, 2]")


@pytest.mark.parametrize("harm", [damage_a_byte, cut_short, lose_a_file, lose_the_seal, garble_the_seal, another_kind_of_seal])
def test_a_damaged_entry_is_noticed_and_built_again(folder, harm):
    place = cache.entry("thing-1", build("whole"), lambda text: None)
    time.sleep(0.01)  # a clock tick of the file system, so that the change shows in the file's time
    harm(place)
    said = []
    assert (cache.entry("thing-1", build("again"), said.append) / "part").read_text() == "again"
    assert said == ["the cached thing is damaged: building it again"]


def test_a_full_disk_is_said_to_be_the_caches(folder):
    def build(place):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(MachineError, match=f"the thing could not be put into the cache {folder}/cache: No space left"):
        cache.entry("thing-1", build, print)
    assert not list((folder / "cache").glob("thing*-*"))


def test_a_copied_cache_is_whole_though_its_times_differ(folder):
    place = cache.entry("thing-1", build("whole"), lambda text: None)
    os.utime(place / "part", (1, 1))
    assert cache.is_whole(place) and cache.is_whole(place, thorough=True)


def test_only_a_thorough_look_sees_a_change_that_hides_its_time(folder):
    place = cache.entry("thing-1", build("whole"), lambda text: None)
    before = (place / "part").stat()
    damage_a_byte(place)
    os.utime(place / "part", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert not cache.is_whole(place, thorough=True)


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777, 0o1777])
def test_a_cache_that_others_can_write_is_refused(folder, mode):
    (folder / "cache").mkdir()
    (folder / "cache").chmod(mode)
    with pytest.raises(WrongCache, match="others can write the cache"):
        cache.entry("thing-1", build("whole"), lambda text: None)
    assert not list((folder / "cache").iterdir())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_cache_of_another_user_is_refused(folder):
    (folder / "cache").mkdir()
    os.chown(folder / "cache", 54321, 54321)
    with pytest.raises(WrongCache, match="belongs to another user"):
        cache.cache_folder()


def test_a_cache_that_is_made_is_closed_to_others_whatever_they_may_do_elsewhere(folder):
    before = os.umask(0)
    try:
        cache.entry("thing-1", build("whole"), lambda text: None)
    finally:
        os.umask(before)
    assert cache.cache_folder().stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("place", ["cache", "./cache", "~/cache"])
def test_a_cache_in_the_current_folder_is_refused(monkeypatch, place):
    monkeypatch.setenv("MNLAB_CACHE", place)
    with pytest.raises(WrongCache, match="not absolute"):
        cache.cache_folder()


@pytest.mark.parametrize("environment, expected", [
    ({"MNLAB_CACHE": "/a/b"}, "/a/b"), ({"XDG_CACHE_HOME": "/c"}, "/c/mnlab"), ({"HOME": "/h"}, "/h/.cache/mnlab")])
def test_where_the_cache_is(monkeypatch, environment, expected):
    for name in ("MNLAB_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert str(cache.cache_folder()) == expected


def test_entries_are_renewed_together_or_not_at_all(tmp_path, monkeypatch):
    monkeypatch.setenv("MNLAB_CACHE", str(tmp_path))
    for name in ("kernel-1", "userland-1"):
        cache.entry(name, lambda folder: (folder / "data").write_text("old"), lambda text: None)

    def written(text, trouble=False):
        with cache.renewed("kernel-1", "userland-1") as folders:
            for folder in folders.values():
                (folder / "data").write_text(text)
                if trouble:
                    raise KeyboardInterrupt
        return [(tmp_path / name / "data").read_text() for name in folders]

    assert written("new") == ["new", "new"]
    with pytest.raises(KeyboardInterrupt):
        written("newer", trouble=True)
    assert [(tmp_path / name / "data").read_text() for name in ("kernel-1", "userland-1")] == ["new", "new"]
    assert all(cache.is_whole(tmp_path / name, thorough=True) for name in ("kernel-1", "userland-1"))
    assert not list(tmp_path.glob("*.building-*"))


def as_nobody(do) -> str:
    """What `do` returns where it has no rights (uid 65534, if this is root)."""
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setresgid(65534, 65534, 65534)
                os.setresuid(65534, 65534, 65534)
            os.write(writer, str(do()).encode())
        except BaseException as problem:
            os.write(writer, f"{type(problem).__name__}: {problem}".encode())
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, "rb") as told:
        text = told.read().decode()
    os.waitpid(child, 0)
    return text


def test_in_a_cache_that_can_only_be_read_small_entries_are_made_for_the_process(monkeypatch):
    with tempfile.TemporaryDirectory() as name:  # others may look into it, unlike pytest's
        folder = Path(name)
        folder.chmod(0o555)
        monkeypatch.setenv("MNLAB_CACHE", str(folder))
        made = as_nobody(lambda: [(cache.entry("features-1", build(word), lambda text: None) / "part").read_text()
                                  for word in ("made", "again")])
        assert made == "['made', 'made']" and not list(folder.iterdir())
        assert as_nobody(lambda: cache.entry("userland-1", build("x"), lambda text: None)).startswith("MachineError: ")


def test_memory_is_copied_with_its_holes(tmp_path):
    with open(tmp_path / "ram", "wb") as file:
        file.seek(8 << 20)
        file.write(b"here")
        file.truncate(64 << 20)
    copy = qemu.own_copy(tmp_path / "ram")
    assert os.fstat(copy.fileno()).st_size == 64 << 20 and os.fstat(copy.fileno()).st_blocks * 512 < 1 << 20
    assert os.pread(copy.fileno(), 6, (8 << 20) - 1) == b"\0here\0"
    assert qemu.own_copy(tmp_path / "ram") is copy
