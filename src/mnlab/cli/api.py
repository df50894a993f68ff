"""`mnlab api`: what an author of labs can call, whole or one name."""

from pathlib import Path
from typing import Annotated

import typer

from mnlab.cli.options import WrongUsage, a_new_file
from mnlab.cli.ownership import give_back, make_folder


def register(app: typer.Typer) -> None:
    app.command()(api)


def api(name: Annotated[str, typer.Argument(metavar="[NAME]", help="Of what: rec.capture, tcp.connections.")] = "",
        out: Annotated[Path | None, typer.Option("--out", parser=a_new_file, metavar="FILE",
                                                 help="Write it to this file.")] = None) -> None:
    """Show what experiments, checks and mutants can call, all of it as Markdown, or one NAME.

    Example: mnlab api rec.capture
    """
    from mnlab.report import api as reference
    try:
        text = "\n\n".join(map(reference.shown, reference.find(name))) + "\n" if name else reference.page()
    except reference.Unknown as problem:
        raise WrongUsage(str(problem)) from None
    if out:
        make_folder(out.parent)
        out.write_text(text)
        give_back(out)
    else:
        print(text, end="")
