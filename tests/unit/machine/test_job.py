"""A job's archive depends on paths, modes and contents alone."""

import os

import pytest

from mnlab.machine import mailbox
from mnlab.machine.job import MIB, Executable, Job, MachineError


@pytest.fixture
def names(tmp_path):
    """What a job unpacks to: path below /job to mode."""
    def unpack(job):
        place = tmp_path / "unpacked"
        place.mkdir()
        mailbox.unpack(job.archive(), str(place))
        return {str(path.relative_to(place)): path.stat().st_mode & 0o777 for path in place.rglob("*") if path.is_file()}
    return unpack


@pytest.mark.parametrize("name", ["/etc/passwd", "../outside", "a/../../outside"])
def test_packed_files_stay_in_their_folder(tmp_path, name):
    with pytest.raises(ValueError, match="outside its folder"):
        mailbox.unpack(mailbox.index([(name, 0o644, 1)]) + b"x", str(tmp_path))


def test_packed_files_that_are_cut_short_are_noticed(tmp_path):
    with pytest.raises(ValueError, match="cut short"):
        mailbox.unpack(mailbox.index([("a", 0o644, 5)]) + b"x", str(tmp_path))


def test_files_folders_and_bytes_are_laid_out(tmp_path, names):
    folder = tmp_path / "folder"
    (folder / "sub/__pycache__").mkdir(parents=True)
    for path in ("one.py", "sub/two.py", "sub/__pycache__/two.pyc"):
        (folder / path).write_text("x")
    (folder / "run.sh").write_text("x")
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("/etc/passwd")
    os.mkfifo(folder / "fifo")
    assert names(Job("m:f", {"src": folder, "raw": b"y", "tool": Executable(b"z"), "one": folder / "one.py"})) == {
        "tool": 0o755, "src/one.py": 0o644, "src/sub/two.py": 0o644, "src/run.sh": 0o755, "raw": 0o644, "one": 0o644}


def test_neither_time_nor_order_changes_a_byte(tmp_path):
    for name in "ba":
        (tmp_path / name).write_text(name)
    first = Job("m:f", {"b": tmp_path / "b", "a": tmp_path / "a"}).archive()
    os.utime(tmp_path / "a", (1, 1))
    assert Job("m:f", {"a": tmp_path / "a", "b": tmp_path / "b"}).archive() == first


def test_too_much_is_refused_with_the_file_that_was_too_much():
    with pytest.raises(MachineError, match="over 95 MiB .at z."):
        Job("m:f", {"a": bytes(60 * MIB), "z": bytes(40 * MIB)}).archive()


def test_what_does_not_exist_is_named(tmp_path):
    with pytest.raises(MachineError, match="no such file"):
        Job("m:f", {"a": tmp_path / "absent"}).archive()


def test_names_that_are_not_text_survive(tmp_path, names):
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / os.fsdecode(b"caf\xe9 \n")).write_text("x")
    assert [os.fsencode(name) for name in names(Job("m:f", {"w": tmp_path / "w"}))] == [b"w/caf\xe9 \n"]
