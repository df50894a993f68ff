"""The students' edition: what is kept back is nowhere in it, and what is there works."""

import json
import os
import re
import subprocess
import sys
import zipfile

import pytest

from mnlab.course import course as courses
from mnlab.course import release
from mnlab.course.course import ALL, NAMES, NONE
from mnlab.course.roster import Student
from mnlab.lab.lab import ROOT, all_labs, find

LINES = 3  # in a row that are the same: one is an idiom, three are a passage of a solution
#: Where the engine itself does what a standard says (the checksum of RFC 1071, a segment's fields), and a solution, too.
BY_THE_STANDARDS = {"src/mnlab/protocols/ip.py", "src/mnlab/protocols/tcp/segment.py"}
PEOPLE = [Student("4711", "Ada Lovelace"), Student("4712", "Alan Turing")]


def passages(*paths):
    """All runs of LINES lines that say something, in some files and folders."""
    found = set()
    for path in paths:
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                lines = [line.strip() for line in file.read_text(errors="replace").splitlines() if len(line.strip()) > 3]
                lines = [line for line in lines if not line.startswith(("import ", "from ", "#"))]
                found |= {"\n".join(lines[first:first + LINES]) for first in range(len(lines) - LINES + 1)}
    return found


def kept_back(lab):
    """What only a lab's solution, right works and mutants say, and nothing that students are given with it."""
    public = [path for path in lab.folder.iterdir()
              if path.name not in (*release.KEPT_BACK, *release.CHECKING, "__pycache__")]
    return passages(*(lab.folder / name for name in release.KEPT_BACK if (lab.folder / name).exists())) - passages(*public)


@pytest.fixture
def a_course(tmp_path):
    def make(checks=ALL, labs=("arp", "dns")):
        courses.begin(tmp_path / "course", "Networks", list(labs))
        path = tmp_path / "course/course.toml"
        path.write_text(path.read_text().replace('student_checks = "all"', f'student_checks = "{checks}"'))
        return courses.read(tmp_path / "course")
    return make


@pytest.fixture
def mnlab(tmp_path):
    """mnlab(tree, *arguments): what the command of an edition ends with; there is no machine."""
    def run(tree, *arguments):
        return subprocess.run(
            [sys.executable, "-P", "-m", "mnlab", *arguments], cwd=tmp_path, text=True, capture_output=True,
            stdin=subprocess.DEVNULL, timeout=120,
            env={**os.environ, "PYTHONPATH": str(tree / "src"), "MNLAB_CACHE": str(tmp_path / "cache")})
    return run


@pytest.mark.parametrize("checks", [ALL, NAMES, NONE])
def test_no_passage_of_a_solution_is_in_it(tmp_path, a_course, checks):
    tree = release.write(tmp_path / "out", all_labs(), a_course(checks))
    there = {passage: str(path.relative_to(tree)) for path in sorted(tree.rglob("*")) if path.is_file()
             for passage in passages(path)}
    found = {}
    for lab in all_labs():
        assert kept_back(lab), lab.name
        found |= {(lab.name, passage): there[passage] for passage in kept_back(lab) if passage in there}
    assert {place for place in found.values() if "/starter/" not in place} <= BY_THE_STANDARDS
    assert not {path.name for path in (tree / "labs").rglob("*")} & {"solution", "right", "mutants.py", "atlas.toml"}
    assert not {path.name for path in tree.rglob("*")} & {"solution", "claims.md", "tests", "findings", "course.salt"}
    assert ("checks.py" in {path.name for path in (tree / "labs").rglob("*")}) == (checks == ALL)
    assert courses.read(tmp_path / "course").salt.decode() not in "".join(
        path.read_text(errors="replace") for path in tree.rglob("*") if path.is_file())


