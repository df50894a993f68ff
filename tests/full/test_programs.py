"""Every program of the image `full` does once what it is for, in virtual time; twice, with the same bytes."""

import ast
from pathlib import Path

import pytest

INSIDE = Path(__file__).parent / "inside"
#: The trials are functions of these files, and one that is there is run.
FILES = ("routing.py", "services.py", "tools.py", "libraries.py")


def trials():
    """The names of all trials."""
    trees = [ast.parse((INSIDE / name).read_text()) for name in FILES]
    return [node.name for tree in trees for node in tree.body if isinstance(node, ast.FunctionDef)
            and any(isinstance(mark, ast.Name) and mark.id == "trial" for mark in node.decorator_list)]


@pytest.fixture(scope="session")
def runs(exec_full):
    """What came out of two runs: {name: contents}, of files in out/ and failed/."""
    found = []
    for _ in range(2):
        done, out = exec_full("python", "inside/programs.py")
        assert done.returncode == 0, done.stdout + done.stderr
        found.append({str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()})
    return found


@pytest.mark.parametrize("name", trials())
def test_a_program_does_what_it_is_for(runs, name):
    for run in runs:
        assert f"failed/{name}" not in run, run[f"failed/{name}"].decode()
        assert run[f"out/{name}"]


def test_two_runs_give_the_same_bytes(runs):
    first, second = runs
    assert first.keys() == second.keys()
    assert not [name for name in first if first[name] != second[name]]
