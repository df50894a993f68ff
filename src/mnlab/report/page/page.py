"""One run as one file of HTML: the views that its evidence has something for, and a policy that lets nothing else in."""

import base64
import hashlib

from markupsafe import Markup

from mnlab.checks.verdicts import LabResult
from mnlab.evidence.run import Run
from mnlab.lab.lab import Lab
from mnlab.report.page import dns, http, ladder, tcp, timeline, tls, topology, verdict
from mnlab.report.page.render import TEMPLATES, render, script_data
from mnlab.report.page.view import Maker, Material

#: The views, in the page's order.
VIEWS: tuple[Maker, ...] = (verdict.view, topology.view, ladder.view, tcp.view, dns.view, http.view, tls.view, timeline.view)


def html(lab: Lab, run: Run, result: LabResult, since: str = "") -> str:
    """The page of a run. `since` says what is different from a known earlier one."""
    material = Material(lab, run, result, since)
    views = [view for make in VIEWS if (view := make(material))]
    scripts = ["page.js", *(f"{view.id}.js" for view in views if (TEMPLATES / f"{view.id}.js").is_file())]
    script, style = "".join(map(_read, scripts)), "".join(map(_read, ["page.css"]))
    policy = (f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
              "base-uri 'none'; form-action 'none'")
    return render("page.html", material=material, views=views, script=Markup(script), style=Markup(style),
                  policy=policy, data=script_data({view.id: view.data for view in views if view.data is not None}))


def _read(name: str) -> str:
    return (TEMPLATES / name).read_text()


def _hash(text: str) -> str:
    """What a Content-Security-Policy calls an inlined text (CSP 3, section 8.3)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

