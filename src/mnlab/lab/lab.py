"""What a lab is: a folder under labs/LAYER/ of a collection, with an experiment, and the parts that belong to it."""

import importlib.util
import random
import re
import sys
import traceback
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mnlab.lab import collection
from mnlab.lab.scene import Scene, scenes_of

PACKAGE = Path(__file__).resolve().parents[1]
#: The folder of labs/, topologies/ and controller/: the clone's, or within the package where that is installed.
ROOT = PACKAGE / "data" if (PACKAGE / "data").is_dir() else PACKAGE.parents[1]
LONGEST_WORDS = 300  # characters of what Python says of a mistake
LARGEST_SEED = 2**63 - 1
LAYERS = ("link", "network", "transport", "application", "security", "sdn")


class UnknownLab(Exception):
    """No lab has this name, or two have. The text suggests a near one, or says which they are."""


class BrokenLab(Exception):
    """A mistake of a lab's author: file and line, what Python says, what it was about."""

    def __init__(self, where: str, problem: BaseException, about: str = ""):
        super().__init__("\n".join(filter(None, [where, f"  {type(problem).__name__}: {problem}"[:LONGEST_WORDS],
                                                 f"  {about}" if about else ""])))


@contextmanager
def written_in(folder: Path, about: str = ""):
    """Run what a lab's author wrote in `folder`: whatever it raises is a BrokenLab, with the last line there."""
    try:
        yield
    except BrokenLab:
        raise
    except Exception as problem:
        if isinstance(problem, SyntaxError) and problem.filename:
            raise BrokenLab(_place(problem.filename, problem.lineno), SyntaxError(problem.msg), about) from problem
        inside = [frame for frame in traceback.extract_tb(problem.__traceback__)
                  if Path(frame.filename).is_relative_to(folder)]
        where = _place(inside[-1].filename, inside[-1].lineno) if inside else _place(str(folder), None)
        raise BrokenLab(where, problem, about) from problem


def _place(file: str, line: int | None) -> str:
    path = Path(file)
    for near in (ROOT, Path.cwd()):
        path = path.relative_to(near) if path.is_relative_to(near) else path
    return f"{path}{f', line {line}' if line else ''}:"


@dataclass(frozen=True)
class Lab:
    """One lab. `name` is its folder's name."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def layer(self) -> str:
        return self.folder.parent.name

    @property
    def collection(self) -> Path:
        """The folder whose labs/LAYER/NAME this is: its topologies/ and controller/ are the lab's."""
        return self.folder.parents[2] if len(self.folder.parts) > 3 else self.folder

    @property
    def title(self) -> str:
        """The handout's heading."""
        return self.handout.split("\n", 1)[0].lstrip("# ").strip() or self.name

    @property
    def handout(self) -> str:
        path = self.folder / "README.md"
        return path.read_text(errors="replace") if path.is_file() else ""

    @property
    def checks(self) -> Path:
        return self.folder / "checks.py"

    @property
    def mutants(self) -> Path:
        return self.folder / "mutants.py"

    @property
    def starter(self) -> Path:
        return self.folder / "starter"

    @property
    def solution(self) -> Path:
        return self.folder / "solution"

    @cached_property
    def experiment(self):
        """experiment.py as a module: its `variant` and `diagram` are of use outside the machine, too."""
        return load(self.folder / "experiment.py")

    @cached_property
    def scenes(self) -> tuple[Scene, ...]:
        """The parts of its experiment, in their order. BrokenLab if there is none."""
        with written_in(self.folder, "an experiment has functions marked @scene, or one called experiment"):
            return scenes_of(self.experiment)

    def params(self, seed: int, key: bytes = b"") -> dict:
        """The parameters of the variant with this seed, and those that prove work, which `key` draws.

        The seed and experiment.py, both in a student's hands, tell what variant(rng) gives. What secret(rng, params)
        gives, only the holder of the key can tell; without a key it is the draw of a local run, and no secret.
        ValueError if a secret parameter's name does not begin with _, or is the variant's.
        """
        import hmac
        with written_in(self.folder, "variant(rng) returns the parameters, a dict"):
            params = self.experiment.variant(random.Random(f"{self.name}/{seed}"))
        if not hasattr(self.experiment, "secret"):
            return params
        drawn = hmac.new(key, f"{self.name}/{seed}/secret".encode(), "sha256").hexdigest()
        secrets = self.experiment.secret(random.Random(drawn), params)
        if wrong := [name for name in secrets if not name.startswith("_") or name in params]:
            raise ValueError(f"{self.name}: a secret parameter's name begins with _ and is its own: not {wrong[0]!r}")
        return params | secrets

    @property
    def draws(self) -> bool:
        """Whether the lab draws anything but its ladder."""
        return (self.folder / "figures.py").is_file()

    def figures(self, record) -> list:
        """What figures.py draws of a record; [] if there is none."""
        return load(self.folder / "figures.py").figures(record) if self.draws else []

    def reference_answers(self, params: dict, evidence) -> dict:
        """What solution/answers.py answers for this variant and this evidence; {} if the lab asks nothing."""
        path = self.solution / "answers.py"
        with written_in(self.folder, "answers(params, evidence) returns the right answers, a dict"):
            return load(path).answers(params, evidence) if path.is_file() else {}


def load(path: Path):
    """A lab's Python file as a module, found by path: lab folders are never put on sys.path."""
    name = "mnlab_lab_" + re.sub(r"\W", "_", str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path))
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec and spec.loader, f"{path} is no Python file"
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    with written_in(path.parent):
        spec.loader.exec_module(module)
    return module


def all_labs() -> list[Lab]:
    """Every lab of every collection, from the lowest layer up; the project's own come first in each.

    NoCollection if a folder that is named is none."""
    found = [[Lab(path.parent) for path in sorted(root.glob("labs/*/*/experiment.py"))]
             for root in dict.fromkeys((ROOT, *collection.named()))]
    return sorted((lab for labs in found for lab in labs), key=lambda lab: (_rank(lab.layer), lab.layer))


def no_two_of_one_name(labs: list[Lab]) -> list[Lab]:
    """The same labs. UnknownLab if two have one name: runs, work folders and evidence know labs by their names."""
    known: dict[str, Lab] = {}
    for lab in labs:
        if known.setdefault(lab.name, lab) is not lab:
            raise UnknownLab(f"two labs are called {lab.name!r}: {known[lab.name].folder} and {lab.folder}. "
                             "Rename the folder of one.")
    return labs


def _rank(layer: str) -> int:
    return LAYERS.index(layer) if layer in LAYERS else len(LAYERS)


def find(name: str) -> Lab:
    """The lab called `name`. UnknownLab, with a suggestion, if there is none, or if there are two."""
    every = all_labs()
    labs = {lab.name: lab for lab in every}
    if name in labs:
        return no_two_of_one_name([lab for lab in every if lab.name == name])[0]
    import difflib
    near = difflib.get_close_matches(name.lower(), labs, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(labs)}."
    hint += "" if collection.named() else f" (Labs of your own: --labs DIR, or {collection.VARIABLE}.)"
    raise UnknownLab(f"there is no lab {name!r}. {hint}")
