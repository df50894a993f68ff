"""Results are there once they are written, whatever happens then."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from mnlab.course import by_hand, results
from mnlab.course.by_hand import BadByHand
from mnlab.course.results import final, read
from mnlab.lab.lab import ROOT

ROW = {"student": "4711", "name": "", "lab": "arp", "points": 8, "max_points": 10, "status": "failed", "kind": "", "reason": "",
       "work_sha256": "", "evidence": "", "evidence_sha256": "", "run": "", "key": "", "flags": [], "notes": [], "checks": [],
       "group": [], "late_days": 0, "factor": 1.0, "refused": False, "place": "", "worker": "", "machine": "debian13", "image_sha256": "",
       "seed": None, "seed_from": ""}
CHECK = {"name": "check_a", "title": "A.", "status": "failed", "message": "", "points": 0, "max_points": 1}


def test_the_later_line_counts_and_what_was_cut_short_does_not(tmp_path):
    kept = read(tmp_path)
    kept.add(ROW)
    with open(tmp_path / "results.jsonl", "a") as file:
        file.write('{"student": "4712", "lab": "ar')
    kept.add(ROW | {"points": 9})
    again = read(tmp_path)
    assert again.rows[("4711", "arp")]["points"] == 9 and len(again.rows) == 1 and again.damaged == 1
    assert (tmp_path / "results.jsonl").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("odd", [
    {"checks": [3]}, {"checks": [{}]}, {"checks": [CHECK | {"max_points": "1"}]}, {"checks": [CHECK | {"message": None}]}, {"checks": [CHECK | {"hint": 3}]},
    {"flags": [None]}, {"notes": [3]}, {"group": [[]]}, {"factor": None}, {"factor": 2}, {"factor": float("nan")}, {"refused": 0},
    {"flags": ["audit: another digest"]}, {"schema": 2}, {"seed": "1"}, {"place": None}, {"name": "\ud800"}, {"checks": [CHECK | {"claims": 5}]}], ids=repr)
def test_a_line_that_no_table_could_show_is_none(tmp_path, odd):
    (tmp_path / "results.jsonl").write_text(json.dumps(ROW | {"checks": [CHECK]} | odd) + "\n")
    assert read(tmp_path).rows == {} and read(tmp_path).damaged == 1
    (tmp_path / "results.jsonl").write_text(json.dumps(ROW | {"checks": [CHECK]}) + "\n")
    assert len(read(tmp_path).rows) == 1


@pytest.mark.parametrize("line", ["[]", "null", "1", '{"student": 1, "lab": "arp"}', "{" * 5000, "\0", '"x"'])
def test_a_line_that_is_no_result_is_counted_and_passed_over(tmp_path, line):
    (tmp_path / "results.jsonl").write_text(line + "\n" + json.dumps(ROW) + "\n")
    assert len(read(tmp_path).rows) == 1 and read(tmp_path).damaged == 1


def test_killed_at_any_moment_what_was_said_to_be_written_is_there(tmp_path):
    program = ("import sys; from pathlib import Path; from mnlab.course import results; kept = results.read(Path(sys.argv[1]))\n"
               f"for n in range(10**6):\n    kept.add({ROW} | {{'student': str(n), 'reason': 'x' * 5000}})\n    print(n, flush=True)")
    for moment in (0.05, 0.1, 0.2, 0.3):
        folder = tmp_path / str(moment)
        folder.mkdir()
        process = subprocess.Popen([sys.executable, "-c", program, folder], stdout=subprocess.PIPE, text=True,
                                   env={**os.environ, "PYTHONPATH": str(ROOT / "src")})
        assert process.stdout.readline() == "0\n"
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        said = process.communicate()[0].split()
        rows = read(folder).rows
        assert {("0", "arp"), *((number, "arp") for number in said)} <= set(rows)


def test_a_student_is_forgotten_in_every_line(tmp_path):
    kept = read(tmp_path)
    for row in (ROW, ROW | {"student": "4712"}, ROW | {"lab": "dns"}):
        kept.add(row)
    assert kept.forget("4711") == 2 and set(read(tmp_path).rows) == {("4712", "arp")} == set(kept.rows)
    assert "4711" not in (tmp_path / "results.jsonl").read_text()


def test_what_counts_is_what_the_machine_found_less_lateness_or_what_a_teacher_decided():
    assert final(ROW | {"factor": 0.9}, None) == (7.2, 10)
    assert final(ROW | {"factor": 0.9}, {"points": 10, "reason": "oral exam"}) == (10, 10)
    assert final(ROW | {"refused": True}, None) == (0, 10) and final(ROW, {"comment": "well done"}) == (8, 10)


@pytest.mark.parametrize("text, words", [
    ("[4711.arp]\npoints = 3", "say the reason"), ("[4711.arp]\npoints = 'x'\nreason = 'y'", "are a number"),
    ("[4711]\narp = 3", "has points and reason"), ("4711 = 3", "write \\[4711.LAB\\]"), ("[4711.arp", "cannot be read"),
    ("[4711.arp]\npoints = nan\nreason = 'y'", "from 0 to 1000, not nan"), ("[4711.arp]\ncomment = 3", "comment of .4711.arp. is a text"),
    ("[4711.arp]\nmarks = 3", "has points and reason"), ("[ada@example.org.arp]", "an @ or the like stands in quotation marks"),
    ("[ada.l.arp]\ncomment = 'x'", "has points and reason, or comment; an id with a dot")])
def test_decisions_that_make_no_sense_are_refused(tmp_path, text, words):
    (tmp_path / "by-hand.toml").write_text(text)
    with pytest.raises(BadByHand, match=words):
        by_hand.read(tmp_path)


def test_decisions_are_read(tmp_path):
    (tmp_path / "by-hand.toml").write_text('[4711.arp]\npoints = 3\nreason = "oral"\n[4712.arp]\ncomment = "good"\n')
    assert by_hand.read(tmp_path) == {("4711", "arp"): {"points": 3, "reason": "oral"}, ("4712", "arp"): {"comment": "good"}}
    assert by_hand.read(tmp_path / "nowhere") == {}
    (tmp_path / "by-hand.toml").write_text('["ada@example.org".arp]\ncomment = "good"\n', encoding="utf-8-sig")
    assert by_hand.read(tmp_path) == {("ada@example.org", "arp"): {"comment": "good"}}


def test_a_file_is_replaced_as_a_whole(tmp_path):
    results.replace(tmp_path / "a/b", "one")
    results.replace(tmp_path / "a/b", "two")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b"] and (tmp_path / "a/b").read_text() == "two"


def test_only_what_names_a_student_is_taken_out_of_the_notes_on_others(tmp_path):
    kept = read(tmp_path)
    kept.add(ROW | {"student": "1"})
    kept.add(ROW | {"student": "2", "notes": ["graded as variant 1", "handed in by 1, of the group red", "variant.toml is that of 1"], "group": ["2", "1"]})
    with open(tmp_path / "results.jsonl", "a") as file:
        file.write('{"student": "x", "notes": 5, "group": 5}\n')
    assert read(tmp_path).named_with("1") == ["2"] and kept.forget("1") == 1
    row = read(tmp_path).rows["2", "arp"]
    assert row["group"] == ["2"] and row["notes"] == ["graded as variant 1", "handed in by [removed], of the group red", "variant.toml is that of [removed]"]


def test_what_a_killed_command_left_half_written_is_removed(tmp_path):
    for name in (".grades.csv.4711", ".results.jsonl.1", ".class.html.2", ".lock", "grades.csv", ".mine"):
        (tmp_path / name).touch()
    with results.alone(tmp_path):
        assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", ".mine", "grades.csv"]


def test_a_line_of_before_audits_were_noted_has_none(tmp_path):
    (tmp_path / "results.jsonl").write_text(json.dumps(ROW) + "\n")
    assert read(tmp_path).rows["4711", "arp"]["audit"] == ""
