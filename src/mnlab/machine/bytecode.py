"""The job's Python code, compiled once in the machine and sent along ever after.

Compiling the engine costs the machine, which runs every instruction by software, about half a second. The machine's
own Python does it, so the result fits it whatever Python runs outside, and is the same everywhere.
"""

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mnlab.machine import cache
from mnlab.machine.job import Job, MachineError, Outcome

COMPILER = Path(__file__).parent / "guest/compile_job.py"
SLASH = "@"  # stands for / in the name of a compiled file: a cache entry is a flat folder


def add(job: Job, image_digest: str, run: Callable[[Job, Path], Outcome]) -> Job:
    """`job` with the bytecode of its modules under src/; `run` is asked to compile what is new."""
    sources = job.library
    if not sources:
        return job
    digest = hashlib.sha256(image_digest.encode())
    for name, path in sorted(sources.items()):
        digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")

    def build(folder: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="mnlab-compile-") as scratch:
            outcome = run(Job("compile_job:main", {**sources, "src/compile_job.py": COMPILER}, (SLASH,)), Path(scratch))
            if outcome.status != 0:
                why = outcome.trouble or outcome.status
                raise MachineError(f"the machine could not compile mnlab's own code: {why}")
            for path in Path(scratch).iterdir():
                (folder / path.name).write_bytes(path.read_bytes())

    entry = cache.entry(f"bytecode-{digest.hexdigest()[:16]}", build, lambda text: None)
    compiled = {name: path for path in entry.iterdir() if path.suffix == ".pyc"
                and _source(name := path.name.replace(SLASH, "/")) in job.files}
    return replace(job, files={**job.files, **compiled})


def _source(compiled: str) -> str:
    """The place of the module that src/package/__pycache__/NAME.cpython-311.pyc was made of."""
    folder, _, name = compiled.rpartition("/__pycache__/")
    return f"{folder}/{name.split('.')[0]}.py"
