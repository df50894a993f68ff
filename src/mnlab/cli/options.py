"""Options that several commands share."""

import os
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from mnlab.lab.lab import LARGEST_SEED, ROOT
from mnlab.machine.machines import CORE, MACHINES, find
from mnlab.machine.machines import DEFAULT as DEFAULT_MACHINE


class WrongUsage(Exception):
    """What the user asked for makes no sense. The text says what to do instead."""


class Place(str, Enum):
    vm = "vm"
    host = "host"


class Time(str, Enum):
    virtual = "virtual"
    real = "real"


def a_path(text: str | Path) -> Path:
    """What an option or argument names. An empty word names nothing: often it was a variable that is not set."""
    if not str(text):
        raise typer.BadParameter("the name is empty")
    return Path(text)


def a_folder(text: str | Path) -> Path:
    """The same for a folder, which need not be there."""
    path = a_path(text)
    if os.path.exists(path) and not os.path.isdir(path):  # which never raise
        raise typer.BadParameter(f"{path} is a file; a folder is wanted")
    return path


def a_file(text: str | Path) -> Path:
    """The same for a file, which need not be there."""
    path = a_path(text)
    if os.path.isdir(path):
        raise typer.BadParameter(f"{path} is a folder; a file is wanted")
    return path


def _writable(path: Path) -> Path:
    """What will be written, perhaps in folders that are not there yet: that it cannot be is told before any work."""
    there = next(place for place in (path, *path.parents) if os.path.exists(place))
    folder = os.path.isdir(there)
    if there != path and not folder:
        raise typer.BadParameter(f"{path} cannot be written: {there} is a file")
    if not os.access(there, os.W_OK | (os.X_OK if folder else 0)):
        raise typer.BadParameter(f"{path} cannot be written: {there.absolute()} is not yours to write")
    return path


def a_new_path(text: str | Path) -> Path:
    """The name of what is to be written."""
    return _writable(a_path(text))


def a_new_folder(text: str | Path) -> Path:
    """The same for a folder."""
    return _writable(a_folder(text))


def a_new_file(text: str | Path) -> Path:
    """The same for a file."""
    return _writable(a_file(text))


def _named(folders: list[Path] | None) -> list[Path] | None:
    """Labs of these collections are labs from now on, whoever looks for one."""
    from mnlab.lab import collection
    if folders:
        collection.add(folders)
    return folders


Collections = Annotated[list[Path] | None, typer.Option(
    "--labs", parser=a_folder, metavar="FOLDER", callback=_named,
    help="A collection of labs besides the project's; may be repeated. Or: MNLAB_LABS.")]
On = Annotated[Place, typer.Option("--on", envvar="MNLAB_ON", help="vm: the lab machine. host: this kernel, as root.")]
Machine = Annotated[str, typer.Option("--machine", envvar="MNLAB_MACHINE", metavar="NAME",
                                       help=f"The lab machine: {', '.join(MACHINES)}.")]
Image = Annotated[str, typer.Option("--image", envvar="MNLAB_IMAGE", metavar="core|full[,PACKAGE...]",
                                    help="What is in it: core for labs, full with what courses call.")]
Clock = Annotated[Time | None, typer.Option(
    "--clock", help="virtual: exact and repeatable (default on vm). real: this computer's time.")]
Seed = Annotated[int | None, typer.Option("--seed", min=0, max=LARGEST_SEED, help="Which variant of the lab.")]
Out = Annotated[Path, typer.Option("--out", parser=a_new_folder, metavar="FOLDER", help="Folder for evidence.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Junit = Annotated[Path | None, typer.Option("--junit", parser=a_new_file, metavar="FILE",
                                               help="Also write JUnit XML to this file.")]
Gradescope = Annotated[Path | None, typer.Option("--gradescope", parser=a_new_file, metavar="FILE",
                                                 help="Also write Gradescope's results.json to this file.")]
Platform = Annotated[list[str] | None, typer.Option(
    "--platform", metavar="NAME:FILE", help="Also write what a platform reads: gradescope, autolab, prairielearn, "
                                            "inginious, markdown (docs/platforms.md).")]
Visibility = Annotated[str | None, typer.Option("--visibility", metavar="WHEN",
                                         help="When Gradescope shows the checks: visible, hidden, after_due_date, "
                                              "after_published.")]
Work = Annotated[Path | None, typer.Option("--work", parser=a_path, metavar="FOLDER",
                                              help="Your folder; work/LAB unless given.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="No progress and no diagrams.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Also every command that was run.")]


def say(text: str) -> None:
    """A line about slow work, on standard error."""
    print(text, file=sys.stderr, flush=True)


def machine_for(on: Place, name: str, clock: Time | None, quiet: bool = False, image: str = CORE):
    """The machine that the options name. UnknownMachine if there is none of this name."""
    quietly = (lambda text: None) if quiet else say
    named = find(name).having(image)
    if on == Place.host:
        if name != DEFAULT_MACHINE:
            raise WrongUsage("--on host is this computer's own kernel: leave out --machine (and MNLAB_MACHINE)")
        if named.layers:
            raise WrongUsage("--on host has what this computer has: leave out --image (and MNLAB_IMAGE)")
        if clock == Time.virtual:
            raise WrongUsage("--on host runs in real time; only the lab machine has a virtual clock")
        from mnlab.machine.host import HostMachine
        return HostMachine()
    from mnlab.machine.vm import VirtualMachine
    return VirtualMachine((clock or Time.virtual).value, quietly, patience=60 if quiet else 0, named=named)


def reports(platform: list[str] | None, gradescope: Path | None, visibility: str | None) -> list:
    """What is to be written for platforms besides the report for people. WrongUsage if there is no such platform."""
    if not platform and not gradescope and visibility is None:
        return []
    from mnlab.course.course import VISIBILITIES, VISIBLE
    from mnlab.report.platforms.formats import FORMATS, Report
    visibility = visibility or VISIBLE
    if visibility not in VISIBILITIES:
        raise WrongUsage(f"--visibility is one of {', '.join(VISIBILITIES)}, not {visibility!r}")
    wanted = [Report("gradescope", gradescope, visibility)] if gradescope else []
    for word in platform or ():
        name, _, file = word.partition(":")
        if name not in FORMATS or not file:
            raise WrongUsage(f"--platform is NAME:FILE, with a NAME of {', '.join(FORMATS)}; not {word!r}")
        wanted.append(Report(name, a_new_file(file), visibility))
    if not wanted:
        raise WrongUsage("--visibility is about what Gradescope shows: say --gradescope FILE, too")
    return wanted


def insist_on_clone(command: str) -> None:
    """WrongUsage if mnlab is installed without the project's tests, which `command` runs."""
    if not (ROOT / "tests").is_dir():
        raise WrongUsage(f"`mnlab {command}` needs a clone of the project: its tests are not installed. "
                         f"In a clone, run ./mnlab {command}")


def insist_on_whole(command: str) -> None:
    """WrongUsage in a students' edition, which lacks what `command` works with."""
    from mnlab.lab.edition import edition
    if edition():
        raise WrongUsage(f"`mnlab {command}` needs solutions, mutants and all checks: a students' edition has none")


def to_stdout(data: bytes) -> None:
    """What a job prints, at once and as it came, colours and all: the user's own program is the user's own affair."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
