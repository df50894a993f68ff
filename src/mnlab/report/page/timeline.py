"""The timeline: every command, program and server of each scene, what it was told, and what it printed."""

from markupsafe import Markup

from mnlab.evidence.record import Command, Record
from mnlab.report.page import svg
from mnlab.report.page.render import render
from mnlab.report.page.view import Material, View
from mnlab.report.page.words import OUTPUT, shown
from mnlab.report.timeline import status_of

WIDTH, HEIGHT = 120, 10  # of the bar that shows when something ran
ALL = 60_000  # characters that all of it may take


def view(material: Material) -> View | None:
    room = [ALL]
    scenes = [{"title": material.run.title(name), "rows": _rows(record, room)}
              for name, record in material.run.scenes.items()]
    if not any(scene["rows"] for scene in scenes):
        return None
    return View("timeline", "Timeline", render("timeline.html", scenes=scenes),
                note="What was run, what it was told and what it printed; times in seconds of lab time.")


def _rows(record: Record, room: list[int]) -> list[dict]:
    commands = sorted(record.timeline, key=lambda command: command.start)
    end = max((command.end for command in commands), default=0.0) or 1.0
    return [{"kind": command.kind, "start": f"{command.start:.3f}", "host": shown(command.host, 60),
             "name": shown(command.name, 80), "line": shown(command.line), "parts": _parts(command, room),
             "bar": _bar(command, end), "status": shown(status_of(command), 120)} for command in commands]


def _parts(command: Command, room: list[int]) -> list[tuple[str, str]]:
    """What a command was told and printed, as long as there is room."""
    found = []
    for label, text, file in (("standard input", command.stdin, "in"), ("output", command.stdout, "out"),
                              ("errors", command.stderr, "err")):
        if text:
            part = shown(text, min(OUTPUT, max(room[0], 200)))
            room[0] -= len(part)
            found.append((label if len(text) <= OUTPUT else f"{label}, whole in output/{command.name}.{file}", part))
    return found


def _bar(command: Command, end: float) -> Markup:
    left, right = (WIDTH * time / end for time in (command.start, command.end))
    return svg.picture(WIDTH, HEIGHT, f"from {command.start:.3f} s to {command.end:.3f} s",
                       svg.element("rect", x=left, y=2, width=max(right - left, 1.5), height=HEIGHT - 4, rx=1),
                       class_="bar")
