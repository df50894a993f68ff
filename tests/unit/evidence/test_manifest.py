"""Evidence that somebody handed in holds whatever JSON there is: it is refused in one plain line, or can be graded."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnlab.checks.answers import Answers
from mnlab.checks.grade import grade
from mnlab.evidence import layout
from mnlab.evidence.record import Record, Unreadable
from mnlab.lab.lab import Lab
from mnlab.report import jsonout, junit, terminal
from mnlab.report.timeline import timeline

GOOD = {"lab": "arp", "seed": 1, "start_ns": 5, "params": {"n": 1}, "outcome": "ok", "reason": "", "kernel": "6.1",
        "network": {"h1": {"kind": "host", "interfaces": {"h1-eth0": {"mac": "02:00:00:00:00:01", "ip": None}}}},
        "machine": {"clock": "virtual"}, "seconds": {"wall": 1.5, "virtual": 2}, "lab_seconds": 2.0,
        "tools": {"curl": "8"}, "work": {"kind": "student", "sha256": "ab"}}
LINE = {"name": "ping", "kind": "command", "host": "h1", "argv": ["ping", "x"], "start": 1.0, "end": 2.0, "status": 0}
CHECKS = """
from mnlab.checks import points

@points(1)
def check_it(evidence):
    evidence.name_of("10.0.0.1")
    assert evidence.timeline is not None
"""

thorough = settings(max_examples=100, derandomize=True, database=None, deadline=None,
                    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20),
                    st.integers(0, 400).map(lambda digits: 10**digits), st.just("x" * 5000))
anything = st.recursive(scalars, lambda inner: st.one_of(
    st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)), max_leaves=6)


def places(value, path=()) -> list[tuple]:
    """The path of every value within a JSON value."""
    found = [path] if path else []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += places(inner, (*path, key))
    return found


def changed(value: dict, path: tuple, new):
    """A copy of `value` with `new` at `path`."""
    copy = json.loads(json.dumps(value))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = new
    return copy


def lay_out(folder: Path, manifest: dict, lines: list[dict]) -> None:
    """Evidence with a right digest: that anybody can make."""
    (folder / layout.FIGURES).mkdir()
    (folder / layout.TIMELINE).write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / layout.MANIFEST).write_text(json.dumps(manifest))
    manifest["evidence_sha256"] = layout.digest(folder)
    (folder / layout.MANIFEST).write_text(json.dumps(manifest))
    (folder / layout.FIGURES / "checks.py").write_text(CHECKS)  # where it is no part of the digest


def look_at(folder: Path) -> None:
    """All that `recheck` does with evidence."""
    record = Record(folder)
    record.insist_on_whole()
    result = grade(Lab(folder / layout.FIGURES), record, Answers({}))
    assert jsonout.dumps([result]) and junit.junit_xml([result])
    assert terminal.verdicts(result).text() and timeline(record).text()


def refused_or_graded(folder: Path) -> None:
    try:
        look_at(folder)
    except Unreadable as problem:
        assert len(str(problem).splitlines()) == 1 and len(str(problem)) < 300 + len(str(folder))


def test_good_evidence_is_graded(tmp_path):
    lay_out(tmp_path, dict(GOOD), [LINE])
    look_at(tmp_path)


@thorough
@given(path=st.sampled_from(places(GOOD)), new=anything)
def test_any_value_in_a_manifest_is_refused_in_a_line_or_does_no_harm(tmp_path_factory, path, new):
    folder = tmp_path_factory.mktemp("run")
    try:
        lay_out(folder, changed(GOOD, path, new), [LINE])
    except ValueError:  # a number that Python does not write
        return
    refused_or_graded(folder)


@thorough
@given(path=st.sampled_from([*places(LINE), ("stopped",), ("stdout",), ("more",)]), new=anything)
def test_any_value_in_a_timeline_is_refused_in_a_line_or_does_no_harm(tmp_path_factory, path, new):
    folder = tmp_path_factory.mktemp("run")
    lay_out(folder, dict(GOOD), [LINE, changed(LINE, path, new)])
    refused_or_graded(folder)


@pytest.mark.parametrize("path, new", [
    (("lab",), 5), (("lab",), "../x"), (("lab",), "x" * 5000), (("seed",), -1), (("seed",), 2**63), (("seed",), True),
    (("start_ns",), "5"), (("start_ns",), 1.5), (("params",), []), (("network",), 1), (("network", "h1"), []),
    (("network", "h1", "interfaces", "h1-eth0"), {}), (("outcome",), "passed"), (("reason",), ["x"]),
    (("seconds", "wall"), float("nan")), (("seconds", "wall"), 1e300), (("seconds",), 3), (("machine",), None),
    (("work", "kind"), "teacher"), (("work",), "student"), (("kernel",), {})], ids=str)
def test_a_wrong_kind_of_value_is_named(tmp_path, path, new):
    lay_out(tmp_path, changed(GOOD, path, new), [])
    with pytest.raises(Unreadable, match=repr(path[0])):
        Record(tmp_path)


@pytest.mark.parametrize("data", [
    b"[" * 100_000, b'{"a":' * 100_000, b'{"start_ns": ' + b"9" * 10_000 + b"}", b'{"params": "' + b"x" * (5 << 20) + b'"}',
    b"\xff\xfe", b'"x"', b"null"], ids=["brackets", "objects", "number", "huge", "utf-16", "text", "null"])
def test_a_manifest_that_is_none(tmp_path, data):
    (tmp_path / layout.MANIFEST).write_bytes(data)
    with pytest.raises(Unreadable, match="holds no evidence"):
        Record(tmp_path)


@pytest.mark.parametrize("name, data", [
    (layout.TIMELINE, b"[" * 100_000), (layout.TIMELINE, b"x"), (layout.TIMELINE, b'{"name": "../../etc/passwd"}'),
    (layout.TIMELINE, b"\x80"), (layout.TRACE, b"x"), (layout.TRACE, b""), (layout.NEIGHBOUR_TRACE, b"# start \xff")])
def test_odd_lines_are_damage(tmp_path, name, data):
    lay_out(tmp_path, dict(GOOD), [LINE])
    (tmp_path / "kernel").mkdir()
    (tmp_path / name).write_bytes(data)
    (tmp_path / layout.MANIFEST).write_text(json.dumps(GOOD | {"evidence_sha256": layout.digest(tmp_path)}))
    with pytest.raises(Unreadable, match=f"is damaged: .*{Path(name).name}"):
        Record(tmp_path).insist_on_whole()


@pytest.mark.parametrize("make", [lambda path: path.symlink_to("/etc/passwd"), os.mkfifo], ids=["link", "pipe"])
@pytest.mark.parametrize("name", ["files/odd", "answers.toml", "signature.json"])
def test_what_is_neither_file_nor_folder_is_refused(tmp_path, make, name):
    lay_out(tmp_path, dict(GOOD), [LINE])
    (tmp_path / "files").mkdir()
    make(tmp_path / name)
    with pytest.raises(Unreadable, match=f"{Path(name).name!r} is neither file nor folder"):
        Record(tmp_path).insist_on_whole()


def test_a_pipe_in_the_place_of_the_manifest_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / layout.MANIFEST)
    with pytest.raises(Unreadable, match="no readable manifest"):
        Record(tmp_path)


def test_evidence_without_a_lab_or_an_outcome_is_none(tmp_path):
    for key in ("lab", "outcome"):
        (tmp_path / key).mkdir()
        lay_out(tmp_path / key, {name: value for name, value in GOOD.items() if name != key}, [LINE])
        with pytest.raises(Unreadable, match=key):
            Record(tmp_path / key).insist_on_whole()
