"""A view: one section of a page. The ordered table of them is page.VIEWS."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from markupsafe import Markup

from mnlab.checks.verdicts import LabResult
from mnlab.evidence.run import Run
from mnlab.lab.lab import Lab
from mnlab.report.page.frames import Frames


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
    """What views are made of: a run, what its checks said, and (`since`, `before`) how a known earlier run ended."""

    lab: Lab
    run: Run
    result: LabResult
    since: str = ""

    @cached_property
    def frames(self) -> Frames:
        """Every captured frame of the run, numbered."""
        return Frames(self.run)


#: What makes a view: None if the run has nothing for it.
Maker = Callable[[Material], View | None]
