"""How the image is built where unshare(1) is refused, as in a plain container."""

import os
import shutil
import signal
import subprocess
import sys

import pytest

from mnlab.machine import debian, image, layers
from mnlab.machine.job import MachineError
from mnlab.machine.machines import MACHINES, UnknownMachine, find

SAY = "from mnlab.machine import debian; print(*debian.bounded()[0]); print(debian.bounded()[1].name)"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root would have namespaces")
@pytest.mark.parametrize("lost", ["", "sys_admin"])
def test_without_rights_the_build_has_no_namespaces(lost):
    """Without CAP_SYS_ADMIN unshare(1) is refused; what is run instead must work."""
    drop = ["setpriv", f"--bounding-set=-{lost}", f"--inh-caps=-{lost}"] if lost else []
    refused = subprocess.run([*drop, "unshare", "--mount", "true"], capture_output=True).returncode != 0
    done = subprocess.run([*drop, sys.executable, "-c", SAY], capture_output=True, text=True, check=True)
    prefix, ending = done.stdout.splitlines()
    assert ("unshare" in prefix, ending) == ((False, "SIGTERM") if refused else (True, "SIGKILL"))
    assert refused or not lost
    assert subprocess.run([*drop, *prefix.split(), "true"]).returncode == 0


def test_machines_share_what_is_equal_and_a_changed_recipe_is_a_new_image(tmp_path, monkeypatch):
    default, latest, former = (image.place(MACHINES[name]) for name in ("debian13", "latest", "debian12"))
    assert default.userland == latest.userland != former.userland
    assert len({default.kernel, latest.kernel, former.kernel}) == 3
    shutil.copytree(image.RECIPE, tmp_path / "recipe", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(image, "RECIPE", tmp_path / "recipe")
    (tmp_path / "recipe/kernel.sh").write_text("another")
    changed = image.place(MACHINES["debian13"])
    assert changed.userland == default.userland and changed.kernel != default.kernel
    (tmp_path / "recipe/packages.txt").write_text("another")
    assert image.place(MACHINES["debian13"]).userland != default.userland


def test_every_file_of_the_recipe_is_part_of_a_key():
    """Or it looks whether there are packages, which changes none."""
    files = {path.name for path in image.RECIPE.iterdir() if path.is_file()}
    listed = {"full.txt"}  # the packages that it lists are
    assert files == {*image.OF_USERLAND, *image.OF_KERNEL, *layers.SCRIPTS, *listed, "locked.sh", "known.sh"}


@pytest.mark.parametrize(("name", "near"), [("debain12", "debian12"), ("Latest", "latest"), ("debian14", "debian1")])
def test_an_unknown_machine_suggests_the_near_one(name, near):
    with pytest.raises(UnknownMachine, match=f"no machine '{name}'. Did you mean '{near}"):
        find(name)


def test_a_build_that_fails_names_the_other_way(tmp_path, monkeypatch):
    monkeypatch.setattr(debian, "bounded", lambda: (["false"], signal.SIGTERM))
    with pytest.raises(MachineError, match="could not be built(.|\n)*machine import FILE"):
        debian.make(tmp_path, ["trixie", "-"])


def test_packages_of_a_lock_that_are_gone_are_all_named(tmp_path, monkeypatch):
    script = tmp_path / "said"
    script.write_text("#!/bin/sh\necho 'gone: bind9 1:9.1' >&2\necho 'gone: curl 8.0' >&2\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setattr(debian, "bounded", lambda: ([str(script)], signal.SIGTERM))
    with pytest.raises(MachineError, match="no more: bind9 1:9.1, curl 8.0$"):
        debian.make(tmp_path, ["trixie", "-"])


def test_packages_that_there_are_not_are_all_named(tmp_path, monkeypatch):
    script = tmp_path / "said"
    script.write_text("#!/bin/sh\necho 'unknown: jqq' >&2\necho 'unknown: tcpflo' >&2\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setattr(debian, "bounded", lambda: ([str(script)], signal.SIGTERM))
    with pytest.raises(debian.UnknownPackage, match=r"^Debian \(trixie\) has no package jqq, tcpflo; "):
        debian.make(tmp_path, ["--variant=custom", "trixie", "-"])
