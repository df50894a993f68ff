"""`mnlab exec`: any command in the lab machine, on files of the user's (machine/command.py is the other end)."""

import json as jsonlib
import os
import select
import stat
import sys
import tempfile
from math import inf
from pathlib import Path, PurePosixPath
from typing import Annotated

import typer

from mnlab.checks.verdicts import EXIT_STATUS, INCONCLUSIVE
from mnlab.cli.options import (
    CORE,
    DEFAULT_MACHINE,
    Clock,
    Image,
    Machine,
    On,
    Place,
    Quiet,
    Time,
    WrongUsage,
    a_folder,
    a_path,
    machine_for,
    say,
    to_stdout,
)
from mnlab.lab.lab import ROOT

LONGEST_COMMAND = 3000  # bytes: it travels in a page of 4096 (machine/mailbox.py), not alone
PATIENCE = 2.0  # s without anything on standard input until it is said what is waited for
LISTED = 8  # names in a message


def register(app: typer.Typer) -> None:
    app.command(name="exec", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})(run)


def run(command: Annotated[list[str], typer.Argument(metavar="-- CMD...", help="The command and its arguments.")],
        send: Annotated[list[Path] | None, typer.Option(
            parser=a_path, metavar="PATH", help="A file or folder to send in; may be repeated.")] = None,
        bring: Annotated[list[str] | None, typer.Option(
            metavar="PATH", help="Bring out this, too, say /tmp/h1.pcap; may be repeated.")] = None,
        out: Annotated[Path, typer.Option(
            parser=a_folder, metavar="FOLDER", help="Where files that the command wrote are put.")] = Path("exec-out"),
        limit: Annotated[float, typer.Option(help="Seconds of lab time after which it is stopped.")] = 3600,
        tty: Annotated[bool, typer.Option("-t", "--tty", help="In this terminal, in real time: a shell, say.")] = False,
        on: On = Place.vm, machine: Machine = DEFAULT_MACHINE, image: Image = CORE, clock: Clock = None,
        quiet: Quiet = False) -> None:
    """Run any command in the lab machine, as root, on the files sent in and on what is piped in.

    It runs in the folder of the files sent in; what it writes or changes there is brought out, and what --bring names.

    Example: mnlab exec --send topologies/lan.py -- mn --custom lan.py --topo lan,3 --test pingall

    Example: mnlab exec -t --send my.py -- mn --custom my.py --topo mine

    Example: mnlab exec --image full --send course.py -- sudo python course.py
    """
    if len(jsonlib.dumps(command)) > LONGEST_COMMAND:
        raise WrongUsage("the command is too long; write it into a file, and --send that")
    if tty and not sys.stdin.isatty():
        raise WrongUsage("--tty takes a terminal, and standard input is none; without --tty it is handed on as a file")
    if tty and clock == Time.virtual:
        raise WrongUsage("nobody can type in virtual time, where waiting for a key takes no time: "
                         "leave out --clock virtual")
    if not 0 < limit < inf:
        raise WrongUsage(f"--limit is a number of seconds above 0, not {limit:g}")
    files, wanted, left_out = collect(send or [])
    if left_out and not quiet:
        say(f"not sent: {_some(left_out)}")
    wanted |= {"bring": bring or [], "term": (os.environ.get("TERM") or "dumb") if tty else ""}
    if not tty and (given := piped_in()):
        files["stdin"] = given
    files["exec.json"] = jsonlib.dumps(wanted).encode()
    place = machine_for(on, machine, clock or (Time.real if tty and on == Place.vm else None), quiet, image)
    with tempfile.TemporaryDirectory(prefix="mnlab-exec-") as scratch:
        outcome = _run(place, _job(files, command, limit, on), Path(scratch), tty)
        brought, problems = bring_back(Path(scratch), out)
    if brought and not quiet:
        say(f"brought out into {out}: {_some(brought)}")
    for problem in problems:
        say(f"mnlab: {problem}")
    if outcome.trouble:
        say(f"mnlab: {outcome.trouble}")
    raise typer.Exit(EXIT_STATUS[INCONCLUSIVE] if outcome.trouble else outcome.status)


def _job(files: dict, command: list[str], limit: float, on: Place):
    from mnlab.machine import capabilities
    from mnlab.machine import command as inside
    from mnlab.machine.job import Job, Limits
    guest, launcher = Path(inside.__file__).parent / "guest", ROOT / "controller/ryu-manager"
    code = {"src/command.py": Path(inside.__file__), "src/line.py": guest / "line.py",
            **{f"controller/{name}": launcher for name in ("ryu-manager", "ryu") if launcher.is_file()}}  # on the PATH
    # The lab machine has Open vSwitch; on the host a job that asks for it gets its own.
    needs = ("openvswitch",) if on == Place.host and not capabilities.lacking(("openvswitch",)) else ()
    return Job("command:main", {**files, **code}, tuple(command), needs=needs,
               limits=Limits(virtual_seconds=limit, processor_seconds=max(600, limit)))


