"""HTTP: a waterfall of requests, those of one command together, as a browser's developer tools draw it.

Times are those of the capture at the client's host, where there is one (protocols.waterfall).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from mnlab.evidence.record import Record
from mnlab.protocols import http
from mnlab.protocols.tcp import CLIENT, SERVER
from mnlab.protocols.waterfall import CONNECT, PARTS, RECEIVE, SEND, TLS, WAIT, Row, waterfall
from mnlab.report.page import svg
from mnlab.report.page.commands import by_command, title
from mnlab.report.page.conversations import conversations
from mnlab.report.page.key_logs import secrets_of
from mnlab.report.page.render import render
from mnlab.report.page.view import Material, View
from mnlab.report.page.words import short

ROWS = 200  # requests that are shown, of a scene
LONGEST = 100  # characters of a request or a command
WIDTH, HEIGHT = 300.0, 14.0  # of a bar's picture
SILENCE = 1.0  # s without a request that part what no command explains
SHORTEST = 1e-6  # s that a group's scale has at the least
SIDES = (CLIENT, SERVER)
CLASSES = dict(zip(PARTS, "ctswrx", strict=True))  # of a part's rectangle: there are many
COLUMNS = (CONNECT, TLS, SEND, WAIT, RECEIVE)
NOTE = "From the client's side: bars begin where the first request of the same command begins."


@dataclass(frozen=True)
class Group:
    """What one command asked for (`title`), from `start` (s of lab time) on, over `length` seconds."""

    title: str
    start: float
    length: float
    rows: list[Row]


def view(material: Material) -> View | None:
    """A waterfall for each scene in which something spoke HTTP; None if nothing did."""
    scenes = []
    for name, record in material.run.scenes.items():
        connections = [one.at(CLIENT) for one in conversations(material.frames, record)]
        rows = [row for row in waterfall(connections, secrets_of(record)) if row.exchange or row.session]
        if any(row.exchange for row in rows):
            named = material.run.title(name) if len(material.run.scenes) > 1 else ""
            scenes.append((named, [_Group(material, record, group) for group in _groups(record, rows[:ROWS])],
                           max(0, len(rows) - ROWS)))
    if not scenes:
        return None
    return View("http", "HTTP requests", render("http.html", scenes=scenes, columns=COLUMNS, parts=CLASSES), note=NOTE)


def _groups(record: Record, rows: Iterable[Row]) -> list[Group]:
    found = by_command(record, rows, lambda row: record.name_of(row.connection.client.ip), lambda row: row.start,
                       lambda row: row.end, SILENCE)
    return [Group(title(command), some[0].start, max(max(row.end for row in some) - some[0].start, SHORTEST), some)
            for command, some in found]


class _Group:
    """A group as the template shows it."""

    def __init__(self, material: Material, record: Record, group: Group):
        self.material, self.record, self.group = material, record, group
        self.title, self.start, self.rows = short(group.title, LONGEST), group.start, group.rows
        self.length = f"{group.length * 1000:.3f} ms"

    def words(self, row: Row) -> str:
        """What was asked, and whom."""
        if row.exchange:
            host = row.exchange.request.header("host")
            return short(http.words(row.exchange.request) + (f"  ({host})" if host else ""), LONGEST)
        name = row.session.server_name if row.session else None
        return short(f"TLS with {name or self.record.name_of(row.connection.server.ip)}, not to be read", LONGEST)

    def answer(self, row: Row) -> str:
        """What came back."""
        if not row.exchange:
            return self._without(row)
        response = row.exchange.response
        return short(http.words(response), LONGEST) if response else "no answer"

    def _without(self, row: Row) -> str:
        """What is known of a session that cannot be read."""
        alert = next((alert for alert in row.session.alerts if alert.level == "fatal"), None) if row.session else None
        if alert:
            return f"{alert.text} (from the {alert.sender})"
        return f"{sum(row.session.encrypted(side)[1] for side in SIDES)} sealed bytes" if row.session else ""

    def size(self, row: Row) -> str:
        """Bytes of the body."""
        return str(len(row.exchange.response.body)) if row.exchange and row.exchange.response else ""

    def ms(self, row: Row, name: str) -> str:
        """How long a part took, in milliseconds."""
        length = row.length(name)
        return "" if length is None else f"{length * 1000:.3f}"

    def link(self, row: Row, words: str) -> Markup:
        """To the frame that began it, or its answer."""
        return self.material.frames.link(self.record, row.exchange.request if row.exchange else
                                         row.connection.segments[0], words)

    def link_answer(self, row: Row, words: str) -> Markup:
        response = row.exchange.response if row.exchange else None
        return self.material.frames.link(self.record, response, words) if response else Markup("{}").format(words)

    def bar(self, row: Row) -> Markup:
        """The parts, one after the other, on the group's scale."""
        def x(time: float) -> float:
            return (time - self.group.start) / self.group.length * WIDTH

        drawn = [svg.element("rect", x=x(part.start), width=max(x(part.end) - x(part.start), 1.0),
                             class_=CLASSES[part.name]) for part in row.parts if part.length or part.name == SEND]
        return svg.element("svg", *drawn, viewBox=f"0 0 {WIDTH:.0f} {HEIGHT:.0f}", class_="bar", aria_hidden="true",
                           preserveAspectRatio="none")  # the columns beside it say the same
