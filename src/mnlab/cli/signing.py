"""Where the key comes from that evidence is signed with: --key FILE, or MNLAB_SIGNING_KEY (the key itself)."""

import os
import stat
from pathlib import Path
from typing import Annotated, Optional

import typer

from mnlab.cli.options import WrongUsage, a_file
from mnlab.evidence.signature import SHORTEST

VARIABLE = "MNLAB_SIGNING_KEY"
LONGEST = 4096  # bytes of a key

Key = Annotated[Optional[Path], typer.Option("--key", parser=a_file, metavar="FILE",
                                             help=f"Sign the evidence with the key in this file (or {VARIABLE}).")]

_from_environment: str | None = None


def take() -> None:
    """Take the key out of the environment: no program that mnlab starts is to have it."""
    global _from_environment
    _from_environment = os.environ.pop(VARIABLE, None)


def key(file: Path | None) -> bytes | None:
    """The key that was given, without the newline at its end; None if there is none. WrongUsage if it will not do."""
    if file is not None:
        found, where = _read(file), str(file)
    elif _from_environment is not None:
        found, where = os.fsencode(_from_environment), VARIABLE
    else:
        return None
    if not SHORTEST <= len(found) <= LONGEST:
        raise WrongUsage(f"the key in {where} has {len(found)} bytes; {SHORTEST} to {LONGEST} are wanted. "
                         "`openssl rand -hex 32` makes one.")
    return found


def _read(file: Path) -> bytes:
    try:
        with open(os.open(file, os.O_RDONLY | os.O_NONBLOCK), "rb") as opened:
            status = os.fstat(opened.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise WrongUsage(f"the key {file} is not a plain file")
            if status.st_mode & 0o077:
                raise WrongUsage(f"others can read the key {file}: `chmod 600 {file}`, and use a new key")
            return opened.read(LONGEST + 2).removesuffix(b"\n")
    except OSError as problem:
        raise WrongUsage(f"the key {file} cannot be read: {problem.strerror}") from None
