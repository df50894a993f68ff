"""Inside the machine: run one command on the files that were sent in, and bring out what it wrote.

Runs as a job of its own (`mnlab exec`), so it imports nothing of mnlab.
"""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

FILES = Path("files")
PROGRAMS = Path("controller")  # ryu-manager and ryu


def main(*argv: str) -> int:
    """Run `argv` in the folder of the files sent in; new and changed files there become the result."""
    folder, result = FILES.absolute(), Path(os.environ.get("MNLAB_RESULT", "/result"))
    folder.mkdir(exist_ok=True)
    os.environ["PATH"] = f"{PROGRAMS.absolute()}:{os.environ['PATH']}"
    before = contents(folder)
    try:
        done = subprocess.run(argv, cwd=folder, stdin=subprocess.DEVNULL)
        status = done.returncode
    except OSError as problem:
        print(f"{argv[0]}: {problem.strerror}", file=sys.stderr)
        status = 127  # as a shell has it (POSIX, Exit Status for Commands)
    for path, stamp in contents(folder).items():
        if before.get(path) != stamp:
            place = result / path.relative_to(folder)
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, place)
            except OSError as problem:
                print(f"{path.relative_to(folder)} is not brought out: {problem.strerror}", file=sys.stderr)
                return 74  # EX_IOERR
    return status if status >= 0 else 128 - status if status != -signal.SIGPIPE else 141


def contents(folder: Path) -> dict[Path, tuple[int, int]]:
    """Every regular file below `folder`, with its time and size."""
    return {path: (path.stat().st_mtime_ns, path.stat().st_size)
            for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()
            and "__pycache__" not in path.parts}