def test_a_lab_is_listed_shown_and_begun_with_the_students_own_variant(tmp_path, a_course, mnlab):
    course, labs = a_course(NAMES), [find("arp"), find("dns")]
    tree = release.write(tmp_path / "out", labs, course)
    archives = list(release.archives(tree, tmp_path / "out", labs, course, PEOPLE))
    assert [path.name for path in archives] == ["4711.zip", "4712.zip"]
    with zipfile.ZipFile(archives[0]) as archive:
        archive.extractall(tmp_path / "mine")
        assert archive.getinfo("mnlab/mnlab").external_attr >> 16 & 0o100  # the launcher can be run
    mine = tmp_path / "mine/mnlab"
    assert "arp" in mnlab(mine, "list").stdout and "dns" in mnlab(mine, "list").stdout
    listed = json.loads(mnlab(mine, "list", "--json").stdout)["labs"]
    whole = json.loads(mnlab(ROOT, "list", "--json").stdout)["labs"]
    assert listed == [lab for lab in whole if lab["lab"] in ("arp", "dns")]
    assert mnlab(mine, "show", "arp").returncode == 0
    done = mnlab(mine, "start", "arp")
    assert done.returncode == 0 and f"variant {course.seed('4711', 'arp')} of arp" in done.stdout, done.stderr
    said = (tmp_path / "work/arp/variant.toml").read_text()
    assert 'student = "4711"' in said and f'mac = "{course.mac("4711", "arp")}"' in said
    other = mnlab(mine, "start", "dns", "--seed", "5")
    assert other.returncode == 0 and "mac" not in (tmp_path / "work/dns/variant.toml").read_text()
    assert "4712" not in "".join(path.read_text(errors="replace") for path in mine.rglob("*.toml"))


@pytest.mark.parametrize("command, words", [
    (["verify", "arp"], "`mnlab verify` needs solutions"), (["atlas", "arp"], "students' edition has none"),
    (["grade", "arp", "in"], "`mnlab grade` needs solutions"), (["release", "again"], "`mnlab release` needs solutions"),
    (["run", "browser"], "this edition has no solution to run. Run your own: `mnlab start browser`"),
    (["lint"], "`mnlab lint` needs solutions"), (["export", "bundle", "arp"], "`mnlab export` needs solutions"),
    (["test"], "needs a clone of the project"), (["bench"], "needs a clone of the project"),
    (["start", "ping"], "there is no lab 'ping'")])
def test_what_is_missing_is_named(tmp_path, a_course, mnlab, command, words):
    tree = release.write(tmp_path / "out", [find("arp"), find("browser")], a_course(NONE))
    done = mnlab(tree, *command)
    assert done.returncode == 2 and words in done.stderr and "Traceback" not in done.stderr, done.stderr


@pytest.mark.parametrize("name, text", [
    ("edition.toml", 'title = "x"\nseeds = 3\n'), ("edition.toml", 'title = "x"\n[seeds]\narp = "x"\n[macs]\narp = ""\n'),
    ("edition.toml", 'title = "x"\n[seeds]\narp = 5\n'), ("edition.toml", 'title = "x"\n[seeds]\narp = -5\n[macs]\narp = ""\n'),
    ("labs/link/arp/asked.json", "{"), ("labs/link/arp/asked.json", "3"), ("labs/link/arp/asked.json", '{"work": 1}')])
def test_a_copy_that_is_damaged_is_told(tmp_path, a_course, mnlab, name, text):
    tree = release.write(tmp_path / "out", [find("arp")], a_course(NONE))
    (tree / name).write_text(text)
    done = mnlab(tree, *(["start", "arp"] if name == "edition.toml" else ["list"]))
    assert f"{name}:" in done.stderr and "take a new copy" in done.stderr and "Traceback" not in done.stderr, done.stderr


def test_names_are_told_only_where_the_course_says_so(tmp_path, a_course):
    for checks in (NAMES, NONE):
        courses_folder = tmp_path / "course"
        if courses_folder.exists():
            for path in courses_folder.iterdir():
                path.unlink()
        tree = release.write(tmp_path / checks, [find("arp")], a_course(checks))
        told = json.loads((tree / "labs/link/arp/asked.json").read_text())
        assert bool(told["checks"]) == (checks == NAMES)
        assert told["work"] == sum(check["points"] for check in told["checks"]) or checks == NONE


def test_it_is_not_written_over_another(tmp_path, a_course):
    course = a_course()
    release.write(tmp_path / "out", [find("arp")], course)
    with pytest.raises(release.CannotRelease, match="is there already: nothing was changed"):
        release.write(tmp_path / "out", [find("arp")], course)


def test_controllers_that_no_lab_names_stay_behind(tmp_path, a_course):
    tree = release.write(tmp_path / "out", [find("programmable"), find("learning_switch")], a_course())
    names = {path.name for path in (tree / "controller").iterdir()}
    assert "learning_switch.py" not in names and "access_list.py" not in names
    text = "".join((tree / "labs/sdn" / lab / "experiment.py").read_text() for lab in ("programmable", "learning_switch"))
    wanted = {name for name in re.findall(r"\w+\.py", text) if (ROOT / "controller" / name).is_file()}
    assert wanted and wanted <= names
