"""How the image is built where unshare(1) is refused, as in a plain container."""

import os
import shutil
import signal
import subprocess
import sys

import pytest

from mnlab.machine import image
from mnlab.machine.job import MachineError

SAY = "from mnlab.machine import image; print(*image.bounded()[0]); print(image.bounded()[1].name)"


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


def test_bytecode_that_pip_left_beside_the_recipe_is_no_part_of_it(tmp_path, monkeypatch):
    known = image.key()
    shutil.copytree(image.RECIPE, tmp_path / "recipe", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "recipe/__pycache__").mkdir()
    monkeypatch.setattr(image, "RECIPE", tmp_path / "recipe")
    assert image.key() == known


def test_a_build_that_fails_names_the_other_way(tmp_path, monkeypatch):
    monkeypatch.setattr(image, "build_wheels", lambda folder, say: folder.mkdir())
    monkeypatch.setattr(image, "bounded", lambda: (["false"], signal.SIGTERM))
    monkeypatch.setattr(image.tools, "require", lambda *programs: None)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (tmp_path / "sqfstar").write_text("#!/bin/sh\ncat > /dev/null\n")
    (tmp_path / "sqfstar").chmod(0o755)
    (tmp_path / "image").mkdir()
    with pytest.raises(MachineError, match="could not be built(.|\n)*machine import FILE"):
        image.build(tmp_path / "image", lambda text: None)
