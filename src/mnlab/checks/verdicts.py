"""What a check can say: passed, failed, inconclusive, or not applicable, and how single verdicts add up.

The words are different things. *failed* means that the evidence contradicts the claim; *inconclusive* means that
nothing can be said, because something that is not the student's work broke. Inconclusive never turns into a lost point
silently: the whole result is then inconclusive, with its own exit status. *Not applicable* means that the machine is
known not to show what the claim is about (lab/features.py): no points are asked for it, and it is no pass either.
"""

from dataclasses import dataclass
from pathlib import Path

from mnlab.evidence.layout import STUDENT

PASSED, FAILED, INCONCLUSIVE, NOT_APPLICABLE = "passed", "failed", "inconclusive", "not applicable"

FINE = (PASSED, NOT_APPLICABLE)  # what nobody need look into

#: Process exit status of each verdict (the design's contract; 2 is wrong usage).
EXIT_STATUS = {PASSED: 0, FAILED: 1, INCONCLUSIVE: 3, NOT_APPLICABLE: 0}


@dataclass(frozen=True)
class CheckResult:
    """One check's verdict. `title` is the first line of its docstring, `message` why it did not pass ("" if it did):
    `done`, `expected`, `seen` and `hint` are the parts of that, as far as it has them.
    Of one that is not applicable `max_points` is 0; so it is of an observation, which only the network earns, where a
    student's work is graded. `frames` decided it: (scene, capture, number in that file) of each."""

    name: str
    title: str
    claims: tuple[str, ...]
    status: str
    points: int
    max_points: int
    message: str = ""
    observation: bool = False
    done: str = ""
    expected: str = ""
    seen: str = ""
    hint: str = ""
    frames: tuple[tuple[str, str, int], ...] = ()


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
    machine: str = ""  # its name; with another image evidence has another digest
    image_sha256: str = ""  # "" on the host, which has none
    withheld: bool = False  # the checks are not in this edition: it was run, and nothing was asked

    @property
    def status(self) -> str:
        """Without checks inconclusive; not applicable if they were all left out, with the scenes that they read, or are
        not in a students' edition. On a student's work observations have no say."""
        if self.withheld:
            return NOT_APPLICABLE
        if not self.checks:
            return NOT_APPLICABLE if self.left_out and not self.reason else INCONCLUSIVE
        return overall([check.status for check in self.checks if not (check.observation and self.work == STUDENT)]
                       or [NOT_APPLICABLE])

    @property
    def not_applicable(self) -> list[str]:
        """Names of the checks that are not applicable on the run's machine."""
        return [check.name for check in self.checks if check.status == NOT_APPLICABLE]

    @property
    def points(self) -> int:
        return sum(check.points for check in self.checks)

    @property
    def max_points(self) -> int:
        return sum(check.max_points for check in self.checks)


def overall(statuses) -> str:
    """The verdict on several verdicts: inconclusive outweighs failed, failed passed, and passed not applicable."""
    statuses = set(statuses)
    return next((status for status in (INCONCLUSIVE, FAILED, PASSED, NOT_APPLICABLE) if status in statuses), PASSED)
