"""What the project's pages say of its commands, and where they say that evidence lies, is so."""

import re
import subprocess

import pytest
import typer

from mnlab.cli.main import app
from mnlab.lab.lab import ROOT, find

COMMAND = typer.main.get_command(app)
PAGES = [ROOT / name for name in subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True,
                                                check=True).stdout.split() if name != "CHANGELOG.md"]
CODE = re.compile(r"^(`{3,})\w*\n(.*?)^\1|`([^`]+)`", re.MULTILINE | re.DOTALL)
#: A command line, up to where it ends or a comment begins.
LINE = re.compile(r"(?:^|[$|] |sudo |-- )(?:\./)?mnlab ([a-z].*?)(?=$|  +#| \||\s>|;)", re.MULTILINE)


def commands(command=COMMAND, path=()):
    """(words, command) of each command."""
    if hasattr(command, "commands"):
        for name, inner in command.commands.items():
            yield from commands(inner, (*path, name))
    else:
        yield path, command


def asked(line: str):
    """What a line calls: the command, None if there is none, and the options that are its own."""
    command, words = COMMAND, line.split()
    while words and hasattr(command, "commands"):
        command = command.commands.get(words.pop(0))
    end = next((number for number, word in enumerate(words) if word in ("--", "&&", "and")), len(words))
    return command, [word.partition("=")[0].rstrip(",.:)]") for word in words[:end] if re.match(r"\[?--?[a-z]", word)]


def lines(page: str) -> list[str]:
    """The command lines in a page's code, blocks and what stands in backticks."""
    return [line for _, block, word in CODE.findall(page) for line in LINE.findall(block or " ".join(word.split()))]


def options(command) -> set[str]:
    return {"-h", "--help", *(name for one in command.params for name in (*one.opts, *one.secondary_opts))}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_and_option_of_a_page_is_there(path):
    for line in lines(path.read_text()):
        command, named = asked(line)
        assert command is not None, line
        if not hasattr(command, "commands"):
            assert {name.strip("[") for name in named} <= options(command), line


def test_pages_name_every_command():
    found = [line for path in PAGES for line in lines(path.read_text())]
    missing = [" ".join(words) for words, _ in commands() if not any(
        line.split()[:len(words)] == list(words) for line in found)]
    assert len(found) > 100 and missing == []


@pytest.mark.parametrize("words, command", list(commands()), ids=lambda one: " ".join(one) if isinstance(one, tuple) else "")
def test_help_says_what_each_part_is_and_shows_how(words, command):
    for one in command.params:
        assert one.help, f"{words}: {one.opts} has no help"
    examples = re.findall(r"Examples?: ([^\n]+(?:\n[^\n]+)*)", command.help)
    assert examples
    for line in (line for example in examples for line in re.findall(r"\bmnlab ([a-z][^|>;]*)", example)):
        called, named = asked(line)
        assert called is not None and set(named) <= options(called), line


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_evidence_lies_where_a_page_says(path):
    known = {"scenes", "report.html", "report.pdf", "ladder.txt", "manifest.json", "answers.toml", "verdicts.json", "figures"}
    for lab, first, scene in re.findall(r"runs/([a-z_]+)-[1-9N]/([\w.]+)(?:/([a-z_]+))?", path.read_text()):
        assert first in known, f"runs/{lab}-1/{first}"
        if first == "scenes" and scene and lab != "nat":  # docs/labs.md makes it
            assert scene in [one.name for one in find(lab).scenes], f"runs/{lab}-1/scenes/{scene}"


def test_the_addresses_in_the_readme_are_those_of_its_run():
    """`run arp` is of seed 1: who tries it sees what the page shows."""
    text, params = (ROOT / "README.md").read_text(), find("arp").params(1)
    shown = set(re.findall(r"\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b|\b\d+\.\d+\.\d+\.\d+\b", text))
    assert len(shown) >= 5 and shown - {"ff:ff:ff:ff:ff:ff"} <= {str(value) for value in params.values()}
