"""What commands about a class share: its course and its roster, how far they are, and how trouble is told."""

import errno
import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from mnlab.cli.options import WrongUsage, a_file, a_folder, say
from mnlab.cli.ownership import make_folder
from mnlab.lab import lab as labs
from mnlab.machine.job import MachineError

CourseFolder = Annotated[
    Path | None,
    typer.Option(
        "--course",
        parser=a_folder,
        metavar="FOLDER",
        help="The folder of course.toml; the current one if it is there.",
    ),
]
Roster = Annotated[
    Path | None,
    typer.Option(
        "--roster",
        parser=a_file,
        metavar="FILE",
        help="A CSV file: id, name, email; or what Moodle, Canvas or Gradescope export.",
    ),
]
LINE = 10  # seconds between two lines about the progress, where there is no terminal


def the_course(folder: Path | None):
    """The course that is named, or the one of the current folder; None if there is none and none was named."""
    from mnlab.course import course

    if folder is None and not Path(course.ABOUT).is_file():
        return None
    found = course.read(folder or Path())
    for name in dict.fromkeys([*found.labs, *(lab for _, lab in found.extensions)]):
        try:
            labs.find(name)
        except labs.UnknownLab as problem:
            raise WrongUsage(f"{found.folder / course.ABOUT}: {problem}") from None
    return found


def the_roster(path: Path | None) -> list:
    """The students of the roster that is named; [] if none is."""
    from mnlab.course import roster

    return roster.read(path) if path else []


def a_place_in(folder: Path) -> None:
    """Make a folder to write into. WrongUsage if there can be none."""
    try:
        make_folder(folder)
    except OSError as problem:
        raise WrongUsage(f"there can be no folder {folder}: {problem.strerror}. Choose another") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise WrongUsage(f"the folder {folder} cannot be written: choose another")


@contextmanager
def in_words():
    """What a course, a roster or a table of decisions gets wrong is wrong usage, in words."""
    from mnlab.course.course import BadCourse
    from mnlab.course.csv_table import BadTable
    from mnlab.course.handins import BadSubmissions
    from mnlab.course.release import CannotRelease
    from mnlab.course.results import BadByHand, InUse

    try:
        yield
    except (BadCourse, BadTable, BadByHand, BadSubmissions, CannotRelease, InUse) as problem:
        raise WrongUsage(str(problem)) from None
    except OSError as problem:
        if problem.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise MachineError("there is no room left on the disk. What is written is kept: make room, and call again"
                           ) from None


class Progress:
    """How far it is, how fast, and how long it will take: a bar on a terminal, else a line every ten seconds."""

    def __init__(self, total: int, quiet: bool):
        self.total, self.quiet, self.rows = total, quiet, dict[tuple[str, str], dict]()
        self.began = self.told = time.monotonic()
        self.bar = sys.stderr.isatty()

    def done(self, row: dict) -> None:
        """Another row; an audit may say one again."""
        self.rows[row["student"], row["lab"]] = row
        now, last = time.monotonic(), len(self.rows) >= self.total
        if self.quiet or now - self.told < (0.1 if self.bar else LINE) and not (last and self.bar):
            return
        self.told = now
        if self.bar:
            print(f"\r{self._words(row)[:100]:<100}", end="\n" if last else "", file=sys.stderr, flush=True)
        else:
            say(self._words(row))

    def _words(self, row: dict) -> str:
        count = len(self.rows)
        rate = count / max(time.monotonic() - self.began, 1e-6)
        left = (self.total - count) / rate
        filled = "#" * (20 * count // max(self.total, 1))
        return (f"{f'{filled:<20} ' if self.bar else ''}{count} of {self.total}; {60 * rate:.0f} a minute, "
                f"{f'{left / 60:.0f} minutes' if left >= 90 else f'{left:.0f} s'} left; "
                f"last: {row['student']} {row['lab']} {row['status']}")
