"""A class, graded for real by one command: good work, bad work, no work, somebody else's, and what is broken."""

import csv
import io
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from mnlab.course import course as courses
from mnlab.course import release
from mnlab.course.roster import Student
from mnlab.lab import work
from mnlab.lab.lab import ROOT, find

ARP, DNS = find("arp"), find("dns")
ROSTER = "id,name,email\n" + "".join(f"{number},Student {number},s{number}@example.org\n" for number in range(1, 8))
PATIENCE = 1800  # s


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A course, a roster, and hand-ins of seven students."""
    here = tmp_path_factory.mktemp("class")
    courses.begin(here / "course", "Networks", ["arp"])
    one = courses.read(here / "course")
    (here / "roster.csv").write_text(ROSTER)
    for number, lab, seed in ((1, ARP, one.seed("1", "arp")), (2, ARP, one.seed("2", "arp")), (3, ARP, one.seed("1", "arp")),
                              (4, DNS, 1)):
        work.start(lab, here / f"made/{number}/{lab.name}", seed)
    shutil.copy(ARP.solution / "resolver.py", here / "made/1/arp/resolver.py")
    shutil.copy(ARP.solution / "resolver.py", here / "made/3/arp/resolver.py")
    (here / "made/2/arp/resolver.py").write_text("def resolve(:\n")
    (here / "in").mkdir()
    for number in (1, 2, 3, 4):
        with zipfile.ZipFile(here / f"in/Student {number}_{9000 + number}_assignsubmission_file_arp.zip", "w") as whole:
            for path in sorted((here / f"made/{number}").rglob("*")):
                if path.is_file():
                    whole.write(path, path.relative_to(here / f"made/{number}"))
    (here / "in/Student 5_9005_assignsubmission_file_arp.zip").write_bytes(b"PK no archive")
    (here / "in/Student 6_9006_assignsubmission_file_").mkdir()
    return here


@pytest.fixture(scope="module")
def grade(folder):
    """grade(*arguments): what `mnlab grade` ends with, and its rows."""
    def run(*arguments):
        done = subprocess.run(
            [sys.executable, "-P", "-m", "mnlab", "grade", "arp", "in", "--roster", "roster.csv", "--course", "course",
             "--workers", "1", "--json", *arguments], cwd=folder, text=True, capture_output=True, stdin=subprocess.DEVNULL,
            timeout=PATIENCE, env={**os.environ, "PYTHONPATH": str(ROOT / "src")})
        assert "Traceback" not in done.stderr, done.stderr
        return done, {row["student"]: row for row in json.loads(done.stdout)["results"]}
    return run


def test_a_class_is_graded_and_everybody_is_in_the_table_once(folder, grade):
    done, rows = grade()
    assert done.returncode == 0, done.stderr
    assert {student: row["status"] for student, row in rows.items()} == {
        "1": "failed", "2": "failed", "3": "failed", "4": "not graded", "5": "not graded", "6": "not graded", "7": "missing"}
    good, broken, copied = rows["1"], rows["2"], rows["3"]
    assert good["points"] > 0.4 * good["max_points"] and all(
        check["status"] == "passed" for check in good["checks"] if "resolver" in check["name"])
    assert broken["points"] == 0 and "SyntaxError" in broken["reason"]
    assert "another variant" in copied["flags"] and "variant.toml is that of 1" in copied["notes"]
    assert rows["4"]["kind"] == "another lab's" and "cannot be unpacked" in " ".join(rows["5"]["notes"])
    table = list(csv.DictReader(io.StringIO((folder / "grades/grades.csv").read_text(encoding="utf-8-sig"))))
    assert [row["id"] for row in table] == [str(number) for number in range(1, 8)]
    assert "equal to the work of 3" in table[0]["arp flags"]
    assert (folder / "grades" / good["evidence"] / "scenes/resolver/captures/h1-eth0.pcap").is_file()
    assert "hint:" in (folder / "grades/feedback/1.md").read_text()
    for student in rows:
        insist_on_own(folder, student, courses.read(folder / "course"))
        assert f'href="feedback/{student}.html"' in (folder / "grades/class.html").read_text()
    told = (folder / "grades/feedback/2.md").read_text()
    assert told.count("SyntaxError") == 1 and courses.read(folder / "course").salt.decode() not in told


def insist_on_own(folder, student, course):
    """A student's feedback tells nothing of the others, and nothing that the lab keeps to itself."""
    mine = ARP.params(course.seed(student, "arp"), course.secret)
    hidden = [str(value) for key, value in mine.items() if key.startswith("_")]
    hidden += list(mine["_macs"].values())
    for form in ("md", "html"):
        text = (folder / f"grades/feedback/{student}.{form}").read_text()
        assert not [value for value in hidden if value in text]
        for other in set("1234567") - {student}:
            assert f"Student {other}" not in text and f"s{other}@" not in text and f"that of {other}" not in text
            theirs = ARP.params(course.seed(other, "arp"))
            assert not [key for key, value in theirs.items() if "." in str(value) and value not in mine.values()
                        and re.search(rf"(?<![\d.]){re.escape(str(value))}(?![\d.])", text)]


