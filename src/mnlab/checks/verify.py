"""Prove that every check can fail: try each mutant and see which checks catch it."""

import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mnlab.checks.answers import Answers
from mnlab.checks.grade import grade
from mnlab.checks.mutants import Forgery, Mutant, WorkFolder, mutants_of
from mnlab.checks.session import at_once
from mnlab.checks.verdicts import FAILED, PASSED, LabResult
from mnlab.evidence.record import Record
from mnlab.lab import run as labrun
from mnlab.lab import work as workfolder
from mnlab.lab.lab import Lab, load
from mnlab.machine.job import Machine


@dataclass(frozen=True)
class KillMatrix:
    """Which check (column) caught which mutant (row). `baseline` is the solution's own result."""

    lab: str
    baseline: LabResult
    results: dict[Mutant, LabResult]

    def killed_by(self, mutant: Mutant) -> set[str]:
        return {check.name for check in self.results[mutant].checks if check.status == FAILED}

    @property
    def unkilled_checks(self) -> list[str]:
        """Checks that no mutant makes fail: they prove nothing."""
        killed = set().union(*(self.killed_by(mutant) for mutant in self.results)) if self.results else set()
        return [check.name for check in self.baseline.checks if check.name not in killed]

    @property
    def uncaught_mutants(self) -> list[Mutant]:
        """Mutants that no check catches."""
        return [mutant for mutant in self.results if not self.killed_by(mutant)]

    @property
    def holds(self) -> bool:
        """The solution passes, every check can fail, every mutant is caught."""
        return self.baseline.status == PASSED and not self.unkilled_checks and not self.uncaught_mutants

    def cells(self) -> dict[tuple[str, str], str]:
        """(check, mutant's description) to the check's status."""
        return {(check.name, mutant.description): check.status
                for mutant, result in self.results.items() for check in result.checks}

    def as_dict(self) -> dict:
        """For --json."""
        return {"lab": self.lab, "baseline": self.baseline.status,
                "checks": [check.name for check in self.baseline.checks],
                "mutants": {mutant.name: sorted(self.killed_by(mutant)) for mutant in self.results},
                "unkilled_checks": self.unkilled_checks,
                "uncaught_mutants": [mutant.name for mutant in self.uncaught_mutants], "holds": self.holds}


def verify(lab: Lab, machine: Machine, seed: int, progress: Callable[[str], None] = lambda step: None,
           workers: int = 0) -> KillMatrix:
    """Run the solution and every mutant of `lab`, `workers` at once (0: as many as is good); the kill matrix."""
    mutants = mutants_of(load(lab.mutants)) if lab.mutants.is_file() else []
    params = lab.params(seed)
    with tempfile.TemporaryDirectory(prefix="mnlab-verify-") as scratch:
        trial = _Trial(lab, machine, seed, params, Path(scratch))
        progress(f"{lab.name}: the solution")
        base = trial.run("solution")
        answers = lab.reference_answers(params, base)
        baseline = grade(lab, base, Answers(answers))
        # Runs go on side by side in machines of their own; grading, which is quick, stays in this thread.
        with ThreadPoolExecutor(workers or at_once(machine)) as pool:
            try:
                runs = {mutant: pool.submit(trial.run, mutant.name, mutant) for mutant in mutants
                        if mutant.kind in ("work", "network")}
                results = {}
                for mutant in mutants:
                    progress(f"{lab.name}: {mutant.description}")
                    if mutant in runs:
                        record, given = runs[mutant].result(), answers
                    else:
                        record, given = trial.without_machine(mutant, base, answers)
                    results[mutant] = grade(lab, record, Answers(given))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                machine.abandon()
                raise
    return KillMatrix(lab.name, baseline, results)


@dataclass(frozen=True)
class _Trial:
    """Where one lab's mutants are tried."""

    lab: Lab
    machine: Machine
    seed: int
    params: dict
    scratch: Path

    def run(self, name: str, mutant: Mutant | None = None) -> Record:
        """A real run of the solution, as changed by `mutant`."""
        work = self.scratch / f"{name}-work"
        work.mkdir()
        workfolder.copy(self.lab.solution, work, self.params)
        if mutant and mutant.kind == "work":
            mutant.function(WorkFolder(work), self.params)
        inside = mutant.name if mutant and mutant.kind == "network" else ""
        return labrun.run(self.lab, self.machine, work, self.seed, self.scratch / name, mutant=inside)

    def without_machine(self, mutant: Mutant, base: Record, answers: dict) -> tuple[Record, dict]:
        """The solution's record and answers, as changed by `mutant`."""
        if mutant.kind == "answers":
            changed = dict(answers)
            mutant.function(changed, self.params)
            if changed == answers:
                raise ValueError(f"the mutant {mutant.name} changes no answer")
            return base, changed
        folder = self.scratch / mutant.name
        shutil.copytree(base.folder, folder)
        mutant.function(Forgery(folder))
        return Record(folder), answers
