"""What counts as a crash of a student's program, and where it is told."""

import json

import pytest

from mnlab.checks.answers import Answers
from mnlab.checks.crashes import crashed
from mnlab.checks.grade import grade
from mnlab.checks.session import _ungraded
from mnlab.evidence.record import Command
from mnlab.evidence.run import Run
from mnlab.lab.lab import Lab

TRACEBACK = 'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n'


@pytest.mark.parametrize("status, stderr, crash", [
    (1, TRACEBACK + "ValueError: no", True), (1, TRACEBACK + "socket.gaierror: no", False),
    (1, "  File 'a.py', line 3\n    def x(:\n          ^\nSyntaxError: invalid syntax", True),
    (1, TRACEBACK + "KeyError", True), (2, "python3: can't open file '/home/student/a.py': [Errno 2] No such file", True),
    (1, "/usr/bin/python3: No module named tool", True), (127, "", True), (126, "", True), (-11, "", True), (-9, "", True),
    (0, TRACEBACK + "ValueError: caught", False), (1, "unreachable", False), (-15, TRACEBACK + "ValueError: no", False),
    (None, TRACEBACK + "ValueError: no", False), (1, "", False)])
def test_a_crash_is_an_end_that_the_program_did_not_choose(status, stderr, crash):
    assert crashed(Command("p", "student", 0, 1, status=status, stderr=stderr)) is crash


def test_only_a_students_program_that_was_not_stopped():
    words = TRACEBACK + "ValueError: no"
    assert not crashed(Command("p", "command", 0, 1, status=1, stderr=words))
    assert not crashed(Command("p", "student", 0, 1, status=1, stderr=words, stopped="it was still running"))
    assert not crashed(Command("p", "student", 0, 1, status=-9, stopped="it needed more than 160 MiB of memory"))


CHECKS = """
from mnlab.checks import expect, points
@points(1, hint="Count.")
def check_one(evidence): expect(False, expected="one", seen="none")
@points(1, hint="Count.")
def check_two(evidence): expect(False, expected="two", seen="none")
@points(1, hint="Look.")
def check_answer(evidence, answers): answers.number("n")
"""


def after_two_crashes(tmp_path, lay_out, checks: str):
    """What the checks say of a run in which a program, and the same once more, ended with an exception."""
    tmp_path.mkdir(exist_ok=True)
    (tmp_path / "checks.py").write_text(checks)
    folder = lay_out(tmp_path / "run")
    scene = next((folder / "scenes").iterdir())
    line = {"name": "tool", "kind": "student", "start": 0, "end": 1, "status": 1, "host": "h1", "argv": ["python3", "a.py"]}
    (scene / "timeline.jsonl").write_text(json.dumps(line) + "\n" + json.dumps(line | {"name": "tool-again"}) + "\n")
    (scene / "output").mkdir()
    for name in ("tool", "tool-again"):
        (scene / f"output/{name}.err").write_text(TRACEBACK + "ValueError: no\n")
    return grade(Lab(tmp_path), Run(folder), Answers({}))


def test_a_crash_is_told_once_and_no_hint_about_something_else_follows(tmp_path, lay_out):
    result = after_two_crashes(tmp_path, lay_out, CHECKS)
    assert result.reason.count("ValueError: no") == 1 and result.reason.startswith("your program tool crashed (status 1)")
    one, two, answer = result.checks
    assert "Count" not in one.message + two.message and "ValueError" not in one.message + two.message
    assert "Look." in answer.message


def test_an_error_that_a_rule_asks_for_is_no_crash(tmp_path, lay_out):
    result = after_two_crashes(tmp_path, lay_out, CHECKS + 'ENDS_WITH_AN_ERROR = ("tool", "tool-again")\n')
    assert not result.reason and "Count" in result.checks[0].message
    one = after_two_crashes(tmp_path / "one", lay_out, CHECKS + 'ENDS_WITH_AN_ERROR = ("tool",)\n')
    assert one.reason.startswith("your program tool-again crashed")


def test_without_checks_it_is_told_what_was_stopped_and_what_will_be_asked(tmp_path, lay_out):
    line = {"name": "tool", "kind": "student", "start": 0, "end": 1, "status": None, "host": "h1", "argv": ["python3", "a.py"]}
    folder = lay_out(tmp_path / "run", lines=[
        line | {"stopped": "it used 20 s of processor time, all that it may"}, line | {"name": "mine", "stopped": "at the end"},
        line | {"name": "server", "kind": "service", "stopped": "it was still running"}, line | {"name": "good", "status": 0}])
    told = {"checks": [{"title": "One.", "points": 1}, {"title": "Two.", "points": 2}]}
    assert _ungraded(Lab(tmp_path), Run(folder), told).notes == (
        "your program tool: it used 20 s of processor time, all that it may",
        "this edition has no checks: your teacher has them, and they check:", "  1 point: One.", "  2 points: Two.")
