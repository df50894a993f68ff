"""How layers are built: the same bytes twice, with packages of one's own, and refused in words."""

import hashlib
import json

import pytest

from mnlab.lab import run as labrun
from mnlab.lab.lab import Lab
from mnlab.machine import cache, contents, image, layers, lock
from mnlab.machine.machines import DEFAULT, FULL, MACHINES
from mnlab.machine.vm import VirtualMachine

NAMED = MACHINES[DEFAULT].having(FULL)


def test_the_same_packages_give_the_same_bytes(tmp_path):
    built = image.get(NAMED)
    image.build_layer(NAMED, tmp_path, print, built.lock)
    assert cache.sha256(tmp_path / layers.FILES) == cache.digests(built.over[0])[layers.FILES]
    assert layers.in_(tmp_path) == built.lock.full


def test_core_is_the_same_below_full():
    """Its layers are the first of full's, and what identifies it is made of these alone."""
    core, full = image.get(MACHINES[DEFAULT]), image.get(NAMED)
    assert full.folders[:2] == core.folders
    files = [cache.digests(core.userland)[image.ROOTFS],
             *(cache.digests(core.kernel)[name] for name in (image.KERNEL, image.INITRD, image.MODULES))]
    assert core.digest == hashlib.sha256(repr(files).encode()).hexdigest() != full.digest


def test_full_takes_no_more_than_500_mib():
    assert sum(file.stat().st_blocks * 512 for file in image.get(NAMED).over[0].iterdir()) <= 500 * 1024 * 1024


def test_a_package_of_ones_own(mnlab, exec_full):
    done = mnlab("machine", "build", "--add", "jq")
    assert done.returncode == 0 and "(--image core,jq) is ready" in done.stderr, done.stderr
    done, _ = exec_full("jq", "-n", "1 + 1", image="core,jq", send=())
    assert (done.returncode, done.stdout) == (0, "2\n"), done.stderr
    rows = json.loads(mnlab("machine", "list", "--json").stdout)["machines"]
    assert (DEFAULT, "core,jq") in [(row["machine"], row["image"]) for row in rows]
    done = mnlab("machine", "diff", DEFAULT, f"{DEFAULT}:core,jq")
    assert done.returncode == 1 and done.stdout.splitlines()[0].split()[:2] == ["jq", "-"], done.stdout
    assert "removed layer-trixie-added-" in mnlab("machine", "clean", "--image", "core,jq").stdout


def test_packages_that_there_are_not_are_told_before_anything_is_installed(mnlab):
    done = mnlab("machine", "build", "--add", "jqq", "--add", "curl", "--add", "tcpflo")
    assert done.returncode == 2, done.stderr
    assert "Debian (trixie) has no package jqq, tcpflo" in done.stderr and "Traceback" not in done.stderr


def test_the_page_is_what_the_image_has():
    """Of the committed lock; where Debian's updates have moved on, that is reported, and each name is compared."""
    known, built = lock.known(f"{DEFAULT}-{FULL}"), image.get(NAMED).lock
    if newer := lock.differences(known, built):
        print(f"packages newer than in the committed lock: {len(newer)}; `mnlab machine contents` may be made again")
    names = [[name for name in known.versions if name in {one for _, one, _ in layers.listed(file)}] for file in ("packages.txt", "full.txt")]
    assert all(name in built.versions for part in names for name in part)
    assert contents.known()


@pytest.mark.parametrize("word", ["vtysh", "numpy"])
def test_a_lab_that_needs_it_runs_where_it_is(word, tmp_path):
    """By its `needs` alone, whatever image was asked for."""
    look = {"vtysh": "command -v vtysh", "numpy": "python3 -c 'import numpy'"}[word]
    (tmp_path / "mine/solution").mkdir(parents=True)
    (tmp_path / "mine/experiment.py").write_text(f'''from mnlab.lab import Diagram
needs = ("{word}",)
diagram = Diagram(captures=("h1",), protocols=("icmp",))
def variant(rng):
    return {{}}
def topology(params):
    from topologies.lan import Lan
    return Lan(hosts=2)
def experiment(net, rec, work):
    rec.run("probe", net["h1"], ["sh", "-c", """{look}"""])
''')
    (tmp_path / "mine/checks.py").write_text("")
    (tmp_path / "mine/README.md").write_text("# Mine\n")
    run = labrun.run(Lab(tmp_path / "mine"), VirtualMachine(), tmp_path / "mine/solution", 1, tmp_path / "run")
    assert run.scenes["experiment"].manifest["outcome"] == "ok", run.scenes["experiment"].manifest
    assert run.manifest["machine"]["image"] == FULL
