"""What `check` says of the run before."""

import json
from dataclasses import replace

import pytest

from mnlab.report import history


@pytest.fixture
def run(results, tmp_path):
    """run(number, statuses): a student's run of a lab with a check for each status, its verdicts kept."""

    def make(number, *statuses, **changes):
        one = results[0].checks[0]
        checks = tuple(replace(one, name=f"check_{name}", status=status, points=2 * (status == "passed"), max_points=2)
                       for name, status in zip("abcd", statuses))
        folder = tmp_path / f"arp-{number}"
        folder.mkdir()
        result = replace(results[0], lab="arp", work="student", checks=checks, evidence=folder, **changes)
        history.keep(result)
        return result

    return make


def test_the_first_run_has_none_before_it(run):
    assert history.since(run(1, "failed")) == ""


def test_where_nothing_is_graded_no_points_are_compared(run):
    run(1)
    assert history.since(run(2)) == ""


def test_runs_of_other_scenes_are_not_held_against_each_other(run):
    run(1, "failed", "failed")
    assert history.since(run(2, "passed", left_out=("kernel",))) == ""
    assert history.since(run(3, "passed", "failed")) == "+2 since arp-1: 1 check more passes"


def test_points_and_checks_that_changed(run):
    run(1, "failed", "failed", "passed", "passed")
    assert history.since(run(2, "passed", "passed", "passed", "failed")) == (
        "+2 since arp-1: 2 checks more pass, 1 check no longer passes")
    assert history.since(run(4, "passed", "passed", "passed", "failed")) == "as many points as arp-2"
    assert history.since(run(5, "failed", "failed", "failed", "failed")) == "-6 since arp-4: 3 checks no longer pass"
    assert history.since(run(6, "passed", "failed", "failed", "failed")) == "+2 since arp-5: 1 check more passes"


def test_each_check_that_changed_says_so(run):
    assert history.changes(run(1, "failed", "passed")) == {}
    assert history.changes(run(2, "passed", "inconclusive", "failed")) == {
        "check_a": "passes now", "check_b": "no longer passes"}
    assert history.changes(run(3, "not applicable", "failed", "failed")) == {}
    assert history.changes(run(4, "passed", "passed", "failed")) == {"check_b": "passes now"}


def test_what_a_machine_cannot_show_has_not_got_worse(run):
    run(1, "passed", "passed")
    assert history.since(run(2, "passed", "not applicable")) == (
        "-2 since arp-1: 1 check is not applicable on this machine")
    assert history.since(run(3, "not applicable", "not applicable")) == (
        "-2 since arp-2: 1 check is not applicable on this machine")
    assert history.since(run(4, "passed", "failed")) == (
        "+2 since arp-3: 2 checks were not applicable on that machine")


def test_runs_of_the_solution_other_labs_and_spoilt_files_are_passed_over(run, tmp_path):
    run(1, "failed")
    run(2, "passed", seed=7)
    (tmp_path / "arp-2/verdicts.json").write_text("[]")
    known = json.loads((tmp_path / "arp-1/verdicts.json").read_text())
    for number, change in ((3, {"lab": "ping"}), (4, {"work": "solution"}), (5, {"points": "many"})):
        (tmp_path / f"arp-{number}").mkdir()
        changed = {"labs": [known["labs"][0] | change]}
        (tmp_path / f"arp-{number}/verdicts.json").write_text(json.dumps(changed))
    assert history.since(run(6, "passed")) == "+2 since arp-1: 1 check more passes"
