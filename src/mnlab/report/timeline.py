"""What was run, when, where, and how it ended: the timeline of a record as a table for the terminal."""

from rich.table import Column, Table

from mnlab.evidence.record import Command, Record
from mnlab.report.drawing import Drawing, one_line


def timeline(record: Record) -> Drawing:
    """A line for each command, student's program, server and mark; times in seconds of lab time."""

    def parts(width, glyphs):
        table = Table(Column("lab time", justify="right", no_wrap=True), Column("host", no_wrap=True),
                      Column("what", overflow="fold"), Column("status", no_wrap=True),
                      box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
        for command in sorted(record.timeline, key=lambda command: command.start):
            table.add_row(f"{command.start:.3f} s", one_line(command.host, glyphs),
                          one_line(_words(command), glyphs), one_line(_status(command), glyphs))
        yield table

    return Drawing(parts)


def _words(command: Command) -> str:
    return f"{command.name}: {command.line}" if command.argv else f"({command.name})"


def _status(command: Command) -> str:
    if command.kind == "mark":
        return ""
    return command.stopped or f"status {command.status}"
