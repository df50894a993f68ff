"""What a lab wants drawn: a ladder diagram (in experiment.py), curves (in figures.py). Plain data, imports nothing."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Diagram:
    """Draw what `captures` (hosts or interfaces) saw of `protocols`, between `hosts` from left to right.

    `scene`: the one that is drawn, in a lab of several. `first`, `last`: marks of the experiment between which to draw;
    `during`: a command (a student's, say), to draw what was sent while it ran, instead; `limit`: the most messages
    drawn; `seen_by`: the (captured) host whose view orders them, so that a message to it stands where it arrives and
    not where it is sent.
    """

    captures: tuple[str, ...]
    protocols: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    first: str = ""
    last: str = ""
    during: str = ""
    limit: int = 40
    seen_by: str = ""
    scene: str = ""


@dataclass(frozen=True)
class Figure:
    """Values over lab time, one panel for each of `series`: {label: [(seconds, value), ...]}.

    `thresholds` are dashed companions under the same labels; `phases` and `events` are (seconds, text) under the
    same labels. `name` names the files. A lab's figures.py has figures(record) -> list of these.
    """

    name: str
    title: str
    ylabel: str
    series: dict[str, list[tuple[float, float]]]
    thresholds: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    phases: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    events: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
