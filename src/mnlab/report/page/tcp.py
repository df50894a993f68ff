"""TCP: each connection as tcptrace draws it, with what its kernel says beside it, and the same in words.

A graph is of one direction and of one capture: that at the sender's host, where there is one. What is drawn comes from
protocols.tcp.graph, thinned by the rule of thinned.py.
"""

from collections.abc import Sequence
from statistics import median

from markupsafe import Markup

from mnlab.evidence.record import Missing, Record
from mnlab.protocols import tcp
from mnlab.protocols.kernel import Event
from mnlab.protocols.tcp import CLIENT, SERVER
from mnlab.protocols.tcp import kernel as tcp_kernel
from mnlab.protocols.tcp.graph import FIN, NEW, SYN, Bar, Graph, bands, graph
from mnlab.report.page import svg, thinned
from mnlab.report.page.conversations import Conversation, of_run
from mnlab.report.page.frames import Frames, differences
from mnlab.report.page.render import render
from mnlab.report.page.view import Material, View

MOST = 18  # connections that are drawn: those with the most bytes
ROWS = 60  # of a table
THUMBNAIL = (160.0, 36.0)  # its size, and how many bars it has at the most
SKETCHED = 30
#: What is sent for the first time and in order; all else is marked.
PLAIN = (NEW, SYN, FIN)
NOTE = ("Time goes to the right, sequence numbers go up. Drag over a graph to zoom in; all of a connection's graphs "
        "follow. Click a segment to see its frame. ")
THINNED = (f"Long connections are thinned: of each {thinned.BUCKETS}th of the time a curve keeps its first, lowest, "
           "highest and last value, and new segments that follow each other are one bar; what was sent again is always "
           "drawn.")


def view(material: Material) -> View | None:
    """A graph for each connection; None where nothing spoke TCP."""
    parts, more = parts_of(material)
    if not parts:
        return None
    biggest = max(parts, key=lambda part: _bytes(part.conversation))
    title = material.run.title if len(material.run.scenes) > 1 else lambda name: ""
    body = render("tcp.html", parts=parts, biggest=biggest, more=more, title=title)
    return View("tcp", "TCP connections", body, [part.data() for part in parts], NOTE + THINNED, curves=True)


def parts_of(material: Material) -> tuple[list["Part"], int]:
    """The connections that are drawn, in order of time, and how many there are besides."""
    found = list(of_run(material.frames))
    drawn = sorted(sorted(found, key=_bytes, reverse=True)[:MOST], key=found.index)
    events = {name: _by_socket(record) for name, record in material.run.scenes.items()}
    parts = [Part(one, number, material.frames, events[one.record.folder.name]) for number, one in enumerate(drawn)]
    return parts, len(found) - len(drawn)


def _bytes(conversation: Conversation) -> int:
    return sum(_sent(conversation.at(side), side) for side in (CLIENT, SERVER))


def _sent(connection: tcp.Connection, side: str) -> int:
    """How many bytes of its stream a side has sent."""
    return max((segment.seq - 1 + segment.length + segment.syn for segment in connection.data(side)), default=0)


def _by_socket(record: Record) -> dict[tuple, list[Event]]:
    """What the kernel said of each socket; nothing where it was not asked, or could not tell."""
    found: dict[tuple, list[Event]] = {}
    try:
        for event in record.kernel():
            found.setdefault((event.source, event.target), []).append(event)
    except Missing:
        pass
    return found


