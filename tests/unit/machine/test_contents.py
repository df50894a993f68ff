"""The table of what is in which image: every package that is asked for, with the version of a lock, as docs/ has it."""

import re
from pathlib import Path

import pytest

from mnlab.machine import contents, layers
from mnlab.machine.lock import Lock, Package

ROOT = Path(__file__).parents[3]


def test_a_package_is_told_with_its_version_or_not_at_all():
    lock = Lock((Package("mininet", "2.3.0-1.1", "a" * 64), Package("stranger", "1", "a" * 64)),
                (Package("linux-image-1", "6.1", "a" * 64),), (Package("frr", "10.3-3+deb13u1", "a" * 64),))
    rows = contents.table({"here": lock, "there": Lock((), ())}).splitlines()
    assert rows[0] == "| for | image | here | there |"
    assert [row for row in rows if "frr" in row] == ["| routing | `full` | frr 10.3 | - |"]
    assert sum("mininet 2.3.0" in row for row in rows) == 1 and "stranger" not in "".join(rows)
    assert "| Python, as wheels | `core` | ryu 4.34, " in "".join(rows)


@pytest.mark.parametrize("version, words", [
    ("1:9.20.1-1+deb13u2", "9.20.1"), ("0.9.27+git20200814.62c30a4a-2", "0.9.27"), ("2.2.4+ds-1", "2.2.4"),
    ("7.95+dfsg-3", "7.95"), ("3.a2.ds2-10.1", "3.a2.ds2"), ("20230507-2+b1", "20230507"), ("2.0~rc1-1", "2.0~rc1")])
def test_versions_are_upstreams(version, words):
    assert contents.plain(version) == words


def test_the_page_shows_what_the_locks_say():
    """`mnlab machine contents` between the marks of docs/machine.md."""
    page = (ROOT / "docs/machine.md").read_text()
    before, after = contents.MARKS
    assert page.count(before) == page.count(after) == 1
    assert page.split(before)[1].split(after)[0] == contents.table(contents.known())


def test_the_locks_have_everything_that_is_asked_for():
    for title, lock in contents.known().items():
        suite = {"Debian 12": "bookworm", "Debian 13": "trixie"}[title]
        core = [name for _, name, _ in layers.listed("packages.txt")]
        missing = {*core, *layers.packages("full", suite)} - set(lock.versions)
        assert not missing, (title, missing)
    assert re.search(r"Debian 13", str(contents.known().keys()))
