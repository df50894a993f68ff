"""Inline SVG: elements from Python. Attributes are presentation attributes, as a page's policy allows no style=""."""

from markupsafe import Markup, escape

from mnlab.machine.plain import plain


def element(name: str, *children: str | Markup, **attributes) -> Markup:
    """An SVG element. A child that is no Markup is text; `class_` is class, and _ in an attribute's name is -. An
    attribute that is None is left out."""
    words = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(plain(_short(value)))}"'
                    for key, value in attributes.items() if value is not None)
    return Markup(f"<{name}{words}>{''.join(map(_harmless, children))}</{name}>" if children else f"<{name}{words}/>")


def _harmless(child: str | Markup) -> Markup:
    return child if isinstance(child, Markup) else escape(plain(child))


def _short(value) -> str:
    """A number with as many digits as a picture needs."""
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def picture(width: float, height: float, title: str, *children: Markup, role: str = "img", **attributes) -> Markup:
    """A whole picture, so large in pixels unless the style says otherwise; `title` is what it shows, for whoever cannot
    see it. `role` is "group" for one with parts that can be chosen."""
    return element("svg", element("title", title), *children, viewBox=f"0 0 {_short(width)} {_short(height)}",
                   width=width, height=height, role=role, **attributes)


def line(x1: float, y1: float, x2: float, y2: float, **attributes) -> Markup:
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, **attributes)


def text(x: float, y: float, words: str, **attributes) -> Markup:
    return element("text", words, x=x, y=y, **attributes)
