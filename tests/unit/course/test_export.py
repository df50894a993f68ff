"""What is exported with pseudonyms tells students apart, and no more."""

from mnlab.course import export
from mnlab.course.course import Course
from mnlab.report.gradebook import written

COURSE = Course(None, salt=b"k" * 32)
ROW = {"lab": "arp", "status": "failed", "kind": "", "points": 7, "max_points": 20, "late_days": 0, "flags": ["late"],
       "name": "Ada Lovelace", "notes": ["Ada Lovelace_1.zip: cut"], "reason": "/home/ada", "seed": 471100, "worker": "pc7:1",
       "work_sha256": "ab" * 32, "evidence": "evidence/4711/arp-1", "evidence_sha256": "cd" * 32, "group": ["4712"],
       "checks": [{"name": "check_a", "status": "failed", "message": "seen: ada"}]}


def test_nothing_that_tells_a_student_is_in_it_and_each_is_told_from_the_others():
    rows = [{**ROW, "student": "4711"}, {**ROW, "student": "4712", "lab": "dns"}, {**ROW, "student": "4711", "lab": "dns"}]
    text = written(export.table(rows, COURSE.pseudonym))
    for word in ("4711", "4712", "Ada", "ada", "471100", "abab", "cdcd", "pc7"):
        assert word not in text
    names = [line.split(",")[0] for line in text.splitlines()[1:]]
    assert len(set(names)) == 2 and sorted(names.count(name) for name in set(names)) == [1, 2]
    assert text.splitlines()[0].endswith("arp check_a,dns check_a") and "failed" in text


def test_a_pseudonym_takes_the_salt_and_is_the_same_each_time():
    other = Course(None, salt=b"l" * 32)
    assert COURSE.pseudonym("4711") == COURSE.pseudonym("4711") != other.pseudonym("4711")
