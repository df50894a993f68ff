"""Grading a class, with workers that answer without a machine: who is graded with which variant, what is graded again, and
what is told."""

import json
import shutil
import sys
import textwrap
from functools import partial

import pytest

from mnlab.course import carry_out, grading, places, results, workers
from mnlab.course import course as courses
from mnlab.course.look_alike import look_alike
from mnlab.course.roster import Student
from mnlab.lab import work
from mnlab.lab.lab import all_labs, find

ARP, DNS = find("arp"), find("dns")
PEOPLE = [Student("4711", "Ada Lovelace"), Student("4712", "Alan Turing"), Student("4713", "Grace Hopper")]
#: Says 7 points, and notes what it was asked.
STUB = textwrap.dedent("""
    import json, sys
    for line in sys.stdin:
        job = json.loads(line)
        open(sys.argv[1], "a").write(line)
        print(json.dumps({"status": "failed", "points": 7, "max_points": 20, "reason": "", "evidence": None,
                          "evidence_sha256": "ab", "machine": "debian13", "image_sha256": "cd", "checks": [], "worker": "x:1"}), flush=True)
""")


@pytest.fixture
def a_class(tmp_path):
    """A course with a roster, and a folder of hand-ins."""
    courses.begin(tmp_path / "course", "Networks", ["arp", "dns"])
    (tmp_path / "in").mkdir()
    return courses.read(tmp_path / "course")


@pytest.fixture
def graded(tmp_path, a_class):
    """graded(labs, course, ...): the rows after grading, and what workers were asked for."""
    def run(labs=(ARP,), course=a_class, roster=PEOPLE, **options):
        (tmp_path / "out").mkdir(exist_ok=True)
        task = grading.Grading(list(labs), all_labs(), tmp_path / "in", tmp_path / "out", "debian13", "cd", list(roster), course)
        kept, asked = results.read(tmp_path / "out"), tmp_path / "asked"
        asked.write_text("")
        pool = partial(workers.each, count=2, command=[sys.executable, "-c", STUB, str(asked)])
        carry_out.carry_out(task.todo(), kept, pool, **options)
        return kept, [json.loads(line) for line in asked.read_text().splitlines()]
    return run


def hand_in(tmp_path, who, lab, seed, change=True):
    work.start(lab, tmp_path / "in" / who / lab.name, seed)
    if change:
        with open(tmp_path / "in" / who / lab.name / "answers.toml", "a") as file:
            file.write(f"# {who}\n")


def test_each_is_graded_with_their_own_variant_and_who_is_missing_has_a_row(tmp_path, a_class, graded):
    hand_in(tmp_path, "4711", ARP, a_class.seed("4711", "arp"))
    kept, asked = graded()
    assert [(job["student"], job["seed"], job["seed_from"]) for job in asked] == [("4711", a_class.seed("4711", "arp"), "course")]
    assert bytes.fromhex(asked[0]["secret"]) == a_class.secret
    assert {key: row["status"] for key, row in kept.rows.items()} == {
        ("4711", "arp"): "failed", ("4712", "arp"): "missing", ("4713", "arp"): "missing"}
    assert kept.rows["4711", "arp"]["points"] == 7 and not kept.rows["4711", "arp"]["flags"]


def test_a_copied_folder_with_its_variant_is_told_and_may_be_refused(tmp_path, a_class, graded):
    hand_in(tmp_path, "4712", ARP, a_class.seed("4711", "arp"))
    kept, _ = graded()
    row = kept.rows["4712", "arp"]
    assert row["flags"] == ["another variant"] and "variant.toml is that of 4711" in row["notes"] and not row["refused"]
    path = tmp_path / "course/course.toml"
    path.write_text(path.read_text().replace('foreign_variant = "flag"', 'foreign_variant = "refuse"'))
    kept, _ = graded(course=courses.read(tmp_path / "course"))
    assert results.final(kept.rows["4712", "arp"], None)[0] == 0
    hand_in(tmp_path, "4713", ARP, 99)
    kept, _ = graded()
    assert "variant.toml is nobody's in this course" in kept.rows["4713", "arp"]["notes"]


