"""QEMU missing or too old: the message says what to do."""

import re

import pytest

from mnlab.lab.lab import ROOT
from mnlab.machine import tools
from mnlab.machine.job import MachineError


def install(folder, text):
    for name in ("qemu-system-x86_64", "setpriv"):
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    tools.qemu_version.cache_clear()
    yield tmp_path
    tools.qemu_version.cache_clear()


def test_missing_programs_are_named_with_their_packages(path):
    with pytest.raises(MachineError, match="(?s)qemu-system-x86_64, setpriv not found.*apt-get install .*qemu-system-x86 util-linux"):
        tools.qemu_version()


@pytest.mark.parametrize("version", ["5.2.0 (Debian 1:5.2+dfsg-11)", "6.2.0", "7.1.90"])
def test_an_old_qemu_is_refused_by_version(path, version):
    install(path, f"echo 'QEMU emulator version {version}'")
    with pytest.raises(MachineError, match="too old: mnlab needs 7.2 or later"):
        tools.qemu_version()


@pytest.mark.parametrize("line, version", [
    ("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)", "7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)"),
    ("QEMU emulator version 10.0.2", "10.0.2"), ("QEMU emulator version 8.2.2 (Debian 1:8.2.2+ds-0ubuntu1)", "8.2.2 (Debian 1:8.2.2+ds-0ubuntu1)")])
def test_a_version_that_will_do(path, line, version):
    install(path, f"echo '{line}'")
    assert tools.qemu_version() == version


@pytest.mark.parametrize("version, known", [
    ("7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)", True), ("11.1.3", True), ("10.0.13 (Debian 1:10.0.13+ds-0+deb13u1)", True),
    ("7.20.1", False), ("11.2.0", False), ("12.0.0 (a build of my own)", False)])
def test_a_version_that_was_not_tried_is_called_that(version, known):
    words = tools.untried(version)
    assert words == "" if known else words.endswith(f"and {tools.TRIED_QEMU[-1]}; this is {version})")


@pytest.mark.parametrize("text", ["exit 1", "echo hello", ""])
def test_a_qemu_that_says_nothing_of_use(path, text):
    install(path, text)
    with pytest.raises(MachineError, match="gave no version"):
        tools.qemu_version()


@pytest.mark.parametrize("user, programs", [
    (0, {"mmdebstrap", "sqfstar"}), (1000, {"mmdebstrap", "sqfstar", "newuidmap"})])
def test_who_is_not_root_needs_more_to_build(monkeypatch, user, programs):
    monkeypatch.setattr(tools.os, "geteuid", lambda: user)
    assert set(tools.building()) == programs


@pytest.mark.parametrize("program", [program for program in tools.PACKAGES if program != "setpriv"])  # it is essential
def test_the_launcher_names_the_same_packages(program):
    line = rf"command -v {program}\b.*\b{tools.PACKAGES[program]}\b"
    assert re.search(line, (ROOT / "mnlab").read_text()), f"the launcher does not look for {program}"
