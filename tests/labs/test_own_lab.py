"""A lab of one's own, from `mnlab new` to a grade; what is wrong with it is told in three lines, and breaks no other."""

import json
import os
import subprocess
import sys

import pytest

from mnlab.lab.lab import ROOT

PATIENCE = 900  # s


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    return tmp_path_factory.mktemp("own")


@pytest.fixture(scope="module")
def mnlab(collection):
    """mnlab(*arguments): a command in the folder of a collection that it knows."""
    def run(*arguments):
        return subprocess.run([sys.executable, "-P", "-m", "mnlab", *arguments], cwd=collection, text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=PATIENCE,
                              env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "MNLAB_LABS": str(collection)})
    (collection / "labs").mkdir()
    begun = run("new", "capitals", "--layer", "transport")
    assert begun.returncode == 0, begun.stderr
    return run


def test_what_new_writes_runs_grades_and_verifies_at_once(mnlab):
    verified = mnlab("verify", "capitals", "--json", "-q")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    [matrix] = json.loads(verified.stdout)["labs"]
    assert matrix["holds"] and set(matrix["rules"]) == {"R1", "R2", "R3"} and len(matrix["right"]) == 2
    [run] = json.loads(mnlab("run", "capitals", "--json", "-q").stdout)["labs"]
    assert run["status"] == "passed" and run["points"] == run["max_points"] == 15
    assert mnlab("start", "capitals").returncode == 0
    [started] = json.loads(mnlab("check", "capitals", "--json", "-q").stdout)["labs"]
    assert (started["points"], started["max_points"], started["status"]) == (0, 14, "failed")
    assert mnlab("lint", "capitals").stdout == "capitals: nothing is missing\n"


#: In experiment.py: what stands there, what instead; what is said, where.
MISTAKES = {
    "a host that there is not": ('net["h1"], net["h2"]\n', 'net["h1"], net["h9"]\n', "experiment.py", "KeyError: 'h9'"),
    "a topology that raises": ("return Lan(hosts=2,", "return Lan(hosts=2, colour='red',", "experiment.py", "colour"),
    "no such topology": ("from topologies.lan import", "from topologies.lam import", "experiment.py", "there is no such file"),
    "a call that rec does not have": ('rec.capture("h1"', 'rec.captures("h1"', "experiment.py", "captures"),
    "a scene with a wrong signature": ("def server(net, rec, work)", "def server(net, rec)", "", "takes 2 positional"),
    "a link that there is not": ("return Lan(hosts=2,", "return Lan(hosts=2, link={'speed': 9},", "", "speed"),
    "a program that fails": ('f"ping -c1 {net[\'h2\'].IP()}", check=False', '"false"', "", "false"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_in_three_lines_and_breaks_no_other_lab(mnlab, collection, mistake):
    old, new, place, words = MISTAKES[mistake]
    path = collection / "labs/transport/capitals/experiment.py"
    before = path.read_text()
    assert old in before
    path.write_text(before.replace(old, new, 1))
    try:
        done = mnlab("run", "capitals", "--json", "-q")
    finally:
        path.write_text(before)
    [result] = json.loads(done.stdout)["labs"]
    assert done.returncode == 3 and "Traceback" not in done.stderr + result["reason"]
    assert words in result["reason"] and place in result["reason"], result["reason"]
    told = result["reason"].split("broke:\n")[-1]
    assert len(told.splitlines()) <= 3, told


def test_a_lab_that_cannot_be_read_is_told_and_the_others_run(mnlab, collection):
    path = collection / "labs/transport/broken/experiment.py"
    path.parent.mkdir()
    path.write_text("def variant(rng)\n")
    try:
        done = mnlab("run", "capitals", "broken", "--json", "-q")
        alone = mnlab("run", "broken", "-q")
    finally:
        path.unlink()
        path.parent.rmdir()
    good, broken = json.loads(done.stdout)["labs"]
    assert good["status"] == "passed" and broken["status"] == "inconclusive" and "line 1" in broken["reason"]
    assert alone.returncode == 2 and len(alone.stderr.splitlines()) <= 3 and "SyntaxError" in alone.stderr
