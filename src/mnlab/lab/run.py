"""Run a lab on a machine: send in what it needs, and make whole evidence of what comes back."""

import json
import shutil
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from mnlab.evidence import layout
from mnlab.evidence.record import Record
from mnlab.lab.lab import ROOT, Lab
from mnlab.lab.read_once import Work, read
from mnlab.machine.job import Job, Limits, Machine, MachineError

#: The rooms that run inside the machine; they travel with the job. So does what a lab's mutants.py is written with.
ROOMS = ("evidence", "lab", "net", "protocols")
FOR_MUTANTS = ("checks/__init__.py", "checks/mutants.py", "checks/points.py")

#: Parts of a lab that never enter the machine with a student's work.
OUTSIDE = ("README.md", "checks.py", "reading.py", "figures.py", "mutants.py", "solution", "starter", "__pycache__")

LONGEST_LINE = 4096  # bytes of a progress line that are kept
LAST_WORDS, LONGEST_WORD = 5, 200  # lines of anything else that are kept, and how many characters of each


def run(lab: Lab, machine: Machine, work: Work | Path, seed: int, folder: Path,
        progress: Callable[[str], None] = lambda step: None, mutant: str = "", limits: Limits | None = None,
        key: bytes = b"") -> Record:
    """Run `lab` against a work folder (read already, or read here) and write the evidence to `folder`. Its Record,
    whatever the outcome.

    `key` draws the parameters that prove work (Lab.params); the manifest says whether there was one, and never which.
    MachineError if there is no machine to run on, BadWork if the work folder is unusable; `folder` is then not left
    behind.
    """
    params = lab.params(seed, key)
    work = work if isinstance(work, Work) else read(work)
    job = make_job(lab, work.files, seed, params, mutant, limits or limits_of(lab))
    started = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        steps = _Steps(progress)
        outcome = machine.run(job, folder, steps)
        path = folder / layout.MANIFEST
        manifest = _manifest(path) or {
            "lab": lab.name, "seed": seed, "params": params, "network": {}, "start_ns": 0,
            "outcome": layout.INCONCLUSIVE, "reason": "nothing was recorded"}
        if outcome.trouble or outcome.status != 0:
            trouble = outcome.trouble or f"the run ended with status {outcome.status}"
            manifest |= {"outcome": layout.INCONCLUSIVE, "reason": "\n".join([trouble, *steps.others])}
        manifest["secrets"] = layout.COURSE if key else layout.LOCAL
        path.write_text(json.dumps(manifest, indent=1, sort_keys=True))
        seal(folder, machine.describe(), {"wall": round(time.monotonic() - started, 3),
                                          "virtual": round(outcome.virtual_seconds, 9)}, work)
        return Record(folder)
    except OSError as problem:
        shutil.rmtree(folder, ignore_errors=True)
        raise MachineError(f"the evidence could not be written to {folder}: {problem.strerror or problem}") from None
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def limits_of(lab: Lab) -> Limits:
    """The usual limits, or more time for a lab whose experiment says (`lab_seconds`) that it takes longer."""
    seconds = getattr(lab.experiment, "lab_seconds", Limits.virtual_seconds)
    return Limits(virtual_seconds=seconds, wall_seconds=max(Limits.wall_seconds, seconds))


def _manifest(path: Path) -> dict | None:
    """What the run itself wrote down; None if it did not get that far."""
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return None


def seal(folder: Path, machine: dict, seconds: dict, work: Work) -> None:
    """Add to the manifest what the outside knows, and the digest of the evidence."""
    path = folder / layout.MANIFEST
    manifest = json.loads(path.read_text())
    manifest |= {"machine": machine, "seconds": seconds, "work": {"kind": work.kind, "sha256": work.sha256},
                 "evidence_sha256": layout.digest(folder)}
    path.write_text(json.dumps(manifest, indent=1, sort_keys=True))


def make_job(lab: Lab, files: dict[str, bytes], seed: int, params: dict, mutant: str, limits: Limits) -> Job:
    """The job that runs `lab` in a machine."""
    description = {"lab": lab.name, "seed": seed, "params": params, "mutant": mutant}
    contents: dict = {"topologies": ROOT / "topologies", "job.json": layout.canonical(description)}
    contents |= code()
    contents |= {f"lab/{path.name}": path for path in lab.folder.iterdir() if path.name not in OUTSIDE}
    contents |= {f"work/{name}": data for name, data in files.items()} or {"work/.empty": b""}
    openflow = getattr(lab.experiment, "openflow", False)
    if openflow:
        contents["controller"] = ROOT / "controller"
    if mutant:
        contents |= code(FOR_MUTANTS)
        contents["mutant/mutants.py"] = lab.mutants
    return Job("mnlab.lab.inside:main", contents, path=("src", "."), limits=limits, needs=needs_of(lab))


def needs_of(lab: Lab) -> tuple[str, ...]:
    """What the lab asks of a computer's own kernel and programs (machine/capabilities.py)."""
    openflow = getattr(lab.experiment, "openflow", False)
    return (*getattr(lab.experiment, "needs", ()), *(("openvswitch",) if openflow else ()))


def code(parts: tuple[str, ...] = ROOMS) -> dict[str, Path]:
    """Where in a job the modules of `parts`, rooms or single files, go; nothing else in their folders does."""
    package = Path(__file__).parents[1]
    files = [package / "__init__.py", *(path for part in parts for path in
                                        ([package / part] if part.endswith(".py") else (package / part).rglob("*.py")))]
    return {f"src/mnlab/{path.relative_to(package)}": path for path in files}


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
