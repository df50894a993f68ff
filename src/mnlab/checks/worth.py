"""What a lab is worth, without running it."""

from mnlab.checks.points import plainly_written
from mnlab.lab.edition import asked
from mnlab.lab.lab import BrokenLab, Lab, load


def worth_of(lab: Lab) -> tuple[int, int]:
    """The points for a student's work, and for what the network alone shows. BrokenLab if its checks have to be loaded
    to know, and cannot be."""
    if (told := asked(lab)) is not None:
        return told["work"], told["observation"]
    if not lab.checks.is_file():
        raise BrokenLab(f"{lab.checks}:", FileNotFoundError("there is no such file"), "each lab has its checks there")
    if (points := plainly_written(lab.checks.read_text(errors="replace"))) is not None:
        return points
    marks = [thing.points for name, thing in vars(load(lab.checks)).items()
             if name.startswith("check_") and hasattr(thing, "points")]
    work = sum(mark.points for mark in marks if not mark.observation)
    return work, sum(mark.points for mark in marks) - work
