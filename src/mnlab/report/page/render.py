"""HTML from templates/: what a template is given is text, made harmless and escaped, unless it is Markup already."""

import json
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from mnlab.machine.plain import plain
from mnlab.report.drawing import duration
from mnlab.report.page.words import coded

TEMPLATES = Path(__file__).with_name("templates")


@cache
def _environment() -> Environment:
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined,
                              trim_blocks=True, lstrip_blocks=True, finalize=_harmless)
    environment.filters |= {"duration": duration, "coded": coded}
    return environment


def _harmless(value):
    """Text without what no page may hold: controls, direction marks, halves of characters (machine/plain.py)."""
    return value if isinstance(value, Markup) or not isinstance(value, str) else plain(value)


def render(template: str, **values) -> Markup:
    """A file of templates/, filled in."""
    return Markup(_environment().get_template(template).render(values))


def script_data(value) -> Markup:
    """Plain data as JSON that can stand within a <script>: whatever it holds cannot end that."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)
