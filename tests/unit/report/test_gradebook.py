"""Tables that spreadsheets and platforms read: harmless cells, one row a student, what is not known left out."""

import csv
import io
from pathlib import Path

import pytest

from mnlab.course.results import Results
from mnlab.course.roster import Student
from mnlab.report import feedback, gradebook

PEOPLE = [Student("4711", "=HYPERLINK(1)", "ada@example.org", "ada", "901", "A", "Canvas"), Student("2", "Sam Smith"),
          Student("3", "Sam Smith")]
CHECK = {"title": "It asks.", "status": "failed", "points": 0, "max_points": 5, "message": "seen: none\nhint: Look."}


def row(student, lab="arp", **more):
    return {"student": student, "lab": lab, "status": "failed", "kind": "", "points": 5, "max_points": 10, "flags": [], "notes": [],
            "checks": [CHECK], "reason": "", "late_days": 0, "factor": 1.0, "refused": False, "group": [],
            "evidence_sha256": "ab" * 32, **more}


@pytest.fixture
def kept():
    rows = [row("4711", factor=0.9, late_days=1, flags=["late"]), row("2", status="inconclusive"), row("2", "dns"),
            row("4711", "dns", points=10, status="passed", checks=[])]
    return Results(Path(), {(one["student"], one["lab"]): one for one in rows})


LABS = {"arp": 1, "dns": 3}


def read(rows, comma=False):
    return list(csv.reader(io.StringIO(gradebook.written(rows, comma)), delimiter=";" if comma else ","))


def test_one_row_a_student_with_a_total_by_weight(kept):
    heads, ada, sam, other = read(gradebook.whole(kept, PEOPLE, LABS, {}, {("4711", "arp"): ["equal to the work of 2"]}))
    cells = dict(zip(heads, ada))
    assert (cells["arp points"], cells["arp of"], cells["arp percent"], cells["arp verdict"]) == ("4.5", "10", "45", "failed")
    assert cells["arp flags"] == "late; equal to the work of 2" and cells["total percent"] == "86.25"
    assert sam[-1] == "" and other[4:] == [""] * 15  # inconclusive, and nothing handed in: nobody knows yet


def test_a_cell_that_would_be_a_formula_is_none_and_numbers_stay_numbers():
    assert [gradebook.harmless(text) for text in ("=1", "+1", "-1", "@x", "\tx", "1", "a=b")] == [
        "'=1", "'+1", "'-1", "'@x", "'\tx", "1", "a=b"]
    assert read([["x", -1.5]]) == [["x", "-1.5"]] and read([["x", -1.5]], comma=True) == [["x", "-1,5"]]


def test_what_a_teacher_decided_counts_and_is_shown_as_such(kept):
    hand = {("2", "arp"): {"points": 10, "reason": "oral"}}
    heads, _, sam, _ = read(gradebook.whole(kept, PEOPLE, LABS, hand, {}))
    cells = dict(zip(heads, sam))
    assert (cells["arp points"], cells["arp verdict"], cells["total percent"]) == ("10", "inconclusive, by hand", "62.5")
    assert cells["arp notes"] == "by hand: oral" and gradebook.moodle(kept, PEOPLE, LABS, hand)[2][5].startswith("Decided by hand: oral")


def test_who_could_not_be_asked_everything_has_the_same_share_everywhere():
    rows = [row("4711", points=10), row("2", points=8, max_points=8), row("3", points=4, max_points=8, checks=[])]
    kept = Results(Path(), {(one["student"], one["lab"]): one for one in rows})
    heads, *people = read(gradebook.whole(kept, PEOPLE, {"arp": 1}, {}, {}))
    assert [one[heads.index("arp percent")] for one in people] == ["100", "100", "50"]
    assert [line[5] for line in gradebook.canvas(kept, PEOPLE, {"arp": 1}, {})[1:]] == [10, 10, 10, 5]
    assert [line[3] for line in gradebook.moodle(kept, PEOPLE, {"arp": 1}, {})[1:]] == [10, 10, 5]
    nothing = Results(Path(), {("2", "arp"): row("2", points=0, max_points=0), ("4711", "arp"): row("4711")})
    assert gradebook.canvas(nothing, PEOPLE, {"arp": 1}, {})[3][5] == 10


