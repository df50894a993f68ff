"""Run a lab on a machine: send in what each scene needs, and make whole evidence of what comes back."""

import json
import re
import shutil
import tempfile
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mnlab.evidence import layout
from mnlab.evidence.run import Run
from mnlab.lab import collection
from mnlab.lab.edition import ASKED
from mnlab.lab.features import FEATURES
from mnlab.lab.lab import ROOT, Lab, written_in
from mnlab.lab.needed import dotted, needed_files
from mnlab.lab.read_once import Work, read
from mnlab.lab.scene import Scene
from mnlab.machine.capabilities import only_in_full
from mnlab.machine.job import FOUND, Job, Limits, Machine, MachineError, Outcome, flatten

#: The rooms of which modules run inside the machine. So does what a lab's mutants.py is written with.
ROOMS = ("evidence", "lab", "net", "protocols")
FOR_MUTANTS = ("checks/__init__.py", "checks/mutants.py", "checks/points.py")

#: Parts of a lab that never enter the machine with a student's work.
OUTSIDE = ("README.md", "checks.py", "reading.py", "figures.py", "views.py", "mutants.py", "solution", "starter",
           "right", "atlas.toml", ASKED, "__pycache__")

LONGEST_LINE = 4096  # bytes of a progress line that are kept
LAST_WORDS, LONGEST_WORD = 5, 200  # lines of anything else that are kept, and how many characters of each


@dataclass(frozen=True)
class Plan:
    """A run of `lab` that is to be made: which scenes, of whose work, with which parameters, into which folder.

    `mutant` names a network mutant that changes the scenes `touched` (none named: all). `key` tells whether the
    parameters that prove work were drawn with one (Lab.params).
    """

    lab: Lab
    scenes: tuple[Scene, ...]
    work: Work
    seed: int
    params: dict
    folder: Path
    limits: Limits
    mutant: str = ""
    touched: tuple[str, ...] = ()
    key: bool = False

    def job(self, scene: Scene) -> Job:
        touched = not self.touched or scene.name in self.touched
        return make_job(self.lab, scene, self.work.files, self.seed, self.params, self.mutant if touched else "",
                        self.limits)


def plan(lab: Lab, work: Work, seed: int, folder: Path, mutant: str = "", touched: tuple[str, ...] = (),
         limits: Limits | None = None, key: bytes = b"", only_work: bool = False,
         only: set[str] | None = None) -> Plan:
    """What a run will be. `only_work` leaves out the scenes that have nothing to do with the student's work, `only`
    those that it does not name."""
    scenes = tuple(scene for scene in lab.scenes if (scene.work or not only_work)
                   and (only is None or scene.name in only))
    return Plan(lab, scenes, work, seed, lab.params(seed, key), folder, limits or limits_of(lab), mutant, touched,
                bool(key))


def run(lab: Lab, machine: Machine, work: Work | Path, seed: int, folder: Path,
        progress: Callable[[str], None] = lambda step: None, **options) -> Run:
    """Run `lab` against a work folder (read already, or read here), one scene after the other, and write the evidence
    to `folder`. The Run, whatever the outcome. `options` are plan's.

    MachineError if there is no machine to run on, BadWork if the work folder is unusable; `folder` is then not left
    behind.
    """
    ours = plan(lab, work if isinstance(work, Work) else read(work), seed, folder, **options)
    started = time.monotonic()
    try:
        outcomes = [play(ours, scene, machine, progress) for scene in ours.scenes]
        return finish(ours, outcomes, machine, time.monotonic() - started)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def play(plan: Plan, scene: Scene, machine: Machine, progress: Callable[[str], None] = lambda step: None) -> Outcome:
    """Play one scene of a run; its evidence, whatever the outcome, lies in scenes/NAME of the run's folder then.

    MachineError if there is no machine to run on, or no room for the evidence."""
    folder = plan.folder / layout.SCENES / scene.name
    titled = (lambda step: progress(f"{scene.title}: {step}")) if len(plan.scenes) > 1 else progress
    steps = _Steps(titled)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        outcome = place_of(plan.lab, machine).run(plan.job(scene), folder, steps)
        path = folder / layout.MANIFEST
        manifest = _manifest(path) or {"network": {}, "start_ns": 0, "outcome": layout.INCONCLUSIVE,
                                       "reason": "nothing was recorded"}
        if outcome.trouble or outcome.status != 0:
            trouble = outcome.trouble or f"the run ended with status {outcome.status}"
            manifest |= {"outcome": layout.INCONCLUSIVE, "reason": "\n".join([trouble, *steps.others])}
        _write(path, manifest)
        return outcome
    except OSError as problem:
        raise _unwritten(plan.folder, problem) from None


