"""The class's pages, feedback and two runs side by side, in a browser: on every screen, sorted, searched, laid over."""

from pathlib import Path

import pytest

from mnlab.checks.answers import Answers
from mnlab.checks.grade import grade
from mnlab.checks.session import reference_answers
from mnlab.course.results import Results
from mnlab.course.roster import Student
from mnlab.evidence.run import Run
from mnlab.lab.lab import find
from mnlab.report import feedback, jsonout
from mnlab.report.page import class_page, compare_page
from mnlab.report.page.view import Material

EVIL = "</script><script>window.evil = 1</script><img src=x onerror='window.evil = 1'>]]>"
PEOPLE = [Student("a4711", "Ada Lovelace", section="A"), Student("b66", EVIL, section="B"),
          Student("c9", "Maximiliane von und zu Hohenlohe-Langenburg-Weikersheim", section="B")]


@pytest.fixture(scope="module")
def arp(page_of):
    path, lab = page_of("arp"), find("arp")
    run = Run(path.parent)
    return {answered: Material(lab, run, grade(lab, run, reference_answers(lab, run) if answered else Answers({})))
            for answered in (True, False)}


@pytest.fixture(scope="module")
def rows(arp):
    """A right hand-in and two that missed much, of which one says what no page may do."""
    found = {}
    for person, right in zip(PEOPLE, (True, False, False)):
        said = jsonout.as_dict([arp[right].result])["labs"][0] | {"student": person.id, "kind": "", "flags": [] if right else ["late"],
                                                 "notes": [], "late_days": 0, "factor": 1.0, "refused": False, "group": []}
        if person.name == EVIL:
            said["checks"] = [check | {"message": f"seen: {EVIL}", "title": check["title"] + EVIL} for check in
                              said["checks"]]
        found[person.id, "arp"] = said
    return found


@pytest.fixture(scope="module")
def pages(arp, rows, page_of, tmp_path_factory):
    """Every kind of page besides a run's: name -> path."""
    folder = tmp_path_factory.mktemp("others")
    made = class_page.Made(Results(Path(), rows), PEOPLE, {"arp": 1}, {}, {}, lambda id: id)
    handshake = Run(page_of("handshake").parent)
    lab = find("handshake")
    two = [Material(lab, handshake, grade(lab, handshake, answers))
           for answers in (reference_answers(lab, handshake), Answers({}))]
    texts = {"class": class_page.html(made), "without-names": class_page.html(made, names=False),
             "feedback": feedback.html(EVIL, [rows["b66", "arp"]], {}),
             "compare": compare_page.html(compare_page.side("one", two[0]), compare_page.side("other", two[1]), *two)}
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text)
    return {name: folder / f"{name}.html" for name in texts}


KINDS = pytest.mark.parametrize("kind", ["class", "without-names", "feedback", "compare"])


@KINDS
def test_it_opens_on_every_screen_and_runs_nobodys_script(opened, pages, kind):
    for width in (360, 1024, 1920):
        page = opened(pages[kind], width, "dark" if width == 1920 else "light")
        assert page.locator("main section").count() >= 1 and page.evaluate("window.evil") is None
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@KINDS
@pytest.mark.slow
def test_nobody_is_shut_out(opened, pages, axe, kind):
    for scheme in ("light", "dark"):
        page = opened(pages[kind], scheme=scheme)
        page.evaluate(axe)
        found = page.evaluate("axe.run()")["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")] == []


def test_a_class_is_sorted_and_searched(opened, pages):
    page = opened(pages["class"])
    names = page.locator("#students tbody tr:visible th")
    page.locator("#students button", has_text="total").click()
    assert names.all_inner_texts()[-1] == "a4711"
    page.locator("#students button", has_text="total").click()
    assert names.all_inner_texts()[0] == "a4711"
    page.locator("#find").fill("hohenlohe")
    assert names.all_inner_texts() == ["c9"]
    page.locator("#find").fill("")
    page.locator("#flagged").check()
    assert {*names.all_inner_texts()} == {"b66", "c9"} and page.locator("#shown").inner_text() == "2 of 3"


def test_two_runs_differ_in_verdicts_and_lay_their_curves_over_one_another(opened, pages, page_of):
    page = opened(pages["compare"])
    verdicts = page.locator(".verdict .title").all_inner_texts()
    assert verdicts and all(title.startswith("Your answers") for title in verdicts)
    assert page.get_by_text("Nowhere: all messages are the same").is_visible()
    for number in range(page.locator("#one option").count()):  # whichever is chosen, both lines have points
        page.locator("#one").select_option(index=number)
        assert page.locator("#graphs .uplot").count() >= 1
        assert page.locator("#graphs .uplot").first.locator(".u-legend .u-series").count() == 3
