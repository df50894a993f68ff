"""The work folder: what a lab runs against, be it the solution, a student's folder or a submission.

Files of starter/ and solution/ are copied as they are, but `{{name}}` becomes the variant's parameter of that name.
read_once.py reads a work folder.
"""

import json
import re
import shutil
from pathlib import Path

from mnlab.lab.student_toml import BadWork

ANSWERS, VARIANT = "answers.toml", "variant.toml"


def copy(source: Path, target: Path, params: dict) -> None:
    """Copy a lab's starter or solution for the variant `params`; answers.py stays behind."""
    for path in sorted(source.rglob("*")):
        if not path.is_file() or "__pycache__" in path.parts or path.relative_to(source) == Path("answers.py"):
            continue
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(fill_in(path.read_text(), params))
        shutil.copymode(path, place)


def fill_in(text: str, params: dict) -> str:
    """`text` with each {{name}} of a parameter replaced by its value; other braces are left alone."""
    return re.sub(r"\{\{(\w+)\}\}", lambda match: str(params.get(match[1], match[0])), text)


def start(lab, target: Path, seed: int, signed: dict[str, str] | None = None) -> dict:
    """Begin: the starter, copied to `target` for the variant of `seed`; `signed` is what its variant.toml says of its
    student. BadWork if something is there already."""
    if target.exists() and not target.is_dir():
        raise BadWork(f"{target} is a file: choose another folder with --work.")
    if target.exists() and any(target.iterdir()):
        raise BadWork(f"{target} is not empty: nothing was changed. Choose another folder with --work, or remove it.")
    params = lab.params(seed)
    target.mkdir(parents=True, exist_ok=True)
    copy(lab.starter, target, params)
    lines = ["# Your variant of this lab: the seed makes it. Keep this file; the rest of it is for reading.",
             f'lab = "{lab.name}"', f"seed = {seed}",
             *(f"{key} = {json.dumps(value)}" for key, value in (signed or {}).items()), "", "[network]"]
    lines += [f"{key} = {json.dumps(value)}" for key, value in shown(params).items()]
    (target / VARIANT).write_text("\n".join(lines) + "\n")
    return params


def shown(params: dict) -> dict:
    """The parameters that a student is told; what is nested, or named with a leading _, is for them to find out."""
    return {key: value for key, value in params.items()
            if isinstance(value, (str, int, float)) and not key.startswith("_")}


def to_toml(answers: dict) -> str:
    """Flat answers as TOML; JSON's strings, numbers, booleans and lists are TOML's, too."""
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in answers.items())
