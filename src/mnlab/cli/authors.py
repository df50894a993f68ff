"""Commands for who writes labs: new, lint, verify."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from mnlab.cli.labs import DEFAULT_SEED, Fresh, LabNames, chosen_labs
from mnlab.cli.options import (
    CORE,
    DEFAULT_MACHINE,
    Clock,
    Collections,
    Image,
    Json,
    Machine,
    On,
    Place,
    Quiet,
    Seed,
    WrongUsage,
    a_folder,
    insist_on_whole,
    machine_for,
    say,
)
from mnlab.lab import lab as labs


def register(app: typer.Typer) -> None:
    for command in (new, lint, verify):
        app.command()(command)


def new(lab: Annotated[str, typer.Argument(metavar="LAB", help="A name of small letters, digits and _.")],
        layer: Annotated[str, typer.Option("--layer", metavar="LAYER",
                                           help=f"Where it belongs: {', '.join(labs.LAYERS)}, or one of your own.")],
        collections: Annotated[Path | None, typer.Option(
            "--labs", parser=a_folder, metavar="FOLDER", help="The collection; else MNLAB_LABS' first, or this folder.")
        ] = None) -> None:
    """Begin a lab of your own: a small one that runs, grades and verifies at once. Then change it piece by piece.

    Example: mnlab new nat --layer network --labs mylabs
    """
    insist_on_whole("new")
    from mnlab.lab import begin, collection
    named = collection.named()
    root = collections or next(iter(named), Path())
    try:
        for path in begin.write(root, lab, layer):
            print(path)
    except begin.CannotBegin as problem:
        raise WrongUsage(str(problem)) from None
    option = "" if root.resolve() in named else f" --labs {root}"
    print(f"Try it: mnlab verify {lab}{option}\n"
          f"Then change it piece by piece; mnlab lint {lab}{option} says what is missing.")


def lint(lab: LabNames = None, collections: Collections = None, json: Json = False) -> None:
    """Say what is missing or wrong in labs, without running them. Without a name: in all of them.

    Exit status: 0 if nothing is.

    Example: mnlab lint arp
    """
    insist_on_whole("lint")
    from mnlab.checks.lint import findings
    chosen = chosen_labs(lab, not lab)
    found = {one.name: findings(one) for one in chosen}
    if json:
        from mnlab.report.jsonout import document
        print(document("lint", {"labs": [{"lab": name, "findings": [finding.as_dict() for finding in some]}
                                         for name, some in found.items()]}))
    else:
        for name, some in found.items():
            print(f"{name}: nothing is missing" if not some else f"{name}:")
            for finding in some:
                print(f"  {finding}")
    raise typer.Exit(1 if any(found.values()) else 0)


def verify(lab: LabNames = None, collections: Collections = None, seed: Seed = None, on: On = Place.vm,
           machine: Machine = DEFAULT_MACHINE, image: Image = CORE, clock: Clock = None, json: Json = False,
           quiet: Quiet = False,
           quick: Annotated[bool, typer.Option("--quick", help="End when every check has failed once.")] = False,
           fresh: Fresh = False) -> None:
    """Try each lab's mutants and show which check catches which: every check must be able to fail, every rule of the
    handout must have a mutant that breaks it and is caught, and correct work written otherwise must have full marks.

    In virtual time a run that was made before is not made again: the same files give the same evidence.

    Example: mnlab verify arp
    """
    insist_on_whole("verify")
    from mnlab.checks.verify import verify as try_mutants
    from mnlab.machine.remembered import remembering
    from mnlab.report.console import Console
    from mnlab.report.progress import Progress
    chosen = chosen_labs(lab, not lab)
    place = machine_for(on, machine, clock, quiet, image)
    place.prepare()
    place = remembering(place, only_now=fresh)
    matrices, broken = [], 0
    with Progress(total=len(chosen), quiet=quiet) as progress:
        for one in chosen:
            progress.start(one.name)
            try:
                matrix = try_mutants(one, place, DEFAULT_SEED if seed is None else seed,
                                     partial(progress.step, one.name), quick=quick)
            except labs.BrokenLab as problem:
                if len(chosen) == 1:
                    raise
                broken += 1
                progress.finish(one.name, "broken")
                say(str(problem))
                continue
            progress.finish(one.name, "proven" if matrix.holds else "NOT proven")
            matrices.append(matrix)
            if not json:
                with progress.paused():
                    for drawing in _drawings(matrix):
                        Console().print(drawing)
    if json:
        from mnlab.report.jsonout import document
        print(document("verify", {"labs": [matrix.as_dict() for matrix in matrices]}))
    raise typer.Exit(0 if all(matrix.holds for matrix in matrices) and not broken else 1)


def _drawings(matrix):
    """A kill matrix as a terminal shows it: checks x mutants, rules x mutants."""
    from mnlab.report.matrix import kill_matrix
    from mnlab.report.rules import rules_table

    def caught(mutants):
        return [(mutant.description, len(matrix.killed_by(mutant)) if mutant in matrix.results else None)
                for mutant in mutants]

    base, blank = matrix.baseline, {f"blank_{key}" for key in matrix.questions}
    yield kill_matrix(matrix.lab, [check.name for check in base.checks],
                      [mutant.description for mutant in matrix.results
                       if mutant.name not in blank or not matrix.killed_by(mutant)], matrix.cells(),
                      [mutant.description for mutant in matrix.excused_mutants],
                      {check.name: check.message for check in base.checks if check.name in base.not_applicable},
                      {mutant.description: why for mutant, why in matrix.untried.items()})
    yield rules_table({f"{rule} {words}": caught(mutants) for rule, (words, mutants) in matrix.rules.items()},
                      {key: caught(mutants) for key, mutants in matrix.questions.items()},
                      {mutant.description: matrix.refused.get(mutant, []) for mutant in matrix.right},
                      {work: f"{result.points} of {result.max_points} points" for work, result in matrix.idle.items()},
                      matrix.paid_for_nothing)
