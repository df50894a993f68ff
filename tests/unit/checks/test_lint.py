"""What lint says of a lab: of one that was just begun nothing, of the project's own nothing, of each mistake a line."""

import shutil

import pytest

from mnlab.checks.lint import findings
from mnlab.lab import begin
from mnlab.lab.lab import Lab, all_labs


@pytest.fixture
def begun(tmp_path):
    begin.write(tmp_path, "capitals", "transport")
    return Lab(tmp_path / "labs/transport/capitals")


def test_a_lab_that_was_just_begun_has_no_fault(begun):
    assert findings(begun) == []


@pytest.mark.parametrize("lab", all_labs(), ids=lambda lab: lab.name)
def test_the_projects_own_labs_have_no_fault(lab):
    assert [str(finding) for finding in findings(lab)] == []


MISTAKES = {  # file: (what stands there, what instead), what is said
    "no heading": ("README.md", "# Capitals", "Capitals", "the first line is no heading"),
    "a wide figure": ("README.md", "    h1 ------- s1", "    h1 -" + "-" * 100, "columns; 100 are what a terminal shows"),
    "a rule is numbered twice": ("README.md", "**R2 To whom.**", "**R1 To whom.**", "there are two rules R1"),
    "a rule is left out": ("README.md", "**R2 To whom.**", "**R7 To whom.**", "number them R1, R2, R3"),
    "no rules": ("README.md", "- **R", "- **Rule ", "the rules of the task are not numbered"),
    "a claim that no check shows": ("README.md", "| Time |", "| Shows | UDP-1 to UDP-2 |\n| Time |", "no check shows UDP-2"),
    "a check without points": ("checks.py", "@points(2, hint=\"Look at the IP header of the echo reply.\")\n", "",
                               "check_answer_ttl has no points"),
    "a check without a hint": ("checks.py", ', hint="Look at the IP header of the echo reply."', "", "has no hint"),
    "a check without words": ("checks.py", '    """The TTL of Linux\'s packets."""\n', "", "has no docstring"),
    "a check twice": ("checks.py", "check_answer_ttl", "check_ping_is_answered", "there is another check_ping_is_answered"),
    "an unknown scene": ("checks.py", "def check_ping_is_answered(kernel)", "def check_ping_is_answered(kernal)",
                         "asks for 'kernal'"),
    "checks that are no Python": ("checks.py", "def asked(", "def asked", "SyntaxError"),
    "checks that raise": ("checks.py", "PORT = 7", "PORT = 1 / 0", "ZeroDivisionError"),
    "an experiment that raises": ("experiment.py", "PORT = 7", "PORT = nothing", "NameError"),
    "no scene": ("experiment.py", "@scene", "#", "functions marked @scene"),
    "work that names no file": ("experiment.py", '["*.py"]', '["*.conf"]', "of the solution it would get nothing: server.py"),
    "a placeholder": ("starter/server.py", "import socket", "NAME = '{{wrod}}'", "no parameter fills in {{wrod}}"),
    "a mutant of a scene that there is not": ("mutants.py", 'scenes=["kernel"]', 'scenes=["kernal"]', "touches kernal"),
    "a mutant of a rule that there is not": ("mutants.py", 'breaks="R2"', 'breaks="R4"', "remembers_the_first breaks R4"),
    "a rule without a mutant": ("mutants.py", ', breaks="R2"', "", "no mutant breaks R2"),
    "a mutant with a wrong signature": ("mutants.py", "def echoes(work, params)", "def echoes(work)",
                                        "echoes takes 1 arguments"),
    "a mutant of a kind that there is not": ("mutants.py", "@mutant.answers", "@mutant.answer", "not answer"),
    "ENOUGH names none": ("mutants.py", 'ENOUGH = ("silent"', 'ENOUGH = ("quiet"', "ENOUGH names quiet"),
    "right work once": ("mutants.py", '@mutant.right("takes the letters one by one")', "", "1 times"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_is_a_line_with_what_would_be_right(begun, mistake):
    name, old, new, words = MISTAKES[mistake]
    path = begun.folder / name
    assert old in path.read_text(), "the template has changed"
    path.write_text(path.read_text().replace(old, new))
    found = [str(finding) for finding in findings(Lab(begun.folder))]
    assert any(words in line and line.startswith((name, "README.md", "mutants.py", str(begun.folder))) for line in found), found
    assert all(len(line.splitlines()) == 1 and ";" in line for line in found)


@pytest.mark.parametrize("part", ["README.md", "experiment.py", "checks.py", "mutants.py", "starter", "solution",
                                  "starter/server.py", "starter/answers.toml"])
def test_what_is_missing_is_named(begun, part):
    path = begun.folder / part
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    if part == "starter/server.py":  # a student may write it from nothing, if the handout says so
        handout = begun.folder / "README.md"
        handout.write_text(handout.read_text().replace("server.py", "your program"))
    assert any(finding.file == part and "it is not there" in finding.words for finding in findings(begun))
