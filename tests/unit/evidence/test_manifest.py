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
from mnlab.evidence.manifest import Unreadable
from mnlab.evidence.run import Run
from mnlab.lab.lab import Lab
from mnlab.report import jsonout, junit, terminal
from mnlab.report.page import page
from mnlab.report.timeline import timeline

RUN = {"lab": "arp", "seed": 1, "params": {"n": 1}, "scenes": [{"name": "experiment", "title": "all"}], "left_out": [],
       "machine": {"clock": "virtual"}, "seconds": {"wall": 1.5, "virtual": 2},
       "work": {"kind": "student", "sha256": "ab"}}
SCENE = {"start_ns": 5, "outcome": "ok", "reason": "", "kernel": "6.1", "lab_seconds": 2.0, "tools": {"curl": "8"},
         "network": {"h1": {"kind": "host", "interfaces": {"h1-eth0": {
             "mac": "02:00:00:00:00:01", "ip": None, "peer": "h2-eth0", "shape": {"bw": 1e6, "delay": [0.1, 0, 0]}}}},
                     "h2": {"kind": "host", "interfaces": {"h2-eth0": {"mac": None, "ip": "10.0.0.2"}}}}}
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


@pytest.fixture(scope="module")
def write(lay_out):
    """write(folder, run, scene, lines): evidence with a right digest, and checks where they are no part of it."""
    def make(folder: Path, run=RUN, scene=SCENE, lines=(LINE,)) -> Path:
        lay_out(folder, run, scene, lines)
        (folder / layout.FIGURES).mkdir()
        (folder / layout.FIGURES / "checks.py").write_text(CHECKS)
        (folder / layout.FIGURES / "experiment.py").touch()
        return folder
    return make


def look_at(folder: Path) -> None:
    """All that `recheck` does with evidence."""
    run = Run(folder)
    run.insist_on_whole()
    result = grade(Lab(folder / layout.FIGURES), run, Answers({}))
    assert jsonout.dumps([result]) and junit.junit_xml([result])
    assert terminal.verdicts(result).text() and timeline(run).text()
    assert page.html(Lab(folder / layout.FIGURES), run, result).encode()


def refused_or_graded(folder: Path) -> None:
    try:
        look_at(folder)
    except Unreadable as problem:
        assert len(str(problem).splitlines()) == 1 and len(str(problem)) < 300 + len(str(folder))


def test_good_evidence_is_graded(write, tmp_path):
    look_at(write(tmp_path))


@thorough
@given(path=st.sampled_from([("run", *path) for path in places(RUN)] + [("scene", *path) for path in places(SCENE)]),
       new=anything)
def test_any_value_in_a_manifest_is_refused_in_a_line_or_does_no_harm(write, tmp_path_factory, path, new):
    try:
        found = changed({"run": RUN, "scene": SCENE}, path, new)
        folder = write(tmp_path_factory.mktemp("run"), **found)
    except (ValueError, OSError):  # a number that Python does not write, a name that no file can have
        return
    refused_or_graded(folder)


@thorough
@given(path=st.sampled_from([*places(LINE), ("stopped",), ("stdout",), ("more",)]), new=anything)
def test_any_value_in_a_timeline_is_refused_in_a_line_or_does_no_harm(write, tmp_path_factory, path, new):
    refused_or_graded(write(tmp_path_factory.mktemp("run"), lines=[LINE, changed(LINE, path, new)]))


@pytest.mark.parametrize("where, path, new", [
    ("run", ("lab",), 5), ("run", ("lab",), "../x"), ("run", ("lab",), "x" * 5000), ("run", ("seed",), -1),
    ("run", ("seed",), 2**63), ("run", ("seed",), True), ("run", ("params",), []), ("run", ("seconds", "wall"), 1e300),
    ("run", ("seconds", "wall"), float("nan")), ("run", ("seconds",), 3), ("run", ("machine",), None),
    ("run", ("work", "kind"), "teacher"), ("run", ("work",), "student"), ("run", ("scenes",), {}),
    ("run", ("scenes",), [{"name": "a", "title": ""}] * 2), ("run", ("scenes",), [{"name": "../a", "title": ""}]),
    ("run", ("left_out",), "kernel"), ("run", ("secrets",), "mine"), ("run", ("secrets",), {}), ("scene", ("start_ns",), "5"), ("scene", ("start_ns",), 1.5),
    ("scene", ("network",), 1), ("scene", ("network", "h1"), []),
    ("scene", ("network", "h1", "interfaces", "h1-eth0", "peer"), ["h2-eth0"]), ("scene", ("network", "h1", "kind"), 5),
    ("scene", ("network", "h1", "interfaces", "h1-eth0", "shape"), {"delay": []}),
    ("scene", ("network", "h1", "interfaces", "h1-eth0", "shape"), {"loss": ["1"]}),
    ("scene", ("network", "h1", "interfaces", "h1-eth0"), {}), ("scene", ("outcome",), "passed"),
    ("scene", ("reason",), ["x"]), ("scene", ("kernel",), {})], ids=str)
