"""`mnlab atlas`: the labs on several machines, and what differs between them."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from mnlab.cli.labs import DEFAULT_SEED, LabNames
from mnlab.cli.options import (
    DEFAULT_MACHINE,
    Collections,
    Json,
    Place,
    Quiet,
    Seed,
    WrongUsage,
    a_new_file,
    insist_on_whole,
    machine_for,
    say,
)
from mnlab.cli.ownership import give_back, make_folder
from mnlab.lab import lab as labs
from mnlab.machine.machines import MACHINES, find

ALL = "all"


def register(app: typer.Typer) -> None:
    app.command()(atlas)


def atlas(lab: LabNames = None,
          machines: Annotated[str, typer.Option("--machines", metavar="NAME,...",
                                                help="Which machines; what others differ from first.")] = ALL,
          out: Annotated[Path | None, typer.Option("--out", parser=a_new_file, metavar="FILE",
                                                   help="Write the page, in Markdown, to this file.")] = None,
          handouts: Annotated[bool, typer.Option(
              "--handouts", help="Also write into handouts what their labs were validated with.")] = False,
          collections: Collections = None, seed: Seed = None, json: Json = False, quiet: Quiet = False) -> None:
    """Run labs on several machines and show, claim by claim, what differs. Machines that are not built are built.

    Exit status: 0 if every claim holds or is not applicable, 1 if one does not hold somewhere, 3 if one is
    inconclusive.

    Example: mnlab atlas handshake --machines debian12,latest
    """
    insist_on_whole("atlas")
    from mnlab.checks.atlas import FAILS
    from mnlab.checks.verdicts import EXIT_STATUS, FAILED, INCONCLUSIVE, PASSED
    from mnlab.report import atlas as page
    chosen = [labs.find(name) for name in dict.fromkeys(lab or ())] or labs.all_labs()
    names = _names(machines)
    if out:
        make_folder(out.parent)
    seed = DEFAULT_SEED if seed is None else seed
    places = {name: machine_for(Place.vm, name, None, quiet) for name in names}
    rows, surveys = _seen(chosen, places, seed, quiet)
    images = {name: place.image.digest for name, place in places.items()}
    if out:
        out.write_text(page.markdown(rows, surveys, images, seed))
        give_back(out)
    if handouts:
        _write_handouts(chosen, rows, places)
    if json:
        from mnlab.report.jsonout import document
        print(document("atlas", {"seed": seed, "images": images, "claims": [row.as_dict() for row in rows],
                                 "surveys": surveys}))
    else:
        print(page.terminal(rows, names))
    verdicts = {verdict for row in rows for verdict in row.verdicts.values()}
    raise typer.Exit(EXIT_STATUS[FAILED if FAILS in verdicts else INCONCLUSIVE if INCONCLUSIVE in verdicts else PASSED])


def _write_handouts(chosen: list[labs.Lab], rows: list, places: dict) -> None:
    """Renew the handouts of labs that hold on all of these machines: the default one's versions, if it is there."""
    from mnlab.checks.atlas import FAILS
    from mnlab.checks.verdicts import INCONCLUSIVE
    from mnlab.lab import validated
    first = DEFAULT_MACHINE if DEFAULT_MACHINE in places else next(iter(places))
    machines = [first, *(name for name in places if name != first)]
    image = places[first].image
    for lab in chosen:
        wrong = [row.claim for row in rows if row.lab == lab.name
                 and {FAILS, INCONCLUSIVE} & set(row.verdicts.values())]
        if wrong:
            say(f"{lab.name}: its handout stays as it is, as {wrong[0]} does not hold everywhere")
        elif validated.write(lab, image.lock.versions, image.digest, machines):
            say(f"{lab.name}: its handout is renewed")


def _names(machines: str) -> list[str]:
    """The machines named, the oldest kernel first if all are meant."""
    names = list(dict.fromkeys(name for name in machines.split(",") if name))
    if names == [ALL]:
        return list(MACHINES)
    if len(names) < 2:
        raise WrongUsage("an atlas compares machines: name two or more, --machines debian12,latest, or all")
    return [find(name).name for name in names]


def _seen(chosen: list[labs.Lab], places: dict, seed: int, quiet: bool) -> tuple[list, dict[str, dict]]:
    """The rows of all labs, and what the machines' surveys found. MachineError if a lab could not be looked at on one:
    of that nothing could be said, and it would look as if there was nothing to say."""
    from mnlab.checks import atlas as look
    from mnlab.checks.session import Task, run_tasks
    from mnlab.evidence.run import Run
    from mnlab.lab.run import survey
    from mnlab.machine.job import MachineError
    from mnlab.machine.remembered import remembering
    from mnlab.report.progress import Progress
    seen: dict[str, dict[str, dict]] = {one.name: {} for one in chosen}
    surveys = {}
    with Progress(total=len(chosen) * len(places), quiet=quiet) as progress, \
            tempfile.TemporaryDirectory(prefix="mnlab-atlas-") as scratch:
        for name, place in places.items():
            place.prepare()
            machine = remembering(place)
            surveys[name] = survey(machine)
            for result in run_tasks([Task(one, seed, Path(scratch, name)) for one in chosen], machine, progress):
                if not result.evidence or not result.checks:
                    raise MachineError(f"{result.lab} could not be looked at on {name}: {result.reason}")
                seen[result.lab][name] = look.look(labs.find(result.lab), Run(result.evidence))
    return [row for one in chosen for row in look.compare(one, seen[one.name])], surveys
