"""The atlas: what is the same, what differs, what cannot be shown."""

import re

import pytest

from mnlab.checks import atlas
from mnlab.checks.atlas import DIFFERS, FAILS, HOLDS, Shown, compare
from mnlab.checks.points import Sight, near, same, saw, watching
from mnlab.checks.verdicts import FAILED, INCONCLUSIVE, NOT_APPLICABLE, PASSED
from mnlab.lab.lab import BrokenLab, Lab, all_labs
from mnlab.report.atlas import markdown, terminal


@pytest.fixture
def lab(tmp_path):
    return Lab(tmp_path)


def shown(value=None, status=PASSED, why="", share=0.0):
    return Shown(status, why, {} if value is None else {"SYNs at": Sight("SYNs at", value, share)})


def test_what_checks_see_is_gathered_only_while_somebody_watches():
    saw("nobody", 1)
    with watching() as sights:
        same(2, 2, "how many")
        same("0303d7116e48b980", "0303d7116e48b980", "which key")
        near(0.5, 0.51, "how long", share=0.1)
        saw("SYNs at", [0, 1, 3])
    saw("nobody", 1)
    assert [(sight.question, sight.value, sight.share) for sight in sights] == [
        ("how many", 2, 0.0), ("how long", 0.51, 0.1), ("SYNs at", [0, 1, 3], 0.0)]


def test_a_claim_holds_differs_fails_or_is_not_applicable(lab):
    seen = {"old": {"A": shown([0, 1, 3]), "B": shown(), "C": shown(1.0, share=0.1), "D": shown()},
            "new": {"A": shown([0, 1, 2]), "B": shown(status=NOT_APPLICABLE, why="no such\nsender"),
                    "C": shown(1.05, share=0.1), "D": shown(status=FAILED, why="seen: 3")}}
    rows = {row.claim: row for row in compare(lab, seen)}
    assert {claim: list(row.verdicts.values()) for claim, row in rows.items()} == {
        "A": [HOLDS, DIFFERS], "B": [HOLDS, NOT_APPLICABLE], "C": [HOLDS, HOLDS], "D": [HOLDS, FAILS]}
    assert rows["A"].seen == {"old": "SYNs at: 0, 1, 3", "new": "SYNs at: 0, 1, 2"}
    assert rows["B"].seen["new"] == "no such sender" and rows["D"].seen["new"] == "seen: 3"
    assert [row.same for row in rows.values()] == [False, False, True, False]


def test_of_several_checks_the_worst_is_the_claims():
    assert atlas._both(shown(1), shown(status=NOT_APPLICABLE, why="no")).status == NOT_APPLICABLE
    assert atlas._both(shown(status=INCONCLUSIVE), shown(status=FAILED)).status == FAILED


def test_what_stands_beside_the_lab_is_told_with_its_claim(lab):
    (lab.folder / "atlas.toml").write_text('[A]\nsays = "Four linear retries"\nsource = "net/ipv4/tcp_timer.c"\n')
    row, = compare(lab, {"old": {"A": shown(1)}, "new": {"A": shown(2)}})
    assert (row.says, row.source) == ("Four linear retries", "net/ipv4/tcp_timer.c")
    text = terminal([row], ["old", "new"])
    assert "differs" in text and "Four linear retries." in text
    survey = {"versions": {"Linux": "6.1"}, "defaults": {"net.a": "1"}, "tools": {"ping": "one\ntwo"}}
    page = markdown([row], {"old": survey, "new": {**survey, "defaults": {"net.a": "2", "net.b": "x|y"},
                                                    "tools": {"ping": "one\nthree"}}}, {"old": "0" * 64, "new": "1" * 64}, 1)
    assert "| new | differs | SYNs at: 2 |" in page and "| `net.b` | (there is none) | x\\|y |" in page
    assert "| `two` | old |" in page and "`one`" not in page
    assert "0 of 1 claims are the same" in page


@pytest.mark.parametrize("text", ["[A]\nsays = 'x'\n", "[A\n", "A = 1\n", "[A]\nsays = ''\nsource = 'x'\n"])
def test_a_mistake_in_an_atlas_toml_is_told(lab, text):
    (lab.folder / "atlas.toml").write_text(text)
    with pytest.raises(BrokenLab, match="atlas.toml"):
        atlas.words_of(lab)


@pytest.mark.parametrize("lab", all_labs(), ids=lambda lab: lab.name)
def test_what_labs_say_is_of_claims_that_their_checks_show(lab):
    marked = re.split("@points|@observation", lab.checks.read_text())[1:]
    claims = {claim for text in marked for claim in text.split(")")[0].split('"')}
    assert set(atlas.words_of(lab)) <= claims
