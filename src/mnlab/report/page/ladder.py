"""The view of the ladder."""

from mnlab.report.page.render import render
from mnlab.report.page.view import Material, View


def view(material: Material) -> View | None:
    return View("ladder", "Ladder", render("ladder.html", material=material))