def test_graded_again_nothing_is_run_and_the_evidence_is_the_same(folder, grade):
    before = (folder / "grades/results.jsonl").read_bytes()
    _, rows = grade()
    assert (folder / "grades/results.jsonl").read_bytes() == before
    _, again = grade("--again")
    assert {key: row["evidence_sha256"] for key, row in again.items()} == {
        key: row["evidence_sha256"] for key, row in rows.items()}


@pytest.fixture(scope="module", params=["all", "names", "none"])
def edition(request, tmp_path_factory):
    """A students' edition of arp, and edition(*arguments): what its command ends with, in a student's folder."""
    here = tmp_path_factory.mktemp("edition")
    courses.begin(here / "course", "Networks", ["arp"])
    path = here / "course/course.toml"
    path.write_text(path.read_text().replace('student_checks = "all"', f'student_checks = "{request.param}"'))
    course = courses.read(here / "course")
    tree = release.write(here, [ARP], course)
    [archive] = release.archives(tree, here, [ARP], course, [Student("4711")])
    with zipfile.ZipFile(archive) as whole:
        whole.extractall(here / "mine")

    def run(*arguments, source=here / "mine/mnlab/src", typed=""):
        done = subprocess.run([sys.executable, "-P", "-m", "mnlab", *arguments], cwd=here, text=True, capture_output=True,
                              input=typed, timeout=PATIENCE, env={**os.environ, "PYTHONPATH": str(source)})
        assert "Traceback" not in done.stderr, done.stderr
        return done
    return request.param, here, course, run


def test_a_student_works_with_the_edition_and_gets_the_evidence_that_the_teacher_gets(edition):
    checks, here, _, run = edition
    assert run("start", "arp").returncode == 0
    shutil.copy(ARP.solution / "resolver.py", here / "work/arp/resolver.py")
    mine = json.loads(run("check", "arp", "--json").stdout)["labs"][0]
    theirs = json.loads(run("check", "arp", "--json", source=ROOT / "src").stdout)["labs"][0]
    assert mine["evidence_sha256"] == theirs["evidence_sha256"] and theirs["points"] > 0
    if checks == "all":
        assert mine == theirs | {key: mine[key] for key in ("evidence", "seconds")}
        return
    assert mine["checks"] == [] and mine["status"] == "not applicable"
    said = run("check", "arp", "--out", "runs").stdout
    assert "this edition has no checks: your teacher has them" in said and "run; it is graded by your teacher" in said
    assert "h1" in said and ("and they check:" in said) == (" points: " in said) == (checks == "names")  # the ladder, and what will be asked
    typed = run("shell", "arp", typed="h1 ping -c 1 h2\n")
    assert typed.returncode == 0 and "1 received" in typed.stdout, typed.stderr
    shown = run("run", "arp")
    assert shown.returncode == 0 and "this edition has no solution" in shown.stdout and "h1" in shown.stdout


def test_a_variant_of_the_edition_is_graded_as_the_students_and_another_mac_is_told(edition):
    _, here, course, run = edition
    if not (here / "work/arp").is_dir():
        run("start", "arp")
    for student in ("4711", "4712"):
        shutil.copytree(here / "work/arp", here / "in" / student, dirs_exist_ok=True)
    forged = here / "in/4711/variant.toml"
    (here / "roster.csv").write_text("id\n4711\n4712\n")

    def graded():
        done = run("grade", "arp", "in", "--roster", "roster.csv", "--course", "course", "--workers", "1", "--json",
                   source=ROOT / "src")
        return {row["student"]: row["notes"] for row in json.loads(done.stdout)["results"]}

    notes = graded()
    assert notes["4711"] == [] and notes["4712"] == ["variant.toml is that of 4711"]
    forged.write_text(forged.read_text().replace(course.mac("4711", "arp"), "0" * 32))
    assert graded()["4711"] == ["variant.toml was not written for this course: its mac does not fit"]


