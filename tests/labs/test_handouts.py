"""Every lab is whole, and the ledger of claims tells the truth about its checks."""

import re
import tomllib

import pytest

from mnlab.lab.lab import LAYERS, ROOT, all_labs, load

#: The course: claims are numbered from 1 up to this in each topic. Labs may show more than these.
COURSE = {
    "LAY": 2, "DUP": 3, "ADR": 4, "ARP": 5, "PNG": 4,
    "TVU": 7, "WIN": 4, "FVC": 2, "RTO": 3, "CNG": 5, "SEQ": 3, "HSK": 4, "TRD": 4, "TWT": 4,
    "DNS": 3, "URL": 3, "HTP": 6, "PER": 6, "REQ": 6, "GVP": 4, "RSP": 4, "STA": 10, "BRW": 1,
    "CIP": 3, "SIG": 5, "CRT": 4, "HVS": 6, "TLS": 6, "SDN": 10,
}


def each_lab(function):
    return pytest.mark.parametrize("lab", [pytest.param(lab, id=lab.name) for lab in all_labs()])(function)


def checks_of(lab):
    return {name: thing.points for name, thing in vars(load(lab.checks)).items() if name.startswith("check_")}


def ledger() -> list[list[str]]:
    """Rows of docs/claims.md: id, claim, verdict, the lab's checks, source."""
    rows = [line.strip().strip("|").split("|") for line in (ROOT / "docs/claims.md").read_text().splitlines()
            if re.match(r"\| *[A-Z]{3}-\d", line)]
    return [[cell.strip() for cell in row] for row in rows]


@each_lab
def test_a_handout_lists_what_its_task_allows(lab):
    allowed = getattr(lab.experiment, "allowed", None)
    rows = re.findall(r"^\| your program may use \| (.*) \|$", lab.handout, re.M | re.I)
    assert rows == ([allowed.words()] if allowed else [])


@each_lab
def test_a_lab_has_all_its_parts(lab):
    assert lab.layer in LAYERS
    assert lab.handout.startswith("# ")
    for part in (lab.checks, lab.mutants, lab.starter / "answers.toml", lab.solution / "answers.py"):
        assert part.exists(), f"{part} is missing"


@each_lab
def test_the_starter_asks_what_the_solution_answers(lab):
    asked = tomllib.loads((lab.starter / "answers.toml").read_text())
    text = (lab.solution / "answers.py").read_text()
    for key in asked:
        assert f'"{key}"' in text or f"'{key}'" in text, f"the solution does not answer {key}"


@each_lab
def test_every_check_has_points_a_hint_and_a_sentence(lab):
    for name, points in checks_of(lab).items():
        assert points.points > 0, name
        assert points.hint, name
        assert vars(load(lab.checks))[name].__doc__, name


@each_lab
def test_every_claim_of_a_lab_stands_in_the_ledger(lab):
    in_ledger = {row[0] for row in ledger()}
    for name, points in checks_of(lab).items():
        assert set(points.claims) <= in_ledger, name


def test_every_row_of_the_ledger_names_checks_that_exist():
    labs = {lab.name: set(checks_of(lab)) for lab in all_labs()}
    for claim, _, verdict, where, source in ledger():
        assert verdict.split(":")[0] in ("holds", "with limits", "wrong"), claim
        assert source, claim
        named = re.findall(r"`(\w+)/(check_\w+)`", where)
        assert named, f"{claim} names no check"
        for lab, check in named:
            assert check in labs.get(lab, ()), f"{claim}: there is no {lab}/{check}"


def test_the_ledger_holds_every_claim_of_the_course():
    course = {f"{topic}-{number}" for topic, count in COURSE.items() for number in range(1, count + 1)}
    assert not course - {row[0] for row in ledger()}


def test_a_row_names_checks_of_its_claim():
    claims = {(lab.name, name): points.claims for lab in all_labs() for name, points in checks_of(lab).items()}
    for claim, _, _, where, _ in ledger():
        for named in re.findall(r"`(\w+)/(check_\w+)`", where):
            assert claim in claims.get(named, ()), f"{'/'.join(named)} does not say that it shows {claim}"


def test_no_claim_stands_twice_in_the_ledger():
    ids = [row[0] for row in ledger()]
    assert len(ids) == len(set(ids))