def finish(plan: Plan, outcomes: list[Outcome], machine: Machine, seconds: float) -> Run:
    """Make whole evidence of a run whose scenes have all been played, with their outcomes, within so many
    `seconds`."""
    scenes, shown = {scene.name for scene in plan.scenes}, dict[str, str]()
    with suppress(MachineError):  # a check that asks for a feature will say that it is not known
        shown = features_of(plan.lab, machine)
    manifest = {"lab": plan.lab.name, "seed": plan.seed, "params": plan.params,
                "secrets": layout.COURSE if plan.key else layout.LOCAL,
                "scenes": [{"name": scene.name, "title": scene.title} for scene in plan.scenes],
                "left_out": [scene.name for scene in plan.lab.scenes if scene.name not in scenes],
                **({"features": shown} if shown else {})}
    path = plan.folder / layout.MANIFEST
    try:
        (plan.folder / layout.SCENES).mkdir(parents=True, exist_ok=True)
        _write(path, manifest)
        virtual = sum(outcome.virtual_seconds for outcome in outcomes)
        _write(path, manifest | {
            "machine": place_of(plan.lab, machine).describe(),
            "seconds": {"wall": round(seconds, 3), "virtual": round(virtual, 9)},
            "work": {"kind": plan.work.kind, "sha256": plan.work.sha256},
            "evidence_sha256": layout.digest(plan.folder)})
        return Run(plan.folder)
    except OSError as problem:
        raise _unwritten(plan.folder, problem) from None


def _unwritten(folder: Path, problem: OSError) -> MachineError:
    return MachineError(f"the evidence could not be written to {folder}: {problem.strerror or problem}")


def _write(path: Path, manifest: dict) -> None:
    path.write_text(json.dumps(manifest, indent=1, sort_keys=True))


def limits_of(lab: Lab) -> Limits:
    """The usual limits, or what a lab's experiment says that it needs: `lab_seconds` for a scene that takes longer,
    room for so many `lab_hosts` (and switches)."""
    seconds = getattr(lab.experiment, "lab_seconds", Limits.virtual_seconds)
    usual = Limits(virtual_seconds=seconds, processor_seconds=max(Limits.processor_seconds, seconds))
    return usual.for_hosts(getattr(lab.experiment, "lab_hosts", 0))


def _manifest(path: Path) -> dict | None:
    """What the run itself wrote down; None if it did not get that far."""
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return None


def make_job(lab: Lab, scene: Scene, work: dict[str, bytes], seed: int, params: dict, mutant: str,
             limits: Limits) -> Job:
    """The job that plays a scene of `lab` in a machine. It holds what the scene needs, and nothing else: what else
    there is must not move a clock."""
    description = {"lab": lab.name, "scene": scene.name, "seed": seed, "params": params, "mutant": mutant}
    files: dict[str, Path | bytes] = {"job.json": layout.canonical(description)}
    along = {place: path for place, path in own_files(lab).items() if path.suffix != ".py" or place.count("/") > 1}
    roots = ["mnlab.lab.inside", "lab.experiment", *(["mutant.mutants"] if mutant else []), *map(dotted, along)]
    files |= needed_files(modules_of(lab), roots) | along
    files |= {f"work/{name}": data for name, data in scene.files(work).items()} or {"work/.empty": b""}
    if getattr(lab.experiment, "openflow", False):
        files |= controllers(lab)
    return Job("mnlab.lab.inside:main", files, path=("src", "."), limits=limits, needs=needs_of(lab), library=engine())


def features_of(lab: Lab, machine: Machine) -> dict[str, str]:
    """What a machine shows, by feature: "", or why not (lab/features.py). {} for a lab none of whose files names one:
    then nothing is tried. MachineError if that cannot be done."""
    if not named_features(lab):
        return {}
    files = needed_files(engine(), ["mnlab.lab.probes"])
    return machine.features(Job("mnlab.lab.probes:main", dict(files), (FOUND,), library=engine()))


def named_features(lab: Lab) -> list[str]:
    """The features that a lab's files name, or its checks where they are kept back (lab/edition.py)."""
    texts = [path.read_text(errors="replace") for path in (*lab.folder.glob("*.py"), *lab.folder.glob(ASKED))]
    return [name for name in FEATURES if any(re.search(rf"""["']{name}["']""", text) for text in texts)]