def test_a_wrong_kind_of_value_is_named(write, tmp_path, where, path, new):
    write(tmp_path, **{where: changed({"run": RUN, "scene": SCENE}[where], path, new)})
    with pytest.raises(Unreadable, match=repr(path[0])):
        Run(tmp_path).insist_on_whole()


@pytest.mark.parametrize("data", [
    b"[" * 100_000, b'{"a":' * 100_000, b'{"start_ns": ' + b"9" * 10_000 + b"}", b'{"params": "' + b"x" * (5 << 20) + b'"}',
    b"\xff\xfe", b'"x"', b"null"], ids=["brackets", "objects", "number", "huge", "utf-16", "text", "null"])
@pytest.mark.parametrize("place", ["", "scenes/experiment"], ids=["run", "scene"])
def test_a_manifest_that_is_none(write, lay_out, tmp_path, data, place):
    write(tmp_path)
    (tmp_path / place / layout.MANIFEST).write_bytes(data)
    if place:
        lay_out.reseal(tmp_path, dict(RUN))
    with pytest.raises(Unreadable, match="holds no evidence"):
        Run(tmp_path).insist_on_whole()


@pytest.mark.parametrize("name, data", [
    (layout.TIMELINE, b"[" * 100_000), (layout.TIMELINE, b"x"), (layout.TIMELINE, b'{"name": "../../etc/passwd"}'),
    (layout.TIMELINE, b"\x80"), (layout.TRACE, b"x"), (layout.TRACE, b""), (layout.NEIGHBOUR_TRACE, b"# start \xff")])
def test_odd_lines_are_damage(write, lay_out, tmp_path, name, data):
    scene = write(tmp_path) / "scenes/experiment"
    (scene / "kernel").mkdir()
    (scene / name).write_bytes(data)
    lay_out.reseal(tmp_path, dict(RUN))
    with pytest.raises(Unreadable, match=f"is damaged: .*{Path(name).name}"):
        Run(tmp_path).insist_on_whole()


@pytest.mark.parametrize("make", [lambda path: path.symlink_to("/etc/passwd"), os.mkfifo], ids=["link", "pipe"])
@pytest.mark.parametrize("name", ["scenes/experiment/odd", "answers.toml", "signature.json"])
def test_what_is_neither_file_nor_folder_is_refused(write, tmp_path, make, name):
    write(tmp_path)
    make(tmp_path / name)
    with pytest.raises(Unreadable, match=f"{Path(name).name!r} is neither file nor folder"):
        Run(tmp_path).insist_on_whole()


def test_a_scene_that_is_a_link_is_refused(write, tmp_path):
    write(tmp_path / "run")
    (tmp_path / "run/scenes/experiment").rename(tmp_path / "elsewhere")
    (tmp_path / "run/scenes/experiment").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Unreadable):
        Run(tmp_path / "run").insist_on_whole()


def test_a_pipe_in_the_place_of_the_manifest_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / layout.MANIFEST)
    with pytest.raises(Unreadable, match="no readable manifest"):
        Run(tmp_path)


@pytest.mark.parametrize("key", ["lab", "seed", "scenes", "evidence_sha256"])
def test_evidence_without_what_every_run_has_is_none(write, tmp_path, key):
    manifest = json.loads((write(tmp_path) / layout.MANIFEST).read_text())
    (tmp_path / layout.MANIFEST).write_text(json.dumps({name: value for name, value in manifest.items() if name != key}))
    with pytest.raises(Unreadable, match=key):
        Run(tmp_path)


def test_evidence_from_before_scenes_is_refused_in_words(tmp_path):
    (tmp_path / layout.MANIFEST).write_text(json.dumps(
        {"lab": "arp", "seed": 1, "params": {}, "network": {}, "start_ns": 5, "evidence_sha256": "0" * 64}))
    with pytest.raises(Unreadable, match="from before evidence had scenes; run the lab again"):
        Run(tmp_path)
