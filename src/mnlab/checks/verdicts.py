"""What a check can say: passed, failed, or inconclusive, and how single verdicts add up.

The three words are three different things. *failed* means that the evidence contradicts the claim; *inconclusive*
means that nothing can be said, because something that is not the student's work broke. Inconclusive never turns
into a lost point silently: the whole result is then inconclusive, with its own exit status.
"""

from dataclasses import dataclass
from pathlib import Path

PASSED, FAILED, INCONCLUSIVE = "passed", "failed", "inconclusive"

#: Process exit status of each verdict (the design's contract; 2 is wrong usage).
EXIT_STATUS = {PASSED: 0, FAILED: 1, INCONCLUSIVE: 3}


@dataclass(frozen=True)
class CheckResult:
    """One check's verdict. `title` is the first line of its docstring, `message` why it did not pass ("" if it did)."""

    name: str
    title: str
    claims: tuple[str, ...]
    status: str
    points: int
    max_points: int
    message: str = ""


@dataclass(frozen=True)
class LabResult:
    """All verdicts on one run of one lab. `seconds` is wall time, `virtual_seconds` time in the lab."""

    lab: str
    seed: int
    checks: tuple[CheckResult, ...]
    evidence: Path | None = None
    evidence_sha256: str = ""
    seconds: float = 0.0
    virtual_seconds: float = 0.0
    seed_from: str = "evidence"  # who chose the seed: variant.toml, --seed, default; in saved evidence it is given
    work: str = ""  # whose work it was: "student" or "solution"; "" if the evidence does not say
    work_sha256: str = ""
    signature: str = "unsigned"  # or verified, unverified (evidence/signature.py)
    notes: tuple[str, ...] = ()  # what else whoever grades must know
    reason: str = ""  # why the whole lab is inconclusive, or what the student's work broke; "" otherwise
    left_out: tuple[str, ...] = ()  # scenes of the lab that were not played, as they do not run the student's work
    secrets: str = "local"  # who drew the parameters that prove work: "local", anybody; "course", a course's key

    @property
    def status(self) -> str:
        return overall([check.status for check in self.checks]) if self.checks else INCONCLUSIVE

    @property
    def points(self) -> int:
        return sum(check.points for check in self.checks)

    @property
    def max_points(self) -> int:
        return sum(check.max_points for check in self.checks)


def overall(statuses) -> str:
    """The verdict on several verdicts: inconclusive outweighs failed, failed outweighs passed."""
    statuses = set(statuses)
    return next((status for status in (INCONCLUSIVE, FAILED) if status in statuses), PASSED)
