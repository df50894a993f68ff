"""A machine's whole life, for real: libvirt, QEMU without KVM, a box built here, no network to the outside.

Minutes: the labs run in real time.
"""

import glob
import json
import os
import re
import time

import pytest

LABS = ("arp", "ping", "congestion", "dns", "https")

#: Mininet itself, unmodified: its own test, the project's topologies, an example of its own; and as a job.
MININET = ("sudo mn --test pingall", "sudo mn --custom topologies/lan.py --topo lan,3 --test pingall",
           "echo pingall | sudo python3 -m mininet.examples.linuxrouter",
           "mnlab exec --send topologies/lan.py -- mn --custom lan.py --topo lan,3 --test pingall")


#: Seconds that a step may take: about three times what was seen on a computer of two busy cores (`up` 1,021, labs 714).
LIMITS = {"up": 3000, "labs": 2400, "provision again": 900, "up again, with a folder that is only copied in": 1800,
          "ping again": 600, "halt": 300, "destroy": 300}
COMMAND = 600  # s for one command of Mininet's


@pytest.fixture
def step(capsys):
    """Does one step of the life, within its limit; says that it begins, what it is at, and how long it took."""
    def say(*words, **options):
        with capsys.disabled():
            print(*words, **options)

    def do(name, action, *arguments, **options):
        started = time.monotonic()
        say(f"  {name} ...", flush=True)
        result = action(*arguments, seconds=LIMITS.get(name, COMMAND), say=say, **options)
        say(f"  {name}: {time.monotonic() - started:.0f} s", flush=True)
        return result
    return do


def outside(room):
    """What a room could leave on this computer: interfaces, mounts, libvirt's files."""
    mounts = [line for line in open("/proc/self/mounts") if "libvirt" in line or str(room.folder) in line]
    return sorted(os.listdir("/sys/class/net")), mounts, sorted(glob.glob("/run/*virt*"))


def test_up_labs_provision_halt_up_destroy_and_nothing_is_left(room, step):
    before = outside(room)
    assert "mnlab: ready" in step("up", room.run, "vagrant", "up").stdout
    missed = labs_run_and_their_evidence_is_here(room, step)
    mininet_works(room, step)
    a_user_may_capture(room)

    again = step("provision again", room.run, "vagrant", "provision").stdout
    assert "installing" not in again and "building" not in again and "setting up" not in again

    step("halt", room.run, "vagrant", "halt")
    assert "shutoff" in room.run("vagrant", "status").stdout
    room.environment["MNLAB_SYNC"] = "rsync"
    step("up again, with a folder that is only copied in", room.run, "vagrant", "up")
    step("ping again", room.ssh, "mnlab run ping -q")
    assert not (room.project / "runs/ping-2").exists()
    step("destroy", room.run, "vagrant", "destroy", "-f")
    assert (room.project / "runs/ping-2/manifest.json").is_file(), "what was recorded was not fetched"
    assert room.run("virsh", "list", "--all", "--name").stdout.strip() == ""
    room.wait(lambda: not {"qemu-system-x86", "virtiofsd"} & room.processes(), "the machine's processes to end")
    assert not [name for name in os.listdir(room.folder / "lib/images") if "vagrant_default" in name]
    assert outside(room) == before

    room.close()
    assert not [kind for kind in room.namespaces if room.members(kind)]
    assert outside(room) == before
    assert not missed, "\n".join(missed)  # last, so that a lab's bad luck hides nothing of the machine's life


def labs_run_and_their_evidence_is_here(room, step):
    """On the guest's own kernel; the evidence lies in the project folder of this computer. Checks that did not pass."""
    printed = step("labs", room.ssh, f"mnlab run {' '.join(LABS)} --on host --json -q", check=False)
    labs = json.loads(printed[printed.index("{"):printed.rindex("}") + 1])["labs"]
    assert [lab["lab"] for lab in labs] == list(LABS) and all(lab["checks"] for lab in labs), printed
    for lab in LABS:
        evidence = room.project / f"runs/{lab}-1"
        manifest = json.loads((evidence / "manifest.json").read_text())
        assert manifest["machine"]["machine"] == "host" and manifest["machine"]["clock"] == "real"
        assert list(evidence.glob("scenes/*/captures/*.pcap"))
        assert evidence.stat().st_uid == int(room.ssh("id -u"))  # whose it is to remove
    return [f"{lab['lab']}: {check['name']}: {check['message']}" for lab in labs for check in lab["checks"]
            if check["status"] != "passed"]


def mininet_works(room, step):
    for command in MININET:
        printed = step(command, room.ssh, command)
        assert re.search(r"Results: 0% dropped \((\d+)/\1 received\)", printed), printed


def a_user_may_capture(room):
    assert room.ssh("id -un").strip() == "vagrant"
    assert "Echo (ping) request" in room.ssh("ping -c 100 -i 0.3 127.0.0.1 >/dev/null & "
                                             "tshark -i lo -c 2 -f icmp 2>/dev/null; kill $!", seconds=120)
