"""The box for VirtualBox, without VirtualBox: what its description promises, and that it boots on such hardware.

The box for libvirt is booted in test_lifecycle.py.
"""

import json
import re
import select
import subprocess
import tarfile
import time
import xml.etree.ElementTree as xml  # noqa: N813

import pytest

OVF = "{http://schemas.dmtf.org/ovf/envelope/1}"
BOOT_SECONDS = 600  # under emulation, on a busy computer


@pytest.fixture(scope="module")
def unpacked(boxes, tmp_path_factory):
    """The folder of what is in the box for VirtualBox."""
    folder = tmp_path_factory.mktemp("virtualbox")
    with tarfile.open(boxes / "mnlab-virtualbox.box") as box:
        box.extractall(folder, filter="data")
    return folder


def disk_information(file):
    done = subprocess.run(["qemu-img", "info", "--output=json", file], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def test_the_description_is_that_of_the_disk(unpacked):
    description = xml.parse(unpacked / "box.ovf").getroot()
    file, disk = description.find(f".//{OVF}File"), description.find(f".//{OVF}Disk")
    vmdk = unpacked / file.get(f"{OVF}href")
    assert int(file.get(f"{OVF}size")) == vmdk.stat().st_size
    information = disk_information(vmdk)
    assert information["format"] == "vmdk" and int(disk.get(f"{OVF}capacity")) == information["virtual-size"]
    assert information["format-specific"]["data"]["create-type"] == "streamOptimized"
    assert json.loads((unpacked / "metadata.json").read_text())["provider"] == "virtualbox"


def test_it_boots_on_the_hardware_that_is_described(unpacked):
    """An AHCI disk and an E1000 card."""
    drive = f"file={unpacked / 'disk.vmdk'},if=none,id=disk"
    command = ["setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64", "-M", "q35,accel=tcg", "-cpu", "max",
               "-m", "1024", "-smp", "2", "-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot",
               "-snapshot", "-drive", drive, "-device", "ide-hd,drive=disk,bus=ide.0",
               "-netdev", "user,id=net,restrict=on", "-device", "e1000,netdev=net"]
    machine = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        seen = read_until(machine, rb"debian13 login: ")
        assert b"BUG:" not in seen and b"Kernel panic" not in seen
    finally:
        machine.kill()
        machine.wait()


def read_until(machine, pattern: bytes) -> bytes:
    """What the machine's serial line said, up to `pattern`."""
    seen, deadline = b"", time.monotonic() + BOOT_SECONDS
    while not re.search(pattern, seen):
        ready, _, _ = select.select([machine.stdout], [], [], max(0, deadline - time.monotonic()))
        data = ready and machine.stdout.read1(65536)
        last = seen[-2000:].decode(errors="replace")
        assert data, f"no {pattern.decode()!r} within {BOOT_SECONDS} s; the last it said:\n{last}"
        seen += data
    return seen
