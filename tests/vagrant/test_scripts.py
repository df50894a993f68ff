"""What the scripts say to who uses them. How they are written is tested in tests/unit/project/test_gates.py."""

import subprocess

from .conftest import ROOT


def test_the_builder_says_what_it_makes_when_asked_for_something_else():
    done = subprocess.run([ROOT / "vagrant/box/build", "hyperv"], capture_output=True, text=True)
    assert done.returncode == 2 and "libvirt" in done.stderr and "virtualbox" in done.stderr
