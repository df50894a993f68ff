"""The class's pages: everybody is there once, nobody on the page without names, and nothing that could be markup."""

import re
from pathlib import Path

import pytest

from mnlab.course.results import Results
from mnlab.course.roster import Student
from mnlab.report import feedback
from mnlab.report.page import class_page

ADA, HOSTILE, ABSENT = Student("a4711", "Ada Lovelace", section="A"), Student("b66", "<script>alert(1)</script>"), Student(
    "c9", "Never Seen")
CHECKS = {"It asks.": "Look at the <b>request</b>.", "It answers.": ""}


def row(student, missed=(), lab="arp", **more):
    checks = [{"title": title, "max_points": 5, **({"status": "failed", "points": 0, "hint": hint,
                                                    "message": f"seen: {student}\nhint: {hint}"} if title in missed else
                                                   {"status": "passed", "points": 5, "hint": "", "message": ""})}
              for title, hint in CHECKS.items()]
    return {"student": student, "lab": lab, "status": "failed" if missed else "passed", "kind": "", "flags": [],
            "points": sum(check["points"] for check in checks), "max_points": 10, "notes": [], "checks": checks,
            "reason": "", "late_days": 0, "factor": 1.0, "refused": False, "group": [],
            "evidence_sha256": "ab" * 32, **more}


@pytest.fixture
def made():
    rows = [row("a4711", ["It asks."], flags=["late"]), row("b66"), row("a4711", lab="dns"),
            row("b66", ["It asks.", "It answers."], "dns", status="inconclusive", reason="</script><img src=x>")]
    kept = Results(Path(), {(one["student"], one["lab"]): one for one in rows})
    return class_page.Made(kept, [ADA, HOSTILE, ABSENT], {"arp": 1, "dns": 1}, {}, {
        ("a4711", "arp"): ["equal to the work of b66"]}, lambda id: f"{id} #1")


def test_everybody_has_a_row_with_points_flags_and_a_link(made):
    text = class_page.html(made)
    body = text[text.index("<tbody>\n<tr class=\"flagged\""):]
    assert [len(re.findall(rf">{student.id}</(?:a|th)>", body)) for student in made.people] == [1, 1, 1]
    assert 'href="feedback/a4711%20%231.html"' in text and "Never Seen" in text
    assert "arp: late" in text and "arp: equal to the work of b66" in text and "dns: inconclusive" in text
    assert "5 / 10" in text and "10 / 10" in text


def test_what_somebody_is_called_is_text(made):
    pages = [class_page.html(made), feedback.html(HOSTILE.name, [made.kept.rows["b66", "dns"]], {})]
    for text in pages:
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text and "<script>alert" not in text
        assert not re.search(r"\son\w+=|\sstyle=|<img", text)
        assert "default-src &#39;none&#39;" in text


def test_the_page_without_names_has_none_and_no_id(made):
    text = class_page.html(made, names=False)
    content = text[text.index("<body>"):]
    for student in made.people:
        assert student.name not in content and not re.search(rf"\b{student.id}\b", content)
    assert "late" not in content and "equal to" not in content and "feedback/" not in content
    assert "It asks." in content


def test_the_distribution_counts_each_once_and_leaves_out_who_is_inconclusive(made):
    arp, dns = (class_page._lab(made, {"lab": lab, "checks": [], "verdicts": {}}) for lab in ("arp", "dns"))
    assert arp["counts"] == [0, 0, 0, 0, 0, 1, 0, 0, 0, 1] and dns["counts"] == [0] * 9 + [1]
    assert "50 to 60 %: 1, 90 to 100 %: 1" in arp["picture"]


def test_a_check_says_by_how_many_it_was_missed_and_its_hint(made):
    text = class_page.html(made)
    arp, dns = text[text.index('id="lab-1"'):text.index('id="lab-2"')], text[text.index('id="lab-2"'):]
    assert "1 of 2" in arp and "Look at the &lt;b&gt;request&lt;/b&gt;." in arp
    assert dns.index("It answers.") and "1 of 2" in dns


def test_feedback_is_of_one_student_alone(made):
    made.kept.rows["a4711", "arp"]["notes"] = ["variant.toml is that of b66", "the work lay in arp/"]
    mine = [made.kept.rows[key] for key in sorted(made.kept.rows) if key[0] == "a4711"]
    text = feedback.html(ADA.name, mine, {("b66", "arp"): {"points": 3, "reason": "oral exam"}})
    content = text[text.index("<body>"):]
    assert "Ada Lovelace" in content and "seen: a4711" in content
    assert "another student&#39;s" in content and "the work lay in arp/" in content
    for secret in ("b66", HOSTILE.name, "Never Seen", "oral exam", "equal to", "abab"):
        assert secret not in content and secret not in feedback.page(ADA.name, mine, {})
    decided = feedback.html(ADA.name, mine, {("a4711", "arp"): {"points": 9, "reason": "shown <b>orally</b>"}})
    assert "9 of 10 points" in decided and "shown &lt;b&gt;orally&lt;/b&gt;" in decided


def test_both_forms_of_feedback_say_the_same(made):
    mine = [row("a4711", ["It asks."], late_days=2, factor=0.8, notes=["variant.toml is missing"], status="inconclusive")]
    forms = feedback.html("Ada", mine, {}), feedback.page("Ada", mine, {}).replace("\\", "")
    for words in ("2 days late: 80 % of 5 points", "variant.toml is missing", "It costs no point", "It asks.", "Look at"):
        assert all(words in form for form in forms)
