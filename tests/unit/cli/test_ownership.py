"""Who owns what was made as root."""

import os

import pytest

from mnlab.cli.ownership import give_back

USER = 54321

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files that are not its user's")


@pytest.fixture
def made(tmp_path):
    """runs/arp-1 with files and links, in a folder of the user's."""
    os.chown(tmp_path, USER, USER)
    evidence = tmp_path / "runs/arp-1"
    (evidence / "captures").mkdir(parents=True)
    (evidence / "captures/h1.pcap").write_bytes(b"")
    (tmp_path / "other").write_bytes(b"")
    (evidence / "link").symlink_to(tmp_path / "other")
    return evidence


def owners(*paths):
    return {path.lstat().st_uid for path in paths}


def test_all_of_it_and_the_folder_around_it_go_to_who_called_sudo(made, monkeypatch):
    monkeypatch.setenv("SUDO_UID", str(USER))
    monkeypatch.setenv("SUDO_GID", str(USER))
    give_back(made, None)
    assert owners(made, made.parent, *made.rglob("*")) == {USER}
    assert owners(made.parent.parent / "other") == {0}  # a link is given, not what it points at


def test_without_sudo_all_stays(made, monkeypatch):
    monkeypatch.delenv("SUDO_UID", raising=False)
    give_back(made)
    assert owners(made, *made.rglob("*")) == {0}


def test_a_folder_that_is_not_in_the_users_own_stays(made, monkeypatch):
    monkeypatch.setenv("SUDO_UID", str(USER))
    monkeypatch.setenv("SUDO_GID", str(USER))
    os.chown(made.parent.parent, 0, 0)
    give_back(made)
    assert owners(made.parent) == {0} and owners(made) == {USER}
