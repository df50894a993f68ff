"""What is missing or wrong in a lab and can be seen without running it. What is seen by running it, verify says."""

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property

from mnlab.checks.mutants import Mutant, mutants_of
from mnlab.checks.rules import rules_of
from mnlab.lab.lab import BrokenLab, Lab, load
from mnlab.lab.scene import TAKEN

WIDEST = 100  # columns of a figure or listing: a terminal shows them as they are, and wraps prose
RIGHT = 2  # pieces of correct work, written otherwise, that a lab with work has at least
CLAIM = re.compile(r"\b([A-Z]{2,4})-(\d+)(?:\s+to\s+\1-(\d+))?")
PARTS = {"README.md": "the handout", "experiment.py": "what happens on the network", "checks.py": "what must be true",
         "mutants.py": "ways to break it", "starter": "what a student begins with", "solution": "the reference work"}
ARGUMENTS = {"answers": 2, "work": 2, "right": 2, "network": 2, "forged": 1}


@dataclass(frozen=True)
class Finding:
    """One thing that is missing or wrong: where, what, and what would be right. `line` counts from 1; 0: none."""

    file: str
    line: int
    words: str
    advice: str

    def __str__(self) -> str:
        return f"{self.file}{f', line {self.line}' if self.line else ''}: {self.words}; {self.advice}"

    def as_dict(self) -> dict:
        """For --json."""
        return asdict(self)


