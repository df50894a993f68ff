"""HTML from templates/: what a template is given is text, and is escaped, unless it is Markup already."""

import json
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from mnlab.report.drawing import duration

TEMPLATES = Path(__file__).with_name("templates")


@cache
def _environment() -> Environment:
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined,
                              trim_blocks=True, lstrip_blocks=True)
    environment.filters["duration"] = duration
    return environment


def render(template: str, **values) -> Markup:
    """A file of templates/, filled in."""
    return Markup(_environment().get_template(template).render(values))


def script_data(value) -> Markup:
    """Plain data as JSON that can stand within a <script>: whatever it holds cannot end that."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)