#: Programs that would harm those beside them, if the lab machine let them; and what their students are told.
HOSTILE = {
    "forks": ("import os, time\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        time.sleep(9)\n",
              "it was still running after 240 s"),
    "spins": ("while True:\n    pass\n", "it used 20 s of processor time, all that it may"),
    "fills": ("for number in range(10 ** 6):\n    with open(f'{number}', 'wb') as file:\n        file.write(bytes(1 << 20))\n",
              "it needed more than 160 MiB of memory"),
    "prints": ("while True:\n    print('x' * 1000)\n", "it printed more than 1 MiB"),
    "kills": ("import os\ntry:\n    os.kill(-1, 9)\nfinally:\n    os.killpg(0, 9)\n", "your program your-resolver crashed (killed by signal 9)"),
    "waits": ("import time\ntime.sleep(1 << 30)\n", "it was still running after 240 s (it used 0.0 s"),
}


def test_programs_that_would_harm_others_harm_themselves(tmp_path):
    """Among two good ones, whose evidence is what they have alone, run anew and from nothing that was kept."""
    for name, text in {**{name: text for name, (text, _) in HOSTILE.items()},
                       "good": (ARP.solution / "resolver.py").read_text() + f"# {tmp_path}\n",  # nothing knows it from before
                       "unready": (ARP.starter / "resolver.py").read_text() + f"# {tmp_path}\n"}.items():
        work.start(ARP, tmp_path / f"in/{name}/arp", 1)
        (tmp_path / f"in/{name}/arp/resolver.py").write_text(text)
    for name in ("good", "unready"):
        shutil.copytree(tmp_path / "in" / name, tmp_path / "alone" / name)

    def graded(folder, out, *arguments):
        done = subprocess.run([sys.executable, "-P", "-m", "mnlab", "grade", "arp", folder, "--out", out, "--json", *arguments],
                              cwd=tmp_path, text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=PATIENCE,
                              env={**os.environ, "PYTHONPATH": str(ROOT / "src")})
        assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
        rows = json.loads(done.stdout)["results"]
        assert len({row["student"] for row in rows}) == len(rows)
        return {row["student"].removeprefix("?"): row for row in rows}

    before = contents(tmp_path)
    rows = graded("in", "grades", "--workers", "2", "--audit", "0")
    assert {path: data for path, data in contents(tmp_path).items() if path.parts[0] != "grades"} == before
    assert rows.keys() == {*HOSTILE, "good", "unready"}
    for name, (_, words) in HOSTILE.items():
        assert (rows[name]["status"], rows[name]["points"]) == ("failed", 0), rows[name]
        assert words in rows[name]["reason"] + "".join(check["message"] for check in rows[name]["checks"]), (name, rows[name])
        assert words in next((tmp_path / "grades/feedback").glob(f"*{name}*.md")).read_text()
    alone = graded("alone", "calm", "--workers", "1", "--audit", "100")
    assert rows["good"]["points"] > 10
    for name, row in alone.items():
        assert row["flags"] == rows[name]["flags"] and row["evidence_sha256"] == rows[name]["evidence_sha256"] != ""


def contents(folder):
    """The files below a folder, {path: contents}."""
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_killed_at_random_moments_each_hand_in_has_the_digest_that_it_has_without(tmp_path):
    """The command, its workers and their machines, ended with kill -9 while they are at work, for real."""
    for number in range(8):
        work.start(ARP, tmp_path / f"in/s{number}/arp", number)
        text = (ARP.solution if number % 2 else ARP.starter).joinpath("resolver.py").read_text()
        (tmp_path / f"in/s{number}/arp/resolver.py").write_text(f"{text}\n# {tmp_path}\n")  # nothing knows it from before

    def command(out):
        return subprocess.Popen([sys.executable, "-P", "-m", "mnlab", "grade", "arp", "in", "--workers", "2", "--out", out,
                                 "--audit", "0"], cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(ROOT / "src")})

    def digests(out):
        lines = (tmp_path / out / "results.jsonl").read_text().splitlines()
        return {row["student"]: row["evidence_sha256"] for row in map(json.loads, lines)}

    chance = random.Random(20)
    for _ in range(10):
        process = command("out")
        time.sleep(chance.uniform(1, 8))
        offspring = descendants(process.pid)
        for pid in [process.pid] if chance.random() < 0.5 or not offspring else [chance.choice(offspring), process.pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            time.sleep(chance.uniform(0, 0.5))
        process.wait()
    assert command("out").wait(PATIENCE) == 0 and command("calm").wait(PATIENCE) == 0
    assert digests("out") == digests("calm") and len(digests("calm")) == 8
    with open(tmp_path / "out/grades.csv", encoding="utf-8-sig", newline="") as file:
        assert len([row["id"] for row in csv.DictReader(file)]) == 8


def descendants(pid):
    """All processes that one has started, and those have."""
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, path.read_text().split()):
                found += [child, *descendants(child)]
    return found
