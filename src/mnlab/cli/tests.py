"""`mnlab test`: the project's own tests."""

import os
import subprocess
import sys
import tempfile
from typing import Annotated

import typer

from mnlab.cli.options import WrongUsage, insist_on_clone
from mnlab.lab.lab import ROOT

#: A word for a part of the tests: what pytest is told.
PARTS = {
    "unit": ["tests/unit", "-m", "not slow"],
    "coverage": ["tests/unit", "-m", "not slow", "--cov"],
    "machine": ["tests/machine", "-m", "not slow"],
    "controller": ["tests/controller", "-m", "not slow"],
    "labs": ["tests/labs", "tests/topologies", "-m", "not slow"],
    "pages": ["tests/pages", "--numprocesses", "1"],
    "slow": ["tests", "-m", "slow", "--ignore=tests/vagrant", "--ignore=tests/generations", "--ignore=tests/full"],
    "generations": ["tests/generations"],
    "full": ["tests/full", "--numprocesses", "0"],
    "vagrant": ["tests/vagrant", "--numprocesses", "0"],
}
#: What lies here uses no lab machine.
WITHOUT_MACHINE = ("tests/unit", "tests/vagrant")
#: The machines that tests run on: by default two that differ in their kernel alone.
USUAL = ("debian13", "latest")
DEFAULT = ["tests", "-m", "not slow", "--ignore=tests/generations", "--ignore=tests/full"]


def register(app: typer.Typer) -> None:
    app.command(context_settings={"ignore_unknown_options": True})(test)


def test(what: Annotated[list[str] | None, typer.Argument(
        metavar="[unit|coverage|machine|controller|labs|pages|slow|generations|full|vagrant|PYTEST ARGUMENT...]",
        help="A part, or what pytest is to run.")] = None) -> None:
    """Run the project's tests, on every processor.

    Example: mnlab test unit
    """
    insist_on_clone("test")
    words = [argument for word in what or [] for argument in PARTS.get(word, [word])]
    places = [word for word in words if (ROOT / word.split("::")[0]).exists()]
    if words and not places and not any(word.startswith("-") for word in words):
        raise WrongUsage(f"there are no tests called {words[0]}; there are {', '.join(PARTS)}, and files below tests/")
    if not places:
        words = [*DEFAULT, *words]
    if not places or not all(place.startswith(WITHOUT_MACHINE) for place in places):
        from mnlab.cli.options import say
        from mnlab.machine.machines import FULL, MACHINES
        from mnlab.machine.vm import VirtualMachine
        used = [MACHINES[name] for name in (MACHINES if "generations" in (what or ()) else USUAL)]
        for named in [MACHINES[USUAL[0]].having(FULL)] if what == ["full"] else used:  # once, before the tests begin
            VirtualMachine("virtual", say, named=named).prepare()
    command = [sys.executable, "-P", "-m", "pytest", "-q", "-c", "pyproject.toml", "--rootdir", str(ROOT),
               "--numprocesses", str(os.cpu_count() or 1), "--dist", "worksteal", *words]
    # pytest's workers are Pythons of their own, and so is much that tests start.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    with tempfile.TemporaryDirectory() as counts:
        environment |= {"PYTHONSAFEPATH": "1", "COVERAGE_FILE": f"{counts}/coverage"}
        raise typer.Exit(subprocess.run(command, cwd=ROOT, env=environment).returncode)
