"""Options that several commands share."""

import sys
from enum import Enum
from pathlib import Path
from typing import Annotated, Optional

import typer


class WrongUsage(Exception):
    """What the user asked for makes no sense. The text says what to do instead."""


class Place(str, Enum):
    vm = "vm"
    host = "host"


class Time(str, Enum):
    virtual = "virtual"
    real = "real"


On = Annotated[Place, typer.Option("--on", envvar="MNLAB_ON", help="vm: the lab machine. host: this kernel, as root.")]
Clock = Annotated[Optional[Time], typer.Option("--clock", help="virtual: exact and repeatable (default on vm). real: this computer's time.")]
Seed = Annotated[Optional[int], typer.Option("--seed", min=0, help="Which variant of the lab.")]
Out = Annotated[Path, typer.Option("--out", help="Folder for evidence.", file_okay=False)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Junit = Annotated[Optional[Path], typer.Option("--junit", help="Also write JUnit XML to this file.", dir_okay=False)]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="No progress and no diagrams.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Also every command that was run.")]


def say(text: str) -> None:
    """A line about slow work, on standard error."""
    print(text, file=sys.stderr, flush=True)


def machine_for(on: Place, clock: Time | None, quiet: bool = False):
    """The machine that the options name."""
    quietly = (lambda text: None) if quiet else say
    if on == Place.host:
        if clock == Time.virtual:
            raise WrongUsage("--on host runs in real time; only the lab machine has a virtual clock")
        from mnlab.machine.host import HostMachine
        return HostMachine()
    from mnlab.machine.vm import VirtualMachine
    return VirtualMachine((clock or Time.virtual).value, quietly)


def to_stdout(data: bytes) -> None:
    """What a job prints, at once and as it is."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
