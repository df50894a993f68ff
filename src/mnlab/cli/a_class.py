"""What commands about a class share: its course and its roster, how far they are, and how trouble is told."""

import errno
import os
import sys
import threading
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
Comma = Annotated[bool, typer.Option("--decimal-comma", help="Tables with 1,5 instead of 1.5.")]
LINE, MOMENT = 10, 0.2  # seconds between two lines about the progress, and between two states of the bar


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

    return roster.read(path, say) if path else []


def damaged(kept) -> str:
    """What there is to say of lines that are no results."""
    from mnlab.course import results
    from mnlab.report.drawing import counted

    return f"{kept.folder / results.RESULTS}: {counted(kept.damaged, 'line')} cut short, or of another mnlab"


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
    from mnlab.course.by_hand import BadByHand
    from mnlab.course.course import BadCourse
    from mnlab.course.csv_table import BadTable
    from mnlab.course.handins import BadSubmissions
    from mnlab.course.release import CannotRelease
    from mnlab.course.results import InUse

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
    """How far it is, how fast, and how long it will take: a bar on a terminal, else a line every ten seconds, whether
    anything comes or not, and one at the end."""

    def __init__(self, total: int, quiet: bool):
        self.total, self.quiet, self.rows = total, quiet, dict[tuple[str, str], dict]()
        self.began, self.last = time.monotonic(), ""
        self.bar = sys.stderr.isatty()
        self.over = threading.Event()
        self.teller = threading.Thread(target=self._tell_until_over, daemon=True)

    def __enter__(self) -> "Progress":
        if not self.quiet:
            self.teller.start()
        return self

    def __exit__(self, *_) -> None:
        self.over.set()
        if not self.quiet:
            self.teller.join()
            self._tell(end="\n")

    def done(self, row: dict) -> None:
        """Another row; an audit may say one again."""
        self.rows[row["student"], row["lab"]] = row
        self.last = f"{row['student']} {row['lab']} {row['status']}"

    def _tell_until_over(self) -> None:
        while not self.over.wait(MOMENT if self.bar else LINE):
            self._tell()

    def _tell(self, end: str = "") -> None:
        if self.bar:
            print(f"\r{self._words()[:100]:<100}", end=end, file=sys.stderr, flush=True)
        else:
            say(self._words())

    def _words(self) -> str:
        count = len(self.rows)
        rate = count / max(time.monotonic() - self.began, 1e-6)
        left = (self.total - count) / max(rate, 1e-6)
        filled = "#" * (20 * count // max(self.total, 1))
        bar = f"{filled:<20} " if self.bar else ""
        if count >= self.total:
            return f"{bar}{count} of {self.total}; {60 * rate:.0f} a minute" + (
                "" if self.over.is_set() else "; some are run a second time (audit), and tables are written")
        if not count:
            return f"{bar}0 of {self.total}; none is graded yet"
        return f"{bar}{count} of {self.total}; {60 * rate:.0f} a minute, {_long(left)} left; last: {self.last}"


def _long(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 90 else f"{seconds:.0f} s"
