"""Environment variables: mnlab knows which it listens to, and tells one that is misspelt."""

import re
from pathlib import Path

import pytest

from mnlab.cli.environment import VARIABLES, misspelt

ROOT = Path(__file__).parents[3]
#: Set by mnlab itself for what runs in a machine, or for its own scripts.
WITHIN = {"MNLAB_RESULT", "MNLAB_TERMINAL", "MNLAB_TRACE", "MNLAB_CGROUP", "MNLAB_WHEELS"}


def test_each_variable_that_the_code_reads_is_known_and_each_known_one_is_read():
    code = "\n".join(path.read_text() for path in [*(ROOT / "src").rglob("*.py"), ROOT / "mnlab"]
                     if path.name != "environment.py")
    assert set(re.findall(r"\bMNLAB_[A-Z_]*[A-Z]\b", code)) - WITHIN == set(VARIABLES)


def test_the_handbook_names_each():
    handbook = (ROOT / "docs/using.md").read_text()
    assert [name for name in VARIABLES if f"`{name}`" not in handbook] == []


@pytest.mark.parametrize(("name", "meant"), [
    ("MNLAB_SECRETS", "MNLAB_SECRET"), ("MNLAB_MACHIN", "MNLAB_MACHINE"), ("mnlab_machine", "MNLAB_MACHINE"),
    ("MNLAB_CACHE_LIMITS", "MNLAB_CACHE_LIMIT"), ("MNLABCACHE", "MNLAB_CACHE"), ("MNLAB_SIGNINGKEY", "MNLAB_SIGNING_KEY"),
])
def test_a_misspelt_one_is_told(name, meant):
    assert misspelt(["PATH", name]) == [f"mnlab listens to no variable {name}; is {meant} meant?"]


def test_others_are_no_concern_of_ours():
    assert misspelt([*VARIABLES, *WITHIN, "PATH", "MNLAB_HOME", "MNLAB_TOKEN", "MNLAB_OF_OUR_FACULTY", "TMNLAB_ON"]) == []
