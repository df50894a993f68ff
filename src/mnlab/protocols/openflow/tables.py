"""Flow tables as a controller makes them: each flow with the message that added it and the one that took it away.

A switch's table follows from what it is told (FLOW_MOD; OpenFlow 1.3.5, section 6.4) and from what it tells
(FLOW_REMOVED). "add" takes the place of a flow of the same match and priority; "modify" and "delete" reach every flow
whose match holds at least what theirs does, their strict forms only the same match and priority. A flow that times out
without a word (only one with the flag SEND_FLOW_REM tells) is still there as far as anybody on the wire can know;
`Entry.limits` says when it would go.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from mnlab.protocols.openflow import OpenFlow
from mnlab.protocols.openflow.wire import FlowMod, FlowRemoved, match_text

ALL_TABLES = 0xFF  # OFPTT_ALL (section A.3.4.1)
REPLACED, DELETED = "added again", "deleted by the controller"


@dataclass
class Entry:
    """A flow of the switch `datapath_id`. `cause`: the packet-in before it on the same channel; `removed`: what took it
    away, for the reason `why`."""

    datapath_id: str
    flow: FlowMod
    added: OpenFlow
    cause: OpenFlow | None
    removed: OpenFlow | None = None
    why: str = ""

    @property
    def match(self) -> str:
        """What frames it is for, in words."""
        return match_text(self.flow.match)

    @property
    def todo(self) -> str:
        """What is done to them, in words."""
        return ", ".join(map(str, self.flow.instructions)) or "drop"

    @property
    def limits(self) -> str:
        """Its timeouts: "idle 20 s, hard 60 s"; "" for a flow that stays."""
        pairs = (("idle", self.flow.idle_timeout), ("hard", self.flow.hard_timeout))
        return ", ".join(f"{name} {seconds} s" for name, seconds in pairs if seconds)


def entries(messages: Iterable[OpenFlow]) -> list[Entry]:
    """The flows that `messages` (in order of time) tell of, of all switches, in the order in which they were added."""
    found: list[Entry] = []
    asked: dict[frozenset, OpenFlow] = {}  # channel -> its latest packet-in
    for message in messages:
        channel = frozenset((message.source, message.target))
        if message.type == "PACKET_IN":
            asked[channel] = message
        elif isinstance(message.body, FlowMod):
            _apply(found, message, message.body, asked.get(channel))
        elif isinstance(message.body, FlowRemoved):
            gone = message.body
            for entry in _there(found, message.datapath_id):
                if (entry.flow.table, entry.flow.priority, entry.flow.match) == (gone.table, gone.priority, gone.match):
                    entry.removed, entry.why = message, gone.reason.replace("_", " ")
    return found


def _apply(found: list[Entry], message: OpenFlow, mod: FlowMod, cause: OpenFlow | None) -> None:
    there = [entry for entry in _there(found, message.datapath_id) if _concerns(mod, entry.flow)]
    for entry in there:
        entry.removed, entry.why = message, DELETED if mod.command.startswith("delete") else REPLACED
    if mod.command == "add":
        found.append(Entry(message.datapath_id, mod, message, cause))
    elif mod.command.startswith("modify"):
        found += [Entry(entry.datapath_id, entry.flow._replace(instructions=mod.instructions), message, cause)
                  for entry in there]


def _there(found: list[Entry], switch: str) -> list[Entry]:
    return [entry for entry in found if entry.datapath_id == switch and entry.removed is None]


def _concerns(mod: FlowMod, flow: FlowMod) -> bool:
    """Whether a change reaches a flow that is there (section 6.4)."""
    deletes = mod.command.startswith("delete")
    if mod.table != flow.table and not (deletes and mod.table == ALL_TABLES):
        return False
    if deletes and mod.out_port not in ("ANY", 0) and all(
            action.kind != "output" or action.value != mod.out_port for action in flow.actions):
        return False
    if mod.command == "add" or mod.command.endswith("strict"):
        return (mod.priority, mod.match) == (flow.priority, flow.match)
    return mod.match.items() <= flow.match.items()
