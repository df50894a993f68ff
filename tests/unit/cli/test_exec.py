"""What `mnlab exec` sends and brings back, without a machine."""

import json
import os

import pytest

from mnlab.cli import exec as command
from mnlab.cli.options import WrongUsage


@pytest.fixture
def sent(tmp_path):
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    (folder / "empty").mkdir()
    (folder / "deep/a").write_text("a")
    (folder / "near").symlink_to("deep/a")
    (folder / "deep/up").symlink_to("../near")
    (folder / "away").symlink_to("/etc/passwd")
    (folder / "deep/out").symlink_to("../../other")
    os.mkfifo(folder / "fifo")
    os.utime(folder / "deep/a", ns=(10**18, 10**18 + 5))
    return folder


def test_links_empty_folders_and_times_go_along_and_the_rest_is_named(sent):
    files, wanted, left_out = command.collect([sent])
    assert set(files) == {"files/in/deep/a"} and wanted["folders"] == ["in/empty"]
    assert wanted["links"] == {"in/near": "deep/a", "in/deep/up": "../near"}
    assert wanted["files"]["in/deep/a"] == [10**18 + 5, 0o644]
    assert len(left_out) == 3 and all(any(name in line for line in left_out) for name in ("away", "deep/out", "fifo"))


def test_a_link_that_is_named_is_sent_under_its_own_name(sent):
    files, _, _ = command.collect([sent / "near"])
    assert list(files) == ["files/near"] and files["files/near"].read_text() == "a"


def test_two_of_one_name_are_refused(sent, tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b/in").write_text("x")
    with pytest.raises(WrongUsage, match="called in"):
        command.collect([sent, tmp_path / "b/in"])


@pytest.mark.parametrize("name, target, inside", [
    ("a", "b", True), ("d/a", "../b", True), ("d/a", "../../b", False), ("a", "/b", False), ("a", "l/../b", False),
    ("d/e/a", "../..", True), ("a", "..", False)])
def test_where_a_link_leads(name, target, inside):
    assert command.stays_inside(name, target) == inside
    assert command.stays_inside(f"top/{name}", target, top="top") == inside


def result(folder, files=(), links=None, folders=(), left_out=()):
    told = {"links": links or {}, "folders": list(folders), "files": {}, "left_out": list(left_out)}
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
        told["files"][name] = [10**18, 0o755]
    (folder / "exec.json").write_text(json.dumps(told))


def test_what_comes_back_is_as_it_was(tmp_path):
    scratch, out = tmp_path / "scratch", tmp_path / "out"
    scratch.mkdir()
    result(scratch, ["files/run", "outside/tmp/h1.pcap"], {"files/l": "run"}, ["files/none"], ["said"])
    brought, problems = command.bring_back(scratch, out)
    assert brought == ["l", "none/", "run", "tmp/h1.pcap"] and problems == ["said"]
    assert (out / "run").stat().st_mtime_ns == 10**18 and os.access(out / "run", os.X_OK)
    assert os.readlink(out / "l") == "run" and (out / "none").is_dir() and (out / "tmp/h1.pcap").is_file()
    assert command.bring_back(scratch, out)[1] == ["said"]  # again, over what is there


def test_nothing_is_written_outside(tmp_path):
    scratch, out = tmp_path / "scratch", tmp_path / "out"
    scratch.mkdir()
    out.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (out / "old").symlink_to("../elsewhere")
    (tmp_path / "kept").write_text("kept")
    (out / "file").symlink_to("../kept")
    result(scratch, ["files/old/x", "files/file"], {"files/a": "/etc/passwd", "files/old/b": "c"})
    brought, problems = command.bring_back(scratch, out)
    assert brought == ["file"] and len(problems) == 3
    assert not list((tmp_path / "elsewhere").iterdir()) and (tmp_path / "kept").read_text() == "kept"
    assert not (out / "file").is_symlink()
