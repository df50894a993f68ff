"""The view of the topology."""

from mnlab.report.page.render import render
from mnlab.report.page.view import Material, View


def view(material: Material) -> View | None:
    return View("topology", "Topology", render("topology.html", material=material))
