"""`mnlab bench compare`: the arithmetic, what a process and its children cost, and what is refused."""

import os
import subprocess
import sys

import pytest

from mnlab.cli import compare
from mnlab.cli.compare import Compared, Cost
from mnlab.cli.options import WrongUsage
from mnlab.lab.lab import ROOT

PAIRS = [(Cost(10, 8, 100), Cost(5, 2, 100)), (Cost(20, 8, 100), Cost(4, 6, 50)), (Cost(10, 4, 200), Cost(9, 4, 300))]
MIB_TO_FILL = 64


def test_the_ratio_is_the_median_of_the_pairs_ratios():
    """Not the ratio of the medians: a pair runs at the same time of day."""
    found = compare.compare(PAIRS)
    assert found["wall"] == Compared(10, 5, 0.5, 0.2, 0.9)
    assert found["processor"] == Compared(8, 4, 0.75, 0.25, 1.0)
    assert found["memory"] == Compared(100, 100, 1.0, 0.5, 1.5)


def test_the_table_says_all_of_it():
    lines = compare.table(PAIRS).splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["wall", "time", "10.00", "s", "5.00", "s", "0.50", "(0.20", "to", "0.90)"],
        ["processor", "time", "8.00", "s", "4.00", "s", "0.75", "(0.25", "to", "1.00)"],
        ["peak", "memory", "100", "MiB", "100", "MiB", "1.00", "(0.50", "to", "1.50)"]]


def test_what_was_not_measured_is_left_out():
    assert set(compare.compare([(Cost(1, 1, 0), Cost(1, 1, 0))])) == {"wall", "processor"}


@pytest.fixture
def program(tmp_path):
    """program(text): a Python program that can be started."""
    def write(text):
        path = tmp_path / "program"
        path.write_text(f"#!{sys.executable}\n{text}")
        path.chmod(0o755)
        return path
    return write


def test_children_count(program):
    """Their processor time, and their memory while they are there."""
    status, cost, said = compare.run(program(
        "import subprocess, sys\n"
        f"child = 'import time; kept = b\"x\" * ({MIB_TO_FILL} << 20); end = time.process_time() + 0.5\\n"
        "while time.process_time() < end: pass'\n"
        "subprocess.run([sys.executable, '-c', child])\nsys.exit('first line\\nit failed')"), [])
    assert (status, said) == (1, "it failed")
    assert cost.processor >= 0.5 and cost.wall >= 0.5 and cost.memory >= MIB_TO_FILL


def test_a_short_command_takes_no_longer_than_it_takes(program):
    """It is not only seen at the next look at its memory that it has ended."""
    assert any(compare.run(program("pass"), [])[1].wall < compare.LOOK for _ in range(20))


@pytest.mark.parametrize("made, words", [([], "no checkout"), (["mnlab"], "no checkout"),
                                         (["src/mnlab/__main__.py"], "no checkout")])
def test_what_is_no_checkout_is_refused(tmp_path, made, words):
    for name in made:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch(0o755)
    with pytest.raises(WrongUsage, match=words):
        compare.checkout(tmp_path)


def test_a_checkout_is_not_compared_with_itself():
    with pytest.raises(WrongUsage, match="this checkout"):
        compare.checkout(ROOT)


@pytest.fixture
def checkouts(tmp_path, monkeypatch):
    """checkouts(there, here): two checkouts whose launchers are these shell scripts; the other one's folder."""
    def make(*scripts):
        for name, script in zip(("there", "here"), scripts):
            engine = tmp_path / name / "src/mnlab"
            engine.mkdir(parents=True)
            (engine / "__main__.py").touch()
            launcher = tmp_path / name / "mnlab"
            launcher.write_text(f"#!/bin/sh\necho {name} $* >>{tmp_path}/log\n[ $1 != --help ] || exit 0\n{script}\n")
            launcher.chmod(0o755)
        monkeypatch.setattr(compare, "ROOT", tmp_path / "here")
        return tmp_path / "there"
    return make


def test_both_run_by_turns(checkouts, tmp_path):
    told = []
    costs = compare.measure(checkouts("exit 1", "exit 1"), ["check", "arp"], 2, told.append)
    assert (tmp_path / "log").read_text().splitlines() == [
        "there --help", "here --help", *["there check arp", "here check arp"] * 2]
    assert len(costs) == len(told) == 2


@pytest.mark.parametrize("there, here, words", [
    ("exit 0", "echo broken >&2; exit 3", "status 3, and a run before with 0: broken"), ("exit 2", "exit 2", "status 2")])
def test_runs_that_end_differently_cannot_be_compared(checkouts, there, here, words):
    with pytest.raises(WrongUsage, match=words):
        compare.measure(checkouts(there, here), ["run"], 2, print)


@pytest.mark.parametrize("words", [["compare"], ["compare", "list"], ["--with", ".", "speed"], ["compare", "--with", "."],
                                   ["compare", "--with", "/", "--", "list"]])
def test_wrong_usage_is_said_in_words(words):
    done = subprocess.run([sys.executable, "-P", "-m", "mnlab", "bench", *words], cwd=ROOT, capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT / "src")})
    assert done.returncode == 2 and done.stderr.startswith("mnlab: ") and done.stderr.count("\n") <= 2
