"""Commands about labs: list, show, run, start, check, recheck."""

import os
import sys
import time
import zlib
from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer

from mnlab.checks.verdicts import EXIT_STATUS, PASSED, overall
from mnlab.checks.worth import worth_of
from mnlab.cli.keys import SECRET, SIGNING, Key, SecretFile, SignedWith
from mnlab.cli.options import (
    CORE,
    DEFAULT_MACHINE,
    Clock,
    Collections,
    Gradescope,
    Image,
    Json,
    Junit,
    Machine,
    On,
    Out,
    Place,
    Platform,
    Quiet,
    Seed,
    Verbose,
    Visibility,
    Work,
    WrongUsage,
    a_new_folder,
    a_path,
    machine_for,
    reports,
    say,
)
from mnlab.cli.report import Open, leave_pages
from mnlab.lab import lab as labs
from mnlab.lab.edition import edition
from mnlab.machine import plain

LabNames = Annotated[list[str] | None, typer.Argument(metavar="LAB...", help="Names of labs, as `list` shows.")]
OneLab = Annotated[str, typer.Argument(metavar="LAB", help="The name of a lab, as `list` shows.")]
All = Annotated[bool, typer.Option("--all", help="Every lab.")]
Fresh = Annotated[bool, typer.Option("--fresh", envvar="MNLAB_FRESH", show_envvar=False,
                                     help="Run again what was run before, too.")]
DEFAULT_SEED = 1
FROM_OPTION, FROM_VARIANT, BY_DEFAULT = "--seed", "variant.toml", "default"  # who chose a seed


def register(app: typer.Typer) -> None:
    for command in (list_labs, show, run, start, check, recheck):
        app.command(name="list" if command is list_labs else None)(command)


def list_labs(collections: Collections = None, json: Json = False) -> None:
    """List the labs by layer, with their points.

    Example: mnlab list
    """
    found, broken = [], []
    for lab in labs.all_labs():
        try:
            found.append((lab, worth_of(lab)))
        except labs.BrokenLab as problem:
            broken.append(problem)
    _show_list(found, json)
    for mistake in broken:  # one that is not finished is no reason not to list the others
        say(str(mistake))


def _show_list(found: list[tuple[labs.Lab, tuple[int, int]]], json: bool) -> None:
    if json:
        from mnlab.report.jsonout import document
        print(document("list", {"labs": [
            {"lab": lab.name, "layer": lab.layer, "title": lab.title, "max_points": work + seen, "work_points": work}
            for lab, (work, seen) in found]}))
        return
    layer = None
    for lab, (work, _) in found:
        if lab.layer != layer:
            print(f"{'' if layer is None else chr(10)}{lab.layer}")
            layer = lab.layer
        print(f"  {lab.name:<20} {work:>3} points   {lab.title}")


def show(lab: OneLab, collections: Collections = None) -> None:
    """Show a lab's handout.

    Example: mnlab show arp
    """
    from mnlab.report.handout import show as show_handout
    show_handout(labs.find(lab).handout)


def run(lab: LabNames = None, all: All = False, collections: Collections = None, seed: Seed = None,
        on: On = Place.vm, machine: Machine = DEFAULT_MACHINE, image: Image = CORE, clock: Clock = None,
        out: Out = Path("runs"), key: Key = None, secret_file: SecretFile = None, json: Json = False,
        junit: Junit = None, quiet: Quiet = False, verbose: Verbose = False, fresh: Fresh = False,
        open: Open = False) -> None:
    """Run labs with their solutions: see what happens on the network, and the checks pass.

    With --all, one table; the details only of labs that did not pass. Scenes that were run before are not run again.

    Example: mnlab run arp ping
    """
    from mnlab.checks.session import Task
    chosen = _with_something_to_show(chosen_labs(lab, all)) if edition() else chosen_labs(lab, all)
    mine, secret = edition(), SECRET.key(secret_file) or b""
    usual = {one.name: mine.seeds.get(one.name, DEFAULT_SEED) if mine else DEFAULT_SEED for one in chosen}
    tasks = [Task(one, usual[one.name] if seed is None else seed, out, secret=secret, without_work=mine is not None,
                  seed_from=BY_DEFAULT if seed is None else FROM_OPTION) for one in chosen]
    place = machine_for(on, machine, clock, quiet, image)
    _carry_out(tasks, place, SIGNING.key(key), json, junit, quiet, verbose, brief=all, fresh=fresh, open=open)


