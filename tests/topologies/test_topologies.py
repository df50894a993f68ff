"""Each topology file works on its own, with plain Mininet: `mn --custom FILE --topo NAME`."""

import ast

import pytest

from mnlab.lab.lab import ROOT
from mnlab.machine.job import Job
from mnlab.machine.vm import VirtualMachine

FILES = sorted((ROOT / "topologies").glob("*.py"))
INSIDE = b"""
import subprocess, sys
def main(file, name, switch):
    done = subprocess.run(["mn", "--custom", f"topologies/{file}", "--topo", name, "--switch", switch, "--link", "tc",
                           "--controller", "none", "--wait", "--test", "pingall"], capture_output=True, text=True)
    print(done.stdout + done.stderr)
    return done.returncode
"""


def names(path) -> list[str]:
    """The names that a file gives its topologies, read without running it."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "topos":
            return [key.value for key in node.value.keys]
    return []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_says_how_to_run_it(path):
    assert names(path), "no `topos` for mn --custom"
    assert f"topologies/{path.name} --topo" in ast.get_docstring(ast.parse(path.read_text()))


@pytest.mark.parametrize(("path", "name"), [(path, name) for path in FILES for name in names(path)])
def test_plain_mininet_reaches_every_host(path, name, tmp_path):
    switch = "ovsbr,stp=1" if "stp=1" in path.read_text() else "ovsbr"  # where there is a loop
    printed = []
    job = Job("ping:main", {"src/ping.py": INSIDE, "topologies": ROOT / "topologies"}, (path.name, name, switch))
    outcome = VirtualMachine("virtual").run(job, tmp_path, printed.append)
    text = b"".join(printed).decode()
    assert outcome.trouble == "" and outcome.status == 0, text
    assert "0% dropped" in text, text