def test_only_what_has_changed_is_graded_again(tmp_path, a_class, graded):
    for who in ("4711", "4712"):
        hand_in(tmp_path, who, ARP, a_class.seed(who, "arp"))
    assert len(graded()[1]) == 2 and graded()[1] == []
    (tmp_path / "in/4712/arp/answers.toml").write_text("probe_after = 3\n")
    assert [job["student"] for job in graded()[1]] == ["4712"]
    assert len(graded(again=True)[1]) == 2
    lines = (tmp_path / "out/results.jsonl").read_text().splitlines()
    (tmp_path / "out/results.jsonl").write_text("\n".join(line for line in lines if '"4711"' not in line) + "\n")
    assert [job["student"] for job in graded()[1]] == ["4711"]  # as after a kill before its line was written


def test_what_is_no_work_for_the_lab_is_told_and_not_run(tmp_path, a_class, graded):
    hand_in(tmp_path, "4711", DNS, 1)
    (tmp_path / "in/4712").mkdir()
    hand_in(tmp_path, "4713", ARP, a_class.seed("4713", "arp"), change=False)
    kept, asked = graded()
    rows = {key[0]: row for key, row in kept.rows.items()}
    assert (rows["4711"]["status"], rows["4711"]["kind"]) == ("not graded", "another lab's")
    assert (rows["4712"]["status"], rows["4712"]["kind"]) == ("not graded", "empty")
    assert rows["4713"]["flags"] == ["unchanged starter"] and [job["student"] for job in asked] == ["4713"]
    assert all(row["max_points"] > 0 for row in rows.values())


def test_one_hand_in_for_several_labs(tmp_path, a_class, graded):
    for lab in (ARP, DNS):
        hand_in(tmp_path, "4711", lab, a_class.seed("4711", lab.name))
    _, asked = graded((ARP, DNS))
    assert sorted(job["lab"] for job in asked) == ["arp", "dns"]


def test_equal_work_is_told_to_the_teacher_on_both_sides(tmp_path, a_class, graded):
    for who in ("4711", "4712"):
        hand_in(tmp_path, who, ARP, a_class.seed(who, "arp"))
        shutil.copy(ARP.solution / "resolver.py", tmp_path / "in" / who / "arp/resolver.py")
        (tmp_path / "in" / who / "arp/answers.toml").write_text("probe_after = 3\n")
    kept, _ = graded()
    words = look_alike(kept, [ARP])
    assert words["4711", "arp"] == ["equal to the work of 4712", "the same answers as 4712, who has another variant"]
    assert ("4712", "arp") in words


def test_without_a_course_the_variant_is_what_the_folder_says(tmp_path, graded):
    hand_in(tmp_path, "anybody", ARP, 12)
    kept, [job] = graded(course=None, roster=[])
    assert (job["seed"], job["student"]) == (12, "?anybody") and list(kept.rows) == [("?anybody", "arp")]


def test_nothing_outside_the_results_is_touched(tmp_path, a_class, graded):
    hand_in(tmp_path, "4711", ARP, a_class.seed("4711", "arp"))
    before = {path: path.read_bytes() for path in (tmp_path / "in").rglob("*") if path.is_file()}
    graded()
    assert {path: path.read_bytes() for path in (tmp_path / "in").rglob("*") if path.is_file()} == before
    assert {path.name for path in tmp_path.iterdir()} == {"in", "out", "course", "asked"}
    assert not (tmp_path / "out/.handed-in").exists()


@pytest.mark.parametrize("key", ["../up", "a/b", "?x", ".hidden", "x" * 300, "Ada Lovelace", "a\0b", ""])
def test_a_folder_is_named_after_a_student_and_stays_where_it_is(key):
    name = places.place(key)
    assert "/" not in name and not name.startswith(".") and 0 < len(name) < 100 and "\0" not in name
    assert places.place("4711") == "4711" and places.place("a/b") != places.place("a_b")