def _with_something_to_show(chosen: list[labs.Lab]) -> list[labs.Lab]:
    """Of some labs of a students' edition those of which a scene needs no work. WrongUsage if none does."""
    found = [one for one in chosen if any(not scene.work for scene in one.scenes)]
    for one in chosen:
        if one not in found:
            say(f"{one.name}: this edition has no solution to run. Run your own: `mnlab start {one.name}`, then "
                f"`mnlab check {one.name}`")
    if not found:
        raise WrongUsage("there is nothing to show without a solution")
    return found


def start(lab: OneLab, collections: Collections = None, seed: Seed = None,
          work: Annotated[Path | None, typer.Option(
              parser=a_new_folder, metavar="FOLDER", help="Where to put it; work/LAB unless given.")] = None) -> None:
    """Begin a lab: copy its starter to work/LAB, for a network that is yours.

    Example: mnlab start arp
    """
    from mnlab.lab import work as workfolder
    one = labs.find(lab)
    folder = work or a_new_folder(Path("work") / one.name)
    mine = edition()
    if seed is None:
        seed = mine.seeds.get(one.name) if mine else None
    seed = zlib.crc32(os.fsencode(_user())) % 100_000 if seed is None else seed
    params = workfolder.start(one, folder, seed, mine.signed(one.name, seed) if mine else None)
    print(f"{folder}: variant {seed} of {one.name}")
    for key, value in workfolder.shown(params).items():
        print(f"  {key} = {value}")
    command = "./mnlab" if mine else "mnlab"
    print(f"Read the handout with `{command} show {one.name}`, work in {folder}, then run `{command} check "
          f"{one.name}`.")


def _user() -> str:
    """Who works here. In a Vagrant machine everyone is vagrant: it says who started it."""
    return os.environ.get("MNLAB_USER") or getuser()


def check(lab: LabNames = None, all: All = False, collections: Collections = None,
          work: Work = None, seed: Seed = None, on: On = Place.vm, machine: Machine = DEFAULT_MACHINE,
          image: Image = CORE, clock: Clock = None, out: Out = Path("runs"),
          key: Key = None, secret_file: SecretFile = None, json: Json = False, junit: Junit = None,
          quiet: Quiet = False, verbose: Verbose = False, fresh: Fresh = False, open: Open = False,
          for_student: Annotated[bool, typer.Option(
              "--for-student", help="Evidence to hand out: without parameters that students are not told.")] = False,
          only_work: Annotated[bool, typer.Option(
              "--only-work", help="Only the scenes that run the work, and the checks that read no others.")] = False,
          only_points: Annotated[bool, typer.Option(
              "--only-points", help="Only the scenes that checks with points for the work read, as `grade` does.")
          ] = False,
          submission: Annotated[Path | None, typer.Option(
              "--submission", parser=a_path, metavar="PATH",
              help="What was handed in, a folder or an archive, instead of a work folder: the work in it is found.")
          ] = None,
          gradescope: Gradescope = None, platform: Platform = None, visibility: Visibility = None) -> None:
    """Run labs with your work and grade it. In a work folder, no lab need be named.

    In virtual time the same files give the same evidence: only scenes whose part of the work has changed are run again.

    Example: mnlab check arp
    """
    from mnlab.checks.session import Task
    from mnlab.lab.read_once import read
    wanted = reports(platform, gradescope, visibility)
    if not lab and not all and not work and not submission and (mine := _lab_of_this_folder()):
        lab, work = [mine], Path()
        out = Path(os.path.relpath(_above(Path.cwd()) / out)) if out == Path("runs") else out
    chosen = chosen_labs(lab, all)
    if work and len(chosen) > 1:
        raise WrongUsage("--work goes with one lab")
    if work and submission:
        raise WrongUsage("name a work folder (--work) or what was handed in (--submission), not both")
    if submission and not submission.exists():
        raise WrongUsage(f"there is no {submission}")
    secret, tasks, without = SECRET.key(secret_file) or b"", [], []
    for one in chosen:
        if submission:
            given, result = _found(submission, one)
            if given is None:
                without.append(result)
                continue
        else:
            place = work or Path("work") / one.name
            if not place.is_dir():
                raise WrongUsage(f"there is no work folder {place}. Begin with `mnlab start {one.name}`.")
            given = read(place)
            _tell_links(given.links, one.name)
        chosen_seed, seed_from = (seed, FROM_OPTION) if seed is not None else (given.seed(one.name), FROM_VARIANT)
        if chosen_seed is None:
            chosen_seed, seed_from = DEFAULT_SEED, BY_DEFAULT
        tasks.append(Task(one, chosen_seed, out, given, seed_from, secret, for_student, only_work, only_points))
    place = machine_for(on, machine, clock, quiet, image)
    _carry_out(tasks, place, SIGNING.key(key), json, junit, quiet, verbose, fresh=fresh, wanted=wanted, without=without,
               open=open)


