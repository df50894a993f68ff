"""The work folder: what a lab runs against, be it the solution, a student's folder or a submission.

Files of starter/ and solution/ are copied as they are, but `{{name}}` becomes the variant's parameter of that name.
A student's folder is never trusted: only its regular files are read, and only so much of them.
"""

import json
import os
import re
import shutil
import tomllib
from pathlib import Path

ANSWERS, VARIANT = "answers.toml", "variant.toml"
ANSWERS_LIMIT = 64 * 1024  # bytes
WORK_LIMIT = 16 << 20  # bytes, all files together
FILES_LIMIT = 500


class BadWork(Exception):
    """The work folder cannot be used. The text says which file and why."""


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


def start(lab, target: Path, seed: int) -> dict:
    """Begin: the starter, copied to `target` for the variant of `seed`. BadWork if something is there already."""
    if target.exists() and not target.is_dir():
        raise BadWork(f"{target} is a file: choose another folder with --work.")
    if target.exists() and any(target.iterdir()):
        raise BadWork(f"{target} is not empty: nothing was changed. Choose another folder with --work, or remove it.")
    params = lab.params(seed)
    target.mkdir(parents=True, exist_ok=True)
    copy(lab.starter, target, params)
    lines = ["# Your variant of this lab: the seed makes it. Keep this file; the rest of it is for reading.",
             f"seed = {seed}", "", "[network]"]
    lines += [f"{key} = {json.dumps(value)}" for key, value in shown(params).items()]
    (target / VARIANT).write_text("\n".join(lines) + "\n")
    return params


def shown(params: dict) -> dict:
    """The parameters that a student is told; what is nested, or named with a leading _, is for them to find out."""
    return {key: value for key, value in params.items()
            if isinstance(value, (str, int, float)) and not key.startswith("_")}


def seed_of(folder: Path) -> int | None:
    """The seed that variant.toml names; None if there is no such file. BadWork if it makes no sense."""
    path = folder / VARIANT
    if not path.is_symlink() and not path.exists():
        return None
    seed = read_toml(path).get("seed")
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise BadWork(f"{path} has no line like 'seed = 1'")
    return seed


def answers_of(folder: Path) -> dict:
    """What answers.toml says. BadWork if it is absent, too long, a link, or not TOML."""
    return read_toml(folder / ANSWERS)


def read_toml(path: Path) -> dict:
    """A small TOML file of a student's. BadWork for anything else."""
    if path.is_symlink():
        raise BadWork(f"{path.name} is a symbolic link; it must be a plain file")
    if not path.is_file():
        raise BadWork(f"there is no file {path.name} in {path.parent}")
    if path.stat().st_size > ANSWERS_LIMIT:
        raise BadWork(f"{path.name} is {path.stat().st_size:,} bytes long; {ANSWERS_LIMIT:,} are allowed")
    try:
        return tomllib.loads(path.read_text())
    except UnicodeDecodeError:
        raise BadWork(f"{path.name} is not text in UTF-8") from None
    except OSError as problem:
        raise BadWork(f"{path.name} cannot be read: {problem.strerror}") from None
    except (ValueError, RecursionError) as problem:  # TOMLDecodeError is a ValueError; so is a number of 5000 digits
        raise BadWork(f"{path.name} is not TOML: {problem}") from None


def files_of(folder: Path) -> dict[str, Path]:
    """Name to path of the files that go into the machine: regular files, not the answers. BadWork if too many."""
    if not folder.is_dir():
        raise BadWork(f"there is no work folder {folder}; `mnlab start LAB` makes one")
    found, total = {}, 0
    try:
        for path in _regular_files(folder):
            name = str(path.relative_to(folder))
            if name in (ANSWERS, VARIANT):
                continue
            total += path.stat().st_size
            if total > WORK_LIMIT or len(found) >= FILES_LIMIT:
                raise BadWork(f"{folder} is too large: {FILES_LIMIT} files and {WORK_LIMIT >> 20} MiB are allowed")
            if not os.access(path, os.R_OK):
                raise BadWork(f"{path} cannot be read")
            found[name] = path
    except OSError as problem:
        raise BadWork(f"{folder} cannot be read: {problem.strerror}") from None
    return found


def _regular_files(folder: Path):
    """Regular files below `folder`; links are not followed. Folders may be nested as deeply as the system allows."""
    pending = [folder]
    while pending:
        for path in sorted(pending.pop().iterdir()):
            if path.is_symlink() or path.name == "__pycache__":
                continue
            if path.is_dir():
                pending.append(path)
            elif path.is_file():
                yield path


def to_toml(answers: dict) -> str:
    """Flat answers as TOML; JSON's strings, numbers, booleans and lists are TOML's, too."""
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in answers.items())
