"""mnlab compare: two saved runs side by side, in words and as a page."""

import os
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from mnlab.cli.options import Collections, Json, WrongUsage, a_new_file, a_path
from mnlab.cli.ownership import give_back, make_folder
from mnlab.lab import lab as labs

A_RUN = "The folder of a saved run."


def register(app: typer.Typer) -> None:
    app.command()(compare)


def compare(
    run: Annotated[Path, typer.Argument(parser=a_path, metavar="RUN", help=A_RUN)],
    other: Annotated[Path, typer.Argument(parser=a_path, metavar="RUN", help=A_RUN)],
    out: Annotated[
        Path | None,
        typer.Option("--out", parser=a_new_file, metavar="FILE", help="The page; beside the second run unless given."),
    ] = None,
    open: Annotated[bool, typer.Option("--open", help="Show the page in a browser.")] = False,
    collections: Collections = None,
    json: Json = False,
) -> None:
    """Compare two saved runs: verdicts that differ, where their messages part, curves over one another on a page.

    Example: mnlab compare runs/congestion-1 runs/congestion-2
    """
    from mnlab.report import compared
    from mnlab.report.page import compare_page

    first, second = _material(run), _material(other)
    if first.lab.name != second.lab.name:
        raise WrongUsage(f"{run} is a run of {first.lab.name} and {other} of {second.lab.name}: compare two of one lab")
    names = (run.resolve().name, other.resolve().name)
    if names[0] == names[1]:
        names = (f"{names[0]} (first)", f"{names[1]} (second)")
    one, two = compare_page.side(names[0], first), compare_page.side(names[1], second)
    beside = Path(os.path.relpath(other.resolve().parent))
    page = out or beside / f"compare-{run.resolve().name}-{other.resolve().name}.html"
    make_folder(page.parent)
    page.write_text(compare_page.html(one, two, first, second))
    give_back(page)
    if json:
        from mnlab.report.jsonout import document
        print(document("compare", compared.as_dict(one, two, str(page))))
    else:
        print("\n".join([*compared.in_words(one, two), "", f"page: {page}"]))
    if open:
        webbrowser.open(page.resolve().as_uri())


def _material(folder: Path):
    """A run with its verdicts. WrongUsage if it is none, or damaged."""
    from mnlab.checks.session import recheck
    from mnlab.evidence.record import Unreadable
    from mnlab.evidence.run import Run
    from mnlab.report.page.view import Material

    try:
        result = recheck(folder)
        return Material(labs.find(result.lab), Run(folder), result)
    except Unreadable as problem:
        raise WrongUsage(str(problem)) from None