def _tell_links(links: tuple[str, ...], lab: str) -> None:
    """A program that is a link would else be missing without a word."""
    if links:
        say(f"{lab}: {plain.names(links, 1)}: symbolic links are no part of your work; put the files there")


def _found(submission: Path, lab: labs.Lab):
    """The work for a lab in what was handed in; None, and then the result of that, if there is none."""
    from mnlab.course.submitted import found_in, without_work
    with found_in(submission, lab, labs.all_labs()) as found:
        for words in found.notes:
            say(f"{lab.name}: {words}")
        return found.work, without_work(lab, found)


def _lab_of_this_folder() -> str | None:
    """The lab that variant.toml in the current folder names; None if there is no such file, or it names none."""
    from mnlab.lab.read_once import read
    return read(Path()).lab if Path(FROM_VARIANT).is_file() else None


def _above(folder: Path) -> Path:
    """Where a work folder's runs belong: beside work/, or beside the folder itself. In it, they would be handed in."""
    return folder.parent.parent if folder.parent.name == "work" else folder.parent


def recheck(run: Annotated[list[str], typer.Argument(metavar="RUN...", help="Folders of saved runs.")],
            collections: Collections = None, key: SignedWith = None,
            solution: Annotated[bool, typer.Option("--solution", help="With a key: the solution's runs, too.")] = False,
            pytest: Annotated[bool, typer.Option(
                "--pytest", help="Let pytest call the checks; after -- its options: -x, --pdb, -k WORD.")] = False,
            json: Json = False, junit: Junit = None, quiet: Quiet = False, verbose: Verbose = False,
            gradescope: Gradescope = None, platform: Platform = None, visibility: Visibility = None,
            open: Open = False) -> None:
    """Grade saved evidence again; needs no machine. With a key, only evidence that was signed with it.

    Example: mnlab recheck runs/arp-1

    Example: mnlab recheck --pytest runs/arp-1 -- -x --pdb
    """
    from mnlab.checks.session import recheck as grade_again
    from mnlab.evidence.record import Unreadable
    wanted = reports(platform, gradescope, visibility)
    folders, options = _runs_and_options(run, pytest, json)
    try:
        known = SIGNING.key(key)
        if pytest:
            from mnlab.checks.under_pytest import recheck as grade_under_pytest
            results = grade_under_pytest(folders, known, solution, options)
        else:
            results = [grade_again(folder, known, solution) for folder in folders]
    except Unreadable as problem:
        raise WrongUsage(str(problem)) from None
    _report(results, json, junit, quiet, draw=False, verbose=verbose, wanted=wanted, open=open, paged=not pytest)


def _runs_and_options(words: list[str], pytest: bool, json: bool) -> tuple[list[Path], list[str]]:
    """Folders of runs, and what is pytest's: everything from the first word on that begins with -."""
    end = next((number for number, word in enumerate(words) if word.startswith("-")), len(words)) if pytest else None
    if pytest and json:
        raise WrongUsage("--pytest prints what pytest says, and --json one object and nothing else: leave one out")
    if end == 0:
        raise WrongUsage("name the runs before pytest's options: mnlab recheck --pytest runs/arp-1 -- -x")
    return [a_path(word) for word in words[:end]], words[end:] if end else []


def chosen_labs(names: list[str] | None, every: bool) -> list[labs.Lab]:
    """The labs that a command names, or all. WrongUsage if it names none, UnknownLab if there are none or two."""
    if bool(names) == every:
        raise WrongUsage("name one or more labs, or --all; `mnlab list` shows them" if not every else
                         "give names of labs or --all, not both")
    return labs.no_two_of_one_name(labs.all_labs()) if every else [
        labs.find(name) for name in dict.fromkeys(names or ())]


