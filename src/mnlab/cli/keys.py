"""Secret keys of whoever grades: each comes from a file that an option names, or from a variable that holds it itself.

    --key, MNLAB_SIGNING_KEY        evidence is signed with it
    --secret-file, MNLAB_SECRET     the parameters that prove work are drawn with it
"""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from mnlab.cli.options import WrongUsage, a_file

LONGEST = 4096  # bytes of a key


@dataclass
class Source:
    """Where a key comes from if no file is named: the variable, which `take` empties."""

    variable: str
    _given: str | None = field(default=None, repr=False)

    def take(self) -> None:
        """Take the key out of the environment: no program that mnlab starts is to have it."""
        self._given = os.environ.pop(self.variable, None)

    def key(self, file: Path | None) -> bytes | None:
        """The key that was given, without the newline at its end, or None. WrongUsage if it will not do."""
        if file is not None:
            found, where = _read(file), str(file)
        elif self._given is not None:
            found, where = os.fsencode(self._given), self.variable
        else:
            return None
        from mnlab.evidence.signature import SHORTEST
        if not SHORTEST <= len(found) <= LONGEST:
            raise WrongUsage(f"the key in {where} has {len(found)} bytes; {SHORTEST} to {LONGEST} are wanted. "
                             "`openssl rand -hex 32` makes one.")
        return found


SIGNING, SECRET = Source("MNLAB_SIGNING_KEY"), Source("MNLAB_SECRET")

Key = Annotated[Path | None, typer.Option(
    "--key", parser=a_file, metavar="FILE",
    help=f"Sign the evidence with the key in this file (or {SIGNING.variable}).")]
SignedWith = Annotated[Path | None, typer.Option(
    "--key", parser=a_file, metavar="FILE",
    help=f"Take only evidence that was signed with the key in this file (or {SIGNING.variable}).")]
SecretFile = Annotated[Path | None, typer.Option(
    "--secret-file", parser=a_file, metavar="FILE",
    help=f"The course's key: it draws the parameters that prove work (or {SECRET.variable}, the key itself).")]


def take() -> None:
    """Take all keys out of the environment."""
    for source in (SIGNING, SECRET):
        source.take()


def _read(file: Path) -> bytes:
    try:
        with open(os.open(file, os.O_RDONLY | os.O_NONBLOCK), "rb") as opened:
            status = os.fstat(opened.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise WrongUsage(f"the key {file} is not a plain file")
            if status.st_mode & 0o077:
                raise WrongUsage(f"others can read the key {file}: `chmod 600 {file}`, and use a new key")
            return opened.read(LONGEST + 2).removesuffix(b"\n").removesuffix(b"\r")
    except OSError as problem:
        raise WrongUsage(f"the key {file} cannot be read: {problem.strerror}") from None
