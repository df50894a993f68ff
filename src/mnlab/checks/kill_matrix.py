"""What trying a lab's mutants has shown: which check catches which, and what is not proven yet."""

from dataclasses import dataclass, field

from mnlab.checks.mutants import Mutant
from mnlab.checks.verdicts import FAILED, FINE, INCONCLUSIVE, NOT_APPLICABLE, LabResult

#: Kinds of mutants that cost a run of the lab.
RUNS = ("work", "right", "network")
STARTER, EMPTY = "the starter", "an empty folder"
#: Of the points: what work that nobody has done may score, at most.
LITTLE = {STARTER: 0.15, EMPTY: 0.0}


@dataclass(frozen=True)
class KillMatrix:
    """Which check (column) caught which mutant (row). `baseline` is the solution's own result; `right` are the results
    of correct work written otherwise, `idle` those of work that nobody has done; `rules` are the handout's, with the
    mutants that break each, `questions` the keys of answers.toml, with the mutants that answer that one wrongly;
    `untried` are mutants that this machine cannot show, and why. What is not applicable on the machine need not be able
    to fail there."""

    lab: str
    baseline: LabResult
    results: dict[Mutant, LabResult] = field(default_factory=dict)
    right: dict[Mutant, LabResult] = field(default_factory=dict)
    idle: dict[str, LabResult] = field(default_factory=dict)
    rules: dict[str, tuple[str, list[Mutant]]] = field(default_factory=dict)
    questions: dict[str, list[Mutant]] = field(default_factory=dict)
    untried: dict[Mutant, str] = field(default_factory=dict)

    def killed_by(self, mutant: Mutant) -> set[str]:
        return {check.name for check in self.results[mutant].checks if check.status == FAILED}

    @property
    def unkilled_checks(self) -> list[str]:
        """Checks that no mutant makes fail: they prove nothing."""
        killed = set().union(*(self.killed_by(mutant) for mutant in self.results)) if self.results else set()
        return [name for name in self.applicable if name not in killed]

    @property
    def applicable(self) -> list[str]:
        """Checks that can say something on this machine."""
        return [check.name for check in self.baseline.checks if check.status != NOT_APPLICABLE]

    @property
    def uncaught_mutants(self) -> list[Mutant]:
        """Mutants that no check catches."""
        return [mutant for mutant in self.results if not self.killed_by(mutant)]

    @property
    def excused_mutants(self) -> list[Mutant]:
        """Mutants of the student's work that leave a check inconclusive: wrong work would excuse itself."""
        return [mutant for mutant, result in self.results.items() if mutant.kind == "work"
                and INCONCLUSIVE in (check.status for check in result.checks)]

    @property
    def unbroken_rules(self) -> list[str]:
        """Rules of the handout that no mutant breaks: nobody knows whether they are checked."""
        return [rule for rule, (_, mutants) in self.rules.items() if not mutants]

    @property
    def unasked_questions(self) -> list[str]:
        """Questions without a wrong answer, besides the blank one."""
        return [key for key, mutants in self.questions.items() if not mutants]

    @property
    def refused(self) -> dict[Mutant, list[str]]:
        """Correct work, written otherwise, that does not have full marks, and the checks that are to blame."""
        return {mutant: [check.name for check in result.checks if check.status not in FINE] or ["no check"]
                for mutant, result in self.right.items() if result.status not in FINE}

    @property
    def paid_for_nothing(self) -> dict[str, str]:
        """Work that nobody has done and that scores too much, or nobody knows what; and what it scores."""
        return {work: f"{result.points} of {result.max_points} points" if result.status != INCONCLUSIVE
                else f"inconclusive: {complaint(result)}" for work, result in self.idle.items()
                if result.status == INCONCLUSIVE or result.points > LITTLE[work] * result.max_points}

    @property
    def enough(self) -> list[str]:
        """Names of runs that make every check fail, few of them: the best one first, each time. Those that cost no
        run (answers, forged evidence) are not named."""
        left = set(self.applicable) - set().union(
            *(self.killed_by(mutant) for mutant in self.results if mutant.kind not in RUNS))
        names, runs = [], [mutant for mutant in self.results if mutant.kind in RUNS]
        while best := max(runs, key=lambda mutant: len(self.killed_by(mutant) & left), default=None):
            if not self.killed_by(best) & left:
                break
            names.append(best.name)
            left -= self.killed_by(best)
        return names

    @property
    def holds(self) -> bool:
        """The solution passes and correct work is not refused, work that nobody has done scores little, every check can
        fail, every mutant is caught, every rule and question has one, no wrong work excuses itself; or there is nothing
        that this machine can show."""
        return self.baseline.status in FINE and not (
            self.unkilled_checks or self.uncaught_mutants or self.excused_mutants or self.unbroken_rules
            or self.unasked_questions or self.refused or self.paid_for_nothing)

    def cells(self) -> dict[tuple[str, str], str]:
        """(check, mutant's description) to the check's status."""
        return {(check.name, mutant.description): check.status
                for mutant, result in self.results.items() for check in result.checks}

    def as_dict(self) -> dict:
        """For --json."""
        return {"lab": self.lab, "baseline": self.baseline.status,
                "checks": [check.name for check in self.baseline.checks],
                "not_applicable": self.baseline.not_applicable,
                "mutants": {mutant.name: sorted(self.killed_by(mutant)) for mutant in self.results},
                "rules": {rule: [mutant.name for mutant in mutants] for rule, (_, mutants) in self.rules.items()},
                "questions": {key: [mutant.name for mutant in mutants] for key, mutants in self.questions.items()},
                "right": {mutant.name: result.status in FINE for mutant, result in self.right.items()},
                "refused": {mutant.name: checks for mutant, checks in self.refused.items()},
                "paid_for_nothing": self.paid_for_nothing,
                "unbroken_rules": self.unbroken_rules, "unasked_questions": self.unasked_questions,
                "unkilled_checks": self.unkilled_checks,
                "uncaught_mutants": [mutant.name for mutant in self.uncaught_mutants],
                "excused_mutants": [mutant.name for mutant in self.excused_mutants],
                "not_tried": {mutant.name: why for mutant, why in self.untried.items()},
                "enough": self.enough, "holds": self.holds}


def complaint(result: LabResult) -> str:
    """Why a result is inconclusive, in a line."""
    return " ".join((result.reason or next((f"{check.name}: {check.message}" for check in result.checks
                                            if check.status == INCONCLUSIVE), "")).split())
