"""What is remembered of runs is whole, whatever happened to the runs, and to what is remembered."""

import json
import os
import random
import time
from pathlib import Path

import pytest

from mnlab.machine import cache

from .conftest import make_lab

HEAD = '''
from mnlab.lab import scene
def variant(rng):
    return {"number": rng.randrange(1000)}
def topology(params):
    from topologies.lan import Lan
    return Lan(hosts=2)
@scene
def kernel(net, rec):
    with rec.capture("h1"):
        rec.run("probe", net["h1"], f"ping -c2 {net['h2'].IP()}")
@scene(work=["*.sh"])
def script(net, rec, work):
'''
CHECKS = '''
from mnlab.checks import expect, points
@points(1)
def check_kernel(kernel):
    expect(kernel.command("probe").status == 0, done="pinged", expected="an answer", seen="none")
@points(1)
def check_script(script):
    expect(script.command("said").stdout == "yes\\n", done="ran it", expected="yes", seen=script.command("said").stdout)
'''
LABS = ("one", "two", "three", "four", "five")
FEW = LABS[:2]


@pytest.fixture
def labs(cli, tmp_path):
    """The command line with five labs of two scenes each, and a cache of its own that has the machine, and no runs."""
    for name in LABS:
        lab = make_lab(tmp_path, f'rec.student("said", h1, ["sh", "say.sh"])\nrec.keep("name", "{name}")', name, HEAD)
        lab.checks.write_text(CHECKS)
        (lab.solution / "say.sh").write_text("echo yes\n")
    own = tmp_path / "cache"
    own.mkdir(mode=0o755)
    for entry in cache.cache_folder().glob("*-*"):
        if entry.is_dir():
            (own / entry.name).symlink_to(entry)
    cli.labs, cli.environment = tmp_path, {"MNLAB_CACHE": str(own)}
    return cli


def graded(done) -> dict:
    """Each lab's digest; all of them must have full marks."""
    found = json.loads(done.stdout)["labs"]
    assert {lab["status"] for lab in found} == {"passed"}, done.stderr
    return {lab["lab"]: lab["evidence_sha256"] for lab in found}


def kept(cli) -> list[Path]:
    return sorted(path for path in Path(cli.environment["MNLAB_CACHE"], "runs").glob("*") if len(path.name) == 64)


@pytest.mark.parametrize("names, kills, seed", [(FEW, 5, 1), pytest.param(LABS, 100, 2, marks=pytest.mark.slow)])
def test_killed_at_any_moment_the_next_run_is_whole(labs, names, kills, seed):
    began = time.monotonic()
    right = graded(labs("run", *names, "--json", "-q", "--fresh"))
    length = time.monotonic() - began
    assert not kept(labs)  # --fresh neither takes nor leaves anything
    moments = random.Random(seed)
    for number in range(kills):
        process = labs.start("run", *names, "--json", "-q")
        time.sleep(moments.uniform(0.1, 1.1) * length)
        for pid in labs.processes():
            os.kill(pid, 9)
        process.wait()
        if number % 10 == 9:  # they have remembered all by now: once more from nothing
            assert graded(labs("run", *names, "--json", "-q")) == right
            for path in kept(labs):
                path.unlink()
    assert graded(labs("run", *names, "--json", "-q")) == right


def test_a_poisoned_entry_is_noticed_and_run_again(labs):
    right = graded(labs("run", "one", "two", "--json", "-q"))
    entries = kept(labs)
    assert len(entries) == 4
    for number, path in enumerate(entries):
        data = bytearray(path.read_bytes())
        poisoned = [b"", data[:-1], data[:64] + b"\n" + data[65:-1] + bytes([data[-1] ^ 1]), b"0" * 64 + data[64:]][number]
        path.write_bytes(poisoned)
    assert graded(labs("run", "one", "two", "--json", "-q")) == right
    assert [path.stat().st_size for path in kept(labs)] != [0, 0, 0, 0] and len(kept(labs)) == 4


def test_only_the_scenes_whose_files_have_changed_are_run_again(labs, tmp_path):
    work = tmp_path / "work/one"
    work.mkdir(parents=True)
    (work / "say.sh").write_text("echo yes\n")
    (work / "notes.txt").write_text("what I think\n")

    def check(lab="one"):
        done = labs("check", lab, "--json", "-q", "--seed", "1")
        [result] = json.loads(done.stdout)["labs"]
        return result["points"], len(kept(labs))

    assert check() == (2, 2)
    (work / "notes.txt").write_text("what I think now\n")
    (work / "answers.toml").write_text("a = 1\n")
    assert check() == (2, 2)
    (work / "say.sh").write_text("echo no\n")
    assert check() == (1, 3)
    checks = tmp_path / "labs/link/one/checks.py"
    checks.write_text(checks.read_text().replace('"yes\\n"', '"no\\n"'))
    assert check() == (2, 3)
    for name in ("figures.py", "reading.py", "README.md"):
        (tmp_path / "labs/link/one" / name).write_text("def figures(evidence): return []\n")
    assert check() == (2, 3)
    experiment = tmp_path / "labs/link/one/experiment.py"
    experiment.write_text(experiment.read_text().replace("ping -c2", "ping -c3"))
    assert check() == (2, 5)