def survey(machine: Machine) -> dict:
    """What a machine has as its defaults, and what its tools print (lab/survey.py). MachineError if it cannot say."""
    files = needed_files(engine(), ["mnlab.lab.survey"])
    with tempfile.TemporaryDirectory(prefix="mnlab-survey-") as scratch:
        outcome = machine.run(Job("mnlab.lab.survey:main", dict(files), (FOUND,), library=engine()), Path(scratch))
        if outcome.status != 0:
            raise MachineError(f"the machine could not be surveyed: {outcome.trouble or outcome.status}")
        return json.loads(Path(scratch, FOUND).read_text())


def whole_job(lab: Lab, work: dict[str, bytes], seed: int, params: dict) -> Job:
    """A job with all of a lab, for hands-on work on its network; without an entry."""
    files: dict[str, Path | bytes] = {**code(), **topologies(lab), **controllers(lab), **own_files(lab)}
    files |= {f"work/{name}": data for name, data in work.items()} or {"work/.empty": b""}
    files["job.json"] = layout.canonical({"lab": lab.name, "seed": seed, "params": params})
    return Job("", files, path=("src", "."), needs=needs_of(lab))


def modules_of(lab: Lab) -> dict[str, Path]:
    """Every Python file that a job of `lab` may use, by its place in the job."""
    own = {place: path for place, path in own_files(lab).items() if path.suffix == ".py"}
    return engine() | topologies(lab) | own | {"mutant/mutants.py": lab.mutants}


def own_files(lab: Lab) -> dict[str, Path]:
    """A lab's own files that may enter the machine, by their places in a job."""
    return dict(flatten({f"lab/{path.name}": path for path in lab.folder.iterdir() if path.name not in OUTSIDE}))


@cache
def engine() -> dict[str, Path]:
    """All of mnlab that can run inside the machine, by its places in a job."""
    return code((*ROOMS, *FOR_MUTANTS))


def code(parts: tuple[str, ...] = ROOMS) -> dict[str, Path]:
    """Where in a job the modules of `parts`, rooms or single files, go; nothing else in their folders does."""
    package = Path(__file__).parents[1]
    files = [package / "__init__.py", *(path for part in parts for path in
                                        ([package / part] if part.endswith(".py") else (package / part).rglob("*.py")))]
    return {f"src/mnlab/{path.relative_to(package)}": path for path in files}


def topologies(lab: Lab) -> dict[str, Path]:
    """The topologies that a lab may use, its collection's and the project's, by their places in a job."""
    with written_in(lab.folder, "a lab uses the topologies of its collection, and the project's"):
        return collection.files(ROOT, lab.collection, collection.TOPOLOGIES, "*.py")


def controllers(lab: Lab) -> dict[str, Path]:
    """The same for controllers and their launcher."""
    with written_in(lab.folder, "a lab uses the controllers of its collection, and the project's"):
        return collection.files(ROOT, lab.collection, collection.CONTROLLERS)


def needs_of(lab: Lab) -> tuple[str, ...]:
    """What the lab asks of a computer's own kernel and programs (machine/capabilities.py)."""
    openflow = getattr(lab.experiment, "openflow", False)
    return (*getattr(lab.experiment, "needs", ()), *(("openvswitch",) if openflow else ()))


def place_of(lab: Lab, machine: Machine) -> Machine:
    """Where a lab runs: on `machine`, or on the same with the image that has what the lab needs."""
    needs = needs_of(lab)
    return machine.having(needs) if only_in_full(needs) else machine


def reserve_folder(parent: Path, lab_name: str) -> Path:
    """A new, empty folder for the next run of a lab under `parent`: NAME-1, NAME-2, ... Safe against other runs."""
    number = 0
    parent.mkdir(parents=True, exist_ok=True)
    while True:
        numbers = [int(path.name.rsplit("-", 1)[1]) for path in parent.glob(f"{lab_name}-*")
                   if path.name.rsplit("-", 1)[1].isdecimal()]
        number = max([number, *numbers]) + 1
        try:
            (parent / f"{lab_name}-{number}").mkdir()
        except FileExistsError:
            continue
        return parent / f"{lab_name}-{number}"


class _Steps:
    """Finds the progress lines in what a machine prints (they start with the record separator, 0x1E).

    `others` are the last few that are none: where a job could not begin, they say why.
    """

    def __init__(self, progress):
        self.progress, self.rest = progress, b""
        self.others: deque[str] = deque(maxlen=LAST_WORDS)

    def __call__(self, data: bytes):
        *lines, self.rest = (self.rest + data).split(b"\n")
        self.rest = self.rest[:LONGEST_LINE]  # an experiment may print without end
        for line in lines:
            text = line.decode(errors="replace").strip()  # of the separator, too
            if line.startswith(b"\x1e"):
                self.progress(text)
            elif text:
                self.others.append(text[:LONGEST_WORD])
