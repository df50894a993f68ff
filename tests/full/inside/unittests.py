"""Run the test files that are named, each by itself, and leave what came of each test in results.json:
{"test_nets.testSingle61": ["pass"|"fail"|"skip", why]}. What a test file prints goes to NAME.txt."""

import json
import subprocess
import sys
import unittest
from pathlib import Path

LIMIT = 1800  # s of lab time for a file


class Results(unittest.TextTestResult):
    """Keeps what came of each test."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.found = {}

    def keep(self, test, verdict, why=""):
        name = test.id() if not test.id().startswith("setUpClass") else test.id().split("(")[1].rstrip(")")
        self.found[name.split(".", 1)[-1] if name.startswith("__main__.") else name] = [verdict, why]

    def addSuccess(self, test):  # noqa: N802  (unittest's names)
        super().addSuccess(test)
        self.keep(test, "pass")

    def addFailure(self, test, err):  # noqa: N802
        super().addFailure(test, err)
        self.keep(test, "fail", f"{err[0].__name__}: {err[1]}")
        subprocess.run(["mn", "-c"], capture_output=True)  # what it left behind is no fault of the next one

    addError = addFailure  # noqa: N815

    def addSkip(self, test, reason):  # noqa: N802
        super().addSkip(test, reason)
        self.keep(test, "skip", reason)


def one(file):
    """Run one file's tests in this process."""
    sys.path.insert(0, str(file.parent))
    suite = unittest.defaultTestLoader.loadTestsFromName(file.stem)
    results = unittest.TextTestRunner(verbosity=2, resultclass=Results).run(suite)
    print("\nRESULTS " + json.dumps(results.found))


def main(files):
    """Run each file's tests in a process of its own, on a clean slate."""
    found = {}
    for file in files:
        print(file.stem, flush=True)
        subprocess.run(["mn", "-c"], capture_output=True)
        with open(f"{file.stem}.txt", "w+") as said:
            try:
                subprocess.run([sys.executable, __file__, "--one", file], stdin=subprocess.DEVNULL, stdout=said,
                               stderr=subprocess.STDOUT, timeout=LIMIT)
            except subprocess.TimeoutExpired:
                found[file.stem] = ["fail", f"still running after {LIMIT} s"]
            said.seek(0)
            *_, last = [line for line in said if line.startswith("RESULTS ")] or ["RESULTS {}"]
        found |= json.loads(last.removeprefix("RESULTS "))
        print(json.dumps({name: verdict for name, verdict in found.items() if name.startswith(file.stem)}, indent=1), flush=True)
    Path("results.json").write_text(json.dumps(found, indent=1, sort_keys=True))


if sys.argv[1] == "--one":
    one(Path(sys.argv[2]))
else:
    main([Path(name) for name in sys.argv[1:]])
