import pytest
from rich.cells import cell_len

from mnlab.checks.verdicts import FAILED, INCONCLUSIVE, NOT_APPLICABLE, LabResult
from mnlab.report.terminal import summary, verdicts

WIDTHS = (40, 60, 80, 120)


def test_the_contract_of_a_graded_lab(results):
    assert verdicts(results[0], "Who has this address?").text(72) == """\
arp · Who has this address? · seed 7                                 2/5

  ✗  What check_b says.                                 ARP-4 ARP-5  0/3
     │ h1 pinged h2.
     │ Expected: a reply.
     │   Seen: nothing? <&> at all.
  ✓  What check_a says.                                 ARP-1        2/2

✗ failed  2 of 5 points   lab time 63.2 s · wall time 1.31 s
  evidence: runs/arp-7 · debian13"""


@pytest.mark.parametrize("ascii", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
def test_lines_fit_and_nothing_is_left_out(results, check, width, ascii):
    title, message = "A title of many words that goes on " * 3, "A reason, 日本語, word after word. " * 9
    checks = tuple(check(f"check_{status}", status, title=title, message=f"{status}: {message}")
                   for status in ("passed", FAILED, INCONCLUSIVE))
    text = verdicts(LabResult("arp", 7, checks, seconds=1.0, virtual_seconds=2.0)).text(width, ascii=ascii)
    assert all(cell_len(line) <= width for line in text.split("\n"))
    assert [text.split().count(word) for word in ("title", "many", "goes")] == [9, 9, 9]
    assert f"{FAILED}:" in text and f"{INCONCLUSIVE}:" in text and "passed:" not in text
    assert text.isascii() or not ascii


def test_the_verdicts_differ_without_colour(check):
    checks = tuple(check(status=status) for status in ("passed", FAILED, INCONCLUSIVE, NOT_APPLICABLE))
    for ascii in (False, True):
        lines = verdicts(LabResult("arp", 7, checks)).text(80, ascii=ascii).split("\n")
        assert len({line.strip()[0] for line in lines[2:6]}) == 4


def test_what_is_not_applicable_is_shown_with_its_reason_and_counted(check):
    beyond = check("check_b", NOT_APPLICABLE, most=0, message="RACK is always on.")
    some, none = LabResult("arp", 7, (check("check_a"), beyond)), LabResult("ping", 7, (beyond,))
    text = verdicts(some).text(60)
    assert "│ RACK is always on." in text and text.split("\n")[0].endswith("2/2")
    assert [line.split()[-1] for line in text.split("\n") if "What check" in line] == ["2/2", "none"]
    assert "✓ passed (1 not applicable)  2 of 2 points" in text
    assert "∅ not applicable  0 of 0 points" in verdicts(none).text(60)
    rows = summary([some, none]).text(80).split("\n")
    assert "passed (1 not applicable)" in rows[1] and rows[2].split()[2:5] == ["∅", "not", "applicable"]


def test_of_a_students_work_what_is_not_applicable_comes_with_what_passed(check):
    checks = (check("a", NOT_APPLICABLE, most=0), check("b"), check("c", FAILED))
    lines = verdicts(LabResult("arp", 7, checks, work="student")).text(60).split("\n")
    assert [line.split()[0] for line in lines if "What" in line] == ["✗", "∅", "✓"]


def test_a_broken_lab_says_why_once(results):
    text = verdicts(results[2]).text(80)
    assert text.count("BIND did not start") == 1
    assert "? inconclusive" in text


def test_the_same_reason_is_not_repeated(check):
    checks = tuple(check(name, INCONCLUSIVE, message="the qdisc was refused: netem") for name in ("a", "b", "c"))
    text = verdicts(LabResult("arp", 1, checks)).text(80)
    assert text.count("refused") == 1 and text.count("same reason") == 2
    text = verdicts(LabResult("arp", 1, checks, reason="the qdisc was refused: netem")).text(80)
    assert text.count("refused") == 1 and "same reason" not in text


def test_a_lab_without_checks_can_be_shown():
    assert "no space left" in verdicts(LabResult("arp", 1, (), reason="no space left")).text(80)


def test_text_is_not_taken_for_markup(check):
    checks = (check(title="[bold]x[/bold]", status=FAILED, message="a[0] [/red]"),)
    text = verdicts(LabResult("arp", 1, checks)).text(80)
    assert "[bold]x[/bold]" in text and "a[0] [/red]" in text


@pytest.mark.parametrize("width", WIDTHS)
def test_the_summary_has_a_line_for_each_lab_and_totals(results, width):
    lines = summary(results).text(width).split("\n")
    assert all(cell_len(line) <= width for line in lines)
    if width >= 60:
        rows = [line.split() for line in lines]
        assert [row[0] for row in rows] == ["lab", "arp", "ping", "dns", "3"]
        assert [row[1] for row in rows[1:4]] == ["2/5", "4/4", "0/1"]
        assert rows[-1][:5] == ["3", "labs", "6/10", "?", "inconclusive"]


def test_the_summary_says_how_long_it_all_took(results):
    assert summary(results, 12.0).text(80).split("\n")[-1].startswith("all of it took 12")
    assert "all of it" not in summary(results).text(80)
