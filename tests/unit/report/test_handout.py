"""Handouts on a terminal: prose as wide as that, figures as wide as they are, and a pager that shows colours."""

import io
import os

from mnlab.report import handout
from mnlab.report.console import Console

TEXT = "# Title\n\n" + "word " * 40 + "\n\n```\n" + "h1" + "-" * 90 + "h2\n    indented\n```\n"


def test_prose_is_wrapped_and_a_figure_is_not():
    stream = io.StringIO()
    Console(stream, width=60).print(handout._Handout(TEXT), crop=False)
    lines = [line.strip() for line in stream.getvalue().splitlines()]
    assert "h1" + "-" * 90 + "h2" in lines
    assert all(len(line) <= 60 for line in lines if "word" in line) and sum("word" in line for line in lines) > 2
    assert "    indented" in stream.getvalue()


def test_less_is_told_what_it_needs_and_keeps_what_the_user_told_it(monkeypatch):
    class Terminal(Console):
        is_terminal = True

    shown = []
    monkeypatch.setattr(handout, "Console", lambda: Terminal(io.StringIO(), force_terminal=True))
    monkeypatch.setattr("pydoc.pager", shown.append)
    for before, after in ((None, "-FRXS"), ("-i", "-FRXS -i")):
        monkeypatch.delenv("LESS", raising=False)
        if before:
            monkeypatch.setenv("LESS", before)
        handout.show(TEXT)
        assert os.environ["LESS"] == after
    assert len(shown) == 2 and "\x1b[" in shown[0]
