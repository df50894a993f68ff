"""OpenFlow: the flow tables, as the switches themselves showed them before and after, and as they were made, flow by
flow (protocols.openflow.tables)."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from markupsafe import Markup

from mnlab.evidence import layout
from mnlab.evidence.record import Record
from mnlab.protocols import openflow
from mnlab.protocols.openflow.flow_table import Flow, flows
from mnlab.protocols.openflow.tables import Entry, entries
from mnlab.protocols.tcp import CLIENT
from mnlab.report.page.conversations import conversations
from mnlab.report.page.render import render
from mnlab.report.page.view import Material, View
from mnlab.report.page.words import short

FLOWS = 200  # that are shown: of a scene, of a table
LARGEST = 1 << 20  # bytes: larger files are no dumps
DUMP = "OFPST_FLOW reply"  # how ovs-ofctl(8) begins one
LONGEST, BRIEF = 120, 48  # characters of a match or an action, and of a packet-in
NOTE = "Which flows the controller added, because of which frame, and what took them away."


@dataclass(frozen=True)
class Compared:
    """A flow in two dumps of one switch: its packets in each, None where it was not."""

    flow: Flow
    before: int | None
    after: int | None

    @property
    def match(self) -> str:
        """What frames it is for."""
        words = (f"{name}={value}" if value else name for name, value in self.flow.match.items())
        return short(" ".join(words) or "any", LONGEST)

    @property
    def todo(self) -> str:
        """What is done to them."""
        return short(", ".join(self.flow.actions), LONGEST)

    @property
    def change(self) -> str:
        """What became of it."""
        if self.before is None:
            return "new"
        return "gone" if self.after is None else "stays"


def view(material: Material) -> View | None:
    """The tables of each scene in which a switch spoke OpenFlow, or was asked for its flows; None if none was."""
    scenes = []
    for name, record in material.run.scenes.items():
        made, saved = _made(material, record), list(_saved(record))
        if made or saved:
            title = material.run.title(name) if len(material.run.scenes) > 1 else ""
            scenes.append((title, [_Row(material, record, entry) for entry in made[:FLOWS]], saved,
                           max(0, len(made) - FLOWS)))
    return View("openflow", "OpenFlow", render("openflow.html", scenes=scenes), note=NOTE) if scenes else None


def _made(material: Material, record: Record) -> list[Entry]:
    spoken = any(one.at(CLIENT).server.port in openflow.PORTS or one.at(CLIENT).client.port in openflow.PORTS
                 for one in conversations(material.frames, record))
    return entries(_once(openflow.openflow_messages(material.frames.of(record)))) if spoken else []


def _once(messages: Iterable[openflow.OpenFlow]) -> list[openflow.OpenFlow]:
    """Without what a second capture saw, too."""
    places: dict[frozenset, str] = {}
    return [message for message in messages
            if places.setdefault(frozenset((message.source, message.target)), message.where) == message.where]


def _saved(record: Record) -> Iterable[tuple[str, str, str, list[Compared]]]:
    """Of each switch whose flows were saved: its name, what the dumps are called, and each flow."""
    dumps: dict[str, list[tuple[str, list[Flow]]]] = {}
    for path in sorted((record.folder / layout.FILES).glob("*")):
        if path.is_file() and path.stat().st_size <= LARGEST and (text := path.read_text(errors="replace")).startswith(
                DUMP):
            switch = next((name for name in record.hosts if path.name.endswith(f"-{name}")), path.name)
            try:
                dumps.setdefault(switch, []).append((path.name.removesuffix(f"-{switch}"), flows(text)))
            except ValueError:
                continue  # a damaged dump; the checks that read it say so
    for switch, some in dumps.items():
        common = set.intersection(*({_key(flow) for flow in found} for _, found in some))
        ordered = sorted(some, key=partial(_age, common))
        (first, before), (last, after) = ordered[0], ordered[-1]
        yield switch, first, last if len(some) > 1 else "", _compared(before, after if len(some) > 1 else before)


def _age(common: set[tuple], dump: tuple[str, list[Flow]]) -> float:
    """How long the flows that are in all of a switch's dumps had been there: which dump is the later one."""
    return max((flow.duration for flow in dump[1] if _key(flow) in common), default=0.0)


def _key(flow: Flow) -> tuple:
    return flow.table, flow.priority, tuple(sorted(flow.match.items()))


def _compared(before: list[Flow], after: list[Flow]) -> list[Compared]:
    tables = [{_key(flow): flow for flow in some} for some in (before, after)]
    packets = [{key: flow.packets for key, flow in table.items()} for table in tables]
    every = tables[0] | tables[1]
    return [Compared(flow, packets[0].get(key), packets[1].get(key)) for key, flow in every.items()][:FLOWS]


class _Row:
    """A flow as the controller made it."""

    def __init__(self, material: Material, record: Record, entry: Entry):
        self.material, self.record, self.entry = material, record, entry
        self.switch = record.name_of(entry.datapath_id) or "?"
        self.match, self.todo, self.limits = short(entry.match, LONGEST), short(entry.todo, LONGEST), entry.limits
        self.priority = entry.flow.priority

    def _link(self, message: openflow.OpenFlow | None, words: str) -> Markup:
        return self.material.frames.link(self.record, message, words) if message else Markup("")

    @property
    def added(self) -> Markup:
        """When it was added, linked to the message."""
        return self._link(self.entry.added, f"{self.entry.added.time:.3f} s")

    @property
    def cause(self) -> Markup:
        """The packet-in that led to it."""
        cause = self.entry.cause
        return self._link(cause, short(openflow.brief_words(cause), BRIEF)) if cause else Markup("")

    @property
    def removed(self) -> Markup:
        """When and why it went."""
        if not self.entry.removed:
            return Markup("")
        return self._link(self.entry.removed, f"{self.entry.removed.time:.3f} s: {self.entry.why}")
