"""DNS: the tree of each walk (protocols.dns_walk), and where several servers were asked the picture of textbooks."""

from collections.abc import Iterator

from markupsafe import Markup

from mnlab.evidence.record import Record
from mnlab.protocols import dns, udp
from mnlab.protocols.dns_walk import Step, walks
from mnlab.protocols.tcp import CLIENT
from mnlab.report.page import svg
from mnlab.report.page.commands import by_command, title
from mnlab.report.page.conversations import conversations, host_of
from mnlab.report.page.render import render
from mnlab.report.page.view import Material, View
from mnlab.report.page.words import short

WALKS = 120  # questions of clients that are shown, of a scene
LONGEST = 110  # characters of a question or an answer
PICTURES = 4  # of a scene
LABEL = 44  # characters above an arrow
SILENCE = 1.0  # s without a question that part what no command explains
#: What a response is -> the sign before it; its words follow, so that nothing hangs on the sign.
SIGNS = {"answer": "✓", "alias": "↪", "referral": "→", "nodata": "∅", "nxdomain": "✗", "truncated": "✂",
         "unanswered": "…"}
ROW, LEFT, ASKER, SERVERS, WIDTH = 58.0, 60.0, 210.0, 640.0, 760.0
NOTE = "Below each question stand those that the asked server had to ask itself, before it could answer."


def view(material: Material) -> View | None:
    """The walks of each scene in which something asked; None if nothing did."""
    scenes = []
    for name, record in material.run.scenes.items():
        found = walks(_transactions(material, record), host_of, record.name_of)
        if found:
            named = material.run.title(name) if len(material.run.scenes) > 1 else ""
            scenes.append((named, _groups(material, record, found[:WALKS]), max(0, len(found) - WALKS)))
    return View("dns", "DNS", render("dns.html", scenes=scenes), note=NOTE) if scenes else None


def _transactions(material: Material, record: Record) -> list[dns.Transaction]:
    frames = list(material.frames.of(record))
    spoken = any(dns.PORT in (one.source.port, one.target.port) for one in udp.datagrams(frames)) or any(
        one.at(CLIENT).server.port == dns.PORT for one in conversations(material.frames, record))
    return dns.transactions(frames) if spoken else []


def _groups(material: Material, record: Record, found: list[Step]) -> list["_Group"]:
    groups = [_Group(material, record, title(command), some) for command, some in by_command(
        record, found, lambda step: record.name_of(step.transaction.client.ip), lambda step: step.transaction.time,
        lambda step: step.transaction.response.time if step.transaction.response else step.transaction.time, SILENCE)]
    pictured = sorted(groups, key=lambda group: -len(group.servers))[:PICTURES]
    for group in groups:
        group.pictured = group in pictured and len(group.servers) > 1
    return groups


class _Group:
    """The questions that one command led to."""

    def __init__(self, material: Material, record: Record, title: str, steps: list[Step]):
        self.material, self.record, self.title, self.steps = material, record, short(title, LONGEST), steps
        self.start, self.pictured = steps[0].transaction.time, False
        # Who walks: the resolver that was asked first and had to ask, or whoever asked several servers himself.
        first = next((step for step in steps if step.steps), None)
        self.walked = first.steps if first else steps
        self.asked = first.transaction if first else None
        self.servers = list(dict.fromkeys(self.name(step.transaction.server.ip) for step in self.walked))

    def name(self, address: str) -> str:
        """Who has an address."""
        return self.record.name_of(address)

    def ends(self, step: Step) -> str:
        """Who asked whom."""
        return f"{self.name(step.transaction.client.ip)} → {self.name(step.transaction.server.ip)}"

    def question(self, step: Step) -> Markup:
        """The question, linked to its frame."""
        one = step.transaction
        words = dns.words(one.query) + (" over TCP" if one.transport == "tcp" else "")
        words += f", {len(one.queries)} times" if len(one.queries) > 1 else ""
        return self.material.frames.link(self.record, one.query, short(words, LONGEST))

    def answer(self, step: Step) -> Markup:
        """What the response is, linked to its frame."""
        one = step.transaction
        if not one.response:
            return Markup(f"{SIGNS['unanswered']} no answer")
        words = short(f"{SIGNS.get(one.kind, '!')} {dns.words(one.response)}", LONGEST)
        return self.material.frames.link(self.record, one.response, words)

    def took(self, step: Step) -> str:
        """Milliseconds from question to answer."""
        latency = step.transaction.latency
        return "" if latency is None else f"{latency * 1000:.3f} ms"

    @property
    def picture(self) -> Markup:
        """Who walks in the middle, servers at the right in the order in which they were asked, arrows numbered."""
        height = ROW * len(self.walked) + 20
        walker = self.name(self.walked[0].transaction.client.ip)
        parts = [self._box(ASKER, height / 2, walker)]
        if self.asked:
            parts += [self._box(LEFT, height / 2, self.name(self.asked.client.ip)),
                      *self._arrows(LEFT + 45, ASKER - 50, height / 2, height / 2, "?", "!")]
        for number, step in enumerate(self.walked):
            y = ROW * number + ROW / 2 + 10
            response, question = step.transaction.response, f"{2 * number + 1}  {dns.words(step.transaction.query)}"
            answer = f"{2 * number + 2}  {dns.words(response)}" if response else "no answer"
            parts += [self._box(SERVERS + 50, y, self.name(step.transaction.server.ip)),
                      *self._arrows(ASKER + 50, SERVERS, height / 2, y, question, answer)]
        return svg.picture(WIDTH, height, f"{walker} asks {', '.join(self.servers)}", *parts, class_="walk")

    def _box(self, x: float, y: float, words: str) -> Markup:
        return svg.element("g", svg.element("rect", x=x - 48, y=y - 13, width=96, height=26, rx=4),
                           svg.text(x, y + 4, words[:14], text_anchor="middle"))

    def _arrows(self, left: float, right: float, y1: float, y2: float, there: str, back: str) -> Iterator[Markup]:
        """From the asker to a server, bent so that its end is level, with the question above and the answer below."""
        knee = left + (right - left) * 0.22 if y1 != y2 else left
        yield svg.element("polyline", points=f"{left:.0f},{y1:.0f} {knee:.0f},{y2:.0f} {right:.0f},{y2:.0f}")
        yield svg.element("path", d=f"M{right:.0f} {y2:.0f} l-7 -4 v8 z")
        middle = (knee + right) / 2
        yield svg.text(middle, y2 - 5, short(there, LABEL), text_anchor="middle")
        yield svg.text(middle, y2 + 15, short(back, LABEL), text_anchor="middle", class_="back")
