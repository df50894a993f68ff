"""`mnlab export`: what is uploaded to a grading platform, so that it grades labs by itself."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from mnlab.cli.options import (
    DEFAULT_MACHINE,
    Collections,
    Machine,
    Quiet,
    WrongUsage,
    a_file,
    a_folder,
    a_new_path,
    insist_on_whole,
    say,
)
from mnlab.lab import lab as labs

ALONE = "bundle"  # mnlab itself, for whoever starts it


def register(app: typer.Typer) -> None:
    app.command()(export)


def export(platform: Annotated[str, typer.Argument(
               metavar="PLATFORM",
               help="gradescope, autolab, prairielearn, inginious, github, gitlab, or bundle: mnlab alone.")],
           lab: Annotated[list[str], typer.Argument(metavar="LAB...", help="Names of labs, as `list` shows.")],
           out: Annotated[Path | None, typer.Option("-o", "--out", parser=a_new_path, metavar="PATH",
                                                    help="The file or folder to write.")] = None,
           bundle: Annotated[Path | None, typer.Option(
               "--bundle", parser=a_file, metavar="FILE",
               help="One that was written before, of the same labs.")] = None,
           url: Annotated[str, typer.Option("--url", metavar="URL",
                                            help="Where the bundle will lie: fetched from there, not packed.")] = "",
           course: Annotated[Path | None, typer.Option(
               "--course", parser=a_folder, metavar="FOLDER",
               help="Its course.toml says when checks are shown.")] = None,
           machine: Machine = DEFAULT_MACHINE, collections: Collections = None, quiet: Quiet = False) -> None:
    """Write what a grading platform needs to grade labs: its own files, and mnlab with Python, QEMU and the lab machine
    in one archive, which needs nothing of the platform's image.

    Example: mnlab export gradescope arp -o autograder.zip
    """
    from mnlab.cli.ownership import give_back, make_folder
    insist_on_whole("export")
    from mnlab.report.platforms.boxes import BOXES, FETCHED, Box
    if platform not in (*BOXES, ALONE):
        raise WrongUsage(f"there is no platform {platform!r}; there are {', '.join(BOXES)}, and {ALONE}: mnlab alone")
    if platform in FETCHED and not (url and bundle):
        raise WrongUsage(f"{platform} fetches the bundle: write it (mnlab export {ALONE} {' '.join(lab)}), put it "
                         "where only graders can read it, and say --bundle FILE --url URL")
    if bundle and not bundle.is_file():
        raise WrongUsage(f"there is no file {bundle}")
    if url and not re.match(r"https?://[^/]", url):
        raise WrongUsage(f"--url is the bundle's address, as in https://example.org/mnlab.tar.gz; not {url!r}")
    chosen = [labs.find(name) for name in dict.fromkeys(lab)]
    visibility = _visibility(course)
    if bundle:
        _insist_on_bundle(bundle)
    write, usual = BOXES.get(platform, (None, "mnlab.tar.gz"))
    target = out or Path(usual)
    if target.is_dir() and Path(usual).suffix:
        raise WrongUsage(f"{target} is a folder: name the file to write, as in -o {usual}")
    make_folder(target.parent)
    with TemporaryDirectory(prefix="mnlab-export-") as scratch:
        made = bundle or (target if write is None else Path(scratch) / "mnlab.tar.gz")
        if bundle is None:
            _bundle(made, chosen, machine, quiet)
        written = write(Box(chosen, made, url, visibility), target) if write else [made]
    give_back(*written)
    for path in written:
        print(path)


def _insist_on_bundle(file: Path) -> None:
    """WrongUsage if a file is not what `export bundle` writes: a gzipped tar whose one folder is called mnlab."""
    import tarfile
    try:
        with tarfile.open(file, "r:gz") as archive:
            first = archive.next()
    except (tarfile.TarError, OSError, EOFError):
        first = None
    if first is None or first.name.split("/")[0] != "mnlab":
        raise WrongUsage(f"{file} is no bundle: `mnlab export {ALONE} LAB...` writes one")


def _bundle(file: Path, chosen: list[labs.Lab], machine: str, quiet: bool) -> None:
    from mnlab.lab import portable
    from mnlab.machine.machines import find
    portable.write(file, chosen, find(machine), (lambda text: None) if quiet else say)


def _visibility(folder: Path | None) -> str:
    """When Gradescope shows checks, as the course says."""
    from mnlab.course import course
    try:
        return course.read(folder).visibility if folder else course.VISIBLE
    except course.BadCourse as problem:
        raise WrongUsage(str(problem)) from None
