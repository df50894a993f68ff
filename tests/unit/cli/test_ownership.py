"""Who owns what was made as root, and what stays as it was."""

import os
import stat

import pytest

from mnlab.cli.ownership import bring_out, give_back, make_folder

USER = 54321

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files that are not its user's")


@pytest.fixture
def sudo(monkeypatch):
    monkeypatch.setenv("SUDO_UID", str(USER))
    monkeypatch.setenv("SUDO_GID", str(USER))


@pytest.fixture
def made(tmp_path):
    """runs/arp-1 with files and links."""
    evidence = tmp_path / "runs/arp-1"
    (evidence / "captures").mkdir(parents=True)
    (evidence / "captures/h1.pcap").write_bytes(b"")
    (tmp_path / "other").write_bytes(b"")
    (evidence / "link").symlink_to(tmp_path / "other")
    return evidence


def owners(*paths):
    return {path.lstat().st_uid for path in paths}


def test_all_of_it_goes_to_who_called_sudo_and_nothing_around_it(made, sudo):
    give_back(made, None)
    assert owners(made, *made.rglob("*")) == {USER}
    assert owners(made.parent, made.parent.parent / "other") == {0}  # a link is given, not what it points at


def test_without_sudo_all_stays(made, monkeypatch):
    monkeypatch.delenv("SUDO_UID", raising=False)
    give_back(made)
    assert owners(made, *made.rglob("*")) == {0}


def test_a_folder_system_without_owners_ends_nothing(made, sudo, monkeypatch):
    def refuse(*_, **__):
        raise OSError(38, "Function not implemented")
    monkeypatch.setattr(os, "chown", refuse)
    give_back(made)


def test_folders_that_were_missing_are_the_users_those_that_were_there_stay(tmp_path, sudo):
    make_folder(tmp_path / "a/b/runs")
    assert owners(tmp_path / "a", tmp_path / "a/b", tmp_path / "a/b/runs") == {USER} and owners(tmp_path) == {0}
    make_folder(tmp_path)
    assert owners(tmp_path) == {0}


def test_what_a_command_wrote_is_brought_out_and_what_was_there_is_left_alone(tmp_path, sudo):
    scratch, out = tmp_path / "scratch", tmp_path / "out"
    (scratch / "deep").mkdir(parents=True, mode=0o700)
    (scratch / "deep/new").write_text("new")
    (scratch / "link").symlink_to("/etc/passwd")
    out.mkdir(mode=0o755)
    (out / "old").write_text("old")
    assert [str(name) for name in bring_out(scratch, out)] == ["deep/new"]
    assert (out / "deep/new").read_text() == "new" and (out / "old").read_text() == "old"
    assert owners(out, out / "old") == {0} and owners(out / "deep", out / "deep/new") == {USER}
    assert stat.S_IMODE(out.stat().st_mode) == 0o755 and not os.path.lexists(out / "link")


def test_nothing_written_makes_no_folder(tmp_path):
    (tmp_path / "scratch").mkdir()
    assert bring_out(tmp_path / "scratch", tmp_path / "out") == [] and not (tmp_path / "out").exists()
