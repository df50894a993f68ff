"""What commands print with --json is what the schema says, no less and no more."""

import copy
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from types import SimpleNamespace

import jsonschema
import pytest

from mnlab import __version__
from mnlab.checks import atlas
from mnlab.checks.verdicts import LabResult
from mnlab.cli import bench, compare
from mnlab.cli.compare import Cost
from mnlab.course import course as courses
from mnlab.course import grading, results, summary
from mnlab.course.roster import Student
from mnlab.lab import work
from mnlab.lab.lab import PACKAGE, ROOT, all_labs, find
from mnlab.report import compared
from mnlab.report.jsonout import document

FILE = PACKAGE / "report/schema/output.json"
SCHEMA = json.loads(FILE.read_text())


@pytest.fixture
def fits():
    """fits(document, kind): it is what the schema says of that kind."""
    def look(whole: dict, kind: str):
        jsonschema.Draft202012Validator({"$ref": f"#/$defs/{kind}", "$defs": SCHEMA["$defs"]}).validate(whole)
        jsonschema.Draft202012Validator(SCHEMA).validate(whole)  # and no other kind
    return look


@pytest.fixture
def mnlab(tmp_path):
    """mnlab(*arguments): the object that a command prints."""
    def run(*arguments):
        done = subprocess.run([sys.executable, "-P", "-m", "mnlab", *map(str, arguments), "--json"], cwd=tmp_path, text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=120,
                              env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "MNLAB_CACHE": str(tmp_path / "cache")})
        assert "Traceback" not in done.stderr and done.stdout, done.stderr
        return json.loads(done.stdout)
    return run


def tables(schema):
    """Every object that a schema describes."""
    if isinstance(schema, dict):
        if "properties" in schema:
            yield schema
        schema = list(schema.values())
    for part in schema if isinstance(schema, list) else ():
        yield from tables(part)


def test_the_schema_is_one_and_lets_nothing_unknown_pass():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert len(list(tables(SCHEMA))) > 10
    for table in tables(SCHEMA):
        assert table["additionalProperties"] is False and set(table["required"]) >= set(table["properties"]) - {"schema", "mnlab"}


def test_every_kind_that_a_command_prints_is_in_the_schema():
    sources = {path: path.read_text() for folder in ("cli", "report") for path in sorted((PACKAGE / folder).glob("*.py"))}
    kinds = {kind for text in sources.values() for kind in re.findall(r'\bdocument\(\s*"(\w+)", ', text)}
    assert kinds == {one["$ref"].removeprefix("#/$defs/") for one in SCHEMA["oneOf"]}
    takers = {path.stem for path, text in sources.items() if re.search(r"\bJson\b = False|json: Json = ", text)}
    assert {stem for stem in takers if not re.search(r"\bdocument\(|jsonout", sources[PACKAGE / f"cli/{stem}.py"])} == set()


def test_what_was_measured(fits):
    package = bench.load_benchmarks()
    figures = importlib.import_module(f"{package.__name__}.figures")
    machine = {"machine": "vm", "name": "debian13", "image": "core", "clock": "virtual", "accelerator": "tcg",
               "image_sha256": "0" * 64, "qemu": "7.2.22 (Debian)"}
    report = bench.Report(bench.computer(), True, machine)
    report.rows += [figures.Row("run", 3.1, "arp", "once"), figures.Row("disk", float("nan")), figures.Row("first", 0.5)]
    report.problems.append("starts: QEMU is gone")
    told = json.loads(document("bench", report.as_dict()))
    fits(told, "bench")
    assert [row["measured"] for row in told["rows"]] == [3.1, None, 0.5]
    costs = [(Cost(3.0, 2.5, 100.0), Cost(2.0, 1.5, 90.0))]
    fits(json.loads(document("bench_compare", compare.as_dict(costs))), "bench_compare")


def test_runs_and_machines_side_by_side(fits):
    sides = [compared.Side(name, SimpleNamespace(scenes={}, manifest={"machine": {"name": name}}),
                           LabResult("arp", 1, ()), {}) for name in ("debian12", "latest")]
    fits(json.loads(document("compare", compared.as_dict(*sides, "page.html"))), "compare")
    row = atlas.Row("ARP-1", "arp", {"debian12": atlas.HOLDS, "latest": atlas.FAILS}, {"latest": "seen: 3"}, "Mind it.", "RFC 826")
    fits(json.loads(document("atlas", {"seed": 1, "images": {"latest": "0" * 64}, "claims": [row.as_dict()],
                                       "surveys": {"latest": {"tcp": "cubic"}}})), "atlas")


