"""The command line's front door: every command, and how each kind of trouble ends.

Exit status: 0 all passed; 1 something failed; 2 wrong usage or input; 3 inconclusive; 130 interrupted; 141 unread.
"""

import os
import signal
import sys
from typing import Annotated

import typer

from mnlab import __version__
from mnlab.checks.verdicts import EXIT_STATUS, INCONCLUSIVE
from mnlab.cli import (
    api,
    atlas,
    authors,
    bench,
    class_results,
    course,
    environment,
    exec,
    export,
    keys,
    labs,
    machines,
    report,
    shell,
    side_by_side,
    teaching,
    tests,
)
from mnlab.cli.options import WrongUsage
from mnlab.machine import plain

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False,
                  context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
                  help="Computer networking on real kernels, recorded and checked.\n\n"
                       "Begin with: mnlab list, mnlab run arp, mnlab start arp")
labs.register(app)
report.register(app)
side_by_side.register(app)
authors.register(app)
teaching.register(app)
course.register(app)
class_results.register(app)
export.register(app)
shell.register(app)
exec.register(app)
machines.register(app)
tests.register(app)
bench.register(app)
atlas.register(app)
api.register(app)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"mnlab {__version__}")
        raise typer.Exit


@app.callback()
def common(version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True,
                                                 help="Show the version and exit.")] = False) -> None:
    """Options of mnlab itself, before any command."""


WRONG_USAGE, INTERRUPTED = 2, 130


def main() -> None:
    """Run the command line and leave with its exit status."""
    plain.guard()
    for told in environment.misspelt(os.environ):
        print(f"mnlab: {told}", file=sys.stderr)
    keys.take()
    signal.signal(signal.SIGTERM, _terminate)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup's
        signal.signal(signal.SIGHUP, _terminate)
    try:
        app(prog_name="mnlab")
    except (KeyboardInterrupt, SystemExit) as end:
        if isinstance(end.__context__, BrokenPipeError):  # which typer makes status 1
            _end_unread()
        if not _is_interrupt(end):
            raise
        _fail("interrupted", INTERRUPTED)
    except BrokenPipeError:
        _end_unread()
    except OSError as problem:
        where = f" {plain.name(problem.filename)}:" if problem.filename else ""
        _fail(f"the system says:{where} {problem.strerror or problem}", EXIT_STATUS[INCONCLUSIVE])
    except Exception as problem:
        if (status := _status_of(problem)) is None:
            raise
        _fail(problem, status)


def _status_of(problem: Exception) -> int | None:
    """The exit status of trouble that has words of its own; None of any other, which is a mistake of ours."""
    from mnlab.lab.collection import NoCollection  # not at the top: most commands end well
    from mnlab.lab.lab import BrokenLab, UnknownLab
    from mnlab.lab.student_toml import BadWork
    from mnlab.machine.debian import UnknownPackage
    from mnlab.machine.job import MachineError, WrongCache
    from mnlab.machine.machines import UnknownMachine
    from mnlab.report.plot import PlotError
    if isinstance(problem, (UnknownLab, NoCollection, UnknownMachine, UnknownPackage, BrokenLab, BadWork, WrongUsage,
                            WrongCache)):
        return WRONG_USAGE
    return EXIT_STATUS[INCONCLUSIVE] if isinstance(problem, (MachineError, PlotError)) else None


def _is_interrupt(end: BaseException) -> bool:
    """Whether Ctrl-C or SIGTERM was the end. typer makes it a status, raised while it handles what that came from."""
    return isinstance(end, KeyboardInterrupt) or isinstance(
        getattr(end.__context__, "__cause__", None), KeyboardInterrupt)


def _end_unread() -> None:
    """Whoever read us has read enough. The status is that of a program which SIGPIPE ended: nothing has failed."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.exit(128 + signal.SIGPIPE)


def _fail(text, status: int) -> None:
    print(f"mnlab: {text}", file=sys.stderr)
    sys.exit(status)


def _terminate(*_):
    raise KeyboardInterrupt
