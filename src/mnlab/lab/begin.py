"""Begin a lab of one's own: a small one, whole, to be changed piece by piece. Its files lie in template/."""

import re
from pathlib import Path

from mnlab import __version__
from mnlab.lab import collection
from mnlab.lab.lab import all_labs

TEMPLATE = Path(__file__).with_name("template")
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
#: What a new collection says of itself.
ABOUT = ("# A collection of labs for mnlab: mnlab list --labs FOLDER. What it was made for:\n"
         f'mnlab = "{__version__}"\n')


class CannotBegin(Exception):
    """A lab of this name cannot be begun there. The text says why, and what to do."""


def write(root: Path, name: str, layer: str) -> list[Path]:
    """Write a new lab into the collection `root`, which becomes one if it is none; the files that were written.

    CannotBegin if the name or the layer is none, or is taken: nothing was changed then."""
    for what, word in (("lab", name), ("layer", layer)):
        if not NAME.fullmatch(word):
            raise CannotBegin(f"{word!r} cannot be a {what}'s name: small letters, digits and _ only, as in tcp_udp")
    if there := next((lab.folder for lab in all_labs() if lab.name == name), None):
        raise CannotBegin(f"there is a lab {name!r} already, in {there}: choose another name")
    folder = root / collection.LABS / layer / name
    if folder.exists():
        raise CannotBegin(f"{folder} is there already: nothing was changed")
    words = {"name": name, "layer": layer.capitalize(), "title": name.replace("_", " ").capitalize()}
    made = []
    if not (root / collection.ABOUT).exists():
        made.append(_put(root / collection.ABOUT, ABOUT))
    for path in sorted(TEMPLATE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            text = path.read_text()
            for word, value in words.items():
                text = text.replace("{{" + word + "}}", value)
            made.append(_put(folder / path.relative_to(TEMPLATE), text))
    return made


def _put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path
