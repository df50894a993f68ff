"""The view of the verdict."""

from mnlab.report.page.render import render
from mnlab.report.page.view import Material, View


def view(material: Material) -> View | None:
    return View("verdict", "Verdict", render("verdict.html", material=material))
