"""Prove that every check can fail: try each mutant and see which checks catch it."""

import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from mnlab.checks.answers import Answers
from mnlab.checks.grade import grade
from mnlab.checks.mutants import ForgedRun, Mutant, WorkFolder, mutants_of
from mnlab.checks.session import at_once
from mnlab.checks.verdicts import FAILED, FINE, INCONCLUSIVE, NOT_APPLICABLE, LabResult
from mnlab.evidence.run import Run
from mnlab.lab import run as labrun
from mnlab.lab import work as workfolder
from mnlab.lab.features import lacking
from mnlab.lab.lab import BrokenLab, Lab, load, written_in
from mnlab.machine.job import Machine

#: What a mutant's function is called with.
SIGNATURES = {"answers": "it takes (answers, params)", "work": "it takes (work, params)", "right": "it takes (work, params)",
              "forged": "it takes (evidence)"}
#: Kinds of mutants that cost a run of the lab.
RUNS = ("work", "right", "network")


@dataclass(frozen=True)
class KillMatrix:
    """Which check (column) caught which mutant (row). `baseline` is the solution's own result; `untried` are mutants
    that this machine cannot show, and why. What is not applicable on the machine need not be able to fail there."""

    lab: str
    baseline: LabResult
    results: dict[Mutant, LabResult]
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
        """The solution passes, every check can fail, every mutant is caught, no wrong work excuses itself; or there is
        nothing that this machine can show."""
        return self.baseline.status in FINE and not (
            self.unkilled_checks or self.uncaught_mutants or self.excused_mutants)

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
                "unkilled_checks": self.unkilled_checks,
                "uncaught_mutants": [mutant.name for mutant in self.uncaught_mutants],
                "excused_mutants": [mutant.name for mutant in self.excused_mutants],
                "not_tried": {mutant.name: why for mutant, why in self.untried.items()},
                "enough": self.enough, "holds": self.holds}


def verify(lab: Lab, machine: Machine, seed: int, progress: Callable[[str], None] = lambda step: None,
           workers: int = 0, quick: bool = False) -> KillMatrix:
    """Run the solution and every mutant of `lab`, `workers` at once (0: as many as is good); the kill matrix.

    `quick`: no further than until every check has failed, with those first that the lab's ENOUGH names.
    BrokenLab if that names a mutant that there is not, or a mutant a scene, or if a mutant cannot do its work.
    """
    mutants = _in_order(load(lab.mutants), lab) if lab.mutants.is_file() else []
    params = lab.params(seed)
    with tempfile.TemporaryDirectory(prefix="mnlab-verify-") as scratch:
        trial = _Trial(lab, machine, seed, params, Path(scratch))
        progress(f"{lab.name}: the solution")
        base = trial.run("solution")
        answers = lab.reference_answers(params, base.evidence)
        matrix = KillMatrix(lab.name, grade(lab, base, Answers(answers)), {}, _cannot_be_tried(mutants, base))
        if not matrix.applicable and matrix.baseline.checks:
            return matrix  # nothing can fail here
        mutants = [mutant for mutant in mutants if mutant not in matrix.untried]
        for mutant in (mutant for mutant in mutants if mutant.kind not in RUNS):
            record, given = trial.without_machine(mutant, base, answers)
            matrix.results[mutant] = grade(lab, record, Answers(given))
        # Runs go on side by side in machines of their own; grading, which is quick, stays in this thread.
        workers, runs = workers or at_once(machine), [mutant for mutant in mutants if mutant.kind in RUNS]
        with ThreadPoolExecutor(workers) as pool:
            def begin(mutant: Mutant) -> Future:
                return pool.submit(trial.run, mutant.name, mutant)

            try:
                for mutant, run in _begun(runs, begin, workers if quick else len(runs)):
                    progress(f"{lab.name}: {mutant.description}")
                    matrix.results[mutant] = grade(lab, run.result(), Answers(answers))
                    if quick and not matrix.unkilled_checks:
                        break
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                machine.abandon()
                raise
    return matrix


def _in_order(module, lab: Lab) -> list[Mutant]:
    """The mutants of a lab, those first that its ENOUGH names."""
    mutants, first = mutants_of(module), getattr(module, "ENOUGH", ())
    unknown = set(first) - {mutant.name for mutant in mutants}
    if unknown:
        raise BrokenLab(f"{module.__file__}:", ValueError(f"ENOUGH names {', '.join(sorted(unknown))}"),
                        "there is no such mutant")
    scenes = {scene.name for scene in lab.scenes}
    if lost := next((mutant for mutant in mutants if set(mutant.scenes) - scenes), None):
        raise BrokenLab(f"{module.__file__}:", ValueError(f"the mutant {lost.name} touches {', '.join(lost.scenes)}"),
                        f"the scenes are {', '.join(scene.name for scene in lab.scenes)}")
    return sorted(mutants, key=lambda mutant: mutant.name not in first)


def _cannot_be_tried(mutants: list[Mutant], base: Run) -> dict[Mutant, str]:
    """Those of `mutants` that name a feature which the machine of a run does not show, each with the reason."""
    tried = base.manifest.get("features", {})
    return {mutant: "; ".join(why) for mutant in mutants if (why := lacking(mutant.where, tried))}


def _begun(mutants: list[Mutant], begin: Callable[[Mutant], Future], ahead: int) -> Iterator[tuple[Mutant, Future]]:
    """Each mutant and its run, of which no more than `ahead` are begun before they are asked for."""
    begun: deque[tuple[Mutant, Future]] = deque()
    for mutant in mutants:
        begun.append((mutant, begin(mutant)))
        if len(begun) == ahead:
            yield begun.popleft()
    yield from begun


@dataclass(frozen=True)
class _Trial:
    """Where one lab's mutants are tried."""

    lab: Lab
    machine: Machine
    seed: int
    params: dict
    scratch: Path

    def run(self, name: str, mutant: Mutant | None = None) -> Run:
        """A real run of the solution, as changed by `mutant`."""
        work = self.scratch / f"{name}-work"
        work.mkdir()
        workfolder.copy(self.lab.solution, work, self.params)
        if mutant and mutant.kind in ("work", "right"):
            self._mutate(mutant, WorkFolder(work, self.lab.folder), self.params)
        inside = mutant if mutant and mutant.kind == "network" else None
        return labrun.run(self.lab, self.machine, work, self.seed, self.scratch / name,
                          mutant=inside.name if inside else "", touched=inside.scenes if inside else ())

    def without_machine(self, mutant: Mutant, base: Run, answers: dict) -> tuple[Run, dict]:
        """The solution's record and answers, as changed by `mutant`."""
        if mutant.kind == "answers":
            changed = dict(answers)
            self._mutate(mutant, changed, self.params)
            if changed == answers:
                raise BrokenLab(f"{self.lab.mutants}:", ValueError(f"the mutant {mutant.name} changes no answer"))
            return base, changed
        folder = self.scratch / mutant.name
        shutil.copytree(base.folder, folder)
        self._mutate(mutant, ForgedRun(folder).evidence)
        return Run(folder), answers

    def _mutate(self, mutant: Mutant, *arguments) -> None:
        """Let a mutant change what it is given. BrokenLab if it cannot."""
        with written_in(self.lab.folder, f"the mutant {mutant.name}: {SIGNATURES[mutant.kind]}"):
            mutant.function(*arguments)
