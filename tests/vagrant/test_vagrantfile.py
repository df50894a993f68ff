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


def values(*before, **environment):
    """What the Vagrantfile asks for; `before` are words to put before the command."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MNLAB_")}
    done = subprocess.run([*before, "ruby", HERE / "values.rb", ROOT / "vagrant/Vagrantfile"], env=clean | environment,
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
    assert usual["box"] == "bento/debian-13" and re.fullmatch(r"\d{6}\.\d\d\.\d", usual["box_version"])
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
    *_, options = folder(values(MNLAB_SYNC="rsync")["providers"][provider])
    assert options["type"] == "rsync"
    assert "--delete" not in options["rsync__args"]
    assert "/runs/" in options["rsync__exclude"]  # those of this computer would be mixed with the machine's


def test_only_qemu_needs_rsync():
    providers = values()["providers"]
    assert [name for name in PROVIDERS if folder(providers[name])[2].get("type") == "rsync"] == ["qemu"]


@pytest.mark.parametrize("number, kind", [(0, "virtiofs"), (1000, "virtiofs"), (1001, "rsync")])
def test_libvirts_folder_is_one_that_the_machines_user_can_write(number, kind):
    """virtiofs keeps the numbers of users, and the user in the machine is 1000."""
    asked = values("setpriv", f"--reuid={number}", "--clear-groups")["providers"]["libvirt"]
    assert folder(asked)[2]["type"] == kind


def test_qemu_is_sought_where_it_is(on_a_copy):
    places = "/opt/homebrew/share/qemu", "/usr/local/share/qemu", "/usr/share/qemu"
    show = f"ruby {HERE}/values.rb {ROOT}/vagrant/Vagrantfile"
    commands = [f"mkdir -p {' '.join(places)}", *(f"{show}; rm -r {place}" for place in places), show]
    done, _ = on_a_copy("; ".join(commands))
    found = [json.loads(line)["providers"]["qemu"]["machine"].get("qemu_dir") for line in done.stdout.splitlines()]
    assert found == [*places, None]


@pytest.mark.parametrize("processor, machine, arch", [("x86_64", "q35", "x86_64"), ("arm64", "virt", None)])
def test_qemu_takes_the_accelerator_that_there_is(processor, machine, arch):
    asked = values("env", f"RUBYOPT=-r{HERE / 'processor.rb'}", PROCESSOR=processor)["providers"]["qemu"]["machine"]
    assert asked["machine"] == f"{machine},accel=kvm:hvf:tcg" and asked.get("arch") == arch
    assert asked["cpu"] == "max"  # "host" is nothing to an emulator


#: The provisioner's own way to hand a variable to the machine's shell.
QUOTE = """require "vagrant"; require Vagrant.source_root.join("plugins/provisioners/shell/provisioner")
print VagrantPlugins::Shell::Provisioner.allocate.send(:quote_and_escape, $stdin.read)"""


@pytest.mark.parametrize("name", ["anna", "Zoë O'Brien", 'a "b" $HOME `id` \\n \\'])
def test_the_machine_is_told_who_made_it(name):
    [[_, options]] = values(USER=name)["provision"]
    quoted = subprocess.run(["ruby", "-e", QUOTE], input=options["env"]["MNLAB_USER"], check=True, capture_output=True,
                            text=True).stdout
    shell = subprocess.run(["bash", "-c", f'MNLAB_USER={quoted} printenv MNLAB_USER'], capture_output=True, text=True)
    assert shell.stdout == name + "\n"


def test_who_made_it_has_a_name_on_windows_too_and_can_be_said():
    def told(**environment):
        [[_, options]] = values("env", "--unset=USER", **environment)["provision"]
        return options["env"]["MNLAB_USER"]
    assert told(USERNAME="ben") == "ben"
    assert told(USERNAME="lab", MNLAB_USER="carla") == "carla"
    assert told() == ""
