"""The shell scripts, read by shellcheck."""

import subprocess

import pytest

from .conftest import ROOT

SCRIPTS = ("vagrant/provision.sh", "vagrant/box/build", "vagrant/box/early.sh", "vagrant/box/customize.sh",
           "tests/vagrant/room.sh", "tests/vagrant/copy.sh", "src/mnlab/machine/try_switch.sh")


@pytest.mark.parametrize("script", SCRIPTS)
def test_shellcheck_finds_nothing(script):
    done = subprocess.run(["shellcheck", ROOT / script], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_builder_says_what_it_makes_when_asked_for_something_else():
    done = subprocess.run([ROOT / "vagrant/box/build", "hyperv"], capture_output=True, text=True)
    assert done.returncode == 2 and "libvirt" in done.stderr and "virtualbox" in done.stderr