class _Read:
    """A lab's files as lint looks at them, each read once."""

    def __init__(self, lab: Lab):
        self.lab = lab

    @cached_property
    def checks(self):
        return load(self.lab.checks)

    @cached_property
    def mutants(self) -> list[Mutant]:
        return mutants_of(self.mutants_module)

    @cached_property
    def mutants_module(self):
        return load(self.lab.mutants)

    @cached_property
    def functions(self) -> list[ast.FunctionDef]:
        """The functions check_... of checks.py, as they stand there. BrokenLab if it cannot be loaded."""
        assert self.checks
        tree = ast.parse(self.lab.checks.read_text())
        return [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("check_")]

    def texts(self, *folders: str) -> Iterator[tuple[str, str]]:
        """(name, text) of each text file in these folders of the lab."""
        for folder in folders:
            for path in sorted((self.lab.folder / folder).rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    yield str(path.relative_to(self.lab.folder)), path.read_text(errors="replace")


def findings(lab: Lab) -> list[Finding]:
    """All that is missing or wrong; [] if nothing is."""
    read, found = _Read(lab), list(_parts(lab))
    if any(finding.file in ("experiment.py", "checks.py", "mutants.py") for finding in found):
        return found
    for look in LOOKS:
        try:
            found += look(read)
        except BrokenLab as problem:
            where, *words = str(problem).splitlines()
            broken = Finding(where.rstrip(":"), 0, words[0].strip(),
                             " ".join(map(str.strip, words[1:])) or "mend it first")
            found += [broken] if broken not in found else []
    return found


def _parts(lab: Lab) -> Iterator[Finding]:
    for name, what in PARTS.items():
        if not (lab.folder / name).exists():
            yield Finding(name, 0, "it is not there", f"it holds {what} (docs/labs.md)")


def _handout(read: _Read) -> Iterator[Finding]:
    lines = read.lab.handout.splitlines()
    if lines and not lines[0].startswith("# "):
        yield Finding("README.md", 1, "the first line is no heading",
                      "it is the lab's title: # ARP: who has this address?")
    fenced = False
    for number, line in enumerate(lines, 1):
        fenced ^= line.lstrip().startswith("```")
        if fenced and len(line) > WIDEST:
            yield Finding("README.md", number, f"{len(line)} columns",
                          f"{WIDEST} are what a terminal shows of a figure")


def _rules(read: _Read) -> Iterator[Finding]:
    try:
        rules = rules_of(read.lab.handout)
    except ValueError as problem:
        yield Finding("README.md", 0, str(problem), "number each rule once")
        return
    wanted = [f"R{number}" for number in range(1, len(rules) + 1)]
    if sorted(rules, key=lambda rule: int(rule[1:])) != wanted:
        yield Finding("README.md", 0, f"the rules are {', '.join(rules)}", f"number them {', '.join(wanted)}")
    broken = {mutant.breaks for mutant in read.mutants}
    for rule in rules.keys() - broken:
        yield Finding("mutants.py", 0, f"no mutant breaks {rule}", f'write one: @mutant.work("...", breaks="{rule}")')
    for mutant in read.mutants:
        if mutant.breaks and mutant.breaks not in rules:
            yield Finding("mutants.py", _line(mutant), f"{mutant.name} breaks {mutant.breaks}",
                          f"the rules of README.md are {', '.join(rules) or 'not numbered'}")
    if any(scene.work for scene in read.lab.scenes):
        if not rules:
            yield Finding("README.md", 0, "the rules of the task are not numbered",
                          "write - **R1 Name.** What it demands.")
        if (right := sum(mutant.kind == "right" for mutant in read.mutants)) < RIGHT:
            yield Finding("mutants.py", 0, f"there is correct work written otherwise {right} times",
                          f"write {RIGHT} at least: @mutant.right")


def _placeholders(read: _Read) -> Iterator[Finding]:
    params = read.lab.params(1)
    for name, text in read.texts("starter", "solution"):
        for number, line in enumerate(text.splitlines(), 1):
            for word in re.findall(r"\{\{(\w+)\}\}", line):
                if word not in params:
                    yield Finding(name, number, f"no parameter fills in {{{{{word}}}}}",
                                  f"the parameters are {', '.join(params) or 'none'}")


def _checks(read: _Read) -> Iterator[Finding]:
    known = {*TAKEN, *(scene.name for scene in read.lab.scenes)}
    seen: set[str] = set()
    if not read.functions:
        yield Finding("checks.py", 0, "there is no check", "a check is a function check_...")
    for node in read.functions:
        if node.name in seen:
            yield Finding("checks.py", node.lineno, f"there is another {node.name}",
                          "the first is never asked: rename one")
        seen.add(node.name)
        points = getattr(getattr(read.checks, node.name), "points", None)
        if points is None:
            yield Finding("checks.py", node.lineno, f"{node.name} has no points",
                          "mark it @points(1, ...) or @observation")
        elif not points.hint:
            yield Finding("checks.py", node.lineno, f"{node.name} has no hint", 'say where to look: hint="..."')
        if not ast.get_docstring(node):
            yield Finding("checks.py", node.lineno, f"{node.name} has no docstring",
                          "its first line is the check's title")
        for argument in node.args.args[:len(node.args.args) - len(node.args.defaults)]:
            if argument.arg not in known:
                yield Finding("checks.py", node.lineno, f"{node.name} asks for {argument.arg!r}",
                              f"there are {', '.join(sorted(known))}")


def _claims(read: _Read) -> Iterator[Finding]:
    shown = {claim for node in read.functions
             for claim in getattr(getattr(getattr(read.checks, node.name), "points", None), "claims", ())}
    for number, line in enumerate(read.lab.handout.splitlines(), 1):
        if line.startswith("| Shows |"):
            for claim in filter(lambda claim: claim not in shown, _named(line)):
                yield Finding("README.md", number, f"no check shows {claim}", 'give a check claim="..."')


def _named(text: str) -> list[str]:
    """The claims that a text names: ARP-1 to ARP-3 are three."""
    return [f"{prefix}-{number}" for prefix, first, last in CLAIM.findall(text)
            for number in range(int(first), int(last or first) + 1)]


def _work(read: _Read) -> Iterator[Finding]:
    places = {name.split("/", 1)[1]: b"" for name, _ in read.texts("solution") if name != "solution/answers.py"}
    begun = {name.split("/", 1)[1] for name, _ in read.texts("starter")}
    for scene in read.lab.scenes:
        if scene.work and places and not scene.files(places):
            yield Finding("experiment.py", scene.function.__code__.co_firstlineno,
                          f"the scene {scene.name} names {', '.join(scene.work)}",
                          f"of the solution it would get nothing: {', '.join(places)}")
    for name in sorted(name for name in places.keys() - begun if "/" not in name and name not in read.lab.handout):
        yield Finding(f"starter/{name}", 0, "it is not there",
                      "the solution has this file, and the handout does not name it")
    if (read.lab.solution / "answers.py").is_file() and "answers.toml" not in begun:
        yield Finding("starter/answers.toml", 0, "it is not there", "the solution answers questions: ask them there")


def _mutants(read: _Read) -> Iterator[Finding]:
    names = {mutant.name for mutant in read.mutants}
    if not names:
        yield Finding("mutants.py", 0, "there is no mutant", "a check that nothing can fail proves nothing")
    for name in set(getattr(read.mutants_module, "ENOUGH", ())) - names:
        yield Finding("mutants.py", 0, f"ENOUGH names {name}", "there is no such mutant")
    scenes = {scene.name for scene in read.lab.scenes}
    for mutant in read.mutants:
        if lost := set(mutant.scenes) - scenes:
            yield Finding("mutants.py", _line(mutant), f"{mutant.name} touches {', '.join(sorted(lost))}",
                          f"the scenes are {', '.join(sorted(scenes))}")
        if (given := len(inspect.signature(mutant.function).parameters)) != ARGUMENTS[mutant.kind]:
            yield Finding("mutants.py", _line(mutant), f"{mutant.name} takes {given} arguments",
                          f"a {mutant.kind} mutant takes {ARGUMENTS[mutant.kind]} (docs/labs.md)")


def _line(mutant: Mutant) -> int:
    return mutant.function.__code__.co_firstlineno


#: What is looked at, in this order.
LOOKS: tuple[Callable[[_Read], Iterator[Finding]], ...] = (
    _handout, _checks, _claims, _placeholders, _work, _mutants, _rules)
