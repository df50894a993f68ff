"""Ryu's own applications work in the image `core`: pings come through or do not as they should, and REST answers."""

import re
from pathlib import Path

import pytest

INSIDE = Path(__file__).parent / "inside"
APPS = re.findall(r"^@app\(.*\)\ndef (\w+)", (INSIDE / "ryu_apps.py").read_text(), re.MULTILINE)


@pytest.fixture(scope="module")
def tried(exec_full):
    """{name of a file in out/ or failed/: its text}."""
    done, out = exec_full("python3", "inside/ryu_apps.py", image="core")
    assert done.returncode == 0, done.stdout + done.stderr
    return {str(path.relative_to(out)): path.read_text() for path in out.rglob("*") if path.is_file()}


def test_there_are_fifteen():
    assert len(set(APPS)) == len(APPS) == 15


@pytest.mark.parametrize("name", APPS)
def test_an_application_does_its_part(tried, name):
    assert f"failed/{name}" not in tried, tried[f"failed/{name}"]
    assert f"out/{name}" in tried
