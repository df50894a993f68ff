"""What others install: the wheel and the source archive, and what they say of themselves."""

import importlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from mnlab import __version__
from mnlab.lab.lab import ROOT
from mnlab.machine.machines import DEFAULT

from .test_gates import tracked

#: Where in a wheel each folder of the project lies.
PLACES = {"src/mnlab": "mnlab", "labs": "mnlab/data/labs", "topologies": "mnlab/data/topologies",
          "controller": "mnlab/data/controller"}


def build(folder: Path, source: Path) -> dict[str, Path]:
    """Build the project in `source` into `folder`: {suffix: file} of the wheel and the source archive."""
    command = [sys.executable, "-P", "-m", "build", "--no-isolation", "--outdir", str(folder), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return {path.suffix: path for path in folder.iterdir() if path.suffix in (".whl", ".gz")}


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    """The project, twice, as two people have it: other folders, other times, other rights for the group."""
    folder = tmp_path_factory.mktemp("copies")
    for name, time, mode in (("one", 1_000_000_000, 0o644), ("two/deeper", 1_700_000_000, 0o664)):
        for path in tracked():
            target = folder / name / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            target.chmod(mode | path.stat().st_mode & 0o111)
            os.utime(target, (time, time))
    return folder / "one", folder / "two/deeper"


@pytest.fixture(scope="module")
def built(tmp_path_factory, copies):
    """What is built of each of the two."""
    return [build(tmp_path_factory.mktemp("built"), copy) for copy in copies]


@pytest.mark.parametrize("suffix", [".whl", ".gz"])
def test_built_twice_it_is_the_same_bytes(built, suffix):
    one, two = (each[suffix] for each in built)
    assert one.name == two.name and one.read_bytes() == two.read_bytes()


def test_the_wheel_holds_the_engine_and_its_data_and_nothing_else(built):
    expected = {f"{place}/{path.relative_to(ROOT / folder)}": path.stat().st_mode & 0o100
                for folder, place in PLACES.items() for path in tracked(folder)}
    with zipfile.ZipFile(built[0][".whl"]) as wheel:
        found = {info.filename: info.external_attr >> 16 & 0o100 for info in wheel.infolist()
                 if ".dist-info/" not in info.filename}
    assert "mnlab/data/labs/link/arp/experiment.py" in found and found["mnlab/data/controller/ryu-manager"]
    assert found == expected


def test_the_source_archive_holds_the_whole_project(built):
    with tarfile.open(built[0][".gz"]) as archive:
        found = {name.partition("/")[2] for name in archive.getnames()}
    assert {str(path.relative_to(ROOT)) for path in tracked()} <= found | {".gitattributes", ".gitignore"}


def test_the_wheel_says_what_it_is(built):
    with zipfile.ZipFile(built[0][".whl"]) as wheel:
        info = f"mnlab-{__version__}.dist-info"
        about = Parser().parsestr(wheel.read(f"{info}/METADATA").decode())
        assert wheel.read(f"{info}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert (about["Name"], about["Version"], about["License-Expression"]) == ("mnlab", __version__, "MIT")
    assert {"cluster", "dev"} <= set(about.get_all("Provides-Extra"))
    needed = [line for line in about.get_all("Requires-Dist") if "extra ==" not in line]
    assert needed and not [line for line in needed if "xdist" in line or "hypothesis" in line]


def test_the_launcher_looks_for_each_python_that_the_package_is_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = re.findall(r"^Programming Language :: Python :: 3\.(\d+)$", "\n".join(project["classifiers"]), flags=re.M)
    looked_for = re.search(r"for candidate in python3 (.*); do", (ROOT / "mnlab").read_text())[1]
    assert looked_for.split() == [f"python3.{minor}" for minor in sorted(map(int, named), reverse=True)]
    assert project["requires-python"] == f">=3.{min(map(int, named))}"


def test_what_a_release_imports_and_names_is_there():
    text = (ROOT / ".github/workflows/release.yml").read_text()
    imported = re.findall(r"from (mnlab\S*) import (\w+)", text)
    assert imported and all(hasattr(importlib.import_module(module), name) for module, name in imported)
    assert set(re.findall(r"-machine-(\w+)-x86_64", text)) == {DEFAULT}  # what `machine export` writes


def test_the_changelog_begins_with_this_version():
    text = (ROOT / "CHANGELOG.md").read_text()
    versions = re.findall(r"^## \[?([^\]\s]+)\]?", text, flags=re.M)
    assert __version__ in versions[:2] and versions[0] in ("Unreleased", __version__)


def test_the_citation_is_of_this_version():
    text = (ROOT / "CITATION.cff").read_text()
    assert re.search(r"^version: (.*)$", text, flags=re.M)[1].strip('"') == __version__


def test_the_licence_is_named_alike_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["license"] == "MIT" and (ROOT / "LICENSE").read_text().startswith("MIT License\n")
    assert re.search(r"^license: MIT$", (ROOT / "CITATION.cff").read_text(), flags=re.M)
