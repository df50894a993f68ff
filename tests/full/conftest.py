"""The image `full`, used as its users do: by `mnlab exec`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSIDE = Path(__file__).parent / "inside"


@pytest.fixture(scope="session")
def mnlab():
    """mnlab(*arguments): the command line."""
    def run(*arguments, **options):
        return subprocess.run([sys.executable, "-P", "-m", "mnlab", *map(str, arguments)], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=3600,
                              env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, **options)

    return run


@pytest.fixture(scope="session")
def exec_full(mnlab, tmp_path_factory):
    """exec_full(*command, send=(), image="full"): run a command there; (the process, the folder of what came out)."""
    def run(*command, send=(INSIDE,), image="full", limit=3600):
        folder = tmp_path_factory.mktemp("exec")
        sent = [word for path in send for word in ("--send", str(path))]
        done = mnlab("exec", "--image", image, *sent, "--out", folder / "out", "--limit", limit, "--", *command, cwd=folder)
        assert "Traceback" not in done.stderr, done.stderr
        return done, folder / "out"

    return run