@pytest.mark.parametrize("arguments, kind", [(["list"], "list"), (["lint", "arp", "dns"], "lint"), (["doctor"], "doctor"),
                                             (["machine", "list"], "machines")])
def test_what_commands_print(mnlab, fits, arguments, kind):
    told = mnlab(*arguments)
    assert (told["schema"], told["kind"], told["mnlab"]) == (1, kind, __version__)
    fits(told, kind)


def test_a_run_that_is_graded_again(mnlab, fits, lay_out, tmp_path):
    """Three verdicts, and every part of a message."""
    lab = tmp_path / "mine/labs/link/probe"
    lab.mkdir(parents=True)
    (lab / "experiment.py").write_text("def variant(rng): return {}\n")
    (lab / "README.md").write_text("# Probe\n")
    (lab / "checks.py").write_text(
        "from mnlab.checks import expect, points\n"
        "@points(2, claim=('A-1', 'A-2'), hint='Look again.')\ndef check_a(evidence):\n"
        "    'A title.'\n    expect(False, done='h1 pinged h2', expected=[1, 2], seen='nothing\\nat all')\n"
        "@points(1)\ndef check_b(evidence):\n    'Fine.'\n"
        "@points(1, hint='Look.')\ndef check_c(evidence):\n    'Broken.'\n    1 / 0\n")
    lay_out(tmp_path / "run", {"lab": "probe", "machine": {"name": "debian13", "image_sha256": "0" * 64},
                               "work": {"kind": "student", "sha256": "1" * 64}})
    told = mnlab("recheck", "run", "--labs", "mine")
    fits(told, "results")
    failed, passed, broken = told["labs"][0]["checks"]
    parts = ("title", "claim", "done", "expected", "seen", "hint")
    assert [failed[part] for part in parts] == ["A title.", "A-1,A-2", "h1 pinged h2", "[1, 2]", "nothing\nat all", "Look again."]
    assert failed["message"] == ("done:     h1 pinged h2\nexpected: [1, 2]\nseen:     nothing\nat all\nhint:     Look again.")
    assert [passed[part] for part in parts] == ["Fine.", "", "", "", "", ""]
    assert broken["status"] == "inconclusive" and broken["message"] and not broken["hint"] + broken["seen"]


@pytest.mark.parametrize("change", [
    lambda told: told.update(extra=1), lambda told: told["labs"][0].update(extra=1), lambda told: told["labs"][0].pop("title"),
    lambda told: told["labs"][0].update(max_points="41"), lambda told: told.update(schema=2), lambda told: told.update(kind="class")])
def test_what_is_otherwise_is_refused(mnlab, fits, change):
    told = mnlab("list")
    fits(told, "list")
    other = copy.deepcopy(told)
    change(other)
    with pytest.raises(jsonschema.ValidationError):
        fits(other, "list")


def test_a_class(mnlab, fits, tmp_path):
    courses.begin(tmp_path / "course", "Networks", ["arp"])
    fits(mnlab("variant", "4711", "arp", "--course", "course"), "variant")
    arp = find("arp")
    (tmp_path / "in/4712").mkdir(parents=True)
    work.start(find("dns"), tmp_path / "in/4713/dns", 1)
    shutil.copytree(arp.starter, tmp_path / "in/4714")
    task = grading.Grading([arp], all_labs(), tmp_path / "in", tmp_path / "out", "debian13", "0" * 64,
                           [Student(str(number), f"Student {number}") for number in range(4711, 4715)], courses.read(tmp_path / "course"))
    (tmp_path / "out").mkdir()
    rows = [one.row | ({"status": "inconclusive"} if one.job else {}) for one in task.todo()]
    assert sorted(row["status"] for row in rows) == ["inconclusive", "missing", "not graded", "not graded"]
    fits(json.loads(document("grades", {"results": rows})), "grades")
    kept = results.read(tmp_path / "out")
    for row in rows:
        kept.add(row)
    for line in (tmp_path / "out" / results.RESULTS).read_text().splitlines():
        assert json.loads(line)["schema"] == 1
        jsonschema.Draft202012Validator({"$ref": "#/$defs/row", "$defs": SCHEMA["$defs"]}).validate(json.loads(line))
    fits(mnlab("class", "show", "out"), "class")
    assert summary.as_dict(rows, {})["look_at"]
