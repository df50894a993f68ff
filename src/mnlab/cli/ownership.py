"""Files that mnlab makes as root, on the host machine, belong to the user who said `sudo`."""

import os
from contextlib import suppress
from pathlib import Path


def give_back(*made: Path | None) -> None:
    """Give `made`, files or folders with all that is in them, to who called sudo; nothing is done without sudo.

    A folder that was made around them goes along where it lies in a folder of the user's own.
    """
    uid, gid = (int(os.environ.get(name, "-1")) for name in ("SUDO_UID", "SUDO_GID"))
    if os.geteuid() != 0 or uid <= 0:
        return
    for path in filter(None, made):
        around = path.absolute().parent
        ours = around.stat().st_uid == 0 and around.parent.stat().st_uid == uid
        for each in (*([around] if ours else ()), path, *path.rglob("*")):
            with suppress(PermissionError):  # a folder shared with another computer may know no owners
                os.chown(each, uid, gid, follow_symlinks=False)
