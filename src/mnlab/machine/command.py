"""Inside the machine: run one command on the files that were sent in, and bring out what it wrote.

Runs as a job of its own (`mnlab exec`), so it imports nothing of mnlab but what the job holds beside it. `exec.json`
says what a job's files do not: links, empty folders, times, what else is to be brought out; in the result, `exec.json`
says the same of what comes out (cli/exec.py is the other end).
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

FILES, WANTED = Path("files"), Path("exec.json")
PROGRAMS = Path("controller")  # ryu-manager and ryu
INSIDE, OUTSIDE = "files", "outside"  # parts of the result: changes in the folder, and what --bring names elsewhere


def main(*argv: str) -> int:
    """Run `argv` in the folder of the files sent in; new and changed files there become the result."""
    wanted = json.loads(WANTED.read_text())
    folder, result = FILES.absolute(), Path(os.environ.get("MNLAB_RESULT", "/result"))
    lay_out(folder, wanted)
    os.environ["PATH"] = f"{PROGRAMS.absolute()}:{os.environ['PATH']}"
    before = contents(folder)
    status = run_in_terminal(argv, folder, wanted["term"]) if wanted["term"] else run(argv, folder)
    changed = [path for path, stamp in contents(folder).items() if before.get(path) != stamp]
    told: dict = {"links": {}, "folders": [], "files": {}, "left_out": []}
    try:
        for path in changed:
            bring(path, f"{INSIDE}/{path.relative_to(folder)}", result, told)
        for asked in wanted["bring"]:
            found = folder / asked
            if not os.path.lexists(found):
                told["left_out"].append(f"there is no {asked} to bring out")
                continue
            for path in [found, *(sorted(found.rglob("*")) if found.is_dir() and not found.is_symlink() else ())]:
                bring(path, place_of(path, folder), result, told)
    except OSError as problem:
        print(f"{problem.filename or path} is not brought out: {problem.strerror}", file=sys.stderr)
        return 74  # EX_IOERR
    (result / "exec.json").write_text(json.dumps(told))
    return status if status >= 0 else 128 - status if status != -signal.SIGPIPE else 141


def lay_out(folder: Path, wanted: dict) -> None:
    """Add to the files what a job cannot say of them."""
    folder.mkdir(exist_ok=True)
    for name in wanted["folders"]:
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name, target in wanted["links"].items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(target)
    for name, (time_ns, mode) in sorted(wanted["files"].items(), reverse=True):  # a folder after what is in it
        (folder / name).chmod(mode)
        os.utime(folder / name, ns=(time_ns, time_ns))


def run(argv, folder: Path) -> int:
    """Run a command on what was piped in, if anything was; its status, negative for a signal."""
    given = Path("stdin")
    try:
        with open(given if given.exists() else os.devnull, "rb") as stdin:
            return subprocess.run(argv, cwd=folder, stdin=stdin).returncode
    except OSError as problem:
        print(f"{argv[0]}: {problem.strerror}", file=sys.stderr)
        return 127  # as a shell has it (POSIX, Exit Status for Commands)


def run_in_terminal(argv, folder: Path, term: str) -> int:
    """The same in a terminal that is connected with the user's."""
    import line  # type: ignore[import-not-found]  # machine/guest/line.py, as the job holds it
    os.environ["TERM"] = term

    def talk() -> int:
        os.chdir(folder)
        try:
            os.execvp(argv[0], argv)
        except OSError as problem:
            print(f"{argv[0]}: {problem.strerror}", file=sys.stderr)
            return 127

    return line.serve(talk)


def contents(folder: Path) -> dict[Path, tuple]:
    """All that is below `folder`, folders only if empty, with what shows that it was changed."""
    found: dict[Path, tuple] = {}
    for path in sorted(folder.rglob("*")):
        if "__pycache__" in path.parts:
            continue
        state = path.lstat()
        if path.is_symlink():
            found[path] = ("link", os.readlink(path))
        elif path.is_file():
            found[path] = ("file", state.st_mtime_ns, state.st_size, state.st_mode, state.st_ino)
        elif not path.is_dir() or not os.listdir(path):
            found[path] = ("other",)
    return found


def place_of(path: Path, folder: Path) -> str:
    """Where a path that --bring named goes in the result."""
    whole = Path(os.path.normpath(path))
    return f"{INSIDE}/{whole.relative_to(folder)}" if whole.is_relative_to(folder) else f"{OUTSIDE}{whole}"


def bring(path: Path, name: str, result: Path, told: dict) -> None:
    """Put a file, a link or an empty folder into the result, under `name`."""
    if path.is_symlink():
        told["links"][name] = os.readlink(path)
    elif path.is_file():
        (result / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, result / name)
        told["files"][name] = [path.stat().st_mtime_ns, path.stat().st_mode & 0o777]
    elif not path.is_dir():
        told["left_out"].append(f"{path} is not brought out: it is neither file, folder nor link")
    elif not os.listdir(path):
        told["folders"].append(name)
