"""Which of a job's Python files its program really uses, by the import statements that stand in them.

What a scene's evidence depends on is what goes into the machine, and no more shall go in. So a change in a module that
a scene has nothing to do with forgets nothing that was run.
"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

#: An import statement, also within a function or after ";" or ":"; names in brackets may go over several lines.
IMPORT = re.compile(r"(?:^|[;:])[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import\b[ \t]*(\([^)]*\)|[^\n;]*)|"
                    r"import[ \t]+([^\n;]*))", re.MULTILINE)
#: What an import statement may hold besides: comments, and line ends that are none.
BESIDES = re.compile(r"#[^\n]*|\\\n")
#: A Python file by its name, after a quotation mark or a folder: it lies beside the one that names it, and is run or
#: loaded by path.
BY_NAME = re.compile(r"""["'/](\w+)\.py\b""")


def needed_files(files: dict[str, Path], roots: Iterable[str]) -> dict[str, Path]:
    """Of `files`, {place in the job: file}, those that the modules `roots` use, and these in turn, and the packages
    that they lie in."""
    places = {dotted(place): place for place in files}
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name in found or name not in places:
            continue
        found.add(name)
        path = files[places[name]]
        imported, named = _uses(path, path.stat().st_mtime_ns)
        package = name.rpartition(".")[0]
        waiting += [package, *imported, *(f"{package}.{beside}" for beside in named)]
    return {place: files[place] for name, place in sorted(places.items()) if name in found}


def dotted(place: str) -> str:
    """src/mnlab/net/__init__.py: mnlab.net."""
    return place.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@cache
def _uses(path: Path, changed: int) -> tuple[list[str], list[str]]:
    """What a file imports (each name in an import statement, as a module and as one of a package), and which files
    beside it it names."""
    text = path.read_text(errors="replace")
    names: list[str] = []
    for package, parts, plain in IMPORT.findall(BESIDES.sub(" ", text)):
        names += _names(plain) if plain else [package, *(f"{package}.{name}" for name in _names(parts))]
    return names, BY_NAME.findall(text)


def _names(text: str) -> list[str]:
    """The names in "(one as other, two)"."""
    parts = text.strip("() \n").split(",")
    return [words[0] for words in map(str.split, parts) if words]
