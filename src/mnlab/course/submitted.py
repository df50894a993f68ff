"""One hand-in on a platform that grades it at once: whatever it is, archive or folder, the work in it is found."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from mnlab.checks.points import labelled
from mnlab.checks.verdicts import FAILED, CheckResult, LabResult
from mnlab.checks.worth import worth_of
from mnlab.course import found_work
from mnlab.course.found_work import Found
from mnlab.course.handins import HandIn, gather
from mnlab.evidence import layout
from mnlab.lab.lab import Lab


@contextmanager
def found_in(submission: Path, lab: Lab, labs: list[Lab]) -> Iterator[Found]:
    """The work for `lab` in what a student handed in, a folder or an archive, as `mnlab grade` looks for it; what could
    not be unpacked or was left out is among its notes."""
    with TemporaryDirectory(prefix="mnlab-submission-") as scratch:
        one = HandIn("submission", None, [(submission, "")])
        gather(one, Path(scratch))
        found = found_work.find(Path(scratch), lab, labs, one.unread)
        found.notes[:0] = one.notes
        yield found


def without_work(lab: Lab, found: Found, seed: int = 0) -> LabResult:
    """The result of a hand-in in which there is nothing to grade: no points, and why."""
    seen, hint = "\n".join(found.notes) or found.kind, f"Hand in the files that `mnlab start {lab.name}` made."
    check = CheckResult("hand_in", "What was handed in has work for this lab.", (), FAILED, 0, worth_of(lab)[0],
                        "\n".join(labelled({"seen": seen, "hint": hint})), seen=seen, hint=hint)
    return LabResult(lab.name, seed, (check,), work=layout.STUDENT, seed_from="default")
