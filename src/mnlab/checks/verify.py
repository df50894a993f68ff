"""Prove that every check can fail, that every rule is checked, and that correct work is not refused: try each mutant
and see which checks catch it."""

import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from inspect import signature
from pathlib import Path

from mnlab.checks.answers import Answers
from mnlab.checks.grade import grade, read_answers
from mnlab.checks.kill_matrix import EMPTY, RUNS, STARTER, KillMatrix
from mnlab.checks.mutants import ForgedRun, Mutant, WorkFolder, mutants_of
from mnlab.checks.rules import rules_of
from mnlab.checks.session import at_once
from mnlab.checks.verdicts import LabResult
from mnlab.evidence.run import Run
from mnlab.lab import run as labrun
from mnlab.lab import work as workfolder
from mnlab.lab.features import lacking
from mnlab.lab.lab import BrokenLab, Lab, load, written_in
from mnlab.machine.job import Machine

#: What a mutant's function is called with.
SIGNATURES = {"answers": "it takes (answers, params)", "work": "it takes (work, params)",
              "right": "it takes (work, params), or (answers, params)", "forged": "it takes (evidence)"}


def verify(lab: Lab, machine: Machine, seed: int, progress: Callable[[str], None] = lambda step: None,
           workers: int = 0, quick: bool = False) -> KillMatrix:
    """Run the solution and every mutant of `lab`, `workers` at once (0: as many as is good); the kill matrix.

    `quick`: correct work, and of the wrong no more than until every check has failed, with those first that the lab's
    ENOUGH names. BrokenLab if that names a mutant that there is not, a mutant a scene or a rule that there is not, or
    if a mutant cannot do its work.
    """
    mutants = _in_order(load(lab.mutants), lab) if lab.mutants.is_file() else []
    rules, params = _broken_by(mutants, lab), lab.params(seed)
    with tempfile.TemporaryDirectory(prefix="mnlab-verify-") as scratch:
        trial = _Trial(lab, machine, seed, params, Path(scratch))
        progress(f"{lab.name}: the solution")
        base = trial.run("solution")
        answers = lab.reference_answers(params, base.evidence)
        matrix = KillMatrix(lab.name, grade(lab, base, Answers(answers)), rules=rules,
                            questions={key: [] for key in answers}, untried=_cannot_be_tried(mutants, base))
        if not matrix.applicable and matrix.baseline.checks:
            return KillMatrix(lab.name, matrix.baseline, untried=matrix.untried)  # nothing can fail here
        mutants = [mutant for mutant in mutants if mutant not in matrix.untried]
        progress(f"{lab.name}: work that nobody has done")
        matrix.idle.update(trial.idle())
        _answer_and_forge(trial, matrix, [mutant for mutant in mutants if not _runs(mutant)], base, answers)
        runs = sorted((mutant for mutant in mutants if _runs(mutant)), key=lambda mutant: mutant.kind != "right")
        _run(trial, matrix, runs, answers, progress, workers or at_once(machine), quick)
    return matrix


def _answer_and_forge(trial: "_Trial", matrix: KillMatrix, mutants: list[Mutant], base: Run, answers: dict) -> None:
    """Try the mutants that cost no run, and each question left blank."""
    for mutant in (*mutants, *map(_blank, answers)):
        record, given = trial.without_machine(mutant, base, answers)
        _results(matrix, mutant)[mutant] = grade(trial.lab, record, Answers(given))
        changed = [key for key in answers if given.get(key) != answers[key]]
        if mutant.kind == "answers" and len(changed) == 1 and mutant in mutants:
            matrix.questions[changed[0]].append(mutant)


def _run(trial: "_Trial", matrix: KillMatrix, mutants: list[Mutant], answers: dict, progress, workers: int,
         quick: bool) -> None:
    """Try the mutants that cost a run, in this order. Runs go on side by side in machines of their own; grading, which
    is quick, stays in this thread."""
    right = sum(mutant.kind == "right" for mutant in mutants)
    with ThreadPoolExecutor(workers) as pool:
        def begin(mutant: Mutant) -> Future:
            return pool.submit(trial.run, mutant.name, mutant)

        try:
            for mutant, run in _begun(mutants, begin, workers if quick else len(mutants)):
                progress(f"{trial.lab.name}: {mutant.description}")
                _results(matrix, mutant)[mutant] = grade(trial.lab, run.result(), Answers(answers))
                if quick and not matrix.unkilled_checks and len(matrix.right) >= right:
                    break
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            trial.machine.abandon()
            raise


def _runs(mutant: Mutant) -> bool:
    """Whether a mutant costs a run of the lab: one that changes answers, or evidence, does not."""
    return mutant.kind in RUNS and next(iter(signature(mutant.function).parameters), "") != "answers"


def _results(matrix: KillMatrix, mutant: Mutant) -> dict:
    return matrix.right if mutant.kind == "right" else matrix.results


def _blank(key: str) -> Mutant:
    """The mutant that leaves a question unanswered."""
    def leave(answers, params, key=key):
        answers[key] = ""
    return Mutant(f"blank_{key}", "answers", f"{key} is left blank", leave)


def _broken_by(mutants: list[Mutant], lab: Lab) -> dict[str, tuple[str, list[Mutant]]]:
    """The rules of the lab's handout: what each says, and the mutants that break it."""
    with written_in(lab.folder, "a rule begins a line: - **R1 Name.** What it demands."):
        rules = rules_of(lab.handout)
    if lost := next((mutant for mutant in mutants if mutant.breaks and mutant.breaks not in rules), None):
        raise BrokenLab(f"{lab.mutants}:", ValueError(f"the mutant {lost.name} breaks {lost.breaks}"),
                        f"the rules of README.md are {', '.join(rules) or 'not numbered'}")
    return {rule: (words, [mutant for mutant in mutants if mutant.breaks == rule]) for rule, words in rules.items()}


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

    def idle(self) -> dict[str, LabResult]:
        """What work scores that nobody has done."""
        results = {}
        for name, source in ((STARTER, self.lab.starter), (EMPTY, None)):
            work = self.scratch / f"{name} work"
            work.mkdir()
            if source is not None:
                workfolder.copy(source, work, self.params)
            run = labrun.run(self.lab, self.machine, work, self.seed, self.scratch / name)
            results[name] = grade(self.lab, run, read_answers(work))
        return results

    def without_machine(self, mutant: Mutant, base: Run, answers: dict) -> tuple[Run, dict]:
        """The solution's record and answers, as changed by `mutant`."""
        if mutant.kind != "forged":
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