def _carry_out(tasks, machine, key, json, junit, quiet, verbose, brief: bool = False, fresh: bool = True,
               wanted=(), without=(), open: bool = False) -> None:
    from mnlab.checks.session import beyond, run_tasks
    from mnlab.cli.ownership import make_folder
    from mnlab.report.progress import Progress
    if not tasks:  # nothing of what was handed in can be run
        _report(without, json, junit, quiet, draw=False, wanted=wanted)
    machine.prepare()
    if not fresh:
        from mnlab.machine.remembered import remembering
        machine = remembering(machine)
    for words in filter(None, (beyond(task.lab, machine) for task in tasks)):
        say(words)
    make_folder(tasks[0].out)
    started = time.monotonic()
    with Progress(total=len(tasks), quiet=quiet) as progress:
        results = run_tasks(tasks, machine, progress, key=key,
                            meanwhile=lambda: _get_ready(tasks, json, pictured=not (quiet or brief)))
    _report([*results, *without], json, junit, quiet, draw=True, verbose=verbose, brief=brief,
            elapsed=time.monotonic() - started, wanted=wanted, open=open)


def _get_ready(tasks, json: bool, pictured: bool) -> None:
    """Import what grading and the report of these labs will need, while the machines are at work."""
    from mnlab.checks import grade  # noqa: F401
    from mnlab.report.page import page  # noqa: F401
    if json:
        from mnlab.report import jsonout  # noqa: F401
    else:
        from mnlab.report import terminal  # noqa: F401
    if pictured and not json:
        from mnlab.report import drawn  # noqa: F401
    if any(task.lab.draws for task in tasks):
        from mnlab.report import plot
        plot.import_matplotlib()


def _report(results, json: bool, junit: Path | None, quiet: bool, draw: bool, verbose: bool = False,
            brief: bool = False, elapsed: float | None = None, wanted=(), open: bool = False,
            paged: bool = True) -> None:
    from mnlab.cli.ownership import give_back, make_folder
    for file in (*([junit] if junit else []), *(report.path for report in wanted)):
        make_folder(file.parent)
    for result in results:
        if result.evidence and draw:
            _write_pictures(result)
        give_back(result.evidence)
        for words in filter(None, (result.reason, *result.notes)) if json else ():
            say(f"{result.lab}: {words}")
    if paged:
        leave_pages(results, open)
    if json:
        from mnlab.report import jsonout
        print(jsonout.dumps(results))
    else:
        _print(results, draw, quiet, verbose, brief, elapsed)
    if junit:
        from mnlab.report.junit import write_junit
        write_junit(results, junit)
        give_back(junit)
    for report in wanted:
        if report.write(results):
            give_back(report.path)
        else:
            say(f"inconclusive: {report.path} is not written, so that {report.platform} gives no score; run it again")
    sys.stdout.flush()
    raise typer.Exit(EXIT_STATUS[overall([result.status for result in results])])


def _write_pictures(result) -> None:
    """What belongs into a new run's folder besides its evidence."""
    from mnlab.evidence.run import Run
    from mnlab.report import history
    lab = labs.find(result.lab)
    if lab.draws:
        from mnlab.report.drawn import write_figures
        write_figures(lab, Run(result.evidence))
    history.keep(result)


def _print(results, draw: bool, quiet: bool, verbose: bool, brief: bool, elapsed: float | None) -> None:
    """The report for people: pictures, what was run, verdicts; of several labs a table."""
    from mnlab.report import terminal
    from mnlab.report.console import Console
    console = Console()
    for result in results:
        if brief and result.status == PASSED and not result.not_applicable and not verbose:
            continue
        for part in _parts(result, labs.find(result.lab), draw, draw and not quiet and not brief, verbose):
            console.print(part)
            console.print()
    if len(results) > 1:
        console.print(terminal.summary(results, elapsed))


def _parts(result, lab: labs.Lab, new: bool, pictured: bool, verbose: bool):
    """What is printed of one result."""
    from mnlab.evidence.layout import STUDENT
    from mnlab.evidence.run import Run
    from mnlab.report import history, terminal
    if result.evidence and pictured:
        from mnlab.report.drawn import pictures
        yield from pictures(lab, Run(result.evidence))
    if result.evidence and verbose:
        from mnlab.report.timeline import timeline
        yield timeline(Run(result.evidence))
    yield terminal.verdicts(result, lab.title, history.since(result) if new and result.work == STUDENT else "")