class Part:
    """One connection on the page."""

    def __init__(self, conversation: Conversation, number: int, frames: Frames, events: dict[tuple, list[Event]]):
        self.conversation, self.number, self.frames, self.record = conversation, number, frames, conversation.record
        self.scene = self.record.folder.name
        self.client, self.server = conversation.name(CLIENT), conversation.name(SERVER)
        self.own = conversation.at(CLIENT)
        self.start, self.end = conversation.time, max(one.segments[-1].time for one in conversation.seen.values())
        self.graphs = [self._graph(side, events) for side in self._sides()]
        self.bytes = {side: _sent(conversation.at(side), side) for side in (CLIENT, SERVER)}

    def _sides(self) -> list[str]:
        """Who sent: the side with more bytes first; of a connection without data, the client."""
        sent = {side: _sent(self.conversation.at(side), side) for side in (CLIENT, SERVER)}
        return [side for side in sorted(sent, key=lambda side: -sent[side]) if sent[side]] or [CLIENT]

    def _graph(self, side: str, events: dict[tuple, list[Event]]) -> Graph:
        connection = self.conversation.at(side)
        ends = connection.endpoint(side), connection.endpoint(tcp.other(side))
        return graph(connection, side, tcp_kernel.of_end(events.get(ends, ()), connection, side))

    @property
    def again(self) -> int:
        """How many segments were sent again."""
        return sum(len(self.conversation.at(side).retransmissions(side)) for side in (CLIENT, SERVER))

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        if reset := self.own.resets:
            return f"reset by the {reset[0].sender}"
        closed = self.own.closed_first
        if not closed:
            return "no answer" if not self.own.handshake and not self.own.data(CLIENT) else "still open"
        return f"closed, first by the {closed}" if self.own.finished else f"half closed by the {closed}"

    # --- the graphs ---

    @property
    def thumbnail(self) -> Markup:
        """The first graph, small."""
        width, height = THUMBNAIL
        drawn, span = self.graphs[0].bars, thinned.Span(self.start, self.end)
        top = max((bar.end for bar in drawn), default=1) or 1

        def place(bar: Bar) -> tuple[float, float]:
            share = (bar.time - span.start) / ((span.end - span.start) or 1)
            return 3 + share * (width - 6), height - 3 - bar.end / top * (height - 6)

        plain = [place(bar) for bar in drawn if bar.kind in PLAIN]
        step = max(1, len(plain) // SKETCHED)
        line = " ".join(f"{x:.0f},{y:.0f}" for x, y in [*plain[:-1:step], *plain[-1:]])
        marked = [place(bar) for bar in drawn if bar.kind not in PLAIN]
        dots = [svg.element("circle", cx=x, cy=y, r=2, class_="again") for x, y in marked[:SKETCHED]]
        title = f"What {self._name(self.graphs[0].side)} sent, over time"
        return svg.picture(width, height, title, svg.element("polyline", points=line), *dots, class_="sketch")

    def data(self) -> dict:
        """What the script draws: times in microseconds since the connection's first segment, each column as its first
        value and then the differences, which makes short numbers."""
        return {"length": _us(self.end - self.start), "graphs": [self._data(one) for one in self.graphs],
                "bands": [{"of": self._name(side), "spans": self._spans(bands(self.conversation.at(side), side))}
                          for side in (CLIENT, SERVER)]}

    def _data(self, one: Graph) -> dict:
        span = thinned.Span(self.start, self.end)
        bars, acks = thinned.bars(one.bars, span), thinned.one_a_part(one.acks, span)
        kinds = list(dict.fromkeys(bar.kind for bar in bars))
        number = self._number
        connection = self.conversation.at(one.side)
        found = {
            "of": self._name(one.side), "to": self._name(tcp.other(one.side)), "where": connection.where,
            "own": self.conversation.is_own(connection, one.side), "size": one.size, "kinds": kinds,
            "bars": self._columns(bars, lambda bar: bar.first, lambda bar: bar.end - bar.first,
                                  lambda bar: kinds.index(bar.kind), lambda bar: number(bar.segment)),
            "acks": self._columns(acks, lambda ack: ack.number, lambda ack: ack.edge),
            "duplicates": self._columns(thinned.one_a_part(one.duplicates, span), lambda ack: ack.number),
            "sacks": self._columns(thinned.one_a_part(one.sacks, span), lambda one: one.first, lambda one: one.end),
            **{name: self._curve(getattr(one, name), span) for name in ("flight", "cwnd", "ssthresh")},
            **{name: self._curve([(time, value * 1e6) for time, value in getattr(one, name)], span)
               for name in ("rtt", "srtt", "rto")},
            "congestion": self._spans(one.congestion)}
        return {name: value for name, value in found.items() if value and value != [[], []] and value != [[], [], []]}

    def _number(self, segment) -> int:
        return self.frames.number(self.record, segment) or 0

    def _columns(self, items: Sequence, *values) -> list[list[int]]:
        times = [_us(item.time - self.start) for item in items]
        return [differences(times), *(differences([value(item) for item in items]) for value in values)]

    def _curve(self, points, span: thinned.Span) -> list[list[int]]:
        kept = thinned.curve(points, span)
        return [differences([_us(time - self.start) for time, _ in kept]),
                differences([round(value) for _, value in kept])]

    def _spans(self, found) -> list[list]:
        return [[_us(band.start - self.start), _us(band.end - self.start), band.name] for band in found[:ROWS]]

    def _name(self, side: str) -> str:
        return self.conversation.name(side)

    # --- the same in words ---

    def link(self, segment) -> Markup:
        """To a segment's frame."""
        return self.frames.link(self.record, segment, f"#{segment.frame.number}")

    @property
    def facts(self) -> list[tuple[str, str, dict[str, str]]]:
        """Of each graph, who sent and what it shows: quantity -> value."""
        return [(self._name(one.side), self.conversation.at(one.side).where, self._facts(one)) for one in self.graphs]

    def _facts(self, one: Graph) -> dict[str, str]:
        sent = self.conversation.at(one.side).data(one.side)
        last = next((ack.time for ack in one.acks if sent and ack.number >= sent[-1].end), None)
        seconds = last - sent[0].time if last is not None else 0.0
        found = {"bytes": str(self.bytes[one.side]), "segments with data": str(len(sent)),
                 "most bytes in one": str(one.size)}
        if seconds > 0:
            found["throughput, until all was acknowledged,"] = f"{8 * self.bytes[one.side] / seconds / 1e6:.3g} Mbit/s"
        if one.flight:
            found["most in flight"] = f"{max(value for _, value in one.flight):.0f} bytes"
        if one.rtt:
            found["round trip: least, median, most"] = ", ".join(
                f"{pick([value for _, value in one.rtt]) * 1000:.3f}" for pick in (min, median, max)) + " ms"
        if one.cwnd:
            found["cwnd (kernel): first, most"] = f"{one.cwnd[0][1]:.0f}, {max(v for _, v in one.cwnd):.0f} bytes"
        if one.congestion:
            found["congestion states (kernel)"] = ", ".join(dict.fromkeys(band.name for band in one.congestion))
        return found

    @property
    def repeats(self) -> list[tuple[str, Bar]]:
        """What is marked in the graphs: who sent it, and the bar."""
        return sorted(((self._name(one.side), bar) for one in self.graphs for bar in one.bars
                       if bar.kind not in PLAIN), key=lambda pair: pair[1].time)[:ROWS]

    @property
    def changes(self) -> list[tuple[str, list[tcp.StateChange]]]:
        """The states of both ends: which end, and what it entered."""
        found = [(self._name(side), self.conversation.at(side).states(side)[:ROWS]) for side in (CLIENT, SERVER)]
        return [(name, changes) for name, changes in found if changes]


def _us(seconds: float) -> int:
    return round(seconds * 1e6)
