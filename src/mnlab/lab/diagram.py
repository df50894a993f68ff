"""What a lab's ladder diagram shows: part of experiment.py, so it imports nothing."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Diagram:
    """Draw what `captures` (hosts or interfaces) saw of `protocols`, between `hosts` from left to right.

    `first`, `last`: marks of the experiment between which to draw; `limit`: the most messages drawn.
    """

    captures: tuple[str, ...]
    protocols: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    first: str = ""
    last: str = ""
    limit: int = 40
