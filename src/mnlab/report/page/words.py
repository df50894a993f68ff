"""What others wrote, as a page shows it: harmless, and no more than there is room for."""

import re

from markupsafe import Markup

from mnlab.machine.plain import plain

LINE, OUTPUT = 300, 4000  # characters of a line within a page, and of what a program printed


def shown(text: object, most: int = LINE) -> str:
    """`text` without controls and direction marks, and of a long one the beginning and how long it is."""
    whole = str(text)
    begin = plain(whole[:most])
    return begin if len(whole) <= most else f"{begin} ... ({len(whole):,} characters)"


def short(text: object, most: int) -> str:
    """The beginning of `text` likewise, with an ellipsis where it goes on: for labels."""
    whole = str(text)
    begin = plain(whole[:most])
    return begin if len(whole) <= most else f"{begin[:most - 1]}…"


def coded(title: str) -> Markup:
    """A title in which what stands between backquotes is code."""
    pieces = re.split(r"`([^`]+)`", plain(title))
    return Markup("").join(Markup("<code>{}</code>").format(piece) if place % 2 else piece
                           for place, piece in enumerate(pieces))
