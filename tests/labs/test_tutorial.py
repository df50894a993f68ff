"""docs/labs.md makes a lab from nothing: each step, in an empty folder, does what the page says, and prints it.

A step is a file ("`PATH`:" and a listing) or a command of a ```console listing with what it prints. There "..." stands
for what may be otherwise: on a line of its own for any lines, within a line for any words.
"""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/labs.md"
LISTING = re.compile(r"(?:`(?P<path>[\w./]+)`:\n\n)?^(?P<fence>```+)(?P<kind>\w+)\n(?P<text>.*?)^(?P=fence)$", re.M | re.S)


class Step(NamedTuple):
    """A file to write (`text`), or a command and what it prints."""

    what: str
    text: str
    is_command: bool


def steps(page: str) -> list[Step]:
    """The steps of the tutorial, in their order. A listing that is none of both is told of, not passed over."""
    found = []
    for listing in LISTING.finditer(page.split("## A lab from nothing")[1].split("## The files of a lab")[0]):
        path, text = listing["path"], listing["text"]
        assert path or listing["kind"] == "console", f"no step, and not said to be a file: {text[:200]}"
        if path:
            found.append(Step(path, text, False))
        else:
            parts = re.split(r"^\$ (.*)\n", text, flags=re.M)
            assert not parts[0], f"a console listing begins with a command: {text[:200]}"
            found += [Step(command, said, True) for command, said in zip(parts[1::2], parts[2::2], strict=True)]
    return found


def says(page: str, printed: str) -> bool:
    """Whether a command printed what the page says."""
    pattern = "".join(r"(?:.*\n)*?" if line == "..." else
                      ".*".join(re.escape(squeezed(part)) for part in re.split(r" \.\.\.(?: |$)", line)) + r"\n"
                      for line in page.splitlines())
    lines = [squeezed(line) for line in printed.splitlines() if line.strip()]
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in lines)) is not None


def squeezed(line: str) -> str:
    return " ".join(line.split())


class Reader:
    """Who follows the tutorial, in a folder of their own."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir()
        program = folder.parent / "bin/mnlab"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m mnlab "$@"\n')
        program.chmod(0o755)
        self.environment = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "COLUMNS": "100",
                            "PYTHONPATH": str(ROOT / "src"), "TERM": "dumb"}
        self.environment.pop("MNLAB_LABS", None)

    def carry_out(self, step: Step) -> None:
        if not step.is_command:
            path = self.folder / step.what
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step.text)
        elif step.what.startswith("export "):
            name, _, value = step.what.removeprefix("export ").partition("=")
            self.environment[name] = value
        else:
            done = self.run(step.what)
            assert says(step.text, done), f"$ {step.what}\n{done}\n--- the page says:\n{step.text}"

    def run(self, command: str) -> str:
        """What a command prints, on both channels."""
        return subprocess.run(["sh", "-c", command], cwd=self.folder, env=self.environment, text=True, timeout=900,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout


def test_each_step_does_what_the_page_says_and_the_lab_can_be_done(tmp_path):
    reader, found = Reader(tmp_path / "empty"), steps(PAGE.read_text())
    assert sum(step.is_command for step in found) > 8 and sum(not step.is_command for step in found) > 8
    for step in found:
        reader.carry_out(step)
    work = reader.folder / "work/nat"  # what the last step leaves to the reader: with their own numbers, all points
    values = tomllib.loads((work / "variant.toml").read_text())["network"]
    plan = (reader.folder / "mylabs/labs/network/nat/solution/nat.toml").read_text()
    (work / "nat.toml").write_text(re.sub(r"\{\{(\w+)\}\}", lambda name: str(values[name[1]]), plan))
    (work / "answers.toml").write_text(f'seen_as = "{values["public"]}"\n')
    assert "✓ passed 12 of 12 points" in squeezed(reader.run("mnlab check nat"))


@pytest.mark.parametrize("page, printed, right", [
    ("a\n", "a\n", True), ("a\n", "a\nb\n", False), ("a\n...\n", "a\nb\n", True), ("...\nb\n", "a\nb\n", True),
    ("...\nc\n", "a\nb\n", False), ("a ... 3/3\n", "a   b  3/3\n", True), ("a ... 3/3\n", "a 2/3\n", False), ("a ...\n", "a b\n", True), ("", "", True),
    ("", "a\n", False)])
def test_what_is_printed_is_compared(page, printed, right):
    assert says(page, printed) is right


def test_a_listing_that_is_no_step_is_told_of():
    page = "## A lab from nothing\n\n```python\nx = 1\n```\n\n## The files of a lab\n"
    with pytest.raises(AssertionError, match="no step"):
        steps(page)
