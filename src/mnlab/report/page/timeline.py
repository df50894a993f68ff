"""The view of the timeline."""

from mnlab.report.page.render import render
from mnlab.report.page.view import Material, View


def view(material: Material) -> View | None:
    return View("timeline", "Timeline", render("timeline.html", material=material))
