"""One run as one file of HTML: the views that it has something for, and a policy that lets nothing else in."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from markupsafe import Markup

import mnlab
from mnlab.checks.verdicts import LabResult
from mnlab.evidence import layout
from mnlab.evidence.record import Missing, Unreadable
from mnlab.evidence.run import Run
from mnlab.lab.lab import BrokenLab, Lab, load, written_in
from mnlab.protocols.capture import BadCapture
from mnlab.report.drawing import duration
from mnlab.report.page import dns, http, ladder, openflow, tcp, timeline, tls, topology, verdict
from mnlab.report.page.render import TEMPLATES, render, script_data
from mnlab.report.page.view import Maker, Material, View
from mnlab.report.page.words import shown

#: The ladder is made last: it shows as much as there is room for.
LADDER = ladder.view
#: The views, in the page's order.
VIEWS: tuple[Callable[..., View | None], ...] = (verdict.view, topology.view, LADDER,
                                                 tcp.view, dns.view, http.view, tls.view, openflow.view,
                                                 timeline.view)

USUAL = 398_000  # bytes of a page: what the other views leave of that, the ladder and frames may take

#: What a view may meet in evidence that is damaged, or of a run that got nowhere.
TROUBLE = (Missing, Unreadable, BadCapture, BrokenLab)
NO_FRAMES: dict = {"captures": {}, "packets": [], "fields": {}}

UPLOT = ("../vendored/uPlot/uPlot.iife.min.js", "../vendored/uPlot/uPlot.min.css")
CURVES = "curves.js"  # what the scripts that draw with it share


def html(lab: Lab, run: Run, result: LabResult, since: str = "", changes: Mapping[str, str] | None = None) -> str:
    """The page of a run. `since` and `changes` say what is different from a known earlier one (report/history.py)."""
    return page_of(Material(lab, run, result, since, changes or {}))


def write(lab: Lab, run: Run, result: LabResult, since: str = "", changes: Mapping[str, str] | None = None) -> Path:
    """Write the page and the ladder into the run's folder, beside its evidence; the page's path. OSError."""
    material = Material(lab, run, result, since, changes or {})
    with suppress(*TROUBLE):  # the page says it
        (run.folder / layout.LADDER).write_text(ladder.text(material))
    (run.folder / layout.PAGE).write_text(page_of(material))
    return run.folder / layout.PAGE


def page_of(material: Material) -> str:
    """The page that is made of this."""
    makers: tuple[Callable[..., View | None], ...] = (*VIEWS, *_own(material.lab))
    others = [_made(make, material) for make in makers if make is not LADDER]
    room = USUAL - len(_with(material, others, NO_FRAMES).encode())
    drawn = _made(LADDER, material, max(room - material.frames.least, 0))
    others.insert(makers.index(LADDER), drawn)
    return _with(material, others, _frames(material, room - len(drawn.body.encode() if drawn else b"")))


def _with(material: Material, made: list[View | None], frames: dict) -> str:
    """The page of the views that there are, and of frames."""
    lab, result, views = material.lab, material.result, [view for view in made if view]
    curves = any(view.curves for view in views)
    scripts = [*[UPLOT[0], CURVES] * curves, "page.js", *(f"{view.id}.js" for view in views)]
    styles = [*UPLOT[1:] * curves, "page.css", *(f"{view.id}.css" for view in views)]
    body = render("run.html", material=material, views=views, title=lab.title, facts=_facts(result),
                  image=result.image_sha256, version=mnlab.__version__)
    data = {view.id: view.data for view in views if view.data is not None}
    return document(f"{lab.name} · {lab.title}", body, {**data, "frames": frames}, scripts, styles)


def document(title: str, body: Markup, data: dict, scripts: list[str], styles: list[str]) -> str:
    """A whole page, that asks nothing of anybody: `data` for `scripts`, which with `styles` are files of templates/
    (those that there are)."""
    script, style = ("".join(map(_read, names)) for names in (scripts, styles))
    policy = (f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; img-src data:; "
              "base-uri 'none'; form-action 'none'")
    return str(render("page.html", title=title, body=body, data=script_data(data), script=Markup(script),
                      style=Markup(style), policy=policy))


def _own(lab: Lab) -> tuple[Maker, ...]:
    """The views of a lab's own. BrokenLab if its views.py cannot be loaded."""
    path = lab.folder / "views.py"
    return tuple(load(path).VIEWS) if path.is_file() else ()


def _made(make: Callable[..., View | None], *given) -> View | None:
    """A view; where the evidence is damaged, or a lab's own view is wrong, one that says so."""
    name = make.__module__.rsplit(".", 1)[-1]
    try:
        if make in VIEWS:
            return make(*given)
        name = make.__name__
        with written_in(given[0].lab.folder):
            return make(*given)
    except TROUBLE as problem:
        return View(name, name.capitalize(), render("trouble.html", words=shown(problem)))


def _frames(material: Material, room: int) -> dict:
    try:
        return material.frames.data(room)
    except TROUBLE:
        return NO_FRAMES


def _facts(result: LabResult) -> list[str]:
    """What stands under the title: whatever else there is, the same for the same evidence."""
    whose = {"student": "your work", "solution": "the solution"}.get(result.work, "")
    return [word for word in (f"seed {result.seed}", result.machine, whose,
                              f"{duration(result.virtual_seconds)} of lab time") if word]


def _read(name: str) -> str:
    path = TEMPLATES / name
    return path.read_text() if path.is_file() else ""


def _hash(text: str) -> str:
    """What a Content-Security-Policy calls an inlined text (CSP 3, section 8.3)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
