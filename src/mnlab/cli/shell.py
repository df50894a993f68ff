"""`mnlab shell`: a network in your hands, a lab's or your own, at Mininet's prompt or in a host's shell."""

import os
import re
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mnlab.checks.verdicts import EXIT_STATUS, INCONCLUSIVE
from mnlab.cli.labs import DEFAULT_SEED
from mnlab.cli.options import (
    CORE,
    DEFAULT_MACHINE,
    Clock,
    Collections,
    Image,
    Machine,
    On,
    Place,
    Quiet,
    Seed,
    Time,
    WrongUsage,
    a_folder,
    a_path,
    machine_for,
    say,
    to_stdout,
)
from mnlab.cli.ownership import bring_out
from mnlab.lab import lab as labs

if TYPE_CHECKING:
    from mnlab.lab.read_once import Work
    from mnlab.machine.job import Job

DAY = 24 * 3600  # seconds
#: What the inside of a shell is made of, besides what a lab's run is.
ROOMS = ("machine/__init__.py", "machine/guest/line.py")
CONTROLLERS = labs.ROOT / "controller"


def register(app: typer.Typer) -> None:
    app.command()(shell)


def shell(lab: Annotated[str | None, typer.Argument(
              metavar="LAB", help="The name of a lab, as `list` shows; none with --topo.")] = None,
          host: Annotated[str | None, typer.Argument(
              help="Open a shell on this host instead of Mininet's prompt.")] = None,
          topo: Annotated[str | None, typer.Option(
              metavar="FILE[:NAME[,ARG...]]",
              help="A topology of your own, as for `mn --custom`; or one of Mininet's: tree,2.")] = None,
          controller: Annotated[str | None, typer.Option(
              metavar="APP.py", help="Every switch is Open vSwitch's, and c0 runs this Ryu application.")] = None,
          record: Annotated[bool, typer.Option(
              "--record", help="Capture on every interface, into captures/ of --out.")] = False,
          work: Annotated[Path | None, typer.Option(
              parser=a_path, metavar="FOLDER", help="Files to take along; work/LAB if it is there.")] = None,
          out: Annotated[Path, typer.Option(
              parser=a_folder, metavar="FOLDER", help="Where files you make there are put.")] = Path("shell-out"),
          collections: Collections = None, seed: Seed = None, on: On = Place.vm, machine: Machine = DEFAULT_MACHINE,
          image: Image = CORE, clock: Clock = None, quiet: Quiet = False) -> None:
    """Open a network for hands-on work: a lab's, or one of your own. Leave it with exit or Ctrl-D.

    It runs in real time. With --clock virtual the commands are piped in, and the same ones give the same bytes.

    Example: mnlab shell arp, for Mininet's prompt; mnlab shell arp h1, for a shell on h1

    Example: mnlab shell --topo my.py:campus,3 --record

    Example: echo pingall | mnlab shell --topo tree,2 --controller learning_switch.py --clock virtual
    """
    if not (topo or lab) or (topo and host):
        raise WrongUsage("name a lab, as `mnlab list` shows, or a topology of your own with --topo my.py:name")
    if topo:
        lab, host = None, lab
    typed = clock == Time.virtual
    if typed and sys.stdin.isatty():
        raise WrongUsage("nobody can type in virtual time, where waiting for a key takes no time: leave out --clock "
                         "virtual, or pipe the commands in: mnlab shell ... --clock virtual < commands")
    from mnlab.evidence import layout
    from mnlab.lab import run as labrun
    from mnlab.machine.job import Limits
    job = _topology_job(topo, work) if topo else _lab_job(labs.find(lab or ""), work, seed)
    wanted = {"host": host or "", "name": lab or topo, "record": record, "typed": typed,
              "term": os.environ.get("TERM") or "dumb", **_topology(topo)}
    files = {**job.files, **labrun.code(ROOMS), **({"typed": sys.stdin.buffer.read()} if typed else {})}
    needs = job.needs
    if controller:
        wanted["controller"], added = _application(controller)
        files, needs = {**files, **added}, (*needs, "openvswitch")
    files["shell.json"] = layout.canonical({"controller": "", **wanted})
    job = replace(job, entry="mnlab.lab.shell:main", files=files, needs=needs,
                  limits=Limits(virtual_seconds=DAY, processor_seconds=DAY))
    place = machine_for(on, machine, clock or (Time.real if on == Place.vm else None), quiet, image).having(needs)
    place.prepare()
    if not quiet and not typed:
        say(f"opening {wanted['name']}; leave with exit or Ctrl-D")
    raise typer.Exit(_hand_over(place, job, out, typed, quiet))


