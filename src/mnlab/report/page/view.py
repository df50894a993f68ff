"""A view: one section of a page. The ordered table of them is page.VIEWS."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from markupsafe import Markup

from mnlab.checks.verdicts import LabResult
from mnlab.evidence.run import Run
from mnlab.lab.lab import Lab
from mnlab.report.page.frames import Frames
from mnlab.report.page.messages import of_scene
from mnlab.report.sightings import Arrow


@dataclass(frozen=True)
class View:
    """One section: `id` is its anchor, `title` its heading, `body` its HTML, `note` a line under the heading.

    `data` is plain data for the view's script, templates/ID.js, which finds it as `mnlab.data.ID`; `curves` if that
    script draws with uPlot.
    """

    id: str
    title: str
    body: Markup
    data: dict | list | None = None
    note: str = ""
    curves: bool = False


@dataclass(frozen=True)
class Material:
    """What views are made of: a run, what its checks said, and in words what is different from a known earlier run, of
    all (`since`) and of single checks (`changes`)."""

    lab: Lab
    run: Run
    result: LabResult
    since: str = ""
    changes: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def frames(self) -> Frames:
        """Every captured frame of the run, numbered."""
        return Frames(self.run)

    @cached_property
    def messages(self) -> dict[str, tuple[list[Arrow], dict[str, str]]]:
        """Scene -> all its messages as arrows, and its lifelines (messages.of_scene)."""
        return {name: of_scene(record, self.diagrams(name)) for name, record in self.run.scenes.items()}

    def diagrams(self, scene: str) -> list:
        """The ladder diagrams (lab/diagram.py) that the lab asks for of a scene."""
        asked = getattr(self.lab.experiment, "diagram", ())
        return [one for one in (asked if isinstance(asked, tuple) else (asked,))
                if (one.scene or self.run.manifest["scenes"][0]["name"]) == scene]

    def order(self, scene: str) -> dict:
        """The nodes of a scene, from left to right: as its diagrams have them, the others behind by their names."""
        nodes = self.run.scene(scene).hosts
        first = [name for diagram in self.diagrams(scene) for name in diagram.hosts if name in nodes]
        return {name: nodes[name] for name in [*first, *sorted(nodes, key=_by_number)]}


def _by_number(name: str) -> tuple:
    """h2 before h10."""
    return tuple((piece.isdigit(), int(piece) if piece.isdigit() else piece) for piece in re.split(r"(\d+)", name))


#: What makes a view: None if the run has nothing for it.
Maker = Callable[[Material], View | None]
