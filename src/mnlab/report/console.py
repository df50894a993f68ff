"""The console that reports are drawn on: Rich's, whose own colours stay while every text on it is harmless."""

import sys
from collections.abc import Iterable
from typing import TextIO

import rich.console
from rich.segment import Segment

from mnlab.machine.plain import beneath, plain


class Console(rich.console.Console):
    """Prints on `stream` (standard output). Drawings clean their words before they lay them out (report/drawing.py);
    this makes sure of everything else."""

    def __init__(self, stream: TextIO | None = None, **options):
        super().__init__(file=beneath(stream or sys.stdout), **{"highlight": False, "markup": False} | options)

    def render(self, renderable, options=None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=plain(segment.text))