def _hand_over(machine, job: "Job", out: Path, typed: bool, quiet: bool) -> int:
    """Connect the user with the machine until one of them leaves; the exit status."""
    from mnlab.machine.terminal import Terminal
    printed: list[bytes] = []
    with tempfile.TemporaryDirectory(prefix="mnlab-shell-") as scratch:
        if typed:
            outcome = machine.run(job, Path(scratch), to_stdout)
        else:
            with Terminal() as terminal:
                outcome = machine.run(job, Path(scratch), printed.append, terminal.far)
        made = bring_out(Path(scratch), out)
    if made and not quiet:
        say(f"your files are in {out}")
    if words := b"".join(printed).decode(errors="replace").strip():
        say(f"mnlab: {words}")
    if outcome.trouble:
        say(f"mnlab: {outcome.trouble}")
    return EXIT_STATUS[INCONCLUSIVE] if outcome.trouble else outcome.status


def _lab_job(lab: labs.Lab, work: Path | None, seed: int | None) -> "Job":
    """The job that a run of the lab would be; the user's work folder goes along."""
    from mnlab.lab import run as labrun
    place = work or Path("work") / lab.name
    taken = _taken_along(place) if work or place.is_dir() else None
    if seed is None and taken:
        seed = taken.seed(lab.name)
    seed = DEFAULT_SEED if seed is None else seed
    return labrun.whole_job(lab, taken.files if taken else {}, seed, lab.params(seed))


def _topology_job(topo: str, work: Path | None) -> "Job":
    """The job for a topology of the user's, with the modules that lie beside its file."""
    from mnlab.lab import run as labrun
    from mnlab.machine.job import Job
    files: dict = {"topologies": labs.ROOT / "topologies", "work/.empty": b"", **labrun.code()}
    if file := _topology(topo)["file"]:
        if not Path(file).is_file():
            raise WrongUsage(f"there is no file {file}")
        files |= {f"topology/{path.name}": path for path in Path(file).resolve().parent.glob("*.py")}
        files[f"topology/{Path(file).name}"] = Path(file)
    files |= {f"work/{name}": data for name, data in (_taken_along(work).files if work else {}).items()}
    return Job("", files, path=("src", "."))


def _taken_along(folder: Path) -> "Work":
    from mnlab.lab.read_once import read
    if not folder.is_dir():
        raise WrongUsage(f"there is no folder {folder}")
    return read(folder)


def _topology(topo: str | None) -> dict:
    """What --topo names: {"file": its file ("": none), "topology": name and arguments}; {} without --topo."""
    if not topo:
        return {}
    if found := re.fullmatch(r"(.+?\.py)(?::(.*))?", topo):
        return {"file": found[1], "topology": found[2] or ""}
    if ":" in topo or "/" in topo:
        raise WrongUsage(f"{topo} names no Python file: write --topo FILE.py:NAME,ARGUMENT")
    return {"file": "", "topology": topo}


def _application(controller: str) -> tuple[str, dict[str, Path]]:
    """A Ryu application's name in the job's controller/, and the files there; it is the user's or the project's."""
    known = {f"controller/{path.name}": path for path in CONTROLLERS.iterdir() if path.is_file()}
    path = Path(controller)
    if path.is_file():
        return path.name, known | {f"controller/{path.name}": path.resolve()}
    if f"controller/{controller}" in known and path.suffix == ".py":
        return controller, known
    raise WrongUsage(f"there is no application {controller}; the project's own are "
                     + ", ".join(sorted(path.name for path in CONTROLLERS.glob("*.py"))))
