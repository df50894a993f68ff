"""What the scripts say to who uses them. How they are written is tested in tests/unit/project/test_gates.py."""

import os
import subprocess

import pytest

from .conftest import ROOT

BUILD = ROOT / "vagrant/box/build"

#: In the place of mmdebstrap.
INSTALLER = """#!/bin/sh
while [ $# -gt 2 ]; do shift; done
echo "$RELEASE is $1"
exit 1
"""


@pytest.mark.parametrize("wish", ["hyperv", "debian11", "debian12 hyperv"])
def test_the_builder_says_what_it_makes_when_asked_for_something_else(wish):
    done = subprocess.run([BUILD, *wish.split()], capture_output=True, text=True)
    assert done.returncode == 2 and f"no release or format {wish.split()[-1]}." in done.stderr
    assert all(name in done.stderr for name in ("debian13", "debian12", "libvirt", "virtualbox"))


@pytest.mark.parametrize("wish, what", [("", "debian13 is trixie"), ("debian13 libvirt", "debian13 is trixie"),
                                        ("debian12", "debian12 is bookworm"), ("virtualbox", "debian13 is trixie")])
def test_the_builder_installs_the_release_that_is_asked_for(tmp_path, wish, what):
    (tmp_path / "mmdebstrap").write_text(INSTALLER)
    (tmp_path / "mmdebstrap").chmod(0o755)
    done = subprocess.run([BUILD, *wish.split()], cwd=tmp_path, capture_output=True, text=True,
                          env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert done.returncode == 2 and what in done.stderr, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mmdebstrap"]
