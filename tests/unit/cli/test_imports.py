"""What a command does not use it does not import: each of these modules costs more than all that it has to do."""

import subprocess
import sys

import pytest

from mnlab.lab.lab import ROOT

#: Module: which commands may import it.
HEAVY = {"scapy": (), "pytest": ("recheck --pytest",), "matplotlib": (), "numpy": (), "pydantic": (), "dns": (),
         "cryptography": (), "rich": ("recheck", "recheck --json", "recheck --pytest", "run", "check"),
         "mnlab.protocols": ("recheck", "recheck --json", "recheck --pytest", "run", "check"),
         "mnlab.machine.vm": ("run", "check"), "mnlab.report.drawn": ("recheck", "recheck --json"), "jinja2": ("recheck", "recheck --json"), "tomllib": (
             "recheck", "recheck --json", "recheck --pytest", "run", "check")}
COMMANDS = {"--help": ["--help"], "list": ["list"], "start --help": ["start", "--help"],
            "recheck": ["recheck", "evidence"], "recheck --json": ["recheck", "--json", "evidence"],
            "recheck --pytest": ["recheck", "--pytest", "evidence"], "run": ["run", "arp"],
            "check": ["check", "--work", "work", "arp"]}
#: Runs the command line as `mnlab` does, and then tells what has been imported.
TELLING = """
import sys
from mnlab.__main__ import start
try:
    start()
finally:
    sys.stderr.write("\\nIMPORTED " + " ".join(sys.modules))
"""


@pytest.fixture(scope="module")
def imported(tmp_path_factory, lay_out):
    """imported(command): names of the modules that it has imported. There is no QEMU: a run ends where it would be."""
    folder = tmp_path_factory.mktemp("imports")
    (folder / "work").mkdir()
    lay_out(folder / "evidence", {}, {"outcome": "inconclusive", "reason": "nothing was run"})

    def run(command):
        done = subprocess.run([sys.executable, "-Pc", TELLING, *COMMANDS[command]], cwd=folder, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, timeout=120,
                              env={"PYTHONPATH": str(ROOT / "src"), "MNLAB_CACHE": str(folder / "cache"),
                                   "PATH": str(folder / "bin"), "HOME": str(folder)})
        assert "Traceback" not in done.stderr and "IMPORTED" in done.stderr, done.stderr
        return set(done.stderr.rpartition("IMPORTED ")[2].split())

    return run


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_imports_nothing_that_it_does_not_use(imported, command):
    modules = imported(command)
    assert "mnlab.cli.main" in modules
    found = {heavy for heavy in HEAVY for name in modules if name == heavy or name.startswith(f"{heavy}.")}
    assert found - {heavy for heavy, users in HEAVY.items() if command in users} == set()


def test_a_module_that_is_used_is_seen(imported):
    assert {"rich", "mnlab.protocols"} <= imported("recheck") and "pytest" in imported("recheck --pytest")
