"""Grading a class, with workers that answer without a machine: who is graded with which variant, what is graded again, and
what is told."""

import json
import shutil
import sys
import textwrap
from functools import partial
from pathlib import Path

import pytest

from mnlab.course import carry_out, grading, handins, places, results, summary, workers
from mnlab.course import course as courses
from mnlab.course.look_alike import look_alike
from mnlab.course.roster import Student
from mnlab.lab import work
from mnlab.lab.lab import Lab, all_labs, find
from mnlab.lab.run import reserve_folder

ARP, DNS = find("arp"), find("dns")
PEOPLE = [Student("4711", "Ada Lovelace"), Student("4712", "Alan Turing"), Student("4713", "Grace Hopper")]
#: Says 7 points, leaves evidence, and notes what it was asked. A second run of what is flaky has another digest.
STUB = textwrap.dedent("""
    import hashlib, json, os, sys
    for line in sys.stdin:
        job = json.loads(line)
        open(sys.argv[1], "a").write(line)
        folder = os.path.join(job["out"], job["lab"] + "-1")
        os.makedirs(folder)
        open(os.path.join(folder, "manifest.json"), "w").write("{}")
        data = b"".join(open(os.path.join(job["work"], name), "rb").read() for name in sorted(os.listdir(job["work"])))
        digest = hashlib.sha256(data).hexdigest()[::-1 if job.get("fresh") and b"FLAKY" in data else 1]
        print(json.dumps({"status": "failed", "points": 7, "max_points": 20, "reason": "", "evidence": folder,
                          "evidence_sha256": digest, "machine": "debian13", "image_sha256": "cd", "checks": [],
                          "worker": f"stub:{os.getpid()}"}), flush=True)
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
    def run(labs=(ARP,), course=a_class, roster=PEOPLE, pool=None, **options):
        (tmp_path / "out").mkdir(exist_ok=True)
        task = grading.Grading(list(labs), all_labs(), tmp_path / "in", tmp_path / "out", "debian13", "cd", list(roster), course)
        kept, asked = results.read(tmp_path / "out"), tmp_path / "asked"
        asked.write_text("")
        pool = pool or partial(workers.each, count=2, command=[sys.executable, "-c", STUB, str(asked)])
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


def test_another_version_of_what_grades_grades_again(tmp_path, a_class, graded, monkeypatch):
    hand_in(tmp_path, "4711", ARP, a_class.seed("4711", "arp"))
    assert len(graded()[1]) == 1 and graded()[1] == []
    monkeypatch.setattr(grading, "version", lambda lab: "another")
    assert len(graded()[1]) == 1


def test_a_labs_version_is_of_its_files_topologies_and_controllers(tmp_path):
    for name in ("labs/network/one/checks.py", "topologies/probe_lan.py", "controller/probe.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    seen = set()
    for number, name in enumerate(["", "labs/network/one/checks.py", "topologies/probe_lan.py", "controller/probe.py"]):
        if name:
            (tmp_path / name).write_text(f"# {number}")
        grading.version.cache_clear()
        seen.add(grading.version(Lab(tmp_path / "labs/network/one")))
    assert len(seen) == 4


@pytest.mark.parametrize("result, wanted", [
    ({"status": "not applicable", "points": 0, "max_points": 0}, 0), ({"status": "passed", "points": 8, "max_points": 8}, 8),
    ({"status": "inconclusive", "points": 0, "max_points": 0}, 20)])
def test_what_is_not_applicable_lowers_the_maximum(result, wanted):
    assert carry_out.merged({"points": 0, "max_points": 20}, result)["max_points"] == wanted


def test_what_a_killed_call_did_not_audit_the_next_one_does_and_nobody_twice(tmp_path, graded):
    hand_in(tmp_path, "s1", ARP, 1)
    hand_in(tmp_path, "s2", ARP, 1)
    assert len(graded(course=None, roster=[], audit=0)[1]) == 2
    kept, asked = graded(course=None, roster=[], audit=100)
    assert [job.get("fresh") for job in asked] == [True, True]
    assert all(row["audit"].startswith("the same digest from stub:") for row in kept.rows.values())
    assert all(row["audit"].split()[-1] != row["worker"] for row in kept.rows.values())
    assert graded(course=None, roster=[], audit=100)[1] == []


def test_an_alarm_stays_with_the_run_whoever_hands_it_in(tmp_path, graded):
    for who in ("s1", "s2"):
        hand_in(tmp_path, who, ARP, 1, change=False)
        with open(tmp_path / "in" / who / "arp/resolver.py", "a") as file:
            file.write("# FLAKY\n")
    kept, _ = graded(course=None, roster=[], audit=100)
    assert ["audit: another digest" in row["flags"] for row in kept.rows.values()] == [True, True]
    shutil.copytree(tmp_path / "in/s1", tmp_path / "in/s3")
    (tmp_path / "in/s2/note.zip").write_bytes(b"PK")  # another note: the row is written anew
    kept, asked = graded(course=None, roster=[], audit=100)
    assert asked == [] and ["audit: another digest" in row["flags"] for row in kept.rows.values()] == [True] * 3


def test_equal_work_is_audited_once(tmp_path, graded):
    for who in ("s1", "s2", "s3"):
        hand_in(tmp_path, who, ARP, 1, change=False)
    assert len(graded(course=None, roster=[], audit=100)[1]) == 2
    assert graded(course=None, roster=[], audit=100)[1] == []


def test_evidence_that_is_gone_or_lies_elsewhere_is_not_graded_again(tmp_path, graded):
    hand_in(tmp_path, "s1", ARP, 1)
    hand_in(tmp_path, "s2", ARP, 2)
    kept, _ = graded(course=None, roster=[])
    shutil.rmtree(tmp_path / "out" / kept.rows["?s1", "arp"]["evidence"])
    kept.rows["?s2", "arp"]["evidence"] = "../../etc"
    before = {key: dict(row) for key, row in kept.rows.items()}
    carry_out.regrade(kept, [ARP], lambda jobs: iter([] if not list(jobs) else pytest.fail("it was asked")), "")
    assert kept.rows == before


def test_who_is_killed_while_evidence_is_recorded_leaves_what_rows_name_whole(tmp_path, graded):
    hand_in(tmp_path, "s1", ARP, 1)
    kept, _ = graded(course=None, roster=[])
    folder = tmp_path / "out" / kept.rows["?s1", "arp"]["evidence"]
    begun = []

    def killed(jobs):
        for job in jobs:
            begun.append(reserve_folder(Path(job["out"]), job["lab"]))
            (begun[-1] / "manifest.json").write_text("")
            raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt):
        graded(course=None, roster=[], pool=killed, again=True)
    assert begun and (folder / "manifest.json").read_text() == "{}"
    assert [path.name for path in (tmp_path / "out").iterdir() if path.name.startswith(".")] == []
    kept, asked = graded(course=None, roster=[])
    assert not asked and kept.rows["?s1", "arp"]["evidence"] == str(folder.relative_to(tmp_path / "out"))


def test_who_is_killed_while_evidence_is_copied_leaves_none_that_is_in_part(tmp_path, graded, monkeypatch):
    for who in ("s1", "s2"):
        hand_in(tmp_path, who, ARP, 1)
        (tmp_path / "in" / who / "arp/answers.toml").write_text("probe_after = 3\n")
    kept, asked = graded(course=None, roster=[])
    folder = tmp_path / "out" / kept.rows["?s2", "arp"]["evidence"]
    assert len(asked) == 1 and (folder / "manifest.json").read_text() == "{}"

    def killed(source, target):
        Path(target).write_text("")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(carry_out, "_linked", killed)
        with pytest.raises(KeyboardInterrupt):
            graded(course=None, roster=[], again=True)
    assert (folder / "manifest.json").read_text() == "{}"


def test_what_ends_without_evidence_leaves_none_of_an_earlier_run(tmp_path, graded):
    hand_in(tmp_path, "s1", ARP, 1)
    kept, _ = graded(course=None, roster=[])
    folder = tmp_path / "out" / kept.rows["?s1", "arp"]["evidence"]
    assert folder.is_dir()
    kept, _ = graded(course=None, roster=[], again=True, pool=lambda jobs: ((job, {"trouble": "no machine"}) for job in jobs))
    assert kept.rows["?s1", "arp"]["status"] == "inconclusive" and not folder.exists()


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


def test_of_several_labs_one_that_was_not_handed_in_is_not_taken_for_another(tmp_path, a_class, graded):
    hand_in(tmp_path, "4711", ARP, a_class.seed("4711", "arp"))
    kept, _ = graded([ARP, DNS])
    row = kept.rows["4711", "dns"]
    assert (row["status"], row["notes"]) == ("missing", ["nothing for dns: the hand-in has work for arp"])
    kept, _ = graded([DNS])
    assert kept.rows["4711", "dns"]["kind"] == "another lab's"


def test_what_a_teacher_has_to_decide_is_among_what_to_look_at(tmp_path, a_class, graded):
    hand_in(tmp_path, "4711/old", ARP, a_class.seed("4711", "arp"))
    hand_in(tmp_path, "4711/new", ARP, a_class.seed("4711", "arp"))
    hand_in(tmp_path, "4712", ARP, a_class.seed("4712", "arp"))
    (tmp_path / "in/4712/arp/resolver.py").unlink()
    (tmp_path / "in/4713.rar").write_bytes(b"Rar!")
    kept, asked = graded()
    rows = {student: row for (student, _), row in kept.rows.items()}
    assert rows["4711"]["flags"] == ["several works"] and rows["4712"]["flags"] == ["missing files"] and len(asked) == 2
    assert (rows["4713"]["status"], rows["4713"]["kind"]) == ("not graded", "unusable")
    assert rows["4713"]["notes"][1:] == ["nothing else was handed in"]
    told = {line.split()[0]: line for line in summary.lines(list(rows.values())) if "arp: " in line}
    assert "2 folders look like this work; graded: new/arp/" in told["4711"] and "missing: resolver.py" in told["4712"]
    assert "archives of this kind (.rar) are not read here" in told["4713"]


def test_one_hand_in_for_several_labs(tmp_path, a_class, graded):
    for lab in (ARP, DNS):
        hand_in(tmp_path, "4711", lab, a_class.seed("4711", lab.name))
    _, asked = graded((ARP, DNS))
    assert sorted(job["lab"] for job in asked) == ["arp", "dns"]


def test_equal_work_is_told_to_the_teacher_on_both_sides(tmp_path, a_class, graded):
    for who in ("4711", "4712"):
        hand_in(tmp_path, who, ARP, a_class.seed(who, "arp"))
        shutil.copy(ARP.solution / "resolver.py", tmp_path / "in" / who / "arp/resolver.py")
        path = tmp_path / "in" / who / "arp/answers.toml"
        path.write_text(path.read_text().replace(' = ""', ' = "02:00:00:00:00:07"'))
    kept, _ = graded()
    words = look_alike(kept, [ARP])
    assert words["4711", "arp"] == ["equal to the work of 4712", "the same answers as 4712, who has another variant"]
    assert ("4712", "arp") in words


@pytest.mark.parametrize("answered", [0, 1])
def test_questions_without_an_answer_are_nobodys_answers(tmp_path, a_class, graded, answered):
    """Nor is a single one: what is right for all is found by many."""
    for who in ("4711", "4712"):
        hand_in(tmp_path, who, ARP, a_class.seed(who, "arp"))
        path = tmp_path / "in" / who / "arp/answers.toml"
        path.write_text(path.read_text().replace(' = ""', ' = "ff:ff:ff:ff:ff:ff"', answered))
        (tmp_path / "in" / who / "arp/resolver.py").write_text(f"print({who})\n")
    kept, asked = graded()
    assert len(asked) == 2 and look_alike(kept, [ARP]) == {}


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


# --- nothing twice, and a share of it twice ---

def test_equal_work_of_one_variant_is_run_once_and_each_has_its_own_evidence(tmp_path, graded):
    for who in ("ada", "alan", "grace"):
        hand_in(tmp_path, who, ARP, 5, change=False)
    hand_in(tmp_path, "other", ARP, 6, change=False)  # the same files but for the variant
    kept, asked = graded(course=None, roster=[])
    assert len(asked) == 2 and len(kept.rows) == 4
    assert len({row["evidence"] for row in kept.rows.values()}) == 4
    hand_in(tmp_path, "late", ARP, 5, change=False)
    kept, asked = graded(course=None, roster=[])
    assert asked == [] and kept.rows["?late", "arp"]["points"] == 7  # known from the last time
    shutil.rmtree(tmp_path / "out" / kept.rows["?late", "arp"]["evidence"])
    assert len(graded(course=None, roster=[])[1]) == 0 and (tmp_path / "out" / kept.rows["?late", "arp"]["evidence"]).is_dir()


def test_an_audit_runs_a_share_once_more_without_what_is_remembered_and_elsewhere(tmp_path, graded):
    for number in range(8):
        hand_in(tmp_path, f"s{number}", ARP, 5)
    kept, asked = graded(course=None, roster=[], audit=100)
    first, second = asked[:8], asked[8:]
    assert len(second) == 8 and all(job["fresh"] and job["other_than"].startswith("stub:") for job in second)
    assert not any("fresh" in job for job in first) and not any(results.AUDIT in row["flags"] for row in kept.rows.values())
    assert not list((tmp_path / "out/evidence").glob("*/audit"))
    _, asked = graded(course=None, roster=[], again=True, audit=30)
    assert 8 <= len(asked) < 16


def test_another_digest_is_an_alarm_that_names_both_workers(tmp_path, graded):
    hand_in(tmp_path, "calm", ARP, 5)
    folder = tmp_path / "in/flaky/arp"
    hand_in(tmp_path, "flaky", ARP, 5)
    (folder / "resolver.py").write_text("# FLAKY\n")
    kept, _ = graded(course=None, roster=[], audit=100)
    row = kept.rows["?flaky", "arp"]
    assert row["flags"] == [results.AUDIT] and kept.rows["?calm", "arp"]["flags"] == []
    assert row["worker"] in row["audit"] and row["audit"].count("stub:") == 2
    assert row["evidence_sha256"][:12] in row["audit"] and row["evidence_sha256"][::-1][:12] in row["audit"]
    assert [one["why"] for one in summary.as_dict([row], {})["look_at"]] == [[row["audit"]]]
    assert graded(course=None, roster=[])[1] == []  # told once; the result stays


def test_new_checks_look_at_the_same_evidence_and_nothing_is_run_after_that(tmp_path, a_class, graded, monkeypatch):
    for who in ("4711", "4712"):
        hand_in(tmp_path, who, ARP, a_class.seed(who, "arp"))
    kept, _ = graded()
    monkeypatch.setattr(grading, "version", lambda lab: "another")
    told = []

    def pool(jobs):
        for job in jobs:
            told.append(job["recheck"])
            yield job, {"status": "passed", "points": 20, "max_points": 20, "reason": "", "evidence": job["recheck"],
                        "evidence_sha256": "ab", "machine": "debian13", "image_sha256": "cd", "checks": [], "worker": "x:2"}

    carry_out.regrade(kept, [ARP], pool, a_class.secret.hex())
    assert sorted(told) == sorted(str(tmp_path / "out" / kept.rows[who, "arp"]["evidence"]) for who in ("4711", "4712"))
    assert {row["points"] for row in results.read(tmp_path / "out").rows.values() if row["evidence"]} == {20}
    assert graded()[1] == []


# --- groups, and dates ---

def test_a_group_hands_in_one_work_which_is_run_once_and_accuses_nobody(tmp_path, a_class, graded):
    path = tmp_path / "course/course.toml"
    path.write_text(path.read_text() + '\n[groups]\nred = ["4711", "4712"]\n')
    hand_in(tmp_path, "4712", ARP, a_class.seed("4712", "arp"))
    kept, asked = graded(course=courses.read(tmp_path / "course"))
    assert [(job["student"], job["seed"]) for job in asked] == [("4711", a_class.seed("4712", "arp"))]
    one, other = kept.rows["4711", "arp"], kept.rows["4712", "arp"]
    assert one["notes"] == ["handed in by 4712, of the group red", "the work was found in arp/"] and other["notes"] == one["notes"][1:]
    assert one["group"] == other["group"] == ["4712", "4711"] and one["flags"] == other["flags"] == []
    assert look_alike(kept, [ARP]) == {} and kept.rows["4713", "arp"]["status"] == "missing"


@pytest.mark.parametrize("groups, words", [
    ('red = ["4711"]\nblue = ["4711"]', "4711 is in two groups"), ('red = "4711"', "the group red is a list of ids")])
def test_groups_that_make_no_sense_are_told(tmp_path, a_class, groups, words):
    path = tmp_path / "course/course.toml"
    path.write_text(path.read_text() + f"\n[groups]\n{groups}\n")
    with pytest.raises(courses.BadCourse, match=words):
        courses.read(tmp_path / "course")


def test_a_group_of_somebody_who_is_not_in_the_roster_is_told(tmp_path, a_class, graded):
    path = tmp_path / "course/course.toml"
    path.write_text(path.read_text() + '\n[groups]\nred = ["4711", "4799"]\n')
    hand_in(tmp_path, "4711", ARP, 1)
    with pytest.raises(handins.BadSubmissions, match="the group red names 4799, who is not in the roster"):
        graded(course=courses.read(tmp_path / "course"))
