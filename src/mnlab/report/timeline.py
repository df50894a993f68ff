"""What was run, when, where, what it was told, and how it ended: a record's timeline as a table for the terminal."""

from rich.table import Column, Table
from rich.text import Text

from mnlab.evidence.record import Command
from mnlab.evidence.run import Run
from mnlab.report.drawing import Drawing, Glyphs, one_line, shorten

TOLD = 12  # lines of what a command was told that are shown; output/NAME.in has them all
LONGEST = 800  # columns of a line; timeline.jsonl and output/ have the whole


def timeline(run: Run) -> Drawing:
    """A line for each command, student's program, server and mark; times in seconds of lab time, which begins anew
    with each scene."""

    def parts(width, glyphs):
        table = Table(Column("lab time", justify="right", no_wrap=True), Column("host", no_wrap=True),
                      Column("what", overflow="fold"), Column("status", no_wrap=True),
                      box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
        for name, record in run.scenes.items():
            if len(run.scenes) > 1:
                table.add_row("0.000 s", "", Text(one_line(f"{name}: {run.title(name)}", glyphs), "bold"), "")
            for command in sorted(record.timeline, key=lambda command: command.start):
                table.add_row(f"{command.start:.3f} s", one_line(command.host, glyphs), _what(command, glyphs),
                              one_line(status_of(command), glyphs))
        yield table

    return Drawing(parts)


def heading(title: str) -> Drawing:
    """The title of a scene, above what is drawn of it."""
    return Drawing(lambda width, glyphs: [Text(one_line(title, glyphs), "bold")])


def what_ran(command: Command) -> Drawing:
    """A command as typed, and below it what it was told on its standard input."""
    return Drawing(lambda width, glyphs: [_what(command, glyphs)])


def _what(command: Command, glyphs: Glyphs) -> Text:
    def shown(words):
        return shorten(one_line(words, glyphs), LONGEST, glyphs)

    told = [f"  < {shown(line)}" for line in command.stdin.splitlines()]
    if len(told) > TOLD:
        told[TOLD - 1:] = [f"  < {glyphs.ellipsis} {len(told) - TOLD + 1} more lines in output/{command.name}.in"]
    text = Text(shown(_words(command)))
    for line in told:
        text.append(f"\n{line}", "dim")
    return text


def _words(command: Command) -> str:
    return f"{command.name}: {command.line}" if command.argv else f"({command.name})"


def status_of(command: Command) -> str:
    if command.kind == "mark":
        return ""
    return command.stopped or f"status {command.status}"
