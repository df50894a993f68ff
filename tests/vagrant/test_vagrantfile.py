"""The Vagrantfile: valid to Vagrant itself, and what it asks of each provider, installed or not."""

import json
import os
import re
import subprocess

import pytest

from .conftest import HERE, ROOT, copy_project

PROVIDERS = ("virtualbox", "vmware_desktop", "parallels", "libvirt", "qemu")

#: Enough of VirtualBox for Vagrant to load its provider and check the block for it.
VBOXMANAGE = """#!/bin/sh
echo 7.0.20r163906
"""


@pytest.fixture
def validate(tmp_path):
    """Runs `vagrant validate` for VirtualBox, on a copy of the Vagrantfile with `extra` lines in its block."""
    copy_project(tmp_path / "project")
    (tmp_path / "bin").mkdir()
    stub = tmp_path / "bin/VBoxManage"
    stub.write_text(VBOXMANAGE)
    stub.chmod(0o755)

    def run(extra=""):
        file = tmp_path / "project/vagrant/Vagrantfile"
        opening = '"virtualbox" do |machine, override|\n'
        file.write_text(file.read_text().replace(opening, f"{opening}{extra}\n"))
        environment = {**os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "VAGRANT_CHECKPOINT_DISABLE": "1",
                       "VAGRANT_DEFAULT_PROVIDER": "virtualbox", "VAGRANT_HOME": str(tmp_path / "home")}
        return subprocess.run(["vagrant", "validate"], cwd=file.parent, env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=300)
    return run


def test_vagrant_finds_it_valid_for_virtualbox(validate):
    """For libvirt, test_lifecycle.py is the proof: there Vagrant asks the daemon itself."""
    done = validate()
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_mistake_in_the_virtualbox_block_would_be_found(validate):
    done = validate("    machine.memroy = 1")
    assert done.returncode != 0 and "memroy" in done.stdout + done.stderr


def values(**environment):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MNLAB_")}
    done = subprocess.run(["ruby", HERE / "values.rb", ROOT / "vagrant/Vagrantfile"], env=clean | environment,
                          check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def folder(asked):
    """(here, in the machine, options) of the provider's shared folder."""
    [shared] = asked["override"]["vm"]["synced_folder"]
    return shared


def numbers(asked):
    """What a provider's block says of memory and processors, whatever it calls them."""
    return re.findall(r"\d+", json.dumps([value for name, value in asked["machine"].items()
                                          if name in ("memory", "cpus", "vmx", "smp")]))


def test_the_box_is_pinned_and_can_be_chosen():
    usual = values()
    assert usual["box"] == "bento/debian-12" and re.fullmatch(r"\d{6}\.\d\d\.\d", usual["box_version"])
    own = values(MNLAB_BOX="mine")
    assert own["box"] == "mine" and "box_version" not in own
    assert values(MNLAB_BOX="mine", MNLAB_BOX_VERSION="7")["box_version"] == "7"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_provider_takes_memory_processors_and_the_project(provider):
    asked = values(MNLAB_MEMORY="1234", MNLAB_CPUS="5")["providers"][provider]
    assert numbers(asked) == ["1234", "5"]
    assert folder(asked)[:2] == ["..", "/vagrant"]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_rsync_can_be_asked_for_and_never_removes_what_was_recorded(provider):
    here, there, options = folder(values(MNLAB_SYNC="rsync")["providers"][provider])
    assert options["type"] == "rsync"
    assert "--delete" not in options["rsync__args"]


def test_only_qemu_needs_rsync():
    providers = values()["providers"]
    assert [name for name in PROVIDERS if folder(providers[name])[2].get("type") == "rsync"] == ["qemu"]
