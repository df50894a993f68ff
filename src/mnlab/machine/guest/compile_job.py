"""Inside the machine: compile the modules that were sent in. A job of its own; imports nothing of mnlab."""

import importlib.util
import os
import py_compile
from pathlib import Path


def main(slash: str) -> int:
    """Write the bytecode of every module under src/ into the result, named as Python looks for it, `slash` for /."""
    result = Path(os.environ.get("MNLAB_RESULT", "/result"))
    for path in sorted(Path("src").rglob("*.py")):
        place = importlib.util.cache_from_source(str(path)).replace("/", slash)
        # Unchecked: the bytecode travels with the very source it was made of, whose time means nothing.
        py_compile.compile(str(path), cfile=str(result / place), dfile=f"/job/{path}", doraise=True,
                           invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    return 0
