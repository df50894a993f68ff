"""A job's archive depends on paths, modes and contents alone."""

import io
import os
import tarfile

import pytest

from mnlab.machine.job import MIB, Job, MachineError


def names(job):
    with tarfile.open(fileobj=io.BytesIO(job.archive())) as archive:
        return {member.name: member.mode for member in archive}


def test_files_folders_and_bytes_are_laid_out(tmp_path):
    folder = tmp_path / "folder"
    (folder / "sub/__pycache__").mkdir(parents=True)
    for path in ("one.py", "sub/two.py", "sub/__pycache__/two.pyc"):
        (folder / path).write_text("x")
    (folder / "run.sh").write_text("x")
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("/etc/passwd")
    os.mkfifo(folder / "fifo")
    assert names(Job("m:f", {"src": folder, "raw": b"y", "one": folder / "one.py"})) == {
        "src/one.py": 0o644, "src/sub/two.py": 0o644, "src/run.sh": 0o755, "raw": 0o644, "one": 0o644}


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


def test_names_that_are_not_text_survive(tmp_path):
    (tmp_path / os.fsdecode(b"caf\xe9 \n")).write_text("x")
    assert [os.fsencode(name) for name in names(Job("m:f", {"w": tmp_path}))] == [b"w/caf\xe9 \n"]
