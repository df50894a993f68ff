"""The container's recipe has what mnlab needs of Debian, and the development container is made of it."""

import json
import re

from mnlab.lab.lab import ROOT
from mnlab.machine import tools

RECIPE = (ROOT / "Containerfile").read_text()


def test_every_program_that_is_called_is_installed():
    installed = set(re.search(r"--no-install-recommends((?:.|\n)*?)&&", RECIPE)[1].replace("\\", " ").split())
    essential = {"util-linux"}  # Debian's word for what every installation has
    assert set(tools.PACKAGES.values()) - essential <= installed
    launcher = (ROOT / "mnlab").read_text()
    assert {"python3-venv", "ca-certificates"} <= installed and "python3-venv" in launcher


def test_it_runs_as_a_user_without_rights():
    users = re.findall(r"^USER (\S+)$", RECIPE, flags=re.M)
    assert users and users[-1] == "student" and f"useradd --create-home --shell /bin/bash {users[-1]}" in RECIPE


def test_the_development_container_is_made_of_it():
    place = ROOT / ".devcontainer/devcontainer.json"
    said = json.loads(re.sub(r"^\s*//.*$", "", place.read_text(), flags=re.M))
    assert (place.parent / said["build"]["dockerfile"]).resolve() == ROOT / "Containerfile"
    assert (place.parent / said["build"]["context"]).resolve() == ROOT
    assert set(said["build"]["args"]) <= set(re.findall(r"^ARG (\w+)", RECIPE, flags=re.M))
    assert said["remoteUser"] in RECIPE and said["containerEnv"]["MNLAB_CACHE"] in RECIPE


def test_nothing_of_ones_own_gets_into_it():
    """Docker reads no .containerignore; podman and buildah read both names."""
    left_out = set((ROOT / ".dockerignore").read_text().split())
    assert {".git", "runs", "work", "grades"} <= left_out and "labs" not in left_out