def _run(place, job, scratch: Path, tty: bool):
    from mnlab.machine.terminal import Terminal
    place.prepare()
    try:
        if not tty:
            return place.run(job, scratch, to_stdout)
        printed: list[bytes] = []
        with Terminal() as terminal:
            outcome = place.run(job, scratch, printed.append, terminal.far)
        to_stdout(b"".join(printed))
        return outcome
    except BaseException:
        place.abandon()
        raise


def piped_in() -> bytes:
    """What there is on standard input, to its end; nothing of a terminal's."""
    if sys.stdin is None or sys.stdin.closed or sys.stdin.isatty():
        return b""
    ready, _, _ = select.select([sys.stdin], [], [], PATIENCE)
    if not ready:
        say("reading standard input to its end, for the command (</dev/null: there is none)")
    return sys.stdin.buffer.read()


def collect(paths: list[Path]) -> tuple[dict, dict, list[str]]:
    """What is sent: a job's files; links, empty folders, times and modes by name; and what is not sent, and why."""
    files: dict = {}
    wanted: dict = {"links": {}, "folders": [], "files": {}}
    left_out: list[str] = []
    names: set[str] = set()
    for path in paths:
        if not path.exists():
            raise WrongUsage(f"cannot send {path}: there is no such file or folder")
        name = Path(os.path.abspath(path)).name or "root"
        if name in names:
            raise WrongUsage(f"two of the files or folders to send are called {name}: rename one, "
                             "or send a folder of both")
        names.add(name)
        for each in [path, *(sorted(path.rglob("*")) if path.is_dir() else ())]:
            if "__pycache__" not in each.relative_to(path.parent).parts:
                inner = str(PurePosixPath(name, each.relative_to(path)))
                _collect_one(each, inner, each == path, files, wanted, left_out)
    return files, wanted, left_out


def _collect_one(path: Path, name: str, named: bool, files: dict, wanted: dict, left_out: list[str]) -> None:
    state = path.stat() if named else path.lstat()
    if stat.S_ISLNK(state.st_mode):
        target = os.readlink(path)
        if stays_inside(name, target, top=name.split("/")[0]):
            wanted["links"][name] = target
        else:
            left_out.append(f"{path} (a link to {target}, which is not sent)")
        return
    if stat.S_ISREG(state.st_mode):
        files[f"files/{name}"] = path.resolve() if named else path
    elif stat.S_ISDIR(state.st_mode):
        if not os.access(path, os.R_OK | os.X_OK):
            left_out.append(f"{path} (it cannot be read)")
            return
        if not os.listdir(path):
            wanted["folders"].append(name)
    else:
        left_out.append(f"{path} (neither file, folder nor link)")
        return
    wanted["files"][name] = [state.st_mtime_ns, state.st_mode & 0o777]


def stays_inside(name: str, target: str, top: str = "") -> bool:
    """Whether a link `name` ("a/b/link") that points to `target` leads to something below `top` whatever other such
    links there are: as many .. as there are folders, and then none."""
    parts = PurePosixPath(target).parts
    up = next((number for number, part in enumerate(parts) if part != ".."), len(parts))
    floor = 1 if top else 0
    return not target.startswith("/") and ".." not in parts[up:] and up <= len(PurePosixPath(name).parts) - 1 - floor


def bring_back(scratch: Path, out: Path) -> tuple[list[str], list[str]]:
    """Put the result at `scratch` into `out`, whose other files stay as they are. Names of what came, and complaints.

    What is in the folder comes as it lay there, what --bring named elsewhere by its whole path: tmp/h1.pcap.
    """
    from mnlab.cli.ownership import give_back, make_folder
    from mnlab.machine.command import INSIDE, OUTSIDE
    try:
        told = jsonlib.loads((scratch / "exec.json").read_text())
    except FileNotFoundError:
        return [], []  # it was stopped
    brought, problems = [], told["left_out"]

    def place_for(name: str) -> Path | None:
        inner = PurePosixPath(name).relative_to(INSIDE if name.startswith(f"{INSIDE}/") else OUTSIDE)
        place = out / inner
        above = [folder for folder in place.parents if folder.is_relative_to(out) and folder != out]
        if ".." in inner.parts or any(folder.is_symlink() for folder in above):
            problems.append(f"{inner} is not brought out: it lies behind a link")
            return None
        make_folder(place.parent)
        brought.append(str(inner))
        return place

    for name, (time_ns, mode) in sorted(told["files"].items()):
        if place := place_for(name):
            place.unlink(missing_ok=True)
            place.write_bytes((scratch / name).read_bytes())
            place.chmod(mode)
            os.utime(place, ns=(time_ns, time_ns))
            give_back(place)
    for name in told["folders"]:
        if place := place_for(name):
            make_folder(place)
            brought[-1] += "/"
    for name, target in sorted(told["links"].items()):
        inner = name.split("/", 1)[1]
        if not stays_inside(inner, target):
            problems.append(f"{inner} is not brought out: a link to {target}, which is elsewhere")
        elif place := place_for(name):
            place.unlink(missing_ok=True)
            place.symlink_to(target)
            give_back(place)
    return sorted(brought), problems


def _some(names: list[str]) -> str:
    return ", ".join(names[:LISTED]) + (" ..." if names[LISTED:] else "")
