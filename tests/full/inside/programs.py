"""Try every program once: one file in out/ for each, with what it said, or failed/ with why it did not do its part."""

import sys
import traceback
from pathlib import Path

import kit
import libraries  # noqa: F401
import routing  # noqa: F401
import services  # noqa: F401
import tools  # noqa: F401


def main(names):
    for folder in ("out", "failed"):
        Path(folder).mkdir()
    for name in names or kit.TRIALS:
        print(name, flush=True)
        try:
            Path("out", name).write_text(kit.TRIALS[name]())
        except Exception:
            Path("failed", name).write_text(traceback.format_exc())
            print(traceback.format_exc(), flush=True)


main(sys.argv[1:])