def test_canvas_and_moodle_have_what_they_go_by_and_no_grade_where_nothing_is_known(kept):
    heads, worth, ada, sam, _ = read(gradebook.canvas(kept, PEOPLE, LABS, {}))
    assert heads == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "arp", "dns"]
    assert worth[0] == "    Points Possible" and worth[5:] == ["10", "10"]
    assert ada == ["'=HYPERLINK(1)", "901", "4711", "ada", "A", "4.5", "10"] and sam[5:] == ["", "5"]
    heads, ada, sam, other = read(gradebook.moodle(kept, PEOPLE, LABS, {("2", "dns"): {"comment": "Well done."}}))
    assert heads == ["ID number", "Full name", "Email address", "arp", "dns", "arp feedback", "dns feedback"]
    assert ada[0] == "4711" and sam[3:5] == ["-", "5"] and sam[6] == "Well done. Missed: It asks." and other[3:] == ["-", "-", "", ""]


def test_feedback_says_what_was_missed_and_nothing_that_markup_could_change(kept):
    hostile = row("4711", notes=["<script>alert(1)</script> [x](y)"], reason="```\n<b>", late_days=2, factor=0.8)
    text = feedback.page("Ada *", [hostile], {("4711", "arp"): {"points": 9, "reason": "oral", "comment": "good"}})
    assert "<script>" not in text and "\\<script\\>" in text and "Ada \\*" in text
    assert text.count("```") % 2 == 0 and "'''" in text and "Decided by hand: oral (the checks gave 5.)" in text
    assert "\ngood\n" in text and "9 of 10 points" in text and "2 days late: 80 % of 5 points" in text and "hint: Look." in text


@pytest.mark.parametrize("more, words", [
    ({"flags": ["unchanged starter"]}, "nothing in it was changed"), ({"flags": ["late"]}, "late, as your platform says"),
    ({"refused": True}, "it has no points in this course"), ({"group": ["4711", "4712", "4713"]}, "together with 4712, 4713."),
    ({"flags": ["late"], "late_days": 1, "factor": 0.9}, "1 day late: 90 % of 5 points")])
def test_what_was_found_is_said_to_the_student(more, words):
    for page in (feedback.page("Ada", [row("4711", **more)], {}), feedback.html("Ada", [row("4711", **more)], {})):
        assert words in page
        assert words not in feedback.page("Ada", [row("4711")], {})


def test_inconclusive_work_is_told_that_it_costs_no_point():
    assert "costs no point" in feedback.page("x", [row("x", status="inconclusive", checks=[])], {})


def test_points_by_hand_are_told_as_they_are():
    rows = [row("4711", status="inconclusive", max_points=20, checks=[]), row("2", points=30, max_points=30)]
    kept, hand = Results(Path(), {(one["student"], one["lab"]): one for one in rows}), {("4711", "arp"): {"points": 28, "reason": "oral"}}
    assert gradebook.canvas(kept, PEOPLE, {"arp": 1}, hand)[2][5] == gradebook.moodle(kept, PEOPLE, {"arp": 1}, hand)[1][3] == 28
    assert "Inconclusive" not in feedback.page("Ada", [rows[0]], hand)


def test_while_a_hand_in_is_nobodys_who_has_none_has_no_grade():
    rows = [row("4711", points=0, status="missing", checks=[]), row("?x", flags=["nobody's"]), row("2")]
    kept = Results(Path(), {(one["student"], one["lab"]): one for one in rows})
    assert [line[5] for line in gradebook.canvas(kept, PEOPLE[:2], {"arp": 1}, {})[2:]] == ["", 5]
    assert [line[3] for line in gradebook.moodle(kept, PEOPLE[:2], {"arp": 1}, {})[1:]] == ["-", 5]
    assert gradebook.whole(kept, PEOPLE[:2], {"arp": 1}, {}, {})[1][-1] == ""
