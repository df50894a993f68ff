"""How a class did, for a terminal."""

from mnlab.course import summary


def row(student, *verdicts, **more):
    checks = [{"name": f"check_{n}", "title": f"Claim {n}.", "status": status, "points": 0, "message": "", "hint": f"Hint {n}.",
               "claims": [f"ARP-{n}"], "max_points": 0 if status == "not applicable" else 2} for n, status in enumerate(verdicts)]
    return {"student": student, "lab": "arp", "status": "failed", "points": 2 * verdicts.count("passed"), "max_points": 8, "flags": [],
            "notes": [], "checks": checks, "reason": "", "factor": 1.0, "refused": False, "kind": "", **more}


ROWS = [row("1", "passed", "failed", "failed", "passed"), row("2", "passed", "failed", "inconclusive", "passed"),
        row("3", "passed", "failed", "failed", "not applicable")]


def test_each_check_is_counted_by_how_it_went_the_most_missed_first():
    checks = summary.as_dict(ROWS, {})["labs"][0]["checks"]
    assert [(one["title"], one["missed"], one["of"], one["inconclusive"], one["not_applicable"]) for one in checks] == [
        ("Claim 1.", 3, 3, 0, 0), ("Claim 2.", 2, 3, 1, 0), ("Claim 0.", 0, 3, 0, 0), ("Claim 3.", 0, 2, 0, 1)]
    assert checks[0]["hint"] == "Hint 1." and checks[0]["claims"] == ["ARP-1"] and checks[3]["hint"] == ""


def test_a_terminal_has_the_distribution_what_was_missed_and_what_was_not():
    assert list(summary.lines(ROWS, whole=True)) == [
        "arp: 3 failed; median 4 points", f"   50 to  60 %  {'#' * 26:<40}  2", f"   20 to  30 %  {'#' * 13:<40}  1",
        "  missed by 3 of 3: Claim 1. (hint: Hint 1.)", "  missed by 2 of 3, 1 inconclusive: Claim 2. (hint: Hint 2.)",
        "  of 4 checks, 2 by nobody"]


def test_a_short_one_has_verdicts_and_who_needs_a_look():
    rows = [*ROWS, row("4", status="inconclusive", reason="the machine broke\nat noon")]
    assert list(summary.lines(rows, {("1", "arp"): ["equal to the work of 2"]})) == [
        "arp: 3 failed, 1 inconclusive; median 4 points", "to look at:", "  1 arp: equal to the work of 2",
        "  4 arp: inconclusive: the machine broke"]


def test_what_more_than_five_missed_is_counted():
    rows = [row("1", *["failed"] * 7, "passed")]
    assert list(summary.lines(rows, whole=True))[-1] == "  of 8 checks, 2 more were missed by somebody, 1 by nobody"
