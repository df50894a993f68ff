"""Labs of one's own: a collection is a folder of the project's shape, with labs/LAYER/NAME, and topologies/ and
controller/ of its own. MNLAB_LABS names collections, separated as in PATH; so does the option --labs."""

import os
import re
from pathlib import Path

from mnlab import __version__

VARIABLE = "MNLAB_LABS"
LABS, TOPOLOGIES, CONTROLLERS = "labs", "topologies", "controller"
ABOUT = "collection.toml"  # mnlab = "0.1": what it was made for


class NoCollection(Exception):
    """A folder that was named is no collection, or one for another mnlab. The text says what to do."""


class TwoOfOneName(Exception):
    """A collection has a topology or a controller of a name that the project's own have. The text says which."""


def named() -> list[Path]:
    """The collections besides the project's own, each once. NoCollection if one is none."""
    return list(dict.fromkeys(_insisted(Path(word)) for word in os.environ.get(VARIABLE, "").split(os.pathsep) if word))


def add(folders: list[Path]) -> None:
    """Name further collections, for this process and what it starts."""
    os.environ[VARIABLE] = os.pathsep.join([*map(str, folders), *filter(None, [os.environ.get(VARIABLE)])])


def _insisted(folder: Path) -> Path:
    if not (folder / LABS).is_dir():
        raise NoCollection(f"{folder} is no collection of labs: there is no folder {folder / LABS}.\n"
                           f"`mnlab new LAB --layer link --labs {folder}` begins one.")
    made_for = _made_for(folder / ABOUT)
    if made_for > _numbers(__version__):
        raise NoCollection(f"{folder / ABOUT} says that these labs were made for mnlab {'.'.join(map(str, made_for))}; "
                           f"this is {__version__}. Install a newer mnlab.")
    return folder.resolve()


def _made_for(about: Path) -> tuple[int, ...]:
    """The version that a collection says it was made for; () if it says none."""
    import tomllib  # not at the top: most collections say nothing
    try:
        said = tomllib.loads(about.read_text()).get("mnlab", "") if about.is_file() else ""
    except (ValueError, OSError) as problem:
        raise NoCollection(f"{about} cannot be read: {problem}") from None
    if not isinstance(said, str) or said and not re.match(r"\d", said):
        raise NoCollection(f'{about}: mnlab is the version that the labs were made for, as in mnlab = "{__version__}"')
    return _numbers(said)


def _numbers(version: str) -> tuple[int, ...]:
    """The first two numbers of a version: within them, nothing is taken away from labs."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


def files(project: Path, own: Path, part: str, pattern: str = "*") -> dict[str, Path]:
    """The files of `part` (TOPOLOGIES, say) of the project and of a lab's own collection, {PART/NAME: file}.

    TwoOfOneName if both have one, and they differ: who uses it would not know which it is."""
    found: dict[str, Path] = {}
    for root in dict.fromkeys((project.resolve(), own.resolve())):
        for path in sorted((root / part).glob(pattern)):
            if path.is_file() and not _same(found.setdefault(f"{part}/{path.name}", path), path):
                raise TwoOfOneName(f"{path}: the project's own {part}/ has another file of this name. Rename yours.")
    return found


def _same(one: Path, other: Path) -> bool:
    return one == other or one.read_bytes() == other.read_bytes()
