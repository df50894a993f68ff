"""Files that mnlab makes as root, on the host machine, belong to the user who said `sudo`."""

import os
import shutil
from contextlib import suppress
from pathlib import Path


def give_back(*made: Path | None) -> None:
    """Give `made`, files or folders with all that is in them, to who called sudo; nothing is done without sudo."""
    uid, gid = (int(os.environ.get(name) or "-1") for name in ("SUDO_UID", "SUDO_GID"))
    if os.geteuid() != 0 or uid <= 0:
        return
    for path in filter(None, made):
        for each in (path, *path.rglob("*")):
            with suppress(OSError):  # a folder shared with another computer may know no owners
                os.chown(each, uid, gid, follow_symlinks=False)


def make_folder(folder: Path) -> None:
    """Make `folder` and those above that are missing, and give back what was made."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    if missing:
        give_back(missing[-1])


def bring_out(scratch: Path, out: Path) -> list[Path]:
    """Copy the files below `scratch` to `out`, whose other files stay as they are. Their names in it."""
    names = sorted(path.relative_to(scratch) for path in scratch.rglob("*") if path.is_file() and not path.is_symlink())
    for name in names:
        make_folder((out / name).parent)
        shutil.copy2(scratch / name, out / name)
        give_back(out / name)
    return names
