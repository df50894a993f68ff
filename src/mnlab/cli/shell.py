"""`mnlab shell`: a lab's network in your hands, at Mininet's prompt or in a host's shell."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from mnlab.checks.verdicts import EXIT_STATUS, INCONCLUSIVE
from mnlab.cli.labs import DEFAULT_SEED, OneLab
from mnlab.cli.options import Clock, On, Place, Quiet, Seed, Time, WrongUsage, a_folder, a_path, machine_for, say
from mnlab.cli.ownership import bring_out
from mnlab.lab import lab as labs
from mnlab.lab import run as labrun
from mnlab.lab.read_once import read
from mnlab.machine.job import Limits

DAY = 24 * 3600  # seconds


def register(app: typer.Typer) -> None:
    app.command()(shell)


def shell(lab: OneLab,
          host: Annotated[str | None, typer.Argument(
              help="Open a shell on this host instead of Mininet's prompt.")] = None,
          work: Annotated[Path | None, typer.Option(
              parser=a_path, metavar="FOLDER", help="Files to take along; work/LAB if it is there.")] = None,
          out: Annotated[Path, typer.Option(
              parser=a_folder, metavar="FOLDER", help="Where files you make there are put.")] = Path("shell-out"),
          seed: Seed = None, on: On = Place.vm, clock: Clock = None, quiet: Quiet = False) -> None:
    """Open a lab's network for hands-on work, in real time. Leave it with exit or Ctrl-D.

    Example: mnlab shell arp, for Mininet's prompt; mnlab shell arp h1, for a shell on h1
    """
    from mnlab.machine.terminal import Terminal
    if clock == Time.virtual:
        raise WrongUsage("a shell is for people: it runs in real time, so leave out --clock virtual")
    one = labs.find(lab)
    job = _job(one, host or "", work, seed)
    machine = machine_for(on, Time.real if on == Place.vm else None, quiet)
    machine.prepare()
    if not quiet:
        say(f"opening {one.name}; leave with exit or Ctrl-D")
    printed: list[bytes] = []
    with tempfile.TemporaryDirectory(prefix="mnlab-shell-") as scratch:
        with Terminal() as terminal:
            outcome = machine.run(job, Path(scratch), printed.append, terminal.far)
        made = bring_out(Path(scratch), out)
    if made and not quiet:
        say(f"your files are in {out}")
    if words := b"".join(printed).decode(errors="replace").strip():
        say(f"mnlab: {words}")
    if outcome.trouble:
        say(f"mnlab: {outcome.trouble}")
    raise typer.Exit(EXIT_STATUS[INCONCLUSIVE] if outcome.trouble else outcome.status)


def _job(lab: labs.Lab, host: str, work: Path | None, seed: int | None):
    """The job that builds the lab's network and serves the user; his work folder goes along."""
    place = work or Path("work") / lab.name
    if work and not work.is_dir():
        raise WrongUsage(f"there is no folder {work}")
    taken = read(place) if place.is_dir() else None
    if seed is None and taken:
        seed = taken.seed(lab.name)
    seed = DEFAULT_SEED if seed is None else seed
    files = taken.files if taken else {}
    job = labrun.make_job(lab, files, seed, lab.params(seed), "", Limits(virtual_seconds=DAY, wall_seconds=DAY))
    return replace(job, entry="mnlab.lab.shell:main", arguments=(host,))
