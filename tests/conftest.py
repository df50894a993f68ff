"""A folder full of traps, in which mnlab is called: whatever looks into the current folder springs one."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from mnlab.evidence import layout

ROOT = Path(__file__).parents[1]

#: Modules that Python, pytest or somebody's settings look for, besides those of libraries.
ALSO = ("sitecustomize", "usercustomize", "conftest", "mnlab", "evil")

#: Settings that would run the module `evil`, or show in what is printed.
SETTINGS = {
    "pytest.ini": "[pytest]\naddopts = -p evil\n", "setup.cfg": "[tool:pytest]\naddopts = -p evil\n",
    "tox.ini": "[pytest]\naddopts = -p evil\n", "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "-p evil"\n',
    "pip.conf": "[global]\nno-index = true\ntarget = elsewhere\n", "matplotlibrc": "evil: true\n",
    "matplotlib/matplotlibrc": "evil: true\n", ".python-version": "0.0.0\n",
    "evil-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: evil\nVersion: 1\n",
    "evil-1.dist-info/entry_points.txt": "[pytest11]\nevil = evil\n",
}

#: What may stand in the environment of whoever calls mnlab: all of it leads into the current folder.
ENVIRONMENT = {
    "PYTHONPATH": ":.", "PYTHONHOME": ".", "PYTHONUSERBASE": ".", "PYTHONPYCACHEPREFIX": ".", "PYTHONINSPECT": "",
    "PYTHONSTARTUP": "evil.py", "PYTHONBREAKPOINT": "evil.x", "PYTHONWARNINGS": "error::evil.Warn",
    "PYTEST_ADDOPTS": "-p evil", "PYTEST_PLUGINS": "evil", "MPLBACKEND": "module://evil", "MPLCONFIGDIR": ".",
    "MATPLOTLIBRC": "matplotlibrc", "PIP_CONFIG_FILE": "pip.conf", "XDG_CONFIG_HOME": ".", "XDG_CACHE_HOME": ".",
}


@pytest.fixture(scope="session")
def lay_out():
    """lay_out(folder, run, scene, lines): evidence of a run of one scene, with a right digest: that anybody can make.

    `run` and `scene` are added to manifests that are in order, `lines` are the timeline's."""
    def write(folder: Path, run: dict | None = None, scene: dict | None = None, lines: list[dict] | tuple = ()) -> Path:
        place = folder / layout.SCENES / "experiment"
        place.mkdir(parents=True)
        said = {"start_ns": 0, "network": {}, "outcome": "ok", "reason": ""} | (scene or {})
        (place / layout.MANIFEST).write_text(json.dumps(said))
        (place / layout.TIMELINE).write_text("".join(json.dumps(line) + "\n" for line in lines))
        whole = {"lab": "arp", "seed": 1, "params": {}, "scenes": [{"name": "experiment", "title": "all of it"}],
                 "machine": {}, "seconds": {}, "work": {"kind": "student", "sha256": "ab"}} | (run or {})
        reseal(folder, whole)
        return folder

    def reseal(folder: Path, manifest: dict) -> None:
        (folder / layout.MANIFEST).write_text(json.dumps(manifest))
        with suppress(KeyError, TypeError, AttributeError):  # no digest can be made of what is that odd
            manifest["evidence_sha256"] = layout.digest(folder)
        manifest.setdefault("evidence_sha256", "0" * 64)
        (folder / layout.MANIFEST).write_text(json.dumps(manifest))

    write.reseal = reseal
    return write


@dataclass
class Traps:
    """Traps in `folder`; each leaves its name in `sprung`."""

    folder: Path
    sprung: Path

    def modules(self, names) -> None:
        """A trap for each module of these names."""
        for name in names:
            (self.folder / f"{name}.py").write_text(f"open({str(self.sprung)!r}, 'a').write({name!r} + '\\n')\n")

    def packages(self, names) -> None:
        for name in names:
            (self.folder / name).mkdir(exist_ok=True)
            for part in ("__init__", "__main__"):
                self.modules([f"{name}/{part}"])

    def programs(self) -> None:
        """A trap for each program that could be found in PATH."""
        (self.folder / "trap").write_text(f'#!/bin/sh\necho "program $0" >>{self.sprung}\n')
        (self.folder / "trap").chmod(0o755)
        for place in os.get_exec_path():
            for name in os.listdir(place) if os.path.isdir(place) else ():
                if not os.path.lexists(self.folder / name):
                    (self.folder / name).symlink_to("trap")

    def settings(self) -> None:
        for name, text in SETTINGS.items():
            (self.folder / name).parent.mkdir(exist_ok=True)
            (self.folder / name).write_text(text)

    def all(self) -> None:
        """Everything at once."""
        libraries = (name for name in packages_distributions() if name.isidentifier())
        self.modules({*sys.stdlib_module_names, *libraries, *ALSO})
        self.packages(["mnlab", "pip", "venv"])
        self.settings()
        self.programs()

    def mnlab(self, *arguments, **environment) -> subprocess.CompletedProcess:
        """The launcher, called in the folder with all of ENVIRONMENT and a PATH that leads there first."""
        return subprocess.run([ROOT / "mnlab", *map(str, arguments)], cwd=self.folder, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=500, env=self.environment | environment)

    @property
    def environment(self) -> dict:
        return {**os.environ, **ENVIRONMENT, "PATH": f".::{os.environ['PATH']}:"}

    def found(self) -> list[str]:
        """Names of the traps that were sprung since it was last asked."""
        names = self.sprung.read_text().splitlines() if self.sprung.exists() else []
        self.sprung.unlink(missing_ok=True)
        return names


def traps_below(folder: Path) -> Traps:
    (folder / "submission").mkdir()
    return Traps(folder / "submission", folder / "sprung")


@pytest.fixture
def traps(tmp_path) -> Traps:
    """No traps yet, in a new folder."""
    return traps_below(tmp_path)


@pytest.fixture(scope="session")
def all_traps(tmp_path_factory) -> Traps:
    """Thousands of them, made once."""
    traps = traps_below(tmp_path_factory.mktemp("traps"))
    traps.all()
    return traps
